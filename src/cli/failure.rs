//! What kept podlift from doing its work: the error, its causes and what to do about it.

use std::fmt;
use std::io;

use super::{Ctx, Exit};
use crate::diag::escape::visible;
use crate::words::shorten;

/// An error with a remedy.
#[derive(Debug)]
pub(super) struct Trouble {
    message: String,
    remedy: String,
}

impl Trouble {
    /// Says what is wrong and what to do. As the context of another error it names what was attempted.
    pub(super) fn new(message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { message: message.into(), remedy: remedy.into() }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Trouble {}

/// Prints an error and gives the exit code it stands for.
///
/// A reader that went away (`podlift ... | head`) is nobody's mistake and ends the run quietly.
pub(super) fn report(error: &anyhow::Error, ctx: &mut Ctx<'_>) -> Exit {
    if is_broken_pipe(error) {
        return Exit::Ok;
    }
    // Nothing can be done about an error that cannot be printed; the exit code still tells.
    let _ = print(error, ctx);
    Exit::Trouble
}

/// How long a line of an error may be, in characters: it may quote a file.
const LONGEST: usize = 4000;

/// A text of an error, for people.
fn shown(text: &str) -> String {
    visible(&shorten(text, LONGEST)).into_owned()
}

fn print(error: &anyhow::Error, ctx: &mut Ctx<'_>) -> io::Result<()> {
    ctx.stdout.flush()?;
    let (red, cyan) = if ctx.color_err {
        (anstyle::AnsiColor::Red.on_default().bold(), anstyle::AnsiColor::Cyan.on_default().bold())
    } else {
        Default::default()
    };
    let out = &mut ctx.stderr;
    writeln!(out, "{red}error{red:#}: {}", shown(&error.to_string()))?;
    for cause in error.chain().skip(1) {
        writeln!(out, "  because: {}", shown(&cause.to_string()))?;
    }
    if let Some(trouble) = error.downcast_ref::<Trouble>() {
        writeln!(out, "  {cyan}help{cyan:#}: {}", shown(&trouble.remedy))?;
    }
    out.flush()
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let io = cause.downcast_ref::<io::Error>().map(io::Error::kind);
        let json =
            cause.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind);
        io.or(json) == Some(io::ErrorKind::BrokenPipe)
    })
}
