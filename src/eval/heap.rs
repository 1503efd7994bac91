//! The evaluator's heap: objects by number, with journals that let a branch be tried and undone.
//!
//! A journal remembers the first state of every older object that is written while it is open.
//! Rolling it back restores those states and hands out the new ones as a [`Delta`], which can be
//! merged with the delta of the other branch and applied.

use std::cell::Cell;
use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::Hole;
use super::object::{Flavour, Map, ObjId, Object, Val};
use crate::python::Span;

/// New states of objects that existed before a journal was opened.
pub(crate) type Delta = Map<ObjId, Object>;

#[derive(Debug)]
struct Journal {
    /// Objects from here on were made inside the journal and need no undo.
    mark: u32,
    old: Map<ObjId, Object>,
}

/// Another object that is changed, perhaps, when one is.
#[derive(Debug, Clone)]
struct Link {
    other: ObjId,
    /// Whether the other is one of those that this one may be.
    is_source: bool,
    cond: Arc<Hole>,
}

/// All objects of one evaluation.
#[derive(Debug, Default)]
pub(crate) struct Heap {
    objects: Vec<Object>,
    journals: Vec<Journal>,
    lost: Option<Arc<Hole>>,
    /// Joined containers and those they were joined from.
    links: Map<ObjId, Vec<Link>>,
    /// Counts the changes of objects.
    version: u64,
    /// How much was put here and copied for journals, in values.
    made: Cell<u64>,
}

/// How many values count as a step, for the time it takes to copy them and for the room they take to the end.
const COPIED: u64 = 2;

/// Values that take as much room as an object without any.
const OBJECT: u64 = 3;
/// Links that are followed in the time in which a value is made.
const LINKS: u64 = 8;
/// Values that take as much room as an iterator that is not at its end.
const LAZY: usize = 16;
/// Values that take as much room as a function.
const FUNCTION: usize = 8;
/// Values that take as much room as a class.
const CLASS: usize = 12;
/// Values that a collection may have room for beyond twice those it has.
const ROOM_LEFT: usize = 16;

/// How many values an object holds.
fn size(object: &Object) -> u64 {
    let length = match object {
        Object::List(items) | Object::Iterator(items, _) => items.len(),
        // A key, its hash and its place in the table take room as well.
        Object::Dict(entries, _) => entries.len() * 6,
        Object::Set(items, _) => items.len() * 3,
        // Thousands of undecided branches copy and join the names of a module again each time.
        Object::Scope(names) => names.len() * 4,
        Object::Record(_, names) | Object::Model(_, names) => names.len() * 2,
        Object::Instance(instance) => instance.attrs.len() * 2,
        // A class remembers all the classes above it.
        Object::Class(class, attrs) => {
            let fields = match &class.flavour {
                Flavour::NamedTuple(fields) => fields.len() * 3,
                _ => 0,
            };
            CLASS + class.mro.len() * 2 + attrs.len() * 4 + fields
        }
        Object::Function(function) => {
            FUNCTION + function.defaults.len() * 4 + function.closure.len()
        }
        Object::Lazy(lazy) => LAZY + lazy.held(),
        Object::Task(task) => (task.keywords.len() + task.attrs.len()) * 3 + task.upstream.len(),
        Object::Group(group) => group.children.len() + group.attrs.len() * 3,
        Object::Partial(_, given, named) => given.len() * 2 + named.len() * 3,
        _ => 0,
    };
    OBJECT + length as u64
}

/// Gives back the room that what is left of a larger collection does not need: it is there to the end.
fn tighten(object: &mut Object) {
    let is_loose = |capacity: usize, length: usize| capacity > ROOM_LEFT + length * 2;
    match object {
        Object::List(items) | Object::Iterator(items, _)
            if is_loose(items.capacity(), items.len()) =>
        {
            items.shrink_to_fit();
        }
        Object::Set(items, _) if is_loose(items.capacity(), items.len()) => items.shrink_to_fit(),
        Object::Dict(entries, _) if is_loose(entries.capacity(), entries.len()) => {
            entries.shrink_to_fit();
        }
        _ => {}
    }
}

impl Heap {
    /// Puts an object on the heap.
    pub(crate) fn add(&mut self, mut object: Object) -> ObjId {
        let id = ObjId(u32::try_from(self.objects.len()).unwrap_or(u32::MAX));
        tighten(&mut object);
        self.count(size(&object));
        self.objects.push(object);
        id
    }

