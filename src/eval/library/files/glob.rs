//! Patterns of paths: `glob.glob`, `Path.glob` and `Path.rglob`.
//!
//! The two differ: `glob` follows links below `**` and gives the folder itself with a slash at its end; `pathlib` finds
//! hidden names and does not follow links below `**`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::listing::{DEPTH, Entry, Open};
use super::read::Place;
use crate::eval::call::Args;
use crate::eval::interp::{Interp, Res};
use crate::eval::object::{Object, Val};
use crate::eval::pure::path as posix;
use crate::python::Span;

/// Whose patterns they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialect {
    /// `glob.glob`; `**` may be any number of folders.
    Glob { recursive: bool },
    /// `pathlib`.
    Pathlib,
}

/// A path under the name it was found by, and where it really lies. Long ways through links are short there.
struct At {
    path: String,
    real: PathBuf,
}

/// A search through folders.
struct Search {
    dialect: Dialect,
    /// Whether only folders are wanted, with a slash at their end.
    folders: bool,
    found: Vec<String>,
    /// The entries of real folders.
    listed: HashMap<PathBuf, Rc<[Entry]>>,
    span: Span,
}

impl Search {
    fn new(dialect: Dialect, folders: bool, span: Span) -> Self {
        Self { dialect, folders, found: Vec::new(), listed: HashMap::new(), span }
    }

    /// Whether a part of a pattern is any number of folders.
    fn is_any_depth(&self, part: &str) -> bool {
        part == "**" && self.dialect != Dialect::Glob { recursive: false }
    }

    /// Whether a part that does not ask for names with a dot at their start finds this one.
    fn sees(&self, name: &str) -> bool {
        self.dialect == Dialect::Pathlib || !name.starts_with('.')
    }
}

