//! `json.dumps`.

use std::fmt::Write as _;

use super::{JsonValue, MAX_DEPTH};
use crate::eval::pure::number::{repr_float, repr_int};
use crate::eval::pure::{Failure, within_bound};

/// The arguments of `json.dumps`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DumpOptions {
    /// One step of indentation; `indent=2` is two spaces. With `None` all is on one line.
    pub indent: Option<String>,
    /// Between items, and between key and value; `None` is Python's default.
    pub separators: Option<(String, String)>,
    /// Whether objects are sorted by key. Python compares keys before they become text, so callers
    /// with keys that are no strings sort themselves.
    pub sort_keys: bool,
    /// Whether everything beyond ASCII is escaped.
    pub ensure_ascii: bool,
    /// Whether NaN and infinities are written instead of refused.
    pub allow_nan: bool,
}

impl Default for DumpOptions {
    fn default() -> Self {
        Self {
            indent: None,
            separators: None,
            sort_keys: false,
            ensure_ascii: true,
            allow_nan: true,
        }
    }
}

/// `json.dumps(value, …)`.
///
/// # Errors
/// `ValueError` for NaN where it is not allowed; [`Failure::Bound`] for what is too long or too deep.
pub fn dumps(value: &JsonValue, options: &DumpOptions) -> Result<String, Failure> {
    let (item, key) = match &options.separators {
        Some((item, key)) => (item.as_str(), key.as_str()),
        None if options.indent.is_some() => (",", ": "),
        None => (", ", ": "),
    };
    let mut writer = Writer { options, item, key, text: String::new(), depth: 0 };
    writer.value(value)?;
    Ok(writer.text)
}

struct Writer<'a> {
    options: &'a DumpOptions,
    item: &'a str,
    key: &'a str,
    text: String,
    depth: usize,
}

impl Writer<'_> {
    fn value(&mut self, value: &JsonValue) -> Result<(), Failure> {
        within_bound(self.text.len() / 4, "json.dumps")?;
        match value {
            JsonValue::Null => self.text.push_str("null"),
            JsonValue::Bool(true) => self.text.push_str("true"),
            JsonValue::Bool(false) => self.text.push_str("false"),
            JsonValue::Int(value) => self.text.push_str(&repr_int(value)?),
            JsonValue::Float(value) => {
                let text = self.float(*value)?;
                self.text.push_str(&text);
            }
            JsonValue::Str(value) => self.string(value),
            JsonValue::Array(items) => self.block('[', ']', items, Self::value)?,
            JsonValue::Object(entries) => {
                let mut entries: Vec<&(String, JsonValue)> = entries.iter().collect();
                if self.options.sort_keys {
                    entries.sort_by(|(a, _), (b, _)| a.cmp(b));
                }
                self.block('{', '}', &entries, |writer, (key, value)| {
                    writer.string(key);
                    writer.text.push_str(writer.key);
                    writer.value(value)
                })?;
            }
        }
        Ok(())
    }

    fn block<T>(
        &mut self,
        open: char,
        close: char,
        items: &[T],
        write: impl Fn(&mut Self, &T) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        self.text.push(open);
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Failure::Bound("json.dumps"));
        }
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.text.push_str(self.item);
            }
            self.new_line();
            write(self, item)?;
        }
        self.depth -= 1;
        if !items.is_empty() {
            self.new_line();
        }
        self.text.push(close);
        Ok(())
    }

    fn new_line(&mut self) {
        if let Some(indent) = &self.options.indent {
            self.text.push('\n');
            self.text.push_str(&indent.repeat(self.depth));
        }
    }

    fn float(&self, value: f64) -> Result<String, Failure> {
        if value.is_finite() {
            return Ok(repr_float(value));
        }
        if !self.options.allow_nan {
            return Err(Failure::value(format!(
                "Out of range float values are not JSON compliant: {}",
                repr_float(value)
            )));
        }
        let text = if value.is_nan() {
            "NaN"
        } else if value > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        };
        Ok(text.to_owned())
    }

    fn string(&mut self, value: &str) {
        self.text.push('"');
        for c in value.chars() {
            match c {
                '"' => self.text.push_str("\\\""),
                '\\' => self.text.push_str("\\\\"),
                '\n' => self.text.push_str("\\n"),
                '\r' => self.text.push_str("\\r"),
                '\t' => self.text.push_str("\\t"),
                '\x08' => self.text.push_str("\\b"),
                '\x0c' => self.text.push_str("\\f"),
                ' '..='~' => self.text.push(c),
                '\0'..='\x1f' => self.escape(c),
                _ if self.options.ensure_ascii => self.escape(c),
                _ => self.text.push(c),
            }
        }
        self.text.push('"');
    }

    fn escape(&mut self, c: char) {
        for unit in c.encode_utf16(&mut [0; 2]) {
            // Writing to a `String` cannot fail.
            let _ = write!(self.text, "\\u{unit:04x}");
        }
    }
}
