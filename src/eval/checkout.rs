//! Paths of this checkout inside the values of a DAG.
//!
//! `__file__` says where a file lies, and where it lies here says nothing about where it will lie for Airflow. Code
//! climbs from it (`Path(__file__).parents[2]`), cuts it and joins it, so a path cannot be told from any other text once
//! it is made. Therefore each name of a folder that belongs to this machine carries a mark in front, which no
//! name has by itself: `/tmp/work/repo/dags/etl.py` goes by `/⟨mark⟩tmp/⟨mark⟩work/⟨mark⟩repo/dags/etl.py` when `repo` is
//! the outermost root. Marks are taken off where the disk is asked; in a finished value a marked beginning is a hole.

use std::borrow::Cow;
use std::path::Path;

/// Stands in front of the names of folders that belong to this machine. Digits, because `json.dumps`, `repr` and
/// `quote` leave them as they are; so many that no other text holds them.
const MARK: &str = "907046105382771";

/// How many folders without a name go before those of this machine, so that code which climbs far does not come to `/`
/// sooner than it would elsewhere.
const ABOVE: usize = 8;

/// What the folder that holds the DAG file is called in holes.
pub(crate) const DAGS_FOLDER: &str = "dags_folder";

/// Whether a text was made from a path of this checkout, and still holds a name of this machine.
pub(crate) fn is_marked(text: &str) -> bool {
    // Most texts are shorter.
    text.len() >= MARK.len() && text.contains(MARK)
}

/// Whether texts that are not equal may be so where Airflow runs.
pub(crate) fn may_be_equal(one: &str, other: &str) -> bool {
    is_marked(one) != is_marked(other) && one.contains('/') == other.contains('/')
}

/// Whether a text holds a part, as far as that does not depend on where the checkout lies.
pub(crate) fn holds(text: &str, part: &str) -> Option<bool> {
    match (is_marked(text), is_marked(part)) {
        (false, false) => Some(text.contains(part)),
        (true, false) => {
            // Only what comes below the marked names is the same everywhere.
            let below = text.rfind(MARK).and_then(|at| text.get(at..)?.split_once('/'));
            below.is_some_and(|(_, below)| below.contains(part)).then_some(true)
        }
        (true, true) if text.contains(part) => Some(true),
        _ => None,
    }
}

/// Whether a list is a path of this checkout in parts: how many come before the first that is the same everywhere
/// is not known, so only places counted from the end are.
pub(crate) fn is_parts<'a>(mut items: impl Iterator<Item = Option<&'a str>>) -> bool {
    matches!(items.nth(1), Some(Some(second)) if second.starts_with(MARK))
}

/// Whether the result of a method of `str` on a marked text, or with one, is not the same everywhere.
pub(crate) fn is_odd_method(text: &str, name: &str, first: Option<&str>) -> bool {
    if !is_marked(text) {
        // A path looked for in another text.
        return first.is_some_and(is_marked) && !matches!(name, "join" | "format" | "__add__");
    }
    let is_marked_too = first.is_some_and(is_marked);
    match name {
        "find" | "index" | "rfind" | "rindex" | "count" | "encode" | "ljust" | "rjust"
        | "center" | "zfill" => true,
        // The names of this machine may have no letters that change, others do.
        "lower" | "upper" | "casefold" | "capitalize" | "swapcase" | "title" => true,
        "startswith" => first != Some("/") && !is_marked_too,
        "replace" | "removeprefix" => {
            !is_marked_too && first.is_none_or(|first| first.contains('/'))
        }
        "endswith" => first.is_none_or(|end| {
            let tail = text.rsplit(MARK).next().unwrap_or_default();
            !text.ends_with(end) && end.len() >= tail.len()
        }),
        _ => name.starts_with("is"),
    }
}

/// A path as the disk knows it.
pub(crate) fn on_disk(path: &str) -> Cow<'_, str> {
    if !is_marked(path) {
        return Cow::Borrowed(path);
    }
    let mut names: Vec<&str> = path.split('/').filter(|name| *name != MARK).collect();
    if names == [""] {
        names.push("");
    }
    Cow::Owned(names.join("/").replace(MARK, ""))
}

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// Text that is the same everywhere.
    Same(&'a str),
    /// A folder, named from the one of the DAGs: `dags_folder`, `dags_folder/..`.
    Folder(String),
}

