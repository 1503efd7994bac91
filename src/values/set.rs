//! `--set kind:NAME=VALUE`: one value on the command line.

use serde_json::Value as Json;

use super::Values;
use crate::diag::suggest;
use crate::eval::HoleKind;

/// What is wrong with the text of a `--set`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SetError {
    /// There is no `=`.
    #[error("`{0}` has no value; write `kind:NAME=VALUE`, such as `env:TAG=v3`")]
    NoValue(String),
    /// There is no colon before the name.
    #[error("`{0}` has no kind; write `env:{0}=...`, `variable:{0}=...` or another kind")]
    NoKind(String),
    /// There is no name between colon and `=`.
    #[error("`{0}:` has no name; write `{0}:NAME=VALUE`")]
    NoName(String),
    /// The kind is not known.
    #[error("`{given}` is no kind of value{}", hint(*.nearest))]
    UnknownKind {
        /// What stands before the colon.
        given: String,
        /// The kind that was perhaps meant.
        nearest: Option<&'static str>,
    },
    /// A configuration option without its section.
    #[error(
        "`conf:{0}` has no section; write `conf:section.option=VALUE`, such as `conf:core.{0}=...`"
    )]
    NoSection(String),
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map_or_else(
        || {
            "; kinds are env, variable, connection, conf, param and those of the job spec"
                .to_owned()
        },
        |kind| format!("; did you mean `{kind}`?"),
    )
}

impl Values {
    /// Takes over one value as `--set` gives it: `env:TAG=v3`. `var` and `conn` stand for `variable`
    /// and `connection`.
    ///
    /// The value is text. For kinds that hold any Python value (params, calls, ...) it is read as JSON
    /// where it is JSON: `param:days=7` is a number, `param:days="7"` text. A Variable or Connection may
    /// be a JSON object or list. The first `=` ends the name; a name that has `=` in it writes it `$=`.
    ///
    /// # Errors
    /// See [`SetError`].
    pub fn set(&mut self, assignment: &str) -> Result<(), SetError> {
        let (key, value) =
            split(assignment).ok_or_else(|| SetError::NoValue(assignment.to_owned()))?;
        let (word, name) = key.split_once(':').ok_or_else(|| SetError::NoKind(key.clone()))?;
        let kind = kind(word)?;
        if name.is_empty() {
            return Err(SetError::NoName(word.to_owned()));
        }
        let name = name.to_owned();
        let text = value.to_owned();
        match kind {
            HoleKind::Env => {
                self.env.insert(name, text);
            }
            HoleKind::Conf if !name.contains('.') => return Err(SetError::NoSection(name)),
            HoleKind::Conf => {
                self.conf.insert(name, text);
            }
            HoleKind::Variable => {
                self.variables.insert(name, container(&text));
            }
            HoleKind::Connection => {
                self.connections.insert(name, container(&text));
            }
            HoleKind::Param => {
                self.params.insert(name, any(&text));
            }
            _ => {
                self.others.insert(format!("{kind}:{name}"), any(&text));
            }
        }
        Ok(())
    }
}

/// Name and value, parted at the first `=` that is not written `$=`.
fn split(assignment: &str) -> Option<(String, &str)> {
    let mut key = String::new();
    let mut rest = assignment;
    loop {
        let (before, after) = rest.split_once('=')?;
        match before.strip_suffix('$') {
            Some(before) => {
                key.push_str(before);
                key.push('=');
                rest = after;
            }
            None => {
                key.push_str(before);
                return Some((key, after));
            }
        }
    }
}

fn kind(word: &str) -> Result<HoleKind, SetError> {
    let full = match word {
        "var" | "variables" => "variable",
        "conn" | "connections" => "connection",
        "params" => "param",
        other => other,
    };
    HoleKind::parse(full).ok_or_else(|| {
        let words = HoleKind::ALL.map(HoleKind::as_str);
        SetError::UnknownKind { given: word.to_owned(), nearest: suggest::nearest(word, words) }
    })
}

/// A JSON object or list, or the text itself.
fn container(text: &str) -> Json {
    match serde_json::from_str(text) {
        Ok(json @ (Json::Object(_) | Json::Array(_))) => json,
        _ => Json::String(text.to_owned()),
    }
}

/// Any JSON value, or the text itself.
fn any(text: &str) -> Json {
    serde_json::from_str(text).unwrap_or_else(|_| Json::String(text.to_owned()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;

    #[test]
    fn each_kind_takes_its_values() {
        let cases = [
            ("env:TAG=v3", HoleKind::Env, "TAG", json!("v3")),
            ("env:N=3", HoleKind::Env, "N", json!("3")),
            ("env:EMPTY=", HoleKind::Env, "EMPTY", json!("")),
            ("env:URL=http://x?a=b", HoleKind::Env, "URL", json!("http://x?a=b")),
            ("var:bucket=b", HoleKind::Variable, "bucket", json!("b")),
            ("variable:n=3", HoleKind::Variable, "n", json!("3")),
            ("variable:j={\"a\": 1}", HoleKind::Variable, "j", json!({"a": 1})),
            ("conn:db=postgres://u:p@h/d", HoleKind::Connection, "db", json!("postgres://u:p@h/d")),
            ("conf:core.dags_folder=/d", HoleKind::Conf, "core.dags_folder", json!("/d")),
            ("param:days=7", HoleKind::Param, "days", json!(7)),
            ("param:day=2024-01-01", HoleKind::Param, "day", json!("2024-01-01")),
            ("param:flag=false", HoleKind::Param, "flag", json!(false)),
            ("param:text=\"7\"", HoleKind::Param, "text", json!("7")),
            ("call:f(x$=1)=img:v1", HoleKind::Call, "f(x=1)", json!("img:v1")),
            ("env:a:b=c", HoleKind::Env, "a:b", json!("c")),
        ];
        for (assignment, kind, name, value) in cases {
            let mut values = Values::default();
            values.set(assignment).unwrap();
            assert_eq!(values.get(kind, name), Some(value), "{assignment}");
        }
    }

    #[test]
    fn errors_say_what_to_write() {
        let cases = [
            ("env:TAG", "`env:TAG` has no value; write `kind:NAME=VALUE`, such as `env:TAG=v3`"),
            (
                "TAG=v3",
                "`TAG` has no kind; write `env:TAG=...`, `variable:TAG=...` or another kind",
            ),
            ("env:=v3", "`env:` has no name; write `env:NAME=VALUE`"),
            ("evn:TAG=v3", "`evn` is no kind of value; did you mean `env`?"),
            (
                "secret:TAG=v3",
                "`secret` is no kind of value; kinds are env, variable, connection, conf, param and \
                 those of the job spec",
            ),
            (
                "conf:dags_folder=/d",
                "`conf:dags_folder` has no section; write `conf:section.option=VALUE`, such as \
                 `conf:core.dags_folder=...`",
            ),
        ];
        for (assignment, message) in cases {
            let error = Values::default().set(assignment).unwrap_err();
            assert_eq!(error.to_string(), message);
        }
    }

    #[test]
    fn the_later_value_wins() {
        let mut values = Values::default();
        values.set("env:A=1").unwrap();
        values.set("env:B=1").unwrap();
        let mut later = Values::default();
        later.set("env:A=2").unwrap();
        values.merge(later);
        assert_eq!(values.get(HoleKind::Env, "A"), Some(json!("2")));
        assert_eq!(values.get(HoleKind::Env, "B"), Some(json!("1")));
    }
}
