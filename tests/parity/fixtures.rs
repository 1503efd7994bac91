//! podlift makes of the fixtures the pods that real Airflows made of them: those of `fixtures/expected`, which
//! `tests/parity/expected.py` wrote. No Airflow is needed here.

use std::fs;
use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use podlift::airflow::Settings;
use podlift::discover::IgnoreSyntax;
use podlift::mapping::Tables;
use podlift::translate::{Options, Selection, Static, translate};
use podlift::verify::record::TaskRecord;
use podlift::verify::{Answer, Report, Versions, table, verdicts};
use rayon::prelude::*;
use serde::Deserialize;
use serde_json::Value as Json;

use super::manifest::{Deviations, Manifest, deviations, folder, found, unlike, values};

/// What stands for the folder that holds AIRFLOW_HOME.
const HOME: &str = "/opt/airflow-of-the-fixtures";

#[derive(Deserialize)]
struct Expectation {
    airflow: String,
    provider: String,
    #[serde(default)]
    values: Json,
    tasks: Vec<TaskRecord>,
}

/// Compares one fixture; gives the report and its text.
fn compare(name: &str, manifest: &Manifest, expected: &Path) -> Option<(Report, String)> {
    let path = expected.join(format!("{}.json", name.replace('/', "__")));
    let text = fs::read_to_string(path).ok()?;
    let fixtures = folder().display().to_string();
    let text = text.replace("${FIXTURES}", &fixtures).replace("${AIRFLOW_HOME}", HOME);
    let expectation: Expectation = serde_json::from_str(&text).unwrap();
    let mut values = values(&expectation.values);
    values.env.entry("AIRFLOW_HOME".to_owned()).or_insert_with(|| HOME.to_owned());
    values.conf.insert("core.dags_folder".to_owned(), format!("{fixtures}/dags"));
    let file = name.split('@').next().unwrap();
    let settings = Settings {
        roots: manifest.roots(),
        values,
        airflow_version: expectation.airflow.clone(),
        provider_version: expectation.provider.clone(),
        ..Settings::default()
    };
    let options = Options {
        cwd: folder(),
        paths: vec![PathBuf::from("dags").join(file)],
        text: None,
        settings,
        ignore_syntax: IgnoreSyntax::Glob,
        selection: Selection::default(),
        jobs: std::num::NonZeroUsize::new(1),
    };
    let tables = Tables::builtin();
    let translation =
        translate(&Static::new(tables, Settings::default().limits.file), &options).unwrap();
    let answer = Answer { tasks: expectation.tasks, ..Answer::default() };
    let file = &translation.files[0];
    let values = &options.settings.values;
    let (troubles, tasks) =
        verdicts(file, &translation, &answer, &options.selection, values, false);
    let versions = Versions {
        airflow: expectation.airflow,
        provider: expectation.provider,
        python: String::new(),
    };
    let report = Report::new(versions, 1, troubles, tasks);
    let text = table(&report);
    Some((report, text))
}

/// Bytes of stack of a thread that compares fixtures.
const STACK: usize = 64 << 20;

fn check(expected: &str, known: &Deviations) {
    let manifest = Manifest::read();
    let expected = folder().join(expected);
    let names: Vec<&String> = manifest.fixtures.keys().collect();
    // A thread that waits for a translation begins the next one on the same stack.
    let threads = rayon::ThreadPoolBuilder::new().stack_size(STACK).build().unwrap();
    let compared = threads.install(|| {
        let compared =
            names.par_iter().filter_map(|name| Some((*name, compare(name, &manifest, &expected)?)));
        compared.collect::<Vec<_>>()
    });
    let compared: IndexMap<&String, (Report, String)> = compared.into_iter().collect();
    assert!(compared.len() > 90, "only {} expectations were found", compared.len());
    let mut unequal = Deviations::new();
    let mut texts = String::new();
    for (name, (report, text)) in &compared {
        found(name, report, &mut unequal);
        let is_known = known.get(name.as_str()) == unequal.get(name.as_str());
        if !is_known {
            texts.push_str(&format!("{name}\n{text}\n"));
        }
    }
    // Only fixtures for which this Airflow has an expectation can deviate from it.
    let known = known.iter().filter(|(name, _)| compared.contains_key(name));
    let known = known.map(|(name, tasks)| (name.clone(), tasks.clone())).collect();
    let unlike = unlike(&unequal, &known);
    assert!(unlike.is_empty(), "tests/parity/deviations.yaml is out of date:\n{unlike}\n\n{texts}");
}

#[test]
fn fixtures_give_the_pods_of_airflow_3() {
    check("expected", &deviations());
}

#[test]
fn fixtures_give_the_pods_of_airflow_2() {
    check("expected/airflow2", &deviations());
}

#[test]
fn no_pod_is_known_to_differ_and_no_task_to_be_found_by_one_side_only() {
    let allowed = ["not-resolved", "refused"];
    for (fixture, tasks) in deviations() {
        for (task, status) in tasks {
            assert!(allowed.contains(&status.as_str()), "{fixture}: {task} {status}");
        }
    }
}
