//! What is written of job specs, in every format: files of whose text no id and no value has made something else.

use std::collections::BTreeSet;
use std::path::{Component, Path};

use podlift::diag::Severity;
use podlift::emit::{
    Airlift, Batch, Components, CronJobs, DagsterProject, Emitter, JobSpecs, Jobs, Notation,
    OutputFile, Pods,
};
use podlift::eval::pure::json;
use podlift::eval::pure::yaml::safe_load_all;
use podlift::python::{LoadedFile, Sources};

/// Writes job specs in every format, and reads what was written as what it is meant to be.
pub(super) fn emitted(batch: &Batch<'_>) {
    let formats: [&dyn Emitter; 9] = [
        &JobSpecs { notation: Notation::Yaml },
        &JobSpecs { notation: Notation::Json },
        &Pods { allow_open: true },
        &Jobs { allow_open: true },
        &CronJobs { allow_open: true },
        &DagsterProject { airlift: false },
        &DagsterProject { airlift: true },
        &Components,
        &Airlift { proxied: false, files: Default::default() },
    ];
    for format in formats {
        let files = format.emit(batch).files;
        let paths: BTreeSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths.len(), files.len(), "two files have one path: {paths:?}");
        files.iter().for_each(read);
        format.parts(&files).for_each(drop);
    }
}

fn read(OutputFile { path, text }: &OutputFile) {
    let inside = |part: Component<'_>| matches!(part, Component::Normal(_));
    assert!(Path::new(path).components().all(inside) && !path.contains(['\\', '\0']), "{path:?}");
    match Path::new(path).extension().and_then(|it| it.to_str()) {
        Some("py") => {
            let findings =
                LoadedFile::from_bytes(&Sources::default(), path, text.as_bytes()).diagnostics;
            let broken = findings.iter().find(|it| it.severity == Severity::Error);
            assert!(broken.is_none(), "{broken:?}\n{text}");
        }
        Some("json") => assert!(json::loads(text).is_ok(), "{text}"),
        Some("yaml") => {
            let documents = safe_load_all(text);
            assert!(documents.is_ok(), "{documents:?}\n{text}");
        }
        _ => {}
    }
}
