//! From a task to a job spec, through tables kept as data.

mod account;

pub use account::{Account, Disposition, KeywordAccount, Mapped};
