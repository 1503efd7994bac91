//! `json.loads`.

use indexmap::IndexMap;

use super::{JsonValue, MAX_DEPTH};
use crate::eval::pure::Failure;
use crate::eval::pure::number::{parse_float, parse_int};

/// `json.loads(text)`. Of keys given twice the last value counts, at the place of the first.
///
/// # Errors
/// `JSONDecodeError` (a `ValueError`) with Python's text; [`Failure::Bound`] for what is too deep.
pub fn loads(text: &str) -> Result<JsonValue, Failure> {
    let chars: Vec<char> = text.chars().collect();
    let mut reader = Reader { chars: &chars, position: 0, depth: 0 };
    if chars.first() == Some(&'\u{feff}') {
        return Err(reader.error_at("Unexpected UTF-8 BOM (decode using utf-8-sig)", 0));
    }
    reader.skip_blanks();
    let value = reader.value()?;
    reader.skip_blanks();
    if reader.peek().is_some() {
        return Err(reader.error("Extra data"));
    }
    Ok(value)
}

struct Reader<'a> {
    chars: &'a [char],
    position: usize,
    depth: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.position).copied()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.position += 1;
        Some(c)
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        self.position += usize::from(found);
        found
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(' ' | '\t' | '\n' | '\r')) {
            self.position += 1;
        }
    }

    fn error(&self, message: &str) -> Failure {
        self.error_at(message, self.position)
    }

    fn error_at(&self, message: &str, position: usize) -> Failure {
        let before = self.chars.get(..position).unwrap_or_default();
        let line = before.iter().filter(|c| **c == '\n').count() + 1;
        let column = before.iter().rev().take_while(|c| **c != '\n').count() + 1;
        Failure::raised(
            "JSONDecodeError",
            format!("{message}: line {line} column {column} (char {position})"),
        )
    }

    fn value(&mut self) -> Result<JsonValue, Failure> {
        let start = self.position;
        for (word, value) in [
            ("null", JsonValue::Null),
            ("true", JsonValue::Bool(true)),
            ("false", JsonValue::Bool(false)),
            ("NaN", JsonValue::Float(f64::NAN)),
            ("Infinity", JsonValue::Float(f64::INFINITY)),
            ("-Infinity", JsonValue::Float(f64::NEG_INFINITY)),
        ] {
            let rest = self.chars.get(start..).unwrap_or_default();
            if word.chars().eq(rest.iter().copied().take(word.len())) {
                self.position += word.len();
                return Ok(value);
            }
        }
        match self.peek() {
            Some('"') => {
                self.position += 1;
                self.string().map(JsonValue::Str)
            }
            Some('[') => self.nested(Self::array),
            Some('{') => self.nested(Self::object),
            _ => self.number()?.ok_or_else(|| self.error_at("Expecting value", start)),
        }
    }

    fn nested(
        &mut self,
        read: impl Fn(&mut Self) -> Result<JsonValue, Failure>,
    ) -> Result<JsonValue, Failure> {
        self.position += 1;
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Failure::Bound("json.loads"));
        }
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn array(&mut self) -> Result<JsonValue, Failure> {
        let mut items = Vec::new();
        self.skip_blanks();
        if self.take(']') {
            return Ok(JsonValue::Array(items));
        }
        loop {
            items.push(self.value()?);
            self.skip_blanks();
            if self.take(']') {
                return Ok(JsonValue::Array(items));
            }
            if !self.take(',') {
                return Err(self.error("Expecting ',' delimiter"));
            }
            self.skip_blanks();
        }
    }

    fn object(&mut self) -> Result<JsonValue, Failure> {
        let mut entries: IndexMap<String, JsonValue> = IndexMap::new();
        self.skip_blanks();
        if !self.take('}') {
            loop {
                if !self.take('"') {
                    let message = "Expecting property name enclosed in double quotes";
                    return Err(self.error(message));
                }
                let key = self.string()?;
                self.skip_blanks();
                if !self.take(':') {
                    return Err(self.error("Expecting ':' delimiter"));
                }
                self.skip_blanks();
                let value = self.value()?;
                entries.insert(key, value);
                self.skip_blanks();
                if self.take('}') {
                    break;
                }
                if !self.take(',') {
                    return Err(self.error("Expecting ',' delimiter"));
                }
                self.skip_blanks();
            }
        }
        Ok(JsonValue::Object(entries.into_iter().collect()))
    }

    /// The rest of a string whose opening quote has been read.
    fn string(&mut self) -> Result<String, Failure> {
        let start = self.position - 1;
        let unterminated = "Unterminated string starting at";
        let mut text = String::new();
        loop {
            match self.next() {
                None => return Err(self.error_at(unterminated, start)),
                Some('"') => return Ok(text),
                Some('\\') => {
                    let c = match self.next() {
                        None => return Err(self.error_at(unterminated, start)),
                        Some(c @ ('"' | '\\' | '/')) => c,
                        Some('b') => '\x08',
                        Some('f') => '\x0c',
                        Some('n') => '\n',
                        Some('r') => '\r',
                        Some('t') => '\t',
                        Some('u') => self.code_point()?,
                        Some(_) => return Err(self.error_at("Invalid \\escape", self.position - 2)),
                    };
                    text.push(c);
                }
                Some('\0'..='\x1f') => {
                    return Err(self.error_at("Invalid control character at", self.position - 1));
                }
                Some(c) => text.push(c),
            }
        }
    }

    /// The character of `\uXXXX`, or of two of them.
    fn code_point(&mut self) -> Result<char, Failure> {
        let first = self.code_unit()?;
        let lone = || Failure::Unsupported("a lone surrogate as text".to_owned());
        if !(0xd800..0xdc00).contains(&first) {
            return char::from_u32(first).ok_or_else(lone);
        }
        if !(self.take('\\') && self.take('u')) {
            return Err(lone());
        }
        let second = self.code_unit()?;
        if !(0xdc00..0xe000).contains(&second) {
            return Err(lone());
        }
        char::from_u32(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00)).ok_or_else(lone)
    }

    fn code_unit(&mut self) -> Result<u32, Failure> {
        let start = self.position;
        let mut unit = 0;
        for _ in 0..4 {
            let digit = self.next().and_then(|c| c.to_digit(16));
            let digit = digit.ok_or_else(|| self.error_at("Invalid \\uXXXX escape", start - 1))?;
            unit = unit * 16 + digit;
        }
        Ok(unit)
    }

    /// The longest number that begins here; what follows it is for others to refuse.
    fn number(&mut self) -> Result<Option<JsonValue>, Failure> {
        let rest = self.chars.get(self.position..).unwrap_or_default();
        let digits =
            |from: usize| rest.iter().skip(from).take_while(|c| c.is_ascii_digit()).count();
        let at = |position: usize| rest.get(position).copied();
        let sign = usize::from(at(0) == Some('-'));
        let whole = if at(sign) == Some('0') { 1 } else { digits(sign) };
        if whole == 0 {
            return Ok(None);
        }
        let mut end = sign + whole;
        let mut float = false;
        if at(end) == Some('.') && digits(end + 1) > 0 {
            end += 1 + digits(end + 1);
            float = true;
        }
        if matches!(at(end), Some('e' | 'E')) {
            let exponent = end + 1 + usize::from(matches!(at(end + 1), Some('+' | '-')));
            if digits(exponent) > 0 {
                end = exponent + digits(exponent);
                float = true;
            }
        }
        let text: String = rest.iter().take(end).collect();
        self.position += end;
        if float {
            return Ok(parse_float(&text).map(JsonValue::Float));
        }
        let too_long = || {
            Failure::value(format!(
                "Exceeds the limit (4300 digits) for integer string conversion: value has {whole} \
                 digits; use sys.set_int_max_str_digits() to increase the limit"
            ))
        };
        Ok(Some(JsonValue::Int(parse_int(&text, 10).ok_or_else(too_long)?)))
    }
}