/// Where the checkout lies.
#[derive(Debug, Clone, Default)]
pub(crate) struct Checkout {
    /// Names of the folders down to the root that holds the DAG file, the innermost one.
    dags: Vec<String>,
    /// For each root that lies in no other, the names of the folders down to it.
    roots: Vec<Vec<String>>,
}

impl Checkout {
    /// A checkout with these real roots; `main` is the real path of the DAG file.
    pub(crate) fn new<'r>(roots: impl Iterator<Item = &'r Path>, main: &Path) -> Self {
        let all: Vec<&Path> = roots.collect();
        let is_outermost =
            |root: &&&Path| !all.iter().any(|other| other != *root && root.starts_with(other));
        let dags = all
            .iter()
            .filter(|root| main.starts_with(root))
            .max_by_key(|root| root.components().count());
        let dags = dags.copied().or(main.parent()).map(names).unwrap_or_default();
        let mut outermost: Vec<Vec<String>> =
            all.iter().filter(is_outermost).map(|root| names(root)).collect();
        if outermost.is_empty() {
            outermost.push(dags.clone());
        }
        Self { dags, roots: outermost }
    }

    /// A real path, as values hold it.
    pub(crate) fn marked(&self, path: &str) -> String {
        let Some(inner) = path.strip_prefix('/') else { return path.to_owned() };
        let parts: Vec<&str> = [""; ABOVE].into_iter().chain(inner.split('/')).collect();
        let lies_in = |root: &&Vec<String>| {
            root.len() <= parts.len() && root.iter().zip(&parts).all(|(name, part)| name == part)
        };
        let Some(root) = self.roots.iter().find(lies_in) else { return path.to_owned() };
        let mut out = String::with_capacity(path.len() + root.len() * MARK.len());
        for (at, part) in parts.iter().enumerate() {
            out.push('/');
            if at < root.len() {
                out.push_str(MARK);
            }
            out.push_str(part);
        }
        out
    }

    /// The parts of a text; `None` when a path was cut so that it cannot be told what it was.
    pub(crate) fn pieces<'t>(&self, text: &'t str) -> Option<Vec<Piece<'t>>> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find(MARK) {
            // A name of a folder that has lost its slash is no path any more.
            let slash = at.checked_sub(1).filter(|at| rest.as_bytes().get(*at) == Some(&b'/'))?;
            let (before, path) = rest.split_at(slash);
            if !before.is_empty() {
                pieces.push(Piece::Same(before));
            }
            let (folder, length) = self.folder(path)?;
            if matches!(pieces.last(), Some(Piece::Folder(_))) {
                return None;
            }
            pieces.push(Piece::Folder(folder));
            rest = path.get(length..)?;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Same(rest));
        }
        Some(pieces)
    }

    /// A text for people.
    pub(crate) fn shown<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if !is_marked(text) {
            return Cow::Borrowed(text);
        }
        let Some(pieces) = self.pieces(text) else {
            let name = |name: &'t str| if is_marked(name) { "…" } else { name };
            return Cow::Owned(text.split('/').map(name).collect::<Vec<_>>().join("/"));
        };
        let part = |piece: Piece<'t>| match piece {
            Piece::Same(text) => Cow::Borrowed(text),
            Piece::Folder(name) => Cow::Owned(name),
        };
        Cow::Owned(pieces.into_iter().map(part).collect())
    }

    /// The folder that a text begins with, and how long its path is there.
    fn folder(&self, path: &str) -> Option<(String, usize)> {
        let known = |root: &Vec<String>| {
            let mut length = 0;
            let mut depth = 0;
            for name in root {
                let rest = path.get(length..).unwrap_or_default();
                let rest = rest.strip_prefix('/').and_then(|rest| rest.strip_prefix(MARK));
                // Only the root itself may be the beginning of a longer name.
                match rest.and_then(|rest| rest.strip_prefix(name.as_str())) {
                    Some(rest) if depth + 1 == root.len() || is_end(rest) => {}
                    _ => break,
                }
                length += 1 + MARK.len() + name.len();
                depth += 1;
            }
            (depth > 0).then_some((length, depth))
        };
        let (mut length, root, depth) = self
            .roots
            .iter()
            .filter_map(|root| known(root).map(|(length, depth)| (length, root, depth)))
            .max_by_key(|(length, ..)| *length)?;
        let mut folder: Vec<&str> = root.iter().take(depth).map(String::as_str).collect();
        // Below a root the names are the same everywhere; the folder of the DAGs is told from the others all the same.
        if depth == root.len() && self.dags.starts_with(root) {
            let below: String =
                self.dags.iter().skip(depth).map(|name| format!("/{name}")).collect();
            let rest = path.get(length..)?;
            let is_below = rest.strip_prefix(below.as_str()).is_some_and(is_end);
            if is_below {
                length += below.len();
                folder.extend(self.dags.iter().skip(depth).map(String::as_str));
            }
        }
        Some((self.way_to(&folder), length))
    }

    /// How to come to a folder from that of the DAGs.
    fn way_to(&self, folder: &[&str]) -> String {
        let shared = self.dags.iter().zip(folder).take_while(|(one, other)| one == *other).count();
        let mut name = DAGS_FOLDER.to_owned();
        for _ in shared..self.dags.len() {
            name.push_str("/..");
        }
        for part in folder.iter().skip(shared) {
            name.push('/');
            name.push_str(part);
        }
        name
    }
}

