//! `podlift mappings`: what becomes of every argument.

use anyhow::Result;
use clap::ValueEnum;
use serde::Serialize;

use super::{Ctx, Exit};
use crate::mapping::{Class, Disposition, Release, Row, Table, Tables, coverage_markdown};

/// List all arguments and what becomes of them
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  podlift mappings                       a table for the terminal
  podlift mappings --format markdown     the coverage table of the README
  podlift mappings --format json | jq -r '.[] | select(.disposition == \"manual\").argument'")]
pub(super) struct Args {
    /// How to write the list
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "human")]
    format: Format,
}

/// How the list is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Columns for the terminal.
    Human,
    /// A Markdown table.
    Markdown,
    /// A list of objects.
    Json,
}

/// A row as JSON writes it.
#[derive(Serialize)]
struct Entry<'a> {
    table: &'a str,
    argument: &'a str,
    class: Class,
    disposition: Disposition,
    targets: Vec<&'a str>,
    since: Option<&'a Release>,
    until: Option<&'a Release>,
    templated: Option<&'a Release>,
    renamed_to: Option<&'a str>,
    accepts: Option<&'a str>,
    dagster: Option<&'a str>,
    in_guide: bool,
    what: &'a str,
    note: &'a str,
}

pub(super) fn run(args: &Args, ctx: &mut Ctx<'_>) -> Result<Exit> {
    let tables = Tables::builtin();
    match args.format {
        Format::Human => ctx.stdout.write_all(columns(&tables).as_bytes())?,
        Format::Markdown => ctx.stdout.write_all(coverage_markdown(&tables).as_bytes())?,
        Format::Json => {
            let entries: Vec<Entry<'_>> =
                tables.rows().map(|(table, row)| Entry::of(table, row)).collect();
            serde_json::to_writer_pretty(&mut ctx.stdout, &entries)?;
            writeln!(ctx.stdout)?;
        }
    }
    Ok(Exit::Ok)
}

impl<'a> Entry<'a> {
    fn of(table: &'a Table, row: &'a Row) -> Self {
        Self {
            table: &table.table,
            argument: &row.argument,
            class: row.class,
            disposition: row.disposition,
            targets: row.targets.iter().map(|target| target.path.as_str()).collect(),
            since: row.since.as_ref(),
            until: row.until.as_ref(),
            templated: row.templated.as_ref(),
            renamed_to: row.renamed_to.as_deref(),
            accepts: row.accepts.as_deref(),
            dagster: row.dagster.as_deref(),
            in_guide: row.guide.is_some(),
            what: &row.what,
            note: &row.note,
        }
    }
}

/// One line per argument under the name of its table: name, disposition and where it goes.
fn columns(tables: &Tables) -> String {
    let width = tables.rows().map(|(_, row)| row.argument.len()).max().unwrap_or(0);
    let mut text = String::new();
    for table in tables.all() {
        text.push_str(&format!("{} ({})\n", table.table, operators(table)));
        for row in &table.rows {
            let targets: Vec<&str> =
                row.targets.iter().map(|target| target.path.as_str()).collect();
            let line = format!(
                "  {:<width$}  {:<11}  {}",
                row.argument,
                row.disposition.as_str(),
                targets.join(", ")
            );
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text.push('\n');
    }
    text.push_str("`podlift explain ARGUMENT` tells more about each.\n");
    text
}

/// The operators of a table, in words.
pub(super) fn operators(table: &Table) -> String {
    match table.operators.as_slice() {
        [] => table.operator.clone().unwrap_or_default(),
        // The tables of the common arguments are for all relatives alike.
        [_, _, _, _, ..] => "all operators".to_owned(),
        few => few.iter().map(|name| name.class()).collect::<Vec<_>>().join(", "),
    }
}
