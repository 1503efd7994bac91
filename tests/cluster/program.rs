//! The program itself: `podlift run` on the cluster, as a user types it.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use podlift::spec::{JobSpec, to_yaml_stream};
use serde_json::Value as Json;
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use super::harness::Lab;

/// A folder with job specs, and the files that runs write there.
pub(crate) struct Desk {
    pub(crate) lab: Lab,
    folder: tempfile::TempDir,
}

/// What a run of the program gave.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Desk {
    pub(crate) async fn open() -> Option<Self> {
        Some(Self { lab: Lab::open().await?, folder: tempfile::tempdir().unwrap() })
    }

    /// The path of a file in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes job specs into one file.
    pub(crate) fn specs(&self, name: &str, specs: &[JobSpec]) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, to_yaml_stream(specs)).unwrap();
        path
    }

    /// `podlift` with these arguments, the cluster and its namespace.
    pub(crate) fn command(&self, kubeconfig: &Path, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_podlift"));
        command
            .args(args)
            .args(["--namespace", &self.lab.namespace, "--kubeconfig"])
            .arg(kubeconfig)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    fn kubeconfig(&self) -> PathBuf {
        self.lab.access.kubeconfig.clone().unwrap()
    }

    /// Begins `podlift run` of a file, with events in `NAME.jsonl`.
    pub(crate) fn begin(&self, name: &str, file: &Path, more: &[&str]) -> Child {
        self.begin_through(&self.kubeconfig(), name, file, more)
    }

    pub(crate) fn begin_through(
        &self,
        kubeconfig: &Path,
        name: &str,
        file: &Path,
        more: &[&str],
    ) -> Child {
        let events = self.path(&format!("{name}.jsonl"));
        let own = ["run", file.to_str().unwrap(), "--run-id", name, "--events"];
        let args: Vec<&str> =
            own.into_iter().chain([events.to_str().unwrap()]).chain(more.iter().copied()).collect();
        self.command(kubeconfig, &args).spawn().unwrap()
    }

    /// Runs to the end.
    pub(crate) async fn run(&self, name: &str, specs: &[JobSpec], more: &[&str]) -> Ended {
        let file = self.specs(&format!("{name}.yaml"), specs);
        ended(self.begin(name, &file, more)).await
    }

    /// What was told so far.
    pub(crate) fn events(&self, name: &str, event: &str) -> Vec<Json> {
        let text = std::fs::read_to_string(self.path(&format!("{name}.jsonl"))).unwrap_or_default();
        let lines = text.lines().filter_map(|line| serde_json::from_str::<Json>(line).ok());
        lines.filter(|it| it["event"] == event).collect()
    }

    /// The lines of the containers.
    pub(crate) fn lines(&self, name: &str) -> Vec<String> {
        let logs = self.events(name, "log");
        logs.iter().map(|it| it["text"].as_str().unwrap().to_owned()).collect()
    }

    /// Waits until something was told.
    pub(crate) async fn wait(&self, name: &str, event: &str) {
        for _ in 0..600 {
            if !self.events(name, event).is_empty() {
                return;
            }
            sleep(Duration::from_millis(50)).await;
        }
        panic!("no {event} in {name}");
    }
}

/// Waits for the end of the program.
pub(crate) async fn ended(child: Child) -> Ended {
    let output = timeout(Duration::from_secs(120), child.wait_with_output());
    let output = output.await.expect("podlift hangs").unwrap();
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Sends a signal.
pub(crate) fn signal(child: &Child, name: &str) {
    let pid = child.id().unwrap().to_string();
    let sent = std::process::Command::new("kill").args(["-s", name, &pid]).status().unwrap();
    assert!(sent.success());
}
