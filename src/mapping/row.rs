//! The format of a mapping table: one row per argument.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::account::Disposition;
use super::release::Release;
use crate::airflow::OperatorKind;

/// A mapping table as written in a file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Its name, for messages.
    pub table: String,
    /// The operators it is for, by kind; empty in a user's table.
    #[serde(default)]
    pub operators: Vec<OperatorName>,
    /// For a user's table: the qualified name of the operator class.
    #[serde(default)]
    pub operator: Option<String>,
    /// For a user's table: the relative whose arguments the operator accepts too.
    #[serde(default)]
    pub base: Option<OperatorName>,
    /// Which releases `since` and `until` count.
    #[serde(default)]
    pub releases: Releases,
    /// For a user's table: arguments that the operator always passes on, with their values.
    #[serde(default)]
    pub values: serde_json::Map<String, Json>,
    /// The rows, in the order in which their values reach the pod.
    #[serde(default)]
    pub rows: Vec<Row>,
}

/// One argument.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// The Airflow spelling.
    pub argument: String,
    /// For a user's table: the argument of the KubernetesPodOperator that it becomes.
    #[serde(default)]
    pub rename: Option<String>,
    /// What it describes.
    #[serde(default)]
    pub class: Class,
    /// What becomes of it when its value is known.
    #[serde(default = "mapped")]
    pub disposition: Disposition,
    /// Where its value goes, as JSON pointers into the job spec.
    #[serde(default)]
    pub targets: Vec<Target>,
    /// How its value becomes JSON.
    #[serde(default)]
    pub converter: Converter,
    /// The Kubernetes class that the converter asks for.
    #[serde(default)]
    pub model: Option<String>,
    /// The value is added to the end of the list at the target instead of replacing it.
    #[serde(default)]
    pub append: bool,
    /// The words that Airflow accepts; empty for no limit.
    #[serde(default)]
    pub values: Vec<String>,
    /// First release that accepts it.
    #[serde(default)]
    pub since: Option<Release>,
    /// Last release that accepts it.
    #[serde(default)]
    pub until: Option<Release>,
    /// The argument that took its place.
    #[serde(default)]
    pub renamed_to: Option<String>,
    /// Since when Airflow warns about it, for people.
    #[serde(default)]
    pub deprecated: Option<String>,
    /// Its defaults over time, oldest first, in Python.
    #[serde(default)]
    pub defaults: Vec<DefaultValue>,
    /// First release that renders Jinja in it.
    #[serde(default)]
    pub templated: Option<Release>,
    /// The row of Dagster's migration guide that lists it.
    #[serde(default)]
    pub guide: Option<Guide>,
    /// The types that Airflow declares.
    #[serde(default)]
    pub accepts: Option<String>,
    /// The closest notion in Dagster.
    #[serde(default)]
    pub dagster: Option<String>,
    /// The code of the finding that tells its use, when the value is not the default.
    #[serde(default)]
    pub diagnostic: Option<String>,
    /// What it is, in a few words.
    #[serde(default)]
    pub what: String,
    /// What else there is to know.
    #[serde(default)]
    pub note: String,
    /// Examples, run as tests.
    #[serde(default)]
    pub examples: Vec<Example>,
}

fn mapped() -> Disposition {
    Disposition::Mapped
}

/// What an argument describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Deserialize, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Class {
    /// The pod's spec.
    #[default]
    Pod,
    /// The pod's metadata.
    Meta,
    /// The Kubernetes client.
    Client,
    /// Waiting, logs, results and cleaning up.
    Launcher,
    /// Airflow itself.
    Airflow,
    /// Nothing any more, but still accepted.
    Ignored,
    /// Nothing any more.
    Removed,
}

/// A place in the job spec.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "TargetForm")]
pub struct Target {
    /// JSON pointer.
    pub path: String,
    /// The same in a `V1Pod`, for a place in the pod.
    pub(crate) pod_path: Option<String>,
    /// First release in which the argument reaches this place.
    pub since: Option<Release>,
    /// Last release in which it does.
    pub until: Option<Release>,
}

/// The place in a `V1Pod` of a target in the job spec; `None` for a target outside the pod.
fn pod_path(target: &str) -> Option<String> {
    [("/run/base_pod_spec/", "/spec/"), ("/run/base_pod_meta/", "/metadata/")]
        .iter()
        .find_map(|(outside, inside)| Some(format!("{inside}{}", target.strip_prefix(outside)?)))
}

#[derive(Deserialize)]
#[serde(untagged)]
enum TargetForm {
    Path(String),
    Limited(LimitedTarget),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LimitedTarget {
    path: String,
    #[serde(default)]
    since: Option<Release>,
    #[serde(default)]
    until: Option<Release>,
}

impl From<TargetForm> for Target {
    fn from(form: TargetForm) -> Self {
        let (path, since, until) = match form {
            TargetForm::Path(path) => (path, None, None),
            TargetForm::Limited(LimitedTarget { path, since, until }) => (path, since, until),
        };
        Self { pod_path: pod_path(&path), path, since, until }
    }
}

/// A default and the release that brought it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DefaultValue {
    /// First release with it.
    #[serde(default)]
    pub since: Option<Release>,
    /// The value, in Python.
    pub value: String,
}

/// A row of the four tables of Dagster's migration guide.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guide {
    /// `PipesK8sClient`, `base_pod_spec`, `containers` or `base_pod_meta`.
    pub table: String,
    /// The Dagster side of the row.
    pub to: String,
}

