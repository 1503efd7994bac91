//! Keeps credentials out of a comparison. Both sides are looked at, since a credential may be what differs.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::report::Verdict;
use crate::secrets::{Mask, REDACTED, in_spec};
use crate::spec::JobSpec;

/// The credentials of both sides of a task.
pub(super) struct Hidden {
    mask: Mask,
    /// Texts that are credentials as a whole.
    whole: BTreeSet<String>,
}

impl Hidden {
    /// The credentials of a job spec and of the pod that Airflow makes, when it makes one.
    pub(super) fn of(spec: &JobSpec, theirs: Option<&Json>) -> Self {
        let mut sides = vec![spec.clone()];
        if let Some(pod) = theirs {
            let part = |name: &str| pod.get(name).and_then(Json::as_object).cloned();
            let mut other = spec.clone();
            other.run.base_pod_meta = part("metadata").unwrap_or_default();
            other.run.base_pod_spec = part("spec").unwrap_or_default();
            sides.push(other);
        }
        let mut whole = BTreeSet::new();
        for side in &sides {
            let value = crate::spec::to_value(side);
            for secret in in_spec(side) {
                let text = value.pointer(&secret.pointer).and_then(Json::as_str);
                let all = |text: &&str| secret.parts.iter().any(|part| part.len() == text.len());
                whole.extend(text.filter(all).map(str::to_owned));
            }
        }
        Self { mask: Mask::of(&sides), whole }
    }

    /// Takes them out of everything that is shown.
    pub(super) fn hide(&self, verdict: &mut Verdict) {
        if let Some(reason) = &mut verdict.reason {
            *reason = self.mask.code(reason);
        }
        for difference in &mut verdict.differences {
            self.json(&mut difference.airflow);
            self.json(&mut difference.podlift);
            difference.airflow_argument.iter_mut().for_each(|value| self.json(value));
        }
    }

    fn json(&self, value: &mut Json) {
        match value {
            Json::String(text) if self.whole.contains(text.as_str()) => REDACTED.clone_into(text),
            Json::String(text) => *text = self.mask.code(text),
            Json::Array(items) => items.iter_mut().for_each(|item| self.json(item)),
            Json::Object(fields) => fields.values_mut().for_each(|field| self.json(field)),
            Json::Null | Json::Bool(_) | Json::Number(_) => {}
        }
    }
}
