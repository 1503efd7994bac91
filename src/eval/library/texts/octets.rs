//! Methods of `bytes`, and the encodings between them and strings.

use std::collections::BTreeSet;
use std::rc::Rc;

use crate::eval::call::Args;
use crate::eval::interp::{Interp, Res};
use crate::eval::object::{Data, Val};
use crate::eval::pure::{Failure, hash};
use crate::python::Span;
use crate::python::ast::CompareOp;

/// Where bytes begin in others. The search in texts does not take the product of both lengths.
pub(crate) fn find_bytes(bytes: &[u8], part: &[u8]) -> Option<usize> {
    let text = |bytes: &[u8]| bytes.iter().copied().map(char::from).collect::<String>();
    let (bytes, part) = (text(bytes), text(part));
    let (before, _) = bytes.split_once(&part)?;
    Some(before.chars().count())
}

/// The encodings podlift knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Ascii,
    Latin1,
}

impl Encoding {
    fn of(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().replace('_', "-").as_str() {
            "utf-8" | "utf8" | "u8" => Self::Utf8,
            "ascii" | "us-ascii" => Self::Ascii,
            "latin-1" | "latin1" | "iso-8859-1" | "iso8859-1" => Self::Latin1,
            _ => return None,
        })
    }
}

/// `text.encode(encoding, errors)`; `None` for an encoding or a way of treating errors podlift does
/// not know.
pub(super) fn encode(text: &str, encoding: &str, errors: &str) -> Result<Option<Vec<u8>>, Failure> {
    let Some(encoding) = Encoding::of(encoding) else { return Ok(None) };
    let (limit, name) = match encoding {
        Encoding::Utf8 => return Ok(Some(text.as_bytes().to_vec())),
        Encoding::Ascii => (0x80, "ascii"),
        Encoding::Latin1 => (0x100, "latin-1"),
    };
    let mut bytes = Vec::with_capacity(text.len());
    for (at, c) in text.chars().enumerate() {
        match (u8::try_from(u32::from(c)), errors) {
            (Ok(byte), _) if u32::from(c) < limit => bytes.push(byte),
            (_, "ignore") => {}
            (_, "replace") => bytes.push(b'?'),
            (_, "strict") => {
                let message = format!(
                    "'{name}' codec can't encode character '\\x{:02x}' in position {at}: ordinal not \
                     in range({limit})",
                    u32::from(c)
                );
                return Err(Failure::raised("UnicodeEncodeError", message));
            }
            _ => return Ok(None),
        }
    }
    Ok(Some(bytes))
}

/// `bytes.decode(encoding, errors)`; `None` as for [`encode`].
pub(super) fn decode(
    bytes: &[u8],
    encoding: &str,
    errors: &str,
) -> Result<Option<String>, Failure> {
    let Some(encoding) = Encoding::of(encoding) else { return Ok(None) };
    match encoding {
        Encoding::Latin1 => Ok(Some(bytes.iter().map(|byte| char::from(*byte)).collect())),
        Encoding::Utf8 => match (std::str::from_utf8(bytes), errors) {
            (Ok(text), _) => Ok(Some(text.to_owned())),
            (Err(error), "strict") => {
                let at = error.valid_up_to();
                let byte = bytes.get(at).copied().unwrap_or(0);
                let message = format!(
                    "'utf-8' codec can't decode byte 0x{byte:02x} in position {at}: invalid start byte"
                );
                Err(Failure::raised("UnicodeDecodeError", message))
            }
            (Err(_), "replace") => Ok(Some(String::from_utf8_lossy(bytes).into_owned())),
            _ => Ok(None),
        },
        Encoding::Ascii => match (bytes.iter().position(|byte| !byte.is_ascii()), errors) {
            (None, _) => Ok(Some(bytes.iter().map(|byte| char::from(*byte)).collect())),
            (Some(at), "strict") => {
                let byte = bytes.get(at).copied().unwrap_or(0);
                let message = format!(
                    "'ascii' codec can't decode byte 0x{byte:02x} in position {at}: ordinal not in \
                     range(128)"
                );
                Err(Failure::raised("UnicodeDecodeError", message))
            }
            _ => Ok(None),
        },
    }
}

