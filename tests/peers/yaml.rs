//! PyYAML, a reader of YAML 1.1 as Airflow, Dagster and many tools around Kubernetes use it, reads
//! what podlift writes as the same values.

use std::io::Write;
use std::process::{Command, Stdio};

use podlift::yaml;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value as Json, json};

const READ_ALL: &str = "import json, sys, yaml\n\
    json.dump(list(yaml.safe_load_all(sys.stdin.buffer)), sys.stdout)";

/// The documents of a stream as PyYAML reads them.
fn pyyaml(stream: &str) -> Vec<Json> {
    let python = std::env::var("PODLIFT_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let mut child = Command::new(&python)
        .args(["-X", "utf8", "-c", READ_ALL])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{python}: {error}; {HOW}"));
    let mut input = child.stdin.take().unwrap();
    let bytes = stream.as_bytes().to_vec();
    let feeding = std::thread::spawn(move || input.write_all(&bytes));
    let output = child.wait_with_output().unwrap();
    // Python may end before it has read everything; its own message says more than the broken pipe.
    _ = feeding.join();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(!errors.contains("No module named 'yaml'"), "{python} has no PyYAML; {HOW}");
    assert!(output.status.success(), "{errors}\n{stream}");
    serde_json::from_slice(&output.stdout).unwrap()
}

const HOW: &str = "`.ci/run` makes an environment with PyYAML; to run this test alone, let \
                   PODLIFT_PYTHON name a Python that has it";

fn nasty() -> Vec<String> {
    serde_json::from_str(include_str!("../../src/yaml/nasty.json")).unwrap()
}

#[test]
fn pyyaml_reads_nasty_texts_as_they_were_written() {
    let texts: Vec<String> =
        serde_json::from_str(include_str!("../../src/yaml/nasty.json")).unwrap();
    let values: Vec<Json> = texts
        .iter()
        .map(|text| {
            json!({
                "value": text,
                "list": [text, {"inner": text, "after": 1}, [text]],
                text: {text: text},
                "last": text,
            })
        })
        .collect();
    let read = pyyaml(&yaml::stream(&values));
    assert_eq!(read.len(), values.len());
    for (read, value) in read.iter().zip(&values) {
        assert_eq!(read, value, "written as\n{}", yaml::document(value));
    }
}

#[test]
fn pyyaml_reads_numbers_and_containers_as_they_were_written() {
    let value = json!({
        "numbers": [0, -1, 9_007_199_254_740_993_i64, u64::MAX, 0.1, -2.5, 120.0, 1e21, 1e-7, 1.5e300],
        "others": [true, false, null, {}, [], [[]], [{}], {"a": {}}, [[1, [2]], {"b": [{"c": null}]}]],
    });
    assert_eq!(pyyaml(&yaml::stream([&value])), [value]);
}

#[test]
fn pyyaml_reads_texts_made_at_random_as_they_were_written() {
    let text = prop_oneof![
        "[ -~\n\t]{0,24}",
        "[-+.:_0-9eExobT ]{1,12}",
        "[-?:,#&*!|>'\"%@`{}\\[\\] \na]{1,8}",
        proptest::collection::vec(any::<char>(), 0..8).prop_map(String::from_iter),
        proptest::collection::vec(proptest::sample::select(nasty()), 2..4)
            .prop_map(|parts| parts.concat()),
    ];
    let mut runner = TestRunner::deterministic();
    let mut sample = || text.new_tree(&mut runner).unwrap().current();
    // One process reads them all: starting Python takes longer than reading.
    let values: Vec<Json> = (0..4000)
        .map(|_| {
            let (key, value) = (sample(), sample());
            json!({"value": value, "list": [value], "map": {key: [{"inner": value, "after": 1}]}})
        })
        .collect();
    let read = pyyaml(&yaml::stream(&values));
    assert_eq!(read.len(), values.len());
    for (read, value) in read.iter().zip(&values) {
        assert_eq!(read, value, "written as\n{}", yaml::document(value));
    }
}
