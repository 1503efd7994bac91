//! The first screen: how far the migration is, what is in the way, and the filters.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::data::{Data, owner_word};
use super::escape::{fragment, text};
use crate::diag::Code;
use crate::mapping::Disposition;
use crate::report::model::{Group, Readiness, Report};
use crate::words::{count, percent};

pub(super) fn overview(out: &mut String, report: &Report) {
    let totals = &report.totals;
    out.push_str("<section aria-label=Overview>\n<div class=cards>\n");
    for readiness in Readiness::ALL {
        let (name, number) = (readiness.as_str(), totals.of(readiness));
        _ = writeln!(
            out,
            "<div class=\"card s-{name}\"><b>{number}</b><span>{} <span class=faint>{} %</span></span></div>",
            readiness.words(),
            percent(number, totals.tasks)
        );
    }
    out.push_str("</div>\n<div class=total-bar>");
    let numbers = Readiness::ALL.map(|readiness| (readiness, totals.of(readiness)));
    bar(out, &numbers, totals.tasks);
    out.push_str("</div>\n<ul class=notes>\n");
    let notes = [
        (totals.unreadable, "file", "not readable: nobody knows the tasks in there", true),
        (
            totals.patterns,
            "dynamic pattern",
            "for a number of tasks known only when the DAG runs",
            false,
        ),
        (totals.conditional, "task", "under a condition that could not be decided", false),
        (totals.credentials, "credential", "in plain text", true),
        (totals.holes, "hole", "to be closed", false),
        (totals.ignored, "finding", "ignored", false),
    ];
    for (number, noun, what, is_bad) in notes.into_iter().filter(|(number, ..)| *number > 0) {
        let class = if is_bad { " class=bad" } else { "" };
        _ = writeln!(out, "<li{class}>{} {what}</li>", count(number, noun));
    }
    out.push_str("</ul>\n<div class=overview>\n");
    groups(out, "Folders", &report.folders, |group| format!("{}/", group.name));
    groups(out, "Owners", &report.owners, |group| owner_word(&group.name));
    obstacles(out, report);
    arguments(out, report);
    out.push_str("</div>\n</section>\n");
}

/// A bar of the four colours.
pub(super) fn bar(out: &mut String, numbers: &[(Readiness, usize)], all: usize) {
    let label: Vec<String> = numbers
        .iter()
        .map(|(readiness, number)| format!("{number} {}", readiness.words()))
        .collect();
    _ = write!(
        out,
        "<svg class=bar viewBox=\"0 0 {} 1\" preserveAspectRatio=none role=img aria-label=\"{}\">",
        all.max(1),
        label.join(", ")
    );
    let mut start = 0;
    for (readiness, number) in numbers.iter().filter(|(_, number)| *number > 0) {
        _ = write!(
            out,
            "<rect class=s-{} x={start} width={number} height=1></rect>",
            readiness.as_str()
        );
        start += number;
    }
    out.push_str("</svg>");
}

fn groups(out: &mut String, title: &str, groups: &[Group], search: impl Fn(&Group) -> String) {
    if groups.is_empty() {
        return;
    }
    _ = writeln!(
        out,
        "<div class=panel><h2>{title}</h2><div class=scroll tabindex=0 role=region aria-label={title}><table>\n\
         <tr><th>name<th>progress<th class=num>ready<th class=num>tasks</tr>"
    );
    for group in groups {
        let name = if group.name.is_empty() { "unknown" } else { group.name.as_str() };
        _ = write!(
            out,
            "<tr><td class=name><a href=\"#?q={}\">{}</a>",
            fragment(&search(group)),
            // A long path breaks after a slash.
            text(name).replace('/', "/<wbr>")
        );
        if group.unreadable > 0 {
            _ = write!(
                out,
                " <span class=sev-error>{} not read</span>",
                count(group.unreadable, "file")
            );
        }
        out.push_str("<td class=track>");
        bar(out, &Readiness::ALL.map(|one| (one, group.of(one))), group.tasks);
        _ = writeln!(
            out,
            "<td class=num>{} %<td class=num>{}</tr>",
            percent(group.ready, group.tasks),
            group.tasks
        );
    }
    out.push_str("</table></div></div>\n");
}

/// The findings that are in the way of most tasks.
fn obstacles(out: &mut String, report: &Report) {
    let mut codes: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, _, task) in report.tasks() {
        task.codes.iter().for_each(|code| *codes.entry(code).or_default() += 1);
    }
    let level = |code: &str| {
        report
            .findings
            .iter()
            .filter(|one| one.code == code && one.ignored.is_none())
            .map(|one| one.severity)
            .max()
    };
    let mut rows: Vec<_> =
        codes.into_iter().filter_map(|(code, tasks)| Some((level(code)?, tasks, code))).collect();
    rows.sort_by(|one, other| {
        (other.0, other.1).cmp(&(one.0, one.1)).then_with(|| one.2.cmp(other.2))
    });
    if rows.is_empty() {
        return;
    }
    out.push_str(
        "<div class=panel><h2>Findings</h2><div class=scroll tabindex=0 role=region aria-label=Findings><table>\n\
         <tr><th>code<th>what<th class=num>tasks</tr>\n",
    );
    for (level, tasks, code) in rows {
        let title = Code::parse(code).map_or("", Code::title);
        _ = writeln!(
            out,
            "<tr><td><a class=mono href=\"#?code={code}\">{}</a><td><span class=sev-{level}>{level}</span> {}\
             <td class=num>{tasks}</tr>",
            text(code),
            text(title),
            level = level.as_str()
        );
    }
    out.push_str("</table></div></div>\n");
}

