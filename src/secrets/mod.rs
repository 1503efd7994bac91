//! Credentials that stand in DAGs as plain text: finding them, and keeping them out of what people pass around.
//!
//! Two questions are asked of every text of a pod: does its *name* promise a credential (`DB_PASSWORD`), and
//! does its *value* look like one (the prefix of a known kind of token, a URL with a password, a private key)?
//! A value that is a hole, Jinja or the path of a file is a reference, not a credential.
//!
//! [`in_spec`] tells where they are, [`redact`] gives the spec without them, and a [`Mask`] takes them out of
//! every other text: messages, reasons and the source of the DAG itself.

mod find;
mod given;
mod known;
mod mask;
mod names;
mod shapes;

pub use find::{Place, Secret, in_spec};
pub use given::{in_values, without_values};
pub use mask::{Mask, Style, in_defaults, redact};
pub use names::is_secret_name;

/// What stands in the place of a credential.
pub const REDACTED: &str = "[redacted]";
