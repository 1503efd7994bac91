//! Takes credentials out of job specs and of any other text.

use std::collections::BTreeSet;
use std::ops::Range;

use serde_json::Value as Json;

use super::known::Known;
use super::names::{Promise, is_harmless, is_random, promise};
use super::shapes::in_text;
use super::{REDACTED, in_spec};
use crate::spec::{JobSpec, OpenHole};

/// A spec with every credential replaced by [`REDACTED`].
pub fn redact(spec: &JobSpec) -> JobSpec {
    let mask = Mask::of([spec]);
    let mut out = spec.clone();
    for secret in in_spec(spec) {
        let Some(rest) = secret.pointer.strip_prefix("/run/") else { continue };
        let (side, inside) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let fields = match side {
            "base_pod_meta" => &mut out.run.base_pod_meta,
            "base_pod_spec" => &mut out.run.base_pod_spec,
            _ => &mut out.run.extras,
        };
        let mut value = Json::Object(std::mem::take(fields));
        if let Some(Json::String(text)) = value.pointer_mut(inside) {
            for part in secret.parts.iter().rev() {
                text.replace_range(part.clone(), REDACTED);
            }
        }
        if let Json::Object(map) = value {
            *fields = map;
        }
    }
    for fields in [&mut out.run.base_pod_meta, &mut out.run.base_pod_spec, &mut out.run.extras] {
        for value in fields.values_mut() {
            mask.json(value);
        }
    }
    for hole in &mut out.holes {
        if is_secret_default(&hole.name, hole.default.as_ref()) {
            hole.default = Some(Json::String(REDACTED.to_owned()));
        }
        hole.reason = mask.code(&hole.reason);
    }
    let texts = out.metadata.conditions.iter_mut().chain(&mut out.metadata.pattern);
    for text in texts {
        *text = mask.code(text);
    }
    out
}

/// Whether the default that the code gives to a lookup is a credential.
fn is_secret_default(hole: &str, default: Option<&Json>) -> bool {
    let Some(Json::String(text)) = default else { return false };
    let name = hole.split_once(':').map_or(hole, |(_, name)| name);
    let by_name = promise(name) == Promise::Strong && !is_harmless(text);
    by_name || !in_text(text, false).is_empty()
}

/// What stands in the place of a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// [`REDACTED`].
    Word,
    /// As many `*` as it has bytes, so that places in the text stay what they are.
    SameWidth,
}

impl Style {
    pub(super) fn replace(self, secret: &str) -> String {
        match self {
            Self::Word => REDACTED.to_owned(),
            Self::SameWidth => {
                let stars = secret.split('\n').map(|line| "*".repeat(line.len()));
                stars.collect::<Vec<_>>().join("\n")
            }
        }
    }
}

/// The holes of a spec for which the code itself has a credential as default.
pub fn in_defaults(spec: &JobSpec) -> impl Iterator<Item = &OpenHole> {
    spec.holes.iter().filter(|hole| is_secret_default(&hole.name, hole.default.as_ref()))
}

/// What a literal of Python stands in.
const QUOTES: [char; 2] = ['"', '\''];

/// The credentials of some job specs, to be kept out of texts.
#[derive(Debug, Clone, Default)]
pub struct Mask {
    /// Credentials nobody takes for an ordinary word: they are masked wherever they stand. Longest first.
    strong: Known,
    /// Others, such as the password `airflow`: they are masked only as a whole literal beside a name that promises
    /// a credential.
    weak: Known,
    /// The same in quotes, first in double ones.
    quoted: Known,
    /// Those of them that a user gave, in quotes: what quotes one in a message quotes the value.
    given: Known,
    is_off: bool,
}

impl Mask {
    /// A mask that lets everything through.
    pub fn off() -> Self {
        Self { is_off: true, ..Self::default() }
    }

