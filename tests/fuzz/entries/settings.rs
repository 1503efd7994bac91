//! The files that users write or keep for podlift, except for job specs.

use podlift::config::Config;
use podlift::launch::resume::Earlier;
use podlift::mapping::Tables;
use podlift::python::Sources;
use podlift::report::diff::{Side, compare};
use podlift::report::{Report, render};
use podlift::values::Values;

/// Reads a text as a value file, a mapping table, `podlift.toml`, the record of a run and a report.
pub(crate) fn settings(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let sources = Sources::default();
    if let Err(findings) = Values::from_yaml(&sources, "values.yaml", &text) {
        super::told(&findings, &sources);
    }
    let _ = Config::parse(&text);
    if let Err(errors) = Tables::with_user([("table.yaml".to_owned(), text.to_string())]) {
        errors.iter().for_each(|error| drop(error.to_string()));
    }
    let _ = Earlier::read(&text, None);
    if let Ok(report) = serde_json::from_str::<Report>(&text) {
        shown(&report);
    }
}

fn shown(report: &Report) {
    render::human(report, false);
    render::markdown(report);
    let side = Side::of_report("old", report);
    compare(&side, &side, false);
}
