//! What Airflow's `conf.get` gives for options that nobody set: the table `mappings/airflow_config.yaml`.

use std::sync::OnceLock;

use indexmap::IndexMap;
use serde::Deserialize;

/// As the build script turned it into JSON.
const TABLE: &str = include_str!(concat!(env!("OUT_DIR"), "/airflow_config.json"));

/// A default, of all lines of Airflow or of each.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Default {
    Same(String),
    Lines(IndexMap<String, String>),
}

type Sections = IndexMap<String, IndexMap<String, Default>>;

fn table() -> &'static Sections {
    static SECTIONS: OnceLock<Sections> = OnceLock::new();
    // The table is part of the program, and a test reads it.
    SECTIONS.get_or_init(|| serde_json::from_str(TABLE).unwrap_or_default())
}

/// The section that holds the options of the Kubernetes provider, and its name before Airflow 2.5.
const PROVIDER: (&str, &str) = ("kubernetes_executor", "kubernetes");

/// The default of an option in a release of Airflow; `None` when it has none or none that is the same
/// everywhere. Where the code has a `fallback`, Airflow prefers its own default to that, but for options of
/// providers in Airflow 2.
pub(super) fn default_of(
    release: &str,
    section: &str,
    option: &str,
    has_fallback: bool,
) -> Option<&'static str> {
    let line = release.split('.').next()?;
    let (section, option) = (section.to_lowercase(), option.to_lowercase());
    let is_old = line == "2";
    let section = if is_old && section == PROVIDER.1 { PROVIDER.0 } else { section.as_str() };
    if is_old && has_fallback && section == PROVIDER.0 {
        return None;
    }
    match table().get(section)?.get(&option)? {
        Default::Same(text) if matches!(line, "2" | "3") => Some(text),
        Default::Same(_) => None,
        Default::Lines(lines) => lines.get(line).map(String::as_str),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_have_the_defaults_of_their_airflow() {
        assert_eq!(default_of("3.3.2", "core", "Parallelism", true), Some("32"));
        assert_eq!(default_of("3.3.2", "core", "executor", false), Some("LocalExecutor"));
        assert_eq!(default_of("2.11.2", "core", "executor", false), Some("SequentialExecutor"));
        assert_eq!(default_of("3.3.2", "core", "dags_folder", false), None);
        assert_eq!(default_of("1.10.15", "core", "parallelism", false), None);
    }

    #[test]
    fn the_old_section_of_the_kubernetes_executor_lives_in_airflow_2() {
        assert_eq!(default_of("2.11.2", "kubernetes", "NAMESPACE", false), Some("default"));
        assert_eq!(default_of("2.11.2", "kubernetes", "NAMESPACE", true), None);
        assert_eq!(default_of("3.3.2", "kubernetes", "NAMESPACE", false), None);
        let new = "kubernetes_executor";
        assert_eq!(default_of("3.3.2", new, "namespace", true), Some("default"));
    }
}
