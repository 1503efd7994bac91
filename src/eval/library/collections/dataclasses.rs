//! `dataclasses` and `attrs`.

use std::rc::Rc;

use crate::eval::call::{Args, Kwarg};
use crate::eval::class::annotation_text;
use crate::eval::interp::{Interp, Res};
use crate::eval::object::{Data, DataclassRules, Flavour, Key, Map, Object, Val};
use crate::python::Span;
use crate::python::ast::Name;

/// Inherited fields that are taken over in the time of a step.
const FIELDS: usize = 4;
/// Class, fields and attributes of an instance.
type Parts = (Val, Rc<[Name]>, Map<Name, Val>);

/// The class of field records, of `attrs` too.
const FIELD: &str = "dataclasses.field";

impl Interp<'_> {
    pub(super) fn call_dataclasses(&mut self, path: &str, args: &Args, span: Span) -> Option<Res> {
        let first = args.pos.first();
        match (path, first) {
            (
                "dataclasses.dataclass"
                | "attr.s"
                | "attr.attrs"
                | "attr.dataclass"
                | "attr.define"
                | "attr.frozen"
                | "attr.mutable"
                | "attrs.define"
                | "attrs.frozen"
                | "attrs.mutable",
                Some(class),
            ) => Some(self.make_dataclass(path, class, args, span)),
            // With options only: a decorator still to be applied.
            (
                "dataclasses.dataclass"
                | "attr.s"
                | "attr.attrs"
                | "attr.dataclass"
                | "attr.define"
                | "attr.frozen"
                | "attr.mutable"
                | "attrs.define"
                | "attrs.frozen"
                | "attrs.mutable",
                None,
            ) => {
                // Without a generated `__init__` the class makes its own.
                let init = args.named("init").map(|val| self.truth(&val.clone()));
                match init {
                    None | Some(Ok(Some(true))) => {
                        let kw = args
                            .kw
                            .iter()
                            .map(|(name, kwarg)| (name.clone(), kwarg.val.clone()))
                            .collect();
                        let partial = Object::Partial(Val::symbol(path, span), Vec::new(), kw);
                        Some(Ok(self.heap.val(partial, span)))
                    }
                    Some(Ok(_)) => Some(Ok(Val::symbol("functools.identity()", span))),
                    Some(Err(raised)) => Some(Err(raised)),
                }
            }
            ("dataclasses.field" | "attr.ib" | "attr.attrib" | "attr.field" | "attrs.field", _) => {
                Some(Ok(self.make_field(args, span)))
            }
            ("attr.Factory" | "attrs.Factory", Some(factory)) => {
                Some(Ok(self.record("attr.Factory", "factory", factory.clone(), span)))
            }
            ("dataclasses.asdict" | "attr.asdict" | "attrs.asdict", Some(val)) => {
                if args.kw.is_empty() { self.as_dict(val, span).transpose() } else { None }
            }
            ("dataclasses.astuple", Some(val)) => {
                let items = self.field_values(val)?;
                let tuple = Val::tuple(items, span);
                Some(self.deep_copy(&tuple, span))
            }
            ("dataclasses.replace" | "attr.evolve" | "attrs.evolve", Some(val)) => {
                let (class, fields, attrs) = self.dataclass_parts(val)?;
                let mut call = Args::default();
                let class_attrs = match class.as_obj().map(|id| self.heap.get(id)) {
                    Some(Object::Class(_, attrs)) => attrs.clone(),
                    _ => Map::default(),
                };
                self.work(class_attrs.len() + attrs.len());
                for field in fields.iter() {
                    match self.field_option(&class_attrs, field, "init") {
                        Ok(Some(false)) => continue,
                        Ok(_) => {}
                        Err(raised) => return Some(Err(raised)),
                    }
                    let given = args.named(field).or_else(|| attrs.get(field))?.clone();
                    call.kw.insert(field.clone(), Kwarg { span: given.span, val: given });
                }
                for (name, kwarg) in &args.kw {
                    call.kw.insert(name.clone(), kwarg.clone());
                }
                Some(self.call(&class, call, span))
            }
            ("dataclasses.fields" | "attr.fields" | "attrs.fields", Some(val)) => {
                let class = match self.flavour_of(val) {
                    Some(_) => val.clone(),
                    None => self.class_of(val),
                };
                let Some(Flavour::Dataclass(fields)) = self.flavour_of(&class) else { return None };
                let rules = self.rules_of(&class);
                let fields = fields
                    .iter()
                    .filter(|field| !rules.init_only.contains(field))
                    .map(|field| {
                        let mut attrs = Map::default();
                        attrs.insert(Name::from("name"), Val::str(field.as_ref(), span));
                        let default = self.class_lookup(&class, field).ok().flatten();
                        let options = default.as_ref().and_then(|val| self.field_options(val));
                        let own = |name: &str| {
                            let missing = || Val::symbol("dataclasses.MISSING", span);
                            options
                                .as_ref()
                                .and_then(|options| options.get(name))
                                .cloned()
                                .unwrap_or_else(missing)
                        };
                        let (plain, factory) = match (default, &options) {
                            (Some(val), None) => (val, own("default_factory")),
                            _ => (own("default"), own("default_factory")),
                        };
                        attrs.insert(Name::from("default"), plain);
                        attrs.insert(Name::from("default_factory"), factory);
                        for (option, default) in [("init", true), ("repr", true), ("compare", true)]
                        {
                            let given = options.as_ref().and_then(|options| options.get(option));
                            let given = given.cloned().unwrap_or_else(|| Val::bool(default, span));
                            attrs.insert(Name::from(option), given);
                        }
                        let metadata = options.as_ref().and_then(|options| options.get("metadata"));
                        let metadata = match metadata.filter(|val| !val.is_none()) {
                            Some(val) => val.clone(),
                            None => self.dict(Default::default(), span),
                        };
                        attrs.insert(Name::from("metadata"), metadata);
                        self.heap.val(Object::Record("dataclasses.Field".into(), attrs), span)
                    })
                    .collect();
                Some(Ok(Val::tuple(fields, span)))
            }
            ("dataclasses.is_dataclass" | "attr.has" | "attrs.has", Some(val)) => {
                if self.is_open(val) {
                    return None;
                }
                let own = self.flavour_of(val);
                let class = self.class_of(val);
                let is = |flavour| matches!(flavour, Some(Flavour::Dataclass(_)));
                let answer = is(own) || is(self.flavour_of(&class));
                Some(Ok(Val::bool(answer, span)))
            }
            _ => None,
        }
    }

    /// A field of a dataclass with its options. `attr.ib(factory=f)` and `default=Factory(f)` are
    /// what `dataclasses` calls `default_factory`.
    fn make_field(&mut self, args: &Args, span: Span) -> Val {
        let mut attrs = Map::default();
        for (name, kwarg) in &args.kw {
            attrs.insert(name.clone(), kwarg.val.clone());
        }
        if let Some(default) = args.pos.first() {
            attrs.insert(Name::from("default"), default.clone());
        }
        if let Some(factory) = attrs.shift_remove("factory") {
            attrs.insert(Name::from("default_factory"), factory);
        }
        let factory =
            attrs.get("default").and_then(Val::as_obj).and_then(|id| match self.heap.get(id) {
                Object::Record(class, inner) if class.as_ref() == "attr.Factory" => {
                    inner.get("factory").cloned()
                }
                _ => None,
            });
        if let Some(factory) = factory {
            attrs.shift_remove("default");
            attrs.insert(Name::from("default_factory"), factory);
        }
        self.heap.val(Object::Record(FIELD.into(), attrs), span)
    }

    /// Makes a class a dataclass: its fields are those of its bases, then its own.
    fn make_dataclass(&mut self, path: &str, class: &Val, args: &Args, span: Span) -> Res {
        let Some(id) = class.as_obj() else { return Ok(self.derived(&[class], span)) };
        let Object::Class(object, attrs) = self.heap.get(id) else {
            return Ok(self.derived(&[class], span));
        };
        let (object, attrs) = (Rc::clone(object), attrs.clone());
        if let Some(open) = self.doubtful_field(&attrs) {
            return Ok(self.derived(&[&open], span));
        }
        let mut fields: Map<Name, ()> = Map::default();
        for base in object.mro.iter().rev() {
            if let Some(Flavour::Dataclass(inherited)) = self.flavour_of(base) {
                self.spend(inherited.len() / FIELDS, span)?;
                fields.extend(inherited.iter().map(|field| (field.clone(), ())));
            }
        }
        let mut rules = DataclassRules::default();
        for base in object.mro.iter().rev() {
            let inherited = self.rules_of(base);
            rules.kw_only.extend_from_slice(&inherited.kw_only);
            rules.init_only.extend_from_slice(&inherited.init_only);
            rules.frozen |= inherited.frozen;
        }
        let all_by_keyword = self.option(args, "kw_only", false)?;
        let mut by_keyword = all_by_keyword;
        let mut own = Vec::new();
        for field in self.own_fields(path, &attrs) {
            let kind = self.annotation(&attrs, &field);
            if kind.ends_with("KW_ONLY") {
                by_keyword = true;
                continue;
            }
            if by_keyword || self.field_option(&attrs, &field, "kw_only")? == Some(true) {
                rules.kw_only.push(field.clone());
            }
            if kind.contains("InitVar") {
                rules.init_only.push(field.clone());
            }
            own.push(field.clone());
            fields.insert(field, ());
        }
        rules.eq = self.option(args, "eq", true)?;
        rules.order = self.option(args, "order", false)?;
        rules.frozen |= self.option(args, "frozen", path.ends_with("frozen"))?;
        // A class that writes its own constructor keeps it: `call` finds `__init__` first.
        let mut made = object.as_ref().clone();
        made.flavour = Flavour::Dataclass(fields.into_keys().collect());
        made.rules = Rc::new(rules);
        if let Object::Class(slot, _) = self.heap.get_mut(id) {
            *slot = Rc::new(made);
        }
        if path.starts_with("dataclasses.") && self.option(args, "slots", false)? {
            self.give_slots(class, &own, span);
        }
        Ok(class.clone())
    }

    /// An option of the decorator; one that is unknown counts as its default.
    fn option(&mut self, args: &Args, name: &str, default: bool) -> Res<bool> {
        match args.named(name) {
            Some(val) => Ok(self.truth(&val.clone())?.unwrap_or(default)),
            None => Ok(default),
        }
    }

    /// An option of `field(...)`.
    fn field_option(
        &mut self,
        attrs: &Map<Name, Val>,
        field: &Name,
        option: &str,
    ) -> Res<Option<bool>> {
        let val = match attrs.get(field).and_then(Val::as_obj).map(|id| self.heap.get(id)) {
            Some(Object::Record(class, options)) if class.as_ref() == FIELD => {
                options.get(option).cloned()
            }
            _ => None,
        };
        match val {
            Some(val) => self.truth(&val),
            None => Ok(None),
        }
    }

    /// The annotation of a field as it is written.
    fn annotation(&self, attrs: &Map<Name, Val>, field: &Name) -> String {
        let Some(id) = attrs.get("__annotations__").and_then(Val::as_obj) else {
            return String::new();
        };
        match self.heap.get(id) {
            Object::Dict(entries, _) => entries
                .get(&Key::Str(field.as_ref().into()))
                .map(|(_, kind)| annotation_text(kind).to_owned())
                .unwrap_or_default(),
            _ => String::new(),
        }
    }

    /// Fields declared in the class itself: annotated names, and in the older style of `attrs` the
    /// names that `attr.ib()` is bound to.
    fn own_fields(&self, path: &str, attrs: &Map<Name, Val>) -> Vec<Name> {
        let declared = self.declared(attrs);
        if !path.starts_with("attr") || !declared.is_empty() {
            return declared;
        }
        attrs
            .iter()
            .filter(|(_, val)| {
                val.as_obj().is_some_and(|id| {
                    matches!(self.heap.get(id), Object::Record(class, _) if class.as_ref() == FIELD)
                })
            })
            .map(|(name, _)| name.clone())
            .collect()
    }

    /// Class, fields and attributes of an instance of a dataclass.
    fn dataclass_parts(&self, val: &Val) -> Option<Parts> {
        let Object::Instance(instance) = self.heap.get(val.as_obj()?) else { return None };
        match self.flavour_of(&instance.class)? {
            Flavour::Dataclass(fields) => {
                Some((instance.class.clone(), fields, instance.attrs.clone()))
            }
            _ => None,
        }
    }

    /// `asdict`: dataclasses inside become dicts too, everything else is copied deeply.
    fn as_dict(&mut self, val: &Val, span: Span) -> Res<Option<Val>> {
        if self.dataclass_parts(val).is_none() {
            return Ok(None);
        }
        self.as_dict_part(val, 0, span).map(Some)
    }

    fn as_dict_part(&mut self, val: &Val, depth: u32, span: Span) -> Res {
        self.step(span)?;
        if depth > 64 {
            return Ok(self.derived(&[val], span));
        }
        if let Some((_, fields, attrs)) = self.dataclass_parts(val) {
            self.spend(attrs.len(), span)?;
            let mut entries = crate::eval::object::Entries::default();
            for field in fields.iter() {
                let Some(part) = attrs.get(field) else { continue };
                let part = self.as_dict_part(part, depth + 1, span)?;
                let key = Val::str(field.as_ref(), part.span);
                entries.insert(Key::Str(field.as_ref().into()), (key, part));
            }
            return Ok(self.dict(entries, span));
        }
        if let Data::Tuple(items) = &val.data {
            let items = items.to_vec();
            let items: Res<Vec<Val>> =
                items.iter().map(|item| self.as_dict_part(item, depth + 1, span)).collect();
            return Ok(Val::tuple(items?, val.span));
        }
        match val.as_obj().map(|id| self.heap.copy(id)) {
            Some(Object::List(items)) => {
                let items: Res<Vec<Val>> =
                    items.iter().map(|item| self.as_dict_part(item, depth + 1, span)).collect();
                Ok(self.list(items?, val.span))
            }
            Some(Object::Dict(entries, class)) => {
                let mut copied = crate::eval::object::Entries::default();
                for (key, (name, part)) in entries {
                    let part = self.as_dict_part(&part, depth + 1, span)?;
                    copied.insert(key, (name, part));
                }
                Ok(self.heap.val(Object::Dict(copied, class), val.span))
            }
            _ => self.deep_copy(val, span),
        }
    }
}
