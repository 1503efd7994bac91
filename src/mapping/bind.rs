//! Which row each keyword of a task falls under.

use rustc_hash::FxHashSet;

use super::convert::Subject;
use super::node::Jinja;
use super::release::Release;
use super::row::{Releases, Row, Table};
use super::tables::{Scope, Tables};
use crate::airflow::{Keyword, OperatorKind, Settings};
use crate::eval::Value;
use crate::python::Span;

/// A keyword with the row that says what becomes of it.
#[derive(Debug)]
pub(crate) struct Bound<'a> {
    /// Its number among the keywords; `None` for a value that a user's table adds.
    pub(crate) index: Option<usize>,
    /// The row of the argument it stands for, after renaming.
    pub(crate) row: &'a Row,
    /// The row of the user's table that renamed it.
    pub(crate) renamed: Option<&'a Row>,
    /// Its value.
    pub(crate) value: &'a Value,
    /// Where it is written.
    pub(crate) span: Span,
    /// Whether Airflow renders it.
    pub(crate) jinja: Jinja,
    /// The release that counts for the row.
    pub(crate) release: &'a Release,
}

impl<'a> Bound<'a> {
    /// What its converter has to know.
    pub(crate) fn subject(&self) -> Subject<'_> {
        Subject {
            argument: &self.row.argument,
            row: self.row,
            release: self.release,
            jinja: self.jinja,
        }
    }
}

/// The releases a translation is for.
#[derive(Debug)]
pub(crate) struct Target {
    /// The Kubernetes provider.
    pub(crate) provider: Release,
    /// Airflow.
    pub(crate) airflow: Release,
}

impl Target {
    /// The releases of the settings; what is no release counts as the newest one podlift knows.
    pub(crate) fn of(settings: &Settings) -> Self {
        let pick = |text: &str, newest: fn(Settings) -> String| {
            Release::parse(text)
                .or_else(|_| Release::parse(&newest(Settings::default())))
                .unwrap_or_else(|_| Release::newest())
        };
        Self {
            provider: pick(&settings.provider_version, |newest| newest.provider_version),
            airflow: pick(&settings.airflow_version, |newest| newest.airflow_version),
        }
    }

    /// The release that a table counts.
    pub(crate) fn release(&self, releases: Releases) -> &Release {
        match releases {
            Releases::Provider | Releases::Google | Releases::Amazon => &self.provider,
            Releases::Airflow => &self.airflow,
        }
    }
}

impl Bound<'_> {
    /// Has Airflow take texts that are Python literals for their values.
    pub(crate) fn render_natively(&mut self) {
        if self.jinja == Jinja::Rendered {
            self.jinja = Jinja::Native;
        }
    }

    /// Has only the template fields that a subclass declares rendered.
    pub(crate) fn render_only(&mut self, own: &[String]) {
        match (own.contains(&self.row.argument), self.row.templated.is_some()) {
            (false, _) => self.jinja = Jinja::Literal,
            (true, false) => self.jinja = Jinja::Rendered,
            (true, true) => {}
        }
    }
}

/// Binds a keyword; `None` when no table knows it.
pub(crate) fn bind<'a>(
    scope: &Scope<'a>,
    target: &'a Target,
    index: usize,
    name: &str,
    keyword: &'a Keyword,
) -> Option<Bound<'a>> {
    let (table, row) = scope.row(name)?;
    let (table, row, renamed) = match &row.rename {
        Some(other) => {
            let (builtin, found) = scope.builtin_row(other)?;
            (builtin, found, Some(row))
        }
        None => (table, row, None),
    };
    Some(Bound {
        index: Some(index),
        row,
        renamed,
        value: &keyword.value,
        span: keyword.span.or(keyword.value.span),
        jinja: jinja(scope.kind, table, row, target),
        release: target.release(table.releases),
    })
}

/// Binds a value that a user's table adds to every task.
pub(crate) fn bind_fixed<'a>(
    scope: &Scope<'a>,
    target: &'a Target,
    name: &str,
    value: &'a Value,
) -> Option<Bound<'a>> {
    let (table, row) = scope.builtin_row(name)?;
    Some(Bound {
        index: None,
        row,
        renamed: None,
        value,
        span: Span::NONE,
        jinja: jinja(scope.kind, table, row, target),
        release: target.release(table.releases),
    })
}

/// The arguments of an operator in which Airflow, of the releases of the settings, renders Jinja and looks for XComs.
pub fn rendered_arguments(kind: OperatorKind, settings: &Settings) -> FxHashSet<String> {
    let target = Target::of(settings);
    Tables::builtin()
        .rows()
        .filter(|(table, row)| {
            table.operators.iter().any(|name| OperatorKind::from(*name) == kind)
                && jinja(kind, table, row, &target) == Jinja::Rendered
        })
        .map(|(_, row)| row.argument.clone())
        .collect()
}

/// Whether Airflow renders an argument.
fn jinja(kind: OperatorKind, table: &Table, row: &Row, target: &Target) -> Jinja {
    // The decorator fills these itself.
    if kind == OperatorKind::Decorated && matches!(row.argument.as_str(), "cmds" | "arguments") {
        return Jinja::Literal;
    }
    let rendered = row.templated.as_ref().is_some_and(|since| match table.releases {
        Releases::Google | Releases::Amazon => true,
        Releases::Provider | Releases::Airflow => since <= target.release(table.releases),
    });
    if rendered { Jinja::Rendered } else { Jinja::Literal }
}
