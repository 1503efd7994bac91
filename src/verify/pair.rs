//! Finds for each job spec the task that Airflow made, and judges the pair.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::airflow::Answer;
use super::compare::{Unequal, compare, literal, may_become};
use super::facts::compare_facts;
use super::hide::Hidden;
use super::normal::pods;
use super::record::TaskRecord;
use super::report::{Difference, FileTrouble, Open, Status, Verdict};
use crate::diag::Severity;
use crate::mapping::{Account, KeywordAccount};
use crate::secrets::Mask;
use crate::spec::{JobSpec, Pointer};
use crate::translate::{FileAccount, Selection, Translation};
use crate::values::Values;

/// Judges every task of one file. Credentials are left out, unless they are to be shown.
pub fn verdicts(
    file: &FileAccount,
    translation: &Translation,
    answer: &Answer,
    selection: &Selection,
    values: &Values,
    show_secrets: bool,
) -> (Vec<FileTrouble>, Vec<Verdict>) {
    let specs = translation.specs.get(file.specs.clone()).unwrap_or_default();
    let accounts = translation.accounts.get(file.accounts.clone()).unwrap_or_default();
    let tasks: Vec<&TaskRecord> = answer
        .tasks
        .iter()
        .filter(|task| is_wanted(selection, &task.dag_id, &task.task_id))
        .collect();
    let mut troubles = troubles(file, translation, answer, selection, specs.len(), tasks.len());
    let mask = if show_secrets { Mask::off() } else { Mask::of(specs) };
    troubles.iter_mut().for_each(|trouble| trouble.reason = mask.code(&trouble.reason));
    if answer.error.is_some() {
        return (troubles, Vec::new());
    }
    let judge = Judge { file, translation, accounts, values, show_secrets };
    let mut waiting: BTreeMap<Key, Vec<&TaskRecord>> = BTreeMap::new();
    for task in tasks.into_iter().rev() {
        waiting.entry(key_of(task)).or_default().push(task);
    }
    let mut verdicts = Vec::new();
    let mut alone = Vec::new();
    for spec in specs {
        match key_of_spec(spec).and_then(|key| waiting.get_mut(&key)?.pop()) {
            Some(task) => verdicts.push(judge.pair(spec, task)),
            None => alone.push(spec),
        }
    }
    let mut left: Vec<&TaskRecord> = waiting.into_values().flatten().collect();
    for spec in alone {
        left.retain(|task| !judge.may_be(spec, task));
        verdicts.push(judge.alone(spec));
    }
    let no_spec: Vec<&Account> =
        accounts.iter().filter(|account| !has_spec(account, specs)).collect();
    for account in &no_spec {
        let before = left.len();
        left.retain(|task| !is_same(account, task));
        verdicts.push(judge.without_spec(account, left.len() < before));
    }
    verdicts.extend(left.into_iter().map(|task| judge.only_airflow(task)));
    (troubles, verdicts)
}

/// DAG id, task id and map index.
type Key = (String, String, Option<u32>);

fn key_of(task: &TaskRecord) -> Key {
    let index = task.mapped.and_then(|mapped| mapped.index);
    (task.dag_id.clone(), task.task_id.clone(), index)
}

fn key_of_spec(spec: &JobSpec) -> Option<Key> {
    let metadata = &spec.metadata;
    Some((literal(&metadata.dag)?, literal(&metadata.task)?, metadata.map_index))
}

fn is_wanted(selection: &Selection, dag: &str, task: &str) -> bool {
    let has =
        |wanted: &[String], id: &str| wanted.is_empty() || wanted.iter().any(|name| name == id);
    has(&selection.dags, dag) && has(&selection.tasks, task)
}

fn has_spec(account: &Account, specs: &[JobSpec]) -> bool {
    let is_its =
        |spec: &JobSpec| spec.metadata.dag == account.dag && spec.metadata.task == account.task;
    specs.iter().any(is_its)
}

fn is_same(account: &Account, task: &TaskRecord) -> bool {
    may_become(&account.dag, &task.dag_id) && may_become(&account.task, &task.task_id)
}

