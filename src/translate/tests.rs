#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::path::Path;

use super::*;
use crate::airflow::{Dag, Keywords, Loaded, Operator, OperatorKind, Task};
use crate::diag::{Code, Diagnostic};
use crate::disk::Disk;
use crate::eval::Text;
use crate::mapping::Mapped;
use crate::python::{Source, Span};
use crate::spec::OpenHole;
use crate::spec::tests_support::spec_named;

/// Reads a language of its own: `dag ID`, then `pod ID`, `open ID`, `job ID` or `other ID` per line; `panic`
/// panics, and `in PATH` says that the next task is written in another file.
struct Fake;

impl Stages for Fake {
    fn load(&self, input: &Input, _: &Settings, sources: &Sources, _: &Disk) -> Loaded {
        let (Content::Given(bytes) | Content::Read(bytes)) = &input.content else {
            return Loaded::default();
        };
        let Ok(text) = String::from_utf8(bytes.clone()) else {
            return Loaded::default();
        };
        let (id, source) = sources.add(Source::new(input.shown.as_str(), text));
        let mut loaded = Loaded { read: true, ..Loaded::default() };
        let mut span = Span { source: id, start: 0, end: 1 };
        for line in source.text.lines() {
            match line.split_once(' ') {
                Some(("dag", name)) => loaded.dags.push(dag(name, span)),
                Some(("in", path)) => {
                    let (source, _) = sources.add(Source::new(path, "x"));
                    span.source = source;
                }
                Some((kind @ ("pod" | "open" | "job" | "other"), name)) => {
                    loaded.diagnostics.push(Diagnostic::new(Code::AssumedValue, span, name));
                    let dag = loaded.dags.last_mut().unwrap();
                    let task = task(&dag.dag_id, kind, name, span);
                    dag.tasks.push(task);
                }
                _ if line == "panic" => panic!("out of cheese"),
                _ => {}
            }
        }
        loaded
    }

    fn map(&self, task: &Task, dag: &Dag, _: &Settings, _: &Sources, _: &Disk) -> Mapped {
        let mut spec = spec_named(&dag.dag_id.to_template(), &task.task_id.to_template());
        if task.operator.class == "open" {
            spec.holes.push(OpenHole {
                path: "/run".to_owned(),
                name: "env:X".to_owned(),
                reason: "os.environ['X']".to_owned(),
                source: "a.py:1".to_owned(),
                default: None,
                needs: Vec::new(),
            });
        }
        Mapped {
            specs: if task.operator.class == "job" { vec![] } else { vec![spec] },
            account: Account {
                dag: dag.dag_id.to_template(),
                task: task.task_id.to_template(),
                operator: task.operator.class.clone(),
                span: task.span,
                owner: None,
                keywords: vec![],
                places: vec![],
            },
            diagnostics: vec![],
        }
    }
}

fn dag(name: &str, span: Span) -> Dag {
    Dag {
        dag_id: Text::literal(name),
        arguments: Keywords::default(),
        span,
        tasks: vec![],
        timing: Default::default(),
        is_global: true,
        conditions: vec![],
    }
}

fn task(dag_id: &Text, kind: &str, name: &str, span: Span) -> Task {
    Task {
        dag_id: dag_id.clone(),
        task_id: Text::literal(name),
        label: Text::literal(name),
        operator: Operator {
            kind: if kind == "other" { OperatorKind::Other } else { OperatorKind::Pod },
            class: kind.to_owned(),
            subclasses: vec![],
            template_fields: None,
        },
        span,
        keywords: Keywords::default(),
        upstream: vec![],
        group: None,
        conditions: vec![],
        pattern: None,
        expansion: None,
        function: None,
    }
}

const HEAD: &str = "# airflow\n";

fn options(cwd: &Path) -> Options {
    Options {
        cwd: cwd.to_owned(),
        paths: vec!["dags".into()],
        text: None,
        settings: Settings::default(),
        ignore_syntax: IgnoreSyntax::Glob,
        selection: Selection::default(),
        jobs: None,
    }
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let file = folder.path().join("dags").join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, format!("{HEAD}{text}")).unwrap();
    }
    folder
}

fn names(translation: &Translation) -> Vec<String> {
    let name = |spec: &JobSpec| format!("{}/{}", spec.metadata.dag, spec.metadata.task);
    translation.specs.iter().map(name).collect()
}

#[test]
fn files_are_counted_and_their_tasks_kept_in_order() {
    let folder = folder(&[
        ("b.py", "dag two\npod z\nopen a\njob j\nother o\n"),
        ("a.py", "dag one\npod x\n"),
    ]);
    let got = translate(&Fake, &options(folder.path())).unwrap();
    assert_eq!(names(&got), ["one/x", "two/z", "two/a"]);
    assert_eq!(
        got.summary(),
        Summary { files: 2, unread: 0, dags: 2, tasks: 4, resolved: 2, open: 1, failed: 1 }
    );
    assert_eq!(got.files[1].specs, 1..3);
    assert_eq!(got.accounts.len(), 4);
}

