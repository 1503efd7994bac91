//! `math` and `statistics`.

use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{Signed, ToPrimitive, Zero};

use crate::eval::call::Args;
use crate::eval::interp::{Interp, Res};
use crate::eval::item::as_big;
use crate::eval::object::{Data, Val};
use crate::eval::pure::number::{self, Number};
use crate::python::Span;
use crate::python::ast::BinaryOp;

impl Interp<'_> {
    /// A number as a float; `None` when it is no number podlift knows.
    fn as_float(val: &Val) -> Option<f64> {
        match &val.data {
            Data::Float(value) => Some(*value),
            _ => number::int_to_float(&as_big(val)?).ok(),
        }
    }

    pub(super) fn call_math(&mut self, name: &str, args: &Args, span: Span) -> Res<Option<Val>> {
        if args.all().iter().any(|val| self.is_open(val)) {
            return Ok(Some(self.derived(&args.all(), span)));
        }
        let integers: Option<Vec<BigInt>> = args.pos.iter().map(as_big).collect();
        if let ("comb" | "perm" | "factorial", Some([.., factors])) = (name, integers.as_deref()) {
            let factors = factors.to_u32().unwrap_or(MOST_FACTORS).min(MOST_FACTORS);
            self.work(factors as usize / FACTORS);
        }
        if let Some(integers) = &integers
            && let Some(result) = whole(name, integers)
        {
            return Ok(Some(Val::big(result, span)));
        }
        if matches!(name, "fsum" | "prod") {
            return self.folded(name, args, span);
        }
        let floats: Option<Vec<f64>> = args.pos.iter().map(Self::as_float).collect();
        let Some(floats) = floats else { return Ok(None) };
        let domain = |this: &mut Self| Err(this.exception("ValueError", "math domain error", span));
        let result = match (name, floats.as_slice()) {
            ("floor" | "ceil" | "trunc", [value]) => {
                let rounded = match name {
                    "floor" => value.floor(),
                    "ceil" => value.ceil(),
                    _ => value.trunc(),
                };
                return match number::float_to_int(rounded) {
                    Ok(number) => Ok(Some(Val::big(number, span))),
                    Err(error) => self.failed(error.into(), &args.all(), span).map(Some),
                };
            }
            ("isnan", [value]) => return Ok(Some(Val::bool(value.is_nan(), span))),
            ("isinf", [value]) => return Ok(Some(Val::bool(value.is_infinite(), span))),
            ("isfinite", [value]) => return Ok(Some(Val::bool(value.is_finite(), span))),
            ("isclose", [a, b]) => {
                let option = |name: &str, default: f64| {
                    args.named(name).map_or(Some(default), Self::as_float)
                };
                let (Some(relative), Some(absolute)) =
                    (option("rel_tol", 1e-9), option("abs_tol", 0.0))
                else {
                    return Ok(None);
                };
                #[allow(clippy::float_cmp, reason = "equal numbers are close by definition")]
                let close = a == b
                    || a.is_finite()
                        && b.is_finite()
                        && (a - b).abs() <= (relative * a.abs().max(b.abs())).max(absolute);
                return Ok(Some(Val::bool(close, span)));
            }
            ("sqrt", [value]) if *value < 0.0 => return domain(self),
            ("sqrt", [value]) => value.sqrt(),
            ("fabs", [value]) => value.abs(),
            ("copysign", [value, sign]) => value.copysign(*sign),
            ("log" | "log2" | "log10", [value, ..]) if *value <= 0.0 => return domain(self),
            ("log", [value]) => value.ln(),
            ("log", [value, base]) if *base > 0.0 => value.ln() / base.ln(),
            ("log2", [value]) => value.log2(),
            ("log10", [value]) => value.log10(),
            ("exp", [value]) => value.exp(),
            ("pow", [value, power]) => value.powf(*power),
            ("radians", [value]) => value * (std::f64::consts::PI / 180.0),
            ("degrees", [value]) => value * (180.0 / std::f64::consts::PI),
            _ => return Ok(None),
        };
        // An overflow is an exception in Python, and which one depends on the function.
        if !result.is_finite() && floats.iter().all(|value| value.is_finite()) {
            return Ok(None);
        }
        Ok(Some(Self::float(result, span)))
    }

    fn folded(&mut self, name: &str, args: &Args, span: Span) -> Res<Option<Val>> {
        let Some(items) = args.pos.first() else { return Ok(None) };
        let Some(items) = self.iterate(items, span)? else {
            return Ok(Some(self.derived(&args.all(), span)));
        };
        if name == "prod" {
            let mut total = args.named("start").cloned().unwrap_or_else(|| Val::int(1, span));
            for item in &items {
                total = self.binary(BinaryOp::Mul, &total, item, span)?;
            }
            return Ok(Some(total));
        }
        // `fsum` rounds once; a sum of integers that floats hold exactly is the same.
        let total: Option<BigInt> = items.iter().map(as_big).sum();
        match total.filter(|total| total.abs() < BigInt::from(1_i64 << 53)) {
            Some(total) => match number::int_to_float(&total) {
                Ok(value) => Ok(Some(Self::float(value, span))),
                Err(_) => Ok(None),
            },
            None => Ok(None),
        }
    }

    pub(super) fn call_statistics(
        &mut self,
        name: &str,
        args: &Args,
        span: Span,
    ) -> Res<Option<Val>> {
        let Some(data) = args.pos.first() else { return Ok(None) };
        let Some(items) = self.iterate(data, span)? else {
            return Ok(Some(self.derived(&[data], span)));
        };
        // Python adds fractions exactly; podlift does that for integers only.
        let Some(mut numbers) = items.iter().map(as_big).collect::<Option<Vec<_>>>() else {
            return Ok(None);
        };
        let count = BigInt::from(numbers.len());
        if numbers.is_empty() || !matches!(name, "mean" | "fmean" | "median") {
            return Ok(None);
        }
        let quotient = |this: &mut Self, sum: BigInt, by: BigInt, whole: bool| {
            let (ratio, rest) = sum.div_mod_floor(&by);
            if whole && rest.is_zero() {
                return Ok(Some(Val::big(ratio, span)));
            }
            match number::binary(BinaryOp::Div, &Number::Int(sum), &Number::Int(by)) {
                Ok(Number::Float(value)) => Ok(Some(Self::float(value, span))),
                Ok(Number::Int(value)) => Ok(Some(Val::big(value, span))),
                Err(error) => this.failed(error.into(), &[data], span).map(Some),
            }
        };
        if name != "median" {
            let sum: BigInt = numbers.iter().sum();
            return quotient(self, sum, count, name == "mean");
        }
        numbers.sort();
        let middle = numbers.len() / 2;
        match (
            numbers.len() % 2,
            middle.checked_sub(1).and_then(|at| numbers.get(at)),
            numbers.get(middle),
        ) {
            (1, _, Some(one)) => Ok(Some(Val::big(one.clone(), span))),
            (_, Some(a), Some(b)) => quotient(self, a + b, BigInt::from(2), false),
            _ => Ok(None),
        }
    }
}

