//! What credentials look like, whatever they are called.

use std::ops::Range;
use std::sync::{LazyLock, OnceLock};

use aho_corasick::AhoCorasick;
use fancy_regex::Regex;

use super::names::{Promise, is_harmless, is_random, promise};

/// Part of a text that is a credential, and why it is taken for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// Bytes of the text.
    pub(super) range: Range<usize>,
    /// Why, as in "it looks like a Slack token".
    pub(super) why: String,
}

/// The word before a bearer token.
const BEARER: &[&str] = &["bearer"];

/// Tokens that can be told by their form: a name for people, texts of which a token holds one, and a
/// pattern. A group, if there is one, is the secret.
const SHAPES: &[Shape<&str>] = &[
    (
        "a private key",
        &["PRIVATE KEY-----"],
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\z)",
    ),
    ("an AWS access key", &["AKIA", "ASIA"], r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    (
        "a GitHub token",
        &["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"],
        r"\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{22,})",
    ),
    (
        "a GitLab token",
        &["glpat-", "gldt-", "glrt-", "glcbt-"],
        r"\bgl(?:pat|dt|rt|cbt)-[A-Za-z0-9_-]{20,}",
    ),
    ("a Slack token", &["xox"], r"\bxox[abeprs]-[A-Za-z0-9-]{10,}"),
    (
        "a Slack webhook",
        &["hooks.slack.com/"],
        r"hooks\.slack\.com/(?:services|workflows)/([A-Za-z0-9_/-]{20,})",
    ),
    ("a Google API key", &["AIza"], r"\bAIza[0-9A-Za-z_-]{35}"),
    ("a Google access token", &["ya29."], r"\bya29\.[0-9A-Za-z_-]{20,}"),
    ("a Stripe key", &["k_live_", "k_test_"], r"\b[sr]k_(?:live|test)_[0-9A-Za-z]{16,}"),
    ("an OpenAI or Anthropic key", &["sk-"], r"\bsk-(?:ant-|proj-)?[A-Za-z0-9_-]{20,}"),
    ("a SendGrid key", &["SG."], r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),
    ("an npm token", &["npm_"], r"\bnpm_[A-Za-z0-9]{36}"),
    ("a PyPI token", &["pypi-AgE"], r"\bpypi-AgE[A-Za-z0-9_-]{40,}"),
    ("a Hugging Face token", &["hf_"], r"\bhf_[A-Za-z0-9]{30,}"),
    ("a Databricks token", &["dapi"], r"\bdapi[0-9a-f]{32}"),
    ("a Vault token", &["hvs.", "hvb.", "hvr."], r"\bhv[sbr]\.[A-Za-z0-9_-]{20,}"),
    ("an Azure storage key", &["AccountKey="], r"AccountKey=([A-Za-z0-9+/=]{40,})"),
    (
        "a JSON Web Token",
        &["eyJ"],
        r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{5,}",
    ),
    ("a bearer token", BEARER, r"(?i)\bbearer\s+([A-Za-z0-9._~+/-]{16,}=*)"),
];

/// `scheme://user:password@host`; the group is the password.
const URL: &str = r"\b[a-zA-Z][a-zA-Z0-9+.-]*://[^\s/:@'\x22]*:([^\s/@'\x22]+)@";

/// `name=value`, `'name': value`, `--name value`. Groups: the name, what parts it from the value, then the value in one
/// of three forms. Without look-around, which would cost ten times as much: see [`is_parted`].
const ASSIGNED: &str = r#"(?i)([a-z0-9_.-]*(?:pass|pwd|secret|token|key|cred|auth|jwt|_pw)[a-z0-9_.-]*)["']?(\s*(?::=|=|:)\s*|\s+)(?:"((?:[^"\\\n]|\\.)*)"|'((?:[^'\\\n]|\\.)*)'|([^\s"',;&|(){}\[\]<>]+))"#;