/// Whether a name is over where this rest of a text begins.
fn is_end(rest: &str) -> bool {
    !rest.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

fn names(path: &Path) -> Vec<String> {
    let names = path.iter().filter(|name| *name != "/");
    let names = names.map(|name| name.to_string_lossy().into_owned());
    vec![String::new(); ABOVE].into_iter().chain(names).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkout(roots: &[&str], main: &str) -> Checkout {
        Checkout::new(roots.iter().map(Path::new), Path::new(main))
    }

    fn shown(checkout: &Checkout, text: &str) -> String {
        checkout.shown(text).into_owned()
    }

    #[test]
    fn folders_are_named_from_that_of_the_dags() {
        let here = checkout(&["/w/repo/dags", "/w/repo"], "/w/repo/dags/team/a.py");
        let file = here.marked("/w/repo/dags/team/a.py");
        assert_eq!(on_disk(&file), "/w/repo/dags/team/a.py");
        assert_eq!(shown(&here, &file), "dags_folder/team/a.py");
        let above = |times: usize| {
            Path::new(&file).ancestors().nth(times).unwrap().to_str().unwrap().to_owned()
        };
        for (times, name) in [
            (1, "dags_folder/team"),
            (2, "dags_folder"),
            (3, "dags_folder/.."),
            (4, "dags_folder/../.."),
            (8, "dags_folder/../../../../../.."),
        ] {
            assert_eq!(shown(&here, &above(times)), name);
        }
        let joined = format!("cp {}/x {}/sql/y", above(2), above(3));
        assert_eq!(shown(&here, &joined), "cp dags_folder/x dags_folder/../sql/y");
        // `dags` + `-old` is no folder of the DAGs.
        assert_eq!(shown(&here, &format!("{}-old", above(2))), "dags_folder/../dags-old");
    }

    #[test]
    fn texts_of_the_code_are_left_alone() {
        let here = checkout(&["/tmp"], "/tmp/a.py");
        assert_eq!(here.pieces("/tmp/a"), Some(vec![Piece::Same("/tmp/a")]));
        assert_eq!(shown(&here, "/tmp/a"), "/tmp/a");
        assert_eq!(here.marked("/opt/a.py"), "/opt/a.py");
    }

    #[test]
    fn a_cut_path_is_not_guessed_at() {
        let here = checkout(&["/w/repo"], "/w/repo/a.py");
        let file = here.marked("/w/repo/a.py");
        let name = file.rsplit('/').nth(1).unwrap();
        assert_eq!(here.pieces(name), None);
        assert_eq!(here.pieces(&file.to_uppercase()), None);
        assert_eq!(shown(&here, name), "…");
        assert_eq!(here.pieces(file.rsplit('/').next().unwrap()), Some(vec![Piece::Same("a.py")]));
    }

    #[test]
    fn another_root_is_found_from_the_dags_too() {
        let here = checkout(&["/w/repo/dags", "/w/plugins"], "/w/repo/dags/a.py");
        assert_eq!(shown(&here, &here.marked("/w/plugins/b.py")), "dags_folder/../../plugins/b.py");
        assert_eq!(shown(&here, &here.marked("/w/repo/dags/b.py")), "dags_folder/b.py");
    }
}
