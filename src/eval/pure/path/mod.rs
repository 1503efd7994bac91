//! `os.path` on POSIX, and `pathlib`'s pure paths. Nothing here looks at a file system.

mod fnmatch;
mod pure;

pub use fnmatch::fnmatch;
pub use pure::PurePath;

use super::Failure;

/// `os.path.join`.
pub fn join(first: &str, rest: &[&str]) -> String {
    let mut path = first.to_owned();
    for part in rest {
        if part.starts_with('/') {
            path.clear();
        } else if !path.is_empty() && !path.ends_with('/') {
            path.push('/');
        }
        path.push_str(part);
    }
    path
}

/// `os.path.split`: what is before the last slash, and what is behind it.
pub fn split(path: &str) -> (String, String) {
    let start = path.rfind('/').map_or(0, |slash| slash + 1);
    let (head, tail) = path.split_at_checked(start).unwrap_or(("", path));
    let trimmed = head.trim_end_matches('/');
    // A head of slashes only is a root and stays.
    let head = if trimmed.is_empty() { head } else { trimmed };
    (head.to_owned(), tail.to_owned())
}

/// `os.path.dirname`.
pub fn dirname(path: &str) -> String {
    split(path).0
}

/// `os.path.basename`.
pub fn basename(path: &str) -> String {
    split(path).1
}

/// `os.path.splitext`: dots at the beginning of a file name begin no extension.
pub fn splitext(path: &str) -> (String, String) {
    let name_start = path.rfind('/').map_or(0, |slash| slash + 1);
    let name = path.get(name_start..).unwrap_or_default();
    let stem_start = name.find(|c| c != '.').unwrap_or(name.len());
    match name.rfind('.').filter(|dot| *dot > stem_start) {
        Some(dot) => {
            let (root, extension) = path.split_at_checked(name_start + dot).unwrap_or((path, ""));
            (root.to_owned(), extension.to_owned())
        }
        None => (path.to_owned(), String::new()),
    }
}

/// `os.path.isabs`.
pub fn isabs(path: &str) -> bool {
    path.starts_with('/')
}

/// `os.path.normpath`.
pub fn normpath(path: &str) -> String {
    // Two slashes at the beginning may mean something to a system, three are one.
    let root = if path.starts_with("//") && !path.starts_with("///") {
        "//"
    } else if path.starts_with('/') {
        "/"
    } else {
        ""
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if root.is_empty() && parts.last().is_none_or(|last| *last == "..") => {
                parts.push(part);
            }
            ".." => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    let normal = format!("{root}{}", parts.join("/"));
    if normal.is_empty() { ".".to_owned() } else { normal }
}

/// `os.path.abspath`, with `cwd` as the working directory.
pub fn abspath(path: &str, cwd: &str) -> String {
    normpath(&join(cwd, &[path]))
}

/// `os.path.relpath(path, start)`, with `cwd` as the working directory.
///
/// # Errors
/// `ValueError` for the empty path.
pub fn relpath(path: &str, start: &str, cwd: &str) -> Result<String, Failure> {
    if path.is_empty() {
        return Err(Failure::value("no path specified"));
    }
    let parts = |path: &str| -> Vec<String> {
        let absolute = abspath(path, cwd);
        absolute.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect()
    };
    let (start, path) = (parts(start), parts(path));
    let common = start.iter().zip(&path).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..", start.len() - common);
    let down = path.iter().skip(common).map(String::as_str);
    let relative = up.chain(down).collect::<Vec<_>>().join("/");
    Ok(if relative.is_empty() { ".".to_owned() } else { relative })
}

/// `os.path.commonprefix`: character by character, whatever the slashes.
pub fn commonprefix(paths: &[&str]) -> String {
    let Some((first, rest)) = paths.split_first() else { return String::new() };
    let mut prefix: Vec<char> = first.chars().collect();
    for path in rest {
        let common = prefix.iter().zip(path.chars()).take_while(|(a, b)| **a == *b).count();
        prefix.truncate(common);
    }
    prefix.into_iter().collect()
}

/// `os.path.commonpath`.
///
/// # Errors
/// `ValueError` without paths, and for absolute beside relative ones.
pub fn commonpath(paths: &[&str]) -> Result<String, Failure> {
    let Some(first) = paths.first() else {
        return Err(Failure::value("commonpath() arg is an empty sequence"));
    };
    if paths.iter().any(|path| isabs(path) != isabs(first)) {
        return Err(Failure::value("Can't mix absolute and relative paths"));
    }
    let parts = |path: &str| -> Vec<String> {
        path.split('/').filter(|part| !matches!(*part, "" | ".")).map(str::to_owned).collect()
    };
    let mut common = parts(first);
    for path in paths {
        let other = parts(path);
        let shared = common.iter().zip(&other).take_while(|(a, b)| a == b).count();
        common.truncate(shared);
    }
    let root = if isabs(first) { "/" } else { "" };
    Ok(format!("{root}{}", common.join("/")))
}

#[cfg(test)]
mod tests;
