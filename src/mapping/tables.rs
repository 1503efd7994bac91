//! The mapping tables: loading, checking, looking up.
//!
//! podlift's own tables are part of the program; users add tables for their in-house operators.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use super::account::Disposition;
use super::bind::Bound;
use super::pod::literal;
use super::row::{Converter, Row, Table};
use crate::airflow::{Operator, OperatorKind};
use crate::diag::Code;
use crate::kubernetes::Models;

macro_rules! text {
    ($name:literal) => {
        (
            concat!("mappings/", $name, ".yaml"),
            include_str!(concat!("../../mappings/", $name, ".yaml")),
            include_str!(concat!(env!("OUT_DIR"), "/", $name, ".json")),
        )
    };
}

/// podlift's own tables, in the order in which the coverage table lists them: path, text, and the same as JSON, which
/// the build script made of it.
const BUILTIN: [Text; 11] = [
    text!("client"),
    text!("metadata"),
    text!("container"),
    text!("pod"),
    text!("launcher"),
    text!("gke"),
    text!("eks"),
    text!("decorators"),
    text!("job"),
    text!("spark"),
    text!("base_operator"),
];

type Text = (&'static str, &'static str, &'static str);

/// All mapping tables of a run.
#[derive(Debug, Clone)]
pub struct Tables {
    user: Vec<Table>,
}

/// A mapping table that does not agree with its format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct MappingError {
    /// The file.
    pub path: String,
    /// 1-based line; 0 when unknown.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for MappingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 {
            write!(f, "{}: {}", self.path, self.message)
        } else {
            write!(f, "{}:{}: {}", self.path, self.line, self.message)
        }
    }
}

impl Tables {
    /// podlift's own tables.
    pub fn builtin() -> Self {
        Self { user: Vec::new() }
    }

    /// podlift's own tables and those of the user, given as path (for messages) and text.
    ///
    /// # Errors
    /// Every place at which a user's table does not agree with the format.
    pub fn with_user(
        files: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Vec<MappingError>> {
        let mut tables = Self::builtin();
        let mut errors = Vec::new();
        for (path, text) in files {
            match read(&path, &text, true) {
                Ok(table) => tables.user.push(table),
                Err(found) => errors.extend(found),
            }
        }
        if errors.is_empty() { Ok(tables) } else { Err(errors) }
    }

    /// All tables, the user's first.
    pub fn all(&self) -> impl Iterator<Item = &Table> {
        self.user.iter().chain(&Builtin::get().tables)
    }

    /// All rows with their tables, the user's first.
    pub fn rows(&self) -> impl Iterator<Item = (&Table, &Row)> {
        self.all().flat_map(|table| table.rows.iter().map(move |row| (table, row)))
    }

    /// Every row for an argument name.
    pub fn find<'a>(&'a self, argument: &'a str) -> impl Iterator<Item = (&'a Table, &'a Row)> {
        self.rows().filter(move |(_, row)| row.argument == argument)
    }

    /// Whether some table is for an operator, so that its tasks become job specs.
    pub fn knows(&self, operator: &Operator) -> bool {
        self.scope(operator).is_some()
    }

    /// The operator classes of the user's tables, for the evaluator to recognise.
    pub fn operators(&self) -> impl Iterator<Item = &str> {
        self.user.iter().filter_map(|table| table.operator.as_deref())
    }

    /// The tables for an operator, strongest first; `None` for an operator no table is for.
    pub(crate) fn scope(&self, operator: &Operator) -> Option<Scope<'_>> {
        let user = self.user.iter().find(|table| {
            table.operator.as_deref().is_some_and(|name| {
                name == operator.class || operator.subclasses.iter().any(|class| class.name == name)
            })
        });
        let kind = match (operator.kind, user) {
            (OperatorKind::Other, None) => return None,
            (OperatorKind::Other, Some(table)) => {
                table.base.map_or(OperatorKind::Pod, OperatorKind::from)
            }
            (kind, _) => kind,
        };
        Some(Scope { kind, user, builtin: Builtin::get().of(kind)? })
    }
}

