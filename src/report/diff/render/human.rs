//! The difference for a terminal.

use crate::diag::escape::visible;
use crate::report::diff::digest::Digest;
use crate::report::diff::model::{Change, Diff, Kind, TaskChange, Trend};
use crate::report::diff::show::{name, names, readiness, secret_note, sentence, values, verb};
use crate::report::terminal::{Terminal, bold, dim, green, red, yellow};
use crate::words::count;

/// Tasks that are named for a change they share.
const NAMED: usize = 4;

/// Writes a difference as text, with terminal colours if `color`.
pub fn human(diff: &Diff, color: bool) -> String {
    let mut out = Terminal::new(color);
    out.line(&format!("{} → {}", visible(&diff.old), visible(&diff.new)));
    let sentence = sentence(diff);
    let sentence = out.paint(&sentence, bold());
    out.line(&sentence);
    for file in &diff.files {
        let what = if file.readable_now { "can be read now" } else { "can no longer be read" };
        let style = if file.readable_now { green() } else { red() };
        let what = out.paint(what, style);
        out.line(&format!("\n{what}  {}", visible(&file.path)));
    }
    let digest = Digest::of(diff);
    for shared in &digest.shared {
        let head = format!("in {}", count(shared.tasks.len(), "task"));
        let head = out.paint(&head, bold());
        out.line(&format!("\n{head}  {}", visible(&names(&shared.tasks, NAMED, str::to_owned))));
        shared.changes.iter().for_each(|change| out.change(change));
    }
    let mut was_long = true;
    for (task, changes) in &digest.tasks {
        // Tasks with nothing but a headline stand close together.
        if was_long || !changes.is_empty() {
            out.line("");
        }
        was_long = !changes.is_empty();
        out.changed(task, changes);
    }
    out.text
}

/// The parts of a difference.
impl Terminal {
    fn changed(&mut self, task: &TaskChange, changes: &[&Change]) {
        let style = match (task.trend, task.kind) {
            (Some(Trend::Worse), _) | (_, Kind::Removed) => red(),
            (Some(Trend::Better), _) | (_, Kind::Added) => green(),
            _ => yellow(),
        };
        let verb = self.paint(&format!("{:<8}", verb(task)), style);
        let status = readiness(task).map(|words| format!("  {words}")).unwrap_or_default();
        self.line(&format!("{verb}  {}{status}", visible(&name(task))));
        for change in changes {
            self.change(change);
        }
    }

    fn change(&mut self, change: &Change) {
        let meaning = self.paint(&format!("{:<12}", change.meaning.as_str()), dim());
        self.line(&format!("  {meaning}{}", visible(&change.path)));
        if let Some(note) = secret_note(change) {
            self.line(&format!("      {note}"));
            return;
        }
        let (old, new) = values(change);
        for (sign, value, style) in [("-", old, red()), ("+", new, green())] {
            if let Some(value) = value {
                let line = self.paint(&format!("      {sign} {}", visible(&value)), style);
                self.line(&line);
            }
        }
    }
}
