//! What DAG files are read with, and what reading one of them gives.

use std::path::PathBuf;

use super::Dag;
use crate::diag::Diagnostic;
use crate::paths::Shown;
use crate::values::Values;

/// How DAG files are evaluated.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Folders in which imports and files are looked up, strongest first. Nothing outside them is read.
    pub roots: Vec<PathBuf>,
    /// Values for lookups.
    pub values: Values,
    /// The Airflow release that version checks in the DAG see.
    pub airflow_version: String,
    /// The provider release whose rules apply.
    pub provider_version: String,
    /// Keep the sidecar that holds the XCom result of a pod; it never ends by itself.
    pub keep_xcom_sidecar: bool,
    /// How paths are shown.
    pub shown: Shown,
    /// Bounds of the evaluation of one file.
    pub limits: Limits,
}

/// Bounds of the evaluation of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Evaluation steps: about one per expression.
    pub steps: u64,
    /// Calls inside calls.
    pub depth: u32,
    /// Elements in one collection.
    pub collection: usize,
    /// Bytes in one string.
    pub string: usize,
    /// Turns of one loop.
    pub turns: u32,
    /// Bytes of one file.
    pub file: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            steps: 5_000_000,
            depth: 200,
            collection: 100_000,
            string: 1 << 20,
            turns: 100_000,
            file: 16 << 20,
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            roots: Vec::new(),
            values: Values::default(),
            airflow_version: "3.3.2".to_owned(),
            provider_version: "10.25.0".to_owned(),
            keep_xcom_sidecar: false,
            shown: Shown::default(),
            limits: Limits::default(),
        }
    }
}

/// What reading one file gave.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// DAGs in the order of their making.
    pub dags: Vec<Dag>,
    /// Findings of reading and evaluating.
    pub diagnostics: Vec<Diagnostic>,
    /// Whether the file could be read at all.
    pub read: bool,
    /// Whether other files were evaluated that import it, so that findings about them may point into it.
    pub is_shared: bool,
}
