//! `"%-5s %(name)r" % …`: templates of the old style.

use num_bigint::BigInt;
use num_traits::{Signed, ToPrimitive, Zero};

use super::format::FormatArg;
use super::number::{
    FloatStyle, float_to_int, int_to_float, int_to_string, render_float, repr_int,
};
use super::text::{escape_non_ascii, length};
use super::{Failure, within_bound};

/// A part of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Text, `%%` already made one.
    Literal(String),
    /// A conversion.
    Spec(Spec),
}

/// One conversion: `%(key)#0- +width.precision` and a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spec {
    /// The key in the mapping.
    pub key: Option<String>,
    /// The flags.
    pub flags: Flags,
    /// The least width.
    pub width: Width,
    /// Digits or characters.
    pub precision: Width,
    /// The letter: one of `diouxXeEfFgGcrsa`. Python looks at it only when it has the argument in hand,
    /// so any other character is for [`render`] to refuse.
    pub conversion: char,
    /// Where the letter stands in the template, in code points.
    pub position: usize,
}

/// Flags of a conversion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flags {
    /// `#`.
    pub alternate: bool,
    /// `0`.
    pub zero: bool,
    /// `-`.
    pub left: bool,
    /// A space.
    pub blank: bool,
    /// `+`.
    pub plus: bool,
}

/// A width or a precision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Width {
    /// Not given.
    #[default]
    None,
    /// A number.
    Fixed(usize),
    /// `*`: the next argument says it; see [`Spec::with_stars`].
    Star,
}

impl Spec {
    /// The spec with its stars replaced by the arguments taken for them, width first. A negative width
    /// means left, a negative precision zero.
    ///
    /// # Errors
    /// [`Failure::Bound`] for a number that is too large.
    pub fn with_stars(
        mut self,
        width: Option<i64>,
        precision: Option<i64>,
    ) -> Result<Self, Failure> {
        let bounded = |value: u64| {
            let value = usize::try_from(value).unwrap_or(usize::MAX);
            within_bound(value, "the width of a format").map(|()| Width::Fixed(value))
        };
        if let (Width::Star, Some(width)) = (self.width, width) {
            self.flags.left |= width < 0;
            self.width = bounded(width.unsigned_abs())?;
        }
        if let (Width::Star, Some(precision)) = (self.precision, precision) {
            self.precision = bounded(u64::try_from(precision).unwrap_or(0))?;
        }
        Ok(self)
    }
}

/// Reads a template.
///
/// # Errors
/// `ValueError` for a conversion that breaks off.
pub fn parse(template: &str) -> Result<Vec<Piece>, Failure> {
    let mut pieces = Vec::new();
    let mut literal = String::new();
    let mut chars = template.chars().enumerate().peekable();
    while let Some((_, c)) = chars.next() {
        if c != '%' {
            literal.push(c);
            continue;
        }
        if chars.next_if(|(_, c)| *c == '%').is_some() {
            literal.push('%');
            continue;
        }
        let spec = parse_spec(&mut chars)?;
        if !literal.is_empty() {
            pieces.push(Piece::Literal(std::mem::take(&mut literal)));
        }
        pieces.push(Piece::Spec(spec));
    }
    if !literal.is_empty() {
        pieces.push(Piece::Literal(literal));
    }
    Ok(pieces)
}

type Chars<'a> = std::iter::Peekable<std::iter::Enumerate<std::str::Chars<'a>>>;

fn incomplete() -> Failure {
    Failure::value("incomplete format")
}

