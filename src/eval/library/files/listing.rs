//! Folders: `glob`, `os.listdir`, `os.walk`.
//!
//! Python gives entries in whatever order the file system has them; here they are sorted, because the
//! same input must give the same output.

use std::path::Path;

use super::read::Place;
use crate::eval::call::Args;
use crate::eval::interp::{Interp, Res};
use crate::eval::object::{Object, Val};
use crate::eval::pure::path as posix;
use crate::python::Span;

/// A name in a folder, and whether it is a folder itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) is_folder: bool,
}

/// How the patterns of `glob` and of `pathlib` differ.
#[derive(Debug, Clone, Copy)]
pub(super) struct GlobRules {
    /// Whether `*` finds names that begin with a dot.
    pub(super) hidden: bool,
    /// Whether `**` is any number of folders.
    pub(super) recursive: bool,
}

impl Interp<'_> {
    /// The sorted entries of a folder inside the roots; `None` when it is no such folder.
    pub(super) fn entries(&self, path: &str) -> Option<Vec<Entry>> {
        let real = self.inside_roots(Path::new(path))?;
        let found = self.resolver.disk().entries(&real, self.settings.limits.collection)?;
        let mut entries: Vec<Entry> = found
            .into_iter()
            .filter_map(|found| {
                let name = found.name.into_string().ok()?;
                Some(Entry { name, is_folder: found.is_folder })
            })
            .collect();
        entries.sort();
        Some(entries)
    }

    /// `glob.glob(pattern, recursive=...)`.
    pub(super) fn glob(&mut self, args: &Args, span: Span) -> Res {
        let Some(pattern) = args.get(0, "pathname").and_then(|val| self.path_text(val)) else {
            return Ok(self.derived(&args.all(), span));
        };
        let recursive = match args.named("recursive") {
            Some(val) => self.truth(val)?,
            None => Some(false),
        };
        let (Some(recursive), None) = (recursive, args.named("root_dir")) else {
            return Ok(self.derived(&args.all(), span));
        };
        if !pattern.starts_with('/') {
            return Ok(self.outside(&pattern, span));
        }
        let rules = GlobRules { hidden: false, recursive };
        let mut parts: Vec<&str> = pattern.split('/').filter(|part| !part.is_empty()).collect();
        // What comes before the first wildcard need not be listed.
        let wild = |part: &&str| part.contains(['*', '?', '[']);
        let fixed = parts.iter().position(wild).unwrap_or(parts.len());
        let rest = parts.split_off(fixed);
        let base = format!("/{}", parts.join("/"));
        let Some(place) = self.place(&base) else { return Ok(self.outside(&base, span)) };
        let mut found = Vec::new();
        if rest.is_empty() {
            if place != Place::Missing {
                found.push(pattern.clone());
            }
        } else {
            self.expand(&base, &rest, rules, &mut found, 0);
        }
        let items = found.into_iter().map(|path| Val::str(path, span)).collect();
        Ok(self.list(items, span))
    }

    /// Paths below `base` that fit the parts of a pattern.
    pub(super) fn expand(
        &self,
        base: &str,
        parts: &[&str],
        rules: GlobRules,
        found: &mut Vec<String>,
        depth: u32,
    ) {
        let Some((part, rest)) = parts.split_first() else {
            if !found.contains(&base.to_owned()) {
                found.push(base.to_owned());
            }
            return;
        };
        if depth > 40 || found.len() >= self.settings.limits.collection {
            return;
        }
        let within = |name: &str| {
            if base.ends_with('/') { format!("{base}{name}") } else { format!("{base}/{name}") }
        };
        if *part == "**" && rules.recursive {
            self.expand(base, rest, rules, found, depth + 1);
            for entry in self.entries(base).unwrap_or_default() {
                if entry.name.starts_with('.') && !rules.hidden {
                    continue;
                }
                if entry.is_folder {
                    self.expand(&within(&entry.name), parts, rules, found, depth + 1);
                } else if rest.is_empty() && !rules.hidden {
                    // The `**` of glob at the end finds files too, that of pathlib only folders.
                    self.expand(&within(&entry.name), rest, rules, found, depth + 1);
                }
            }
            return;
        }
        if !part.contains(['*', '?', '[']) {
            let path = within(part);
            if self.place(&path).is_some_and(|place| place != Place::Missing) {
                self.expand(&path, rest, rules, found, depth + 1);
            }
            return;
        }
        for entry in self.entries(base).unwrap_or_default() {
            let hidden = entry.name.starts_with('.') && !rules.hidden && !part.starts_with('.');
            if hidden
                || posix::fnmatch(&entry.name, part) != Ok(true)
                || (!rest.is_empty() && !entry.is_folder)
            {
                continue;
            }
            self.expand(&within(&entry.name), rest, rules, found, depth + 1);
        }
    }

    /// `os.listdir(path)` and `os.walk(path)`.
    pub(super) fn list_folder(&mut self, function: &str, args: &Args, span: Span) -> Res {
        let path = match args.pos.first().or_else(|| args.named("top")) {
            Some(val) => match self.path_text(val) {
                Some(path) => path,
                None => return Ok(self.derived(&args.all(), span)),
            },
            None => ".".to_owned(),
        };
        let Some(place) = self.place(&path) else { return Ok(self.outside(&path, span)) };
        if function == "os.walk" {
            if args.pos.len() > 1 || args.kw.keys().any(|name| name.as_ref() != "top") {
                return Ok(self.derived(&args.all(), span));
            }
            let mut rows = Vec::new();
            if place == Place::Folder {
                self.walk(&path, &mut rows, 0, span);
            }
            return Ok(self.heap.val(Object::Iterator(rows, 0), span));
        }
        match self.entries(&path) {
            Some(entries) => {
                let names = entries.into_iter().map(|entry| Val::str(entry.name, span)).collect();
                Ok(self.list(names, span))
            }
            None if place == Place::Missing => {
                let message = format!("[Errno 2] No such file or directory: '{path}'");
                Err(self.exception("FileNotFoundError", message, span))
            }
            None => {
                let message = format!("[Errno 20] Not a directory: '{path}'");
                Err(self.exception("NotADirectoryError", message, span))
            }
        }
    }

    fn walk(&mut self, path: &str, rows: &mut Vec<Val>, depth: u32, span: Span) {
        if depth > 40 || rows.len() >= self.settings.limits.collection {
            return;
        }
        let Some(entries) = self.entries(path) else { return };
        let (folders, files): (Vec<Entry>, Vec<Entry>) =
            entries.into_iter().partition(|entry| entry.is_folder);
        let names = |this: &mut Self, entries: &[Entry]| {
            let names = entries.iter().map(|entry| Val::str(entry.name.as_str(), span)).collect();
            this.list(names, span)
        };
        let row = vec![Val::str(path, span), names(self, &folders), names(self, &files)];
        rows.push(Val::tuple(row, span));
        for folder in folders {
            let below = posix::join(path, &[&folder.name]);
            // Links to folders are listed but not followed.
            let is_link = self.resolver.disk().is_link(Path::new(&below));
            if !is_link {
                self.walk(&below, rows, depth + 1, span);
            }
        }
    }
}