/// Letters of which a name in [`ASSIGNED`] holds some.
const NAMES: &[&str] = &["pass", "pwd", "secret", "token", "key", "cred", "auth", "jwt", "_pw"];

/// A name, texts to look for first, a pattern.
type Shape<P> = (&'static str, &'static [&'static str], P);

/// A pattern that is compiled when it is first needed: most runs need none.
type Lazy = OnceLock<Option<Regex>>;

static PATTERNS: LazyLock<Vec<Shape<(&str, Lazy)>>> = LazyLock::new(|| {
    let all = SHAPES.iter().map(|(name, hints, pattern)| (*name, *hints, (*pattern, Lazy::new())));
    all.collect()
});
static IN_URL: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(URL).ok());
static IN_TEXT: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(ASSIGNED).ok());

/// Credentials that can be told from the text alone, in order and apart from each other. In Python `code` only
/// quoted values are: the others are names.
///
/// Every text of every pod comes through here, and nearly none holds anything: a look for the few letters without
/// which a pattern cannot match is a hundred times cheaper than the pattern.
pub(super) fn in_text(text: &str, code: bool) -> Vec<Found> {
    let hints = Hints::in_text(text);
    if hints == Hints::default() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (number, (name, _, (pattern, compiled))) in PATTERNS.iter().enumerate() {
        if !hints.has(number) {
            continue;
        }
        let compiled = compiled.get_or_init(|| Regex::new(pattern).ok());
        let hits = compiled.iter().flat_map(|pattern| pattern.captures_iter(text));
        for hit in hits.map_while(Result::ok) {
            if let Some(part) = hit.get(1).or_else(|| hit.get(0)) {
                found.push(Found { range: part.range(), why: format!("it looks like {name}") });
            }
        }
    }
    let has_url = hints.has(Hints::URL) && text.contains('@');
    let in_url = Some(&IN_URL).filter(|_| has_url).and_then(|pattern| pattern.as_ref());
    for hit in
        in_url.into_iter().flat_map(|pattern| pattern.captures_iter(text)).map_while(Result::ok)
    {
        if let Some(part) = hit.get(1).filter(|part| !is_harmless(part.as_str())) {
            found
                .push(Found { range: part.range(), why: "it is the password of a URL".to_owned() });
        }
    }
    // Between a name and its value stands one of these.
    let may_assign = text.contains(|c: char| matches!(c, '=' | ':') || c.is_whitespace());
    if may_assign && hints.has(Hints::NAMES) {
        found.extend(assigned(text, code));
    }
    apart(found)
}

/// What a text may hold, by letters without which a pattern cannot match: a bit for each of [`SHAPES`], and those below.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Hints(u32);

const _: () = assert!(Hints::URL < u32::BITS as usize, "a bit for each");

impl Hints {
    /// The bit of [`NAMES`].
    const NAMES: usize = SHAPES.len();
    /// The bit of a URL.
    const URL: usize = SHAPES.len() + 1;

    fn has(self, number: usize) -> bool {
        self.0 & (1 << number) != 0
    }

    /// Looks for the letters of all patterns at once, in whatever case.
    fn in_text(text: &str) -> Self {
        static LETTERS: LazyLock<(Option<AhoCorasick>, Vec<usize>)> = LazyLock::new(|| {
            let of_shapes = SHAPES.iter().map(|(_, hints, _)| *hints).enumerate();
            let others = [(Hints::NAMES, NAMES), (Hints::URL, &["://"])];
            let all: Vec<(usize, &str)> = of_shapes
                .chain(others)
                .flat_map(|(number, hints)| hints.iter().map(move |hint| (number, *hint)))
                .collect();
            let letters = all.iter().map(|(_, hint)| hint);
            let automaton = AhoCorasick::builder().ascii_case_insensitive(true).build(letters);
            (automaton.ok(), all.into_iter().map(|(number, _)| number).collect())
        });
        let (automaton, numbers) = &*LETTERS;
        let hits = automaton.as_ref().map(|automaton| automaton.try_find_overlapping_iter(text));
        // Without an automaton, every pattern is tried.
        let Some(Ok(hits)) = hits else { return Self(u32::MAX) };
        let mut found = 0;
        for hit in hits {
            found |= numbers.get(hit.pattern().as_usize()).map_or(0, |number| 1 << number);
        }
        // Letters outside ASCII may fold to those of a pattern that takes any case.
        if !text.is_ascii() {
            let any_case = SHAPES.iter().position(|(_, hints, _)| *hints == BEARER);
            found |= 1 << Self::NAMES | any_case.map_or(0, |number| 1 << number);
        }
        Self(found)
    }
}

