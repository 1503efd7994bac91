//! The coverage table: what becomes of every argument, for readers.

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

/// The coverage table in Markdown: every argument with what becomes of it.
pub fn coverage_markdown(tables: &Tables) -> String {
    let mut out = String::new();
    for (heading, names) in SECTIONS {
        let _ = writeln!(out, "### {heading}\n");
        out.push_str("| Airflow argument | becomes | how | guide | releases |\n");
        out.push_str("|---|---|---|---|---|\n");
        for name in names {
            for table in tables.all().filter(|table| table.table == *name) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_coverage_table_has_a_line_for_every_argument() {
        let tables = Tables::builtin();
        let markdown = coverage_markdown(&tables);
        for (table, row) in tables.rows() {
            let told = markdown.contains(&format!("| `{}` |", row.argument));
            assert!(told || matches!(table.table.as_str(), "job" | "spark"), "{}", row.argument);
        }
        let image = "| `image` | `base_pod_spec.containers[0].image` | mapped | containers: `image` | since Airflow 1.10.10 |";
        assert!(markdown.contains(image), "{markdown}");
    }
}
