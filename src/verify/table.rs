//! The comparison as text for people: one line per task, and under it what is not equal.

use std::fmt::Write as _;

use super::pair::shown;
use super::report::{Report, Status, Summary, Verdict};
use crate::diag::escape::visible;

/// Letters of a value that are shown; the rest is in the JSON.
const LONGEST: usize = 300;

/// Writes a report as text.
pub fn table(report: &Report) -> String {
    let mut out = String::new();
    for trouble in &report.files {
        let who = if trouble.side == "airflow" { "Airflow" } else { "podlift" };
        line(&mut out, format_args!("{}: {who} could not load it", trouble.file));
        line(&mut out, format_args!("    {}", cut(&trouble.reason)));
        if trouble.tasks > 0 {
            line(&mut out, format_args!("    tasks not compared for it: {}", trouble.tasks));
        }
    }
    let width = report.tasks.iter().map(|task| task.status.as_str().len()).max().unwrap_or(0);
    for task in &report.tasks {
        verdict(&mut out, task, width);
    }
    line(&mut out, format_args!("{}", sentence(&report.summary)));
    out
}

fn verdict(out: &mut String, task: &Verdict, width: usize) {
    let index = task.map_index.map(|index| format!("[{index}]")).unwrap_or_default();
    let status = task.status.as_str();
    line(out, format_args!("{status:width$}  {}.{}{index}  {}", task.dag, task.task, task.file));
    if let Some(reason) = &task.reason {
        line(out, format_args!("    {}", cut(reason)));
    }
    for difference in &task.differences {
        line(out, format_args!("    {}", difference.path));
        let argument = match (&difference.argument, &difference.airflow_argument) {
            (Some(name), Some(value)) => format!("    ({name}={})", cut(&value.to_string())),
            _ => String::new(),
        };
        line(out, format_args!("      Airflow  {}{argument}", cut(&shown(&difference.airflow))));
        let place = match (&difference.source, &difference.argument) {
            (Some(place), Some(name)) => format!("    ({name}, {place})"),
            (Some(place), None) => format!("    ({place})"),
            _ => String::new(),
        };
        line(out, format_args!("      podlift  {}{place}", cut(&shown(&difference.podlift))));
    }
    // Next to a difference, what is open explains nothing.
    if task.status != Status::Differs {
        for open in &task.open {
            line(
                out,
                format_args!("    open: {}  {}  {}", cut(&open.name), open.pointer, open.source),
            );
        }
    }
}

/// `3 tasks in 2 files: 2 equal, 1 differs`.
fn sentence(summary: &Summary) -> String {
    let counts = [
        (summary.differs, Status::Differs),
        (summary.not_resolved, Status::NotResolved),
        (summary.refused, Status::Refused),
        (summary.only_airflow, Status::OnlyAirflow),
        (summary.only_podlift, Status::OnlyPodlift),
    ];
    let noun =
        |count: usize, noun: &str| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
    let mut text = format!(
        "{} in {}: {} equal",
        noun(summary.tasks, "task"),
        noun(summary.files, "file"),
        summary.equal
    );
    for (count, status) in counts.iter().filter(|(count, _)| *count > 0) {
        // Writing to a text cannot fail.
        _ = write!(text, ", {count} {}", status.as_str());
    }
    if summary.troubled > 0 {
        _ = write!(text, "; {} not compared as a whole", noun(summary.troubled, "file"));
    }
    text
}

/// One line, with nothing in it that a terminal would act on.
fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    _ = writeln!(out, "{}", visible(&text.to_string()));
}

fn cut(text: &str) -> String {
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    let head: String = text.chars().take(LONGEST).collect();
    format!("{head}...")
}
