//! Results kept from one run to the next: a run that uses them prints what a run without them prints.

mod damage;
mod edits;
mod project;
mod random;
