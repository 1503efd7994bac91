//! `podlift check`: what fails, and what does not.

use std::fs;
use std::path::Path;

use crate::cli::command_line::{Ran, podlift};

const HEAD: &str = "from airflow import DAG\n\
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator\n";

/// A folder with one DAG whose task has these further arguments, one on each line.
fn project(arguments: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join(".git")).unwrap();
    write(folder.path(), arguments);
    folder
}

fn write(folder: &Path, arguments: &str) {
    let dag = format!(
        "{HEAD}with DAG('d'):\n    KubernetesPodOperator(\n        task_id='t', image='i:1', namespace='n',\n        {arguments}\n    )\n"
    );
    fs::create_dir_all(folder.join("dags")).unwrap();
    fs::write(folder.join("dags/a.py"), dag).unwrap();
}

fn check(folder: &Path, more: &[&str]) -> Ran {
    podlift(folder, b"", &[&["check", "dags", "--format", "concise"], more].concat())
}

fn codes(ran: &Ran) -> Vec<String> {
    let code = |line: &str| line.split(['[', ']']).nth(1).unwrap().to_owned();
    ran.stdout.lines().map(code).collect()
}

#[test]
fn findings_of_the_denied_level_fail() {
    let folder = project("on_failure_callback=print,");
    let ran = check(folder.path(), &[]);
    assert_eq!((ran.code, codes(&ran)), (1, vec!["KPO305".to_owned()]));
    assert_eq!(check(folder.path(), &["--deny", "error"]).code, 0);
    let ran = check(folder.path(), &["--deny", "error", "--deny", "KPO305"]);
    assert_eq!((ran.code, codes(&ran)), (1, vec!["KPO305".to_owned()]));
    assert!(check(folder.path(), &["--deny", "info"]).stdout.contains("info[KPO402]"));
    assert_eq!(check(folder.path(), &["--deny", "loud"]).code, 2);
}

#[test]
fn with_a_baseline_only_new_findings_fail_even_after_lines_moved() {
    let folder = project("on_failure_callback=print,");
    let written = podlift(folder.path(), b"", &["report", "dags", "-o", "baseline.json"]);
    assert_eq!(written.code, 0, "{}", written.stderr);
    let ran = check(folder.path(), &["--baseline", "baseline.json"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, ""));
    write(
        folder.path(),
        "\n\n        on_failure_callback=print,\n        on_success_callback=print,",
    );
    let ran = check(folder.path(), &["--baseline", "baseline.json"]);
    assert_eq!((ran.code, codes(&ran)), (1, vec!["KPO305".to_owned()]), "{}", ran.stdout);
    assert!(ran.stdout.contains("on_success_callback"), "{}", ran.stdout);
    assert!(ran.stderr.contains("1 new finding fails"), "{}", ran.stderr);
}

#[test]
fn a_second_finding_of_the_same_kind_is_new() {
    let folder = project("on_failure_callback=print,");
    podlift(folder.path(), b"", &["report", "dags", "-o", "baseline.json"]);
    let dag = fs::read_to_string(folder.path().join("dags/a.py")).unwrap();
    fs::write(folder.path().join("dags/b.py"), dag.replace("DAG('d')", "DAG('e')")).unwrap();
    assert_eq!(check(folder.path(), &["--baseline", "baseline.json"]).code, 1);
}

#[test]
fn comments_silence_one_finding_and_are_told_when_they_silence_none() {
    let folder = project("on_failure_callback=print,  # podlift: ignore[KPO305] Dagster alerts");
    let ran = check(folder.path(), &[]);
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    assert!(ran.stderr.contains("1 ignored"), "{}", ran.stderr);
    write(folder.path(), "cmds=['x'],  # podlift: ignore[KPO305] Dagster alerts");
    let ran = check(folder.path(), &[]);
    assert_eq!((ran.code, codes(&ran)), (1, vec!["KPO110".to_owned()]));
    let one_dag = check(folder.path(), &["--dag", "d"]);
    assert_eq!(one_dag.code, 0, "a part of the findings cannot tell: {}", one_dag.stdout);
}

#[test]
fn the_configuration_decides_levels_and_is_found_from_below() {
    let folder = project("on_failure_callback=print,");
    let config = folder.path().join("podlift.toml");
    fs::write(&config, "[levels]\nKPO305 = 'ignore'\n").unwrap();
    assert_eq!(check(folder.path(), &[]).code, 0);
    let below = podlift(&folder.path().join("dags"), b"", &["check", "a.py"]);
    assert_eq!(below.code, 0, "{}", below.stdout);
    fs::write(&config, "[levels]\nKPO305 = 'info'\n[check]\ndeny = ['info']\n").unwrap();
    let ran = check(folder.path(), &[]);
    assert!(ran.code == 1 && ran.stdout.contains("info[KPO305]"), "{}", ran.stdout);
    fs::write(&config, "[levels]\nKPO305 = 'loud'\n").unwrap();
    let ran = check(folder.path(), &[]);
    assert!(
        ran.code == 2 && ran.stderr.contains("loud") && ran.stderr.contains("podlift.toml"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_file_that_cannot_be_read_fails() {
    let folder = project("");
    fs::write(folder.path().join("dags/b.py"), b"from airflow import DAG\nx = '\xff'\n").unwrap();
    let ran = check(folder.path(), &["--deny", "error"]);
    assert_eq!((ran.code, codes(&ran)), (1, vec!["KPO102".to_owned()]));
}

#[test]
fn a_baseline_that_is_none_is_trouble() {
    let folder = project("");
    fs::write(folder.path().join("x.json"), "{}").unwrap();
    for name in ["x.json", "nowhere.json"] {
        let ran = check(folder.path(), &["--baseline", name]);
        assert!(
            ran.code == 2 && ran.stderr.contains(name) && ran.stderr.contains("help"),
            "{}",
            ran.stderr
        );
    }
}
