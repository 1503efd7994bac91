//! A DAG file from its bytes to its job specs.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use podlift::airflow::{Limits, Settings};
use podlift::diag::Code;
use podlift::discover::IgnoreSyntax;
use podlift::emit::Batch;
use podlift::mapping::Tables;
use podlift::python::Sources;
use podlift::spec::{self, JobSpec};
use podlift::translate::{Options, Selection, Static, Translation, translate};

/// Bounds low enough that no input takes long, however it was built.
const LIMITS: Limits = Limits {
    steps: 50_000,
    depth: 200,
    collection: 10_000,
    string: 1 << 16,
    turns: 1_000,
    file: 1 << 20,
};

/// Translates a DAG file that lies beside those of `fixtures/dags`, so that it can import and open what they do.
pub(crate) fn dag(input: &[u8]) {
    let translation = translated(input);
    super::told(&translation.diagnostics, &translation.sources);
    let bug = translation.diagnostics.iter().find(|it| it.code == Code::InternalError);
    assert!(bug.is_none(), "{bug:?}");
    // More of them would only take longer.
    if translation.specs.len() <= 4 {
        translation.specs.iter().for_each(reads_back);
        super::emitted::emitted(&Batch { specs: &translation.specs, dags: &translation.dags });
    }
}

/// The translation of one text.
fn translated(input: &[u8]) -> Translation {
    let options = Options {
        cwd: dags(),
        paths: Vec::new(),
        text: Some(input.to_vec()),
        settings: Settings { limits: LIMITS, ..Settings::default() },
        ignore_syntax: IgnoreSyntax::Glob,
        selection: Selection::default(),
        jobs: NonZeroUsize::new(1),
    };
    let stages = Static::new(Tables::builtin(), LIMITS.file);
    translate(&stages, &options).expect("a text is always there")
}

/// The fixtures, from the crate of the fuzz targets as well as from that of the tests.
fn dags() -> PathBuf {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let mut folders = crates.map(|folder| folder.join("fixtures/dags"));
    folders.find(|folder| folder.is_dir()).expect("the targets run in the repository")
}

/// Both notations of a job spec give it back.
pub(super) fn reads_back(spec: &JobSpec) {
    for text in [spec::to_yaml(spec), spec::to_json(spec)] {
        let read = spec::read(&Sources::default(), "spec", &text);
        assert_eq!(read.as_deref(), Ok(std::slice::from_ref(spec)), "{text}");
    }
}
