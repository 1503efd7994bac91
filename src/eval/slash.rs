//! The slash that `os.path.join` puts after a part that is not known.
//!
//! Whether one is added depends on the part: it may be empty, or end in a slash. The hole that stands for the
//! part says so by its name, so that the value of the lookup in it closes it.

use super::HoleKind;

/// What stands around the first part of a path.
const FIRST: (&str, &str) = ("os.path.join(", ", \"\")");
/// What follows a part after some other text.
const LATER: &str = ".removesuffix(\"/\") + \"/\"";

/// The name of the hole; `lookup` is the key or the expression of the part, which is the first of its path or
/// follows other text.
pub(crate) fn name(lookup: &str, is_first: bool) -> String {
    match is_first {
        true => format!("{}{lookup}{}", FIRST.0, FIRST.1),
        false => format!("{lookup}{LATER}"),
    }
}

/// The lookup or expression in such a name, and whether it is the first part.
pub(crate) fn part(kind: HoleKind, name: &str) -> Option<(&str, bool)> {
    if kind != HoleKind::Expression {
        return None;
    }
    let first = name.strip_prefix(FIRST.0).and_then(|rest| rest.strip_suffix(FIRST.1));
    first
        .map(|lookup| (lookup, true))
        .or_else(|| name.strip_suffix(LATER).map(|lookup| (lookup, false)))
}

/// The part with its slash.
pub(crate) fn with_slash(part: &str, is_first: bool) -> String {
    if is_first && (part.is_empty() || part.ends_with('/')) {
        return part.to_owned();
    }
    format!("{}/", part.strip_suffix('/').unwrap_or(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_get_the_slash_that_python_puts_there() {
        for (part, first, later) in [
            ("", "", "/"),
            ("a", "a/", "a/"),
            ("a/", "a/", "a/"),
            ("/", "/", "/"),
            ("a//", "a//", "a//"),
        ] {
            assert_eq!(with_slash(part, true), first, "{part}");
            assert_eq!(with_slash(part, false), later, "{part}");
        }
    }

    #[test]
    fn names_give_back_what_they_are_made_of() {
        for is_first in [true, false] {
            let name = name("env:BASE", is_first);
            assert_eq!(part(HoleKind::Expression, &name), Some(("env:BASE", is_first)));
            assert_eq!(part(HoleKind::Env, &name), None);
        }
    }
}
