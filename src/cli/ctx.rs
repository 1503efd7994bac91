//! Everything a command takes from the process it runs in, so that tests can bring their own.

use std::borrow::Cow;
use std::io::{self, BufWriter, Read, Write};
use std::path::PathBuf;

use clap::ColorChoice;
use clap::builder::StyledStr;

use crate::diag::escape::visible;

/// How much is printed at a time, in bytes. Job specs are printed by the megabyte.
const STDOUT: usize = 64 << 10;

/// The streams, the current directory and the colours of a run.
pub struct Ctx<'a> {
    /// Artefacts go here and nothing else.
    pub stdout: Box<dyn Write + 'a>,
    /// Findings, summaries and errors go here.
    pub stderr: Box<dyn Write + 'a>,
    /// Read for `-`.
    pub stdin: Box<dyn Read + 'a>,
    /// The folder relative paths start from.
    pub cwd: PathBuf,
    /// Whether standard output shows colours.
    pub color_out: bool,
    /// Whether standard error shows colours.
    pub color_err: bool,
}

impl std::fmt::Debug for Ctx<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ctx").field("cwd", &self.cwd).finish_non_exhaustive()
    }
}

impl Ctx<'static> {
    /// The context of this process. Colours follow the terminal, `NO_COLOR` and `CLICOLOR_FORCE`.
    ///
    /// # Errors
    /// The current directory is gone.
    #[expect(clippy::disallowed_methods, reason = "this is the place that looks at the process")]
    pub fn of_process() -> io::Result<Self> {
        let colors = |choice| !matches!(choice, anstream::ColorChoice::Never);
        Ok(Self {
            color_out: colors(anstream::AutoStream::choice(&io::stdout())),
            color_err: colors(anstream::AutoStream::choice(&io::stderr())),
            stdout: Box::new(BufWriter::with_capacity(STDOUT, io::stdout())),
            stderr: Box::new(BufWriter::new(io::stderr())),
            stdin: Box::new(io::stdin()),
            cwd: std::env::current_dir()?,
        })
    }
}

impl Ctx<'_> {
    /// Applies `--color`.
    pub(super) fn choose_color(&mut self, choice: ColorChoice) {
        let forced = match choice {
            ColorChoice::Auto => return,
            ColorChoice::Always => true,
            ColorChoice::Never => false,
        };
        (self.color_out, self.color_err) = (forced, forced);
    }

    /// Writes out what is buffered.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.stdout.flush()?;
        self.stderr.flush()
    }

    /// Prints help or a usage error, which may quote what was given.
    pub(super) fn print_usage(&mut self, text: &StyledStr, is_trouble: bool) -> io::Result<()> {
        let (out, color) = if is_trouble {
            (&mut self.stderr, self.color_err)
        } else {
            (&mut self.stdout, self.color_out)
        };
        let plain = text.to_string();
        let is_safe = plain.lines().all(|line| matches!(visible(line), Cow::Borrowed(_)));
        match (is_safe, color) {
            (true, true) => write!(out, "{}", text.ansi())?,
            (true, false) => write!(out, "{plain}")?,
            (false, _) => {
                plain.lines().try_for_each(|line| writeln!(out, "{}", visible(line)))?;
            }
        }
        out.flush()
    }
}
