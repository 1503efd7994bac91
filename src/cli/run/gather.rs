//! From the paths on the command line to job specs and the tasks around them.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use super::args::Args;
use crate::airflow::Settings;
use crate::cli::Ctx;
use crate::cli::failure::Trouble;
use crate::cli::messages::Messages;
use crate::cli::translate::inputs::tables;
use crate::cli::translate::{not_there, nothing};
use crate::diag::Severity;
use crate::discover::IgnoreSyntax;
use crate::paths::Shown;
use crate::python::Sources;
use crate::spec::{self, JobSpec};
use crate::translate::{Options, OtherTask, Selection, Static, Unmatched, translate};
use crate::values::Values;

/// What was found.
#[derive(Default)]
pub(super) struct Gathered {
    /// The tasks to run.
    pub(super) specs: Vec<JobSpec>,
    /// Tasks of the same DAGs that are not run.
    pub(super) others: Vec<OtherTask>,
}

/// Where to look and what to take.
#[derive(Default)]
pub(super) struct Paths<'a> {
    paths: &'a [PathBuf],
    dag: &'a [String],
    task: &'a [String],
    root: &'a [PathBuf],
    mappings: &'a [PathBuf],
}

impl<'a> Paths<'a> {
    pub(super) fn of(args: &'a Args) -> Self {
        let Args { paths, dag, task, root, mappings, .. } = args;
        Self { paths, dag, task, root, mappings }
    }
}

/// The job specs of some paths, holes and all; none of no path.
pub(in crate::cli) fn gather_named(
    paths: &[PathBuf],
    values: &Values,
    messages: &Messages,
    ctx: &mut Ctx<'_>,
) -> Result<Vec<JobSpec>> {
    if paths.is_empty() {
        return Ok(Vec::new());
    }
    let paths = Paths { paths, ..Paths::default() };
    Ok(gather(&paths, values, messages, ctx)?.specs)
}

/// Reads everything that was named.
pub(super) fn gather(
    args: &Paths<'_>,
    values: &Values,
    messages: &Messages,
    ctx: &mut Ctx<'_>,
) -> Result<Gathered> {
    let mut files = Files::default();
    for path in args.paths {
        files.sort_in(path, messages, ctx)?;
    }
    let mut all = Gathered::default();
    let shown = Shown::new(&ctx.cwd, args.paths.iter().cloned());
    for (path, text) in files.specs {
        let name = if path.as_os_str() == "-" { "<stdin>".to_owned() } else { shown.text(&path) };
        all.specs.extend(read(&name, &text, messages, ctx)?);
    }
    select(&mut all, args)?;
    if !files.dags.is_empty() {
        let found = translated(files.dags, args, values, messages, ctx)?;
        all.specs.extend(found.specs);
        all.others.extend(found.others);
    }
    if all.specs.is_empty() {
        let remedy = "name job specs that `podlift translate` wrote, or DAG files with \
                      KubernetesPodOperator tasks";
        bail!(Trouble::new("there is no task to run", remedy));
    }
    Ok(all)
}

/// Paths, sorted by what is in them.
#[derive(Default)]
struct Files {
    specs: Vec<(PathBuf, String)>,
    dags: Vec<PathBuf>,
}

impl Files {
    fn sort_in(&mut self, path: &Path, messages: &Messages, ctx: &mut Ctx<'_>) -> Result<()> {
        let place = ctx.cwd.join(path);
        if path.as_os_str() == "-" {
            let text = crate::cli::file::text(&mut ctx.stdin);
            let text = text.context("cannot read standard input")?;
            self.specs.push((path.to_owned(), text));
        } else if place.is_dir() {
            self.folder(path, &place, messages, ctx)?;
        } else if is_python(path) && place.exists() {
            self.dags.push(path.to_owned());
        } else {
            self.specs.push((path.to_owned(), text_of(path, &place)?));
        }
        Ok(())
    }

    /// The job specs below a folder, by their first lines; a folder without any is one of DAG files.
    ///
    /// Linked folders are not followed, since one folder could be met twice; what they hold is not run, and that is
    /// told.
    fn folder(
        &mut self,
        path: &Path,
        place: &Path,
        messages: &Messages,
        ctx: &mut Ctx<'_>,
    ) -> Result<()> {
        let walk = ignore::WalkBuilder::new(place).standard_filters(false).hidden(true).build();
        let entries: Result<Vec<_>, _> = walk.collect();
        let entries = entries.with_context(|| {
            let message = format!("cannot read all of `{}`", path.display());
            Trouble::new(message, "make its folders readable, or name the job specs themselves")
        })?;
        let (mut files, mut links) = (Vec::new(), Vec::new());
        for entry in entries {
            let (is_link, file) = (entry.path_is_symlink(), entry.into_path());
            if is_data(&file) && file.is_file() {
                files.push(file);
            } else if is_link && file != place && file.is_dir() {
                links.push(file);
            }
        }
        files.sort();
        links.sort();
        let inside = |file: &Path| path.join(file.strip_prefix(place).unwrap_or(file));
        let before = self.specs.len();
        for file in &files {
            let inside = inside(file);
            let text = text_of(&inside, file)?;
            // Generated folders may hold manifests and reports beside the specs.
            if text.contains(spec::API_VERSION) && text.contains(spec::KIND) {
                self.specs.push((inside, text));
            }
        }
        if self.specs.len() == before {
            self.dags.push(path.to_owned());
            return Ok(());
        }
        for link in links {
            let text = format!(
                "`{}` is a link to a folder; job specs behind it are not run",
                inside(&link).display()
            );
            messages.note(&text, &mut ctx.stderr)?;
        }
        Ok(())
    }
}

