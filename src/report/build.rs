//! From a translation to its report.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt::Write as _;
use std::ops::Range;

use indexmap::IndexMap;
use sha2::{Digest, Sha256};

use super::ignore::Ignores;
use super::model::{
    DagEntry, FileEntry, Finding, Group, KIND, KeywordEntry, Level, Link, PodEntry, Readiness,
    Report, Site, TaskEntry, Totals,
};
use super::readiness::{Findings, judge};
use crate::airflow::Origin;
use crate::config::Setting;
use crate::diag::{Code, Diagnostic, Record, arrange};
use crate::mapping::{Account, KeywordAccount};
use crate::python::{Sources, Span};
use crate::secrets::{Mask, Style, redact};
use crate::spec::{API_VERSION, JobSpec, OpenHole, Template};
use crate::translate::{FileAccount, Translation};

/// How a report is made.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Show values that look like credentials.
    pub show_secrets: bool,
    /// Credentials among the values that were given: see [`crate::secrets::in_values`].
    pub credentials: Vec<String>,
    /// How much findings matter, where that is not what their codes say.
    pub levels: BTreeMap<Code, Setting>,
    /// Tell of comments that silence nothing. Only a report on everything can know.
    pub unused_ignores: bool,
}

/// A report and what it was made of.
#[derive(Debug, Clone)]
pub struct Built {
    /// The report.
    pub report: Report,
    /// The text of every source that the report points into, by path, without credentials.
    pub texts: BTreeMap<String, String>,
    /// The findings as they were made, in the order of those of the report.
    pub diagnostics: Vec<Diagnostic>,
    /// What keeps credentials out of other texts.
    pub mask: Mask,
}

/// Makes the report of a translation.
pub fn build(translation: &Translation, options: &Options) -> Built {
    let mask = if options.show_secrets {
        Mask::off()
    } else {
        Mask::of_both(&translation.specs, &options.credentials)
    };
    let (diagnostics, findings) = findings(translation, options, &mask);
    let builder = Builder { translation, mask: &mask, by_task: by_task(&findings), options };
    let files: Vec<FileEntry> = translation.files.iter().map(|file| builder.file(file)).collect();
    let mut report = Report {
        api_version: API_VERSION.to_owned(),
        kind: KIND.to_owned(),
        podlift: env!("CARGO_PKG_VERSION").to_owned(),
        redacted: !options.show_secrets,
        totals: Totals::default(),
        folders: Vec::new(),
        owners: Vec::new(),
        files,
        findings,
    };
    report.totals = totals(&report);
    report.folders = folders(&report);
    report.owners = owners(&report);
    let texts = texts(&report, &diagnostics, translation, &mask);
    Built { report, texts, diagnostics, mask }
}

/// The findings, sorted, with the level and the silence that configuration and comments give them.
fn findings(
    translation: &Translation,
    options: &Options,
    mask: &Mask,
) -> (Vec<Diagnostic>, Vec<Finding>) {
    let sources = &translation.sources;
    let mut ignores = Ignores::of(sources);
    let silenced: Vec<Option<String>> =
        translation.diagnostics.iter().map(|finding| ignores.reason(finding, sources)).collect();
    let mut silenced: Vec<(Diagnostic, Option<String>)> =
        translation.diagnostics.iter().cloned().zip(silenced).collect();
    let about_comments = arrange(ignores.findings(options.unused_ignores), sources);
    silenced.extend(about_comments.into_iter().map(|finding| (finding, None)));
    silenced.sort_by_cached_key(|(finding, _)| Record::of(finding, sources));
    let mut diagnostics = Vec::new();
    let mut findings = Vec::new();
    for (mut diagnostic, mut ignored) in silenced {
        match options.levels.get(&diagnostic.code) {
            Some(Setting::Ignore) => {
                ignored = ignored.or_else(|| Some(crate::config::FILE.to_owned()))
            }
            Some(Setting::As(severity)) => diagnostic.severity = *severity,
            None => {}
        }
        findings.push(finding(&diagnostic, ignored, sources, mask));
        diagnostics.push(diagnostic);
    }
    (diagnostics, findings)
}

