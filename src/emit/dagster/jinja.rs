//! Jinja expressions as Python expressions, for the names that a partition, the run config or the environment
//! can stand in for. Jinja's operators and methods are Python's own; what has no counterpart is refused with its
//! reason.

use minijinja::machinery::ast::{BinOpKind, CallArg, CompareOpKind, Expr, UnaryOpKind};
use minijinja::value::ValueKind;
use serde_json::Value as Json;

use super::names::snake;
use super::python::{Py, quoted};
use super::scope::{Body, Import, Local, Module};
use crate::eval::HoleKind;

/// A Python expression and what is known of its value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Expression {
    pub(super) code: String,
    pub(super) kind: Kind,
    /// Whether operators and attributes can stand beside it without parentheses.
    pub(super) is_atom: bool,
}

/// What is known of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    /// A `datetime` with a zone.
    Moment,
    Delta,
    /// What is between two moments. Airflow's text of it is not Python's.
    Between,
    Other,
}

/// Ids and params that templates read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Task<'a> {
    pub(super) dag: &'a str,
    pub(super) task: &'a str,
    pub(super) map_index: Option<u32>,
    pub(super) params: &'a indexmap::IndexMap<String, Json>,
    /// Params for which a run needs a value.
    pub(super) unset: &'a indexmap::IndexMap<String, String>,
}

/// Writes expressions for one function.
pub(super) struct Writer<'a> {
    pub(super) module: &'a mut Module,
    pub(super) body: &'a mut Body,
    pub(super) task: Task<'a>,
    /// The code of each hole of the text at hand; in it they are characters from [`HOLE`] on.
    pub(super) holes: Vec<String>,
}

/// Stands for the first hole in a text that is read as a template: a character nobody writes.
pub(super) const HOLE: u32 = 0xF0000;

pub(super) type Res = Result<Expression, String>;

pub(super) fn atom(code: impl Into<String>, kind: Kind) -> Expression {
    Expression { code: code.into(), kind, is_atom: true }
}

pub(super) fn compound(code: String, kind: Kind) -> Expression {
    Expression { code, kind, is_atom: false }
}

impl Expression {
    /// The code as an operand.
    pub(super) fn operand(&self) -> String {
        if self.is_atom { self.code.clone() } else { format!("({})", self.code) }
    }

    /// The code of its text, as Jinja writes it.
    pub(super) fn text(&self) -> String {
        if self.kind == Kind::Text { self.code.clone() } else { format!("str({})", self.code) }
    }
}

