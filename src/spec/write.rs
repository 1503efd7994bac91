//! Writing job specs: YAML as a careful engineer writes it, or JSON.

use serde_json::Value as Json;

use super::JobSpec;
use crate::diag::escape::json_text;
use crate::yaml;

/// One YAML document.
pub fn to_yaml(spec: &JobSpec) -> String {
    yaml::document(spec)
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
        fn a_spec_is_written_as_its_value_is(spec in arbitrary_spec()) {
            prop_assert_eq!(to_yaml(&spec), yaml::document(&to_value(&spec)));
        }
    }
}
