//! `@task.kubernetes` and `@task.kubernetes_cmd`: from the decorated function to the container's command.
//!
//! Airflow ships the source of the function to the pod and pickles its arguments. podlift writes the source
//! into the command itself, where a reader sees it and no pickle is needed.

use std::fmt::Write as _;
use std::sync::Arc;

use super::bind::Bound;
use super::convert::xcom_template;
use super::jinja::looks_like_template;
use super::node::{Jinja, Node, NodeKind};
use super::remarks::Remarks;
use crate::airflow::TaskFunction;
use crate::diag::{Code, Diagnostic};
use crate::eval::{Hole, HoleKind, Kind, Text, Value};
use crate::jinja::taken_in;

/// Modules that the script which Airflow ships imports for itself, so that functions can use them.
const PROVIDED: [&str; 3] = ["json", "pickle", "sys"];

/// What the decorated function makes of the container.
#[derive(Debug)]
pub(crate) struct Lifted {
    /// `command`.
    pub(crate) command: Option<Node>,
    /// `args`.
    pub(crate) args: Option<Node>,
}

/// `@task.kubernetes`: `python -c` with the source and the call.
///
/// `indent` is the column at which the definition stands in its file.
pub(crate) fn lift(
    function: &TaskFunction,
    indent: usize,
    keep_result: bool,
    remarks: &mut Remarks,
) -> Lifted {
    let foreign: Vec<_> = function
        .free_names
        .iter()
        .filter(|name| !PROVIDED.contains(&name.as_str()))
        .map(String::as_str)
        .collect();
    if !foreign.is_empty() {
        let names = foreign.join(", ");
        remarks.add(
            Diagnostic::new(
                Code::FunctionNotSelfContained,
                function.span,
                format!("`{}` reads names from outside itself: {names}", function.name),
            )
            .label("the command of the pod is left open"),
        );
        return open(function, &format!("reads {names} from outside itself"));
    }
    let mut call = Call::default();
    let positional: Option<Vec<_>> =
        function.args.iter().map(|value| call.literal(value)).collect();
    let named: Option<Vec<_>> = function
        .kwargs
        .iter()
        .map(|(name, value)| Some(format!("{name}={}", call.literal(value)?)))
        .collect();
    let (Some(mut arguments), Some(named)) = (positional, named) else {
        remarks.add(
            Diagnostic::new(
                Code::FunctionNotSelfContained,
                function.span,
                format!("`{}` gets an argument that has no text form", function.name),
            )
            .label("the command of the pod is left open"),
        );
        return open(function, "an argument has no text form");
    };
    arguments.extend(named);
    let arguments = arguments.join(", ");
    let source = dedent(&function.text, indent);
    let script = script(function, &source, &arguments, &call, keep_result);
    let mut command: Vec<Node> =
        ["python", "-c", &script].into_iter().map(|part| Node::text(part, function.span)).collect();
    command.extend(call.argv);
    Lifted { command: Some(Node::list(command, function.span)), args: None }
}

/// `@task.kubernetes_cmd`: the list that the function returns.
pub(crate) fn returned(function: &TaskFunction, args_only: bool, remarks: &mut Remarks) -> Lifted {
    let list = match function.result.as_ref().map(|value| (&value.kind, value)) {
        Some((Kind::List(items), value)) if !items.is_empty() => items
            .iter()
            .map(|item| match &item.kind {
                Kind::Str(text) => {
                    Some(Node::new(NodeKind::Text(text.clone(), Jinja::Rendered), item.span))
                }
                Kind::Unknown(hole) => Some(Node::new(NodeKind::Hole(Arc::clone(hole)), item.span)),
                _ => None,
            })
            .collect::<Option<Vec<_>>>()
            .map(|items| Node::list(items, value.span)),
        Some((Kind::Unknown(hole), value)) => {
            Some(Node::new(NodeKind::Hole(Arc::clone(hole)), value.span))
        }
        Some(_) => None,
        None => {
            return swap(
                open(function, "what the function returns is known only when it runs"),
                args_only,
            );
        }
    };
    let node = list.unwrap_or_else(|| {
        let message =
            format!("`{}` must return a list of strings that is not empty", function.name);
        remarks.refuse("python_callable", function.span, message)
    });
    swap(Lifted { command: Some(node), args: None }, args_only)
}

fn swap(lifted: Lifted, args_only: bool) -> Lifted {
    if args_only { Lifted { command: None, args: lifted.command } } else { lifted }
}

