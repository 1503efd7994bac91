//! Evaluation of one program by itself: what its variables are in the end.
//!
//! It is the way in for tests of the evaluator, and for whoever wants Python values rather than DAGs.

use std::path::{Path, PathBuf};

use indexmap::IndexMap;

use super::interp::Interp;
use super::object::{Map, Object};
use super::surroundings::{
    Asked, Pass, Surroundings, add_findings, in_all_surroundings, not_compared,
};
use super::{Kind, Value};
use crate::airflow::Settings;
use crate::diag::{Code, Diagnostic};
use crate::python::{Files, LoadedFile, Resolver, Sources, Span};

/// Native stack of an evaluation. Its depth is bounded by [`Limits`](crate::airflow::Limits), and this
/// is enough for the bound.
const STACK: usize = 256 << 20;

/// The name of a program that has no file.
const NAME: &str = "program.py";

/// What a program leaves behind.
#[derive(Debug, Clone, Default)]
pub struct Evaluated {
    /// Variables of the module in the order of their binding, without those Python itself sets.
    pub globals: IndexMap<String, Value>,
    /// Findings of reading and evaluating.
    pub diagnostics: Vec<Diagnostic>,
}

/// Evaluates a program without running it. Imports and files are looked up in the roots of
/// `settings`, the first of which is the folder of the program.
pub fn evaluate(text: &str, settings: &Settings) -> Evaluated {
    let work = || evaluate_here(text, settings);
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work);
        thread.ok().and_then(|thread| thread.join().ok())
    })
    .unwrap_or_else(|| {
        let message = "the evaluation could not be carried out";
        let diagnostic = Diagnostic::new(Code::LimitReached, Span::NONE, message);
        Evaluated { globals: IndexMap::new(), diagnostics: vec![diagnostic] }
    })
}

fn evaluate_here(text: &str, settings: &Settings) -> Evaluated {
    let files = Files::default();
    let sources = Sources::default();
    let file = LoadedFile::from_bytes(&sources, NAME, text.as_bytes());
    let folder = settings.roots.first().map_or(Path::new(""), PathBuf::as_path);
    let path = folder.join(NAME);
    let resolver = Resolver::new(settings.roots.clone());
    let evaluate = |surroundings: Surroundings, steps: u64| {
        let mut interp = Interp::new(&files, &sources, settings, &resolver, &path);
        (interp.surroundings, interp.most_steps) = (surroundings, steps);
        let scope = interp.run_main(&path, &file.module);
        let names = match interp.heap.get(scope) {
            Object::Scope(names) => names.clone(),
            _ => Map::default(),
        };
        let globals = names
            .iter()
            .filter(|(name, _)| !name.starts_with("__"))
            .map(|(name, val)| (name.to_string(), interp.freeze(val)))
            .collect();
        let mut diagnostics = file.diagnostics.clone();
        diagnostics.append(&mut interp.diagnostics);
        Pass::of(&interp, Evaluated { globals, diagnostics })
    };
    in_all_surroundings(settings, evaluate, join, |evaluated, asked| {
        evaluated.diagnostics.push(not_compared(asked, Span::NONE));
    })
}

/// Leaves open what came out differently in other surroundings.
fn join(evaluated: &mut Evaluated, other: Evaluated, asked: Asked) {
    for (name, value) in &mut evaluated.globals {
        match other.globals.get(name) {
            Some(other) => value.join_other(other, asked),
            None => value.kind = Kind::Unknown(asked.hole(value.span)),
        }
    }
    for (name, mut value) in other.globals {
        if !evaluated.globals.contains_key(&name) {
            value.kind = Kind::Unknown(asked.hole(value.span));
            evaluated.globals.insert(name, value);
        }
    }
    add_findings(&mut evaluated.diagnostics, other.diagnostics);
}
