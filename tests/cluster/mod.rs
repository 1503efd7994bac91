//! podlift on a real cluster, named by `PODLIFT_TEST_KUBECONFIG`.
//!
//! Without that variable the tests of this folder pass without doing anything, except in CI: there they fail, because a
//! cluster that is missing in CI is a fault and not a choice. The image is `localhost/pipes-test:v1`, which has busybox, Python
//! and dagster_pipes.

mod command;
mod dagster;
mod faults;
mod harness;
mod outcomes;
mod program;
mod proxy;
