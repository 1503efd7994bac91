//! The job spec, format `podlift/v1`: what one Airflow task becomes.
//!
//! [`Client`] and [`Run`] hold exactly the keyword arguments of `PipesK8sClient(...)` and
//! `PipesK8sClient.run(...)`. Scalars that could not be known are texts with `${kind:name}` in them,
//! so typed fields are [`Open`].

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value as Json};

/// The `apiVersion` of every job spec this release writes.
pub const API_VERSION: &str = "podlift/v1";
/// The `kind` of a job spec.
pub const KIND: &str = "JobSpec";

/// What one task becomes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JobSpec {
    /// Format of the file: `podlift/v1`.
    #[serde(rename = "apiVersion")]
    #[schemars(extend("const" = API_VERSION))]
    pub api_version: String,
    /// Always `JobSpec`.
    #[schemars(extend("const" = KIND))]
    pub kind: String,
    /// Where the task came from.
    pub metadata: Metadata,
    /// Keyword arguments of `PipesK8sClient(...)`.
    #[serde(default, skip_serializing_if = "Client::is_empty")]
    pub client: Client,
    /// Keyword arguments of `PipesK8sClient.run(...)`.
    pub run: Run,
    /// What `podlift run` honours and PipesK8sClient has no argument for.
    #[serde(default, skip_serializing_if = "Launcher::is_empty")]
    pub launcher: Launcher,
    /// For a task that makes a Job rather than a pod: the fields of the `batch/v1` JobSpec around the pod that
    /// `run` describes, all but `template`. PipesK8sClient makes no Jobs.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub job: Map<String, Json>,
    /// Where Jinja is left in `run`, and the names it needs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub templates: Vec<Template>,
    /// What is not known, and what closes it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holes: Vec<OpenHole>,
}

/// Where a job spec came from.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Metadata {
    /// Airflow DAG id.
    pub dag: String,
    /// Airflow task id, with the prefixes of its task groups.
    pub task: String,
    /// Index of the instance, for a task mapped over known values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub map_index: Option<u32>,
    /// Qualified name of the Airflow operator.
    pub operator: String,
    /// `path:line` of the call.
    pub source: String,
    /// Ids of the tasks that must end before this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub upstream: Vec<String>,
    /// Conditions nobody could decide and under which the task exists.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<String>,
    /// The loop or call that makes this spec stand for any number of tasks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
}

/// A value of its type, or a text with holes or Jinja in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, bound(serialize = "T: Plain"))]
#[schemars(rename = "Open_{T}")]
pub enum Open<T> {
    /// Known.
    Known(#[serde(serialize_with = "Plain::write")] T),
    /// `${kind:name}`, Jinja, or text around them.
    Text(String),
}

/// Scalars that are written the way people write them.
pub trait Plain {
    /// Writes the scalar.
    ///
    /// # Errors
    /// Those of the serializer.
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;
}

impl Plain for bool {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(*self)
    }
}

impl Plain for f64 {
    /// `120` rather than `120.0`; what JSON has no number for becomes text, as in Python: `inf`.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "only whole numbers far below 2^53 are cast"
    )]
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !self.is_finite() {
            serializer.collect_str(self)
        } else if self.fract() == 0.0 && self.abs() < 1e15 && self.to_bits() != (-0.0f64).to_bits()
        {
            serializer.serialize_i64(*self as i64)
        } else {
            serializer.serialize_f64(*self)
        }
    }
}

/// Reads a field that is present, so that `default: null` is told apart from no default.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Json>, D::Error> {
    Json::deserialize(deserializer).map(Some)
}

/// Keyword arguments of `PipesK8sClient(...)`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// Use the service account of the pod podlift or Dagster runs in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load_incluster_config: Option<Open<bool>>,
    /// Path of a kubeconfig file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kubeconfig_file: Option<String>,
    /// Context in the kubeconfig file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kube_context: Option<String>,
    /// Seconds between two looks at the pod.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub poll_interval: Option<f64>,
}

/// Keyword arguments of `PipesK8sClient.run(...)`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// Namespace of the request. It must equal the namespace in `base_pod_meta`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Metadata of the pod.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub base_pod_meta: Map<String, Json>,
    /// Spec of the pod, camelCase, in the author's order.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub base_pod_spec: Map<String, Json>,
    /// Containers left out of waiting and of failure detection.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignore_containers: Vec<String>,
    /// Read the logs of every container; needed for more than one container.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enable_multi_container_logs: Option<bool>,
    /// Seconds to wait for the end of the pod after its logs ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod_wait_timeout: Option<f64>,
    /// Delete the pod when the run ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delete_pod_on_completion: Option<Open<bool>>,
    /// Values passed to the process through Pipes.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub extras: Map<String, Json>,
}

/// What `podlift run` honours although PipesK8sClient has no argument for it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Launcher {
    /// Seconds allowed between scheduling and the first running container.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub startup_timeout_seconds: Option<Open<f64>>,
    /// Seconds allowed until the pod is scheduled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule_timeout_seconds: Option<Open<f64>>,
    /// Seconds allowed for the whole attempt, from `execution_timeout`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution_timeout_seconds: Option<Open<f64>>,
    /// `delete_pod`, `delete_succeeded_pod`, `delete_active_pod` or `keep_pod`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_finish_action: Option<String>,
    /// `delete_pod` or `keep_pod`, when the task is killed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_kill_action: Option<String>,
    /// Grace period of the delete call when the task is killed, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub termination_grace_period_seconds: Option<Open<f64>>,
    /// Exit codes that mark the task skipped.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skip_on_exit_code: Vec<i64>,
    /// Whether logs are read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub get_logs: Option<Open<bool>>,
    /// Print the events of the pod when it fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_events_on_failure: Option<Open<bool>>,
    /// Look for a live pod of the same task and run before creating one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reattach_on_restart: Option<Open<bool>>,
    /// Further attempts after a failed one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries: Option<Open<f64>>,
    /// Seconds between two attempts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_delay_seconds: Option<Open<f64>>,
    /// Double the delay at each attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_exponential_backoff: Option<Open<bool>>,
    /// Upper limit of the delay, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_retry_delay_seconds: Option<Open<f64>>,
    /// Which results of the upstream tasks let this one start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger_rule: Option<String>,
    /// Airflow pool, a limit of concurrency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<String>,
    /// Slots the task takes in its pool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool_slots: Option<Open<f64>>,
}

/// Jinja left in a job spec.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// JSON pointer of the text.
    pub path: String,
    /// Names the template reads, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
}

/// A hole of a job spec.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenHole {
    /// JSON pointer of the text that holds it.
    pub path: String,
    /// `kind:name`, as `--set` takes it; in the text, `$` and `}` of the name are escaped.
    pub name: String,
    /// The expression that left it open.
    pub reason: String,
    /// `path:line` of that expression.
    pub source: String,
    /// The default that the code itself gives.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub default: Option<Json>,
    /// The lookups it is computed from, as `kind:name`, when it is not a lookup itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
}

impl Client {
    /// Whether nothing is set.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Launcher {
    /// Whether nothing is set.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
