//! From job specs to files.

pub mod paths;
