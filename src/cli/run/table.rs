//! The end of a run for people: one row per task, and what went wrong.

use std::fmt::Write as _;

use crate::cli::messages::count;
use crate::diag::escape::visible;
use crate::launch::rules::TaskState;
use crate::launch::run::RunReport;
use crate::launch::task::TaskReport;

/// The table and the last line; with the last lines of tasks that failed, where no log was shown.
pub(super) fn table(report: &RunReport, with_tail: bool) -> String {
    let dags: std::collections::BTreeSet<&str> =
        report.tasks.iter().map(|task| task.dag.as_str()).collect();
    let mut rows = vec![["TASK", "STATE", "ATTEMPTS", "TIME", "REPORTED"].map(str::to_owned)];
    for task in &report.tasks {
        rows.push(row(task, dags.len() > 1));
    }
    let mut out = String::from("\n");
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..4).map(width).collect();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths.iter().chain([&0])) {
            let _ = write!(line, "{cell:<width$}  ");
        }
        let _ = writeln!(out, "{}", line.trim_end());
    }
    for task in report.tasks.iter().filter(|task| is_bad(task)) {
        let _ = write!(out, "{}", failure(task, dags.len() > 1, with_tail));
    }
    let _ = writeln!(
        out,
        "\nrun {}: {} in {:.1} s, {}",
        visible(&report.run),
        if report.tasks.is_empty() { "nothing left to do".to_owned() } else { report.summary() },
        report.seconds,
        count(usize::try_from(report.api_requests).unwrap_or(usize::MAX), "API request"),
    );
    out
}

fn is_bad(task: &TaskReport) -> bool {
    matches!(task.state, TaskState::Failed)
        || task.attempts.iter().any(|attempt| attempt.cleanup_error.is_some())
}

fn name(task: &TaskReport, with_dag: bool) -> String {
    let name = if with_dag { format!("{}.{}", task.dag, task.task) } else { task.task.clone() };
    visible(&name).into_owned()
}

fn row(task: &TaskReport, with_dag: bool) -> [String; 5] {
    let seconds: f64 = task.attempts.iter().map(|attempt| attempt.seconds).sum();
    let time = if task.attempts.is_empty() { String::new() } else { format!("{seconds:.1} s") };
    [
        name(task, with_dag),
        task.state.as_str().to_owned(),
        task.attempts.len().to_string(),
        time,
        reported(task),
    ]
}

/// `1 asset, 2 checks (1 failed)`.
fn reported(task: &TaskReport) -> String {
    let Some(pipes) = task.attempts.last().map(|attempt| &attempt.pipes) else {
        return String::new();
    };
    let failed = pipes.checks.iter().filter(|check| !check.passed).count();
    let checks = count(pipes.checks.len(), "check");
    let parts = [
        (pipes.materializations.len(), count(pipes.materializations.len(), "asset")),
        (
            pipes.checks.len(),
            if failed > 0 { format!("{checks} ({failed} failed)") } else { checks },
        ),
        (pipes.custom_messages.len(), count(pipes.custom_messages.len(), "message")),
        (pipes.faults.len(), count(pipes.faults.len(), "faulty message")),
    ];
    let texts: Vec<String> =
        parts.into_iter().filter(|(number, _)| *number > 0).map(|(_, text)| text).collect();
    texts.join(", ")
}

fn failure(task: &TaskReport, with_dag: bool, with_tail: bool) -> String {
    let mut out = format!("\n{}: {}\n", name(task, with_dag), visible(&task.message));
    let Some(last) = task.attempts.last() else { return out };
    if task.state == TaskState::Failed {
        for line in last.tail.iter().rev().take(if with_tail { 10 } else { 0 }).rev() {
            let _ = writeln!(out, "  | {}", visible(line));
        }
        for event in last.events.iter().filter(|event| event.kind != "Normal") {
            let _ = writeln!(out, "  {}: {}", visible(&event.reason), visible(&event.message));
        }
    }
    for attempt in &task.attempts {
        if let Some(error) = &attempt.cleanup_error {
            let (pod, namespace) = (&attempt.pod, &attempt.namespace);
            let _ = writeln!(
                out,
                "  pod {pod} may be left: {}; `kubectl delete pod -n {namespace} {pod}` removes it",
                visible(error)
            );
        }
    }
    out
}
