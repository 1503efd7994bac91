//! `re`.

use std::rc::Rc;

use crate::eval::call::Args;
use crate::eval::checkout::is_marked;
use crate::eval::interp::{Interp, Res};
use crate::eval::library::natives;
use crate::eval::object::{Data, Entries, Key, Native, Object, Val};
use crate::eval::pure::regex::{Flags, Found, Pattern, Template, escape};
use crate::eval::pure::{Failure, text};
use crate::python::Span;
use crate::python::ast::Name;

/// A match.
#[derive(Debug)]
pub(crate) struct MatchData {
    /// The text that was searched.
    text: Rc<str>,
    found: Found,
    /// Groups by name, in the order of their numbers.
    names: Vec<(String, usize)>,
    /// How many groups the pattern has.
    groups: usize,
    pattern: String,
    flags: i64,
}

impl MatchData {
    fn group(&self, number: usize, span: Span) -> Val {
        match self.found.group(&self.text, number) {
            Some(text) => Val::str(text, span),
            None => Val::none(span),
        }
    }

    fn number(&self, name: &str) -> Option<usize> {
        self.names.iter().find(|(known, _)| known == name).map(|(_, number)| *number)
    }

    /// `repr(match)`.
    pub(crate) fn repr(&self) -> String {
        let (start, end) = self.found.span(&self.text, 0).unwrap_or_default();
        // CPython shows fifty characters of it.
        let whole = text::repr_str(self.found.group(&self.text, 0).unwrap_or_default());
        let whole: String = whole.chars().take(50).collect();
        format!("<re.Match object; span=({start}, {end}), match={whole}>")
    }
}

/// Flags by their names, in the order `repr` gives them.
const FLAGS: &[(&str, &str, i64)] = &[
    ("IGNORECASE", "I", 2),
    ("LOCALE", "L", 4),
    ("MULTILINE", "M", 8),
    ("DOTALL", "S", 16),
    ("UNICODE", "U", 32),
    ("VERBOSE", "X", 64),
    ("DEBUG", "DEBUG", 128),
    ("ASCII", "A", 256),
];

/// `repr` of a compiled pattern.
pub(crate) fn repr_pattern(pattern: &str, flags: i64) -> String {
    let names: Vec<String> = FLAGS
        .iter()
        .filter(|(name, _, bit)| *name != "UNICODE" && flags & bit != 0)
        .map(|(name, ..)| format!("re.{name}"))
        .collect();
    let quoted = text::repr_str(pattern);
    match names.is_empty() {
        true => format!("re.compile({quoted})"),
        false => format!("re.compile({quoted}, {})", names.join("|")),
    }
}

const PATTERN_METHODS: &[&str] =
    &["findall", "finditer", "fullmatch", "match", "search", "split", "sub", "subn"];

const MATCH_METHODS: &[&str] = &["end", "expand", "group", "groupdict", "groups", "span", "start"];

