//! Classes: definition, instances, attribute lookup and `super()`.

mod forbidden;
mod instance;
mod parents;

use std::collections::BTreeSet;
use std::collections::VecDeque;
use std::rc::Rc;

pub(crate) use parents::is_mixin;

use super::HoleKind;
use super::branch::Flow;
use super::call::{Args, Kwarg};
use super::candidates::special::defines_special;
use super::interp::{Frame, Interp, Raised, Res};
use super::object::{ClassObject, Data, Flavour, Instance, Map, ObjId, Object, Val};
use crate::python::Span;
use crate::python::ast::{self, Name};

/// Classes that are asked for an attribute in the time of a step.
const CLASSES_ASKED: usize = 16;

/// The classes of a linearisation, by number.
#[derive(Default)]
struct Classes {
    all: Vec<Val>,
    objects: Map<ObjId, usize>,
    symbols: Map<Name, usize>,
}

impl Classes {
    fn number(&mut self, interp: &Interp<'_>, class: Val) -> usize {
        let new = self.all.len();
        let number = match &class.data {
            Data::Obj(id) => *self.objects.entry(interp.heap.resolve(*id)).or_insert(new),
            Data::Symbol(path) => *self.symbols.entry(path.clone()).or_insert(new),
            // A base that is not known is compared with each; there are few of these.
            _ => self.all.iter().position(|known| interp.same(known, &class, 16)).unwrap_or(new),
        };
        if number == new {
            self.all.push(class);
        }
        number
    }
}

/// Members of an enum that a value is compared with in the time of a step.
const MEMBERS_COMPARED: usize = 2;

/// A base from a package that is not read, but whose classes do what those of the standard library do.
fn known_elsewhere(base: Val) -> Val {
    let name = match base.hole() {
        Some(hole) if hole.kind == HoleKind::Import => hole.name.as_str(),
        _ => return base,
    };
    match name.strip_prefix("aenum.") {
        Some(class @ ("Enum" | "IntEnum" | "StrEnum")) => {
            Val::symbol(format!("enum.{class}"), base.span)
        }
        _ => base,
    }
}

