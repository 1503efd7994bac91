//! Names and relations of the assets of a DAG, decided before any of them is written.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use indexmap::{IndexMap, IndexSet};
use rustc_hash::FxHashMap;
use serde_json::Value as Json;

use super::before::{Found, Search};
use super::names::{Taken, class, key_part, snake, word};
use super::python::Py;
use super::scope::Partitions;
use crate::eval::template::{self, Part};
use crate::spec::{DagFacts, JobSpec, TaskFacts};
use crate::words::shorten;

/// A DAG and its assets.
pub(super) struct DagPlan<'a> {
    pub(super) facts: &'a DagFacts,
    /// Name of the Python module.
    pub(super) module: String,
    /// Name of the group of its assets, also of its job.
    pub(super) group: String,
    /// Name of the class of its run config.
    pub(super) config_class: String,
    /// Tags that Dagster takes.
    pub(super) tags: Vec<String>,
    pub(super) partitions: Option<PartitionPlan>,
    pub(super) schedule: SchedulePlan,
    /// Whether each asset is marked with its task for `dagster-airlift`.
    pub(super) airlift: bool,
    pub(super) assets: Vec<AssetPlan<'a>>,
}

impl DagPlan<'_> {
    /// What functions can take from the partitions.
    pub(super) fn windows(&self) -> Partitions {
        let plan = self.partitions.as_ref();
        plan.map_or(Partitions { is_utc: true, key_is_ds: false }, |plan| plan.windows)
    }
}

/// The partitions of a DAG.
pub(super) struct PartitionPlan {
    pub(super) definition: Py,
    pub(super) windows: Partitions,
}

/// The schedule of a DAG.
pub(super) enum SchedulePlan {
    None,
    /// A cron expression and its zone.
    Cron {
        expression: String,
        zone: Option<String>,
    },
    /// The schedule of the partitions.
    Partitioned,
}

/// The asset of one job spec.
pub(super) struct AssetPlan<'a> {
    pub(super) spec: &'a JobSpec,
    /// Name of the function.
    pub(super) function: String,
    pub(super) key: Vec<String>,
    /// What stands before it; none where that would be too much.
    pub(super) before: Option<Rc<Found<'a>>>,
    pub(super) description: String,
    /// Shared by tasks with one text of owners.
    pub(super) owners: Rc<[String]>,
    pub(super) pool: Option<String>,
    /// Its params with their defaults, those of the DAG included.
    pub(super) params: Cow<'a, IndexMap<String, Json>>,
    /// Its params for which a run needs a value, with their types.
    pub(super) unset: Cow<'a, IndexMap<String, String>>,
    /// Key of its client among the resources.
    pub(super) client: String,
}

/// Ids and names that are unique over all DAGs.
#[derive(Default)]
pub(in crate::emit) struct Names {
    pub(super) modules: Taken,
    /// Names of jobs, which are those of groups too, and those that Dagster gives to steps: all must differ.
    pub(super) jobs_and_steps: Taken,
}

/// A text of a job spec for people: holes by their names.
pub(in crate::emit) fn shown(text: &str) -> String {
    match template::parse(text) {
        Err(_) => text.to_owned(),
        Ok(parts) => parts.iter().fold(String::new(), |mut out, part| {
            match part {
                Part::Literal(text) => out.push_str(text),
                Part::Hole { name, .. } => out.push_str(&format!("<{name}>")),
            }
            out
        }),
    }
}

/// The key of an asset: the DAG, the groups of the task, the task, and the index of an instance.
fn key(spec: &JobSpec, dag: &str, task: Option<&TaskFacts>) -> Vec<String> {
    let id = shown(&spec.metadata.task);
    let groups = task.and_then(|task| task.group.as_deref()).map(shown);
    // A group only shows in the id of its tasks when it puts its own id before theirs.
    let (groups, label) = match &groups {
        Some(group) => {
            match id.strip_prefix(group.as_str()).and_then(|rest| rest.strip_prefix('.')) {
                Some(label) => (group.split('.').map(str::to_owned).collect(), label.to_owned()),
                None => (Vec::new(), id),
            }
        }
        None => (Vec::new(), id),
    };
    let index = spec.metadata.map_index.map(|index| index.to_string());
    let parts = std::iter::once(dag.to_owned()).chain(groups).chain([label]).chain(index);
    parts.map(|part| key_part(&part)).collect()
}

