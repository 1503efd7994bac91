//! `uuid`: the UUIDs that are the same at each run.

use crate::eval::call::Args;
use crate::eval::interp::{Interp, Res};
use crate::eval::object::{Map, Object, Val};
use crate::eval::pure::hash::hexdigest;
use crate::python::Span;
use crate::python::ast::Name;

/// The class of the records that stand for UUIDs.
pub(crate) const UUID: &str = "uuid.UUID";
/// Namespaces by name, as hexadecimal digits.
const NAMESPACES: [(&str, &str); 4] = [
    ("uuid.NAMESPACE_DNS", "6ba7b8109dad11d180b400c04fd430c8"),
    ("uuid.NAMESPACE_URL", "6ba7b8119dad11d180b400c04fd430c8"),
    ("uuid.NAMESPACE_OID", "6ba7b8129dad11d180b400c04fd430c8"),
    ("uuid.NAMESPACE_X500", "6ba7b8149dad11d180b400c04fd430c8"),
];

impl Interp<'_> {
    /// `uuid.uuid5`, `uuid.uuid3` and `uuid.UUID`; `None` for what differs from run to run.
    pub(super) fn call_uuid(&mut self, path: &str, args: &Args, span: Span) -> Option<Res> {
        let first = args.get(0, if path == UUID { "hex" } else { "namespace" })?;
        if path == UUID {
            if args.pos.len() + args.kw.len() != 1 {
                return None;
            }
            let Some(text) = self.known_str(first) else {
                return Some(Ok(self.derived(&[first], span)));
            };
            let digits = text.replace("urn:", "").replace("uuid:", "");
            let digits = digits.trim_matches(['{', '}']).replace('-', "");
            if digits.len() != 32 || !digits.chars().all(|c| c.is_ascii_hexdigit()) {
                let message = "badly formed hexadecimal UUID string";
                return Some(Err(self.exception("ValueError", message, span)));
            }
            return Some(Ok(self.uuid_of(&digits.to_ascii_lowercase(), span)));
        }
        let (algorithm, version) = match path {
            "uuid.uuid5" => ("sha1", '5'),
            "uuid.uuid3" => ("md5", '3'),
            _ => return None,
        };
        let name = args.get(1, "name")?;
        let (Some(digits), Some(name)) = (self.uuid_digits(first), self.known_str(name)) else {
            return Some(Ok(self.derived(&args.all(), span)));
        };
        let mut data: Vec<u8> = (0..16)
            .filter_map(|at| u8::from_str_radix(digits.get(at * 2..at * 2 + 2)?, 16).ok())
            .collect();
        data.extend(name.bytes());
        let digest = hexdigest(algorithm, &data)?;
        let made: String = digest
            .chars()
            .take(32)
            .enumerate()
            .map(|(at, digit)| match at {
                12 => version,
                // The two highest bits say that this is the usual variant.
                16 => digit
                    .to_digit(16)
                    .and_then(|n| char::from_digit(n & 3 | 8, 16))
                    .unwrap_or(digit),
                _ => digit,
            })
            .collect();
        Some(Ok(self.uuid_of(&made, span)))
    }

    fn uuid_of(&mut self, digits: &str, span: Span) -> Val {
        let mut attrs = Map::default();
        attrs.insert(Name::from("hex"), Val::str(digits, span));
        self.heap.val(Object::Record(UUID.into(), attrs), span)
    }

    /// The hexadecimal digits of a UUID.
    fn uuid_digits(&self, val: &Val) -> Option<String> {
        if let Some(path) = val.as_symbol() {
            let found = NAMESPACES.iter().find(|(name, _)| *name == path);
            return found.map(|(_, digits)| (*digits).to_owned());
        }
        match self.heap.get(val.as_obj()?) {
            Object::Record(class, attrs) if class.as_ref() == UUID => {
                attrs.get("hex")?.as_str().map(str::to_owned)
            }
            _ => None,
        }
    }

    /// `str(uuid)`.
    pub(crate) fn uuid_text(&self, val: &Val) -> Option<String> {
        let digits = self.uuid_digits(val)?;
        let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
        let parts = [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)];
        Some(parts.join("-"))
    }
}
