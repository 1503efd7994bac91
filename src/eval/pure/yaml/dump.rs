//! `yaml.safe_dump`, in block style.

use std::cmp::Ordering;

use super::resolve::{Kind, resolve};
use super::{YamlNode, YamlValue};
use crate::eval::pure::datetime::TimeSpec;
use crate::eval::pure::number::{Number, compare, repr_float, repr_int};
use crate::eval::pure::{Failure, within_bound};

/// The arguments of `yaml.safe_dump` that podlift knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DumpOptions {
    /// Whether mappings are sorted by key, when all keys are strings.
    pub sort_keys: bool,
    /// Whether characters beyond ASCII stay as they are.
    pub allow_unicode: bool,
    /// Steps of indentation.
    pub indent: usize,
    /// The width beyond which long texts are folded.
    pub width: usize,
    /// Whether `---` comes first.
    pub explicit_start: bool,
}

impl Default for DumpOptions {
    fn default() -> Self {
        Self { sort_keys: true, allow_unicode: false, indent: 2, width: 80, explicit_start: false }
    }
}

/// `yaml.safe_dump(value, …)`.
///
/// PyYAML gives anchors to lists and dicts that occur twice as the same object. Trees have no such
/// objects, so callers must not come here with them.
///
/// # Errors
/// [`Failure::Unsupported`] for sets, bytes, keys that are no scalars;
/// [`Failure::Bound`] for what is too long.
pub fn safe_dump(node: &YamlNode, options: &DumpOptions) -> Result<String, Failure> {
    let mut writer = Writer {
        options,
        text: String::new(),
        column: 0,
        indent: 0,
        whitespace: true,
        indention: true,
        depth: 0,
    };
    if options.explicit_start {
        writer.indicator("---", true, false, false);
    }
    let plain = writer.node(&node.value, Place::Root)?;
    writer.line_break();
    if plain {
        // Without this mark a plain scalar at the end of a stream could go on.
        writer.text.push_str("...\n");
    }
    Ok(writer.text)
}

/// Where a node is written, which decides how it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Root,
    Item,
    Value,
}

struct Writer<'a> {
    options: &'a DumpOptions,
    text: String,
    column: usize,
    /// Columns of the current block.
    indent: usize,
    /// Whether the last character written was a blank.
    whitespace: bool,
    /// Whether the line holds nothing but indentation and indicators.
    indention: bool,
    depth: usize,
}

