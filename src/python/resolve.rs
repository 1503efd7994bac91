//! Where an import leads, within the roots.
//!
//! Airflow appends its DAG folder and its plugins folder to `sys.path`, behind the installed packages; so
//! whoever asks here has to try the libraries it knows first. In which folder a checkout will lie for
//! Airflow is not written in it, so more folders are searched than `sys.path` has, the likely ones first:
//!
//! 1. the folders named `dags` around the importing file, from the outermost;
//! 2. each root;
//! 3. `dags` and `plugins` in each root;
//! 4. the folders around the importing file that hold `include` or `plugins`, and that `plugins`;
//! 5. the folder of the importing file, then the ones around it.
//!
//! The path is one for the whole process. A module that was imported as `a.b` therefore looks around the folder that
//! holds `a`, not around its own: `a/json.py` does not hide `json` from `a/b.py`. It looks in the first four of the
//! DAG file as well, and before all others in what the program itself put on `sys.path`.
//!
//! All of them lie within a root. Nothing outside the roots is read, and links are followed only to places
//! within them.

use std::borrow::Cow;
use std::cell::RefCell;
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

use rustc_hash::FxHashMap;

use crate::disk::Disk;

/// What a module name leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolved {
    /// A module: a `.py` file.
    File(PathBuf),
    /// A package: its folder and its `__init__.py`, which a namespace package does not have.
    Package {
        /// The `__init__.py`.
        init: Option<PathBuf>,
        /// The folder; for a namespace package spread over several, the first.
        dir: PathBuf,
    },
    /// It exists, but a link leads out of the roots.
    Outside,
    /// Nothing of that name within the roots.
    NotFound,
}

/// Finds modules within the roots.
#[derive(Debug, Clone)]
pub struct Resolver {
    roots: Vec<PathBuf>,
    /// The roots without links, to compare with.
    real: Vec<PathBuf>,
    disk: Disk,
    /// Most modules import many others from around the same folder.
    known: RefCell<Around>,
}

/// The folders that are searched, by the folder of the importing module and that of the DAG file.
type Around = FxHashMap<(PathBuf, PathBuf), Rc<[PathBuf]>>;

/// One component of a module name.
enum Found {
    Module(PathBuf),
    Package { init: PathBuf, dir: PathBuf },
    Namespace(Vec<PathBuf>),
    Outside,
    Nothing,
}

impl Resolver {
    /// A resolver for these folders, the most important first. Folders that do not exist are of no effect.
    pub fn new(roots: Vec<PathBuf>) -> Self {
        Self::on(Disk::default(), roots)
    }

    /// As [`Resolver::new`], looking at this disk.
    pub fn on(disk: Disk, roots: Vec<PathBuf>) -> Self {
        let roots: Vec<PathBuf> = roots.iter().map(|root| clean(root)).collect();
        let real = roots.iter().filter_map(|root| disk.real(root)).collect();
        Self { roots, real, disk, known: RefCell::default() }
    }

    /// The disk it looks at.
    pub fn disk(&self) -> &Disk {
        &self.disk
    }

    /// The roots, absolute.
    pub fn roots(&self) -> &[PathBuf] {
        &self.roots
    }

    /// Whether a path exists and, links followed, lies within a root.
    pub fn allows(&self, path: &Path) -> bool {
        self.disk.real(path).is_some_and(|real| self.real.iter().any(|root| real.starts_with(root)))
    }

    /// Where the absolute import of `module` leads, in a program that put the folders `first` on `sys.path` and whose
    /// DAG file is `main`. `folder` holds the outermost package of the importing module, or the module itself.
    pub fn absolute(
        &self,
        first: &[PathBuf],
        folder: &Path,
        main: &Path,
        module: &str,
    ) -> Resolved {
        let around = self.around(folder, main);
        let mut path: Vec<PathBuf> = self.allowed(first).collect();
        if path.is_empty() {
            return self.walk(&around, module);
        }
        for candidate in around.iter() {
            if !path.contains(candidate) {
                path.push(candidate.clone());
            }
        }
        self.walk(&path, module)
    }

