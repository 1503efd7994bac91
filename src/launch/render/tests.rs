//! Templates and what Airflow makes of them; the expected texts come from Airflow itself.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::*;

fn facts() -> Facts {
    let interval = Interval::day(parse_date("2026-11-21").unwrap()).unwrap();
    let mut facts = Facts::new("nightly", "group.load", None, "manual__1", Some(interval));
    let values = Arc::make_mut(&mut facts.values);
    facts.conf = json!({"a": {"b": 1}}).as_object().unwrap().clone();
    for (name, value) in [("region", json!("eu")), ("cfg", json!("{\"x\": [1, 2]}"))] {
        values.variables.insert(name.into(), value);
    }
    values.params.insert("size".into(), json!(3));
    values.params.insert("name".into(), json!("abc"));
    let uri = "postgres://us%40er:pw@db.example.com:5432/main?sslmode=require";
    values.connections.insert("db".into(), json!(uri));
    facts
}

#[test]
fn templates_render_as_in_airflow() {
    let golden: Json =
        serde_json::from_str(include_str!("../../../fixtures/jinja/rendered.json")).unwrap();
    let mut wrong = vec![];
    for case in golden.as_array().unwrap() {
        let (template, expected) = (case["template"].as_str().unwrap(), case["rendered"].as_str());
        let rendered = render_text(template, &facts());
        match (&rendered, expected) {
            (Ok(text), Some(expected)) if text == expected => {}
            (Err(_), None) => {}
            _ => {
                wrong.push(format!("{template}\n   podlift {rendered:?}\n   Airflow {expected:?}"))
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_cannot_be_rendered_names_itself() {
    for (template, expected) in [
        (
            "{{ var.value.bucket }}",
            "variable:bucket is not known; pass it with `--set variable:bucket=VALUE`",
        ),
        ("{{ params.day }}", "param:day is not known"),
        ("{{ conn.warehouse.host }}", "connection:warehouse is not known"),
        ("{{ var.json.get('other') }}", "variable:other is not known"),
        ("{{ ti.xcom_pull('a') }}", "XCom does not exist outside Airflow"),
        ("{{ my_macro(ds) }}", "`my_macro` is not known outside Airflow"),
        (
            "{{ prev_data_interval_start_success }}",
            "`prev_data_interval_start_success` is not known",
        ),
        ("{{ macros.uuid.uuid4() }}", "macros"),
        ("{{ macros.datetime.now() }}", "differs every time"),
        ("{{ ds", "cannot be read"),
        ("{{ conf.get('core', 'x') }}", "conf:core.x is not known"),
    ] {
        let said = render_text(template, &facts()).unwrap_err();
        assert!(said.contains(expected), "{template}: {said:?} does not say {expected:?}");
    }
}

#[test]
fn only_the_listed_places_of_a_spec_are_rendered() {
    let spec: JobSpec = serde_json::from_value(json!({
        "apiVersion": "podlift/v1", "kind": "JobSpec",
        "metadata": {"dag": "nightly", "task": "load", "operator": "o", "source": "s"},
        "run": {"base_pod_spec": {"containers": [{"args": ["{{ ds }}", "{{ raw }}"]}]}},
        "templates": [{"path": "/run/base_pod_spec/containers/0/args/0", "needs": ["ds"]}],
    }))
    .unwrap();
    let rendered = render(&spec, &facts()).unwrap();
    assert_eq!(
        rendered.run.base_pod_spec["containers"][0]["args"],
        json!(["2026-11-21", "{{ raw }}"])
    );
    assert_eq!(rendered.templates, []);
    let mut broken = spec;
    broken.templates[0].path = "/run/base_pod_spec/containers/0/args/1".into();
    let errors = render(&broken, &facts()).unwrap_err();
    assert!(errors[0].to_string().contains("/args/1: `raw` is not known"), "{errors:?}");
}

#[test]
fn dates_are_asked_for_where_there_is_none() {
    let facts = Facts { interval: None, ..facts() };
    assert_eq!(
        render_text("{{ ds }} {{ run_id }}", &facts).unwrap_err(),
        "`ds` needs the date of the run; pass it with `--date`"
    );
    assert!(render_text("{{ dag_run.logical_date }}", &facts).unwrap_err().contains("--date"));
    assert_eq!(render_text("{{ run_id }}", &facts).unwrap(), "manual__1");
}
