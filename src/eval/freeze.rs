//! From the evaluator's objects to finished values.

use std::sync::Arc;

use indexmap::IndexMap;
use num_bigint::BigInt;

use super::checkout::{DAGS_FOLDER, Piece, is_marked, on_disk};
use super::interp::Interp;
use super::object::{Data, Key, Native, ObjId, Object, Val};
use super::{Hole, HoleKind, Kind, Model, Segment, Text, Value, XCom};
use crate::python::Span;

/// How deep values may be nested; beyond it they are unknown.
const MAX_DEPTH: u32 = 64;

/// The attribute of a `Param` without a default: the type of its schema. No attribute in Python has such a name.
pub(crate) const UNSET: &str = "<unset>";

/// Parts that a hole counts for: it is told with its reason and its place wherever it is met.
const HOLE: usize = 6;

/// Bytes that a segment of a text with holes counts for.
const SEGMENT: usize = 64;

/// Bytes that an expression or a block of a Jinja template counts for: the job spec says what each reads.
const TAG: usize = 48;

/// A text shorter than this is finished even when there is no room left.
const SMALL: usize = 256;

/// How many expressions and blocks of Jinja a text may hold.
fn tags(text: &str) -> usize {
    text.match_indices('{')
        .filter(|(at, _)| matches!(text.as_bytes().get(at + 1), Some(b'{' | b'%')))
        .count()
}

/// How many parts a value counts for, those of what it holds not among them.
fn parts_of(val: &Val) -> usize {
    match &val.data {
        Data::Unknown(_) => HOLE,
        Data::Text(text) => 1 + text.holes().count() * HOLE,
        _ => 1,
    }
}

