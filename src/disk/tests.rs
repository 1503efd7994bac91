#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;

const BOUNDS: Bounds = Bounds { bytes: 100, entries: 100 };

fn recording() -> Disk {
    Arc::new(World::default()).disk(true)
}

/// Asks everything of a path and gives what was taken down.
fn look(path: &Path) -> Seen {
    let disk = recording();
    disk.kind(path);
    disk.real(path);
    disk.is_link(path);
    _ = disk.read(path, BOUNDS.bytes);
    disk.entries(path, BOUNDS.entries);
    disk.take()
}

/// The questions whose answers are others by now.
fn changed(seen: &Seen) -> Vec<Question> {
    seen.observations()
        .filter(|(question, path, answer)| Disk::ask(*question, path, BOUNDS) != *answer)
        .map(|(question, ..)| question)
        .collect()
}

#[test]
fn every_answer_is_taken_down_and_holds_while_nothing_changes() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a"), "text").unwrap();
    for name in ["a", "", "missing"] {
        let seen = look(&folder.path().join(name));
        assert_eq!(seen.observations().count(), 5);
        assert_eq!(changed(&seen), [], "{name:?}");
    }
}

#[test]
fn a_change_shows_in_the_answers_it_concerns() {
    let folder = tempfile::tempdir().unwrap();
    let (file, inner) = (folder.path().join("a"), folder.path().join("inner"));
    let missing = look(&file);
    fs::write(&file, "text").unwrap();
    assert_eq!(changed(&missing), [Question::Kind, Question::Real, Question::Content]);

    let there = look(&file);
    fs::write(&file, "next").unwrap();
    assert_eq!(
        changed(&there),
        [Question::Content],
        "of the same length and maybe the same second"
    );
    fs::write(&file, "x".repeat(101)).unwrap();
    assert_eq!(changed(&there), [Question::Content]);

    let listed = look(folder.path());
    fs::create_dir(&inner).unwrap();
    assert_eq!(changed(&listed), [Question::Entries]);
    let listed = look(folder.path());
    fs::remove_dir(&inner).unwrap();
    fs::write(&inner, "").unwrap();
    assert_eq!(changed(&listed), [Question::Entries], "a folder became a file");
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_elsewhere_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("link");
    for name in ["one", "two"] {
        fs::write(folder.path().join(name), "same").unwrap();
    }
    std::os::unix::fs::symlink("one", &link).unwrap();
    let seen = look(&link);
    fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink("two", &link).unwrap();
    assert_eq!(changed(&seen), [Question::Real]);
    fs::remove_file(&link).unwrap();
    fs::write(&link, "same").unwrap();
    assert_eq!(changed(&seen), [Question::Real, Question::Link]);
}

#[test]
fn two_answers_to_one_question_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a");
    let disk = recording();
    disk.kind(&file);
    disk.kind(&file);
    assert!(!disk.seen.as_ref().unwrap().borrow().is_torn());
    fs::write(&file, "text").unwrap();
    disk.note(Question::Kind, &file, || Answer::of_kind(Kind::File));
    assert!(disk.take().is_torn());
}

#[test]
fn a_run_sees_one_disk() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a");
    let world = Arc::new(World::default());
    assert_eq!(world.disk(false).kind(&file), Kind::Missing);
    fs::write(&file, "text").unwrap();
    assert_eq!(world.disk(true).kind(&file), Kind::Missing);
    assert_eq!(Disk::default().kind(&file), Kind::File);
}

#[test]
fn a_disk_that_does_not_record_takes_nothing_down() {
    let disk = Disk::default();
    disk.kind(Path::new("/"));
    assert_eq!(disk.take().observations().count(), 0);
}
