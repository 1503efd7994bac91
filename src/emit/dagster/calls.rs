//! Calls, macros and filters of Jinja in Python: methods of texts and dates, and what Airflow adds to them.

use minijinja::machinery::ast::{Call, CallArg, CallType, Expr, Filter, UnaryOpKind};
use minijinja::value::ValueKind;
use serde_json::Value as Json;

use super::jinja::{Expression, Kind, Res, Writer, atom, between, compound};
use super::python::quoted;
use super::scope::{Import, Local};
use crate::eval::HoleKind;

impl Writer<'_> {
    pub(super) fn call(&mut self, call: &Call<'_>) -> Res {
        match call.identify_call() {
            CallType::Method(receiver, method) => self.method(receiver, method, &call.args),
            CallType::Function(name) => {
                Err(format!("function `{name}` has no counterpart in Dagster"))
            }
            _ => Err("this call is not carried over".to_owned()),
        }
    }

    fn method(&mut self, receiver: &Expr<'_>, method: &str, args: &[CallArg<'_>]) -> Res {
        match (Self::path(receiver).unwrap_or_default().as_slice(), method) {
            (["macros"], _) => return self.macros(method, args),
            (["macros", "datetime"], "strptime") => {
                self.module.imports.insert(Import::Datetime);
                let args = self.arguments(args)?;
                return Ok(atom(format!("datetime.strptime({args})"), Kind::Moment));
            }
            (["ti" | "task_instance"], "xcom_pull") => {
                return Err("XCom has no counterpart in Dagster Pipes".to_owned());
            }
            (["var", "value"], "get") => {
                if let [CallArg::Pos(Expr::Const(name)), rest @ ..] = args
                    && let Some(name) = name.value.as_str()
                {
                    let default = match rest {
                        [] => None,
                        [CallArg::Pos(Expr::Const(it)) | CallArg::Kwarg(_, Expr::Const(it))] => {
                            let plain = [ValueKind::String, ValueKind::Number];
                            plain.contains(&it.value.kind()).then(|| it.value.to_string())
                        }
                        _ => return Err("the default of a Variable is computed".to_owned()),
                    };
                    if default.is_some() == rest.is_empty() {
                        return Err("the default of a Variable is no text".to_owned());
                    }
                    return Ok(self.lookup(HoleKind::Variable, name, default));
                }
            }
            (["params"] | ["dag_run", "conf"], "get") => {
                if let [CallArg::Pos(Expr::Const(name)), rest @ ..] = args
                    && let Some(name) = name.value.as_str()
                {
                    let default = match rest {
                        [] => Json::Null,
                        [CallArg::Pos(Expr::Const(it))] => {
                            serde_json::to_value(&it.value).map_err(|error| error.to_string())?
                        }
                        _ => return Err("the default of a param is computed".to_owned()),
                    };
                    return self.param(name, Some(default));
                }
            }
            _ => {}
        }
        let inner = self.expression(receiver)?;
        match (inner.kind, method) {
            (Kind::Moment, "strftime") => {
                let args = self.arguments(args)?;
                Ok(atom(format!("{}.strftime({args})", inner.operand()), Kind::Text))
            }
            (Kind::Moment, "isoformat") if args.is_empty() => {
                Ok(atom(format!("{}.isoformat()", inner.operand()), Kind::Text))
            }
            (Kind::Moment, "timestamp") if args.is_empty() => {
                Ok(atom(format!("{}.timestamp()", inner.operand()), Kind::Other))
            }
            (Kind::Moment, "weekday" | "isoweekday" | "date") if args.is_empty() => {
                Ok(atom(format!("{}.{method}()", inner.operand()), Kind::Other))
            }
            (Kind::Moment, "to_date_string") => Ok(strftime(&inner, "%Y-%m-%d")),
            (Kind::Moment, "to_time_string") => Ok(strftime(&inner, "%H:%M:%S")),
            (Kind::Moment, "to_datetime_string") => Ok(strftime(&inner, "%Y-%m-%d %H:%M:%S")),
            (Kind::Moment, "replace") => {
                let args = self.arguments(args)?;
                Ok(atom(format!("{}.replace({args})", inner.operand()), Kind::Moment))
            }
            (Kind::Moment, "add" | "subtract") => {
                let plain = ["weeks", "days", "hours", "minutes", "seconds"];
                if !args
                    .iter()
                    .all(|arg| matches!(arg, CallArg::Kwarg(name, _) if plain.contains(name)))
                {
                    return Err(format!("`{method}` of months or years is not Python's own"));
                }
                self.module.imports.insert(Import::Timedelta);
                let sign = if method == "add" { "+" } else { "-" };
                let args = self.arguments(args)?;
                Ok(compound(format!("{} {sign} timedelta({args})", inner.operand()), Kind::Moment))
            }
            (Kind::Moment, "in_timezone" | "in_tz" | "astimezone") => match args {
                [CallArg::Pos(Expr::Const(zone))] if zone.value.as_str().is_some() => {
                    self.module.imports.insert(Import::ZoneInfo);
                    let zone = quoted(zone.value.as_str().unwrap_or_default());
                    Ok(atom(
                        format!("{}.astimezone(ZoneInfo({zone}))", inner.operand()),
                        Kind::Moment,
                    ))
                }
                _ => Err(format!("`{method}` of a computed zone")),
            },
            (Kind::Between, "total_seconds") if args.is_empty() => {
                Ok(atom(format!("{}.total_seconds()", inner.operand()), Kind::Other))
            }
            (Kind::Moment, _) => Err(format!("`{method}` of a date has no counterpart in Python")),
            (
                Kind::Text,
                "replace" | "lower" | "upper" | "strip" | "lstrip" | "rstrip" | "title"
                | "capitalize" | "zfill" | "removeprefix" | "removesuffix",
            ) => {
                let args = self.arguments(args)?;
                Ok(atom(format!("{}.{method}({args})", inner.operand()), Kind::Text))
            }
            (Kind::Text, "split" | "startswith" | "endswith" | "rsplit") | (Kind::Other, "get") => {
                let args = self.arguments(args)?;
                Ok(atom(format!("{}.{method}({args})", inner.operand()), Kind::Other))
            }
            _ => Err(format!("method `{method}` is not carried over")),
        }
    }

    fn macros(&mut self, name: &str, args: &[CallArg<'_>]) -> Res {
        match (name, args) {
            ("ds_add", [CallArg::Pos(day), CallArg::Pos(days)]) => {
                self.module.imports.insert(Import::Timedelta);
                let days = match days {
                    Expr::Const(it) if it.value.as_i64() == Some(0) => return self.expression(day),
                    Expr::UnaryOp(it) if matches!(it.op, UnaryOpKind::Neg) => {
                        format!("- timedelta(days={})", self.expression(&it.expr)?.code)
                    }
                    Expr::Const(it) if it.value.as_i64().is_some_and(|days| days < 0) => {
                        let days = it.value.as_i64().unwrap_or_default().unsigned_abs();
                        format!("- timedelta(days={days})")
                    }
                    days => format!("+ timedelta(days={})", self.expression(days)?.code),
                };
                if matches!(day, Expr::Var(it) if it.id == "ds") {
                    let start = self.local(Local::Start).code;
                    return Ok(atom(
                        format!("({start} {days}).strftime(\"%Y-%m-%d\")"),
                        Kind::Text,
                    ));
                }
                self.module.imports.insert(Import::Date);
                let day = self.expression(day)?.code;
                Ok(atom(format!("(date.fromisoformat({day}) {days}).isoformat()"), Kind::Text))
            }
            ("ds_format", [CallArg::Pos(day), CallArg::Pos(from), CallArg::Pos(to)]) => {
                self.module.imports.insert(Import::Datetime);
                let (day, from, to) =
                    (self.expression(day)?, self.expression(from)?, self.expression(to)?);
                let code =
                    format!("datetime.strptime({}, {}).strftime({})", day.code, from.code, to.code);
                Ok(atom(code, Kind::Text))
            }
            ("timedelta", args) => {
                self.module.imports.insert(Import::Timedelta);
                let args = self.arguments(args)?;
                Ok(atom(format!("timedelta({args})"), Kind::Delta))
            }
            _ => Err(format!("`macros.{name}` has no counterpart in Dagster")),
        }
    }

    pub(super) fn filter(&mut self, filter: &Filter<'_>) -> Res {
        let Some(expr) = &filter.expr else { return Err("a block filter".to_owned()) };
        if let ("default" | "d", [CallArg::Pos(Expr::Const(default))]) =
            (filter.name, filter.args.as_slice())
            && let Some(path) = Self::path(expr)
        {
            let value = serde_json::to_value(&default.value).map_err(|error| error.to_string())?;
            if let ["params", name] | ["dag_run", "conf", name] = path.as_slice() {
                return self.param(name, Some(value));
            }
        }
        let inner = self.expression(expr)?;
        match (inner.kind, filter.name, filter.args.as_slice()) {
            (Kind::Moment, "ds", []) => Ok(strftime(&inner, "%Y-%m-%d")),
            (Kind::Moment, "ds_nodash", []) => Ok(strftime(&inner, "%Y%m%d")),
            (Kind::Moment, "ts", []) => {
                Ok(atom(format!("{}.isoformat()", inner.operand()), Kind::Text))
            }
            (Kind::Moment, "ts_nodash", []) => Ok(strftime(&inner, "%Y%m%dT%H%M%S")),
            (Kind::Between, ..) => Err(between()),
            (_, "string", []) => Ok(atom(inner.text(), Kind::Text)),
            (Kind::Text, "upper" | "lower", []) => {
                Ok(atom(format!("{}.{}()", inner.operand(), filter.name), Kind::Text))
            }
            (Kind::Text, "trim", []) => {
                Ok(atom(format!("{}.strip()", inner.operand()), Kind::Text))
            }
            (Kind::Text, "replace", [_, _]) => {
                let args = self.arguments(&filter.args)?;
                Ok(atom(format!("{}.replace({args})", inner.operand()), Kind::Text))
            }
            (_, name, _) => Err(format!("filter `{name}` is not carried over")),
        }
    }
}

fn strftime(moment: &Expression, format: &str) -> Expression {
    atom(format!("{}.strftime({})", moment.operand(), quoted(format)), Kind::Text)
}
