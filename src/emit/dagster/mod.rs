//! Dagster code: a Python module for each DAG, with one asset for each job spec.
//!
//! ```text
//! definitions.py           everything, for `dagster dev`
//! defs/<dag>.py            the assets, the job and the schedule of a DAG
//! defs/resources.py        the clients, one for each way to reach a cluster
//! defs/environment.py      reads values from the environment, if any are needed
//! pyproject.toml           says where the definitions are
//! ```
//!
//! Names, relations and partitions are decided first ([`plan`], [`schedule`]), then each function is written
//! ([`asset`]) with its texts ([`text`], [`jinja`]), and last the module around them ([`module`]). The layout is that
//! of a formatter ([`python`]), so that formatting the files changes nothing.
//!
//! Rules that a reader has to know: a task that is mapped over known values becomes one asset for each of them, with its
//! index at the end of the key; a task that stands for any number of tasks becomes one asset whose open values come
//! from the environment. Tasks of other operators are no assets; dependencies go through them.

mod asset;
mod before;
mod calls;
mod jinja;
mod module;
mod names;
mod plan;
mod python;
mod resources;
mod schedule;
mod scope;
mod tell;
#[cfg(test)]
mod tests;
mod text;

use std::borrow::Cow;
use std::rc::Rc;

use super::{Batch, Emitted, Emitter, OutputFile, Parts};
use crate::diag::Diagnostic;
use crate::spec::{DagFacts, JobSpec};
pub(in crate::emit) use before::Found;
use plan::DagPlan;
pub(super) use plan::{Names, shown};
use resources::Clients;

/// Writes a Dagster project.
#[derive(Debug, Clone, Copy, Default)]
pub struct DagsterProject {
    /// Whether Airflow goes on scheduling the DAGs and hands single tasks over: each asset is then marked with its task
    /// for `dagster-airlift`, and there are no schedules.
    pub airlift: bool,
}

impl DagsterProject {
    /// The key of the asset of each job spec, in their order.
    pub fn keys(batch: &Batch<'_>) -> Vec<Vec<String>> {
        let mut names = Names::default();
        let dags = batch.by_dag();
        dags.flat_map(|(facts, specs)| asset_names(facts, specs, &mut names))
            .map(|asset| asset.key)
            .collect()
    }
}

/// Helper functions that generated modules import.
const ENVIRONMENT: &str = include_str!("environment.py");

/// Lets `dagster dev` find the definitions, and `ruff` tell the project's own modules.
const PYPROJECT: &str = "\
[tool.dagster]
module_name = \"definitions\"

[tool.ruff]
src = [\".\"]
";

impl Emitter for DagsterProject {
    fn emit(&self, batch: &Batch<'_>) -> Emitted {
        let mut emitted = Emitted::default();
        let mut names = Names { modules: names::Taken::reserved(), ..Names::default() };
        for taken in ["resources", "environment", "__init__", "definitions"] {
            names.modules.take(taken);
        }
        let mut clients = Clients::default();
        let mut modules = Vec::new();
        let mut uses_environment = false;
        for (facts, specs) in batch.by_dag() {
            let (plan, told) = planned(facts, specs, &mut names, &mut clients, self.airlift);
            emitted.diagnostics.extend(told);
            let written = module::write(&plan);
            emitted.diagnostics.extend(tell::written(&plan, &written));
            uses_environment |= written.uses_environment;
            let path = format!("defs/{}.py", plan.module);
            emitted.files.push(OutputFile { path, text: written.text });
            modules.push(plan.module);
        }
        if modules.is_empty() {
            return emitted;
        }
        let (resources, is_open) = clients.module();
        let mut file = |path: &str, text: String| {
            emitted.files.push(OutputFile { path: path.to_owned(), text });
        };
        file("defs/resources.py", resources);
        if uses_environment || is_open {
            file("defs/environment.py", format!("{}{ENVIRONMENT}", module::mark("")));
        }
        file(
            "defs/__init__.py",
            format!("{}\"\"\"Assets of Airflow DAGs.\"\"\"\n", module::mark("")),
        );
        file("definitions.py", definitions(&modules));
        file("pyproject.toml", format!("{}{PYPROJECT}", module::mark("")));
        emitted
    }

    /// All files as one text, each below its path.
    fn parts<'a>(&self, files: &'a [OutputFile]) -> Parts<'a> {
        let parted = files.iter().enumerate().flat_map(|(number, file)| {
            let line = if number > 0 { "\n" } else { "" };
            let head = Cow::Owned(format!("{line}# ==> {} <==\n", file.path));
            [head, Cow::Borrowed(file.text.as_str())]
        });
        Box::new(parted)
    }
}

/// What every form of an asset has.
pub(super) struct AssetName<'a> {
    pub(super) key: Vec<String>,
    /// What stands before it; none where that would be too much.
    pub(super) before: Option<Rc<Found<'a>>>,
    pub(super) group: String,
    pub(super) description: String,
    pub(super) owners: Rc<[String]>,
    pub(super) tags: Vec<String>,
}

/// The assets of a DAG, one for each job spec.
pub(super) fn asset_names<'a>(
    facts: &'a DagFacts,
    specs: &'a [JobSpec],
    names: &mut Names,
) -> Vec<AssetName<'a>> {
    let (_, group, _) = plan::named(facts, names);
    let tags = plan::tags(facts);
    let assets = plan::assets(facts, specs, names, &mut |_| String::new(), false);
    let asset = |asset: plan::AssetPlan<'a>| AssetName {
        key: asset.key,
        before: asset.before,
        group: group.clone(),
        description: asset.description,
        owners: asset.owners,
        tags: tags.clone(),
    };
    assets.into_iter().map(asset).collect()
}

/// Everything about a DAG that is decided before it is written.
fn planned<'a>(
    facts: &'a DagFacts,
    specs: &'a [JobSpec],
    names: &mut Names,
    clients: &mut Clients,
    airlift: bool,
) -> (DagPlan<'a>, Vec<Diagnostic>) {
    let (module, group, config_class) = plan::named(facts, names);
    let expression = schedule::expression(facts);
    let cron = expression.clone().ok().flatten();
    let is_partitioned = schedule::needs_date(specs);
    let partitions = is_partitioned.then(|| schedule::partitions(facts, cron.as_deref()));
    let mut client = |spec: &JobSpec| clients.key(spec);
    let plan = DagPlan {
        facts,
        module,
        group,
        config_class,
        tags: plan::tags(facts),
        partitions,
        schedule: match airlift {
            true => plan::SchedulePlan::None,
            false => schedule::schedule(facts, cron, is_partitioned),
        },
        airlift,
        assets: plan::assets(facts, specs, names, &mut client, true),
    };
    let no_schedule = expression.as_ref().err().filter(|_| !airlift);
    let told = tell::planned(&plan, no_schedule.map(String::as_str));
    (plan, told)
}

/// The module that `dagster` loads.
fn definitions(modules: &[String]) -> String {
    let mut sorted: Vec<&str> = modules.iter().map(String::as_str).collect();
    sorted.sort_by(|a, b| names::natural(a, b));
    let merged = python::Py::apply(
        "dg.Definitions.merge",
        sorted.iter().map(|name| python::Py::code(format!("{name}.defs"))).collect(),
    );
    format!(
        "{}\"\"\"All assets of the Airflow DAGs; `dagster dev` loads this module.\"\"\"\n\nimport dagster as dg\n\n{}\n\n{}\n",
        module::mark(""),
        module::import_from("defs", &sorted),
        python::assignment(0, "defs", &merged)
    )
}