impl Interp<'_> {
    /// Flags of the module.
    pub(crate) fn regex_constant(&mut self, full: &str, span: Span) -> Option<Val> {
        let name = full.strip_prefix("re.")?;
        let name = name.strip_prefix("RegexFlag.").unwrap_or(name);
        let (.., bit) = FLAGS.iter().find(|(long, short, _)| *long == name || *short == name)?;
        Some(Val::int(*bit, span))
    }

    /// A function of the module: `re.sub(...)`.
    pub(crate) fn call_regex(&mut self, name: &str, args: &Args, span: Span) -> Option<Res> {
        if args.is_open() {
            return None;
        }
        let first = args.get(0, "pattern")?.clone();
        if self.is_open(&first) {
            return Some(Ok(self.derived(&args.all(), span)));
        }
        if name == "escape" {
            let text = self.known_str(&first)?;
            return Some(Ok(self.string(escape(&text), span)));
        }
        let flags_at = match name {
            "compile" => 1,
            "split" => 3,
            "sub" | "subn" => 4,
            "match" | "search" | "fullmatch" | "findall" | "finditer" => 2,
            _ => return None,
        };
        let flags = args.get(flags_at, "flags").map_or(Some(0), Val::as_int)?;
        let (pattern, flags) = match &first.data {
            Data::Native(native) => match native.as_ref() {
                Native::Regex(pattern, own) => (pattern.clone(), *own),
                _ => return None,
            },
            _ => (self.known_str(&first)?.to_string(), flags),
        };
        if name == "compile" {
            if let Err(stopped) = self.weigh_pattern(&pattern, flags, span) {
                return Some(Err(stopped));
            }
            return Some(match compile(&pattern, flags) {
                Ok(_) => Ok(Val::native(Native::Regex(pattern, flags), span)),
                // A pattern the engine cannot take may be fine in Python; its methods will say so.
                Err(Failure::Unsupported(_) | Failure::Bound(_)) => {
                    Ok(Val::native(Native::Regex(pattern, flags), span))
                }
                Err(failure) => self.failed(failure, &[&first], span),
            });
        }
        let mut kw = args.kw.clone();
        kw.shift_remove("pattern");
        kw.shift_remove("flags");
        let pos = args.pos.iter().skip(1).take(flags_at - 1).cloned().collect();
        let rest = Args { pos, kw, ..Args::default() };
        self.pattern_method(&first, &pattern, flags, name, &rest, span)
    }

    /// An attribute of a pattern or a match.
    pub(crate) fn regex_attribute(
        &mut self,
        object: &Val,
        native: &Rc<Native>,
        name: &Name,
        span: Span,
    ) -> Option<Val> {
        match (native.as_ref(), name.as_ref()) {
            (Native::Regex(pattern, _), "pattern") => Some(Val::str(pattern.as_str(), span)),
            // Python adds the flag for Unicode by itself.
            (Native::Regex(_, flags), "flags") if flags & 256 == 0 => {
                Some(Val::int(flags | 32, span))
            }
            (Native::Regex(_, flags), "flags") => Some(Val::int(*flags, span)),
            (Native::Match(found), "string") => Some(Val::str(Rc::clone(&found.text), span)),
            (Native::Match(found), "re") => {
                Some(Val::native(Native::Regex(found.pattern.clone(), found.flags), span))
            }
            (Native::Regex(..), method) if PATTERN_METHODS.contains(&method) => {
                Some(natives::method(object, name, span))
            }
            (Native::Match(_), method) if MATCH_METHODS.contains(&method) => {
                Some(natives::method(object, name, span))
            }
            (
                _,
                "groups" | "groupindex" | "lastgroup" | "lastindex" | "pos" | "endpos" | "regs",
            ) => Some(self.hole(crate::eval::HoleKind::Expression, format!("re.{name}"), span)),
            _ => None,
        }
    }

    /// A method of a compiled pattern.
    pub(crate) fn pattern_method(
        &mut self,
        this: &Val,
        pattern: &str,
        flags: i64,
        name: &str,
        args: &Args,
        span: Span,
    ) -> Option<Res> {
        let text_at = usize::from(matches!(name, "sub" | "subn"));
        let val = args.get(text_at, "string")?.clone();
        let function = (text_at == 1).then(|| args.get(0, "repl").cloned()).flatten();
        if self.is_open(&val) || function.as_ref().is_some_and(|val| self.is_open(val)) {
            let mut from = vec![this];
            from.extend(args.all());
            return Some(Ok(self.derived(&from, span)));
        }
        let text = self.known_str(&val)?;
        if is_marked(&text) {
            return Some(Ok(self.derived(&[this, &val], span)));
        }
        // Where to begin and end are rare, and shift what `^` means.
        if text_at == 0 && name != "split" && args.pos.len() > 1 {
            return None;
        }
        if let Err(stopped) = self.weigh_pattern(pattern, flags, span) {
            return Some(Err(stopped));
        }
        if let Err(stopped) = self.weigh_search(pattern, flags, &text, span) {
            return Some(Err(stopped));
        }
        let compiled = match compile(pattern, flags) {
            Ok(compiled) => compiled,
            Err(failure) => return Some(self.failed(failure, &[this, &val], span)),
        };
        let wrap = |found: Found| {
            let mut names: Vec<(String, usize)> =
                compiled.names().iter().map(|(name, number)| (name.clone(), *number)).collect();
            names.sort_by_key(|(_, number)| *number);
            Val::native(
                Native::Match(Rc::new(MatchData {
                    text: Rc::clone(&text),
                    found,
                    names,
                    groups: compiled.group_count(),
                    pattern: pattern.to_owned(),
                    flags,
                })),
                span,
            )
        };
        let limit = self.settings.limits.collection;
        let result = match name {
            "match" => compiled.match_start(&text).map(|found| found.map(wrap)),
            "search" => compiled.search(&text).map(|found| found.map(wrap)),
            "fullmatch" => compiled.full_match(&text).map(|found| found.map(wrap)),
            "finditer" => compiled.find_all(&text, limit).map(|all| {
                let items = all.into_iter().map(wrap).collect();
                Some(self.heap.val(Object::Iterator(items, 0), span))
            }),
            "findall" => compiled.find_all(&text, limit).map(|all| {
                let items = all
                    .into_iter()
                    .map(|found| found_texts(&found, &text, compiled.group_count(), span))
                    .collect();
                Some(self.list(items, span))
            }),
            "split" => {
                let most = args.get(1, "maxsplit").map_or(Some(0), Val::as_int)?;
                compiled.split(&text, most).map(|parts| {
                    let parts = parts
                        .into_iter()
                        .map(|part| {
                            part.map_or_else(|| Val::none(span), |part| Val::str(part, span))
                        })
                        .collect();
                    Some(self.list(parts, span))
                })
            }
            "sub" | "subn" => {
                let count = args.get(2, "count").map_or(Some(0), Val::as_int)?;
                return self.substituted(&compiled, &function?, &text, count, name, wrap, span);
            }
            _ => return None,
        };
        if let Err(stopped) = self.spend(compiled.work(), span) {
            return Some(Err(stopped));
        }
        Some(match result {
            Ok(val) => Ok(val.unwrap_or_else(|| Val::none(span))),
            Err(failure) => self.failed(failure, &[&val], span),
        })
    }

    #[allow(clippy::too_many_arguments, reason = "the arguments of `re.sub`")]
    fn substituted(
        &mut self,
        compiled: &Pattern,
        replacement: &Val,
        text: &Rc<str>,
        count: i64,
        name: &str,
        wrap: impl Fn(Found) -> Val,
        span: Span,
    ) -> Option<Res> {
        let tupled = |result: Val, replaced: usize| match name {
            "subn" => {
                let replaced = i64::try_from(replaced).unwrap_or(i64::MAX);
                Val::tuple(vec![result, Val::int(replaced, span)], span)
            }
            _ => result,
        };
        if let Some(template) = self.known_str(replacement) {
            let replaced = compiled
                .template(&template)
                .and_then(|template| compiled.substitute(&template, text, count));
            self.work(compiled.work());
            return Some(match replaced {
                Ok((result, replaced)) => Ok(tupled(self.string(result, span), replaced)),
                Err(failure) => self.failed(failure, &[replacement], span),
            });
        }
        let most = match count {
            0 => self.settings.limits.collection,
            count => usize::try_from(count).unwrap_or(0),
        };
        let all = match compiled.find_all(text, most) {
            Ok(all) => all,
            Err(failure) => return Some(self.failed(failure, &[replacement], span)),
        };
        self.work(compiled.work());
        let replaced = all.len();
        let mut rest = text.chars();
        let mut position = 0;
        let mut result = String::new();
        for found in all {
            let (start, end) = found.span(text, 0).unwrap_or_default();
            result.extend(rest.by_ref().take(start - position));
            // What is replaced is left out.
            rest.by_ref().take(end - start).for_each(drop);
            position = end;
            let made = match self.call(replacement, Args::positional(vec![wrap(found)]), span) {
                Ok(made) => made,
                Err(raised) => return Some(Err(raised)),
            };
            match self.known_str(&made) {
                Some(piece) => result.push_str(&piece),
                None => return Some(Ok(self.derived(&[&made, replacement], span))),
            }
            if result.len() > self.settings.limits.string {
                return Some(Ok(self.string(result, span)));
            }
        }
        result.extend(rest);
        Some(Ok(tupled(self.string(result, span), replaced)))
    }

    /// `match[group]`.
    pub(crate) fn match_group(
        &mut self,
        object: &Val,
        found: &Rc<MatchData>,
        index: &Val,
        span: Span,
    ) -> Res {
        if self.is_open(index) {
            return Ok(self.derived(&[object, index], span));
        }
        let number = match index.as_str() {
            Some(name) => found.number(name),
            None => index.as_int().and_then(|number| usize::try_from(number).ok()),
        };
        match number.filter(|number| *number <= found.groups) {
            Some(number) => Ok(found.group(number, span)),
            None => Err(self.exception("IndexError", "no such group", span)),
        }
    }

    /// A method of a match.
    pub(crate) fn match_method(
        &mut self,
        this: &Val,
        found: &Rc<MatchData>,
        name: &str,
        args: &Args,
        span: Span,
    ) -> Option<Res> {
        let default = args.get(0, "default").cloned().unwrap_or_else(|| Val::none(span));
        if name.starts_with("group") {
            // They are copies of parts of the text.
            let length = |number| found.found.group(&found.text, number).map_or(0, str::len);
            self.write((0..=found.groups).map(length).sum());
            let names = found.names.iter().map(|(name, _)| name.len());
            self.write(names.sum());
        }
        let or_default = |val: Val| if val.is_none() { default.clone() } else { val };
        Some(match name {
            "group" => match args.pos.as_slice() {
                [] => Ok(found.group(0, span)),
                [one] => self.match_group(this, found, one, span),
                many => many
                    .iter()
                    .map(|index| self.match_group(this, found, index, span))
                    .collect::<Res<Vec<Val>>>()
                    .map(|groups| Val::tuple(groups, span)),
            },
            "groups" => {
                let groups = (1..=found.groups)
                    .map(|number| or_default(found.group(number, span)))
                    .collect();
                Ok(Val::tuple(groups, span))
            }
            "groupdict" => {
                let mut entries = Entries::default();
                for (name, number) in &found.names {
                    let val = or_default(found.group(*number, span));
                    let key = Val::str(name.as_str(), span);
                    entries.insert(Key::Str(name.as_str().into()), (key, val));
                }
                Ok(self.dict(entries, span))
            }
            "start" | "end" | "span" => {
                let number = match args.pos.first() {
                    None => 0,
                    Some(val) => match val.as_str() {
                        Some(name) => found.number(name)?,
                        None => usize::try_from(val.as_int()?).ok()?,
                    },
                };
                let place = |at: usize| Val::int(i64::try_from(at).unwrap_or(i64::MAX), span);
                let (start, end) = match found.found.span(&found.text, number) {
                    Some((start, end)) => (place(start), place(end)),
                    None => (Val::int(-1, span), Val::int(-1, span)),
                };
                Ok(match name {
                    "start" => start,
                    "end" => end,
                    _ => Val::tuple(vec![start, end], span),
                })
            }
            "expand" => {
                let template = self.known_str(args.pos.first()?)?;
                let compiled = compile(&found.pattern, found.flags).ok()?;
                let expanded = compiled
                    .template(&template)
                    .and_then(|template| expanded(&template, &found.found, &found.text));
                match expanded {
                    Ok(text) => Ok(self.string(text, span)),
                    Err(failure) => self.failed(failure, &[this], span),
                }
            }
            _ => return None,
        })
    }
}

fn compile(pattern: &str, flags: i64) -> Result<Pattern, Failure> {
    Pattern::new(pattern, Flags::from_bits(flags)?)
}

fn expanded(template: &Template, found: &Found, text: &str) -> Result<String, Failure> {
    let mut result = String::new();
    template.expand(found, text, &mut result)?;
    Ok(result)
}

/// An element of `findall`: the match, its one group, or a tuple of its groups. A group that took no
/// part is empty.
fn found_texts(found: &Found, text: &str, groups: usize, span: Span) -> Val {
    let group = |number: usize| Val::str(found.group(text, number).unwrap_or(""), span);
    match groups {
        0 => group(0),
        1 => group(1),
        _ => Val::tuple((1..=groups).map(group).collect(), span),
    }
}
