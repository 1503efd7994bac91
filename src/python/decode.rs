//! Bytes to text as Python reads source files: UTF-8 unless a byte order mark or a coding line (PEP 263)
//! says otherwise.

use std::borrow::Cow;

use thiserror::Error;

/// The text of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// The text, without a byte order mark.
    pub text: String,
    /// How it was encoded.
    pub encoding: Encoding,
}

/// The encodings podlift reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, Python's default.
    Utf8,
    /// UTF-8 with a byte order mark.
    Utf8WithBom,
    /// 7-bit ASCII, declared.
    Ascii,
    /// ISO 8859-1.
    Latin1,
    /// ISO 8859-15: Latin-1 with the euro sign.
    Latin9,
    /// Windows code page 1252.
    Cp1252,
}

/// Why a file is no text. The texts of the variants are messages for people.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// The file begins with the byte order mark of UTF-16 or UTF-32.
    #[error("file is encoded in {0}, which Python does not read")]
    WideEncoding(&'static str),
    /// A NUL byte, which Python refuses.
    #[error("NUL byte in line {line}: source code cannot contain null bytes")]
    Nul {
        /// 1-based.
        line: usize,
    },
    /// The coding line names an encoding podlift does not know.
    #[error("encoding '{name}' declared in line {line} is not supported")]
    UnknownEncoding {
        /// As written in the file.
        name: String,
        /// 1-based.
        line: usize,
    },
    /// The coding line contradicts the UTF-8 byte order mark; Python refuses that too.
    #[error("encoding '{name}' declared in line {line} contradicts the UTF-8 byte order mark")]
    Contradiction {
        /// As written in the file.
        name: String,
        /// 1-based.
        line: usize,
    },
    /// A byte that the encoding does not have.
    #[error("byte 0x{byte:02X} in line {line} is not {encoding}")]
    InvalidByte {
        /// The byte.
        byte: u8,
        /// 1-based.
        line: usize,
        /// Name of the encoding.
        encoding: &'static str,
    },
}

impl DecodeError {
    /// What to do about it.
    pub fn remedy(&self) -> Cow<'static, str> {
        match self {
            Self::WideEncoding(name) => {
                format!("Convert it: `iconv -f {name} -t UTF-8 FILE`.").into()
            }
            Self::Nul { .. } => {
                "Remove the byte; the file may be damaged or no Python file.".into()
            }
            Self::UnknownEncoding { name, .. } => format!(
                "Convert it to UTF-8 (`iconv -f {name} -t UTF-8 FILE`) and remove the coding line."
            )
            .into(),
            Self::Contradiction { .. } => "Remove the coding line.".into(),
            Self::InvalidByte { encoding: "UTF-8", .. } => {
                "Convert the file to UTF-8, or declare its encoding in the first line, \
                 such as `# -*- coding: latin-1 -*-`."
                    .into()
            }
            Self::InvalidByte { .. } => {
                "Correct the coding line or convert the file to UTF-8.".into()
            }
        }
    }
}