    /// The folders in which a module in `folder` is looked for, in a program whose DAG file is `main`.
    fn around(&self, folder: &Path, main: &Path) -> Rc<[PathBuf]> {
        let main = main.parent().unwrap_or(main);
        let key = (folder.to_owned(), main.to_owned());
        if let Some(known) = self.known.borrow().get(&key) {
            return Rc::clone(known);
        }
        let main = clean(main);
        let mut path = self.search_path(&clean(folder), true);
        if main != folder {
            for candidate in self.search_path(&main, false) {
                if !path.contains(&candidate) {
                    path.push(candidate);
                }
            }
        }
        let path: Rc<[PathBuf]> = path.into();
        self.known.borrow_mut().insert(key, Rc::clone(&path));
        path
    }

    /// As [`Resolver::absolute`], but without the folders that Airflow does not put on `sys.path` by itself: those
    /// around the importing file.
    pub fn on_path(&self, first: &[PathBuf], main: &Path, module: &str) -> Resolved {
        let main = clean(main);
        let of_main = main.parent().map(|main| self.search_path(main, false)).unwrap_or_default();
        let path: Vec<PathBuf> = self.allowed(first).chain(of_main).collect();
        self.walk(&path, module)
    }

    /// Those of these folders that may be read.
    fn allowed<'f>(&'f self, folders: &'f [PathBuf]) -> impl Iterator<Item = PathBuf> + 'f {
        folders.iter().map(|folder| clean(folder)).filter(|folder| self.allows(folder))
    }

    /// Where `module` leads when `importer` (a file, or a folder for code without a file) imports it.
    ///
    /// `level` counts the dots of a relative import; `from . import x` asks for `""` at level 1. For
    /// `from package import name`, ask for `package` and, when that has no such name, for `package.name`.
    pub fn resolve(&self, importer: &Path, module: &str, level: u32) -> Resolved {
        let importer = clean(importer);
        let folder = if self.disk.is_dir(&importer) {
            importer
        } else {
            importer.parent().map(Path::to_owned).unwrap_or_default()
        };
        if level == 0 {
            return self.walk(&self.search_path(&folder, true), module);
        }
        let up = usize::try_from(level - 1).unwrap_or(usize::MAX);
        match folder.ancestors().nth(up) {
            Some(base) if module.is_empty() => self.package(base),
            Some(base) if self.holds(base) => self.walk(&[base.to_owned()], module),
            _ => Resolved::NotFound,
        }
    }

    /// The module or package `name` directly in the folder of a package.
    pub fn submodule(&self, package: &Path, name: &str) -> Resolved {
        self.walk(&[clean(package)], name)
    }

    /// The folders in which absolute imports are looked up; see the module. `beside` asks for the last kind, too.
    fn search_path(&self, folder: &Path, beside: bool) -> Vec<PathBuf> {
        let mut path: Vec<PathBuf> = Vec::new();
        let mut add = |candidate: PathBuf| {
            if !path.contains(&candidate) && self.disk.is_dir(&candidate) {
                path.push(candidate);
            }
        };
        let around: Vec<&Path> =
            folder.ancestors().take_while(|ancestor| self.holds(ancestor)).collect();
        for ancestor in around.iter().rev().filter(|ancestor| ancestor.ends_with("dags")) {
            add(ancestor.to_path_buf());
        }
        for root in &self.roots {
            add(root.clone());
        }
        for root in &self.roots {
            add(root.join("dags"));
            add(root.join("plugins"));
        }
        for ancestor in &around {
            let plugins = ancestor.join("plugins");
            if self.disk.is_dir(&plugins) || self.disk.is_dir(&ancestor.join("include")) {
                add(ancestor.to_path_buf());
                add(plugins);
            }
        }
        for ancestor in around.into_iter().filter(|_| beside) {
            add(ancestor.to_path_buf());
        }
        path
    }

