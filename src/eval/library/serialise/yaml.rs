//! `yaml`.

use super::{Unwritable, Written};
use crate::eval::call::Args;
use crate::eval::interp::{Interp, Res};
use crate::eval::item::as_big;
use crate::eval::library::datetime::{Maker, Moment};
use crate::eval::object::{Data, Entries, Map, Native, ObjId, Object, Val};
use crate::eval::pure::Failure;
use crate::eval::pure::yaml::{
    DumpOptions, Mark, YamlNode, YamlValue, safe_dump, safe_load, safe_load_all,
};
use crate::python::{SourceId, Span};

/// Keywords of `yaml.dump` that podlift knows.
const DUMP_KEYWORDS: &[&str] = &[
    "Dumper",
    "allow_unicode",
    "data",
    "default_flow_style",
    "explicit_start",
    "indent",
    "sort_keys",
    "stream",
    "width",
];

/// Where the nodes of a text are.
#[derive(Debug, Clone, Copy)]
enum Place {
    /// In a source of its own, at the marks of the nodes.
    Source(SourceId),
    /// All at the place of the text.
    At(Span),
}

impl Place {
    fn of(self, mark: Mark) -> Span {
        match self {
            Self::At(span) => span,
            Self::Source(source) => Span {
                source,
                start: u32::try_from(mark.start).unwrap_or(u32::MAX),
                end: u32::try_from(mark.end).unwrap_or(u32::MAX),
            },
        }
    }
}

