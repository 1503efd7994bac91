//! `urllib.parse`.

use crate::eval::call::Args;
use crate::eval::interp::{Interp, Res};
use crate::eval::object::{Data, Map, Object, Val};
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
                self.string(quote(&text, &safe, name == "quote_plus"), span)
            }
            "unquote" | "unquote_plus" => {
                let text =
                    if name == "unquote_plus" { text.replace('+', " ") } else { text.to_string() };
                match unquote(&text) {
                    Some(text) => self.string(text, span),
                    None => return Ok(None),
                }
            }
            "urlparse" | "urlsplit" if args.pos.len() == 1 => {
                match self.split_url(&text, name, span) {
                    Some(val) => val,
                    None => return Ok(None),
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
                    Some(text) => sides.push(quote(text, "", true)),
                    None => return Ok(Some(self.derived(&[query], span))),
                }
            }
            parts.push(sides.join("="));
        }
        Ok(Some(self.string(parts.join("&"), span)))
    }

    /// The parts of a URL as a record; `None` for URLs Python would refuse or treat specially.
    fn split_url(&mut self, url: &str, function: &str, span: Span) -> Option<Val> {
        if url.contains(['[', ']', '\t', '\n', '\r']) || url.starts_with(char::is_whitespace) {
            return None;
        }
        let (scheme, rest) = match url.split_once(':') {
            Some((scheme, rest)) if is_scheme(scheme) => (scheme.to_ascii_lowercase(), rest),
            _ => (String::new(), url),
        };
        let (netloc, rest) = match rest.strip_prefix("//") {
            Some(rest) => {
                let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
                rest.split_at_checked(end)?
            }
            None => ("", rest),
        };
        let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        // Parameters after a semicolon belong to the last part of the path.
        if function == "urlparse" && path.contains(';') {
            return None;
        }
        let (login, host) = match netloc.rsplit_once('@') {
            Some((login, host)) => (Some(login), host),
            None => (None, netloc),
        };
        let (host, port) = match host.split_once(':') {
            Some((host, "")) => (host, None),
            Some((host, port)) => (host, Some(port.parse::<u16>().ok()?)),
            None => (host, None),
        };
        let text = |text: &str| Val::str(text, span);
        let optional = |part: Option<&str>| part.map_or_else(|| Val::none(span), text);
        let user = login.map(|login| login.split_once(':').map_or(login, |(user, _)| user));
        let password = login.and_then(|login| login.split_once(':')).map(|(_, password)| password);
        let lower = host.to_lowercase();
        let parts = [
            ("scheme", text(&scheme)),
            ("netloc", text(netloc)),
            ("path", text(path)),
            ("params", text("")),
            ("query", text(query)),
            ("fragment", text(fragment)),
            ("username", optional(user)),
            ("password", optional(password)),
            ("hostname", optional(Some(lower.as_str()).filter(|host| !host.is_empty()))),
            ("port", port.map_or_else(|| Val::none(span), |port| Val::int(i64::from(port), span))),
        ];
        let attrs: Map<Name, Val> =
            parts.into_iter().map(|(name, val)| (Name::from(name), val)).collect();
        Some(self.heap.val(Object::Record("urllib.parse.ParseResult".into(), attrs), span))
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
        for (name, mark) in [("query", '?'), ("fragment", '#')] {
            if let Some(text) = part(name).filter(|part| !part.is_empty()) {
                url.push(mark);
                url.push_str(text);
            }
        }
        Some(Ok(self.string(url, span)))
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
}

/// `quote(text, safe)`; with `plus` a space is `+`.
fn quote(text: &str, safe: &str, plus: bool) -> String {
    let mut quoted = String::new();
    for byte in text.bytes() {
        let c = char::from(byte);
        if byte.is_ascii_alphanumeric()
            || "_.-~".contains(c)
            || (byte.is_ascii() && safe.contains(c))
        {
            quoted.push(c);
        } else if plus && byte == b' ' {
            quoted.push('+');
        } else {
            quoted.push_str(&format!("%{byte:02X}"));
        }
    }
    quoted
}

/// `unquote(text)`; `None` for what is not UTF-8, which Python replaces.
pub(crate) fn unquote(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        let digits = more.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        let number = digits
            .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (first, number) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = more.get(2..).unwrap_or(&[]);
            }
            (byte, _) => {
                bytes.push(*byte);
                rest = more;
            }
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoting_is_that_of_urllib() {
        assert_eq!(quote("a b/é?", "/", false), "a%20b/%C3%A9%3F");
        assert_eq!(quote("a b/é", "", true), "a+b%2F%C3%A9");
        assert_eq!(unquote("a%20b%2Fc%zz%"), Some("a b/c%zz%".to_owned()));
        assert_eq!(unquote("%ff"), None);
    }
}
