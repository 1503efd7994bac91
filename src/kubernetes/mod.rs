//! Facts about the Kubernetes API: model classes and their fields, and whether a pod agrees with them.

mod check;
mod models;

pub use check::{Finding, check_pod};
pub use models::{Field, ModelClass, Models, Type};
