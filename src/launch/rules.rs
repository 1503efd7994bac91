//! Trigger rules: whether a task starts, given how the tasks before it ended. As in Airflow.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a task ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskState {
    /// It succeeded.
    Success,
    /// It failed.
    Failed,
    /// It was skipped, by itself or because of the tasks before it.
    Skipped,
    /// It could not start because a task before it failed.
    UpstreamFailed,
    /// It was stopped, or not started because the run was.
    Cancelled,
}

impl TaskState {
    /// The word in tables and files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::UpstreamFailed => "upstream_failed",
            Self::Cancelled => "cancelled",
        }
    }

    fn is_failure(self) -> bool {
        matches!(self, Self::Failed | Self::UpstreamFailed | Self::Cancelled)
    }
}

/// The trigger rules of Airflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TriggerRule {
    /// All have succeeded.
    #[default]
    AllSuccess,
    /// All have failed.
    AllFailed,
    /// All are done, however.
    AllDone,
    /// All are done and at least one succeeded.
    AllDoneMinOneSuccess,
    /// All were skipped.
    AllSkipped,
    /// At least one has failed; the others need not be done.
    OneFailed,
    /// At least one has succeeded; the others need not be done.
    OneSuccess,
    /// At least one has succeeded or failed.
    OneDone,
    /// None has failed.
    NoneFailed,
    /// None has failed and at least one succeeded.
    NoneFailedMinOneSuccess,
    /// None was skipped.
    NoneSkipped,
    /// It depends on nothing.
    Always,
}

/// What a rule says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The task starts.
    Start,
    /// It is too early to say.
    Wait,
    /// The task is skipped.
    Skip,
    /// The task can never start.
    UpstreamFailed,
}

impl TriggerRule {
    /// Reads the name, also the older ones.
    pub fn parse(text: &str) -> Option<Self> {
        // `TriggerRule.ALL_DONE` is what a DAG file may say.
        let name = text.rsplit('.').next().unwrap_or(text).to_lowercase();
        Some(match name.as_str() {
            "all_success" => Self::AllSuccess,
            "all_failed" => Self::AllFailed,
            "all_done" => Self::AllDone,
            "all_done_min_one_success" => Self::AllDoneMinOneSuccess,
            "all_skipped" => Self::AllSkipped,
            "one_failed" => Self::OneFailed,
            "one_success" => Self::OneSuccess,
            "one_done" => Self::OneDone,
            "none_failed" => Self::NoneFailed,
            "none_failed_min_one_success" | "none_failed_or_skipped" => {
                Self::NoneFailedMinOneSuccess
            }
            "none_skipped" => Self::NoneSkipped,
            "always" | "dummy" => Self::Always,
            _ => return None,
        })
    }

    /// Decides, given the states of the tasks before; none for one that is not done.
    pub fn decide(self, upstream: &[Option<TaskState>]) -> Decision {
        use Decision::{Skip, Start, UpstreamFailed, Wait};
        if upstream.is_empty() || self == Self::Always {
            return Start;
        }
        let is = |test: fn(TaskState) -> bool| {
            upstream.iter().flatten().filter(|state| test(**state)).count()
        };
        let success = is(|state| state == TaskState::Success);
        let skipped = is(|state| state == TaskState::Skipped);
        let failed = is(TaskState::is_failure);
        let done = success + skipped + failed;
        let all_done = done == upstream.len();
        let unless =
            |decided: Option<Decision>| decided.unwrap_or(if all_done { Start } else { Wait });
        match self {
            Self::AllSuccess if failed > 0 => UpstreamFailed,
            Self::AllSuccess if skipped > 0 => Skip,
            Self::AllFailed if success > 0 || skipped > 0 => Skip,
            Self::AllSuccess | Self::AllFailed | Self::AllDone => unless(None),
            Self::AllDoneMinOneSuccess => unless(match (all_done, success, failed) {
                (true, 0, 0) => Some(Skip),
                (true, 0, _) => Some(UpstreamFailed),
                _ => None,
            }),
            Self::AllSkipped => unless((success + failed > 0).then_some(Skip)),
            Self::OneFailed if failed > 0 => Start,
            Self::OneSuccess if success > 0 => Start,
            Self::OneDone if success + failed > 0 => Start,
            Self::OneSuccess if all_done && failed > 0 => UpstreamFailed,
            Self::OneFailed | Self::OneSuccess | Self::OneDone => {
                if all_done {
                    Skip
                } else {
                    Wait
                }
            }
            Self::NoneFailed => unless((failed > 0).then_some(UpstreamFailed)),
            Self::NoneFailedMinOneSuccess => unless(match (failed, all_done, success) {
                (1.., ..) => Some(UpstreamFailed),
                (0, true, 0) => Some(Skip),
                _ => None,
            }),
            Self::NoneSkipped => unless((skipped > 0).then_some(Skip)),
            Self::Always => Start,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
    use super::*;

    /// One letter per task before: s success, f failed, u upstream failed, k skipped, . not done.
    fn states(text: &str) -> Vec<Option<TaskState>> {
        text.chars()
            .map(|c| match c {
                's' => Some(TaskState::Success),
                'f' => Some(TaskState::Failed),
                'u' => Some(TaskState::UpstreamFailed),
                'k' => Some(TaskState::Skipped),
                '.' => None,
                other => panic!("{other}"),
            })
            .collect()
    }

    #[test]
    fn rules_decide_as_in_airflow() {
        use Decision::{Skip, Start, UpstreamFailed as Fail, Wait};
        for (rule, upstream, decision) in [
            ("all_success", "", Start),
            ("all_success", "ss", Start),
            ("all_success", "s.", Wait),
            ("all_success", "sf", Fail),
            ("all_success", "f.", Fail),
            ("all_success", "k.", Skip),
            ("all_success", "su", Fail),
            ("all_success", "kf", Fail),
            ("all_failed", "ff", Start),
            ("all_failed", "fu", Start),
            ("all_failed", "s.", Skip),
            ("all_failed", "f.", Wait),
            ("all_done", "sfku", Start),
            ("all_done", "s.", Wait),
            ("all_done_min_one_success", "sf", Start),
            ("all_done_min_one_success", "ff", Fail),
            ("all_done_min_one_success", "kk", Skip),
            ("all_skipped", "kk", Start),
            ("all_skipped", "s.", Skip),
            ("all_skipped", "k.", Wait),
            ("one_failed", "f.", Start),
            ("one_failed", "ss", Skip),
            ("one_failed", "s.", Wait),
            ("one_failed", "u.", Start),
            ("one_success", "s.", Start),
            ("one_success", "ff", Fail),
            ("one_success", "kk", Skip),
            ("one_success", "f.", Wait),
            ("one_done", "k.", Wait),
            ("one_done", "f.", Start),
            ("one_done", "kk", Skip),
            ("none_failed", "sk", Start),
            ("none_failed", "kk", Start),
            ("none_failed", "sf", Fail),
            ("none_failed", "s.", Wait),
            ("none_failed_min_one_success", "sk", Start),
            ("none_failed_min_one_success", "kk", Skip),
            ("none_failed_min_one_success", "sf", Fail),
            ("none_skipped", "sf", Start),
            ("none_skipped", "k.", Skip),
            ("always", "..", Start),
            ("TriggerRule.ALL_DONE", "f", Start),
            ("none_failed_or_skipped", "s", Start),
            ("dummy", ".", Start),
        ] {
            assert_eq!(
                TriggerRule::parse(rule).unwrap().decide(&states(upstream)),
                decision,
                "{rule} {upstream}"
            );
        }
        assert_eq!(TriggerRule::parse("sometimes"), None);
    }
}
