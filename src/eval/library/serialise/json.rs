//! `json`.

use super::{Unwritable, Written};
use crate::eval::call::Args;
use crate::eval::interp::{BYTES_WRITTEN, Interp, Res};
use crate::eval::item::as_big;
use crate::eval::object::{Data, Entries, Flavour, Key, Object, Val};
use crate::eval::pure::json::{DumpOptions, JsonValue, dumps, loads};
use crate::python::Span;

/// How deep values may be nested.
const MAX_DEPTH: u32 = 200;

/// Keywords of `json.dumps` that podlift knows.
const DUMP_KEYWORDS: &[&str] =
    &["indent", "separators", "sort_keys", "ensure_ascii", "allow_nan", "default"];

impl Interp<'_> {
    pub(super) fn call_json(&mut self, path: &str, args: &Args, span: Span) -> Option<Res> {
        match path {
            "json.loads" | "json.load" => {
                let source = args.get(0, "s").or_else(|| args.named("fp"))?.clone();
                // Hooks change what is made of the text.
                if args.kw.keys().any(|name| !matches!(name.as_ref(), "s" | "fp" | "strict")) {
                    return None;
                }
                let Some(text) = self.source_text(&source, span) else {
                    return Some(Ok(self.unknown_source(&source, span)));
                };
                let at = text.span.or(span);
                Some(match loads(text.as_str().unwrap_or_default()) {
                    Ok(json) => Ok(self.json_val(json, at)),
                    Err(failure) => self.failed(failure, &[&source], span),
                })
            }
            "json.dumps" => {
                let val = args.get(0, "obj")?.clone();
                self.dump_json(&val, args, span)
            }
            "json.dump" => {
                let (val, file) = (args.get(0, "obj")?.clone(), args.get(1, "fp")?.clone());
                let text = match self.dump_json(&val, args, span)? {
                    Ok(text) => text,
                    Err(raised) => return Some(Err(raised)),
                };
                self.write_to(&file, text, span)
            }
            _ => None,
        }
    }

    /// Writes a text to a file object; only buffers keep it.
    pub(super) fn write_to(&mut self, file: &Val, text: Val, span: Span) -> Option<Res> {
        if let Some(id) = file.as_obj()
            && let Object::Record(_, attrs) = self.heap.get(id)
        {
            let attrs = attrs.clone();
            let args = Args::positional(vec![text]);
            if let Err(raised) = self.stream_method(file, id, &attrs, "write", &args, span)? {
                return Some(Err(raised));
            }
        }
        Some(Ok(Val::none(span)))
    }

    /// A parsed value.
    pub(crate) fn json_val(&mut self, json: JsonValue, span: Span) -> Val {
        match json {
            JsonValue::Null => Val::none(span),
            JsonValue::Bool(value) => Val::bool(value, span),
            JsonValue::Int(value) => Val::big(value, span),
            JsonValue::Float(value) => Val::new(Data::Float(value), span),
            JsonValue::Str(text) => Val::str(text, span),
            JsonValue::Array(items) => {
                let items = items.into_iter().map(|item| self.json_val(item, span)).collect();
                self.list(items, span)
            }
            JsonValue::Object(entries) => {
                let mut made = Entries::default();
                for (key, val) in entries {
                    let val = self.json_val(val, span);
                    made.insert(Key::Str(key.as_str().into()), (Val::str(key, span), val));
                }
                self.dict(made, span)
            }
        }
    }

    fn dump_json(&mut self, val: &Val, args: &Args, span: Span) -> Option<Res> {
        if args.kw.keys().any(|name| {
            !DUMP_KEYWORDS.contains(&name.as_ref()) && !matches!(name.as_ref(), "obj" | "fp")
        }) {
            return None;
        }
        let indent = match args.named("indent") {
            None => None,
            Some(val) if val.is_none() => None,
            Some(val) => Some(match (val.as_int(), val.as_str()) {
                (Some(width), _) => " ".repeat(usize::try_from(width).unwrap_or(0).min(1000)),
                (None, Some(text)) => text.to_owned(),
                _ => return Some(Ok(self.derived(&args.all(), span))),
            }),
        };
        let separators = match args.named("separators") {
            None => None,
            Some(val) if val.is_none() => None,
            Some(val) => {
                let pair = match self.iterate(&val.clone(), span) {
                    Ok(pair) => pair?,
                    Err(raised) => return Some(Err(raised)),
                };
                match pair.as_slice() {
                    [item, key] => Some((item.as_str()?.to_owned(), key.as_str()?.to_owned())),
                    _ => return None,
                }
            }
        };
        let options = DumpOptions {
            indent,
            separators,
            sort_keys: self.flag(args, "sort_keys", false)?,
            ensure_ascii: self.flag(args, "ensure_ascii", true)?,
            allow_nan: self.flag(args, "allow_nan", true)?,
        };
        let default = args.named("default").filter(|val| !val.is_none()).cloned();
        let json = self.json_of(val, default.as_ref(), options.sort_keys, 0, span);
        self.written(json, val, span, |this, json| match dumps(&json, &options) {
            Ok(text) => Ok(this.string(text, span)),
            Err(failure) => this.failed(failure, &[val], span),
        })
    }

    /// A value as JSON, its dicts sorted already where Python sorts keys that are no strings.
    fn json_of(
        &mut self,
        val: &Val,
        default: Option<&Val>,
        sort: bool,
        depth: u32,
        span: Span,
    ) -> Written<JsonValue> {
        self.step(span)?;
        if depth > MAX_DEPTH {
            return Ok(Err(Unwritable::Unknown));
        }
        if self.is_open(val) {
            return Ok(Err(Unwritable::Open));
        }
        Ok(Ok(match &val.data {
            Data::None => JsonValue::Null,
            Data::Bool(value) => JsonValue::Bool(*value),
            Data::Float(value) => JsonValue::Float(*value),
            Data::Str(text) => {
                self.work(text.len() / BYTES_WRITTEN);
                JsonValue::Str(text.to_string())
            }
            Data::Int(_) | Data::Big(_) => match as_big(val) {
                Some(number) => JsonValue::Int(number),
                None => return Ok(Err(Unwritable::Unknown)),
            },
            Data::Tuple(items) => {
                let items = items.to_vec();
                return self.json_items(&items, default, sort, depth, span);
            }
            Data::Obj(id) => match self.heap.copy(*id) {
                Object::List(items) => {
                    return self.json_items(&items, default, sort, depth, span);
                }
                Object::Dict(entries, _) => {
                    return self.json_entries(entries, default, sort, depth, span);
                }
                Object::Namespace(_) => {
                    let entries = self.entries_of(val).unwrap_or_default();
                    return self.json_entries(entries, default, sort, depth, span);
                }
                Object::Instance(instance) => {
                    if let Some(Flavour::NamedTuple(fields)) = self.flavour_of(&instance.class) {
                        let items: Vec<Val> = fields
                            .iter()
                            .filter_map(|field| instance.attrs.get(field).cloned())
                            .collect();
                        return self.json_items(&items, default, sort, depth, span);
                    }
                    let is_plain_enum = self.flavour_of(&instance.class) == Some(Flavour::Enum)
                        && self.symbol_base(&instance.class).as_deref() == Some("enum.Enum");
                    match instance.payload {
                        Some(payload) if !is_plain_enum => {
                            return self.json_of(&payload, default, sort, depth + 1, span);
                        }
                        _ => return self.json_default(val, default, sort, depth, span),
                    }
                }
                Object::Scope(_) | Object::XCom(..) => return Ok(Err(Unwritable::Unknown)),
                _ => return self.json_default(val, default, sort, depth, span),
            },
            Data::Unknown(_) | Data::Text(_) => return Ok(Err(Unwritable::Open)),
            _ => return self.json_default(val, default, sort, depth, span),
        }))
    }

    fn json_items(
        &mut self,
        items: &[Val],
        default: Option<&Val>,
        sort: bool,
        depth: u32,
        span: Span,
    ) -> Written<JsonValue> {
        let mut array = Vec::with_capacity(items.len());
        for item in items {
            match self.json_of(item, default, sort, depth + 1, span)? {
                Ok(json) => array.push(json),
                Err(why) => return Ok(Err(why)),
            }
        }
        Ok(Ok(JsonValue::Array(array)))
    }

    fn json_entries(
        &mut self,
        entries: Entries,
        default: Option<&Val>,
        sort: bool,
        depth: u32,
        span: Span,
    ) -> Written<JsonValue> {
        if entries.has_open_keys() || entries.is_disordered() {
            return Ok(Err(Unwritable::Open));
        }
        // Strings are sorted by `dumps`; keys that are none compare as what they are.
        if sort && entries.keys().any(|key| !matches!(key, Key::Str(_))) {
            return Ok(Err(Unwritable::Unknown));
        }
        let mut object: Vec<(String, JsonValue)> = Vec::with_capacity(entries.len());
        for (name, value) in entries.into_values() {
            let key = match self.json_of(&name, None, false, depth + 1, span) {
                Ok(Ok(key)) => key.as_key(),
                _ => None,
            };
            let Some(key) = key else {
                let message = format!(
                    "keys must be str, int, float, bool or None, not {}",
                    self.type_name(&name)
                );
                return self.type_error(message, span);
            };
            match self.json_of(&value, default, sort, depth + 1, span)? {
                Ok(json) => object.push((key, json)),
                Err(why) => return Ok(Err(why)),
            }
        }
        Ok(Ok(JsonValue::Object(object)))
    }

    /// A value JSON does not know: `default=` makes one of it that it does know.
    fn json_default(
        &mut self,
        val: &Val,
        default: Option<&Val>,
        sort: bool,
        depth: u32,
        span: Span,
    ) -> Written<JsonValue> {
        if let Some(function) = default {
            let made = self.call(function, Args::positional(vec![val.clone()]), span)?;
            return self.json_of(&made, default, sort, depth + 1, span);
        }
        if val.as_symbol().is_some() {
            return Ok(Err(Unwritable::Unknown));
        }
        let message = format!("Object of type {} is not JSON serializable", self.type_name(val));
        self.type_error(message, span)
    }
}
