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
