//! The JSON Schema of job specs: what `podlift schema` prints and what reading checks against.

use std::sync::OnceLock;

use serde_json::Value as Json;

use super::JobSpec;

/// Identifies the schema of the format `podlift/v1`.
pub const SCHEMA_ID: &str = "urn:podlift:v1:JobSpec";

/// The JSON Schema (draft 2020-12) of one job spec.
pub fn schema() -> Json {
    let generator = schemars::generate::SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<JobSpec>();
    schema.insert("$id".to_owned(), SCHEMA_ID.into());
    schema.insert("title".to_owned(), "Job spec of podlift, format podlift/v1".into());
    schema.to_value()
}

/// [`schema`], made once: every spec that is read or filled is held against it.
pub(super) fn known() -> &'static Json {
    static SCHEMA: OnceLock<Json> = OnceLock::new();
    SCHEMA.get_or_init(schema)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::spec::check::HONOURED;
    use crate::spec::tests_support::{arbitrary_spec, spec_named};
    use crate::spec::to_value;

    fn validator() -> jsonschema::Validator {
        jsonschema::draft202012::new(&schema()).unwrap()
    }

    #[test]
    fn the_schema_is_a_valid_schema_and_names_itself() {
        let schema = schema();
        assert!(jsonschema::draft202012::meta::is_valid(&schema));
        assert_eq!(schema["$id"], SCHEMA_ID);
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    }

    /// Every schema inside a schema, with its path.
    fn each(schema: &Json, path: String, visit: &mut impl FnMut(&Json, &str)) {
        visit(schema, &path);
        for keyword in ["properties", "$defs"] {
            for (name, inner) in schema.get(keyword).and_then(Json::as_object).into_iter().flatten()
            {
                each(inner, format!("{path}/{keyword}/{name}"), visit);
            }
        }
        for inner in schema.get("anyOf").and_then(Json::as_array).into_iter().flatten() {
            each(inner, format!("{path}/anyOf"), visit);
        }
        if let Some(inner) = schema.get("items") {
            each(inner, format!("{path}/items"), visit);
        }
    }

    #[test]
    fn every_field_is_described_and_every_object_is_closed() {
        each(&schema(), String::new(), &mut |schema, path| {
            if path.contains("/properties/")
                && !path.ends_with("/items")
                && !path.ends_with("/anyOf")
            {
                assert!(schema.get("description").is_some(), "{path}");
            }
            if schema.get("properties").is_some() {
                assert_eq!(schema["additionalProperties"], false, "{path}");
            }
        });
    }

    #[test]
    fn reading_honours_every_keyword_of_the_schema() {
        let notes = ["$schema", "$id", "$defs", "title", "description", "format", "default"];
        each(&schema(), String::new(), &mut |schema, path| {
            for keyword in
                schema.as_object().into_iter().flatten().map(|(keyword, _)| keyword.as_str())
            {
                assert!(
                    HONOURED.contains(&keyword) || notes.contains(&keyword),
                    "{path}: {keyword}"
                );
            }
        });
    }

    #[test]
    fn spoiled_specs_do_not_match() {
        let validator = validator();
        let good = to_value(&spec_named("d", "t"));
        assert!(validator.is_valid(&good));
        let spoiled = [
            ("/apiVersion", json!("podlift/v2")),
            ("/kind", json!("Pod")),
            ("/metadata", json!({"dag": "d"})),
            ("/run", json!({"namspace": "x"})),
            ("/run", json!([])),
            ("/launcher", json!({"retries": [1]})),
            ("/launcher", json!({"skip_on_exit_code": ["a"]})),
            ("/client", json!({"poll_interval": "10"})),
            ("/holes", json!([{"path": "/run"}])),
            ("/more", json!(1)),
        ];
        for (path, value) in spoiled {
            let mut spec = good.clone();
            spec[path.trim_start_matches('/')] = value;
            assert!(!validator.is_valid(&spec), "{path}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn every_spec_matches_its_schema(spec in arbitrary_spec()) {
            let value = to_value(&spec);
            prop_assert!(validator().is_valid(&value), "{value:#}");
        }
    }
}
