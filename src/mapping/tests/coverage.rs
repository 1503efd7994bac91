//! What the tables cover: the guide, every argument there ever was, and every keyword of a task.

use std::collections::BTreeSet;

use super::{kpo, task};
use crate::airflow::OperatorKind;
use crate::mapping::{Disposition, Tables};

const NAMES: &str = include_str!("../../../fixtures/arguments.txt");

#[test]
fn the_tables_cover_every_row_of_the_guide() {
    let tables = Tables::builtin();
    let rows: BTreeSet<_> = tables.rows().filter_map(|(_, row)| row.guide.clone()).collect();
    let count = |table: &str| rows.iter().filter(|guide| guide.table == table).count();
    assert_eq!(count("PipesK8sClient"), 3);
    assert_eq!(count("base_pod_spec"), 18);
    assert_eq!(count("containers"), 11);
    assert_eq!(count("base_pod_meta"), 4);
    assert_eq!(rows.len(), 36);
}

#[test]
fn the_tables_know_every_argument_there_ever_was() {
    let tables = Tables::builtin();
    let names: Vec<_> = NAMES.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(names.iter().filter(|name| !name.starts_with("base:")).count(), 76);
    for name in names {
        let name = name.strip_prefix("base:").unwrap_or(name);
        assert!(tables.find(name).next().is_some(), "{name} has no row");
    }
}

#[test]
fn every_keyword_has_exactly_one_disposition() {
    let tables = Tables::builtin();
    for (_, row) in tables.rows().filter(|(table, _)| table.operators.len() > 3) {
        let mapped = kpo(&[("image", "'i'"), (&row.argument, "None"), ("nonsense", "1")]);
        let names: Vec<_> = mapped.account.keywords.iter().map(|one| one.name.as_str()).collect();
        let unique: BTreeSet<_> = names.iter().collect();
        assert_eq!(unique.len(), names.len(), "{names:?}");
        assert!(names.contains(&row.argument.as_str()) && names.contains(&"nonsense"), "{names:?}");
        let unknown: Vec<_> = mapped
            .account
            .keywords
            .iter()
            .filter(|one| one.disposition == Disposition::Unknown)
            .map(|one| one.name.as_str())
            .collect();
        assert_eq!(unknown, ["nonsense"]);
    }
}

#[test]
fn an_operator_without_a_table_has_no_spec() {
    let other = task(
        OperatorKind::Other,
        "airflow.operators.bash.BashOperator",
        &[("bash_command", "'x'")],
    );
    let mapped = super::map(&other, &crate::airflow::Settings::default(), &super::NoTemplates);
    assert!(mapped.specs.is_empty() && mapped.account.keywords.is_empty());
}