fn parse_spec(chars: &mut Chars<'_>) -> Result<Spec, Failure> {
    let key = match chars.next_if(|(_, c)| *c == '(') {
        Some(_) => Some(parse_key(chars)?),
        None => None,
    };
    let mut flags = Flags::default();
    loop {
        match chars.peek() {
            Some((_, '#')) => flags.alternate = true,
            Some((_, '0')) => flags.zero = true,
            Some((_, '-')) => flags.left = true,
            Some((_, ' ')) => flags.blank = true,
            Some((_, '+')) => flags.plus = true,
            _ => break,
        }
        chars.next();
    }
    let width = parse_width(chars, "width too big")?;
    let precision = match chars.next_if(|(_, c)| *c == '.') {
        // A point without digits is a precision of zero.
        Some(_) => match parse_width(chars, "precision too big")? {
            Width::None => Width::Fixed(0),
            precision => precision,
        },
        None => Width::None,
    };
    chars.next_if(|(_, c)| matches!(c, 'h' | 'l' | 'L'));
    let (position, conversion) = chars.next().ok_or_else(incomplete)?;
    Ok(Spec { key, flags, width, precision, conversion, position })
}

/// A key may hold parentheses, as long as they match.
fn parse_key(chars: &mut Chars<'_>) -> Result<String, Failure> {
    let mut key = String::new();
    let mut depth = 1;
    for (_, c) in chars {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Ok(key);
        }
        key.push(c);
    }
    Err(Failure::value("incomplete format key"))
}

fn parse_width(chars: &mut Chars<'_>, too_big: &str) -> Result<Width, Failure> {
    if chars.next_if(|(_, c)| *c == '*').is_some() {
        return Ok(Width::Star);
    }
    let mut value: Option<usize> = None;
    while let Some((_, c)) = chars.next_if(|(_, c)| c.is_ascii_digit()) {
        let digit = usize::try_from(c.to_digit(10).unwrap_or(0)).unwrap_or(0);
        let grown = value.unwrap_or(0).checked_mul(10).and_then(|value| value.checked_add(digit));
        value = Some(grown.ok_or_else(|| Failure::value(too_big))?);
    }
    let Some(value) = value else { return Ok(Width::None) };
    within_bound(value, "the width of a format")?;
    Ok(Width::Fixed(value))
}

/// The text of one conversion. `%s`, `%r` and `%a` of objects that are no [`FormatArg`] go through
/// [`render_text`].
///
/// # Errors
/// `ValueError` for an unknown letter; `TypeError` for an argument that does not fit it; `OverflowError` for a float or a
/// character out of range.
pub fn render(spec: &Spec, arg: &FormatArg) -> Result<String, Failure> {
    match spec.conversion {
        's' => Ok(render_text(spec, &arg.to_str()?)),
        'r' => Ok(render_text(spec, &arg.to_repr()?)),
        'a' => Ok(render_text(spec, &escape_non_ascii(&arg.to_repr()?))),
        'c' => render_character(spec, arg),
        'e' | 'E' | 'f' | 'F' | 'g' | 'G' => render_as_float(spec, arg),
        'd' | 'i' | 'u' | 'o' | 'x' | 'X' => render_as_int(spec, arg),
        letter => {
            let shown = if ('\x1f'..='~').contains(&letter) { letter } else { '?' };
            Err(Failure::value(format!(
                "unsupported format character '{shown}' (0x{:x}) at index {}",
                u32::from(letter),
                spec.position
            )))
        }
    }
}

/// The text of `%s`, `%r` or `%a` for an argument whose `str`, `repr` or `ascii` is `text`.
pub fn render_text(spec: &Spec, text: &str) -> String {
    let text: String = match spec.precision {
        Width::Fixed(precision) => text.chars().take(precision).collect(),
        _ => text.to_owned(),
    };
    pad(spec, "", &text, false)
}

fn render_character(spec: &Spec, arg: &FormatArg) -> Result<String, Failure> {
    let c = match arg {
        FormatArg::Str(text) if length(text) == 1 => text.clone(),
        FormatArg::Int(_) | FormatArg::Bool(_) => {
            let code = integer(arg).and_then(|value| value.to_i64()).unwrap_or(i64::MAX);
            let Some(code) = u32::try_from(code).ok().filter(|code| *code < 0x11_0000) else {
                return Err(Failure::overflow("%c arg not in range(0x110000)"));
            };
            char::from_u32(code)
                .ok_or_else(|| Failure::Unsupported("a lone surrogate as text".to_owned()))?
                .to_string()
        }
        _ => return Err(Failure::type_error("%c requires int or char")),
    };
    Ok(pad(spec, "", &c, false))
}

