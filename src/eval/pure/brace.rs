//! `"{} {name.attr[key]!r:>{width}}".format(…)`: templates of `str.format`.

use super::Failure;
use super::number::decimal_digit;

/// A part of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BracePiece {
    /// Text, doubled braces already made one.
    Literal(String),
    /// A replacement field.
    Field(Field),
}

/// `{name.attribute[index]!conversion:spec}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// What is formatted.
    pub name: FieldName,
    /// What is looked up in it, in order.
    pub accessors: Vec<Accessor>,
    /// `s`, `r` or `a`.
    pub conversion: Option<char>,
    /// The format spec, itself a template.
    pub spec: Vec<BracePiece>,
}

/// The argument that a field names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldName {
    /// A positional argument; automatic numbers are already given out.
    Index(usize),
    /// A keyword argument.
    Name(String),
}

/// A lookup in an argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accessor {
    /// `.name`.
    Attr(String),
    /// `[text]`; a text of digits only is an integer, see [`Accessor::as_integer`].
    Index(String),
}

impl Accessor {
    /// The integer that an index is, when it is one.
    pub fn as_integer(&self) -> Option<usize> {
        match self {
            Self::Index(text) => integer(text),
            Self::Attr(_) => None,
        }
    }
}

/// Reads a template and gives out the automatic numbers.
///
/// Python raises the same errors, but only when it comes to the place; here they come first.
///
/// # Errors
/// `ValueError`, with Python's texts.
pub fn parse(template: &str) -> Result<Vec<BracePiece>, Failure> {
    parse_at_depth(template, &mut Numbering::default(), 2)
}

/// Whether fields are numbered by hand or one after the other; a template may not mix them.
#[derive(Debug, Default)]
enum Numbering {
    #[default]
    Open,
    Automatic(usize),
    Manual,
}

impl Numbering {
    fn automatic(&mut self) -> Result<usize, Failure> {
        let number = match self {
            Self::Open => 0,
            Self::Automatic(next) => *next,
            Self::Manual => {
                return Err(Failure::value(
                    "cannot switch from manual field specification to automatic field numbering",
                ));
            }
        };
        *self = Self::Automatic(number + 1);
        Ok(number)
    }

    fn manual(&mut self) -> Result<(), Failure> {
        if let Self::Automatic(_) = self {
            return Err(Failure::value(
                "cannot switch from automatic field numbering to manual field specification",
            ));
        }
        *self = Self::Manual;
        Ok(())
    }
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn parse_at_depth(
    template: &str,
    numbering: &mut Numbering,
    depth: u32,
) -> Result<Vec<BracePiece>, Failure> {
    if depth == 0 {
        return Err(Failure::value("Max string recursion exceeded"));
    }
    let mut pieces = Vec::new();
    let mut literal = String::new();
    let mut chars = template.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '{' | '}' if chars.next_if_eq(&c).is_some() => literal.push(c),
            '}' => return Err(Failure::value("Single '}' encountered in format string")),
            '{' if chars.peek().is_none() => {
                return Err(Failure::value("Single '{' encountered in format string"));
            }
            '{' => {
                if !literal.is_empty() {
                    pieces.push(BracePiece::Literal(std::mem::take(&mut literal)));
                }
                let field = parse_field(&mut chars, numbering, depth)?;
                pieces.push(BracePiece::Field(field));
            }
            _ => literal.push(c),
        }
    }
    if !literal.is_empty() {
        pieces.push(BracePiece::Literal(literal));
    }
    Ok(pieces)
}

fn parse_field(
    chars: &mut Chars<'_>,
    numbering: &mut Numbering,
    depth: u32,
) -> Result<Field, Failure> {
    let (name, end) = field_name(chars)?;
    let mut conversion = None;
    let mut spec = String::new();
    if end == '!' {
        conversion = Some(chars.next().ok_or_else(|| {
            Failure::value("end of string while looking for conversion specifier")
        })?);
        match chars.next() {
            Some(':') => spec = field_spec(chars)?,
            Some('}') => {}
            Some(_) => return Err(Failure::value("expected ':' after conversion specifier")),
            None => return Err(Failure::value("unmatched '{' in format spec")),
        }
    } else if end == ':' {
        spec = field_spec(chars)?;
    }
    let (name, accessors) = split_name(&name, numbering)?;
    if let Some(conversion) = conversion.filter(|c| !matches!(c, 's' | 'r' | 'a')) {
        return Err(unknown_conversion(conversion));
    }
    let spec = if spec.contains('{') {
        parse_at_depth(&spec, numbering, depth - 1)?
    } else if spec.is_empty() {
        Vec::new()
    } else {
        vec![BracePiece::Literal(spec)]
    };
    Ok(Field { name, accessors, conversion, spec })
}

