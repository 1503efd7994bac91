//! Tests of podlift from outside. One binary holds them all, so that they link once.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "tests fail by panicking"
)]

mod cli {
    //! The command line as a user meets it.

    pub(crate) mod command_line;
    mod transcripts;
}

mod eval {
    //! The evaluator against CPython.

    mod edges;
    mod found;
    mod nodes;
    mod perhaps;
    mod random;
    mod surroundings;
    mod tables;
    mod traps;
}

mod house {
    //! The files around the program say what is so.

    mod disk;
    mod readme;
}

mod peers {
    //! podlift against the programs that read what it writes.

    mod airflow;
    mod airlift;
    pub(crate) mod dagster;
    pub(crate) mod dagster_code;
    mod yaml;
}

mod parity {
    //! The same pods as Airflow.

    mod fixtures;
    pub(crate) mod manifest;
}

mod report {
    //! Reports, differences and the gate, as users and their tools meet them.

    mod browser;
    mod bytes;
    mod diff;
    mod driver;
    mod formats;
    mod gate;
}

mod spec {
    //! Job specs of real DAGs.

    mod fixtures;
    mod round_trip;
}

mod cache;
mod cluster;
mod hostile;
