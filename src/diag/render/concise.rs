//! One line per finding, for `grep` and editors: `path:line:column: severity[code] message`.

use std::io;

use super::Render;
use crate::diag::Diagnostic;
use crate::diag::escape::visible;
use crate::python::Sources;

/// One line per finding.
#[derive(Debug, Clone, Copy, Default)]
pub struct Concise;

impl Render for Concise {
    fn render(
        &self,
        diagnostic: &Diagnostic,
        sources: &Sources,
        out: &mut dyn io::Write,
    ) -> io::Result<()> {
        if let Some(at) = sources.location(diagnostic.span) {
            write!(out, "{}:{}:{}: ", visible(&at.path), at.line, at.column)?;
        }
        let severity = diagnostic.severity.as_str();
        let code = diagnostic.code.as_str();
        write!(out, "{severity}[{code}] {}", visible(&diagnostic.message))?;
        if let Some((dag, task)) = &diagnostic.task {
            write!(out, " ({} > {})", visible(dag), visible(task))?;
        }
        writeln!(out)
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn every_finding_is_one_line() {
        insta::assert_snapshot!(sample::rendered(&Concise));
    }
}
