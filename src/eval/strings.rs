//! Values as text: `str()`, `repr()`, f-string formatting, `%` and `.format`.

mod repr;

use super::call::Args;
use super::expr::BYTES_MADE;
use super::interp::{Interp, Res};
use super::item::as_big;
use super::object::{Data, Flavour, Native, Object, Val};
use super::pure::Failure;
use super::pure::brace::{self, Accessor, BracePiece, FieldName};
use super::pure::format::{self, FormatArg};
use super::pure::percent::{self, Piece, Width};
use super::{Segment, Text};
use crate::python::Span;
use crate::python::ast::Name;

/// Steps that a placeholder of a format string counts for.
const PLACEHOLDER: usize = 8;
/// The same for a letter of the format of a moment.
const LETTER_OF_A_MOMENT: usize = 2;

impl Interp<'_> {
    /// A failure of a pure function as what it means here: an exception, or a hole.
    pub(crate) fn failed(&mut self, failure: Failure, from: &[&Val], span: Span) -> Res {
        match failure {
            Failure::Raised { class, message } => {
                let path = super::library::builtins::exception_path(class);
                Err(self.exception_of(&path, message, span))
            }
            Failure::Bound(what) => {
                // It may have been made up to there.
                self.work(self.settings.limits.string / BYTES_MADE);
                let message = format!("the result of {what} is larger than the bound");
                Ok(self.limit_hole(span, "string", &message))
            }
            Failure::Unsupported(what) => {
                let val = self.unsupported(&what, span);
                Ok(if from.is_empty() { val } else { self.derived(from, span) })
            }
        }
    }

    /// `str(val)`.
    pub(crate) fn str_text(&mut self, val: &Val, span: Span) -> Res<Text> {
        if let Some(text) = self.to_text(val) {
            return Ok(text);
        }
        if let Some(text) = self.special_of_node(val, "__str__", &[], span)? {
            return self.returned_text("__str__", &text, span);
        }
        if let Some(Object::Instance(instance)) = val.as_obj().map(|id| self.heap.get(id)) {
            let (class, payload) = (instance.class.clone(), instance.payload.clone());
            if let Ok(Some(method)) = self.class_lookup(&class, "__str__") {
                let result = self.call(&method, Args::positional(vec![val.clone()]), span)?;
                return self.returned_text("__str__", &result, span);
            }
            let base = self.symbol_base(&class);
            if base.as_deref().is_some_and(|base| self.is_exception_class(base)) {
                return self.exception_str(val, span);
            }
            if self.flavour_of(&class) == Some(Flavour::Enum) {
                let as_value = matches!(
                    base.as_deref(),
                    Some("enum.StrEnum" | "enum.IntEnum" | "enum.IntFlag")
                );
                if as_value && let Some(payload) = payload {
                    return self.str_text(&payload, span);
                }
                let name = self.member_name(val);
                return Ok(Text::literal(format!("{}.{name}", self.type_text(&class))));
            } else if let Some(payload) = payload {
                // Of the builtin classes only `str` has a text of its own; the others show their `repr`.
                return match self.class_lookup(&class, "__repr__") {
                    Ok(Some(_)) if self.to_text(&payload).is_none() => self.repr_text(val, span),
                    // What shows its fields.
                    _ if matches!(self.flavour_of(&class), Some(Flavour::NamedTuple(_)))
                        || base.as_deref().is_some_and(|base| base.starts_with("datetime.")) =>
                    {
                        self.repr_text(val, span)
                    }
                    _ => self.str_text(&payload, span),
                };
            }
        }
        if let Some(text) = self.uuid_text(val) {
            return Ok(Text::literal(text));
        }
        match &val.data {
            Data::Native(native) => match self.native_str(native) {
                Some(text) => Ok(Text::literal(text)),
                None => self.repr_text(val, span),
            },
            _ => self.repr_text(val, span),
        }
    }

    /// What a user's `__str__`, `__repr__` or `__format__` returned.
    pub(super) fn returned_text(&mut self, method: &str, result: &Val, span: Span) -> Res<Text> {
        let payload = match result.as_obj().map(|id| self.heap.get(id)) {
            Some(Object::Instance(instance)) => instance.payload.clone(),
            _ => None,
        };
        match self.to_text(payload.as_ref().unwrap_or(result)) {
            Some(text) => Ok(text),
            None => {
                let kind = self.type_name(result);
                self.type_error(format!("{method} returned non-string (type {kind})"), span)
            }
        }
    }

    /// `format(val, spec)`.
    pub(crate) fn format(&mut self, val: &Val, spec: &Text, span: Span) -> Res<Text> {
        let Some(spec_text) = spec.as_literal() else {
            let spec = Val::text(spec.clone(), span);
            let derived = self.derived(&[val, &spec], span);
            return Ok(self.to_text(&derived).unwrap_or_default());
        };
        if matches!(&val.data, Data::Native(native) if matches!(**native, Native::Moment(_))) {
            self.spend(spec_text.len() * LETTER_OF_A_MOMENT, span)?;
        }
        let own_format = self.is_instance(val)
            && matches!(self.class_lookup(&self.class_of(val), "__format__"), Ok(Some(_)));
        if spec_text.is_empty() && !own_format {
            return self.str_text(val, span);
        }
        let is_builtin = match &val.data {
            Data::Tuple(_) | Data::Bytes(_) => true,
            Data::Obj(id) => {
                matches!(self.heap.get(*id), Object::List(_) | Object::Dict(..) | Object::Set(..))
            }
            _ => false,
        };
        if is_builtin {
            let class = self.type_name(val);
            let message = format!("unsupported format string passed to {class}.__format__");
            return self.type_error(message, span);
        }
        if self.is_open(val) {
            // `{x:s}` changes nothing; any other spec may.
            if spec_text == "s" {
                return self.str_text(val, span);
            }
            let derived = self.derived(&[val], span);
            return Ok(self.to_text(&derived).unwrap_or_default());
        }
        if let Data::Native(native) = &val.data
            && let Some(text) = super::library::datetime::format(native, spec_text)
        {
            return match text {
                Ok(text) => Ok(Text::literal(text)),
                Err(failure) => {
                    let val = self.failed(failure, &[val], span)?;
                    Ok(self.to_text(&val).unwrap_or_default())
                }
            };
        }
        if let Some(Object::Instance(instance)) = val.as_obj().map(|id| self.heap.get(id)) {
            let class = instance.class.clone();
            if let Ok(Some(method)) = self.class_lookup(&class, "__format__") {
                let args = vec![val.clone(), Val::str(spec_text, span)];
                let result = self.call(&method, Args::positional(args), span)?;
                return self.returned_text("__format__", &result, span);
            }
        }
        let arg = match self.format_arg(val) {
            Some(arg) => arg,
            None => {
                let text = self.str_text(val, span)?;
                match text.as_literal() {
                    Some(text) => FormatArg::Str(text.to_owned()),
                    None => return Ok(text),
                }
            }
        };
        match format::format_value(&arg, spec_text) {
            Ok(text) => Ok(Text::literal(text)),
            Err(failure) => {
                let val = self.failed(failure, &[val], span)?;
                Ok(self.to_text(&val).unwrap_or_default())
            }
        }
    }

    fn format_arg(&self, val: &Val) -> Option<FormatArg> {
        if let Some(Object::Instance(instance)) = val.as_obj().map(|id| self.heap.get(id)) {
            // Subclasses of numbers, members of an `IntEnum` among them.
            let payload = instance.payload.as_ref()?;
            let is_number = matches!(payload.data, Data::Int(_) | Data::Big(_) | Data::Float(_));
            let is_own = self
                .symbol_base(&instance.class)
                .is_some_and(|base| !matches!(base.as_ref(), "enum.Enum" | "enum.Flag"));
            return if is_number && is_own { self.format_arg(payload) } else { None };
        }
        Some(match &val.data {
            Data::None => FormatArg::None,
            Data::Bool(value) => FormatArg::Bool(*value),
            Data::Float(value) => FormatArg::Float(*value),
            Data::Str(text) => FormatArg::Str(text.to_string()),
            _ => FormatArg::Int(as_big(val)?),
        })
    }

    /// `template % args`.
    pub(crate) fn percent(&mut self, template: &Val, args: &Val, span: Span) -> Res {
        let Data::Str(pattern) = &template.data else {
            return Ok(self.derived(&[template, args], span));
        };
        if self.unknown(args).is_some() && pattern.matches('%').count() != 1 {
            return Ok(self.derived(&[template, args], span));
        }
        let pieces = match percent::parse(pattern) {
            Ok(pieces) => pieces,
            Err(failure) => return self.failed(failure, &[template], span),
        };
        // A named tuple is a tuple here too.
        let payload = match args.as_obj().map(|id| self.heap.get(id)) {
            Some(Object::Instance(instance)) => instance.payload.clone(),
            _ => None,
        };
        let tuple = match &payload.as_ref().unwrap_or(args).data {
            Data::Tuple(items) => Some(items.to_vec()),
            _ => None,
        };
        let is_tuple = tuple.is_some();
        let mut positional = tuple.unwrap_or_else(|| vec![args.clone()]).into_iter();
        let mut text = Text::default();
        let mut keyed = false;
        for piece in pieces {
            let spec = match piece {
                Piece::Literal(literal) => {
                    text.push_str(&literal);
                    continue;
                }
                Piece::Spec(spec) => spec,
            };
            let star = |positional: &mut std::vec::IntoIter<Val>, width: Width| match width {
                Width::Star => positional.next().and_then(|val| val.as_int()),
                _ => None,
            };
            let stars = [spec.width, spec.precision];
            let count = stars.iter().filter(|width| matches!(width, Width::Star)).count();
            if positional.as_slice().iter().take(count).any(|val| val.as_int().is_none()) {
                return Ok(self.derived(&[template, args], span));
            }
            let (width, precision) =
                (star(&mut positional, spec.width), star(&mut positional, spec.precision));
            let spec = match spec.with_stars(width, precision) {
                Ok(spec) => spec,
                Err(failure) => return self.failed(failure, &[template, args], span),
            };
            self.spend(PLACEHOLDER, span)?;
            let val = match &spec.key {
                Some(key) => {
                    keyed = true;
                    self.item(args, &Val::str(key.as_str(), span), span)?
                }
                None => match positional.next() {
                    Some(val) => val,
                    None => return self.type_error("not enough arguments for format string", span),
                },
            };
            let part = self.percent_part(&spec, &val, span)?;
            text.push_text(&part);
            if text.is_full() {
                return Ok(self.bounded_text(text, span));
            }
        }
        if !keyed && is_tuple && positional.next().is_some() {
            return self.type_error("not all arguments converted during string formatting", span);
        }
        Ok(self.bounded_text(text, span))
    }

    fn percent_part(&mut self, spec: &percent::Spec, val: &Val, span: Span) -> Res<Text> {
        let plain = spec.width == Width::None && spec.precision == Width::None;
        if self.is_open(val) {
            if plain && matches!(spec.conversion, 's' | 'd' | 'i') {
                if spec.conversion != 's' {
                    self.may_fail(val, span);
                }
                return Ok(self.to_text(val).unwrap_or_default());
            }
            let derived = self.derived(&[val], span);
            return Ok(self.to_text(&derived).unwrap_or_default());
        }
        let rendered = match (spec.conversion, self.format_arg(val)) {
            ('s' | 'r' | 'a', arg)
                if arg.is_none() || spec.conversion == 's' || self.is_instance(val) =>
            {
                let text = match spec.conversion {
                    's' => self.str_text(val, span)?,
                    _ => self.repr_text(val, span)?,
                };
                match text.as_literal() {
                    Some(text) => Ok(percent::render_text(spec, text)),
                    None => return Ok(text),
                }
            }
            (_, Some(arg)) => percent::render(spec, &arg),
            (_, None) => {
                let message = format!(
                    "%{} format: a real number is required, not {}",
                    spec.conversion,
                    self.type_name(val)
                );
                return self.type_error(message, span);
            }
        };
        match rendered {
            Ok(text) => Ok(Text::literal(text)),
            Err(failure) => {
                let val = self.failed(failure, &[val], span)?;
                Ok(self.to_text(&val).unwrap_or_default())
            }
        }
    }

    /// `template.format(...)`.
    pub(crate) fn brace_format(&mut self, template: &Val, args: &Args, span: Span) -> Res {
        let Data::Str(pattern) = &template.data else {
            let mut from = vec![template];
            from.extend(args.all());
            return Ok(self.derived(&from, span));
        };
        let pieces = match brace::parse(pattern) {
            Ok(pieces) => pieces,
            Err(failure) => return self.failed(failure, &[template], span),
        };
        if let Some(open) = args.all().into_iter().find(|_| args.is_open()) {
            self.may_fail(open, span);
        }
        let text = self.brace_pieces(&pieces, args, span)?;
        Ok(self.bounded_text(text, span))
    }

    fn brace_pieces(&mut self, pieces: &[BracePiece], args: &Args, span: Span) -> Res<Text> {
        let mut text = Text::default();
        for piece in pieces {
            let field = match piece {
                BracePiece::Literal(literal) => {
                    text.push_str(literal);
                    continue;
                }
                BracePiece::Field(field) => {
                    self.spend(PLACEHOLDER, span)?;
                    field
                }
            };
            let mut val = match &field.name {
                FieldName::Index(index) => args.pos.get(*index).cloned(),
                FieldName::Name(name) => args.named(name).cloned(),
            };
            if val.is_none() {
                val = match (&field.name, &args.more_pos, &args.more_kw) {
                    (FieldName::Index(_), Some(open), _) | (FieldName::Name(_), _, Some(open)) => {
                        let open = open.clone();
                        Some(self.part_of(&open, &format!("[{:?}]", field.name), span))
                    }
                    _ => None,
                };
            }
            let Some(mut val) = val else {
                return Err(match &field.name {
                    FieldName::Index(index) => {
                        let message = format!(
                            "Replacement index {index} out of range for positional args tuple"
                        );
                        self.exception("IndexError", message, span)
                    }
                    FieldName::Name(name) => self.exception("KeyError", name.as_str(), span),
                });
            };
            for accessor in &field.accessors {
                val = match accessor {
                    Accessor::Attr(name) => {
                        self.attribute(&val, &Name::from(name.as_str()), span)?
                    }
                    Accessor::Index(index) => {
                        let index = match accessor.as_integer() {
                            Some(number) => {
                                Val::int(i64::try_from(number).unwrap_or(i64::MAX), span)
                            }
                            None => Val::str(index.as_str(), span),
                        };
                        self.item(&val, &index, span)?
                    }
                };
            }
            if let Some(conversion) = field.conversion {
                val = self.converted(&val, conversion, span)?;
            }
            let spec = self.brace_pieces(&field.spec, args, span)?;
            let part = self.format(&val, &spec, span)?;
            text.push_text(&part);
            if text.is_full() {
                break;
            }
        }
        Ok(text)
    }

    /// `str(exception)`.
    fn exception_str(&mut self, val: &Val, span: Span) -> Res<Text> {
        let (args, file) = match val.as_obj().map(|id| self.heap.get(id)) {
            Some(Object::Instance(instance)) => {
                (instance.attrs.get("args").cloned(), instance.attrs.get("filename").cloned())
            }
            _ => (None, None),
        };
        let Some(Val { data: Data::Tuple(items), .. }) = args else { return Ok(Text::default()) };
        let is_system = self.exception_is(val, "builtins.OSError");
        match items.as_ref() {
            [] => Ok(Text::default()),
            // `str(KeyError("k"))` shows the key as it is written.
            [one] if self.exception_is(val, "builtins.KeyError") => self.repr_text(one, span),
            [one] => self.str_text(one, span),
            [number, message] if is_system => {
                let mut text = Text::literal("[Errno ");
                text.push_text(&self.str_text(number, span)?);
                text.push_str("] ");
                text.push_text(&self.str_text(message, span)?);
                if let Some(name) = file.filter(|name| !name.is_none()) {
                    text.push_str(": ");
                    text.push_text(&self.repr_text(&name, span)?);
                }
                Ok(text)
            }
            many => self.repr_text(&Val::tuple(many.to_vec(), span), span),
        }
    }

    /// The message of an exception for people. It calls no user code.
    pub(crate) fn exception_message(&self, val: &Val) -> String {
        let args = match val.as_obj().map(|id| self.heap.get(id)) {
            Some(Object::Instance(instance)) => instance.attrs.get("args").cloned(),
            _ => None,
        };
        match args.map(|args| args.data) {
            Some(Data::Tuple(items)) => match items.as_ref() {
                [] => String::new(),
                // `str(KeyError("k"))` shows the key as it is written.
                [one] if self.exception_is(val, "builtins.KeyError") => self.short_repr(one),
                [one] => self.display(one),
                many => {
                    let texts: Vec<String> = many.iter().map(|val| self.short_repr(val)).collect();
                    format!("({})", texts.join(", "))
                }
            },
            _ => String::new(),
        }
    }

    /// An exception for people: `KeyError: 'x'`.
    pub(crate) fn exception_text(&self, val: &Val) -> String {
        let message = self.exception_message(val);
        let class = self.type_name(val);
        if message.is_empty() { class } else { format!("{class}: {message}") }
    }

    /// Whether an exception is of a builtin class or one derived from it.
    pub(crate) fn exception_is(&self, val: &Val, path: &str) -> bool {
        let class = self.class_of(val);
        let bases = match &class.data {
            Data::Symbol(own) => vec![own.to_string()],
            Data::Obj(id) => self
                .mro(*id)
                .iter()
                .filter_map(|base| base.as_symbol().map(str::to_owned))
                .collect(),
            _ => Vec::new(),
        };
        bases.iter().any(|base| super::library::builtins::exception_derives(base, path))
    }

    /// Records the arguments an exception was made with.
    pub(crate) fn set_exception_args(&mut self, this: &Val, args: &Args, span: Span) {
        let tuple = Val::tuple(args.pos.clone(), span);
        self.set_raw(this, &Name::from("args"), tuple);
    }

    /// The known beginning of a text, for decisions about names.
    pub(crate) fn known_prefix(text: &Text) -> &str {
        match text.segments.first() {
            Some(Segment::Literal(literal)) => literal,
            _ => "",
        }
    }

    /// The native as text when it is a path, and so on.
    pub(crate) fn path_text(&self, val: &Val) -> Option<String> {
        match &val.data {
            Data::Str(text) => Some(text.to_string()),
            Data::Native(native) => match native.as_ref() {
                Native::Path(path) => Some(path.clone()),
                _ => None,
            },
            _ => None,
        }
    }
}
