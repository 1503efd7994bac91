//! `podlift verify` with real Airflows: the command as users run it, over all fixtures at once.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::{Map, Value as Json, json};

use super::super::parity::manifest::{Manifest, deviations, folder};

const HOW: &str = "`.ci/run` makes the environments; to run this test alone, make one with `python3 -m venv VENV && \
                   VENV/bin/python -m pip install -r tests/peers/";

/// The Python of an Airflow, which an environment variable names.
fn python(variable: &str, requirements: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| {
        panic!(
            "{variable} names no Python; {HOW}{requirements}` and set {variable}=VENV/bin/python"
        )
    })
}

/// The report of all fixtures, read by the Airflow that an environment variable names.
fn verify(variable: &str, requirements: &str) -> Json {
    let python = python(variable, requirements);
    let manifest = Manifest::read();
    let scratch = tempfile::tempdir().unwrap();
    let values = scratch.path().join("values.yaml");
    std::fs::write(&values, all_values(&manifest).to_string()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_podlift"));
    command.current_dir(folder()).args(["verify", "dags", "--python", &python]);
    for root in &manifest.roots {
        command.arg("--root").arg(root);
    }
    command.args(["--format", "json", "--timeout", "600"]).arg("--values").arg(&values);
    let output = command.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("this command executes the DAG files"), "{stderr}");
    // Some fixtures cannot be loaded on purpose.
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The values of all fixtures without variants: one run of Airflow has to do for all.
fn all_values(manifest: &Manifest) -> Json {
    let mut all = Map::new();
    for (name, fixture) in &manifest.fixtures {
        let Some(sections) = fixture.values.as_object().filter(|_| !name.contains('@')) else {
            continue;
        };
        for (section, entries) in sections {
            let section = all.entry(section.clone()).or_insert_with(|| json!({}));
            section.as_object_mut().unwrap().extend(entries.as_object().unwrap().clone());
        }
    }
    Json::Object(all)
}

/// Everything that is not equal, as `file: dag.task: status`, without what is known.
fn surprises(report: &Json) -> Vec<String> {
    let known = deviations();
    let tasks = report["tasks"].as_array().unwrap();
    assert!(tasks.len() > 200, "only {} tasks were compared", tasks.len());
    let unequal = tasks.iter().filter(|task| task["status"] != "equal");
    unequal
        // It reads files below AIRFLOW_HOME, which is another folder at each verification.
        .filter(|task| task["file"] != "dags/dags_folder_paths.py")
        .filter(|task| {
            let file = task["file"].as_str().unwrap().trim_start_matches("dags/");
            let index =
                task["map_index"].as_u64().map(|index| format!("[{index}]")).unwrap_or_default();
            let id = format!(
                "{}.{}{index}",
                task["dag"].as_str().unwrap(),
                task["task"].as_str().unwrap()
            );
            let status = task["status"].as_str().unwrap().to_owned();
            known.get(file).and_then(|tasks| tasks.get(&id)) != Some(&status)
        })
        .map(|task| serde_json::to_string_pretty(task).unwrap())
        .collect()
}

/// Files that Airflow could not load, without those that need a provider that is not installed.
fn not_loaded(report: &Json) -> BTreeSet<String> {
    let files = report["files"].as_array().unwrap();
    let of_airflow = files.iter().filter(|file| file["side"] == "airflow");
    of_airflow
        .filter(|file| {
            let reason = file["reason"].as_str().unwrap();
            !["google", "amazon"].iter().any(|provider| {
                reason.contains(&format!("No module named 'airflow.providers.{provider}'"))
            })
        })
        .map(|file| file["file"].as_str().unwrap().trim_start_matches("dags/").to_owned())
        .collect()
}

/// Fixtures without an expectation of this release, which cannot load them.
fn without_expectation(version: &str) -> BTreeSet<String> {
    let is_loaded = |name: &str| {
        let file = format!("{}.json", name.replace('/', "__"));
        let kept = ["expected", "expected/airflow2"].map(|kept| folder().join(kept).join(&file));
        kept.iter().any(|path| {
            std::fs::read_to_string(path).is_ok_and(|text| {
                serde_json::from_str::<Json>(&text).unwrap()["airflow"] == version
            })
        })
    };
    let manifest = Manifest::read();
    let names = manifest.fixtures.keys().filter(|name| !name.contains('@'));
    names.filter(|name| !is_loaded(name)).cloned().collect()
}

fn check(variable: &str, requirements: &str, version: &str) {
    let report = verify(variable, requirements);
    assert_eq!(report["versions"]["airflow"], version, "{HOW}{requirements}`");
    let surprises = surprises(&report);
    assert!(surprises.is_empty(), "{} tasks:\n{}", surprises.len(), surprises.join("\n"));
    let unexpected: BTreeSet<String> =
        not_loaded(&report).difference(&without_expectation(version)).cloned().collect();
    // A helper in the DAG folder that cannot be imported by itself.
    let unexpected: Vec<_> =
        unexpected.iter().filter(|file| *file != "common/factory.py").collect();
    assert!(unexpected.is_empty(), "not loaded: {unexpected:?}");
}

#[test]
fn fixtures_are_equal_in_airflow_3() {
    check("PODLIFT_AIRFLOW3_PYTHON", "airflow3.txt", "3.3.2");
}

/// What the mapping tests compare with, `fixtures/parity`, is what an Airflow makes of the matrix today.
fn matrix_is_current(variable: &str, requirements: &str) {
    let python = python(variable, requirements);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let scratch = tempfile::tempdir().unwrap();
    let made = scratch.path().join("made.json");
    let mut command = Command::new(&python);
    command.arg(root.join("tests/parity/generate.py")).arg("150").arg(&made);
    let output = command.env("AIRFLOW_HOME", scratch.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = std::fs::read_to_string(&made).unwrap();
    let head: Json = serde_json::from_str(&text).unwrap();
    let release = head["head"]["airflow"].as_str().unwrap();
    let kept = root.join(format!("fixtures/parity/airflow-{release}.json"));
    let kept = std::fs::read_to_string(kept).unwrap();
    let unlike = text.lines().zip(kept.lines()).find(|(made, kept)| made != kept);
    assert_eq!(unlike, None, "`{python} tests/parity/generate.py` writes another file");
    assert_eq!(text.lines().count(), kept.lines().count());
}

#[test]
fn the_matrix_of_arguments_is_what_airflow_3_makes_of_it() {
    matrix_is_current("PODLIFT_AIRFLOW3_PYTHON", "airflow3.txt");
}

#[test]
fn the_matrix_of_arguments_is_what_airflow_2_makes_of_it() {
    matrix_is_current("PODLIFT_AIRFLOW2_PYTHON", "airflow2.txt");
}

#[test]
fn fixtures_are_equal_in_airflow_2() {
    check("PODLIFT_AIRFLOW2_PYTHON", "airflow2.txt", "2.11.2");
}

const TASK: &str = "from airflow import DAG\n\
    from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator\n\
    with DAG('NAME'):\n    KubernetesPodOperator(task_id='t', name='t', image='busybox:1.36')\n";

#[test]
fn dags_that_print_hang_or_die_cost_nobody_else_the_comparison() {
    let python = std::env::var("PODLIFT_AIRFLOW3_PYTHON")
        .unwrap_or_else(|_| panic!("PODLIFT_AIRFLOW3_PYTHON names no Python; {HOW}airflow3.txt`"));
    let folder = tempfile::tempdir().unwrap();
    let dags = folder.path().join("dags");
    std::fs::create_dir(&dags).unwrap();
    for (name, first) in [
        ("dies", "import os; os._exit(3)"),
        ("environment", "import os; assert 'PODLIFT_AIRFLOW3_PYTHON' not in os.environ"),
        ("hangs", "import time; time.sleep(600)"),
        ("leaves_a_process", "import subprocess; subprocess.Popen(['sleep', '30'])"),
        ("prints", "import os; print('{\"record\": \"file\"}'); os.write(1, b'{}\\n')"),
        ("raises", "raise SystemExit('no')"),
    ] {
        let text = format!("{first}\n{}", TASK.replace("NAME", name));
        std::fs::write(dags.join(format!("{name}.py")), text).unwrap();
    }
    let output = Command::new(env!("CARGO_BIN_EXE_podlift"))
        .current_dir(folder.path())
        .args(["verify", "dags", "--format", "json", "--timeout", "5", "--python", &python])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Json = serde_json::from_slice(&output.stdout).unwrap();
    let tasks = report["tasks"].as_array().unwrap().iter();
    let equal: Vec<&str> = tasks
        .filter(|task| task["status"] == "equal")
        .map(|task| task["dag"].as_str().unwrap())
        .collect();
    assert_eq!(equal, ["environment", "leaves_a_process", "prints"]);
    let files = report["files"].as_array().unwrap().iter();
    let reasons: Vec<String> = files
        .map(|file| {
            format!("{}: {}", file["file"].as_str().unwrap(), file["reason"].as_str().unwrap())
        })
        .collect();
    let expected = [
        "dags/dies.py: the process ended with status 768",
        "dags/hangs.py: no answer within 5 seconds",
        "dags/raises.py: SystemExit: no",
    ];
    assert_eq!(reasons, expected);
    let written = std::fs::read_dir(&dags).unwrap().count();
    assert_eq!(written, 6, "reading the DAGs leaves nothing beside them");
}

#[test]
fn a_python_without_airflow_is_told_with_what_to_install() {
    let python = std::env::var("PODLIFT_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let output = Command::new(env!("CARGO_BIN_EXE_podlift"))
        .current_dir(folder())
        .args(["verify", "dags/hello_guide.py", "--python", &python])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("there is no apache-airflow in the Python of"), "{stderr}");
    assert!(stderr.contains("-m pip install apache-airflow"), "{stderr}");
}
