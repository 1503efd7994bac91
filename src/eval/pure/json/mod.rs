//! `json.dumps` and `json.loads`.

mod read;
mod write;

use num_bigint::BigInt;

pub use read::loads;
pub use write::{DumpOptions, dumps};

/// What JSON can say, with Python's integers and its NaN.
#[derive(Debug, Clone, PartialEq)]
pub enum JsonValue {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number without point and exponent, of any size.
    Int(BigInt),
    /// Any other number; `NaN`, `Infinity` and `-Infinity` too.
    Float(f64),
    /// A string.
    Str(String),
    /// An array.
    Array(Vec<JsonValue>),
    /// An object in its order. From [`loads`] its keys are unique.
    Object(Vec<(String, JsonValue)>),
}

impl JsonValue {
    /// The text that `json.dumps` makes of a key that is no string: `True` is `true`, `None` is `null`.
    /// `None` for values that Python refuses as keys.
    pub fn as_key(&self) -> Option<String> {
        match self {
            Self::Str(key) => Some(key.clone()),
            Self::Null | Self::Bool(_) | Self::Int(_) | Self::Float(_) => {
                dumps(self, &DumpOptions::default()).ok()
            }
            Self::Array(_) | Self::Object(_) => None,
        }
    }
}

/// How deep arrays and objects may lie in each other; Python gives up a little later.
const MAX_DEPTH: usize = 500;

#[cfg(test)]
mod tests;
