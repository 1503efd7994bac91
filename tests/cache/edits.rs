//! One change of each kind, and how many files are evaluated again because of it.

use std::fs;
use std::process::Command;

use super::project::{ARGS, DAGS, Project};
use crate::cli::command_line::podlift;

/// How many files are evaluated after a change; before it, nothing is. What is printed differs from what was printed
/// before, so that the change shows at all, unless `is_silent`.
fn evaluated(change: impl FnOnce(&Project), is_silent: bool) -> usize {
    let project = Project::new();
    assert_eq!(project.same(&[]), 0);
    let before = project.fresh(&[]);
    assert_eq!(project.same(&[]), DAGS);
    change(&project);
    let (after, reused) = project.kept(&[]);
    let fresh = project.fresh(&[]);
    assert_eq!(
        (&after.stdout, &after.stderr, after.code),
        (&fresh.stdout, &fresh.stderr, fresh.code)
    );
    let is_same = (&after.stdout, &after.stderr) == (&before.stdout, &before.stderr);
    assert_eq!(is_same, is_silent, "{}", after.stderr);
    DAGS - reused
}

#[test]
fn a_run_over_unchanged_files_evaluates_nothing() {
    assert_eq!(evaluated(|_| (), true), 0);
}

#[test]
fn dates_alone_say_nothing() {
    let touch = |project: &Project| {
        let path = project.path().join("dags/imports.py");
        let file = fs::File::options().append(true).open(path).unwrap();
        file.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    };
    assert_eq!(evaluated(touch, true), 0);
}

#[test]
fn a_dag_file_of_the_same_size_and_date_is_read_again() {
    let change = |project: &Project| {
        let path = project.path().join("dags/version.py");
        let at = fs::metadata(&path).unwrap().modified().unwrap();
        project.edit("dags/version.py", "'new'", "'now'");
        fs::File::options().append(true).open(path).unwrap().set_modified(at).unwrap();
    };
    assert_eq!(evaluated(change, false), 1);
}

#[test]
fn an_imported_helper() {
    assert_eq!(evaluated(|p| p.edit("dags/common/images.py", "acme", "corp"), false), 1);
}

#[test]
fn a_helper_of_a_helper() {
    assert_eq!(evaluated(|p| p.edit("dags/common/tags.py", "1", "2"), false), 1);
}

#[test]
fn a_helper_that_is_gone() {
    assert_eq!(evaluated(|p| p.remove("dags/common/tags.py"), false), 1);
}

#[test]
fn a_module_that_was_looked_for_in_vain() {
    assert_eq!(evaluated(|p| p.write("dags/extra.py", "IMAGE = 'acme/extra:1'\n"), false), 1);
}

#[test]
fn a_module_that_shadows_another() {
    assert_eq!(evaluated(|p| p.write("dags/shared.py", "NAME = 'from-dags'\n"), false), 1);
}

#[test]
fn a_namespace_package_that_becomes_a_package() {
    let init = "import sys\nraise ImportError('no')\n";
    assert_eq!(evaluated(|p| p.write("dags/common/__init__.py", init), false), 1);
}

#[test]
fn a_file_that_is_read() {
    assert_eq!(evaluated(|p| p.edit("dags/config/settings.yaml", "yaml:1", "yaml:2"), false), 1);
    assert_eq!(
        evaluated(|p| p.remove("dags/config/settings.yaml"), false),
        2,
        "and the link to it"
    );
}

#[test]
fn a_folder_that_is_listed() {
    let add = |p: &Project| p.write("dags/parts/two.json", "{\"image\": \"acme/two:1\"}\n");
    assert_eq!(evaluated(add, false), 2, "with glob and with iterdir");
    assert_eq!(evaluated(|p| p.write("dags/parts/.json", ""), false), 2);
}

