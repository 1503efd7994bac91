//! All integration tests in one program: linking once is faster than linking many times.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests"
)]

mod command_line;
// mod readme;
mod transcripts;
