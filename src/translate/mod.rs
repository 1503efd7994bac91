//! The pipeline: paths in, job specs and findings out.
//!
//! Files are independent of each other, so they are read in parallel; everything that leaves here is
//! in the order of their paths, so that neither threads nor the file system can change the result.

mod account;
mod facts;
mod memory;
mod net;
mod record;
mod select;
mod stages;
mod templates;

pub use account::{FileAccount, OtherTask, Summary};
pub use memory::Lasting;
pub use select::{Selection, Unmatched};
pub use stages::{Stages, Static};

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rayon::prelude::*;

use crate::airflow::Settings;
use crate::cache::{Cache, Fingerprint, Used};
use crate::diag::{Diagnostic, arrange};
use crate::discover::{self, Candidate, Content, IgnoreSyntax, Input, Missing, Search};
use crate::disk::{Bounds, World};
use crate::mapping::Account;
use crate::paths::{Shown, normal};
use crate::python::{Sources, allow_stack, guess_roots};
use crate::spec::{DagFacts, JobSpec};
use memory::Memory;

/// Stack of each reading thread. The evaluator recurses with the nesting of the DAG's own code; memory is only
/// used as far as a file goes.
const STACK: usize = 256 << 20;

/// Threads that read files, however many are asked for.
const MOST_THREADS: usize = 256;

/// How long threads take to end that have nothing to do.
const GIVEN_BACK: Duration = Duration::from_millis(100);

/// The part of it that parsing may use.
const PARSER_STACK: usize = STACK / 8;

/// What to translate and how.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder relative paths start from.
    pub cwd: PathBuf,
    /// Files and folders, in any order.
    pub paths: Vec<PathBuf>,
    /// A DAG given as text, such as from standard input; its imports start from `cwd`.
    pub text: Option<Vec<u8>>,
    /// How files are evaluated. The folders that `paths` suggest join its roots.
    pub settings: Settings,
    /// The syntax of `.airflowignore`.
    pub ignore_syntax: IgnoreSyntax,
    /// Which DAGs and tasks are wanted.
    pub selection: Selection,
    /// Threads; as many as the machine has cores unless given.
    pub jobs: Option<NonZeroUsize>,
}

/// The result of a translation.
#[derive(Debug, Default)]
pub struct Translation {
    /// Job specs, by file, DAG and task in the order of the source.
    pub specs: Vec<JobSpec>,
    /// The wanted DAGs that have job specs, in the order of these.
    pub dags: Vec<DagFacts>,
    /// Findings, sorted by place and free of repeats.
    pub diagnostics: Vec<Diagnostic>,
    /// What became of each keyword of each task, in the order of `specs`.
    pub accounts: Vec<Account>,
    /// Tasks of the wanted DAGs that became no job specs.
    pub others: Vec<OtherTask>,
    /// What each DAG file gave, sorted by path.
    pub files: Vec<FileAccount>,
    /// Selected ids that no DAG or task has.
    pub unmatched: Vec<Unmatched>,
    /// Folders in which imports were looked up, strongest first.
    pub roots: Vec<PathBuf>,
    /// The texts that findings point into.
    pub sources: Sources,
}

/// Why nothing could be translated at all.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A named path is not there.
    #[error(transparent)]
    Missing(#[from] Missing),
    /// The threads could not be started.
    #[error("cannot start the reading threads")]
    Threads(#[from] rayon::ThreadPoolBuildError),
}

/// What one file gave, on its way into a [`Translation`].
#[derive(Debug)]
pub struct Piece<'a> {
    /// Its job specs.
    pub specs: &'a mut Vec<JobSpec>,
    /// What became of the keywords of its tasks.
    pub accounts: &'a mut Vec<Account>,
    /// Its DAGs.
    pub dags: &'a mut Vec<DagFacts>,
    /// The findings about it, which other files may repeat: those of a helper that both import.
    pub diagnostics: &'a mut Vec<Diagnostic>,
    /// The file.
    pub file: &'a FileAccount,
    /// The texts that findings point into.
    pub sources: &'a Sources,
    /// Whether the text of the file is needed even where no finding points into it; it is, unless this is cleared.
    pub needs_text: &'a mut bool,
}

/// Translates DAG files. Findings about them, down to files that cannot be read, are in the result.
///
/// # Errors
/// A path of `options` does not exist, or threads cannot be started.
pub fn translate(stages: &dyn Stages, options: &Options) -> Result<Translation, Error> {
    translate_with(stages, options, |_| ()).map(|(translation, _)| translation)
}

