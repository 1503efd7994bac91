//! Python expressions to values, for tests of mapping alone.
//!
//! It knows literals, the classes that tables and parity cases name, and a few lookups that leave holes; the
//! evaluator proper is tested elsewhere.

use std::sync::Arc;

use indexmap::IndexMap;
use num_bigint::BigInt;

use crate::eval::{Hole, HoleKind, Kind, Model, Object, Text, Value, XCom};
use crate::kubernetes::Models;
use crate::python::ast::{BinaryOp, Call, Expr, ExprKind, FPart, StmtKind, UnaryOp};
use crate::python::{Source, Sources, Span, parse};

/// Parameters of the helper classes, for positional arguments.
const HELPERS: [(&str, &[&str]); 5] = [
    ("Secret", &["deploy_type", "deploy_target", "secret", "key", "items"]),
    ("Volume", &["name", "configs"]),
    ("VolumeMount", &["name", "mount_path", "sub_path", "read_only"]),
    ("Port", &["name", "container_port"]),
    ("PodRuntimeInfoEnv", &["name", "field_path"]),
];

/// The value of an expression.
pub(in crate::mapping) fn evaluate_python(text: &str) -> Value {
    let (id, source) = Sources::default().add(Source::new("case.py", text));
    let parsed = parse(&source, id);
    assert!(parsed.diagnostics.is_empty(), "{text}: {:?}", parsed.diagnostics);
    match &parsed.module.body[0].kind {
        StmtKind::Expr(expr) => value(expr),
        other => panic!("{text}: not an expression: {other:?}"),
    }
}

fn value(expr: &Expr) -> Value {
    let kind = match &expr.kind {
        ExprKind::None => Kind::None,
        ExprKind::Bool(value) => Kind::Bool(*value),
        ExprKind::Int(value) => Kind::Int((*value).into()),
        ExprKind::Float(value) => Kind::Float(*value),
        ExprKind::Str(text) => Kind::Str(Text::literal(text.as_ref())),
        ExprKind::Bytes(bytes) => Kind::Bytes(bytes.to_vec()),
        ExprKind::List(items) => Kind::List(items.iter().map(value).collect()),
        ExprKind::Tuple(items) => Kind::Tuple(items.iter().map(value).collect()),
        ExprKind::Set(items) => Kind::Set(items.iter().map(value).collect()),
        ExprKind::Dict(entries) => Kind::Dict(
            entries
                .iter()
                .map(|(key, entry)| (value(key.as_ref().unwrap()), value(entry)))
                .collect(),
        ),
        ExprKind::Unary(UnaryOp::Minus, inner) => match value(inner).kind {
            Kind::Int(int) => Kind::Int(-int),
            Kind::Float(float) => Kind::Float(-float),
            other => panic!("-{other:?}"),
        },
        ExprKind::Binary(left, BinaryOp::Mul, right) => {
            let times: usize = match value(right).kind {
                Kind::Int(int) => int.try_into().unwrap(),
                other => panic!("* {other:?}"),
            };
            Kind::Str(Text::literal(value(left).as_str().unwrap().repeat(times)))
        }
        ExprKind::Binary(left, BinaryOp::Add, right) => {
            let (Kind::Str(mut left), Kind::Str(right)) = (value(left).kind, value(right).kind)
            else {
                panic!("+ of other than texts")
            };
            left.push_text(&right);
            Kind::Str(left)
        }
        ExprKind::FString(parts) => Kind::Str(f_string(parts)),
        ExprKind::Call(call) => call_of(call, expr.span),
        ExprKind::Subscript(object, key) if dotted(object) == "os.environ" => {
            Kind::Unknown(hole(HoleKind::Env, value(key).as_str().unwrap(), expr.span))
        }
        ExprKind::Attribute(..) => {
            Kind::Object(Object { class: "enum".to_owned(), name: dotted(expr) })
        }
        ExprKind::Name(name) => Kind::Unknown(hole(HoleKind::Name, name, expr.span)),
        other => panic!("not known here: {other:?}"),
    };
    Value::new(kind, expr.span)
}

fn hole(kind: HoleKind, name: &str, span: Span) -> Arc<Hole> {
    let reason = format!("{kind} {name}");
    Arc::new(Hole { kind, name: name.to_owned(), default: None, reason, span, roots: Vec::new() })
}

fn f_string(parts: &[FPart]) -> Text {
    let mut text = Text::default();
    for part in parts {
        match part {
            FPart::Literal(literal) => text.push_str(literal),
            FPart::Value { value: inner, .. } => match value(inner).kind {
                Kind::Str(inner) => text.push_text(&inner),
                Kind::Unknown(hole) => text.push_hole(hole),
                other => panic!("in an f-string: {other:?}"),
            },
        }
    }
    text
}

fn call_of(call: &Call, span: Span) -> Kind {
    let name = dotted(&call.function);
    let short = name.rsplit('.').next().unwrap();
    let keyword = |name: &str| {
        call.keywords
            .iter()
            .find(|keyword| keyword.name.as_deref() == Some(name))
            .map(|keyword| value(&keyword.value))
    };
    match short {
        "timedelta" => {
            let unit = |name: &str, seconds: i64| match keyword(name).map(|value| value.kind) {
                Some(Kind::Int(int)) => i64::try_from(int).unwrap() * seconds * 1_000_000,
                _ => 0,
            };
            Kind::TimeDelta(
                unit("days", 86_400)
                    + unit("hours", 3_600)
                    + unit("minutes", 60)
                    + unit("seconds", 1),
            )
        }
        "getenv" => {
            Kind::Unknown(hole(HoleKind::Env, value(&call.args[0]).as_str().unwrap(), span))
        }
        "xcom" => Kind::XCom(XCom {
            task_id: value(&call.args[0]).as_str().unwrap().to_owned(),
            key: call
                .args
                .get(1)
                .map_or("return_value".to_owned(), |key| value(key).as_str().unwrap().to_owned()),
        }),
        "big" => Kind::Int(BigInt::from(10).pow(30)),
        _ => {
            let parameters: Vec<&str> = match HELPERS.iter().find(|(class, _)| *class == short) {
                Some((_, parameters)) => parameters.to_vec(),
                None => match Models::get().class(short) {
                    Some(class) => class.fields.keys().copied().collect(),
                    None => return Kind::Unknown(hole(HoleKind::Call, &name, span)),
                },
            };
            let mut fields = IndexMap::new();
            for (parameter, argument) in parameters.iter().zip(&call.args) {
                fields.insert((*parameter).to_owned(), value(argument));
            }
            for keyword in &call.keywords {
                fields.insert(keyword.name.as_deref().unwrap().to_owned(), value(&keyword.value));
            }
            Kind::Model(Model { class: short.to_owned(), fields })
        }
    }
}

fn dotted(expr: &Expr) -> String {
    match &expr.kind {
        ExprKind::Name(name) => name.to_string(),
        ExprKind::Attribute(object, name) => format!("{}.{name}", dotted(object)),
        other => panic!("not a dotted name: {other:?}"),
    }
}
