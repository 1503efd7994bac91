//! Tells the program what it is built from, so that results kept by one build are not taken for those of another: see
//! `src/cache`. A version alone would not do, because between two releases everything changes but the version.
//!
//! It also writes the mapping tables as JSON, which is read in a tenth of the time that YAML takes: at each start of
//! the program, before its first DAG.

#![allow(clippy::print_stdout, reason = "this is how a build script speaks to cargo")]

use std::collections::hash_map::DefaultHasher;
use std::env;
use std::error::Error;
use std::fs;
use std::hash::{Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() -> Result<(), Box<dyn Error>> {
    let tables = PathBuf::from(env::var("OUT_DIR")?);
    for file in files(Path::new("mappings")) {
        if file.extension().is_some_and(|end| end == "yaml") {
            let table: serde_json::Value = serde_yaml::from_str(&fs::read_to_string(&file)?)?;
            let name = file.with_extension("json");
            fs::write(tables.join(name.file_name().unwrap_or_default()), table.to_string())?;
        }
    }
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
    Ok(())
}

/// A file, or all files below a folder in the order of their names.
fn files(path: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(path) else { return vec![path.to_owned()] };
    let mut entries: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    entries.sort();
    entries.iter().flat_map(|entry| files(entry)).collect()
}
