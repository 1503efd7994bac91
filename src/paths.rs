//! Paths as they are shown and written: relative, with `/`, and the same wherever the checkout lies.

use std::path::{Component, Path, PathBuf};

/// Where shown paths start from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Shown {
    cwd: PathBuf,
    /// Folders with the names that stand for them, strongest first.
    folders: Vec<(PathBuf, PathBuf)>,
}

impl Shown {
    /// Paths below `cwd` are shown relative to it. A path elsewhere is shown from the name of the first of `bases`
    /// it lies in, so that no artefact names the folders of one machine: `/srv/airflow/dags/a.py` given as
    /// `/srv/airflow/dags` is `dags/a.py`. Folders are known by their names and by where links lead.
    pub fn new(cwd: &Path, bases: impl IntoIterator<Item = PathBuf>) -> Self {
        let cwd = normal(cwd);
        let mut folders = vec![(cwd.clone(), PathBuf::new())];
        for base in bases.into_iter().map(|base| normal(&cwd.join(base))) {
            let name = match base.strip_prefix(&cwd) {
                Ok(inside) => inside.to_owned(),
                Err(_) => base.file_name().map(PathBuf::from).unwrap_or_default(),
            };
            folders.push((base, name));
        }
        let real: Vec<_> = folders
            .iter()
            .filter_map(|(folder, name)| Some((folder.canonicalize().ok()?, name.clone())))
            .collect();
        folders.extend(real);
        Self { cwd, folders }
    }

    /// The text for a path; a relative path is taken from the current directory.
    pub fn text(&self, path: &Path) -> String {
        if let Some(text) = self.text_of_plain(path) {
            return text;
        }
        let path = normal(&self.cwd.join(path));
        let known = self.folders.iter().find_map(|(folder, name)| {
            path.strip_prefix(folder).ok().map(|inside| slashed(&name.join(inside)))
        });
        let text = known.unwrap_or_else(|| {
            // Only paths outside everything the user named come here; the last two names say enough.
            let names: Vec<Component<'_>> = path.components().rev().take(2).collect();
            slashed(&names.into_iter().rev().collect::<PathBuf>())
        });
        if text.is_empty() { ".".to_owned() } else { text }
    }

    /// The same for a path that has to be neither completed nor tidied up, which is how a walk finds files; `None` for
    /// any other.
    fn text_of_plain(&self, path: &Path) -> Option<String> {
        let path = path.to_str()?;
        let is_plain = path.starts_with('/')
            && !path.ends_with('/')
            && !["//", "/."].iter().any(|odd| path.contains(odd));
        if !is_plain {
            return None;
        }
        let (inside, name) = self.folders.iter().find_map(|(folder, name)| {
            let rest = path.strip_prefix(folder.to_str()?.trim_end_matches('/'))?;
            (rest.is_empty() || rest.starts_with('/')).then_some((rest, name))
        })?;
        let (inside, name) = (inside.strip_prefix('/')?, name.to_str()?);
        Some(if name.is_empty() { inside.to_owned() } else { [name, "/", inside].concat() })
    }
}

/// A path without `.` and `..`, worked out by its text alone: links are left as they are.
pub fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}

/// The names of a path joined with `/`; names that are not Unicode are shown as well as they can be.
fn slashed(path: &Path) -> String {
    let names: Vec<_> = path
        .components()
        .filter_map(|component| match component {
            Component::Normal(name) => Some(name.to_string_lossy()),
            _ => None,
        })
        .collect();
    names.join("/")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn shown(path: &str) -> String {
        Shown::new(Path::new("/home/me/repo"), [PathBuf::from("dags"), "/srv/airflow/dags".into()])
            .text(Path::new(path))
    }

    #[test]
    fn paths_below_the_current_directory_are_relative_to_it() {
        assert_eq!(shown("dags/a.py"), "dags/a.py");
        assert_eq!(shown("./dags/../dags/a.py"), "dags/a.py");
        assert_eq!(shown("/home/me/repo/dags/a.py"), "dags/a.py");
        assert_eq!(shown("."), ".");
    }

    #[test]
    fn paths_elsewhere_start_at_the_folder_that_was_named() {
        assert_eq!(shown("/srv/airflow/dags/team/a.py"), "dags/team/a.py");
        assert_eq!(shown("/srv/airflow/dags"), "dags");
        assert_eq!(shown("../other/a.py"), "other/a.py");
    }

    #[test]
    fn a_path_as_a_walk_finds_it_is_shown_as_any_other() {
        let shown = Shown::new(
            Path::new("/a/b"),
            ["/a/b/c", "/x", "/x/f.py", "/x/./y/", "/", "../up", "é"].map(PathBuf::from),
        );
        let mut plain = 0;
        for path in [
            "/a/b/c/d.py",
            "/a/b/f.py",
            "/a/b",
            "/a/bc/d.py",
            "/x/f.py",
            "/x/y/f.py",
            "/x/y",
            "/a/up/f.py",
            "/a/b/c/.d/e.py",
            "/x//y/f.py",
            "/x/y/",
            "/é/f.py",
            "/a/b/é/f.py",
            "c/d.py",
            "/x/y/../f.py",
            "/",
        ] {
            if let Some(text) = shown.text_of_plain(Path::new(path)) {
                plain += 1;
                let tidied = Shown { cwd: PathBuf::from("/"), ..shown.clone() };
                // What is relative goes the long way.
                let relative = Path::new(path).strip_prefix("/").unwrap();
                assert_eq!(text, tidied.text(relative), "{path}");
            }
        }
        assert!(plain >= 7, "{plain}");
    }

    #[cfg(unix)]
    #[test]
    fn a_linked_folder_keeps_the_name_it_was_given_by() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("checkout-4f2a")).unwrap();
        std::fs::create_dir(folder.path().join("home")).unwrap();
        let link = folder.path().join("home/dags");
        std::os::unix::fs::symlink(folder.path().join("checkout-4f2a"), &link).unwrap();
        let shown = Shown::new(&folder.path().join("home"), [PathBuf::from("dags")]);
        let real = link.canonicalize().unwrap().join("a.py");
        assert_eq!(shown.text(&real), "dags/a.py");
    }
}
