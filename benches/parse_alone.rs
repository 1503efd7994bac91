//! The parser alone: reads every `.py` file below a folder and parses it, on one thread. The yardstick of
//! `benches/translate.py`; what podlift takes beyond this is its own doing.
#![expect(clippy::print_stdout, reason = "the counts are what this program is asked for")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use rustpython_parser::{Mode, ParseOptions, parse_unchecked};

fn main() -> ExitCode {
    // `cargo bench` and `cargo test` add arguments of their own; without a folder there is nothing to do.
    let folder = std::env::args_os().skip(1).map(PathBuf::from).find(|path| path.is_dir());
    let Some(folder) = folder else {
        println!("parse_alone FOLDER");
        return ExitCode::SUCCESS;
    };
    let mut files = Vec::new();
    collect(&folder, &mut files);
    let (mut bytes, mut errors) = (0, 0);
    for file in &files {
        let Ok(text) = std::fs::read_to_string(file) else {
            errors += 1;
            continue;
        };
        bytes += text.len();
        let parsed = parse_unchecked(&text, ParseOptions::from(Mode::Module));
        errors += usize::from(!std::hint::black_box(&parsed).errors().is_empty());
    }
    println!("{} files, {bytes} bytes, {errors} with errors", files.len());
    ExitCode::SUCCESS
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for path in std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path())
    {
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "py") {
            files.push(path);
        }
    }
}
