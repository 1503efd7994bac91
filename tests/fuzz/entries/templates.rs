//! A Jinja template that was left in a pod.

use std::sync::Arc;

use podlift::launch::render::{Facts, Interval, parse_date, render_text};
use podlift::python::Sources;
use podlift::values::Values;

const VALUES: &str = r#"
env: {TAG: v3, EMPTY: ""}
variables: {bucket: acme-data, settings: {retries: 3, tags: [a, b], deep: {on: true}}, list: '[1, 2]'}
connections: {warehouse: "postgres://user@db:5432/acme?x=1", gcp: {conn_type: google, extra: {project: p}}}
params: {days: 7, ratio: 0.5, names: [a, b], nothing: null}
conf: {core.dags_folder: /opt/dags}
"#;

/// Renders a text with everything a run can know.
pub(crate) fn templates(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let mut facts = Facts::new("d", "group.t", Some(3), "manual__1", Some(interval()));
    facts.values = Arc::new(values());
    facts.conf.insert("x".to_owned(), serde_json::json!({"y": [1, 2.5, "z", null, true]}));
    if let Ok(rendered) = render_text(&text, &facts) {
        assert_eq!(render_text(&text, &facts), Ok(rendered), "not the same twice: {text}");
    }
    facts.interval = None;
    let _ = render_text(&text, &facts);
}

pub(super) fn values() -> Values {
    Values::from_yaml(&Sources::default(), "values.yaml", VALUES).expect("the values are right")
}

pub(super) fn interval() -> Interval {
    let start = parse_date("2026-03-29T01:30:00").expect("a date");
    Interval::day(start).expect("within the calendar")
}
