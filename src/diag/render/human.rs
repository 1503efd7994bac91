//! Findings for people: a source window with every place underlined, the task and what to do.

use std::io;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::Render;
use crate::diag::escape::visible;
use crate::diag::window::{self, Window};
use crate::diag::{Diagnostic, Severity};
use crate::python::{Sources, Span};

/// Places in one file closer than this share a window; the lines between them are folded.
const NEAR: u32 = 40;

/// Tasks that are named when a finding is about many.
const NAMED: usize = 5;

/// Findings of one code at one place that are shown in full. A loop over a thousand tables may say something of each.
const SHOWN_AT_ONE_PLACE: usize = 10;

/// How many more are shown rather than counted.
const FEW_MORE: usize = 2;

/// A source window per finding.
#[derive(Debug, Clone, Copy, Default)]
pub struct Human {
    /// Whether to use terminal colours.
    pub color: bool,
}

impl Render for Human {
    fn render(
        &self,
        diagnostic: &Diagnostic,
        sources: &Sources,
        out: &mut dyn io::Write,
    ) -> io::Result<()> {
        self.write(diagnostic, &[diagnostic], sources, out)
    }

    /// One window for findings that differ only in their tasks, as when a loop makes them. Of those that say something
    /// else of one place each time, the first.
    fn render_all(
        &self,
        diagnostics: &[&Diagnostic],
        sources: &Sources,
        out: &mut dyn io::Write,
    ) -> io::Result<()> {
        for here in diagnostics.chunk_by(|one, other| is_at_one_place(one, other)) {
            let said: Vec<_> = here.chunk_by(|one, other| is_alike(one, other)).collect();
            let few = said.len() <= SHOWN_AT_ONE_PLACE + FEW_MORE;
            let shown = if few { said.len() } else { SHOWN_AT_ONE_PLACE };
            for alike in said.iter().take(shown) {
                if let Some(first) = alike.first() {
                    self.write(first, alike, sources, out)?;
                }
            }
            let rest = said.len() - shown;
            if let Some(first) = here.first().filter(|_| rest > 0) {
                let level = level(first.severity);
                let title = format!(
                    "{rest} more like the one above, at the same place; \
                     `podlift translate --message-format concise` shows each"
                );
                let group = Group::with_title(level.secondary_title(title).id(first.code.as_str()));
                writeln!(out, "{}\n", self.renderer().render(&[group]))?;
            }
        }
        Ok(())
    }
}

/// Whether two findings of one kind are about the same piece of source.
fn is_at_one_place(one: &Diagnostic, other: &Diagnostic) -> bool {
    let place = |told: &Diagnostic| (told.code, told.severity, told.span);
    let is_one_place = one.secondary == other.secondary && one.span.is_some();
    place(one) == place(other) && is_one_place || is_alike(one, other)
}

/// Whether two findings say the same of two tasks.
fn is_alike(one: &Diagnostic, other: &Diagnostic) -> bool {
    let said = |told: &Diagnostic| (told.code, told.severity, told.span);
    said(one) == said(other)
        && one.message == other.message
        && one.help == other.help
        && one.label == other.label
        && one.task.is_some() == other.task.is_some()
        // Without tasks, the places beside tell which files the finding is about: they all import the same helper.
        && (one.task.is_some() || one.secondary == other.secondary)
}

/// The tasks that findings are about, in one line.
fn tasks(findings: &[&Diagnostic]) -> Option<String> {
    let mut named: Vec<&(String, String)> =
        findings.iter().filter_map(|finding| finding.task.as_ref()).collect();
    named.dedup();
    match named.as_slice() {
        [] => None,
        [(dag, task)] => Some(format!("in task `{}` of DAG `{}`", visible(task), visible(dag))),
        many => {
            let ids = many.iter().take(NAMED);
            let ids: Vec<String> =
                ids.map(|(dag, task)| format!("`{}.{}`", visible(dag), visible(task))).collect();
            let more = match many.len().saturating_sub(NAMED) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            Some(format!("in {} tasks: {}{more}", many.len(), ids.join(", ")))
        }
    }
}

impl Human {
    /// Writes a finding with the tasks of all that are alike.
    fn write(
        &self,
        diagnostic: &Diagnostic,
        alike: &[&Diagnostic],
        sources: &Sources,
        out: &mut dyn io::Write,
    ) -> io::Result<()> {
        let title = level(diagnostic.severity).primary_title(visible(&diagnostic.message));
        let title = title.id(diagnostic.code.as_str());
        let windows = windows(diagnostic, sources);
        let mut group = Group::with_title(title);
        for shown in &windows {
            group = shown.add_to(group);
        }
        if let Some(text) = tasks(alike) {
            group = group.element(Level::NOTE.message(text));
        }
        if let Some(help) = &diagnostic.help {
            group = group.element(Level::HELP.message(visible(help)));
        }
        writeln!(out, "{}\n", self.renderer().render(&[group]))
    }

    fn renderer(&self) -> Renderer {
        if self.color { Renderer::styled() } else { Renderer::plain() }
    }
}

fn level(severity: Severity) -> Level<'static> {
    match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::INFO,
    }
}

/// A window of one file, ready to be laid out.
struct Shown {
    path: String,
    /// Line and column of its first place.
    at: (u32, u32),
    window: Window,
    /// The text under each place, and whether it is the place the finding is about.
    labels: Vec<(String, bool)>,
}

