//! The tables for readers: the coverage table and the explanation of one argument.

use std::fmt::Write as _;

use super::account::Disposition;
use super::row::{Releases, Row, Table};
use super::tables::Tables;

/// Sections of the coverage table: heading and the tables in it.
const SECTIONS: [(&str, &[&str]); 5] = [
    ("KubernetesPodOperator", &["client", "metadata", "container", "pod", "launcher"]),
    ("GKEStartPodOperator", &["gke"]),
    ("EksPodOperator", &["eks"]),
    ("@task.kubernetes and @task.kubernetes_cmd", &["decorators"]),
    ("Every operator", &["base_operator"]),
];

impl Tables {
    /// The coverage table in Markdown: every argument with what becomes of it.
    pub fn coverage_markdown(&self) -> String {
        let mut out = String::new();
        for (heading, tables) in SECTIONS {
            let _ = writeln!(out, "### {heading}\n");
            out.push_str("| Airflow argument | becomes | how | guide | releases |\n");
            out.push_str("|---|---|---|---|---|\n");
            for name in tables {
                for table in self.all().filter(|table| table.table == *name) {
                    for row in &table.rows {
                        let _ = writeln!(out, "{}", line(table, row));
                    }
                }
            }
            out.push('\n');
        }
        while out.ends_with("\n\n") {
            out.pop();
        }
        out
    }

    /// What there is to know about an argument, one paragraph per operator that has it; `None` for a name
    /// that no table knows.
    pub fn explain(&self, argument: &str) -> Option<String> {
        let found: Vec<_> = self.find(argument).map(|(table, row)| explain(table, row)).collect();
        (!found.is_empty()).then(|| found.join("\n"))
    }
}

fn line(table: &Table, row: &Row) -> String {
    let becomes = match row.targets.as_slice() {
        [] => "".to_owned(),
        targets => {
            let paths: Vec<_> =
                targets.iter().map(|target| format!("`{}`", short(&target.path))).collect();
            paths.join(", ")
        }
    };
    let guide = row
        .guide
        .as_ref()
        .map_or(String::new(), |guide| format!("{}: `{}`", guide.table, guide.to));
    format!(
        "| `{}` | {becomes} | {} | {guide} | {} |",
        row.argument,
        word(row.disposition),
        releases(table, row)
    )
}

/// `/run/base_pod_spec/containers/0/image` as `base_pod_spec.containers[0].image`.
fn short(path: &str) -> String {
    let path = path.strip_prefix("/run/").unwrap_or(path.trim_start_matches('/'));
    path.replace("/0", "[0]").replace('/', ".")
}

fn word(disposition: Disposition) -> &'static str {
    match disposition {
        Disposition::Mapped => "mapped",
        Disposition::Launcher => "launcher",
        Disposition::NotNeeded => "not needed",
        Disposition::Manual => "by hand",
        Disposition::Unsupported => "unsupported",
        Disposition::Unresolved => "unresolved",
        Disposition::Unknown => "unknown",
    }
}

fn releases(table: &Table, row: &Row) -> String {
    let line = match table.releases {
        Releases::Provider => "",
        Releases::Airflow => "Airflow ",
        Releases::Google | Releases::Amazon => return String::new(),
    };
    let text = |release: &super::Release| release.to_string().replace("airflow ", "Airflow ");
    let since = row.since.as_ref().map(text);
    let until = row.until.as_ref().map(text);
    let of_line =
        |text: String| if text.starts_with("Airflow") { text } else { format!("{line}{text}") };
    match (since.map(of_line), until) {
        (Some(since), Some(until)) => format!("{since} to {until}"),
        (Some(since), None) => format!("since {since}"),
        (None, Some(until)) => format!("to {until}"),
        (None, None) => String::new(),
    }
}

