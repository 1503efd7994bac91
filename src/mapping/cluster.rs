//! Which cluster the pod runs on: the operator's own arguments, an Airflow connection, or a managed
//! cluster of Google or Amazon.

use std::sync::Arc;

use super::bind::Bound;
use super::connection::Extras;
use super::convert::{convert, plain};
use super::node::{Jinja, Node, NodeKind};
use super::remarks::Remarks;
use super::row::Converter;
use super::tree::{find, place, remove};
use crate::airflow::OperatorKind;
use crate::diag::{Code, Diagnostic};
use crate::eval::{Hole, HoleKind, Kind, Text};
use crate::python::Span;
use crate::values::Values;

/// The connection that every installation is assumed to have, and that changes nothing.
const DEFAULT_CONNECTION: &str = "kubernetes_default";

/// What the connection adds.
#[derive(Debug, Default)]
pub(crate) struct Access {
    /// The namespace for pods that name none.
    pub(crate) namespace: Option<String>,
    /// Keywords that have no effect because another one excludes them.
    pub(crate) excluded: Vec<usize>,
}

/// Writes `/client` of the job spec.
pub(crate) fn client(
    kind: OperatorKind,
    bound: &[Bound<'_>],
    values: &Values,
    call: Span,
    root: &mut Node,
    remarks: &mut Remarks,
) -> Access {
    for one in bound.iter().filter(|one| one.row.converter != Converter::ClusterAccess) {
        for path in one.row.targets_in(one.release).filter(|path| path.starts_with("/client/")) {
            if let Some(node) = convert(one.value, &one.subject(), remarks).filter(|n| !n.is_null())
            {
                place(root, path, node.made_by(one.index), false);
            }
        }
    }
    let mut access = Access::default();
    match kind {
        OperatorKind::Gke => google(bound, values, call, root, remarks),
        OperatorKind::Eks => amazon(bound, values, call, root, remarks),
        _ => access.namespace = connection(bound, values, root, remarks),
    }
    exclusions(kind, bound, root, &mut access, remarks);
    access
}

/// `kubernetes_conn_id`: the extras of the connection, where the user supplied it.
fn connection(
    bound: &[Bound<'_>],
    values: &Values,
    root: &mut Node,
    remarks: &mut Remarks,
) -> Option<String> {
    let one = bound.iter().find(|one| one.row.converter == Converter::Connection);
    let id = match one {
        None => DEFAULT_CONNECTION,
        Some(one) if one.value.is_none() => return None,
        Some(one) => match one.value.as_str() {
            Some(id) => id,
            None => {
                let message = "the Kubernetes connection is not known";
                remarks.tell(Code::ClusterAccess, one.span, message);
                return None;
            }
        },
    };
    let span = one.map_or(Span::NONE, |one| one.span);
    let Some(extras) = values.connections.get(id).map(Extras::of) else {
        if id != DEFAULT_CONNECTION {
            remarks.add(
                Diagnostic::new(
                    Code::ClusterAccess,
                    span,
                    format!("connection `{id}` decides which cluster the pod runs on"),
                )
                .help(format!(
                    "Give its extras under `connections: {{{id}: {{extra: ...}}}}` in a `--values` file, or \
                     set `client` in the job spec."
                )),
            );
        }
        return None;
    };
    let index = one.and_then(|one| one.index);
    let mut fill = |path: &str, node: Node| {
        if find(root, path).is_none_or(|there| there.truth() == Some(false)) {
            place(root, path, node.made_by(index), false);
        }
    };
    if let Some(path) = extras.text("kube_config_path") {
        fill("/client/kubeconfig_file", Node::text(path, span));
    }
    if let Some(context) = extras.text("cluster_context") {
        fill("/client/kube_context", Node::text(context, span));
    }
    let chosen =
        bound.iter().any(|one| one.row.converter == Converter::InCluster && !one.value.is_none());
    if extras.flag("in_cluster") && !chosen {
        fill("/client/load_incluster_config", Node::new(NodeKind::Bool(true), span));
    }
    if extras.text("kube_config").is_some() {
        remarks.add(
            Diagnostic::new(
                Code::ClusterAccess,
                span,
                format!("connection `{id}` holds a whole kubeconfig"),
            )
            .help("Write it to a file and name that in `client.kubeconfig_file`."),
        );
    }
    extras.text("namespace")
}

/// `load_incluster_config` with a kubeconfig or a context: PipesK8sClient refuses both, Airflow ignores
/// the context and refuses the file.
fn exclusions(
    kind: OperatorKind,
    bound: &[Bound<'_>],
    root: &mut Node,
    access: &mut Access,
    remarks: &mut Remarks,
) {
    let given = |argument: &str| {
        bound.iter().find(|one| one.row.argument == argument && one.value.truth() != Some(false))
    };
    if let (OperatorKind::Gke | OperatorKind::Eks, Some(file)) = (kind, given("config_file")) {
        remarks.refuse("config_file", file.span, "not allowed for this operator");
    }
    let inside = find(root, "/client/load_incluster_config")
        .is_some_and(|node| node.kind == NodeKind::Bool(true));
    if !inside {
        return;
    }
    let in_cluster = given("in_cluster").map_or(Span::NONE, |one| one.span);
    if let Some(file) = given("config_file") {
        remarks.add(
            Diagnostic::new(
                Code::InClusterConflict,
                file.span,
                "`in_cluster=True` excludes `config_file`",
            )
            .label("Airflow refuses both together")
            .also(in_cluster, "set here"),
        );
        access.excluded.extend(file.index);
    }
    if let Some(context) = given("cluster_context") {
        remarks.add(
            Diagnostic::new(
                Code::InClusterConflict,
                context.span,
                "`in_cluster=True` excludes `cluster_context`",
            )
            .label("without effect in Airflow; left out")
            .also(in_cluster, "set here"),
        );
        access.excluded.extend(context.index);
    }
    remove(root, "/client/kubeconfig_file");
    remove(root, "/client/kube_context");
}

/// A part of a cluster's address: the argument, else what the user supplied for it, else a hole.
fn part(
    argument: &str,
    reason: &str,
    bound: &[Bound<'_>],
    values: &Values,
    call: Span,
    remarks: &mut Remarks,
) -> (Text, Jinja, Option<usize>) {
    if let Some(one) = bound.iter().find(|one| one.row.argument == argument && !one.value.is_none())
    {
        let text =
            match (&one.value.kind, plain(one.value, one.jinja, &one.subject(), remarks).kind) {
                (_, NodeKind::Text(text, _)) => text,
                (_, NodeKind::Hole(hole)) => Text::hole(hole),
                (kind, _) => {
                    let message = format!("Expected str, got {}", type_name(kind));
                    match remarks.refuse(argument, one.span, message).kind {
                        NodeKind::Hole(hole) => Text::hole(hole),
                        _ => Text::default(),
                    }
                }
            };
        return (text, one.jinja, one.index);
    }
    if let Some(given) =
        values.get(HoleKind::Argument, argument).and_then(|v| v.as_str().map(Text::literal))
    {
        return (given, Jinja::Literal, None);
    }
    let hole = Hole {
        kind: HoleKind::Argument,
        name: argument.to_owned(),
        default: None,
        reason: reason.to_owned(),
        span: call,
        roots: Vec::new(),
    };
    (Text::hole(Arc::new(hole)), Jinja::Literal, None)
}

fn type_name(kind: &Kind) -> &'static str {
    match kind {
        Kind::Int(_) => "int",
        Kind::Bool(_) => "bool",
        _ => "another type",
    }
}

fn is_true(argument: &str, bound: &[Bound<'_>]) -> bool {
    bound.iter().any(|one| one.row.argument == argument && one.value.truth() == Some(true))
}

/// GKE: the context that `gcloud` writes.
fn google(
    bound: &[Bound<'_>],
    values: &Values,
    call: Span,
    root: &mut Node,
    remarks: &mut Remarks,
) {
    let project_reason = "project of the Google connection";
    let (project, ..) = part("project_id", project_reason, bound, values, call, remarks);
    let (location, ..) =
        part("location", "zone or region of the cluster", bound, values, call, remarks);
    let (cluster, jinja, index) =
        part("cluster_name", "name of the cluster", bound, values, call, remarks);
    let mut context = Text::literal("gke_");
    context.push_text(&project);
    context.push_str("_");
    context.push_text(&location);
    context.push_str("_");
    context.push_text(&cluster);
    place(
        root,
        "/client/kube_context",
        Node::new(NodeKind::Text(context, jinja), call).made_by(index),
        false,
    );
    let mut command = format!(
        "gcloud container clusters get-credentials {} --location {} --project {}",
        shell(&cluster),
        shell(&location),
        shell(&project)
    );
    if is_true("use_internal_ip", bound) {
        command.push_str(" --internal-ip");
    }
    if is_true("use_dns_endpoint", bound) {
        command.push_str(" --dns-endpoint");
    }
    tell("GKE", &cluster, &command, bound, call, remarks);
}

/// EKS: the context that `aws` writes under the cluster's name.
fn amazon(
    bound: &[Bound<'_>],
    values: &Values,
    call: Span,
    root: &mut Node,
    remarks: &mut Remarks,
) {
    let (cluster, jinja, index) =
        part("cluster_name", "name of the cluster", bound, values, call, remarks);
    place(
        root,
        "/client/kube_context",
        Node::new(NodeKind::Text(cluster.clone(), jinja), call).made_by(index),
        false,
    );
    let mut command = format!("aws eks update-kubeconfig --name {0} --alias {0}", shell(&cluster));
    for (argument, flag) in [("region", "--region"), ("aws_profile", "--profile")] {
        let given = bound
            .iter()
            .any(|one| one.row.argument == argument && one.value.truth() != Some(false));
        if given {
            let (text, ..) = part(argument, argument, bound, values, call, remarks);
            command.push_str(&format!(" {flag} {}", shell(&text)));
        }
    }
    tell("EKS", &cluster, &command, bound, call, remarks);
}

fn tell(
    service: &str,
    cluster: &Text,
    command: &str,
    bound: &[Bound<'_>],
    call: Span,
    remarks: &mut Remarks,
) {
    let span =
        bound.iter().find(|one| one.row.argument == "cluster_name").map_or(call, |one| one.span);
    remarks.add(
        Diagnostic::new(
            Code::ClusterAccess,
            span,
            format!(
                "access to {service} cluster `{}` comes from outside the DAG",
                cluster.display()
            ),
        )
        .help(format!("Run `{command}` where the pods are started from.")),
    );
}

/// A word of a shell command.
fn shell(text: &Text) -> String {
    let word = text.to_template();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ':');
    if !word.is_empty() && word.chars().all(plain) {
        word
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}
