//! Reports in the formats of other programs, and the recipes of the README.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value as Json;

use crate::cli::command_line::{podlift, repository};

fn report(format: &str) -> String {
    podlift(&repository(), b"", &["report", "fixtures/dags", "--format", format]).stdout
}

#[test]
fn a_report_agrees_with_its_published_schema() {
    let schema: Json =
        serde_json::from_str(&podlift(&repository(), b"", &["schema", "report"]).stdout).unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let report: Json = serde_json::from_str(&report("json")).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(&report).take(3).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");
}

#[test]
fn nothing_that_could_not_be_read_or_counted_is_taken_for_none() {
    let report: Json = serde_json::from_str(&report("json")).unwrap();
    let totals = &report["totals"];
    let number = |name: &str| totals[name].as_u64().unwrap();
    assert!(number("unreadable") >= 2 && number("patterns") >= 3, "{totals}");
    let states = ["ready", "needs_values", "needs_decision", "not_migratable"].map(number);
    assert_eq!(states.iter().sum::<u64>(), number("tasks"));
    let groups = |name: &str| -> u64 {
        report[name].as_array().unwrap().iter().map(|group| group["tasks"].as_u64().unwrap()).sum()
    };
    assert_eq!((groups("folders"), groups("owners")), (number("tasks"), number("tasks")));
    let unread = report["files"].as_array().unwrap().iter().filter(|file| file["read"] == false);
    assert_eq!(unread.count() as u64, number("unreadable"));
}

#[test]
fn every_keyword_of_every_task_has_its_disposition_place_and_origin() {
    let report: Json = serde_json::from_str(&report("json")).unwrap();
    let mut keywords = 0;
    for file in report["files"].as_array().unwrap() {
        for task in
            file["dags"].as_array().unwrap().iter().flat_map(|dag| dag["tasks"].as_array().unwrap())
        {
            for keyword in task["keywords"].as_array().unwrap() {
                keywords += 1;
                assert!(
                    keyword["disposition"].is_string() && keyword["origin"].is_string(),
                    "{keyword}"
                );
                assert!(keyword["place"]["line"].as_u64().unwrap() > 0, "{keyword}");
            }
            assert!(!task["next_step"].as_str().unwrap().is_empty(), "{task}");
        }
    }
    let counted = report["totals"]["keywords"]
        .as_object()
        .unwrap()
        .values()
        .map(|number| number.as_u64().unwrap());
    assert_eq!(counted.sum::<u64>(), keywords);
}

/// What code-scanning services rely on, from the specification of SARIF 2.1.0.
#[test]
fn sarif_has_the_structure_of_version_2_1_0() {
    let log: Json = serde_json::from_str(&report("sarif")).unwrap();
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let driver = &run["tool"]["driver"];
    assert_eq!(driver["name"], "podlift");
    let rules = driver["rules"].as_array().unwrap();
    let ids: BTreeSet<&str> = rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), rules.len(), "a rule is there twice");
    let levels = ["none", "note", "warning", "error"];
    for rule in rules {
        for text in ["shortDescription", "fullDescription", "help"] {
            assert!(!rule[text]["text"].as_str().unwrap().is_empty(), "{rule}");
        }
        assert!(levels.contains(&rule["defaultConfiguration"]["level"].as_str().unwrap()));
    }
    let results = run["results"].as_array().unwrap();
    assert!(results.len() > 100);
    let mut suppressed = 0;
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(levels.contains(&result["level"].as_str().unwrap()));
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        assert!(result["partialFingerprints"]["podlift/v1"].is_string());
        for location in result["locations"].as_array().unwrap() {
            let place = &location["physicalLocation"];
            let file = &place["artifactLocation"];
            let uri = file["uri"].as_str().unwrap();
            assert!(!uri.starts_with('/') && !uri.contains([' ', ':', '\\']), "{uri}");
            let base = file["uriBaseId"].as_str().unwrap();
            assert!(run["originalUriBaseIds"].get(base).is_some());
            if let Some(region) = place.get("region") {
                let number = |name: &str| region[name].as_u64().unwrap();
                let start = (number("startLine"), number("startColumn"));
                assert!(start.0 >= 1 && start.1 >= 1);
                assert!((number("endLine"), number("endColumn")) >= start, "{result}");
            }
        }
        for suppression in result.get("suppressions").and_then(Json::as_array).into_iter().flatten()
        {
            suppressed += 1;
            assert_eq!(suppression["kind"], "inSource");
        }
    }
    assert!(suppressed > 0, "no ignored finding is among the fixtures");
}

#[test]
fn junit_is_well_formed_and_counts_what_it_holds() {
    const READ: &str = "\
import sys, xml.etree.ElementTree as tree
root = tree.fromstring(sys.stdin.buffer.read())
assert root.tag == 'testsuites', root.tag
cases = root.findall('testsuite/testcase')
assert int(root.get('tests')) == len(cases) == sum(int(s.get('tests')) for s in root), root.attrib
assert int(root.get('failures')) == len(root.findall('.//failure')) > 10
assert int(root.get('errors')) == len(root.findall('.//error')) >= 2
print(len(cases))";
    let python = std::env::var("PODLIFT_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let mut child = Command::new(&python)
        .args(["-X", "utf8", "-c", READ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{python}: {error}"));
    child.stdin.take().unwrap().write_all(report("junit").as_bytes()).unwrap();
    let done = child.wait_with_output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn github_annotations_are_one_command_a_line() {
    for line in report("github").lines() {
        let (properties, _) =
            line.split_once("::").map(|(_, rest)| rest).unwrap().split_once("::").unwrap();
        let (kind, properties) = properties.split_once(' ').unwrap();
        assert!(["notice", "warning", "error"].contains(&kind), "{line}");
        for property in properties.split(',') {
            let (name, value) = property.split_once('=').unwrap();
            assert!(
                ["file", "line", "endLine", "col", "endColumn", "title"].contains(&name),
                "{line}"
            );
            assert!(!value.is_empty(), "{line}");
        }
    }
}

/// The recipes are YAML, and name subcommands and flags that exist.
#[test]
fn the_recipes_of_the_readme_are_well_formed() {
    let readme = std::fs::read_to_string(repository().join("README.md")).unwrap();
    let (_, section) = readme.split_once("### In CI").expect("a section on CI");
    let section = section.split_once("\n## ").map_or(section, |(section, _)| section);
    let blocks: Vec<&str> =
        section.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    let read: Vec<Json> = blocks.iter().map(|block| serde_yaml::from_str(block).unwrap()).collect();
    assert_eq!(read.len(), 3);
    let actions = &read[0]["jobs"]["pods"]["steps"];
    assert!(actions.as_array().unwrap().len() > 3 && read[0].get("on").is_some());
    assert!(read[1]["pods"]["script"].is_array());
    assert_eq!(read[2]["repos"][0]["hooks"][0]["language"], "system");
    for line in section
        .lines()
        .map(str::trim)
        .map(|line| line.trim_start_matches("- ").trim_start_matches("run: "))
    {
        if let Some(rest) = line.strip_prefix("podlift ") {
            let words: Vec<&str> = rest.split_whitespace().collect();
            let help = podlift(&repository(), b"", &[words[0], "--help"]);
            assert_eq!(help.code, 0, "{line}");
            for flag in words.iter().filter(|word| word.starts_with("--")) {
                assert!(help.stdout.contains(flag), "{line}");
            }
        }
    }
    let config = section.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    podlift::config::Config::parse(config).unwrap();
}
