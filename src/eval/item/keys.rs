//! Dict keys: what Python takes for equal.

use std::rc::Rc;
use std::sync::Arc;

use crate::eval::call::Args;
use crate::eval::expr::text_may_equal;
use crate::eval::interp::{Interp, Res};
use crate::eval::object::{Data, Flavour, Key, ObjId, Object, Val};
use crate::eval::pure::hash::hexdigest;
use crate::eval::{Hole, HoleKind, Segment, Text};
use crate::python::Span;

/// The longest text that stands for the elements of a set, in bytes.
const LONGEST_KEY: usize = 256;

impl Interp<'_> {
    /// The dict key of a value.
    pub(crate) fn key(&mut self, val: &Val, span: Span) -> Res<Key> {
        self.spend(1, span)?;
        Ok(match &val.data {
            Data::None => Key::None,
            Data::Bool(value) => Key::Int(i64::from(*value)),
            Data::Int(value) => Key::Int(*value),
            Data::Big(value) => Key::Big(value.as_ref().clone()),
            #[allow(
                clippy::cast_possible_truncation,
                reason = "checked to be integral and in range"
            )]
            Data::Float(value) if value.fract() == 0.0 && value.abs() < 9e18 => {
                Key::Int(*value as i64)
            }
            Data::Float(value) => Key::Float(value.to_bits()),
            Data::Str(text) => {
                self.scan(text.len());
                Key::Str(Rc::clone(text))
            }
            Data::Text(text) => {
                let holes: Vec<String> = text.holes().map(hole_key).collect();
                let key = format!("{} {holes:?}", text.to_template());
                self.write(key.len());
                Key::Hole(key)
            }
            Data::Bytes(bytes) => {
                self.scan(bytes.len());
                Key::Bytes(Rc::clone(bytes))
            }
            Data::Tuple(items) => {
                let mut keys = Vec::with_capacity(items.len());
                for item in items.iter() {
                    keys.push(self.key(item, span)?);
                }
                key_of_parts(keys)
            }
            // A constant of a library is equal to its value, which is not known.
            Data::Symbol(path) if is_constant(path) => Key::Hole(path.to_string()),
            Data::Symbol(path) => Key::Symbol(path.clone()),
            Data::Unknown(hole) => Key::Hole(hole_key(hole)),
            Data::Obj(id) => {
                let id = self.heap.resolve(*id);
                match self.heap.get(id) {
                    Object::Set(items, true) => {
                        // Two sets are one key when they have the same elements, in whatever order.
                        let mut keys: Vec<String> =
                            items.keys().map(|key| format!("{key:?}")).collect();
                        keys.sort();
                        let bytes: usize = keys.iter().map(String::len).sum();
                        self.write(bytes);
                        self.spend(keys.len(), span)?;
                        let keys = format!("{keys:?}");
                        // A set in a set in a set would repeat all of its elements, quoted again each time.
                        let digest = (keys.len() > LONGEST_KEY)
                            .then(|| hexdigest("sha256", keys.as_bytes()))
                            .flatten();
                        Key::Other(format!("frozenset({})", digest.unwrap_or(keys)))
                    }
                    Object::List(_) | Object::Dict(..) | Object::Set(_, false) => {
                        let message = format!("unhashable type: '{}'", self.type_name(val));
                        return self.type_error(message, span);
                    }
                    Object::Poisoned(hole) => Key::Hole(hole_key(hole)),
                    // An enum of strings or numbers is equal to its value.
                    Object::Instance(instance) => {
                        let plain = instance.payload.clone().filter(|_| {
                            let is_tuple = matches!(
                                self.flavour_of(&instance.class),
                                Some(Flavour::NamedTuple(_))
                            );
                            is_tuple
                                || self.symbol_base(&instance.class).is_some_and(|base| {
                                    matches!(
                                        base.as_ref(),
                                        "builtins.str"
                                            | "builtins.int"
                                            | "builtins.tuple"
                                            | "enum.StrEnum"
                                            | "enum.IntEnum"
                                    )
                                })
                        });
                        match plain {
                            Some(payload) => self.key(&payload, span)?,
                            None => self.own_key(val, id, span)?,
                        }
                    }
                    _ => Key::Obj(id),
                }
            }
            // All of it: a shortened text would make two long paths one key.
            Data::Native(native) => {
                let repr = self.native_repr(native);
                self.write(repr.len());
                Key::Other(repr)
            }
            _ => Key::Other(self.display(val)),
        })
    }

    /// The key of an instance: itself, unless its class says what is equal to it.
    fn own_key(&mut self, val: &Val, id: ObjId, span: Span) -> Res<Key> {
        let class = self.class_of(val);
        let Some(class_id) = class.as_obj().map(|id| self.heap.resolve(id)) else {
            return Ok(Key::Obj(id));
        };
        if let Ok(Some(function)) = self.class_lookup(&class, "__hash__") {
            if function.is_none() {
                let message = format!("unhashable type: '{}'", self.type_name(val));
                return self.type_error(message, span);
            }
            // What is equal hashes alike; that what hashes alike is equal is taken on trust.
            let hashing = std::mem::replace(&mut self.hashing, true);
            let hash = self.call(&function, Args::positional(vec![val.clone()]), span);
            self.hashing = hashing;
            let hash = hash?;
            // What is not told to be equal to another is one key by itself.
            if !matches!(self.class_lookup(&class, "__eq__"), Ok(Some(_))) {
                return Ok(Key::Obj(id));
            }
            return Ok(match &hash.data {
                Data::Int(_) | Data::Str(_) => {
                    Key::Tuple(vec![Key::Obj(class_id), self.key(&hash, span)?])
                }
                _ => Key::Hole(format!("hash of {} {}", self.short_repr(val), id.0)),
            });
        }
        if let Ok(Some(_)) = self.class_lookup(&class, "__eq__") {
            let message = format!("unhashable type: '{}'", self.type_name(val));
            return self.type_error(message, span);
        }
        if let Some(Flavour::Dataclass(_)) = self.flavour_of(&class) {
            let rules = self.rules_of(&class);
            if rules.eq && !rules.frozen {
                let message = format!("unhashable type: '{}'", self.type_name(val));
                return self.type_error(message, span);
            }
            if rules.eq {
                let mut keys = vec![Key::Obj(class_id)];
                for field in self.compared_values(val).unwrap_or_default() {
                    keys.push(self.key(&field, span)?);
                }
                return Ok(key_of_parts(keys));
            }
        }
        Ok(Key::Obj(id))
    }
}

