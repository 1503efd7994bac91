//! The report as GitHub-flavoured Markdown: what matters first, the tasks of each DAG folded away.

use std::fmt::Write as _;

use crate::diag::escape::visible;
use crate::report::model::{Group, KeywordEntry, Readiness, Report, TaskEntry};
use crate::words::{count, percent};

/// Writes a report as Markdown.
pub fn markdown(report: &Report) -> String {
    let mut out = String::new();
    let totals = &report.totals;
    // Writing to a text cannot fail, here and below.
    _ = writeln!(out, "# Migration report\n");
    _ = writeln!(
        out,
        "**{} of {} ready ({} %)**, in {} and {}.\n",
        totals.ready,
        count(totals.tasks, "task"),
        percent(totals.ready, totals.tasks),
        count(totals.dags, "DAG"),
        count(totals.files, "file")
    );
    _ = writeln!(out, "| status | tasks |\n|---|--:|");
    for readiness in Readiness::ALL {
        _ = writeln!(out, "| {} | {} |", readiness.words(), totals.of(readiness));
    }
    _ = writeln!(out, "| *dynamic patterns among them* | {} |", totals.patterns);
    _ = writeln!(out, "| *files that could not be read* | {} |", totals.unreadable);
    _ = writeln!(out, "| *credentials in plain text* | {} |", totals.credentials);
    groups(&mut out, "Folders", &report.folders);
    if report.owners.len() > 1 {
        groups(&mut out, "Owners", &report.owners);
    }
    arguments(&mut out, report);
    unreadable(&mut out, report);
    _ = writeln!(out, "\n## Tasks");
    for file in &report.files {
        for dag in &file.dags {
            let ready = dag.tasks.iter().filter(|task| task.readiness == Readiness::Ready).count();
            let summary = format!(
                "{} ({}): {ready} of {} ready",
                html(&dag.id),
                html(&file.path),
                count(dag.tasks.len(), "task")
            );
            _ = writeln!(out, "\n<details><summary>{summary}</summary>\n");
            _ = writeln!(out, "| task | status | next step | findings |\n|---|---|---|---|");
            for task in &dag.tasks {
                let cells = [
                    code(&task.id),
                    task.readiness.words().to_owned(),
                    cell(&task.next_step),
                    task.codes.join(" "),
                ];
                _ = writeln!(out, "| {} |", cells.join(" | "));
            }
            for task in &dag.tasks {
                details(&mut out, task);
            }
            _ = writeln!(out, "\n</details>");
        }
    }
    out
}

fn groups(out: &mut String, title: &str, groups: &[Group]) {
    if groups.is_empty() {
        return;
    }
    _ = writeln!(out, "\n## {title}\n");
    _ = writeln!(out, "| | tasks | ready | needs values | needs a decision | not migratable |");
    _ = writeln!(out, "|---|--:|--:|--:|--:|--:|");
    for group in groups {
        let name = if group.name.is_empty() { "*unknown*".to_owned() } else { code(&group.name) };
        let numbers: Vec<String> = std::iter::once(group.tasks)
            .chain(Readiness::ALL.map(|readiness| group.of(readiness)))
            .map(|number| number.to_string())
            .collect();
        _ = writeln!(out, "| {name} | {} |", numbers.join(" | "));
    }
}

fn arguments(out: &mut String, report: &Report) {
    let keywords = &report.totals.keywords;
    if keywords.is_empty() {
        return;
    }
    _ = writeln!(out, "\n## Arguments\n\n| what becomes of them | |\n|---|--:|");
    for (disposition, number) in keywords {
        _ = writeln!(out, "| {} | {number} |", disposition.meaning());
    }
}

fn unreadable(out: &mut String, report: &Report) {
    let mut files = report.files.iter().filter(|file| !file.read).peekable();
    if files.peek().is_none() {
        return;
    }
    _ = writeln!(
        out,
        "\n## Files that could not be read\n\nNobody knows how many tasks they hold.\n"
    );
    for file in files {
        let mut why = report.findings.iter().filter(|one| one.file.as_deref() == Some(&file.path));
        let why = why.next().map(|one| format!(": {} ({})", cell(&one.message), one.code));
        _ = writeln!(out, "- {}{}", code(&file.path), why.unwrap_or_default());
    }
}

/// Every keyword of a task, its holes and its templates.
fn details(out: &mut String, task: &TaskEntry) {
    if task.keywords.is_empty() {
        return;
    }
    _ = writeln!(out, "\n**{}**", cell(&task.id));
    _ = writeln!(out, "\n| argument | becomes | how | from | place |\n|---|---|---|---|---|");
    for keyword in &task.keywords {
        _ = writeln!(out, "| {} |", row(keyword).join(" | "));
    }
    if !task.holes.is_empty() {
        _ = writeln!(out, "\nNot known:\n");
    }
    for hole in &task.holes {
        _ = writeln!(
            out,
            "- {} is {} in {}",
            code(&hole.name),
            code(&hole.reason),
            cell(&hole.source)
        );
    }
    if !task.templates.is_empty() {
        _ = writeln!(out, "\nTemplates:\n");
    }
    for template in &task.templates {
        let needs = match template.needs.as_slice() {
            [] => "nothing".to_owned(),
            needs => code(&needs.join(", ")),
        };
        _ = writeln!(out, "- {} needs {needs}", code(&template.path));
    }
}

fn row(keyword: &KeywordEntry) -> [String; 5] {
    let targets: Vec<String> = keyword.targets.iter().map(|target| code(target)).collect();
    let place = keyword.place.as_ref().map(ToString::to_string).unwrap_or_default();
    [
        code(&keyword.name),
        targets.join("<br>"),
        keyword.disposition.as_str().to_owned(),
        cell(&keyword.origin),
        cell(&place),
    ]
}

/// Text in a cell or a paragraph, with nothing in it that Markdown or HTML would act on.
pub(in crate::report) fn cell(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in visible(text).chars() {
        match char {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' => {
                out.push('\\');
                out.push(char);
            }
            // A name after it would call somebody.
            '@' => out.push_str("&#64;"),
            _ => out.push(char),
        }
    }
    out
}

/// Text in a code span inside a table.
pub(in crate::report) fn code(text: &str) -> String {
    let text = visible(text);
    if text.is_empty() {
        return String::new();
    }
    // A bar ends the cell even inside of code, and a backtick the code.
    if text.contains(['|', '`']) {
        return format!("<code>{}</code>", cell(&text));
    }
    format!("`{text}`")
}

/// Text inside an HTML element.
fn html(text: &str) -> String {
    visible(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_break_out_of_a_table() {
        assert_eq!(cell("a|b\n<img> @me *x*"), "a\\|b\\\\n&lt;img&gt; &#64;me \\*x\\*");
        assert_eq!(code("a|`b"), "<code>a\\|\\`b</code>");
        assert_eq!(code("a_b*"), "`a_b*`");
    }
}
