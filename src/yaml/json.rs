//! The places of a JSON text.
//!
//! serde_json has read the text before, so it is known to be JSON, and finding where each value begins
//! and ends takes no more than stepping over it.

use super::place::{Inside, KeyPlace, Place};

/// The places of the JSON documents of a text.
pub(super) fn places(text: &str) -> Vec<Place> {
    let mut scanner = Scanner { text, at: 0 };
    let mut documents = Vec::new();
    while scanner.peek().is_some() {
        documents.push(scanner.value());
    }
    documents
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl Scanner<'_> {
    /// The next byte that is not blank, without taking it.
    fn peek(&mut self) -> Option<u8> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let blanks = rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        self.at += blanks;
        rest.get(blanks).copied()
    }

    fn value(&mut self) -> Place {
        let first = self.peek();
        let start = self.at;
        let inside = match first {
            Some(b'{') => {
                self.at += 1;
                let mut entries = Vec::new();
                while self.goes_on(b'}') {
                    let key = self.key();
                    if self.peek() == Some(b':') {
                        self.at += 1;
                    }
                    entries.push((key, self.value()));
                }
                Inside::Map(entries)
            }
            Some(b'[') => {
                self.at += 1;
                let mut items = Vec::new();
                while self.goes_on(b']') {
                    items.push(self.value());
                }
                Inside::List(items)
            }
            Some(b'"') => {
                self.string();
                Inside::Nothing
            }
            _ => {
                let rest = self.text.as_bytes().get(start..).unwrap_or_default();
                let ends = |byte: &u8| byte.is_ascii_whitespace() || b",:[]{}\"".contains(byte);
                // At least one byte is taken, so that every text comes to its end.
                self.at += rest.iter().position(ends).unwrap_or(rest.len()).max(1);
                Inside::Nothing
            }
        };
        Place { range: (start, self.at), inside }
    }

    /// Steps over a comma, or over the closing bracket and says that nothing follows.
    fn goes_on(&mut self, close: u8) -> bool {
        if self.peek() == Some(b',') {
            self.at += 1;
        }
        match self.peek() {
            Some(byte) if byte == close => {
                self.at += 1;
                false
            }
            Some(_) => true,
            None => false,
        }
    }

    fn key(&mut self) -> KeyPlace {
        self.peek();
        let start = self.at;
        self.string();
        let written = self.text.get(start..self.at).unwrap_or_default();
        let text = serde_json::from_str(written).unwrap_or_else(|_| written.to_owned());
        KeyPlace { text, range: (start, self.at), merges: false }
    }

    fn string(&mut self) {
        self.at += 1;
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let mut escaped = false;
        let end = rest.iter().position(|byte| {
            let closes = *byte == b'"' && !escaped;
            escaped = *byte == b'\\' && !escaped;
            closes
        });
        self.at += end.map_or(rest.len(), |end| end + 1);
    }
}
