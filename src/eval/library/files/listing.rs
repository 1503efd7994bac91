//! Folders: `os.listdir`, `os.walk` and what else goes over entries.
//!
//! Python gives entries in whatever order the file system has them; here they are sorted, because the
//! same input must give the same output, and what hangs on that is open ([`crate::eval::surroundings`]). Entries are all told or none: what cannot be listed to its end is a hole.

use std::path::Path;

use super::read::Place;
use crate::diag::{Code, Diagnostic};
use crate::disk::Kind;
use crate::eval::HoleKind;
use crate::eval::call::Args;
use crate::eval::interp::{Interp, Raised, Res};
use crate::eval::object::{Object, Val};
use crate::eval::pure::path as posix;
use crate::python::Span;

/// How deep folders are followed. The system itself gives up on paths with more than 40 links.
pub(super) const DEPTH: u32 = 100;

/// What looking at a folder counts for, in steps: the system has to be asked.
const LOOK: usize = 50;

/// What each of its entries counts for.
const ENTRY: usize = 5;

/// A name in a folder, and whether it is a folder itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) is_folder: bool,
    pub(super) is_link: bool,
}

/// Why something about folders is not known.
pub(super) enum Open {
    /// The reason is told, and this stands for the result.
    Hole(Val),
    Raised(Raised),
}

impl Open {
    /// What becomes of the expression.
    pub(super) fn settle(self) -> Res {
        match self {
            Self::Hole(hole) => Ok(hole),
            Self::Raised(raised) => Err(raised),
        }
    }
}

impl From<Raised> for Open {
    fn from(raised: Raised) -> Self {
        Self::Raised(raised)
    }
}

impl Interp<'_> {
    /// The entries of a folder; `None` when nothing inside the roots is a folder of this name.
    pub(super) fn entries(&mut self, path: &str, span: Span) -> Result<Option<Vec<Entry>>, Open> {
        let Some(real) = self.inside_roots(Path::new(path)) else {
            let hole = self.outside(path, span);
            self.may_raise(&hole, span);
            return Err(Open::Hole(hole));
        };
        self.entries_of_real(&real, path, span)
    }

    /// As [`Interp::entries`], where the real folder is known to lie inside the roots.
    pub(super) fn entries_of_real(
        &mut self,
        real: &Path,
        path: &str,
        span: Span,
    ) -> Result<Option<Vec<Entry>>, Open> {
        self.look(span)?;
        let disk = self.resolver.disk();
        if disk.kind(real) != Kind::Folder {
            return Ok(None);
        }
        let most = self.settings.limits.collection;
        let Some(found) = disk.entries(real, most) else {
            return Err(Open::Hole(self.unreadable(
                path,
                "is a folder that cannot be listed",
                span,
            )));
        };
        if found.len() >= most {
            let message = "a folder has more entries than the bound";
            return Err(Open::Hole(self.limit_hole(span, "collection", message)));
        }
        self.go_over(found.len(), span)?;
        let mut entries = Vec::with_capacity(found.len());
        for entry in found {
            let Ok(name) = entry.name.into_string() else {
                let why = "is a folder with a name that is not UTF-8";
                return Err(Open::Hole(self.unreadable(path, why, span)));
            };
            entries.push(Entry { name, is_folder: entry.is_folder, is_link: entry.is_link });
        }
        entries.sort();
        self.arrange_folder(&mut entries, |entry| &entry.name);
        Ok(Some(entries))
    }

    /// Counts the steps of looking at one path.
    pub(super) fn look(&mut self, span: Span) -> Result<(), Open> {
        Ok(self.spend(LOOK, span)?)
    }

    /// Counts the steps of going over the entries of a folder.
    pub(super) fn go_over(&mut self, entries: usize, span: Span) -> Result<(), Open> {
        Ok(self.spend(entries.saturating_mul(ENTRY), span)?)
    }

    /// Tells that folders lie too deep in each other.
    pub(super) fn too_deep(&mut self, span: Span) -> Open {
        let message = format!("folders lie more than {DEPTH} deep in each other");
        self.tell(Diagnostic::new(Code::LimitReached, span, message));
        Open::Hole(self.hole(HoleKind::Limit, "folders", span))
    }

    /// `os.listdir(path)` and `os.walk(path)`.
    pub(super) fn list_folder(&mut self, function: &str, args: &Args, span: Span) -> Res {
        let path = match args.pos.first().or_else(|| args.named("top")) {
            Some(val) => match self.path_text(val) {
                Some(path) => path,
                None => {
                    let open = self.derived(&args.all(), span);
                    self.may_raise(&open, span);
                    return Ok(open);
                }
            },
            None => ".".to_owned(),
        };
        let Some(place) = self.place(&path) else {
            let hole = self.outside(&path, span);
            self.may_raise(&hole, span);
            return Ok(hole);
        };
        if function == "os.walk" {
            if args.pos.len() > 1 || args.kw.keys().any(|name| name.as_ref() != "top") {
                return Ok(self.derived(&args.all(), span));
            }
            let mut rows = Vec::new();
            return match self.walk(&path, &mut rows, 0, span) {
                Ok(()) => Ok(self.heap.val(Object::Iterator(rows, 0), span)),
                Err(open) => open.settle(),
            };
        }
        let entries = match self.entries(&path, span) {
            Ok(entries) => entries,
            Err(open) => return open.settle(),
        };
        match entries {
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

    /// What `os.walk` gives for a folder and the ones below, in its order.
    fn walk(
        &mut self,
        path: &str,
        rows: &mut Vec<Val>,
        depth: u32,
        span: Span,
    ) -> Result<(), Open> {
        if depth > DEPTH {
            return Err(self.too_deep(span));
        }
        let Some(entries) = self.entries(path, span)? else { return Ok(()) };
        let (folders, files): (Vec<Entry>, Vec<Entry>) =
            entries.into_iter().partition(|entry| entry.is_folder);
        let names = |this: &mut Self, entries: &[Entry]| {
            let names = entries.iter().map(|entry| Val::str(entry.name.as_str(), span)).collect();
            this.list(names, span)
        };
        let row = vec![Val::str(path, span), names(self, &folders), names(self, &files)];
        rows.push(Val::tuple(row, span));
        // Links to folders are listed but not followed.
        for folder in folders.iter().filter(|folder| !folder.is_link) {
            self.walk(&posix::join(path, &[&folder.name]), rows, depth + 1, span)?;
        }
        Ok(())
    }
}
