//! Every seed of the fuzz targets, once: what a fuzzer has found stays mended, and needs no fuzzer to be seen.

use std::fs;
use std::path::{Path, PathBuf};

#[path = "../fuzz/entries/mod.rs"]
mod entries;

/// A seed takes a fraction of this, also where other tests run at the same time.
const LONGEST: std::time::Duration = std::time::Duration::from_secs(10);

/// Hands each seed of a target to it.
fn replay(target: &str, entry: fn(&[u8])) {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz");
    assert!(fuzz.join(format!("targets/{target}.rs")).is_file(), "{target} is no target");
    let mut seeds: Vec<PathBuf> = fs::read_dir(fuzz.join("corpus").join(target))
        .unwrap()
        .map(|it| it.unwrap().path())
        .collect();
    seeds.sort();
    assert!(!seeds.is_empty(), "no seeds for {target}");
    for seed in seeds {
        // A panic is told below the name of its seed.
        std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("{}\n", seed.display()))
            .unwrap();
        let began = std::time::Instant::now();
        entry(&fs::read(&seed).unwrap());
        assert!(began.elapsed() < LONGEST, "{} takes {:?}", seed.display(), began.elapsed());
    }
}

#[test]
fn seeds_of_every_target_pass() {
    replay("dag", entries::dag);
    replay("grammar", entries::grammar);
    replay("job_spec", entries::job_spec);
    replay("logs", entries::logs);
    replay("messages", entries::messages);
    replay("templates", entries::templates);
    replay("settings", entries::settings);
    replay("documents", entries::documents);
}

#[test]
fn every_folder_of_seeds_has_its_target() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz");
    let names = |folder: &str| {
        let entries = fs::read_dir(fuzz.join(folder)).unwrap().map(|it| it.unwrap().path());
        let mut names: Vec<_> =
            entries.map(|path| path.file_stem().unwrap().to_os_string()).collect();
        names.sort();
        names
    };
    assert_eq!(names("corpus"), names("targets"));
    let manifest = fs::read_to_string(fuzz.join("Cargo.toml")).unwrap();
    for name in names("targets") {
        assert!(manifest.contains(&format!("path = \"targets/{}.rs\"", name.display())));
    }
}
