//! The tables of programs in `tests/eval/*.md`: the evaluator and CPython agree on every one.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use podlift::airflow::Settings;
use podlift::diag::Code;
use podlift::eval::evaluate;
use podlift::values::{Unset, Values};

/// One program and what it leaves behind.
struct Case {
    place: String,
    program: String,
    /// Files beside the program: path and text.
    files: Vec<(String, String)>,
    /// Lines `name = repr`.
    expected: Vec<String>,
    /// Whether something stays open, so that findings are allowed.
    is_open: bool,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/eval")
}

/// The cases of all tables; `PODLIFT_EVAL_CASE` picks those whose place contains it.
fn cases() -> Vec<Case> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "md"))
        .collect();
    paths.sort();
    let wanted = std::env::var("PODLIFT_EVAL_CASE").unwrap_or_default();
    let mut cases: Vec<Case> = paths.iter().flat_map(|path| cases_of(path)).collect();
    cases.retain(|case| case.place.contains(&wanted));
    cases
}

fn cases_of(path: &Path) -> Vec<Case> {
    let text = std::fs::read_to_string(path).unwrap();
    let file = path.file_name().unwrap().to_string_lossy();
    let mut cases: Vec<Case> = Vec::new();
    let mut heading = "";
    let mut files = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(title) = line.strip_prefix('#') {
            heading = title.trim_start_matches('#').trim();
        } else if let Some(kind) = line.strip_prefix("```") {
            let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            match kind.split(' ').next().unwrap() {
                "file" => {
                    let name = kind.strip_prefix("file ").unwrap();
                    let end = if block.is_empty() { "" } else { "\n" };
                    files.push((name.to_owned(), block.join("\n") + end));
                }
                "python" => cases.push(Case {
                    place: format!("{file}: {heading}"),
                    program: block.join("\n") + "\n",
                    files: std::mem::take(&mut files),
                    expected: Vec::new(),
                    is_open: false,
                }),
                "output" | "open" => {
                    let case = cases.last_mut().unwrap();
                    case.expected = block.iter().map(|line| (*line).to_owned()).collect();
                    case.is_open = kind == "open";
                }
                _ => {}
            }
        }
    }
    cases
}

#[test]
fn there_are_cases_for_every_part_of_the_language_and_its_library() {
    let paths = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let tables = paths.filter(|path| path.extension().is_some_and(|ext| ext == "md"));
    let cases: Vec<Case> = tables.flat_map(|path| cases_of(&path)).collect();
    let mut places: Vec<&str> = cases.iter().map(|case| case.place.as_str()).collect();
    places.sort_unstable();
    places.dedup();
    assert_eq!(places.len(), cases.len(), "two cases have the same heading");
    assert!(cases.len() >= 400, "only {} cases", cases.len());
}

#[test]
fn programs_leave_behind_what_their_tables_say() {
    let cases = cases();
    let mut wrong = Vec::new();
    for case in &cases {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in &case.files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let roots = vec![folder.path().to_path_buf()];
        // No default is taken, so that what depends on a lookup shows as open.
        let values = Values { unset: Unset::Hole, ..Values::default() };
        let settings = Settings { roots, values, ..Settings::default() };
        let made = evaluate(&case.program, &settings);
        let mut problems = String::new();
        for line in &case.expected {
            let name = line.split(' ').next().unwrap();
            let actual = match made.globals.get(name) {
                Some(value) => format!("{name} = {}", value.repr()),
                None => format!("{name} is not bound"),
            };
            if actual != *line {
                writeln!(problems, "  expected {line}\n  but here {actual}").unwrap();
            }
        }
        if case.expected.is_empty() {
            problems.push_str("  the case expects nothing\n");
        }
        for finding in &made.diagnostics {
            let is_expected = case.is_open && finding.code != Code::UncaughtException;
            if !is_expected {
                writeln!(problems, "  {:?}: {}", finding.code, finding.message).unwrap();
            }
        }
        if !problems.is_empty() {
            wrong.push(format!("{}\n{problems}", case.place));
        }
    }
    assert!(!cases.is_empty());
    assert!(wrong.is_empty(), "{} of {} differ\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn cpython_agrees_with_the_tables() {
    let python = std::env::var("PODLIFT_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let output = Command::new(&python)
        .args(["-X", "utf8"])
        .arg(folder().join("expect.py"))
        .output()
        .unwrap_or_else(|error| panic!("{python}: {error}; {HOW}"));
    assert!(
        output.status.success(),
        "{}{}\n{HOW}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

const HOW: &str = "`.ci/run` makes an environment with PyYAML; to run this test alone, let \
                   PODLIFT_PYTHON name a Python that has it";