impl Writer<'_> {
    /// Writes a value; true when it was a plain scalar.
    fn node(&mut self, value: &YamlValue, place: Place) -> Result<bool, Failure> {
        within_bound(self.text.len() / 4, "yaml.dump")?;
        match value {
            YamlValue::List(items) | YamlValue::Tuple(items) if items.is_empty() => {
                self.indicator("[]", true, false, false);
            }
            YamlValue::Dict(entries) if entries.is_empty() => {
                self.indicator("{}", true, false, false);
            }
            YamlValue::List(items) | YamlValue::Tuple(items) => self.sequence(items, place)?,
            YamlValue::Dict(entries) => self.mapping(entries, place)?,
            scalar => return self.scalar(&scalar_text(scalar)?, is_text(scalar), false),
        }
        Ok(false)
    }

    fn enter(&mut self, place: Place, indentless: bool) -> Result<usize, Failure> {
        self.depth += 1;
        if self.depth > 200 {
            return Err(Failure::Bound("yaml.dump"));
        }
        let outer = self.indent;
        if place != Place::Root && !indentless {
            self.indent += self.options.indent;
        }
        Ok(outer)
    }

    fn sequence(&mut self, items: &[YamlNode], place: Place) -> Result<(), Failure> {
        // A list below a key needs no deeper indentation: its hyphens show it.
        let indentless = place == Place::Value && !self.indention;
        let outer = self.enter(place, indentless)?;
        for item in items {
            self.new_line();
            self.indicator("-", true, false, true);
            self.node(&item.value, Place::Item)?;
        }
        self.indent = outer;
        self.depth -= 1;
        Ok(())
    }

    fn mapping(&mut self, entries: &[(YamlNode, YamlNode)], place: Place) -> Result<(), Failure> {
        let outer = self.enter(place, false)?;
        for (key, value) in self.in_order(entries)? {
            self.new_line();
            let text = scalar_text(&key.value)?;
            if text.is_empty() || text.contains('\n') || key_length(&key.value, &text) >= 128 {
                self.indicator("?", true, false, true);
                self.scalar(&text, is_text(&key.value), false)?;
                self.new_line();
                self.indicator(":", true, false, true);
            } else {
                self.scalar(&text, is_text(&key.value), true)?;
                self.indicator(":", false, false, false);
            }
            self.node(&value.value, Place::Value)?;
        }
        self.indent = outer;
        self.depth -= 1;
        Ok(())
    }

    fn in_order<'e>(
        &self,
        entries: &'e [(YamlNode, YamlNode)],
    ) -> Result<Vec<&'e (YamlNode, YamlNode)>, Failure> {
        let mut entries: Vec<_> = entries.iter().collect();
        if !self.options.sort_keys {
            return Ok(entries);
        }
        // Keys that Python cannot compare with each other keep their order. Sorting always meets such a
        // pair when there is one.
        let comparable = |value: &YamlValue| match value {
            YamlValue::Str(_) => 's',
            YamlValue::Bool(_) | YamlValue::Int(_) | YamlValue::Float(_) => 'n',
            YamlValue::Date(_) => 'd',
            _ => '-',
        };
        let first = entries.first().map_or('-', |(key, _)| comparable(&key.value));
        if first != '-' && entries.iter().all(|(key, _)| comparable(&key.value) == first) {
            entries.sort_by(|(a, _), (b, _)| key_order(&a.value, &b.value));
        } else if entries.iter().any(|(key, _)| matches!(key.value, YamlValue::DateTime(_))) {
            return Err(Failure::Unsupported("yaml.dump with datetimes as sorted keys".into()));
        }
        Ok(entries)
    }

    /// Writes a scalar in the plainest style that reads back as itself; true when it is plain.
    fn scalar(&mut self, text: &str, is_text: bool, key: bool) -> Result<bool, Failure> {
        if self.options.allow_unicode && text.contains(['\u{85}', '\u{2028}', '\u{2029}']) {
            return Err(Failure::Unsupported("yaml.dump of the line ends of YAML 1.1".into()));
        }
        let shape = Shape::of(text, self.options.allow_unicode);
        let reads_back = !is_text || resolve(text) == Kind::Str;
        let fits = !(key && (text.is_empty() || shape.multiline));
        if reads_back && fits && shape.plain {
            self.plain(text, !key);
            return Ok(true);
        }
        if shape.single_quoted && !(key && shape.multiline) {
            self.single_quoted(text, !key);
        } else {
            self.double_quoted(text, !key);
        }
        Ok(false)
    }

    fn push(&mut self, text: &str) {
        self.column += text.chars().count();
        self.text.push_str(text);
    }

    fn indicator(
        &mut self,
        indicator: &str,
        blank_before: bool,
        whitespace: bool,
        indention: bool,
    ) {
        if blank_before && !self.whitespace {
            self.push(" ");
        }
        self.whitespace = whitespace;
        self.indention = self.indention && indention;
        self.push(indicator);
    }

    fn line_break(&mut self) {
        self.whitespace = true;
        self.indention = true;
        self.column = 0;
        self.text.push('\n');
    }

    fn new_line(&mut self) {
        if !self.indention
            || self.column > self.indent
            || (self.column == self.indent && !self.whitespace)
        {
            self.line_break();
        }
        if self.column < self.indent {
            self.whitespace = true;
            self.push(&" ".repeat(self.indent - self.column));
        }
    }

    /// A continuation line of a scalar: deeper than the block it is a value of.
    fn fold(&mut self) {
        let outer = self.indent;
        self.indent += self.options.indent;
        self.new_line();
        self.indent = outer;
    }

    fn plain(&mut self, text: &str, split: bool) {
        if text.is_empty() {
            return;
        }
        if !self.whitespace {
            self.push(" ");
        }
        self.whitespace = false;
        self.indention = false;
        for run in runs(text) {
            if run == " " && self.column > self.options.width && split {
                self.fold();
                self.whitespace = false;
                self.indention = false;
            } else {
                self.push(run);
            }
        }
    }

    fn single_quoted(&mut self, text: &str, split: bool) {
        self.indicator("'", true, false, false);
        let mut position = 0;
        for run in runs(text) {
            let first = position == 0;
            position += run.len();
            let last = position == text.len();
            if run == " " && self.column > self.options.width && split && !first && !last {
                self.fold();
            } else if run.starts_with('\n') {
                // One break more than the text has: a single one would read back as a blank.
                self.line_break();
                for _ in run.chars() {
                    self.line_break();
                }
                self.fold();
            } else {
                self.push(&run.replace('\'', "''"));
            }
        }
        self.indicator("'", false, false, false);
    }

    fn double_quoted(&mut self, text: &str, split: bool) {
        self.indicator("\"", true, false, false);
        let chars: Vec<char> = text.chars().collect();
        // Characters that need no escape are written together, and only then counted.
        let mut pending = String::new();
        let mut written_to = 0;
        for at in 0..=chars.len() {
            let c = chars.get(at).copied();
            let escaped = c.is_none_or(|c| self.needs_escape(c));
            if escaped {
                self.push(&std::mem::take(&mut pending));
                written_to = at;
                if let Some(c) = c {
                    self.push(&escape(c));
                    written_to = at + 1;
                }
            }
            let blank = c == Some(' ');
            if at > 0
                && at + 1 < chars.len()
                && (blank || written_to >= at)
                && self.column + at > self.options.width + written_to
                && split
            {
                self.push(&std::mem::take(&mut pending));
                written_to = written_to.max(at);
                self.push("\\");
                self.fold();
                self.whitespace = false;
                self.indention = false;
                if chars.get(written_to) == Some(&' ') {
                    self.push("\\");
                }
            }
            if !escaped {
                pending.extend(c);
            }
        }
        self.indicator("\"", false, false, false);
    }

    fn needs_escape(&self, c: char) -> bool {
        if matches!(c, '"' | '\\' | '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}') {
            return true;
        }
        let beyond_ascii = matches!(c, '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}');
        !(matches!(c, ' '..='~') || (self.options.allow_unicode && beyond_ascii))
    }
}