fn is_python(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "py")
}

fn is_data(path: &Path) -> bool {
    path.extension().is_some_and(|it| it == "yaml" || it == "yml" || it == "json")
}

fn text_of(shown: &Path, place: &Path) -> Result<String> {
    crate::cli::file::read(place).with_context(|| {
        let message = format!("cannot read `{}`", shown.display());
        Trouble::new(message, "check the path; relative paths start from the current directory")
    })
}

/// Reads job specs; what is wrong with them is told with its place.
fn read(shown: &str, text: &str, messages: &Messages, ctx: &mut Ctx<'_>) -> Result<Vec<JobSpec>> {
    let sources = Sources::default();
    match spec::read(&sources, shown, text) {
        Ok(specs) => Ok(specs),
        Err(findings) => {
            messages.reasons(&findings, &sources, ctx)?;
            let message = format!("`{shown}` holds no usable job spec");
            let remedy =
                "correct it, or translate the DAG again; `podlift schema` prints the format";
            bail!(Trouble::new(message, remedy))
        }
    }
}

/// Keeps the specs that are wanted; the rest only keeps the order.
fn select(all: &mut Gathered, args: &Paths<'_>) -> Result<()> {
    let known = |of: fn(&JobSpec) -> &String| {
        let mut ids: Vec<String> = all.specs.iter().map(|spec| of(spec).clone()).collect();
        ids.sort();
        ids.dedup();
        ids
    };
    let dags = known(|spec| &spec.metadata.dag);
    let tasks = known(|spec| &spec.metadata.task);
    if !all.specs.is_empty() {
        for (kind, wanted, known) in [("DAG", args.dag, dags), ("task", args.task, tasks)] {
            if let Some(id) = wanted.iter().find(|id| !known.contains(id)) {
                bail!(not_there(&Unmatched { kind, id: id.clone(), known }));
            }
        }
    }
    let wants = |ids: &[String], id: &String| ids.is_empty() || ids.contains(id);
    for spec in std::mem::take(&mut all.specs) {
        let metadata = &spec.metadata;
        if !wants(args.dag, &metadata.dag) {
            continue;
        }
        if wants(args.task, &metadata.task) {
            all.specs.push(spec);
        } else {
            all.others.push(OtherTask {
                dag: metadata.dag.clone(),
                task: metadata.task.clone(),
                operator: metadata.operator.clone(),
                runs_pod: true,
                upstream: metadata.upstream.clone(),
                trigger_rule: spec.launcher.trigger_rule.clone(),
            });
        }
    }
    Ok(())
}

/// Translates DAG files.
fn translated(
    paths: Vec<PathBuf>,
    args: &Paths<'_>,
    values: &Values,
    messages: &Messages,
    ctx: &mut Ctx<'_>,
) -> Result<Gathered> {
    let settings =
        Settings { roots: args.root.to_vec(), values: values.clone(), ..Settings::default() };
    let stages = Static::new(tables(args.mappings, ctx)?, settings.limits.file);
    let options = Options {
        cwd: ctx.cwd.clone(),
        paths,
        text: None,
        settings,
        ignore_syntax: IgnoreSyntax::Glob,
        selection: Selection { dags: args.dag.to_vec(), tasks: args.task.to_vec() },
        jobs: None,
    };
    let translation = translate(&stages, &options).map_err(|error| nothing(error, "translated"))?;
    messages.findings_of(&translation, values, ctx)?;
    if let Some(unmatched) = translation.unmatched.first() {
        bail!(not_there(unmatched));
    }
    let summary = translation.summary();
    let is_wrong = translation.diagnostics.iter().any(|it| it.severity == Severity::Error);
    if is_wrong || summary.failed > 0 || summary.unread > 0 {
        let remedy = "correct what is marked as an error above, or select other tasks with --task";
        bail!(Trouble::new("the DAG could not be translated as a whole", remedy));
    }
    Ok(Gathered { specs: translation.specs, others: translation.others })
}