fn finding(
    diagnostic: &Diagnostic,
    ignored: Option<String>,
    sources: &Sources,
    mask: &Mask,
) -> Finding {
    let record = Record::of(diagnostic, sources);
    let (dag, task) = record.task.map(|name| (name.dag, name.task)).unzip();
    let mut finding = Finding {
        code: record.code.to_owned(),
        severity: Level::from(diagnostic.severity),
        message: mask.message(&record.message),
        file: record.file,
        line: record.line.unwrap_or(0),
        column: record.column.unwrap_or(0),
        end_line: record.end.map_or(0, |end| end.line),
        end_column: record.end.map_or(0, |end| end.column),
        dag,
        task,
        pod_path: record.pod_path,
        help: record.help.map(|help| mask.message(&help)),
        ignored: ignored.map(|reason| mask.code(&reason)),
        fingerprint: String::new(),
    };
    finding.fingerprint = fingerprint(&finding);
    finding
}

/// A finding of a task is the same wherever the task is written; any other belongs to its file.
fn fingerprint(finding: &Finding) -> String {
    let place = match (&finding.dag, &finding.task) {
        (Some(dag), Some(task)) => [dag.as_str(), task.as_str()],
        _ => [finding.file.as_deref().unwrap_or_default(), ""],
    };
    let path = finding.pod_path.as_deref().unwrap_or_default();
    let mut hash = Sha256::new();
    for part in [finding.code.as_str(), path, finding.message.as_str()].into_iter().chain(place) {
        hash.update(part.len().to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().iter().take(8).fold(String::new(), |mut text, byte| {
        // Writing to a text cannot fail.
        _ = write!(text, "{byte:02x}");
        text
    })
}

/// The findings of each task, by DAG and task id.
fn by_task(findings: &[Finding]) -> BTreeMap<(&str, &str), Findings<'_>> {
    let mut all: BTreeMap<(&str, &str), Findings<'_>> = BTreeMap::new();
    for finding in findings {
        if let (Some(dag), Some(task)) = (&finding.dag, &finding.task) {
            all.entry((dag, task)).or_default().add(finding);
        }
    }
    all
}

struct Builder<'a> {
    translation: &'a Translation,
    mask: &'a Mask,
    by_task: BTreeMap<(&'a str, &'a str), Findings<'a>>,
    options: &'a Options,
}

impl Builder<'_> {
    fn file(&self, file: &FileAccount) -> FileEntry {
        let accounts = self.translation.accounts.get(file.accounts.clone()).unwrap_or_default();
        let mut specs = self.translation.specs.get(file.specs.clone()).unwrap_or_default().iter();
        let mut dags: IndexMap<String, Vec<TaskEntry>> = IndexMap::new();
        for account in accounts {
            let own: Vec<&JobSpec> = specs.by_ref().take(account.places.len()).collect();
            let task = self.task(account, &own, file);
            dags.entry(account.dag.clone()).or_default().push(task);
        }
        FileEntry {
            path: file.path.clone(),
            read: file.read,
            dags_made: file.dags,
            dags: dags.into_iter().map(|(id, tasks)| DagEntry { id, tasks }).collect(),
        }
    }

    fn task(&self, account: &Account, specs: &[&JobSpec], file: &FileAccount) -> TaskEntry {
        let pods: Vec<PodEntry> = specs
            .iter()
            .zip(&account.places)
            .map(|(spec, places)| self.pod(spec, places))
            .collect();
        let none = Findings::default();
        let findings =
            self.by_task.get(&(account.dag.as_str(), account.task.as_str())).unwrap_or(&none);
        let first = pods.first().map(|pod| &pod.spec.metadata);
        let mut task = TaskEntry {
            id: account.task.clone(),
            operator: account.operator.clone(),
            place: self.site(account.span),
            owner: account.owner.clone().filter(|owner| !owner.is_empty()),
            readiness: Readiness::Ready,
            next_step: String::new(),
            pattern: first.and_then(|metadata| metadata.pattern.clone()),
            conditions: first.map(|metadata| metadata.conditions.clone()).unwrap_or_default(),
            keywords: account.keywords.iter().map(|keyword| self.keyword(keyword)).collect(),
            holes: holes(&pods),
            templates: templates(&pods),
            codes: findings.codes.iter().map(|code| (*code).to_owned()).collect(),
            pods,
        };
        (task.readiness, task.next_step) = judge(&task, findings, &file.path);
        task
    }

    fn keyword(&self, keyword: &KeywordAccount) -> KeywordEntry {
        KeywordEntry {
            name: keyword.name.clone(),
            disposition: keyword.disposition,
            targets: keyword.targets.clone(),
            origin: origin(&keyword.origin),
            place: self.site(keyword.span),
            note: keyword.note.clone(),
            holes: keyword.holes.iter().map(|hole| self.mask.code(hole)).collect(),
        }
    }

    fn pod(&self, spec: &JobSpec, places: &[(String, Span)]) -> PodEntry {
        let link = |(pointer, span): &(String, Span)| {
            Some(Link { pointer: pointer.clone(), place: self.site(*span)? })
        };
        let mut spec = if self.options.show_secrets { spec.clone() } else { redact(spec) };
        let run = &mut spec.run;
        for fields in [&mut run.base_pod_meta, &mut run.base_pod_spec, &mut run.extras] {
            fields.values_mut().for_each(|value| self.mask.json(value));
        }
        PodEntry { spec, links: places.iter().filter_map(link).collect() }
    }

    fn site(&self, span: Span) -> Option<Site> {
        let source = self.translation.sources.get(span.source)?;
        let last = span.end.saturating_sub(1).max(span.start);
        Some(Site {
            file: source.path.clone(),
            line: source.line(span.start),
            last_line: source.line(last),
        })
    }
}

