//! Looking at the disk, never outside the roots.

use std::borrow::Cow;
use std::path::{Component, Path, PathBuf};

use crate::diag::{Code, Diagnostic};
use crate::disk::{Disk, Kind};
use crate::eval::HoleKind;
use crate::eval::checkout::on_disk;
use crate::eval::interp::Interp;
use crate::eval::object::Val;
use crate::python::ast::Name;
use crate::python::{Form, Origin, Source, Span};
use crate::words::shorten;

/// Steps that opening a file counts for.
const OPENED: usize = 40;
/// Bytes of a file that are read in the time of a step.
const BYTES_READ: usize = 64;

/// Characters of a path that a message has.
const LONGEST_SHOWN: usize = 1000;

/// What is at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    File,
    Folder,
    /// Inside the roots, and nothing is there.
    Missing,
}

impl Interp<'_> {
    /// The real place of a path, when that is inside a root; `None` also for relative paths, which
    /// mean something else for every working directory. What does not exist yet is inside if its
    /// nearest folder is.
    pub(crate) fn inside_roots(&self, path: &Path) -> Option<PathBuf> {
        if !path.is_absolute() {
            return None;
        }
        let disk = self.resolver.disk();
        let path = path.to_str().map_or(Cow::Borrowed(path), |text| match on_disk(text) {
            Cow::Borrowed(text) => Cow::Borrowed(Path::new(text)),
            Cow::Owned(text) => Cow::Owned(PathBuf::from(text)),
        });
        let real = real_path(disk, &path)?;
        self.settings
            .roots
            .iter()
            .filter_map(|root| disk.real(root))
            .any(|root| real.starts_with(root))
            .then_some(real)
    }

    /// What is at a path; `None` when the path leaves the roots.
    pub(crate) fn place(&self, path: &str) -> Option<Place> {
        let real = self.inside_roots(Path::new(path))?;
        Some(self.place_of_real(&real))
    }

    /// What is at a real path inside the roots.
    pub(super) fn place_of_real(&self, real: &Path) -> Place {
        match self.resolver.disk().kind(real) {
            Kind::Folder => Place::Folder,
            Kind::File | Kind::Other => Place::File,
            Kind::Missing => Place::Missing,
        }
    }

    /// The text of a file inside the roots; otherwise a hole, and the reason is told.
    pub(super) fn read_inside(
        &mut self,
        path: &str,
        form: Form,
        span: Span,
    ) -> Result<String, Val> {
        let bytes = self.bytes_inside(path, span)?;
        form.text(bytes).ok_or_else(|| self.unreadable(path, "is not UTF-8 text", span))
    }

    /// The bytes of a file inside the roots; otherwise a hole, and the reason is told.
    pub(super) fn bytes_inside(&mut self, path: &str, span: Span) -> Result<Vec<u8>, Val> {
        let Some(real) = self.inside_roots(Path::new(path)) else {
            return Err(self.outside(path, span));
        };
        let limit = self.settings.limits.file;
        self.work(OPENED);
        match self.resolver.disk().read(&real, limit) {
            Ok(Some(bytes)) => {
                self.work(bytes.len() / BYTES_READ);
                Ok(bytes)
            }
            Ok(None) => {
                let message = format!("is larger than {limit} bytes");
                Err(self.unreadable(path, &message, span))
            }
            Err(error) => {
                let message = match error.kind() {
                    std::io::ErrorKind::NotFound => "does not exist".to_owned(),
                    _ => "could not be read".to_owned(),
                };
                Err(self.unreadable(path, &message, span))
            }
        }
    }

    /// A hole for a path that leaves the roots.
    pub(crate) fn outside(&mut self, path: &str, span: Span) -> Val {
        let is_absolute = path.starts_with('/');
        let path = self.checkout.shown(path).into_owned();
        let shown = shorten(&path, LONGEST_SHOWN);
        let what = if is_absolute {
            format!("`{shown}` is outside the roots and is not read")
        } else {
            format!("relative path `{shown}` depends on the working directory and is not read")
        };
        self.tell(Diagnostic::new(Code::OutsideRoots, span, what));
        self.hole(HoleKind::File, path, span)
    }

    pub(super) fn unreadable(&mut self, path: &str, why: &str, span: Span) -> Val {
        let shown = self.shown_path(Path::new(on_disk(path).as_ref()));
        let short = shorten(&shown, LONGEST_SHOWN);
        self.tell(Diagnostic::new(Code::MissingFile, span, format!("file `{short}` {why}")));
        self.hole(HoleKind::File, shown, span)
    }

    /// A text read from a file as a value whose place is that file, so that what is parsed from it
    /// can point into it. A file read twice is one source.
    pub(super) fn text_of_file(&mut self, path: &str, text: String, form: Form) -> Val {
        let real = self
            .inside_roots(Path::new(path))
            .unwrap_or_else(|| PathBuf::from(on_disk(path).as_ref()));
        let key = Name::from(format!("file:{}", real.display()));
        if let Some(known) = self.globals_of_world.get(&key)
            && known.as_str() == Some(text.as_str())
        {
            return known.clone();
        }
        let shown = self.shown_path(&real);
        let end = u32::try_from(text.len()).unwrap_or(u32::MAX);
        let source = Source::new(shown, text.as_str()).from(Origin { path: real, form });
        let (source, _) = self.sources.add(source);
        let val = Val::str(text, Span { source, start: 0, end });
        self.globals_of_world.insert(key, val.clone());
        val
    }

    /// `os.path.realpath` and `Path.resolve`: links are followed inside the roots; elsewhere a path is
    /// taken to have none. A link that leads out of the roots leads who knows where: a hole, and the reason is told.
    pub(super) fn resolved(&mut self, path: &str, span: Span) -> Result<String, Val> {
        if let Some(real) = self.inside_roots(Path::new(path)) {
            return Ok(self.checkout.marked(&real.to_string_lossy()));
        }
        let plain = crate::eval::pure::path::normpath(path);
        let there = on_disk(&plain);
        let disk = self.resolver.disk();
        let real_roots = self.settings.roots.iter().filter_map(|root| disk.real(root));
        let mut roots = self.settings.roots.iter().cloned().chain(real_roots);
        let is_below_a_root = roots.any(|root| Path::new(there.as_ref()).starts_with(root));
        if is_below_a_root { Err(self.outside(&plain, span)) } else { Ok(plain) }
    }
}

/// A path with links followed and `..` gone; the part that does not exist stays as written.
fn real_path(disk: &Disk, path: &Path) -> Option<PathBuf> {
    let mut missing: Vec<std::ffi::OsString> = Vec::new();
    let mut existing = path.to_owned();
    loop {
        if let Some(mut real) = disk.real(&existing) {
            real.extend(missing.iter().rev());
            return Some(real);
        }
        match existing.components().next_back()? {
            Component::Normal(name) => {
                missing.push(name.to_owned());
                existing.pop();
            }
            // `..` below something that does not exist means nothing.
            _ => return None,
        }
    }
}
