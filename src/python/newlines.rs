//! Line ends as Python sees them.
//!
//! Python reads `\r\n` and a lone `\r` as `\n`, also within strings; the parser keeps them there. So it is
//! given the text with `\n` only, and the places it answers are brought back to the text as it is.

use std::borrow::Cow;

use rustpython_text_size::Ranged;

use super::source::{Source, SourceId, Span};

/// The text of a source for the parser.
#[derive(Debug)]
pub(super) struct Text<'a> {
    /// The text with `\n` as its only line end.
    pub(super) text: Cow<'a, str>,
    /// The source itself.
    pub(super) source: &'a Source,
    id: SourceId,
    /// Where in `text` a line ends that ended in `\r\n`.
    shortened: Vec<u32>,
}

impl<'a> Text<'a> {
    pub(super) fn new(source: &'a Source, id: SourceId) -> Self {
        let mut shortened = Vec::new();
        let text = if source.text.contains('\r') {
            let mut text = String::with_capacity(source.text.len());
            let mut pieces = source.text.split('\r');
            text.push_str(pieces.next().unwrap_or_default());
            for piece in pieces {
                match piece.strip_prefix('\n') {
                    Some(rest) => {
                        shortened.push(u32::try_from(text.len()).unwrap_or(u32::MAX));
                        text.push('\n');
                        text.push_str(rest);
                    }
                    None => {
                        text.push('\n');
                        text.push_str(piece);
                    }
                }
            }
            Cow::Owned(text)
        } else {
            Cow::Borrowed(source.text.as_str())
        };
        Self { text, source, id, shortened }
    }

    /// The place of a node of the parser.
    pub(super) fn span(&self, node: &impl Ranged) -> Span {
        // Some errors of the parser end within a character.
        let start = self.text.floor_char_boundary(node.start().to_usize());
        let end = self.text.ceil_char_boundary(node.end().to_usize());
        Span { source: self.id, start: self.offset(start), end: self.offset(end) }
    }

    fn offset(&self, at: usize) -> u32 {
        let at = u32::try_from(at).unwrap_or(u32::MAX);
        let before = self.shortened.partition_point(|end| *end < at);
        at.saturating_add(u32::try_from(before).unwrap_or(u32::MAX))
    }

    /// What the parser saw at a node.
    pub(super) fn slice(&self, node: &impl Ranged) -> &str {
        self.text.get(node.range().to_std_range()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustpython_text_size::{TextRange, TextSize};

    #[test]
    fn places_lead_back_to_the_text_as_it_is() {
        let source = Source::new("a.py", "a\r\nbc\rd\n\r\né\r\n");
        let text = Text::new(&source, SourceId(0));
        assert_eq!(text.text, "a\nbc\nd\n\né\n");
        for word in ["a", "bc", "d", "é"] {
            let start = text.text.find(word).and_then(|at| u32::try_from(at).ok()).unwrap_or(99);
            let range = TextRange::at(start.into(), TextSize::of(word));
            assert_eq!(source.slice(text.span(&range)), word);
            assert_eq!(text.slice(&range), word);
        }
        let all = TextRange::up_to(TextSize::of(&*text.text));
        assert_eq!(source.slice(text.span(&all)), source.text);
    }
}
