//! A whole run: tasks in their order, so many at a time, one watch per namespace.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use tokio::time::Instant;

use super::api::{ApiError, Cluster, Notice, Verb};
use super::cancel::{Cancel, Urgency};
use super::connect::{Access, Clusters, ConnectError};
use super::doctor::refusal;
use super::events::{EVENTS_FORMAT, Event, Teller};
use super::graph::{Graph, GraphError, Key, Node, Step};
use super::names::{Identity, RUN_LABEL, label_value};
use super::plan::{FinishAction, Plan};
use super::pod::{self, PodError};
use super::rules::{TaskState, TriggerRule};
use super::task::{Task, TaskReport};
use super::watch::PodWatch;
use crate::pipes::ContextData;

/// A task to run.
#[derive(Debug, Clone)]
pub struct Planned {
    /// What to do.
    pub plan: Plan,
    /// What its process reads through Pipes.
    pub context: ContextData,
    /// Where it runs.
    pub access: Access,
    /// Its namespace; that of the access if none.
    pub namespace: Option<String>,
    /// Attempts of an earlier run that is resumed.
    pub attempts_before: u32,
}

impl Planned {
    /// The namespace that the caller or the spec names.
    pub fn named_namespace(&self) -> Option<String> {
        let run = &self.plan.spec.run;
        let own = || run.base_pod_meta.get("namespace").and_then(|it| it.as_str());
        let named = self.namespace.as_deref().or(run.namespace.as_deref()).or_else(own);
        named.map(String::from)
    }

    /// The first attempt of the task in a run.
    pub fn identity(&self, run: &str) -> Identity {
        let metadata = &self.plan.spec.metadata;
        Identity {
            dag: metadata.dag.clone(),
            task: metadata.task.clone(),
            map_index: metadata.map_index,
            run: run.into(),
            attempt: 1,
        }
    }
}

/// A task that is not run.
#[derive(Debug, Clone)]
pub struct Other {
    /// Which task.
    pub key: Key,
    /// Task ids before it.
    pub upstream: Vec<String>,
    /// Which of their results would let it start.
    pub rule: TriggerRule,
    /// How it is assumed to end.
    pub assumed: TaskState,
    /// Why it is not run, for people.
    pub why: String,
}

/// A run.
pub struct Run {
    /// Run id.
    pub id: String,
    /// Its tasks.
    pub tasks: Vec<Planned>,
    /// Tasks that only keep the order.
    pub others: Vec<Other>,
    /// How tasks that are named and nowhere to be found are assumed to end.
    pub assume: TaskState,
    /// How many tasks run at a time.
    pub max_active: usize,
}

/// Why a run did not begin. Nothing was created.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// There is no order.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// A cluster cannot be reached.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The pods of a namespace cannot be listed or watched.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// A pod cannot be made.
    #[error("{task}: {error}")]
    Pod {
        /// The task.
        task: String,
        /// Why.
        error: PodError,
    },
    /// The user stopped it before anything was created.
    #[error("stopped before anything was created")]
    Cancelled,
}

/// The final result of a run, as JSON.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RunReport {
    /// Format of the result: `podlift-result/v1`. Fields are added to it, never renamed.
    #[schemars(extend("const" = RESULT_FORMAT))]
    pub format: String,
    /// Run id.
    pub run: String,
    /// Whether every task counts as done.
    pub success: bool,
    /// Whether the user stopped it.
    pub cancelled: bool,
    /// When it began.
    #[schemars(with = "String")]
    pub started: Timestamp,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// Requests sent to the API.
    pub api_requests: u64,
    /// The tasks, in the order in which they ended.
    pub tasks: Vec<TaskReport>,
}

/// The format of [`RunReport`].
pub const RESULT_FORMAT: &str = "podlift-result/v1";
/// How long the first call to a cluster may fail before that is the answer.
const FIRST_PATIENCE: Duration = Duration::from_secs(30);

struct Place {
    cluster: Cluster,
    namespace: String,
    watch: PodWatch,
}

