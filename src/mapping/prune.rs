//! Leaves out of the job spec what says nothing: empty collections, and defaults that Kubernetes or
//! PipesK8sClient assume anyway. The pod stays the same.

use super::node::{Node, NodeKind};
use super::tree::find_mut;

/// Collections that the operator always writes, empty or not.
const META: [&str; 2] = ["labels", "annotations"];
const SPEC: [&str; 9] = [
    "affinity",
    "nodeSelector",
    "tolerations",
    "initContainers",
    "imagePullSecrets",
    "securityContext",
    "volumes",
    "hostAliases",
    "dnsConfig",
];
const CONTAINER: [&str; 9] = [
    "args",
    "command",
    "env",
    "envFrom",
    "ports",
    "volumeMounts",
    "volumeDevices",
    "resources",
    "securityContext",
];

/// Prunes a built pod.
pub(crate) fn prune(pod: &mut Node) {
    if let Some(metadata) = find_mut(pod, "/metadata") {
        drop_empty(metadata, &META);
    }
    let Some(spec) = find_mut(pod, "/spec") else { return };
    drop_empty(spec, &SPEC);
    drop_default(spec, "restartPolicy", &|node| node.as_str() == Some("Never"));
    drop_default(spec, "hostNetwork", &|node| node.kind == NodeKind::Bool(false));
    let containers = match spec.fields_mut().and_then(|fields| fields.entries.get_mut("containers"))
    {
        Some(Node { kind: NodeKind::List(containers), .. }) => containers,
        _ => return,
    };
    for container in containers {
        drop_empty(container, &CONTAINER);
        let file = |node: &Node| node.as_str() == Some("File");
        drop_default(container, "terminationMessagePolicy", &file);
    }
}

fn drop_empty(node: &mut Node, keys: &[&str]) {
    let Some(fields) = node.fields_mut() else { return };
    fields.entries.retain(|key, node| {
        let empty = match &node.kind {
            NodeKind::List(items) => items.is_empty(),
            NodeKind::Map(fields) => fields.entries.is_empty(),
            _ => false,
        };
        !(empty && keys.contains(&key.as_str()))
    });
}

/// Drops a default that no keyword asked for.
fn drop_default(node: &mut Node, key: &str, is_default: &dyn Fn(&Node) -> bool) {
    if let Some(fields) = node.fields_mut()
        && fields.entries.get(key).is_some_and(|node| node.from.is_none() && is_default(node))
    {
        fields.entries.shift_remove(key);
    }
}
