//! What podlift makes of each DAG in `fixtures/dags`: its job specs and findings, as snapshots.
//!
//! Nothing but what stands in `fixtures/expect.yaml` is given to a fixture, and no default of its code is
//! taken, so that holes show.

use std::path::Path;

use podlift::airflow::Settings;
use podlift::diag::render::{Concise, Render};
use podlift::discover::IgnoreSyntax;
use podlift::emit::{Batch, Emitter, JobSpecs, Notation};
use podlift::mapping::Tables;
use podlift::translate::{Options, Selection, Static, translate};
use podlift::values::{Unset, Values};

use crate::parity::manifest::{Manifest, folder, values};

#[test]
fn job_specs_and_findings_of_each_fixture() {
    let manifest = Manifest::read();
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::glob!("../../fixtures/dags", "*.py", |path| {
            let file = path.file_name().unwrap().to_str().unwrap();
            let variants = manifest.fixtures.iter().filter(|(name, _)| {
                name.split('@').next() == Some(file)
            });
            let texts: Vec<String> = variants
                .map(|(name, fixture)| made(name, file, &values(&fixture.values), &manifest))
                .collect();
            assert!(!texts.is_empty(), "{file} is not in fixtures/expect.yaml");
            insta::assert_snapshot!(texts.join("\n"));
        });
    });
}

/// The job specs and findings of one fixture with the values of one of its variants.
fn made(name: &str, file: &str, values: &Values, manifest: &Manifest) -> String {
    let options = Options {
        cwd: folder(),
        paths: vec![Path::new("dags").join(file)],
        text: None,
        settings: Settings {
            roots: manifest.roots(),
            values: Values { unset: Unset::Hole, ..values.clone() },
            ..Settings::default()
        },
        ignore_syntax: IgnoreSyntax::Glob,
        selection: Selection::default(),
        jobs: std::num::NonZeroUsize::new(1),
    };
    let stages = Static::new(Tables::builtin(), options.settings.limits.file);
    let translation = translate(&stages, &options).unwrap();
    let emitter = JobSpecs { notation: Notation::Yaml };
    let specs =
        emitter.parts(&emitter.emit(&Batch::of(&translation.specs)).files).collect::<String>();
    let mut findings = Vec::new();
    for told in &translation.diagnostics {
        Concise.render(told, &translation.sources, &mut findings).unwrap();
    }
    let findings = String::from_utf8(findings).unwrap();
    let variant =
        name.split_once('@').map_or(String::new(), |(_, variant)| format!(" ({variant})"));
    format!("== job specs{variant}\n{specs}== findings{variant}\n{findings}")
        .replace(env!("CARGO_PKG_VERSION"), "[VERSION]")
}
