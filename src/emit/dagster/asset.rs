//! One asset: the decorated function that runs the pod of one job spec.

use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::Value as Json;

use super::jinja::{Task, Writer};
use super::plan::{AssetPlan, DagPlan};
use super::python::{Py, assignment, quoted, width};
use super::scope::{Body, Import, Local, Module};
use super::text::{Holes, Takes, Walk};
use crate::kubernetes::Type;
use crate::spec::{JobSpec, Open, Pointer};

/// A written asset.
pub(super) struct Asset {
    /// The function with its decorator.
    pub(super) text: String,
    /// What could not be carried over, and of which text.
    pub(super) unported: Vec<super::scope::Unported>,
}

/// Writes the asset of a job spec, by its number in the DAG.
pub(super) fn write(
    number: usize,
    plan: &AssetPlan<'_>,
    dag: &DagPlan<'_>,
    module: &mut Module,
    shared: &mut Shared,
) -> Asset {
    let mut body = Body { taken: super::names::Taken::reserved(), ..Body::default() };
    body.taken.take(&plan.client);
    let run = run_call(plan, dag, module, &mut body);
    let mut text = decorator(number, plan, dag, module, shared);
    text.push_str(&signature(plan, dag, &body));
    let lines = locals(&body, dag, module);
    for line in &lines {
        text.push_str(line);
        text.push('\n');
    }
    if !lines.is_empty() {
        text.push('\n');
    }
    text.push_str("    return ");
    text.push_str(&run.layout(4, 11, 0));
    text.push('\n');
    Asset { text, unported: body.unported }
}

fn decorator(
    number: usize,
    plan: &AssetPlan<'_>,
    dag: &DagPlan<'_>,
    module: &mut Module,
    shared: &mut Shared,
) -> String {
    let mut above = String::new();
    let mut args = vec![("key", Py::List(plan.key.iter().map(Py::str).collect()))];
    if plan.deps(number).next().is_some() {
        let address = plan.before.as_ref().map(address);
        let deps = || deps(number, plan, dag);
        args.push(("deps", shared.value(address, "UPSTREAM", deps, module, &mut above)));
    }
    if dag.partitions.is_some() {
        args.push(("partitions_def", Py::code("partitions")));
    }
    args.push(("group_name", Py::str(&dag.group)));
    args.push(("description", Py::str(&plan.description)));
    if !plan.owners.is_empty() {
        let owners = || Py::List(plan.owners.iter().map(Py::str).collect());
        let address = Some(address(&plan.owners));
        args.push(("owners", shared.value(address, "OWNERS", owners, module, &mut above)));
    }
    if !dag.tags.is_empty() {
        let tags = || Py::Dict(dag.tags.iter().map(|tag| (Py::str(tag), Py::str(""))).collect());
        let address = Some(dag.tags.as_ptr().addr());
        args.push(("tags", shared.value(address, "TAGS", tags, module, &mut above)));
    }
    args.push(("kinds", Py::Set(vec![Py::str("kubernetes")])));
    if let Some(policy) = retry_policy(plan.spec) {
        args.push(("retry_policy", policy));
    }
    if let Some(pool) = &plan.pool {
        args.push(("pool", Py::str(pool)));
    }
    let call = spread("dg.asset", args, "");
    format!("{above}@{}\n", call.layout(0, 1, 0))
}

/// The assets before one: functions that stand above it, and the keys of others.
fn deps(number: usize, plan: &AssetPlan<'_>, dag: &DagPlan<'_>) -> Py {
    let dep = |other: usize| {
        let asset = dag.assets.get(other)?;
        Some(match other < number {
            true => Py::code(&asset.function),
            false => {
                let key = asset.key.iter().map(Py::str).collect();
                Py::apply("dg.AssetKey", vec![Py::List(key)])
            }
        })
    };
    Py::List(plan.deps(number).filter_map(dep).collect())
}

/// The fewest dependencies, owners or tags that are written once for several assets.
const LONG: usize = 20;

/// Names of what stands above the first of several assets that have it, as far as it has got one; by its address.
pub(super) struct Shared(FxHashMap<usize, Option<String>>);

impl Shared {
    pub(super) fn of(dag: &DagPlan<'_>) -> Self {
        let mut users: FxHashMap<usize, FxHashSet<usize>> = FxHashMap::default();
        let mut deps: FxHashMap<usize, &[usize]> = FxHashMap::default();
        for (number, asset) in dag.assets.iter().enumerate() {
            let mut add = |length: usize, address: usize| {
                if length >= LONG {
                    users.entry(address).or_default().insert(number);
                }
            };
            add(asset.owners.len(), address(&asset.owners));
            add(dag.tags.len(), dag.tags.as_ptr().addr());
            if let Some(found) = &asset.before {
                add(found.assets.len(), address(found));
                deps.insert(address(found), &found.assets);
            }
        }
        users.retain(|address, users| {
            // No asset can depend on itself.
            let is_own = |number: &usize| users.contains(number);
            users.len() > 1 && !deps.get(address).is_some_and(|deps| deps.iter().any(is_own))
        });
        Self(users.into_keys().map(|address| (address, None)).collect())
    }

