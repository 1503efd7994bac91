//! `.airflowignore`: which files of a DAG folder Airflow leaves out.
//!
//! Airflow 3 reads the patterns of `.gitignore` by default, Airflow 2 regular expressions; the option
//! `[core] dag_ignore_file_syntax` decides in both. Two things differ from git: everything after
//! a `#` is a comment, also at the end of a line, and a regular expression is searched in the path from the
//! DAG folder on, also when it stands in a folder further down.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use fancy_regex::{Regex, RegexBuilder};
use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// The name of the file.
const FILE: &str = ".airflowignore";

/// The syntax of the patterns in `.airflowignore`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum IgnoreSyntax {
    /// As in `.gitignore`: the default of Airflow 3.
    #[default]
    Glob,
    /// Python regular expressions: the default of Airflow 2.
    Regexp,
}

/// The rules of one DAG folder, read as the walk reaches each folder.
#[derive(Debug)]
pub(super) struct AirflowIgnore {
    root: PathBuf,
    syntax: IgnoreSyntax,
    known: Mutex<Known>,
    problems: Mutex<BTreeMap<PathBuf, String>>,
}

/// The rules for what lies in a folder: those of the folder itself come first, then those of the folders around it.
/// Folders without rules are left out.
type Chain = Arc<[Arc<Rules>]>;

/// What was read so far.
#[derive(Debug, Default)]
struct Known {
    chains: BTreeMap<PathBuf, Chain>,
    /// The folder that was asked for last. A walk asks for one file after the other.
    last: Option<(PathBuf, Chain)>,
}

/// The longest file of patterns that is read, in bytes. People write a few lines.
pub(super) const LONGEST: u64 = 256 << 10;

/// How many regular expressions of a file count.
const PATTERNS: usize = 1_000;

/// How large a compiled regular expression may be, in bytes.
const PATTERN_SIZE: usize = 256 << 10;

/// The patterns of one file.
#[derive(Debug)]
enum Rules {
    Glob(Gitignore),
    Regexp(Vec<Regex>),
}

impl Rules {
    fn is_empty(&self) -> bool {
        match self {
            Self::Glob(globs) => globs.is_empty(),
            Self::Regexp(patterns) => patterns.is_empty(),
        }
    }
}

impl AirflowIgnore {
    /// The rules below a DAG folder.
    pub(super) fn new(root: &Path, syntax: IgnoreSyntax) -> Self {
        Self { root: root.to_owned(), syntax, known: Mutex::default(), problems: Mutex::default() }
    }

    /// Whether a file or folder is left out. The folders above it must not be left out themselves.
    pub(super) fn ignores(&self, path: &Path, is_dir: bool) -> bool {
        let Some(folder) = path.parent() else { return false };
        let chain = self.chain_of(folder);
        if chain.is_empty() {
            return false;
        }
        let mut rules = chain.iter();
        match self.syntax {
            // The last matching line decides, and the deepest file comes last.
            IgnoreSyntax::Glob => rules
                .filter_map(|rules| match rules.as_ref() {
                    Rules::Glob(globs) => match globs.matched(path, is_dir) {
                        Match::None => None,
                        Match::Ignore(_) => Some(true),
                        Match::Whitelist(_) => Some(false),
                    },
                    Rules::Regexp(_) => None,
                })
                .next()
                .unwrap_or(false),
            IgnoreSyntax::Regexp => {
                let inside = path.strip_prefix(&self.root).unwrap_or(path).to_string_lossy();
                rules.any(|rules| match rules.as_ref() {
                    Rules::Glob(_) => false,
                    Rules::Regexp(patterns) => {
                        patterns.iter().any(|regex| regex.is_match(&inside).unwrap_or(false))
                    }
                })
            }
        }
    }

    /// Files with lines that could not be understood, and what is wrong. Airflow skips such lines.
    pub(super) fn problems(&self) -> Vec<(PathBuf, String)> {
        let problems = self.problems.lock().unwrap_or_else(PoisonError::into_inner);
        problems.iter().map(|(path, problem)| (path.clone(), problem.clone())).collect()
    }

    fn chain_of(&self, folder: &Path) -> Chain {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        match &known.last {
            Some((last, chain)) if last.as_os_str() == folder.as_os_str() => Arc::clone(chain),
            _ => {
                let chain = self.chain(folder, &mut known.chains);
                known.last = Some((folder.to_owned(), Arc::clone(&chain)));
                chain
            }
        }
    }

    fn chain(&self, folder: &Path, chains: &mut BTreeMap<PathBuf, Chain>) -> Chain {
        if !folder.starts_with(&self.root) {
            return Chain::default();
        }
        if let Some(chain) = chains.get(folder) {
            return Arc::clone(chain);
        }
        let around = match folder.parent() {
            Some(around) => self.chain(around, chains),
            None => Chain::default(),
        };
        let own = Some(self.read(folder)).filter(|rules| !rules.is_empty()).map(Arc::new);
        let chain: Chain = match own {
            Some(own) => std::iter::once(own).chain(around.iter().cloned()).collect(),
            None => around,
        };
        chains.insert(folder.to_owned(), Arc::clone(&chain));
        chain
    }

