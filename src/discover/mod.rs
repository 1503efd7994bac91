//! Finds the DAG files among the paths a user names.
//!
//! A folder is walked as Airflow walks its DAG folder: `.airflowignore` is honoured, links are
//! followed as long as they stay within the roots, and a file that cannot make a DAG is left out. On top of that `.gitignore` is honoured,
//! and hidden files, caches and virtual environments are skipped. A file that is named itself is
//! always read, whatever the rules say.
//!
//! Whatever could not be looked at is a finding; a folder that cannot be opened never looks like an
//! empty one.

mod airflowignore;
mod folders;
mod mentions;

pub use airflowignore::IgnoreSyntax;
pub use mentions::{looks_like_dag, operator_mention};

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ignore::{DirEntry, WalkBuilder};

use crate::diag::{Code, Diagnostic, Severity};
use crate::disk::Answer;
use crate::paths::{Shown, normal};
use crate::python::{Source, Sources, Span};
use airflowignore::AirflowIgnore;
use folders::Folders;

/// A DAG file to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// Where it lies. For standard input, a file that need not exist in the folder imports start from.
    pub path: PathBuf,
    /// Its name in artefacts and findings.
    pub shown: String,
    /// The text, when it does not come from disk.
    pub text: Option<Vec<u8>>,
    /// What its content was when it was found, if that was asked for and it could be read.
    pub content: Option<Answer>,
}

/// What to look for.
#[derive(Debug, Clone)]
pub struct Search<'a> {
    /// The folder relative paths start from.
    pub cwd: &'a Path,
    /// How paths are shown.
    pub shown: &'a Shown,
    /// The syntax of `.airflowignore`.
    pub ignore_syntax: IgnoreSyntax,
    /// Folders that files may be read from, besides the named ones.
    pub roots: &'a [PathBuf],
    /// Files longer than this are not looked into before they are read, in bytes.
    pub longest: u64,
    /// Whether to take down the contents of DAG files.
    pub contents: bool,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    /// DAG files, sorted by their shown paths, each once.
    pub inputs: Vec<Input>,
    /// Python files that cannot make a DAG, because they do not mention both Airflow and DAGs.
    pub helpers: usize,
    /// What could not be looked at.
    pub diagnostics: Vec<Diagnostic>,
}

/// A path that the user named and that is not there.
#[derive(Debug, thiserror::Error)]
#[error("cannot read `{shown}`")]
pub struct Missing {
    /// The path as shown to people.
    pub shown: String,
    /// What the system says.
    pub source: std::io::Error,
}

/// Finds the DAG files among `paths`.
///
/// # Errors
/// A path of `paths` does not exist.
pub fn find(paths: &[PathBuf], search: &Search<'_>, sources: &Sources) -> Result<Found, Missing> {
    let mut found = Found::default();
    let allowed: Vec<PathBuf> = paths
        .iter()
        .chain(search.roots)
        .filter_map(|root| search.cwd.join(root).canonicalize().ok())
        .collect();
    // Two names may lead to one file: it is read once.
    let mut inputs: BTreeMap<PathBuf, Input> = BTreeMap::new();
    for path in paths {
        let path = normal(&search.cwd.join(path));
        let about = path
            .metadata()
            .map_err(|source| Missing { shown: search.shown.text(&path), source })?;
        if about.is_dir() {
            let mut walk = Walk {
                search,
                sources,
                allowed: &allowed,
                inputs: &mut inputs,
                found: &mut found,
                folder: Default::default(),
            };
            walk.folder(&path);
        } else {
            let bytes = if search.contents { bytes_up_to(&path, search.longest) } else { None };
            let real = path.canonicalize().unwrap_or(path);
            keep(real, bytes.as_deref(), search, &mut inputs);
        }
    }
    found.inputs = inputs.into_values().collect();
    found.inputs.sort_by(|left, right| left.shown.cmp(&right.shown));
    Ok(found)
}

/// A walk over one folder.
struct Walk<'a> {
    search: &'a Search<'a>,
    sources: &'a Sources,
    /// Real paths of the folders that files may be read from.
    allowed: &'a [PathBuf],
    inputs: &'a mut BTreeMap<PathBuf, Input>,
    found: &'a mut Found,
    /// The folder of the last file, and where it really lies.
    folder: (PathBuf, Option<PathBuf>),
}