impl Interp<'_> {
    /// `glob.glob(pattern, recursive=...)`.
    pub(super) fn glob(&mut self, args: &Args, span: Span) -> Res {
        let Some(pattern) = args.get(0, "pathname").and_then(|val| self.path_text(val)) else {
            return Ok(self.derived(&args.all(), span));
        };
        let recursive = match args.named("recursive") {
            Some(val) => self.truth(val)?,
            None => Some(false),
        };
        let is_known = |name: &str| matches!(name, "pathname" | "recursive");
        let (Some(recursive), true) = (recursive, args.kw.keys().all(|name| is_known(name))) else {
            return Ok(self.derived(&args.all(), span));
        };
        if !pattern.starts_with('/') {
            return Ok(self.outside(&pattern, span));
        }
        match self.glob_below(&pattern, recursive, span) {
            Ok(found) => {
                let items = found.into_iter().map(|path| Val::str(path, span)).collect();
                Ok(self.list(items, span))
            }
            Err(open) => open.settle(),
        }
    }

    /// The paths that fit an absolute pattern.
    fn glob_below(
        &mut self,
        pattern: &str,
        recursive: bool,
        span: Span,
    ) -> Result<Vec<String>, Open> {
        // What comes before the first wildcard need not be listed, and stays as it is written.
        let Some(wild) = pattern.find(is_wild_sign) else {
            let (_, place) = self.place_of(pattern.trim_end_matches('/'), span)?;
            let is_there = place != Place::Missing;
            let fits = is_there && (!pattern.ends_with('/') || place == Place::Folder);
            return Ok(if fits { vec![pattern.to_owned()] } else { Vec::new() });
        };
        let start = pattern.get(..wild).and_then(|fixed| fixed.rfind('/')).unwrap_or(0);
        let (base, rest) = pattern.split_at(start);
        let trimmed = base.trim_end_matches('/');
        let base = if trimmed.is_empty() { "/" } else { trimmed };
        let parts: Vec<&str> = rest.split('/').filter(|part| !part.is_empty()).collect();
        let mut search = Search::new(Dialect::Glob { recursive }, rest.ends_with('/'), span);
        match self.place_of(base, span)? {
            (at, Place::Folder) => self.expand(&at, &parts, &mut search, 0)?,
            _ => self.depths_of_nothing(&parts, &search)?,
        }
        Ok(search.found)
    }

    /// `Path.glob(pattern)` and `Path.rglob(pattern)`, which begins anywhere below.
    pub(super) fn path_glob(
        &mut self,
        path: &str,
        pattern: &Val,
        anywhere: bool,
        span: Span,
    ) -> Res {
        let text = self.path_text(pattern).unwrap_or_default();
        let mut parts: Vec<&str> =
            text.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
        if anywhere {
            parts.insert(0, "**");
        }
        // These are errors in one release of Python, or find more in a later one.
        let is_odd = text.starts_with('/')
            || text.ends_with('/')
            || parts.last().is_none_or(|last| *last == "**")
            || parts.iter().any(|part| part.len() > 2 && part.contains("**"))
            || parts.iter().filter(|part| **part == "**").count() > 1;
        if is_odd {
            return Ok(self.derived(&[pattern], span));
        }
        let mut search = Search::new(Dialect::Pathlib, false, span);
        let found = match self.place_of(path, span) {
            Ok((at, Place::Folder)) => self.expand(&at, &parts, &mut search, 0),
            Ok(_) => Ok(()),
            Err(open) => Err(open),
        };
        if let Err(open) = found {
            return open.settle();
        }
        let items = search.found.into_iter().map(|path| Self::path(path, span)).collect();
        Ok(self.heap.val(Object::Iterator(items, 0), span))
    }

    /// What is at a path; a hole for one that leaves the roots.
    fn place_of(&mut self, path: &str, span: Span) -> Result<(At, Place), Open> {
        self.place_through(path.to_owned(), Path::new(path), span)
    }

    /// What is at a path that goes by a name.
    fn place_through(&mut self, path: String, way: &Path, span: Span) -> Result<(At, Place), Open> {
        self.look(span)?;
        let Some(real) = self.inside_roots(way) else {
            return Err(Open::Hole(self.outside(&path, span)));
        };
        let place = self.place_of_real(&real);
        Ok((At { path, real }, place))
    }

    /// The entries of a folder.
    fn listed(&mut self, at: &At, search: &mut Search) -> Result<Rc<[Entry]>, Open> {
        if let Some(entries) = search.listed.get(&at.real) {
            self.look(search.span)?;
            self.go_over(entries.len(), search.span)?;
            return Ok(Rc::clone(entries));
        }
        let entries = self.entries_of_real(&at.real, &at.path, search.span)?.unwrap_or_default();
        let entries: Rc<[Entry]> = entries.into();
        search.listed.insert(at.real.clone(), Rc::clone(&entries));
        Ok(entries)
    }

    /// An entry of a folder.
    fn entry_of(&mut self, at: &At, entry: &Entry, span: Span) -> Result<At, Open> {
        let path = posix::join(&at.path, &[&entry.name]);
        let real = at.real.join(&entry.name);
        // Only a link to a folder leads anywhere.
        if entry.is_link && entry.is_folder {
            return Ok(self.place_through(path, &real, span)?.0);
        }
        Ok(At { path, real })
    }

    /// Finds the paths below a folder that fit the parts of a pattern.
    fn expand(
        &mut self,
        at: &At,
        parts: &[&str],
        search: &mut Search,
        depth: u32,
    ) -> Result<(), Open> {
        let span = search.span;
        if depth > DEPTH {
            return Err(self.too_deep(span));
        }
        let Some((part, rest)) = parts.split_first() else {
            if !search.folders {
                search.found.push(at.path.clone());
            } else if self.place_of_real(&at.real) == Place::Folder {
                search.found.push(posix::join(&at.path, &[""]));
            }
            return Ok(());
        };
        if search.is_any_depth(part) {
            return self.expand_depths(at, rest, search, depth, true);
        }
        if !part.contains(is_wild_sign) {
            let path = posix::join(&at.path, &[part]);
            return match self.place_through(path, &at.real.join(part), span)? {
                (_, Place::Missing) => Ok(()),
                (_, Place::File) if !rest.is_empty() => self.depths_of_nothing(rest, search),
                (at, _) => self.expand(&at, rest, search, depth + 1),
            };
        }
        for entry in self.listed(at, search)?.iter() {
            let is_seen = part.starts_with('.') || search.sees(&entry.name);
            if !is_seen || !rest.is_empty() && !entry.is_folder {
                continue;
            }
            self.spend(part.len().saturating_mul(entry.name.len()) / 64, span)?;
            match posix::fnmatch(&entry.name, part) {
                Ok(true) => {
                    let below = self.entry_of(at, entry, span)?;
                    self.expand(&below, rest, search, depth + 1)?;
                }
                Ok(false) => {}
                Err(failure) => {
                    let settled = self.failed(failure, &[], span);
                    return Err(settled.map_or_else(Open::Raised, Open::Hole));
                }
            }
        }
        Ok(())
    }

    /// What `**` finds where no folder is: before Python 3.13 `glob` gave the path with a slash at its end.
    fn depths_of_nothing(&mut self, parts: &[&str], search: &Search) -> Result<(), Open> {
        let is_known = parts.iter().any(|part| !search.is_any_depth(part));
        if is_known || search.dialect == Dialect::Pathlib {
            return Ok(());
        }
        let what = "patterns with `**` below what is no folder (releases of Python differ)";
        Err(Open::Hole(self.unsupported(what, search.span)))
    }

    /// Finds the paths that fit in a folder and in all folders below.
    fn expand_depths(
        &mut self,
        at: &At,
        rest: &[&str],
        search: &mut Search,
        depth: u32,
        is_first: bool,
    ) -> Result<(), Open> {
        if depth > DEPTH {
            return Err(self.too_deep(search.span));
        }
        if rest.is_empty() && is_first {
            search.found.push(posix::join(&at.path, &[""]));
        } else {
            self.expand(at, rest, search, depth + 1)?;
        }
        for entry in self.listed(at, search)?.iter() {
            if !search.sees(&entry.name) {
                continue;
            }
            if entry.is_folder && !(entry.is_link && search.dialect == Dialect::Pathlib) {
                let below = self.entry_of(at, entry, search.span)?;
                self.expand_depths(&below, rest, search, depth + 1, false)?;
            } else if !entry.is_folder && rest.is_empty() && !search.folders {
                // `**` at the end of a pattern of `glob` finds files too.
                search.found.push(posix::join(&at.path, &[&entry.name]));
            }
        }
        Ok(())
    }
}

fn is_wild_sign(c: char) -> bool {
    matches!(c, '*' | '?' | '[')
}