fn render_as_float(spec: &Spec, arg: &FormatArg) -> Result<String, Failure> {
    let value = match arg {
        FormatArg::Float(value) => *value,
        _ => match integer(arg) {
            Some(value) => int_to_float(&value)?,
            None => {
                return Err(Failure::type_error(format!(
                    "must be real number, not {}",
                    arg.type_name()
                )));
            }
        },
    };
    let digits = match spec.precision {
        Width::Fixed(precision) => precision,
        _ => 6,
    };
    let style = match spec.conversion {
        'e' | 'E' => FloatStyle::Exponent(digits),
        'f' | 'F' => FloatStyle::Fixed(digits),
        _ => FloatStyle::General(digits),
    };
    let mut text = render_float(value, style, spec.flags.alternate, false);
    if spec.conversion.is_ascii_uppercase() {
        text.make_ascii_uppercase();
    }
    let unsigned = text.strip_prefix('-');
    let sign = sign_text(spec, unsigned.is_some());
    Ok(pad(spec, sign, unsigned.unwrap_or(&text), true))
}

fn render_as_int(spec: &Spec, arg: &FormatArg) -> Result<String, Failure> {
    let conversion = spec.conversion;
    let decimal = matches!(conversion, 'd' | 'i' | 'u');
    let value = match (arg, integer(arg)) {
        (_, Some(value)) => value,
        (FormatArg::Float(value), _) if decimal => float_to_int(*value)?,
        _ => {
            let wanted = if decimal { "a real number" } else { "an integer" };
            return Err(Failure::type_error(format!(
                "%{conversion} format: {wanted} is required, not {}",
                arg.type_name()
            )));
        }
    };
    let magnitude = value.abs();
    let (prefix, mut digits) = match conversion {
        'o' => ("0o", int_to_string(&magnitude, 8)),
        'x' => ("0x", int_to_string(&magnitude, 16)),
        'X' => ("0X", int_to_string(&magnitude, 16).to_uppercase()),
        _ => ("", repr_int(&magnitude)?),
    };
    if let Width::Fixed(precision) = spec.precision {
        digits = "0".repeat(precision.saturating_sub(digits.len())) + &digits;
    }
    let sign = sign_text(spec, value.is_negative());
    let prefix = if spec.flags.alternate { prefix } else { "" };
    Ok(pad(spec, &format!("{sign}{prefix}"), &digits, true))
}

fn integer(arg: &FormatArg) -> Option<BigInt> {
    match arg {
        FormatArg::Int(value) => Some(value.clone()),
        FormatArg::Bool(true) => Some(BigInt::from(1)),
        FormatArg::Bool(false) => Some(BigInt::zero()),
        _ => None,
    }
}

fn sign_text(spec: &Spec, negative: bool) -> &'static str {
    match spec.flags {
        _ if negative => "-",
        Flags { plus: true, .. } => "+",
        Flags { blank: true, .. } => " ",
        _ => "",
    }
}

fn pad(spec: &Spec, prefix: &str, body: &str, numeric: bool) -> String {
    let width = match spec.width {
        Width::Fixed(width) => width,
        _ => 0,
    };
    let missing = width.saturating_sub(length(prefix) + length(body));
    if spec.flags.left {
        format!("{prefix}{body}{}", " ".repeat(missing))
    } else if spec.flags.zero && numeric {
        format!("{prefix}{}{body}", "0".repeat(missing))
    } else {
        format!("{}{prefix}{body}", " ".repeat(missing))
    }
}

#[cfg(test)]
mod tests;
