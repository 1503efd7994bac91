//! `podlift check`: the gate in CI.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::ValueEnum;

use super::failure::Trouble;
use super::messages::count;
use super::project::{ProjectArgs, built, config};
use super::translate::args::ReadingArgs;
use super::{Ctx, Exit};
use crate::config::Deny;
use crate::diag::render::{Concise, Human, Render};
use crate::diag::{Diagnostic, Severity};
use crate::report::render::{self, Judged};
use crate::report::{Built, Finding, Level, Report};
use crate::translate::Translation;

/// Fail on findings, or only on new ones: the gate in CI
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Fail on findings, or only on new ones: the gate in CI.\n\n\
        With --baseline, findings that the given report already has do not fail. A finding of a task stays the same \
        finding when lines or files move.",
    after_help = "\
Examples:
  podlift check dags                                 fail on warnings and errors
  podlift report dags -o baseline.json               accept what there is today ...
  podlift check dags --baseline baseline.json        ... and fail on what comes on top
  podlift check dags --deny error                    fail on errors only
  podlift check dags --deny error --deny KPO314      and on credentials in plain text
  podlift check dags --format github                 annotations in a pull request

podlift.toml, in the current directory or above it up to the root of the repository:

  [levels]                 # error, warning, info or ignore, for each code
  KPO305 = \"error\"
  KPO312 = \"ignore\"
  [check]
  deny = [\"warning\"]       # where --deny is not given

In a DAG, beside the code or alone on the line above it:

  on_failure_callback=page,  # podlift: ignore[KPO305] Dagster sends the alerts

A comment that silences nothing is itself a finding (KPO110).

Exit codes:
  0  nothing fails
  1  there are findings that fail
  2  the work could not be done: wrong arguments, a PATH or a baseline that cannot be read"
)]
pub(super) struct Args {
    /// DAG files and folders; `-` reads one DAG file from standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Let pass what this report has, written by `podlift report -o FILE.json`
    #[arg(long, value_name = "REPORT", help_heading = "Findings")]
    baseline: Option<PathBuf>,
    /// What fails: a level (error, warning, info) and all above it, or a code; may be repeated
    /// [default: podlift.toml, else warning]
    #[arg(long, value_name = "CODE|LEVEL", value_parser = deny, help_heading = "Findings")]
    deny: Vec<Deny>,
    /// How to write the findings
    #[arg(
        long,
        value_name = "FORMAT",
        value_enum,
        default_value = "human",
        help_heading = "Findings"
    )]
    format: Format,
    /// Show findings that do not fail, too
    #[arg(long, short, help_heading = "Findings")]
    verbose: bool,
    #[command(flatten)]
    project: ProjectArgs,
    #[command(flatten)]
    reading: ReadingArgs,
}

/// The notation of findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// With the lines of the DAG they are about.
    Human,
    /// One line each: `path:line:column: severity[code] message`.
    Concise,
    /// A list of objects.
    Json,
    /// For code scanning (SARIF 2.1.0), those that pass included.
    Sarif,
    /// Workflow commands of GitHub Actions.
    Github,
    /// Findings as tests, for CI systems.
    Junit,
}

fn deny(word: &str) -> Result<Deny, String> {
    let expected = "expected error, warning, info or a code such as KPO305";
    Deny::parse(word).ok_or_else(|| expected.to_owned())
}

pub(super) fn run(args: &Args, ctx: &mut Ctx<'_>) -> Result<Exit> {
    let config = config(&args.project, ctx)?;
    let baseline = args.baseline.as_deref().map(|path| read_report(path, ctx)).transpose()?;
    let (built, translation) = built(&args.paths, &args.reading, &args.project, &config, ctx)?;
    let denied = match (args.deny.as_slice(), config.deny.as_slice()) {
        ([], []) => &[Deny::Level(Severity::Warning)],
        ([], config) => config,
        (given, _) => given,
    };
    let judged = judge(&built.report.findings, baseline.as_ref(), denied);
    let shown: Vec<usize> = judged
        .iter()
        .enumerate()
        .filter(|(_, one)| one.fails || (args.verbose && one.finding.ignored.is_none()))
        .map(|(index, _)| index)
        .collect();
    write(args, &built, &translation, &judged, &shown, ctx)?;
    let failing = judged.iter().filter(|one| one.fails).count();
    writeln!(ctx.stderr, "{}", sentence(&judged, failing, baseline.is_some()))?;
    Ok(if failing == 0 { Exit::Ok } else { Exit::Findings })
}

