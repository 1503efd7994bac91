//! Immutable values of the standard library: their classes, texts, attributes and operators.

use std::rc::Rc;

use crate::eval::call::Args;
use crate::eval::interp::{Interp, Res};
use crate::eval::item::range_length;
use crate::eval::object::{Data, Flavour, Map, Native, ObjId, Object, Val};
use crate::eval::pure::datetime::TimeDelta;
use crate::eval::pure::path::PurePath;
use crate::eval::pure::text;
use crate::python::Span;
use crate::python::ast::{BinaryOp, Name};

use super::datetime;

/// A method of a value, found but not yet called.
pub(crate) fn method(object: &Val, name: &Name, span: Span) -> Val {
    Val::new(Data::Method(Rc::new((object.clone(), name.clone()))), span)
}

impl Interp<'_> {
    /// The class of a native value, by its dotted name.
    pub(crate) fn native_class(&self, native: &Native) -> &'static str {
        match native {
            Native::Path(_) => "pathlib.PosixPath",
            Native::TimeDelta(_) => "datetime.timedelta",
            Native::Duration(_) => "pendulum.Duration",
            Native::Interval(_) => "pendulum.Interval",
            Native::Moment(moment) => moment.class(),
            Native::Range(..) => "builtins.range",
            Native::Regex(..) => "re.Pattern",
            Native::Match(_) => "re.Match",
            Native::Label(_) => "airflow.Label",
            Native::Getter(true, _) => "operator.itemgetter",
            Native::Getter(false, _) => "operator.attrgetter",
        }
    }

    /// `object.name`; `None` when there is no such attribute.
    pub(crate) fn native_attribute(
        &mut self,
        object: &Val,
        native: &Rc<Native>,
        name: &Name,
        span: Span,
    ) -> Res<Option<Val>> {
        if name.as_ref() == "__class__" {
            return Ok(Some(self.class_of(object)));
        }
        match native.as_ref() {
            Native::Path(path) => Ok(self.path_attribute(object, path, name, span)),
            Native::TimeDelta(_)
            | Native::Duration(_)
            | Native::Interval(_)
            | Native::Moment(_) => self.time_attribute(object, native, name, span),
            Native::Range(start, stop, step) => Ok(match name.as_ref() {
                "start" => Some(Val::int(*start, span)),
                "stop" => Some(Val::int(*stop, span)),
                "step" => Some(Val::int(*step, span)),
                "index" | "count" => Some(method(object, name, span)),
                _ => None,
            }),
            Native::Regex(..) | Native::Match(_) => {
                Ok(self.regex_attribute(object, native, name, span))
            }
            Native::Label(label) => {
                Ok((name.as_ref() == "label").then(|| Val::str(label.as_str(), span)))
            }
            Native::Getter(..) => Ok(None),
        }
    }

    /// `object[index]`.
    pub(crate) fn native_item(
        &mut self,
        object: &Val,
        native: &Rc<Native>,
        index: &Val,
        span: Span,
    ) -> Res {
        match native.as_ref() {
            Native::Range(start, stop, step) => {
                self.range_item(object, (*start, *stop, *step), index, span)
            }
            Native::Match(found) => self.match_group(object, found, index, span),
            _ => {
                let message = format!("'{}' object is not subscriptable", self.type_name(object));
                self.type_error(message, span)
            }
        }
    }

    fn range_item(&mut self, object: &Val, range: (i64, i64, i64), index: &Val, span: Span) -> Res {
        let (start, stop, step) = range;
        if let Data::Slice(parts) = &index.data {
            let Some((from, to, by)) = self.slice_bounds(parts, span)? else {
                return Ok(self.derived(&[object, index], span));
            };
            let length = range_length(start, stop, step);
            let (lowest, highest) = if by > 0 { (0, length) } else { (-1, length - 1) };
            let place = |at: Option<i64>, default: i64| match at {
                None => default,
                Some(at) if at < 0 => at.saturating_add(length).max(lowest),
                Some(at) => at.min(highest),
            };
            let (first, last) = if by > 0 { (lowest, highest) } else { (highest, lowest) };
            let element = |at: i64| start.saturating_add(at.saturating_mul(step));
            let sliced = Native::Range(
                element(place(from, first)),
                element(place(to, last)),
                step.saturating_mul(by),
            );
            return Ok(Val::native(sliced, span));
        }
        let Some(at) = index.as_int() else {
            if self.is_open(index) {
                return Ok(self.derived(&[index], span));
            }
            let message =
                format!("range indices must be integers or slices, not {}", self.type_name(index));
            return self.type_error(message, span);
        };
        let length = range_length(start, stop, step);
        let at = if at < 0 { at.saturating_add(length) } else { at };
        if (0..length).contains(&at) {
            return Ok(Val::int(start + at * step, span));
        }
        Err(self.exception("IndexError", "range object index out of range", span))
    }

    /// `str(native)`, where it differs from `repr`.
    pub(crate) fn native_str(&self, native: &Native) -> Option<String> {
        match native {
            Native::Path(path) => Some(path.clone()),
            Native::TimeDelta(micros) => {
                TimeDelta::of_micros(i128::from(*micros)).ok().map(|delta| delta.to_string())
            }
            Native::Duration(_) => datetime::delta_of(native).and_then(datetime::in_words),
            Native::Label(name) => Some(name.clone()),
            Native::Moment(moment) => moment.text(),
            _ => None,
        }
    }

    /// `repr(native)`; `None` where podlift does not know it.
    pub(crate) fn known_repr(&self, native: &Native) -> Option<String> {
        match native {
            Native::Path(_) if self.makes_pure_paths => None,
            Native::Duration(_) => datetime::delta_of(native).and_then(datetime::repr_duration),
            Native::Interval(_) => None,
            _ => Some(self.native_repr(native)),
        }
    }

    /// `repr(native)`, for people where podlift does not know it.
    pub(crate) fn native_repr(&self, native: &Native) -> String {
        match native {
            Native::Duration(micros) | Native::Interval(micros) => {
                self.native_repr(&Native::TimeDelta(*micros))
            }
            Native::Path(path) => format!("PosixPath({})", text::repr_str(path)),
            Native::TimeDelta(micros) => TimeDelta::of_micros(i128::from(*micros))
                .map_or_else(|_| format!("datetime.timedelta({micros})"), TimeDelta::repr),
            Native::Moment(moment) => moment.repr(),
            Native::Range(start, stop, 1) => format!("range({start}, {stop})"),
            Native::Range(start, stop, step) => format!("range({start}, {stop}, {step})"),
            Native::Regex(pattern, flags) => super::regex::repr_pattern(pattern, *flags),
            Native::Match(found) => found.repr(),
            Native::Label(label) => format!("EdgeModifier(label={})", text::repr_str(label)),
            Native::Getter(items, names) => {
                let kind = if *items { "itemgetter" } else { "attrgetter" };
                let names: Vec<String> = names.iter().map(|name| self.short_repr(name)).collect();
                format!("operator.{kind}({})", names.join(", "))
            }
        }
    }

    /// An operator with a native value on one side at least; `None` when they do not know it.
    pub(crate) fn native_operation(
        &mut self,
        op: BinaryOp,
        left: &Val,
        right: &Val,
        span: Span,
    ) -> Res<Option<Val>> {
        if op == BinaryOp::Div
            && let (Some(a), Some(b)) = (self.path_text(left), self.path_text(right))
            && (is_path(left) || is_path(right))
        {
            return Ok(Some(Self::path(PurePath::new(&[&a, &b]).to_string(), span)));
        }
        self.time_operation(op, left, right, span)
    }

    /// A method of a native value.
    pub(crate) fn call_native(
        &mut self,
        this: &Val,
        native: &Rc<Native>,
        name: &str,
        args: &Args,
        span: Span,
    ) -> Option<Res> {
        if args.is_open() {
            return None;
        }
        match native.as_ref() {
            Native::Path(path) => self.path_method(this, path, name, args, span),
            Native::TimeDelta(_)
            | Native::Duration(_)
            | Native::Interval(_)
            | Native::Moment(_) => self.time_method(this, native, name, args, span),
            Native::Regex(pattern, flags) => {
                self.pattern_method(this, pattern, *flags, name, args, span)
            }
            Native::Match(found) => self.match_method(this, found, name, args, span),
            Native::Range(..) => match (name, args.pos.first()) {
                ("index" | "count", Some(_)) => {
                    let items = match self.iterate(this, span) {
                        Ok(items) => items?,
                        Err(raised) => return Some(Err(raised)),
                    };
                    let tuple = Val::tuple(items, span);
                    self.call_tuple(&tuple, name, args, span)
                }
                _ => None,
            },
            Native::Label(_) | Native::Getter(..) => None,
        }
    }

    /// A method that instances of named tuples, enums and exceptions have by themselves.
    pub(crate) fn call_instance_method(
        &mut self,
        this: &Val,
        name: &str,
        args: &Args,
        span: Span,
    ) -> Option<Res> {
        let Object::Instance(instance) = self.heap.get(this.as_obj()?) else { return None };
        let instance = instance.clone();
        match (name, self.flavour_of(&instance.class)) {
            ("with_traceback" | "add_note", _) => Some(Ok(this.clone())),
            ("__str__", Some(Flavour::Enum)) => {
                Some(self.str_text(this, span).map(|text| Val::text(text, span)))
            }
            ("__repr__", Some(Flavour::Enum)) => {
                Some(self.repr_text(this, span).map(|text| Val::text(text, span)))
            }
            ("_asdict", Some(Flavour::NamedTuple(fields))) => {
                let attrs: Map<Name, Val> = fields
                    .iter()
                    .filter_map(|field| Some((field.clone(), instance.attrs.get(field)?.clone())))
                    .collect();
                Some(Ok(self.dict_of(&attrs, span)))
            }
            ("_replace", Some(Flavour::NamedTuple(fields))) => {
                if args.is_open() {
                    return None;
                }
                let mut changed = instance.clone();
                for (name, kwarg) in &args.kw {
                    if !fields.contains(name) {
                        let message = format!("Got unexpected field names: ['{name}']");
                        return Some(Err(self.exception("ValueError", message, span)));
                    }
                    changed.attrs.insert(name.clone(), kwarg.val.clone());
                }
                let items = fields.iter().filter_map(|name| changed.attrs.get(name).cloned());
                changed.payload = Some(Val::tuple(items.collect(), span));
                Some(Ok(self.heap.val(Object::Instance(changed), span)))
            }
            _ => {
                // A subclass of `dict` or `str` that does not override the method.
                let payload = instance.payload?;
                self.has_method(&payload, name)
                    .then(|| self.call_method(&payload, &Name::from(name), args.clone(), span))
            }
        }
    }

    /// A method of an object of a library that is not built in.
    pub(crate) fn call_library_method(
        &mut self,
        this: &Val,
        id: ObjId,
        name: &str,
        args: &Args,
        span: Span,
    ) -> Option<Res> {
        if let Some(result) =
            self.airflow_method(this, id, &crate::python::ast::Name::from(name), args, span)
        {
            return Some(result);
        }
        let (class, attrs) = match self.heap.get(id) {
            Object::Record(class, attrs) => (class.clone(), attrs.clone()),
            Object::Model(..) => return self.call_model_method(this, name, args, span),
            // `Point._make(items)`.
            Object::Class(..) if name == "_make" => {
                return Some(match self.iterate(args.pos.first()?, span) {
                    Ok(Some(items)) => self.call(this, Args::positional(items), span),
                    Ok(None) => Ok(self.derived(&args.all(), span)),
                    Err(raised) => Err(raised),
                });
            }
            _ => return None,
        };
        if class.as_ref() == "contextlib.ExitStack" {
            return self.call_exit_stack(this, name, args, span);
        }
        if args.is_open() {
            return None;
        }
        match class.as_ref() {
            "io.TextIOWrapper" | "io.StringIO" | "io.BytesIO" => {
                self.stream_method(this, id, &attrs, name, args, span)
            }
            "string.Template" => {
                let template = attrs.get("template")?.clone();
                self.template_method(&template, name, args, span)
            }
            "configparser.ConfigParser" | "configparser.SectionProxy" => {
                self.config_method(this, &attrs, name, args, span)
            }
            super::serialise::ENCODER if name == "encode" => self.encode_json(&attrs, args, span),
            "hashlib.hash" => self.digest_method(id, &attrs, name, args, span),
            _ if super::callables::methods_of(&class).is_some() => {
                self.callable_method(this, (&class, &attrs), name, args, span)
            }
            "urllib.parse.ParseResult" => match name {
                "geturl" => self.unsplit_url(&attrs, span),
                _ => None,
            },
            _ => None,
        }
    }

    /// An attribute of a record that is not among its own.
    pub(crate) fn record_attribute(
        &mut self,
        object: &Val,
        class: &Name,
        name: &Name,
        span: Span,
    ) -> Option<Val> {
        let methods: &[&str] = match class.as_ref() {
            "types.SimpleNamespace" | "builtins.object" => return None,
            "io.TextIOWrapper" | "io.StringIO" | "io.BytesIO" => super::files::STREAM_METHODS,
            "string.Template" => &["substitute", "safe_substitute"],
            "contextlib.ExitStack" => {
                &["enter_context", "callback", "close", "push", "pop_all", "__enter__"]
            }
            "configparser.ConfigParser" => super::serialise::CONFIG_METHODS,
            super::serialise::SECTION => super::serialise::SECTION_METHODS,
            super::serialise::ENCODER => &["encode"],
            "hashlib.hash" => &["hexdigest", "digest", "update", "copy"],
            "urllib.parse.ParseResult" => &["geturl"],
            // Objects of Airflow and of the Kubernetes client answer their methods themselves.
            _ if class.starts_with("airflow.") || class.starts_with("kubernetes.") => {
                return Some(method(object, name, span));
            }
            _ => super::callables::methods_of(class).unwrap_or_default(),
        };
        if methods.contains(&name.as_ref()) {
            return Some(method(object, name, span));
        }
        Some(self.hole(crate::eval::HoleKind::Name, format!("{class}.{name}"), span))
    }

    /// `object[index]` of a record of the standard library; `None` when that is not for this module
    /// to say.
    pub(crate) fn record_item(&mut self, object: &Val, index: &Val, span: Span) -> Option<Res> {
        let Object::Record(class, attrs) = self.heap.get(object.as_obj()?) else { return None };
        let (class, attrs) = (class.clone(), attrs.clone());
        let args = Args::positional(vec![index.clone()]);
        match class.as_ref() {
            "configparser.ConfigParser" | super::serialise::SECTION => {
                self.config_method(object, &attrs, "__getitem__", &args, span)
            }
            "urllib.parse.ParseResult" => {
                let names = ["scheme", "netloc", "path", "params", "query", "fragment"];
                let parts: Vec<Val> =
                    names.iter().filter_map(|name| attrs.get(*name).cloned()).collect();
                let tuple = Val::tuple(parts, span);
                Some(self.item(&tuple, index, span))
            }
            _ => None,
        }
    }

    /// The `str` of a record, where it is known without calling anything.
    pub(crate) fn record_str(&self, class: &Name, attrs: &Map<Name, Val>) -> Option<String> {
        match class.as_ref() {
            "types.SimpleNamespace" => {
                let mut parts = Vec::new();
                for (name, val) in attrs {
                    let text = match &val.data {
                        Data::Str(value) => text::repr_str(value),
                        Data::None | Data::Bool(_) | Data::Int(_) => self.short_repr(val),
                        _ => return None,
                    };
                    parts.push(format!("{name}={text}"));
                }
                Some(format!("namespace({})", parts.join(", ")))
            }
            _ => None,
        }
    }

    /// A native that is a moment or a duration, for operators.
    pub(crate) fn native_of(val: &Val) -> Option<&Rc<Native>> {
        match &val.data {
            Data::Native(native) => Some(native),
            _ => None,
        }
    }
}

fn is_path(val: &Val) -> bool {
    matches!(&val.data, Data::Native(native) if matches!(native.as_ref(), Native::Path(_)))
}

/// Whether two natives are equal by Python's rules; `None` when this module does not say.
pub(crate) fn equal(a: &Native, b: &Native) -> Option<bool> {
    match (a, b) {
        (Native::Range(..), Native::Range(..)) => {
            let parts = |range: &Native| match range {
                Native::Range(start, stop, step) => {
                    let length = range_length(*start, *stop, *step);
                    (length, (length > 0).then_some(*start), (length > 1).then_some(*step))
                }
                _ => (0, None, None),
            };
            Some(parts(a) == parts(b))
        }
        (Native::Path(a), Native::Path(b)) => Some(a == b),
        _ => datetime::equal(a, b),
    }
}