/// An example: Python in, JSON out.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// A Python expression.
    pub python: String,
    /// What then stands at the first target.
    #[serde(default)]
    pub gives: Json,
    /// Why Airflow refuses it instead.
    #[serde(default)]
    pub refused: Option<String>,
}

/// Which releases a table counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Releases {
    /// The Kubernetes provider, with Airflow 1.10 and the backports before it.
    #[default]
    Provider,
    /// Airflow.
    Airflow,
    /// The Google provider; not selectable, so nothing is checked.
    Google,
    /// The Amazon provider; not selectable, so nothing is checked.
    Amazon,
}

/// An operator kind as written in a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperatorName {
    /// `KubernetesPodOperator`.
    Pod,
    /// `GKEStartPodOperator`.
    Gke,
    /// `EksPodOperator`.
    Eks,
    /// `@task.kubernetes`.
    Decorated,
    /// `@task.kubernetes_cmd`.
    DecoratedCmd,
    /// `KubernetesJobOperator` and its relatives.
    Job,
    /// `SparkKubernetesOperator`.
    Spark,
}

impl OperatorName {
    /// The name people know it by.
    pub fn class(self) -> &'static str {
        match self {
            Self::Pod => "KubernetesPodOperator",
            Self::Gke => "GKEStartPodOperator",
            Self::Eks => "EksPodOperator",
            Self::Decorated => "@task.kubernetes",
            Self::DecoratedCmd => "@task.kubernetes_cmd",
            Self::Job => "KubernetesJobOperator",
            Self::Spark => "SparkKubernetesOperator",
        }
    }
}

impl From<OperatorName> for OperatorKind {
    fn from(name: OperatorName) -> Self {
        match name {
            OperatorName::Pod => Self::Pod,
            OperatorName::Gke => Self::Gke,
            OperatorName::Eks => Self::Eks,
            OperatorName::Decorated => Self::Decorated,
            OperatorName::DecoratedCmd => Self::DecoratedCmd,
            OperatorName::Job => Self::Job,
            OperatorName::Spark => Self::Spark,
        }
    }
}

/// How a value becomes JSON. Each converter is a function in `convert/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Converter {
    /// No value is taken over.
    #[default]
    None,
    /// As the Kubernetes client serialises it.
    Copy,
    /// A string; nothing else is possible at the target.
    Text,
    /// A list, empty when falsy.
    List,
    /// A list of strings; a string is told.
    StringList,
    /// A dict, empty when falsy.
    Mapping,
    /// Labels: `None` becomes an empty text.
    Labels,
    /// `env_vars`: dict or list.
    EnvVars,
    /// Names of config maps.
    Configmaps,
    /// A list of objects of the row's model, or of Airflow's old helpers.
    Models,
    /// An object of the row's model, or a dict in camelCase.
    ModelOrDict,
    /// A list of those.
    ModelsOrDicts,
    /// A text with commas, or a list.
    ImagePullSecrets,
    /// `resources` before `container_resources` existed.
    OldResources,
    /// Airflow `Secret` objects.
    Secrets,
    /// A `V1Pod`.
    FullPodSpec,
    /// The path of a pod template.
    TemplateFile,
    /// A pod template as a dict.
    TemplateDict,
    /// The pod name.
    Name,
    /// The namespace.
    Namespace,
    /// The Airflow connection of the cluster.
    Connection,
    /// Whether to use the in-cluster service account.
    InCluster,
    /// What a managed cluster is reached by.
    ClusterAccess,
    /// A number.
    Number,
    /// A `timedelta` or a number of seconds.
    Seconds,
    /// `True` or `False`.
    Flag,
    /// Python's truth of any value.
    Truth,
    /// One of the row's words, or a member of Airflow's enum of them.
    Word,
    /// `on_finish_action`.
    FinishAction,
    /// `is_delete_operator_pod`.
    DeleteFlag,
    /// Exit codes that mean skipped.
    ExitCodes,
    /// Containers whose logs are wanted.
    ContainerLogs,
    /// Whether the XCom sidecar is wanted.
    XcomPush,
    /// Security context of the XCom sidecar.
    XcomSidecarSecurity,
}

impl Row {
    /// The default in a release, in Python; `None` where no default is known.
    pub fn default_in(&self, release: &Release) -> Option<&str> {
        self.defaults
            .iter()
            .rev()
            .find(|default| default.since.as_ref().is_none_or(|since| since <= release))
            .map(|default| default.value.as_str())
    }

    /// The targets that the argument reaches in a release.
    pub fn targets_in<'a>(&'a self, release: &'a Release) -> impl Iterator<Item = &'a str> {
        self.reached_in(release).map(|target| target.path.as_str())
    }

    /// Those of them in the pod, as places in a `V1Pod`.
    pub(crate) fn pod_targets_in<'a>(
        &'a self,
        release: &'a Release,
    ) -> impl Iterator<Item = &'a str> {
        self.reached_in(release).filter_map(|target| target.pod_path.as_deref())
    }

    /// Those of them outside the pod.
    pub(crate) fn other_targets_in<'a>(
        &'a self,
        release: &'a Release,
    ) -> impl Iterator<Item = &'a str> {
        let others = self.reached_in(release).filter(|target| target.pod_path.is_none());
        others.map(|target| target.path.as_str())
    }

    fn reached_in<'a>(&'a self, release: &'a Release) -> impl Iterator<Item = &'a Target> {
        self.targets.iter().filter(move |target| {
            target.since.as_ref().is_none_or(|since| since <= release)
                && target.until.as_ref().is_none_or(|until| release <= until)
        })
    }
}