impl Encoding {
    /// The encoding of a name as Python spells it.
    fn by_name(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase().replace(['_', '.', ' '], "-");
        // As the tokeniser of CPython has it, an ending such as `-unix` is for editors.
        let names = ["utf-8", "latin-1", "iso-8859-1", "iso-latin-1"];
        let plain = names
            .into_iter()
            .find(|plain| name.strip_prefix(plain).is_some_and(|ending| ending.starts_with('-')));
        Some(match plain.unwrap_or(&name) {
            "utf-8" | "utf8" | "u8" | "utf" | "utf8-sig" | "cp65001" => Self::Utf8,
            "ascii" | "us-ascii" | "646" | "ansi-x3-4-1968" => Self::Ascii,
            "latin-1" | "latin1" | "latin" | "l1" | "iso-8859-1" | "iso8859-1" | "iso-latin-1"
            | "8859" | "cp819" => Self::Latin1,
            "latin-9" | "latin9" | "l9" | "iso-8859-15" | "iso8859-15" | "iso-latin-9" => {
                Self::Latin9
            }
            "cp1252" | "cp-1252" | "windows-1252" | "1252" => Self::Cp1252,
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Utf8 | Self::Utf8WithBom => "UTF-8",
            Self::Ascii => "ASCII",
            Self::Latin1 => "Latin-1",
            Self::Latin9 => "Latin-9",
            Self::Cp1252 => "Windows-1252",
        }
    }

    /// The character of one byte, for the encodings of one byte per character.
    fn character(self, byte: u8) -> Option<char> {
        match (self, byte) {
            (_, 0..=0x7f) => Some(char::from(byte)),
            (Self::Ascii | Self::Utf8 | Self::Utf8WithBom, _) => None,
            (Self::Cp1252, 0x80..=0x9f) => {
                let character = CP1252.get(usize::from(byte - 0x80)).copied();
                character.filter(|character| *character != '\0')
            }
            (Self::Latin9, _) => {
                let moved = LATIN9.iter().find(|(from, _)| *from == byte);
                Some(moved.map_or(char::from(byte), |(_, character)| *character))
            }
            _ => Some(char::from(byte)),
        }
    }
}

/// 0x80 to 0x9F in Windows-1252; NUL marks bytes without a character.
const CP1252: [char; 32] = [
    '€', '\0', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\0', 'Ž', '\0', '\0', '‘',
    '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\0', 'ž', 'Ÿ',
];

/// Where ISO 8859-15 differs from ISO 8859-1.
const LATIN9: [(u8, char); 8] = [
    (0xa4, '€'),
    (0xa6, 'Š'),
    (0xa8, 'š'),
    (0xb4, 'Ž'),
    (0xb8, 'ž'),
    (0xbc, 'Œ'),
    (0xbd, 'œ'),
    (0xbe, 'Ÿ'),
];

/// Decodes a source file.
///
/// # Errors
///
/// When Python would refuse the bytes, or when the declared encoding is not among [`Encoding`].
pub fn decode(bytes: &[u8]) -> Result<Decoded, DecodeError> {
    let (content, encoding) = match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => (rest, Encoding::Utf8WithBom),
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => {
            return Err(DecodeError::WideEncoding("UTF-32"));
        }
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => return Err(DecodeError::WideEncoding("UTF-16")),
        _ => (bytes, Encoding::Utf8),
    };
    if let Some(at) = content.iter().position(|byte| *byte == 0) {
        return Err(DecodeError::Nul { line: line_of(content, at) });
    }
    let encoding = match coding_line(content) {
        None => encoding,
        Some((name, line)) => match (encoding, Encoding::by_name(&name)) {
            (Encoding::Utf8WithBom, Some(Encoding::Utf8)) => encoding,
            (Encoding::Utf8WithBom, _) => return Err(DecodeError::Contradiction { name, line }),
            (_, Some(declared)) => declared,
            (_, None) => return Err(DecodeError::UnknownEncoding { name, line }),
        },
    };
    let text = match encoding {
        Encoding::Utf8 | Encoding::Utf8WithBom => match std::str::from_utf8(content) {
            Ok(text) => text.to_owned(),
            Err(error) => return Err(invalid_byte(content, error.valid_up_to(), encoding)),
        },
        _ => {
            let mut text = String::with_capacity(content.len());
            for (at, byte) in content.iter().enumerate() {
                let character = encoding.character(*byte);
                text.push(character.ok_or_else(|| invalid_byte(content, at, encoding))?);
            }
            text
        }
    };
    Ok(Decoded { text, encoding })
}

fn invalid_byte(content: &[u8], at: usize, encoding: Encoding) -> DecodeError {
    DecodeError::InvalidByte {
        byte: content.get(at).copied().unwrap_or_default(),
        line: line_of(content, at),
        encoding: encoding.name(),
    }
}

fn line_of(content: &[u8], at: usize) -> usize {
    content.iter().take(at).filter(|byte| **byte == b'\n').count() + 1
}

/// The encoding declared in the first line, or in the second if the first holds no code, with its line.
fn coding_line(content: &[u8]) -> Option<(String, usize)> {
    let mut rest = content;
    for number in 1..=2 {
        let end = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(rest.len());
        let (line, after) = rest.split_at_checked(end)?;
        match line.trim_ascii_start() {
            [] => {}
            comment @ [b'#', ..] => {
                if let Some(name) = declared_in(comment) {
                    return Some((name, number));
                }
            }
            _ => return None,
        }
        rest = match after {
            [b'\r', b'\n', next @ ..] | [_, next @ ..] => next,
            [] => return None,
        };
    }
    None
}

