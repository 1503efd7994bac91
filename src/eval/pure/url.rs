//! `urllib.parse`.

use std::collections::BTreeSet;
use std::fmt::Write as _;

mod join;

pub use join::{parse_qsl, urljoin};

use super::Failure;
use super::text::repr_str;

/// `urllib.parse.quote(text, safe)`; Python's default for `safe` is `/`.
pub fn quote(text: &str, safe: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let safe: BTreeSet<char> = safe.chars().chain("_.-~".chars()).collect();
    for byte in text.bytes() {
        let c = char::from(byte);
        if c.is_ascii_alphanumeric() || (c.is_ascii() && safe.contains(&c)) {
            result.push(c);
        } else {
            // Writing to a `String` cannot fail.
            let _ = write!(result, "%{byte:02X}");
        }
    }
    result
}

/// `urllib.parse.quote_plus(text, safe)`; Python's default for `safe` is nothing.
pub fn quote_plus(text: &str, safe: &str) -> String {
    if text.contains(' ') {
        quote(text, &format!("{safe} ")).replace(' ', "+")
    } else {
        quote(text, safe)
    }
}

/// `urllib.parse.unquote(text)`: bytes that are no UTF-8 become the replacement character.
pub fn unquote(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut run: Vec<u8> = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let escaped = rest.strip_prefix('%').and_then(|after| after.get(..2));
        let escaped = escaped.filter(|digits| digits.chars().all(|c| c.is_ascii_hexdigit()));
        let taken = match escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                run.push(byte);
                3
            }
            None if c.is_ascii() => {
                run.extend(u8::try_from(c));
                1
            }
            None => {
                // What is beyond ASCII ends a run of bytes, so that halves never join across it.
                result.push_str(&String::from_utf8_lossy(&std::mem::take(&mut run)));
                result.push(c);
                c.len_utf8()
            }
        };
        rest = rest.get(taken..).unwrap_or_default();
    }
    result.push_str(&String::from_utf8_lossy(&run));
    result
}

/// `urllib.parse.unquote_plus(text)`.
pub fn unquote_plus(text: &str) -> String {
    unquote(&text.replace('+', " "))
}

/// `urllib.parse.urlencode(pairs)`, of keys and values that are text already.
pub fn urlencode(pairs: &[(&str, &str)]) -> String {
    let pair =
        |(key, value): &(&str, &str)| format!("{}={}", quote_plus(key, ""), quote_plus(value, ""));
    pairs.iter().map(pair).collect::<Vec<_>>().join("&")
}

/// The parts of a URL, as `urllib.parse.urlsplit` gives them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SplitUrl {
    /// `https`, in lower case.
    pub scheme: String,
    /// `user:password@host:port`.
    pub netloc: String,
    /// The path.
    pub path: String,
    /// What follows the question mark.
    pub query: String,
    /// What follows the hash sign.
    pub fragment: String,
}

impl SplitUrl {
    /// `urllib.parse.urlsplit(url)`. `urlparse` also cuts [`SplitUrl::params`] off the path.
    ///
    /// # Errors
    /// `ValueError` for brackets that do not match; [`Failure::Unsupported`] for hosts beyond ASCII.
    pub fn new(url: &str) -> Result<Self, Failure> {
        let url = url.trim_start_matches(|c| c <= ' ').replace(['\t', '\r', '\n'], "");
        let mut split = Self::default();
        let mut rest = url.as_str();
        if let Some((scheme, after)) = rest.split_once(':') {
            let begins = scheme.starts_with(|c: char| c.is_ascii_alphabetic());
            let is_scheme = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
            if begins && scheme.chars().all(is_scheme) {
                split.scheme = scheme.to_ascii_lowercase();
                rest = after;
            }
        }
        if let Some(after) = rest.strip_prefix("//") {
            let end = after.find(['/', '?', '#']).unwrap_or(after.len());
            let (netloc, after) = after.split_at_checked(end).unwrap_or((after, ""));
            if netloc.contains('[') != netloc.contains(']') {
                return Err(Failure::value("Invalid IPv6 URL"));
            }
            if netloc.contains('[') || !netloc.is_ascii() {
                return Err(Failure::Unsupported("a URL with such a host".to_owned()));
            }
            split.netloc = netloc.to_owned();
            rest = after;
        }
        if let Some((before, fragment)) = rest.split_once('#') {
            split.fragment = fragment.to_owned();
            rest = before;
        }
        if let Some((before, query)) = rest.split_once('?') {
            split.query = query.to_owned();
            rest = before;
        }
        split.path = rest.to_owned();
        Ok(split)
    }

    /// What `urlparse` calls `path` and `params`: parameters follow the first semicolon of the last
    /// piece of the path, for the schemes that have them.
    pub fn params(&self) -> (String, String) {
        let with_params = [
            "", "ftp", "hdl", "prospero", "http", "imap", "https", "shttp", "rtsp", "rtspu", "sip",
            "sips", "mms", "sftp", "tel",
        ];
        let whole = || (self.path.clone(), String::new());
        if !with_params.contains(&self.scheme.as_str()) {
            return whole();
        }
        let last = self.path.rfind('/').unwrap_or(0);
        let semicolon = self.path.get(last..).and_then(|piece| piece.find(';'));
        match semicolon.and_then(|at| self.path.split_at_checked(last + at)) {
            Some((path, params)) => {
                (path.to_owned(), params.strip_prefix(';').unwrap_or(params).to_owned())
            }
            None => whole(),
        }
    }

    /// `username` and `password`.
    pub fn credentials(&self) -> (Option<String>, Option<String>) {
        let Some((user, _)) = self.netloc.rsplit_once('@') else { return (None, None) };
        match user.split_once(':') {
            Some((name, password)) => (Some(name.to_owned()), Some(password.to_owned())),
            None => (Some(user.to_owned()), None),
        }
    }

    fn host_and_port(&self) -> (&str, Option<&str>) {
        let host = self.netloc.rsplit_once('@').map_or(self.netloc.as_str(), |(_, host)| host);
        match host.split_once(':') {
            Some((host, port)) => (host, Some(port).filter(|port| !port.is_empty())),
            None => (host, None),
        }
    }

    /// `hostname`, in lower case.
    pub fn hostname(&self) -> Option<String> {
        let (host, _) = self.host_and_port();
        (!host.is_empty()).then(|| host.to_lowercase())
    }

    /// `port`.
    ///
    /// # Errors
    /// `ValueError` for what is no port.
    pub fn port(&self) -> Result<Option<u16>, Failure> {
        let Some(port) = self.host_and_port().1 else { return Ok(None) };
        if !port.chars().all(|c| c.is_ascii_digit()) {
            return Err(Failure::value(format!(
                "Port could not be cast to integer value as {}",
                repr_str(port)
            )));
        }
        match port.parse() {
            Ok(port) => Ok(Some(port)),
            Err(_) => Err(Failure::value("Port out of range 0-65535")),
        }
    }
}

#[cfg(test)]
mod tests;