/// What kept one side from reading the file or a DAG in it.
fn troubles(
    file: &FileAccount,
    translation: &Translation,
    answer: &Answer,
    selection: &Selection,
    ours: usize,
    theirs: usize,
) -> Vec<FileTrouble> {
    let trouble =
        |side, reason: String, tasks| FileTrouble { file: file.path.clone(), side, reason, tasks };
    let mut troubles = Vec::new();
    if let Some(error) = &answer.error {
        troubles.push(trouble("airflow", error.clone(), ours));
    }
    for dag in answer
        .dags
        .iter()
        .filter(|dag| selection.dags.is_empty() || selection.dags.contains(&dag.dag_id))
    {
        if let Some(reason) = &dag.trouble {
            troubles.push(trouble("airflow", format!("DAG {}: {reason}", dag.dag_id), 0));
        }
    }
    if !file.read {
        let finding = translation.diagnostics.iter().find(|finding| {
            let place = translation.sources.location(finding.span);
            finding.severity == Severity::Error
                && place.is_some_and(|place| place.path == file.path)
        });
        let reason = finding.map_or_else(
            || "the file could not be read".to_owned(),
            |finding| format!("{}: {}", finding.code.as_str(), finding.message),
        );
        troubles.push(trouble("podlift", reason, theirs));
    }
    troubles
}

struct Judge<'a> {
    file: &'a FileAccount,
    translation: &'a Translation,
    accounts: &'a [Account],
    values: &'a Values,
    show_secrets: bool,
}

