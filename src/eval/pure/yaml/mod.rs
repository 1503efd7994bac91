//! `yaml.safe_load` and `yaml.safe_dump` as PyYAML has them, which is YAML 1.1: `yes` is true, `010` is
//! eight, `12:30:45` is a number of seconds.
//!
//! The parser beneath knows YAML 1.2's syntax, which is the same for what people write; what a scalar
//! means is decided here.

mod compose;
mod construct;
mod dump;
mod resolve;
mod scalar;

use num_bigint::BigInt;

use super::datetime::{Date, DateTime};

pub use construct::{safe_load, safe_load_all};
pub use dump::{DumpOptions, safe_dump};

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct YamlNode {
    /// The value.
    pub value: YamlValue,
    /// Its place.
    pub mark: Mark,
    /// The number of the node in its document. An alias has the number of its anchor: in Python both
    /// are the same object.
    pub id: u32,
}

/// The place of a node in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Mark {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// Line of the first byte, from 1.
    pub line: usize,
    /// Column of the first character in its line, from 1.
    pub column: usize,
}

/// What a node means.
#[derive(Debug, Clone, PartialEq)]
pub enum YamlValue {
    /// `null`, `~`, or nothing.
    Null,
    /// `yes`, `off`, `true`.
    Bool(bool),
    /// An integer, sexagesimal ones too.
    Int(BigInt),
    /// A float.
    Float(f64),
    /// A string.
    Str(String),
    /// `!!binary`.
    Bytes(Vec<u8>),
    /// A date.
    Date(Date),
    /// A timestamp.
    DateTime(DateTime),
    /// A sequence.
    List(Vec<YamlNode>),
    /// A pair in `!!pairs` and `!!omap`.
    Tuple(Vec<YamlNode>),
    /// A mapping, keys unique as in a Python dict.
    Dict(Vec<(YamlNode, YamlNode)>),
    /// `!!set`.
    Set(Vec<YamlNode>),
}

impl From<YamlValue> for YamlNode {
    /// A node that stands nowhere, for [`safe_dump`].
    fn from(value: YamlValue) -> Self {
        Self { value, mark: Mark::default(), id: 0 }
    }
}

#[cfg(test)]
mod tests;
