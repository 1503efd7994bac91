//! Attributes and methods of `pathlib.Path`.

use super::read::Place;
use crate::eval::call::Args;
use crate::eval::checkout::is_marked;
use crate::eval::interp::{Interp, Res};
use crate::eval::library::natives;
use crate::eval::object::{Object, Val};
use crate::eval::pure::Failure;
use crate::eval::pure::path::PurePath;
use crate::python::Span;
use crate::python::ast::Name;

/// Bytes of paths that are put together in the time of a step.
const PARENTS: usize = 4;

const METHODS: &[&str] = &[
    "absolute",
    "as_posix",
    "exists",
    "expanduser",
    "glob",
    "is_absolute",
    "is_dir",
    "is_file",
    "is_relative_to",
    "iterdir",
    "joinpath",
    "match",
    "mkdir",
    "open",
    "read_bytes",
    "read_text",
    "relative_to",
    "resolve",
    "rglob",
    "touch",
    "unlink",
    "with_name",
    "with_stem",
    "with_suffix",
    "write_bytes",
    "write_text",
    "__fspath__",
    "__str__",
    "__truediv__",
];

impl Interp<'_> {
    /// `Path(*parts)`; a hole when a part is.
    pub(super) fn make_path(&mut self, parts: &[Val], span: Span) -> Val {
        let texts: Option<Vec<String>> = parts.iter().map(|part| self.path_text(part)).collect();
        match texts {
            Some(texts) => {
                let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
                Self::path(PurePath::new(&texts).to_string(), span)
            }
            None => {
                let from: Vec<&Val> = parts.iter().collect();
                self.derived(&from, span)
            }
        }
    }

    /// `path.name`; `None` when paths have no such attribute.
    pub(crate) fn path_attribute(
        &mut self,
        object: &Val,
        path: &str,
        name: &Name,
        span: Span,
    ) -> Option<Val> {
        let text = |text: &str| Some(Val::str(text, span));
        let texts =
            |texts: Vec<String>| texts.into_iter().map(|part| Val::str(part, span)).collect();
        let pure = PurePath::new(&[path]);
        match name.as_ref() {
            "name" => text(pure.name()),
            "stem" => text(pure.stem()),
            "suffix" => text(pure.suffix()),
            "root" | "anchor" => text(pure.root()),
            "drive" => text(""),
            "parent" => Some(path_val(&pure.parent(), span)),
            "parents" => {
                let bytes = path.len().saturating_mul(path.matches('/').count());
                if bytes > self.settings.limits.string {
                    let message = "a string is longer than the bound";
                    return Some(self.limit_hole(span, "string", message));
                }
                self.work(bytes / PARENTS);
                let parents = pure.parents();
                Some(Val::tuple(parents.iter().map(|path| path_val(path, span)).collect(), span))
            }
            "parts" => Some(Val::tuple(texts(pure.parts()), span)),
            "suffixes" => Some(self.list(texts(pure.suffixes()), span)),
            _ if METHODS.contains(&name.as_ref()) => Some(natives::method(object, name, span)),
            // Paths have many more methods that look at the disk.
            "stat" | "lstat" | "owner" | "group" | "samefile" | "chmod" | "rename" | "replace"
            | "rmdir" | "symlink_to" | "is_symlink" | "as_uri" | "walk" => {
                Some(self.hole(crate::eval::HoleKind::File, format!("{path}.{name}"), span))
            }
            _ => None,
        }
    }

    /// A method of a path.
    pub(crate) fn path_method(
        &mut self,
        this: &Val,
        path: &str,
        name: &str,
        args: &Args,
        span: Span,
    ) -> Option<Res> {
        if args.all().iter().any(|val| self.is_open(val)) {
            let mut from = vec![this];
            from.extend(args.all());
            return Some(Ok(self.derived(&from, span)));
        }
        let first = args.pos.first();
        let pure = PurePath::new(&[path]);
        let made = |this: &mut Self, result: Result<PurePath, Failure>| match result {
            Ok(path) => Ok(path_val(&path, span)),
            Err(failure) => this.failed(failure, &args.all(), span),
        };
        Some(Ok(match name {
            "joinpath" | "__truediv__" => {
                let mut parts = vec![this.clone()];
                parts.extend(args.pos.iter().cloned());
                self.make_path(&parts, span)
            }
            "as_posix" | "__str__" | "__fspath__" => Val::str(path, span),
            "is_absolute" => Val::bool(path.starts_with('/'), span),
            "resolve" | "absolute" if !path.starts_with('/') => self.outside(path, span),
            "resolve" => {
                self.resolved(path, span).map_or_else(|hole| hole, |real| Self::path(real, span))
            }
            "absolute" => this.clone(),
            "expanduser" if !path.starts_with('~') => this.clone(),
            "with_name" | "with_stem" | "with_suffix" => {
                let new = self.known_str(first?)?;
                let changed = match name {
                    "with_name" => pure.with_name(&new),
                    "with_stem" => pure.with_stem(&new),
                    _ => pure.with_suffix(&new),
                };
                return Some(made(self, changed));
            }
            "relative_to" | "is_relative_to" => {
                let other = PurePath::new(&[&self.path_text(first?)?]);
                if args.pos.len() > 1 || !args.kw.is_empty() {
                    return None;
                }
                if is_marked(path) != is_marked(&other.to_string()) {
                    return Some(Ok(self.derived(&[this, first?], span)));
                }
                if name == "is_relative_to" {
                    return Some(Ok(Val::bool(pure.is_relative_to(&other), span)));
                }
                return Some(made(self, pure.relative_to(&other)));
            }
            "match" => {
                let pattern = self.path_text(first?)?;
                return Some(match pure.matches(&pattern) {
                    Ok(answer) => Ok(Val::bool(answer, span)),
                    Err(failure) => self.failed(failure, &[this], span),
                });
            }
            "exists" | "is_file" | "is_dir" => match self.place(path) {
                Some(place) => Val::bool(answers(name, place), span),
                None => self.outside(path, span),
            },
            "read_text" | "read_bytes" | "open" => {
                let mode = match name {
                    "open" => args.get(0, "mode").map_or(Some("r"), Val::as_str)?.to_owned(),
                    "read_bytes" => "rb".to_owned(),
                    _ => "r".to_owned(),
                };
                let encoding = match name {
                    "read_text" => args.get(0, "encoding"),
                    _ => args.get(2, "encoding"),
                };
                let stream = self.open_path(path, &mode, encoding, false, span);
                return Some(match (stream, name) {
                    (Ok(stream), "read_text" | "read_bytes") => {
                        Ok(self.take_stream(&stream, span)?)
                    }
                    (stream, _) => stream,
                });
            }
            "glob" | "rglob" => {
                if args.all().len() > 1 || self.path_text(first?).is_none() {
                    return Some(Ok(self.derived(&args.all(), span)));
                }
                return Some(self.path_glob(path, first?, name == "rglob", span));
            }
            "iterdir" => match (self.place(path), self.entries(path, span)) {
                (_, Err(open)) => return Some(open.settle()),
                (_, Ok(Some(entries))) => {
                    let items = entries
                        .into_iter()
                        .map(|entry| path_val(&pure.join(&entry.name), span))
                        .collect();
                    self.heap.val(Object::Iterator(items, 0), span)
                }
                (place, Ok(None)) => {
                    let (class, message) = match place {
                        Some(Place::File) => ("NotADirectoryError", "[Errno 20] Not a directory"),
                        _ => ("FileNotFoundError", "[Errno 2] No such file or directory"),
                    };
                    return Some(Err(self.exception(class, format!("{message}: '{path}'"), span)));
                }
            },
            "write_text" | "write_bytes" => {
                self.may_be_refused("writing a file", span);
                return Some(self.call_len(first?, span));
            }
            "mkdir" | "touch" | "unlink" => {
                self.may_be_refused("changing a folder", span);
                Val::none(span)
            }
            _ => return None,
        }))
    }
}

fn answers(name: &str, place: Place) -> bool {
    match name {
        "is_file" => place == Place::File,
        "is_dir" => place == Place::Folder,
        _ => place != Place::Missing,
    }
}

fn path_val(path: &PurePath, span: Span) -> Val {
    Interp::path(path.to_string(), span)
}