impl Interp<'_> {
    /// The finished picture of a value.
    pub(crate) fn freeze(&self, val: &Val) -> Value {
        // A finished value owns its parts, so what is shared many times over grows beyond all bounds.
        // A single dict that is within its bound has room.
        self.parts_left.set(self.settings.limits.collection.saturating_mul(2).saturating_add(1));
        self.freeze_at(val, 0)
    }

    /// The finished picture of a value, paths of this checkout included.
    pub(crate) fn freeze_in_place(&self, val: &Val) -> Value {
        self.keeps_checkout.set(true);
        let value = self.freeze(val);
        self.keeps_checkout.set(false);
        value
    }

    fn freeze_at(&self, val: &Val, depth: u32) -> Value {
        let kind = if depth > MAX_DEPTH {
            Kind::Unknown(deep_hole(val))
        } else if let Some(hole) = self.without_room(val) {
            Kind::Unknown(hole)
        } else if let Data::Obj(id) = &val.data {
            self.freeze_inside(val, *id, depth)
        } else {
            self.freeze_kind(val, depth)
        };
        Value::new(kind, val.span)
    }

    /// An object and what it holds. One that holds itself, perhaps twice, would be written out on every way to it.
    fn freeze_inside(&self, val: &Val, id: ObjId, depth: u32) -> Kind {
        let id = self.heap.resolve(id);
        if self.being_finished.borrow().contains(&id) {
            return Kind::Unknown(deep_hole(val));
        }
        self.being_finished.borrow_mut().push(id);
        let kind = self.freeze_kind(val, depth);
        self.being_finished.borrow_mut().pop();
        kind
    }

    /// Whether the finished values are not too large yet to take in one more. One text in a thousand tasks is a
    /// thousand texts when it is written. What is small is always taken, for it names the tasks.
    fn has_room_for(&self, val: &Val) -> bool {
        let bytes = match &val.data {
            Data::Str(text) => text.len() + tags(text) * TAG,
            Data::Bytes(bytes) => bytes.len(),
            Data::Text(text) => {
                let names: usize = text.holes().map(|hole| hole.name.len()).sum();
                text.segments.len() * SEGMENT + text.len() + names
            }
            Data::Unknown(hole) => hole.name.len(),
            Data::Obj(_) | Data::Tuple(_) => SMALL,
            _ => 0,
        };
        let parts = self.all_parts_left.get();
        let left = self.all_bytes_left.get();
        self.all_parts_left.set(parts.saturating_sub(parts_of(val)));
        self.all_bytes_left.set(left.saturating_sub(bytes));
        bytes < SMALL || (parts > 0 && left > bytes)
    }

    /// The hole for a value for which there is no room. A collection is left out as a whole: half of a list is of no use
    /// to anybody, and each of its items would be told by itself. What comes after it finds no room either, or the same
    /// would be weighed over and over.
    fn without_room(&self, val: &Val) -> Option<Arc<Hole>> {
        let together = "the arguments of all tasks together are larger than the bound";
        let is_small = self.has_room_for(val);
        let Some((parts, bytes)) = self.weight_within(val).filter(|_| is_small) else {
            return (!is_small).then(|| bound_hole(val, "size", together));
        };
        let left = self.parts_left.get();
        if left == 0 || parts > left {
            self.parts_left.set(0);
            self.has_many_parts.set(true);
            return Some(bound_hole(val, "collection", "a value has more parts than the bound"));
        }
        self.parts_left.set(left - parts);
        for (weight, room) in [(parts, &self.all_parts_left), (bytes, &self.all_bytes_left)] {
            if weight > room.get() {
                room.set(0);
                return Some(bound_hole(val, "size", together));
            }
        }
        None
    }

    /// The parts and bytes that a collection holds at least, those within its parts not among them.
    fn weight_within(&self, val: &Val) -> Option<(usize, usize)> {
        let weigh = |(parts, bytes): (usize, usize), val: &Val| {
            let length = match &val.data {
                Data::Str(text) => text.len(),
                Data::Bytes(bytes) => bytes.len(),
                _ => 0,
            };
            (parts + parts_of(val), bytes + length)
        };
        // An empty one is a part, too.
        let none = (1, 0);
        Some(match &val.data {
            Data::Tuple(items) => items.iter().fold(none, weigh),
            Data::Obj(id) => match self.heap.get(*id) {
                Object::List(items) => items.iter().fold(none, weigh),
                Object::Set(items, _) => items.values().fold(none, weigh),
                Object::Dict(entries, _) => {
                    entries.values().flat_map(|(key, value)| [key, value]).fold(none, weigh)
                }
                Object::Model(_, fields) => fields.values().fold(none, weigh),
                Object::Namespace(owner) => self
                    .namespace_entries(*owner)
                    .values()
                    .flat_map(|(key, value)| [key, value])
                    .fold(none, weigh),
                _ => none,
            },
            _ => return None,
        })
    }

    /// Tells that values were left out because they, or all of them together, are too large.
    pub(crate) fn tell_left_out(&mut self, span: Span) {
        if self.has_many_parts.get() {
            let message = "an argument of a task has more parts than the bound";
            self.limit(span, "collection", message, "--max-collection");
        }
        let message = "the arguments of all tasks are too large together";
        if self.all_parts_left.get() == 0 {
            self.limit(span, "parts", message, "--max-collection");
        } else if self.all_bytes_left.get() == 0 {
            self.limit(span, "bytes", message, "--max-string");
        }
    }

    fn freeze_all(&self, items: &[Val], depth: u32) -> Vec<Value> {
        items.iter().map(|item| self.freeze_at(item, depth + 1)).collect()
    }

    fn freeze_kind(&self, val: &Val, depth: u32) -> Kind {
        match &val.data {
            Data::None => Kind::None,
            Data::Bool(value) => Kind::Bool(*value),
            Data::Int(value) => Kind::Int(BigInt::from(*value)),
            Data::Big(value) => Kind::Int(value.as_ref().clone()),
            Data::Float(value) => Kind::Float(*value),
            Data::Str(text) => {
                Kind::Str(self.without_checkout(Text::literal(text.as_ref()), val.span))
            }
            Data::Text(text) => Kind::Str(self.without_checkout(text.as_ref().clone(), val.span)),
            Data::Bytes(bytes) => Kind::Bytes(bytes.to_vec()),
            Data::Tuple(items) => Kind::Tuple(self.freeze_all(items, depth)),
            Data::Native(native) => match native.as_ref() {
                Native::TimeDelta(micros) | Native::Duration(micros) | Native::Interval(micros) => {
                    Kind::TimeDelta(*micros)
                }
                Native::Moment(_) => Kind::DateTime(self.native_str(native).unwrap_or_default()),
                Native::Range(..)
                | Native::Path(_)
                | Native::Regex(..)
                | Native::Match(_)
                | Native::Label(_)
                | Native::Getter(..) => {
                    self.opaque(self.native_class(native), &self.display_native(native))
                }
            },
            Data::Symbol(path) => self.opaque("symbol", path),
            Data::Method(bound) => self.opaque("function", &bound.1),
            Data::Ellipsis | Data::NotImplemented | Data::Slice(_) => {
                self.opaque("object", &self.short_repr(val))
            }
            Data::Unknown(hole) => Kind::Unknown(Arc::clone(hole)),
            Data::Obj(id) => self.freeze_object(val, *id, depth),
        }
    }

    fn display_native(&self, native: &Native) -> String {
        self.native_str(native).unwrap_or_else(|| self.native_repr(native))
    }

    fn opaque(&self, class: &str, name: &str) -> Kind {
        Kind::Object(super::Object {
            class: class.to_owned(),
            name: self.checkout.shown(name).into_owned(),
        })
    }

    fn freeze_object(&self, val: &Val, id: ObjId, depth: u32) -> Kind {
        match self.heap.get(id) {
            Object::List(items) => Kind::List(self.freeze_all(items, depth)),
            Object::Dict(entries, _) => Kind::Dict(
                entries
                    .iter()
                    .map(|(key, (name, value))| {
                        let name = match key {
                            // Entries of an unknown mapping: key and value alike are open.
                            Key::Spread(_) => value,
                            _ => name,
                        };
                        (self.freeze_at(name, depth + 1), self.freeze_at(value, depth + 1))
                    })
                    .collect(),
            ),
            Object::Set(items, _) => {
                Kind::Set(items.values().map(|item| self.freeze_at(item, depth + 1)).collect())
            }
            Object::Model(class, fields) => {
                let fields: IndexMap<String, Value> = fields
                    .iter()
                    .map(|(name, val)| (name.to_string(), self.freeze_at(val, depth + 1)))
                    .collect();
                Kind::Model(Model { class: class.to_string(), fields })
            }
            Object::Instance(instance) => match &instance.payload {
                // An instance of a subclass of `str` or `dict`, or a member of an enum of strings.
                Some(payload) => {
                    let base = self.symbol_base(&instance.class);
                    let is_plain_enum = base.as_deref() == Some("enum.Enum");
                    if is_plain_enum || base.as_deref() == Some("enum.Flag") {
                        self.opaque("enum", &self.short_repr(payload))
                    } else {
                        self.freeze_at(payload, depth + 1).kind
                    }
                }
                None => self.opaque(&self.type_name(val), &self.short_repr(val)),
            },
            Object::Function(function) => self.opaque("function", &function.name),
            Object::Bound(..) | Object::Partial(..) => {
                self.opaque("function", &self.short_repr(val))
            }
            Object::Class(class, _) => self.opaque("class", &class.dotted),
            Object::Module(module) => self.opaque("module", &module.name),
            Object::Lazy(_) => self.opaque("generator", "unread"),
            Object::Iterator(items, at) => {
                let rest: Vec<Val> = items.iter().skip(*at).cloned().collect();
                // An iterator is no list: Airflow would pass it on as it is.
                self.opaque("generator", &format!("{} items", rest.len()))
            }
            Object::XCom(task, key) => {
                let task_id = match self.heap.get(*task) {
                    Object::Task(task) => task.id.to_template(),
                    _ => String::new(),
                };
                Kind::XCom(XCom { task_id, key: key.clone() })
            }
            Object::Record(class, attrs) => match class.as_ref() {
                // Airflow itself replaces a parameter object by its default.
                "airflow.Param" => match (attrs.get(UNSET), attrs.get("default")) {
                    (Some(takes), _) => self.opaque(class, takes.as_str().unwrap_or_default()),
                    (None, Some(default)) => self.freeze_at(default, depth + 1).kind,
                    (None, None) => Kind::None,
                },
                "airflow.DagParam" => {
                    let name = attrs.get("name").and_then(Val::as_str).unwrap_or_default();
                    Kind::Unknown(Arc::new(Hole {
                        kind: HoleKind::Param,
                        name: name.to_owned(),
                        default: None,
                        reason: format!("parameter `{name}` of the DAG"),
                        span: val.span,
                        roots: Vec::new(),
                    }))
                }
                class => match self.record_str(&class.into(), attrs) {
                    Some(text) => self.opaque(class, &text),
                    None => self.opaque(class, &self.record_text(attrs)),
                },
            },
            Object::Dag(dag) => self.opaque("airflow.DAG", &dag.id.display()),
            Object::Task(task) => self.opaque(&task.base, &task.id.display()),
            Object::Group(group) => self.opaque("airflow.TaskGroup", &group.id.display()),
            Object::TaskDecorator(decorator) => self.opaque("function", &decorator.kind),
            Object::Poisoned(hole) => Kind::Unknown(Arc::clone(hole)),
            Object::Namespace(owner) => Kind::Dict(
                self.namespace_entries(*owner)
                    .into_values()
                    .map(|(name, val)| {
                        (self.freeze_at(&name, depth + 1), self.freeze_at(&val, depth + 1))
                    })
                    .collect(),
            ),
            Object::Scope(_)
            | Object::Property(..)
            | Object::Static(_)
            | Object::ClassMethod(_)
            | Object::Super(..)
            | Object::Forward(_) => self.opaque("object", &self.short_repr(val)),
        }
    }

    /// The first plain attribute of a record, which names it best: a URI, a cron expression.
    fn record_text(&self, attrs: &super::object::Map<crate::python::ast::Name, Val>) -> String {
        attrs.values().find_map(|val| val.as_str().map(str::to_owned)).unwrap_or_default()
    }

    /// A text without the place of this checkout: where the DAG folder lies on the machine that runs
    /// Airflow is not known, so a folder of this machine inside a text is a hole.
    pub(crate) fn without_checkout(&self, text: Text, span: Span) -> Text {
        let is_literal =
            |part: &Segment| matches!(part, Segment::Literal(literal) if is_marked(literal));
        if !text.segments.iter().any(is_literal) {
            return text;
        }
        let mut made = Text::default();
        for part in &text.segments {
            match part {
                Segment::Hole(hole) => made.push_hole(Arc::clone(hole)),
                Segment::Literal(literal) if self.keeps_checkout.get() => {
                    made.push_str(&on_disk(literal));
                }
                Segment::Literal(literal) => match self.checkout.pieces(literal) {
                    Some(pieces) => {
                        pieces
                            .into_iter()
                            .for_each(|piece| self.push_piece(&mut made, piece, span));
                    }
                    None => made.push_hole(part_of_place(span)),
                },
            }
        }
        made
    }

    fn push_piece(&self, text: &mut Text, piece: Piece<'_>, span: Span) {
        let name = match piece {
            Piece::Same(literal) => return text.push_str(literal),
            Piece::Folder(name) => name,
        };
        match self.settings.values.get(HoleKind::File, &name) {
            Some(serde_json::Value::String(folder)) => text.push_str(&folder),
            _ => {
                let reason = match name.as_str() {
                    DAGS_FOLDER => "the folder of the DAGs where Airflow runs",
                    _ => "a folder beside or above that of the DAGs where Airflow runs",
                };
                text.push_hole(folder_hole(name, reason, span));
            }
        }
    }
}

/// A hole for a value that a bound leaves out.
fn bound_hole(val: &Val, name: &str, reason: &str) -> Arc<Hole> {
    let (name, reason) = (name.to_owned(), reason.to_owned());
    let (default, roots) = (None, Vec::new());
    Arc::new(Hole { kind: HoleKind::Limit, name, default, reason, span: val.span, roots })
}

fn deep_hole(val: &Val) -> Arc<Hole> {
    bound_hole(val, "depth", "values are nested deeper than the bound, or contain themselves")
}

/// A hole for what was made of the names of folders around the DAGs. No two of them are the same.
fn part_of_place(span: Span) -> Arc<Hole> {
    Arc::new(Hole {
        kind: HoleKind::Expression,
        name: "part of the place of the DAGs".to_owned(),
        default: None,
        reason: "made of the names of folders where Airflow runs".to_owned(),
        span,
        roots: Vec::new(),
    })
}

/// A hole for a folder.
fn folder_hole(name: String, reason: &str, span: Span) -> Arc<Hole> {
    let reason = reason.to_owned();
    Arc::new(Hole { kind: HoleKind::File, name, default: None, reason, span, roots: Vec::new() })
}
