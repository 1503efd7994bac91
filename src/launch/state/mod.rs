//! What a pod's status means: pure functions from what the API shows to what the launcher should know.
//!
//! [`view`] reads one status into [`PodView`]; [`Tracker`] remembers the little that a single status does not
//! say (whether the main container ever ran, why an image could not be pulled) and gives the verdict.

mod tracker;
mod view;
mod waiting;

pub use tracker::{Observation, Rules, Success, Tracker};
pub use view::{ContainerKind, ContainerState, ContainerView, PodView, Stage, Terminated, view};
pub use waiting::{Severity, classify};