impl Interp<'_> {
    /// `class`: evaluates the body in a scope of its own and makes the class.
    pub(crate) fn make_class(&mut self, def: &std::sync::Arc<ast::Class>) -> Res {
        let mut bases = Vec::new();
        for base in &def.bases {
            let val = self.eval(base)?;
            bases.push(known_elsewhere(val));
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
            global_names: BTreeSet::new(),
            nonlocal_names: BTreeSet::new(),
            yields: Vec::new(),
            is_class: true,
            module: outer.module.clone(),
            qualifier: Name::from(format!("{}{}.", outer.qualifier, def.name)),
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
        let meta = self.metaclass(metaclass.clone(), &bases);
        let Some(meta) = meta else {
            let made = self.build_class(&def.name, bases, attrs, None, &options, def.span)?;
            self.check_class(&made, metaclass.as_ref(), def.span)?;
            return Ok(self.qualified(made, &outer.qualifier));
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
        self.check_class(&made, None, def.span)?;
        let made = self.qualified(made, &outer.qualifier);
        if let Ok(Some(init)) = self.class_lookup(&meta, "__init__") {
            let mut pos = vec![made.clone()];
            pos.extend(parts);
            self.call(&init, Args { pos, ..options }, def.span)?;
        }
        Ok(made.at(def.span))
    }

    /// A class that a `class` statement inside a class or a function made.
    fn qualified(&mut self, class: Val, qualifier: &str) -> Val {
        if let (false, Some(id)) = (qualifier.is_empty(), class.as_obj())
            && let Object::Class(object, _) = self.heap.get_mut(id)
        {
            let mut owned = object.as_ref().clone();
            owned.qualname = Name::from(format!("{qualifier}{}", owned.name));
            *object = Rc::new(owned);
        }
        class
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
        let (module, globals) = match self.frame() {
            Some(frame) => (frame.module.clone(), frame.globals),
            None => return Ok(Val::none(span)),
        };
        let mro = self.linearise(&bases);
        self.spend(mro.len(), span)?;
        let flavour = self.flavour(&bases, &attrs);
        let class = ClassObject {
            name: Name::from(name),
            dotted: Name::from(format!("{module}.{name}")),
            qualname: Name::from(name),
            globals,
            span,
            bases,
            mro,
            flavour: flavour.clone(),
            rules: Rc::default(),
            meta,
        };
        if matches!(flavour, Flavour::Enum | Flavour::NamedTuple(_))
            && let Some(open) = self
                .doubtful_field(&attrs)
                .or_else(|| attrs.values().find(|val| self.is_partial(val)).cloned())
        {
            return Ok(self.derived(&[&open], span));
        }
        self.hooks_operators |= defines_special(&attrs);
        self.hooks_attributes |= attrs.contains_key("__getattribute__");
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
            // Each value is compared with all before it.
            self.spend(members.len() / MEMBERS_COMPARED, val.span)?;
            let mut known = None;
            for member in &members {
                if let Some(Object::Instance(instance)) =
                    member.as_obj().map(|id| self.heap.get(id))
                    && let Some(payload) = &instance.payload
                    && (self.equal(payload, &val) == Some(true) || self.same(payload, &val, 0))
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
                    "typing.NamedTuple" => return Flavour::NamedTuple(self.declared(attrs).into()),
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

    /// The fields of a class, if it has one of them under a condition only: the places of the others depend on it.
    pub(crate) fn doubtful_field(&self, attrs: &Map<Name, Val>) -> Option<Val> {
        let declared = attrs.get("__annotations__").filter(|fields| {
            let entries = fields.as_obj().map(|id| self.heap.get(id));
            matches!(entries, Some(Object::Dict(entries, _)) if entries.has_open_keys())
        });
        declared.cloned()
    }

    /// Names declared with an annotation in a class body, in order.
    pub(crate) fn declared(&self, attrs: &Map<Name, Val>) -> Vec<Name> {
        let Some(Val { data: Data::Obj(id), .. }) = attrs.get("__annotations__") else {
            return Vec::new();
        };
        match self.heap.get(*id) {
            Object::Dict(entries, _) => entries
                .values()
                .filter(|(_, kind)| !annotation_text(kind).contains("ClassVar"))
                .filter_map(|(name, _)| name.as_str().map(Name::from))
                .collect(),
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
        // Classes by number, so that they are compared once and not in every round.
        let mut classes = Classes::default();
        let mut lists: Vec<VecDeque<usize>> = lists
            .into_iter()
            .map(|list| list.into_iter().map(|class| classes.number(self, class)).collect())
            .collect();
        let mut behind = vec![0_usize; classes.all.len()];
        for class in lists.iter().flat_map(|list| list.iter().skip(1)) {
            if let Some(count) = behind.get_mut(*class) {
                *count += 1;
            }
        }
        let mut order: Vec<Val> = Vec::new();
        let mut is_taken = vec![false; classes.all.len()];
        loop {
            let heads = || lists.iter().filter_map(|list| list.front().copied());
            let good = heads().find(|head| behind.get(*head) == Some(&0));
            let Some(next) = good.or_else(|| heads().next()) else { return order };
            if let Some(taken) = is_taken.get_mut(next) {
                *taken = true;
            }
            order.extend(classes.all.get(next).cloned());
            for list in &mut lists {
                while list.front().is_some_and(|head| is_taken.get(*head) == Some(&true)) {
                    list.pop_front();
                    // What comes to the front is behind nothing in this list any more.
                    if let Some(count) = list.front().and_then(|head| behind.get_mut(*head)) {
                        *count = count.saturating_sub(1);
                    }
                }
            }
        }
    }

    /// Bases in method resolution order, the class itself left out.
    pub(crate) fn mro(&self, id: ObjId) -> Vec<Val> {
        match self.heap.get(id) {
            Object::Class(class, _) => {
                self.work(class.mro.len() / CLASSES_ASKED);
                class.mro.clone()
            }
            _ => Vec::new(),
        }
    }

    /// Looks an attribute up along the method resolution order: the value and the class it was found
    /// in. `Err` holds a base podlift cannot see that comes first.
    pub(crate) fn class_lookup(&self, class: &Val, name: &str) -> Result<Option<Val>, Val> {
        let Some(id) = class.as_obj() else { return Ok(None) };
        let above = match self.heap.get(id) {
            Object::Class(class, _) => class.mro.as_slice(),
            _ => &[],
        };
        self.work(above.len() / CLASSES_ASKED);
        for class in std::iter::once(class).chain(above) {
            match &class.data {
                Data::Obj(id) => {
                    if let Object::Class(_, attrs) = self.heap.get(*id)
                        && let Some(val) = attrs.get(name)
                    {
                        return Ok(Some(val.clone()));
                    }
                }
                Data::Unknown(_) => return Err(class.clone()),
                _ => {}
            }
        }
        Ok(None)
    }

    /// Whether a class has methods of a library class that podlift does not know. Those of
    /// `collections.abc` go through the methods of the class itself.
    pub(crate) fn has_unseen_methods(&self, class: &Val) -> bool {
        self.symbol_base(class).is_some_and(|base| {
            !base.starts_with("builtins.") && !base.starts_with("collections.abc.")
        })
    }

    /// The first base that is a symbol of a library, such as an operator or an exception class.
    pub(crate) fn symbol_base(&self, class: &Val) -> Option<Name> {
        match &class.data {
            Data::Symbol(path) => Some(path.clone()),
            Data::Obj(id) => match self.heap.get(*id) {
                Object::Class(class, _) => class.mro.iter().find_map(|base| match &base.data {
                    Data::Symbol(path) if !is_mixin(path) => Some(path.clone()),
                    _ => None,
                }),
                _ => None,
            },
            _ => None,
        }
    }
}

/// An annotation as it is written, from what `__annotations__` holds for it.
pub(crate) fn annotation_text(kind: &Val) -> &str {
    match &kind.data {
        Data::Unknown(hole) => &hole.name,
        Data::Symbol(path) => path.strip_prefix("builtins.").unwrap_or(path),
        _ => kind.as_str().unwrap_or_default(),
    }
}