    /// Whether a folder lies within a root as it is written.
    fn holds(&self, folder: &Path) -> bool {
        self.roots.iter().any(|root| folder.starts_with(root))
    }

    /// Follows a dotted name from the folders of `path`, as Python does: the first regular package or module
    /// wins; folders without `__init__.py` count only when there is neither, and then together.
    fn walk(&self, path: &[PathBuf], module: &str) -> Resolved {
        let mut path = Cow::Borrowed(path);
        let mut parts = module.split('.').peekable();
        while let Some(part) = parts.next() {
            if part.is_empty() || part.contains(['/', '\\']) {
                return Resolved::NotFound;
            }
            let is_last = parts.peek().is_none();
            match self.find(&path, part) {
                Found::Module(file) if is_last => return Resolved::File(file),
                Found::Package { init, dir } if is_last => {
                    return Resolved::Package { init: Some(init), dir };
                }
                Found::Package { dir, .. } => path = Cow::Owned(vec![dir]),
                Found::Namespace(dirs) if is_last => {
                    return match dirs.into_iter().next() {
                        Some(dir) => Resolved::Package { init: None, dir },
                        None => Resolved::NotFound,
                    };
                }
                Found::Namespace(dirs) => path = Cow::Owned(dirs),
                Found::Outside => return Resolved::Outside,
                Found::Module(_) | Found::Nothing => return Resolved::NotFound,
            }
        }
        Resolved::NotFound
    }

    fn find(&self, path: &[PathBuf], name: &str) -> Found {
        let mut portions = Vec::new();
        let mut outside = false;
        for folder in path {
            let dir = folder.join(name);
            let init = dir.join("__init__.py");
            let file = folder.join(format!("{name}.py"));
            // Most names are in few of the folders, so that two looks at most of these are enough.
            let is_folder = self.disk.is_dir(&dir);
            if is_folder && self.disk.is_file(&init) {
                let allowed = self.allows(&init);
                return if allowed { Found::Package { init, dir } } else { Found::Outside };
            }
            if self.disk.is_file(&file) {
                return if self.allows(&file) { Found::Module(file) } else { Found::Outside };
            }
            if is_folder {
                if self.allows(&dir) {
                    portions.push(dir);
                } else {
                    outside = true;
                }
            }
        }
        match (portions.is_empty(), outside) {
            (false, _) => Found::Namespace(portions),
            (true, true) => Found::Outside,
            (true, false) => Found::Nothing,
        }
    }

    /// The package whose folder is `dir`.
    fn package(&self, dir: &Path) -> Resolved {
        if !self.disk.is_dir(dir) || !self.holds(dir) {
            return Resolved::NotFound;
        }
        let init = dir.join("__init__.py");
        let has_init = self.disk.is_file(&init);
        if !self.allows(dir) || has_init && !self.allows(&init) {
            return Resolved::Outside;
        }
        let init = has_init.then_some(init);
        Resolved::Package { init, dir: dir.to_owned() }
    }
}

/// Files and folders that tell the top of a project, or a folder that Airflow puts on `sys.path`.
const MARKS: [&str; 11] = [
    "dags",
    "plugins",
    "include",
    "setup.py",
    "setup.cfg",
    "pyproject.toml",
    "requirements.txt",
    "Dockerfile",
    "airflow.cfg",
    "airflow_settings.yaml",
    ".git",
];

