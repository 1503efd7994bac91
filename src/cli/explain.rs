//! `podlift explain`: what becomes of an argument, or what a finding means.

use anyhow::Result;

use super::failure::Trouble;
use super::{Ctx, Exit};
use crate::diag::Code;
use crate::diag::suggest::nearest;
use crate::mapping::Tables;

/// Width of the name of a fact and the blanks around it, as the mapping tables write it.
const FACT: usize = 12;

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
            let facts = tables.explain(subject).ok_or_else(|| unknown(subject, &tables))?;
            of_argument(&facts)
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

/// The facts about an argument, each in lines that fit; examples are left as they are.
fn of_argument(facts: &str) -> String {
    let mut text = String::new();
    for line in facts.lines() {
        let head = line.get(..FACT).filter(|head| head.starts_with("  "));
        match head {
            Some(head) if !head.trim().is_empty() && head.trim() != "example" => {
                push_wrapped(&mut text, head, line.get(FACT..).unwrap_or(""));
            }
            _ => {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    text
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
    fn the_facts_about_an_argument_fit_and_lose_nothing() {
        let tables = Tables::builtin();
        for (_, row) in tables.rows() {
            let facts = tables.explain(&row.argument).unwrap_or_default();
            let page = of_argument(&facts);
            let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert_eq!(words(&page), words(&facts));
            let is_example = |line: &str| line.contains("example  ") || line.contains("->");
            let long = page.lines().find(|line| line.chars().count() > 100 && !is_example(line));
            assert_eq!(long, None, "{page}");
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
