//! From Python's pattern syntax to the engine's.

use std::collections::BTreeMap;

use super::escapes::literal;
use super::{Flags, error};
use crate::eval::pure::Failure;
use crate::eval::pure::text::isidentifier;

/// A pattern in the engine's dialect. All groups are numbered there; names stay here.
pub(super) struct Translation {
    pub(super) source: String,
    pub(super) groups: usize,
    pub(super) names: BTreeMap<String, usize>,
}

/// How deep groups may lie in each other.
const MAX_DEPTH: usize = 50;

/// The most repetitions that are written out.
const MAX_REPEAT: u32 = 1000;

pub(super) fn translate(pattern: &str, flags: Flags) -> Result<Translation, Failure> {
    let chars: Vec<char> = pattern.chars().collect();
    let mut parser = Parser {
        chars: &chars,
        position: 0,
        groups: 0,
        open_groups: Vec::new(),
        names: BTreeMap::new(),
        depth: 0,
    };
    let flags = parser.global_flags(flags)?;
    if flags.ascii && flags.ignore_case {
        return Err(Failure::Unsupported("re.ASCII with re.IGNORECASE".to_owned()));
    }
    let (body, _) = parser.alternation(flags)?;
    if parser.peek().is_some() {
        return Err(error("unbalanced parenthesis"));
    }
    let source = if flags.ignore_case { format!("(?i:{body})") } else { body };
    Ok(Translation { source, groups: parser.groups, names: parser.names })
}

pub(super) struct Parser<'a> {
    chars: &'a [char],
    pub(super) position: usize,
    groups: usize,
    /// Groups that are still being read: they cannot be referred to.
    open_groups: Vec<usize>,
    names: BTreeMap<String, usize>,
    depth: usize,
}

/// A piece of a pattern.
pub(super) struct Atom {
    source: String,
    /// Whether a quantifier may follow.
    repeatable: bool,
    /// What its content is like.
    content: Content,
}

/// What matters about the content of something repeated.
#[derive(Debug, Clone, Copy, Default)]
struct Content {
    /// It may match without taking a character.
    nullable: bool,
    /// It holds a group.
    captures: bool,
}

impl Atom {
    /// Takes one character.
    pub(super) fn character(source: String) -> Self {
        Self { source, repeatable: true, content: Content::default() }
    }

    /// Takes none, and is not to be repeated.
    pub(super) fn assertion(source: impl Into<String>) -> Self {
        let content = Content { nullable: true, captures: false };
        Self { source: source.into(), repeatable: false, content }
    }

    fn group(source: String, content: Content) -> Self {
        Self { source, repeatable: true, content }
    }
}