/// The roots that a file or folder given on the command line suggests, the nearest first, all absolute:
///
/// - the folder itself (for a file, the folder that holds it);
/// - each folder around it that is named `dags`;
/// - the folder that holds the outermost package around it, because that package is imported from there;
/// - each folder around it with one of the usual marks of a project (`dags`, `plugins`, `include`,
///   `pyproject.toml`, `setup.py`, `Dockerfile`, ... or `.git`).
///
/// Folders above the repository (the nearest folder with `.git`) are never taken. Without a repository only
/// the first three count, and the folder that holds `dags`: podlift may read all files under a root, and
/// nobody asked it to read a home folder.
pub fn guess_roots(path: &Path) -> Vec<PathBuf> {
    let disk = Disk::default();
    let path = clean(path);
    let start = if disk.is_dir(&path) { Some(path.as_path()) } else { path.parent() };
    let Some(start) = start else { return Vec::new() };
    let repository = start.ancestors().find(|folder| disk.exists(&folder.join(".git")));
    let mut roots = vec![start.to_owned()];
    let mut in_package = disk.is_file(&start.join("__init__.py"));
    let mut below = start;
    for folder in start.ancestors().skip(1) {
        let above_repository = repository.is_some_and(|top| !folder.starts_with(top));
        if above_repository || folder.parent().is_none() {
            break;
        }
        let holds_package = in_package && !disk.is_file(&folder.join("__init__.py"));
        in_package &= !holds_package;
        let is_marked =
            repository.is_some() && MARKS.iter().any(|mark| disk.exists(&folder.join(mark)));
        let is_chosen =
            folder.ends_with("dags") || below.ends_with("dags") || holds_package || is_marked;
        if is_chosen {
            roots.push(folder.to_owned());
        }
        below = folder;
    }
    roots
}