/// podlift's own tables, with what is asked for each task.
#[derive(Debug)]
struct Builtin {
    tables: Vec<Table>,
    scopes: Vec<(OperatorKind, Rows)>,
}

/// The rows that apply to one kind of operator, strongest first. A row is named by the number of its table and
/// its own number there.
#[derive(Debug)]
struct Rows {
    rows: Vec<(usize, usize)>,
    /// For each row, the position of the first one for its argument: its own, unless a stronger table has one.
    firsts: Vec<usize>,
    by_argument: FxHashMap<String, usize>,
    /// The positions of rows whose default may stand in the pod.
    in_pod: Vec<usize>,
}

impl Builtin {
    /// Read when they are first needed: a run whose results are all kept from an earlier one does without.
    fn get() -> &'static Self {
        static TABLES: OnceLock<Builtin> = OnceLock::new();
        // The tables are part of the program and a test reads each of them, so none is malformed here.
        TABLES.get_or_init(|| {
            let tables = BUILTIN.iter().filter_map(|(_, _, json)| serde_json::from_str(json).ok());
            Self::new(tables.collect())
        })
    }

    fn new(tables: Vec<Table>) -> Self {
        let kinds: BTreeSet<OperatorKind> = tables
            .iter()
            .flat_map(|table| &table.operators)
            .map(|name| OperatorKind::from(*name))
            .collect();
        let scopes = kinds.into_iter().map(|kind| (kind, Rows::of(kind, &tables))).collect();
        Self { tables, scopes }
    }

    fn of(&'static self, kind: OperatorKind) -> Option<BuiltinScope> {
        let (_, rows) = self.scopes.iter().find(|(other, _)| *other == kind)?;
        Some(BuiltinScope { tables: &self.tables, rows })
    }
}

impl Rows {
    fn of(kind: OperatorKind, tables: &[Table]) -> Self {
        let of_kind =
            |table: &Table| table.operators.iter().any(|name| OperatorKind::from(*name) == kind);
        let mut numbered: Vec<(usize, &Table)> =
            tables.iter().enumerate().filter(|(_, table)| of_kind(table)).collect();
        // A table for few operators is closer to this one than a table for many.
        numbered.sort_by_key(|(_, table)| table.operators.len());
        let mut all = Self {
            rows: Vec::new(),
            firsts: Vec::new(),
            by_argument: FxHashMap::default(),
            in_pod: Vec::new(),
        };
        for (number, table) in numbered {
            for (index, row) in table.rows.iter().enumerate() {
                let position = all.rows.len();
                let first = all.by_argument.entry(row.argument.clone()).or_insert(position);
                all.firsts.push(*first);
                all.rows.push((number, index));
                let has_default = row.defaults.iter().any(|one| literal(&one.value).is_some());
                if has_default && row.targets.iter().any(|target| target.pod_path.is_some()) {
                    all.in_pod.push(position);
                }
            }
        }
        all
    }
}

/// The part of podlift's own tables that applies to one operator.
#[derive(Debug, Clone, Copy)]
struct BuiltinScope {
    tables: &'static [Table],
    rows: &'static Rows,
}

impl BuiltinScope {
    fn at(self, position: usize) -> Option<(&'static Table, &'static Row)> {
        let (table, row) = *self.rows.rows.get(position)?;
        let table = self.tables.get(table)?;
        Some((table, table.rows.get(row)?))
    }

    fn position(self, argument: &str) -> Option<usize> {
        self.rows.by_argument.get(argument).copied()
    }
}

/// The tables that apply to one operator.
#[derive(Debug)]
pub(crate) struct Scope<'a> {
    /// What kind of operator the tables make of it.
    pub(crate) kind: OperatorKind,
    /// The user's table for its class.
    pub(crate) user: Option<&'a Table>,
    builtin: BuiltinScope,
}

impl<'a> Scope<'a> {
    /// The row for a keyword, by the user's table first.
    pub(crate) fn row(&self, keyword: &str) -> Option<(&'a Table, &'a Row)> {
        let by_user = |table: &'a Table| row_in(table, keyword).map(|row| (table, row));
        self.user.and_then(by_user).or_else(|| self.builtin_row(keyword))
    }