    /// The credentials of these specs.
    pub fn of<'a>(specs: impl IntoIterator<Item = &'a JobSpec>) -> Self {
        Self::of_both(specs, &[])
    }

    /// The credentials of these specs, and others that are known to be some.
    pub fn of_both<'a>(specs: impl IntoIterator<Item = &'a JobSpec>, known: &[String]) -> Self {
        let (mut strong, mut weak) = (BTreeSet::new(), BTreeSet::new());
        let mut add = |text: &str| {
            if is_distinct(text) {
                strong.insert(text.to_owned());
                let lines = text.lines().map(str::trim).filter(|line| is_distinct(line));
                strong.extend(lines.map(str::to_owned));
            } else {
                weak.insert(text.to_owned());
            }
        };
        for spec in specs {
            for secret in in_spec(spec) {
                let text = text_at(spec, &secret.pointer).unwrap_or_default();
                secret.parts.iter().filter_map(|part| text.get(part.clone())).for_each(&mut add);
            }
            let defaults = in_defaults(spec).filter_map(|hole| hole.default.as_ref()?.as_str());
            defaults.for_each(&mut add);
        }
        known.iter().for_each(|text| add(text));
        let mut strong: Vec<String> = strong.into_iter().collect();
        strong.sort_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
        let in_quotes = |secret: &String| QUOTES.map(|it| format!("{it}{secret}{it}"));
        let quoted = weak.iter().flat_map(in_quotes);
        let given = known.iter().filter(|text| weak.contains(*text)).flat_map(in_quotes);
        Self {
            strong: Known::new(strong),
            quoted: Known::new(quoted.collect()),
            given: Known::new(given.collect()),
            weak: Known::new(weak.into_iter().collect()),
            is_off: false,
        }
    }

    /// A text without the credentials that are known or can be told by their looks.
    pub fn text(&self, text: &str) -> String {
        self.apply(text, false, |_| REDACTED.to_owned())
    }

    /// Python code, or a piece of it, without credentials.
    pub fn code(&self, text: &str) -> String {
        self.apply(text, true, |_| REDACTED.to_owned())
    }

    /// What is said about a DAG, without credentials.
    pub fn message(&self, text: &str) -> String {
        let mut out = self.code(text);
        for literal in self.given.within(text) {
            let quote = literal.chars().next().unwrap_or_default();
            out = out.replace(literal.as_str(), &format!("{quote}{REDACTED}{quote}"));
        }
        out
    }

    /// The source of a program without credentials. At `literals`, byte ranges in order in which credentials were
    /// found, every one goes; elsewhere those that nobody takes for an ordinary word.
    pub fn source(&self, text: &str, literals: &[Range<usize>], style: Style) -> String {
        let mut out = text.to_owned();
        if self.is_off {
            return out;
        }
        for range in literals.iter().rev() {
            let Some(literal) = text.get(range.clone()) else { continue };
            let all = self.strong.within(literal).into_iter().chain(self.weak.within(literal));
            let masked = all.fold(literal.to_owned(), |text, secret| {
                text.replace(secret.as_str(), &style.replace(secret))
            });
            out.replace_range(range.clone(), &masked);
        }
        self.apply(&out, true, |secret| style.replace(secret))
    }

    /// Every text inside a value.
    pub fn json(&self, value: &mut Json) {
        match value {
            Json::String(text) => {
                let found = if self.is_off { Vec::new() } else { self.strong.within(text) };
                for secret in found {
                    *text = text.replace(secret.as_str(), REDACTED);
                }
            }
            Json::Array(items) => items.iter_mut().for_each(|item| self.json(item)),
            Json::Object(fields) => fields.values_mut().for_each(|field| self.json(field)),
            Json::Null | Json::Bool(_) | Json::Number(_) => {}
        }
    }

    fn apply(&self, text: &str, code: bool, replace: impl Fn(&str) -> String) -> String {
        if self.is_off {
            return text.to_owned();
        }
        let mut out = text.to_owned();
        for secret in self.strong.within(text) {
            out = out.replace(secret.as_str(), &replace(secret));
        }
        for literal in self.quoted.within(&out) {
            out = in_literals(&out, literal, &replace);
        }
        for found in in_text(&out, code).into_iter().rev() {
            let secret = out.get(found.range.clone()).unwrap_or_default().to_owned();
            if secret != REDACTED && !secret.chars().all(|char| char == '*') {
                out.replace_range(found.range, &replace(&secret));
            }
        }
        out
    }
}

/// Replaces a credential that is an ordinary word where it is a whole literal, given in its quotes, on a line with a
/// name that promises one.
fn in_literals(text: &str, literal: &str, replace: &impl Fn(&str) -> String) -> String {
    let Some((secret, quote)) =
        literal.get(1..).and_then(|rest| rest.split_at_checked(rest.len().saturating_sub(1)))
    else {
        return text.to_owned();
    };
    let masked = format!("{quote}{}{quote}", replace(secret));
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let mut words = line.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '-');
        if line.contains(literal) && words.any(|word| promise(word) != Promise::Nothing) {
            out.push_str(&line.replace(literal, &masked));
        } else {
            out.push_str(line);
        }
    }
    out
}

