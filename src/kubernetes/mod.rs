//! Facts about the Kubernetes API: model classes and their fields, and whether a pod agrees with them.

mod check;
mod formats;
mod models;
mod rules;

pub use check::{Finding, check_pod};
pub use formats::{
    check_namespace, is_dns_label, is_dns_subdomain, is_label_value, is_port_name,
    is_qualified_name, is_quantity,
};
pub use models::{Field, ModelClass, Models, Type};