/// The name behind `coding:` or `coding=` in a comment.
fn declared_in(comment: &[u8]) -> Option<String> {
    let comment = String::from_utf8_lossy(comment);
    comment.match_indices("coding").find_map(|(at, word)| {
        let rest = comment.get(at + word.len()..)?.strip_prefix([':', '='])?;
        let name: String = rest
            .trim_start_matches([' ', '\t'])
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
            .collect();
        (!name.is_empty()).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn text(bytes: &[u8]) -> String {
        decode(bytes).unwrap().text
    }

    #[test]
    fn utf8_is_the_default_and_its_mark_is_stripped() {
        assert_eq!(text("a = 'é'".as_bytes()), "a = 'é'");
        let marked = decode(b"\xef\xbb\xbfa = 1").unwrap();
        assert_eq!(marked, Decoded { text: "a = 1".into(), encoding: Encoding::Utf8WithBom });
        assert_eq!(text(b""), "");
    }

    #[test]
    fn coding_lines_choose_the_encoding() {
        let cases: [(&[u8], &str); 10] = [
            (b"# -*- coding: utf-8-\n\xc3\xa9", "é"),
            (b"# -*- coding: iso-latin-1-dos -*-\n\xe9", "é"),
            (b"# -*- coding: latin-1 -*-\n\xe9", "é"),
            (b"#!/usr/bin/python\n# vim: set fileencoding=iso-8859-1 :\n\xe9", "é"),
            (b"\n# coding=cp1252\n\x80\xe9", "€é"),
            (b"# coding: Windows-1252\r\n\x93", "“"),
            (b"\r\n# coding: latin_1\r\n\xa4", "¤"),
            (b"# coding: iso-8859-15\n\xa4", "€"),
            (b"# encoding: utf8\n\xc3\xa9", "é"),
            (b"\x0c # coding: ascii\nx", "x"),
        ];
        for (bytes, ending) in cases {
            assert!(text(bytes).ends_with(ending), "{}", text(bytes));
        }
    }

    #[test]
    fn a_coding_line_counts_in_the_first_two_lines_and_before_code_only() {
        for bytes in [&b"# a\n# b\n# coding: latin-1\n\xe9"[..], b"x = 1\n# coding: latin-1\n\xe9"]
        {
            assert!(matches!(decode(bytes), Err(DecodeError::InvalidByte { byte: 0xe9, .. })));
        }
        assert_eq!(text(b"x = 'coding: klingon'"), "x = 'coding: klingon'");
    }

    #[test]
    fn what_python_refuses_is_refused_with_its_line_and_remedy() {
        let cases: [(&[u8], &str, &str); 8] = [
            (b"a\nb\xe9\n", "byte 0xE9 in line 2 is not UTF-8", "coding: latin-1"),
            (b"# coding: ascii\n\xe9", "byte 0xE9 in line 2 is not ASCII", "coding line"),
            (b"# coding: cp1252\n\x81", "byte 0x81 in line 2 is not Windows-1252", "coding line"),
            (b"a\n\n\0", "NUL byte in line 3: source code cannot contain null bytes", "Remove"),
            (
                b"\xff\xfea\0",
                "file is encoded in UTF-16, which Python does not read",
                "iconv -f UTF-16",
            ),
            (
                b"\xff\xfe\0\0",
                "file is encoded in UTF-32, which Python does not read",
                "iconv -f UTF-32",
            ),
            (
                b"#\n# coding: koi8-r\n",
                "encoding 'koi8-r' declared in line 2 is not supported",
                "koi8-r",
            ),
            (
                b"\xef\xbb\xbf# coding: latin-1\n",
                "encoding 'latin-1' declared in line 1 contradicts the UTF-8 byte order mark",
                "Remove the coding line",
            ),
        ];
        for (bytes, message, remedy) in cases {
            let error = decode(bytes).unwrap_err();
            assert_eq!(error.to_string(), message);
            assert!(error.remedy().contains(remedy), "{}", error.remedy());
        }
    }
}
