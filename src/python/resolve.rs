//! Import resolution.
use std::path::{Path, PathBuf};

/// Where an import leads.
#[derive(Debug)]
pub enum Resolved {
    /// A module file.
    File(PathBuf),
    /// A package.
    Package {
        /// Its `__init__.py`.
        init: Option<PathBuf>,
        /// Its folder.
        dir: PathBuf,
    },
    /// Outside the roots.
    Outside,
    /// Nowhere.
    NotFound,
}

/// Finds modules.
#[derive(Debug)]
pub struct Resolver {
    roots: Vec<PathBuf>,
}

impl Resolver {
    /// A resolver over roots.
    pub fn new(roots: Vec<PathBuf>) -> Self {
        Self { roots: roots.into_iter().filter_map(|r| r.canonicalize().ok()).collect() }
    }
    /// Resolves a dotted module.
    pub fn resolve(&self, importer: &Path, module: &str, level: u32) -> Resolved {
        let mut bases: Vec<PathBuf> = Vec::new();
        if level > 0 {
            let mut dir = importer.parent().map(Path::to_owned).unwrap_or_default();
            for _ in 1..level {
                dir.pop();
            }
            bases.push(dir);
        } else {
            for root in &self.roots {
                bases.push(root.clone());
                bases.push(root.join("plugins"));
                bases.push(root.join("dags"));
            }
            bases.extend(importer.parent().map(Path::to_owned));
        }
        for base in bases {
            let mut path = base;
            for part in module.split('.').filter(|p| !p.is_empty()) {
                path.push(part);
            }
            let file = path.with_extension("py");
            if !module.is_empty() && file.is_file() {
                return Resolved::File(file);
            }
            if path.is_dir() {
                let init = path.join("__init__.py");
                return Resolved::Package { init: init.is_file().then_some(init), dir: path };
            }
        }
        Resolved::NotFound
    }
}
