//! Methods of `str` and `bytes`.
//!
//! On a string with holes a method gives what is certain whatever the holes stand for, and otherwise a
//! hole: `f"gs://{bucket}/x".startswith("gs://")` is true, `f"{name}".upper()` is not known.

mod modules;
mod octets;

mod open;

pub(crate) use octets::find_bytes;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::eval::call::{Args, Kwarg};
use crate::eval::checkout;
use crate::eval::interp::{Interp, Res};
use crate::eval::object::{Data, Key, Object, Val};
use crate::eval::pure::brace::{self, BracePiece, FieldName};
use crate::eval::pure::{Failure, text};
use crate::python::Span;
use crate::python::ast::{BinaryOp, CompareOp, Name};

/// Prefixes that are compared in the time of a step.
const PARTS_COMPARED: usize = 16;

/// Methods of `str`.
pub(crate) const METHODS: &[&str] = &[
    "capitalize",
    "casefold",
    "center",
    "count",
    "encode",
    "endswith",
    "expandtabs",
    "find",
    "format",
    "format_map",
    "index",
    "isalnum",
    "isalpha",
    "isascii",
    "isdecimal",
    "isdigit",
    "isidentifier",
    "islower",
    "isnumeric",
    "isprintable",
    "isspace",
    "istitle",
    "isupper",
    "join",
    "ljust",
    "lower",
    "lstrip",
    "maketrans",
    "partition",
    "removeprefix",
    "removesuffix",
    "replace",
    "rfind",
    "rindex",
    "rjust",
    "rpartition",
    "rsplit",
    "rstrip",
    "split",
    "splitlines",
    "startswith",
    "strip",
    "swapcase",
    "title",
    "translate",
    "upper",
    "zfill",
    "__add__",
    "__contains__",
    "__eq__",
    "__getitem__",
    "__len__",
    "__mod__",
    "__str__",
];

/// Methods of `bytes`.
pub(crate) const BYTES_METHODS: &[&str] = &[
    "count",
    "decode",
    "endswith",
    "find",
    "hex",
    "index",
    "join",
    "lower",
    "lstrip",
    "replace",
    "rstrip",
    "split",
    "splitlines",
    "startswith",
    "strip",
    "upper",
    "__contains__",
    "__getitem__",
    "__len__",
];

/// What the arguments of a string method are.
enum Given {
    /// All known.
    Known,
    /// At least one is a hole.
    Open,
}