/// Whether a symbol is named as a constant of a class is: `http.HTTPStatus.OK`.
fn is_constant(path: &str) -> bool {
    let mut names = path.rsplit('.');
    let last = names.next().unwrap_or_default();
    let owner = names.next().unwrap_or_default();
    !last.chars().any(char::is_lowercase)
        && last.chars().any(char::is_uppercase)
        && owner.chars().next().is_some_and(char::is_uppercase)
}

/// The key of a tuple: with a hole in a part the whole may be equal to any other.
fn key_of_parts(keys: Vec<Key>) -> Key {
    if keys.iter().any(|key| matches!(key, Key::Hole(_))) {
        Key::Hole(format!("{keys:?}"))
    } else {
        Key::Tuple(keys)
    }
}

/// What makes the value of a hole the same as that of another: the lookup, or, where it is computed, the
/// very computation, since one place in the source can give many values.
fn hole_key(hole: &Arc<Hole>) -> String {
    let template = Text::hole(Arc::clone(hole)).to_template();
    match hole.kind {
        HoleKind::Env
        | HoleKind::Variable
        | HoleKind::Connection
        | HoleKind::Conf
        | HoleKind::Param
        | HoleKind::XCom
        | HoleKind::Import => template,
        _ => format!("{template}@{}", Arc::as_ptr(hole).addr()),
    }
}

/// Whether two keys, at least one of which has a hole in it, may be equal.
pub(crate) fn may_be_one_key(a: &Val, b: &Val) -> bool {
    match (&a.data, &b.data) {
        (Data::Str(a), Data::Str(b)) => a == b,
        (Data::Text(text), Data::Str(known)) | (Data::Str(known), Data::Text(text)) => {
            text_may_equal(text, known)
        }
        (Data::Text(a), Data::Text(b)) => texts_may_be_equal(a, b),
        (Data::Text(text), Data::Unknown(hole)) | (Data::Unknown(hole), Data::Text(text)) => {
            texts_may_be_equal(text, &Text::hole(Arc::clone(hole)))
        }
        (Data::Tuple(a), Data::Tuple(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| may_be_one_key(a, b))
        }
        (Data::Int(a), Data::Int(b)) => a == b,
        // What is of another kind is equal only where it has a say in it.
        (Data::Text(_) | Data::Str(_), Data::Tuple(_) | Data::Int(_) | Data::None)
        | (Data::Tuple(_) | Data::Int(_) | Data::None, Data::Text(_) | Data::Str(_)) => false,
        _ => true,
    }
}

/// Whether two texts with holes may be equal: what both begin with and end in decides nothing, and what is
/// left must fit. The same lookup has the same value on both sides.
fn texts_may_be_equal(a: &Text, b: &Text) -> bool {
    let is_one = |pair: &(&Segment, &Segment)| match pair {
        (Segment::Literal(a), Segment::Literal(b)) => a == b,
        (Segment::Hole(a), Segment::Hole(b)) => hole_key(a) == hole_key(b),
        _ => false,
    };
    let shared = a.segments.iter().zip(&b.segments).take_while(is_one).count();
    let a = a.segments.get(shared..).unwrap_or_default();
    let b = b.segments.get(shared..).unwrap_or_default();
    let shared = a.iter().rev().zip(b.iter().rev()).take_while(is_one).count();
    let a = a.get(..a.len().saturating_sub(shared)).unwrap_or_default();
    let b = b.get(..b.len().saturating_sub(shared)).unwrap_or_default();
    let is_literal = |part: &Segment| matches!(part, Segment::Literal(_));
    match (a, b) {
        ([], rest) | (rest, []) => !rest.iter().any(is_literal),
        ([first, ..], [other, ..]) => {
            let begins = match (first, other) {
                (Segment::Literal(a), Segment::Literal(b)) => {
                    a.starts_with(b.as_str()) || b.starts_with(a.as_str())
                }
                _ => true,
            };
            let ends = match (a.last(), b.last()) {
                (Some(Segment::Literal(a)), Some(Segment::Literal(b))) => {
                    a.ends_with(b.as_str()) || b.ends_with(a.as_str())
                }
                _ => true,
            };
            begins && ends
        }
    }
}