impl Run {
    /// Runs all tasks.
    ///
    /// # Errors
    /// When it cannot begin.
    pub async fn run(
        self,
        mut clusters: Clusters,
        teller: &Teller,
        cancel: Cancel,
    ) -> Result<RunReport, StartError> {
        let (started, clock) = (Timestamp::now(), Instant::now());
        let (mut graph, added) = Graph::new(self.nodes(), self.assume)?;
        let mut stop = cancel.clone();
        let prepared = tokio::select! {
            prepared = self.prepare(&mut clusters, teller) => prepared?,
            // Nothing was created yet, so there is nothing to wait for.
            () = stop.reached(Urgency::Orderly) => return Err(StartError::Cancelled),
        };
        let (places, place_of) = prepared;
        teller.tell(Event::RunStarted {
            format: EVENTS_FORMAT.into(),
            podlift: env!("CARGO_PKG_VERSION").into(),
            tasks: self.tasks.len(),
        });
        self.tell_assumed(&added, teller);
        let by_key: BTreeMap<Key, usize> =
            self.tasks.iter().enumerate().map(|(at, task)| (key_of(&task.plan), at)).collect();
        let mut reports = Vec::new();
        let mut waiting: Vec<Key> = Vec::new();
        let mut running = FuturesUnordered::new();
        loop {
            if cancel.now() > Urgency::None {
                waiting.clear();
                for key in graph.cancel() {
                    reports.push(self.settle(&key, TaskState::Cancelled, teller));
                }
            }
            for step in graph.steps() {
                match step {
                    Step::Start(key) => waiting.push(key),
                    Step::Settled(key, state) if by_key.contains_key(&key) => {
                        reports.push(self.settle(&key, state, teller));
                    }
                    Step::Settled(..) => {}
                }
            }
            while running.len() < self.max_active.max(1) && !waiting.is_empty() {
                let key = waiting.remove(0);
                let task = by_key
                    .get(&key)
                    .and_then(|at| Some((self.tasks.get(*at)?, places.get(*place_of.get(*at)?)?)));
                if let Some((planned, place)) = task {
                    let task = self.task(planned, place, teller, cancel.clone());
                    running.push(async move { (key, task.run().await) });
                }
            }
            let mut stop = cancel.clone();
            let stopping = cancel.now() > Urgency::None;
            tokio::select! {
                ended = running.next() => match ended {
                    Some((key, report)) => {
                        graph.end(&key, report.state);
                        reports.push(report);
                    }
                    None => break,
                },
                () = stop.reached(Urgency::Orderly), if !stopping => {}
            }
        }
        let success =
            reports.iter().all(|it| matches!(it.state, TaskState::Success | TaskState::Skipped));
        let report = RunReport {
            format: RESULT_FORMAT.into(),
            run: self.id.clone(),
            success,
            cancelled: cancel.now() > Urgency::None,
            started,
            seconds: clock.elapsed().as_secs_f64(),
            api_requests: clusters.requests(),
            tasks: reports,
        };
        teller.tell(Event::RunFinished { success, message: report.summary() });
        Ok(report)
    }

    fn nodes(&self) -> Vec<Node> {
        let tasks = self.tasks.iter().map(|task| Node {
            key: key_of(&task.plan),
            upstream: task.plan.spec.metadata.upstream.clone(),
            rule: task.plan.trigger_rule,
            assumed: None,
        });
        let others = self.others.iter().map(|other| Node {
            key: other.key.clone(),
            upstream: other.upstream.clone(),
            rule: other.rule,
            assumed: Some(other.assumed),
        });
        tasks.chain(others).collect()
    }

