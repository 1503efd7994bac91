//! Why a container is not running, and whether waiting helps.

/// Whether waiting helps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The ordinary way to a running container.
    Normal,
    /// It may pass by itself: a registry that throttles or fails.
    Passing,
    /// It passes only if somebody makes what is missing; a short while is given.
    Config,
    /// The cause of a back-off is not in the status; the events tell it.
    Unclear,
    /// It will not pass.
    Image,
    /// It will not pass, and is not about the image.
    Fatal,
}

/// What a registry, or the network before it, says when it should be asked again later.
const PASSING: &[&str] = &[
    "429 too many",
    "code 429",
    "code: 429",
    "status: 429",
    "too many requests",
    "toomanyrequests",
    "qps exceeded",
    "rate limit",
    "ratelimit",
    "500 internal server error",
    "502 bad gateway",
    "503 service unavailable",
    "504 gateway time",
    "i/o timeout",
    "tls handshake timeout",
];

/// What a kubelet says of a runtime that did not answer in time; it tries again.
const SLOW: &[&str] = &["context deadline exceeded", "deadlineexceeded", "is reserved for"];

/// Sorts the reason of a waiting container. `cause` is what is known of the last failed pull.
pub fn classify(reason: &str, message: &str, cause: Option<&str>) -> Severity {
    match reason {
        "ErrImagePull"
        | "ImagePullBackOff"
        | "RegistryUnavailable"
        | "ImageInspectError"
        | "SignatureValidationFailed" => {
            let words = |text: &str| PASSING.iter().any(|word| text.contains(word));
            let message = message.to_lowercase();
            let cause = cause.unwrap_or_default().to_lowercase();
            if words(&message) || words(&cause) || reason == "RegistryUnavailable" {
                Severity::Passing
            } else if reason == "ImagePullBackOff" && cause.is_empty() && is_bare_back_off(&message)
            {
                Severity::Unclear
            } else {
                Severity::Image
            }
        }
        "InvalidImageName" | "ErrImageNeverPull" => Severity::Image,
        "CreateContainerConfigError" => Severity::Config,
        // The runtime was slow, or is busy with the container of an earlier try.
        "CreateContainerError" | "RunContainerError" | "CreatePodSandboxError"
            if SLOW.iter().any(|word| message.to_lowercase().contains(word)) =>
        {
            Severity::Config
        }
        "CreateContainerError"
        | "RunContainerError"
        | "PostStartHookError"
        | "PreCreateHookError"
        | "PreStartHookError"
        | "CreatePodSandboxError"
        | "ConfigPodSandboxError" => Severity::Fatal,
        _ => Severity::Normal,
    }
}

/// Kubelets before 1.30 do not repeat in the back-off why the pull failed.
fn is_bare_back_off(message: &str) -> bool {
    message.is_empty()
        || (message.starts_with("back-off pulling image") && !message.contains("errimagepull"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_sorted() {
        for (reason, message, cause, severity) in [
            ("ContainerCreating", "", None, Severity::Normal),
            ("PodInitializing", "", None, Severity::Normal),
            ("", "", None, Severity::Normal),
            ("ErrImagePull", "manifest unknown", None, Severity::Image),
            (
                "ErrImagePull",
                "toomanyrequests: You have reached your pull rate limit",
                None,
                Severity::Passing,
            ),
            ("ErrImagePull", "pull QPS exceeded", None, Severity::Passing),
            ("ImagePullBackOff", "Back-off pulling image \"x\"", None, Severity::Unclear),
            (
                "ImagePullBackOff",
                "Back-off pulling image \"x\"",
                Some("not found"),
                Severity::Image,
            ),
            (
                "ImagePullBackOff",
                "Back-off pulling image \"x\"",
                Some("503 Service Unavailable"),
                Severity::Passing,
            ),
            (
                "ImagePullBackOff",
                "Back-off pulling image \"x\": ErrImagePull: not found",
                None,
                Severity::Image,
            ),
            ("InvalidImageName", "", None, Severity::Image),
            ("CreateContainerConfigError", "configmap \"c\" not found", None, Severity::Config),
            ("RunContainerError", "", None, Severity::Fatal),
        ] {
            assert_eq!(classify(reason, message, cause), severity, "{reason} {message} {cause:?}");
        }
    }
}
