//! URLs put together again, and the pairs of a query.

use super::{SplitUrl, unquote_plus};
use crate::eval::pure::Failure;

/// Schemes whose URLs are relative to others.
const RELATIVE: [&str; 19] = [
    "", "ftp", "http", "gopher", "nntp", "imap", "wais", "file", "https", "shttp", "mms",
    "prospero", "rtsp", "rtsps", "rtspu", "sftp", "svn", "ws", "wss",
];
/// Schemes whose URLs have a place in the network.
const LOCATED: [&str; 26] = [
    "", "ftp", "http", "gopher", "nntp", "telnet", "imap", "wais", "file", "mms", "https", "shttp",
    "snews", "prospero", "rtsp", "rtsps", "rtspu", "rsync", "svn", "svn+ssh", "sftp", "nfs", "git",
    "git+ssh", "ws", "wss",
];

impl SplitUrl {
    /// `urllib.parse.urlunsplit(parts)`.
    ///
    /// # Errors
    /// [`Failure::Unsupported`] for what releases of Python put together differently.
    pub fn unsplit(&self) -> Result<String, Failure> {
        let mut url = String::new();
        if !self.scheme.is_empty() {
            url.push_str(&self.scheme);
            url.push(':');
        }
        let is_located = !self.scheme.is_empty() && LOCATED.contains(&self.scheme.as_str());
        if !self.netloc.is_empty() {
            url.push_str("//");
            url.push_str(&self.netloc);
            if !self.path.is_empty() && !self.path.starts_with('/') {
                url.push('/');
            }
        } else if self.path.starts_with("//") || is_located && !self.path.starts_with('/') {
            return Err(Failure::Unsupported("a URL without a host".to_owned()));
        } else if is_located {
            url.push_str("//");
        }
        url.push_str(&self.path);
        for (part, mark) in [(&self.query, '?'), (&self.fragment, '#')] {
            if !part.is_empty() {
                url.push(mark);
                url.push_str(part);
            }
        }
        Ok(url)
    }
}

/// `urllib.parse.urljoin(base, url)`.
///
/// # Errors
/// Those of [`SplitUrl::new`]; [`Failure::Unsupported`] for paths with parameters.
pub fn urljoin(base: &str, url: &str) -> Result<String, Failure> {
    if base.is_empty() || url.is_empty() {
        return Ok(if base.is_empty() { url } else { base }.to_owned());
    }
    let (from, mut to) = (SplitUrl::new(base)?, SplitUrl::new(url)?);
    if to.scheme.is_empty() {
        to.scheme.clone_from(&from.scheme);
    }
    if to.scheme != from.scheme || !RELATIVE.contains(&to.scheme.as_str()) {
        return Ok(url.to_owned());
    }
    if from.path.contains(';') || to.path.contains(';') {
        return Err(Failure::Unsupported("a URL with parameters".to_owned()));
    }
    if LOCATED.contains(&to.scheme.as_str()) {
        if !to.netloc.is_empty() {
            return to.unsplit();
        }
        to.netloc.clone_from(&from.netloc);
    }
    if to.path.is_empty() {
        to.path.clone_from(&from.path);
        if to.query.is_empty() {
            to.query.clone_from(&from.query);
        }
        return to.unsplit();
    }
    to.path = joined_path(&from.path, &to.path);
    to.unsplit()
}

/// The path of a URL relative to that of another.
fn joined_path(base: &str, path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    if !path.starts_with('/') {
        segments.extend(base.split('/'));
        if segments.last().is_some_and(|last| !last.is_empty()) {
            segments.pop();
        }
    }
    let is_relative = !path.starts_with('/');
    segments.extend(path.split('/'));
    if is_relative {
        // Empty segments in between say nothing.
        let last = segments.len().saturating_sub(1);
        let mut at = 0;
        segments.retain(|segment| {
            let keeps = at == 0 || at == last || !segment.is_empty();
            at += 1;
            keeps
        });
    }
    let mut resolved: Vec<&str> = Vec::new();
    for segment in &segments {
        match *segment {
            ".." => {
                resolved.pop();
            }
            "." => {}
            segment => resolved.push(segment),
        }
    }
    if matches!(segments.last(), Some(&"." | &"..")) {
        resolved.push("");
    }
    let joined = resolved.join("/");
    if joined.is_empty() { "/".to_owned() } else { joined }
}

/// `urllib.parse.parse_qsl(query, keep_blank_values)`.
pub fn parse_qsl(query: &str, keeps_blank: bool) -> Vec<(String, String)> {
    let pair = |part: &str| {
        let (name, value) = match part.split_once('=') {
            Some(pair) => pair,
            None if keeps_blank => (part, ""),
            None => return None,
        };
        (keeps_blank || !value.is_empty()).then(|| (unquote_plus(name), unquote_plus(value)))
    };
    query.split('&').filter(|part| !part.is_empty()).filter_map(pair).collect()
}
