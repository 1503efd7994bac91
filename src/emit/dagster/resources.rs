//! `PipesK8sClient` resources: one for each way to reach a cluster, whatever DAGs use it.

use serde_json::json;

use super::module::{constant_lines, mark};
use super::names::{Taken, snake};
use super::plan::shown;
use super::python::{Py, assignment, quoted};
use super::scope::{Import, Module};
use crate::eval::template::{self, Part};
use crate::spec::{Client, JobSpec, Open};

/// The clients of all job specs.
#[derive(Default)]
pub(super) struct Clients {
    known: Vec<(String, Client, JobSpec)>,
    taken: Taken,
}

impl Clients {
    /// The key of the client of a job spec.
    pub(super) fn key(&mut self, spec: &JobSpec) -> String {
        if let Some((key, ..)) = self.known.iter().find(|(_, known, _)| *known == spec.client) {
            return key.clone();
        }
        let client = &spec.client;
        let base = "pipes_k8s_client";
        let file = client.kubeconfig_file.as_deref().map(|path| {
            let name = path.rsplit('/').next().unwrap_or(path);
            name.split('.').next().unwrap_or(name)
        });
        let wish = match (client.kube_context.as_deref(), file, &client.load_incluster_config) {
            (Some(of), ..) | (None, Some(of), _) => {
                format!("{base}_{}", snake(&shown(of)).trim_start_matches('_'))
            }
            (None, None, Some(Open::Known(true))) => format!("{base}_in_cluster"),
            _ => base.to_owned(),
        };
        let key = self.taken.take(&wish);
        self.known.push((key.clone(), client.clone(), spec.clone()));
        key
    }

    /// The module that makes them, and whether it reads the environment.
    pub(super) fn module(&self) -> (String, bool) {
        let mut module = Module::new();
        let mut made = String::new();
        let mut factories = String::new();
        for (key, client, spec) in &self.known {
            let (args, is_open) = arguments(client, spec, &mut module);
            let call = Py::call("PipesK8sClient", args);
            if is_open {
                // What is not known is read when a run starts, so that this module loads without it.
                factories.push_str(&format!(
                    "\n\n@dg.resource\ndef {key}() -> PipesK8sClient:\n    return {}\n",
                    call.layout(4, 11, 0)
                ));
            } else {
                made.push_str(&format!("\n{}\n", assignment(0, key, &call)));
            }
        }
        let mut text = mark("");
        text.push_str("\"\"\"Access to the clusters.\"\"\"\n\n");
        let uses_environment = module.imports.contains(&Import::ValueOf);
        let has_open = !factories.is_empty();
        if module.imports.contains(&Import::Json) {
            text.push_str("import json\n");
        }
        if module.imports.contains(&Import::Os) {
            text.push_str("import os\n");
        }
        if !module.imports.is_disjoint(&[Import::Json, Import::Os].into()) {
            text.push('\n');
        }
        if has_open || !module.constants.is_empty() {
            text.push_str("import dagster as dg\n");
        }
        text.push_str("from dagster_k8s import PipesK8sClient\n");
        if uses_environment {
            text.push_str("\nfrom defs.environment import value_of\n");
        }
        if !module.constants.is_empty() {
            text.push_str(&format!("\n{}", constant_lines(module.constants.values())));
        }
        text.push_str(&made);
        text.push_str(&factories);
        (text, uses_environment)
    }
}

/// The arguments of a client, and whether one of them is open.
fn arguments<'a>(
    client: &Client,
    spec: &JobSpec,
    module: &mut Module,
) -> (Vec<(&'a str, Py)>, bool) {
    let mut args = Vec::new();
    let mut is_open = false;
    match &client.load_incluster_config {
        None => {}
        Some(Open::Known(flag)) => {
            args.push(("load_incluster_config", Py::code(if *flag { "True" } else { "False" })));
        }
        Some(Open::Text(text)) => {
            is_open = true;
            module.imports.insert(Import::Json);
            let value = text_of(text, spec, module);
            args.push(("load_incluster_config", Py::apply("json.loads", vec![value.0])));
        }
    }
    let texts =
        [("kubeconfig_file", &client.kubeconfig_file), ("kube_context", &client.kube_context)];
    for (name, text) in texts {
        if let Some(text) = text {
            let (value, open) = text_of(text, spec, module);
            is_open |= open;
            args.push((name, value));
        }
    }
    if let Some(seconds) = client.poll_interval {
        // Dagster refuses an integer here.
        args.push(("poll_interval", Py::code(format!("{seconds:?}"))));
    }
    (args, is_open)
}

fn text_of(text: &str, spec: &JobSpec, module: &mut Module) -> (Py, bool) {
    let Ok(parts) = template::parse(text) else { return (Py::str(text), false) };
    let mut codes = Vec::new();
    let mut is_open = false;
    for part in &parts {
        match part {
            Part::Literal(text) => codes.push(quoted(text)),
            Part::Hole { kind, name } => {
                is_open = true;
                let known = spec.holes.iter().find(|hole| hole.name == format!("{kind}:{name}"));
                let default = known.and_then(|hole| hole.default.as_ref());
                let default =
                    default.filter(|value| **value != json!(null)).and_then(|it| it.as_str());
                let comment = known
                    .map_or_else(String::new, |hole| format!("{}, {}", hole.reason, hole.source));
                codes.push(module.lookup(*kind, name, default.map(str::to_owned), &comment));
            }
        }
    }
    if codes.is_empty() {
        codes.push(quoted(""));
    }
    (Py::code(codes.join(" + ")), is_open)
}
