//! What is known of functions by their names.

use super::Args;
use crate::eval::object::{Data, Val};
use crate::eval::{Hole, HoleKind};

impl Args {
    /// Whether all of them are texts, known or not.
    pub(super) fn are_texts(&self) -> bool {
        self.all().iter().all(|val| match &val.data {
            Data::Str(_) | Data::Text(_) => true,
            Data::Unknown(hole) => hole.kind == HoleKind::Env,
            _ => false,
        })
    }

    /// Whether all of them are known and such as methods of texts take.
    pub(super) fn are_plain(&self) -> bool {
        let is_part = |val: &Val| val.as_str().is_some_and(|text| !text.is_empty());
        self.all().iter().all(|val| match &val.data {
            Data::None | Data::Int(_) | Data::Bool(_) => true,
            Data::Tuple(items) => items.iter().all(is_part),
            _ => is_part(val),
        })
    }
}

/// Functions outside the roots that are known not to change what they are given.
pub(super) fn is_harmless(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    matches!(
        last,
        "info"
            | "debug"
            | "warning"
            | "error"
            | "exception"
            | "critical"
            | "log"
            | "getLogger"
            | "dumps"
            | "dump"
            | "format"
            | "join"
            | "get"
            | "getenv"
            | "copy"
            | "deepcopy"
            | "items"
            | "keys"
            | "values"
            | "print"
            | "len"
            | "str"
            | "repr"
            | "encode"
            | "decode"
    ) || name.starts_with("logging.")
}

/// Functions that raise for no value.
pub(super) fn never_fails(path: &str) -> bool {
    matches!(
        path,
        "builtins.bool"
            | "builtins.isinstance"
            | "builtins.str"
            | "builtins.repr"
            | "builtins.print"
            | "builtins.type"
            | "builtins.hasattr"
            | "builtins.callable"
            | "builtins.id"
    )
}

/// Functions that raise for no texts.
pub(super) fn of_texts(path: &str) -> bool {
    matches!(
        path,
        "os.getenv"
            | "os.environ.get"
            | "os.path.join"
            | "os.path.basename"
            | "os.path.dirname"
            | "os.path.splitext"
            | "os.path.split"
            | "os.path.normpath"
            | "pathlib.Path"
            | "pathlib.PurePath"
    )
}

/// Whether a function is a method of a text that raises for no texts.
pub(super) fn is_text_method(function: &Hole) -> bool {
    let [text] = function.roots.as_slice() else { return false };
    let name = function.name.strip_prefix(text.name.as_str());
    text.kind == HoleKind::Env
        && name.and_then(|rest| rest.strip_prefix('.')).is_some_and(is_text_to_text)
}

/// Whether a method of texts raises for none of them.
pub(super) fn is_text_to_text(name: &str) -> bool {
    matches!(
        name,
        "lower"
            | "upper"
            | "title"
            | "capitalize"
            | "casefold"
            | "swapcase"
            | "strip"
            | "lstrip"
            | "rstrip"
            | "replace"
            | "removeprefix"
            | "removesuffix"
            | "startswith"
            | "endswith"
            | "split"
            | "rsplit"
            | "splitlines"
            | "partition"
            | "rpartition"
            | "isdigit"
            | "isalpha"
            | "isalnum"
            | "isupper"
            | "islower"
            | "isspace"
    )
}

/// Functions that raise for some of the values that are not known.
pub(super) fn may_refuse(path: &str) -> bool {
    matches!(
        path,
        "builtins.int" | "builtins.float" | "builtins.ord" | "builtins.chr" | "builtins.bytes"
    ) || [
        "json.load",
        "yaml.",
        "datetime.",
        "pendulum.",
        "zoneinfo.",
        "pytz.",
        "base64.",
        "binascii.",
        "uuid.",
        "ast.",
        "decimal.",
        "fractions.",
        "ipaddress.",
        "tomllib.",
        "toml.",
        "dateutil.",
        "importlib.",
    ]
    .iter()
    .any(|known| path.starts_with(known))
}