impl Writer<'_> {
    pub(super) fn expression(&mut self, expr: &Expr<'_>) -> Res {
        match expr {
            Expr::Const(it) => self.constant(&it.value),
            Expr::Var(it) => self.name(it.id),
            Expr::GetAttr(it) => self.attribute(&it.expr, it.name),
            Expr::GetItem(it) => self.item(&it.expr, &it.subscript_expr),
            Expr::Call(it) => self.call(it),
            Expr::Filter(it) => self.filter(it),
            Expr::BinOp(it) => self.binary(it.op, &it.left, &it.right),
            Expr::Compare(it) => {
                let mut code = self.expression(&it.expr)?.operand();
                for operand in &it.ops {
                    let sign = match operand.op {
                        CompareOpKind::Eq => "==",
                        CompareOpKind::Ne => "!=",
                        CompareOpKind::Lt => "<",
                        CompareOpKind::Lte => "<=",
                        CompareOpKind::Gt => ">",
                        CompareOpKind::Gte => ">=",
                        CompareOpKind::In => "in",
                        CompareOpKind::NotIn => "not in",
                    };
                    code = format!("{code} {sign} {}", self.expression(&operand.expr)?.operand());
                }
                Ok(compound(code, Kind::Other))
            }
            Expr::UnaryOp(it) => {
                let sign = match it.op {
                    UnaryOpKind::Not => "not ",
                    UnaryOpKind::Neg => "-",
                };
                let inner = self.expression(&it.expr)?;
                Ok(compound(format!("{sign}{}", inner.operand()), Kind::Other))
            }
            Expr::IfExpr(it) => {
                let test = self.expression(&it.test_expr)?.operand();
                let yes = self.expression(&it.true_expr)?;
                let no = match &it.false_expr {
                    Some(no) => self.expression(no)?,
                    // Jinja's undefined is written as nothing.
                    None => atom("\"\"", Kind::Text),
                };
                let kind = match (yes.kind, no.kind) {
                    (yes, no) if yes == no => yes,
                    (Kind::Between, _) | (_, Kind::Between) => return Err(between()),
                    _ => Kind::Other,
                };
                Ok(compound(format!("{} if {test} else {}", yes.operand(), no.operand()), kind))
            }
            Expr::List(it) => {
                let items: Result<Vec<String>, String> =
                    it.items.iter().map(|item| Ok(self.expression(item)?.code)).collect();
                Ok(atom(format!("[{}]", items?.join(", ")), Kind::Other))
            }
            Expr::Slice(it) => {
                let inner = self.expression(&it.expr)?;
                let mut part = |part: &Option<Expr<'_>>| -> Result<String, String> {
                    match part {
                        None => Ok(String::new()),
                        Some(part) => Ok(self.expression(part)?.operand()),
                    }
                };
                let (from, to) = (part(&it.start)?, part(&it.stop)?);
                if it.step.is_some() {
                    return Err("a slice with a step".to_owned());
                }
                Ok(Expression {
                    code: format!("{}[{from}:{to}]", inner.operand()),
                    is_atom: true,
                    kind: inner.kind,
                })
            }
            other => Err(format!("{} is not carried over", other.description())),
        }
    }

    /// The text of an expression that is always the same.
    pub(super) fn known_text(&self, expr: &Expr<'_>) -> Option<String> {
        if let Expr::Const(it) = expr {
            let text = it.value.as_str()?;
            return split_holes(text).iter().all(Result::is_ok).then(|| text.to_owned());
        }
        match Self::path(expr)?.as_slice() {
            ["dag" | "dag_run" | "ti" | "task_instance", "dag_id"] => {
                Some(self.task.dag.to_owned())
            }
            ["task" | "ti" | "task_instance", "task_id"] => Some(self.task.task.to_owned()),
            _ => None,
        }
    }

    fn name(&mut self, name: &str) -> Res {
        if let Some(local) = Local::of(name) {
            return Ok(self.local(local));
        }
        match name {
            "run_id" => Ok(atom("context.run_id", Kind::Text)),
            "task_instance_key_str" => {
                let nodash = self.local(Local::DsNodash).code;
                let head = quoted(&format!("{}__{}__", self.task.dag, self.task.task));
                Ok(compound(format!("{head} + {nodash}"), Kind::Text))
            }
            "params" | "var" | "conn" | "dag_run" | "ti" | "task_instance" | "macros" | "dag"
            | "task" => Err(format!("`{name}` as a whole has no counterpart in Dagster")),
            _ => Err(format!("`{name}` has no counterpart in Dagster")),
        }
    }

    pub(super) fn local(&mut self, local: Local) -> Expression {
        self.body.locals.insert(local);
        atom(local.name(), if local.is_moment() { Kind::Moment } else { Kind::Text })
    }

    /// The names of a chain such as `var.value.region`, subscripts with known texts included.
    pub(super) fn path<'e>(expr: &'e Expr<'_>) -> Option<Vec<&'e str>> {
        match expr {
            Expr::Var(it) => Some(vec![it.id]),
            Expr::GetAttr(it) => {
                let mut path = Self::path(&it.expr)?;
                path.push(it.name);
                Some(path)
            }
            Expr::GetItem(it) => {
                let Expr::Const(key) = &it.subscript_expr else { return None };
                let mut path = Self::path(&it.expr)?;
                path.push(key.value.as_str()?);
                Some(path)
            }
            _ => None,
        }
    }

    fn attribute(&mut self, expr: &Expr<'_>, name: &str) -> Res {
        if let Some(mut path) = Self::path(expr) {
            path.push(name);
            if let Some(known) = self.known(&path) {
                return known;
            }
        }
        let inner = self.expression(expr)?;
        match (inner.kind, name) {
            (Kind::Moment, "year" | "month" | "day" | "hour" | "minute" | "second") => {
                Ok(atom(format!("{}.{name}", inner.operand()), Kind::Other))
            }
            (Kind::Moment, "int_timestamp") => {
                Ok(atom(format!("int({}.timestamp())", inner.operand()), Kind::Other))
            }
            (Kind::Moment, _) => Err(format!("`{name}` of a date has no counterpart in Python")),
            // Those of Airflow are towards zero, those of Python are not.
            (Kind::Between, "days") => {
                Ok(atom(format!("int({}.total_seconds() / 86400)", inner.operand()), Kind::Other))
            }
            (Kind::Between, _) => {
                Err(format!("`{name}` of a difference of dates has no counterpart in Python"))
            }
            // Jinja looks for an item where there is no attribute.
            (Kind::Other, _) => {
                Ok(atom(format!("{}[{}]", inner.operand(), quoted(name)), Kind::Other))
            }
            _ => Err(format!("attribute `{name}` is not carried over")),
        }
    }

    fn item(&mut self, expr: &Expr<'_>, key: &Expr<'_>) -> Res {
        if let (Some(mut path), Expr::Const(name)) = (Self::path(expr), key)
            && let Some(name) = name.value.as_str()
        {
            path.push(name);
            if let Some(known) = self.known(&path) {
                return known;
            }
        }
        let (inner, key) = (self.expression(expr)?, self.expression(key)?);
        let kind = if inner.kind == Kind::Text { Kind::Text } else { Kind::Other };
        Ok(atom(format!("{}[{}]", inner.operand(), key.code), kind))
    }

    /// A chain of names that stands for one value.
    fn known(&mut self, path: &[&str]) -> Option<Res> {
        Some(match path {
            ["params", name] | ["dag_run", "conf", name] => self.param(name, None),
            ["var", "value", name] => Ok(self.lookup(HoleKind::Variable, name, None)),
            ["var", "json", name] => Ok(self.json_lookup(name)),
            [
                "conn",
                id,
                field @ ("host" | "login" | "password" | "schema" | "port" | "conn_type"),
            ] => Ok(self.lookup(HoleKind::Connection, &format!("{id}.{field}"), None)),
            ["conn", id, "extra_dejson", field] => {
                Ok(self.lookup(HoleKind::Connection, &format!("{id}.extra.{field}"), None))
            }
            ["dag", "dag_id"] | ["dag_run" | "ti" | "task_instance", "dag_id"] => {
                Ok(atom(quoted(self.task.dag), Kind::Text))
            }
            ["task" | "ti" | "task_instance", "task_id"] => {
                Ok(atom(quoted(self.task.task), Kind::Text))
            }
            ["ti" | "task_instance", "map_index"] => {
                let index = self.task.map_index.map_or(-1, i64::from);
                Ok(atom(index.to_string(), Kind::Other))
            }
            ["ti" | "task_instance" | "dag_run", "run_id"] => {
                Ok(atom("context.run_id", Kind::Text))
            }
            ["ti" | "task_instance", "try_number"] => {
                Ok(compound("context.retry_number + 1".to_owned(), Kind::Other))
            }
            ["dag_run" | "ti" | "task_instance", name]
                if Local::of(name).is_some_and(Local::is_moment) =>
            {
                self.name(name)
            }
            _ => return None,
        })
    }

    pub(super) fn lookup(
        &mut self,
        kind: HoleKind,
        name: &str,
        default: Option<String>,
    ) -> Expression {
        let said = match kind {
            HoleKind::Variable => format!("{{{{ var.value.{name} }}}}"),
            _ => format!("{{{{ conn.{name} }}}}"),
        };
        atom(self.module.lookup(kind, name, default, &said), Kind::Text)
    }

    fn json_lookup(&mut self, name: &str) -> Expression {
        self.module.imports.insert(Import::Json);
        let said = format!("{{{{ var.json.{name} }}}}");
        let text = self.module.lookup(HoleKind::Variable, name, None, &said);
        let value = Py::apply("json.loads", vec![Py::code(text)]);
        atom(self.body.hoist(&snake(name), value), Kind::Other)
    }

    /// A field of the run config.
    pub(super) fn param(&mut self, name: &str, default: Option<Json>) -> Res {
        if let Some(takes) = self.task.unset.get(name) {
            let Some(field) = self.module.required(name, takes) else {
                return Err(format!("param `{name}` has different defaults in one DAG"));
            };
            self.body.uses_config = true;
            let kind =
                if matches!(takes.as_str(), "" | "string") { Kind::Text } else { Kind::Other };
            return Ok(atom(format!("config.{field}"), kind));
        }
        let known = self.task.params.get(name).cloned();
        let kind = match known.as_ref().or(default.as_ref()) {
            Some(Json::String(_)) => Kind::Text,
            _ => Kind::Other,
        };
        match self.module.field(name, known.or(default)) {
            Some(field) => {
                self.body.uses_config = true;
                Ok(atom(format!("config.{field}"), kind))
            }
            None => Err(format!("param `{name}` has different defaults in one DAG")),
        }
    }

    fn binary(&mut self, op: BinOpKind, left: &Expr<'_>, right: &Expr<'_>) -> Res {
        let (left, right) = (self.expression(left)?, self.expression(right)?);
        let (a, b) = (left.operand(), right.operand());
        let sign = match op {
            BinOpKind::Concat if [left.kind, right.kind].contains(&Kind::Between) => {
                return Err(between());
            }
            BinOpKind::Concat => {
                return Ok(compound(
                    format!("{} + {}", wrapped(&left), wrapped(&right)),
                    Kind::Text,
                ));
            }
            BinOpKind::Eq => "==",
            BinOpKind::Ne => "!=",
            BinOpKind::Lt => "<",
            BinOpKind::Lte => "<=",
            BinOpKind::Gt => ">",
            BinOpKind::Gte => ">=",
            BinOpKind::ScAnd => "and",
            BinOpKind::ScOr => "or",
            BinOpKind::Add => "+",
            BinOpKind::Sub => "-",
            BinOpKind::Mul => "*",
            BinOpKind::Div => "/",
            BinOpKind::FloorDiv => "//",
            BinOpKind::Rem => "%",
            BinOpKind::Pow => "**",
            BinOpKind::In => "in",
        };
        let kind = match (op, left.kind, right.kind) {
            (BinOpKind::Add, Kind::Text, Kind::Text) => Kind::Text,
            (BinOpKind::ScAnd | BinOpKind::ScOr, a, b) if a == b => a,
            (BinOpKind::Sub, Kind::Moment, Kind::Moment) => Kind::Between,
            (BinOpKind::Add | BinOpKind::Sub, Kind::Moment, Kind::Delta | Kind::Between)
            | (BinOpKind::Add, Kind::Delta | Kind::Between, Kind::Moment) => Kind::Moment,
            (
                BinOpKind::Eq
                | BinOpKind::Ne
                | BinOpKind::Lt
                | BinOpKind::Lte
                | BinOpKind::Gt
                | BinOpKind::Gte,
                ..,
            ) => Kind::Other,
            (_, Kind::Between, _) | (_, _, Kind::Between) => return Err(between()),
            _ => Kind::Other,
        };
        Ok(compound(format!("{a} {sign} {b}"), kind))
    }

    fn constant(&self, value: &minijinja::Value) -> Res {
        match value.kind() {
            ValueKind::String => {
                let text = value.as_str().unwrap_or_default();
                let parts: Vec<String> = split_holes(text)
                    .into_iter()
                    .map(|part| match part {
                        Ok(text) => quoted(&text),
                        Err(hole) => self.holes.get(hole).cloned().unwrap_or_default(),
                    })
                    .collect();
                let is_atom = parts.len() < 2;
                let code = if parts.is_empty() { quoted("") } else { parts.join(" + ") };
                Ok(Expression { code, kind: Kind::Text, is_atom })
            }
            ValueKind::Number => {
                let code = value.to_string();
                Ok(Expression { is_atom: !code.starts_with('-'), code, kind: Kind::Other })
            }
            ValueKind::Bool => {
                Ok(atom(if value.is_true() { "True" } else { "False" }, Kind::Other))
            }
            ValueKind::None => Ok(atom("None", Kind::Other)),
            _ => Err("a constant that is no text or number".to_owned()),
        }
    }

    pub(super) fn arguments(&mut self, args: &[CallArg<'_>]) -> Result<String, String> {
        let args: Result<Vec<String>, String> = args
            .iter()
            .map(|arg| match arg {
                CallArg::Pos(it) => Ok(self.expression(it)?.code),
                CallArg::Kwarg(name, it) => Ok(format!("{name}={}", self.expression(it)?.code)),
                CallArg::PosSplat(_) | CallArg::KwargSplat(_) => {
                    Err("unpacked arguments".to_owned())
                }
            })
            .collect();
        Ok(args?.join(", "))
    }
}

/// Why a difference of two dates cannot stand where it does.
pub(super) fn between() -> String {
    "a difference of dates is carried over for its days, its seconds and comparisons only"
        .to_owned()
}

/// An operand of `~`, which joins texts.
fn wrapped(expression: &Expression) -> String {
    if expression.kind == Kind::Text { expression.operand() } else { expression.text() }
}

/// A text and the holes in it.
pub(super) fn split_holes(text: &str) -> Vec<Result<String, usize>> {
    let mut parts: Vec<Result<String, usize>> = Vec::new();
    for c in text.chars() {
        match (c as u32).checked_sub(HOLE) {
            Some(index) => parts.push(Err(index as usize)),
            None => match parts.last_mut() {
                Some(Ok(text)) => text.push(c),
                _ => parts.push(Ok(c.to_string())),
            },
        }
    }
    parts
}
