//! Tells the program what it is built from, so that results kept by one build are not taken for those of another: see
//! `src/cache`. A version alone would not do, because between two releases everything changes but the version.

#![allow(clippy::print_stdout, reason = "this is how a build script speaks to cargo")]

use std::collections::hash_map::DefaultHasher;
use std::env;
use std::fs;
use std::hash::{Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    let mut hasher = DefaultHasher::new();
    for part in ["src", "mappings", "Cargo.toml", "Cargo.lock", "build.rs"] {
        // A path that is not there would make cargo build every time.
        if Path::new(part).exists() {
            println!("cargo:rerun-if-changed={part}");
        }
        for file in files(Path::new(part)) {
            file.hash(&mut hasher);
            fs::read(&file).unwrap_or_default().hash(&mut hasher);
        }
    }
    for name in ["TARGET", "PROFILE"] {
        env::var(name).unwrap_or_default().hash(&mut hasher);
    }
    let compiler = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(compiler).arg("-vV").output();
    version.map(|output| output.stdout).unwrap_or_default().hash(&mut hasher);
    println!("cargo:rustc-env=PODLIFT_BUILD={:016x}", hasher.finish());
}

/// A file, or all files below a folder in the order of their names.
fn files(path: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(path) else { return vec![path.to_owned()] };
    let mut entries: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    entries.sort();
    entries.iter().flat_map(|entry| files(entry)).collect()
}
