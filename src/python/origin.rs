//! How the text of a source came about, so that it can be had again without evaluating anything.

use std::path::PathBuf;

use super::decode::decode;

/// The file a source was read from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    /// The path it was read by.
    pub path: PathBuf,
    /// How its bytes became the text.
    pub form: Form,
}

/// How the bytes of a file become a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// As Python reads its own code.
    Code,
    /// As a stream in text mode.
    Text {
        /// Latin-1; UTF-8 otherwise.
        is_latin1: bool,
        /// Leave out a byte order mark.
        drops_mark: bool,
        /// Keep `\r\n` and `\r`, which otherwise become `\n`.
        keeps_line_ends: bool,
    },
}

impl Form {
    /// UTF-8, as it is.
    pub const PLAIN: Self =
        Self::Text { is_latin1: false, drops_mark: false, keeps_line_ends: true };

    /// The text of these bytes; `None` when they are no text.
    pub fn text(self, bytes: Vec<u8>) -> Option<String> {
        let Self::Text { is_latin1, drops_mark, keeps_line_ends } = self else {
            return decode(&bytes).ok().map(|decoded| decoded.text);
        };
        let mut text = if is_latin1 {
            bytes.iter().map(|byte| char::from(*byte)).collect()
        } else {
            String::from_utf8(bytes).ok()?
        };
        if drops_mark && let Some(rest) = text.strip_prefix('\u{feff}') {
            text = rest.to_owned();
        }
        if !keeps_line_ends && text.contains('\r') {
            text = text.replace("\r\n", "\n").replace('\r', "\n");
        }
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_become_the_text_that_a_stream_gives() {
        let text = |is_latin1, drops_mark, keeps_line_ends, bytes: &[u8]| {
            Form::Text { is_latin1, drops_mark, keeps_line_ends }.text(bytes.to_vec())
        };
        let marked = "\u{feff}a\r\nb\rc".as_bytes();
        assert_eq!(text(false, false, true, marked).as_deref(), Some("\u{feff}a\r\nb\rc"));
        assert_eq!(text(false, true, false, marked).as_deref(), Some("a\nb\nc"));
        assert_eq!(text(true, false, false, b"\xe9").as_deref(), Some("é"));
        assert_eq!(text(false, false, false, b"\xe9"), None);
        assert_eq!(
            Form::Code.text(b"# coding: latin-1\n\xe9".to_vec()).as_deref(),
            Some("# coding: latin-1\né")
        );
    }
}
