//! The files of a git revision, taken out by `git` itself.
//!
//! A temporary index and a temporary folder are all that is written: the repository, its index and its work tree
//! stay as they are, and no hook and no filter of the repository runs.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::interrupt::{AtWork, watch};

/// The whole tree of a revision in a folder of its own, which goes with this value.
#[derive(Debug)]
pub(super) struct Tree {
    /// Ends before the folder goes.
    _watch: Runtime,
    folder: TempDir,
    /// The root of the repository's work tree.
    top: PathBuf,
}

/// Why there is no tree.
#[derive(Debug, thiserror::Error)]
pub(super) enum GitError {
    /// `git` cannot be started.
    #[error("`git` cannot be started")]
    NoGit(#[source] io::Error),
    /// It was started and failed.
    #[error("git: {0}")]
    Failed(String),
    /// What it said is no path.
    #[error("the path of the repository is not Unicode")]
    NotUnicode,
    /// No temporary folder.
    #[error("no temporary folder can be made")]
    NoFolder(#[source] io::Error),
}

impl Tree {
    /// Takes out a revision of the repository around `cwd`.
    pub(super) fn of(cwd: &Path, revision: &str) -> Result<Self, GitError> {
        let at_work = AtWork::default();
        let git = |args: &[&OsStr]| run(cwd, args, None, &[], &at_work);
        let top = git(&[OsStr::new("rev-parse"), OsStr::new("--show-toplevel")])?;
        let top = PathBuf::from(top);
        let commit = format!("{revision}^{{commit}}");
        let verify =
            ["rev-parse", "--verify", "--quiet", "--end-of-options", &commit].map(OsStr::new);
        let commit = git(&verify).map_err(|error| match error {
            GitError::Failed(_) => GitError::Failed(format!("there is no revision `{revision}`")),
            other => other,
        })?;
        let folder =
            tempfile::Builder::new().prefix("podlift-").tempdir().map_err(GitError::NoFolder)?;
        let watch = watch(folder.path().to_owned(), &at_work).map_err(GitError::NoFolder)?;
        let index = folder.path().join("index");
        let filters = filters(&top, &at_work);
        let inside = |args: &[&OsStr]| run(&top, args, Some(&index), &filters, &at_work);
        inside(&[OsStr::new("read-tree"), OsStr::new(&commit)])?;
        let mut prefix = OsStr::new("--prefix=").to_owned();
        prefix.push(folder.path().join("tree"));
        prefix.push("/");
        inside(&[
            OsStr::new("checkout-index"),
            OsStr::new("--all"),
            OsStr::new("--quiet"),
            &prefix,
        ])?;
        let tree = Self { _watch: watch, folder, top };
        std::fs::create_dir_all(tree.root()).map_err(GitError::NoFolder)?;
        Ok(tree)
    }

    /// The folder that stands for the root of the repository.
    pub(super) fn root(&self) -> PathBuf {
        self.folder.path().join("tree")
    }

    /// The place in this tree of a path in the work tree; a path outside the repository stays where it is.
    pub(super) fn place(&self, path: &Path) -> PathBuf {
        let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let top = self.top.canonicalize().unwrap_or_else(|_| self.top.clone());
        match real.strip_prefix(&top).or_else(|_| path.strip_prefix(&self.top)) {
            Ok(inside) => self.root().join(inside),
            Err(_) => path.to_owned(),
        }
    }
}

/// The settings that name programs through which git sends files on their way out.
fn filters(top: &Path, at_work: &AtWork) -> Vec<String> {
    let list = ["config", "--null", "--name-only", "--get-regexp", r"^filter\."].map(OsStr::new);
    // It fails where there are none.
    let names = run(top, &list, None, &[], at_work).unwrap_or_default();
    names.split('\0').filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// Runs git and gives what it printed, without the line feed at its end.
fn run(
    cwd: &Path,
    args: &[&OsStr],
    index: Option<&Path>,
    filters: &[String],
    at_work: &AtWork,
) -> Result<String, GitError> {
    let mut command = Command::new("git");
    // Nothing that the repository is configured to run: hooks, monitors, filters, and transports that fetch what a
    // partial clone lacks.
    for setting in ["core.hooksPath=/dev/null", "core.fsmonitor=false", "protocol.allow=never"] {
        command.args(["-c", setting]);
    }
    command.env("GIT_NO_LAZY_FETCH", "1").env("GIT_ALLOW_PROTOCOL", "");
    // A name may hold any character, which only the environment takes.
    command.env("GIT_CONFIG_COUNT", filters.len().to_string());
    for (number, name) in filters.iter().enumerate() {
        let value = if name.ends_with(".required") { "false" } else { "" };
        command.env(format!("GIT_CONFIG_KEY_{number}"), name);
        command.env(format!("GIT_CONFIG_VALUE_{number}"), value);
    }
    command.current_dir(cwd).args(args).env("LC_ALL", "C").env("GIT_OPTIONAL_LOCKS", "0");
    if let Some(index) = index {
        command.env("GIT_INDEX_FILE", index);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let done = at_work.run(&mut command).map_err(GitError::NoGit)?;
    if !done.status.success() {
        let said = String::from_utf8_lossy(&done.stderr);
        let said = said.trim().trim_start_matches("fatal: ");
        return Err(GitError::Failed(said.lines().next().unwrap_or("it failed").to_owned()));
    }
    let mut said = String::from_utf8(done.stdout).map_err(|_| GitError::NotUnicode)?;
    said.truncate(said.trim_end_matches(['\n', '\r']).len());
    Ok(said)
}