fn explain(table: &Table, row: &Row) -> String {
    let owner = table.operator.clone().unwrap_or_else(|| match table.table.as_str() {
        "gke" => "GKEStartPodOperator".to_owned(),
        "eks" => "EksPodOperator".to_owned(),
        "decorators" => "@task.kubernetes".to_owned(),
        "job" => "KubernetesJobOperator".to_owned(),
        "spark" => "SparkKubernetesOperator".to_owned(),
        "base_operator" => "every operator".to_owned(),
        _ => "KubernetesPodOperator".to_owned(),
    });
    let what = if row.what.is_empty() { String::new() } else { format!(": {}", row.what) };
    let mut out = format!("{} ({owner}){what}\n", row.argument);
    let mut fact = |name: &str, text: &str| {
        if !text.is_empty() {
            let _ = writeln!(out, "  {name:<10}{text}");
        }
    };
    let becomes: Vec<_> = row
        .targets
        .iter()
        .map(|target| {
            let mut text = short(&target.path);
            if let Some(since) = &target.since {
                let _ = write!(text, " (since {since})");
            }
            if let Some(until) = &target.until {
                let _ = write!(text, " (until {until})");
            }
            text
        })
        .collect();
    let rename = row.rename.as_ref().map(|name| format!("the same as {name}"));
    fact("accepts", row.accepts.as_deref().unwrap_or_default());
    fact("becomes", rename.as_deref().unwrap_or(&becomes.join(", ")));
    fact("how", word(row.disposition));
    fact("Dagster", row.dagster.as_deref().unwrap_or_default());
    fact("releases", &releases(table, row));
    let defaults: Vec<_> = row
        .defaults
        .iter()
        .map(|default| match &default.since {
            Some(since) => format!("{} since {since}", default.value),
            None => default.value.clone(),
        })
        .collect();
    fact("default", &defaults.join(", "));
    fact(
        "Jinja",
        &row.templated
            .as_ref()
            .map_or("not rendered".to_owned(), |since| format!("rendered since {since}")),
    );
    if let Some(guide) = &row.guide {
        fact("guide", &format!("{} table: {}", guide.table, guide.to));
    }
    if let Some(other) = &row.renamed_to {
        fact("instead", other);
    }
    fact("note", &row.note);
    for example in &row.examples {
        let gives = match &example.refused {
            Some(reason) => format!("refused: {reason}"),
            None => example.gives.to_string(),
        };
        fact("example", &format!("{}={}\n            -> {gives}", row.argument, example.python));
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn the_coverage_table_has_a_line_for_every_argument() {
        let tables = Tables::builtin();
        let markdown = tables.coverage_markdown();
        for (table, row) in tables.rows() {
            let told = markdown.contains(&format!("| `{}` |", row.argument));
            assert!(told || matches!(table.table.as_str(), "job" | "spark"), "{}", row.argument);
        }
        let image = "| `image` | `base_pod_spec.containers[0].image` | mapped | containers: `image` | since Airflow 1.10.10 |";
        assert!(markdown.contains(image), "{markdown}");
    }

    #[test]
    fn an_explanation_tells_target_releases_and_examples() {
        let text = Tables::builtin().explain("hostnetwork").unwrap();
        assert!(
            text.starts_with("hostnetwork (KubernetesPodOperator): use the host network\n"),
            "{text}"
        );
        assert!(text.contains("  becomes   base_pod_spec.hostNetwork\n"), "{text}");
        assert!(text.contains("  guide     base_pod_spec table: hostNetwork\n"), "{text}");
        assert!(text.contains("  example   hostnetwork=True\n            -> true\n"), "{text}");
        assert_eq!(Tables::builtin().explain("host_network"), None);
    }

    #[test]
    fn an_argument_of_two_operators_is_explained_for_both() {
        let text = Tables::builtin().explain("cluster_name").unwrap();
        assert!(
            text.contains("(GKEStartPodOperator)") && text.contains("(EksPodOperator)"),
            "{text}"
        );
    }
}
