//! The parser of format specs:
//! `[[fill]align][sign][z][#][0][width][grouping][.precision][type]`.

use crate::eval::pure::number::decimal_digit;
use crate::eval::pure::{Failure, within_bound};

/// Where the value stands in its width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    /// `<`.
    Left,
    /// `>`.
    Right,
    /// `^`.
    Center,
    /// `=`: the fill goes between sign and digits.
    AfterSign,
}

/// What the type of the value brings along.
#[derive(Debug, Clone, Copy)]
pub(super) struct TypeNames {
    /// The type's name, for messages.
    pub(super) own: &'static str,
    /// The presentation type when the spec names none.
    pub(super) default_type: char,
    /// The alignment when the spec names none.
    pub(super) default_align: Align,
}

/// A parsed spec.
#[derive(Debug, Clone)]
pub(super) struct Spec {
    /// Fills the width.
    pub(super) fill: char,
    /// Where the value stands.
    pub(super) align: Align,
    /// `+`, `-` or a space.
    pub(super) sign: Option<char>,
    /// `z`: a zero is never negative.
    pub(super) no_negative_zero: bool,
    /// `#`.
    pub(super) alternate: bool,
    /// The least width.
    pub(super) width: usize,
    /// `,` or `_`.
    pub(super) grouping: Option<char>,
    /// Digits after the point, or characters kept.
    pub(super) precision: Option<usize>,
    /// The presentation type; `\0` when there is none.
    pub(super) conversion: char,
}

impl Spec {
    /// Reads a spec for a value of some type.
    pub(super) fn parse(spec: &str, names: TypeNames) -> Result<Self, Failure> {
        let chars: Vec<char> = spec.chars().collect();
        let mut cursor = Cursor { chars: &chars, position: 0 };
        let (fill, align) = cursor.fill_and_align();
        let sign = cursor.next_if(|c| matches!(c, '+' | '-' | ' '));
        let no_negative_zero = cursor.next_if(|c| c == 'z').is_some();
        let alternate = cursor.next_if(|c| c == '#').is_some();
        let zero = fill.is_none() && cursor.next_if(|c| c == '0').is_some();
        let width = cursor.number("the width of a format")?;
        let grouping = cursor.grouping()?;
        let precision = match cursor.next_if(|c| c == '.') {
            Some(_) => Some(
                cursor
                    .number("the precision of a format")?
                    .ok_or_else(|| Failure::value("Format specifier missing precision"))?,
            ),
            None => None,
        };
        let rest = chars.get(cursor.position..).unwrap_or_default();
        let conversion = match rest {
            [] => names.default_type,
            [conversion] => *conversion,
            _ => {
                return Err(Failure::value(format!(
                    "Invalid format specifier '{spec}' for object of type '{}'",
                    names.own
                )));
            }
        };
        let align = match align {
            Some(align) => align,
            None if zero && names.default_align == Align::Right => Align::AfterSign,
            None => names.default_align,
        };
        let parsed = Self {
            fill: fill.unwrap_or(if zero { '0' } else { ' ' }),
            align,
            sign,
            no_negative_zero,
            alternate,
            width: width.unwrap_or(0),
            grouping,
            precision,
            conversion,
        };
        parsed.check_grouping()?;
        Ok(parsed)
    }

    /// The message for a type letter that the value does not know.
    pub(super) fn unknown_code(&self, type_name: &str) -> Failure {
        let code = self.conversion;
        let shown = if ('!'..='\u{7f}').contains(&code) {
            code.to_string()
        } else {
            format!("\\x{:x}", u32::from(code))
        };
        Failure::value(format!("Unknown format code '{shown}' for object of type '{type_name}'"))
    }

    /// A sign or prefix and a body, with `missing` fill characters where they belong.
    pub(super) fn padded(&self, prefix: &str, body: &str, missing: usize) -> String {
        let (left, inner, right) = match self.align {
            Align::Left => (0, 0, missing),
            Align::Right => (missing, 0, 0),
            Align::Center => (missing / 2, 0, missing - missing / 2),
            Align::AfterSign => (0, missing, 0),
        };
        let fill = |count: usize| std::iter::repeat_n(self.fill, count);
        let mut result = String::with_capacity(prefix.len() + body.len() + missing);
        result.extend(fill(left));
        result.push_str(prefix);
        result.extend(fill(inner));
        result.push_str(body);
        result.extend(fill(right));
        result
    }

    /// Thousands separators go with decimal numbers; `_` also parts the digits of other bases.
    fn check_grouping(&self) -> Result<(), Failure> {
        let Some(grouping) = self.grouping else { return Ok(()) };
        match self.conversion {
            'd' | 'e' | 'f' | 'g' | 'E' | 'G' | '%' | 'F' | '\0' => Ok(()),
            'b' | 'o' | 'x' | 'X' if grouping == '_' => Ok(()),
            code => {
                let code = if ('!'..'\u{80}').contains(&code) {
                    code.to_string()
                } else {
                    format!("\\x{:x}", u32::from(code))
                };
                Err(Failure::value(format!("Cannot specify '{grouping}' with '{code}'.")))
            }
        }
    }
}

fn align_of(c: char) -> Option<Align> {
    match c {
        '<' => Some(Align::Left),
        '>' => Some(Align::Right),
        '^' => Some(Align::Center),
        '=' => Some(Align::AfterSign),
        _ => None,
    }
}

struct Cursor<'a> {
    chars: &'a [char],
    position: usize,
}

impl Cursor<'_> {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.position + ahead).copied()
    }

    fn next_if(&mut self, test: impl Fn(char) -> bool) -> Option<char> {
        let found = self.peek(0).filter(|c| test(*c));
        self.position += usize::from(found.is_some());
        found
    }

    /// A fill is any character that an alignment follows.
    fn fill_and_align(&mut self) -> (Option<char>, Option<Align>) {
        if let Some(align) = self.peek(1).and_then(align_of) {
            let fill = self.peek(0);
            self.position += 2;
            return (fill, Some(align));
        }
        let align = self.peek(0).and_then(align_of);
        self.position += usize::from(align.is_some());
        (None, align)
    }

    fn grouping(&mut self) -> Result<Option<char>, Failure> {
        let both = || Failure::value("Cannot specify both ',' and '_'.");
        let comma = self.next_if(|c| c == ',').is_some();
        let underscore = self.next_if(|c| c == '_').is_some();
        if underscore && (comma || self.peek(0) == Some(',')) {
            return Err(both());
        }
        Ok(if comma {
            Some(',')
        } else if underscore {
            Some('_')
        } else {
            None
        })
    }

    /// A number in decimal digits of any script, or nothing.
    fn number(&mut self, what: &'static str) -> Result<Option<usize>, Failure> {
        let mut value: Option<i64> = None;
        while let Some(digit) = self.peek(0).and_then(decimal_digit) {
            self.position += 1;
            let grown =
                value.unwrap_or(0).checked_mul(10).and_then(|v| v.checked_add(i64::from(digit)));
            value = Some(
                grown.ok_or_else(|| Failure::value("Too many decimal digits in format string"))?,
            );
        }
        let Some(value) = value else { return Ok(None) };
        let value = usize::try_from(value).unwrap_or(usize::MAX);
        within_bound(value, what)?;
        Ok(Some(value))
    }
}
