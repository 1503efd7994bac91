//! What became of each keyword.

use std::collections::BTreeMap;

use indexmap::IndexSet;

use super::account::{Disposition, KeywordAccount};
use super::bind::Bound;
use super::output::Output;
use super::remarks::Remarks;
use super::row::Converter;
use crate::airflow::{Keyword, Keywords, SPREAD};

/// What decides the dispositions of a task's keywords.
pub(crate) struct Fate<'a> {
    /// The keywords that a table knows.
    pub(crate) bound: &'a [Bound<'a>],
    /// The job spec as written.
    pub(crate) output: &'a Output,
    /// Keywords that another keyword rules out.
    pub(crate) excluded: &'a [usize],
    /// Whether the XCom sidecar is kept.
    pub(crate) keep_sidecar: bool,
}

impl Fate<'_> {
    /// One account per keyword, in their order.
    pub(crate) fn accounts(&self, keywords: &Keywords, remarks: &Remarks) -> Vec<KeywordAccount> {
        let account = |(index, (name, keyword)): (usize, (&String, &Keyword))| {
            let holes = hole_names(keyword);
            let one = self.bound.iter().find(|one| one.index == Some(index));
            let made = self.output.targets().filter(|(from, _)| *from == index);
            let targets: Vec<String> = made.map(|(_, path)| path.to_owned()).collect();
            let (disposition, note) = match one {
                None if name == SPREAD => (Disposition::Unresolved, String::new()),
                None => (Disposition::Unknown, String::new()),
                Some(one) => self.disposition(one, index, &holes, remarks),
            };
            KeywordAccount {
                name: name.clone(),
                disposition,
                targets: with_metadata(one, targets),
                origin: keyword.origin.clone(),
                span: keyword.span,
                note,
                holes,
            }
        };
        keywords.iter().enumerate().map(account).collect()
    }

    fn disposition(
        &self,
        one: &Bound<'_>,
        index: usize,
        holes: &[String],
        remarks: &Remarks,
    ) -> (Disposition, String) {
        let row = one.row;
        let note = match one.renamed.filter(|renamed| !renamed.note.is_empty()) {
            Some(renamed) => renamed.note.clone(),
            None => row.note.clone(),
        };
        let lands = matches!(row.disposition, Disposition::Mapped | Disposition::Launcher);
        let refused = remarks.refused.contains(&row.argument);
        if self.excluded.contains(&index) {
            return (Disposition::NotNeeded, "Without effect beside in_cluster=True.".to_owned());
        }
        let disposition = match row.converter {
            Converter::XcomPush if one.value.truth() == Some(false) => Disposition::NotNeeded,
            Converter::XcomPush | Converter::XcomSidecarSecurity if self.keep_sidecar => {
                Disposition::Mapped
            }
            Converter::Connection if is_default_connection(one) => Disposition::NotNeeded,
            Converter::ClusterAccess
                if row.disposition == Disposition::Manual && is_default(one) =>
            {
                Disposition::NotNeeded
            }
            _ if lands && (!holes.is_empty() || refused) => Disposition::Unresolved,
            _ if lands
                && !row.targets.is_empty()
                && row.targets_in(one.release).next().is_none() =>
            {
                let note = format!("Without effect in release {}. {note}", one.release);
                return (Disposition::NotNeeded, note);
            }
            _ => row.disposition,
        };
        (disposition, note)
    }
}

/// Keywords that stand in the metadata of the job spec are there from the start.
fn with_metadata(one: Option<&Bound<'_>>, mut targets: Vec<String>) -> Vec<String> {
    if let Some(one) = one {
        let paths = one.row.targets_in(one.release).filter(|path| path.starts_with("/metadata/"));
        targets.extend(paths.map(str::to_owned));
    }
    targets
}

fn is_default_connection(one: &Bound<'_>) -> bool {
    one.value.is_none() || one.value.as_str() == Some("kubernetes_default")
}

/// Whether a value is the newest default of its row, as far as literals go.
pub(crate) fn is_default(one: &Bound<'_>) -> bool {
    use crate::eval::Kind;
    let default = one.row.default_in(one.release).unwrap_or("None");
    match &one.value.kind {
        Kind::None => default == "None",
        Kind::Bool(true) => default == "True",
        Kind::Bool(false) => matches!(default, "False" | "None"),
        Kind::Int(int) => int.to_string() == default,
        Kind::Str(text) => text.as_literal().is_some_and(|text| default == format!("'{text}'")),
        Kind::List(items) => items.is_empty() && default == "None",
        Kind::Dict(entries) => entries.is_empty() && default == "None",
        _ => false,
    }
}

/// The accounts of an operator that cannot be carried over.
pub(crate) fn unsupported(keywords: &Keywords, bound: &[Bound<'_>]) -> Vec<KeywordAccount> {
    let account = |(index, (name, keyword)): (usize, (&String, &Keyword))| {
        let known = bound.iter().any(|one| one.index == Some(index));
        KeywordAccount {
            name: name.clone(),
            disposition: if known { Disposition::Unsupported } else { Disposition::Unknown },
            targets: Vec::new(),
            origin: keyword.origin.clone(),
            span: keyword.span,
            note: String::new(),
            holes: hole_names(keyword),
        }
    };
    keywords.iter().enumerate().map(account).collect()
}

fn hole_names(keyword: &Keyword) -> Vec<String> {
    let names: IndexSet<String> = keyword.value.holes().iter().map(|hole| hole.key()).collect();
    names.into_iter().collect()
}

/// Joins the accounts of two instances of one task: a keyword that is unresolved in one is unresolved.
pub(crate) fn join(all: &mut Vec<KeywordAccount>, more: Vec<KeywordAccount>) {
    let mut places: BTreeMap<String, usize> =
        all.iter().enumerate().rev().map(|(at, known)| (known.name.clone(), at)).collect();
    for account in more {
        match places.get(&account.name).and_then(|at| all.get_mut(*at)) {
            None => {
                places.insert(account.name.clone(), all.len());
                all.push(account);
            }
            Some(known) => {
                let unresolved = account.disposition == Disposition::Unresolved;
                if unresolved {
                    known.disposition = Disposition::Unresolved;
                }
                for target in account.targets {
                    if !known.targets.contains(&target) {
                        known.targets.push(target);
                    }
                }
                for hole in account.holes {
                    if !known.holes.contains(&hole) {
                        known.holes.push(hole);
                    }
                }
            }
        }
    }
}
