//! `urllib.parse`.

use crate::eval::call::Args;
use crate::eval::interp::{Interp, Res};
use crate::eval::object::{Data, Entries, Key, Map, Object, Val};
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
            "urljoin" if args.pos.len() == 2 && args.kw.is_empty() => {
                let Some(url) = args.pos.get(1).and_then(|url| self.known_str(url)) else {
                    return Ok(Some(self.derived(&args.all(), span)));
                };
                match url::urljoin(&text, &url) {
                    Ok(joined) => self.string(joined, span),
                    Err(failure) => return self.failed(failure, &args.all(), span).map(Some),
                }
            }
            "parse_qs" | "parse_qsl" => return self.parse_query(name, &text, args, span),
            _ => return Ok(None),
        }))
    }

    /// `parse_qs` and `parse_qsl`.
    fn parse_query(&mut self, name: &str, text: &str, args: &Args, span: Span) -> Res<Option<Val>> {
        let keeps_blank = match args.get(1, "keep_blank_values") {
            Some(val) => self.truth(&val.clone())?,
            None => Some(false),
        };
        let is_plain =
            args.pos.len() < 3 && args.kw.keys().all(|name| name.as_ref() == "keep_blank_values");
        let (Some(keeps_blank), true) = (keeps_blank, is_plain) else { return Ok(None) };
        let pairs = url::parse_qsl(text, keeps_blank);
        self.spend(pairs.len(), span)?;
        if name == "parse_qsl" {
            let pair = |(name, value): (String, String)| {
                Val::tuple(vec![Val::str(name, span), Val::str(value, span)], span)
            };
            let pairs = pairs.into_iter().map(pair).collect();
            return Ok(Some(self.list(pairs, span)));
        }
        let mut found: Map<String, Vec<Val>> = Map::default();
        for (name, value) in pairs {
            found.entry(name).or_default().push(Val::str(value, span));
        }
        let mut entries = Entries::default();
        for (name, values) in found {
            let values = self.list(values, span);
            entries.insert(Key::Str(name.as_str().into()), (Val::str(name, span), values));
        }
        Ok(Some(self.dict(entries, span)))
    }

    fn url_encode(&mut self, query: &Val, args: &Args, span: Span) -> Res<Option<Val>> {
        let is_plain = args.pos.len() < 3 && args.kw.keys().all(|name| name.as_ref() == "doseq");
        let takes_parts = match args.get(1, "doseq") {
            Some(val) => self.truth(&val.clone())?,
            None => Some(false),
        };
        let (Some(takes_parts), true) = (takes_parts, is_plain) else { return Ok(None) };
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
        let mut single: Vec<Vec<Val>> = Vec::new();
        for pair in pairs {
            match pair.as_slice() {
                [key, val] if takes_parts && !matches!(val.data, Data::Str(_)) => {
                    // What has no length is taken as it is.
                    let has_parts = matches!(val.data, Data::Tuple(_))
                        || val.as_obj().is_some_and(|id| {
                            matches!(self.heap.get(id), Object::List(_) | Object::Dict(..))
                        });
                    match (has_parts, val.as_obj()) {
                        (true, _) => match self.iterate(val, span)? {
                            Some(items) => {
                                single
                                    .extend(items.into_iter().map(|item| vec![key.clone(), item]));
                            }
                            None => return Ok(Some(self.derived(&[query], span))),
                        },
                        (false, None) if !self.is_open(val) => single.push(pair),
                        _ => return Ok(None),
                    }
                }
                _ => single.push(pair),
            }
        }
        let pairs = single;
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
        let mut path = part("path")?.to_owned();
        if let Some(params) = part("params").filter(|part| !part.is_empty()) {
            path = format!("{path};{params}");
        }
        let whole = |name: &str| part(name).map(str::to_owned);
        let split = SplitUrl {
            scheme: whole("scheme")?,
            netloc: whole("netloc")?,
            path,
            query: whole("query")?,
            fragment: whole("fragment")?,
        };
        match split.unsplit() {
            Ok(url) => Some(Ok(self.string(url, span))),
            Err(failure) => Some(self.failed(failure, &[], span)),
        }
    }
}