/// As [`translate`], but whatever `digest` takes out of a file's [`Piece`] is not kept: a folder of ten thousand DAGs
/// need not be in memory at once. What it makes of each file is returned in the order of
/// [`Translation::files`]. It is called from several threads.
///
/// # Errors
/// Those of [`translate`].
pub fn translate_with<T: Send>(
    stages: &dyn Stages,
    options: &Options,
    digest: impl Fn(Piece<'_>) -> T + Sync,
) -> Result<(Translation, Vec<T>), Error> {
    work(stages, options, &settings(options), &memory::Off, digest)
}

/// As [`translate_with`], with results of earlier runs in place of evaluation where they still hold. `about` is what
/// the result of `digest` and the stages depend on besides the options.
///
/// Only files of which `digest` leaves neither accounts nor DAGs are kept.
///
/// # Errors
/// Those of [`translate`].
pub fn translate_kept<T: Send + Lasting>(
    stages: &dyn Stages,
    options: &Options,
    cache: &Cache,
    mut about: Fingerprint,
    digest: impl Fn(Piece<'_>) -> T + Sync,
) -> Result<(Translation, Vec<T>, Used), Error> {
    let settings = settings(options);
    about.settings(&settings);
    about.selection(&options.selection);
    let bounds = Bounds { bytes: settings.limits.file, entries: settings.limits.collection };
    let memory = memory::Kept::new(cache, about, bounds);
    let (translation, digests) = work(stages, options, &settings, &memory, digest)?;
    Ok((translation, digests, memory.finish()))
}

/// Finds the files, reads each, and puts together what they gave.
fn work<T: Send>(
    stages: &dyn Stages,
    options: &Options,
    settings: &Settings,
    memory: &dyn Memory<T>,
    digest: impl Fn(Piece<'_>) -> T + Sync,
) -> Result<(Translation, Vec<T>), Error> {
    let sources = Sources::default();
    let world = Arc::new(World::default());
    let found = find(options, settings, &sources)?;

    let threads_of = |number| {
        rayon::ThreadPoolBuilder::new()
            .num_threads(number)
            .stack_size(STACK)
            .start_handler(|_| allow_stack(PARSER_STACK))
            .build()
    };
    // Where address space is scarce there may be room for one stack only, when those of the attempt have been given back.
    let wanted = options.jobs.or_else(|| thread::available_parallelism().ok());
    let wanted = wanted.map_or(1, NonZeroUsize::get).min(MOST_THREADS);
    let threads = threads_of(wanted).or_else(|_| {
        thread::sleep(GIVEN_BACK);
        threads_of(1)
    })?;
    let read = |input: Input| {
        let input = &input;
        if let Some(recalled) = memory.recall(input, &sources) {
            return recalled;
        }
        let disk = world.disk(memory.is_on());
        let mut outcome =
            stages::read(stages, input, settings, &options.selection, &sources, &disk);
        let mut needs_text = true;
        let made = digest(Piece {
            specs: &mut outcome.specs,
            accounts: &mut outcome.accounts,
            dags: &mut outcome.dags,
            diagnostics: &mut outcome.diagnostics,
            file: &outcome.file,
            sources: &sources,
            needs_text: &mut needs_text,
        });
        memory.keep(input, &disk.take(), &outcome, &made, &sources);
        if !needs_text && !outcome.is_shared && outcome.mention.is_none() {
            sources.let_go(&outcome.file.path, |id| {
                outcome.diagnostics.iter().flat_map(Diagnostic::spans).any(|span| span.source == id)
            });
        }
        (outcome, made)
    };
    let look = |file: Candidate| file.look(settings.limits.file).map(read);
    let (mut outcomes, mut digests): (Vec<account::Outcome>, Vec<T>) =
        threads.install(|| found.candidates.into_par_iter().filter_map(look).unzip());
    if let Some(text) = given(options) {
        let (outcome, digest) = threads.install(|| read(text));
        outcomes.insert(0, outcome);
        digests.insert(0, digest);
    }

    let unmatched = options.selection.unmatched(&outcomes);
    let mut translation = Translation { unmatched, ..Translation::default() };
    let mut diagnostics = found.diagnostics;
    diagnostics.extend(net::files_without_tasks(&outcomes, &options.selection));
    for outcome in outcomes {
        translation.add(outcome, &mut diagnostics);
    }
    translation.diagnostics = arrange(diagnostics, &sources);
    translation.sources = sources;
    translation.roots = settings.roots.clone();
    Ok((translation, digests))
}

impl Translation {
    /// The numbers of the summary line.
    pub fn summary(&self) -> Summary {
        Summary::of(&self.files)
    }

    fn add(&mut self, outcome: account::Outcome, diagnostics: &mut Vec<Diagnostic>) {
        let (spec, account) = (self.specs.len(), self.accounts.len());
        self.specs.extend(outcome.specs);
        self.dags.extend(
            outcome
                .dags
                .into_iter()
                .map(|dag| DagFacts { specs: spec + dag.specs.start..spec + dag.specs.end, ..dag }),
        );
        self.accounts.extend(outcome.accounts);
        self.others.extend(outcome.others);
        self.files.push(FileAccount {
            specs: spec..self.specs.len(),
            accounts: account..self.accounts.len(),
            ..outcome.file
        });
        diagnostics.extend(outcome.diagnostics);
    }
}

/// The files of the options that may be DAG files.
fn find(
    options: &Options,
    settings: &Settings,
    sources: &Sources,
) -> Result<discover::Found, Missing> {
    let search = Search {
        cwd: &options.cwd,
        shown: &settings.shown,
        ignore_syntax: options.ignore_syntax,
        roots: &settings.roots,
    };
    discover::find(&options.paths, &search, sources)
}

/// The DAG that the options give as text.
fn given(options: &Options) -> Option<Input> {
    Some(Input {
        path: options.cwd.join("stdin.py"),
        shown: "<stdin>".to_owned(),
        content: Content::Given(options.text.clone()?),
    })
}

/// The settings of the options with all roots: those given first, then those that the named paths suggest.
fn settings(options: &Options) -> Settings {
    let mut settings = options.settings.clone();
    let given = settings.roots.iter().map(|root| normal(&options.cwd.join(root)));
    let named = options.paths.iter().flat_map(|path| guess_roots(&options.cwd.join(path)));
    let text = options.text.iter().flat_map(|_| guess_roots(&options.cwd));
    let mut roots: Vec<PathBuf> = Vec::new();
    for root in given.chain(named).chain(text) {
        if !roots.contains(&root) {
            roots.push(root);
        }
    }
    let bases = options.paths.iter().chain(&options.settings.roots).chain(&roots);
    settings.shown = Shown::new(&options.cwd, bases.cloned());
    settings.roots = roots;
    settings
}

#[cfg(test)]
mod tests;