/// Values that are given to a name inside a text.
fn assigned(text: &str, code: bool) -> Vec<Found> {
    let mut found = Vec::new();
    let Some(pattern) = IN_TEXT.as_ref() else { return found };
    let mut from = 0;
    while let Ok(Some(hit)) = pattern.captures_from_pos(text, from) {
        let (Some(name), Some(whole)) = (hit.get(1), hit.get(0)) else { break };
        from = whole.end();
        let sign = hit.get(2).map_or(name.end()..name.end(), |sign| sign.range());
        let quoted = hit.get(3).or_else(|| hit.get(4));
        let (value, is_bare) = if is_parted(text, sign.clone()) {
            let Some(value) = quoted.or_else(|| hit.get(5)) else { continue };
            (value.range(), quoted.is_none())
        } else if let Some(word) = next_word(text, sign) {
            from = word.end;
            (word, true)
        } else {
            from = name.end();
            continue;
        };
        let between = text.get(name.end()..value.start).unwrap_or("");
        let word = text.get(value.clone()).unwrap_or("");
        // Two words beside each other are a flag and its value, or prose.
        let is_spaced = !between.contains(['=', ':']);
        let is_flag = name.as_str().starts_with("--");
        if (is_spaced && (!is_flag || code)) || (is_bare && code) || is_harmless(word) {
            continue;
        }
        let is_secret = match promise(name.as_str()) {
            Promise::Strong => !is_bare || is_value(word, name.as_str()),
            Promise::Weak => is_random(word),
            Promise::Nothing => false,
        };
        if is_secret {
            let why = format!("it is given to `{}`", name.as_str());
            found.push(Found { range: value, why });
        }
    }
    found
}

/// Whether what stands between two words gives the second to the first: neither `==`, nor the `:` of `://`, nor the
/// space behind a quote.
fn is_parted(text: &str, sign: Range<usize>) -> bool {
    let before = text.get(..sign.start).unwrap_or_default();
    let within = text.get(sign.clone()).unwrap_or_default();
    let behind = text.get(sign.start..).unwrap_or_default().trim_start();
    match within.trim() {
        "" => ends_in_word(before),
        "=" => !behind.starts_with("=="),
        ":" => !behind.starts_with(":/"),
        _ => true,
    }
}