/// Factors of the largest factorial and binomial coefficient that are worked out.
const MOST_FACTORS: u32 = 2000;

/// Factors that are multiplied in the time of a step.
const FACTORS: usize = 2;

/// Bits of numbers whose common divisors are looked for; for roots there may be more.
const MOST_BITS: u64 = 2048;

/// Functions of integers that give integers.
fn whole(name: &str, numbers: &[BigInt]) -> Option<BigInt> {
    Some(match (name, numbers) {
        ("floor" | "ceil" | "trunc", [number]) => number.clone(),
        ("gcd", numbers) if numbers.iter().any(|number| number.bits() > MOST_BITS) => return None,
        ("gcd", numbers) => numbers.iter().fold(BigInt::ZERO, |a, b| a.gcd(b)),
        ("lcm", numbers) => numbers.iter().try_fold(BigInt::from(1), |a, b| {
            let is_small = a.bits() <= MOST_BITS && b.bits() <= MOST_BITS;
            is_small.then(|| a.lcm(b))
        })?,
        ("isqrt", [number]) if !number.is_negative() && number.bits() <= MOST_BITS * 16 => {
            number.sqrt()
        }
        ("factorial", [number]) => {
            let number = u32::try_from(number).ok().filter(|number| *number <= MOST_FACTORS)?;
            (1..=number).map(BigInt::from).product()
        }
        ("comb" | "perm", [n, k]) => {
            let (n, k) = (u32::try_from(n).ok()?, u32::try_from(k).ok()?);
            if n > MOST_FACTORS {
                return None;
            }
            if k > n {
                return Some(BigInt::ZERO);
            }
            // The other half has the same number of them.
            let k = if name == "comb" { k.min(n - k) } else { k };
            let falling: BigInt = (n - k + 1..=n).map(BigInt::from).product();
            match name {
                "perm" => falling,
                _ => falling / (1..=k).map(BigInt::from).product::<BigInt>(),
            }
        }
        _ => return None,
    })
}
