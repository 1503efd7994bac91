//! What is known of functions by their names.

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
