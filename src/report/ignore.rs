//! Comments that silence findings: `# podlift: ignore[KPO305] alerts are sent elsewhere`.
//!
//! A comment beside code silences the finding that begins or ends on its line; one that stands alone, that on the
//! next line of code. Several codes are parted by commas. A comment that silences nothing is itself a
//! finding, so that none outlives its cause.

use std::collections::BTreeMap;

use crate::diag::{Code, Diagnostic};
use crate::python::{Source, SourceId, Sources, Span, comments};

/// What comments silence, and what is wrong with them.
#[derive(Debug, Default)]
pub(super) struct Ignores {
    comments: Vec<Comment>,
    /// Those about each line of each file.
    by_line: BTreeMap<String, BTreeMap<u32, Vec<usize>>>,
    malformed: Vec<Diagnostic>,
}

#[derive(Debug)]
struct Comment {
    span: Span,
    reason: String,
    /// Each code with whether it silenced something.
    codes: Vec<(Code, bool)>,
}

impl Ignores {
    /// The comments of all sources.
    pub(super) fn of(sources: &Sources) -> Self {
        let mut ignores = Self::default();
        for (path, (id, source)) in sources.by_paths() {
            if path.ends_with(".py") || path == "<stdin>" {
                ignores.read(&source, id);
            }
        }
        ignores
    }

    fn read(&mut self, source: &Source, id: SourceId) {
        if !source.text.contains("podlift:") {
            return;
        }
        let mut lines: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        // Comments stand in order: those that are behind one another are about the same line.
        let mut next = None;
        for span in comments(source, id) {
            let text = source.slice(span).trim_start_matches('#').trim_start();
            let Some(order) = text.strip_prefix("podlift:").map(str::trim) else { continue };
            let Some(rest) = order.strip_prefix("ignore") else {
                self.refuse(span, format!("`podlift: {order}` is no order that podlift knows"));
                continue;
            };
            let Some((list, reason)) = rest.strip_prefix('[').and_then(|r| r.split_once(']'))
            else {
                self.refuse(span, "an ignore comment has to name the codes it silences".to_owned());
                continue;
            };
            let mut codes = Vec::new();
            for word in list.split(',').map(str::trim) {
                match Code::parse(word) {
                    Some(code) => codes.push((code, false)),
                    None => self.refuse(span, format!("`{word}` is not the code of a finding")),
                }
            }
            let line = about(source, span, &mut next);
            let reason = reason.trim().trim_start_matches([':', '-', ' ']).to_owned();
            lines.entry(line).or_default().push(self.comments.len());
            self.comments.push(Comment { span, reason, codes });
        }
        self.by_line.insert(source.path.clone(), lines);
    }

    fn refuse(&mut self, span: Span, message: String) {
        let told = Diagnostic::new(Code::UnusedIgnore, span, message)
            .help("write `# podlift: ignore[KPO305] reason`");
        self.malformed.push(told);
    }

    /// Why a finding is silenced, if a comment does.
    pub(super) fn reason(&mut self, finding: &Diagnostic, sources: &Sources) -> Option<String> {
        let source = sources.get(finding.span.source)?;
        let first = source.line(finding.span.start);
        let last = source.line(finding.span.end.saturating_sub(1).max(finding.span.start));
        let mut reason = None;
        let lines = self.by_line.get(&source.path)?;
        let second = (last != first).then_some(last);
        let mut about: Vec<usize> = std::iter::once(first)
            .chain(second)
            .filter_map(|line| lines.get(&line))
            .flatten()
            .copied()
            .collect();
        about.sort_unstable();
        for at in about {
            let Some(comment) = self.comments.get_mut(at) else { continue };
            for (code, used) in &mut comment.codes {
                if *code == finding.code {
                    *used = true;
                    reason.get_or_insert_with(|| comment.reason.clone());
                }
            }
        }
        let told =
            |reason: String| if reason.is_empty() { "by a comment".to_owned() } else { reason };
        reason.map(told)
    }

    /// Findings about comments that are malformed or silenced nothing.
    pub(super) fn findings(self, with_unused: bool) -> Vec<Diagnostic> {
        let mut findings = self.malformed;
        for comment in self.comments.into_iter().filter(|_| with_unused) {
            let unused = comment.codes.iter().filter(|(_, used)| !used);
            findings.extend(unused.map(|(code, _)| {
                let message = format!("no finding of {} to ignore here", code.as_str());
                Diagnostic::new(Code::UnusedIgnore, comment.span, message)
                    .help("remove the comment, or put it on the line of the finding")
            }));
        }
        findings
    }
}

/// The line a comment is about: its own, or the next line of code if it stands alone. `next` is that of the comment
/// before, with its own line.
fn about(source: &Source, span: Span, next: &mut Option<(u32, u32)>) -> u32 {
    let own = source.line(span.start);
    let text = |line| source.text.get(source.line_range(line)).unwrap_or("").trim();
    if !text(own).starts_with('#') {
        return own;
    }
    if let Some((before, code)) = *next
        && (before..code).contains(&own)
    {
        return if code == u32::MAX { own } else { code };
    }
    let last = source.line(u32::try_from(source.text.len()).unwrap_or(u32::MAX));
    let code =
        (own + 1..=last).find(|line| !text(*line).is_empty() && !text(*line).starts_with('#'));
    // Without any, they are about themselves.
    *next = Some((own, code.unwrap_or(u32::MAX)));
    code.unwrap_or(own)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    const TEXT: &str = "\
a = KubernetesPodOperator(
    cmds='x',  # podlift: ignore[KPO406] the image splits it
    # podlift: ignore[KPO305, KPO306]
    # and a remark

    callbacks=[X],
)
# podlift: ignore
b = 1  # podlift: ignore[KPO999]
c = '# podlift: ignore[KPO101]'
";

    fn finding(id: SourceId, code: Code, needle: &str) -> Diagnostic {
        let start = u32::try_from(TEXT.find(needle).unwrap()).unwrap();
        let end = start + u32::try_from(needle.len()).unwrap();
        Diagnostic::new(code, Span { source: id, start, end }, "x")
    }

    #[test]
    fn comments_silence_their_line_and_unused_ones_are_told() {
        let sources = Sources::default();
        let (id, _) = sources.add(Source::new("dags/a.py", TEXT));
        let mut ignores = Ignores::of(&sources);
        let mut reason = |code, needle| ignores.reason(&finding(id, code, needle), &sources);
        assert_eq!(reason(Code::StringCommand, "cmds='x'").unwrap(), "the image splits it");
        assert_eq!(reason(Code::ManualArgument, "callbacks=[X]").unwrap(), "by a comment");
        assert_eq!(reason(Code::ManualArgument, "cmds='x'"), None);
        assert_eq!(reason(Code::StringCommand, "b = 1"), None);
        let told: Vec<String> = ignores.findings(true).into_iter().map(|f| f.message).collect();
        assert_eq!(
            told,
            [
                "an ignore comment has to name the codes it silences",
                "`KPO999` is not the code of a finding",
                "no finding of KPO306 to ignore here",
            ]
        );
    }
}