/// The assets of a DAG; `clients` gives the key of the client of each job spec. `is_shared` if what stands before several
/// assets is written once.
pub(super) fn assets<'a>(
    facts: &'a DagFacts,
    specs: &'a [JobSpec],
    names: &mut Names,
    clients: &mut dyn FnMut(&JobSpec) -> String,
    is_shared: bool,
) -> Vec<AssetPlan<'a>> {
    let tasks: BTreeMap<&str, &TaskFacts> =
        facts.tasks.iter().map(|task| (task.id.as_str(), task)).collect();
    let mut functions = Taken::reserved();
    let clients: Vec<String> = specs.iter().map(clients).collect();
    // A function of their name would hide the imported client from those that use it.
    for client in clients.iter().collect::<BTreeSet<_>>() {
        functions.take(client);
    }
    let dag = shown(&facts.id);
    let mut known_owners: FxHashMap<&str, Rc<[String]>> = FxHashMap::default();
    let mut plans: Vec<AssetPlan<'_>> = specs
        .iter()
        .zip(clients)
        .map(|(spec, client)| {
            let task = tasks.get(spec.metadata.task.as_str()).copied();
            let mut key = key(spec, &dag, task);
            // Dagster names the step after the key, and two steps cannot have one name.
            let step: Vec<String> = key.iter().map(|part| part.replace(['-', '.'], "_")).collect();
            let wish = step.join("__");
            let taken = names.jobs_and_steps.take(&wish);
            if let (Some(number), Some(last)) = (taken.strip_prefix(&wish), key.last_mut()) {
                last.push_str(number);
            }
            let label: Vec<&str> = key.iter().skip(1).map(String::as_str).collect();
            let function = functions.take(&snake(&label.join("_")));
            AssetPlan {
                spec,
                function,
                key,
                before: None,
                description: description(facts, spec, task),
                owners: match task.and_then(|task| task.owner.as_deref()) {
                    None => Rc::from([]),
                    Some(text) => {
                        Rc::clone(known_owners.entry(text).or_insert_with(|| owners(text)))
                    }
                },
                pool: pool(spec),
                unset: task.map_or(Cow::Borrowed(&facts.unset), |task| task.unset_in(facts)),
                params: task.map_or(Cow::Borrowed(&facts.params), |task| task.params_in(facts)),
                client,
            }
        })
        .collect();
    let of_tasks = specs.iter().map(|spec| spec.metadata.task.as_str());
    let mut search = Search::new(&facts.tasks, of_tasks, is_shared);
    for plan in &mut plans {
        plan.before = search.before(&plan.spec.metadata.upstream);
    }
    plans
}

impl AssetPlan<'_> {
    /// Numbers of the assets before it, of which it is one itself by `number`.
    pub(super) fn deps(&self, number: usize) -> impl Iterator<Item = usize> {
        let before = self.before.iter().flat_map(|found| &found.assets);
        before.copied().filter(move |other| *other != number)
    }
}

/// How much of a DAG's description stands in those of its assets, in characters.
const LONGEST_DESCRIPTION: usize = 1000;

fn description(facts: &DagFacts, spec: &JobSpec, task: Option<&TaskFacts>) -> String {
    if let Some(doc) = task.and_then(|task| task.doc.as_deref()) {
        return shown(doc).trim().to_owned();
    }
    let id = shown(&spec.metadata.task);
    let head = format!("Task `{id}` of the Airflow DAG `{}`.", shown(&facts.id));
    match facts.description.as_deref().map(shown) {
        // Each task repeats it, and a description is read in a list of assets.
        Some(text) if !text.trim().is_empty() => {
            format!("{head} {}", shorten(text.trim(), LONGEST_DESCRIPTION))
        }
        _ => head,
    }
}

/// Owners as Dagster takes them: e-mail addresses and teams. `airflow` is Airflow's default for nobody.
fn owners(text: &str) -> Rc<[String]> {
    let owners = shown(text);
    let owners = owners.split(',').map(str::trim);
    owners
        .filter(|owner| !owner.is_empty() && !owner.eq_ignore_ascii_case("airflow"))
        .map(|owner| if is_address(owner) { owner.to_owned() } else { format!("team:{owner}") })
        .collect()
}

fn is_address(owner: &str) -> bool {
    let plain = |text: &str, more: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c))
    };
    let Some((name, host)) = owner.split_once('@') else { return false };
    let Some((domain, top)) = host.rsplit_once('.') else { return false };
    plain(name, "._%+-")
        && plain(domain, ".-")
        && (2..=7).contains(&top.len())
        && top.chars().all(|c| c.is_ascii_alphabetic())
}

/// The pool; Airflow's own default limits nothing that Dagster would.
fn pool(spec: &JobSpec) -> Option<String> {
    let pool = spec.launcher.pool.as_deref().filter(|pool| *pool != "default_pool")?;
    let name: String =
        shown(pool).chars().map(|c| if c.is_whitespace() || c == '/' { '_' } else { c }).collect();
    (!name.is_empty()).then_some(name)
}

/// Tags that Dagster takes as keys.
pub(super) fn tags(facts: &DagFacts) -> Vec<String> {
    let mut tags: IndexSet<String> = IndexSet::new();
    for tag in &facts.tags {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        let tag: String =
            shown(tag).chars().map(|c| if plain(c) { c } else { '_' }).take(63).collect();
        if !tag.is_empty() {
            tags.insert(tag);
        }
    }
    tags.into_iter().collect()
}

/// Names of a DAG.
pub(super) fn named(facts: &DagFacts, names: &mut Names) -> (String, String, String) {
    let id = shown(&facts.id);
    let module = names.modules.take(&snake(&id));
    let group = names.jobs_and_steps.take(&word(&id));
    (module, group, format!("{}Config", class(&id)))
}