/// The holes of all instances, each name once.
fn holes(pods: &[PodEntry]) -> Vec<OpenHole> {
    let mut known = HashSet::new();
    let holes = pods.iter().flat_map(|pod| &pod.spec.holes);
    holes.filter(|hole| known.insert((&hole.name, &hole.path))).cloned().collect()
}

fn templates(pods: &[PodEntry]) -> Vec<Template> {
    let mut known = HashSet::new();
    let templates = pods.iter().flat_map(|pod| &pod.spec.templates);
    templates.filter(|template| known.insert(*template)).cloned().collect()
}

fn origin(origin: &Origin) -> String {
    match origin {
        Origin::Call => "call".to_owned(),
        Origin::DefaultArgs => "default_args".to_owned(),
        Origin::Partial => "partial".to_owned(),
        Origin::Expand => "expand".to_owned(),
        Origin::Decorator => "decorator".to_owned(),
        Origin::Subclass(name) => format!("subclass {name}"),
        Origin::Attribute => "attribute".to_owned(),
    }
}

fn totals(report: &Report) -> Totals {
    let mut totals = Totals { files: report.files.len(), ..Totals::default() };
    totals.unreadable = report.files.iter().filter(|file| !file.read).count();
    totals.dags = report.files.iter().map(|file| file.dags_made).sum();
    for (_, _, task) in report.tasks() {
        totals.tasks += 1;
        let is_open = task.pattern.is_some()
            || task.codes.iter().any(|code| code == Code::UnknownExpansion.as_str());
        totals.patterns += usize::from(is_open);
        totals.conditional += usize::from(!task.conditions.is_empty());
        *counter(&mut totals, task.readiness) += 1;
        totals.holes += task.holes.len();
        for keyword in &task.keywords {
            *totals.keywords.entry(keyword.disposition).or_default() += 1;
        }
    }
    for finding in &report.findings {
        if finding.code == Code::PlainSecret.as_str() {
            totals.credentials += 1;
        }
        match (&finding.ignored, finding.severity) {
            (Some(_), _) => totals.ignored += 1,
            (None, Level::Error) => totals.errors += 1,
            (None, Level::Warning) => totals.warnings += 1,
            (None, Level::Info) => totals.infos += 1,
        }
    }
    totals
}

fn counter(totals: &mut Totals, readiness: Readiness) -> &mut usize {
    match readiness {
        Readiness::Ready => &mut totals.ready,
        Readiness::NeedsValues => &mut totals.needs_values,
        Readiness::NeedsDecision => &mut totals.needs_decision,
        Readiness::NotMigratable => &mut totals.not_migratable,
    }
}

fn group(name: &str) -> Group {
    Group {
        name: name.to_owned(),
        tasks: 0,
        ready: 0,
        needs_values: 0,
        needs_decision: 0,
        not_migratable: 0,
        unreadable: 0,
    }
}

fn count(group: &mut Group, readiness: Readiness) {
    group.tasks += 1;
    match readiness {
        Readiness::Ready => group.ready += 1,
        Readiness::NeedsValues => group.needs_values += 1,
        Readiness::NeedsDecision => group.needs_decision += 1,
        Readiness::NotMigratable => group.not_migratable += 1,
    }
}

