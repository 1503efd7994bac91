//! Which arguments an operator accepts: what `default_args` can fill in, and what an assignment to an
//! attribute of a finished task changes.

use std::sync::OnceLock;

use rustc_hash::FxHashSet;

use super::Tables;
use crate::airflow::OperatorKind;

/// Whether an operator of this kind has an argument of that name, in any release.
pub fn accepts(kind: OperatorKind, name: &str) -> bool {
    static NAMES: OnceLock<Vec<(OperatorKind, FxHashSet<String>)>> = OnceLock::new();
    const KINDS: [OperatorKind; 7] = [
        OperatorKind::Pod,
        OperatorKind::Gke,
        OperatorKind::Eks,
        OperatorKind::Decorated,
        OperatorKind::DecoratedCmd,
        OperatorKind::Job,
        OperatorKind::Spark,
    ];
    let names = NAMES.get_or_init(|| {
        let tables = Tables::builtin();
        KINDS
            .iter()
            .map(|kind| {
                let names = tables
                    .rows()
                    .filter(|(table, _)| {
                        table.operators.iter().any(|name| OperatorKind::from(*name) == *kind)
                    })
                    .map(|(_, row)| row.argument.clone())
                    .collect();
                (*kind, names)
            })
            .collect()
    });
    // Other operators are nodes of the graph: what they accept changes nothing.
    names.iter().find(|(other, _)| *other == kind).is_some_and(|(_, names)| names.contains(name))
}

/// Names of the arguments in which an operator of this kind renders Jinja, in the order of the tables.
pub fn template_fields(kind: OperatorKind) -> Vec<String> {
    Tables::builtin()
        .rows()
        .filter(|(table, row)| {
            row.templated.is_some()
                && table.operators.iter().any(|name| OperatorKind::from(*name) == kind)
        })
        .map(|(_, row)| row.argument.clone())
        .collect()
}
