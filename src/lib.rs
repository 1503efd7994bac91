//! podlift lifts Airflow `KubernetesPodOperator` tasks out of DAG files and lands them on Dagster Pipes.

pub mod airflow;
pub mod cli;
pub mod config;
pub mod diag;
pub mod discover;
pub mod emit;
pub mod eval;
mod jinja;
pub mod kubernetes;
pub mod launch;
pub mod mapping;
pub mod paths;
pub mod pipes;
pub mod pointer;
pub mod python;
pub mod report;
pub mod secrets;
pub mod spec;
pub mod translate;
pub mod values;
pub mod verify;
pub mod words;
pub mod yaml;
