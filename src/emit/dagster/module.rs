//! The Python module of a DAG: imports, constants, run config, assets, job, schedule, definitions.

use std::collections::BTreeSet;

use indexmap::IndexMap;

use super::asset::{self, one_line};
use super::plan::{DagPlan, SchedulePlan, shown};
use super::python::{Py, assignment};
use super::scope::{Constant, Import, Module, Unported};
use crate::emit::header::MARK;

/// A written module.
pub(super) struct Written {
    pub(super) text: String,
    /// What could not be carried over, for each asset by its number.
    pub(super) unported: Vec<(usize, Unported)>,
    pub(super) uses_environment: bool,
    /// Params of the run config without a default.
    pub(super) required: Vec<String>,
}

/// The first line of every file.
pub(super) fn mark(source: &str) -> String {
    let from =
        if source.is_empty() { String::new() } else { format!(" from {}", one_line(source)) };
    format!("{MARK}{}{from}\n", env!("CARGO_PKG_VERSION"))
}

/// Writes the module of a DAG.
pub(super) fn write(plan: &DagPlan<'_>) -> Written {
    let mut module = Module::new();
    let mut unported = Vec::new();
    let mut assets = String::new();
    let mut shared = asset::Shared::of(plan);
    for (number, one) in plan.assets.iter().enumerate() {
        let written = asset::write(number, one, plan, &mut module, &mut shared);
        assets.push_str("\n\n");
        assets.push_str(&written.text);
        unported.extend(written.unported.into_iter().map(|what| (number, what)));
    }
    let config = if module.config.is_empty() {
        String::new()
    } else {
        format!("\n\n{}", asset::config_class(&plan.config_class, &mut module))
    };
    let required = module.config.values().filter(|field| field.default.is_none());
    let required = required.map(|field| field.param.clone()).collect();
    let clients: BTreeSet<&str> = plan.assets.iter().map(|one| one.client.as_str()).collect();
    let uses_environment =
        module.imports.contains(&Import::ValueOf) || module.imports.contains(&Import::Unported);
    let text = [
        mark(&plan.facts.source),
        docstring(plan),
        imports(&module, plan, &clients),
        constants(&module),
        scripts(&module),
        partitions(plan),
        config,
        assets,
        ending(plan, &clients),
    ]
    .concat();
    Written { text, unported, uses_environment, required }
}

fn docstring(plan: &DagPlan<'_>) -> String {
    let head = format!("Airflow DAG `{}`.", shown(&plan.facts.id));
    let more = plan.facts.doc.as_deref().or(plan.facts.description.as_deref()).map(shown);
    let mut lines = vec![head];
    if let Some(more) = more.filter(|more| !more.trim().is_empty()) {
        lines.push(String::new());
        lines.extend(dedented(&more));
    }
    let text: Vec<String> = lines.iter().map(|line| escaped(line)).collect();
    match text.as_slice() {
        // A quote at the end would join those that close the text.
        [only] if !only.ends_with('"') => format!("\"\"\"{only}\"\"\"\n"),
        _ => format!("\"\"\"{}\n\"\"\"\n", text.join("\n")),
    }
}

/// The lines of a text without the indentation they share and without blank ones at its ends.
fn dedented(text: &str) -> Vec<String> {
    let text = text.replace('\t', "    ");
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let depth = |line: &&str| line.len() - line.trim_start_matches(' ').len();
    let least = lines.iter().skip(1).filter(|line| !line.is_empty()).map(depth).min().unwrap_or(0);
    let mut lines: Vec<String> = lines
        .iter()
        .map(|line| line.get(depth(line).min(least)..).unwrap_or_default().to_owned())
        .skip_while(String::is_empty)
        .collect();
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    if let Some(first) = lines.first_mut() {
        *first = first.trim_start().to_owned();
    }
    lines
}

/// A line of a docstring.
fn escaped(line: &str) -> String {
    let line = crate::emit::header::comment(line);
    line.replace('\\', "\\\\").replace("\"\"\"", "\\\"\\\"\\\"")
}

fn imports(module: &Module, plan: &DagPlan<'_>, clients: &BTreeSet<&str>) -> String {
    let has = |import: Import| module.imports.contains(&import);
    let mut standard = Vec::new();
    if has(Import::Json) {
        standard.push("import json".to_owned());
    }
    if has(Import::Os) {
        standard.push("import os".to_owned());
    }
    let of_datetime = [
        (Import::Date, "date"),
        (Import::Datetime, "datetime"),
        (Import::Timedelta, "timedelta"),
        (Import::Timezone, "timezone"),
    ];
    let names: Vec<&str> =
        of_datetime.iter().filter(|(import, _)| has(*import)).map(|(_, name)| *name).collect();
    if !names.is_empty() {
        standard.push(format!("from datetime import {}", names.join(", ")));
    }
    if has(Import::Any) {
        standard.push("from typing import Any".to_owned());
    }
    if has(Import::ZoneInfo) {
        standard.push("from zoneinfo import ZoneInfo".to_owned());
    }
    let mut third = vec!["import dagster as dg"];
    if plan.airlift {
        third.push("from dagster_airlift.core import assets_with_task_mappings");
    }
    third.push("from dagster_k8s import PipesK8sClient");
    if has(Import::Field) {
        third.push("from pydantic import Field");
    }
    let mut own = Vec::new();
    let environment = [(Import::Unported, "unported"), (Import::ValueOf, "value_of")];
    let names: Vec<&str> =
        environment.iter().filter(|(import, _)| has(*import)).map(|(_, name)| *name).collect();
    if !names.is_empty() {
        own.push(format!("from defs.environment import {}", names.join(", ")));
    }
    own.push(import_from("defs.resources", &clients.iter().copied().collect::<Vec<_>>()));
    let mut text = String::from("\n");
    if !standard.is_empty() {
        text.push_str(&format!("{}\n\n", standard.join("\n")));
    }
    text.push_str(&format!("{}\n\n{}\n", third.join("\n"), own.join("\n")));
    text
}

