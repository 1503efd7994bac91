//! Writing job specs: YAML as a careful engineer writes it, or JSON.

use serde_json::Value as Json;

use super::JobSpec;
use crate::diag::escape::json_text;
use crate::yaml;

/// One YAML document.
pub fn to_yaml(spec: &JobSpec) -> String {
    yaml::document(&to_value(spec))
}

/// One JSON object, indented by two spaces, ending in a line feed.
pub fn to_json(spec: &JobSpec) -> String {
    json(&to_value(spec))
}

/// YAML documents parted by `---`, one for each spec.
pub fn to_yaml_stream(specs: &[JobSpec]) -> String {
    specs.iter().map(to_yaml).collect::<Vec<_>>().join("---\n")
}

/// A JSON list of the specs.
pub fn to_json_list(specs: &[JobSpec]) -> String {
    json(&Json::Array(specs.iter().map(to_value).collect()))
}

/// A spec as JSON: the value that both formats write.
pub fn to_value(spec: &JobSpec) -> Json {
    // A job spec has string keys only, so serde_json has nothing to refuse.
    serde_json::to_value(spec).unwrap_or_default()
}

/// As [`to_yaml`], of a spec that is not needed any more.
pub fn into_yaml(spec: JobSpec) -> String {
    yaml::document(&into_value(spec))
}

/// As [`to_json`], of a spec that is not needed any more.
pub fn into_json(spec: JobSpec) -> String {
    json(&into_value(spec))
}

/// As [`to_value`], without a copy of the pod, by far the largest part.
fn into_value(mut spec: JobSpec) -> Json {
    let pod = [
        ("base_pod_meta", std::mem::take(&mut spec.run.base_pod_meta)),
        ("base_pod_spec", std::mem::take(&mut spec.run.base_pod_spec)),
    ];
    let mut value = to_value(&spec);
    if let Some(run) = value.get_mut("run").and_then(Json::as_object_mut) {
        // The only field before them.
        let first = usize::from(run.contains_key("namespace"));
        let pod = pod.into_iter().filter(|(_, fields)| !fields.is_empty());
        for (place, (key, fields)) in (first..).zip(pod) {
            run.shift_insert(place, key.to_owned(), Json::Object(fields));
        }
    }
    value
}

fn json(value: &Json) -> String {
    // `{:#}` is the indented form; unlike a writer it cannot fail.
    format!("{}\n", json_text(&format!("{value:#}")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::spec::tests_support::arbitrary_spec;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]

        #[test]
        fn a_spec_that_is_given_away_is_written_the_same(spec in arbitrary_spec()) {
            prop_assert_eq!(into_json(spec.clone()), to_json(&spec));
            prop_assert_eq!(into_yaml(spec.clone()), to_yaml(&spec));
        }
    }
}
