//! How much stack a text may need, before anything recursive touches it.
//!
//! The parser descends once per bracket, prefix operator and block, without a bound of its own, and so a
//! file of nothing but brackets could overflow the stack, which ends the process. The tokens, which are read
//! in a loop, give an upper bound of that depth.

use std::collections::HashSet;

use rustpython_ast::token::TokenKind;
use rustpython_parser::{Mode, lexer};

use super::lower::MAX_NESTING;

/// Stack for everything that does not depend on the text, in bytes.
const BASE: usize = 256 << 10;

/// Stack of the parser per level, in bytes: measured at 3.3 KiB without optimisation of this crate.
const PER_LEVEL: usize = 4 << 10;

/// Stack of the lowering per level, which stops at [`MAX_NESTING`]: measured at 7.5 KiB without
/// optimisation, blocks 10 KiB.
const PER_LOWERED_LEVEL: usize = 12 << 10;

/// Stack to drop one link of a chain such as `a + b + c`, in bytes: measured at 150.
const PER_LINK: usize = 400;

/// A binary expression within one bracket descends once per precedence at most, however long it is.
const PRECEDENCES: usize = 12;

/// Words that begin a statement with a block.
const HEADERS: [&str; 16] = [
    "if", "elif", "else", "for", "while", "with", "def", "class", "try", "except", "finally",
    "match", "case", "async", "lazy", "type",
];

/// Empty lines and comments that take the room of another token: they are no part of the tree.
pub(super) const TRIVIA: usize = 4;

/// Whether a text has more tokens.
pub(super) fn has_more_tokens(text: &str, bound: usize) -> bool {
    // No token but the last is empty.
    if text.len() < bound {
        return false;
    }
    let mut lexer = lexer::lex(text, Mode::Module);
    let mut left = bound.saturating_mul(TRIVIA);
    while left > 0 {
        let room = match lexer.next_token() {
            TokenKind::EndOfFile => return false,
            token if token.is_trivia() => 1,
            _ => TRIVIA,
        };
        left = left.saturating_sub(room);
    }
    true
}

/// An upper bound of the stack that parsing and lowering `text` need, in bytes.
pub(super) fn stack_needed(text: &str) -> usize {
    let (levels, links) = expressions(text);
    let levels = levels + blocks(text);
    BASE + levels * PER_LEVEL + levels.min(MAX_NESTING) * PER_LOWERED_LEVEL + links * PER_LINK
}

/// What any text of this length can need at most, in bytes: each of its bytes a level and a link.
pub(super) fn most_stack_needed(text: &str) -> usize {
    BASE + text.len() * (PER_LEVEL + PER_LINK) + MAX_NESTING * PER_LOWERED_LEVEL
}

/// The tokens between an opening bracket and its closing one that nest without brackets.
#[derive(Default, Clone, Copy)]
struct Frame {
    closer: Option<TokenKind>,
    /// Prefix operators and conditional expressions since the last comma.
    prefixes: usize,
    /// `lambda`s: commas between their parameters do not end them.
    lambdas: usize,
    /// Binary operators since the last comma.
    binary: usize,
    /// Links of chains since the last comma.
    links: usize,
}

impl Frame {
    fn levels(self) -> usize {
        1 + self.prefixes + self.lambdas + self.binary.min(PRECEDENCES)
    }
}

/// Follows the tokens and keeps the deepest point.
#[derive(Default)]
struct Meter {
    frame: Frame,
    /// The frames around `frame`, and sums over them.
    around: Vec<Frame>,
    levels: usize,
    links: usize,
    most_levels: usize,
    most_links: usize,
    /// Whether the last token ends an operand, so that `-` after it is binary.
    after_operand: bool,
}

impl Meter {
    fn token(&mut self, token: TokenKind) {
        match token {
            TokenKind::Lpar => self.open(TokenKind::Rpar),
            TokenKind::Lsqb => self.open(TokenKind::Rsqb),
            TokenKind::Lbrace => self.open(TokenKind::Rbrace),
            TokenKind::FStringStart => self.open(TokenKind::FStringEnd),
            TokenKind::TStringStart => self.open(TokenKind::TStringEnd),
            // A closing bracket that does not match closes nothing, because the parser may skip it.
            token if self.frame.closer == Some(token) => self.close(),
            TokenKind::Comma => {
                let Frame { closer, lambdas, .. } = self.frame;
                self.frame = Frame { closer, lambdas, ..Frame::default() };
            }
            TokenKind::Newline | TokenKind::Semi => {
                self.frame = Frame { closer: self.frame.closer, ..Frame::default() };
            }
            TokenKind::Lambda => self.frame.lambdas += 1,
            TokenKind::Plus | TokenKind::Minus | TokenKind::Star if self.after_operand => {
                self.binary();
            }
            TokenKind::Plus
            | TokenKind::Minus
            | TokenKind::Star
            | TokenKind::DoubleStar
            | TokenKind::Tilde
            | TokenKind::Not
            | TokenKind::Await
            | TokenKind::Yield
            | TokenKind::If
            | TokenKind::Else
            | TokenKind::ColonEqual => self.frame.prefixes += 1,
            // Several blocks on one line: `if a: if b: ...`.
            TokenKind::Colon if self.frame.closer.is_none() => self.frame.prefixes += 1,
            TokenKind::Dot => self.frame.links += 1,
            token if token.is_operator() || matches!(token, TokenKind::In | TokenKind::Is) => {
                self.binary();
            }
            _ => {}
        }
        self.most_levels = self.most_levels.max(self.levels + self.frame.levels());
        self.most_links = self.most_links.max(self.links + self.frame.links);
        self.after_operand = ends_operand(token);
    }