/// `from module import a, b`, over several lines where it has to be.
pub(super) fn import_from(module: &str, names: &[&str]) -> String {
    let flat = format!("from {module} import {}", names.join(", "));
    if flat.len() <= 88 {
        return flat;
    }
    format!("from {module} import (\n    {},\n)", names.join(",\n    "))
}

fn constants(module: &Module) -> String {
    if module.constants.is_empty() {
        return String::new();
    }
    format!("\n{}", constant_lines(module.constants.values()))
}

/// Texts of several lines, as they are.
fn scripts(module: &Module) -> String {
    let script = |(text, name): (&String, &String)| {
        format!("\n{name} = \"\"\"\\\n{}\"\"\"\n", text.replace('\\', "\\\\"))
    };
    module.scripts.iter().map(script).collect()
}

/// Constants with what the DAG says above them.
pub(super) fn constant_lines<'a>(constants: impl Iterator<Item = &'a Constant>) -> String {
    let mut text = String::new();
    for constant in constants {
        if !constant.comment.is_empty() {
            text.push_str(&format!("# {}\n", one_line(&constant.comment)));
        }
        let value = match &constant.default {
            None => Py::apply("dg.EnvVar", vec![Py::str(&constant.variable)]),
            Some(default) => {
                Py::apply("os.environ.get", vec![Py::str(&constant.variable), Py::str(default)])
            }
        };
        text.push_str(&assignment(0, &constant.name, &value));
        text.push('\n');
    }
    text
}

fn partitions(plan: &DagPlan<'_>) -> String {
    match &plan.partitions {
        None => String::new(),
        Some(it) => format!("\n{}\n", assignment(0, "partitions", &it.definition)),
    }
}

fn ending(plan: &DagPlan<'_>, clients: &BTreeSet<&str>) -> String {
    let mut text = String::from("\n\n");
    let mut job = vec![
        ("name", Py::str(&plan.group)),
        ("selection", Py::apply("dg.AssetSelection.groups", vec![Py::str(&plan.group)])),
    ];
    if plan.partitions.is_some() {
        job.push(("partitions_def", Py::code("partitions")));
    }
    text.push_str(&assignment(0, "job", &Py::call("dg.define_asset_job", job)));
    text.push('\n');
    let schedule = match &plan.schedule {
        SchedulePlan::None => None,
        SchedulePlan::Partitioned => {
            Some(Py::apply("dg.build_schedule_from_partitioned_job", vec![Py::code("job")]))
        }
        SchedulePlan::Cron { expression, zone } => {
            let mut args = vec![("job", Py::code("job")), ("cron_schedule", Py::str(expression))];
            args.extend(zone.as_ref().map(|zone| ("execution_timezone", Py::str(zone))));
            Some(Py::call("dg.ScheduleDefinition", args))
        }
    };
    if let Some(schedule) = &schedule {
        text.push_str(&format!("\n{}\n", assignment(0, "schedule", schedule)));
    }
    let assets = match plan.airlift {
        true => with_task_mappings(plan),
        false => Py::List(plan.assets.iter().map(|one| Py::code(&one.function)).collect()),
    };
    let resources = clients.iter().map(|client| (Py::str(*client), Py::code(*client)));
    let mut args = vec![("assets", assets), ("jobs", Py::List(vec![Py::code("job")]))];
    if schedule.is_some() {
        args.push(("schedules", Py::List(vec![Py::code("schedule")])));
    }
    args.push(("resources", Py::Dict(resources.collect())));
    let args = args.into_iter().map(|(name, value)| (Some(name.to_owned()), value)).collect();
    let defs =
        Py::Call { function: "dg.Definitions".to_owned(), args, tail: String::new(), spread: true };
    text.push_str(&format!("\n{}\n", assignment(0, "defs", &defs)));
    text
}

/// The assets, each with the task whose work it does.
fn with_task_mappings(plan: &DagPlan<'_>) -> Py {
    let mut tasks: IndexMap<&str, Vec<Py>> = IndexMap::new();
    for asset in &plan.assets {
        let task = asset.spec.metadata.task.as_str();
        tasks.entry(task).or_default().push(Py::code(&asset.function));
    }
    let mappings =
        tasks.into_iter().map(|(task, functions)| (Py::str(shown(task)), Py::List(functions)));
    let args = vec![
        ("dag_id", Py::str(shown(&plan.facts.id))),
        ("task_mappings", Py::Dict(mappings.collect())),
    ];
    Py::call("assets_with_task_mappings", args)
}
