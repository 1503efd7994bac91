//! `podlift explain`: what becomes of an argument, or what a finding means.

use std::fmt::Write as _;

use anyhow::Result;

use super::failure::Trouble;
use super::{Ctx, Exit};
use crate::diag::Code;
use crate::diag::suggest::nearest;
use crate::mapping::{Example, Row, Table, Tables};
use crate::yaml;

/// Explain an argument or a finding
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  podlift explain env_vars      what becomes of an argument
  podlift explain KPO201        what a finding means and what to do")]
pub(super) struct Args {
    /// An argument of the operator, or the code of a finding
    #[arg(value_name = "ARGUMENT|CODE")]
    subject: String,
}

pub(super) fn run(args: &Args, ctx: &mut Ctx<'_>) -> Result<Exit> {
    let subject = args.subject.trim();
    let text = match Code::parse(subject) {
        Some(code) => of_code(code),
        None => {
            let tables = Tables::builtin();
            let rows: Vec<String> =
                tables.find(subject).map(|(table, row)| of_row(table, row)).collect();
            if rows.is_empty() {
                return Err(unknown(subject, &tables).into());
            }
            rows.join("\n")
        }
    };
    ctx.stdout.write_all(text.as_bytes())?;
    Ok(Exit::Ok)
}

fn unknown(subject: &str, tables: &Tables) -> Trouble {
    let arguments = tables.rows().map(|(_, row)| row.argument.as_str());
    // Codes that look alike have nothing to do with each other, so only arguments are suggested.
    let remedy = match nearest(subject, arguments) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`podlift mappings` lists all arguments".to_owned(),
    };
    Trouble::new(format!("`{subject}` is neither an argument nor the code of a finding"), remedy)
}

/// The text for a finding.
fn of_code(code: Code) -> String {
    let severity = code.severity().as_str();
    let explanation: Vec<&str> = code.explanation().lines().map(str::trim).collect();
    let mut text = format!("{} ({severity}): {}\n\n", code.as_str(), code.title());
    push_wrapped(&mut text, "", &explanation.join(" "));
    text.push('\n');
    push_wrapped(&mut text, "What to do: ", code.remedy());
    text
}

/// The text for one row of a mapping table.
fn of_row(table: &Table, row: &Row) -> String {
    let mut text = format!("{}: {}\n\n", row.argument, row.what);
    let targets: Vec<String> = row.targets.iter().map(target).collect();
    let defaults: Vec<String> = row.defaults.iter().map(default).collect();
    let guide = row.guide.as_ref().map(|guide| format!("{} in table {}", guide.to, guide.table));
    let facts: [(&str, Option<String>); 12] = [
        ("operators", some(super::mappings::operators(table))),
        ("disposition", Some(row.disposition.meaning().to_owned())),
        ("becomes", some(targets.join(", "))),
        ("same as", row.rename.clone()),
        ("accepts", row.accepts.clone()),
        ("words", some(row.values.join(", "))),
        ("releases", releases(row)),
        ("default", some(defaults.join(", "))),
        ("Jinja", row.templated.as_ref().map(|since| format!("rendered since {since}"))),
        ("renamed to", row.renamed_to.clone()),
        ("Dagster", row.dagster.clone()),
        ("guide", guide),
    ];
    for (name, fact) in facts {
        if let Some(fact) = fact {
            push_wrapped(&mut text, &format!("  {name:<12} "), &fact);
        }
    }
    if !row.note.is_empty() {
        text.push('\n');
        push_wrapped(&mut text, "  ", &row.note);
    }
    for example in &row.examples {
        text.push('\n');
        push_example(&mut text, row, example);
    }
    text
}

fn push_example(text: &mut String, row: &Row, example: &Example) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "  {}={}", row.argument, example.python);
    let result = match &example.refused {
        Some(why) => format!("refused: {why}"),
        None if example.gives.is_null() => "nothing".to_owned(),
        None => yaml::document(&example.gives).trim_end().to_owned(),
    };
    for line in result.lines() {
        let _ = writeln!(text, "    {line}");
    }
}

fn target(target: &crate::mapping::Target) -> String {
    match (&target.since, &target.until) {
        (None, None) => target.path.clone(),
        (Some(since), None) => format!("{} (since {since})", target.path),
        (None, Some(until)) => format!("{} (until {until})", target.path),
        (Some(since), Some(until)) => format!("{} ({since} to {until})", target.path),
    }
}

fn default(default: &crate::mapping::DefaultValue) -> String {
    match &default.since {
        None => default.value.clone(),
        Some(since) => format!("{} since {since}", default.value),
    }
}

fn releases(row: &Row) -> Option<String> {
    let mut parts = Vec::new();
    parts.extend(row.since.as_ref().map(|since| format!("since {since}")));
    parts.extend(row.until.as_ref().map(|until| format!("until {until}")));
    parts.extend(row.deprecated.as_ref().map(|since| format!("deprecated since {since}")));
    some(parts.join(", "))
}

fn some(text: String) -> Option<String> {
    if text.is_empty() { None } else { Some(text) }
}

/// Appends text in lines of at most 90 characters, the first after `head` and the others below its end.
fn push_wrapped(out: &mut String, head: &str, text: &str) {
    const WIDTH: usize = 90;
    let indent = head.chars().count();
    out.push_str(head);
    let mut column = indent;
    for (number, word) in text.split_whitespace().enumerate() {
        let length = word.chars().count();
        if number > 0 && column + 1 + length > WIDTH {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', indent));
            column = indent;
        } else if number > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_page() {
        for code in Code::ALL {
            let page = of_code(*code);
            assert!(page.starts_with(code.as_str()) && page.contains("What to do: "), "{page}");
            assert!(page.lines().all(|line| line.chars().count() <= 90), "{page}");
        }
    }

    #[test]
    fn every_argument_has_its_page() {
        let tables = Tables::builtin();
        for (table, row) in tables.rows() {
            let page = of_row(table, row);
            assert!(page.contains("\n  operators ") && page.contains("\n  disposition "), "{page}");
        }
    }

    #[test]
    fn wrapped_lines_stand_below_the_first() {
        let mut out = String::new();
        push_wrapped(&mut out, "  head: ", &"word ".repeat(30));
        let lines: Vec<&str> = out.lines().collect();
        assert_eq!(lines.len(), 2);
        assert!(lines.iter().skip(1).all(|line| line.starts_with("        word")), "{out}");
    }
}