#[test]
fn the_result_does_not_depend_on_the_number_of_threads() {
    let texts: Vec<(String, String)> = (0..40)
        .map(|n| (format!("f{}.py", n % 7 * 100 + n), format!("dag d{n}\npod b\nopen a\n")))
        .collect();
    let files: Vec<(&str, &str)> = texts.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let folder = folder(&files);
    let run = |jobs| {
        let options = Options { jobs: NonZeroUsize::new(jobs), ..options(folder.path()) };
        let got = translate(&Fake, &options).unwrap();
        let findings: Vec<crate::diag::Record> =
            got.diagnostics.iter().map(|d| crate::diag::Record::of(d, &got.sources)).collect();
        (got.specs, got.files, findings)
    };
    assert_eq!(run(1), run(4));
}

#[test]
fn the_result_does_not_depend_on_where_the_checkout_lies() {
    let files = [("a.py", "dag one\npod x\n")];
    let (here, there) = (folder(&files), folder(&files));
    let at_home = translate(&Fake, &options(here.path())).unwrap();
    let elsewhere = Options { paths: vec![there.path().join("dags")], ..options(here.path()) };
    let elsewhere = translate(&Fake, &elsewhere).unwrap();
    let shown = |files: &[FileAccount]| -> Vec<String> {
        files.iter().map(|file| format!("{} {} {}", file.path, file.tasks, file.resolved)).collect()
    };
    assert_eq!(shown(&at_home.files), shown(&elsewhere.files));
    assert_eq!(at_home.files[0].path, "dags/a.py");
}

#[test]
fn a_failure_of_podlift_costs_one_file() {
    let folder = folder(&[("a.py", "dag one\npanic\n"), ("b.py", "dag two\npod x\n")]);
    let got = translate(&Fake, &options(folder.path())).unwrap();
    assert_eq!(names(&got), ["two/x"]);
    let failure = got.diagnostics.iter().find(|d| d.code == Code::InternalError).unwrap();
    assert_eq!(failure.message, "podlift failed on this file: out of cheese");
    assert_eq!(got.summary().unread, 1);
}

#[test]
fn a_mention_without_a_task_is_reported_unless_the_file_helps_another() {
    let folder = folder(&[
        ("lost.py", "x = KubernetesPodOperator()\ndag one\nother o\n"),
        ("helper.py", "def make(): return KubernetesPodOperator()\n"),
        ("user.py", "in dags/helper.py\ndag two\npod x\n"),
    ]);
    // `helper.py` mentions no DAG, so it has to say the word to be looked at.
    std::fs::write(
        folder.path().join("dags/helper.py"),
        "# airflow dag\ndef make(): return KubernetesPodOperator()\n",
    )
    .unwrap();
    let got = translate(&Fake, &options(folder.path())).unwrap();
    let lost: Vec<String> = got
        .diagnostics
        .iter()
        .filter(|finding| finding.code == Code::NoTaskFound)
        .map(|finding| got.sources.location(finding.span).unwrap().to_string())
        .collect();
    assert_eq!(lost, ["dags/lost.py:2:5"]);
}

#[test]
fn a_selection_keeps_its_tasks_and_their_findings() {
    let folder =
        folder(&[("a.py", "dag one\npod x\npod y\n"), ("b.py", "dag two\npod x\npod z\n")]);
    let run = |dags: &[&str], tasks: &[&str]| {
        let owned = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
        let selection = Selection { dags: owned(dags), tasks: owned(tasks) };
        translate(&Fake, &Options { selection, ..options(folder.path()) }).unwrap()
    };
    assert_eq!(names(&run(&["two"], &[])), ["two/x", "two/z"]);
    assert_eq!(names(&run(&[], &["x"])), ["one/x", "two/x"]);
    let none = run(&["one"], &["z"]);
    assert_eq!(names(&none), [] as [&str; 0]);
    assert_eq!(
        none.unmatched,
        [Unmatched { kind: "task", id: "z".to_owned(), known: vec!["x".into(), "y".into()] }]
    );
}

#[test]
fn text_is_translated_without_a_file() {
    let folder = folder(&[]);
    let options = Options {
        paths: vec![],
        text: Some(b"dag one\npod x\n".to_vec()),
        ..options(folder.path())
    };
    let got = translate(&Fake, &options).unwrap();
    assert_eq!((names(&got), got.files[0].path.as_str()), (vec!["one/x".to_owned()], "<stdin>"));
}

#[test]
fn roots_are_those_given_and_then_those_named() {
    let folder = folder(&[("team/a.py", "")]);
    let mut options = options(folder.path());
    options.paths = vec!["dags/team/a.py".into(), "dags".into(), "dags/".into()];
    options.settings.roots = vec!["plugins".into()];
    let roots = settings(&options).roots;
    let inside: Vec<_> = roots.iter().filter_map(|r| r.strip_prefix(folder.path()).ok()).collect();
    assert_eq!(&inside[..3], [Path::new("plugins"), Path::new("dags/team"), Path::new("dags")]);
}
