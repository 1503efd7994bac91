//! Bare pods.

use serde_json::json;

use super::{Manifest, emit, lost_by_all, metadata, number, pod_spec};
use crate::emit::{Batch, Emitted, Emitter};

/// Writes each spec as a `Pod`: one attempt, made by hand.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pods {
    /// Write specs with holes and Jinja too, as they are.
    pub allow_open: bool,
}

impl Emitter for Pods {
    fn emit(&self, batch: &Batch<'_>) -> Emitted {
        emit(batch, self.allow_open, |spec, _| {
            let mut lost = lost_by_all(spec);
            if !spec.job.is_empty() {
                lost.push("the job around the pod; `--emit job` writes it".to_owned());
            }
            if number(spec.launcher.retries.as_ref(), "retries")?
                .is_some_and(|retries| retries > 0.0)
            {
                lost.push("retries".to_owned());
            }
            let object = json!({
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": metadata(spec, 63),
                "spec": pod_spec(spec)?,
            });
            Ok(Manifest { object, lost })
        })
    }
}
