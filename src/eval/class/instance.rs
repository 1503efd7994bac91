//! Instances: what calling a class makes, and the fields of dataclasses.

use crate::eval::HoleKind;
use crate::eval::call::Args;
use crate::eval::interp::{Interp, Raised, Res};
use crate::eval::object::{Data, DataclassRules, Flavour, Instance, Key, Map, ObjId, Object, Val};
use crate::python::Span;
use crate::python::ast::Name;
use std::rc::Rc;

/// Steps that setting a field counts for.
const FIELD: usize = 3;
/// Fields that are compared in the time of a step.
const FIELDS_COMPARED: usize = 16;

/// The methods that the other methods of `collections.UserDict` use.
const USED_BY_USER_DICT: &[&str] = &[
    "__init__",
    "__getitem__",
    "__setitem__",
    "__delitem__",
    "__contains__",
    "__iter__",
    "__len__",
    "__missing__",
];

impl Interp<'_> {
    /// Calls a user class.
    pub(crate) fn call_class(&mut self, id: ObjId, args: Args, span: Span) -> Res {
        let class = Val::obj(id, span);
        if let Some(meta) = self.meta_of(&class)
            && let Ok(Some(own)) = self.class_lookup(&meta, "__call__")
        {
            let mut args = args;
            args.pos.insert(0, class);
            return self.call(&own, args, span);
        }
        self.instantiate(id, args, span)
    }

    /// Makes an instance of a class that has its own `__new__`.
    pub(super) fn instantiate_by(&mut self, class: &Val, new: &Val, args: Args, span: Span) -> Res {
        let function = self.unwrap_method(new);
        let mut given = args.clone();
        given.pos.insert(0, class.clone());
        let made = self.call(&function, given, span)?;
        let own = self.class_of(&made);
        if !self.is_instance(&made) || self.is_subclass(&own, class) != Some(true) {
            return Ok(made);
        }
        match self.class_lookup(&own, "__init__") {
            Ok(Some(init)) => {
                let mut args = args;
                args.pos.insert(0, made.clone());
                self.call(&init, args, span)?;
            }
            _ => {
                if let Some(Flavour::Dataclass(fields)) = self.flavour_of(&own) {
                    self.init_fields(&made, &own, &fields, &args, span)?;
                }
            }
        }
        Ok(made)
    }

    /// `object.__new__(cls, ...)`, also that of builtin types with a value.
    pub(crate) fn bare_instance(&mut self, args: &Args, span: Span) -> Res {
        let Some(class) = args.pos.first().cloned() else {
            return self.type_error("object.__new__(): not enough arguments", span);
        };
        if class.as_obj().is_none() {
            return Ok(self.derived(&args.all(), span));
        }
        self.refuse_abstract(&class, span)?;
        let base = self.symbol_base(&class);
        let rest = Args { pos: args.pos.iter().skip(1).cloned().collect(), ..args.clone() };
        if let Some(Flavour::NamedTuple(fields)) = self.flavour_of(&class) {
            let instance = Instance { class: class.clone(), attrs: Map::default(), payload: None };
            let made = self.heap.val(Object::Instance(instance), span);
            self.init_fields(&made, &class, &fields, &rest, span)?;
            return Ok(made);
        }
        let payload = base.as_deref().and_then(|base| self.payload(base, &rest, span));
        let instance = Instance { class, attrs: Map::default(), payload };
        Ok(self.heap.val(Object::Instance(instance), span))
    }

    /// Makes an instance of a user class.
    pub(crate) fn instantiate(&mut self, id: ObjId, args: Args, span: Span) -> Res {
        let class = Val::obj(id, span);
        let Object::Class(object, attrs) = self.heap.get(id) else {
            return self.type_error("object is not a class", span);
        };
        if object.flavour == Flavour::Enum {
            let attrs = attrs.clone();
            return self.enum_member(&class, &attrs, &args, span);
        }
        let object = Rc::clone(object);
        self.refuse_abstract(&class, span)?;
        if object.mro.iter().any(|base| base.as_symbol() == Some("typing.TypedDict")) {
            return self.call_dict_type(&args, span);
        }
        let base = self.symbol_base(&class);
        if let Some(base) = &base
            && crate::eval::library::airflow::is_operator(base)
        {
            return self.make_operator(&class, base, args, span);
        }
        if let Some(base @ ("airflow.TaskGroup" | "airflow.DAG")) = base.as_deref() {
            let base = Name::from(base);
            return self.make_node_subclass(&class, &base, args, span);
        }
        // The other methods of a `UserDict` go through these, so its dict alone does not say what they do.
        if base.as_deref() == Some("collections.UserDict")
            && USED_BY_USER_DICT
                .iter()
                .any(|name| !matches!(self.class_lookup(&class, name), Ok(None)))
        {
            let name = self.type_text(&class);
            return Ok(self.hole(HoleKind::Call, name, span));
        }
        if let Ok(Some(new)) = self.class_lookup(&class, "__new__") {
            return self.instantiate_by(&class, &new, args, span);
        }
        let unknown_base = object.mro.iter().find(|base| self.unknown(base).is_some()).cloned();
        let init = self.class_lookup(&class, "__init__");
        if let (Some(unknown), Ok(Some(_))) = (&unknown_base, &init)
            && let Some(task) = self.subclass_of_unresolved(&class, unknown, &args, span)?
        {
            return Ok(task);
        }
        let payload = base.as_deref().and_then(|base| self.payload(base, &args, span));
        let instance = Instance { class: class.clone(), attrs: Map::default(), payload };
        let this = self.heap.val(Object::Instance(instance), span);
        match init {
            Ok(Some(init)) => {
                let mut args = args;
                args.pos.insert(0, this.clone());
                self.call(&init, args, span)?;
            }
            Ok(None) => match &object.flavour {
                Flavour::Dataclass(fields) | Flavour::NamedTuple(fields) => {
                    self.init_fields(&this, &class, fields, &args, span)?;
                }
                _ => {
                    if let Some(base) = &base
                        && self.is_exception_class(base)
                    {
                        self.set_exception_args(&this, &args, span);
                    }
                }
            },
            Err(base) => {
                // A base podlift cannot see decides what the arguments mean. It may be an operator.
                let name = base.hole().map_or_else(String::new, |hole| hole.name.clone());
                if let Some(task) = self.unresolved_operator(&name, &args, span)? {
                    return Ok(task);
                }
            }
        }
        if let Some(base) = unknown_base {
            let key = Name::from("__unknown_base__");
            self.set_raw(&this, &key, base);
        }
        Ok(this)
    }

    pub(super) fn enum_member(
        &mut self,
        class: &Val,
        attrs: &Map<Name, Val>,
        args: &Args,
        span: Span,
    ) -> Res {
        self.spend(attrs.len(), span)?;
        let Some(wanted) = args.pos.first() else {
            return self.type_error("an enum needs a value", span);
        };
        if self.is_open(wanted) {
            self.may_raise(wanted, span);
            return Ok(self.derived(&[wanted], span));
        }
        for val in attrs.values() {
            if let Some(member) = val.as_obj()
                && let Object::Instance(instance) = self.heap.get(member)
                && let Some(payload) = &instance.payload
            {
                match self.equal(payload, wanted) {
                    Some(true) => return Ok(val.clone()),
                    Some(false) => {}
                    // It may be the member whose value is not known.
                    None => return Ok(self.derived(&[&payload.clone(), wanted], span)),
                }
            }
        }
        if let Ok(Some(missing)) = self.class_lookup(class, "_missing_") {
            let function = self.unwrap_method(&missing);
            let args = Args::positional(vec![class.clone(), wanted.clone()]);
            let made = self.call(&function, args, span)?;
            if !made.is_none() {
                return Ok(made);
            }
        }
        let mut text = self.repr_text(wanted, span)?;
        let name = match class.as_obj().map(|id| self.heap.get(id)) {
            Some(Object::Class(class, _)) => class.qualname.to_string(),
            _ => self.type_text(class),
        };
        text.push_str(&format!(" is not a valid {name}"));
        let kind = Val::symbol("builtins.ValueError", span);
        let args = Args::positional(vec![Val::text(text, span)]);
        Err(Raised::Exception(self.make_exception(kind, &args, span)))
    }

    /// The builtin value inside an instance of a subclass of `dict`, `list` or `str`.
    pub(super) fn payload(&mut self, base: &str, args: &Args, span: Span) -> Option<Val> {
        matches!(
            base,
            "builtins.dict"
                | "builtins.list"
                | "builtins.str"
                | "builtins.int"
                | "builtins.float"
                | "builtins.bytes"
                | "builtins.tuple"
                | "builtins.set"
                | "builtins.frozenset"
                | "collections.UserDict"
                | "collections.OrderedDict"
        )
        .then(|| {
            let base = if base == "collections.UserDict" { "builtins.dict" } else { base };
            self.call_symbol(base, args.clone(), span).ok()
        })
        .flatten()
    }

    /// Fields of a dataclass or named tuple from call arguments and defaults.
    pub(super) fn init_fields(
        &mut self,
        this: &Val,
        class: &Val,
        fields: &[Name],
        args: &Args,
        span: Span,
    ) -> Res<()> {
        let rules = self.rules_of(class);
        let listed = rules.kw_only.len() + rules.init_only.len() + args.kw.len();
        let compared = fields.len().saturating_mul(listed) / FIELDS_COMPARED;
        self.spend(fields.len() * FIELD + compared, span)?;
        let mut pos = args.pos.iter();
        let mut init_only = Vec::new();
        let mut vals = Vec::new();
        // `self` or the class counts as an argument.
        let (mut takes, mut needed, mut refused) = (1, 1, Vec::new());
        for field in fields {
            let default = self.class_lookup(class, field).ok().flatten();
            let init = self.field_is_given(default.as_ref())?;
            let by_position = init && !rules.kw_only.contains(field);
            if by_position {
                takes += 1;
                needed += usize::from(default.is_none());
            }
            if !init {
                refused.push(field);
            }
            let given = if by_position { pos.next().cloned() } else { None };
            let given = given.or_else(|| args.named(field).filter(|_| init).cloned());
            let default = match &given {
                Some(_) => None,
                None => self.field_default(default, span)?,
            };
            let val = match (given, default) {
                (Some(val), _) => val,
                (None, _) if init && args.is_open() => {
                    let open = args.more_kw.clone().or_else(|| args.more_pos.clone());
                    let open = open.unwrap_or_else(|| Val::none(span));
                    self.part_of(&open, &format!("[{field:?}]"), span)
                }
                (None, Some(default)) => default,
                // `__post_init__` sets it.
                (None, None) if !init => continue,
                (None, None) => {
                    let name = self.type_text(class);
                    let is_tuple = matches!(self.flavour_of(class), Some(Flavour::NamedTuple(_)));
                    let maker = if is_tuple { "__new__" } else { "__init__" };
                    let message = format!(
                        "{name}.{maker}() missing 1 required positional argument: '{field}'"
                    );
                    return self.type_error(message, span);
                }
            };
            if rules.init_only.contains(field) {
                init_only.push(val);
                continue;
            }
            vals.push(val.clone());
            // A generated constructor assigns, which a setter or `__setattr__` of the class may see.
            match self.flavour_of(class) {
                Some(Flavour::Dataclass(_)) if !rules.frozen => {
                    self.set_attribute(this, field, val, span)?;
                }
                _ => self.set_raw(this, field, val),
            }
        }
        let name = self.type_text(class);
        if pos.next().is_some() {
            let is_tuple = matches!(self.flavour_of(class), Some(Flavour::NamedTuple(_)));
            let maker = if is_tuple { "__new__" } else { "__init__" };
            let maker = format!("{name}.{maker}");
            let given = args.pos.len() + 1;
            let message = crate::eval::call::too_many_positional(&maker, needed, takes, given);
            return self.type_error(message, span);
        }
        let is_known = |name: &Name| fields.contains(name) && !refused.contains(&name);
        if let Some(extra) = args.kw.keys().find(|name| !is_known(name)) {
            let message = format!("{name}.__init__() got an unexpected keyword argument '{extra}'");
            return self.type_error(message, span);
        }
        if let Some(Flavour::NamedTuple(_)) = self.flavour_of(class)
            && let Some(id) = this.as_obj()
            && let Object::Instance(instance) = self.heap.get_mut(id)
        {
            // It holds its fields a second time.
            self.steps += vals.len() as u64;
            instance.payload = Some(Val::tuple(vals, span));
        }
        if let Ok(Some(post)) = self.class_lookup(class, "__post_init__") {
            let mut pos = vec![this.clone()];
            pos.append(&mut init_only);
            self.call(&post, Args::positional(pos), span)?;
        }
        Ok(())
    }

    /// How a dataclass behaves; the default for every other class.
    pub(crate) fn rules_of(&self, class: &Val) -> Rc<DataclassRules> {
        match class.as_obj().map(|id| self.heap.get(id)) {
            Some(Object::Class(class, _)) => Rc::clone(&class.rules),
            _ => Rc::default(),
        }
    }

    /// Values of the fields of a dataclass instance, in their order.
    pub(crate) fn field_values(&self, val: &Val) -> Option<Vec<Val>> {
        let Object::Instance(instance) = self.heap.get(val.as_obj()?) else { return None };
        match self.flavour_of(&instance.class)? {
            Flavour::Dataclass(fields) => {
                Some(fields.iter().filter_map(|field| instance.attrs.get(field).cloned()).collect())
            }
            _ => None,
        }
    }

    /// Values of the fields by which instances of a dataclass are compared, in their order.
    pub(crate) fn compared_values(&self, val: &Val) -> Option<Vec<Val>> {
        let Object::Instance(instance) = self.heap.get(val.as_obj()?) else { return None };
        let Flavour::Dataclass(fields) = self.flavour_of(&instance.class)? else { return None };
        self.work(fields.len());
        let is_compared = |field: &Name| {
            let default = self.class_lookup(&instance.class, field).ok().flatten();
            let options = default.and_then(|default| self.field_options(&default));
            let compare = options.and_then(|options| options.get("compare").cloned());
            !compare.is_some_and(|val| matches!(val.data, Data::Bool(false)))
        };
        let compared = fields.iter().filter(|field| is_compared(field));
        Some(compared.filter_map(|field| instance.attrs.get(field).cloned()).collect())
    }

    /// The default of a dataclass field, and whether the constructor takes it.
    pub(super) fn field_default(&mut self, default: Option<Val>, span: Span) -> Res<Option<Val>> {
        let Some(val) = default else { return Ok(None) };
        let Some(attrs) = self.field_options(&val) else { return Ok(Some(val)) };
        if let Some(factory) = attrs.get("default_factory").cloned() {
            return self.call(&factory, Args::default(), span).map(Some);
        }
        Ok(attrs.get("default").cloned())
    }

    /// Whether a field is an argument of `__init__`.
    pub(super) fn field_is_given(&mut self, default: Option<&Val>) -> Res<bool> {
        let options = default.and_then(|val| self.field_options(val));
        Ok(match options.as_ref().and_then(|options| options.get("init")) {
            Some(init) => self.truth(init)? != Some(false),
            None => true,
        })
    }

    /// The keywords of a `field(...)`.
    pub(crate) fn field_options(&self, val: &Val) -> Option<Map<Name, Val>> {
        match self.heap.get(val.as_obj()?) {
            Object::Record(class, attrs) if class.as_ref() == "dataclasses.field" => {
                Some(attrs.clone())
            }
            _ => None,
        }
    }

    /// What an instance itself has under a name. Its `__dict__` may be a dict of the user's, or the instance.
    pub(crate) fn own_attribute(&self, instance: &Instance, name: &Name) -> Option<Val> {
        match instance.attrs.get("__dict__") {
            Some(dict) if name.as_ref() != "__dict__" => {
                self.value_at(dict, &Key::Str(name.as_ref().into()))
            }
            _ => instance.attrs.get(name).cloned(),
        }
    }

    /// The dict that holds the attributes of an instance, if that is one of the user's.
    fn own_dict(&self, id: ObjId) -> Option<ObjId> {
        let Object::Instance(instance) = self.heap.get(id) else { return None };
        let dict = instance.attrs.get("__dict__")?.as_obj()?;
        match self.heap.get(dict) {
            Object::Dict(..) => Some(self.heap.resolve(dict)),
            Object::Instance(own) => {
                let payload = own.payload.as_ref()?.as_obj()?;
                matches!(self.heap.get(payload), Object::Dict(..))
                    .then(|| self.heap.resolve(payload))
            }
            _ => None,
        }
    }

    /// Sets an attribute without calling anything.
    pub(crate) fn set_raw(&mut self, this: &Val, name: &Name, val: Val) {
        let Some(id) = this.as_obj() else { return };
        if name.as_ref() != "__dict__"
            && let Some(dict) = self.own_dict(id)
        {
            let (key, index) = (Key::Str(name.as_ref().into()), Val::str(name.as_ref(), val.span));
            self.insert(dict, key, index, val);
            return;
        }
        match self.heap.get_mut(id) {
            Object::Instance(instance) => {
                instance.attrs.insert(name.clone(), val);
            }
            Object::Record(_, attrs) | Object::Model(_, attrs) | Object::Class(_, attrs) => {
                attrs.insert(name.clone(), val);
            }
            Object::Task(task) => {
                task.attrs.insert(name.clone(), val);
            }
            Object::Dag(dag) => {
                dag.attrs.insert(name.clone(), val);
            }
            Object::Group(group) => {
                group.attrs.insert(name.clone(), val);
            }
            _ => {}
        }
    }
}
