//! `os`, `sys`, `logging` and the modules whose results differ at each run.

use crate::eval::HoleKind;
use crate::eval::call::Args;
use crate::eval::interp::{Interp, Res};
use crate::eval::object::{Data, Key, ModuleObject, Object, Val};
use crate::python::Span;
use crate::python::ast::Name;
use crate::values::Unset;

impl Interp<'_> {
    /// Constants of `os`, `sys` and `typing`.
    pub(crate) fn lookup_constant(&mut self, full: &str, span: Span) -> Option<Val> {
        Some(match full {
            "typing.TYPE_CHECKING" => Val::bool(false, span),
            "os.sep" | "os.path.sep" => Val::str("/", span),
            "os.linesep" => Val::str("\n", span),
            "os.curdir" => Val::str(".", span),
            "os.pardir" => Val::str("..", span),
            "os.pathsep" => Val::str(":", span),
            "os.devnull" => Val::str("/dev/null", span),
            "sys.maxsize" => Val::int(i64::MAX, span),
            "sys.path" => self.airflow_path()?,
            "sys.argv" => self.list(vec![Val::str("airflow", span)], span),
            "sys.version_info" => self.python_release(span),
            "math.pi" => Val::new(Data::Float(std::f64::consts::PI), span),
            "math.e" => Val::new(Data::Float(std::f64::consts::E), span),
            "math.inf" => Val::new(Data::Float(f64::INFINITY), span),
            "math.nan" => Val::new(Data::Float(f64::NAN), span),
            "logging.DEBUG" => Val::int(10, span),
            "logging.INFO" => Val::int(20, span),
            "logging.WARNING" | "logging.WARN" => Val::int(30, span),
            "logging.ERROR" => Val::int(40, span),
            "logging.CRITICAL" | "logging.FATAL" => Val::int(50, span),
            _ if full.starts_with("signal.SIG") => Val::symbol(full, span),
            _ => return None,
        })
    }

    /// `sys.path`: one list per evaluation, so that appended folders are seen by later imports.
    fn airflow_path(&mut self) -> Option<Val> {
        let key = Name::from("sys.path");
        if let Some(val) = self.globals_of_world.get(&key) {
            return Some(val.clone());
        }
        let val = self.list(Vec::new(), Span::NONE);
        self.globals_of_world.insert(key, val.clone());
        Some(val)
    }

    /// Variables set by the DAG itself (`os.environ["X"] = "y"`), as a heap dict so that branches are
    /// joined like those of any other dict.
    fn environment(&mut self) -> Val {
        let key = Name::from("os.environ");
        if let Some(val) = self.globals_of_world.get(&key) {
            return val.clone();
        }
        let val = self.dict(Default::default(), Span::NONE);
        self.globals_of_world.insert(key, val.clone());
        val
    }

    pub(crate) fn set_environment(&mut self, index: &Val, val: Val, span: Span) {
        let environment = self.environment();
        if let (Some(id), Ok(key)) = (environment.as_obj(), self.key(index, span)) {
            self.insert(id, key, index.clone(), val);
        }
    }

    /// A variable is removed: whoever asks for it later gets what is given for that case.
    pub(crate) fn remove_environment(&mut self, name: &Val, span: Span) {
        let gone = self.hole(HoleKind::Name, "a variable that is removed from os.environ", span);
        self.set_environment(name, gone, span);
    }

    /// One environment variable. `required` is `os.environ["X"]`, which raises when it is not set.
    fn environment_variable(
        &mut self,
        name: &Val,
        default: Option<&Val>,
        required: bool,
        span: Span,
    ) -> Res {
        let Some(text) = name.as_str().map(str::to_owned) else {
            return Ok(self.derived(&[name], span));
        };
        let environment = self.environment();
        if let Some(entries) = self.entries_of(&environment)
            && let Some((_, val)) = entries.get(&Key::Str(text.as_str().into()))
        {
            return Ok(val.clone());
        }
        // Without a default in the code, a variable that is not set is `None`.
        let none = Val::none(span);
        let default = match (default, required) {
            (Some(default), _) => Some(default),
            (None, false) if self.settings.values.unset == Unset::Absent => Some(&none),
            _ => None,
        };
        let val = self.look_up(HoleKind::Env, &text, default, false, span);
        if required && default.is_none() && self.unknown(&val).is_some() {
            return self.missing_lookup(val, &text, span);
        }
        Ok(val)
    }

    /// A lookup that raises KeyError when nothing is set: inside a `try` its handler may run, and does
    /// run when everything that is set was supplied.
    pub(crate) fn missing_lookup(&mut self, val: Val, name: &str, span: Span) -> Res {
        if self.guards.is_empty() {
            return Ok(val);
        }
        if self.settings.values.unset == Unset::Absent {
            return Err(self.exception("KeyError", name, span));
        }
        self.may_raise(&val, span);
        Ok(val)
    }

    pub(crate) fn lookup_item(&mut self, path: &str, index: &Val, span: Span) -> Option<Res> {
        if path == "sys.modules"
            && let Some(frame) = self.frame()
        {
            // `sys.modules[__name__]` is the module that asks.
            let (scope, module) = (frame.globals, frame.module.clone());
            let own = self.module_name(scope, span);
            if self.same(&own, index, 0) {
                let object = ModuleObject { name: module, scope, is_package: false };
                return Some(Ok(self.heap.val(Object::Module(object), span)));
            }
        }
        (path == "os.environ").then(|| self.environment_variable(index, None, true, span))
    }

    /// `name in os.environ`.
    pub(crate) fn lookup_contains(&mut self, path: &str, needle: &Val, span: Span) -> Option<bool> {
        if path != "os.environ" {
            return None;
        }
        let val = self.environment_variable(needle, None, true, span).ok()?;
        match self.unknown(&val) {
            Some(_) if self.settings.values.unset == Unset::Absent => Some(false),
            Some(_) => None,
            None => Some(true),
        }
    }

    /// Calls of `os`, `sys`, `logging`, `random` and the like.
    pub(crate) fn call_lookup(&mut self, path: &str, args: &Args, span: Span) -> Option<Res> {
        if let Some(name) = path.strip_prefix("os.path.") {
            return self.call_os_path(name, args, span);
        }
        if path.starts_with("logging.") {
            return Some(Ok(match path {
                "logging.getLogger" | "logging.Logger.getChild" => {
                    Val::symbol("logging.Logger", span)
                }
                "logging.getLevelName" => self.derived(&args.all(), span),
                _ if path.chars().any(char::is_uppercase)
                    && !path.starts_with("logging.Logger.") =>
                {
                    Val::symbol("logging.Logger", span)
                }
                _ => Val::none(span),
            }));
        }
        let nondeterministic = |this: &mut Self| {
            Some(Ok(this.hole(HoleKind::Nondeterministic, format!("{path}()"), span)))
        };
        match path {
            "os.getenv" | "os.environ.get" => {
                let name = args.get(0, "key")?.clone();
                let default = args.get(1, "default").or_else(|| args.named("d")).cloned();
                Some(self.environment_variable(&name, default.as_ref(), false, span))
            }
            "os.environ.setdefault" => {
                let (name, default) = (args.pos.first()?.clone(), args.pos.get(1)?.clone());
                let val = self.environment_variable(&name, Some(&default), false, span);
                if let Ok(val) = &val {
                    let val = val.clone();
                    self.set_environment(&name, val, span);
                }
                Some(val)
            }
            "os.environ.pop" => {
                let name = args.pos.first()?.clone();
                let val =
                    self.environment_variable(&name, args.pos.get(1), args.pos.len() < 2, span);
                self.remove_environment(&name, span);
                Some(val)
            }
            "os.environ.update" => {
                let environment = self.environment();
                let id = environment.as_obj()?;
                for val in args.pos.clone() {
                    if let Err(raised) = self.update_dict(id, &val, span) {
                        return Some(Err(raised));
                    }
                }
                for (name, kwarg) in &args.kw {
                    let key = Val::str(name.as_ref(), span);
                    self.set_environment(&key, kwarg.val.clone(), span);
                }
                Some(Ok(Val::none(span)))
            }
            "os.environ.copy" | "os.environ.items" | "os.environ.keys" | "os.environ.values" => {
                Some(Ok(self.hole(HoleKind::Env, "*", span)))
            }
            "random.shuffle" => {
                let list = args.get(0, "x")?.clone();
                let by = self.hole(HoleKind::Nondeterministic, "random.shuffle()", span);
                if let Some(id) = list.as_obj() {
                    self.poison_with(id, &by, span);
                }
                Some(Ok(Val::none(span)))
            }
            "os.fspath" => {
                let val = args.pos.first()?;
                match self.path_text(val) {
                    Some(path) => Some(Ok(Val::str(path, span))),
                    None => Some(Ok(self.derived(&[val], span))),
                }
            }
            "os.makedirs" | "os.mkdir" | "os.remove" | "os.unlink" | "os.chmod" | "os.chdir"
            | "os.rename" | "shutil.rmtree" | "locale.setlocale" => {
                self.may_be_refused(path, span);
                Some(Ok(Val::none(span)))
            }
            // `os.environ` does not hear of it.
            "os.putenv"
            | "os.umask"
            | "os.system"
            | "warnings.warn"
            | "warnings.filterwarnings"
            | "warnings.simplefilter"
            | "random.seed"
            | "time.sleep"
            | "signal.signal"
            | "sys.setrecursionlimit"
            | "sys.stdout.write"
            | "sys.stderr.write"
            | "sys.stdout.flush"
            | "traceback.print_exc"
            | "gc.collect"
            | "warnings.catch_warnings" => Some(Ok(Val::none(span))),
            "os.listdir" | "os.scandir" | "os.walk" => self.call_files(path, args, span),
            "sys.exit" => Some(Err(self.exception("SystemExit", "", span))),
            "sys.exc_info" => {
                let none = Val::none(span);
                Some(Ok(Val::tuple(vec![none.clone(), none.clone(), none], span)))
            }
            "importlib.import_module" => match args.pos.first().and_then(Val::as_str) {
                Some(module) => {
                    let module = module.to_owned();
                    Some(self.import_module(&module, span))
                }
                None => Some(Ok(self.derived(&args.all(), span))),
            },
            "importlib.reload" => args.pos.first().cloned().map(Ok),
            "inspect.cleandoc" => self.call_text_module("inspect.cleandoc", args, span),
            "inspect.getfile" | "inspect.currentframe" | "inspect.stack" => {
                Some(Ok(self.hole(HoleKind::Call, format!("{path}()"), span)))
            }
            "uuid.uuid3" | "uuid.uuid5" | super::uuid::UUID => self.call_uuid(path, args, span),
            _ if path.starts_with("random.")
                || path.starts_with("uuid.uuid")
                || path.starts_with("secrets.")
                || path.starts_with("time.")
                || path.starts_with("tempfile.")
                || path.starts_with("socket.")
                || path.starts_with("platform.")
                || path.starts_with("getpass.")
                || matches!(
                    path,
                    "os.getpid"
                        | "os.getcwd"
                        | "os.uname"
                        | "os.getlogin"
                        | "os.cpu_count"
                        | "os.urandom"
                        | "os.getuid"
                ) =>
            {
                if ["socket.", "tempfile.", "getpass.", "os."].iter().any(|it| path.starts_with(it))
                {
                    self.may_be_refused(path, span);
                }
                nondeterministic(self)
            }
            _ => None,
        }
    }
}
