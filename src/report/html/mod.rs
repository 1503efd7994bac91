//! The report as one HTML page: no network, readable without JavaScript, quick with thousands of tasks.
//!
//! Everything to read is in the markup, folded with `<details>`. What the script needs beyond it, numbers that link
//! the lines of a pod to the lines of the source, stands once in a JSON block. The page runs nothing but its own
//! script and style, known by their hashes, so no text of a DAG can become code.

mod data;
mod escape;
mod lines;
mod overview;
mod task;

pub(in crate::report) use escape::{data_block, text};

use std::collections::BTreeMap;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use self::data::{Data, task_ids};
use self::escape::source;
use crate::report::model::Report;
use crate::words::count;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// The page of a report; `texts` are the sources it points into, by path.
pub fn page(report: &Report, texts: &BTreeMap<String, String>) -> String {
    let data = Data::of(report, texts);
    let ids = task_ids(report);
    let mut out = String::new();
    head(&mut out, "Migration report", SCRIPT);
    let totals = &report.totals;
    // Writing to a text cannot fail, here and in the other parts of the page.
    _ = write!(
        out,
        "<a class=skip href=#tasks>To the tasks</a>\n<div class=wrap>\n<header class=top><h1>Migration report</h1>\
         <span class=soft>{} in {}, {}</span>\
         <button type=button id=theme class=\"button js-only\" title=\"Light or dark (t)\">Light / dark</button></header>\n",
        count(totals.tasks, "task"),
        count(totals.dags, "DAG"),
        count(totals.files, "file")
    );
    overview::overview(&mut out, report);
    overview::unreadable(&mut out, report);
    out.push_str("</div>\n");
    overview::filters(&mut out, report, &data);
    out.push_str("<main class=wrap id=tasks>\n<p id=empty class=empty hidden>No task fits these filters.</p>\n");
    task::dags(&mut out, report, texts, &ids);
    sources(&mut out, texts, data.gutter);
    _ = write!(
        out,
        "</main>\n<footer class=wrap>Written by podlift {}.{} <span class=js-only>Keys: <kbd>/</kbd> search, \
         <kbd>j</kbd> <kbd>k</kbd> next and previous task, <kbd>Enter</kbd> open, <kbd>↑</kbd> <kbd>↓</kbd> lines of a \
         pod, <kbd>t</kbd> light or dark.</span></footer>\n",
        text(&report.podlift),
        if report.redacted {
            " Values that look like credentials are replaced by [redacted]."
        } else {
            ""
        }
    );
    _ = write!(
        out,
        "<script type=\"application/json\" id=data>{}</script>\n<script>{SCRIPT}</script>\n</body>\n</html>\n",
        data_block(&data.json)
    );
    out
}

/// The head of a page that runs only this script and this style.
pub(in crate::report) fn head(out: &mut String, title: &str, script: &str) {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text.as_bytes()));
    _ = write!(
        out,
        "<!DOCTYPE html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{}'; \
         script-src 'sha256-{}'; img-src data:; base-uri 'none'; form-action 'none'\">\n\
         <meta name=viewport content=\"width=device-width, initial-scale=1\">\n<meta name=color-scheme content=\"light dark\">\n\
         <title>{title} - podlift</title>\n<link rel=icon href=data:,>\n<style>{STYLE}</style>\n</head>\n<body>\n",
        hash(STYLE),
        hash(script)
    );
}

/// Every source once, with line numbers, for readers without JavaScript and for the script.
fn sources(out: &mut String, texts: &BTreeMap<String, String>, gutter: usize) {
    if texts.is_empty() {
        return;
    }
    out.push_str("<section id=sources><h2>Sources</h2>\n");
    for (number, (path, content)) in texts.iter().enumerate() {
        // The line feed after the tag is not part of the text.
        _ = writeln!(out, "<details id=src-{number}><summary>{}</summary><pre>", text(path));
        for (line, content) in source_lines(content).enumerate() {
            _ = writeln!(out, "{:>width$} {}", line + 1, source(content), width = gutter - 1);
        }
        out.push_str("</pre></details>\n");
    }
    out.push_str("</section>\n");
}

/// The lines of a source, ended as in Python.
fn source_lines(text: &str) -> impl Iterator<Item = &str> {
    let source = text.strip_suffix('\n').unwrap_or(text);
    source.split('\n').flat_map(|line| line.strip_suffix('\r').unwrap_or(line).split('\r'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests_support::{DAG, built};

    fn sample() -> String {
        let built = built(DAG);
        page(&built.report, &built.texts)
    }

    #[test]
    fn a_page_needs_nothing_but_itself() {
        let page = sample();
        for word in ["http://", "https://", "src=\"", "@import", "url("] {
            assert!(!page.contains(word), "{word}");
        }
    }

    #[test]
    fn a_page_says_everything_without_script() {
        let page = sample();
        for word in [
            "extract",
            "needs a decision",
            "on_failure_callback",
            "env:TAG",
            "KPO314",
            "[redacted]",
            "namespace: data",
        ] {
            assert!(page.contains(word), "{word}");
        }
        assert!(!page.contains("hunter2"));
    }

    #[test]
    fn no_text_of_a_dag_becomes_markup() {
        let hostile = DAG
            .replace("app:1", "</script><script>alert(1)</script>")
            .replace("load:", "<!--\u{202e}")
            .replace("\"nightly\"", "\"<img src=x onerror=alert(1)>\"");
        let built = built(&hostile);
        let page = page(&built.report, &built.texts);
        assert!(
            !page.contains("<script>alert") && !page.contains("<img") && !page.contains("<!--")
        );
        assert!(!page.contains('\u{202e}'));
        assert_eq!(page.matches("</script>").count(), 2);
    }

    #[test]
    fn lines_end_as_in_python() {
        let lines: Vec<&str> = source_lines("a\r\nb\rc\n\nd\n").collect();
        assert_eq!(lines, ["a", "b", "c", "", "d"]);
    }
}
