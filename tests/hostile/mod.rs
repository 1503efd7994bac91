//! Files that somebody made to harm. The program runs as a process of its own, so that an overflowing stack or an
//! endless loop is seen for what it is. Whatever it is given, it ends with an exit code of its own, shows nothing that a
//! terminal would act on, and writes nowhere but below the output folder.

mod bombs;
mod files;
mod mutated;
mod network;
mod seeds;
mod texts;
mod weights;
mod writing;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use podlift::diag::escape::is_unsafe;

/// The imports of every DAG here.
const HEAD: &str = "from airflow import DAG\n\
                    from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator as K\n";

/// A folder to run podlift in.
struct Place {
    folder: tempfile::TempDir,
}

/// What a run printed, and its exit code.
struct Ran {
    stdout: String,
    stderr: String,
    code: i32,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file below the folder.
    fn file(&self, path: &str, text: impl AsRef<[u8]>) -> &Self {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    /// Writes a DAG file that begins with the usual imports.
    fn dag(&self, path: &str, rest: &str) -> &Self {
        self.file(path, format!("{HEAD}{rest}"))
    }

    /// Runs podlift here, and checks what holds for every run.
    fn podlift(&self, args: &[&str]) -> Ran {
        let before = self.listing();
        let output = Command::new(env!("CARGO_BIN_EXE_podlift"))
            .args(args)
            .current_dir(self.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let ran = Ran {
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
            code: output.status.code().unwrap_or(-1),
        };
        assert!((0..=2).contains(&ran.code), "{args:?}: {} {}", output.status, ran.stderr);
        assert!(!ran.stderr.contains("podlift failed on this file"), "{args:?}: {}", ran.stderr);
        for text in [&ran.stdout, &ran.stderr] {
            let raw = text.chars().find(|c| is_unsafe(*c) && !matches!(c, '\n' | '\t'));
            assert_eq!(raw, None, "{args:?} shows {raw:?} as it is: {text}");
        }
        assert_eq!(self.listing(), before, "{args:?} writes outside of its folder");
        ran
    }

    /// Everything below the folder but for the output folder: paths, and lengths of regular files.
    fn listing(&self) -> BTreeMap<String, u64> {
        let mut found = BTreeMap::new();
        let mut open = vec![self.path().to_owned()];
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let about = path.symlink_metadata().unwrap();
                if path == self.path().join("out") {
                    continue;
                }
                if about.is_dir() {
                    open.push(path.clone());
                }
                found.insert(path.to_string_lossy().into_owned(), about.len());
            }
        }
        found
    }
}
