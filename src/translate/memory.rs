//! Results of earlier runs in place of evaluation.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::account::Outcome;
use super::record;
use crate::cache::bytes::{Reader, Writer};
use crate::cache::{Cache, Fingerprint, Session, Used};
use crate::diag::{Code, Severity};
use crate::discover::{Content, Input};
use crate::disk::{Answer, Bounds, Disk, Kind, Observation, Question, Seen};
use crate::python::{Form, Source, SourceId, Sources};

/// What a caller makes of each file, in a form that can be kept for the next run.
pub trait Lasting: Sized {
    /// Writes it down.
    fn write(&self, out: &mut Writer);
    /// Reads what was written down; `None` if it cannot be that.
    fn read(from: &mut Reader<'_>) -> Option<Self>;
}

/// Where results are kept.
pub(super) trait Memory<T>: Sync {
    /// Whether anything is kept.
    fn is_on(&self) -> bool;
    /// What became of a file, if nothing it depends on has changed.
    fn recall(&self, input: &Input, sources: &Sources) -> Option<(Outcome, T)>;
    /// Keeps what became of a file.
    fn keep(&self, input: &Input, seen: &Seen, outcome: &Outcome, made: &T, sources: &Sources);
}

/// Nothing is kept.
pub(super) struct Off;

impl<T> Memory<T> for Off {
    fn is_on(&self) -> bool {
        false
    }

    fn recall(&self, _: &Input, _: &Sources) -> Option<(Outcome, T)> {
        None
    }

    fn keep(&self, _: &Input, _: &Seen, _: &Outcome, _: &T, _: &Sources) {}
}

/// Results are kept in a cache.
pub(super) struct Kept {
    session: Session,
    restored: Restored,
}

impl Kept {
    pub(super) fn new(cache: &Cache, fingerprint: Fingerprint, bounds: Bounds) -> Self {
        let restored = Restored { longest: bounds.bytes, known: Mutex::default() };
        Self { session: Session::new(cache, fingerprint, bounds), restored }
    }

    pub(super) fn finish(self) -> Used {
        self.session.finish()
    }
}

impl<T: Lasting> Memory<T> for Kept {
    fn is_on(&self) -> bool {
        true
    }

    fn recall(&self, input: &Input, sources: &Sources) -> Option<(Outcome, T)> {
        let Content::Read(bytes) = &input.content else { return None };
        self.session.find(&input.path, bytes, |bytes| {
            let mut from = Reader::new(bytes);
            let outcome =
                record::read(&mut from, input, |source| self.restored.source(source, sources))?;
            let made = T::read(&mut from)?;
            from.is_done().then_some((outcome, made))
        })
    }

    fn keep(&self, input: &Input, seen: &Seen, outcome: &Outcome, made: &T, sources: &Sources) {
        let Some(content) = seen.answer(Question::Content, &input.path) else { return };
        if seen.is_torn() || !is_certain(outcome) {
            return;
        }
        let mut out = Writer::default();
        let kept = |id| sources.get(id).and_then(|source| Told::of(&source, seen));
        if record::write(&mut out, outcome, kept).is_none() {
            return;
        }
        made.write(&mut out);
        // What is known of a DAG file when it has just been found need not be asked again.
        let known = [
            (Question::Content, content),
            (Question::Kind, Answer::of_kind(Kind::File)),
            (Question::Real, Answer::of_real(Some(&input.path))),
        ];
        let depends: Vec<Observation> = seen
            .observations()
            .filter(|(question, path, answer)| {
                *path != input.path || !known.contains(&(*question, *answer))
            })
            .map(|(question, path, answer)| Observation { question, path: path.to_owned(), answer })
            .collect();
        self.session.keep(&input.path, content, &out.into_bytes(), &depends);
    }
}

/// Whether the same would come out another time. It would not where podlift failed, and perhaps not where the machine
/// had no memory for the stack that a deeply nested file takes. Such a file is refused as a whole, without a place in it;
/// steps are the same on every machine.
fn is_certain(outcome: &Outcome) -> bool {
    outcome.diagnostics.iter().all(|finding| {
        let is_refused = (finding.code, finding.severity) == (Code::LimitReached, Severity::Error)
            && finding.span.start == finding.span.end;
        finding.code != Code::InternalError && !is_refused
    })
}

/// A source that a kept finding points into. Its text stays where it is: it may hold credentials that no job spec
/// has.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Told {
    /// Its path as shown.
    pub(super) shown: String,
    /// The file it is the text of, and that file's content; `None` for an empty text.
    pub(super) file: Option<(PathBuf, Form, Answer)>,
}

impl Told {
    /// How to restore a source; `None` when it cannot be.
    fn of(source: &Source, seen: &Seen) -> Option<Self> {
        let shown = source.path.clone();
        if source.text.is_empty() {
            return Some(Self { shown, file: None });
        }
        let origin = source.origin.as_ref()?;
        let content = seen.answer(Question::Content, &origin.path)?;
        origin.path.to_str()?;
        Some(Self { shown, file: Some((origin.path.clone(), origin.form, content)) })
    }
}

/// Sources that findings of earlier runs point into, each restored once.
struct Restored {
    longest: u64,
    known: Mutex<HashMap<Told, Option<SourceId>>>,
}

impl Restored {
    /// The number of a source; `None` if its text cannot be had, or is another by now.
    fn source(&self, told: Told, sources: &Sources) -> Option<SourceId> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        *known.entry(told).or_insert_with_key(|told| {
            let source = match &told.file {
                None => Source::new(told.shown.as_str(), ""),
                Some((path, form, content)) => {
                    let text = self.text(path, *form, *content)?;
                    let origin = crate::python::Origin { path: path.clone(), form: *form };
                    Source::new(told.shown.as_str(), text).from(origin)
                }
            };
            Some(sources.add(source).0)
        })
    }

    fn text(&self, path: &Path, form: Form, content: Answer) -> Option<String> {
        let bytes = Disk::default().read(path, self.longest).ok()??;
        if Answer::of_bytes(&bytes) != content { None } else { form.text(bytes) }
    }
}
