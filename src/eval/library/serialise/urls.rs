//! `urllib.parse`.

use crate::eval::call::Args;
use crate::eval::interp::{Interp, Res};
use crate::eval::object::{Data, Map, Object, Val};
use crate::eval::pure::Failure;
use crate::eval::pure::url::{self, SplitUrl};
use crate::python::Span;
use crate::python::ast::Name;

impl Interp<'_> {
    pub(super) fn call_urls(&mut self, path: &str, args: &Args, span: Span) -> Res<Option<Val>> {
        let Some(name) = path.strip_prefix("urllib.parse.") else { return Ok(None) };
        let Some(first) = args.pos.first() else { return Ok(None) };
        if name == "urlencode" {
            return self.url_encode(first, args, span);
        }
        let Some(text) = self.known_str(first) else {
            return Ok(Some(self.derived(&args.all(), span)));
        };
        Ok(Some(match name {
            "quote" | "quote_plus" => {
                let safe = match args.get(1, "safe") {
                    Some(val) => match self.known_str(val) {
                        Some(safe) => safe,
                        None => return Ok(None),
                    },
                    None if name == "quote" => "/".into(),
                    None => "".into(),
                };
                if args.pos.len() > 2 {
                    return Ok(None);
                }
                self.string(
                    match name {
                        "quote" => url::quote(&text, &safe),
                        _ => url::quote_plus(&text, &safe),
                    },
                    span,
                )
            }
            "unquote" | "unquote_plus" => {
                let text = match name {
                    "unquote" => url::unquote(&text),
                    _ => url::unquote_plus(&text),
                };
                self.string(text, span)
            }
            "urlparse" | "urlsplit" if args.pos.len() == 1 => {
                match self.split_url(&text, name, span) {
                    Ok(val) => val,
                    Err(failure) => return self.failed(failure, &[first], span).map(Some),
                }
            }
            _ => return Ok(None),
        }))
    }

    fn url_encode(&mut self, query: &Val, args: &Args, span: Span) -> Res<Option<Val>> {
        if args.pos.len() > 1 || !args.kw.is_empty() {
            return Ok(None);
        }
        if self.is_open(query) {
            return Ok(Some(self.derived(&[query], span)));
        }
        let pairs = match self.entries_of(query) {
            Some(entries) => entries.into_values().map(|(key, val)| vec![key, val]).collect(),
            None => {
                let Some(items) = self.iterate(query, span)? else {
                    return Ok(Some(self.derived(&[query], span)));
                };
                let mut pairs = Vec::new();
                for item in items {
                    match self.iterate(&item, span)? {
                        Some(pair) => pairs.push(pair),
                        None => return Ok(Some(self.derived(&[query], span))),
                    }
                }
                pairs
            }
        };
        let mut parts = Vec::new();
        for pair in pairs {
            let mut sides = Vec::new();
            for val in &pair {
                if matches!(val.data, Data::Bytes(_)) {
                    return Ok(None);
                }
                match self.str_text(val, span)?.as_literal() {
                    Some(text) => sides.push(url::quote_plus(text, "")),
                    None => return Ok(Some(self.derived(&[query], span))),
                }
            }
            parts.push(sides.join("="));
        }
        Ok(Some(self.string(parts.join("&"), span)))
    }

    /// The parts of a URL as a record.
    fn split_url(&mut self, url: &str, function: &str, span: Span) -> Result<Val, Failure> {
        let split = SplitUrl::new(url)?;
        let (path, params) = match function {
            "urlparse" => split.params(),
            _ => (split.path.clone(), String::new()),
        };
        let (username, password) = split.credentials();
        let text = |text: &str| Val::str(text, span);
        let optional =
            |part: Option<String>| part.map_or_else(|| Val::none(span), |part| text(&part));
        let port =
            split.port()?.map_or_else(|| Val::none(span), |port| Val::int(i64::from(port), span));
        let parts = [
            ("scheme", text(&split.scheme)),
            ("netloc", text(&split.netloc)),
            ("path", text(&path)),
            ("params", text(&params)),
            ("query", text(&split.query)),
            ("fragment", text(&split.fragment)),
            ("username", optional(username)),
            ("password", optional(password)),
            ("hostname", optional(split.hostname())),
            ("port", port),
        ];
        let attrs: Map<Name, Val> =
            parts.into_iter().map(|(name, val)| (Name::from(name), val)).collect();
        Ok(self.heap.val(Object::Record("urllib.parse.ParseResult".into(), attrs), span))
    }

    /// `ParseResult.geturl()`.
    pub(crate) fn unsplit_url(&mut self, attrs: &Map<Name, Val>, span: Span) -> Option<Res> {
        let part = |name: &str| attrs.get(name).and_then(Val::as_str);
        let mut url = String::new();
        if let Some(scheme) = part("scheme").filter(|part| !part.is_empty()) {
            url.push_str(scheme);
            url.push(':');
        }
        if let Some(netloc) = part("netloc").filter(|part| !part.is_empty()) {
            url.push_str("//");
            url.push_str(netloc);
        }
        url.push_str(part("path")?);
        for (name, mark) in [("params", ';'), ("query", '?'), ("fragment", '#')] {
            if let Some(text) = part(name).filter(|part| !part.is_empty()) {
                url.push(mark);
                url.push_str(text);
            }
        }
        Some(Ok(self.string(url, span)))
    }
}