    fn read(&self, folder: &Path) -> Rules {
        let file = folder.join(FILE);
        let text = match crate::disk::read(&file, LONGEST) {
            Ok(Some(bytes)) => String::from_utf8_lossy(&bytes).into_owned(),
            Ok(None) => {
                self.complain(&file, format!("is larger than {LONGEST} bytes and is not read"));
                String::new()
            }
            Err(error) => {
                if error.kind() != std::io::ErrorKind::NotFound {
                    self.complain(&file, format!("cannot be read: {}", error.kind()));
                }
                String::new()
            }
        };
        let lines = text.lines().map(without_comment).filter(|line| !line.is_empty());
        match self.syntax {
            IgnoreSyntax::Glob => {
                let mut builder = GitignoreBuilder::new(folder);
                for line in lines {
                    if let Err(error) = builder.add_line(None, line) {
                        self.complain(&file, format!("bad pattern `{}`: {error}", shortened(line)));
                    }
                }
                Rules::Glob(builder.build().unwrap_or_else(|_| Gitignore::empty()))
            }
            IgnoreSyntax::Regexp => {
                let lines: Vec<&str> = lines.collect();
                if lines.len() > PATTERNS {
                    let problem =
                        format!("has more than {PATTERNS} patterns; the others count for nothing");
                    self.complain(&file, problem);
                }
                let compiled = |line: &&str| {
                    let regex = RegexBuilder::new(line).delegate_size_limit(PATTERN_SIZE).build();
                    regex.map_err(|_| {
                        self.complain(
                            &file,
                            format!("bad or too large pattern `{}`", shortened(line)),
                        )
                    })
                };
                Rules::Regexp(
                    lines.iter().take(PATTERNS).filter_map(|line| compiled(line).ok()).collect(),
                )
            }
        }
    }

    fn complain(&self, file: &Path, problem: String) {
        let mut problems = self.problems.lock().unwrap_or_else(PoisonError::into_inner);
        problems.entry(file.to_owned()).or_insert(problem);
    }
}

/// A line without its comment and the blanks before it.
/// The beginning of a pattern, for people.
fn shortened(line: &str) -> String {
    if line.chars().count() <= 80 {
        return line.to_owned();
    }
    line.chars().take(77).chain("...".chars()).collect()
}

fn without_comment(line: &str) -> &str {
    line.split_once('#').map_or(line, |(before, _)| before.trim_end())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn ignored(syntax: IgnoreSyntax, files: &[(&str, &str)], path: &str, is_dir: bool) -> bool {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let file = folder.path().join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        }
        AirflowIgnore::new(folder.path(), syntax).ignores(&folder.path().join(path), is_dir)
    }

    #[test]
    fn globs_are_those_of_gitignore_with_comments_at_line_ends() {
        let files = [(FILE, "old/   # not any more\n*_wip.py\n!keep_wip.py\n/top.py\n")];
        let glob = |path, is_dir| ignored(IgnoreSyntax::Glob, &files, path, is_dir);
        assert!(glob("old", true) && glob("team/old", true));
        assert!(!glob("old", false), "a trailing slash means folders");
        assert!(glob("team/a_wip.py", false));
        assert!(!glob("keep_wip.py", false));
        assert!(glob("top.py", false) && !glob("team/top.py", false));
    }

    #[test]
    fn a_deeper_file_overrides_one_above() {
        let files = [(FILE, "*.py\n"), ("team/.airflowignore", "!a.py\n")];
        assert!(!ignored(IgnoreSyntax::Glob, &files, "team/a.py", false));
        assert!(ignored(IgnoreSyntax::Glob, &files, "team/b.py", false));
    }

    #[test]
    fn regular_expressions_search_the_path_from_the_dag_folder() {
        let files =
            [(FILE, "project_[ab]\ntenant/\\d+ # numbers\n"), ("team/.airflowignore", "^x")];
        let regexp = |path| ignored(IgnoreSyntax::Regexp, &files, path, false);
        assert!(regexp("some/project_a/dag.py"));
        assert!(regexp("tenant/12/dag.py"));
        assert!(!regexp("tenant/ab/dag.py"));
        assert!(!regexp("team/x.py"), "`^` is the DAG folder, also in a file further down");
    }

    #[test]
    fn a_bad_pattern_is_reported_and_the_others_hold() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE), "(\nold\n").unwrap();
        let rules = AirflowIgnore::new(folder.path(), IgnoreSyntax::Regexp);
        assert!(rules.ignores(&folder.path().join("old.py"), false));
        assert_eq!(rules.problems().len(), 1);
    }
}
