//! As whom podlift would act.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kube::config::{AuthInfo, Kubeconfig};
use secrecy::ExposeSecret as _;
use serde_json::{Value as Json, json};

use super::{Finding, Status};
use crate::disk;
use crate::launch::api::{ApiError, Call, Cluster, Verb};
use crate::launch::connect::Access;

/// The longest file of a token, in bytes.
const LONGEST: u64 = 1 << 20;

/// What the configuration says.
pub(super) struct Configured {
    /// Address of the API server.
    pub(super) server: String,
    /// Name of the context, unless the service account of the pod is used.
    context: Option<String>,
    /// Name of the user entry, and how it proves itself.
    user: String,
}

impl Configured {
    pub(super) fn context_text(&self) -> String {
        self.context.as_ref().map_or_else(String::new, |name| format!(" (context {name})"))
    }
}

/// Reads the configuration once more, for the names that are lost when a client is made of it.
pub(super) async fn configured(access: &Access) -> Configured {
    let config = access.config().await;
    let server = config.as_ref().map_or_else(
        |_| "the API server".to_owned(),
        |config| without_password(config.cluster_url.to_string().trim_end_matches('/')),
    );
    let proof = config.as_ref().map_or_else(|_| String::new(), |config| proof(&config.auth_info));
    let file = match (access.in_cluster, &access.kubeconfig) {
        (true, _) => None,
        (false, Some(path)) => Kubeconfig::read_from(path).ok(),
        (false, None) => Kubeconfig::read().ok(),
    };
    let context = access.context.clone().or_else(|| file.as_ref()?.current_context.clone());
    let named = file.as_ref().and_then(|file| {
        let context = file.contexts.iter().find(|it| Some(&it.name) == context.as_ref())?;
        context.context.as_ref()?.user.clone()
    });
    let user = match named {
        Some(name) => format!("user entry `{name}`{proof}"),
        None => format!("service account of the pod{proof}"),
    };
    Configured { server, context: file.and(context), user }
}

/// How a user proves who it is, in words; the secret itself is never shown.
fn proof(user: &AuthInfo) -> String {
    let token = user.token.as_ref().map(|token| token.expose_secret().to_owned());
    let read = || {
        let bytes = disk::read(Path::new(user.token_file.as_ref()?), LONGEST).ok()??;
        Some(String::from_utf8(bytes).ok()?.trim().to_owned())
    };
    if let Some(subject) = token.or_else(read).as_deref().and_then(subject) {
        return format!(", token of {subject}");
    }
    let kinds = [
        (user.exec.is_some(), ", credentials from a program"),
        (user.auth_provider.is_some(), ", credentials from a provider"),
        (
            user.client_certificate.is_some() || user.client_certificate_data.is_some(),
            ", client certificate",
        ),
        (user.token.is_some() || user.token_file.is_some(), ", token"),
        (user.username.is_some(), ", password"),
    ];
    kinds.iter().find(|(given, _)| *given).map_or_else(String::new, |(_, text)| (*text).to_owned())
}

/// The subject that a token names, if it is a JSON Web Token.
fn subject(token: &str) -> Option<String> {
    let bytes = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: Json = serde_json::from_slice(&bytes).ok()?;
    claims.get("sub")?.as_str().map(str::to_owned)
}

/// An address without who logs in there.
fn without_password(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) => match rest.split_once('@') {
            Some((_, host)) => format!("{scheme}://{host}"),
            None => url.to_owned(),
        },
        None => url.to_owned(),
    }
}

/// Asks the server who it takes podlift for; servers before 1.28 may not know the question.
pub(super) async fn identity(cluster: &Cluster, who: &Configured) -> Finding {
    for version in ["v1", "v1beta1"] {
        let call = Call::new(Verb::Create, "selfsubjectreviews", "");
        let path = format!("/apis/authentication.k8s.io/{version}/selfsubjectreviews");
        let body = json!({"apiVersion": format!("authentication.k8s.io/{version}"), "kind": "SelfSubjectReview"});
        match cluster.post(&call, &path, &body).await {
            Ok(answer) => {
                let user = answer.pointer("/status/userInfo/username").and_then(Json::as_str);
                let user = user.unwrap_or("nobody in particular");
                let message = format!("the server takes podlift for {user} ({})", who.user);
                return Finding::new(Status::Ok, "identity", message);
            }
            Err(ApiError::Unauthorized { call }) => {
                let message = ApiError::Unauthorized { call }.to_string();
                return Finding::new(Status::Problem, "identity", message)
                    .remedy("log in again, or check the user of the context");
            }
            Err(_) => {}
        }
    }
    let message = format!("{}; this server does not tell whom it takes podlift for", who.user);
    Finding::new(Status::Ok, "identity", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_tell_whose_they_are_and_nothing_else() {
        let claims = URL_SAFE_NO_PAD.encode(r#"{"sub": "system:serviceaccount:data:runner"}"#);
        let token = format!("e30.{claims}.c2ln");
        assert_eq!(subject(&token).as_deref(), Some("system:serviceaccount:data:runner"));
        assert_eq!(subject("opaque"), None);
        assert_eq!(subject("a.b.c"), None);
    }
}