/// A command that is not known.
fn open(function: &TaskFunction, reason: &str) -> Lifted {
    let hole = Hole {
        kind: HoleKind::Call,
        name: function.name.clone(),
        default: None,
        reason: format!("function {}: {reason}", function.name),
        span: function.span,
        roots: Vec::new(),
    };
    Lifted { command: Some(Node::new(NodeKind::Hole(Arc::new(hole)), function.span)), args: None }
}

fn script(
    function: &TaskFunction,
    source: &str,
    arguments: &str,
    call: &Call,
    keep_result: bool,
) -> String {
    // Annotations are not evaluated in the script that Airflow ships either.
    let mut out = String::from("from __future__ import annotations\n\n");
    for module in PROVIDED {
        let used = function.free_names.iter().any(|name| name == module)
            || (module == "json" && (call.parses || keep_result))
            || (module == "sys" && !call.argv.is_empty());
        if used {
            let _ = writeln!(out, "import {module}");
        }
    }
    let _ = write!(out, "\n\n{}\n\n\n", source.trim_end());
    let invocation = format!("{}({arguments})", function.name);
    if keep_result {
        let _ = write!(
            out,
            "result = {invocation}\nwith open(\"/airflow/xcom/return.json\", \"w\") as file:\n    \
             if result is not None:\n        json.dump(result, file)\n"
        );
    } else {
        let _ = writeln!(out, "{invocation}");
    }
    out
}

/// The text without the indentation of the place where it was written. Its first line starts at `def`.
fn dedent(text: &str, indent: usize) -> String {
    let mut lines = text.trim_start_matches([' ', '\t']).lines();
    let mut out = lines.next().unwrap_or_default().to_owned();
    for line in lines {
        let blank = line.len() - line.trim_start_matches([' ', '\t']).len();
        out.push('\n');
        out.push_str(line.get(blank.min(indent)..).unwrap_or(line));
    }
    out
}

/// The arguments of the call, as Python text. Texts that are completed later, by Jinja or from values, are
/// passed on the command line, where no quoting can go wrong.
#[derive(Debug, Default)]
struct Call {
    argv: Vec<Node>,
    parses: bool,
}

impl Call {
    fn literal(&mut self, value: &Value) -> Option<String> {
        Some(match &value.kind {
            Kind::None => "None".to_owned(),
            Kind::Bool(true) => "True".to_owned(),
            Kind::Bool(false) => "False".to_owned(),
            Kind::Int(int) => int.to_string(),
            Kind::Float(float) if float.is_finite() => format!("{float:?}"),
            Kind::Str(text) => match text.as_literal().filter(|text| !looks_like_template(text)) {
                // A JSON string is a Python string.
                Some(literal) => serde_json::to_string(&*taken_in(literal)).ok()?,
                None => self.argument(text.clone(), value),
            },
            Kind::List(items) => format!("[{}]", self.items(items)?),
            Kind::Tuple(items) if items.len() == 1 => format!("({},)", self.items(items)?),
            Kind::Tuple(items) => format!("({})", self.items(items)?),
            Kind::Dict(entries) => {
                let entries = entries
                    .iter()
                    .map(|(key, value)| {
                        Some(format!("{}: {}", self.literal(key)?, self.literal(value)?))
                    })
                    .collect::<Option<Vec<_>>>()?;
                format!("{{{}}}", entries.join(", "))
            }
            Kind::XCom(reference) => {
                self.parses = true;
                let template = xcom_template(reference).replace(" }}", " | tojson }}");
                format!("json.loads({})", self.argument(Text::literal(template), value))
            }
            _ => return None,
        })
    }

    fn items(&mut self, items: &[Value]) -> Option<String> {
        let items = items.iter().map(|item| self.literal(item)).collect::<Option<Vec<_>>>()?;
        Some(items.join(", "))
    }

    fn argument(&mut self, text: Text, value: &Value) -> String {
        self.argv.push(Node::new(NodeKind::Text(text, Jinja::Rendered), value.span));
        format!("sys.argv[{}]", self.argv.len())
    }
}

/// Whether a switch of the decorator is on.
pub(crate) fn is_on(bound: &[Bound<'_>], argument: &str) -> bool {
    bound.iter().any(|one| one.row.argument == argument && one.value.truth() == Some(true))
}

#[cfg(test)]
mod tests {
    use super::dedent;

    #[test]
    fn a_nested_function_moves_to_the_margin() {
        let text = "def f(a):\n        if a:\n            print(a)\n\n        return a\n";
        assert_eq!(dedent(text, 4), "def f(a):\n    if a:\n        print(a)\n\n    return a");
        let text = "def f(\n        a,\n    ):\n        return a";
        assert_eq!(dedent(text, 4), "def f(\n    a,\n):\n    return a");
        assert_eq!(dedent("def f(): pass", 8), "def f(): pass");
    }
}
