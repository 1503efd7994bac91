//! The comments of a source.

use rustpython_ast::token::TokenKind;
use rustpython_parser::{Mode, ParseOptions, parse_unchecked};

use super::newlines::Text;
use super::source::{Source, SourceId, Span};

/// Every comment of a source, `#` included, in order. What only looks like one, inside a string, is none.
pub fn comments(source: &Source, id: SourceId) -> Vec<Span> {
    let text = Text::new(source, id);
    // Tokens do not depend on nesting, but the parser that makes them does.
    if super::depth::stack_needed(&source.text) > super::parse::AT_HAND {
        return Vec::new();
    }
    let parsed = parse_unchecked(&text.text, ParseOptions::from(Mode::Module));
    let comments = parsed.tokens().iter().filter(|token| token.kind() == TokenKind::Comment);
    comments.map(|token| text.span(token)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_told_from_strings() {
        let source =
            Source::new("a.py", "x = '# no'  # yes\r\n# alone\ny = \"\"\"\n# no\n\"\"\"\n");
        let found = comments(&source, SourceId(0));
        let texts: Vec<&str> = found.iter().map(|span| source.slice(*span)).collect();
        assert_eq!(texts, ["# yes", "# alone"]);
    }
}
