//! What a DAG file makes in different surroundings, as one: see [`crate::eval::surroundings`].

use indexmap::IndexMap;

use super::{Dag, Expansion, Keyword, Keywords, Loaded, Task, TaskFunction};
use crate::diag::{Code, Diagnostic};
use crate::eval::Value;
use crate::eval::object::Map;
use crate::eval::surroundings::{Asked, add_findings};
use crate::python::Span;
use crate::spec::{Schedule, Timing};

/// Takes in what a file made in others. What differs is open, and what there is in one of them only stands
/// under a condition.
pub(super) fn join(loaded: &mut Loaded, other: Loaded, asked: Asked) {
    add_findings(&mut loaded.diagnostics, other.diagnostics);
    let dags = &mut loaded.dags;
    let findings = &mut loaded.diagnostics;
    join_lists(
        dags,
        other.dags,
        |dag| (dag.dag_id.to_template(), dag.span),
        |dag, other| join_dag(dag, other, asked, findings),
        |dag| dag.conditions.push(asked.hole(dag.span)),
    );
}

/// Joins things that are the same one by `key`: the first of those with one key is the first of the others with it.
fn join_lists<T, K: std::hash::Hash + Eq>(
    list: &mut Vec<T>,
    others: Vec<T>,
    key: impl Fn(&T) -> K,
    mut both: impl FnMut(&mut T, T),
    mut alone: impl FnMut(&mut T),
) {
    let mut found: Map<K, Vec<T>> = Map::default();
    for other in others.into_iter().rev() {
        found.entry(key(&other)).or_default().push(other);
    }
    for item in list.iter_mut() {
        match found.get_mut(&key(item)).and_then(Vec::pop) {
            Some(other) => both(item, other),
            None => alone(item),
        }
    }
    let left = found.into_values().rev().flat_map(|others| others.into_iter().rev());
    list.extend(left.map(|mut other| {
        alone(&mut other);
        other
    }));
}

fn join_dag(dag: &mut Dag, other: Dag, asked: Asked, findings: &mut Vec<Diagnostic>) {
    join_keywords(&mut dag.arguments, other.arguments, asked);
    dag.is_global |= other.is_global;
    if dag.timing != other.timing {
        dag.timing = Timing {
            schedule: Schedule::Other(asked.reason()),
            start: None,
            zone: None,
            is_trigger: dag.timing.is_trigger,
        };
    }
    add_conditions(&mut dag.conditions, other.conditions);
    let dag_id = dag.dag_id.display();
    join_lists(
        &mut dag.tasks,
        other.tasks,
        |task| {
            let text = task.function.as_ref().map(|function| function.text.clone());
            (task.task_id.to_template(), task.span, task.operator.class.clone(), text)
        },
        |task, other| join_task(task, other, &dag_id, asked, findings),
        |task| task.conditions.push(asked.hole(task.span)),
    );
}

fn add_conditions<T: PartialEq>(conditions: &mut Vec<T>, others: Vec<T>) {
    if *conditions == others {
        return;
    }
    for other in others {
        if !conditions.contains(&other) {
            conditions.push(other);
        }
    }
}

fn join_task(
    task: &mut Task,
    other: Task,
    dag_id: &str,
    asked: Asked,
    findings: &mut Vec<Diagnostic>,
) {
    join_keywords(&mut task.keywords, other.keywords, asked);
    if task.upstream != other.upstream || task.group != other.group {
        let what = if task.group == other.group { "the tasks before" } else { "the task group of" };
        let id = task.task_id.display();
        let message = format!("{what} `{id}` cannot be known: {}", asked.reason());
        let told = Diagnostic::new(Code::UnresolvedValue, task.span, message)
            .task(dag_id, id)
            .help("Go over `sorted(...)` instead.");
        findings.push(told);
    }
    add_conditions(&mut task.conditions, other.conditions);
    task.pattern = task.pattern.take().or(other.pattern);
    task.expansion = match (task.expansion.take(), other.expansion) {
        (Some(Expansion::Known(mut instances)), Some(Expansion::Known(others)))
            if instances.len() == others.len() =>
        {
            for (keywords, others) in instances.iter_mut().zip(others) {
                join_values(keywords, others, asked);
            }
            Some(Expansion::Known(instances))
        }
        (None, None) => None,
        (Some(Expansion::Unknown(hole)), Some(_)) | (Some(_), Some(Expansion::Unknown(hole))) => {
            Some(Expansion::Unknown(hole))
        }
        _ => Some(Expansion::Unknown(asked.hole(task.span))),
    };
    if let (Some(function), Some(other)) = (&mut task.function, other.function) {
        join_function(function, other, task.span, asked);
    }
}

fn join_function(function: &mut TaskFunction, other: TaskFunction, span: Span, asked: Asked) {
    if function.args.len() == other.args.len() {
        function.args.iter_mut().zip(&other.args).for_each(|(a, b)| a.join_other(b, asked));
    } else {
        function.args = vec![open(span, asked)];
    }
    join_values(&mut function.kwargs, other.kwargs, asked);
    match (&mut function.result, &other.result) {
        (Some(result), Some(other)) => result.join_other(other, asked),
        (result, _) => *result = None,
    }
}

fn open(span: Span, asked: Asked) -> Value {
    Value::new(crate::eval::Kind::Unknown(asked.hole(span)), span)
}

fn join_values(
    values: &mut IndexMap<String, Value>,
    others: IndexMap<String, Value>,
    asked: Asked,
) {
    for (name, value) in values.iter_mut() {
        match others.get(name) {
            Some(other) => value.join_other(other, asked),
            None => *value = open(value.span, asked),
        }
    }
    for (name, value) in others {
        let span = value.span;
        values.entry(name).or_insert_with(|| open(span, asked));
    }
}

fn join_keywords(keywords: &mut Keywords, others: Keywords, asked: Asked) {
    for (name, keyword) in keywords.iter_mut() {
        match others.get(name) {
            Some(other) => keyword.value.join_other(&other.value, asked),
            None => keyword.value = open(keyword.value.span, asked),
        }
    }
    for (name, keyword) in others {
        let value = open(keyword.value.span, asked);
        keywords.entry(name).or_insert(Keyword { value, ..keyword });
    }
}
