//! What podlift knows of Airflow: DAGs, task groups, operators, decorators and lookups.
//!
//! Airflow moved its classes between modules at every major release, so most names are recognised by
//! their last part under `airflow.`; [`canonical`] gives the one name they go by here.

mod config;
mod dags;
mod decorators;
mod doubts;
mod groups;
pub(crate) mod ids;
pub(crate) mod lookups;
mod nodes;
mod operators;
mod relations;
mod rendered;
pub(crate) mod setups;

use std::sync::Arc;

use self::ids::Ids;
pub(crate) use self::relations::Visited;

use crate::airflow::{OperatorKind, Origin};
use crate::eval::call::Kwarg;
use crate::eval::object::{Map, ObjId, Val};
use crate::eval::{Hole, Text};
use crate::python::Span;
use crate::python::ast::Name;

/// DAGs and contexts of one evaluation.
#[derive(Debug, Clone, Default)]
pub(crate) struct World {
    /// Every DAG made, in order.
    pub(crate) dags: Vec<ObjId>,
    /// `with DAG(...)` blocks around the statement being evaluated.
    pub(crate) dag_stack: Vec<ObjId>,
    /// `with TaskGroup(...)` blocks around it.
    pub(crate) group_stack: Vec<ObjId>,
    /// Tasks that were made while a mapped task was unrolled, and belong to no DAG.
    pub(crate) detached: u32,
    /// Tasks made without a DAG.
    pub(crate) orphans: Vec<ObjId>,
    /// `@dag` functions that were decorated and, when called, their DAG.
    pub(crate) dag_functions: Vec<(Val, bool)>,
    /// What is made of XComs by `.map`, `.zip` and `.concat`: the tasks it waits for, by the address of its hole.
    pub(crate) made_of_xcoms: Map<usize, (Arc<Hole>, Vec<ObjId>)>,
    /// Whether there may be other edges than those that are known.
    pub(crate) has_open_edges: bool,
    /// Whether any XCom was referred to.
    pub(crate) has_xcoms: bool,
    /// `with` blocks of setups and teardowns.
    pub(crate) blocks: setups::Blocks,
    /// What stands for a list among the default arguments of a DAG, by the DAG and the list.
    pub(crate) copied_env_from: Map<(ObjId, ObjId), Val>,
}

/// A DAG.
#[derive(Debug, Clone)]
pub(crate) struct DagObject {
    /// The class that was called: Airflow's own or a subclass.
    pub(crate) class: Val,
    pub(crate) id: Text,
    /// What the constructor was given, and what was set under the names of its parameters later.
    pub(crate) args: Map<Name, Kwarg>,
    /// Attributes set by user code that are no parameters.
    pub(crate) attrs: Map<Name, Val>,
    pub(crate) default_args: Val,
    /// Tasks by the text of their id.
    pub(crate) tasks: Ids<ObjId>,
    pub(crate) groups: Ids<()>,
    /// Whether it was used as a context, which makes Airflow register it by itself.
    pub(crate) entered: bool,
    /// Whether the Airflow constructor was reached.
    pub(crate) initialised: bool,
    pub(crate) span: Span,
    pub(crate) conditions: Vec<Arc<Hole>>,
}

/// A task group.
#[derive(Debug, Clone)]
pub(crate) struct GroupObject {
    /// The class that was called: Airflow's own or a subclass.
    pub(crate) class: Val,
    /// Attributes set by user code.
    pub(crate) attrs: Map<Name, Val>,
    /// Full id.
    pub(crate) id: Text,
    pub(crate) prefix: bool,
    pub(crate) dag: Option<ObjId>,
    pub(crate) default_args: Val,
    pub(crate) children: Vec<ObjId>,
    /// Whether the Airflow constructor was reached.
    pub(crate) initialised: bool,
}

/// A keyword as it reached an operator.
#[derive(Debug, Clone)]
pub(crate) struct TaskKeyword {
    pub(crate) val: Val,
    pub(crate) origin: Origin,
    pub(crate) span: Span,
}

/// Keywords of each instance of a mapped task.
pub(crate) type Instances = Vec<Map<Name, TaskKeyword>>;

/// A task.
#[derive(Debug, Clone)]
pub(crate) struct TaskObject {
    /// The class that was called.
    pub(crate) class: Val,
    /// The Airflow class it is or derives from.
    pub(crate) base: Name,
    pub(crate) kind: OperatorKind,
    /// Full id, with group prefixes.
    pub(crate) id: Text,
    pub(crate) label: Text,
    pub(crate) keywords: Map<Name, TaskKeyword>,
    /// Attributes set by user code that are no keywords.
    pub(crate) attrs: Map<Name, Val>,
    pub(crate) default_args: Vec<Val>,
    /// Keywords of the outermost call, to tell them from those a subclass adds.
    pub(crate) given: Vec<Name>,
    /// Keywords that came from `default_args`.
    pub(crate) defaulted: Vec<Name>,
    pub(crate) dag: Option<ObjId>,
    pub(crate) group: Option<ObjId>,
    pub(crate) upstream: Vec<ObjId>,
    pub(crate) conditions: Vec<Arc<Hole>>,
    pub(crate) pattern: Option<Arc<Hole>>,
    pub(crate) span: Span,
    /// Whether the Airflow constructor was reached.
    pub(crate) initialised: bool,
    pub(crate) origin: Origin,
    /// For mapped tasks: keywords of each instance, or what is mapped over when that is unknown.
    pub(crate) expansion: Option<Result<Instances, Arc<Hole>>>,
    /// For decorated tasks: the function, positional arguments and keyword arguments of its call.
    pub(crate) function: Option<(Val, Vec<Val>, Map<Name, Val>)>,
}

