#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

use serde_json::{Value, json};

use super::*;
use crate::eval::pure::oracle::{self, of_float, of_int, of_number, text};
use crate::python::ast::BinaryOp;

fn operator(symbol: &str) -> BinaryOp {
    match symbol {
        "+" => BinaryOp::Add,
        "-" => BinaryOp::Sub,
        "*" => BinaryOp::Mul,
        "/" => BinaryOp::Div,
        "//" => BinaryOp::FloorDiv,
        "%" => BinaryOp::Mod,
        "**" => BinaryOp::Pow,
        "<<" => BinaryOp::LShift,
        ">>" => BinaryOp::RShift,
        "|" => BinaryOp::BitOr,
        "&" => BinaryOp::BitAnd,
        "^" => BinaryOp::BitXor,
        "@" => BinaryOp::MatMul,
        _ => panic!("no operator: {symbol}"),
    }
}

/// The texts of parsing errors quote their input, which is the evaluator's to do.
fn literal(
    value: Option<Value>,
    class: &str,
    input: &Value,
    base: &Value,
) -> Result<Value, Failure> {
    let input = text(input);
    let shown = crate::eval::pure::text::repr_str(input);
    value.ok_or_else(|| {
        Failure::value(match class {
            "float" => format!("could not convert string to float: {shown}"),
            _ if input.len() > 4300 => format!(
                "Exceeds the limit (4300 digits) for integer string conversion: value has {} digits; \
                 use sys.set_int_max_str_digits() to increase the limit",
                input.len()
            ),
            _ if !matches!(oracle::integer(base), 0 | 2..=36) => {
                "int() base must be >= 2 and <= 36, or 0".to_owned()
            }
            _ => format!(
                "invalid literal for int() with base {}: {shown}",
                oracle::integer(base)
            ),
        })
    })
}

fn call(name: &str, args: &[Value]) -> Result<Value, Failure> {
    let number = |at: usize| oracle::number(&args[at]);
    let big = |at: usize| oracle::big(&args[at]);
    Ok(match name {
        "binary" => of_number(&binary(operator(text(&args[0])), &number(1), &number(2))?),
        "compare" => match compare(&number(0), &number(1)) {
            Some(Ordering::Less) => json!("<"),
            Some(Ordering::Equal) => json!("=="),
            Some(Ordering::Greater) => json!(">"),
            None => Value::Null,
        },
        "divmod" => {
            let (quotient, remainder) = divmod(&number(0), &number(1))?;
            json!([of_number(&quotient), of_number(&remainder)])
        }
        "parse_int" => {
            let base = u32::try_from(oracle::integer(&args[1])).unwrap();
            literal(parse_int(text(&args[0]), base).map(of_int), "int", &args[0], &args[1])?
        }
        "parse_float" => {
            literal(parse_float(text(&args[0])).map(of_float), "float", &args[0], &Value::Null)?
        }
        "repr" => json!(match number(0) {
            Number::Int(value) => repr_int(&value)?,
            Number::Float(value) => repr_float(value),
        }),
        "bin" => json!(bin(&big(0))),
        "oct" => json!(oct(&big(0))),
        "hex" => json!(hex(&big(0))),
        "round" => of_number(&round(&number(0), oracle::optional_integer(&args[1]))?),
        "to_float" => of_float(int_to_float(&big(0))?),
        "to_int" => match number(0) {
            Number::Float(value) => of_int(float_to_int(value)?),
            Number::Int(value) => of_int(value),
        },
        _ => panic!("no function: {name}"),
    })
}

#[test]
fn numbers_agree_with_cpython() {
    oracle::check("number", call);
}

#[test]
fn numbers_that_would_grow_without_end_are_refused() {
    let big = Number::Int(BigInt::from(1) << 1_000_000u32);
    let refused = [
        binary(BinaryOp::Pow, &Number::from(10), &Number::from(10_000_000)),
        binary(BinaryOp::Pow, &Number::from(10), &big),
        binary(BinaryOp::LShift, &Number::from(1), &Number::from(1 << 40)),
        binary(BinaryOp::LShift, &Number::from(1), &big),
        binary(BinaryOp::Mul, &big, &big),
        binary(BinaryOp::Pow, &big, &Number::from(2)),
    ];
    for result in refused {
        assert_eq!(result, Err(ArithmeticError::TooLarge));
    }
}

#[test]
fn bases_without_prefix_read_back() {
    for base in 2..=36 {
        let value = BigInt::from(-1_234_567_890_123i64);
        assert_eq!(parse_int(&int_to_string(&value, base), base), Some(value));
    }
}
