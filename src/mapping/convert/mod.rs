//! The converters that mapping tables name: from the value of a keyword to JSON, by the rules of the
//! operator's constructor and of the Kubernetes client.

mod deserialise;
mod env;
mod helpers;
mod lists;
mod models;
mod plain;
mod scalars;
mod secrets;

use std::sync::Arc;

use super::node::{Jinja, Node, NodeKind};
use super::release::Release;
use super::remarks::Remarks;
use super::row::{Converter, Row};
use crate::eval::{Hole, HoleKind, Kind, Value, XCom};
use crate::kubernetes::{ModelClass, Models};

pub(crate) use deserialise::deserialise;
pub(crate) use plain::{plain, xcom_template};
pub(crate) use secrets::{SecretUse, secrets};

/// What a converter has to know beside the value.
#[derive(Debug)]
pub(crate) struct Subject<'a> {
    /// The argument, for messages.
    pub(crate) argument: &'a str,
    /// Its row.
    pub(crate) row: &'a Row,
    /// The release of the provider whose rules apply.
    pub(crate) release: &'a Release,
    /// Whether Airflow renders the argument.
    pub(crate) jinja: Jinja,
}

impl Subject<'_> {
    /// The Kubernetes class that the row names.
    fn class(&self) -> Option<&'static ModelClass> {
        self.row.model.as_deref().and_then(|name| Models::get().class(name))
    }
}

/// The value as it reaches its target; `None` when nothing does.
pub(crate) fn convert(value: &Value, subject: &Subject<'_>, remarks: &mut Remarks) -> Option<Node> {
    if let Kind::XCom(reference) = &value.kind
        && takes_collection(subject.row.converter)
    {
        return Some(xcom_hole(reference, value, subject, remarks));
    }
    Some(match subject.row.converter {
        Converter::Copy => plain(value, subject.jinja, subject, remarks),
        // Airflow looks further for a namespace when it is given an empty one.
        Converter::Namespace if value.as_str() == Some("") => return None,
        Converter::Text | Converter::Namespace => scalars::text(value, subject, remarks),
        Converter::List => lists::list(value, subject, remarks),
        Converter::StringList => lists::string_list(value, subject, remarks),
        Converter::Mapping => lists::mapping(value, subject, remarks),
        Converter::Labels => lists::labels(value, subject, remarks),
        Converter::ImagePullSecrets => lists::image_pull_secrets(value, subject, remarks),
        Converter::EnvVars => env::env_vars(value, subject, remarks),
        Converter::Configmaps => env::configmaps(value, subject, remarks),
        Converter::Models => models::models(value, subject, remarks),
        Converter::ModelOrDict => models::model_or_dict(value, subject, remarks),
        Converter::ModelsOrDicts => models::models_or_dicts(value, subject, remarks),
        Converter::OldResources => return helpers::old_resources(value, subject, remarks),
        Converter::Number => return scalars::number(value, subject, remarks),
        Converter::Seconds => return scalars::seconds(value, subject, remarks),
        Converter::Flag | Converter::Truth => return scalars::truth(value),
        Converter::Word | Converter::FinishAction => return scalars::word(value, subject, remarks),
        Converter::DeleteFlag => return scalars::delete_flag(value),
        Converter::InCluster => return scalars::in_cluster(value),
        Converter::ExitCodes => return scalars::exit_codes(value, subject, remarks),
        Converter::ContainerLogs => return scalars::container_logs(value),
        // These reach more than one place, or depend on other arguments; their callers know them.
        Converter::None
        | Converter::Secrets
        | Converter::FullPodSpec
        | Converter::TemplateFile
        | Converter::TemplateDict
        | Converter::Name
        | Converter::Connection
        | Converter::ClusterAccess
        | Converter::XcomPush
        | Converter::XcomSidecarSecurity => return None,
    })
}

/// Whether a converter makes a list or a mapping of the value as a whole.
fn takes_collection(converter: Converter) -> bool {
    matches!(
        converter,
        Converter::List
            | Converter::StringList
            | Converter::Mapping
            | Converter::Labels
            | Converter::ImagePullSecrets
            | Converter::EnvVars
            | Converter::Configmaps
            | Converter::Models
            | Converter::ModelOrDict
            | Converter::ModelsOrDicts
    )
}

/// The result of another task where a list or a dict is wanted: nobody knows its items.
fn xcom_hole(
    reference: &XCom,
    value: &Value,
    subject: &Subject<'_>,
    remarks: &mut Remarks,
) -> Node {
    if subject.jinja == Jinja::Literal {
        let message = "the result of another task is not rendered here";
        return remarks.refuse(subject.argument, value.span, message);
    }
    let name = match reference.key.as_str() {
        "return_value" => reference.task_id.clone(),
        key => format!("{}.{key}", reference.task_id),
    };
    let hole = Hole {
        kind: HoleKind::XCom,
        name,
        default: None,
        reason: format!("result of task {}", reference.task_id),
        span: value.span,
        roots: Vec::new(),
    };
    Node::new(NodeKind::Hole(Arc::new(hole)), value.span)
}

/// Python's name of a value's type, as Airflow's messages show it.
fn type_of(value: &Value) -> &str {
    match &value.kind {
        Kind::None => "NoneType",
        _ => value.type_name(),
    }
}