/// Parts of a text that are written as they are: runs of blanks, of line breaks, of anything else.
fn runs(text: &str) -> Vec<&str> {
    let class = |c: char| match c {
        ' ' => 1,
        '\n' => 2,
        _ => 0,
    };
    let mut runs = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|c| class(c) != class(first)).unwrap_or(rest.len());
        let (run, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
        runs.push(run);
        rest = after;
    }
    runs
}

fn escape(c: char) -> String {
    match c {
        '\0' => "\\0".to_owned(),
        '\x07' => "\\a".to_owned(),
        '\x08' => "\\b".to_owned(),
        '\t' => "\\t".to_owned(),
        '\n' => "\\n".to_owned(),
        '\x0b' => "\\v".to_owned(),
        '\x0c' => "\\f".to_owned(),
        '\r' => "\\r".to_owned(),
        '\x1b' => "\\e".to_owned(),
        '"' => "\\\"".to_owned(),
        '\\' => "\\\\".to_owned(),
        '\u{85}' => "\\N".to_owned(),
        '\u{a0}' => "\\_".to_owned(),
        '\u{2028}' => "\\L".to_owned(),
        '\u{2029}' => "\\P".to_owned(),
        _ => match u32::from(c) {
            code @ 0..=0xff => format!("\\x{code:02X}"),
            code @ 0x100..=0xffff => format!("\\u{code:04X}"),
            code => format!("\\U{code:08X}"),
        },
    }
}

fn key_order(a: &YamlValue, b: &YamlValue) -> Ordering {
    let number = |value: &YamlValue| match value {
        YamlValue::Bool(value) => Some(Number::from(i64::from(*value))),
        YamlValue::Int(value) => Some(Number::Int(value.clone())),
        YamlValue::Float(value) => Some(Number::Float(*value)),
        _ => None,
    };
    match (a, b) {
        (YamlValue::Str(a), YamlValue::Str(b)) => a.cmp(b),
        (YamlValue::Date(a), YamlValue::Date(b)) => a.cmp(b),
        _ => match (number(a), number(b)) {
            (Some(a), Some(b)) => compare(&a, &b).unwrap_or(Ordering::Equal),
            _ => Ordering::Equal,
        },
    }
}

