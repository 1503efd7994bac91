//! Tests of mapping as a whole, and what they share.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

mod coverage;
mod examples;
mod expressions;
mod parity;
mod relatives;
mod values;

use serde_json::Value as Json;

use super::{Mapped, NoTemplates, Tables, TemplateReader, map_task};
use crate::airflow::{Dag, Keyword, Keywords, Operator, OperatorKind, Origin, Settings, Task};
use crate::eval::{Text, Value};
use crate::python::{Sources, Span};

pub(super) use expressions::evaluate_python;

/// A task of an operator with keywords given as Python.
pub(super) fn task(kind: OperatorKind, class: &str, keywords: &[(&str, &str)]) -> Task {
    let values = keywords.iter().map(|(name, python)| (*name, evaluate_python(python)));
    task_of(kind, class, values.collect())
}

pub(super) fn task_of(kind: OperatorKind, class: &str, keywords: Vec<(&str, Value)>) -> Task {
    let id = keywords
        .iter()
        .find(|(name, _)| *name == "task_id")
        .and_then(|(_, value)| value.as_str().map(str::to_owned))
        .unwrap_or_else(|| "task".to_owned());
    let keywords = keywords
        .into_iter()
        .map(|(name, value)| {
            let span = value.span;
            (name.to_owned(), Keyword { value, origin: Origin::Call, span })
        })
        .collect();
    Task {
        dag_id: Text::literal("dag"),
        task_id: Text::literal(id.clone()),
        label: Text::literal(id),
        operator: Operator {
            kind,
            class: class.to_owned(),
            subclasses: Vec::new(),
            template_fields: None,
        },
        span: Span::NONE,
        keywords,
        upstream: Vec::new(),
        group: None,
        conditions: Vec::new(),
        pattern: None,
        expansion: None,
        function: None,
    }
}

pub(super) fn dag() -> Dag {
    Dag {
        dag_id: Text::literal("dag"),
        arguments: Keywords::default(),
        span: Span::NONE,
        timing: Default::default(),
        is_global: true,
        tasks: Vec::new(),
        conditions: Vec::new(),
    }
}

pub(super) fn map(task: &Task, settings: &Settings, templates: &dyn TemplateReader) -> Mapped {
    map_task(task, &dag(), &Tables::builtin(), settings, &Sources::default(), templates, true)
}

/// What a KubernetesPodOperator with these keywords becomes.
pub(super) fn kpo(keywords: &[(&str, &str)]) -> Mapped {
    map(&task(OperatorKind::Pod, POD, keywords), &Settings::default(), &NoTemplates)
}

pub(super) const POD: &str =
    "airflow.providers.cncf.kubernetes.operators.pod.KubernetesPodOperator";

/// The job spec as JSON, to look into by pointer.
pub(super) fn spec(mapped: &Mapped) -> Json {
    serde_json::to_value(&mapped.specs[0]).unwrap()
}

/// The codes of the findings, in order.
pub(super) fn codes(mapped: &Mapped) -> Vec<&'static str> {
    mapped.diagnostics.iter().map(|told| told.code.as_str()).collect()
}
