//! `collections`, `dataclasses`, `attrs`, `enum`, `types`, `typing`, `abc` and `contextlib`.

mod dataclasses;

use std::rc::Rc;

use crate::eval::call::Args;
use crate::eval::interp::{Interp, Res};
use crate::eval::object::{ClassObject, Data, Flavour, Key, Map, Object, Val};
use crate::python::Span;
use crate::python::ast::{BinaryOp, Name};

/// Fields that a named tuple may have: each of its instances has them by name.
const MOST_FIELDS: usize = 5_000;

impl Interp<'_> {
    /// A function or class of one of these modules.
    pub(crate) fn call_collections(&mut self, path: &str, args: &Args, span: Span) -> Option<Res> {
        let first = args.pos.first();
        match (path, first) {
            ("collections.OrderedDict", _) => Some(self.make_dict_like(path, args, span)),
            ("collections.UserDict", _) => Some(self.call_dict_type(args, span)),
            _ if args.is_open() => None,
            ("collections.defaultdict", _) => Some(self.make_defaultdict(args, span)),
            ("collections.Counter", _) => Some(self.make_counter(args, span)),
            ("collections.deque", None) if args.kw.is_empty() => {
                Some(Ok(self.list(Vec::new(), span)))
            }
            // A bounded deque drops elements, which a list does not.
            ("collections.deque", Some(val)) if args.get(1, "maxlen").is_none_or(Val::is_none) => {
                Some(self.list_from(val, span))
            }
            ("collections.ChainMap", _) => Some(self.chain_maps(&args.pos, span)),
            ("collections.namedtuple", Some(name)) => self.make_namedtuple(name, args, span),
            ("typing.NamedTuple", Some(name)) => self.make_typed_tuple(name, args, span),
            ("enum.Enum" | "enum.IntEnum" | "enum.StrEnum", Some(name)) if args.pos.len() > 1 => {
                self.make_enum(path, name, args, span).transpose()
            }
            ("enum.auto", None) => Some(Ok(Val::symbol("enum.auto()", span))),
            (
                "enum.unique"
                | "typing.final"
                | "typing.overload"
                | "typing.override"
                | "typing.no_type_check"
                | "typing.runtime_checkable"
                | "contextlib.closing"
                | "types.MappingProxyType",
                Some(val),
            ) => Some(Ok(val.clone())),
            ("abc.abstractmethod", Some(val)) => Some(self.mark_abstract(val, span)),
            ("abc.abstractproperty", Some(getter)) => {
                Some(Ok(self.heap.val(Object::Property(getter.clone(), None, None), span)))
            }
            ("abc.abstractclassmethod", Some(val)) => {
                Some(Ok(self.heap.val(Object::ClassMethod(val.clone()), span)))
            }
            ("abc.abstractstaticmethod", Some(val)) => {
                Some(Ok(self.heap.val(Object::Static(val.clone()), span)))
            }
            ("collections.OrderedDict.fromkeys", Some(keys)) => {
                let made = self.dict_from_keys(keys, args.pos.get(1), span);
                if let Some(id) = made.as_ref().ok().and_then(Val::as_obj)
                    && let Object::Dict(_, class) = self.heap.get_mut(id)
                {
                    *class = Some(Val::symbol("collections.OrderedDict", span));
                }
                Some(made)
            }
            ("typing.cast", Some(_)) => args.get(1, "val").cloned().map(Ok),
            ("typing.NewType", Some(_)) => Some(Ok(Val::symbol("functools.identity()", span))),
            ("typing.TypedDict", Some(_)) => Some(Ok(Val::symbol("builtins.dict", span))),
            ("typing.TypeVar" | "typing.ParamSpec", Some(_)) => {
                Some(Ok(Val::symbol("typing.Any", span)))
            }
            ("types.SimpleNamespace", _) => {
                let mut attrs = Map::default();
                if let Some(mapping) = first {
                    for (name, val) in self.entries_of(mapping)?.into_values() {
                        attrs.insert(Name::from(name.as_str()?), val);
                    }
                }
                attrs.extend(args.kw.iter().map(|(name, kwarg)| (name.clone(), kwarg.val.clone())));
                Some(Ok(self.heap.val(Object::Record("types.SimpleNamespace".into(), attrs), span)))
            }
            ("contextlib.contextmanager", Some(function)) => {
                Some(Ok(self.record(path, "function", function.clone(), span)))
            }
            ("contextlib.suppress", _) => {
                let kinds = Val::tuple(args.pos.clone(), span);
                Some(Ok(self.record(path, "kinds", kinds, span)))
            }
            ("contextlib.nullcontext", _) => {
                let given = args.get(0, "enter_result").cloned();
                let given = given.unwrap_or_else(|| Val::none(span));
                Some(Ok(self.record(path, "enter_result", given, span)))
            }
            ("contextlib.closing", _) => {
                let thing = args.get(0, "thing")?.clone();
                Some(Ok(self.record(path, "thing", thing, span)))
            }
            ("contextlib.ExitStack", _) => {
                Some(Ok(self.heap.val(Object::Record(path.into(), Map::default()), span)))
            }
            _ => self.call_dataclasses(path, args, span),
        }
    }

    fn record(&mut self, class: &str, name: &str, val: Val, span: Span) -> Val {
        let mut attrs = Map::default();
        attrs.insert(Name::from(name), val);
        self.heap.val(Object::Record(class.into(), attrs), span)
    }

    fn list_from(&mut self, val: &Val, span: Span) -> Res {
        match self.iterate(val, span)? {
            Some(items) => Ok(self.list(items, span)),
            None => Ok(self.derived(&[val], span)),
        }
    }

    /// A dict that remembers its class.
    fn make_dict_like(&mut self, path: &str, args: &Args, span: Span) -> Res {
        let dict = self.call_dict_type(args, span)?;
        if let Some(id) = dict.as_obj()
            && let Object::Dict(_, class) = self.heap.get_mut(id)
        {
            *class = Some(Val::symbol(path, span));
        }
        Ok(dict)
    }

    fn make_defaultdict(&mut self, args: &Args, span: Span) -> Res {
        let factory = args.pos.first().cloned().unwrap_or_else(|| Val::none(span));
        let rest = Args {
            pos: args.pos.iter().skip(1).cloned().collect(),
            kw: args.kw.clone(),
            doubtful: args.doubtful.clone(),
            ..Args::default()
        };
        let dict = self.call_dict_type(&rest, span)?;
        let marker = self.record("collections.defaultdict", "default_factory", factory, span);
        if let Some(id) = dict.as_obj()
            && let Object::Dict(_, class) = self.heap.get_mut(id)
        {
            *class = Some(marker);
        }
        Ok(dict)
    }

    fn make_counter(&mut self, args: &Args, span: Span) -> Res {
        let class = Val::symbol("collections.Counter", span);
        let id = self.heap.add(Object::Dict(Default::default(), Some(class)));
        if let Some(from) = args.pos.first()
            && !from.is_none()
        {
            self.count_into(id, from, BinaryOp::Add, span)?;
        }
        if !args.kw.is_empty() {
            let keywords = Args { kw: args.kw.clone(), ..Args::default() };
            let counts = self.call_dict_type(&keywords, span)?;
            self.count_into(id, &counts, BinaryOp::Add, span)?;
        }
        Ok(Val::obj(id, span))
    }

    /// The entries of all maps, those of the first map strongest.
    fn chain_maps(&mut self, maps: &[Val], span: Span) -> Res {
        let dict = self.dict(Default::default(), span);
        if let Some(id) = dict.as_obj() {
            for map in maps.iter().rev() {
                self.update_dict(id, map, span)?;
            }
            if let Object::Dict(_, class) = self.heap.get_mut(id) {
                *class = Some(Val::symbol("collections.ChainMap", span));
            }
        }
        Ok(dict)
    }

    /// `namedtuple(name, fields, rename=..., defaults=...)`.
    fn make_namedtuple(&mut self, name: &Val, args: &Args, span: Span) -> Option<Res> {
        let name = self.known_str(name)?;
        let fields = args.get(1, "field_names")?;
        let fields: Vec<Name> = match self.known_str(fields) {
            Some(text) => text.replace(',', " ").split_whitespace().map(Name::from).collect(),
            None => {
                let items = match self.iterate(fields, span) {
                    Ok(items) => items?,
                    Err(raised) => return Some(Err(raised)),
                };
                items.iter().map(|item| item.as_str().map(Name::from)).collect::<Option<_>>()?
            }
        };
        if fields.len() > MOST_FIELDS {
            let message = "a named tuple has more fields than the bound";
            return Some(Ok(self.limit_hole(span, "collection", message)));
        }
        let mut attrs = Map::default();
        if let Some(defaults) = args.named("defaults").filter(|val| !val.is_none()) {
            let defaults = match self.iterate(defaults, span) {
                Ok(defaults) => defaults?,
                Err(raised) => return Some(Err(raised)),
            };
            let without = fields.len().checked_sub(defaults.len())?;
            attrs.extend(fields.iter().skip(without).cloned().zip(defaults));
        }
        Some(self.named_tuple(&name, fields, attrs, span))
    }

    /// `typing.NamedTuple(name, [(field, type), ...])`.
    fn make_typed_tuple(&mut self, name: &Val, args: &Args, span: Span) -> Option<Res> {
        let name = self.known_str(name)?;
        let pairs = match self.iterate(args.get(1, "fields")?, span) {
            Ok(pairs) => pairs?,
            Err(raised) => return Some(Err(raised)),
        };
        let mut fields = Vec::new();
        for pair in pairs {
            let Data::Tuple(pair) = &pair.data else { return None };
            fields.push(Name::from(pair.first()?.as_str()?));
        }
        Some(self.named_tuple(&name, fields, Map::default(), span))
    }

    fn named_tuple(
        &mut self,
        name: &str,
        fields: Vec<Name>,
        mut attrs: Map<Name, Val>,
        span: Span,
    ) -> Res {
        let names = fields.iter().map(|field| Val::str(field.as_ref(), span)).collect();
        attrs.insert(Name::from("_fields"), Val::tuple(names, span));
        let base = Val::symbol("builtins.tuple", span);
        self.new_class(name, vec![base], attrs, Flavour::NamedTuple(fields.into()), span)
    }

    /// `Enum("Color", "RED GREEN")`, also with a list, pairs or a dict.
    fn make_enum(&mut self, base: &str, name: &Val, args: &Args, span: Span) -> Res<Option<Val>> {
        let (Some(name), Some(members)) = (self.known_str(name), args.get(1, "names")) else {
            return Ok(None);
        };
        let mut attrs: Map<Name, Val> = Map::default();
        let numbered = |attrs: &mut Map<Name, Val>, name: &str| {
            let number = i64::try_from(attrs.len() + 1).unwrap_or(i64::MAX);
            let val = match base {
                "enum.StrEnum" => Val::str(name.to_lowercase(), span),
                _ => Val::int(number, span),
            };
            attrs.insert(Name::from(name), val);
        };
        if let Some(text) = self.known_str(members) {
            for name in text.replace(',', " ").split_whitespace() {
                numbered(&mut attrs, name);
            }
        } else if let Some(entries) = self.entries_of(members) {
            for (key, (_, val)) in entries {
                let Key::Str(name) = key else { return Ok(None) };
                attrs.insert(Name::from(name.as_ref()), val);
            }
        } else {
            let Some(items) = self.iterate(members, span)? else { return Ok(None) };
            for item in items {
                match (&item.data, item.as_str()) {
                    (_, Some(name)) => numbered(&mut attrs, name),
                    (Data::Tuple(pair), None) => match pair.as_ref() {
                        [name, val] if name.as_str().is_some() => {
                            attrs
                                .insert(Name::from(name.as_str().unwrap_or_default()), val.clone());
                        }
                        _ => return Ok(None),
                    },
                    _ => return Ok(None),
                }
            }
        }
        let base = Val::symbol(base, span);
        self.new_class(&name, vec![base], attrs, Flavour::Enum, span).map(Some)
    }

    fn new_class(
        &mut self,
        name: &str,
        bases: Vec<Val>,
        mut attrs: Map<Name, Val>,
        flavour: Flavour,
        span: Span,
    ) -> Res {
        // A class made by a call goes by its name alone, wherever the call stands.
        let (module, globals) = match self.frame() {
            Some(frame) => (frame.module.clone(), frame.globals),
            None => return Ok(Val::none(span)),
        };
        let mro = self.linearise(&bases);
        let is_enum = flavour == Flavour::Enum;
        let class = ClassObject {
            name: Name::from(name),
            dotted: Name::from(format!("{module}.{name}")),
            qualname: Name::from(name),
            globals,
            span,
            bases,
            mro,
            flavour,
            rules: Rc::default(),
            meta: None,
        };
        let id = self.heap.add(Object::Class(Rc::new(class), Map::default()));
        let val = Val::obj(id, span);
        if is_enum {
            self.make_members(&val, &mut attrs)?;
        }
        if let Object::Class(_, slot) = self.heap.get_mut(id) {
            *slot = attrs;
        }
        Ok(val)
    }
}
