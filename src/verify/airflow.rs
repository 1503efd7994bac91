//! Asks the user's own Airflow which pods it makes of DAG files.
//!
//! The program `probe.py`, which is part of podlift, runs in the user's Python and forks a process for
//! each file. DAG code can print, crash or hang there: its output goes to standard error, a file that
//! does not end in time is given up, and the others go on.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::record::{DagRecord, FileRecord, Record, TaskRecord};
use crate::values::Values;

const PROBE: &str = include_str!("probe.py");
const VERSIONS: &str = include_str!("versions.py");
/// Runs a program that is passed as its last argument, so that nothing has to be written to a disk.
const RUN: &str = "import sys\nprogram = sys.argv.pop()\n__file__ = '<podlift>'\n\
                   exec(compile(program, __file__, 'exec'))";
/// How long Airflow may take to be imported, beside the time for a file.
const STARTUP: Duration = Duration::from_secs(300);
/// Bytes of standard error that are kept to explain a failure.
const TAIL: usize = 4000;

/// A Python with Airflow in it.
#[derive(Debug, Clone)]
pub struct Airflow {
    /// The interpreter.
    pub python: PathBuf,
    /// All environment variables that it gets, those of the values aside.
    pub surroundings: Vec<(OsString, OsString)>,
    /// The folder it runs in.
    pub cwd: PathBuf,
}

/// What is installed in a Python.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    /// Airflow.
    pub airflow: String,
    /// apache-airflow-providers-cncf-kubernetes.
    pub provider: String,
    /// Python.
    pub python: String,
}

/// What to ask.
#[derive(Debug)]
pub struct Question<'a> {
    /// DAG files, absolute.
    pub files: Vec<PathBuf>,
    /// Folders for `sys.path`, strongest first.
    pub roots: Vec<PathBuf>,
    /// Values for lookups.
    pub values: &'a Values,
    /// Time for one file.
    pub timeout: Duration,
    /// Files read at the same time.
    pub jobs: usize,
}

/// What Airflow made of one file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Answer {
    /// Tasks that run pods.
    pub tasks: Vec<TaskRecord>,
    /// DAGs.
    pub dags: Vec<DagRecord>,
    /// Why it could not be loaded.
    pub error: Option<String>,
}

/// Why Airflow could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The interpreter cannot be started.
    #[error("cannot start `{0}`")]
    NoPython(PathBuf, #[source] io::Error),
    /// A package is missing.
    #[error("there is no {package} in the Python of `{python}`")]
    NotInstalled {
        /// The interpreter.
        python: PathBuf,
        /// The missing package.
        package: &'static str,
    },
    /// It ran and failed.
    #[error("Airflow could not be asked: {0}")]
    Failed(String),
    /// It ran and said nothing.
    #[error("Airflow gave no answer within {0} seconds")]
    Silent(u64),
}

impl Airflow {
    /// Finds out what is installed.
    ///
    /// # Errors
    /// The interpreter cannot be started, or it lacks Airflow or the Kubernetes provider.
    pub fn versions(&self) -> Result<Versions, AskError> {
        let no_python = |error| AskError::NoPython(self.python.clone(), error);
        let output = self.program(VERSIONS).stdin(Stdio::null()).output().map_err(no_python)?;
        if !output.status.success() {
            return Err(AskError::Failed(last_words(&output.stderr)));
        }
        let found: Json = serde_json::from_slice(&output.stdout)
            .map_err(|error| AskError::Failed(error.to_string()))?;
        let version = |name: &str, package| {
            let known = found.get(name).and_then(Json::as_str).map(str::to_owned);
            known.ok_or(AskError::NotInstalled { python: self.python.clone(), package })
        };
        Ok(Versions {
            airflow: version("airflow", "apache-airflow")?,
            provider: version("provider", "apache-airflow-providers-cncf-kubernetes")?,
            python: version("python", "version number")?,
        })
    }

    fn program(&self, text: &str) -> Command {
        let mut command = Command::new(&self.python);
        // Without -B, reading the DAGs would leave files beside them.
        command.args(["-B", "-c", RUN, text]).current_dir(&self.cwd);
        command.env_clear().envs(self.surroundings.iter().map(|(name, value)| (name, value)));
        command
    }
}

impl Question<'_> {
    /// The request as the probe reads it.
    fn request(&self) -> Json {
        json!({
            "files": self.files,
            "roots": self.roots,
            "values": {
                "env": self.values.env,
                "variables": self.values.variables,
                "connections": self.values.connections,
                "conf": self.values.conf,
            },
            "timeout": self.timeout.as_secs_f64(),
            "jobs": self.jobs,
        })
    }
}