    /// Puts an object on the heap and gives a value for it.
    pub(crate) fn val(&mut self, object: Object, span: Span) -> Val {
        let id = self.add(object);
        Val::obj(id, span)
    }

    /// The number an object goes by now: joined branches forward one object to another.
    pub(crate) fn resolve(&self, mut id: ObjId) -> ObjId {
        while let Some(Object::Forward(next)) = self.objects.get(id.0 as usize) {
            id = *next;
        }
        id
    }

    /// Reads an object.
    pub(crate) fn get(&self, id: ObjId) -> &Object {
        const MISSING: &Object = &Object::Iterator(Vec::new(), 0);
        self.objects.get(self.resolve(id).0 as usize).unwrap_or(MISSING)
    }

    /// Gives an object for writing; open journals remember its state first.
    pub(crate) fn get_mut(&mut self, id: ObjId) -> &mut Object {
        let id = self.resolve(id);
        if self.links.contains_key(&id) {
            self.follow_links(id);
        }
        self.slot(id)
    }

    fn slot(&mut self, id: ObjId) -> &mut Object {
        self.version += 1;
        self.remember(id);
        let at = (id.0 as usize).min(self.objects.len().saturating_sub(1));
        if self.objects.is_empty() {
            self.objects.push(Object::Iterator(Vec::new(), 0));
        }
        // The index is within bounds: the heap is not empty and `at` is at most its last place.
        #[allow(clippy::indexing_slicing, reason = "bounded on the line above")]
        &mut self.objects[at]
    }

    /// Replaces an object.
    pub(crate) fn set(&mut self, id: ObjId, object: Object) {
        *self.get_mut(id) = object;
    }

    /// Writes the join of what two branches left: what hangs together was changed there already.
    pub(crate) fn put(&mut self, id: ObjId, object: Object) {
        let id = self.resolve(id);
        *self.slot(id) = object;
    }

    /// A joined object stands for one of two others: a change of it is a change of one of them, and
    /// after a change of one of them it is out of date.
    pub(crate) fn link(&mut self, made: &Val, sources: [ObjId; 2], cond: &Arc<Hole>) {
        let Some(made) = made.as_obj() else { return };
        for source in sources {
            let mut tie = |from: ObjId, other: ObjId, is_source: bool| {
                let cond = Arc::clone(cond);
                self.links.entry(from).or_default().push(Link { other, is_source, cond });
            };
            tie(made, source, true);
            tie(source, made, false);
        }
    }

    /// Whether an object may be the same one as others.
    pub(crate) fn is_tied(&self, id: ObjId) -> bool {
        self.links.contains_key(&self.resolve(id))
    }

    /// Whether two objects may be one: what stands for both sides of a condition is one of them.
    pub(crate) fn may_be_one(&self, a: ObjId, b: ObjId) -> bool {
        if !self.is_tied(a) || !self.is_tied(b) {
            return false;
        }
        let (a, b) = (self.sources_of(a), self.sources_of(b));
        a.iter().any(|id| b.contains(id))
    }

    /// An object, and those of which it may be one.
    fn sources_of(&self, id: ObjId) -> FxHashSet<ObjId> {
        let mut found = FxHashSet::default();
        let mut open = vec![self.resolve(id)];
        while let Some(id) = open.pop() {
            if found.insert(id) {
                let links = self.links.get(&id).into_iter().flatten();
                open.extend(links.filter(|link| link.is_source).map(|link| link.other));
            }
        }
        found
    }

    /// An object changes: what may be the same one is no longer known.
    fn follow_links(&mut self, id: ObjId) {
        let mut seen = FxHashSet::from_iter([id]);
        let mut todo = vec![(id, true)];
        let mut followed = 0;
        while let Some((at, is_source)) = todo.pop() {
            let Some(links) = self.links.get_mut(&at).map(std::mem::take) else { continue };
            followed += links.len() as u64;
            for link in &links {
                if link.is_source && !is_source || !seen.insert(link.other) {
                    continue;
                }
                todo.push((link.other, link.is_source));
                if !self.get(link.other).is_poisoned() {
                    *self.slot(link.other) = Object::Poisoned(Arc::clone(&link.cond));
                }
            }
            self.links.insert(at, links);
        }
        self.count(followed / LINKS);
    }

