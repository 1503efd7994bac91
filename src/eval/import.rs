//! Imports: library modules are symbols, local modules are evaluated once per DAG file, everything
//! else is a hole that names it.
//!
//! Each DAG file gets module objects of its own, as each has its own process in Airflow: what one file
//! does to a shared module must not show in another, whatever the order or the number of threads.
//! Parsing, the costly part, is shared.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::HoleKind;
use super::checkout::on_disk;
use super::interp::{Frame, Interp, ModuleState, Raised, Res};
use super::library;
use super::object::{Map, ModuleObject, Object, Val};
use crate::diag::{Code, Diagnostic};
use crate::python::ast::Name;
use crate::python::{Resolved, Span};

/// Folders that a program may put on `sys.path`; those after them are not searched.
const OWN_FOLDERS: usize = 64;

/// Steps that a module outside the roots counts for: each is told.
const UNRESOLVED: usize = 64;

impl Interp<'_> {
    /// `import a.b.c as d`.
    pub(crate) fn import(&mut self, dotted: &Name, alias: Option<&Name>, span: Span) -> Res<()> {
        let module = self.import_module(dotted, span)?;
        if let Some(alias) = alias {
            self.bind(alias, module);
            return Ok(());
        }
        let top = dotted.split('.').next().unwrap_or(dotted);
        let val = if top == dotted.as_ref() { module } else { self.import_module(top, span)? };
        self.bind(&Name::from(top), val);
        Ok(())
    }

    /// `from module import names`.
    pub(crate) fn import_from(
        &mut self,
        module: Option<&Name>,
        level: u32,
        names: &[(Name, Option<Name>, Span)],
        span: Span,
    ) -> Res<()> {
        let dotted = module.map_or("", |name| name.as_ref());
        if dotted == "__future__" {
            return Ok(());
        }
        let source = self.import_at(dotted, level, span)?;
        for (name, alias, at) in names {
            if name.as_ref() == "*" {
                self.import_star(&source, *at);
                continue;
            }
            let val = self.import_name(&source, dotted, level, name, *at)?;
            self.bind(alias.as_ref().unwrap_or(name), val);
        }
        Ok(())
    }

    fn import_name(
        &mut self,
        source: &Val,
        dotted: &str,
        level: u32,
        name: &Name,
        span: Span,
    ) -> Res {
        if let Some(Object::Module(module)) = source.as_obj().map(|id| self.heap.copy(id)) {
            if let Some(val) = self.module_attribute(&module, name, span)? {
                return Ok(val);
            }
            let full =
                if dotted.is_empty() { name.to_string() } else { format!("{dotted}.{name}") };
            if module.is_package {
                let submodule = self.import_at(&full, level, span)?;
                if self.unknown(&submodule).is_none() {
                    return Ok(submodule);
                }
            }
            if self.broken.contains(&module.scope) {
                return Ok(self.hole(HoleKind::Import, format!("{}.{name}", module.name), span));
            }
            // A module beside the importing file that has no such name is hardly the one that is meant.
            if level == 0 && !self.is_on_path(dotted) {
                return Ok(self.hole(HoleKind::Import, full, span));
            }
            let message = format!("cannot import name '{name}' from '{}'", module.name);
            return Err(self.exception("ImportError", message, span));
        }
        if let Some(path) = source.as_symbol() {
            let path = Name::from(path);
            // A folder called `airflow` under the roots may hold the user's own modules.
            if path.starts_with("airflow.") && !self.known_airflow(&path, name) {
                let full = format!("{path}.{name}");
                if let Some(module) = self.local_module(&full, 0)? {
                    return Ok(module);
                }
            }
            return Ok(self.symbol_attribute(&path, name, span));
        }
        Ok(self.part_of(source, &format!(".{name}"), span))
    }

    fn known_airflow(&self, path: &str, name: &str) -> bool {
        let full = library::canonical(&format!("{path}.{name}"));
        library::airflow::is_operator(&full) || full.matches('.').count() == 1
    }

    fn import_star(&mut self, source: &Val, span: Span) {
        let module = source.as_obj().map(|id| self.heap.copy(id));
        let Some(Object::Module(module)) = module else {
            // Which names a library has is not listed here: they are looked up when they are used.
            if let Some(globals) = self.frame().map(|frame| frame.globals) {
                self.star_imports.entry(globals).or_default().push(source.clone());
            }
            return;
        };
        let Object::Scope(names) = self.heap.get(module.scope).clone() else { return };
        self.work(names.len());
        let listed = names.get("__all__").cloned().and_then(|all| match self.iterate(&all, span) {
            Ok(Some(items)) => Some(
                items.iter().filter_map(|item| item.as_str().map(Name::from)).collect::<Vec<_>>(),
            ),
            _ => None,
        });
        for (name, val) in names {
            let wanted = match &listed {
                Some(all) => all.contains(&name),
                None => !name.starts_with('_'),
            };
            if wanted {
                self.bind(&name, val);
            }
        }
    }

    /// A module by its dotted name.
    pub(crate) fn import_module(&mut self, dotted: &str, span: Span) -> Res {
        self.import_at(dotted, 0, span)
    }

    fn import_at(&mut self, dotted: &str, level: u32, span: Span) -> Res {
        if level == 0 && library::is_library(dotted) {
            let is_airflow = dotted.starts_with("airflow.") || dotted.starts_with("kubernetes.");
            if is_airflow
                && !library::airflow::is_module(dotted)
                && let Some(module) = self.local_module(dotted, 0)?
            {
                return Ok(module);
            }
            return Ok(Val::symbol(library::canonical(dotted), span));
        }
        if let Some(module) = self.local_module(dotted, level)? {
            return Ok(module);
        }
        let shown = format!("{}{dotted}", ".".repeat(level as usize));
        self.spend(UNRESOLVED, span)?;
        // Whether it is installed where the DAG runs is not known: a handler for ImportError may run.
        let unknown = self.hole(HoleKind::Import, shown.clone(), span);
        if let Some(hole) = unknown.hole() {
            let hole = std::sync::Arc::clone(hole);
            self.raises_if(&hole, true, super::heap::Delta::default());
        }
        self.tell(
            Diagnostic::new(
                Code::UnresolvedImport,
                span,
                format!("module `{shown}` is outside the roots"),
            )
            .help("pass the folder that holds it with `--root DIR` if it is your code"),
        );
        Ok(unknown)
    }

    /// A module under the roots, evaluated; `None` when there is none.
    fn local_module(&mut self, dotted: &str, level: u32) -> Res<Option<Val>> {
        let importer = self
            .frame()
            .and_then(|frame| self.module_paths.get(&frame.globals).cloned())
            .unwrap_or_else(|| self.main_path.clone());
        let mut found = None;
        let mut prefix = String::new();
        let mut parent: Option<Val> = None;
        let around = if level > 0 { self.package_name(level) } else { String::new() };
        let (first, folder) = match level {
            0 => (self.own_folders(), self.folder_of_imports(&importer)),
            _ => Default::default(),
        };
        if level > 0 {
            let base = self.resolver.resolve(&importer, "", level);
            let Resolved::Package { init, dir } = base else { return Ok(None) };
            if dotted.is_empty() {
                return self.load_package(init, &dir, &around).map(Some);
            }
            let key = Name::from(init.as_deref().unwrap_or(&dir).to_string_lossy().as_ref());
            if let Some(ModuleState::Ready(id)) = self.modules.get(&key) {
                parent = Some(Val::obj(*id, Span::NONE));
            }
        }
        // Packages around the module are evaluated first, each once.
        for part in dotted.split('.') {
            if !prefix.is_empty() {
                prefix.push('.');
            }
            prefix.push_str(part);
            let full =
                if around.is_empty() { prefix.clone() } else { format!("{around}.{prefix}") };
            let resolved = match level {
                0 => self.absolute(&first, &folder, &prefix),
                _ => self.resolver.resolve(&importer, &prefix, level),
            };
            let module = match resolved {
                Resolved::File(path) => self.load_module(&path, &full, false)?,
                Resolved::Package { init, dir } => self.load_package(init, &dir, &full)?,
                _ => return Ok(None),
            };
            if let Some(parent) = &parent
                && let Some(Object::Module(package)) = parent.as_obj().map(|id| self.heap.copy(id))
            {
                // `import a.b` makes `b` an attribute of `a`.
                let has = matches!(self.heap.get(package.scope), Object::Scope(names) if names.contains_key(part));
                if !has {
                    self.bind_in(package.scope, &Name::from(part), module.clone());
                }
            }
            parent = Some(module.clone());
            found = Some(module);
        }
        Ok(found)
    }

    /// Where an absolute import leads. Most modules are imported many times from around the same folder.
    fn absolute(&mut self, first: &[PathBuf], folder: &Path, module: &str) -> Resolved {
        if !first.is_empty() {
            return self.resolver.absolute(first, folder, &self.main_path, module);
        }
        let known = self.resolved.entry(folder.to_owned()).or_default();
        if let Some(resolved) = known.get(module) {
            return resolved.clone();
        }
        let package =
            module.rsplit_once('.').and_then(|(outer, name)| Some((known.get(outer)?, name)));
        let resolved = match package {
            // A package with code of its own lies in one folder.
            Some((Resolved::Package { init: Some(_), dir }, name)) => {
                self.resolver.submodule(dir, name)
            }
            _ => self.resolver.absolute(first, folder, &self.main_path, module),
        };
        known.insert(module.to_owned(), resolved.clone());
        resolved
    }

    /// Whether a module is found in a folder that Airflow or the code puts on `sys.path`, not only beside the file
    /// that imports it.
    fn is_on_path(&self, dotted: &str) -> bool {
        let top = dotted.split('.').next().unwrap_or(dotted);
        let found = self.resolver.on_path(&self.own_folders(), &self.main_path, top);
        !matches!(found, Resolved::NotFound)
    }

    /// The folders that the code put on `sys.path`, as far as they are known.
    fn own_folders(&self) -> Vec<PathBuf> {
        let Some(path) = self.globals_of_world.get("sys.path").and_then(Val::as_obj) else {
            return Vec::new();
        };
        match self.heap.get(path) {
            Object::List(items) => {
                let folders = items.iter().filter_map(Val::as_str).take(OWN_FOLDERS);
                folders.map(|folder| PathBuf::from(on_disk(folder).as_ref())).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Around which folder a module looks for absolute imports: that of its outermost package.
    fn folder_of_imports(&self, importer: &Path) -> PathBuf {
        let own = importer.parent().unwrap_or(importer);
        let package = self.package_name(1);
        let names = package.split('.').filter(|name| !name.is_empty()).rev();
        let mut folder = own;
        for name in names {
            // A module may have been given another package.
            if folder.file_name().is_none_or(|last| last != name) {
                return own.to_owned();
            }
            folder = folder.parent().unwrap_or(folder);
        }
        folder.to_owned()
    }

    /// The package that a relative import of `level` dots starts from; empty outside packages.
    fn package_name(&self, level: u32) -> String {
        let globals = self.frame().map(|frame| self.heap.get(frame.globals));
        let own = match globals {
            Some(Object::Scope(names)) => names.get("__package__").and_then(Val::as_str),
            _ => None,
        };
        let mut package = own.unwrap_or_default();
        for _ in 1..level {
            package = package.rsplit_once('.').map_or("", |(outer, _)| outer);
        }
        package.to_owned()
    }

    fn load_package(&mut self, init: Option<PathBuf>, dir: &Path, dotted: &str) -> Res {
        match init {
            Some(path) => self.load_module(&path, dotted, true),
            None => {
                // A namespace package has no code of its own.
                let key = Name::from(dir.to_string_lossy().as_ref());
                if let Some(ModuleState::Ready(id)) = self.modules.get(&key) {
                    return Ok(Val::obj(*id, Span::NONE));
                }
                let id = self.new_module(dotted, &dir.join("__init__.py"), true);
                self.modules.insert(key, ModuleState::Ready(id));
                Ok(Val::obj(id, Span::NONE))
            }
        }
    }

    fn new_module(&mut self, dotted: &str, path: &Path, is_package: bool) -> super::object::ObjId {
        let span = Span::NONE;
        let mut names = Map::default();
        names.insert(Name::from("__name__"), Val::str(dotted, span));
        names.insert(
            Name::from("__file__"),
            Val::str(self.checkout.marked(&path.to_string_lossy()), span),
        );
        let package =
            if is_package { dotted } else { dotted.rsplit_once('.').map_or("", |(p, _)| p) };
        names.insert(Name::from("__package__"), Val::str(package, span));
        names.insert(Name::from("__doc__"), Val::none(span));
        let scope = self.heap.add(Object::Scope(names));
        self.module_paths.insert(scope, path.to_owned());
        self.heap.add(Object::Module(ModuleObject { name: Name::from(dotted), scope, is_package }))
    }

    fn load_module(&mut self, path: &Path, dotted: &str, is_package: bool) -> Res {
        let key = Name::from(path.to_string_lossy().as_ref());
        if let Some(ModuleState::Ready(id)) = self.modules.get(&key) {
            return Ok(Val::obj(*id, Span::NONE));
        }
        let shown = self.shown_path(path);
        let file = self.files.load(self.sources, (path, None), &shown, self.resolver.disk());
        for diagnostic in &file.diagnostics {
            self.tell(diagnostic.clone());
        }
        let id = self.new_module(dotted, path, is_package);
        // An import cycle sees the module as far as it is.
        self.modules.insert(key.clone(), ModuleState::Ready(id));
        if self.depth >= self.settings.limits.depth {
            self.limit(
                Span::NONE,
                "depth",
                "imports are nested deeper than the bound",
                "--max-depth",
            );
            return Ok(Val::obj(id, Span::NONE));
        }
        let Object::Module(module) = self.heap.copy(id) else {
            return Ok(Val::obj(id, Span::NONE));
        };
        // A module is evaluated outside every branch and block around the import statement.
        let conditions = std::mem::take(&mut self.conditions);
        let patterns = std::mem::take(&mut self.patterns);
        self.depth += 1;
        self.bind_docstring(module.scope, &file.module.body);
        self.frames.push(module_frame(&module));
        let result = self.exec_module(&file.module.body);
        self.frames.pop();
        self.depth -= 1;
        self.conditions = conditions;
        self.patterns = patterns;
        match result {
            Ok(()) => Ok(Val::obj(id, Span::NONE)),
            Err(Raised::Stop) => Err(Raised::Stop),
            Err(raised) => {
                self.modules.shift_remove(&key);
                Err(raised)
            }
        }
    }

    /// Evaluates the DAG file itself and gives its scope.
    pub(crate) fn run_main(
        &mut self,
        path: &Path,
        module: &crate::python::ast::Module,
    ) -> super::object::ObjId {
        let stem =
            path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let id = self.new_module(&stem, path, false);
        let Object::Module(object) = self.heap.copy(id) else { return id };
        // Airflow imports a DAG file under a made-up name, so that `__main__` blocks do not run.
        let mut name = super::Text::literal("unusual_prefix_");
        let hole = self.hole(HoleKind::Nondeterministic, "__name__", Span::NONE);
        if let Some(hole) = hole.hole() {
            name.push_hole(std::sync::Arc::clone(hole));
        }
        self.bind_in(object.scope, &Name::from("__name__"), Val::text(name, Span::NONE));
        // Whoever imports the file gets a module of its own, as with Airflow's made-up name.
        self.bind_docstring(object.scope, &module.body);
        self.frames.push(module_frame(&object));
        if let Err(Raised::Exception(val)) = self.exec_module(&module.body) {
            let text = self.exception_text(&val);
            self.tell(Diagnostic::new(
                Code::UncaughtException,
                val.span,
                format!("evaluation ends here in {text}"),
            ));
        }
        object.scope
    }

    /// `__doc__`: a string that is the first statement.
    fn bind_docstring(&mut self, scope: super::object::ObjId, body: &[crate::python::ast::Stmt]) {
        use crate::python::ast::{ExprKind, StmtKind};
        if let Some(StmtKind::Expr(expr)) = body.first().map(|stmt| &stmt.kind)
            && let ExprKind::Str(text) = &expr.kind
        {
            self.bind_in(scope, &Name::from("__doc__"), Val::str(text.as_ref(), expr.span));
        }
    }

    /// An attribute of a user's module: a variable, or a submodule of a package.
    pub(crate) fn module_attribute(
        &mut self,
        module: &ModuleObject,
        name: &Name,
        span: Span,
    ) -> Res<Option<Val>> {
        if let Object::Scope(names) = self.heap.get(module.scope) {
            if let Some(val) = names.get(name) {
                return Ok(Some(val.clone()));
            }
            if name.as_ref() == "__dict__" {
                return Ok(Some(Val::obj(module.scope, span)));
            }
            // PEP 562.
            if let Some(getter) = names.get("__getattr__").cloned() {
                let args = super::call::Args::positional(vec![Val::str(name.as_ref(), span)]);
                return self.call(&getter, args, span).map(Some);
            }
        }
        if module.is_package {
            let full = format!("{}.{name}", module.name);
            let found = self.local_module(&full, 0)?;
            // An installed package of the name comes before a folder that is none.
            if found.is_none() && self.is_plain_folder(module) {
                return Ok(Some(self.hole(HoleKind::Import, full, span)));
            }
            return Ok(found);
        }
        Ok(None)
    }

    /// Whether a package has no code of its own.
    fn is_plain_folder(&self, module: &ModuleObject) -> bool {
        let init = self.module_paths.get(&module.scope);
        init.is_some_and(|init| !self.resolver.disk().is_file(init))
    }

    /// A path as people see it.
    pub(crate) fn shown_path(&self, path: &Path) -> String {
        self.settings.shown.text(path)
    }
}

fn module_frame(module: &ModuleObject) -> Frame {
    Frame {
        scope: module.scope,
        globals: module.scope,
        closure: std::rc::Rc::from([]),
        function: None,
        this: None,
        call: Span::NONE,
        global_names: BTreeSet::new(),
        nonlocal_names: BTreeSet::new(),
        yields: Vec::new(),
        is_class: false,
        module: module.name.clone(),
        qualifier: Name::from(""),
        undecided: 0,
        tries: 0,
        doubt: None,
    }
}