/// The folders that hold pod tasks or files that could not be read.
fn folders(report: &Report) -> Vec<Group> {
    let mut all: BTreeMap<&str, Group> = BTreeMap::new();
    for file in &report.files {
        let folder = file.path.rsplit_once('/').map_or(".", |(folder, _)| folder);
        let tasks = file.dags.iter().flat_map(|dag| &dag.tasks);
        for task in tasks {
            count(all.entry(folder).or_insert_with(|| group(folder)), task.readiness);
        }
        if !file.read {
            all.entry(folder).or_insert_with(|| group(folder)).unreadable += 1;
        }
    }
    all.into_values().collect()
}

fn owners(report: &Report) -> Vec<Group> {
    let mut all: BTreeMap<(bool, &str), Group> = BTreeMap::new();
    for (_, _, task) in report.tasks() {
        let name = task.owner.as_deref().unwrap_or_default();
        count(all.entry((name.is_empty(), name)).or_insert_with(|| group(name)), task.readiness);
    }
    all.into_values().collect()
}

/// The sources that the report points into, without credentials.
fn texts(
    report: &Report,
    diagnostics: &[Diagnostic],
    translation: &Translation,
    mask: &Mask,
) -> BTreeMap<String, String> {
    let mut paths: BTreeSet<&str> = BTreeSet::new();
    for (_, _, task) in report.tasks() {
        let keywords = task.keywords.iter().filter_map(|keyword| keyword.place.as_ref());
        let links = task.pods.iter().flat_map(|pod| &pod.links).map(|link| &link.place);
        paths.extend(task.place.iter().chain(keywords).chain(links).map(|at| at.file.as_str()));
    }
    let all = translation.sources.by_paths();
    let literals = literals(diagnostics, &translation.sources);
    let text = |path: &str| {
        let (_, source) = all.get(path)?;
        let literals = literals.get(path).map_or(&[][..], Vec::as_slice);
        Some((path.to_owned(), mask.source(&source.text, literals, Style::Word)))
    };
    paths.into_iter().filter_map(text).collect()
}

/// Where credentials were found, by path: byte ranges in order.
fn literals(diagnostics: &[Diagnostic], sources: &Sources) -> BTreeMap<String, Vec<Range<usize>>> {
    let mut all: BTreeMap<String, Vec<Range<usize>>> = BTreeMap::new();
    for finding in diagnostics.iter().filter(|finding| finding.code == Code::PlainSecret) {
        if let Some(source) = sources.get(finding.span.source) {
            let range = finding.span.start as usize..finding.span.end as usize;
            all.entry(source.path.clone()).or_default().push(range);
        }
    }
    for ranges in all.values_mut() {
        ranges.sort_by_key(|range| (range.start, range.end));
        // One literal may lie in another, as an item in its list; the outer one is enough.
        let mut end = 0;
        ranges.retain(|range| {
            let is_apart = range.start >= end;
            end = end.max(range.end);
            is_apart
        });
    }
    all
}

impl Built {
    /// The sources of findings in which no credential can be read and every place is where it was.
    pub fn masked_sources(&self, sources: &Sources) -> Sources {
        masked_sources(&self.mask, &self.diagnostics, sources)
    }

    /// A finding in whose words no credential can be read.
    pub fn masked(&self, finding: &Diagnostic) -> Diagnostic {
        masked(&self.mask, finding)
    }
}

/// The findings of a translation and the sources they point into, without the credentials that were found and those that
/// are known.
pub fn without_credentials(
    translation: &Translation,
    known: &[String],
) -> (Vec<Diagnostic>, Sources) {
    let mask = Mask::of_both(&translation.specs, known);
    let findings = &translation.diagnostics;
    let sources = masked_sources(&mask, findings, &translation.sources);
    (findings.iter().map(|finding| masked(&mask, finding)).collect(), sources)
}

fn masked_sources(mask: &Mask, findings: &[Diagnostic], sources: &Sources) -> Sources {
    let literals = literals(findings, sources);
    sources.mapped(|source| {
        let literals = literals.get(&source.path).map_or(&[][..], Vec::as_slice);
        mask.source(&source.text, literals, Style::SameWidth)
    })
}

fn masked(mask: &Mask, finding: &Diagnostic) -> Diagnostic {
    let mut finding = finding.clone();
    finding.message = mask.message(&finding.message);
    finding.label = mask.message(&finding.label);
    finding.help = finding.help.map(|help| mask.message(&help));
    for (_, label) in &mut finding.secondary {
        *label = mask.message(label);
    }
    finding
}
