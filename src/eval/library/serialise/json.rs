//! `json`.

use super::{Unwritable, Written};
use crate::eval::call::{Args, Kwarg};
use crate::eval::interp::{Interp, Res};
use crate::eval::item::as_big;
use crate::eval::object::{Data, Entries, Flavour, Key, Map, Object, Val};
use crate::eval::pure::json::{DumpOptions, JsonValue, dumps, loads};
use crate::python::Span;
use crate::python::ast::Name;

/// How deep values may be nested.
const MAX_DEPTH: u32 = 200;

/// Keywords of `json.dumps` that podlift knows.
const DUMP_KEYWORDS: &[&str] =
    &["indent", "separators", "sort_keys", "ensure_ascii", "allow_nan", "default", "cls"];

/// What writes JSON.
pub(crate) const ENCODER: &str = "json.JSONEncoder";

impl Interp<'_> {
    pub(super) fn call_json(&mut self, path: &str, args: &Args, span: Span) -> Option<Res> {
        match path {
            "json.loads" | "json.load" => {
                let source = args.get(0, "s").or_else(|| args.named("fp"))?.clone();
                let hook = self.reading_hook(args)?;
                let Some(text) = self.source_text(&source, span) else {
                    return Some(Ok(self.unknown_source(&source, span)));
                };
                let at = text.span.or(span);
                Some(match (loads(text.as_str().unwrap_or_default()), hook) {
                    (Ok(json), None) => Ok(self.json_val(json, at)),
                    (Ok(json), Some(hook)) => self.hooked(json, &hook, at),
                    (Err(failure), _) => self.failed(failure, &[&source], span),
                })
            }
            "json.dumps" => {
                let val = args.get(0, "obj")?.clone();
                self.dump_json(&val, args, span)
            }
            ENCODER if args.pos.is_empty() && !args.is_open() => {
                let attrs: Map<Name, Val> =
                    args.kw.iter().map(|(name, kwarg)| (name.clone(), kwarg.val.clone())).collect();
                Some(Ok(self.heap.val(Object::Record(ENCODER.into(), attrs), span)))
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

    /// What `json.loads` calls with each object. `None` when the keywords ask for something else.
    fn reading_hook(&self, args: &Args) -> Option<Option<Val>> {
        let mut hook = None;
        for (name, kwarg) in &args.kw {
            match (name.as_ref(), kwarg.val.as_symbol()) {
                ("s" | "fp" | "strict", _) => {}
                _ if kwarg.val.is_none() => {}
                ("object_hook", _) => hook = hook.or(Some(kwarg.val.clone())),
                // The pairs of a key that stands twice are not kept, and these do not ask for them.
                ("object_pairs_hook", Some("builtins.dict" | "collections.OrderedDict")) => {
                    hook = Some(kwarg.val.clone());
                }
                _ => return None,
            }
        }
        Some(hook)
    }

    /// A parsed value, each of whose objects is what the hook makes of it, the innermost first.
    fn hooked(&mut self, json: JsonValue, hook: &Val, span: Span) -> Res {
        match json {
            JsonValue::Array(items) => {
                let items: Res<Vec<Val>> =
                    items.into_iter().map(|item| self.hooked(item, hook, span)).collect();
                Ok(self.list(items?, span))
            }
            JsonValue::Object(entries) => {
                let mut made = Entries::default();
                for (key, val) in entries {
                    let val = self.hooked(val, hook, span)?;
                    made.insert(Key::Str(key.as_str().into()), (Val::str(key, span), val));
                }
                let object = self.dict(made, span);
                self.call(hook, Args::positional(vec![object]), span)
            }
            scalar => Ok(self.json_val(scalar, span)),
        }
    }

    /// `encoder.encode(val)`.
    pub(crate) fn encode_json(
        &mut self,
        options: &Map<Name, Val>,
        args: &Args,
        span: Span,
    ) -> Option<Res> {
        let val = args.get(0, "o")?.clone();
        let mut given = Args::default();
        for (name, val) in options {
            given.kw.insert(name.clone(), Kwarg { val: val.clone(), span });
        }
        self.dump_json(&val, &given, span)
    }

    /// What `json.dumps` calls for values it does not know. `None` when an encoder does more than that.
    fn json_hook(&mut self, args: &Args, span: Span) -> Option<Res<Option<Val>>> {
        let encoder = match args.named("cls") {
            Some(class) if !class.is_none() && class.as_symbol() != Some(ENCODER) => class.clone(),
            _ => return Some(Ok(args.named("default").filter(|val| !val.is_none()).cloned())),
        };
        let writes_itself = ["encode", "iterencode", "__init__"]
            .iter()
            .any(|name| !matches!(self.class_lookup(&encoder, name), Ok(None)));
        if writes_itself || self.symbol_base(&encoder).as_deref() != Some(ENCODER) {
            return None;
        }
        let Ok(Some(_)) = self.class_lookup(&encoder, "default") else { return Some(Ok(None)) };
        let made = self.call(&encoder, Args::default(), span);
        Some(made.and_then(|made| self.find_attribute(&made, &Name::from("default"), span)))
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
        let default = match self.json_hook(args, span)? {
            Ok(default) => default,
            Err(raised) => return Some(Err(raised)),
        };
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
                self.write(text.len());
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
