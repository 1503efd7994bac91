//! Evaluation looks at the disk through `podlift::disk` alone: what it asks there is what results that are kept depend
//! on, and a question asked elsewhere would be forgotten.

use std::fs;
use std::path::{Path, PathBuf};

/// The folders that evaluate.
const FOLDERS: [&str; 5] =
    ["src/airflow", "src/eval", "src/mapping", "src/python", "src/translate"];

/// What asks the system for something, past `Disk`.
const DIRECT: [&str; 14] = [
    "std::fs",
    "fs::",
    "File::open",
    ".canonicalize()",
    ".metadata()",
    ".symlink_metadata()",
    ".read_dir()",
    ".read_link()",
    ".is_symlink()",
    ".is_file()",
    ".is_dir()",
    ".exists()",
    "std::env",
    "::now()",
];

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn evaluation_asks_the_disk_through_one_door() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut looked_at = 0;
    let mut found = Vec::new();
    for path in FOLDERS.iter().flat_map(|folder| files(&repository.join(folder))) {
        let name = path.strip_prefix(repository).unwrap().to_string_lossy().replace('\\', "/");
        // Tests may look where they like; the oracle of the evaluator is one.
        if name.contains("tests") || name.ends_with("pure/oracle.rs") {
            continue;
        }
        looked_at += 1;
        let text = fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        for (number, line) in code.lines().enumerate() {
            let is_comment = line.trim_start().starts_with("//");
            if !is_comment && DIRECT.iter().any(|direct| line.contains(direct)) {
                found.push(format!("{name}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    assert!(looked_at > 100, "{looked_at}");
    assert!(found.is_empty(), "use podlift::disk::Disk instead:\n{}", found.join("\n"));
}
