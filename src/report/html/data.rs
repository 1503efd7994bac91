//! What the script needs beyond the markup: numbers.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use indexmap::IndexSet;
use serde_json::{Value as Json, json};

use super::lines::{pod_yaml, pointers};
use crate::report::model::{DagEntry, FileEntry, PodEntry, Readiness, Report, Site, TaskEntry};

/// The data of a page.
pub(super) struct Data {
    /// What goes into the page.
    pub(super) json: Json,
    /// DAG ids, sorted, each once.
    pub(super) dags: Vec<String>,
    /// Names of arguments with the tasks that have them, sorted.
    pub(super) arguments: Vec<(String, usize)>,
    /// Codes with the tasks that have them, sorted.
    pub(super) codes: Vec<(String, usize)>,
    /// Characters before each line of a source.
    pub(super) gutter: usize,
}

impl Data {
    pub(super) fn of(report: &Report, texts: &BTreeMap<String, String>) -> Self {
        let dags: BTreeSet<&str> = report.tasks().map(|(_, dag, _)| dag.id.as_str()).collect();
        let mut arguments: BTreeMap<&str, usize> = BTreeMap::new();
        let mut codes: BTreeMap<&str, usize> = BTreeMap::new();
        for (_, _, task) in report.tasks() {
            let names: BTreeSet<&str> = task.keywords.iter().map(|one| one.name.as_str()).collect();
            names.into_iter().for_each(|name| *arguments.entry(name).or_default() += 1);
            task.codes.iter().for_each(|code| *codes.entry(code).or_default() += 1);
        }
        let longest = texts.values().map(|text| text.lines().count()).max().unwrap_or(0);
        let gutter = longest.to_string().len().max(4) + 1;
        let numbers = Numbers {
            files: texts.keys().map(String::as_str).collect(),
            dags: dags.into_iter().collect(),
            arguments: arguments.keys().copied().collect(),
            codes: codes.keys().copied().collect(),
        };
        let tasks: Vec<Json> =
            report.tasks().map(|(file, dag, task)| numbers.task(file, dag, task)).collect();
        let json = json!({
            "gutter": gutter,
            "files": numbers.files,
            "dag": numbers.dags,
            "argument": numbers.arguments,
            "code": numbers.codes,
            "tasks": tasks,
        });
        let owned = |counts: &BTreeMap<&str, usize>| {
            counts.iter().map(|(name, number)| ((*name).to_owned(), *number)).collect()
        };
        Self {
            dags: numbers.dags.iter().map(|dag| (*dag).to_owned()).collect(),
            arguments: owned(&arguments),
            codes: owned(&codes),
            json,
            gutter,
        }
    }
}

/// Names that are given as their positions in sorted lists.
struct Numbers<'a> {
    files: Vec<&'a str>,
    dags: Vec<&'a str>,
    arguments: Vec<&'a str>,
    codes: Vec<&'a str>,
}

/// The position of a name in a sorted list.
fn position(names: &[&str], name: &str) -> Option<usize> {
    names.binary_search(&name).ok()
}

impl Numbers<'_> {
    fn task(&self, file: &FileEntry, dag: &DagEntry, task: &TaskEntry) -> Json {
        let arguments: BTreeSet<usize> = task
            .keywords
            .iter()
            .filter_map(|keyword| position(&self.arguments, &keyword.name))
            .collect();
        let codes: Vec<usize> =
            task.codes.iter().filter_map(|code| position(&self.codes, code)).collect();
        let pods: Vec<Json> = task.pods.iter().map(|pod| self.pod(task, pod)).collect();
        json!({
            "s": Readiness::ALL.iter().position(|one| *one == task.readiness),
            "d": position(&self.dags, &dag.id),
            "a": arguments,
            "c": codes,
            "q": haystack(file, dag, task),
            "at": task.place.as_ref().and_then(|place| self.site(place)).unwrap_or(json!([-1, 0, 0])),
            "p": pods,
        })
    }

    fn site(&self, site: &Site) -> Option<Json> {
        Some(json!([position(&self.files, &site.file)?, site.line, site.last_line]))
    }

    /// For each line of the pod the argument that made it and the place of its value; -1 for none.
    fn pod(&self, task: &TaskEntry, pod: &PodEntry) -> Json {
        let targets = task.keywords.iter().flat_map(|keyword| {
            keyword.targets.iter().map(move |target| (target.as_str(), keyword))
        });
        let targets = Places::of(targets);
        let links = Places::of(pod.links.iter().map(|link| (link.pointer.as_str(), &link.place)));
        let mut places: IndexSet<&Site> = IndexSet::new();
        let mut lines = Vec::new();
        for pointer in pointers(&pod_yaml(&pod.spec)) {
            let keyword = targets.closest(&pointer);
            let place = links.closest(&pointer).or_else(|| keyword?.place.as_ref());
            let place = place.map(|place| places.insert_full(place).0);
            let argument = keyword.and_then(|one| position(&self.arguments, &one.name));
            lines.push(json!([number(argument), number(place)]));
        }
        let sites = places.iter().map(|site| self.site(site).unwrap_or(json!([-1, 0, 0])));
        json!({"places": sites.collect::<Vec<_>>(), "lines": lines})
    }
}

/// A position, or -1 for none.
fn number(position: Option<usize>) -> Json {
    position.map_or(json!(-1), |position| json!(position))
}

/// What belongs to places of a pod.
struct Places<'a, T>(HashMap<&'a str, T>);

impl<'a, T: Copy> Places<'a, T> {
    /// The first of several at one place decides, as in the job spec.
    fn of(all: impl Iterator<Item = (&'a str, T)>) -> Self {
        let mut places = HashMap::new();
        for (at, value) in all {
            places.entry(at).or_insert(value);
        }
        Self(places)
    }

    /// What belongs to the pointer itself or to the closest place around it.
    fn closest(&self, pointer: &str) -> Option<T> {
        let mut at = pointer;
        while !at.is_empty() {
            if let Some(found) = self.0.get(at) {
                return Some(*found);
            }
            at = at.rsplit_once('/')?.0;
        }
        None
    }
}

/// What the search looks through.
fn haystack(file: &FileEntry, dag: &DagEntry, task: &TaskEntry) -> String {
    let mut words = vec![dag.id.clone(), task.id.clone(), file.path.clone(), task.operator.clone()];
    words.push(owner_word(task.owner.as_deref().unwrap_or_default()));
    words.extend(task.holes.iter().map(|hole| hole.name.clone()));
    words.extend(task.codes.iter().cloned());
    let images =
        task.pods.iter().filter_map(|pod| pod.spec.run.base_pod_spec.get("containers")?.as_array());
    let images = images.flatten().filter_map(|container| container.get("image")?.as_str());
    words.extend(images.map(str::to_owned));
    words.join(" ").to_lowercase()
}

/// How an owner is searched for; a search parts its words at spaces.
pub(super) fn owner_word(owner: &str) -> String {
    format!("owner:{}", owner.split_whitespace().collect::<Vec<_>>().join("-")).to_lowercase()
}

/// An id for each task, in order, to link to: `t:dag/task`.
pub(super) fn task_ids(report: &Report) -> Vec<String> {
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    let plain = |text: &str| text.replace(|c: char| c.is_whitespace() || c.is_control(), "_");
    report
        .tasks()
        .map(|(_, dag, task)| {
            let id = format!("t:{}/{}", plain(&dag.id), plain(&task.id));
            let times = taken.entry(id.clone()).or_default();
            *times += 1;
            if *times == 1 { id } else { format!("{id}~{times}") }
        })
        .collect()
}