impl Interp<'_> {
    /// A method of a string or of bytes.
    pub(crate) fn call_text(
        &mut self,
        this: &Val,
        name: &str,
        args: &Args,
        span: Span,
    ) -> Option<Res> {
        if let Data::Bytes(bytes) = &this.data {
            let bytes = Rc::clone(bytes);
            return self.bytes_method(this, &bytes, name, args, span).transpose();
        }
        self.text_method(this, name, args, span).transpose()
    }

    fn text_method(&mut self, this: &Val, name: &str, args: &Args, span: Span) -> Res<Option<Val>> {
        // Methods that keep holes in place.
        match (name, args.pos.first()) {
            ("format", _) => return self.brace_format(this, args, span).map(Some),
            ("format_map", Some(mapping)) => {
                return self.format_map(this, mapping, span).map(Some);
            }
            ("join", Some(items)) if !args.is_open() => {
                return self.join(this, items, span).map(Some);
            }
            ("maketrans", _) => return self.make_translation(args, span).transpose(),
            ("__str__", None) => return Ok(Some(this.clone())),
            ("__len__", None) => return self.call_len(this, span).map(Some),
            ("__add__", Some(other)) => {
                return self.binary(BinaryOp::Add, this, other, span).map(Some);
            }
            ("__mod__", Some(other)) => return self.percent(this, other, span).map(Some),
            ("__eq__", Some(other)) => {
                return self.compare(CompareOp::Eq, this, other, span).map(Some);
            }
            ("__contains__", Some(other)) => {
                return self.compare(CompareOp::In, other, this, span).map(Some);
            }
            ("__getitem__", Some(index)) => return self.item(this, index, span).map(Some),
            _ => {}
        }
        if matches!(self.given(args), Given::Open) {
            return Ok(Some(self.hole_from(this, args, span)));
        }
        let known = match &this.data {
            Data::Str(text) => Rc::clone(text),
            Data::Text(text) => {
                let text = Rc::clone(text);
                return self.open_text_method(this, &text, name, args, span).map(Some);
            }
            _ => return Ok(None),
        };
        if checkout::is_odd_method(&known, name, args.pos.first().and_then(Val::as_str)) {
            return Ok(Some(self.hole_from(this, args, span)));
        }
        match self.known_text_method(&known, name, args, span) {
            Some(Ok(val)) => Ok(Some(self.bounded(val, span))),
            Some(Err(failure)) => self.failed(failure, &[this], span).map(Some),
            None => Ok(None),
        }
    }

    /// A hole that depends on a string and the arguments of its method.
    fn hole_from(&mut self, this: &Val, args: &Args, span: Span) -> Val {
        let mut from = vec![this];
        from.extend(args.all());
        self.derived(&from, span)
    }

    /// A string within the bound on sizes.
    fn bounded(&mut self, val: Val, span: Span) -> Val {
        match &val.data {
            Data::Str(text) if text.len() > self.settings.limits.string => {
                self.limit_hole(span, "string", "a string is longer than the bound")
            }
            _ => val,
        }
    }

    fn given(&self, args: &Args) -> Given {
        let open = args.is_open()
            || args.all().iter().any(|val| match &val.data {
                Data::Tuple(items) => items.iter().any(|item| self.is_open(item)),
                _ => self.is_open(val),
            });
        if open { Given::Open } else { Given::Known }
    }

    /// A known string, also inside an enum member or another instance of a subclass of `str`.
    pub(crate) fn known_str(&self, val: &Val) -> Option<Rc<str>> {
        match &val.data {
            Data::Str(text) => Some(Rc::clone(text)),
            Data::Obj(id) => match self.heap.get(*id) {
                Object::Instance(instance) => match &instance.payload.as_ref()?.data {
                    Data::Str(text) => Some(Rc::clone(text)),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        }
    }

    /// A string argument that may be left out or `None`.
    fn text_arg(&self, args: &Args, index: usize, name: &str) -> Result<Option<Rc<str>>, Failure> {
        match args.get(index, name) {
            None => Ok(None),
            Some(val) if val.is_none() => Ok(None),
            Some(val) => match self.known_str(val) {
                Some(text) => Ok(Some(text)),
                None => Err(self.wants_str(val)),
            },
        }
    }

    fn wants_str(&self, val: &Val) -> Failure {
        Failure::type_error(format!("must be str, not {}", self.type_name(val)))
    }

    fn needed(&self, args: &Args, index: usize, name: &str) -> Result<Rc<str>, Failure> {
        self.text_arg(args, index, name)?.ok_or_else(|| match args.get(index, name) {
            Some(val) => self.wants_str(val),
            None => Failure::type_error("a string argument is missing"),
        })
    }

    /// An integer argument; `default` when it is left out.
    fn int_arg(&self, args: &Args, index: usize, name: &str, default: i64) -> Result<i64, Failure> {
        match args.get(index, name) {
            None => Ok(default),
            Some(val) => val.as_int().ok_or_else(|| {
                let kind = self.type_name(val);
                Failure::type_error(format!("'{kind}' object cannot be interpreted as an integer"))
            }),
        }
    }

    /// Start and end of a search.
    fn window(&self, args: &Args) -> Result<(Option<i64>, Option<i64>), Failure> {
        let bound = |index: usize| match args.pos.get(index) {
            None => Ok(None),
            Some(val) if val.is_none() => Ok(None),
            Some(_) => self.int_arg(args, index, "", 0).map(Some),
        };
        Ok((bound(1)?, bound(2)?))
    }

    /// One string or a tuple of strings.
    fn alternatives(&self, args: &Args, method: &str) -> Result<Vec<Rc<str>>, Failure> {
        let Some(val) = args.pos.first() else {
            return Err(Failure::type_error(format!(
                "{method} expected at least 1 argument, got 0"
            )));
        };
        let items = match &val.data {
            Data::Tuple(items) => items.to_vec(),
            _ => vec![val.clone()],
        };
        items
            .iter()
            .map(|item| {
                self.known_str(item).ok_or_else(|| {
                    Failure::type_error(format!(
                        "{method} first arg must be str or a tuple of str, not {}",
                        self.type_name(val)
                    ))
                })
            })
            .collect()
    }

    /// A method of a string without holes; `None` when podlift does not know the method.
    fn known_text_method(
        &mut self,
        this: &str,
        name: &str,
        args: &Args,
        span: Span,
    ) -> Option<Result<Val, Failure>> {
        let string = |text: String| Val::str(text, span);
        let strings = |parts: Vec<String>| -> Vec<Val> {
            parts.into_iter().map(|part| Val::str(part, span)).collect()
        };
        let number = |found: usize| Val::int(i64::try_from(found).unwrap_or(i64::MAX), span);
        let mut run = || -> Result<Option<Val>, Failure> {
            Ok(Some(match name {
                "lower" => string(text::lower(this)),
                "upper" => string(text::upper(this)),
                "title" => string(text::title(this)),
                "capitalize" => string(text::capitalize(this)),
                "swapcase" => string(text::swapcase(this)),
                "casefold" => string(text::casefold(this)),
                "strip" | "lstrip" | "rstrip" => {
                    let chars = self.text_arg(args, 0, "chars")?;
                    let chars = chars.as_deref();
                    string(
                        match name {
                            "strip" => text::strip(this, chars),
                            "lstrip" => text::lstrip(this, chars),
                            _ => text::rstrip(this, chars),
                        }
                        .to_owned(),
                    )
                }
                "split" | "rsplit" => {
                    let separator = self.text_arg(args, 0, "sep")?;
                    let limit = self.int_arg(args, 1, "maxsplit", -1)?;
                    let parts = if name == "split" {
                        text::split(this, separator.as_deref(), limit)?
                    } else {
                        text::rsplit(this, separator.as_deref(), limit)?
                    };
                    self.list(strings(parts), span)
                }
                "splitlines" => {
                    let keep = match args.get(0, "keepends") {
                        Some(val) => val.as_int() == Some(1),
                        None => false,
                    };
                    self.list(strings(text::splitlines(this, keep)), span)
                }
                "partition" | "rpartition" => {
                    let separator = self.needed(args, 0, "sep")?;
                    let parts = if name == "partition" {
                        text::partition(this, &separator)?
                    } else {
                        text::rpartition(this, &separator)?
                    };
                    Val::tuple(strings(parts.into()), span)
                }
                "replace" => {
                    let (old, new) = (self.needed(args, 0, "old")?, self.needed(args, 1, "new")?);
                    let count = self.int_arg(args, 2, "count", -1)?;
                    string(text::replace(this, &old, &new, count)?)
                }
                "removeprefix" => {
                    string(text::removeprefix(this, &self.needed(args, 0, "prefix")?).to_owned())
                }
                "removesuffix" => {
                    string(text::removesuffix(this, &self.needed(args, 0, "suffix")?).to_owned())
                }
                "startswith" | "endswith" => {
                    let parts = self.alternatives(args, name)?;
                    let parts: Vec<&str> = parts.iter().map(AsRef::as_ref).collect();
                    let lengths = parts.iter().map(|part| part.len().min(this.len()));
                    if !self.scan(lengths.sum()) {
                        return Err(Failure::Bound("a comparison"));
                    }
                    self.work(parts.len() / PARTS_COMPARED);
                    let (start, end) = self.window(args)?;
                    let answer = if name == "startswith" {
                        text::startswith(this, &parts, start, end)
                    } else {
                        text::endswith(this, &parts, start, end)
                    };
                    Val::bool(answer, span)
                }
                "find" | "rfind" | "index" | "rindex" => {
                    let needle = self.needed(args, 0, "sub")?;
                    let (start, end) = self.window(args)?;
                    let found = if name.starts_with('r') {
                        text::rfind(this, &needle, start, end)
                    } else {
                        text::find(this, &needle, start, end)
                    };
                    match found {
                        Some(at) => number(at),
                        None if name.ends_with("find") => Val::int(-1, span),
                        None => return Err(Failure::value("substring not found")),
                    }
                }
                "count" => {
                    let needle = self.needed(args, 0, "sub")?;
                    let (start, end) = self.window(args)?;
                    number(text::count(this, &needle, start, end))
                }
                "ljust" | "rjust" | "center" => {
                    let width = self.int_arg(args, 0, "width", 0)?;
                    let fill = self.text_arg(args, 1, "fillchar")?.unwrap_or_else(|| " ".into());
                    let mut characters = fill.chars();
                    let (Some(fill), None) = (characters.next(), characters.next()) else {
                        return Err(Failure::type_error(
                            "The fill character must be exactly one character long",
                        ));
                    };
                    string(match name {
                        "ljust" => text::ljust(this, width, fill)?,
                        "rjust" => text::rjust(this, width, fill)?,
                        _ => text::center(this, width, fill)?,
                    })
                }
                "zfill" => string(text::zfill(this, self.int_arg(args, 0, "width", 0)?)?),
                "expandtabs" => {
                    string(text::expandtabs(this, self.int_arg(args, 0, "tabsize", 8)?)?)
                }
                "encode" => return self.encode(this, args, span),
                "translate" => {
                    let Some(table) = args.pos.first().and_then(|val| self.translation(val)) else {
                        return Ok(None);
                    };
                    string(text::translate(this, &table)?)
                }
                _ => match predicate(name) {
                    Some(test) => Val::bool(test(this), span),
                    None => return Ok(None),
                },
            }))
        };
        run().transpose()
    }

    pub(crate) fn encode(
        &self,
        this: &str,
        args: &Args,
        span: Span,
    ) -> Result<Option<Val>, Failure> {
        let encoding = self.text_arg(args, 0, "encoding")?.unwrap_or_else(|| "utf-8".into());
        let errors = self.text_arg(args, 1, "errors")?.unwrap_or_else(|| "strict".into());
        Ok(octets::encode(this, &encoding, &errors)?
            .map(|bytes| Val::new(Data::Bytes(bytes.into()), span)))
    }

    fn format_map(&mut self, this: &Val, mapping: &Val, span: Span) -> Res {
        let Some(entries) = self.entries_of(mapping) else {
            return Ok(self.derived(&[this, mapping], span));
        };
        let mut args = Args::default();
        let has_own_lookup = self.is_instance(mapping)
            && !matches!(self.class_lookup(&self.class_of(mapping), "__getitem__"), Ok(None));
        for (key, (name, val)) in entries {
            match (key, name.as_str()) {
                // Asked for below.
                (Key::Str(_), _) if has_own_lookup => {}
                (Key::Str(_), Some(name)) => {
                    let span = val.span;
                    args.kw.insert(Name::from(name), Kwarg { val, span });
                }
                (Key::Spread(_) | Key::Hole(_), _) => args.more_kw = Some(val),
                _ => {}
            }
        }
        // Names the mapping does not hold, but answers for.
        if let (Some(template), Some(_)) = (this.as_str(), mapping.as_obj())
            && let Ok(pieces) = brace::parse(template)
        {
            for piece in pieces {
                if let BracePiece::Field(field) = piece
                    && let FieldName::Name(name) = field.name
                    && args.named(&name).is_none()
                {
                    let val = self.item(mapping, &Val::str(name.as_str(), span), span)?;
                    args.kw.insert(Name::from(name.as_str()), Kwarg { val, span });
                }
            }
        }
        self.brace_format(this, &args, span)
    }

    fn join(&mut self, this: &Val, items: &Val, span: Span) -> Res {
        let Some(separator) = self.to_text(this) else {
            return Ok(self.derived(&[this, items], span));
        };
        // It is written again and again, with all its holes.
        self.work(separator.segments.len() * 2);
        match self.iterate(items, span)? {
            Some(items) => self.join_texts(&separator, &items, span),
            None => Ok(self.derived(&[items, this], span)),
        }
    }

    /// `str.maketrans`: a dict from code points.
    pub(crate) fn make_translation(&mut self, args: &Args, span: Span) -> Option<Res> {
        let mut table: Vec<(u32, Val)> = Vec::new();
        match args.pos.as_slice() {
            [mapping] => {
                for (key, (_, val)) in self.entries_of(mapping)? {
                    let code = match key {
                        Key::Str(text) => u32::from(text.chars().next()?),
                        Key::Int(code) => u32::try_from(code).ok()?,
                        _ => return None,
                    };
                    table.push((code, val));
                }
            }
            [from, to, rest @ ..] => {
                let (from, to) = (self.known_str(from)?, self.known_str(to)?);
                let delete = match rest.first() {
                    Some(val) => self.known_str(val)?,
                    None => "".into(),
                };
                match text::maketrans(&from, &to, &delete) {
                    Ok(made) => {
                        for (character, replacement) in made {
                            let val = match replacement {
                                Some(text) => text.chars().next().map_or_else(
                                    || Val::none(span),
                                    |to| Val::int(i64::from(u32::from(to)), span),
                                ),
                                None => Val::none(span),
                            };
                            table.push((u32::from(character), val));
                        }
                    }
                    Err(failure) => return Some(self.failed(failure, &args.all(), span)),
                }
            }
            [] => return None,
        }
        let entries = table
            .into_iter()
            .map(|(code, val)| (Key::Int(i64::from(code)), (Val::int(i64::from(code), span), val)))
            .collect();
        Some(Ok(self.dict(entries, span)))
    }

    /// The table of `str.translate` from a dict.
    fn translation(&self, val: &Val) -> Option<BTreeMap<char, Option<String>>> {
        let mut table = BTreeMap::new();
        for (key, (_, val)) in self.entries_of(val)? {
            let Key::Int(code) = key else { return None };
            let character = char::from_u32(u32::try_from(code).ok()?)?;
            let replacement = match &val.data {
                Data::None => None,
                Data::Str(text) => Some(text.to_string()),
                _ => Some(char::from_u32(u32::try_from(val.as_int()?).ok()?)?.to_string()),
            };
            table.insert(character, replacement);
        }
        Some(table)
    }
}

fn predicate(name: &str) -> Option<fn(&str) -> bool> {
    Some(match name {
        "isalnum" => text::isalnum,
        "isalpha" => text::isalpha,
        "isascii" => text::isascii,
        "isdecimal" => text::isdecimal,
        "isdigit" => text::isdigit,
        "isidentifier" => text::isidentifier,
        "islower" => text::islower,
        "isnumeric" => text::isnumeric,
        "isprintable" => text::isprintable,
        "isspace" => text::isspace,
        "istitle" => text::istitle,
        "isupper" => text::isupper,
        _ => return None,
    })
}
