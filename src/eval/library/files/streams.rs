//! `open`, `io.StringIO` and the methods of file objects.
//!
//! A file object holds its whole content and the byte it has been read up to. Writing to a file is
//! ignored: podlift changes nothing, and what a DAG writes while it is loaded it seldom reads back.

use super::read::Place;
use crate::eval::HoleKind;
use crate::eval::call::Args;
use crate::eval::expr::BYTES_MADE;
use crate::eval::interp::{Interp, Res};
use crate::eval::object::{Data, Map, ObjId, Object, Val};
use crate::python::ast::{BinaryOp, Name};
use crate::python::{Form, Span};

/// Methods of file objects.
pub(crate) const STREAM_METHODS: &[&str] = &[
    "close",
    "fileno",
    "flush",
    "getvalue",
    "read",
    "readable",
    "readline",
    "readlines",
    "seek",
    "tell",
    "truncate",
    "writable",
    "write",
    "writelines",
    "__enter__",
    "__exit__",
    "__iter__",
];

impl Interp<'_> {
    /// `open(file, mode, ...)`.
    pub(crate) fn call_open(&mut self, args: &Args, span: Span) -> Res {
        if args.is_open() {
            return Ok(self.open_unknown(&args.all(), span));
        }
        let Some(file) = args.get(0, "file") else {
            return self.type_error("open() missing required argument 'file' (pos 1)", span);
        };
        let (Some(path), Some(mode)) = (
            self.path_text(file),
            args.get(1, "mode").map_or(Some("r"), Val::as_str).map(str::to_owned),
        ) else {
            return Ok(self.open_unknown(&args.all(), span));
        };
        let encoding = args.get(3, "encoding").cloned();
        let newline = args.get(5, "newline").is_some_and(|val| !val.is_none());
        self.open_path(&path, &mode, encoding.as_ref(), newline, span)
    }

    /// What is opened by an unknown name: there may be no such file.
    fn open_unknown(&mut self, args: &[&Val], span: Span) -> Val {
        let file = self.derived(args, span);
        self.may_raise(&file, span);
        file
    }

    /// Opens a path.
    pub(crate) fn open_path(
        &mut self,
        path: &str,
        mode: &str,
        encoding: Option<&Val>,
        newline: bool,
        span: Span,
    ) -> Res {
        if mode.contains(['w', 'a', 'x', '+']) {
            let hole = self.hole(HoleKind::File, path, span);
            self.may_raise(&hole, span);
            return Ok(self.stream(path, hole, span));
        }
        match self.place(path) {
            None => {
                let hole = self.outside(path, span);
                self.may_raise(&hole, span);
                return Ok(self.stream(path, hole, span));
            }
            Some(Place::Missing) => {
                let message = format!("[Errno 2] No such file or directory: '{path}'");
                return Err(self.exception("FileNotFoundError", message, span));
            }
            Some(Place::Folder) => {
                let message = format!("[Errno 21] Is a directory: '{path}'");
                return Err(self.exception("IsADirectoryError", message, span));
            }
            Some(Place::File) => {}
        }
        let content = if mode.contains('b') {
            match self.bytes_inside(path, span) {
                Ok(bytes) => Val::new(Data::Bytes(bytes.into()), span),
                Err(hole) => {
                    self.may_raise(&hole, span);
                    hole
                }
            }
        } else {
            self.text_inside(path, encoding, newline, span)
        };
        Ok(self.stream(path, content, span))
    }

    /// The text of a file as a text-mode stream gives it: decoded, line ends made `\n`.
    pub(crate) fn text_inside(
        &mut self,
        path: &str,
        encoding: Option<&Val>,
        keep_line_ends: bool,
        span: Span,
    ) -> Val {
        let encoding = match encoding {
            Some(val) if !val.is_none() => match val.as_str() {
                Some(name) => name.to_ascii_lowercase().replace('_', "-"),
                None => return self.derived(&[val], span),
            },
            _ => "utf-8".to_owned(),
        };
        let (is_latin1, drops_mark) = match encoding.as_str() {
            "latin-1" | "latin1" | "iso-8859-1" => (true, false),
            "utf-8" | "utf8" | "ascii" => (false, false),
            "utf-8-sig" => (false, true),
            _ => {
                let hole = self.hole(HoleKind::File, path, span);
                self.may_raise(&hole, span);
                return hole;
            }
        };
        let form = Form::Text { is_latin1, drops_mark, keeps_line_ends: keep_line_ends };
        match self.read_inside(path, form, span) {
            Ok(text) => self.text_of_file(path, text, form),
            Err(hole) => {
                self.may_raise(&hole, span);
                hole
            }
        }
    }

    fn stream(&mut self, path: &str, content: Val, span: Span) -> Val {
        let mut attrs = Map::default();
        self.work(path.len() / BYTES_MADE);
        attrs.insert(Name::from("name"), Val::str(path, span));
        attrs.insert(Name::from("content"), content);
        attrs.insert(Name::from("at"), Val::int(0, span));
        self.heap.val(Object::Record("io.TextIOWrapper".into(), attrs), span)
    }

    /// `io.StringIO(text)` and `io.BytesIO(bytes)`.
    pub(super) fn make_buffer(&mut self, class: &str, args: &Args, span: Span) -> Val {
        let content = args.pos.first().cloned().unwrap_or_else(|| match class {
            "io.StringIO" => Val::str("", span),
            _ => Val::new(Data::Bytes(std::rc::Rc::from([])), span),
        });
        let mut attrs = Map::default();
        attrs.insert(Name::from("content"), content);
        attrs.insert(Name::from("at"), Val::int(0, span));
        self.heap.val(Object::Record(class.into(), attrs), span)
    }

    /// What is still to be read from a file object, which is then at its end; `None` for other values.
    pub(crate) fn take_stream(&mut self, val: &Val, span: Span) -> Option<Val> {
        let id = val.as_obj()?;
        let Object::Record(class, attrs) = self.heap.get(id) else { return None };
        if !class.starts_with("io.") {
            return None;
        }
        let attrs = attrs.clone();
        let rest = self.read_some(id, &attrs, None, span);
        // It is about to be taken apart.
        let length = match &rest.data {
            Data::Str(text) => text.len(),
            Data::Bytes(bytes) => bytes.len(),
            _ => 0,
        };
        if length > self.settings.limits.string {
            let message = "a file that is read piece by piece is longer than the bound on strings";
            return Some(self.limit_hole(span, "string", message));
        }
        self.work(length / BYTES_MADE);
        Some(rest)
    }

    /// The lines still to be read of a file object, which iterating over it gives; `None` for other
    /// values and for unknown content.
    pub(crate) fn take_lines(&mut self, val: &Val, span: Span) -> Option<Vec<Val>> {
        let rest = self.take_stream(val, span)?;
        self.write(rest.as_str().map_or(0, str::len));
        Some(lines_of(rest.as_str()?).map(|line| Val::str(line, span)).collect())
    }

    fn set_position(&mut self, id: ObjId, at: usize, span: Span) {
        if let Object::Record(_, attrs) = self.heap.get_mut(id) {
            let at = i64::try_from(at).unwrap_or(i64::MAX);
            attrs.insert(Name::from("at"), Val::int(at, span));
        }
    }

    /// The rest of the content, or its first `size` characters.
    fn read_some(
        &mut self,
        id: ObjId,
        attrs: &Map<Name, Val>,
        size: Option<usize>,
        span: Span,
    ) -> Val {
        let Some(content) = attrs.get("content").cloned() else { return Val::none(span) };
        let at = position(attrs);
        match &content.data {
            Data::Str(text) => {
                let rest = text.get(at..).unwrap_or("");
                let end = size.map_or(rest.len(), |size| {
                    rest.char_indices().nth(size).map_or(rest.len(), |(end, _)| end)
                });
                self.set_position(id, at + end, span);
                // The whole of a file keeps its place in that file.
                if at == 0 && end == text.len() {
                    return content;
                }
                Val::str(rest.get(..end).unwrap_or(""), span)
            }
            Data::Bytes(bytes) => {
                let rest = bytes.get(at..).unwrap_or(&[]);
                let end = size.map_or(rest.len(), |size| size.min(rest.len()));
                let taken = rest.get(..end).unwrap_or(&[]);
                let val = Val::new(Data::Bytes(taken.into()), span);
                self.set_position(id, at + end, span);
                val
            }
            _ => content,
        }
    }

    /// A method of a file object.
    pub(crate) fn stream_method(
        &mut self,
        this: &Val,
        id: ObjId,
        attrs: &Map<Name, Val>,
        name: &str,
        args: &Args,
        span: Span,
    ) -> Option<Res> {
        let content = attrs.get("content")?.clone();
        let is_file = matches!(
            self.heap.get(id),
            Object::Record(class, _) if class.as_ref() == "io.TextIOWrapper"
        );
        let first = args.pos.first();
        Some(Ok(match name {
            "read" => {
                let size = match first {
                    Some(size) if !size.is_none() => usize::try_from(size.as_int()?).ok(),
                    _ => None,
                };
                self.read_some(id, attrs, size, span)
            }
            "getvalue" => content,
            "readline" | "readlines" | "__iter__" if content.as_str().is_none() => {
                self.derived(&[&content], span)
            }
            "readline" => {
                let rest = content.as_str()?.get(position(attrs)..)?;
                let line = lines_of(rest).next().unwrap_or("").to_owned();
                self.set_position(id, position(attrs) + line.len(), span);
                Val::str(line, span)
            }
            "readlines" | "__iter__" => {
                let lines = self.take_lines(this, span)?;
                match name {
                    "readlines" => self.list(lines, span),
                    _ => self.heap.val(Object::Iterator(lines, 0), span),
                }
            }
            "seek" => {
                let to = usize::try_from(first?.as_int()?).ok()?;
                if args.pos.len() > 1
                    || content.as_str().is_some_and(|text| !text.is_char_boundary(to))
                {
                    return None;
                }
                self.set_position(id, to, span);
                Val::int(i64::try_from(to).ok()?, span)
            }
            "tell" => Val::int(i64::try_from(position(attrs)).ok()?, span),
            "write" if !is_file => {
                let text = first?;
                let joined = match self.binary(BinaryOp::Add, &content, text, span) {
                    Ok(joined) => joined,
                    Err(raised) => return Some(Err(raised)),
                };
                if let Object::Record(_, attrs) = self.heap.get_mut(id) {
                    attrs.insert(Name::from("content"), joined);
                }
                return Some(self.call_len(text, span));
            }
            "write" => return Some(self.call_len(first?, span)),
            "writelines" | "close" | "flush" | "truncate" | "__exit__" => Val::none(span),
            "__enter__" => this.clone(),
            "readable" | "writable" => Val::bool(true, span),
            _ => return None,
        }))
    }
}

fn position(attrs: &Map<Name, Val>) -> usize {
    attrs.get("at").and_then(Val::as_int).and_then(|at| usize::try_from(at).ok()).unwrap_or(0)
}

/// Lines with their ends, as iterating over a file gives them.
fn lines_of(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive('\n')
}
