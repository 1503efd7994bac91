//! The exceptions of Python and of the libraries it comes with.

use crate::eval::call::Args;
use crate::eval::interp::Interp;
use crate::eval::object::{Instance, Map, Object, Val};
use crate::python::Span;
use crate::python::ast::Name;

/// Builtin exceptions with the class each derives from.
pub(super) const EXCEPTIONS: &[(&str, &str)] = &[
    ("BaseException", ""),
    ("Exception", "BaseException"),
    ("SystemExit", "BaseException"),
    ("KeyboardInterrupt", "BaseException"),
    ("GeneratorExit", "BaseException"),
    ("BaseExceptionGroup", "BaseException"),
    ("ExceptionGroup", "BaseExceptionGroup"),
    ("StopIteration", "Exception"),
    ("ArithmeticError", "Exception"),
    ("ZeroDivisionError", "ArithmeticError"),
    ("OverflowError", "ArithmeticError"),
    ("AssertionError", "Exception"),
    ("AttributeError", "Exception"),
    ("EOFError", "Exception"),
    ("ImportError", "Exception"),
    ("ModuleNotFoundError", "ImportError"),
    ("LookupError", "Exception"),
    ("IndexError", "LookupError"),
    ("KeyError", "LookupError"),
    ("MemoryError", "Exception"),
    ("NameError", "Exception"),
    ("UnboundLocalError", "NameError"),
    ("OSError", "Exception"),
    ("IOError", "OSError"),
    ("EnvironmentError", "OSError"),
    ("FileNotFoundError", "OSError"),
    ("FileExistsError", "OSError"),
    ("PermissionError", "OSError"),
    ("NotADirectoryError", "OSError"),
    ("IsADirectoryError", "OSError"),
    ("ConnectionError", "OSError"),
    ("BrokenPipeError", "ConnectionError"),
    ("ConnectionAbortedError", "ConnectionError"),
    ("ConnectionRefusedError", "ConnectionError"),
    ("ConnectionResetError", "ConnectionError"),
    ("BlockingIOError", "OSError"),
    ("ChildProcessError", "OSError"),
    ("InterruptedError", "OSError"),
    ("ProcessLookupError", "OSError"),
    ("TimeoutError", "OSError"),
    ("RuntimeError", "Exception"),
    ("NotImplementedError", "RuntimeError"),
    ("RecursionError", "RuntimeError"),
    ("SyntaxError", "Exception"),
    ("TypeError", "Exception"),
    ("ValueError", "Exception"),
    ("UnicodeError", "ValueError"),
    ("UnicodeDecodeError", "UnicodeError"),
    ("UnicodeEncodeError", "UnicodeError"),
    ("Warning", "Exception"),
    ("UserWarning", "Warning"),
    ("DeprecationWarning", "Warning"),
    ("PendingDeprecationWarning", "Warning"),
    ("FutureWarning", "Warning"),
    ("RuntimeWarning", "Warning"),
    ("ImportWarning", "Warning"),
    ("ResourceWarning", "Warning"),
];

/// Exceptions of libraries with the class each derives from.
pub(super) const LIBRARY_EXCEPTIONS: &[(&str, &str)] = &[
    ("airflow.AirflowException", "builtins.Exception"),
    ("airflow.AirflowNotFoundException", "airflow.AirflowException"),
    ("airflow.DuplicateTaskIdFound", "airflow.AirflowException"),
    ("airflow.TaskNotFound", "airflow.AirflowNotFoundException"),
    ("binascii.Error", "builtins.ValueError"),
    ("configparser.Error", "builtins.Exception"),
    ("configparser.NoOptionError", "configparser.Error"),
    ("configparser.NoSectionError", "configparser.Error"),
    ("json.JSONDecodeError", "builtins.ValueError"),
    ("re.error", "builtins.Exception"),
    ("tomllib.TOMLDecodeError", "builtins.ValueError"),
    ("yaml.ComposerError", "yaml.MarkedYAMLError"),
    ("yaml.ConstructorError", "yaml.MarkedYAMLError"),
    ("yaml.MarkedYAMLError", "yaml.YAMLError"),
    ("yaml.ParserError", "yaml.MarkedYAMLError"),
    ("yaml.ReaderError", "yaml.YAMLError"),
    ("yaml.ScannerError", "yaml.MarkedYAMLError"),
    ("yaml.YAMLError", "builtins.Exception"),
    ("zoneinfo.ZoneInfoNotFoundError", "builtins.KeyError"),
];

