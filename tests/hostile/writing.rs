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
            "with DAG('d'):\n    K(task_id='a', name='n', image='i:{version}')\n    \
             K(task_id='b', name='n', image='i:{version}', arguments=['x' * {long}])\n"
        ),
    );
}

#[test]
fn a_disk_that_is_full_and_a_process_that_is_killed_change_nothing() {
    let place = Place::new();
    dag(&place, "1", 10);
    place.podlift(&["translate", "d.py", "-o", "out"]);
    let before = texts(&place.path().join("out"));
    assert_eq!(before.len(), 3, "two job specs and the record");
    dag(&place, "2", 500_000);
    // Files may have 64 blocks. With the signal ignored, writing fails as on a full disk; without, it kills.
    for prepare in ["trap '' XFSZ; ulimit -f 64", "ulimit -c 0; ulimit -f 64"] {
        let program = env!("CARGO_BIN_EXE_podlift");
        let status = Command::new("bash")
            .args(["-c", &format!("{prepare}; '{program}' translate d.py -o out")])
            .current_dir(place.path())
            .output()
            .unwrap()
            .status;
        assert!(!status.success(), "{prepare}: {status}");
        assert_eq!(texts(&place.path().join("out")), before, "{prepare}");
    }
    place.podlift(&["translate", "d.py", "-o", "out"]);
    assert_ne!(texts(&place.path().join("out")), before);
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
    let place = Place::new();
    dag(&place, "1", 10);
    place.podlift(&["translate", "d.py", "-o", "out"]);
    let edited = place.path().join("out/d/a.yaml");
    fs::write(&edited, "mine\n").unwrap();
    let ran = place.podlift(&["translate", "d.py", "-o", "out"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert_eq!(fs::read_to_string(&edited).unwrap(), "mine\n");
    place.podlift(&["translate", "d.py", "-o", "out", "--force"]);
    assert!(fs::read_to_string(&edited).unwrap().contains("i:1"));
}
