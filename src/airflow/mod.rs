//! Airflow's nouns: DAGs, tasks, operators and where each keyword came from.

mod command;
mod load;
mod project;
mod surroundings;
mod task;
mod timing;

pub use load::{load_bytes, load_file};
pub use project::{Limits, Loaded, Settings};
pub use task::{
    Dag, Expansion, Keyword, Keywords, Operator, OperatorKind, Origin, SPREAD, Subclass, Task,
    TaskFunction,
};