    /// Replaces an object without following forwards: used to make one.
    pub(crate) fn forward(&mut self, from: ObjId, to: ObjId) {
        let from = self.resolve(from);
        let to = self.resolve(to);
        if from != to {
            self.set(from, Object::Forward(to));
        }
    }

    /// How much was put on the heap so far, in values: what later ran out of use still counts.
    pub(crate) fn made(&self) -> u64 {
        self.made.get()
    }

    fn count(&self, values: u64) {
        self.made.set(self.made.get().saturating_add(values));
    }

    /// A copy of an object to work on. It counts for less than one that is kept.
    pub(crate) fn copy(&self, id: ObjId) -> Object {
        let object = self.get(id);
        // A class is seldom copied, and then with all that it has.
        let attrs = match object {
            Object::Class(_, attrs) => attrs.len() as u64,
            _ => 0,
        };
        self.count((size(object) + attrs) / COPIED);
        object.clone()
    }

    /// Counts values that are copied without being put here.
    pub(crate) fn copied(&self, values: usize) {
        self.count(values as u64 / COPIED);
    }

    /// The next number to be given out.
    pub(crate) fn mark(&self) -> u32 {
        u32::try_from(self.objects.len()).unwrap_or(u32::MAX)
    }

    fn remember(&mut self, id: ObjId) {
        let Some(object) = self.objects.get(id.0 as usize) else { return };
        // Only the innermost journal needs it: closing a journal writes through to the outer one.
        if let Some(journal) = self.journals.last_mut()
            && id.0 < journal.mark
            && !journal.old.contains_key(&id)
        {
            let copied = size(object);
            journal.old.insert(id, object.clone());
            self.count(copied);
        }
    }

    /// Opens a journal.
    pub(crate) fn begin(&mut self) {
        let mark = self.mark();
        self.journals.push(Journal { mark, old: Map::default() });
    }

    /// How many journals are open.
    pub(crate) fn journals(&self) -> usize {
        self.journals.len()
    }

    /// A number that is another one after every change of an object.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// The states that objects have now which were changed since a journal was opened, without closing it. What
    /// exists by now is remembered as well from here on when it is changed.
    pub(crate) fn changed_since(&mut self, journal: usize) -> Delta {
        let mut delta = Delta::default();
        for id in self.journals.iter().skip(journal).flat_map(|journal| journal.old.keys()) {
            if let Some(object) = self.objects.get(id.0 as usize) {
                self.count(size(object));
                delta.insert(*id, object.clone());
            }
        }
        let mark = self.mark();
        if let [innermost] = self.journals.get_mut(journal..).unwrap_or_default() {
            innermost.mark = mark;
        }
        delta
    }

    /// Closes the journal, restores what it remembers and gives the new states.
    pub(crate) fn rollback(&mut self) -> Delta {
        self.version += 1;
        let mut delta = Delta::default();
        let Some(journal) = self.journals.pop() else { return delta };
        for (id, old) in journal.old {
            if let Some(slot) = self.objects.get_mut(id.0 as usize) {
                delta.insert(id, std::mem::replace(slot, old));
            }
        }
        delta
    }

    /// Writes the states of a delta.
    pub(crate) fn apply(&mut self, delta: Delta) {
        self.version += 1;
        for (id, object) in delta {
            self.remember(id);
            if let Some(slot) = self.objects.get_mut(id.0 as usize) {
                *slot = object;
            }
        }
    }

    /// The state an object has in a delta, or on the heap.
    pub(crate) fn state<'a>(&'a self, delta: &'a Delta, id: ObjId) -> &'a Object {
        delta.get(&id).unwrap_or_else(|| self.get_raw(id))
    }

    fn get_raw(&self, id: ObjId) -> &Object {
        const MISSING: &Object = &Object::Iterator(Vec::new(), 0);
        self.objects.get(id.0 as usize).unwrap_or(MISSING)
    }

    /// Marks an object as no longer known.
    pub(crate) fn poison(&mut self, id: ObjId, hole: &Arc<Hole>) {
        self.set(id, Object::Poisoned(Arc::clone(hole)));
        self.lost.get_or_insert_with(|| Arc::clone(hole));
    }
}
