//! From a task to a job spec, through tables kept as data.
//!
//! The way of a keyword: [`Tables`] says which row it falls under (`bind`), the row names a converter
//! (`convert/`) and targets; `pod` puts the values into the pod in the operator's own order, merges
//! templates (`template`, `merge`) and names it (`name`); `cluster` and `task` fill the rest of the job spec;
//! `output` writes it and keeps book of holes and templates; `fate` says what became of the keyword.
//!
//! The pod is the one Airflow would create, except on purpose for:
//!
//! - Airflow's own labels (`dag_id`, `run_id`, ...), which tell Airflow's runs apart, not Dagster's;
//! - the XCom sidecar, which never ends by itself, unless it is asked for;
//! - the pod name, which PipesK8sClient draws itself; it is kept without Airflow's random suffix;
//! - the names of volumes of `Secret` objects, which Airflow draws at random;
//! - empty collections and the defaults that Kubernetes assumes anyway (`hostNetwork: false`,
//!   `terminationMessagePolicy: File`) or PipesK8sClient sets (`restartPolicy: Never`), which are left out;
//! - the namespace `default` where the DAG names none, which only the cluster can decide;
//! - the command of `@task.kubernetes`: the source of the function, instead of a shell script that decodes it;
//! - a dict of `env_vars` of `@task.kubernetes`, of which Airflow only keeps the names, so that no cluster takes the pod.

mod accept;
mod account;
mod bind;
mod cluster;
mod connection;
mod convert;
mod coverage;
mod fate;
mod function;
mod jinja;
mod job;
mod merge;
mod name;
mod node;
mod output;
mod pod;
mod prune;
mod release;
mod remarks;
mod row;
mod tables;
mod task;
mod tell;
mod template;
mod tree;

#[cfg(test)]
mod tests;

pub use accept::{accepts, template_fields};
pub use account::{Account, Disposition, KeywordAccount, Mapped};
pub use bind::rendered_arguments;
pub use coverage::coverage_markdown;
pub(crate) use jinja::only_in_airflow;
pub use release::{NotARelease, Release};
pub use row::{
    Class, Converter, DefaultValue, Example, Guide, OperatorName, Releases, Row, Table, Target,
};
pub use tables::{MappingError, Tables};
pub use task::map_task;
pub use template::{NoTemplates, TemplateError, TemplateReader};