/// Whether nobody would take a text for an ordinary word.
fn is_distinct(text: &str) -> bool {
    let length = text.chars().count();
    let kinds = [
        text.chars().any(|c| c.is_ascii_digit()),
        text.chars().any(char::is_lowercase),
        text.chars().any(char::is_uppercase),
        text.chars().any(|c| !c.is_alphanumeric() && c != '_' && c != '-'),
    ];
    let mixed = kinds.iter().filter(|has| **has).count();
    is_random(text) || (length >= 6 && mixed >= 2) || (length >= 16)
}

/// The text at a pointer into the spec.
fn text_at<'a>(spec: &'a JobSpec, pointer: &str) -> Option<&'a str> {
    let rest = pointer.strip_prefix("/run/")?;
    let (side, inside) = rest.split_at(rest.find('/')?);
    let fields = match side {
        "base_pod_meta" => &spec.run.base_pod_meta,
        "base_pod_spec" => &spec.run.base_pod_spec,
        _ => &spec.run.extras,
    };
    let (key, deeper) = match inside.trim_start_matches('/').split_once('/') {
        Some((key, deeper)) => (key, format!("/{deeper}")),
        None => (inside.trim_start_matches('/'), String::new()),
    };
    let key = key.replace("~1", "/").replace("~0", "~");
    fields.get(&key)?.pointer(&deeper)?.as_str()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;
    use crate::spec::tests_support::spec_named;

    fn sample() -> JobSpec {
        let mut spec = spec_named("d", "t");
        let container = json!({
            "image": "app:1",
            "env": [
                {"name": "DB_PASSWORD", "value": "hunter2"},
                {"name": "ADMIN_PASSWORD", "value": "airflow"},
                {"name": "DB_URL", "value": "postgres://me:sword-f1sh@db/x"},
                {"name": "OWNER", "value": "airflow"},
            ],
            "args": ["login hunter2"],
        });
        spec.run.base_pod_spec.insert("containers".into(), json!([container]));
        spec.holes.push(OpenHole {
            path: "/run/x".into(),
            name: "env:API_TOKEN".into(),
            reason: "os.environ.get('API_TOKEN', 'abc-123-xyz')".into(),
            source: "a.py:1".into(),
            default: Some(json!("abc-123-xyz")),
            needs: vec![],
        });
        spec
    }

    #[test]
    fn a_redacted_spec_has_no_credential_left_and_everything_else() {
        let text = crate::spec::to_json(&redact(&sample()));
        for secret in ["hunter2", "sword-f1sh", "abc-123-xyz"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
        assert!(text.contains("postgres://me:[redacted]@db/x"), "{text}");
        assert!(text.contains("login [redacted]"), "{text}");
        assert!(text.contains(r#""value": "airflow""#), "the owner is no credential: {text}");
        assert_eq!(text.matches("\"airflow\"").count(), 1, "{text}");
    }

    #[test]
    fn a_message_quotes_no_word_that_was_given_as_a_credential() {
        let mask = Mask::of_both([], &["staple".to_owned(), "c0rrect-horse".to_owned()]);
        assert_eq!(
            mask.message("\"staple\" is no `staple`, 'staple' nor c0rrect-horse"),
            "\"[redacted]\" is no `staple`, '[redacted]' nor [redacted]"
        );
    }

    #[test]
    fn a_second_redaction_changes_nothing() {
        let once = redact(&sample());
        assert_eq!(redact(&once), once);
    }

    #[test]
    fn sources_lose_credentials_and_keep_their_columns() {
        let mask = Mask::of([&sample()]);
        let source = "OWNER = 'airflow'\nenv = {'ADMIN_PASSWORD': 'airflow', 'DB_PASSWORD': \"hunter2\"}\n\
                      conn = 'mysql://u:pw123456@h/d'\nclient_secret = 'other-one'\nlast = 'airflow'\n";
        let last = source.rfind("'airflow'").unwrap();
        let literal = last..last + 9;
        let masked = mask.source(source, std::slice::from_ref(&literal), Style::SameWidth);
        assert_eq!(masked.len(), source.len());
        assert_eq!(
            masked,
            "OWNER = 'airflow'\nenv = {'ADMIN_PASSWORD': '*******', 'DB_PASSWORD': \"*******\"}\n\
             conn = 'mysql://u:********@h/d'\nclient_secret = '*********'\nlast = '*******'\n"
        );
        assert_eq!(Mask::off().source(source, &[literal], Style::Word), source);
    }
}
