//! The report as JUnit XML, which every CI system shows as tests: a DAG is a suite, a task is a test that passes
//! when it is ready.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::Judged;
use crate::diag::escape::push_visible;
use crate::report::model::{Finding, Readiness, Report};

/// A test of a suite.
struct Test {
    name: String,
    file: String,
    line: u32,
    /// `failure` or `error`, its type, one line and the rest.
    bad: Option<(&'static str, String, String, String)>,
}

/// Every task as a test; one that is not ready fails, and so does a file that could not be read.
pub fn junit_of_tasks(report: &Report) -> String {
    let mut suites: BTreeMap<(String, String), Vec<Test>> = BTreeMap::new();
    let mut of_files: BTreeMap<&str, &Finding> = BTreeMap::new();
    for finding in &report.findings {
        if let Some(file) = &finding.file {
            of_files.entry(file).or_insert(finding);
        }
    }
    for file in report.files.iter().filter(|file| !file.read) {
        let why = of_files.get(file.path.as_str());
        let why = why.map_or_else(|| "could not be read".to_owned(), |one| one.message.clone());
        let bad = Some(("error", "unreadable".to_owned(), why, String::new()));
        let test = Test { name: "can be read".to_owned(), file: file.path.clone(), line: 1, bad };
        suites.entry((file.path.clone(), file.path.clone())).or_default().push(test);
    }
    let mut of_tasks: BTreeMap<(&str, &str), Vec<&Finding>> = BTreeMap::new();
    for finding in report.findings.iter().filter(|one| one.ignored.is_none()) {
        if let (Some(dag), Some(task)) = (&finding.dag, &finding.task) {
            of_tasks.entry((dag, task)).or_default().push(finding);
        }
    }
    for (file, dag, task) in report.tasks() {
        let mut text = String::new();
        for hole in &task.holes {
            // Writing to a text cannot fail, here and below.
            _ = writeln!(text, "hole {} = {} ({})", hole.name, hole.reason, hole.source);
        }
        for finding in of_tasks.get(&(dag.id.as_str(), task.id.as_str())).into_iter().flatten() {
            let place = finding.file.as_deref().unwrap_or_default();
            _ = writeln!(text, "{place}:{}: {} {}", finding.line, finding.code, finding.message);
        }
        let is_ready = task.readiness == Readiness::Ready;
        let bad = (!is_ready)
            .then(|| ("failure", task.readiness.as_str().to_owned(), task.next_step.clone(), text));
        let line = task.place.as_ref().map_or(0, |place| place.line);
        let test = Test { name: task.id.clone(), file: file.path.clone(), line, bad };
        suites.entry((file.path.clone(), dag.id.clone())).or_default().push(test);
    }
    write(&suites)
}

/// Every finding that is not ignored as a test; those that fail the gate fail.
pub fn junit_of_findings(findings: &[Judged<'_>]) -> String {
    let mut suites: BTreeMap<(String, String), Vec<Test>> = BTreeMap::new();
    for judged in findings.iter().filter(|judged| judged.finding.ignored.is_none()) {
        let finding = judged.finding;
        let file = finding.file.clone().unwrap_or_default();
        let suite = finding.dag.clone().unwrap_or_else(|| file.clone());
        let task = finding.task.as_ref().map(|task| format!("{task}: ")).unwrap_or_default();
        let bad = judged.fails.then(|| {
            let help = finding.help.clone().unwrap_or_default();
            ("failure", finding.code.clone(), finding.message.clone(), help)
        });
        let name = format!("{task}{} {}", finding.code, finding.message);
        let test = Test { name, file: file.clone(), line: finding.line, bad };
        suites.entry((file, suite)).or_default().push(test);
    }
    write(&suites)
}

fn write(suites: &BTreeMap<(String, String), Vec<Test>>) -> String {
    let bad = |tests: &[Test], kind: &str| {
        tests.iter().filter(|test| test.bad.as_ref().is_some_and(|bad| bad.0 == kind)).count()
    };
    let all = || suites.values();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    _ = writeln!(
        out,
        "<testsuites name=\"podlift\" tests=\"{}\" failures=\"{}\" errors=\"{}\">",
        all().map(Vec::len).sum::<usize>(),
        all().map(|tests| bad(tests, "failure")).sum::<usize>(),
        all().map(|tests| bad(tests, "error")).sum::<usize>()
    );
    for ((file, name), tests) in suites {
        _ = writeln!(
            out,
            "  <testsuite name=\"{}\" file=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\">",
            xml(name),
            xml(file),
            tests.len(),
            bad(tests, "failure"),
            bad(tests, "error")
        );
        for test in tests {
            _ = write!(
                out,
                "    <testcase name=\"{}\" classname=\"{}\" file=\"{}\" line=\"{}\"",
                xml(&test.name),
                xml(name),
                xml(&test.file),
                test.line
            );
            match &test.bad {
                None => out.push_str("/>\n"),
                Some((kind, r#type, message, text)) => {
                    _ = writeln!(
                        out,
                        ">\n      <{kind} type=\"{}\" message=\"{}\">{}</{kind}>\n    </testcase>",
                        xml(r#type),
                        xml(message),
                        xml(text)
                    );
                }
            }
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

/// Text in an element or an attribute. Characters that XML 1.0 has no way to write are replaced.
fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push_str("&#9;"),
            '\r' => out.push_str("&#13;"),
            '\0'..='\x1f' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            _ => push_visible(&mut out, char),
        }
    }
    out
}
