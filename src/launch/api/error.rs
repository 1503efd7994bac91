//! What can go wrong with a call, sorted by what to do about it.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

/// What a call does, in the words of RBAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verb {
    /// Read one object.
    Get,
    /// Read many objects.
    List,
    /// Follow changes.
    Watch,
    /// Make an object.
    Create,
    /// Remove an object.
    Delete,
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Get => "get",
            Self::List => "list",
            Self::Watch => "watch",
            Self::Create => "create",
            Self::Delete => "delete",
        })
    }
}

/// A call, as it is named in errors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Call {
    /// What it does.
    pub verb: Verb,
    /// To what: `pods`, `pods/log`, `events`.
    pub resource: String,
    /// Where.
    pub namespace: String,
}

impl Call {
    /// A call in a namespace.
    pub fn new(verb: Verb, resource: &str, namespace: &str) -> Self {
        Self { verb, resource: resource.into(), namespace: namespace.into() }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.verb, self.resource)?;
        if self.namespace.is_empty() {
            Ok(())
        } else {
            write!(f, " in namespace `{}`", self.namespace)
        }
    }
}

/// Why a call failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// No connection, or none that lasted.
    #[error("{call}: the API server cannot be reached: {reason}")]
    Unreachable {
        /// The call.
        call: Call,
        /// The chain of causes.
        reason: String,
    },
    /// The connection is there, but its certificate is not accepted.
    #[error("{call}: the certificate of the API server is not accepted: {reason}")]
    Certificate {
        /// The call.
        call: Call,
        /// The chain of causes.
        reason: String,
    },
    /// The credentials could not be made, for instance by a plugin of the kubeconfig.
    #[error("{call}: no credentials for the API server: {reason}")]
    Credentials {
        /// The call.
        call: Call,
        /// The chain of causes.
        reason: String,
    },
    /// 401, also with fresh credentials.
    #[error(
        "{call}: the API server does not accept the credentials (401); log in again or check the user of the \
         kubeconfig context"
    )]
    Unauthorized {
        /// The call.
        call: Call,
    },
    /// 403. The message says who; the call says which right is missing.
    #[error(
        "{call}: forbidden (403): {message}; the role needs the verb `{}` on `{}`",
        call.verb, call.resource
    )]
    Forbidden {
        /// The call.
        call: Call,
        /// The words of the server.
        message: String,
    },
    /// 404.
    #[error("{call}: not found (404): {message}")]
    NotFound {
        /// The call.
        call: Call,
        /// The words of the server.
        message: String,
    },
    /// 409.
    #[error("{call}: conflict (409): {message}")]
    Conflict {
        /// The call.
        call: Call,
        /// The words of the server.
        message: String,
    },
    /// 410: a watch has to start over.
    #[error("{call}: the watch has expired (410)")]
    Expired {
        /// The call.
        call: Call,
    },
    /// 429 or a quota of requests.
    #[error("{call}: the API server asks to slow down (429)")]
    Throttled {
        /// The call.
        call: Call,
        /// What the server asked for.
        retry_after: Option<Duration>,
    },
    /// 5xx.
    #[error("{call}: the API server failed ({code}): {message}")]
    Server {
        /// The call.
        call: Call,
        /// The status.
        code: u16,
        /// The words of the server.
        message: String,
        /// What the server asked for.
        retry_after: Option<Duration>,
    },
    /// Any other status: the request itself is wrong.
    #[error("{call}: refused ({code}): {message}")]
    Refused {
        /// The call.
        call: Call,
        /// The status.
        code: u16,
        /// The words of the server.
        message: String,
    },
    /// The answer is not what the API promises.
    #[error("{call}: the answer cannot be read: {reason}")]
    Malformed {
        /// The call.
        call: Call,
        /// What is wrong with it.
        reason: String,
    },
}

impl ApiError {
    /// Whether the same call may succeed later.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Throttled { .. } | Self::Server { .. })
    }

    /// Whether the server looked at what it was given; otherwise nothing is known of that.
    pub fn is_about_the_object(&self) -> bool {
        let certificate = matches!(self, Self::Certificate { .. } | Self::Malformed { .. });
        let identity = matches!(self, Self::Unauthorized { .. } | Self::Credentials { .. });
        !self.is_transient() && !certificate && !identity
    }

    /// Whether the request may have been carried out all the same.
    pub fn may_have_arrived(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Server { .. })
    }

    /// Whether the caller is not allowed to make the call, or not known at all.
    pub fn is_lack_of_rights(&self) -> bool {
        matches!(
            self,
            Self::Forbidden { .. } | Self::Unauthorized { .. } | Self::Credentials { .. }
        )
    }

    /// How long the server wants to be left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Throttled { retry_after, .. } | Self::Server { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// Reads the answer of a call that failed.
    pub(super) fn from_answer(
        call: &Call,
        code: u16,
        retry_after: Option<Duration>,
        body: &[u8],
    ) -> Self {
        let call = call.clone();
        let status: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
        let message = match status.get("message").and_then(|message| message.as_str()) {
            Some(message) => message.to_owned(),
            None => String::from_utf8_lossy(body).trim().chars().take(400).collect(),
        };
        let seconds =
            status.pointer("/details/retryAfterSeconds").and_then(serde_json::Value::as_u64);
        let retry_after = retry_after.or(seconds.map(Duration::from_secs));
        match code {
            401 => Self::Unauthorized { call },
            403 => Self::Forbidden { call, message },
            404 => Self::NotFound { call, message },
            409 => Self::Conflict { call, message },
            410 => Self::Expired { call },
            429 => Self::Throttled { call, retry_after },
            408 | 500..=599 => Self::Server { call, code, message, retry_after },
            _ => Self::Refused { call, code, message },
        }
    }

    /// Reads an error that came inside a watch.
    pub(in crate::launch) fn from_watch(call: &Call, code: u64, body: &[u8]) -> Self {
        Self::from_answer(call, u16::try_from(code).unwrap_or(500), None, body)
    }

    /// Sorts what kube's client says when there is no answer.
    pub(super) fn from_kube(call: &Call, error: &kube::Error) -> Self {
        let (call, reason) = (call.clone(), chain(error));
        match error {
            kube::Error::Auth(_) => Self::Credentials { call, reason },
            _ if reason.contains("certificate") => Self::Certificate { call, reason },
            _ => Self::Unreachable { call, reason },
        }
    }
}

/// An error with its causes, each said once.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let said = cause.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        source = cause.source();
    }
    text
}