/// Asks for all files. The answers stand in the order of the question's files. `progress` hears how many files
/// are done after each.
///
/// # Errors
/// The interpreter cannot be started, fails before the first file, or gives no answer at all.
pub fn ask(
    airflow: &Airflow,
    question: &Question<'_>,
    progress: &mut dyn FnMut(usize),
) -> Result<Vec<Answer>, AskError> {
    if question.files.is_empty() {
        return Ok(Vec::new());
    }
    let request = serde_json::to_vec(&question.request())
        .map_err(|error| AskError::Failed(format!("{error}: a path is not Unicode")))?;
    let mut child = airflow
        .program(PROBE)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| AskError::NoPython(airflow.python.clone(), error))?;
    let errors = Arc::new(Mutex::new(VecDeque::new()));
    let lines = attach(&mut child, request, &errors);
    let result = answers(&lines, question, progress);
    if result.is_err() {
        // A reader of nothing left behind would go on for ever; it may have ended by itself, too.
        _ = child.kill();
    }
    let status = child.wait();
    let answers = result.map_err(|silence| match silence {
        RecvTimeoutError::Timeout => AskError::Silent((STARTUP + question.timeout).as_secs()),
        RecvTimeoutError::Disconnected => {
            // The lines of the other stream may still be on their way.
            thread::sleep(Duration::from_millis(100));
            let tail = errors.lock().unwrap_or_else(PoisonError::into_inner);
            let words = last_words(&tail.iter().copied().collect::<Vec<u8>>());
            let status = status.map(|status| status.to_string()).unwrap_or_default();
            AskError::Failed(if words.is_empty() { status } else { words })
        }
    })?;
    Ok(answers)
}

/// Feeds the request and reads both streams, each in a thread of its own, since any of them can block.
fn attach(
    child: &mut Child,
    request: Vec<u8>,
    errors: &Arc<Mutex<VecDeque<u8>>>,
) -> Receiver<Vec<u8>> {
    if let Some(mut stdin) = child.stdin.take() {
        // A program that ends before it has read everything says why on standard error.
        thread::spawn(move || _ = stdin.write_all(&request));
    }
    if let Some(mut stderr) = child.stderr.take() {
        let errors = Arc::clone(errors);
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = stderr.read(&mut buffer) {
                let mut tail = errors.lock().unwrap_or_else(PoisonError::into_inner);
                tail.extend(buffer.get(..count).unwrap_or_default());
                let surplus = tail.len().saturating_sub(TAIL);
                tail.drain(..surplus);
            }
        });
    }
    let (sender, lines) = mpsc::channel();
    if let Some(stdout) = child.stdout.take() {
        thread::spawn(move || {
            let mut stdout = BufReader::new(stdout);
            let mut line = Vec::new();
            while let Ok(1..) = stdout.read_until(b'\n', &mut line) {
                if sender.send(std::mem::take(&mut line)).is_err() {
                    break;
                }
            }
        });
    }
    lines
}

/// Reads lines until every file is done. The end of the stream is not waited for: a process that a
/// DAG left behind would keep it open.
fn answers(
    lines: &Receiver<Vec<u8>>,
    question: &Question<'_>,
    progress: &mut dyn FnMut(usize),
) -> Result<Vec<Answer>, RecvTimeoutError> {
    let mut answers = Vec::new();
    let mut answer = Answer::default();
    while answers.len() < question.files.len() {
        let line = lines.recv_timeout(STARTUP + question.timeout)?;
        match serde_json::from_slice(&line) {
            Ok(Record::Task(task)) => answer.tasks.push(*task),
            Ok(Record::Dag(dag)) => answer.dags.push(dag),
            Ok(Record::File(file)) => {
                finish(&mut answer, file);
                answers.push(std::mem::take(&mut answer));
                progress(answers.len());
            }
            // Such as a lone surrogate, which JSON of Python holds and no other reader takes.
            Err(error) => {
                answer.error = Some(format!("its answer could not be read: {error}"));
            }
        }
    }
    Ok(answers)
}

fn finish(answer: &mut Answer, file: FileRecord) {
    if !file.ok {
        answer.error = Some(file.error.unwrap_or_else(|| "it gives no reason".to_owned()));
    }
}

/// The last lines of what a program said.
fn last_words(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let from = lines.len().saturating_sub(5);
    lines.get(from..).unwrap_or_default().join("\n")
}
