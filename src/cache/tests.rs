#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::fs;

use super::*;
use crate::disk::{Disk, Question};

const BOUNDS: Bounds = Bounds { bytes: 1000, entries: 1000 };

fn session(folder: &Path) -> Session {
    Session::new(&Cache::at(folder).unwrap(), Fingerprint::of_build(), BOUNDS)
}

/// What stands in each DAG file.
const CONTENT: &[u8] = b"dag";

fn content() -> Answer {
    Answer::of_bytes(CONTENT)
}

fn depends(path: &Path) -> Observation {
    let question = Question::Kind;
    Observation { question, path: path.to_owned(), answer: Disk::ask(question, path, BOUNDS) }
}

fn find(session: &Session, name: &str) -> Option<Vec<u8>> {
    session.find(Path::new(name), CONTENT, |bytes| Some(bytes.to_vec()))
}

#[test]
fn records_are_found_while_what_they_depend_on_holds() {
    let place = tempfile::tempdir().unwrap();
    let (folder, helper) = (place.path().join("kept"), place.path().join("helper.py"));
    let first = session(&folder);
    first.keep(Path::new("a.py"), content(), b"of a", &[depends(&helper)]);
    first.keep(Path::new("b.py"), content(), b"of b", &[]);
    assert_eq!(find(&first, "a.py"), None, "the pack is written in the end");
    assert!(first.finish().problem.is_none());

    let second = session(&folder);
    assert_eq!(find(&second, "a.py").as_deref(), Some(&b"of a"[..]));
    assert_eq!(find(&second, "b.py").as_deref(), Some(&b"of b"[..]));
    assert_eq!(second.find(Path::new("a.py"), b"changed", |_| Some(())), None);
    assert_eq!(second.finish().reused, 2);

    fs::write(&helper, "").unwrap();
    let third = session(&folder);
    assert_eq!(find(&third, "a.py"), None);
    assert!(find(&third, "b.py").is_some());
}

#[test]
fn what_a_run_did_not_use_is_gone_and_what_it_used_stays() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("kept");
    let first = session(&folder);
    for name in ["a.py", "b.py", "c.py"] {
        first.keep(Path::new(name), content(), name.as_bytes(), &[depends(place.path())]);
    }
    first.finish();
    let second = session(&folder);
    find(&second, "a.py");
    second.keep(Path::new("b.py"), content(), b"new", &[]);
    second.finish();
    let third = session(&folder);
    let found = ["a.py", "b.py", "c.py"].map(|name| find(&third, name));
    assert_eq!(found, [Some(b"a.py".to_vec()), Some(b"new".to_vec()), None]);
}

#[test]
fn a_run_that_learns_nothing_writes_nothing() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("kept");
    let first = session(&folder);
    first.keep(Path::new("a.py"), content(), b"record", &[]);
    let path = first.path.clone();
    first.finish();
    let written = |path: &Path| fs::metadata(path).unwrap().modified().unwrap();
    let before = written(&path);
    let second = session(&folder);
    find(&second, "a.py");
    second.finish();
    assert_eq!(written(&path), before);
}

#[test]
fn a_pack_of_another_fingerprint_is_not_opened() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("kept");
    let first = session(&folder);
    first.keep(Path::new("a.py"), content(), b"record", &[]);
    let path = first.path.clone();
    first.finish();
    assert!(Pack::open(&path, &Fingerprint::of_build().text()).is_some());
    assert!(Pack::open(&path, &Fingerprint::default().text()).is_none());
    assert!(Pack::open(&folder.join("missing"), "").is_none());
}