impl Shown {
    fn add_to<'a>(&'a self, group: Group<'a>) -> Group<'a> {
        let annotations =
            self.window.places.iter().zip(&self.labels).map(|(place, (label, primary))| {
                let kind = if *primary { AnnotationKind::Primary } else { AnnotationKind::Context };
                let annotation = kind.span(place.clone());
                if label.is_empty() { annotation } else { annotation.label(visible(label)) }
            });
        let path = visible(&self.path);
        if self.window.text.is_empty() {
            // A file that could not be read has a name but no lines.
            return group.element(Origin::path(path));
        }
        let snippet = Snippet::source(self.window.text.as_str())
            .line_start(self.window.first_line as usize)
            .annotations(annotations);
        if self.window.is_cut {
            // The renderer counts columns in what it is shown, so here they have to be given.
            let (line, column) = self.at;
            let origin = Origin::path(path).line(line as usize).char_column(column as usize);
            return group.element(origin).element(snippet);
        }
        group.element(snippet.path(path))
    }
}

/// The windows of a finding: the one with its own place first, then those too far away to share it.
fn windows(diagnostic: &Diagnostic, sources: &Sources) -> Vec<Shown> {
    let mut groups: Vec<Vec<(Span, String, bool)>> = Vec::new();
    let primary = (diagnostic.span, diagnostic.label.clone(), true);
    let secondary = diagnostic.secondary.iter().map(|(span, label)| (*span, label.clone(), false));
    for place in std::iter::once(primary).chain(secondary) {
        let near = groups
            .iter_mut()
            .find(|group| group.first().is_some_and(|(head, ..)| is_near(*head, place.0, sources)));
        match near {
            Some(group) => group.push(place),
            None => groups.push(vec![place]),
        }
    }
    groups
        .into_iter()
        .filter_map(|group| {
            let head = group.first()?.0;
            let source = sources.get(head.source)?;
            let at = source.line_column(head.start);
            let spans: Vec<Span> = group.iter().map(|(span, ..)| *span).collect();
            let labels = group.into_iter().map(|(_, label, primary)| (label, primary)).collect();
            Some(Shown {
                path: source.path.clone(),
                at,
                window: window::cut(&source, &spans),
                labels,
            })
        })
        .collect()
}

fn is_near(one: Span, other: Span, sources: &Sources) -> bool {
    one.source == other.source
        && sources
            .get(one.source)
            .is_some_and(|source| source.line(one.start).abs_diff(source.line(other.start)) <= NEAR)
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn windows_show_every_place_and_nothing_dangerous() {
        let text = sample::rendered(&Human::default());
        assert!(!text.chars().any(|char| char != '\n' && crate::diag::escape::is_unsafe(char)));
        insta::assert_snapshot!(text);
    }

    #[test]
    fn what_holds_for_many_tasks_is_told_once() {
        let (findings, sources) = sample::findings();
        let about = |task: &str| findings[0].clone().task("nightly", task);
        let mut many: Vec<Diagnostic> = (0..7).map(|n| about(&format!("task_{n}"))).collect();
        many.push(findings[1].clone());
        let mut out = Vec::new();
        Human::default().render_all(&many.iter().collect::<Vec<_>>(), &sources, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text.matches(findings[0].code.as_str()).count(), 1, "{text}");
        let last = "`nightly.task_4` and 2 more";
        assert!(text.contains("in 7 tasks: `nightly.task_0`, ") && text.contains(last), "{text}");
    }

    #[test]
    fn of_many_findings_at_one_place_the_first_are_shown_and_the_rest_counted() {
        let (findings, sources) = sample::findings();
        let placed = findings.iter().find(|finding| finding.span.is_some()).unwrap();
        let about = |name: usize| Diagnostic { message: format!("{name:03}"), ..placed.clone() };
        let many: Vec<Diagnostic> = (0..SHOWN_AT_ONE_PLACE + 7).map(about).collect();
        let shown = |many: &[Diagnostic]| {
            let mut out = Vec::new();
            let many: Vec<&Diagnostic> = many.iter().collect();
            Human::default().render_all(&many, &sources, &mut out).unwrap();
            String::from_utf8(out).unwrap()
        };
        let text = shown(&many);
        assert_eq!(text.matches(" --> ").count(), SHOWN_AT_ONE_PLACE, "{text}");
        assert!(text.contains("]: 7 more like the one above, at the same place;"), "{text}");
        // Without a place there is nothing they would have in common.
        let nowhere = many.iter().cloned().map(|told| Diagnostic { span: Span::NONE, ..told });
        let text = shown(&nowhere.collect::<Vec<_>>());
        assert!(!text.contains("more like the one above"), "{text}");
    }

    #[test]
    fn what_stops_two_files_in_one_helper_is_told_of_each() {
        let (findings, sources) = sample::findings();
        let placed = findings.iter().find(|finding| finding.span.is_some()).unwrap();
        let stopped = |at: u32| {
            let span = crate::python::Span { start: at, end: at + 1, ..placed.span };
            let told = Diagnostic { task: None, secondary: Vec::new(), ..placed.clone() };
            told.also(span, "while evaluating this")
        };
        let two = [stopped(0), stopped(1)];
        let mut out = Vec::new();
        Human::default().render_all(&two.iter().collect::<Vec<_>>(), &sources, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text.matches(two[0].code.as_str()).count(), 2, "{text}");
    }

    #[test]
    fn colour_adds_only_escape_sequences() {
        let coloured = sample::rendered(&Human { color: true });
        assert!(coloured.contains("\u{1b}["));
        assert_eq!(
            anstream::adapter::strip_str(&coloured).to_string(),
            sample::rendered(&Human::default())
        );
    }
}
