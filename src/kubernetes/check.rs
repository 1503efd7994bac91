//! Whether a pod agrees with the Kubernetes API.
use serde_json::{Map, Value as Json};
/// F.
#[derive(Debug)]
pub struct Finding {
    /// P.
    pub path: String,
    /// M.
    pub message: String,
}
/// C.
pub fn check_pod(_meta: &Map<String, Json>, _spec: &Map<String, Json>) -> Vec<Finding> {
    Vec::new()
}