    /// The row for a keyword by podlift's own tables.
    pub(crate) fn builtin_row(&self, keyword: &str) -> Option<(&'a Table, &'a Row)> {
        self.builtin.at(self.builtin.position(keyword)?)
    }

    /// Rows of arguments that none of the keywords gives.
    pub(crate) fn absent(&self, bound: &[Bound<'_>]) -> impl Iterator<Item = &'a Row> {
        self.absent_of(0..self.builtin.rows.rows.len(), bound)
    }

    /// Those of them whose default may stand in the pod.
    pub(crate) fn absent_in_pod(&self, bound: &[Bound<'_>]) -> impl Iterator<Item = &'a Row> {
        self.absent_of(self.builtin.rows.in_pod.iter().copied(), bound)
    }

    fn absent_of(
        &self,
        positions: impl Iterator<Item = usize>,
        bound: &[Bound<'_>],
    ) -> impl Iterator<Item = &'a Row> {
        let builtin = self.builtin;
        let mut is_given = vec![false; builtin.rows.rows.len()];
        for position in bound.iter().filter_map(|one| builtin.position(&one.row.argument)) {
            if let Some(given) = is_given.get_mut(position) {
                *given = true;
            }
        }
        let is_absent = move |first: Option<&usize>| {
            first.is_some_and(|first| !is_given.get(*first).copied().unwrap_or_default())
        };
        positions
            .filter(move |position| is_absent(builtin.rows.firsts.get(*position)))
            .filter_map(move |position| builtin.at(position).map(|(_, row)| row))
    }

    /// The position of a row among all rows: the order in which values reach the pod.
    pub(crate) fn order(&self, row: &Row) -> usize {
        let of_user = self.user.map_or(&[][..], |table| &table.rows);
        let is_it = |other: &Row| std::ptr::eq(other, row);
        if let Some(position) = of_user.iter().position(is_it) {
            return position;
        }
        let first = self.builtin.position(&row.argument).unwrap_or(usize::MAX);
        first.saturating_add(of_user.len())
    }
}

fn row_in<'a>(table: &'a Table, keyword: &str) -> Option<&'a Row> {
    table.rows.iter().find(|row| row.argument == keyword)
}

/// Reads and checks one table.
fn read(path: &str, text: &str, user: bool) -> Result<Table, Vec<MappingError>> {
    let wrong = |line, message| vec![MappingError { path: path.to_owned(), line, message }];
    if user && let Some((line, message)) = crate::yaml::too_much(text) {
        return Err(wrong(line, message.to_owned()));
    }
    let table: Table = serde_yaml::from_str(text)
        .map_err(|error| wrong(error.location().map_or(0, |at| at.line()), error.to_string()))?;
    let mut errors = Vec::new();
    let mut wrong = |row: Option<&Row>, message: String| {
        if errors.len() >= MOST_ERRORS {
            return;
        }
        let line = row.map_or(1, |row| line_of(text, row));
        errors.push(MappingError { path: path.to_owned(), line, message });
    };
    match (user, table.operator.is_some(), table.operators.is_empty()) {
        (true, true, true) | (false, false, false) => {}
        (true, ..) => wrong(None, "a table needs `operator:`, the class it is for".to_owned()),
        (false, ..) => wrong(None, "a built-in table needs `operators:`".to_owned()),
    }
    let mut seen = BTreeSet::new();
    for row in &table.rows {
        if !seen.insert(row.argument.as_str()) {
            wrong(Some(row), format!("`{}` has two rows", row.argument));
        }
        for message in complaints(row, user) {
            wrong(Some(row), format!("`{}`: {message}", row.argument));
        }
    }
    if errors.is_empty() { Ok(table) } else { Err(errors) }
}

/// The line of a row, by its `argument:`.
fn line_of(text: &str, row: &Row) -> usize {
    text.lines()
        .position(|line| {
            line.trim_start_matches([' ', '-'])
                .strip_prefix("argument:")
                .is_some_and(|name| name.trim().trim_matches(['"', '\'']) == row.argument)
        })
        .map_or(0, |index| index + 1)
}

/// Errors of one table that are told.
const MOST_ERRORS: usize = 100;

/// Levels of the place where a value lands: no field of a pod lies as deep.
const MOST_LEVELS: usize = 64;

/// What is wrong with a row.
fn complaints(row: &Row, user: bool) -> Vec<String> {
    let mut found = Vec::new();
    for target in &row.targets {
        let known = ["/run/", "/client/", "/launcher/", "/job/", "/metadata/"];
        if !known.iter().any(|start| target.path.starts_with(start)) {
            found.push(format!("target `{}` is outside the job spec", target.path));
        }
        if target.path.matches('/').count() > MOST_LEVELS {
            found.push(format!("a target has more than {MOST_LEVELS} levels"));
        }
    }
    if let Some(rename) = &row.rename {
        let known = Tables::builtin_names().any(|name| name == rename.as_str());
        if !user {
            found.push("`rename` is for tables of in-house operators".to_owned());
        } else if !known {
            found.push(format!("`{rename}` is no argument podlift knows"));
        }
    }
    let needs_model = matches!(
        row.converter,
        Converter::Models | Converter::ModelOrDict | Converter::ModelsOrDicts
    );
    match &row.model {
        None if needs_model => found.push("the converter needs a `model`".to_owned()),
        Some(name) if Models::get().class(name).is_none() => {
            found.push(format!("`{name}` is no class of the Kubernetes client"));
        }
        _ => {}
    }
    if let Some(code) = &row.diagnostic
        && Code::parse(code).is_none()
    {
        found.push(format!("`{code}` is no code"));
    }
    let lands = matches!(row.disposition, Disposition::Mapped | Disposition::Launcher);
    let nowhere = row.targets.is_empty() && row.converter == Converter::None;
    if lands && nowhere && row.rename.is_none() {
        found.push("a mapped argument needs `targets`, a converter or `rename`".to_owned());
    }
    if lands && !row.targets.is_empty() && row.converter == Converter::None && user {
        found.push("a target needs a converter, such as `copy`".to_owned());
    }
    found
}

impl Tables {
    /// The arguments of podlift's own tables. It reads the texts once more instead of the parsed
    /// tables, because a user's table may be checked while those are being built.
    fn builtin_names() -> impl Iterator<Item = &'static str> {
        BUILTIN.iter().flat_map(|(_, text, _)| text.lines()).filter_map(|line| {
            line.trim_start_matches([' ', '-']).strip_prefix("argument:").map(str::trim)
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

    use super::*;

    #[test]
    fn every_builtin_table_agrees_with_the_format() {
        for (path, text, json) in BUILTIN {
            let table = read(path, text, false);
            if let Err(errors) = &table {
                let lines: Vec<_> = errors.iter().map(ToString::to_string).collect();
                assert!(errors.is_empty(), "{}", lines.join("\n"));
            }
            let from_json: Table = serde_json::from_str(json).unwrap();
            assert_eq!(format!("{from_json:?}"), format!("{:?}", table.unwrap()), "{path}");
        }
        assert_eq!(Builtin::get().tables.len(), BUILTIN.len());
    }

    fn user_error(text: &str) -> String {
        let errors = Tables::with_user([("acme.yaml".to_owned(), text.to_owned())]).unwrap_err();
        errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_malformed_row_is_told_with_its_line() {
        let text =
            "table: acme\noperator: acme.Op\nrows:\n  - argument: img\n    rename: picture\n";
        assert_eq!(user_error(text), "acme.yaml:4: `img`: `picture` is no argument podlift knows");
    }

    #[test]
    fn an_unknown_field_is_told_with_its_line() {
        let text = "table: acme\noperator: acme.Op\nrows:\n  - argument: img\n    renames: image\n";
        let message = user_error(text);
        assert!(message.starts_with("acme.yaml:5: "), "{message}");
        assert!(message.contains("unknown field `renames`"), "{message}");
    }

    #[test]
    fn a_user_table_without_its_operator_is_refused() {
        assert!(user_error("table: acme\nrows: []\n").contains("needs `operator:`"));
    }
}