impl Interp<'_> {
    /// Whether a symbol is an exception class.
    pub(crate) fn is_exception_class(&self, path: &str) -> bool {
        match path.strip_prefix("builtins.") {
            Some(name) => EXCEPTIONS.iter().any(|(known, _)| *known == name),
            None => {
                let last = path.rsplit('.').next().unwrap_or(path);
                last.ends_with("Exception") || last.ends_with("Error") || path == "re.error"
            }
        }
    }

    pub(crate) fn make_exception(&mut self, class: Val, args: &Args, span: Span) -> Val {
        let mut attrs = Map::default();
        attrs.insert(Name::from("args"), Val::tuple(args.pos.clone(), span));
        if class.as_symbol().is_some_and(|path| path.ends_with("ExceptionGroup"))
            && let [message, parts, ..] = args.pos.as_slice()
        {
            attrs.insert(Name::from("message"), message.clone());
            let parts = match self.iterate(parts, span) {
                Ok(Some(parts)) => Val::tuple(parts, span),
                _ => parts.clone(),
            };
            attrs.insert(Name::from("exceptions"), parts);
        }
        let class = by_number(class, &args.pos);
        // The file an error is about is no argument of it.
        if let [number, message, file, rest @ ..] = args.pos.as_slice()
            && rest.len() < 3
            && class.as_symbol().is_some_and(|path| exception_derives(path, "builtins.OSError"))
        {
            let kept = vec![number.clone(), message.clone()];
            attrs.insert(Name::from("args"), Val::tuple(kept, span));
            attrs.insert(Name::from("filename"), file.clone());
        }
        let instance = Instance { class, attrs, payload: None };
        self.heap.val(Object::Instance(instance), span)
    }
}

/// `OSError(2, ...)` is a `FileNotFoundError`: the number of the error, that of Linux, decides.
fn by_number(class: Val, args: &[Val]) -> Val {
    let is_general = matches!(
        class.as_symbol(),
        Some("builtins.OSError" | "builtins.IOError" | "builtins.EnvironmentError")
    );
    let [number, _, ..] = args else { return class };
    let name = match number.as_int().filter(|_| is_general) {
        Some(1 | 13) => "PermissionError",
        Some(2) => "FileNotFoundError",
        Some(3) => "ProcessLookupError",
        Some(4) => "InterruptedError",
        Some(10) => "ChildProcessError",
        Some(11 | 114 | 115) => "BlockingIOError",
        Some(17) => "FileExistsError",
        Some(20) => "NotADirectoryError",
        Some(21) => "IsADirectoryError",
        Some(32 | 108) => "BrokenPipeError",
        Some(103) => "ConnectionAbortedError",
        Some(104) => "ConnectionResetError",
        Some(110) => "TimeoutError",
        Some(111) => "ConnectionRefusedError",
        _ => return class,
    };
    Val::symbol(format!("builtins.{name}"), class.span)
}

/// The dotted name of an exception that a pure function names by its class alone.
pub(crate) fn exception_path(class: &str) -> String {
    LIBRARY_EXCEPTIONS
        .iter()
        .find(|(path, _)| path.rsplit('.').next() == Some(class))
        .map_or_else(|| format!("builtins.{class}"), |(path, _)| (*path).to_owned())
}

/// The one name of an exception class of a library, whichever of its modules it is imported from.
pub(super) fn exception_name(path: &str) -> String {
    let (top, last) = (path.split('.').next().unwrap_or(path), path.rsplit('.').next());
    match last {
        Some("PatternError") if top == "re" => "re.error".to_owned(),
        Some(last) => format!("{top}.{last}"),
        None => path.to_owned(),
    }
}

/// Whether an exception class is `ancestor` or derives from it.
pub(crate) fn exception_derives(class: &str, ancestor: &str) -> bool {
    let name = exception_name(class);
    if let Some((_, base)) = LIBRARY_EXCEPTIONS.iter().find(|(path, _)| *path == name) {
        return name == exception_name(ancestor) || exception_derives(base, ancestor);
    }
    if class == ancestor {
        return true;
    }
    let Some(mut name) = class.strip_prefix("builtins.") else {
        // Exceptions of libraries derive from Exception; Airflow's have ancestors of their own.
        return ancestor == "builtins.Exception"
            || ancestor == "builtins.BaseException"
            || (class == "dataclasses.FrozenInstanceError"
                && ancestor == "builtins.AttributeError")
            || (class.starts_with("airflow.") && ancestor.ends_with(".AirflowException"));
    };
    let Some(wanted) = ancestor.strip_prefix("builtins.") else { return false };
    let alias = |name: &str| matches!(name, "IOError" | "EnvironmentError");
    loop {
        if name == wanted || (name == "OSError" && alias(wanted)) {
            return true;
        }
        // A group of exceptions is an `Exception` as well.
        if name == "ExceptionGroup" && wanted == "Exception" {
            return true;
        }
        match EXCEPTIONS.iter().find(|(known, _)| *known == name) {
            Some((_, base)) if !base.is_empty() => name = base,
            _ => return false,
        }
    }
}
