//! Data as text and bytes: `json`, `yaml`, `toml`, `configparser`, `csv`, `base64`, `hashlib` and
//! `urllib.parse`.
//!
//! A text that is parsed must be known as a whole. A value that is written and has a hole anywhere
//! gives a hole: what stands for the hole would have to be escaped, and podlift cannot do that to text
//! it does not have.

mod config;
mod digest;
mod ini;
mod json;
mod literals;
mod tables;
mod toml;
mod urls;
mod yaml;

pub(crate) use config::{CONFIG_METHODS, SECTION, SECTION_METHODS};
pub(crate) use json::ENCODER;

use crate::eval::call::Args;
use crate::eval::interp::{Interp, Res};
use crate::eval::object::{Data, Val};
use crate::python::Span;

/// Why a value cannot be written.
enum Unwritable {
    /// Something in it is not known.
    Open,
    /// Python has an answer that podlift does not know.
    Unknown,
}

/// Python's answer, or why there is none.
type Written<T> = Res<Result<T, Unwritable>>;

impl Interp<'_> {
    /// A function or class of one of these modules.
    pub(crate) fn call_serialise(&mut self, path: &str, args: &Args, span: Span) -> Option<Res> {
        if args.is_open() {
            return None;
        }
        match path.split('.').next()? {
            "ast" => self.call_literal(path, args, span),
            "json" => self.call_json(path, args, span),
            "yaml" => self.call_yaml(path, args, span),
            "tomllib" | "toml" => self.call_toml(path, args, span),
            "configparser" => self.call_config(path, args, span),
            "csv" => self.call_csv(path, args, span).transpose(),
            "base64" | "binascii" | "hashlib" | "zlib" => self.call_digest(path, args, span),
            "urllib" => self.call_urls(path, args, span).transpose(),
            _ => None,
        }
    }

    /// The text of a string, of UTF-8 bytes, or of what is still to be read from a file object.
    /// `None` when it is not known; the value it came from keeps its place.
    fn source_text(&mut self, val: &Val, span: Span) -> Option<Val> {
        let val = match self.take_stream(val, span) {
            Some(content) => content,
            None => val.clone(),
        };
        match &val.data {
            Data::Str(_) => Some(val),
            Data::Bytes(bytes) => {
                let text = std::str::from_utf8(bytes).ok()?.to_owned();
                Some(Val::str(text, val.span))
            }
            _ => self.known_str(&val).map(|text| Val::str(text, val.span)),
        }
    }

    /// What a function over an unknown argument gives. A hole inside a file object counts.
    fn unknown_source(&mut self, val: &Val, span: Span) -> Val {
        match self.take_stream(val, span) {
            Some(content) => self.derived(&[&content], span),
            None => self.derived(&[val], span),
        }
    }

    /// The result of writing a value.
    fn written<T>(
        &mut self,
        written: Written<T>,
        val: &Val,
        span: Span,
        make: impl FnOnce(&mut Self, T) -> Res,
    ) -> Option<Res> {
        match written {
            Ok(Ok(data)) => Some(make(self, data)),
            Ok(Err(Unwritable::Open)) => Some(Ok(self.derived(&[val], span))),
            Ok(Err(Unwritable::Unknown)) => None,
            Err(raised) => Some(Err(raised)),
        }
    }

    /// A flag among the keywords; `None` when it is not known.
    fn flag(&mut self, args: &Args, name: &str, default: bool) -> Option<bool> {
        match args.named(name) {
            Some(val) => self.truth(&val.clone()).ok()?,
            None => Some(default),
        }
    }
}