    /// A value as it stands in the decorator: the name for it if it is worth one, which is written above the first time.
    fn value(
        &mut self,
        address: Option<usize>,
        wish: &str,
        value: impl FnOnce() -> Py,
        module: &mut Module,
        above: &mut String,
    ) -> Py {
        match address.and_then(|address| self.0.get_mut(&address)) {
            None => value(),
            Some(Some(name)) => Py::code(&*name),
            Some(name) => {
                let name = name.insert(module.taken.take(wish));
                above.push_str(&assignment(0, name, &value()));
                above.push_str("\n\n\n");
                Py::code(&*name)
            }
        }
    }
}

/// What tells a shared value from others.
fn address<T: ?Sized>(shared: &Rc<T>) -> usize {
    Rc::as_ptr(shared).addr()
}

fn spread(function: &str, args: Vec<(&str, Py)>, tail: &str) -> Py {
    let args = args.into_iter().map(|(name, value)| (Some(name.to_owned()), value)).collect();
    Py::Call { function: function.to_owned(), args, tail: tail.to_owned(), spread: true }
}

/// Airflow waits 300 s between two attempts unless the task says otherwise.
fn retry_policy(spec: &JobSpec) -> Option<Py> {
    let launcher = &spec.launcher;
    let Some(Open::Known(retries)) = launcher.retries else { return None };
    if retries < 1.0 {
        return None;
    }
    let delay = match launcher.retry_delay_seconds {
        Some(Open::Known(delay)) => delay,
        _ => 300.0,
    };
    let mut args = vec![("max_retries", number(retries.trunc())), ("delay", number(delay))];
    if matches!(launcher.retry_exponential_backoff, Some(Open::Known(true))) {
        args.push(("backoff", Py::code("dg.Backoff.EXPONENTIAL")));
    }
    Some(Py::call("dg.RetryPolicy", args))
}

fn number(number: f64) -> Py {
    Py::code(number.to_string())
}

fn signature(plan: &AssetPlan<'_>, dag: &DagPlan<'_>, body: &Body) -> String {
    let mut params = vec![
        "context: dg.AssetExecutionContext".to_owned(),
        format!("{}: PipesK8sClient", plan.client),
    ];
    if body.uses_config {
        params.push(format!("config: {}", dag.config_class));
    }
    let head = format!("def {}(", plan.function);
    let tail = ") -> dg.MaterializeResult:";
    let flat = format!("{head}{}{tail}", params.join(", "));
    if width(&flat) <= 88 {
        return format!("{flat}\n");
    }
    format!("{head}\n    {},\n{tail}\n", params.join(",\n    "))
}

/// The assignments above the call.
fn locals(body: &Body, dag: &DagPlan<'_>, module: &mut Module) -> Vec<String> {
    let mut needed = body.locals.clone();
    for local in &body.locals {
        needed.extend(local.needs(dag.windows()));
    }
    let mut lines: Vec<String> = needed
        .iter()
        .map(|local: &Local| assignment(4, local.name(), &local.value(dag.windows(), module)))
        .collect();
    for hoisted in &body.hoisted {
        lines.extend(hoisted.comment.iter().map(|comment| format!("    # {}", one_line(comment))));
        lines.push(match hoisted.name.as_str() {
            "" => format!("    {}", hoisted.value.layout(4, 4, 0)),
            name => assignment(4, name, &hoisted.value),
        });
    }
    lines
}

/// A text that stays within its comment.
pub(super) fn one_line(text: &str) -> String {
    crate::emit::header::comment(text).trim_end().to_owned()
}