impl Judge<'_> {
    fn verdict(&self, dag: &str, task: &str, map_index: Option<u32>, status: Status) -> Verdict {
        Verdict {
            file: self.file.path.clone(),
            dag: dag.to_owned(),
            task: task.to_owned(),
            map_index,
            status,
            reason: None,
            differences: Vec::new(),
            open: Vec::new(),
        }
    }

    /// A task that both sides have.
    fn pair(&self, spec: &JobSpec, record: &TaskRecord) -> Verdict {
        let metadata = &spec.metadata;
        let mut verdict =
            self.verdict(&record.dag_id, &record.task_id, metadata.map_index, Status::Equal);
        let Some(pod) = &record.pod else {
            // The constructor of a mapped task needs what only a run can give it.
            if record.mapped.as_ref().is_some_and(|mapped| !mapped.known) {
                verdict.open = open(spec);
            }
            if !verdict.open.is_empty() {
                verdict.status = Status::NotResolved;
                return verdict;
            }
            verdict.status = Status::Refused;
            verdict.reason.clone_from(&record.error);
            self.hide(&mut verdict, spec, None);
            return verdict;
        };
        let pods = pods(spec, record, pod, self.values);
        let mut found = Vec::new();
        let run = Pointer::default().key("run");
        for (part, place) in [("metadata", "base_pod_meta"), ("spec", "base_pod_spec")] {
            compare(pods.ours.get(part), pods.theirs.get(part), part, &run.key(place), &mut found);
        }
        compare_facts(spec, record, &mut found);
        verdict.differences =
            found.into_iter().map(|unequal| self.difference(spec, record, unequal)).collect();
        verdict.open = open(spec);
        if !verdict.differences.is_empty() {
            verdict.status = Status::Differs;
        } else if !verdict.open.is_empty() {
            verdict.status = Status::NotResolved;
        }
        self.hide(&mut verdict, spec, Some(&pods.theirs));
        verdict
    }

    fn hide(&self, verdict: &mut Verdict, spec: &JobSpec, theirs: Option<&Json>) {
        if !self.show_secrets {
            Hidden::of(spec, theirs).hide(verdict);
        }
    }

    /// A job spec without a task of the same ids. One that is open may stand for tasks under other ids.
    fn alone(&self, spec: &JobSpec) -> Verdict {
        let metadata = &spec.metadata;
        let open = open(spec);
        let status = if open.is_empty() { Status::OnlyPodlift } else { Status::NotResolved };
        let mut verdict = self.verdict(&metadata.dag, &metadata.task, metadata.map_index, status);
        verdict.open = open;
        verdict
    }

    /// Whether an open job spec may stand for a task of Airflow.
    fn may_be(&self, spec: &JobSpec, task: &TaskRecord) -> bool {
        let metadata = &spec.metadata;
        !open(spec).is_empty()
            && may_become(&metadata.dag, &task.dag_id)
            && may_become(&metadata.task, &task.task_id)
    }

    /// A task that podlift found and made no job spec of.
    fn without_spec(&self, account: &Account, in_airflow: bool) -> Verdict {
        let status = if in_airflow { Status::NotResolved } else { Status::OnlyPodlift };
        let mut verdict = self.verdict(&account.dag, &account.task, None, status);
        let about = (account.dag.clone(), account.task.clone());
        let findings = self.translation.diagnostics.iter().filter(|finding| {
            finding.severity >= Severity::Warning && finding.task.as_ref() == Some(&about)
        });
        let reasons: Vec<String> = findings
            .map(|finding| format!("{}: {}", finding.code.as_str(), finding.message))
            .collect();
        verdict.reason = Some(format!("podlift makes no job spec of it: {}", reasons.join("; ")));
        verdict
    }

    fn only_airflow(&self, task: &TaskRecord) -> Verdict {
        let index = task.mapped.and_then(|mapped| mapped.index);
        let mut verdict = self.verdict(&task.dag_id, &task.task_id, index, Status::OnlyAirflow);
        verdict.reason = Some(format!("it is a {}", task.class));
        verdict
    }

    /// A difference with the place in the DAG that decides it.
    fn difference(&self, spec: &JobSpec, record: &TaskRecord, unequal: Unequal) -> Difference {
        let pointer = unequal.pointer.to_string();
        let keyword = self.keyword(spec, &pointer);
        Difference {
            source: keyword
                .and_then(|keyword| self.translation.sources.location(keyword.span))
                .map(|place| place.to_string())
                .or_else(|| Some(spec.metadata.source.clone())),
            argument: keyword.map(|keyword| keyword.name.clone()),
            airflow_argument: keyword
                .and_then(|keyword| record.arguments.get(&keyword.name))
                .cloned(),
            path: unequal.path,
            pointer,
            airflow: unequal.theirs,
            podlift: unequal.ours,
        }
    }

    /// The keyword that decides a place: of those whose targets hold it or lie in it, the closest.
    fn keyword(&self, spec: &JobSpec, pointer: &str) -> Option<&KeywordAccount> {
        let metadata = &spec.metadata;
        let account = self
            .accounts
            .iter()
            .find(|account| account.dag == metadata.dag && account.task == metadata.task)?;
        let closeness = |target: &String| {
            let holds = |outer: &str, inner: &str| {
                inner
                    .strip_prefix(outer)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            };
            (holds(target, pointer) || holds(pointer, target)).then_some(target.len())
        };
        let candidates = account.keywords.iter().filter_map(|keyword| {
            let closest = keyword.targets.iter().filter_map(closeness).max()?;
            Some((closest, keyword))
        });
        candidates.max_by_key(|(closest, _)| *closest).map(|(_, keyword)| keyword)
    }
}

/// Everything that is open in a job spec.
fn open(spec: &JobSpec) -> Vec<Open> {
    let holes = spec.holes.iter().map(|hole| Open {
        pointer: hole.path.clone(),
        name: hole.name.clone(),
        source: hole.source.clone(),
    });
    let metadata = &spec.metadata;
    let whole = |pointer: &str, name: &String| Open {
        pointer: pointer.to_owned(),
        name: name.clone(),
        source: metadata.source.clone(),
    };
    let conditions = metadata.conditions.iter().map(|name| whole("/metadata/conditions", name));
    let pattern = metadata.pattern.iter().map(|name| whole("/metadata/pattern", name));
    holes.chain(conditions).chain(pattern).collect()
}

/// A value as short text for people.
pub(super) fn shown(value: &Json) -> String {
    if value.is_null() { "nothing".to_owned() } else { value.to_string() }
}
