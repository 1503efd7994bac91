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

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ignore::{DirEntry, WalkBuilder};

use crate::diag::{Code, Diagnostic, Severity};
use crate::paths::{Shown, normal};
use crate::python::{Source, Sources, Span};
use airflowignore::AirflowIgnore;
use folders::Folders;

/// A file that may be a DAG file. To know whether it is, somebody has to look into it, and several can do that at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Where it really lies.
    path: PathBuf,
    /// Its name in artefacts and findings.
    shown: String,
    /// Whether the user named it, so that it is read whatever it looks like.
    is_named: bool,
}

impl Candidate {
    /// The DAG file, read unless it is longer than `longest` bytes; `None` for one that cannot make a DAG.
    pub fn look(self, longest: u64) -> Option<Input> {
        let Self { path, shown, is_named } = self;
        let content = match crate::disk::read(&path, longest) {
            Ok(Some(bytes)) if is_named || looks_like_dag(&bytes) => Content::Read(bytes),
            Ok(Some(_)) => return None,
            // A file that cannot be looked into is for the reader to complain about.
            Ok(None) | Err(_) => Content::Unread,
        };
        Some(Input { path, shown, content })
    }
}

/// A DAG file to translate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// Where it lies. For standard input, a file that need not exist in the folder imports start from.
    pub path: PathBuf,
    /// Its name in artefacts and findings.
    pub shown: String,
    /// What stands in it.
    pub content: Content,
}

/// The content of a DAG file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// It does not come from disk.
    Given(Vec<u8>),
    /// It was read when the file was found.
    Read(Vec<u8>),
    /// It could not be read then.
    Unread,
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
}

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    /// Python files, sorted by their shown paths, each once.
    pub candidates: Vec<Candidate>,
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

/// Finds the files among `paths` that may be DAG files.
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
                found: &mut found,
                folder: Default::default(),
            };
            walk.folder(&path);
        } else {
            let path = path.canonicalize().unwrap_or(path);
            let shown = search.shown.text(&path);
            found.candidates.push(Candidate { path, shown, is_named: true });
        }
    }
    let order = |one: &Candidate, other: &Candidate| {
        one.shown.cmp(&other.shown).then_with(|| one.path.cmp(&other.path))
    };
    found.candidates.sort_unstable_by(order);
    // Two names may lead to one file: it is read once.
    found.candidates.dedup_by(|next, kept| {
        let is_same = next.path == kept.path;
        kept.is_named |= is_same && next.is_named;
        is_same
    });
    Ok(found)
}

/// A walk over one folder.
struct Walk<'a> {
    search: &'a Search<'a>,
    sources: &'a Sources,
    /// Real paths of the folders that files may be read from.
    allowed: &'a [PathBuf],
    found: &'a mut Found,
    /// The folder of the last file.
    folder: Home,
}

/// A folder that files lie in.
#[derive(Debug, Default)]
struct Home {
    path: PathBuf,
    /// Where it really lies; `None` when that is not to be found.
    real: Option<PathBuf>,
    /// Whether files may be read from there.
    is_allowed: bool,
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
            // What is compared lies in one folder; paths as a whole are compared faster than part by part.
            .sort_by_file_path(|one, other| one.as_os_str().cmp(other.as_os_str()))
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
        match extension {
            Some("py") => match self.real(path, is_link) {
                (_, false) => {
                    let message = "link leads out of the roots; the file is not read";
                    let help = "pass the folder it leads to with --root DIR";
                    self.say(Code::OutsideRoots, Severity::Warning, path, message, help);
                }
                (real, true) => {
                    let path = real.unwrap_or_else(|| path.to_owned());
                    let shown = self.search.shown.text(&path);
                    self.found.candidates.push(Candidate { path, shown, is_named: false });
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

    /// The real path of a file, if there is one to be found, and whether it may be read. Files that are no links lie in
    /// the real folder of the ones beside them.
    fn real(&mut self, path: &Path, is_link: bool) -> (Option<PathBuf>, bool) {
        let (false, Some(folder), Some(name)) = (is_link, path.parent(), path.file_name()) else {
            let real = path.canonicalize().ok();
            let is_allowed = real.as_deref().is_none_or(|real| self.is_allowed(real));
            return (real, is_allowed);
        };
        if self.folder.path.as_os_str() != folder.as_os_str() {
            let real = folder.canonicalize().ok();
            let is_allowed = real.as_deref().is_none_or(|real| self.is_allowed(real));
            self.folder = Home { path: folder.to_owned(), real, is_allowed };
        }
        (self.folder.real.as_ref().map(|real| real.join(name)), self.folder.is_allowed)
    }

    fn is_allowed(&self, real: &Path) -> bool {
        self.allowed.iter().any(|root| real.starts_with(root))
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
