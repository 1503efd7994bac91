//! Releases of Airflow and of the Kubernetes provider, in the order in which they were made.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A release: `10.25.0`, `backport 2020.11.23` or `airflow 1.10.12`.
///
/// The operator lived in Airflow itself before the provider existed, so for tables of provider
/// arguments Airflow 1.10 is older than every backport, and a backport older than every provider
/// release. `1.10.12` alone means Airflow too: the provider never had a release 1.10.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Release {
    line: Line,
    numbers: Vec<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Line {
    Airflow,
    Backport,
    Provider,
}

/// A text that is no release.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a release such as 10.25.0, backport 2020.11.23 or airflow 1.10.12")]
pub struct NotARelease(String);

impl Release {
    /// Reads a release.
    ///
    /// # Errors
    /// The text has no number, or something that is no number between the dots.
    pub fn parse(text: &str) -> Result<Self, NotARelease> {
        let bad = || NotARelease(text.to_owned());
        let (line, numbers) = Self::parts(text).ok_or_else(bad)?;
        let numbers = numbers.collect::<Option<Vec<u32>>>().ok_or_else(bad)?;
        if numbers.is_empty() {
            return Err(bad());
        }
        Ok(Self { line, numbers })
    }

    /// The line of a release and its numbers, `None` in place of one that is too large.
    fn parts(text: &str) -> Option<(Line, impl Iterator<Item = Option<u32>>)> {
        let (line, digits) = match text.split_once(' ') {
            Some(("airflow", digits)) => (Line::Airflow, digits),
            Some(("backport", digits)) => (Line::Backport, digits),
            Some(_) => return None,
            None if text == "1.10" || text.starts_with("1.10.") => (Line::Airflow, text),
            None => (Line::Provider, text),
        };
        Some((line, numbers(digits)))
    }

    /// Later than every release there is.
    pub(crate) fn newest() -> Self {
        Self { line: Line::Provider, numbers: vec![u32::MAX] }
    }

    /// Whether this release is `text` or later; a `text` that is no release is never reached.
    pub fn is_at_least(&self, text: &str) -> bool {
        let Some((line, numbers)) = Self::parts(text) else { return false };
        let mut others = numbers.map(|number| number.unwrap_or(u32::MAX)).peekable();
        let own = self.numbers.iter().copied();
        others.peek().is_some() && self.line.cmp(&line).then_with(|| own.cmp(others)).is_ge()
    }
}

/// The numbers between dots, up to the first part that begins with none. Development releases (`10.25.0rc1`,
/// `3.3.0.dev0`) count as the release they lead to.
fn numbers(digits: &str) -> impl Iterator<Item = Option<u32>> {
    let mut rest = digits.as_bytes();
    std::iter::from_fn(move || {
        let end = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
        let (part, after) = rest.split_at(end);
        rest = after
            .iter()
            .position(|byte| *byte == b'.')
            .map_or(&[], |dot| after.get(dot + 1..).unwrap_or_default());
        let add = |number: u32, digit: &u8| {
            number.checked_mul(10)?.checked_add(u32::from(digit.wrapping_sub(b'0')))
        };
        (!part.is_empty()).then(|| part.iter().try_fold(0, add))
    })
    .fuse()
}

impl TryFrom<String> for Release {
    type Error = NotARelease;

    fn try_from(text: String) -> Result<Self, NotARelease> {
        Self::parse(&text)
    }
}

impl From<Release> for String {
    fn from(release: Release) -> Self {
        release.to_string()
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Line::Airflow => f.write_str("airflow ")?,
            Line::Backport => f.write_str("backport ")?,
            Line::Provider => {}
        }
        let numbers: Vec<_> = self.numbers.iter().map(u32::to_string).collect();
        f.write_str(&numbers.join("."))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::Release;

    #[test]
    fn releases_stand_in_the_order_in_which_they_were_made() {
        let order =
            ["1.10.9", "airflow 1.10.12", "backport 2020.11.23", "1.0.0", "2.0.2", "10.9.0"];
        let parsed: Vec<_> = order.iter().map(|text| Release::parse(text).unwrap()).collect();
        assert!(parsed.is_sorted(), "{parsed:?}");
        let lead_to = ["10.25.0rc1", "10.25.0.dev0", "10.25.0.", "10.25rc1.0", "10.25.0.rc1.7"];
        for text in lead_to {
            let release = Release::parse(text).unwrap();
            assert_eq!(release.to_string(), "10.25.0", "{text}");
        }
        assert!(Release::parse("10.25.0rc1").unwrap().is_at_least("10.25.0"));
        assert!(!Release::parse("10.24.9").unwrap().is_at_least("10.25"));
    }

    #[test]
    fn nonsense_is_no_release() {
        assert!(Release::parse("newest").is_err());
        assert!(Release::parse("provider 3").is_err());
        assert!(Release::parse("").is_err());
        assert!(Release::parse("4294967296").is_err());
        assert!(!Release::parse("4294967295").unwrap().is_at_least(".5"));
    }
}
