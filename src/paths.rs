//! Paths as they are shown and written: relative, with `/`, and the same wherever the checkout lies.

use std::path::{Component, Path, PathBuf};

/// Where shown paths start from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    cwd: PathBuf,
    bases: Vec<PathBuf>,
}

impl Shown {
    /// Paths below `cwd` are shown relative to it. A path elsewhere is shown from the name of the first of `bases`
    /// it lies in, so that no artefact names the folders of one machine: `/srv/airflow/dags/a.py` given as
    /// `/srv/airflow/dags` is `dags/a.py`.
    pub fn new(cwd: &Path, bases: impl IntoIterator<Item = PathBuf>) -> Self {
        let bases = bases.into_iter().map(|base| normal(&cwd.join(base))).collect();
        Self { cwd: normal(cwd), bases }
    }

    /// The text for a path; a relative path is taken from the current directory.
    pub fn text(&self, path: &Path) -> String {
        let path = normal(&self.cwd.join(path));
        if let Ok(inside) = path.strip_prefix(&self.cwd) {
            return or_dot(slashed(inside));
        }
        for base in &self.bases {
            if let Ok(inside) = path.strip_prefix(base) {
                let name = base.file_name().map(Path::new).unwrap_or(Path::new(""));
                return or_dot(slashed(&name.join(inside)));
            }
        }
        // Only paths outside everything the user named come here; the last two names say enough.
        let names: Vec<Component<'_>> = path.components().rev().take(2).collect();
        or_dot(slashed(&names.into_iter().rev().collect::<PathBuf>()))
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

fn or_dot(text: String) -> String {
    if text.is_empty() { ".".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
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
}
