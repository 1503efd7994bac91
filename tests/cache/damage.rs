//! A cache that is not as it was written costs time and changes nothing.

use std::fs;
use std::path::PathBuf;

use proptest::prelude::*;

use super::project::{ARGS, DAGS, Project};
use crate::cli::command_line::podlift;

fn pack(project: &Project) -> PathBuf {
    let entries = fs::read_dir(project.path().join("kept")).unwrap();
    let mut packs = entries.map(|entry| entry.unwrap().path());
    packs.find(|path| path.extension().is_some_and(|extension| extension == "pack")).unwrap()
}

#[test]
fn a_pack_that_is_no_pack_is_written_anew() {
    let project = Project::new();
    project.same(&[]);
    let whole = fs::read(pack(&project)).unwrap();
    let (cut, early) = (&whole[..whole.len() / 2], &whole[..20]);
    let twice = [whole.as_slice(), &whole].concat();
    let bodies: [&[u8]; 6] = [b"", b"garbage", cut, early, &twice, &[0; 5000]];
    for (number, body) in bodies.into_iter().enumerate() {
        fs::write(pack(&project), body).unwrap();
        assert_eq!(project.same(&[]), 0, "{number}");
        assert_eq!(project.same(&[]), DAGS, "{number}");
    }
}

#[test]
fn a_pack_of_other_settings_is_not_used() {
    let project = Project::new();
    project.same(&[]);
    let first = pack(&project);
    let foreign = fs::read(&first).unwrap();
    fs::remove_file(&first).unwrap();
    project.same(&["--set", "env:TAG=v7"]);
    fs::write(pack(&project), foreign).unwrap();
    assert_eq!(project.same(&["--set", "env:TAG=v7"]), 0);
}

#[test]
fn a_damaged_record_costs_its_file() {
    let project = Project::new();
    project.same(&[]);
    let mut bytes = fs::read(pack(&project)).unwrap();
    // Well within the records, which come first.
    bytes[2000] ^= 1;
    fs::write(pack(&project), &bytes).unwrap();
    assert_eq!(project.same(&[]), DAGS - 1);
    assert_eq!(project.same(&[]), DAGS);
}

#[test]
fn flipped_bits_change_nothing() {
    let project = Project::new();
    project.same(&[]);
    let (fresh, path) = (project.fresh(&[]), pack(&project));
    let whole = fs::read(&path).unwrap();
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(24));
    let flips = prop::collection::vec((any::<prop::sample::Index>(), 0..8), 1..5);
    let outcome = runner.run(&flips, |flips| {
        let mut damaged = whole.clone();
        for (at, bit) in flips {
            damaged[at.index(whole.len())] ^= 1_u8 << bit;
        }
        fs::write(&path, damaged).unwrap();
        let (kept, _) = project.kept(&[]);
        prop_assert_eq!(&kept.stdout, &fresh.stdout);
        prop_assert_eq!(&kept.stderr, &fresh.stderr);
        prop_assert_eq!(kept.code, fresh.code);
        Ok(())
    });
    outcome.unwrap();
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written_is_told_and_changes_nothing() {
    let project = Project::new();
    let fresh = podlift(project.path(), b"", ARGS);
    podlift(project.path(), b"", &[ARGS, &["--cache", "kept"]].concat());
    project.edit("dags/version.py", "'new'", "'now'");
    // A folder in place of the pack cannot be replaced, whoever runs this.
    let path = pack(&project);
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    fs::write(path.join("x"), "").unwrap();
    let ran = podlift(project.path(), b"", &[ARGS, &["--cache", "kept"]].concat());
    assert_eq!(ran.stdout, fresh.stdout.replace("image: new", "image: now"));
    assert!(ran.stderr.contains("note: results of this run are not kept: "), "{}", ran.stderr);
    assert_eq!(ran.code, fresh.code);
}

/// Other programs mark their caches with a file of the same name.
#[test]
fn the_cache_of_another_program_is_left_alone() {
    let project = Project::new();
    let folder = project.path().join("theirs");
    fs::create_dir(&folder).unwrap();
    let tag = "Signature: 8a477f597d28d172789f06886806bc55\n# made by another program\n";
    fs::write(folder.join("CACHEDIR.TAG"), tag).unwrap();
    for number in 0..20 {
        fs::write(folder.join(format!("{number}.pack")), "theirs").unwrap();
    }
    let ran = podlift(project.path(), b"", &[ARGS, &["--cache", "theirs"]].concat());
    assert!(ran.stderr.contains("theirs"), "{}", ran.stderr);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 21);
}
