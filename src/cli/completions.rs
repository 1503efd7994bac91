//! `podlift completions`: completion scripts for shells.

use anyhow::Result;
use clap::CommandFactory;
use clap_complete::{Shell, generate};

use super::{Cli, Ctx, Exit};

/// Print a completion script for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  podlift completions bash > /etc/bash_completion.d/podlift
  podlift completions zsh > ~/.zfunc/_podlift
  podlift completions fish > ~/.config/fish/completions/podlift.fish")]
pub(super) struct Args {
    /// The shell
    shell: Shell,
}

pub(super) fn run(args: &Args, ctx: &mut Ctx<'_>) -> Result<Exit> {
    // The generator panics when it cannot write, so it writes to memory.
    let mut script = Vec::new();
    generate(args.shell, &mut Cli::command(), "podlift", &mut script);
    ctx.stdout.write_all(&script)?;
    Ok(Exit::Ok)
}