    /// Makes every pod once, connects to every cluster and begins every watch, so that what must fail fails
    /// before anything is created.
    async fn prepare(
        &self,
        clusters: &mut Clusters,
        teller: &Teller,
    ) -> Result<(Vec<Place>, Vec<usize>), StartError> {
        let mut places: Vec<Place> = Vec::new();
        let mut index: BTreeMap<(Access, String), usize> = BTreeMap::new();
        let mut place_of = Vec::new();
        for task in &self.tasks {
            let (cluster, default) = clusters.get(&task.access).await?;
            let namespace = task.access.namespace(task.named_namespace(), default)?;
            let identity = task.identity(&self.id);
            pod::build(&task.plan.spec.run, &namespace, &identity, &task.context)
                .map_err(|error| StartError::Pod { task: identity.task_name(), error })?;
            let key = (task.access.clone(), namespace.clone());
            let at = match index.get(&key) {
                Some(at) => *at,
                None => {
                    let told = teller.clone();
                    let cluster = cluster.on_notice(move |Notice::Retrying { error, delay }| {
                        let reason = error.to_string();
                        told.tell(Event::ApiRetry { reason, delay_seconds: delay.as_secs_f64() });
                    });
                    let selector = format!("{RUN_LABEL}={}", label_value(&self.id));
                    let watch = PodWatch::start(
                        cluster.clone(),
                        namespace.clone(),
                        selector,
                        FIRST_PATIENCE,
                    );
                    // A pod that may be made but not deleted would be left behind.
                    let rights = self.rights();
                    let (watch, refusal) =
                        tokio::join!(watch, refusal(&cluster, &namespace, &rights));
                    let watch = watch?;
                    if let Some(error) = refusal {
                        return Err(error.into());
                    }
                    places.push(Place { cluster, namespace, watch });
                    index.insert(key, places.len() - 1);
                    places.len() - 1
                }
            };
            place_of.push(at);
        }
        Ok((places, place_of))
    }

    /// What the tasks have to be allowed to do.
    fn rights(&self) -> Vec<(Verb, &'static str, &'static str)> {
        let mut rights = vec![(Verb::Create, "pods", ""), (Verb::Watch, "pods", "")];
        let keeps = |plan: &Plan| plan.on_finish == FinishAction::Keep && !plan.delete_on_kill;
        if !self.tasks.iter().all(|task| keeps(&task.plan)) {
            rights.push((Verb::Delete, "pods", ""));
        }
        if self.tasks.iter().any(|task| task.plan.read_logs) {
            rights.push((Verb::Get, "pods", "log"));
        }
        rights
    }

    fn tell_assumed(&self, added: &[Key], teller: &Teller) {
        for other in &self.others {
            let (state, why) = (other.assumed, other.why.clone());
            teller.about(&self.identity(&other.key)).tell(Event::TaskAssumed { state, why });
        }
        for key in added {
            let why = "it is not among the tasks of this run".to_owned();
            teller.about(&self.identity(key)).tell(Event::TaskAssumed { state: self.assume, why });
        }
    }

    fn identity(&self, key: &Key) -> Identity {
        let (dag, task, map_index) = key.clone();
        Identity { dag, task, map_index, run: self.id.clone(), attempt: 1 }
    }

    fn task<'a>(
        &'a self,
        planned: &'a Planned,
        place: &'a Place,
        teller: &'a Teller,
        cancel: Cancel,
    ) -> Task<'a> {
        Task {
            plan: &planned.plan,
            context: &planned.context,
            cluster: &place.cluster,
            watch: &place.watch,
            namespace: &place.namespace,
            run: &self.id,
            attempts_before: planned.attempts_before,
            teller,
            cancel,
        }
    }

    fn settle(&self, key: &Key, state: TaskState, teller: &Teller) -> TaskReport {
        let identity = self.identity(key);
        let message = match state {
            TaskState::Skipped => "skipped because of the tasks before it",
            TaskState::Cancelled => "not started: the run was stopped",
            _ => "not started: a task before it failed",
        };
        teller.about(&identity).tell(Event::TaskFinished { state, message: message.into() });
        TaskReport {
            task: identity.task_name(),
            dag: identity.dag,
            state,
            message: message.into(),
            attempts: Vec::new(),
        }
    }
}

impl RunReport {
    /// `2 success, 1 failed`.
    pub fn summary(&self) -> String {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for task in &self.tasks {
            *counts.entry(task.state.as_str()).or_default() += 1;
        }
        counts
            .iter()
            .map(|(state, count)| format!("{count} {state}"))
            .collect::<Vec<_>>()
            .join(", ")
    }
}

fn key_of(plan: &Plan) -> Key {
    let metadata = &plan.spec.metadata;
    (metadata.dag.clone(), metadata.task.clone(), metadata.map_index)
}
