//! The JSON Schema of reports: what `podlift schema report` prints.

use serde_json::Value as Json;

use super::Report;

/// Identifies the schema of reports of the format `podlift/v1`.
pub const SCHEMA_ID: &str = "urn:podlift:v1:Report";

/// The JSON Schema (draft 2020-12) of a report.
pub fn schema() -> Json {
    let generator = schemars::generate::SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<Report>();
    schema.insert("$id".to_owned(), SCHEMA_ID.into());
    schema.insert("title".to_owned(), "Migration report of podlift, format podlift/v1".into());
    schema.to_value()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use super::*;
    use crate::report::tests_support::report;

    #[test]
    fn the_schema_is_a_valid_schema_and_a_report_agrees_with_it() {
        let schema = schema();
        assert!(jsonschema::draft202012::meta::is_valid(&schema));
        assert_eq!(schema["$id"], SCHEMA_ID);
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        let mut value = serde_json::to_value(report()).unwrap();
        assert!(validator.is_valid(&value));
        value["totals"]["tasks"] = "many".into();
        assert!(!validator.is_valid(&value));
    }

    #[test]
    fn a_report_is_read_back_as_it_was_written() {
        let report = report();
        let read: Report = serde_json::from_str(&crate::report::render::json(&report)).unwrap();
        assert_eq!(read, report);
    }
}
