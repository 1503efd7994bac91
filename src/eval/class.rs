//! Classes: definition, instances, attribute lookup and `super()`.

use std::rc::Rc;

use super::HoleKind;
use super::branch::Flow;
use super::call::{Args, Kwarg};
use super::interp::{Frame, Interp, Raised, Res};
use super::object::{
    ClassObject, Data, DataclassRules, Flavour, Instance, Map, ObjId, Object, Val,
};
use crate::python::Span;
use crate::python::ast::{self, Name};

impl Interp<'_> {
    /// `class`: evaluates the body in a scope of its own and makes the class.
    pub(crate) fn make_class(&mut self, def: &std::sync::Arc<ast::Class>) -> Res {
        let mut bases = Vec::new();
        for base in &def.bases {
            let val = self.eval(base)?;
            bases.push(val);
        }
        let mut options = Args::default();
        for keyword in &def.keywords {
            let val = self.eval(&keyword.value)?;
            if let Some(name) = &keyword.name {
                options.kw.insert(name.clone(), Kwarg { val, span: keyword.span });
            }
        }
        let Some(outer) = self.frame().cloned() else { return Ok(Val::none(def.span)) };
        let scope = self.heap.add(Object::Scope(Map::default()));
        let mut closure = outer.closure.to_vec();
        if !outer.is_class && outer.scope != outer.globals {
            closure.insert(0, outer.scope);
        }
        let frame = Frame {
            scope,
            globals: outer.globals,
            closure: closure.into(),
            function: None,
            this: None,
            call: def.span,
            global_names: Vec::new(),
            nonlocal_names: Vec::new(),
            yields: Vec::new(),
            is_class: true,
            module: outer.module.clone(),
            undecided: self.undecided(),
            tries: 0,
            doubt: None,
        };
        self.frames.push(frame);
        let flow = self.exec_block(&def.body);
        let flow = self.each_end(flow, &mut |_, end| match end {
            Flow::Raise(_) | Flow::Stop => end,
            _ => Flow::Normal,
        });
        self.frames.pop();
        match flow {
            Flow::Raise(val) => return Err(Raised::Exception(val)),
            Flow::Stop => return Err(Raised::Stop),
            _ => {}
        }
        let mut attrs = match self.heap.get(scope) {
            Object::Scope(names) => names.clone(),
            _ => Map::default(),
        };
        if let Some(doc) = &def.docstring {
            attrs.entry(Name::from("__doc__")).or_insert(Val::str(doc.as_ref(), def.span));
        }
        let metaclass = options.kw.shift_remove("metaclass").map(|kwarg| kwarg.val);
        let meta = self.metaclass(metaclass, &bases);
        let Some(meta) = meta else {
            return self.build_class(&def.name, bases, attrs, None, &options, def.span);
        };
        let bases_tuple = Val::tuple(bases.clone(), def.span);
        let namespace = self.dict_of(&attrs, def.span);
        let parts = vec![Val::str(def.name.as_ref(), def.span), bases_tuple, namespace];
        let made = match self.class_lookup(&meta, "__new__") {
            Ok(Some(new)) => {
                let function = self.unwrap_method(&new);
                let mut pos = vec![meta.clone()];
                pos.extend(parts.iter().cloned());
                self.call(&function, Args { pos, ..options.clone() }, def.span)?
            }
            _ => {
                let meta = Some(meta.clone());
                self.build_class(&def.name, bases, attrs, meta, &options, def.span)?
            }
        };
        if let Ok(Some(init)) = self.class_lookup(&meta, "__init__") {
            let mut pos = vec![made.clone()];
            pos.extend(parts);
            self.call(&init, Args { pos, ..options }, def.span)?;
        }
        Ok(made.at(def.span))
    }

    /// The user's metaclass of a class: its own or that of a base.
    fn metaclass(&self, own: Option<Val>, bases: &[Val]) -> Option<Val> {
        let is_class = |val: &Val| {
            val.as_obj().is_some_and(|id| matches!(self.heap.get(id), Object::Class(..)))
        };
        own.filter(is_class).or_else(|| bases.iter().find_map(|base| self.meta_of(base)))
    }

    /// The user's metaclass of a finished class.
    pub(crate) fn meta_of(&self, class: &Val) -> Option<Val> {
        match self.heap.get(class.as_obj()?) {
            Object::Class(class, _) => class.meta.clone(),
            _ => None,
        }
    }

    /// Calls a method that the metaclass of a class defines.
    pub(crate) fn meta_call(
        &mut self,
        class: &Val,
        name: &str,
        args: &[Val],
        span: Span,
    ) -> Res<Option<Val>> {
        let Some(meta) = self.meta_of(class) else { return Ok(None) };
        let Ok(Some(function)) = self.class_lookup(&meta, name) else { return Ok(None) };
        let mut pos = vec![class.clone()];
        pos.extend(args.iter().cloned());
        self.call(&function, Args::positional(pos), span).map(Some)
    }

    /// A class from its parts; `options` are the keywords of the `class` statement.
    pub(crate) fn build_class(
        &mut self,
        name: &str,
        bases: Vec<Val>,
        attrs: Map<Name, Val>,
        meta: Option<Val>,
        options: &Args,
        span: Span,
    ) -> Res {
        let mut attrs = attrs;
        let module = self.frame().map_or_else(|| Name::from(""), |frame| frame.module.clone());
        let mro = self.linearise(&bases);
        let flavour = self.flavour(&bases, &attrs);
        let class = ClassObject {
            name: Name::from(name),
            qualname: Name::from(format!("{module}.{name}")),
            span,
            bases,
            mro,
            flavour: flavour.clone(),
            rules: DataclassRules::default(),
            meta,
        };
        let id = self.heap.add(Object::Class(Rc::new(class), Map::default()));
        self.classes.push(id);
        // Methods learn which class they belong to, for `super()`.
        let mut methods = Vec::new();
        for val in attrs.values() {
            self.methods_in(val, &mut methods);
        }
        for method in methods {
            if let Object::Function(function) = self.heap.get_mut(method) {
                let mut owned = function.as_ref().clone();
                owned.class = Some(id);
                *function = Rc::new(owned);
            }
        }
        let val = Val::obj(id, span);
        if flavour == Flavour::Enum {
            self.make_members(&val, &mut attrs)?;
        }
        let named: Vec<(Name, Val)> = attrs
            .iter()
            .filter(|(_, val)| self.is_instance(val))
            .map(|(name, val)| (name.clone(), val.clone()))
            .collect();
        if let Object::Class(_, slot) = self.heap.get_mut(id) {
            *slot = attrs;
        }
        for (name, descriptor) in named {
            if let Ok(Some(hook)) = self.class_lookup(&self.class_of(&descriptor), "__set_name__") {
                let args = vec![descriptor, val.clone(), Val::str(name.as_ref(), span)];
                self.call(&hook, Args::positional(args), span)?;
            }
        }
        self.init_subclass(&val, options, span)?;
        Ok(val)
    }

    pub(crate) fn is_instance(&self, val: &Val) -> bool {
        val.as_obj().is_some_and(|id| matches!(self.heap.get(id), Object::Instance(_)))
    }

    fn methods_in(&self, val: &Val, found: &mut Vec<ObjId>) {
        let Data::Obj(id) = &val.data else { return };
        match self.heap.get(*id) {
            Object::Function(function) if function.class.is_none() => found.push(*id),
            Object::Static(inner) | Object::ClassMethod(inner) => self.methods_in(inner, found),
            Object::Property(get, set, delete) => {
                for method in std::iter::once(get).chain(set).chain(delete) {
                    self.methods_in(method, found);
                }
            }
            _ => {}
        }
    }

    /// `__init_subclass__` of a base.
    fn init_subclass(&mut self, class: &Val, options: &Args, span: Span) -> Res<()> {
        let Some(id) = class.as_obj() else { return Ok(()) };
        for base in self.mro(id) {
            if let Some(base) = base.as_obj()
                && let Object::Class(_, attrs) = self.heap.get(base)
                && let Some(hook) = attrs.get("__init_subclass__").cloned()
            {
                let function = self.unwrap_method(&hook);
                let args = Args { pos: vec![class.clone()], ..options.clone() };
                self.call(&function, args, span)?;
                break;
            }
        }
        Ok(())
    }

    pub(crate) fn unwrap_method(&self, val: &Val) -> Val {
        match val.as_obj().map(|id| self.heap.get(id)) {
            Some(Object::ClassMethod(inner) | Object::Static(inner)) => inner.clone(),
            _ => val.clone(),
        }
    }

    /// Enum members: every public class variable that is no method becomes an instance; a value that
    /// was there before is another name for that member.
    pub(crate) fn make_members(&mut self, class: &Val, attrs: &mut Map<Name, Val>) -> Res<()> {
        let names: Vec<Name> =
            attrs.keys().filter(|name| !name.starts_with('_')).cloned().collect();
        let base = self.symbol_base(class);
        let base = base.as_deref().unwrap_or("enum.Enum").to_owned();
        let mut values: Vec<Val> = Vec::new();
        let mut members: Vec<Val> = Vec::new();
        for name in names {
            let Some(val) = attrs.get(&name).cloned() else { continue };
            let is_plain = match val.as_obj().map(|id| self.heap.get(id)) {
                Some(
                    Object::Function(_)
                    | Object::Property(..)
                    | Object::Static(_)
                    | Object::ClassMethod(_),
                ) => false,
                Some(Object::Record(kind, _)) => kind.as_ref() != "functools.cached_property",
                _ => true,
            };
            if !is_plain {
                continue;
            }
            let val = if val.as_symbol() == Some("enum.auto()") {
                self.next_member_value(attrs, &name, &values, &base, val.span)?
            } else {
                val
            };
            values.push(val.clone());
            let mut known = None;
            for member in &members {
                if let Some(Object::Instance(instance)) =
                    member.as_obj().map(|id| self.heap.get(id))
                    && let Some(payload) = &instance.payload
                    && self.equal(payload, &val) == Some(true)
                {
                    known = Some(member.clone());
                }
            }
            if let Some(known) = known {
                attrs.insert(name, known);
                continue;
            }
            let mut parts = Map::default();
            parts.insert(Name::from("name"), Val::str(name.as_ref(), val.span));
            parts.insert(Name::from("value"), val.clone());
            parts.insert(Name::from("_name_"), Val::str(name.as_ref(), val.span));
            parts.insert(Name::from("_value_"), val.clone());
            let instance =
                Instance { class: class.clone(), attrs: parts, payload: Some(val.clone()) };
            let member = self.heap.val(Object::Instance(instance), val.span);
            if let Some(init) = attrs.get("__init__").cloned() {
                let mut pos = vec![member.clone()];
                match &val.data {
                    Data::Tuple(items) => pos.extend(items.iter().cloned()),
                    _ => pos.push(val.clone()),
                }
                self.call(&init, Args::positional(pos), val.span)?;
            }
            members.push(member.clone());
            attrs.insert(name, member);
        }
        Ok(())
    }

    /// What `auto()` stands for.
    fn next_member_value(
        &mut self,
        attrs: &Map<Name, Val>,
        name: &Name,
        values: &[Val],
        base: &str,
        span: Span,
    ) -> Res {
        let last = values.iter().filter_map(Val::as_int).max();
        if let Some(own) = attrs.get("_generate_next_value_").cloned() {
            let function = self.unwrap_method(&own);
            let before = self.list(values.to_vec(), span);
            let count = i64::try_from(values.len()).unwrap_or(i64::MAX);
            let args = vec![
                Val::str(name.as_ref(), span),
                Val::int(1, span),
                Val::int(count, span),
                before,
            ];
            return self.call(&function, Args::positional(args), span);
        }
        Ok(match base {
            "enum.StrEnum" => Val::str(name.to_lowercase(), span),
            "enum.Flag" | "enum.IntFlag" => {
                let bits = last.map_or(0, |last| 64 - last.max(0).leading_zeros());
                Val::int(1_i64.checked_shl(bits).unwrap_or(i64::MAX), span)
            }
            _ => Val::int(last.unwrap_or(0).saturating_add(1), span),
        })
    }

    pub(crate) fn flavour(&self, bases: &[Val], attrs: &Map<Name, Val>) -> Flavour {
        for base in bases {
            match &base.data {
                Data::Symbol(path) => match path.as_ref() {
                    "enum.Enum" | "enum.IntEnum" | "enum.StrEnum" | "enum.Flag"
                    | "enum.IntFlag" => {
                        return Flavour::Enum;
                    }
                    "typing.NamedTuple" => return Flavour::NamedTuple(self.declared(attrs)),
                    _ => {}
                },
                Data::Obj(id) => {
                    if let Object::Class(class, _) = self.heap.get(*id) {
                        match &class.flavour {
                            Flavour::Plain => {}
                            other => return other.clone(),
                        }
                    }
                }
                _ => {}
            }
        }
        Flavour::Plain
    }

    /// Names declared with an annotation in a class body, in order.
    pub(crate) fn declared(&self, attrs: &Map<Name, Val>) -> Vec<Name> {
        let Some(Val { data: Data::Obj(id), .. }) = attrs.get("__annotations__") else {
            return Vec::new();
        };
        match self.heap.get(*id) {
            Object::Dict(entries, _) => {
                entries.values().filter_map(|(name, _)| name.as_str().map(Name::from)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// C3 linearisation of the bases, the class itself left out. Classes that disagree keep the
    /// order in which they appear.
    pub(crate) fn linearise(&self, bases: &[Val]) -> Vec<Val> {
        if let [base] = bases {
            let mut order = vec![base.clone()];
            if let Some(id) = base.as_obj() {
                order.extend(self.mro(id));
            }
            return order;
        }
        let mut lists: Vec<Vec<Val>> = bases
            .iter()
            .map(|base| {
                let mut list = vec![base.clone()];
                if let Some(id) = base.as_obj() {
                    list.extend(self.mro(id));
                }
                list
            })
            .collect();
        lists.push(bases.to_vec());
        let mut order: Vec<Val> = Vec::new();
        loop {
            lists.retain(|list| !list.is_empty());
            if lists.is_empty() {
                return order;
            }
            let good = lists.iter().filter_map(|list| list.first()).find(|head| {
                !lists
                    .iter()
                    .any(|list| list.iter().skip(1).any(|other| self.same(head, other, 16)))
            });
            let Some(next) = good.or_else(|| lists.first().and_then(|list| list.first())).cloned()
            else {
                return order;
            };
            for list in &mut lists {
                list.retain(|other| !self.same(&next, other, 16));
            }
            order.push(next);
        }
    }

    /// Bases in method resolution order, the class itself left out.
    pub(crate) fn mro(&self, id: ObjId) -> Vec<Val> {
        match self.heap.get(id) {
            Object::Class(class, _) => class.mro.clone(),
            _ => Vec::new(),
        }
    }

    /// Looks an attribute up along the method resolution order: the value and the class it was found
    /// in. `Err` holds a base podlift cannot see that comes first.
    pub(crate) fn class_lookup(&self, class: &Val, name: &str) -> Result<Option<Val>, Val> {
        let Some(id) = class.as_obj() else { return Ok(None) };
        let order = std::iter::once(class.clone()).chain(self.mro(id));
        for class in order {
            match &class.data {
                Data::Obj(id) => {
                    if let Object::Class(_, attrs) = self.heap.get(*id)
                        && let Some(val) = attrs.get(name)
                    {
                        return Ok(Some(val.clone()));
                    }
                }
                Data::Unknown(_) => return Err(class),
                _ => {}
            }
        }
        Ok(None)
    }

    /// The first base that is a symbol of a library, such as an operator or an exception class.
    pub(crate) fn symbol_base(&self, class: &Val) -> Option<Name> {
        match &class.data {
            Data::Symbol(path) => Some(path.clone()),
            Data::Obj(id) => self.mro(*id).iter().find_map(|base| match &base.data {
                Data::Symbol(path) if !is_mixin(path) => Some(path.clone()),
                _ => None,
            }),
            _ => None,
        }
    }

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
    fn instantiate_by(&mut self, class: &Val, new: &Val, args: Args, span: Span) -> Res {
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
        let base = self.symbol_base(&class);
        let rest = Args { pos: args.pos.iter().skip(1).cloned().collect(), ..args.clone() };
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
        let (object, attrs) = (Rc::clone(object), attrs.clone());
        if object.flavour == Flavour::Enum {
            return self.enum_member(&class, &attrs, &args, span);
        }
        if object.mro.iter().any(|base| base.as_symbol() == Some("typing.TypedDict")) {
            return self.call_dict_type(&args, span);
        }
        let base = self.symbol_base(&class);
        if let Some(base) = &base
            && super::library::airflow::is_operator(base)
        {
            return self.make_operator(&class, base, args, span);
        }
        if let Some(base @ ("airflow.TaskGroup" | "airflow.DAG")) = base.as_deref() {
            let base = Name::from(base);
            return self.make_node_subclass(&class, &base, args, span);
        }
        if let Ok(Some(new)) = self.class_lookup(&class, "__new__") {
            return self.instantiate_by(&class, &new, args, span);
        }
        let unknown_base = object.mro.iter().find(|base| self.unknown(base).is_some()).cloned();
        let payload = base.as_deref().and_then(|base| self.payload(base, &args, span));
        let instance = Instance { class: class.clone(), attrs: Map::default(), payload };
        let this = self.heap.val(Object::Instance(instance), span);
        match self.class_lookup(&class, "__init__") {
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

    fn enum_member(&mut self, class: &Val, attrs: &Map<Name, Val>, args: &Args, span: Span) -> Res {
        let Some(wanted) = args.pos.first() else {
            return self.type_error("an enum needs a value", span);
        };
        if let Some(unknown) = self.unknown(wanted) {
            return Ok(self.derived(&[&unknown], span));
        }
        for val in attrs.values() {
            if let Some(member) = val.as_obj()
                && let Object::Instance(instance) = self.heap.get(member)
                && let Some(payload) = &instance.payload
                && self.equal(payload, wanted) == Some(true)
            {
                return Ok(val.clone());
            }
        }
        let text = format!("{} is not a valid {}", self.short_repr(wanted), self.type_text(class));
        Err(self.exception("ValueError", text, span))
    }

    /// The builtin value inside an instance of a subclass of `dict`, `list` or `str`.
    fn payload(&mut self, base: &str, args: &Args, span: Span) -> Option<Val> {
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
    fn init_fields(
        &mut self,
        this: &Val,
        class: &Val,
        fields: &[Name],
        args: &Args,
        span: Span,
    ) -> Res<()> {
        let rules = self.rules_of(class);
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
            self.set_raw(this, field, val);
        }
        let name = self.type_text(class);
        if pos.next().is_some() {
            let is_tuple = matches!(self.flavour_of(class), Some(Flavour::NamedTuple(_)));
            let maker = if is_tuple { "__new__" } else { "__init__" };
            let maker = format!("{name}.{maker}");
            let given = args.pos.len() + 1;
            let message = super::call::too_many_positional(&maker, needed, takes, given);
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
    pub(crate) fn rules_of(&self, class: &Val) -> DataclassRules {
        match class.as_obj().map(|id| self.heap.get(id)) {
            Some(Object::Class(class, _)) => class.rules.clone(),
            _ => DataclassRules::default(),
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

    /// The default of a dataclass field, and whether the constructor takes it.
    fn field_default(&mut self, default: Option<Val>, span: Span) -> Res<Option<Val>> {
        let Some(val) = default else { return Ok(None) };
        let Some(attrs) = self.field_options(&val) else { return Ok(Some(val)) };
        if let Some(factory) = attrs.get("default_factory").cloned() {
            return self.call(&factory, Args::default(), span).map(Some);
        }
        Ok(attrs.get("default").cloned())
    }

    /// Whether a field is an argument of `__init__`.
    fn field_is_given(&mut self, default: Option<&Val>) -> Res<bool> {
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

    /// Sets an attribute without calling anything.
    pub(crate) fn set_raw(&mut self, this: &Val, name: &Name, val: Val) {
        let Some(id) = this.as_obj() else { return };
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
            _ => {}
        }
    }

    /// `super()` without arguments: the class of the method and its first argument.
    pub(crate) fn bare_super(&mut self, span: Span) -> Res {
        // A comprehension inside a method has a frame of its own; the method's is further out.
        let found = self.frames.iter().rev().find_map(|frame| {
            let function = frame.function.as_ref()?;
            Some((function.class?, frame.this.clone()?))
        });
        match found {
            Some((class, this)) => {
                Ok(self.heap.val(Object::Super(this, Val::obj(class, span)), span))
            }
            None => Ok(self.hole(HoleKind::Name, "super()", span)),
        }
    }

    /// The next definition of `name` after the class of a `super()`.
    pub(crate) fn super_attribute(
        &mut self,
        this: &Val,
        after: &Val,
        name: &Name,
        span: Span,
    ) -> Res {
        let in_making = self
            .nodes_in_making
            .iter()
            .rev()
            .find(|(node, _)| node.as_obj() == this.as_obj())
            .map(|(_, class)| class.clone());
        let class = match in_making.unwrap_or_else(|| self.class_of(this)) {
            // In a class method the first argument is the class itself.
            _ if self.is_subclass(this, after) == Some(true) => this.clone(),
            class => class,
        };
        let order: Vec<Val> = match class.as_obj() {
            Some(id) => std::iter::once(class.clone()).chain(self.mro(id)).collect(),
            None => Vec::new(),
        };
        let after_id = after.as_obj().map(|id| self.heap.resolve(id));
        let position = order
            .iter()
            .position(|class| class.as_obj().map(|id| self.heap.resolve(id)) == after_id)
            .unwrap_or(0);
        for base in order.iter().skip(position + 1) {
            match &base.data {
                Data::Obj(id) => {
                    let found = match self.heap.get(*id) {
                        Object::Class(_, attrs) => attrs.get(name).cloned(),
                        _ => None,
                    };
                    if let Some(val) = found {
                        return self.bind_attribute(&val, this, &class, span);
                    }
                }
                Data::Symbol(path) => {
                    if let Some(val) = self.symbol_super(path, this, name, span) {
                        return Ok(val);
                    }
                }
                Data::Unknown(_) => {
                    let part = self.part_of(base, &format!(".{name}"), span);
                    return Ok(part);
                }
                _ => {}
            }
        }
        if name.as_ref() == "__new__" {
            return Ok(Val::symbol("builtins.object.__new__", span));
        }
        if name.as_ref() == "__init__" || name.starts_with("__init_subclass") {
            return Ok(Val::symbol("builtins.object.__init__", span));
        }
        if matches!(name.as_ref(), "__setattr__" | "__getattribute__") {
            return Ok(self.heap.val(
                Object::Bound(Val::symbol(format!("builtins.object.{name}"), span), this.clone()),
                span,
            ));
        }
        let text = format!("'super' object has no attribute '{name}'");
        Err(self.exception("AttributeError", text, span))
    }

    /// An instance of a subclass of `DAG` or `TaskGroup`. The Airflow object is made when the constructor
    /// reaches Airflow's own; until then `self` is an empty record that becomes it.
    fn make_node_subclass(&mut self, class: &Val, base: &Name, args: Args, span: Span) -> Res {
        let Ok(Some(init)) = self.class_lookup(class, "__init__") else {
            return self.call_symbol(base, args, span);
        };
        let this = self.heap.val(Object::Record(base.clone(), Map::default()), span);
        let mut args = args;
        args.pos.insert(0, this.clone());
        self.nodes_in_making.push((this.clone(), class.clone()));
        let result = self.call(&init, args, span);
        self.nodes_in_making.pop();
        result?;
        Ok(this)
    }

    /// Airflow's constructor of a DAG or a group, reached through `super().__init__` of a subclass.
    pub(crate) fn init_node(&mut self, base: &str, this: &Val, args: &Args, span: Span) -> Res {
        let made = self.call_symbol(base, args.clone(), span)?;
        if let (Some(this), Some(made)) = (this.as_obj(), made.as_obj()) {
            self.heap.forward(this, made);
        }
        Ok(Val::none(span))
    }

    /// A method of a library base class reached through `super()`.
    fn symbol_super(&mut self, path: &Name, this: &Val, name: &Name, span: Span) -> Option<Val> {
        let is_node = matches!(path.as_ref(), "airflow.DAG" | "airflow.TaskGroup");
        if super::library::airflow::is_operator(path) || (is_node && name.as_ref() == "__init__") {
            let symbol = Val::symbol(format!("{path}::{name}"), span);
            return Some(self.heap.val(Object::Bound(symbol, this.clone()), span));
        }
        if self.is_exception_class(path) && name.as_ref() == "__init__" {
            let symbol = Val::symbol("builtins.BaseException.__init__", span);
            return Some(self.heap.val(Object::Bound(symbol, this.clone()), span));
        }
        if path.as_ref() == "builtins.type" {
            return Some(match name.as_ref() {
                "__new__" => Val::symbol("builtins.type.__new__", span),
                "__init__" => Val::symbol("builtins.object.__init__", span),
                name => {
                    let symbol = Val::symbol(format!("builtins.type.{name}"), span);
                    self.heap.val(Object::Bound(symbol, this.clone()), span)
                }
            });
        }
        if name.as_ref() == "__new__" && path.starts_with("builtins.") {
            return Some(Val::symbol("builtins.object.__new__", span));
        }
        if name.as_ref() == "__init__"
            && matches!(path.as_ref(), "builtins.dict" | "builtins.list")
            && let Some(Object::Instance(instance)) = this.as_obj().map(|id| self.heap.get(id))
            && let Some(payload) = instance.payload.clone()
        {
            let symbol = Val::symbol(format!("{path}.__init__"), span);
            return Some(self.heap.val(Object::Bound(symbol, payload), span));
        }
        if matches!(
            path.as_ref(),
            "builtins.dict"
                | "builtins.list"
                | "builtins.str"
                | "builtins.tuple"
                | "builtins.set"
                | "builtins.int"
        ) {
            let payload = match this.as_obj().map(|id| self.heap.get(id)) {
                Some(Object::Instance(instance)) => instance.payload.clone(),
                _ => None,
            }?;
            return Some(Val::new(Data::Method(Rc::new((payload, name.clone()))), span));
        }
        None
    }
}

/// Library classes that only add behaviour no constructor shows.
fn is_mixin(path: &str) -> bool {
    path.ends_with("Mixin")
        || path.starts_with("abc.")
        || path.starts_with("typing.")
        || path == "builtins.object"
}
