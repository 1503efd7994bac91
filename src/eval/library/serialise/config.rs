//! `configparser`.

use indexmap::IndexMap;

use super::ini::{Sections, interpolated, options, parse};
use crate::eval::call::Args;
use crate::eval::interp::{Interp, Res};
use crate::eval::library::files::Place;
use crate::eval::object::{Data, Entries, Key, Map, Object, Val};
use crate::python::Span;
use crate::python::ast::Name;

/// Methods of parsers.
pub(crate) const CONFIG_METHODS: &[&str] = &[
    "get",
    "getboolean",
    "getfloat",
    "getint",
    "has_option",
    "has_section",
    "items",
    "options",
    "read",
    "read_file",
    "read_string",
    "sections",
    "defaults",
    "__contains__",
    "__getitem__",
    "__iter__",
    "__setitem__",
    "__delitem__",
    "add_section",
    "clear",
    "pop",
    "popitem",
    "read_dict",
    "remove_option",
    "remove_section",
    "set",
    "setdefault",
    "update",
];

/// Methods of the sections of a parser.
pub(crate) const SECTION_METHODS: &[&str] = &[
    "get",
    "getboolean",
    "getfloat",
    "getint",
    "items",
    "keys",
    "values",
    "__contains__",
    "__getitem__",
    "__setitem__",
    "__delitem__",
    "clear",
    "pop",
    "popitem",
    "setdefault",
    "update",
];

/// Methods that change a parser or a section of one.
const CHANGING: &[&str] = &[
    "__delitem__",
    "__setitem__",
    "add_section",
    "clear",
    "pop",
    "popitem",
    "read_dict",
    "remove_option",
    "remove_section",
    "set",
    "setdefault",
    "update",
];

/// The class of the sections of a parser.
pub(crate) const SECTION: &str = "configparser.SectionProxy";

/// Steps that reading an option counts for.
const OPTION: usize = 8;

