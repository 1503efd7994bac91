//! `base64`, `binascii`, `hashlib` and the checksums of `zlib`.

use std::rc::Rc;

use crate::eval::call::Args;
use crate::eval::interp::{Interp, Res};
use crate::eval::object::{Data, Map, ObjId, Object, Val};
use crate::eval::pure::hash;
use crate::python::Span;
use crate::python::ast::{BinaryOp, Name};

impl Interp<'_> {
    pub(super) fn call_digest(&mut self, path: &str, args: &Args, span: Span) -> Option<Res> {
        let first = args.pos.first();
        if let Some(name) = path.strip_prefix("hashlib.") {
            let (name, data) = match name {
                "new" => {
                    let name = args.get(0, "name")?.as_str()?.to_lowercase();
                    (name, args.get(1, "data").cloned())
                }
                _ => (name.to_owned(), first.cloned()),
            };
            // Algorithms podlift does not compute stay unknown.
            hash::digest(&name, b"")?;
            let empty = || Val::new(Data::Bytes(Rc::from([])), span);
            let data = data.unwrap_or_else(empty);
            if let Data::Str(_) = &data.data {
                let message = "Strings must be encoded before hashing";
                return Some(self.type_error(message, span));
            }
            let mut attrs = Map::default();
            attrs.insert(Name::from("name"), Val::str(name, span));
            attrs.insert(Name::from("data"), data);
            return Some(Ok(self.heap.val(Object::Record("hashlib.hash".into(), attrs), span)));
        }
        let val = first?;
        if self.is_open(val) {
            return Some(Ok(self.derived(&[val], span)));
        }
        let encodes = path.ends_with("encode");
        let sums = path.ends_with("32");
        let bytes: Rc<[u8]> = match &val.data {
            Data::Bytes(bytes) => Rc::clone(bytes),
            Data::Str(text) if !encodes && !sums && text.is_ascii() => text.as_bytes().into(),
            Data::Str(_) => {
                let message = "a bytes-like object is required, not 'str'";
                return Some(self.type_error(message, span));
            }
            _ => return None,
        };
        if args.pos.len() > 1 || !args.kw.is_empty() {
            return None;
        }
        let made = |bytes: Vec<u8>| Some(Ok(Val::new(Data::Bytes(bytes.into()), span)));
        match path {
            "base64.b64encode" | "base64.standard_b64encode" => {
                made(hash::b64encode(&bytes).into_bytes())
            }
            "base64.urlsafe_b64encode" => made(hash::urlsafe_b64encode(&bytes).into_bytes()),
            "base64.b64decode"
            | "base64.standard_b64decode"
            | "binascii.a2b_base64"
            | "base64.urlsafe_b64decode" => {
                // Bytes outside the alphabet are skipped, whatever they are.
                let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
                let decoded = match path.ends_with("urlsafe_b64decode") {
                    true => hash::urlsafe_b64decode(&text),
                    false => hash::b64decode(&text),
                };
                match decoded {
                    Ok(decoded) => made(decoded),
                    Err(failure) => Some(self.failed(failure, &[val], span)),
                }
            }
            "zlib.crc32" | "binascii.crc32" => {
                Some(Ok(Val::int(i64::from(hash::crc32(&bytes)), span)))
            }
            "zlib.adler32" => Some(Ok(Val::int(i64::from(hash::adler32(&bytes)), span))),
            "binascii.hexlify" => made(hash::to_hex(&bytes).into_bytes()),
            "base64.b16encode" => made(hash::to_hex(&bytes).to_uppercase().into_bytes()),
            _ => None,
        }
    }

    /// A method of a hash object.
    pub(crate) fn digest_method(
        &mut self,
        id: ObjId,
        attrs: &Map<Name, Val>,
        name: &str,
        args: &Args,
        span: Span,
    ) -> Option<Res> {
        let data = attrs.get("data")?.clone();
        let algorithm = attrs.get("name")?.as_str()?.to_owned();
        match name {
            "update" => {
                let more = args.pos.first()?;
                if let Data::Str(_) = &more.data {
                    let message = "Strings must be encoded before hashing";
                    return Some(self.type_error(message, span));
                }
                let joined = match self.binary(BinaryOp::Add, &data, more, span) {
                    Ok(joined) => joined,
                    Err(raised) => return Some(Err(raised)),
                };
                if let Object::Record(_, attrs) = self.heap.get_mut(id) {
                    attrs.insert(Name::from("data"), joined);
                }
                Some(Ok(Val::none(span)))
            }
            "copy" => {
                let copy = self.heap.copy(id);
                Some(Ok(self.heap.val(copy, span)))
            }
            "digest" | "hexdigest" => {
                let Data::Bytes(bytes) = &data.data else {
                    return Some(Ok(self.derived(&[&data], span)));
                };
                let result = hash::digest(&algorithm, bytes)?;
                Some(Ok(match name {
                    "digest" => Val::new(Data::Bytes(result.into()), span),
                    _ => Val::str(hash::to_hex(&result), span),
                }))
            }
            _ => None,
        }
    }
}
