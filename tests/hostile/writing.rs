//! Writing that fails halfway leaves the output of the run before as it was.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Place;

fn texts(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            // What a killed process leaves behind is not part of the output.
            if path.extension().is_some_and(|extension| extension == "tmp") {
                continue;
            }
            if path.is_dir() {
                open.push(path);
            } else {
                found.insert(path.clone(), fs::read(&path).unwrap());
            }
        }
    }
    found
}

/// A small task and one whose job spec takes more than the limit of the shell below.
fn dag(place: &Place, version: &str, long: usize) {
    place.dag(
        "d.py",
        &format!(
            "from datetime import datetime\n\
             with DAG('d', schedule='@daily', start_date=datetime(2026, 1, 1)):\n    \
             K(task_id='a', name='n', image='i:{version}', namespace='x')\n    \
             K(task_id='b', name='n', image='i:{version}', namespace='x', arguments=['x' * {long}])\n"
        ),
    );
}

/// Everything that `translate` can write.
const EMITS: [&str; 7] = ["job-spec", "pod", "job", "cronjob", "dagster", "component", "airlift"];

/// Runs podlift where no file may be longer than 64 blocks. With the signal ignored, writing fails as on a full disk;
/// without, it kills.
fn short_of_space(place: &Place, arguments: &str) {
    for prepare in ["trap '' XFSZ; ulimit -f 64", "ulimit -c 0; ulimit -f 64"] {
        let before = texts(place.path());
        let program = env!("CARGO_BIN_EXE_podlift");
        let status = Command::new("bash")
            .args(["-c", &format!("{prepare}; '{program}' {arguments} > /dev/null")])
            .current_dir(place.path())
            .output()
            .unwrap()
            .status;
        assert!(!status.success(), "{arguments}, {prepare}: {status}");
        assert_eq!(texts(place.path()), before, "{arguments}, {prepare}");
    }
}

#[test]
fn a_disk_that_is_full_and_a_process_that_is_killed_change_nothing() {
    for emit in EMITS {
        let place = Place::new();
        let args = ["translate", "d.py", "-o", "out", "--emit", emit];
        dag(&place, "1", 10);
        place.podlift(&args);
        let before = texts(&place.path().join("out"));
        assert!(before.len() >= 3, "{emit}: {before:?}");
        dag(&place, "2", 500_000);
        short_of_space(&place, &args.join(" "));
        place.podlift(&args);
        assert_ne!(texts(&place.path().join("out")), before, "{emit}");
    }
}

#[test]
fn reports_differences_and_dag_files_stay_whole_on_a_full_disk() {
    let place = Place::new();
    dag(&place, "1", 10);
    place.file("old.py", fs::read(place.path().join("d.py")).unwrap());
    fs::create_dir(place.path().join("out")).unwrap();
    let report = ["report", "d.py", "-o", "out/report.html"];
    let diff = ["diff", "old.py", "d.py", "-o", "out/diff.json"];
    place.podlift(&report);
    place.podlift(&diff);
    dag(&place, "2", 500_000);
    short_of_space(&place, &report.join(" "));
    short_of_space(&place, &diff.join(" "));
    // The edit would make the file longer than it may be; the file itself was written without a limit.
    short_of_space(&place, "translate d.py --emit airlift --write -o out/airlift");
}

#[test]
fn a_killed_process_leaves_no_file_in_part() {
    let place = Place::new();
    let tasks = |version: &str| {
        place.dag(
            "d.py",
            &format!(
                "with DAG('d'):\n    for i in range(40):\n        \
                 K(task_id=f't{{i}}', name='n', image='i:{version}', arguments=['x' * 5000])\n"
            ),
        );
    };
    tasks("old");
    place.podlift(&["translate", "d.py", "-o", "out"]);
    tasks("new");
    for milliseconds in (0..300).step_by(20) {
        let mut child = Command::new(env!("CARGO_BIN_EXE_podlift"))
            .args(["translate", "d.py", "-o", "out"])
            .current_dir(place.path())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(std::time::Duration::from_millis(milliseconds));
        child.kill().unwrap();
        child.wait().unwrap();
        let files = texts(&place.path().join("out"));
        assert_eq!(files.len(), 41, "40 job specs and the record");
        for (path, text) in
            files.iter().filter(|(path, _)| path.extension().is_some_and(|it| it == "yaml"))
        {
            let text = String::from_utf8(text.clone()).unwrap();
            let is_whole = text.contains("image: i:old") || text.contains("image: i:new");
            assert!(is_whole && text.ends_with('\n') && text.len() > 5_000, "{path:?}: {text}");
        }
    }
    place.podlift(&["translate", "d.py", "-o", "out"]);
}

#[test]
fn a_folder_that_cannot_be_written_stays_as_it_is() {
    let place = Place::new();
    dag(&place, "1", 10);
    place.file("out/d", "a file where a folder should be");
    place.file("taken", "a file");
    let before = texts(place.path());
    for args in [
        ["translate", "d.py", "-o", "out"],
        ["translate", "d.py", "-o", "taken"],
        ["report", "d.py", "-o", "taken/report.html"],
        ["report", "d.py", "-o", "nowhere/report.html"],
    ] {
        assert_eq!(place.podlift(&args).code, 2, "{args:?}");
        assert_eq!(texts(place.path()), before, "{args:?}");
    }
}

#[test]
fn links_in_the_output_folder_are_not_followed() {
    let place = Place::new();
    let outside = tempfile::tempdir().unwrap();
    dag(&place, "1", 10);
    fs::create_dir(place.path().join("out")).unwrap();
    std::os::unix::fs::symlink(outside.path(), place.path().join("out/d")).unwrap();
    let ran = place.podlift(&["translate", "d.py", "-o", "out"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
}

#[test]
fn files_that_were_edited_stay_unless_forced() {
    for emit in EMITS {
        let place = Place::new();
        dag(&place, "1", 10);
        let args = ["translate", "d.py", "-o", "out", "--emit", emit];
        place.podlift(&args);
        let written = texts(&place.path().join("out"));
        let edited = written.keys().find(|path| !path.ends_with(".podlift.sha256")).unwrap();
        fs::write(edited, "mine\n").unwrap();
        let ran = place.podlift(&args);
        assert_eq!(ran.code, 2, "{emit}: {}", ran.stderr);
        assert_eq!(fs::read_to_string(edited).unwrap(), "mine\n");
        place.podlift(&[&args[..], &["--force"]].concat());
        assert_eq!(texts(&place.path().join("out")), written, "{emit}");
    }
}
