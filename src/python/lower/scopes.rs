//! Which names a function makes its own.
//!
//! A name is local to a function when any statement of its body binds it, wherever that statement stands
//! and whether or not it runs. Comprehensions have a scope of their own for their targets, but `:=` within
//! them binds in the function around.

use std::collections::HashSet;

use indexmap::IndexSet;

use crate::python::ast::Name;

/// What opens a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `class`.
    Class,
    /// `def` or `lambda`.
    Function,
    /// A comprehension or generator expression.
    Comprehension,
}

#[derive(Debug)]
struct Scope {
    kind: Kind,
    bound: IndexSet<Name>,
    /// Names declared `global` or `nonlocal`.
    outer: HashSet<Name>,
    is_generator: bool,
    loops: usize,
}

/// What a closed function scope says.
pub(super) struct Closed {
    /// See [`crate::python::ast::Function::locals`].
    pub(super) locals: Vec<Name>,
    /// Whether it contains `yield`.
    pub(super) is_generator: bool,
}

/// The open scopes from the outermost; none is open at module level.
#[derive(Debug, Default)]
pub(super) struct Scopes {
    open: Vec<Scope>,
    /// Loops around the current place at module level.
    loops: usize,
}

impl Scopes {
    pub(super) fn open(&mut self, kind: Kind) {
        self.open.push(Scope {
            kind,
            bound: IndexSet::new(),
            outer: HashSet::new(),
            is_generator: false,
            loops: 0,
        });
    }

    pub(super) fn close(&mut self) -> Closed {
        match self.open.pop() {
            Some(Scope { bound, outer, is_generator, .. }) => Closed {
                locals: bound.into_iter().filter(|name| !outer.contains(name)).collect(),
                is_generator,
            },
            None => Closed { locals: Vec::new(), is_generator: false },
        }
    }

    /// A statement binds `name`.
    pub(super) fn bind(&mut self, name: &Name) {
        if let Some(scope) = self.open.last_mut() {
            scope.bound.insert(name.clone());
        }
    }

    /// `name := ...` passes through comprehensions.
    pub(super) fn bind_walrus(&mut self, name: &Name) {
        if let Some(scope) = self.around() {
            scope.bound.insert(name.clone());
        }
    }

    /// `global name` or `nonlocal name`.
    pub(super) fn declare_outer(&mut self, name: &Name) {
        if let Some(scope) = self.open.last_mut() {
            scope.outer.insert(name.clone());
        }
    }

    /// Notes a `yield`; false outside functions.
    pub(super) fn note_yield(&mut self) -> bool {
        match self.around() {
            Some(scope) if scope.kind == Kind::Function => {
                scope.is_generator = true;
                true
            }
            _ => false,
        }
    }

    /// Whether the innermost scope but comprehensions is a function.
    pub(super) fn in_function(&mut self) -> bool {
        self.around().is_some_and(|scope| scope.kind == Kind::Function)
    }

    /// Whether the current place is at module level.
    pub(super) fn in_module(&self) -> bool {
        self.open.is_empty()
    }

    pub(super) fn enter_loop(&mut self) {
        *self.loops() += 1;
    }

    pub(super) fn leave_loop(&mut self) {
        let loops = self.loops();
        *loops = loops.saturating_sub(1);
    }

    pub(super) fn in_loop(&mut self) -> bool {
        *self.loops() > 0
    }

    fn loops(&mut self) -> &mut usize {
        match self.open.last_mut() {
            Some(scope) => &mut scope.loops,
            None => &mut self.loops,
        }
    }

    fn around(&mut self) -> Option<&mut Scope> {
        self.open.iter_mut().rev().find(|scope| scope.kind != Kind::Comprehension)
    }
}
