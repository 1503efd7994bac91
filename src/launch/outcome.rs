//! How an attempt ended. Exit status, last message, cleanup and retry all follow from this one value.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum Outcome {
    /// The deciding container ended with 0.
    Succeeded,
    /// The main container ended with one of the codes that mean "skipped".
    Skipped {
        /// That code.
        exit_code: i32,
    },
    /// A container ended with an error.
    Failed {
        /// Which and how.
        #[serde(flatten)]
        exit: ContainerExit,
    },
    /// The pod came to an end before the main container ran. Nothing was done, so it is safe to try again.
    NeverStarted {
        /// What kept it from starting.
        cause: Cause,
        /// The words of the cluster.
        message: String,
    },
    /// The pod was taken away while it ran.
    Lost {
        /// By what.
        cause: Cause,
        /// The words of the cluster.
        message: String,
        /// Whether the cluster confirmed that its processes have ended. If not, they may still run.
        ended: bool,
    },
    /// A time limit passed.
    TimedOut {
        /// Which limit.
        limit: Limit,
        /// Its length in seconds.
        seconds: f64,
        /// What the pod was doing.
        message: String,
        /// Whether the cluster confirmed that the pod's processes have ended.
        ended: bool,
    },
    /// The user stopped the run.
    Cancelled,
    /// podlift could not do its part: the request was refused, or the cluster was out of reach for too long.
    Error {
        /// What failed.
        message: String,
        /// Whether a pod may exist.
        pod_may_run: bool,
    },
}

/// How a container ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ContainerExit {
    /// Its name.
    pub container: String,
    /// Its exit code.
    pub exit_code: i32,
    /// `Error`, `OOMKilled`, `StartError`, ...
    pub reason: String,
    /// The termination message, if it left one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// What kept a pod from starting or took it away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The image cannot be pulled.
    Image,
    /// A ConfigMap, a Secret or another part of the container's configuration is missing or wrong.
    Config,
    /// The kubelet or the API evicted the pod.
    Evicted,
    /// A pod of higher priority took its place.
    Preempted,
    /// Somebody deleted the pod.
    Deleted,
    /// Its node does not answer any more.
    NodeLost,
    /// Its node was shut down.
    NodeShutdown,
    /// The kubelet did not admit the pod to its node.
    Rejected,
    /// Anything else the cluster gives as a reason.
    Other,
}

/// The time limits of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// From the creation of the pod until it is scheduled.
    Schedule,
    /// From scheduling until the main container runs.
    Startup,
    /// From the creation of the pod until its end.
    Execution,
    /// `activeDeadlineSeconds` of the pod, kept by the cluster itself.
    PodDeadline,
}

impl Limit {
    /// The name in help texts and messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Schedule => "schedule timeout",
            Self::Startup => "startup timeout",
            Self::Execution => "execution timeout",
            Self::PodDeadline => "activeDeadlineSeconds of the pod",
        }
    }

    fn span(self) -> &'static str {
        match self {
            Self::Schedule => "not scheduled within",
            Self::Startup => "main container not running within",
            Self::Execution | Self::PodDeadline => "not finished within",
        }
    }

    fn counted_from(self) -> &'static str {
        match self {
            Self::Schedule | Self::Execution => "of the creation of the pod",
            Self::Startup => "of being scheduled",
            Self::PodDeadline => "of its start on the node",
        }
    }
}

impl Outcome {
    /// Whether the task counts as done.
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Succeeded | Self::Skipped { .. })
    }

    /// Whether a further attempt can do no harm: the earlier one is known to have ended.
    pub fn is_safe_to_retry(&self) -> bool {
        match self {
            Self::Failed { .. } | Self::NeverStarted { .. } => true,
            Self::Lost { ended, .. } | Self::TimedOut { ended, .. } => *ended,
            Self::Error { pod_may_run, .. } => !pod_may_run,
            Self::Succeeded | Self::Skipped { .. } | Self::Cancelled => false,
        }
    }

    /// Whether a further attempt can end differently at all.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Succeeded | Self::Skipped { .. } | Self::Cancelled)
    }

    /// One word: `succeeded`, `failed`, ...
    pub fn word(&self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Skipped { .. } => "skipped",
            Self::Failed { .. } => "failed",
            Self::NeverStarted { .. } => "never started",
            Self::Lost { .. } => "lost",
            Self::TimedOut { .. } => "timed out",
            Self::Cancelled => "cancelled",
            Self::Error { .. } => "error",
        }
    }
}

impl Cause {
    fn as_str(self) -> &'static str {
        match self {
            Self::Image => "its image cannot be pulled",
            Self::Config => "its configuration is incomplete",
            Self::Evicted => "it was evicted",
            Self::Preempted => "it was preempted",
            Self::Deleted => "it was deleted from outside",
            Self::NodeLost => "its node does not answer",
            Self::NodeShutdown => "its node was shut down",
            Self::Rejected => "its node did not admit it",
            Self::Other => "the cluster ended it",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Succeeded => f.write_str("succeeded"),
            Self::Skipped { exit_code } => {
                write!(f, "skipped: exit code {exit_code} means skipped")
            }
            Self::Failed { exit } => write!(f, "failed: {exit}"),
            Self::NeverStarted { cause, message } => {
                write!(f, "the pod never started: {}{}", cause.as_str(), detail(message))
            }
            Self::Lost { cause, message, ended } => {
                write!(f, "the pod was lost while it ran: {}{}", cause.as_str(), detail(message))?;
                if *ended { Ok(()) } else { f.write_str("; its processes may still run") }
            }
            Self::TimedOut { limit, seconds, message, ended } => {
                let (name, span, from) = (limit.as_str(), limit.span(), limit.counted_from());
                write!(f, "timed out: {span} {seconds} s {from} ({name}){}", detail(message))?;
                if *ended { Ok(()) } else { f.write_str("; its processes may still run") }
            }
            Self::Cancelled => f.write_str("cancelled"),
            Self::Error { message, .. } => f.write_str(message),
        }
    }
}

impl fmt::Display for ContainerExit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "container `{}` ended with exit code {}", self.container, self.exit_code)?;
        if !self.reason.is_empty() && self.reason != "Error" {
            write!(f, " ({})", self.reason)?;
        }
        if let Some(signal) =
            self.exit_code.checked_sub(128).filter(|signal| (1..=64).contains(signal))
        {
            write!(f, ", signal {signal}")?;
        }
        match &self.message {
            Some(message) => f.write_str(&detail(message)),
            None => Ok(()),
        }
    }
}

fn detail(message: &str) -> String {
    let message = message.trim();
    if message.is_empty() { String::new() } else { format!(": {message}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_name_the_limit_and_where_it_counts_from() {
        let timed_out = |limit| Outcome::TimedOut {
            limit,
            seconds: 5.0,
            message: "0/3 nodes".into(),
            ended: true,
        };
        assert_eq!(
            timed_out(Limit::Schedule).to_string(),
            "timed out: not scheduled within 5 s of the creation of the pod (schedule timeout): 0/3 nodes"
        );
        assert_eq!(
            timed_out(Limit::Startup).to_string(),
            "timed out: main container not running within 5 s of being scheduled (startup timeout): 0/3 nodes"
        );
    }

    #[test]
    fn only_what_has_ended_is_retried() {
        let lost = |ended| Outcome::Lost { cause: Cause::Deleted, message: String::new(), ended };
        assert!(lost(true).is_safe_to_retry());
        assert!(!lost(false).is_safe_to_retry());
        assert!(!Outcome::Cancelled.is_safe_to_retry());
    }
}
