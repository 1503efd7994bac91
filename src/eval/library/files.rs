//! Files: `pathlib`, `os.path`, `glob`, `open` and what reads from it.
//!
//! Only what lies inside the roots is ever looked at, links followed. A file that is missing there is
//! a `FileNotFoundError`, so that the program's own `try` works; a path that leaves the roots is a
//! hole, because podlift does not know what is there.

mod glob;
mod listing;
mod os_path;
mod pathlib;
mod read;
mod streams;

pub(crate) use read::Place;
pub(crate) use streams::STREAM_METHODS;

use crate::eval::call::Args;
use crate::eval::interp::{Interp, Res};
use crate::eval::object::Val;
use crate::eval::pure::path::fnmatch;
use crate::python::Span;

/// Letters of a name that are held against those of a pattern in the time of a step.
const BYTES_MATCHED: usize = 8;

impl Interp<'_> {
    /// A function or class of a module about files.
    pub(crate) fn call_files(&mut self, path: &str, args: &Args, span: Span) -> Option<Res> {
        if args.is_open() {
            return None;
        }
        match path {
            "pathlib.Path" | "pathlib.PurePath" | "pathlib.PosixPath" | "pathlib.PurePosixPath" => {
                self.makes_pure_paths |= path.starts_with("pathlib.Pure");
                Some(Ok(self.make_path(&args.pos, span)))
            }
            "pathlib.Path.cwd" | "pathlib.Path.home" => {
                let name = format!("{}()", path.strip_prefix("pathlib.").unwrap_or(path));
                Some(Ok(self.hole(crate::eval::HoleKind::Call, name, span)))
            }
            "glob.glob" | "glob.iglob" => Some(self.glob(args, span)),
            "os.listdir" | "os.walk" => Some(self.list_folder(path, args, span)),
            "io.open" => Some(self.call_open(args, span)),
            "io.StringIO" | "io.BytesIO" => Some(Ok(self.make_buffer(path, args, span))),
            "fnmatch.fnmatch" | "fnmatch.fnmatchcase" => match args.pos.as_slice() {
                [name, pattern] => match (self.known_str(name), self.known_str(pattern)) {
                    (Some(name), Some(pattern))
                        if !self.work(name.len().saturating_mul(pattern.len()) / BYTES_MATCHED) =>
                    {
                        Some(Ok(self.derived(&args.all(), span)))
                    }
                    (Some(name), Some(pattern)) => Some(match fnmatch(&name, &pattern) {
                        Ok(answer) => Ok(Val::bool(answer, span)),
                        Err(failure) => self.failed(failure, &args.all(), span),
                    }),
                    _ => Some(Ok(self.derived(&args.all(), span))),
                },
                _ => None,
            },
            "fnmatch.filter" => Some(self.filter_names(args, span)),
            _ => {
                // A method taken from its class: `Path.exists(p)`.
                let name = path.strip_prefix("pathlib.Path.")?;
                let (this, rest) = args.pos.split_first()?;
                let args = Args { pos: rest.to_vec(), kw: args.kw.clone(), ..Args::default() };
                let text = self.path_text(this)?;
                self.path_method(this, &text, name, &args, span)
            }
        }
    }

    fn filter_names(&mut self, args: &Args, span: Span) -> Res {
        let (Some(names), Some(pattern)) =
            (args.pos.first(), args.pos.get(1).and_then(Val::as_str).map(str::to_owned))
        else {
            return Ok(self.derived(&args.all(), span));
        };
        let Some(names) = self.iterate(names, span)? else {
            return Ok(self.derived(&args.all(), span));
        };
        if names.iter().any(|name| self.is_open(name)) {
            return Ok(self.derived(&args.all(), span));
        }
        let kept = names
            .into_iter()
            .filter(|name| name.as_str().is_some_and(|name| fnmatch(name, &pattern) == Ok(true)))
            .collect();
        Ok(self.list(kept, span))
    }
}
