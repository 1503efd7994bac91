//! Pod templates beside the DAGs: read inside the roots only, with the YAML rules of Airflow's own
//! reader.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::airflow::Settings;
use crate::disk::{Answer, Disk, Question};
use crate::eval::pure::datetime::TimeSpec;
use crate::eval::pure::yaml::{YamlNode, YamlValue, safe_load};
use crate::eval::{Kind, Text, Value};
use crate::mapping::{TemplateError, TemplateReader};
use crate::python::{Form, Origin, Source, SourceId, Sources, Span};

/// Templates that were read, by their real paths: a thousand tasks may share one.
#[derive(Debug, Default)]
pub(super) struct Known {
    read: Mutex<BTreeMap<PathBuf, Slot>>,
}

/// A template, once it has been read. Threads that ask for the same one wait for the first of them.
type Slot = Arc<OnceLock<Read>>;

/// A template, and what the disk answered when it was asked for the content, if anybody wants to know.
type Read = (Result<Value, TemplateError>, Option<Answer>);

/// Reads templates under some roots.
#[derive(Debug)]
pub(super) struct Templates<'a> {
    sources: &'a Sources,
    settings: &'a Settings,
    known: &'a Known,
    disk: &'a Disk,
}

impl<'a> Templates<'a> {
    pub(super) fn new(
        sources: &'a Sources,
        settings: &'a Settings,
        known: &'a Known,
        disk: &'a Disk,
    ) -> Self {
        Self { sources, settings, known, disk }
    }

    /// The file of a path and how it is shown. A relative path means another file for every working
    /// directory, so it leads nowhere.
    fn find(&self, path: &str) -> Result<(PathBuf, String), TemplateError> {
        if !Path::new(path).is_absolute() {
            return Err(TemplateError::Missing);
        }
        let real = self.disk.real(Path::new(path)).ok_or(TemplateError::Missing)?;
        let mut roots = self.settings.roots.iter().filter_map(|root| self.disk.real(root));
        if !roots.any(|root| real.starts_with(root)) {
            return Err(TemplateError::OutsideRoots);
        }
        let shown = self.settings.shown.text(&real);
        Ok((real, shown))
    }
}

impl TemplateReader for Templates<'_> {
    fn read(&self, path: &str, _near: Span) -> Result<Value, TemplateError> {
        let (real, shown) = self.find(path)?;
        let slot = {
            let mut read = self.known.read.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(read.entry(real.clone()).or_default())
        };
        let (template, content) = slot.get_or_init(|| self.parse(&real, shown));
        // Whoever uses a template depends on its content, also when somebody else had it read.
        if let Some(content) = content {
            self.disk.note(Question::Content, &real, || *content);
        }
        template.clone()
    }
}

impl Templates<'_> {
    fn parse(&self, real: &Path, shown: String) -> Read {
        let longest = self.settings.limits.file;
        let content = Disk::default().read(real, longest);
        let answer = self.disk.is_recording().then(|| Answer::of_content(&content));
        let template = content.map_err(|_| TemplateError::Missing).and_then(|bytes| {
            let malformed = |why: &str| TemplateError::Malformed(why.to_owned());
            let too_long = || malformed(&format!("it has more than {longest} bytes"));
            let text = Form::PLAIN
                .text(bytes.ok_or_else(too_long)?)
                .ok_or_else(|| malformed("it is not UTF-8"))?;
            let node = safe_load(&text).map_err(|error| malformed(&error.to_string()))?;
            let origin = Origin { path: real.to_owned(), form: Form::PLAIN };
            let (source, _) = self.sources.add(Source::new(shown, text).from(origin));
            Ok(value(&node, source))
        });
        (template, answer)
    }
}

/// A YAML node as a value that knows its place in the template.
fn value(node: &YamlNode, source: SourceId) -> Value {
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let span = Span { source, start: offset(node.mark.start), end: offset(node.mark.end) };
    let all = |nodes: &[YamlNode]| nodes.iter().map(|node| value(node, source)).collect();
    let kind = match &node.value {
        YamlValue::Null => Kind::None,
        YamlValue::Bool(value) => Kind::Bool(*value),
        YamlValue::Int(value) => Kind::Int(value.clone()),
        YamlValue::Float(value) => Kind::Float(*value),
        YamlValue::Str(text) => Kind::Str(Text::literal(text.as_str())),
        YamlValue::Bytes(bytes) => Kind::Bytes(bytes.clone()),
        YamlValue::Date(date) => Kind::DateTime(date.to_string()),
        YamlValue::DateTime(moment) => {
            Kind::DateTime(moment.iso_format('T', TimeSpec::Auto).unwrap_or_default())
        }
        YamlValue::List(nodes) => Kind::List(all(nodes)),
        YamlValue::Tuple(nodes) => Kind::Tuple(all(nodes)),
        YamlValue::Set(nodes) => Kind::Set(all(nodes)),
        YamlValue::Dict(entries) => Kind::Dict(
            entries.iter().map(|(key, item)| (value(key, source), value(item, source))).collect(),
        ),
    };
    Value::new(kind, span)
}