impl Interp<'_> {
    pub(super) fn call_yaml(&mut self, path: &str, args: &Args, span: Span) -> Option<Res> {
        let name = path.strip_prefix("yaml.")?;
        match name {
            "safe_load" | "load" | "full_load" | "unsafe_load" | "safe_load_all" | "load_all"
            | "full_load_all" => Some(self.load_yaml(name, args, span)),
            "safe_dump" | "dump" => {
                let val = args.get(0, "data")?.clone();
                let text = match self.dump_yaml(&val, args, span)? {
                    Ok(text) => text,
                    Err(raised) => return Some(Err(raised)),
                };
                match args.get(1, "stream").cloned() {
                    Some(stream) if !stream.is_none() => self.write_to(&stream, text, span),
                    _ => Some(Ok(text)),
                }
            }
            _ => None,
        }
    }

    fn load_yaml(&mut self, name: &str, args: &Args, span: Span) -> Res {
        let Some(source) = args.get(0, "stream").cloned() else {
            return self
                .type_error("load() missing 1 required positional argument: 'stream'", span);
        };
        let Some(text) = self.source_text(&source, span) else {
            return Ok(self.unknown_source(&source, span));
        };
        let content = text.as_str().unwrap_or_default();
        let place = self.place_of_text(&text, content, span);
        let all = name.ends_with("_all");
        let loaded =
            if all { safe_load_all(content) } else { safe_load(content).map(|node| vec![node]) };
        let nodes = match loaded {
            Ok(nodes) => nodes,
            // Other loaders know tags that the safe one refuses.
            Err(Failure::Raised { class: "ConstructorError", .. }) if !name.starts_with("safe") => {
                return Ok(self.unsupported("YAML tags of Python objects", span));
            }
            Err(failure) => return self.failed(failure, &[&source], span),
        };
        let mut vals = Vec::with_capacity(nodes.len());
        for node in nodes {
            let mut shared = Map::default();
            vals.push(self.yaml_val(&node, place, &mut shared)?);
        }
        Ok(match all {
            true => self.heap.val(Object::Iterator(vals, 0), span),
            false => vals.pop().unwrap_or_else(|| Val::none(span)),
        })
    }

    /// A text that is the whole of a source has its marks in it.
    fn place_of_text(&self, text: &Val, content: &str, span: Span) -> Place {
        let whole = text.span.start == 0
            && self
                .sources
                .get(text.span.source)
                .is_some_and(|source| source.text.len() == content.len() && source.text == content);
        if whole { Place::Source(text.span.source) } else { Place::At(text.span.or(span)) }
    }

    /// A parsed value. What an alias names is one object.
    fn yaml_val(&mut self, node: &YamlNode, place: Place, shared: &mut Map<u32, Val>) -> Res {
        if let Some(val) = shared.get(&node.id) {
            return Ok(val.clone());
        }
        let span = place.of(node.mark);
        let val = match &node.value {
            YamlValue::Null => Val::none(span),
            YamlValue::Bool(value) => Val::bool(*value, span),
            YamlValue::Int(value) => Val::big(value.clone(), span),
            YamlValue::Float(value) => Val::new(Data::Float(*value), span),
            YamlValue::Str(text) => Val::str(text.as_str(), span),
            YamlValue::Bytes(bytes) => Val::new(Data::Bytes(bytes.as_slice().into()), span),
            YamlValue::Date(date) => Val::native(Native::Moment(Moment::Date(*date)), span),
            YamlValue::DateTime(value) => {
                let moment = Moment::DateTime(value.clone(), Maker::Standard);
                Val::native(Native::Moment(moment), span)
            }
            YamlValue::List(items) => {
                let items = self.yaml_vals(items, place, shared)?;
                self.list(items, span)
            }
            YamlValue::Tuple(items) => Val::tuple(self.yaml_vals(items, place, shared)?, span),
            YamlValue::Set(items) => {
                let items = self.yaml_vals(items, place, shared)?;
                self.make_set(items, false, span)?
            }
            YamlValue::Dict(entries) => {
                let mut made = Entries::default();
                for (name, value) in entries {
                    let name = self.yaml_val(name, place, shared)?;
                    let value = self.yaml_val(value, place, shared)?;
                    let key = self.key(&name, span)?;
                    made.insert(key, (name, value));
                }
                self.dict(made, span)
            }
        };
        // Nodes that stand nowhere have no number of their own.
        if node.mark != Mark::default() {
            shared.insert(node.id, val.clone());
        }
        Ok(val)
    }

    fn yaml_vals(
        &mut self,
        nodes: &[YamlNode],
        place: Place,
        shared: &mut Map<u32, Val>,
    ) -> Res<Vec<Val>> {
        nodes.iter().map(|node| self.yaml_val(node, place, shared)).collect()
    }

    fn dump_yaml(&mut self, val: &Val, args: &Args, span: Span) -> Option<Res> {
        if args.kw.keys().any(|name| !DUMP_KEYWORDS.contains(&name.as_ref())) {
            return None;
        }
        let number = |name: &str, default: usize| match args.named(name) {
            Some(val) if !val.is_none() => val.as_int().and_then(|number| number.try_into().ok()),
            _ => Some(default),
        };
        // podlift writes block style only.
        if args.named("default_flow_style").is_some_and(Val::is_none)
            || self.flag(args, "default_flow_style", false)?
        {
            return None;
        }
        let options = DumpOptions {
            sort_keys: self.flag(args, "sort_keys", true)?,
            allow_unicode: self.flag(args, "allow_unicode", false)?,
            indent: number("indent", 2)?,
            width: number("width", 80)?,
            explicit_start: self.flag(args, "explicit_start", false)?,
        };
        let mut seen = Map::default();
        let node = self.yaml_of(val, &mut seen, 0, span);
        self.written(node, val, span, |this, node| match safe_dump(&node, &options) {
            Ok(text) => Ok(this.string(text, span)),
            Err(failure) => this.failed(failure, &[val], span),
        })
    }

    fn yaml_of(
        &mut self,
        val: &Val,
        seen: &mut Map<ObjId, ()>,
        depth: u32,
        span: Span,
    ) -> Written<YamlNode> {
        self.step(span)?;
        if depth > 200 {
            return Ok(Err(Unwritable::Unknown));
        }
        if self.is_open(val) {
            return Ok(Err(Unwritable::Open));
        }
        let value = match &val.data {
            Data::None => YamlValue::Null,
            Data::Bool(value) => YamlValue::Bool(*value),
            Data::Float(value) => YamlValue::Float(*value),
            Data::Str(text) => {
                self.write(text.len());
                YamlValue::Str(text.to_string())
            }
            Data::Bytes(bytes) => {
                self.write(bytes.len());
                YamlValue::Bytes(bytes.to_vec())
            }
            Data::Int(_) | Data::Big(_) => match as_big(val) {
                Some(number) => YamlValue::Int(number),
                None => return Ok(Err(Unwritable::Unknown)),
            },
            Data::Native(native) => match native.as_ref() {
                Native::Moment(Moment::Date(date)) => YamlValue::Date(*date),
                Native::Moment(Moment::DateTime(value, Maker::Standard)) => {
                    YamlValue::DateTime(value.clone())
                }
                _ => return Ok(Err(Unwritable::Unknown)),
            },
            Data::Obj(id) => {
                let id = self.heap.resolve(*id);
                let object = self.heap.copy(id);
                // A list or dict that occurs twice is written once, with an anchor.
                if seen.insert(id, ()).is_some() {
                    return Ok(Err(Unwritable::Unknown));
                }
                match object {
                    Object::List(items) => {
                        let mut nodes = Vec::with_capacity(items.len());
                        for item in &items {
                            match self.yaml_of(item, seen, depth + 1, span)? {
                                Ok(node) => nodes.push(node),
                                Err(why) => return Ok(Err(why)),
                            }
                        }
                        YamlValue::List(nodes)
                    }
                    Object::Dict(entries, None) => {
                        if entries.has_open_keys() || entries.is_disordered() {
                            return Ok(Err(Unwritable::Open));
                        }
                        let mut nodes = Vec::with_capacity(entries.len());
                        for (name, value) in entries.values() {
                            let name = self.yaml_of(name, seen, depth + 1, span)?;
                            let value = self.yaml_of(value, seen, depth + 1, span)?;
                            match (name, value) {
                                (Ok(name), Ok(value)) => nodes.push((name, value)),
                                (Err(why), _) | (_, Err(why)) => return Ok(Err(why)),
                            }
                        }
                        YamlValue::Dict(nodes)
                    }
                    _ => return Ok(Err(Unwritable::Unknown)),
                }
            }
            _ => return Ok(Err(Unwritable::Unknown)),
        };
        Ok(Ok(value.into()))
    }
}
