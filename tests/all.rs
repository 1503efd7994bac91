//! Tests of podlift from outside. One binary holds them all, so that they link once.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail by panicking"
)]

mod peers {
    //! podlift against the programs that read what it writes.

    mod yaml;
}

mod cluster;