impl Walk<'_> {
    fn folder(&mut self, root: &Path) {
        let rules = Arc::new(AirflowIgnore::new(root, self.search.ignore_syntax));
        let folders = Arc::new(Folders::within(self.allowed));
        let mut builder = WalkBuilder::new(root);
        let odd = root.ancestors().find(|folder| !folders::has_plain_patterns(folder));
        if let Some(folder) = odd {
            let message = "this is no file of patterns of a usual size; no .gitignore is heeded";
            let help = "repair it, or leave files out with .airflowignore";
            let file = folder.join(folders::PATTERNS);
            self.say(Code::UnreadableFile, Severity::Warning, &file, message, help);
        }
        builder
            .follow_links(true)
            .ignore(false)
            .git_ignore(odd.is_none())
            // What lies outside the repository says nothing about it, and must not change the result.
            .git_global(false)
            .git_exclude(false)
            .sort_by_file_path(Path::cmp)
            .filter_entry({
                let (rules, folders) = (Arc::clone(&rules), Arc::clone(&folders));
                move |entry| is_wanted(entry, &rules) && folders.lets_in(entry)
            });
        for entry in builder.build() {
            match entry {
                Ok(entry) if is_file(&entry) => self.file(entry.path(), entry.path_is_symlink()),
                Ok(_) => {}
                Err(error) => self.trouble(&error, root),
            }
        }
        for (folder, refusal) in folders.refused() {
            let (code, message, help) = refusal.words();
            self.say(code, Severity::Warning, &folder, message, help);
        }
        for (file, problem) in rules.problems() {
            let help = "choose the syntax with --airflowignore-syntax glob or regexp";
            self.say(Code::UnreadableFile, Severity::Warning, &file, &problem, help);
        }
    }

    /// Looks at one file.
    fn file(&mut self, path: &Path, is_link: bool) {
        let extension = path.extension().and_then(|extension| extension.to_str());
        let real = if extension == Some("py") { self.real(path, is_link) } else { None };
        match extension {
            Some("py") if !self.is_allowed(real.as_deref()) => {
                let message = "link leads out of the roots; the file is not read";
                let help = "pass the folder it leads to with --root DIR";
                self.say(Code::OutsideRoots, Severity::Warning, path, message, help);
            }
            Some("py") => match bytes_up_to(path, self.search.longest) {
                // A file that cannot be looked into is for the reader to complain about.
                Some(bytes) if !looks_like_dag(&bytes) => self.found.helpers += 1,
                bytes => {
                    let real = real.unwrap_or_else(|| path.to_owned());
                    keep(real, bytes.as_deref(), self.search, self.inputs);
                }
            },
            Some("zip") => {
                let message = "archives of DAGs are not read";
                let help = "unpack the archive and pass its folder";
                self.say(Code::UnreadableFile, Severity::Warning, path, message, help);
            }
            _ => {}
        }
    }

    /// The real path of a file; `None` when there is none to be found. Files that are no links lie in the real folder
    /// of the ones beside them.
    fn real(&mut self, path: &Path, is_link: bool) -> Option<PathBuf> {
        if is_link {
            return path.canonicalize().ok();
        }
        let folder = path.parent()?;
        if self.folder.0 != folder {
            self.folder = (folder.to_owned(), folder.canonicalize().ok());
        }
        Some(self.folder.1.as_ref()?.join(path.file_name()?))
    }

    fn is_allowed(&self, real: Option<&Path>) -> bool {
        real.is_none_or(|real| self.allowed.iter().any(|root| real.starts_with(root)))
    }

    /// Notes that something could not be looked at.
    fn trouble(&mut self, error: &ignore::Error, root: &Path) {
        // A loop leads back to a folder that is walked anyway.
        if is_loop(error) {
            return;
        }
        let path = path_of(error).unwrap_or(root);
        // A link that leads nowhere is only of interest where a DAG file may have been meant.
        let dangling = path.is_symlink() && !path.exists();
        if dangling && path.extension().is_some_and(|extension| extension != "py") {
            return;
        }
        // The words of the system without its error number, which differs between systems.
        let message = match error.io_error() {
            Some(io) => format!("cannot look at this path: {}", io.kind()),
            None => "cannot look at this path".to_owned(),
        };
        let help = "check its permissions, or leave it out with .airflowignore";
        self.say(Code::UnreadableFile, Severity::Error, path, &message, help);
    }

    /// Notes a finding about a file as a whole.
    fn say(&mut self, code: Code, severity: Severity, path: &Path, message: &str, help: &str) {
        let (source, _) = self.sources.add(Source::new(self.search.shown.text(path), ""));
        let place = Span { source, start: 0, end: 0 };
        let mut finding = Diagnostic::new(code, place, message).help(help);
        finding.severity = severity;
        self.found.diagnostics.push(finding);
    }
}

fn is_file(entry: &DirEntry) -> bool {
    entry.file_type().is_some_and(|kind| kind.is_file())
}

/// The content of a file that is not too long.
fn bytes_up_to(path: &Path, longest: u64) -> Option<Vec<u8>> {
    crate::disk::read(path, longest).ok()?
}

/// Notes a file to read. Links may give one file several names; its real path has one, whichever way it was reached.
fn keep(
    real: PathBuf,
    bytes: Option<&[u8]>,
    search: &Search<'_>,
    inputs: &mut BTreeMap<PathBuf, Input>,
) {
    let shown = search.shown.text(&real);
    let content = bytes.filter(|_| search.contents).map(Answer::of_bytes);
    inputs.insert(real.clone(), Input { path: real, shown, text: None, content });
}

/// Whether the walk should look at an entry, and go into it if it is a folder.
fn is_wanted(entry: &DirEntry, rules: &AirflowIgnore) -> bool {
    if entry.depth() == 0 {
        return true;
    }
    let is_dir = entry.file_type().is_some_and(|kind| kind.is_dir());
    if is_dir {
        let name = entry.file_name().to_string_lossy();
        let is_cache = matches!(name.as_ref(), "__pycache__" | "node_modules" | "site-packages");
        if is_cache || entry.path().join("pyvenv.cfg").is_file() {
            return false;
        }
    }
    !rules.ignores(entry.path(), is_dir)
}

fn is_loop(error: &ignore::Error) -> bool {
    match error {
        ignore::Error::Loop { .. } => true,
        ignore::Error::WithPath { err, .. }
        | ignore::Error::WithDepth { err, .. }
        | ignore::Error::WithLineNumber { err, .. } => is_loop(err),
        _ => false,
    }
}

fn path_of(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => {
            path_of(err)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