impl Interp<'_> {
    pub(super) fn call_config(&mut self, path: &str, args: &Args, span: Span) -> Option<Res> {
        let raw = match path {
            "configparser.ConfigParser" => {
                matches!(args.named("interpolation"), Some(val) if val.is_none())
            }
            "configparser.RawConfigParser" => true,
            _ => return None,
        };
        let known = |name: &Name| name.as_ref() == "interpolation";
        if !args.pos.is_empty() || !args.kw.keys().all(known) {
            return None;
        }
        if args.named("interpolation").is_some_and(|val| !val.is_none()) {
            return None;
        }
        let mut attrs = Map::default();
        let sections = self.dict(Entries::default(), span);
        attrs.insert(Name::from("_sections"), sections);
        attrs.insert(Name::from("_raw"), Val::bool(raw, span));
        Some(Ok(self.heap.val(Object::Record("configparser.ConfigParser".into(), attrs), span)))
    }

    /// A method of a parser.
    pub(crate) fn config_method(
        &mut self,
        this: &Val,
        attrs: &Map<Name, Val>,
        name: &str,
        args: &Args,
        span: Span,
    ) -> Option<Res> {
        if let (Some(parser), Some(section)) = (attrs.get("_parser"), attrs.get("_name")) {
            let (parser, section) = (parser.clone(), section.as_str()?.to_owned());
            return self.section_method(&parser, &section, name, args, span);
        }
        let sections = attrs.get("_sections")?.clone();
        if CHANGING.contains(&name) {
            return Some(Ok(self.config_changed(this, args, span)));
        }
        if name.starts_with("read") {
            return self.read_config(this, attrs, name, args, span);
        }
        if self.is_open(&sections) {
            return Some(Ok(self.derived(&[&sections], span)));
        }
        if args.all().iter().any(|val| self.is_open(val)) {
            return Some(Ok(self.derived(&args.all(), span)));
        }
        let raw = attrs.get("_raw").is_some_and(|val| matches!(val.data, Data::Bool(true)));
        let raw = match args.named("raw").map(|val| self.truth(&val.clone())) {
            None => raw,
            Some(Ok(Some(asked))) => raw || asked,
            Some(Ok(None)) => return None,
            Some(Err(raised)) => return Some(Err(raised)),
        };
        if args.named("vars").is_some_and(|vars| !vars.is_none()) {
            return None;
        }
        let parsed = self.sections_of(&sections)?;
        // All of them are taken apart for each question.
        self.work(parsed.values().map(|options| options.len() * OPTION).sum());
        let first = args.pos.first().and_then(Val::as_str);
        let second = args.pos.get(1).and_then(Val::as_str);
        let strings = |names: Vec<String>| -> Vec<Val> {
            names.into_iter().map(|name| Val::str(name, span)).collect()
        };
        match (name, first) {
            ("sections", None) => {
                let names = parsed.keys().filter(|name| *name != "DEFAULT").cloned().collect();
                Some(Ok(self.list(strings(names), span)))
            }
            ("has_section" | "__contains__", Some(section)) => {
                let default = section == "DEFAULT" && name == "__contains__";
                let found = default || (section != "DEFAULT" && parsed.contains_key(section));
                Some(Ok(Val::bool(found, span)))
            }
            ("has_option", Some(section)) => {
                let option = second?.to_lowercase();
                let found = options(&parsed, section).is_some_and(|all| all.contains_key(&option));
                Some(Ok(Val::bool(found, span)))
            }
            ("options", Some(section)) => match options(&parsed, section) {
                Some(all) => Some(Ok(self.list(strings(all.into_keys().collect()), span))),
                None => Some(self.no_section(section, span)),
            },
            ("__getitem__", Some(section)) => {
                if section != "DEFAULT" && !parsed.contains_key(section) {
                    return Some(Err(self.exception("KeyError", section.to_string(), span)));
                }
                Some(Ok(self.section(this, section, span)))
            }
            ("items", Some(section)) => {
                let Some(all) = options(&parsed, section) else {
                    return Some(self.no_section(section, span));
                };
                let mut entries = section_entries(&all, raw, span)?;
                // Here the defaults come first.
                for (at, key) in
                    parsed.get("DEFAULT").into_iter().flat_map(|all| all.keys()).enumerate()
                {
                    let key = Key::Str(key.as_str().into());
                    if let Some(from) = entries.get_index_of(&key) {
                        entries.move_index(from, at);
                    }
                }
                let pairs =
                    entries.into_values().map(|(key, val)| Val::tuple(vec![key, val], span));
                let pairs = pairs.collect();
                Some(Ok(self.list(pairs, span)))
            }
            ("__iter__" | "items", None) if args.pos.is_empty() => {
                let names = parsed.keys().filter(|name| *name != "DEFAULT").cloned();
                let names: Vec<String> =
                    std::iter::once("DEFAULT".to_owned()).chain(names).collect();
                let mut items = strings(names);
                if name == "items" {
                    items = items
                        .into_iter()
                        .map(|name| {
                            let section = self.section(this, name.as_str().unwrap_or(""), span);
                            Val::tuple(vec![name, section], span)
                        })
                        .collect();
                }
                Some(Ok(self.list(items, span)))
            }
            ("defaults", None) => {
                let all = parsed.get("DEFAULT").cloned().unwrap_or_default();
                // As they are written.
                let entries = section_entries(&all, true, span)?;
                Some(Ok(self.dict(entries, span)))
            }
            ("get" | "getint" | "getfloat" | "getboolean", Some(section)) => {
                let option = second.or_else(|| args.named("option").and_then(Val::as_str))?;
                self.config_value(&parsed, section, option, raw, name, args, span)
            }
            _ => None,
        }
    }

    /// A section of a parser, which knows its parser.
    fn section(&mut self, parser: &Val, name: &str, span: Span) -> Val {
        let mut attrs = Map::default();
        attrs.insert(Name::from("_parser"), parser.clone());
        attrs.insert(Name::from("_name"), Val::str(name, span));
        attrs.insert(Name::from("name"), Val::str(name, span));
        self.heap.val(Object::Record(SECTION.into(), attrs), span)
    }

    /// The options of a section as a dict: outer `None` when the value is no section, inner `None` when its
    /// options are not known.
    pub(crate) fn section_options(&self, val: &Val) -> Option<Option<Entries>> {
        let Object::Record(class, attrs) = self.heap.get(val.as_obj()?) else { return None };
        if class.as_ref() != SECTION {
            return None;
        }
        let options_of = || {
            let Object::Record(_, parser) = self.heap.get(attrs.get("_parser")?.as_obj()?) else {
                return None;
            };
            let raw = parser.get("_raw").is_some_and(|val| matches!(val.data, Data::Bool(true)));
            let parsed = self.sections_of(parser.get("_sections")?)?;
            let all = options(&parsed, attrs.get("_name")?.as_str()?)?;
            let entries = section_entries(&all, raw, val.span)?;
            let sizes = entries.values().map(|(_, val)| val.as_str().map_or(0, str::len));
            self.write(sizes.sum::<usize>());
            Some(entries)
        };
        Some(options_of())
    }

    /// A method of a section.
    fn section_method(
        &mut self,
        parser: &Val,
        section: &str,
        name: &str,
        args: &Args,
        span: Span,
    ) -> Option<Res> {
        if CHANGING.contains(&name) {
            return Some(Ok(self.config_changed(parser, args, span)));
        }
        let this = self.section(parser, section, span);
        let first = args.pos.first();
        match (name, first) {
            ("get" | "getint" | "getfloat" | "getboolean", Some(option)) => {
                let mut given = args.clone();
                given.pos = vec![Val::str(section, span), option.clone()];
                // What is missing is `None` here.
                let fallback = args.get(1, "fallback").cloned();
                let fallback = fallback.unwrap_or_else(|| Val::none(span));
                let kwarg = crate::eval::call::Kwarg { val: fallback, span };
                given.kw.insert(Name::from("fallback"), kwarg);
                Some(self.call_method(parser, &Name::from(name), given, span))
            }
            ("__getitem__" | "__contains__", Some(option)) => {
                let entries = self.section_options(&this).flatten();
                let (Some(entries), Some(option)) = (entries, option.as_str()) else {
                    return Some(Ok(self.derived(&[parser, option], span)));
                };
                let found = entries.get(&Key::Str(option.to_lowercase().into()));
                Some(match (name, found) {
                    ("__contains__", found) => Ok(Val::bool(found.is_some(), span)),
                    (_, Some((_, val))) => Ok(val.clone()),
                    (_, None) => Err(self.exception("KeyError", option.to_owned(), span)),
                })
            }
            ("items" | "keys" | "values", None) => {
                let Some(entries) = self.section_options(&this).flatten() else {
                    return Some(Ok(self.derived(&[parser], span)));
                };
                let dict = self.dict(entries, span);
                Some(self.call_method(&dict, &Name::from(name), Args::default(), span))
            }
            _ => None,
        }
    }

    /// A parser was changed in place: what it holds is not known any more.
    fn config_changed(&mut self, parser: &Val, args: &Args, span: Span) -> Val {
        let unknown = self.derived(&args.all(), span);
        self.set_raw(parser, &Name::from("_sections"), unknown.clone());
        unknown
    }

    fn no_section(&mut self, section: &str, span: Span) -> Res {
        Err(self.exception_of(
            "configparser.NoSectionError",
            format!("No section: '{section}'"),
            span,
        ))
    }

    /// An exception of a class of a library.
    pub(crate) fn exception_of(
        &mut self,
        class: &str,
        message: String,
        span: Span,
    ) -> crate::eval::interp::Raised {
        let class = Val::symbol(class, span);
        let args = Args::positional(vec![Val::str(message, span)]);
        crate::eval::interp::Raised::Exception(self.make_exception(class, &args, span))
    }

    #[allow(
        clippy::too_many_arguments,
        reason = "a lookup by section and option, and how to read it"
    )]
    fn config_value(
        &mut self,
        parsed: &Sections,
        section: &str,
        option: &str,
        raw: bool,
        kind: &str,
        args: &Args,
        span: Span,
    ) -> Option<Res> {
        let all = options(parsed, section);
        let found = all.as_ref().and_then(|all| {
            let value = all.get(&option.to_lowercase())?;
            Some(interpolated(value, all, raw))
        });
        let text = match (found, args.named("fallback")) {
            (Some(text), _) => {
                let text = text?;
                // Each part is looked up and put together with the others.
                self.work(text.len());
                text
            }
            (None, Some(fallback)) => return Some(Ok(fallback.clone())),
            (None, None) if all.is_none() => return Some(self.no_section(section, span)),
            (None, None) => {
                let message = format!("No option '{option}' in section: '{section}'");
                return Some(Err(self.exception_of("configparser.NoOptionError", message, span)));
            }
        };
        let val = Val::str(text.as_str(), span);
        Some(match kind {
            "getint" => self.call_symbol("builtins.int", Args::positional(vec![val]), span),
            "getfloat" => self.call_symbol("builtins.float", Args::positional(vec![val]), span),
            "getboolean" => match text.to_lowercase().as_str() {
                "1" | "yes" | "true" | "on" => Ok(Val::bool(true, span)),
                "0" | "no" | "false" | "off" => Ok(Val::bool(false, span)),
                _ => Err(self.exception("ValueError", format!("Not a boolean: {text}"), span)),
            },
            _ => Ok(val),
        })
    }

    fn sections_of(&self, val: &Val) -> Option<Sections> {
        let mut sections = Sections::new();
        for (name, options) in self.entries_of(val)?.into_values() {
            let mut all = IndexMap::new();
            for (key, value) in self.entries_of(&options)?.into_values() {
                let (key, value) = (key.as_str()?, value.as_str()?);
                self.work(1);
                self.scan(key.len() + value.len());
                all.insert(key.to_owned(), value.to_owned());
            }
            self.write(name.as_str()?.len());
            sections.insert(name.as_str()?.to_owned(), all);
        }
        Some(sections)
    }

    fn read_config(
        &mut self,
        this: &Val,
        attrs: &Map<Name, Val>,
        name: &str,
        args: &Args,
        span: Span,
    ) -> Option<Res> {
        let source = args.pos.first()?.clone();
        let mut texts = Vec::new();
        let mut read = Vec::new();
        match name {
            "read" => {
                let paths = match self.path_text(&source) {
                    Some(_) => vec![source.clone()],
                    None if self.is_open(&source) => Vec::new(),
                    None => match self.iterate(&source, span) {
                        Ok(items) => items?,
                        Err(raised) => return Some(Err(raised)),
                    },
                };
                if paths.is_empty() {
                    texts.push(None);
                }
                for path in paths {
                    let Some(text) = self.path_text(&path) else {
                        texts.push(None);
                        continue;
                    };
                    match self.place(&text) {
                        // Files that are not there are left out without a word.
                        Some(Place::Missing) => {}
                        Some(_) => {
                            let val = self.text_inside(&text, None, false, span);
                            texts.push(val.as_str().map(str::to_owned));
                            read.push(path);
                        }
                        None => {
                            self.outside(&text, span);
                            texts.push(None);
                        }
                    }
                }
            }
            "read_string" | "read_file" => {
                let text = self.source_text(&source, span);
                texts.push(text.and_then(|text| text.as_str().map(str::to_owned)));
            }
            _ => return None,
        }
        let mut parsed = self.sections_of(attrs.get("_sections")?);
        for text in texts {
            parsed = match (parsed, text) {
                (Some(mut all), Some(text)) => parse(&text, &mut all).map(|()| all),
                _ => None,
            };
        }
        let sections = match parsed {
            Some(parsed) => {
                let mut entries = Entries::default();
                for (section, options) in parsed {
                    let options: Map<Name, Val> = options
                        .into_iter()
                        .map(|(key, value)| (Name::from(key), Val::str(value, span)))
                        .collect();
                    let options = self.dict_of(&options, span);
                    let key = Key::Str(section.as_str().into());
                    entries.insert(key, (Val::str(section, span), options));
                }
                self.dict(entries, span)
            }
            None => self.unknown_source(&source, span),
        };
        if let Some(Object::Record(_, attrs)) = this.as_obj().map(|id| self.heap.get_mut(id)) {
            attrs.insert(Name::from("_sections"), sections);
        }
        Some(Ok(match name {
            "read" => self.list(read, span),
            _ => Val::none(span),
        }))
    }
}

/// Options as entries of a dict; `None` where Python raises an error.
fn section_entries(all: &IndexMap<String, String>, raw: bool, span: Span) -> Option<Entries> {
    let mut entries = Entries::default();
    for (key, value) in all {
        let value = interpolated(value, all, raw)?;
        let name = Val::str(key.as_str(), span);
        entries.insert(Key::Str(key.as_str().into()), (name, Val::str(value, span)));
    }
    Some(entries)
}
