//! DAGs and tasks as evaluation leaves them: the input of the mapping tables.

use std::sync::Arc;

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use crate::eval::{Hole, Text, Value};
use crate::python::Span;
use crate::spec::Timing;

/// The keywords of an operator by their names, in the order of the call.
pub type Keywords = IndexMap<String, Keyword, FxBuildHasher>;

/// A DAG and the tasks found in it.
#[derive(Debug, Clone)]
pub struct Dag {
    /// The DAG id; a text, since it may be computed from something unknown.
    pub dag_id: Text,
    /// Every other argument of `DAG(...)` or `@dag(...)`: `schedule`, `tags`, `params`, ...
    pub arguments: Keywords,
    /// The call that made it.
    pub span: Span,
    /// Its tasks in the order in which Python made them, other operators included.
    pub tasks: Vec<Task>,
    /// Whether it is in a global variable of the file.
    pub is_global: bool,
    /// When its runs start.
    pub timing: Timing,
    /// Conditions that could not be decided and under which the DAG exists.
    pub conditions: Vec<Arc<Hole>>,
}

/// One task: an operator call with everything that reached it.
#[derive(Debug, Clone)]
pub struct Task {
    /// The DAG it belongs to.
    pub dag_id: Text,
    /// Task id with the prefixes of its groups.
    pub task_id: Text,
    /// The id without group prefixes: what `task_id=` says.
    pub label: Text,
    /// The operator class.
    pub operator: Operator,
    /// The call that made it, or the decorated function.
    pub span: Span,
    /// Every keyword that reached the operator, with where it came from.
    pub keywords: Keywords,
    /// Ids of the tasks that must end before it, sorted.
    pub upstream: Vec<String>,
    /// Full id of the innermost task group.
    pub group: Option<String>,
    /// Conditions that could not be decided and under which the task exists.
    pub conditions: Vec<Arc<Hole>>,
    /// The loop, call or id that makes this one task stand for any number of tasks.
    pub pattern: Option<Arc<Hole>>,
    /// For a task made with `.expand(...)` or `.expand_kwargs(...)`: what each instance gets.
    pub expansion: Option<Expansion>,
    /// For `@task.kubernetes` and `@task.kubernetes_cmd`: the decorated function.
    pub function: Option<TaskFunction>,
}

impl Task {
    /// The value of a keyword.
    pub fn keyword(&self, name: &str) -> Option<&Value> {
        self.keywords.get(name).map(|keyword| &keyword.value)
    }
}

/// The class of a task.
#[derive(Debug, Clone, PartialEq)]
pub struct Operator {
    /// Which relative of the KubernetesPodOperator it is.
    pub kind: OperatorKind,
    /// Qualified name of the Airflow class, as imported by the DAG.
    pub class: String,
    /// Subclasses between that class and the call, outermost first.
    pub subclasses: Vec<Subclass>,
    /// The arguments and attributes that a subclass has Airflow render, when it declares them itself.
    pub template_fields: Option<Vec<String>>,
}

/// A user's subclass of an operator.
#[derive(Debug, Clone, PartialEq)]
pub struct Subclass {
    /// Qualified name.
    pub name: String,
    /// Where it is defined.
    pub span: Span,
    /// Methods it overrides that Airflow calls when the task runs, and class attributes that change
    /// the pod: what static evaluation of the constructor cannot show.
    pub overrides: Vec<(String, Span)>,
}

/// The relatives of the KubernetesPodOperator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OperatorKind {
    /// `KubernetesPodOperator`.
    Pod,
    /// `GKEStartPodOperator`, and its old name `GKEPodOperator`.
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
    /// Any other operator: a node of the graph only.
    Other,
}

/// A keyword argument that reached an operator.
#[derive(Debug, Clone, PartialEq)]
pub struct Keyword {
    /// Its value.
    pub value: Value,
    /// Where it came from.
    pub origin: Origin,
    /// The place where it is written.
    pub span: Span,
}

/// Where a keyword came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The call itself.
    Call,
    /// `default_args` of the DAG, a task group or the call.
    DefaultArgs,
    /// `.partial(...)` of a mapped task.
    Partial,
    /// `.expand(...)` or `.expand_kwargs(...)` of a mapped task.
    Expand,
    /// A decorator such as `@task.kubernetes(...)`.
    Decorator,
    /// A subclass, by name, that passed it to `super().__init__`.
    Subclass(String),
    /// An assignment to an attribute of the finished task.
    Attribute,
}

/// The keyword under which a task holds the arguments that `**` takes from something unknown: any that are not
/// given otherwise may be among them.
pub const SPREAD: &str = "**";

/// What a mapped task expands over.
#[derive(Debug, Clone, PartialEq)]
pub enum Expansion {
    /// Known: the keywords of each instance, in order of the map index.
    Known(Vec<IndexMap<String, Value>>),
    /// Known only when the DAG runs.
    Unknown(Arc<Hole>),
}

/// The Python function under a task decorator.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskFunction {
    /// Its name.
    pub name: String,
    /// The whole definition with its decorators.
    pub span: Span,
    /// The definition without decorators, as written.
    pub text: String,
    /// Names it reads that are neither its own nor builtin, sorted: empty means self-contained.
    pub free_names: Vec<String>,
    /// Positional arguments of the call.
    pub args: Vec<Value>,
    /// Keyword arguments of the call.
    pub kwargs: IndexMap<String, Value>,
    /// What the function returns when it can be known without running a task (for `kubernetes_cmd`).
    pub result: Option<Value>,
}
