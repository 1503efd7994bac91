//! What is left to do when a comparison is told to end before its time: the temporary tree of a revision must not stay.

use std::io::{self, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Output};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::run::hangups_are_ignored;

/// The `git` that writes into the tree, if one is at work.
#[derive(Debug, Clone, Default)]
pub(super) struct AtWork(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    child: Option<Child>,
    /// No other is started.
    is_over: bool,
}

impl AtWork {
    /// Runs a program to its end, unless [`Self::end`] comes first.
    pub(super) fn run(&self, command: &mut Command) -> io::Result<Output> {
        let (stdout, stderr) = {
            let mut state = self.state();
            if state.is_over {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let mut child = command.spawn()?;
            let pipes = (child.stdout.take(), child.stderr.take());
            state.child = Some(child);
            pipes
        };
        // Both at the same time, because a full pipe stops the program.
        let errors = thread::spawn(|| all_of(stderr));
        let stdout = all_of(stdout)?;
        let stderr = errors.join().unwrap_or_else(|_| Err(io::ErrorKind::Other.into()))?;
        let mut state = self.state();
        match state.child.take() {
            Some(mut child) => Ok(Output { status: child.wait()?, stdout, stderr }),
            None => Err(io::ErrorKind::Interrupted.into()),
        }
    }

    /// Ends it at once.
    fn end(&self) {
        let mut state = self.state();
        state.is_over = true;
        if let Some(mut child) = state.child.take() {
            // It may have ended by itself meanwhile, which is as well.
            drop(child.kill());
            drop(child.wait());
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a program prints until it ends.
fn all_of(pipe: Option<impl Read>) -> io::Result<Vec<u8>> {
    let mut said = Vec::new();
    if let Some(mut pipe) = pipe {
        pipe.read_to_end(&mut said)?;
    }
    Ok(said)
}

/// Listens to signals for as long as the runtime is kept: a folder is taken away before the process ends.
pub(super) fn watch(folder: PathBuf, at_work: &AtWork) -> io::Result<Runtime> {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_io().build()?;
    let mut kinds = vec![SignalKind::interrupt(), SignalKind::terminate()];
    if !hangups_are_ignored() {
        kinds.push(SignalKind::hangup());
    }
    let inside = runtime.enter();
    for kind in kinds {
        let mut signals = signal(kind)?;
        let (folder, at_work) = (folder.clone(), at_work.clone());
        runtime.spawn(async move {
            if signals.recv().await.is_some() {
                at_work.end();
                // What cannot be removed stays; there is nobody left to tell.
                drop(std::fs::remove_dir_all(folder));
                #[allow(
                    clippy::exit,
                    clippy::disallowed_methods,
                    reason = "the main thread is at work and knows of no signal"
                )]
                std::process::exit(128 + kind.as_raw_value());
            }
        });
    }
    drop(inside);
    Ok(runtime)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::process::Stdio;

    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    #[test]
    fn a_program_that_fills_both_pipes_comes_to_its_end() {
        let fill = "head -c 300000 /dev/zero >&2; head -c 300000 /dev/zero; exit 3";
        let done = AtWork::default().run(&mut shell(fill)).unwrap();
        assert_eq!((done.stdout.len(), done.stderr.len()), (300_000, 300_000));
        assert_eq!(done.status.code(), Some(3));
    }

    #[test]
    fn a_program_at_work_is_ended_and_none_follows() {
        let at_work = AtWork::default();
        let other = at_work.clone();
        let run = thread::spawn(move || other.run(&mut shell("exec sleep 1000")));
        while at_work.state().child.is_none() {
            thread::yield_now();
        }
        at_work.end();
        assert!(run.join().unwrap().is_err());
        assert!(at_work.run(&mut shell("true")).is_err());
    }
}