fn unknown_conversion(conversion: char) -> Failure {
    if ('!'..'\u{7f}').contains(&conversion) {
        return Failure::value(format!("Unknown conversion specifier {conversion}"));
    }
    Failure::value(format!("Unknown conversion specifier \\x{:x}", u32::from(conversion)))
}

/// The text up to `:`, `!` or `}`, and which of them ended it. Inside brackets only `]` counts.
fn field_name(chars: &mut Chars<'_>) -> Result<(String, char), Failure> {
    let mut name = String::new();
    let mut in_brackets = false;
    for c in chars {
        match c {
            '[' => in_brackets = true,
            ']' => in_brackets = false,
            '{' if !in_brackets => {
                return Err(Failure::value("unexpected '{' in field name"));
            }
            '}' | ':' | '!' if !in_brackets => return Ok((name, c)),
            _ => {}
        }
        name.push(c);
    }
    Err(Failure::value("expected '}' before end of string"))
}

/// The text up to the brace that closes the field; braces inside must match.
fn field_spec(chars: &mut Chars<'_>) -> Result<String, Failure> {
    let mut spec = String::new();
    let mut nested = 0u32;
    for c in chars {
        match c {
            '{' => nested += 1,
            '}' if nested == 0 => return Ok(spec),
            '}' => nested -= 1,
            _ => {}
        }
        spec.push(c);
    }
    Err(Failure::value("unmatched '{' in format spec"))
}

fn split_name(
    text: &str,
    numbering: &mut Numbering,
) -> Result<(FieldName, Vec<Accessor>), Failure> {
    let end = text.find(['.', '[']).unwrap_or(text.len());
    let (first, rest) = text.split_at_checked(end).unwrap_or((text, ""));
    let name = if first.is_empty() {
        FieldName::Index(numbering.automatic()?)
    } else if let Some(index) = checked_integer(first)? {
        numbering.manual()?;
        FieldName::Index(index)
    } else {
        FieldName::Name(first.to_owned())
    };
    Ok((name, accessors(rest)?))
}

fn accessors(text: &str) -> Result<Vec<Accessor>, Failure> {
    let empty = || Failure::value("Empty attribute in format string");
    let mut accessors = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let accessor;
        if let Some(after) = rest.strip_prefix('.') {
            let end = after.find(['.', '[']).unwrap_or(after.len());
            let (name, after) = after.split_at_checked(end).unwrap_or((after, ""));
            accessor = Accessor::Attr(name.to_owned());
            rest = after;
        } else if let Some(after) = rest.strip_prefix('[') {
            let (index, after) = after
                .split_once(']')
                .ok_or_else(|| Failure::value("Missing ']' in format string"))?;
            checked_integer(index)?;
            accessor = Accessor::Index(index.to_owned());
            rest = after;
        } else {
            return Err(Failure::value("Only '.' or '[' may follow ']' in format field specifier"));
        }
        let (Accessor::Attr(name) | Accessor::Index(name)) = &accessor;
        if name.is_empty() {
            return Err(empty());
        }
        accessors.push(accessor);
    }
    Ok(accessors)
}

fn checked_integer(text: &str) -> Result<Option<usize>, Failure> {
    let digits = !text.is_empty() && text.chars().all(|c| decimal_digit(c).is_some());
    match integer(text) {
        None if digits => Err(Failure::value("Too many decimal digits in format string")),
        integer => Ok(integer),
    }
}

fn integer(text: &str) -> Option<usize> {
    let mut value = 0i64;
    for c in text.chars() {
        value = value.checked_mul(10)?.checked_add(i64::from(decimal_digit(c)?))?;
    }
    if text.is_empty() { None } else { usize::try_from(value).ok() }
}

#[cfg(test)]
mod tests;
