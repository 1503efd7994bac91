//! The difference as a comment on a pull request: what matters on the first screen, and never longer than a
//! comment may be.

use crate::report::diff::digest::Digest;
use crate::report::diff::model::{Change, Diff, Kind, TaskChange, Trend};
use crate::report::diff::show::{name, names, readiness, secret_note, sentence, values, verb};
use crate::report::render::markdown_parts::{cell, code};
use crate::words::count;

/// Bytes of a comment; GitHub takes 65,536 characters.
const ROOM: usize = 60_000;
/// Tasks that are named for a change they share.
const NAMED: usize = 3;
/// Tasks of one side only that are named before the rest is counted.
const LISTED: usize = 50;

/// The head of a table of changes.
const TABLE: &str = "| what | place | before | after |\n|---|---|---|---|\n";

/// Writes a difference as GitHub-flavoured Markdown.
pub fn markdown(diff: &Diff) -> String {
    let mut out = Comment { text: String::new(), left_out: 0 };
    out.text.push_str(&format!("### podlift: {}\n\n", sentence(diff)));
    out.text.push_str(&format!("{} → {}\n", code(&diff.old), code(&diff.new)));
    for file in &diff.files {
        let what =
            if file.readable_now { "✅ can be read now" } else { "❌ **can no longer be read**" };
        out.push(&format!("\n- {what}: {}\n", code(&file.path)));
    }
    let digest = Digest::of(diff);
    let of = |kind| {
        digest.tasks.iter().filter(move |(task, _)| task.kind == kind && task.trend.is_none())
    };
    let is_listed = |task: &TaskChange| matches!(task.kind, Kind::Added | Kind::Removed);
    let judged: Vec<_> = digest.tasks.iter().filter(|(task, _)| task.trend.is_some()).collect();
    if !judged.is_empty() {
        out.push("\n| | task | status |\n|---|---|---|\n");
    }
    for (task, _) in &judged {
        let mark = if task.trend == Some(Trend::Worse) { "❌ worse" } else { "✅ better" };
        let status = readiness(task).unwrap_or_default();
        out.push(&format!("| {mark} | {} | {status} |\n", code(&name(task))));
    }
    list(&mut out, "Removed", of(Kind::Removed).map(|(task, _)| *task));
    list(&mut out, "Added", of(Kind::Added).map(|(task, _)| *task));
    list(
        &mut out,
        "Renamed",
        of(Kind::Renamed).filter(|(_, own)| own.is_empty()).map(|(task, _)| *task),
    );
    for shared in &digest.shared {
        let head = format!("In {}", count(shared.tasks.len(), "task"));
        let head = format!("\n**{head}**: {}\n\n{TABLE}", names(&shared.tasks, NAMED, code));
        let rows: String =
            shared.changes.iter().map(|change| format!("| {} |\n", row(change))).collect();
        out.push(&format!("{head}{rows}"));
    }
    let rest: Vec<_> = digest
        .tasks
        .iter()
        .filter(|(task, changes)| !changes.is_empty() && !is_listed(task))
        .collect();
    if !rest.is_empty() {
        out.push("\n#### Task by task\n");
    }
    for (task, changes) in rest {
        let head = format!("\n**{}** {}\n\n{TABLE}", cell(&name(task)), verb(task));
        let rows: String = changes.iter().map(|change| format!("| {} |\n", row(change))).collect();
        out.push(&format!("{head}{rows}"));
    }
    out.end()
}

struct Comment {
    text: String,
    /// Parts for which there was no room.
    left_out: usize,
}

impl Comment {
    /// Appends a part, or counts it if there is no room. Once something is left out, so is all that follows.
    fn push(&mut self, part: &str) {
        if self.left_out == 0 && self.text.len() + part.len() <= ROOM {
            self.text.push_str(part);
        } else {
            self.left_out += 1;
        }
    }

    fn end(mut self) -> String {
        if self.left_out > 0 {
            self.text.push_str(&format!(
                "\n*{} left out; `podlift diff --format html` shows everything.*\n",
                count(self.left_out, "further part")
            ));
        }
        self.text
    }
}

fn list<'a>(out: &mut Comment, title: &str, tasks: impl Iterator<Item = &'a TaskChange>) {
    let tasks: Vec<&TaskChange> = tasks.collect();
    if tasks.is_empty() {
        return;
    }
    let named = |task: &&TaskChange| match readiness(task) {
        Some(words) => format!("{} ({words})", code(&name(task))),
        None => code(&name(task)),
    };
    let mut names: Vec<String> = tasks.iter().take(LISTED).map(named).collect();
    if tasks.len() > LISTED {
        names.push(format!("{} more", tasks.len() - LISTED));
    }
    out.push(&format!("\n**{title}**: {}\n", names.join(", ")));
}

/// Meaning, place, before and after of a change.
fn row(change: &Change) -> String {
    let (old, new) = match secret_note(change) {
        Some(note) => ("*not shown*".to_owned(), format!("*{note}*")),
        None => {
            let (old, new) = values(change);
            let shown = |value: Option<String>| value.map(|value| code(&value)).unwrap_or_default();
            (shown(old), shown(new))
        }
    };
    format!("{} | {} | {old} | {new}", change.meaning.as_str(), code(&change.path))
}