#[test]
fn a_file_that_is_only_asked_for() {
    assert_eq!(evaluated(|p| p.write("dags/flag", ""), false), 1);
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_elsewhere() {
    assert_eq!(evaluated(|p| p.link("dags/link", "config/other.yaml"), false), 1);
}

#[test]
fn a_pod_template() {
    assert_eq!(evaluated(|p| p.edit("dags/pod.yaml", "pool: a", "pool: b"), false), 1);
    assert_eq!(evaluated(|p| p.remove("dags/pod.yaml"), false), 1);
}

#[test]
fn a_dag_file_that_is_new_and_one_that_is_gone() {
    assert_eq!(evaluated(|p| p.remove("dags/version.py"), false), 1, "all others are kept");
    let copy =
        |p: &Project| p.write("dags/new.py", "with DAG('new'):\n    K(task_id='t', image='i')\n");
    assert_eq!(evaluated(copy, false), 0);
}

#[test]
fn values_and_tables_concern_every_file() {
    assert_eq!(evaluated(|p| p.edit("values.yaml", "v1", "v2"), false), DAGS);
    let rename = |p: &Project| p.edit("table.yaml", "argument: img", "argument: picture");
    assert_eq!(evaluated(rename, false), DAGS);
}

#[test]
fn options_concern_every_file_and_both_ways_are_kept() {
    let project = Project::new();
    assert_eq!(project.same(&[]), 0);
    let others: &[&[&str]] = &[
        &["--set", "env:TAG=v9"],
        &["--unset", "hole"],
        &["--airflow-version", "2.11.2"],
        &["--provider-version", "8.0.0"],
        &["--format", "json"],
        &["--dag", "imports"],
        &["--task", "t"],
        &["--root", "plugins"],
        &["--keep-xcom-sidecar"],
        &["--max-steps", "30"],
        &["dags/values.py"],
    ];
    for more in others {
        assert_eq!(project.same(more), 0, "{more:?}");
        assert_ne!(project.same(more), 0, "{more:?}");
        assert_eq!(project.same(&[]), DAGS, "{more:?}");
    }
}

#[test]
fn what_is_kept_is_the_same_however_much_is_told() {
    let project = Project::new();
    for format in ["human", "concise", "json"] {
        let run = |more: &[&str]| {
            let args = ["translate", "dags", "--message-format", format];
            let ran = podlift(project.path(), b"", &[&args, more].concat());
            (ran.stdout, ran.stderr, ran.code)
        };
        let fresh = run(&[]);
        assert_eq!(run(&["--cache", "kept"]), fresh);
        assert_eq!(run(&["--cache", "kept"]), fresh);
        assert_eq!(run(&["--cache", "kept", "--jobs", "1"]), fresh);
    }
}

#[test]
fn files_that_are_written_are_the_same() {
    let project = Project::new();
    let run = |out: &str, more: &[&str]| {
        podlift(project.path(), b"", &[ARGS, &["-o", out], more].concat());
        let record = fs::read_to_string(project.path().join(out).join(".podlift.sha256")).unwrap();
        let texts = record.lines().map(|line| {
            let path = line.split_once("  ").unwrap().1;
            fs::read_to_string(project.path().join(out).join(path)).unwrap()
        });
        (record.clone(), texts.collect::<Vec<String>>())
    };
    let fresh = run("fresh", &[]);
    assert_eq!(run("first", &["--cache", "kept"]), fresh);
    assert_eq!(run("second", &["--cache", "kept"]), fresh);
    assert_eq!(run("second", &["--cache", "kept"]), fresh);
}

#[test]
fn two_runs_at_once_do_not_disturb_each_other() {
    let project = Project::new();
    let fresh = project.fresh(&[]);
    let start = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_podlift"));
        command.args(ARGS).args(["--cache", "kept"]).current_dir(project.path());
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::null());
        command.spawn().unwrap()
    };
    for _ in 0..3 {
        let running: Vec<_> = (0..4).map(|_| start()).collect();
        for one in running {
            let output = one.wait_with_output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), fresh.stdout);
        }
        project.edit("dags/common/tags.py", "'", "'");
    }
    assert_eq!(project.same(&[]), 0, "the runs above told less");
    assert_eq!(project.same(&[]), DAGS);
}

#[test]
fn the_folder_may_come_from_the_environment_or_the_project() {
    let project = Project::new();
    let run = |variable: Option<&str>, more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_podlift"));
        command.args(["translate", ".", "--verbose"]).args(more);
        command.current_dir(project.path().join("dags")).env_remove("PODLIFT_CACHE");
        if let Some(folder) = variable {
            command.env("PODLIFT_CACHE", folder);
        }
        String::from_utf8(command.output().unwrap().stderr).unwrap()
    };
    let is_used = |stderr: &str| stderr.contains("taken from the cache");
    let is_there = |folder: &str| project.path().join(folder).join("CACHEDIR.TAG").is_file();
    assert!(!is_used(&run(None, &[])));
    assert!(is_used(&run(Some("../by-name"), &[])) && is_there("by-name"));
    project.write("podlift.toml", "cache = \".by-project\"\n");
    assert!(is_used(&run(None, &[])) && is_there(".by-project"));
    assert!(is_used(&run(Some("../by-name-too"), &[])) && is_there("by-name-too"));
    assert!(!is_used(&run(Some("../never"), &["--no-cache"])) && !is_there("never"));
    // A folder that is named for all runs is only used where it is of use.
    assert!(!is_used(&run(Some("../never"), &["--emit", "pod"])) && !is_there("never"));
}

#[test]
fn asking_for_a_cache_where_there_is_none_is_a_mistake() {
    let project = Project::new();
    let ran = podlift(project.path(), b"", &[ARGS, &["--cache", "kept", "--emit", "pod"]].concat());
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("--cache keeps job specs and nothing else"), "{}", ran.stderr);
    let ran = podlift(project.path(), b"", &[ARGS, &["--cache", "dags"]].concat());
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("it holds other files and is no cache"), "{}", ran.stderr);
    assert!(!project.path().join("dags/CACHEDIR.TAG").exists());
}

#[test]
fn no_credential_is_kept_that_no_job_spec_has() {
    let project = Project::new();
    project.edit(
        "dags/secret.py",
        "with DAG",
        "UNUSED = 'ghp_zzzz456789abcdefghijABCDEFGHIJ012345'\nwith DAG",
    );
    project.same(&[]);
    let specs = project.fresh(&[]).stdout;
    let mut packs = 0;
    for entry in fs::read_dir(project.path().join("kept")).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        packs += usize::from(text.contains("ghp_0123456789"));
        assert!(!text.contains("ghp_zzzz"));
    }
    assert_eq!((packs, specs.contains("ghp_0123456789")), (1, true));
}