/// Reads a report that an earlier run wrote.
pub(super) fn read_report(path: &Path, ctx: &Ctx<'_>) -> Result<Report> {
    let remedy = "write it with `podlift report PATH -o FILE.json`";
    let trouble = || Trouble::new(format!("cannot read the report `{}`", path.display()), remedy);
    let text = super::file::read(&ctx.cwd.join(path)).with_context(trouble)?;
    serde_json::from_str(&text).with_context(trouble)
}

/// Which findings fail. A baseline lets as many findings of one fingerprint pass as it has.
fn judge<'a>(
    findings: &'a [Finding],
    baseline: Option<&Report>,
    denied: &[Deny],
) -> Vec<Judged<'a>> {
    let mut known: BTreeMap<&str, usize> = BTreeMap::new();
    for finding in baseline.iter().flat_map(|report| &report.findings) {
        *known.entry(&finding.fingerprint).or_default() += 1;
    }
    let mut judged = Vec::new();
    for finding in findings {
        let left = known.get_mut(finding.fingerprint.as_str()).filter(|left| **left > 0);
        let is_new = match left {
            Some(left) => {
                *left -= 1;
                false
            }
            None => true,
        };
        let fails =
            is_new && finding.ignored.is_none() && denied.iter().any(|one| denies(*one, finding));
        judged.push(Judged { finding, fails, is_new });
    }
    judged
}

fn denies(deny: Deny, finding: &Finding) -> bool {
    match deny {
        Deny::Level(severity) => finding.severity >= Level::from(severity),
        Deny::Code(code) => finding.code == code.as_str(),
    }
}

fn write(
    args: &Args,
    built: &Built,
    translation: &Translation,
    judged: &[Judged<'_>],
    shown: &[usize],
    ctx: &mut Ctx<'_>,
) -> Result<()> {
    let findings = || shown.iter().filter_map(|index| judged.get(*index)).map(|one| one.finding);
    let text = match args.format {
        Format::Human | Format::Concise => {
            let renderer: Box<dyn Render> = match args.format {
                Format::Human => Box::new(Human { color: ctx.color_out }),
                _ => Box::new(Concise),
            };
            let sources = built.masked_sources(&translation.sources);
            let picked: Vec<Diagnostic> = shown
                .iter()
                .filter_map(|index| built.diagnostics.get(*index))
                .map(|finding| built.masked(finding))
                .collect();
            for finding in &picked {
                renderer.render(finding, &sources, &mut ctx.stdout)?;
            }
            return Ok(());
        }
        Format::Json => {
            let list: Vec<&Finding> = findings().collect();
            crate::diag::escape::pretty_json(&list)?
        }
        Format::Sarif => render::sarif(judged, args.baseline.is_some()),
        Format::Github => render::github(findings()),
        Format::Junit => render::junit_of_findings(judged),
    };
    ctx.stdout.write_all(text.as_bytes())?;
    Ok(())
}

/// `2 findings fail; 3 others, 4 in the baseline, 1 ignored`.
fn sentence(judged: &[Judged<'_>], failing: usize, has_baseline: bool) -> String {
    let ignored = judged.iter().filter(|one| one.finding.ignored.is_some()).count();
    let known = judged.iter().filter(|one| !one.is_new && one.finding.ignored.is_none()).count();
    let others = judged.len() - failing - ignored - known;
    let noun = if has_baseline { "new finding" } else { "finding" };
    let verb = if failing == 1 { "fails" } else { "fail" };
    let mut text = format!("{} {verb}; {others} below the level", count(failing, noun));
    if has_baseline {
        text.push_str(&format!(", {known} in the baseline"));
    }
    format!("{text}, {ignored} ignored")
}
