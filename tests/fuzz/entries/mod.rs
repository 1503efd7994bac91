//! What is done with each input, whatever its bytes. One function per target, so that the fuzzer and `cargo test` hold
//! podlift to the same: it does not panic, and what it writes it can read again.
#![allow(
    dead_code,
    unused_imports,
    reason = "each fuzz target is a program of its own and calls one of these"
)]

mod dag;
mod documents;
mod emitted;
mod grammar;
mod job_spec;
mod logs;
mod messages;
mod settings;
mod templates;

pub(crate) use dag::dag;
pub(crate) use documents::documents;
pub(crate) use grammar::grammar;
pub(crate) use job_spec::job_spec;
pub(crate) use logs::logs;
pub(crate) use messages::messages;
pub(crate) use settings::settings;
pub(crate) use templates::templates;

use podlift::diag::Diagnostic;
use podlift::diag::escape::is_unsafe;
use podlift::diag::render::{Concise, Human, Json, Render};
use podlift::python::Sources;

/// Writes findings in every format, and looks at what a terminal would get.
fn told(findings: &[Diagnostic], sources: &Sources) {
    let findings: Vec<&Diagnostic> = findings.iter().collect();
    let formats: [&dyn Render; 3] = [&Human { color: false }, &Concise, &Json];
    for format in formats {
        let mut out = Vec::new();
        format.render_all(&findings, sources, &mut out).expect("memory takes everything");
        let text = String::from_utf8(out).expect("findings are text");
        let raw = text.chars().find(|c| is_unsafe(*c) && !matches!(c, '\n' | '\t'));
        assert_eq!(raw, None, "shown as it is: {text}");
    }
}
