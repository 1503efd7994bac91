//! What a DAG file makes in different orders of its sets, as one: see [`crate::eval::orders`].

use indexmap::IndexMap;

use super::{Dag, Expansion, Keyword, Keywords, Loaded, Task, TaskFunction};
use crate::diag::{Code, Diagnostic};
use crate::eval::Value;
use crate::eval::object::Map;
use crate::eval::orders::{add_findings, order_hole};
use crate::python::Span;
use crate::spec::{Schedule, Timing};

/// Takes in what a file made in another order. What differs is open, and what there is in one of them only stands
/// under a condition.
pub(super) fn join(loaded: &mut Loaded, other: Loaded) {
    add_findings(&mut loaded.diagnostics, other.diagnostics);
    let dags = &mut loaded.dags;
    let findings = &mut loaded.diagnostics;
    join_lists(
        dags,
        other.dags,
        |dag| (dag.dag_id.to_template(), dag.span),
        |dag, other| join_dag(dag, other, findings),
        |dag| dag.conditions.push(order_hole(dag.span)),
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

fn join_dag(dag: &mut Dag, other: Dag, findings: &mut Vec<Diagnostic>) {
    join_keywords(&mut dag.arguments, other.arguments);
    dag.is_global |= other.is_global;
    if dag.timing != other.timing {
        dag.timing = Timing {
            schedule: Schedule::Other("it depends on the order of a set".to_owned()),
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
        |task, other| join_task(task, other, &dag_id, findings),
        |task| task.conditions.push(order_hole(task.span)),
    );
}

fn add_conditions<T: PartialEq>(conditions: &mut Vec<T>, others: Vec<T>) {
    for other in others {
        if !conditions.contains(&other) {
            conditions.push(other);
        }
    }
}

fn join_task(task: &mut Task, other: Task, dag_id: &str, findings: &mut Vec<Diagnostic>) {
    join_keywords(&mut task.keywords, other.keywords);
    if task.upstream != other.upstream || task.group != other.group {
        let what = if task.group == other.group { "the tasks before" } else { "the task group of" };
        let id = task.task_id.display();
        let message = format!(
            "{what} `{id}` cannot be known: it hangs on the order of a set, which differs from run to run"
        );
        let told = Diagnostic::new(Code::UnresolvedValue, task.span, message)
            .task(dag_id, id)
            .help("Go over `sorted(...)` instead of the set.");
        findings.push(told);
    }
    add_conditions(&mut task.conditions, other.conditions);
    task.pattern = task.pattern.take().or(other.pattern);
    task.expansion = match (task.expansion.take(), other.expansion) {
        (Some(Expansion::Known(mut instances)), Some(Expansion::Known(others)))
            if instances.len() == others.len() =>
        {
            for (keywords, others) in instances.iter_mut().zip(others) {
                join_values(keywords, others);
            }
            Some(Expansion::Known(instances))
        }
        (None, None) => None,
        (Some(Expansion::Unknown(hole)), Some(_)) | (Some(_), Some(Expansion::Unknown(hole))) => {
            Some(Expansion::Unknown(hole))
        }
        _ => Some(Expansion::Unknown(order_hole(task.span))),
    };
    if let (Some(function), Some(other)) = (&mut task.function, other.function) {
        join_function(function, other, task.span);
    }
}

fn join_function(function: &mut TaskFunction, other: TaskFunction, span: Span) {
    if function.args.len() == other.args.len() {
        function.args.iter_mut().zip(&other.args).for_each(|(a, b)| a.join_order(b));
    } else {
        function.args = vec![open(span)];
    }
    join_values(&mut function.kwargs, other.kwargs);
    match (&mut function.result, &other.result) {
        (Some(result), Some(other)) => result.join_order(other),
        (result, _) => *result = None,
    }
}

fn open(span: Span) -> Value {
    Value::new(crate::eval::Kind::Unknown(order_hole(span)), span)
}

fn join_values(values: &mut IndexMap<String, Value>, others: IndexMap<String, Value>) {
    for (name, value) in values.iter_mut() {
        match others.get(name) {
            Some(other) => value.join_order(other),
            None => *value = open(value.span),
        }
    }
    for (name, value) in others {
        let span = value.span;
        values.entry(name).or_insert_with(|| open(span));
    }
}

fn join_keywords(keywords: &mut Keywords, others: Keywords) {
    for (name, keyword) in keywords.iter_mut() {
        match others.get(name) {
            Some(other) => keyword.value.join_order(&other.value),
            None => keyword.value = open(keyword.value.span),
        }
    }
    for (name, keyword) in others {
        let value = open(keyword.value.span);
        keywords.entry(name).or_insert(Keyword { value, ..keyword });
    }
}
