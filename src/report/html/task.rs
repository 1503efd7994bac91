//! The tasks: one line each, and below it everything that is known.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::escape::{fragment, source, text};
use super::lines::pod_yaml;
use super::overview::bar;
use crate::report::model::{Finding, KeywordEntry, Readiness, Report, Site, TaskEntry};
use crate::words::count;

/// Every DAG with its tasks. `ids` are the tasks' ids in the page, in order.
pub(super) fn dags(
    out: &mut String,
    report: &Report,
    texts: &BTreeMap<String, String>,
    ids: &[String],
) {
    let files: Vec<&str> = texts.keys().map(String::as_str).collect();
    let mut findings: BTreeMap<(&str, &str), Vec<&Finding>> = BTreeMap::new();
    for finding in &report.findings {
        if let (Some(dag), Some(task)) = (&finding.dag, &finding.task) {
            findings.entry((dag, task)).or_default().push(finding);
        }
    }
    let mut ids = ids.iter();
    for file in &report.files {
        for dag in &file.dags {
            let of =
                |readiness| dag.tasks.iter().filter(|task| task.readiness == readiness).count();
            _ = writeln!(
                out,
                "<section class=dag><header><h3>{}</h3><span class=path>{}</span><span class=num>{} of {} ready</span></header>\
                 <div class=tasks>",
                text(&dag.id),
                text(&file.path),
                of(Readiness::Ready),
                count(dag.tasks.len(), "task")
            );
            for task in &dag.tasks {
                let id = ids.next().map_or("", String::as_str);
                let own = findings
                    .get(&(dag.id.as_str(), task.id.as_str()))
                    .map_or(&[][..], Vec::as_slice);
                Page { files: &files }.task(out, task, id, own);
            }
            out.push_str("</div></section>\n");
        }
    }
    if ids.len() == 0 && report.totals.tasks == 0 {
        out.push_str("<p class=empty>No task that runs a pod was found.</p>\n");
        bar(out, &[], 0);
    }
}

struct Page<'a> {
    /// Paths of the sources in the page, in order.
    files: &'a [&'a str],
}