/// `client.run(...)` with everything the job spec holds.
fn run_call(plan: &AssetPlan<'_>, dag: &DagPlan<'_>, module: &mut Module, body: &mut Body) -> Py {
    let spec = plan.spec;
    let task = Task {
        dag: &dag.facts.id,
        task: &spec.metadata.task,
        map_index: spec.metadata.map_index,
        params: &plan.params,
        unset: &plan.unset,
    };
    let templates = spec.templates.iter().map(|template| template.path.as_str()).collect();
    let mut walk = Walk {
        templates,
        holes: Holes::of(spec),
        writer: Writer { module, body, task, holes: Vec::new() },
    };
    let run = &spec.run;
    let at = Pointer::default().key("run");
    let mut args = vec![("context", Py::code("context"))];
    if let Some(namespace) = &run.namespace {
        args.push((
            "namespace",
            walk.text(namespace, &at.key("namespace"), Takes::Text, "namespace"),
        ));
    }
    let meta = Type::Model("V1ObjectMeta");
    let pod = Type::Model("V1PodSpec");
    let fields = [
        ("base_pod_meta", &run.base_pod_meta, Takes::Typed(&meta)),
        ("base_pod_spec", &run.base_pod_spec, Takes::Typed(&pod)),
    ];
    for (name, map, takes) in fields {
        if !map.is_empty() {
            args.push((name, walk.value(&Json::Object(map.clone()), &at.key(name), takes, name)));
        }
    }
    if !run.ignore_containers.is_empty() {
        let names = run.ignore_containers.iter().enumerate().map(|(index, name)| {
            walk.text(name, &at.key("ignore_containers").index(index), Takes::Text, "container")
        });
        args.push(("ignore_containers", Py::Set(names.collect())));
    }
    let flag = |flag: bool| Py::code(if flag { "True" } else { "False" });
    if let Some(enabled) = run.enable_multi_container_logs {
        args.push(("enable_multi_container_logs", flag(enabled)));
    }
    if let Some(timeout) = run.pod_wait_timeout {
        args.push(("pod_wait_timeout", number(timeout)));
    }
    match &run.delete_pod_on_completion {
        None => {}
        Some(Open::Known(delete)) => args.push(("delete_pod_on_completion", flag(*delete))),
        Some(Open::Text(text)) => {
            let value = walk.text(text, &at.key("delete_pod_on_completion"), Takes::Json, "delete");
            args.push(("delete_pod_on_completion", value));
        }
    }
    if !run.extras.is_empty() {
        let extras = Json::Object(run.extras.clone());
        args.push(("extras", walk.value(&extras, &at.key("extras"), Takes::Json, "extras")));
    }
    spread(&format!("{}.run", plan.client), args, ".get_materialize_result()")
}

/// The class of the run config.
pub(super) fn config_class(name: &str, module: &mut Module) -> String {
    let mut text = format!("class {name}(dg.Config):\n    \"\"\"Params of the DAG.\"\"\"\n\n");
    let fields: Vec<_> = module.config.values().cloned().collect();
    for field in fields {
        let kind = match &field.default {
            None if matches!(field.takes.as_str(), "array" | "object") => {
                module.imports.insert(Import::Any);
                let kind = if field.takes == "array" {
                    "list[Any | None]"
                } else {
                    "dict[str, Any | None]"
                };
                kind.to_owned()
            }
            None => match field.takes.as_str() {
                "integer" => "int".to_owned(),
                "number" => "float".to_owned(),
                "boolean" => "bool".to_owned(),
                _ => "str".to_owned(),
            },
            Some(Json::String(_)) => "str".to_owned(),
            Some(Json::Bool(_)) => "bool".to_owned(),
            Some(Json::Number(number)) if number.is_f64() => "float".to_owned(),
            Some(Json::Number(_)) => "int".to_owned(),
            Some(Json::Null) => "str | None".to_owned(),
            // Dagster's `Any` takes no None where a list or a dict holds it, and params do.
            Some(Json::Array(_)) => {
                module.imports.insert(Import::Any);
                "list[Any | None]".to_owned()
            }
            Some(Json::Object(_)) => {
                module.imports.insert(Import::Any);
                "dict[str, Any | None]".to_owned()
            }
        };
        if field.name != field.param {
            text.push_str(&format!("    # Param {}.\n", one_line(&quoted(&field.param))));
        }
        let head = format!("{}: {kind}", field.name);
        match &field.default {
            Some(default @ (Json::Array(_) | Json::Object(_))) => {
                module.imports.insert(Import::Field);
                let value = Py::call("Field", vec![("default", literal(default))]);
                text.push_str(&assignment(4, &head, &value));
                text.push('\n');
            }
            None => text.push_str(&format!("    {head}\n")),
            Some(default) => {
                text.push_str(&assignment(4, &head, &literal(default)));
                text.push('\n');
            }
        }
    }
    text
}

/// JSON as a Python literal.
pub(super) fn literal(value: &Json) -> Py {
    match value {
        Json::Null => Py::code("None"),
        Json::Bool(flag) => Py::code(if *flag { "True" } else { "False" }),
        Json::Number(number) => Py::code(number.to_string()),
        Json::String(text) => Py::str(text),
        Json::Array(items) => Py::List(items.iter().map(literal).collect()),
        Json::Object(fields) => {
            Py::Dict(fields.iter().map(|(key, value)| (Py::str(key), literal(value))).collect())
        }
    }
}
