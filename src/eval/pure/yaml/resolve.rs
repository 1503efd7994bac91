//! What a plain scalar is: YAML 1.1's implicit types, in PyYAML's reading of them.

use std::sync::LazyLock;

use fancy_regex::Regex;

/// A type of scalars.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Null,
    Bool,
    Int,
    Float,
    Str,
    Timestamp,
    /// `<<`.
    Merge,
    /// `=`, which has a meaning only as a key.
    Value,
}

static INT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        "^[-+]?(?:0b[01_]+|0[0-7_]+|0|[1-9][0-9_]*|0x[0-9a-fA-F_]+|[1-9][0-9_]*(?::[0-5]?[0-9])+)$",
    )
    .ok()
});

static FLOAT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?",
        r"|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?",
        r"|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*",
        r"|[-+]?\.(?:inf|Inf|INF)",
        r"|\.(?:nan|NaN|NAN))$"
    ))
    .ok()
});

static TIMESTAMP: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"^(?:[0-9]{4}-[0-9]{2}-[0-9]{2}",
        r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}",
        r"(?:\.[0-9]*)?(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::[0-9]{2})?))?)$"
    ))
    .ok()
});

/// The type of a plain scalar.
pub(super) fn resolve(text: &str) -> Kind {
    let matches = |regex: &LazyLock<Option<Regex>>| {
        regex.as_ref().is_some_and(|regex| regex.is_match(text).unwrap_or(false))
    };
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Kind::Null,
        "<<" => Kind::Merge,
        "=" => Kind::Value,
        _ if truth(text).is_some() => Kind::Bool,
        _ if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.')) => {
            Kind::Str
        }
        _ if matches(&FLOAT) => Kind::Float,
        _ if matches(&INT) => Kind::Int,
        _ if matches(&TIMESTAMP) => Kind::Timestamp,
        _ => Kind::Str,
    }
}

/// The truth of a word in one of its three spellings; `y` and `n` are no such words for PyYAML.
fn truth(text: &str) -> Option<bool> {
    let capitalised = text.chars().skip(1).all(|c| c.is_ascii_lowercase());
    let upper = text.chars().all(|c| c.is_ascii_uppercase());
    if capitalised || upper { truth_of_word(text) } else { None }
}

/// The truth of a word in any spelling.
pub(super) fn truth_of_word(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "yes" | "true" | "on" => Some(true),
        "no" | "false" | "off" => Some(false),
        _ => None,
    }
}