/// What PyYAML takes for the length of a key: with its tag, which it does not write.
fn key_length(key: &YamlValue, text: &str) -> usize {
    let tag = match key {
        YamlValue::Null => "!!null",
        YamlValue::Bool(_) => "!!bool",
        YamlValue::Float(_) => "!!float",
        YamlValue::Date(_) | YamlValue::DateTime(_) => "!!timestamp",
        _ => "!!str",
    };
    tag.len() + text.chars().count()
}

fn is_text(value: &YamlValue) -> bool {
    matches!(value, YamlValue::Str(_))
}

fn scalar_text(value: &YamlValue) -> Result<String, Failure> {
    Ok(match value {
        YamlValue::Null => "null".to_owned(),
        YamlValue::Bool(true) => "true".to_owned(),
        YamlValue::Bool(false) => "false".to_owned(),
        YamlValue::Int(value) => repr_int(value)?,
        YamlValue::Float(value) => float_text(*value),
        YamlValue::Str(value) => value.clone(),
        YamlValue::Date(value) => value.to_string(),
        YamlValue::DateTime(value) => value.iso_format(' ', TimeSpec::Auto)?,
        YamlValue::Bytes(_) | YamlValue::Set(_) => {
            return Err(Failure::Unsupported("yaml.dump of a set or of bytes".to_owned()));
        }
        YamlValue::List(_) | YamlValue::Tuple(_) | YamlValue::Dict(_) => {
            return Err(Failure::Unsupported("yaml.dump of a key that is no scalar".to_owned()));
        }
    })
}

fn float_text(value: f64) -> String {
    if value.is_nan() {
        return ".nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let text = repr_float(value);
    // YAML's floats have a point.
    if text.contains('.') { text } else { text.replacen('e', ".0e", 1) }
}

/// Which styles a text can be written in.
struct Shape {
    plain: bool,
    single_quoted: bool,
    multiline: bool,
}

impl Shape {
    fn of(text: &str, allow_unicode: bool) -> Self {
        let chars: Vec<char> = text.chars().collect();
        let is_break = |c: char| matches!(c, '\n' | '\u{85}' | '\u{2028}' | '\u{2029}');
        let is_blank = |c: char| is_break(c) || matches!(c, '\0' | ' ' | '\t' | '\r');
        let at = |position: usize| chars.get(position).copied();
        let mut indicators = text.starts_with("---") || text.starts_with("...");
        let mut special = false;
        let (mut blank_after_break, mut break_after_blank) = (false, false);
        for (position, c) in chars.iter().copied().enumerate() {
            let blank_follows = at(position + 1).is_none_or(is_blank);
            let before = position.checked_sub(1).and_then(at);
            indicators |= match (position, c) {
                (0, '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>') => true,
                (0, '\'' | '"' | '%' | '@' | '`') => true,
                (0, '?' | '-') | (_, ':') => blank_follows,
                (_, '#') => before.is_some_and(is_blank),
                _ => false,
            };
            let printable = c == '\u{85}'
                || matches!(c, '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10fffe}')
                    && c != '\u{feff}';
            special |= !(c == '\n' || matches!(c, ' '..='~') || (printable && allow_unicode));
            blank_after_break |= c == ' ' && before.is_some_and(is_break);
            break_after_blank |= is_break(c) && before == Some(' ');
        }
        let multiline = chars.iter().any(|c| is_break(*c));
        let around = |c: Option<&char>| c.is_some_and(|c| *c == ' ' || is_break(*c));
        let surrounded = around(chars.first()) || around(chars.last());
        let single_quoted = !blank_after_break && !break_after_blank && !special;
        Self {
            plain: single_quoted && !surrounded && !multiline && !indicators,
            single_quoted,
            multiline,
        }
    }
}