impl Parser<'_> {
    pub(super) fn peek(&self) -> Option<char> {
        self.peek_at(0)
    }

    pub(super) fn peek_at(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.position + ahead).copied()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.position += 1;
        Some(c)
    }

    pub(super) fn take(&mut self, text: &str) -> bool {
        let rest = self.chars.get(self.position..).unwrap_or_default();
        let found = rest.len() >= text.len() && text.chars().zip(rest).all(|(a, b)| a == *b);
        self.position += if found { text.len() } else { 0 };
        found
    }

    /// `(?im)` at the very beginning.
    fn global_flags(&mut self, mut flags: Flags) -> Result<Flags, Failure> {
        loop {
            let start = self.position;
            if flags.verbose {
                self.skip_blanks();
            }
            if !self.take("(?") {
                self.position = start;
                return Ok(flags);
            }
            let letters = self.flag_letters();
            if letters.is_empty() || !self.take(")") {
                self.position = start;
                return Ok(flags);
            }
            set_flags(&mut flags, &letters, true)?;
        }
    }

    fn flag_letters(&mut self) -> String {
        let mut letters = String::new();
        while let Some(c) = self.peek().filter(|c| "aiLmsux".contains(*c)) {
            letters.push(c);
            self.position += 1;
        }
        letters
    }

    /// Blanks and comments of `re.X`.
    fn skip_blanks(&mut self) {
        loop {
            match self.peek() {
                Some(' ' | '\t'..='\r') => self.position += 1,
                Some('#') => while self.next().is_some_and(|c| c != '\n') {},
                _ => return,
            }
        }
    }

    fn alternation(&mut self, flags: Flags) -> Result<(String, Content), Failure> {
        let (mut source, mut content) = self.sequence(flags)?;
        while self.peek() == Some('|') {
            self.position += 1;
            let (branch, other) = self.sequence(flags)?;
            source.push('|');
            source.push_str(&branch);
            content.nullable |= other.nullable;
            content.captures |= other.captures;
        }
        Ok((source, content))
    }

    fn sequence(&mut self, flags: Flags) -> Result<(String, Content), Failure> {
        let mut source = String::new();
        let mut content = Content { nullable: true, captures: false };
        loop {
            if flags.verbose {
                self.skip_blanks();
            }
            match self.peek() {
                None | Some('|' | ')') => return Ok((source, content)),
                Some(_) => {}
            }
            if self.quantifier(flags)?.is_some() {
                return Err(error("nothing to repeat"));
            }
            let atom = self.atom(flags)?;
            content.captures |= atom.content.captures;
            let mut nullable = atom.content.nullable;
            source.push_str(&atom.source);
            if flags.verbose {
                self.skip_blanks();
            }
            if let Some(quantifier) = self.quantifier(flags)? {
                if !atom.repeatable {
                    return Err(error("nothing to repeat"));
                }
                if atom.content.nullable && atom.content.captures {
                    // Engines disagree on what a group holds after a last, empty round.
                    return Err(Failure::Unsupported(
                        "the repetition of a group that may be empty".to_owned(),
                    ));
                }
                nullable |= quantifier.starts_with(['*', '?']) || quantifier.starts_with("{0");
                source.push_str(&quantifier);
                if flags.verbose {
                    self.skip_blanks();
                }
                if self.quantifier(flags)?.is_some() {
                    return Err(error("multiple repeat"));
                }
            }
            content.nullable &= nullable;
        }
    }

    /// A quantifier, if one stands here.
    fn quantifier(&mut self, flags: Flags) -> Result<Option<String>, Failure> {
        let mut quantifier = match self.peek() {
            Some(c @ ('*' | '+' | '?')) => {
                self.position += 1;
                c.to_string()
            }
            Some('{') => match self.counted()? {
                Some(counted) => counted,
                None => return Ok(None),
            },
            _ => return Ok(None),
        };
        if flags.verbose {
            self.skip_blanks();
        }
        if let Some(mode @ ('?' | '+')) = self.peek() {
            self.position += 1;
            quantifier.push(mode);
        }
        Ok(Some(quantifier))
    }

    /// `{m,n}`; a brace that is none of these forms is a brace.
    fn counted(&mut self) -> Result<Option<String>, Failure> {
        let start = self.position;
        self.position += 1;
        if self.peek() == Some('}') {
            self.position = start;
            return Ok(None);
        }
        let least = self.digits();
        let most = if self.take(",") { self.digits() } else { least.clone() };
        if !self.take("}") {
            self.position = start;
            return Ok(None);
        }
        let number = |digits: &str| match digits.parse::<u32>() {
            Ok(number) if number <= MAX_REPEAT => Ok(number),
            _ => Err(Failure::Bound("a regular expression")),
        };
        let least = if least.is_empty() { 0 } else { number(&least)? };
        if most.is_empty() {
            return Ok(Some(format!("{{{least},}}")));
        }
        let most = number(&most)?;
        if most < least {
            return Err(error("min repeat greater than max repeat"));
        }
        Ok(Some(format!("{{{least},{most}}}")))
    }

    fn digits(&mut self) -> String {
        let mut digits = String::new();
        while let Some(c) = self.peek().filter(char::is_ascii_digit) {
            digits.push(c);
            self.position += 1;
        }
        digits
    }

    fn atom(&mut self, flags: Flags) -> Result<Atom, Failure> {
        let repeatable = |source: String| Ok(Atom::character(source));
        let fixed = |source: &str| Ok(Atom::assertion(source));
        match self.next() {
            Some('.') if flags.dot_all => repeatable("(?s:.)".to_owned()),
            Some('.') => repeatable(r"[^\n]".to_owned()),
            Some('^') if flags.multi_line => fixed("(?m:^)"),
            Some('^') => fixed(r"\A"),
            // A last line end does not count, and with `re.M` no line end does.
            Some('$') if flags.multi_line => fixed(r"(?=\n|\z)"),
            Some('$') => fixed(r"(?=\n?\z)"),
            Some('[') => repeatable(self.class(flags)?),
            Some('(') => self.group(flags),
            Some('\\') => self.escape(flags),
            Some(c) => repeatable(literal(c)),
            None => fixed(""),
        }
    }

    fn group(&mut self, flags: Flags) -> Result<Atom, Failure> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Failure::Bound("a regular expression"));
        }
        let atom = self.group_body(flags)?;
        self.depth -= 1;
        Ok(atom)
    }

    fn group_body(&mut self, flags: Flags) -> Result<Atom, Failure> {
        if !self.take("?") {
            return self.capture(flags, None);
        }
        for opening in ["=", "!", "<=", "<!", ">", ":"] {
            if self.take(opening) {
                let (body, mut content) = self.closed(flags)?;
                content.nullable |= !matches!(opening, ">" | ":");
                return Ok(Atom::group(format!("(?{opening}{body})"), content));
            }
        }
        if self.take("P<") {
            let name = self.name('>')?;
            return self.capture(flags, Some(name));
        }
        if self.take("P=") {
            let name = self.name(')')?;
            let group = self.names.get(&name).copied();
            let group = group.ok_or_else(|| error(format!("unknown group name '{name}'")))?;
            return self.reference(group, flags);
        }
        if self.take("#") {
            loop {
                match self.next() {
                    Some(')') => return Ok(Atom::assertion("")),
                    Some(_) => {}
                    None => return Err(error("missing ), unterminated comment")),
                }
            }
        }
        if self.peek() == Some('(') {
            return Err(Failure::Unsupported("a conditional regular expression".to_owned()));
        }
        self.flagged(flags)
    }

    /// `(?i-s:...)`.
    fn flagged(&mut self, outer: Flags) -> Result<Atom, Failure> {
        let mut flags = outer;
        let on = self.flag_letters();
        set_flags(&mut flags, &on, true)?;
        if self.take("-") {
            let off = self.flag_letters();
            if off.is_empty() || off.contains(['a', 'u', 'L']) {
                return Err(error("missing flag"));
            }
            set_flags(&mut flags, &off, false)?;
        } else if on.is_empty() {
            return Err(error("unknown extension"));
        }
        if self.peek() == Some(')') {
            return Err(error("global flags not at the start of the expression"));
        }
        if !self.take(":") {
            return Err(error("unknown flag"));
        }
        if flags.ascii && flags.ignore_case {
            return Err(Failure::Unsupported("re.ASCII with re.IGNORECASE".to_owned()));
        }
        let (body, content) = self.closed(flags)?;
        let opening = match (outer.ignore_case, flags.ignore_case) {
            (false, true) => "(?i:",
            (true, false) => "(?-i:",
            _ => "(?:",
        };
        Ok(Atom::group(format!("{opening}{body})"), content))
    }

    fn capture(&mut self, flags: Flags, name: Option<String>) -> Result<Atom, Failure> {
        self.groups += 1;
        let group = self.groups;
        if let Some(name) = name
            && self.names.insert(name.clone(), group).is_some()
        {
            return Err(error(format!("redefinition of group name '{name}'")));
        }
        self.open_groups.push(group);
        let (body, content) = self.closed(flags)?;
        self.open_groups.pop();
        Ok(Atom::group(format!("({body})"), Content { captures: true, ..content }))
    }

    fn closed(&mut self, flags: Flags) -> Result<(String, Content), Failure> {
        let body = self.alternation(flags)?;
        if !self.take(")") {
            return Err(error("missing ), unterminated subpattern"));
        }
        Ok(body)
    }

    fn name(&mut self, end: char) -> Result<String, Failure> {
        let mut name = String::new();
        loop {
            match self.next() {
                Some(c) if c == end => break,
                Some(c) => name.push(c),
                None => return Err(error(format!("missing {end}, unterminated name"))),
            }
        }
        if !isidentifier(&name) {
            return Err(error(format!("bad character in group name '{name}'")));
        }
        Ok(name)
    }

    pub(super) fn reference(&self, group: usize, flags: Flags) -> Result<Atom, Failure> {
        if group > self.groups {
            return Err(error(format!("invalid group reference {group}")));
        }
        if self.open_groups.contains(&group) {
            return Err(error("cannot refer to an open group"));
        }
        if flags.ignore_case {
            return Err(Failure::Unsupported("a group reference with re.IGNORECASE".to_owned()));
        }
        // The group may have been empty.
        let content = Content { nullable: true, captures: false };
        Ok(Atom::group(format!(r"(?:\{group})"), content))
    }
}

fn set_flags(flags: &mut Flags, letters: &str, on: bool) -> Result<(), Failure> {
    for letter in letters.chars() {
        match letter {
            'i' => flags.ignore_case = on,
            'm' => flags.multi_line = on,
            's' => flags.dot_all = on,
            'x' => flags.verbose = on,
            'a' => flags.ascii = on,
            'u' => flags.ascii = false,
            _ => return Err(error("bad inline flags")),
        }
    }
    Ok(())
}
