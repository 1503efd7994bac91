//! `podlift diff` with the sides that people have: revisions, folders of job specs, reports.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::cli::command_line::podlift;

fn git(folder: &Path, args: &[&str]) -> String {
    let done = Command::new("git")
        .current_dir(folder)
        .args(["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"])
        .args(args)
        .output()
        .expect("git is needed");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

fn dag(folder: &Path, task: &str, image: &str) {
    fs::create_dir_all(folder.join("dags")).unwrap();
    fs::write(folder.join("dags/common.py"), format!("IMAGE = '{image}'\n")).unwrap();
    let text = format!(
        "from airflow import DAG\nfrom airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator\n\
         from common import IMAGE\nwith DAG('nightly'):\n    KubernetesPodOperator(task_id='{task}', image=IMAGE, namespace='data')\n"
    );
    fs::write(folder.join("dags/nightly.py"), text).unwrap();
}

/// A repository whose work tree has another image than its last commit.
fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    git(folder.path(), &["init", "-q", "-b", "main"]);
    dag(folder.path(), "load", "app:1");
    git(folder.path(), &["add", "-A"]);
    git(folder.path(), &["commit", "-qm", "one"]);
    dag(folder.path(), "load", "app:2");
    folder
}

#[test]
fn a_revision_is_compared_with_the_work_tree_and_left_as_it_is() {
    let folder = repository();
    let before =
        (git(folder.path(), &["status", "--porcelain"]), git(folder.path(), &["worktree", "list"]));
    let ran = podlift(folder.path(), b"", &["diff", "main:dags", "dags", "--exit-code"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.stdout.contains("nightly.load"), "{}", ran.stdout);
    assert!(ran.stdout.contains("- app:1\n      + app:2\n"), "{}", ran.stdout);
    let after =
        (git(folder.path(), &["status", "--porcelain"]), git(folder.path(), &["worktree", "list"]));
    assert_eq!(before, after);
    git(folder.path(), &["commit", "-qam", "two"]);
    let same = podlift(folder.path(), b"", &["diff", "main:dags", "dags", "--exit-code"]);
    assert_eq!(
        (same.code, same.stdout.contains("no task changed; 1 the same")),
        (0, true),
        "{}",
        same.stdout
    );
    let both = podlift(folder.path(), b"", &["diff", "main~1:dags", "main:dags/nightly.py"]);
    assert!(both.code == 0 && both.stdout.contains("+ app:2"), "{}", both.stdout);
}

/// A filter is a program of the repository's configuration through which git sends files on their way out.
#[test]
fn no_program_that_a_repository_names_is_run() {
    let folder = repository();
    fs::write(folder.path().join(".gitattributes"), "*.py filter=a=b\n").unwrap();
    git(folder.path(), &["add", "-A"]);
    git(folder.path(), &["commit", "-qm", "filtered"]);
    for (name, program) in [
        ("filter.a=b.smudge", "touch ran; cat"),
        ("filter.a=b.process", "touch ran"),
        ("filter.a=b.required", "true"),
        ("core.fsmonitor", "touch ran"),
        ("diff.external", "touch ran"),
    ] {
        git(folder.path(), &["config", name, program]);
    }
    let ran = podlift(folder.path(), b"", &["diff", "main:dags", "dags"]);
    assert!(
        ran.code == 0 && ran.stdout.contains("no task changed"),
        "{}{}",
        ran.stdout,
        ran.stderr
    );
    assert!(!folder.path().join("ran").exists() && !folder.path().join("dags/ran").exists());
}

/// What a partial clone lacks would be fetched by the program that its remote names.
#[test]
fn nothing_is_fetched_for_a_partial_clone() {
    let folder = repository();
    let blob = git(folder.path(), &["rev-parse", "main:dags/nightly.py"]);
    let (head, tail) = blob.trim().split_at(2);
    for (name, value) in [
        ("core.repositoryformatversion", "1"),
        ("extensions.partialClone", "origin"),
        ("remote.origin.url", "ext::touch ran"),
        ("remote.origin.promisor", "true"),
        ("protocol.ext.allow", "always"),
    ] {
        git(folder.path(), &["config", name, value]);
    }
    fs::remove_file(folder.path().join(".git/objects").join(head).join(tail)).unwrap();
    let ran = podlift(folder.path(), b"", &["diff", "main:dags", "dags"]);
    assert_eq!(ran.code, 2, "{}", ran.stdout);
    assert!(!folder.path().join("ran").exists());
}

#[test]
fn paths_of_a_revision_start_at_the_root_or_here() {
    let folder = repository();
    let dags = folder.path().join("dags");
    for (old, new) in [("main:./", "."), ("main:dags", "."), ("main:./nightly.py", "nightly.py")] {
        let ran = podlift(&dags, b"", &["diff", old, new]);
        assert!(
            ran.code == 0 && ran.stdout.contains("1 task changed"),
            "{old}: {}{}",
            ran.stdout,
            ran.stderr
        );
    }
}

#[test]
fn what_is_not_there_is_trouble() {
    let folder = repository();
    for side in ["nowhere", "nothing:dags", "main:nowhere", "main:../x", "--help:dags"] {
        let ran = podlift(folder.path(), b"", &["diff", "--", side, "dags"]);
        assert!(ran.code == 2 && ran.stderr.contains("help"), "{side}: {}", ran.stderr);
    }
    let outside = tempfile::tempdir().unwrap();
    let ran = podlift(outside.path(), b"", &["diff", "main:dags", "main:dags"]);
    assert_eq!(ran.code, 2, "{}", ran.stdout);
}

#[cfg(unix)]
#[test]
fn links_in_a_revision_do_not_lead_out_of_it() {
    let outside = tempfile::tempdir().unwrap();
    dag(outside.path(), "TOPSECRET", "TOPSECRET");
    let folder = repository();
    let secret = outside.path().join("dags");
    for (name, target) in
        [("file.py", secret.join("nightly.py")), ("folder", secret), ("up", "../../../..".into())]
    {
        std::os::unix::fs::symlink(target, folder.path().join("dags").join(name)).unwrap();
    }
    git(folder.path(), &["add", "-A"]);
    git(folder.path(), &["commit", "-qm", "links"]);
    for side in ["main:dags/file.py", "main:dags/folder", "main:dags/up"] {
        let ran = podlift(folder.path(), b"", &["diff", side, "dags/nightly.py"]);
        assert_eq!(ran.code, 2, "{side}: {}", ran.stdout);
        assert!(ran.stderr.contains("leads out of the repository"), "{side}: {}", ran.stderr);
    }
    let ran = podlift(folder.path(), b"", &["diff", "main:dags", "dags"]);
    assert!(!format!("{}{}", ran.stdout, ran.stderr).contains("TOPSECRET"), "{}", ran.stdout);
}

#[test]
fn reports_job_specs_and_dags_meet() {
    let folder = repository();
    let run = |args: &[&str]| podlift(folder.path(), b"", args);
    run(&["report", "dags", "-o", "report.json"]);
    run(&["translate", "dags", "-o", "jobs"]);
    for side in ["report.json", "jobs", "jobs/nightly/load.yaml", "dags", "dags/nightly.py"] {
        let ran = run(&["diff", side, "dags", "--exit-code"]);
        assert_eq!(ran.code, 0, "{side}: {}{}", ran.stdout, ran.stderr);
        let ran = run(&["diff", "main:dags", side, "--exit-code", "--format", "json"]);
        let diff: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!((ran.code, &diff["summary"]["changed"]), (1, &1.into()), "{side}: {diff}");
    }
}

#[test]
fn a_new_name_is_no_new_task() {
    let folder = repository();
    dag(folder.path(), "load_all", "app:1");
    let ran = podlift(folder.path(), b"", &["diff", "main:dags", "dags"]);
    assert!(ran.stdout.contains("1 task renamed"), "{}", ran.stdout);
    assert!(ran.stdout.contains("nightly.load → nightly.load_all"), "{}", ran.stdout);
}
