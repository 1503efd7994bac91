//! The report for a terminal: the numbers first, then file by file what became of each task.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use crate::diag::escape::visible;
use crate::mapping::Disposition;
use crate::report::model::{Group, Readiness, Report, TaskEntry};
use crate::report::terminal::{Terminal, bold, dim, green, red, yellow};
use crate::words::{count, percent, shorten};

/// Width of the bars, in characters.
const BAR: usize = 30;
/// Rows of a table of folders or owners.
const ROWS: usize = 20;

/// Writes a report as text, with terminal colours if `color`.
pub fn human(report: &Report, color: bool) -> String {
    let mut out = Terminal::new(color);
    out.head(report);
    out.groups("Folders", "folder", &report.folders);
    if report.owners.len() > 1 {
        out.groups("Owners", "owner", &report.owners);
    }
    for file in &report.files {
        if !file.read {
            out.line(&format!(
                "\n{}  {}",
                visible(&file.path),
                out.paint("could not be read", red())
            ));
            let why = report.findings.iter().filter(|one| one.file.as_deref() == Some(&file.path));
            for finding in why {
                let place = if finding.line > 0 {
                    format!(" (line {})", finding.line)
                } else {
                    String::new()
                };
                out.line(&format!("    {} {}{place}", finding.code, visible(&finding.message)));
            }
            continue;
        }
        for dag in &file.dags {
            out.line(&format!(
                "\n{}  {}",
                out.paint(&visible(&dag.id), bold()),
                out.paint(&visible(&file.path), dim())
            ));
            for task in &dag.tasks {
                out.task(task);
            }
        }
    }
    let totals = &report.totals;
    if totals.credentials > 0 {
        let found = count(totals.credentials, "credential");
        out.line(&format!("\n{found} in plain text; `podlift explain KPO314` tells what to do"));
    }
    out.text
}

/// The parts of a report.
impl Terminal {
    fn head(&mut self, report: &Report) {
        let totals = &report.totals;
        self.line(&format!(
            "{} in {}, {}",
            count(totals.tasks, "task"),
            count(totals.dags, "DAG"),
            count(totals.files, "file")
        ));
        for readiness in Readiness::ALL {
            let number = totals.of(readiness);
            let filled = (number * BAR).div_ceil(totals.tasks.max(1));
            let bar = format!("{}{}", "█".repeat(filled), "·".repeat(BAR.saturating_sub(filled)));
            let percent = percent(number, totals.tasks);
            let words = readiness.words();
            let line = format!(
                "  {words:<17}{number:>5}  {}  {percent:>3} %",
                self.paint(&bar, style(readiness))
            );
            self.line(&line);
        }
        let notes = [
            (totals.unreadable, "file", "that could not be read: nobody knows their tasks"),
            (
                totals.patterns,
                "task",
                "standing for a number of tasks known only when the DAG runs",
            ),
            (totals.conditional, "task", "existing under a condition that could not be decided"),
        ];
        for (number, noun, what) in notes.into_iter().filter(|(number, ..)| *number > 0) {
            self.line(&format!("  {} {what}", count(number, noun)));
        }
        let keywords = Disposition::ALL.iter().filter_map(|disposition| {
            let number = totals.keywords.get(disposition)?;
            Some(format!("{number} {}", disposition.as_str()))
        });
        let keywords: Vec<String> = keywords.collect();
        if !keywords.is_empty() {
            self.line(&format!("  arguments: {}", keywords.join(", ")));
        }
    }

    fn groups(&mut self, title: &str, noun: &str, groups: &[Group]) {
        if groups.is_empty() {
            return;
        }
        let head = format!("\n{title:<38} tasks  ready  values  decide  not");
        let head = self.paint(&head, bold());
        self.line(&head);
        for group in groups.iter().take(ROWS) {
            let name = if group.name.is_empty() { "(unknown)" } else { group.name.as_str() };
            let unread = match group.unreadable {
                0 => String::new(),
                unread => format!("  {} not read", count(unread, "file")),
            };
            self.line(&format!(
                "  {:<36} {:>5}  {:>5}  {:>6}  {:>6}  {:>3}{unread}",
                shorten(&visible(name), 36),
                group.tasks,
                group.ready,
                group.needs_values,
                group.needs_decision,
                group.not_migratable
            ));
        }
        if groups.len() > ROWS {
            self.line(&format!("  and {}", count(groups.len() - ROWS, noun)));
        }
    }

    fn task(&mut self, task: &TaskEntry) {
        let line = match &task.place {
            Some(place) => format!(":{}", place.line),
            None => String::new(),
        };
        let head = format!(
            "  {}  {}{}",
            self.paint(&format!("{:<16}", task.readiness.words()), style(task.readiness)),
            visible(&task.id),
            self.paint(&line, dim())
        );
        self.line(&head);
        if task.readiness != Readiness::Ready {
            self.line(&format!("      next: {}", visible(&task.next_step)));
        }
        if let Some(pattern) = &task.pattern {
            self.line(&format!("      stands for any number of tasks: {}", visible(pattern)));
        }
        for disposition in Disposition::ALL {
            let named = task.keywords.iter().filter(|keyword| keyword.disposition == *disposition);
            let names: Vec<&str> = named.map(|keyword| keyword.name.as_str()).collect();
            if !names.is_empty() {
                let line =
                    format!("      {:<11} {}", disposition.as_str(), visible(&names.join(", ")));
                self.line(&line);
            }
        }
        for hole in &task.holes {
            let (name, reason, source) =
                (visible(&hole.name), visible(&hole.reason), visible(&hole.source));
            self.line(&format!("      hole        {name} = {reason}  ({source})"));
        }
        for template in &task.templates {
            let mut text = format!("      template    {}", visible(&template.path));
            if !template.needs.is_empty() {
                // Writing to a text cannot fail.
                _ = write!(text, " needs {}", visible(&template.needs.join(", ")));
            }
            self.line(&text);
        }
        if !task.codes.is_empty() {
            self.line(&format!("      findings    {}", task.codes.join(", ")));
        }
    }
}

fn style(readiness: Readiness) -> Style {
    match readiness {
        Readiness::Ready => green(),
        Readiness::NeedsValues => AnsiColor::Cyan.on_default(),
        Readiness::NeedsDecision => yellow(),
        Readiness::NotMigratable => red(),
    }
}
