//! The Job that KubernetesJobOperator puts around its pod.
//!
//! Its arguments become fields of `/job` by the tables like those of the launcher; here is what they do not
//! give: defaults, and the templates that Airflow merges them into.

use std::sync::Arc;

use super::bind::Bound;
use super::node::Node;
use super::pod::literal;
use super::release::Release;
use super::row::Row;
use super::tree::place;
use crate::eval::{Hole, HoleKind};

/// Arguments that bring a whole Job, which all others are merged into.
const TEMPLATES: [&str; 2] = ["job_template_file", "full_job_spec"];

/// Places the defaults of the arguments that are not given.
pub(crate) fn defaults<'a>(
    absent: impl Iterator<Item = &'a Row>,
    release: &Release,
    tree: &mut Node,
) {
    for row in absent {
        let Some(default) = row.default_in(release).and_then(literal) else { continue };
        for path in row.targets_in(release).filter(|path| path.starts_with("/job/")) {
            place(tree, path, default.clone(), false);
        }
    }
}

/// A template of the Job, which keeps the task open: it is not merged.
pub(crate) fn template(bound: &[Bound<'_>]) -> Option<Arc<Hole>> {
    let given = bound.iter().find(|one| {
        TEMPLATES.contains(&one.row.argument.as_str()) && one.value.truth() != Some(false)
    })?;
    Some(Arc::new(Hole {
        kind: HoleKind::Expression,
        name: given.row.argument.clone(),
        default: None,
        reason: format!("`{}` is not merged", given.row.argument),
        span: given.span,
        roots: Vec::new(),
    }))
}