/// Arguments that are not simply carried over.
fn arguments(out: &mut String, report: &Report) {
    let mut rows: BTreeMap<(Disposition, &str), usize> = BTreeMap::new();
    let settled = [Disposition::Mapped, Disposition::Launcher, Disposition::NotNeeded];
    for keyword in report.tasks().flat_map(|(_, _, task)| &task.keywords) {
        if !settled.contains(&keyword.disposition) {
            *rows.entry((keyword.disposition, keyword.name.as_str())).or_default() += 1;
        }
    }
    let mut rows: Vec<_> = rows.into_iter().map(|(key, tasks)| (tasks, key)).collect();
    rows.sort_by(|one, other| other.0.cmp(&one.0).then_with(|| one.1.cmp(&other.1)));
    let keywords = &report.totals.keywords;
    let carried: usize = settled.iter().filter_map(|one| keywords.get(one)).sum();
    let all: usize = keywords.values().sum();
    _ = writeln!(
        out,
        "<div class=panel><h2>Arguments</h2><div class=scroll tabindex=0 role=region aria-label=Arguments>\
         <p class=soft>{carried} of {all} are carried over or not needed.</p>"
    );
    if !rows.is_empty() {
        out.push_str("<table>\n<tr><th>argument<th>what becomes of it<th class=num>times</tr>\n");
    }
    for (tasks, (disposition, name)) in &rows {
        _ = writeln!(
            out,
            "<tr><td class=name><a class=mono href=\"#?argument={}\">{}</a><td class=\"d d-{d}\">{d}<td class=num>{tasks}</tr>",
            fragment(name),
            text(name),
            d = disposition.as_str()
        );
    }
    out.push_str(if rows.is_empty() { "</div></div>\n" } else { "</table></div></div>\n" });
}

pub(super) fn unreadable(out: &mut String, report: &Report) {
    let mut files = report.files.iter().filter(|file| !file.read).peekable();
    if files.peek().is_none() {
        return;
    }
    out.push_str(
        "<section class=unread><div class=panel><h2>Files that could not be read</h2><table>\n",
    );
    for file in files {
        let mut why = report.findings.iter().filter(|one| one.file.as_deref() == Some(&file.path));
        let why = why.next().map(|one| (one.message.as_str(), one.code.as_str(), one.line));
        let (message, code, line) = why.unwrap_or(("", "", 0));
        let place = if line > 0 { format!("{}:{line}", file.path) } else { file.path.clone() };
        _ = writeln!(
            out,
            "<tr><td class=mono>{}<td>{} <span class=faint>{}</span></tr>",
            text(&place),
            text(message),
            text(code)
        );
    }
    out.push_str("</table></div></section>\n");
}

pub(super) fn filters(out: &mut String, report: &Report, data: &Data) {
    out.push_str(
        "<div class=\"filters js-only\"><div class=wrap><form id=filters role=search>\
         <input type=search name=q placeholder=\"Search tasks, images, files, owners, holes (/)\" aria-label=Search autocomplete=off>\n",
    );
    for (number, readiness) in Readiness::ALL.iter().enumerate() {
        let name = readiness.as_str();
        _ = writeln!(
            out,
            "<button type=button class=\"chip s-{name}\" aria-pressed=false data-status={number} data-name={name}>{}</button>",
            readiness.words()
        );
    }
    let dags = data.dags.iter().map(|dag| (dag.as_str(), report_tasks(report, dag)));
    select(out, "dag", "all DAGs", dags);
    select(
        out,
        "argument",
        "any argument",
        data.arguments.iter().map(|(name, n)| (name.as_str(), *n)),
    );
    select(out, "code", "any finding", data.codes.iter().map(|(name, n)| (name.as_str(), *n)));
    out.push_str(
        "<button type=reset class=button>Clear</button><output class=count id=count aria-live=polite></output></form></div></div>\n",
    );
}

fn report_tasks(report: &Report, id: &str) -> usize {
    report
        .files
        .iter()
        .flat_map(|file| &file.dags)
        .filter(|dag| dag.id == id)
        .map(|dag| dag.tasks.len())
        .sum()
}

fn select<'a>(
    out: &mut String,
    name: &str,
    all: &str,
    options: impl Iterator<Item = (&'a str, usize)>,
) {
    _ = writeln!(out, "<select name={name} aria-label={name}><option value=\"\">{all}</option>");
    for (value, (option, number)) in options.enumerate() {
        _ = writeln!(out, "<option value={value}>{} ({number})</option>", text(option));
    }
    out.push_str("</select>\n");
}
