//! The difference as one HTML page, in the look of the report.

use std::fmt::Write as _;

use crate::report::diff::digest::Digest;
use crate::report::diff::model::{Change, Diff, Kind, TaskChange, Trend};
use crate::report::diff::show::{name, names, readiness, secret_note, sentence, values, verb};
use crate::report::html::{head, text};
use crate::words::count;

/// Writes a difference as a page that needs no network and no script.
pub fn html(diff: &Diff) -> String {
    let mut out = String::new();
    head(&mut out, "What changed", "");
    let summary = &diff.summary;
    // Writing to a text cannot fail, here and below.
    _ = write!(
        out,
        "<div class=wrap>\n<header class=top><h1>What changed</h1><span class=soft>\
         <code>{}</code> → <code>{}</code></span></header>\n<div class=cards>\n",
        text(&diff.old),
        text(&diff.new)
    );
    let cards = [
        ("not-migratable", summary.worse, "got worse"),
        ("needs-decision", summary.changed + summary.renamed, "changed or renamed"),
        ("needs-values", summary.added + summary.removed, "added or removed"),
        ("ready", summary.same, "the same"),
    ];
    for (class, number, words) in cards {
        _ = writeln!(
            out,
            "<div class=\"card s-{class}\"><b>{number}</b><span>{words}</span></div>"
        );
    }
    _ = writeln!(out, "</div>\n<p class=soft>{}</p>", text(&sentence(diff)));
    for file in &diff.files {
        let (class, what) = if file.readable_now {
            ("faint", "can be read now")
        } else {
            ("sev-error", "can no longer be read")
        };
        _ = writeln!(
            out,
            "<p><span class={class}>{what}</span> <code>{}</code></p>",
            text(&file.path)
        );
    }
    let digest = Digest::of(diff);
    if !digest.shared.is_empty() {
        out.push_str(
            "<section class=dag><header><h3>In several tasks</h3></header><div class=tasks>\n",
        );
        for shared in &digest.shared {
            let all: Vec<String> = shared.tasks.iter().map(|task| text(&name(task))).collect();
            _ = write!(
                out,
                "<details class=\"task s-needs-decision\" open><summary><span class=badge>{}</span><span class=id>{}</span>\
                 <span class=step>{}</span><span class=meta></span></summary>\n<div class=body>",
                count(shared.tasks.len(), "task"),
                meanings(&shared.changes),
                text(&names(&shared.tasks, 6, str::to_owned))
            );
            table(&mut out, &shared.changes);
            _ = writeln!(out, "<p class=soft>{}</p></div></details>", all.join("<br>"));
        }
        out.push_str("</div></section>\n");
    }
    if !digest.tasks.is_empty() {
        out.push_str(
            "<section class=dag><header><h3>Task by task</h3></header><div class=tasks>\n",
        );
        for (task, changes) in &digest.tasks {
            one(&mut out, task, changes);
        }
        out.push_str("</div></section>\n");
    }
    _ = writeln!(
        out,
        "<footer>Written by podlift {}. Values that look like credentials are not shown.</footer>\n</div>\n</body>\n</html>",
        env!("CARGO_PKG_VERSION")
    );
    out
}

fn one(out: &mut String, task: &TaskChange, changes: &[&Change]) {
    let class = match (task.trend, task.kind) {
        (Some(Trend::Worse), _) | (_, Kind::Removed) => "not-migratable",
        (Some(Trend::Better), _) | (_, Kind::Added) => "ready",
        _ => "needs-decision",
    };
    let open = if changes.is_empty() { "" } else { " open" };
    _ = write!(
        out,
        "<details class=\"task s-{class}\"{open}><summary><span class=badge>{}</span><span class=id>{}</span>\
         <span class=step>{}</span><span class=meta>{}</span></summary>\n<div class=body>",
        verb(task),
        text(&name(task)),
        readiness(task).unwrap_or_default(),
        meanings(changes)
    );
    if changes.is_empty() {
        out.push_str("<p class=soft>Nothing else to compare.</p>");
    } else {
        table(out, changes);
    }
    out.push_str("</div></details>\n");
}

fn table(out: &mut String, changes: &[&Change]) {
    out.push_str(
        "<div class=\"grid changes\"><table>\n<tr><th>what<th>place<th>before<th>after</tr>\n",
    );
    for change in changes {
        let (old, new) = match secret_note(change) {
            Some(note) => ("<i>not shown</i>".to_owned(), format!("<i>{note}</i>")),
            None => {
                let (old, new) = values(change);
                let shown = |value: Option<String>| {
                    value.map(|value| format!("<code>{}</code>", text(&value))).unwrap_or_default()
                };
                (shown(old), shown(new))
            }
        };
        _ = writeln!(
            out,
            "<tr><td>{}<td><code>{}</code><td class=minus>{old}<td class=plus>{new}</tr>",
            change.meaning.as_str(),
            text(&change.path)
        );
    }
    out.push_str("</table></div>\n");
}

/// What some changes are about.
fn meanings(changes: &[&Change]) -> String {
    let mut meanings: Vec<&str> = changes.iter().map(|change| change.meaning.as_str()).collect();
    meanings.dedup();
    meanings.join(", ")
}
