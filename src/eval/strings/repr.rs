//! `repr` of every kind of value.

use crate::eval::call::Args;
use crate::eval::interp::{Interp, Res};
use crate::eval::object::{Data, Entries, Flavour, Key, Native, Object, Val};
use crate::eval::pure::{number, text};
use crate::eval::{HoleKind, Segment, Text};
use crate::python::Span;
use crate::python::ast::Name;

/// Bits of a number that is shown to people as it is.
const BITS_SHOWN: u64 = 4096;
/// Characters or segments of a text that are more than people are shown of it.
const PARTS_SHOWN: usize = 100;

impl Interp<'_> {
    /// `repr(val)`.
    pub(crate) fn repr_text(&mut self, val: &Val, span: Span) -> Res<Text> {
        let mut out = Text::default();
        self.repr_into(val, &mut out, span, 0)?;
        Ok(out)
    }

    pub(super) fn repr_into(
        &mut self,
        val: &Val,
        out: &mut Text,
        span: Span,
        depth: u32,
    ) -> Res<()> {
        self.step(span)?;
        if depth > 200 {
            let hole = self.limit_hole(span, "depth", "a value is nested deeper than the bound");
            out.push_text(&self.to_text(&hole).unwrap_or_default());
            return Ok(());
        }
        // Whether the text is quoted, and how, depends on what is not known.
        if self.is_open(val) {
            let unknown = self.derived(&[val], span);
            out.push_text(&self.to_text(&unknown).unwrap_or_default());
            return Ok(());
        }
        match &val.data {
            Data::None => out.push_str("None"),
            Data::Bool(value) => out.push_str(if *value { "True" } else { "False" }),
            Data::Int(value) => out.push_str(&value.to_string()),
            Data::Big(value) => {
                self.weigh_digits(value);
                self.spend(0, span)?;
                match number::repr_int(value) {
                    Ok(digits) => out.push_str(&digits),
                    Err(failure) => {
                        let val = self.failed(failure, &[val], span)?;
                        out.push_text(&self.to_text(&val).unwrap_or_default());
                    }
                }
            }
            Data::Float(value) => out.push_str(&number::repr_float(*value)),
            Data::Str(value) => {
                self.write(value.len());
                self.spend(0, span)?;
                out.push_str(&text::repr_str(value));
            }
            Data::Bytes(bytes) => out.push_str(&text::repr_bytes(bytes)),
            Data::Tuple(items) => {
                let items = items.clone();
                self.repr_items(
                    &items,
                    "(",
                    if items.len() == 1 { ",)" } else { ")" },
                    out,
                    span,
                    depth,
                )?;
            }
            Data::Ellipsis => out.push_str("Ellipsis"),
            Data::NotImplemented => out.push_str("NotImplemented"),
            Data::Slice(parts) => {
                let parts = parts.to_vec();
                self.repr_items(&parts, "slice(", ")", out, span, depth)?;
            }
            Data::Native(native) => match self.known_repr(native) {
                Some(text) => out.push_str(&text),
                None => {
                    let class = self.native_class(native);
                    let hole = self.hole(HoleKind::Expression, format!("repr of {class}"), span);
                    out.push_text(&self.to_text(&hole).unwrap_or_default());
                }
            },
            Data::Symbol(path) => match path.strip_prefix("builtins.") {
                Some(name) if self.is_class_symbol(path) => {
                    out.push_str(&format!("<class '{name}'>"));
                }
                _ if self.is_class_symbol(path) => out.push_str(&format!("<class '{path}'>")),
                // A function shows an address, and a constant nobody knows its value.
                _ => {
                    let hole = self.hole(HoleKind::Import, path.as_ref(), span);
                    out.push_text(&self.to_text(&hole).unwrap_or_default());
                }
            },
            // CPython shows the address of the object.
            Data::Method(_) => {
                let hole = self.hole(HoleKind::Nondeterministic, "address", span);
                out.push_text(&self.to_text(&hole).unwrap_or_default());
            }
            // Told above.
            Data::Unknown(_) | Data::Text(_) => {}
            Data::Obj(id) => self.repr_object(val, *id, out, span, depth)?,
        }
        Ok(())
    }

    pub(super) fn repr_items(
        &mut self,
        items: &[Val],
        open: &str,
        close: &str,
        out: &mut Text,
        span: Span,
        depth: u32,
    ) -> Res<()> {
        out.push_str(open);
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                out.push_str(", ");
            }
            self.repr_into(item, out, span, depth + 1)?;
        }
        out.push_str(close);
        Ok(())
    }

    pub(super) fn repr_object(
        &mut self,
        val: &Val,
        id: crate::eval::object::ObjId,
        out: &mut Text,
        span: Span,
        depth: u32,
    ) -> Res<()> {
        let id = self.heap.resolve(id);
        let mark = match self.heap.get(id) {
            Object::List(_) => "[...]",
            Object::Dict(..) => "{...}",
            Object::Instance(instance)
                if matches!(self.flavour_of(&instance.class), Some(Flavour::Dataclass(_)))
                    && matches!(self.class_lookup(&instance.class, "__repr__"), Ok(None)) =>
            {
                "..."
            }
            _ => return self.repr_parts(val, id, out, span, depth),
        };
        if self.shown.contains(&id) {
            out.push_str(mark);
            return Ok(());
        }
        self.shown.push(id);
        let result = self.repr_parts(val, id, out, span, depth);
        self.shown.pop();
        result
    }

    pub(super) fn repr_parts(
        &mut self,
        val: &Val,
        id: crate::eval::object::ObjId,
        out: &mut Text,
        span: Span,
        depth: u32,
    ) -> Res<()> {
        if let Some(text) = self.special_of_node(val, "__repr__", &[], span)? {
            let text = self.returned_text("__repr__", &text, span)?;
            out.push_text(&text);
            return Ok(());
        }
        match self.heap.copy(id) {
            Object::List(items) => self.repr_items(&items, "[", "]", out, span, depth)?,
            Object::Set(items, frozen) => {
                let items = self.in_order(&items);
                let (open, close) = match (items.is_empty(), frozen) {
                    (true, false) => ("set(", ")"),
                    (true, true) => ("frozenset(", ")"),
                    (false, false) => ("{", "}"),
                    (false, true) => ("frozenset({", "})"),
                };
                self.repr_items(&items, open, close, out, span, depth)?;
            }
            Object::Dict(mut entries, class) => {
                let close = match class {
                    Some(Val { data: Data::Symbol(class), .. })
                        if class.as_ref() == "collections.ChainMap" =>
                    {
                        // Which map has which entry is not kept.
                        let unknown =
                            self.hole(HoleKind::Expression, "repr of collections.ChainMap", span);
                        out.push_text(&self.to_text(&unknown).unwrap_or_default());
                        return Ok(());
                    }
                    Some(marker) => {
                        let class = self.type_name(val);
                        let is_sorted = |entries: &Entries| {
                            class != "Counter"
                                || entries.values().all(|(_, count)| count.as_int().is_some())
                        };
                        // One without entries is written without braces.
                        if entries.truth().is_none() || !is_sorted(&entries) {
                            let unknown = self.derived(&[val], span);
                            out.push_text(&self.to_text(&unknown).unwrap_or_default());
                            return Ok(());
                        }
                        out.push_str(&format!("{class}("));
                        if entries.is_empty() && class != "defaultdict" {
                            out.push_str(")");
                            return Ok(());
                        }
                        // A counter shows what it counted most first.
                        if class == "Counter" {
                            entries.sort_by_value(|a, b| b.as_int().cmp(&a.as_int()));
                        }
                        let factory = match marker.as_obj().map(|id| self.heap.get(id)) {
                            Some(Object::Record(_, attrs)) => attrs.get("default_factory").cloned(),
                            _ => None,
                        };
                        if let Some(factory) = factory {
                            self.repr_into(&factory, out, span, depth + 1)?;
                            out.push_str(", ");
                        }
                        "})"
                    }
                    None => "}",
                };
                out.push_str("{");
                if entries.is_untold() || entries.len() > 1 && entries.has_open_keys() {
                    let unknown = self.derived(&[val], span);
                    out.push_text(&self.to_text(&unknown).unwrap_or_default());
                    out.push_str(close);
                    return Ok(());
                }
                for (index, (key, (name, value))) in entries.iter().enumerate() {
                    if index > 0 {
                        out.push_str(", ");
                    }
                    if !matches!(key, Key::Spread(_)) {
                        self.repr_into(name, out, span, depth + 1)?;
                        out.push_str(": ");
                    }
                    self.repr_into(value, out, span, depth + 1)?;
                }
                out.push_str(close);
            }
            Object::Instance(instance) => {
                if let Ok(Some(method)) = self.class_lookup(&instance.class, "__repr__") {
                    let result = self.call(&method, Args::positional(vec![val.clone()]), span)?;
                    let text = self.returned_text("__repr__", &result, span)?;
                    out.push_text(&text);
                    return Ok(());
                }
                let name = self.type_text(&instance.class);
                match self.flavour_of(&instance.class) {
                    Some(Flavour::Enum) => {
                        let member = self.member_name(val);
                        out.push_str(&format!("<{name}.{member}: "));
                        if let Some(payload) = &instance.payload {
                            self.repr_into(payload, out, span, depth + 1)?;
                        }
                        out.push_str(">");
                    }
                    Some(
                        ref flavour @ (Flavour::Dataclass(ref fields)
                        | Flavour::NamedTuple(ref fields)),
                    ) => {
                        let name =
                            match (flavour, instance.class.as_obj().map(|id| self.heap.get(id))) {
                                (Flavour::Dataclass(_), Some(Object::Class(class, _))) => {
                                    class.qualname.to_string()
                                }
                                _ => name,
                            };
                        out.push_str(&format!("{name}("));
                        let shown = fields.iter().filter(|field| {
                            instance.attrs.contains_key(*field)
                                && self.shows_field(&instance.class, field)
                        });
                        let shown: Vec<Name> = shown.cloned().collect();
                        for (index, field) in shown.iter().enumerate() {
                            if index > 0 {
                                out.push_str(", ");
                            }
                            out.push_str(&format!("{field}="));
                            if let Some(val) = instance.attrs.get(field) {
                                self.repr_into(val, out, span, depth + 1)?;
                            }
                        }
                        out.push_str(")");
                    }
                    _ => match instance.payload {
                        Some(Val { data: Data::Tuple(parts), .. })
                            if instance.class.as_symbol() == Some("datetime.IsoCalendarDate") =>
                        {
                            out.push_str("datetime.IsoCalendarDate(");
                            let names = ["year=", ", week=", ", weekday="];
                            for (name, part) in names.iter().zip(parts.iter()) {
                                out.push_str(name);
                                self.repr_into(part, out, span, depth + 1)?;
                            }
                            out.push_str(")");
                        }
                        Some(payload) => self.repr_into(&payload, out, span, depth + 1)?,
                        None if let Some(Val { data: Data::Tuple(args), .. }) =
                            instance.attrs.get("args") =>
                        {
                            let args = args.to_vec();
                            out.push_str(&name);
                            self.repr_items(&args, "(", ")", out, span, depth)?;
                        }
                        // The address CPython shows is different at each run.
                        None => {
                            let hole = self.hole(HoleKind::Nondeterministic, "address", span);
                            out.push_text(&self.to_text(&hole).unwrap_or_default());
                        }
                    },
                }
            }
            Object::Class(class, _) if class.flavour == Flavour::Enum => {
                let base = self.symbol_base(val);
                let is_flag = base.is_some_and(|base| base.ends_with("Flag"));
                let kind = if is_flag { "flag" } else { "enum" };
                out.push_str(&format!("<{kind} '{}'>", class.name));
            }
            Object::Class(class, _) => {
                if let Some(made) = self.meta_call(val, "__repr__", &[], span)? {
                    let text = self.returned_text("__repr__", &made, span)?;
                    out.push_text(&text);
                    return Ok(());
                }
                let module = self.module_name(class.globals, span);
                out.push_str("<class '");
                out.push_text(&self.to_text(&module).unwrap_or_default());
                out.push_str(&format!(".{}'>", class.qualname));
            }
            Object::Task(task) => {
                let class = self.type_text(&task.class);
                out.push_str(&format!("<Task({class}): "));
                out.push_text(&task.id);
                out.push_str(">");
            }
            Object::Dag(dag) => {
                out.push_str("<DAG: ");
                out.push_text(&dag.id);
                out.push_str(">");
            }
            Object::XCom(task, key) => {
                let text = self.xcom_template(task, &key);
                out.push_text(&text);
            }
            Object::Namespace(_) => {
                let entries = self.entries_of(val).unwrap_or_default();
                let dict = self.heap.val(Object::Dict(entries, None), span);
                self.repr_into(&dict, out, span, depth)?;
            }
            Object::Record(class, _) if class.as_ref() == crate::eval::library::uuid::UUID => {
                let text = self.uuid_text(val).unwrap_or_default();
                out.push_str(&format!("UUID('{text}')"));
            }
            Object::Record(class, attrs) if class.as_ref() == "types.SimpleNamespace" => {
                out.push_str("namespace(");
                for (index, (name, val)) in attrs.iter().enumerate() {
                    out.push_str(if index > 0 { ", " } else { "" });
                    out.push_str(&format!("{name}="));
                    self.repr_into(val, out, span, depth + 1)?;
                }
                out.push_str(")");
            }
            Object::Record(class, attrs) => {
                if let Some(Some(items)) = self.view_items(val) {
                    let name = class.rsplit('.').next().unwrap_or(&class);
                    let open = format!("{name}([");
                    self.repr_items(&items, &open, "])", out, span, depth)?;
                } else if let Some(text) = self.record_str(&class, &attrs) {
                    out.push_str(&text);
                } else {
                    let hole = self.hole(HoleKind::Expression, format!("repr of {class}"), span);
                    out.push_text(&self.to_text(&hole).unwrap_or_default());
                }
            }
            _ => {
                let hole = self.hole(HoleKind::Nondeterministic, "address", span);
                out.push_text(&self.to_text(&hole).unwrap_or_default());
            }
        }
        Ok(())
    }

    /// The name of an enum member.
    pub(super) fn member_name(&self, val: &Val) -> String {
        match val.as_obj().map(|id| self.heap.get(id)) {
            Some(Object::Instance(instance)) => {
                let name = instance.attrs.get("_name_").or_else(|| instance.attrs.get("name"));
                name.and_then(Val::as_str).unwrap_or("?").to_owned()
            }
            _ => "?".to_owned(),
        }
    }

    /// Whether a field of a dataclass is part of its `repr`.
    pub(super) fn shows_field(&self, class: &Val, field: &Name) -> bool {
        let Ok(Some(default)) = self.class_lookup(class, field) else { return true };
        match default.as_obj().map(|id| self.heap.get(id)) {
            Some(Object::Record(kind, options)) if kind.as_ref() == "dataclasses.field" => {
                !matches!(options.get("repr").map(|val| &val.data), Some(Data::Bool(false)))
            }
            _ => true,
        }
    }

    /// A value for people, holes as `⟨name⟩`. It never fails and calls no user code.
    pub(crate) fn display(&self, val: &Val) -> String {
        match &val.data {
            Data::Str(text) => text.to_string(),
            Data::Text(text) => text.display(),
            _ => self.short_repr(val),
        }
    }

    /// A short `repr` for people: it calls no user code.
    pub(crate) fn short_repr(&self, val: &Val) -> String {
        let full = self.plain_repr(val, 0);
        self.write(full.len());
        // Before it is cut: a part of a path of this machine would not be told.
        let full = self.checkout.shown(&full);
        if full.chars().count() > 60 {
            full.chars().take(57).collect::<String>() + "..."
        } else {
            full.into_owned()
        }
    }

    pub(super) fn plain_repr(&self, val: &Val, depth: u32) -> String {
        if depth > 3 {
            return "...".to_owned();
        }
        let items = |items: &mut dyn Iterator<Item = &Val>| {
            items
                .take(8)
                .map(|item| self.plain_repr(item, depth + 1))
                .collect::<Vec<_>>()
                .join(", ")
        };
        match &val.data {
            Data::None => "None".to_owned(),
            Data::Bool(value) => if *value { "True" } else { "False" }.to_owned(),
            Data::Int(value) => value.to_string(),
            // Only the beginning is shown, so no more than that is written.
            Data::Big(value) if value.bits() > BITS_SHOWN => "<large int>".to_owned(),
            Data::Big(value) => value.to_string(),
            Data::Float(value) => number::repr_float(*value),
            Data::Str(value) => {
                text::repr_str(&value.chars().take(PARTS_SHOWN).collect::<String>())
            }
            Data::Text(value) => {
                let segments =
                    value.segments.iter().take(PARTS_SHOWN).map(|segment| match segment {
                        Segment::Literal(text) if text.len() > PARTS_SHOWN => {
                            Segment::Literal(text.chars().take(PARTS_SHOWN).collect())
                        }
                        segment => segment.clone(),
                    });
                let segments = segments.collect();
                format!("'{}'", Text { segments }.display())
            }
            Data::Bytes(bytes) => text::repr_bytes(bytes.get(..PARTS_SHOWN).unwrap_or(bytes)),
            Data::Tuple(parts) => format!("({})", items(&mut parts.iter())),
            Data::Native(native) => match native.as_ref() {
                Native::Path(path) if path.len() > PARTS_SHOWN => {
                    self.native_repr(&Native::Path(path.chars().take(PARTS_SHOWN).collect()))
                }
                native => self.native_repr(native),
            },
            Data::Symbol(path) => path.to_string(),
            Data::Unknown(hole) => format!("⟨{}⟩", hole.name),
            Data::Obj(id) => match self.heap.get(*id) {
                Object::List(parts) => format!("[{}]", items(&mut parts.iter())),
                Object::Set(parts, _) => format!("{{{}}}", items(&mut parts.values())),
                Object::Dict(entries, _) => {
                    let parts: Vec<String> = entries
                        .values()
                        .take(8)
                        .map(|(key, value)| {
                            format!(
                                "{}: {}",
                                self.plain_repr(key, depth + 1),
                                self.plain_repr(value, depth + 1)
                            )
                        })
                        .collect();
                    format!("{{{}}}", parts.join(", "))
                }
                Object::Model(class, _) => format!("{class}(...)"),
                Object::Poisoned(hole) => format!("⟨{}⟩", hole.name),
                _ => format!("<{}>", self.type_name(val)),
            },
            _ => "...".to_owned(),
        }
    }
}
