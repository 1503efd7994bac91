//! podlift lifts Airflow `KubernetesPodOperator` tasks out of DAG files and lands them on Dagster Pipes.

pub mod airflow;
pub mod diag;
pub mod emit;
pub mod eval;
pub mod launch;
pub mod mapping;
pub mod pipes;
pub mod python;
pub mod spec;
pub mod values;
pub mod yaml;