impl Interp<'_> {
    pub(super) fn bytes_method(
        &mut self,
        this: &Val,
        bytes: &Rc<[u8]>,
        name: &str,
        args: &Args,
        span: Span,
    ) -> Res<Option<Val>> {
        if args.is_open() || args.all().iter().any(|val| self.is_open(val)) {
            return Ok(Some(self.hole_from(this, args, span)));
        }
        let made = |bytes: &[u8]| Val::new(Data::Bytes(bytes.into()), span);
        let first = args.pos.first();
        let first_bytes = match first.map(|val| &val.data) {
            Some(Data::Bytes(bytes)) => Some(Rc::clone(bytes)),
            _ => None,
        };
        Ok(Some(match (name, &first_bytes) {
            ("decode", _) => {
                let text = |index, name, default: &str| match args.get(index, name) {
                    Some(val) => val.as_str().map(str::to_owned),
                    None => Some(default.to_owned()),
                };
                let (Some(encoding), Some(errors)) =
                    (text(0, "encoding", "utf-8"), text(1, "errors", "strict"))
                else {
                    return Ok(None);
                };
                match decode(bytes, &encoding, &errors) {
                    Ok(Some(text)) => self.string(text, span),
                    Ok(None) => return Ok(None),
                    Err(failure) => return self.failed(failure, &[this], span).map(Some),
                }
            }
            ("hex", None) if first.is_none() => self.string(hash::to_hex(bytes), span),
            ("lower", None) => made(&bytes.to_ascii_lowercase()),
            ("upper", None) => made(&bytes.to_ascii_uppercase()),
            ("startswith", Some(part)) => Val::bool(bytes.starts_with(part), span),
            ("endswith", Some(part)) => Val::bool(bytes.ends_with(part), span),
            ("strip" | "lstrip" | "rstrip", _) if first.is_none() || first_bytes.is_some() => {
                // A set, because both may be long.
                let chars: Option<BTreeSet<u8>> =
                    first_bytes.as_ref().map(|chars| chars.iter().copied().collect());
                let blank = |byte: &u8| match &chars {
                    Some(chars) => chars.contains(byte),
                    None => matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c),
                };
                let mut rest: &[u8] = bytes;
                while name != "rstrip"
                    && let Some((first, more)) = rest.split_first()
                    && blank(first)
                {
                    rest = more;
                }
                while name != "lstrip"
                    && let Some((last, more)) = rest.split_last()
                    && blank(last)
                {
                    rest = more;
                }
                made(rest)
            }
            ("split", Some(part)) if args.pos.len() == 1 && !part.is_empty() => {
                let mut parts: Vec<Val> = Vec::new();
                let mut current: Vec<u8> = Vec::new();
                let mut rest: &[u8] = bytes;
                while let Some((byte, more)) = rest.split_first() {
                    match rest.strip_prefix(part.as_ref()) {
                        Some(after) => {
                            parts.push(made(&std::mem::take(&mut current)));
                            rest = after;
                        }
                        None => {
                            current.push(*byte);
                            rest = more;
                        }
                    }
                }
                parts.push(made(&current));
                self.list(parts, span)
            }
            ("find", Some(part)) => {
                let found = match part.is_empty() {
                    true => Some(0),
                    false => find_bytes(bytes, part),
                };
                Val::int(found.and_then(|at| i64::try_from(at).ok()).unwrap_or(-1), span)
            }
            ("join", _) => {
                let Some(items) = first else { return Ok(None) };
                let Some(items) = self.iterate(items, span)? else {
                    return Ok(Some(self.hole_from(this, args, span)));
                };
                let mut joined: Vec<u8> = Vec::new();
                for (index, item) in items.iter().enumerate() {
                    let Data::Bytes(part) = &item.data else {
                        return Ok(None);
                    };
                    if index > 0 {
                        joined.extend(bytes.iter());
                    }
                    joined.extend(part.iter());
                    if joined.len() > self.settings.limits.string {
                        let message = "a string is longer than the bound";
                        return Ok(Some(self.limit_hole(span, "string", message)));
                    }
                }
                made(&joined)
            }
            ("replace", Some(old)) if args.pos.len() == 2 && !old.is_empty() => {
                let Some(Data::Bytes(new)) = args.pos.get(1).map(|val| &val.data) else {
                    return Ok(None);
                };
                let mut result: Vec<u8> = Vec::new();
                let mut rest: &[u8] = bytes;
                while let Some((byte, more)) = rest.split_first() {
                    match rest.strip_prefix(old.as_ref()) {
                        Some(after) => {
                            result.extend(new.iter());
                            rest = after;
                            if result.len() > self.settings.limits.string {
                                break;
                            }
                        }
                        None => {
                            result.push(*byte);
                            rest = more;
                        }
                    }
                }
                if result.len() > self.settings.limits.string {
                    return Ok(Some(self.limit_hole(
                        span,
                        "string",
                        "a string is longer than the bound",
                    )));
                }
                made(&result)
            }
            ("__len__", None) => self.call_len(this, span)?,
            ("__getitem__", _) => match first {
                Some(index) => self.item(this, index, span)?,
                None => return Ok(None),
            },
            ("__contains__", _) => match first {
                Some(needle) => self.compare(CompareOp::In, needle, this, span)?,
                None => return Ok(None),
            },
            _ => return Ok(None),
        }))
    }

    /// `bytes.fromhex(digits)`.
    pub(crate) fn bytes_from_hex(&mut self, args: &Args, span: Span) -> Option<Res> {
        let val = args.pos.first()?;
        Some(match hash::from_hex(val.as_str()?) {
            Ok(bytes) => Ok(Val::new(Data::Bytes(bytes.into()), span)),
            Err(failure) => self.failed(failure, &[val], span),
        })
    }
}