    fn binary(&mut self) {
        self.frame.binary += 1;
        self.frame.links += 1;
    }

    fn open(&mut self, closer: TokenKind) {
        // `f(...)` and `a[...]` continue a chain.
        self.frame.links += 1;
        self.levels += self.frame.levels();
        self.links += self.frame.links;
        self.around.push(self.frame);
        self.frame = Frame { closer: Some(closer), ..Frame::default() };
    }

    fn close(&mut self) {
        if let Some(outer) = self.around.pop() {
            self.levels -= outer.levels();
            self.links -= outer.links;
            self.frame = outer;
        }
    }
}

fn ends_operand(token: TokenKind) -> bool {
    token.is_soft_keyword()
        || matches!(
            token,
            TokenKind::Name
                | TokenKind::Int
                | TokenKind::Float
                | TokenKind::Complex
                | TokenKind::String
                | TokenKind::FStringEnd
                | TokenKind::TStringEnd
                | TokenKind::Rpar
                | TokenKind::Rsqb
                | TokenKind::Rbrace
                | TokenKind::Ellipsis
                | TokenKind::True
                | TokenKind::False
                | TokenKind::None
        )
}

/// The deepest nesting and the longest chain of links that any expression of the text may have.
fn expressions(text: &str) -> (usize, usize) {
    let mut meter = Meter::default();
    let mut lexer = lexer::lex(text, Mode::Module);
    loop {
        match lexer.next_token() {
            TokenKind::EndOfFile => break,
            token if token.is_trivia() => {}
            token => meter.token(token),
        }
    }
    let mut levels = meter.most_levels;
    for error in lexer.finish() {
        // The parser reads on behind the quote of an unclosed string, where the lexer saw only text.
        let hidden = text.get(error.location().to_std_range()).unwrap_or_default();
        let words = hidden.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        levels += words.count() + hidden.bytes().filter(u8::is_ascii_punctuation).count();
    }
    (levels, meter.most_links)
}

/// The most blocks that can stand in one another: each begins further to the right than the one around.
fn blocks(text: &str) -> usize {
    let mut margins = HashSet::new();
    for line in text.split(['\n', '\r']) {
        let code = line.trim_start();
        let word = code.split(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
        if HEADERS.contains(&word) || code.starts_with('\\') {
            margins.insert(line.len() - code.len());
        }
    }
    // The same width may be reached with tabs and with spaces.
    if text.contains('\t') { margins.len() * 2 } else { margins.len() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_nest_and_siblings_do_not() {
        assert_eq!(expressions("f(g(h(1)))").0, 4);
        assert_eq!(expressions("f(1)(2)(3); g(1)").0, 2);
        assert_eq!(expressions("x = [(1), (2), (3)]").0, 4, "the `=` counts as an operator");
        assert!(expressions(&"x = {'a': -1, 'b': not c}\n".repeat(100)).0 < 6);
    }

    #[test]
    fn long_sums_are_chains_and_do_not_nest() {
        let (levels, links) = expressions(&format!("x = {}1", "a + ".repeat(5_000)));
        assert!(levels <= PRECEDENCES + 1, "{levels}");
        assert_eq!(links, 5_001, "with the `=`");
    }

    #[test]
    fn prefixes_and_right_operands_nest() {
        for part in ["not ", "- ", "2 ** ", "a if b else ", "lambda a, b: ", "(a := "] {
            let (levels, _) = expressions(&format!("x = {}1", part.repeat(100)));
            assert!(levels >= 100, "{part}: {levels}");
        }
    }

    #[test]
    fn a_closing_bracket_of_another_kind_closes_nothing() {
        assert!(expressions(&"(]".repeat(100)).0 >= 100);
    }

    #[test]
    fn what_an_unclosed_string_hides_counts() {
        assert!(expressions(&format!("f'''{{\n'{}", "(".repeat(100))).0 >= 100);
    }

    #[test]
    fn blocks_are_counted_by_their_margins() {
        assert_eq!(blocks("if a:\n  if b:\n    pass\nif c:\n  pass\n"), 2);
        assert_eq!(blocks("x = f(\n   a,\n      b)\n"), 0);
    }

    #[test]
    fn no_text_needs_more_than_its_length_allows() {
        for part in ["(", "[{", "-", "not ", "f'{", "if a:\n ", "lambda:", "a.", "'''{", ")"] {
            let text = part.repeat(50);
            assert!(stack_needed(&text) <= most_stack_needed(&text), "{part}");
        }
    }

    #[test]
    fn an_ordinary_file_needs_little() {
        let text =
            "with DAG('a') as dag:\n    t = Op(task_id='a', env={'a': f'{x}'}, r=[1, (2, -3)])\n";
        assert!(stack_needed(&text.repeat(1_000)) < 512 << 10);
    }
}