/// An absolute path without `.` and `..`. Links are not followed: what a file sees as its own path is the
/// path it was found by.
fn clean(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut clean = PathBuf::new();
    for part in absolute.components() {
        match part {
            Component::ParentDir => {
                clean.pop();
            }
            Component::CurDir => {}
            part => clean.push(part),
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    struct Tree {
        base: PathBuf,
        /// Removes the tree in the end.
        _folder: tempfile::TempDir,
    }

    impl Tree {
        /// Empty files at these paths; a path that ends with `/` is a folder.
        fn new(paths: &[&str]) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let base = folder.path().canonicalize().unwrap();
            for path in paths {
                let place = base.join(path);
                if path.ends_with('/') {
                    std::fs::create_dir_all(place).unwrap();
                } else {
                    std::fs::create_dir_all(place.parent().unwrap()).unwrap();
                    std::fs::write(place, "").unwrap();
                }
            }
            Self { base, _folder: folder }
        }

        fn at(&self, path: &str) -> PathBuf {
            self.base.join(path)
        }

        fn resolver(&self, roots: &[&str]) -> Resolver {
            Resolver::new(roots.iter().map(|root| self.at(root)).collect())
        }

        /// The result relative to the tree, so that it can be compared as text.
        fn find(&self, roots: &[&str], importer: &str, module: &str, level: u32) -> String {
            let relative = |path: &Path| {
                path.strip_prefix(&self.base).unwrap().to_str().unwrap().replace('\\', "/")
            };
            match self.resolver(roots).resolve(&self.at(importer), module, level) {
                Resolved::File(file) => relative(&file),
                Resolved::Package { init: Some(init), .. } => relative(&init),
                Resolved::Package { init: None, dir } => format!("{}/", relative(&dir)),
                Resolved::Outside => "outside".to_owned(),
                Resolved::NotFound => "nothing".to_owned(),
            }
        }

        fn guess(&self, path: &str) -> Vec<String> {
            let roots = guess_roots(&self.at(path));
            let names = roots.iter().map(|root| {
                root.strip_prefix(&self.base)
                    .map_or("above".to_owned(), |root| root.display().to_string())
            });
            names.collect()
        }
    }

    #[test]
    fn modules_packages_and_namespace_packages_are_found_in_the_roots() {
        let tree = Tree::new(&["r/a.py", "r/p/__init__.py", "r/p/q.py", "r/n/m.py", "r/dag.py"]);
        let cases = [
            ("a", "r/a.py"),
            ("p", "r/p/__init__.py"),
            ("p.q", "r/p/q.py"),
            ("n", "r/n/"),
            ("n.m", "r/n/m.py"),
            ("a.b", "nothing"),
            ("p.none", "nothing"),
            ("none", "nothing"),
            ("", "nothing"),
            ("..p", "nothing"),
        ];
        for (module, expected) in cases {
            assert_eq!(tree.find(&["r"], "r/dag.py", module, 0), expected, "{module}");
        }
    }

    #[test]
    fn a_package_wins_over_a_module_and_both_over_a_folder() {
        let tree = Tree::new(&["r/a.py", "r/a/__init__.py", "r/b/", "s/b.py", "r/dag.py"]);
        assert_eq!(tree.find(&["r", "s"], "r/dag.py", "a", 0), "r/a/__init__.py");
        assert_eq!(tree.find(&["r", "s"], "r/dag.py", "b", 0), "s/b.py");
    }

    #[test]
    fn a_namespace_package_is_spread_over_roots() {
        let tree = Tree::new(&["r/n/a.py", "s/n/b.py", "r/dag.py"]);
        assert_eq!(tree.find(&["r", "s"], "r/dag.py", "n.a", 0), "r/n/a.py");
        assert_eq!(tree.find(&["r", "s"], "r/dag.py", "n.b", 0), "s/n/b.py");
    }

    #[test]
    fn airflows_folders_are_searched() {
        let tree = Tree::new(&[
            "project/dags/team/dag.py",
            "project/dags/common/util.py",
            "project/plugins/operators/pod.py",
            "project/include/sql.py",
            "project/dags/team/beside.py",
        ]);
        let importer = "project/dags/team/dag.py";
        let cases = [
            ("common.util", "project/dags/common/util.py"),
            ("operators.pod", "project/plugins/operators/pod.py"),
            ("plugins.operators.pod", "project/plugins/operators/pod.py"),
            ("include.sql", "project/include/sql.py"),
            ("dags.common.util", "project/dags/common/util.py"),
            ("beside", "project/dags/team/beside.py"),
            ("team.beside", "project/dags/team/beside.py"),
        ];
        for root in [".", "project"] {
            for (module, expected) in cases {
                assert_eq!(tree.find(&[root], importer, module, 0), expected, "{root}: {module}");
            }
        }
        assert_eq!(tree.find(&["project/dags"], importer, "include.sql", 0), "nothing");
    }

    #[test]
    fn roots_come_before_the_folder_of_the_file() {
        let tree = Tree::new(&["r/util.py", "r/sub/util.py", "r/sub/dag.py"]);
        assert_eq!(tree.find(&["r"], "r/sub/dag.py", "util", 0), "r/util.py");
        assert_eq!(tree.find(&["r"], "r/sub", "util", 0), "r/util.py");
    }

    #[test]
    fn modules_of_a_package_look_around_the_package() {
        let tree = Tree::new(&[
            "r/lib/a/__init__.py",
            "r/lib/a/json.py",
            "r/lib/c.py",
            "r/jobs/own/d.py",
            "r/jobs/e.py",
            "r/dags/team/dag.py",
            "r/dags/f.py",
            "r/dags/team/g.py",
        ]);
        let resolver = tree.resolver(&["r"]);
        let main = tree.at("r/dags/team/dag.py");
        let own = [tree.at("r/jobs/own"), tree.at("elsewhere")];
        let find = |first: &[PathBuf], module: &str| {
            resolver.absolute(first, &tree.at("r/lib"), &main, module)
        };
        assert_eq!(find(&[], "json"), Resolved::NotFound);
        assert_eq!(find(&[], "c"), Resolved::File(tree.at("r/lib/c.py")));
        assert_eq!(find(&[], "f"), Resolved::File(tree.at("r/dags/f.py")), "Airflow's folders");
        assert_eq!(find(&[], "g"), Resolved::NotFound, "beside the DAG file");
        assert_eq!(find(&[], "d"), Resolved::NotFound);
        assert_eq!(find(&own, "d"), Resolved::File(tree.at("r/jobs/own/d.py")), "sys.path");
        assert_eq!(find(&own, "e"), Resolved::NotFound);
    }

    #[test]
    fn relative_imports_start_at_the_package_of_the_file() {
        let tree =
            Tree::new(&["r/p/__init__.py", "r/p/a.py", "r/p/q/__init__.py", "r/p/q/b.py", "x.py"]);
        let cases = [
            ("r/p/q/b.py", "", 1, "r/p/q/__init__.py"),
            ("r/p/q/__init__.py", "b", 1, "r/p/q/b.py"),
            ("r/p/q/b.py", "a", 2, "r/p/a.py"),
            ("r/p/q/b.py", "q.b", 2, "r/p/q/b.py"),
            ("r/p/q/b.py", "p", 3, "r/p/__init__.py"),
            ("r/p/q/b.py", "x", 4, "nothing"),
            ("r/p/q/b.py", "", 9, "nothing"),
            ("r/p/q/b.py", "x", 99, "nothing"),
        ];
        for (importer, module, level, expected) in cases {
            assert_eq!(tree.find(&["r"], importer, module, level), expected, "{module} {level}");
        }
    }

    #[test]
    fn submodules_are_looked_up_in_their_package_only() {
        let tree = Tree::new(&["r/p/__init__.py", "r/p/a.py", "r/b.py"]);
        let resolver = tree.resolver(&["r"]);
        assert_eq!(resolver.submodule(&tree.at("r/p"), "a"), Resolved::File(tree.at("r/p/a.py")));
        assert_eq!(resolver.submodule(&tree.at("r/p"), "b"), Resolved::NotFound);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_within_the_roots_only() {
        use std::os::unix::fs::symlink;
        let tree = Tree::new(&["r/real/__init__.py", "r/real/a.py", "secret/b.py", "r/dag.py"]);
        symlink(tree.at("r/real"), tree.at("r/link")).unwrap();
        symlink(tree.at("secret"), tree.at("r/out")).unwrap();
        symlink(tree.at("secret/b.py"), tree.at("r/c.py")).unwrap();
        assert_eq!(tree.find(&["r"], "r/dag.py", "link.a", 0), "r/link/a.py");
        assert_eq!(tree.find(&["r"], "r/dag.py", "out", 0), "outside");
        assert_eq!(tree.find(&["r"], "r/dag.py", "out.b", 0), "outside");
        assert_eq!(tree.find(&["r"], "r/dag.py", "c", 0), "outside");
        assert_eq!(tree.find(&["r", "secret"], "r/dag.py", "c", 0), "r/c.py");
        assert!(!tree.resolver(&["r"]).allows(&tree.at("r/../secret/b.py")));
    }

    #[test]
    fn roots_are_guessed_up_to_the_repository() {
        let tree = Tree::new(&[
            "Dockerfile",
            "repo/.git/",
            "repo/airflow/dags/team/dag.py",
            "repo/airflow/plugins/",
            "repo/airflow/empty/x.py",
            "repo/src/pkg/sub/__init__.py",
            "repo/src/pkg/__init__.py",
            "repo/src/pkg/sub/dag.py",
        ]);
        let dags = ["repo/airflow/dags/team", "repo/airflow/dags", "repo/airflow", "repo"];
        assert_eq!(tree.guess("repo/airflow/dags/team/dag.py"), dags);
        assert_eq!(tree.guess("repo/airflow/dags/team"), dags);
        let packaged = ["repo/src/pkg/sub", "repo/src", "repo"];
        assert_eq!(tree.guess("repo/src/pkg/sub/dag.py"), packaged);
        assert_eq!(tree.guess("repo"), ["repo"]);
    }

    #[test]
    fn without_a_repository_few_folders_are_taken() {
        let tree =
            Tree::new(&["home/pyproject.toml", "home/work/dags/a/dag.py", "home/other/dag.py"]);
        assert_eq!(
            tree.guess("home/work/dags/a/dag.py"),
            ["home/work/dags/a", "home/work/dags", "home/work"]
        );
        assert_eq!(tree.guess("home/other/dag.py"), ["home/other"]);
    }
}