/// A task decorator, a decorated function, or an operator waiting for `.expand`.
#[derive(Debug, Clone)]
pub(crate) struct DecoratorObject {
    /// `airflow.task`, `airflow.task.kubernetes`, `airflow.dag`, `airflow.task_group`,
    /// `airflow.partial`.
    pub(crate) kind: Name,
    pub(crate) kwargs: Map<Name, Kwarg>,
    /// The function, once applied; for `airflow.partial` the operator class.
    pub(crate) function: Option<Val>,
    /// Arguments of `.partial(...)` on a decorated function.
    pub(crate) partial: Map<Name, Kwarg>,
    pub(crate) more_kw: Option<Val>,
    /// What `@setup` and `@teardown` mark its tasks with.
    pub(crate) mark: Option<&'static str>,
}

/// Names recognised wherever under `airflow.` they are imported from.
const NAMES: &[&str] = &[
    "DAG",
    "TaskGroup",
    "Variable",
    "Connection",
    "BaseHook",
    "Param",
    "ParamsDict",
    "Label",
    "XComArg",
    "Secret",
    "Volume",
    "VolumeMount",
    "Port",
    "Resources",
    "PodRuntimeInfoEnv",
    "Dataset",
    "Asset",
    "DatasetAlias",
    "AssetAlias",
    "DatasetAny",
    "DatasetAll",
    "TriggerRule",
    "WeightRule",
    "OnFinishAction",
    "OnKillAction",
    "BaseOperator",
    "BaseOperatorLink",
    "CronDataIntervalTimetable",
    "CronTriggerTimetable",
    "DeltaDataIntervalTimetable",
    "DeltaTriggerTimetable",
    "MultipleCronTriggerTimetable",
    "EventsTimetable",
    "Pod",
    "chain",
    "chain_linear",
    "cross_downstream",
    "days_ago",
    "KubernetesPodOperatorCallback",
    "ObjectStoragePath",
    "Backoff",
    "PoolSlots",
    "NOTSET",
    "Metadata",
];

/// The name a symbol under `airflow.` goes by.
pub(crate) fn canonical(path: &str) -> String {
    let last = path.rsplit('.').next().unwrap_or(path);
    if NAMES.contains(&last) {
        return format!("airflow.{last}");
    }
    let parent = path.strip_suffix(last).map_or("", |parent| parent.trim_end_matches('.'));
    if matches!(last, "dag" | "task" | "task_group" | "setup" | "teardown")
        && (parent.starts_with("airflow.decorators") || parent == "airflow.sdk")
    {
        return format!("airflow.{last}");
    }
    if last == "conf"
        && matches!(
            parent,
            "airflow.configuration"
                | "airflow"
                | "airflow.providers.common.compat.sdk"
                | "airflow.sdk.configuration"
        )
    {
        return "airflow.conf".to_owned();
    }
    path.to_owned()
}

/// Whether a symbol is an operator or sensor class of Airflow.
pub(crate) fn is_operator(path: &str) -> bool {
    let Some(rest) =
        path.strip_prefix("airflow.").or_else(|| path.strip_prefix("astronomer.providers."))
    else {
        return false;
    };
    let last = rest.rsplit('.').next().unwrap_or(rest);
    let camel = last.chars().next().is_some_and(char::is_uppercase);
    camel
        && (last.ends_with("Operator")
            || last.ends_with("Sensor")
            || last.ends_with("OperatorAsync")
            || last.ends_with("SensorAsync"))
}

/// Which relative of the KubernetesPodOperator a class is.
pub(crate) fn operator_kind(path: &str) -> OperatorKind {
    if !is_operator(path) {
        // A class of the same name from somewhere else may differ in anything.
        return OperatorKind::Other;
    }
    match path.rsplit('.').next().unwrap_or(path) {
        "KubernetesPodOperator" | "KubernetesPodOperatorAsync" => OperatorKind::Pod,
        "GKEStartPodOperator" | "GKEPodOperator" | "GKEStartPodOperatorAsync" => OperatorKind::Gke,
        "EksPodOperator" => OperatorKind::Eks,
        "KubernetesDecoratedOperator" => OperatorKind::Decorated,
        "KubernetesCmdDecoratedOperator" => OperatorKind::DecoratedCmd,
        "KubernetesJobOperator"
        | "GKEStartJobOperator"
        | "KubernetesStartKueueJobOperator"
        | "GKEStartKueueJobOperator" => OperatorKind::Job,
        "SparkKubernetesOperator" => OperatorKind::Spark,
        _ => OperatorKind::Other,
    }
}

/// Whether a dotted name is a module of Airflow itself, as far as DAG files import them: a folder of
/// that name under the roots is not asked.
pub(crate) fn is_module(path: &str) -> bool {
    let mut parts = path.split('.').skip(1);
    match parts.next() {
        None => true,
        Some(first) => {
            matches!(
                first,
                "models"
                    | "operators"
                    | "sensors"
                    | "contrib"
                    | "providers"
                    | "utils"
                    | "decorators"
                    | "hooks"
                    | "sdk"
                    | "configuration"
                    | "exceptions"
                    | "kubernetes"
                    | "macros"
                    | "settings"
                    | "timetables"
                    | "datasets"
                    | "assets"
                    | "version"
                    | "security"
                    | "executors"
                    | "secrets"
                    | "api"
                    | "www"
                    | "lineage"
                    | "listeners"
                    | "plugins_manager"
                    | "triggers"
                    | "policies"
                    | "io"
                    | "typing_compat"
                    | "task"
                    | "jobs"
                    | "notifications"
                    | "stats"
                    | "logging_config"
                    | "ti_deps"
                    | "callbacks"
                    | "compat"
                    | "client"
                    | "common"
            ) && first != "common"
        }
    }
}