/// Where a sign does not give a value to a name, as in `--token ==x`: the word behind the space before the sign.
fn next_word(text: &str, sign: Range<usize>) -> Option<Range<usize>> {
    let within = text.get(sign.clone())?;
    let start = sign.start + within.len() - within.trim_start().len();
    if start == sign.start || !ends_in_word(text.get(..sign.start)?) {
        return None;
    }
    let rest = text.get(start..)?;
    let end = rest.find(|c: char| c.is_whitespace() || r#""',;&|(){}[]<>"#.contains(c));
    let end = start + end.unwrap_or(rest.len());
    (start < end).then_some(start..end)
}

/// Whether a text ends with a letter, a digit or an underscore.
fn ends_in_word(text: &str) -> bool {
    text.ends_with(|c: char| c.is_alphanumeric() || c == '_')
}

/// Whether an unquoted word can be a value rather than a piece of code such as `os.environ` or the name itself.
fn is_value(word: &str, name: &str) -> bool {
    let is_code = word.contains(".get") || word.contains("environ") || word.contains("getenv");
    !is_code
        && !word.eq_ignore_ascii_case(name.trim_start_matches('-'))
        && word.chars().count() >= 4
}

/// The findings in order, without those that touch an earlier one.
pub(super) fn apart(mut found: Vec<Found>) -> Vec<Found> {
    found.sort_by_key(|one| (one.range.start, std::cmp::Reverse(one.range.end)));
    let mut end = 0;
    found.retain(|one| {
        let keeps = one.range.start >= end && !one.range.is_empty();
        if keeps {
            end = one.range.end;
        }
        keeps
    });
    found
}

#[cfg(test)]
mod tests {
    #![allow(clippy::string_slice, reason = "tests")]

    use super::*;

    fn secrets(text: &str) -> Vec<&str> {
        in_text(text, false).into_iter().map(|found| &text[found.range]).collect()
    }

    #[test]
    fn all_patterns_compile() {
        assert!(SHAPES.iter().all(|(_, _, pattern)| Regex::new(pattern).is_ok()));
        assert!(IN_URL.is_some() && IN_TEXT.is_some());
    }

    #[test]
    fn tokens_are_known_by_their_form() {
        // Put together here, so that no scanner takes this file for a leak.
        let tokens = [
            format!("{}{}", "AKIA", "IOSFODNN7EXAMPLE"),
            format!("{}_{}", "ghp", "0123456789abcdefghijABCDEFGHIJ012345"),
            format!("{}-{}", "glpat", "0123456789abcdefghij"),
            format!("{}-{}", "xoxb", "123456789012-abcdefghij"),
            format!("{}{}", "AIza", "Sy0123456789abcdefghijABCDEFGHIJ012"),
            format!("{}.{}.{}", "eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiIxMjM0NTY3ODkwIn0", "abcdefgh"),
        ];
        for token in &tokens {
            assert_eq!(secrets(&format!("x {token} y")), [token.as_str()]);
        }
    }

    #[test]
    fn passwords_are_found_in_urls_flags_and_assignments() {
        assert_eq!(secrets("postgres://me:hunter2@db/x"), ["hunter2"]);
        assert_eq!(
            secrets("run --password=hunter2 --token abcd1234 --user me"),
            ["hunter2", "abcd1234"]
        );
        assert_eq!(secrets(r#"{"password": "a b", "user": "me"}"#), ["a b"]);
        assert_eq!(secrets("export DB_PASSWORD=hunter2; run"), ["hunter2"]);
        assert_eq!(secrets("token==x secret:=hunter22"), ["hunter22"]);
        assert_eq!(secrets("--api-key ==s3cr3t=True x"), ["==s3cr3t=True"]);
        assert_eq!(secrets("--api-key \n://hunter22,x"), ["://hunter22"]);
        assert_eq!(secrets("curl -H 'X-Api-Key: hunter22'"), ["hunter22"]);
    }

    #[test]
    fn references_and_prose_are_left_alone() {
        for text in [
            "the token is read from the file",
            "--password-file /run/x --token $TOKEN --password={{ conn.x.password }}",
            "https://host:8080/path@home",
            "postgres://me:${env:PW}@db",
            "password = os.environ['X']; secret=secret",
            "SORT_KEY=customer_id",
            "--key value",
            "if token == abcdefgh: pass",
            "token==abcdefgh",
            "see token://abcdefgh",
        ] {
            assert_eq!(secrets(text), [] as [&str; 0], "{text}");
        }
    }

    #[test]
    fn in_code_only_literals_count() {
        let code = "password = get_password()\ntoken = 'abcd1234'\n";
        let found = in_text(code, true);
        assert_eq!(found.iter().map(|f| &code[f.range.clone()]).collect::<Vec<_>>(), ["abcd1234"]);
    }
}
