//! How findings are written: one renderer per format, all behind [`Render`].

mod concise;
mod human;
mod json;

pub use concise::Concise;
pub use human::Human;
pub use json::Json;

use std::io;

use super::Diagnostic;
use crate::python::Sources;

/// Writes findings in one format.
pub trait Render {
    /// Writes one finding.
    ///
    /// # Errors
    /// Whatever writing to `out` fails with.
    fn render(
        &self,
        diagnostic: &Diagnostic,
        sources: &Sources,
        out: &mut dyn io::Write,
    ) -> io::Result<()>;

    /// Writes findings that are in order. A format for people may tell at once what holds for many tasks.
    ///
    /// # Errors
    /// Whatever writing to `out` fails with.
    fn render_all(
        &self,
        diagnostics: &[&Diagnostic],
        sources: &Sources,
        out: &mut dyn io::Write,
    ) -> io::Result<()> {
        diagnostics.iter().try_for_each(|diagnostic| self.render(diagnostic, sources, out))
    }
}

#[cfg(test)]
pub(crate) mod sample {
    //! One file with one finding of every shape, for the snapshots of all renderers.
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::diag::Code;
    use crate::python::{Source, Span};

    const TEXT: &str = "\
import os
TAG = os.environ[\"TAG\"]
with DAG(\"nightly\") as dag:
    load = KubernetesPodOperator(
        task_id=\"load\",
        image=f\"eu.gcr.io/acme/load:{TAG}\",
\tname=\"caf\u{e9} \u{202e}gpj\u{1b}[31m\", imge=\"typo\",
    )
";

    /// Findings in the order of the file, and the sources they point into.
    pub(crate) fn findings() -> (Vec<Diagnostic>, Sources) {
        let sources = Sources::default();
        let (id, source) = sources.add(Source::new("dags/nightly.py", TEXT));
        let (helper, _) = sources.add(Source::new("dags/common.py", "REGISTRY = lookup()\n"));
        let find = |needle: &str| {
            let start = u32::try_from(source.text.find(needle).unwrap()).unwrap();
            Span { source: id, start, end: start + u32::try_from(needle.len()).unwrap() }
        };
        let task = find("KubernetesPodOperator(\n        task_id=\"load\",");
        let findings = vec![
            Diagnostic::new(Code::InvalidMapping, Span::NONE, "row 3 has no `argument`"),
            Diagnostic::new(Code::UnresolvedValue, find("TAG}"), "image depends on `env:TAG`")
                .label("not known here")
                .also(find("os.environ[\"TAG\"]"), "looked up here")
                .also(Span { source: helper, start: 11, end: 19 }, "and here")
                .help("pass --set env:TAG=VALUE")
                .task("nightly", "load")
                .pod_path("/run/base_pod_spec/containers/0/image"),
            Diagnostic::new(Code::UnknownArgument, find("imge"), "`imge` is not known: \u{1b}[2J")
                .label("did you mean `image`?"),
            Diagnostic::new(Code::NameOverwritten, task, "the pod name is replaced")
                .task("nightly", "load"),
        ];
        (findings, sources)
    }

    /// All findings as one text.
    pub(crate) fn rendered(renderer: &dyn Render) -> String {
        let (findings, sources) = findings();
        let mut out = Vec::new();
        for finding in &findings {
            renderer.render(finding, &sources, &mut out).unwrap();
        }
        String::from_utf8(out).unwrap()
    }
}