impl Page<'_> {
    fn task(&self, out: &mut String, task: &TaskEntry, id: &str, findings: &[&Finding]) {
        let status = task.readiness.as_str();
        let place = task.place.as_ref().map(|place| format!(":{}", place.line)).unwrap_or_default();
        let step = match task.readiness {
            Readiness::Ready => image(task).unwrap_or_default(),
            _ => task.next_step.as_str(),
        };
        _ = write!(
            out,
            "<details class=\"task s-{status}\" id=\"{}\"><summary><span class=badge>{}</span>\
             <span class=id>{} <small>{}</small></span><span class=step>{}</span><span class=meta>{}</span></summary>\n\
             <div class=body>\n",
            text(id),
            task.readiness.words(),
            text(&task.id),
            text(&place),
            text(step),
            text(task.owner.as_deref().unwrap_or_default())
        );
        _ = write!(
            out,
            "<p class=next><b>Next:</b> {}</p>\n<p class=soft>",
            prose(&task.next_step)
        );
        if let Some(place) = &task.place {
            _ = write!(out, "{} · ", self.place(place));
        }
        let short = task.operator.rsplit('.').next().unwrap_or_default();
        _ = write!(out, "<span title=\"{}\">{}</span>", text(&task.operator), text(short));
        _ = writeln!(out, " · <a href=\"#{}\">link</a></p>", fragment(id));
        if let Some(pattern) = &task.pattern {
            _ = writeln!(
                out,
                "<p>Stands for any number of tasks: <code>{}</code></p>",
                text(pattern)
            );
        }
        for condition in &task.conditions {
            _ = writeln!(out, "<p>Exists if <code>{}</code></p>", text(condition));
        }
        for pod in &task.pods {
            if let Some(index) = pod.spec.metadata.map_index {
                _ = writeln!(out, "<h4>Instance {index}</h4>");
            }
            _ = writeln!(out, "<pre class=pod>{}</pre>", source(&pod_yaml(&pod.spec)));
        }
        self.keywords(out, &task.keywords);
        holes(out, task);
        self.findings(out, findings);
        out.push_str("</div></details>\n");
    }

    /// A place as a link to the source in the page.
    fn place(&self, place: &Site) -> String {
        let shown = text(&place.to_string());
        match self.files.binary_search(&place.file.as_str()) {
            Ok(number) => format!("<a class=mono href=#src-{number}>{shown}</a>"),
            Err(_) => format!("<span class=mono>{shown}</span>"),
        }
    }

    fn keywords(&self, out: &mut String, keywords: &[KeywordEntry]) {
        if keywords.is_empty() {
            return;
        }
        out.push_str(
            "<h4>Arguments</h4><div class=\"grid args\"><table>\n\
             <tr><th>argument<th>what becomes of it<th>where it stands now<th>from<th>place</tr>\n",
        );
        for keyword in keywords {
            let targets: Vec<String> = keyword
                .targets
                .iter()
                .map(|target| format!("<code>{}</code>", text(target)))
                .collect();
            let note = if keyword.note.is_empty() {
                String::new()
            } else {
                format!("<br><span class=soft>{}</span>", text(&keyword.note))
            };
            _ = writeln!(
                out,
                "<tr><td><code>{}</code><td><span class=\"d d-{d}\">{d}</span>{note}<td>{}<td class=soft>{}<td>{}</tr>",
                text(&keyword.name),
                targets.join("<br>"),
                text(&keyword.origin),
                keyword.place.as_ref().map(|place| self.place(place)).unwrap_or_default(),
                d = keyword.disposition.as_str()
            );
        }
        out.push_str("</table></div>\n");
    }

    fn findings(&self, out: &mut String, findings: &[&Finding]) {
        if findings.is_empty() {
            return;
        }
        out.push_str("<h4>Findings</h4><div class=grid><table>\n");
        for finding in findings {
            let place = finding.file.as_ref().map(|file| {
                let (line, last_line) = (finding.line, finding.end_line);
                self.place(&Site { file: file.clone(), line, last_line })
            });
            let ignored = match &finding.ignored {
                Some(reason) => format!(" <span class=faint>ignored: {}</span>", text(reason)),
                None => String::new(),
            };
            let help = finding
                .help
                .as_ref()
                .map(|help| format!("<br><span class=soft>{}</span>", text(help)));
            _ = writeln!(
                out,
                "<tr><td class=\"mono sev-{}\">{}<td>{}{ignored}{}<td>{}</tr>",
                finding.severity.as_str(),
                text(&finding.code),
                text(&finding.message),
                help.unwrap_or_default(),
                place.unwrap_or_default()
            );
        }
        out.push_str("</table></div>\n");
    }
}

/// Text in which backticks mark code.
fn prose(words: &str) -> String {
    let parts: Vec<&str> = words.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return text(words);
    }
    let part = |(index, part): (usize, &&str)| match index % 2 {
        0 => text(part),
        _ => format!("<code>{}</code>", text(part)),
    };
    parts.iter().enumerate().map(part).collect()
}

/// The image of the first container: what a task with nothing left to do is known by.
fn image(task: &TaskEntry) -> Option<&str> {
    let containers = task.pods.first()?.spec.run.base_pod_spec.get("containers")?;
    containers.pointer("/0/image")?.as_str()
}

/// What is not known, and where templates are left.
fn holes(out: &mut String, task: &TaskEntry) {
    if !task.holes.is_empty() {
        out.push_str("<h4>Not known</h4><div class=grid><table>\n<tr><th>value<th>because<th>decided at<th>stands at</tr>\n");
        for hole in &task.holes {
            let default = match &hole.default {
                Some(default) => {
                    format!("<br><span class=soft>default {}</span>", text(&default.to_string()))
                }
                None => String::new(),
            };
            _ = writeln!(
                out,
                "<tr><td><code>{}</code>{default}<td><code>{}</code><td class=mono>{}<td><code>{}</code></tr>",
                text(&hole.name),
                text(&hole.reason),
                text(&hole.source),
                text(&hole.path)
            );
        }
        out.push_str("</table></div>\n");
    }
    if !task.templates.is_empty() {
        out.push_str("<h4>Templates</h4><div class=grid><table>\n");
        for template in &task.templates {
            _ = writeln!(
                out,
                "<tr><td><code>{}</code><td>needs {}</tr>",
                text(&template.path),
                text(&template.needs.join(", "))
            );
        }
        out.push_str("</table></div>\n");
    }
}
