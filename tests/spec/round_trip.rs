//! What podlift writes for the DAGs in `fixtures/`, it reads again as the same.

use std::path::PathBuf;
use std::sync::LazyLock;

use podlift::airflow::Settings;
use podlift::diag::Code;
use podlift::discover::IgnoreSyntax;
use podlift::emit::{Batch, Emitter, JobSpecs, Jobs, Notation, Pods};
use podlift::mapping::Tables;
use podlift::python::Sources;
use podlift::spec::{self, JobSpec, fill};
use podlift::translate::{Options, Selection, Static, translate};
use podlift::values::{Unset, Values};

/// The specs of all fixtures.
static FIXTURES: LazyLock<Vec<JobSpec>> = LazyLock::new(|| {
    let options = Options {
        cwd: PathBuf::from(env!("CARGO_MANIFEST_DIR")),
        paths: vec![PathBuf::from("fixtures/dags")],
        text: None,
        settings: Settings::default(),
        ignore_syntax: IgnoreSyntax::Glob,
        selection: Selection::default(),
        jobs: None,
    };
    let stages = Static::new(Tables::builtin(), options.settings.limits.file);
    let specs = translate(&stages, &options).unwrap().specs;
    assert!(specs.len() > 50, "{} specs", specs.len());
    specs
});

#[test]
fn every_job_spec_of_the_fixtures_is_read_as_it_was_written() {
    let specs = FIXTURES.as_slice();
    for notation in [Notation::Yaml, Notation::Json] {
        let emitter = JobSpecs { notation };
        let files = emitter.emit(&Batch::of(specs)).files;
        for (file, spec) in files.iter().zip(specs) {
            let read = spec::read(&Sources::default(), &file.path, &file.text);
            assert_eq!(read, Ok(vec![spec.clone()]), "{}\n{}", file.path, file.text);
        }
        let all =
            spec::read(&Sources::default(), "all", &emitter.parts(&files).collect::<String>())
                .unwrap();
        assert_eq!(all.len(), specs.len());
    }
}

#[test]
fn every_job_spec_of_the_fixtures_matches_its_schema() {
    let validator = jsonschema::draft202012::new(&spec::schema()).unwrap();
    for spec in FIXTURES.iter() {
        let value = spec::to_value(spec);
        assert!(validator.is_valid(&value), "{value:#}");
    }
}

#[test]
fn the_holes_a_spec_lists_are_those_in_its_texts() {
    for spec in FIXTURES.iter() {
        let filled = fill(spec, &Values { unset: Unset::Hole, ..Values::default() });
        assert_eq!(filled.misfits, [], "{}", spec.metadata.source);
        let pairs = |holes: &[spec::OpenHole]| {
            let mut pairs: Vec<_> =
                holes.iter().map(|hole| (hole.path.clone(), hole.name.clone())).collect();
            pairs.sort();
            pairs.dedup();
            pairs
        };
        assert_eq!(pairs(&filled.open), pairs(&spec.holes), "{}", spec.metadata.source);
    }
}

#[test]
fn each_spec_becomes_a_manifest_or_an_error_that_names_it() {
    let mut refused = 0;
    for emitter in [&Pods::default() as &dyn Emitter, &Jobs::default()] {
        for spec in FIXTURES.iter() {
            let emitted = emitter.emit(&Batch::of(std::slice::from_ref(spec)));
            let errors = emitted.diagnostics.iter().filter(|f| f.code == Code::UnfinishedManifest);
            let task = (spec.metadata.dag.clone(), spec.metadata.task.clone());
            let errors: Vec<_> = errors.map(|found| found.task.clone()).collect();
            assert!(errors.iter().all(|named| named.as_ref() == Some(&task)), "{errors:?}");
            assert_eq!(emitted.files.len(), usize::from(errors.is_empty()), "{task:?}");
            refused += usize::from(!errors.is_empty());
        }
    }
    assert!(refused > 0 && refused < FIXTURES.len(), "{refused} of both kinds are refused");
}
