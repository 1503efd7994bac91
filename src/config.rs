//! `podlift.toml`: what a project wants of `podlift check`, `podlift report` and `podlift translate`.
//!
//! ```toml
//! cache = ".podlift-cache"       # where `podlift translate` keeps results, from the folder of this file on
//!
//! [levels]            # error, warning, info or ignore, for each code
//! KPO305 = "error"
//! KPO312 = "ignore"
//!
//! [check]
//! deny = ["warning", "KPO210"]   # what fails `podlift check`: a level and all above it, or single codes
//! ```

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use crate::diag::{Code, Severity};
use crate::words::shorten;

/// The name of the file.
pub const FILE: &str = "podlift.toml";

/// What the file says; the default for a project without one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Config {
    /// How much findings matter, where that is not what their codes say.
    pub levels: BTreeMap<Code, Setting>,
    /// What fails a check.
    pub deny: Vec<Deny>,
    /// Where results are kept, from the folder of the file on.
    pub cache: Option<PathBuf>,
}

/// How much findings of a code matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// Not at all: they are counted as ignored.
    Ignore,
    /// This much.
    As(Severity),
}

/// What fails a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deny {
    /// Findings of this severity and above.
    Level(Severity),
    /// Findings of this code, whatever their severity.
    Code(Code),
}

impl Deny {
    /// Reads `warning` or `KPO305`.
    pub fn parse(word: &str) -> Option<Self> {
        severity(word).map(Self::Level).or_else(|| Code::parse(word).map(Self::Code))
    }
}

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It is no TOML, or has a key that means nothing.
    #[error("{0}")]
    Malformed(String),
    /// A key of `[levels]` is no code.
    #[error("`{0}` in [levels] is not the code of a finding")]
    UnknownCode(String),
    /// A value of `[levels]` is no level.
    #[error("`{level}` for {code} is no level; write error, warning, info or ignore")]
    UnknownLevel {
        /// The code.
        code: String,
        /// What it was given.
        level: String,
    },
    /// A word of `deny` is neither a level nor a code.
    #[error("`{0}` in check.deny is neither a level nor the code of a finding")]
    UnknownDeny(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    cache: Option<PathBuf>,
    #[serde(default)]
    levels: BTreeMap<String, String>,
    #[serde(default)]
    check: Check,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Check {
    #[serde(default)]
    deny: Vec<String>,
}

impl Config {
    /// Reads the text of the file.
    ///
    /// # Errors
    /// See [`ConfigError`].
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let file: File = toml::from_str(text).map_err(|error| malformed(text, &error))?;
        let mut config = Self { cache: file.cache, ..Self::default() };
        for (name, level) in file.levels {
            let code = Code::parse(&name).ok_or(ConfigError::UnknownCode(name))?;
            let setting = match severity(&level) {
                Some(severity) => Setting::As(severity),
                None if level == "ignore" => Setting::Ignore,
                None => {
                    let code = code.as_str().to_owned();
                    return Err(ConfigError::UnknownLevel { code, level });
                }
            };
            config.levels.insert(code, setting);
        }
        for word in file.check.deny {
            config.deny.push(Deny::parse(&word).ok_or(ConfigError::UnknownDeny(word))?);
        }
        Ok(config)
    }
}

/// How many characters of a line are shown.
const LONGEST_SHOWN: usize = 80;

/// What is wrong with the file, and in which line.
fn malformed(text: &str, error: &toml::de::Error) -> ConfigError {
    let message = error.message().trim_end().replace('\n', ", ");
    let Some(before) = error.span().and_then(|span| text.get(..span.start)) else {
        return ConfigError::Malformed(message);
    };
    let number = before.matches('\n').count();
    let line = shorten(text.lines().nth(number).unwrap_or_default().trim(), LONGEST_SHOWN);
    ConfigError::Malformed(format!("line {}, `{line}`: {message}", number + 1))
}

fn severity(word: &str) -> Option<Severity> {
    [Severity::Info, Severity::Warning, Severity::Error]
        .into_iter()
        .find(|severity| severity.as_str() == word)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn levels_and_denials_are_read() {
        let text = "cache = \".kept\"\n[levels]\nKPO305 = \"error\"\nkpo312 = \"ignore\"\n[check]\ndeny = [\"warning\", \"KPO210\"]\n";
        let config = Config::parse(text).unwrap();
        assert_eq!(config.levels.get(&Code::ManualArgument), Some(&Setting::As(Severity::Error)));
        assert_eq!(config.levels.get(&Code::TemplateNeedsAirflow), Some(&Setting::Ignore));
        assert_eq!(config.deny, [Deny::Level(Severity::Warning), Deny::Code(Code::AssumedValue)]);
        assert_eq!(config.cache, Some(PathBuf::from(".kept")));
        assert_eq!(Config::parse("").unwrap(), Config::default());
    }

    #[test]
    fn what_means_nothing_is_refused() {
        for (text, word) in [
            ("[levels]\nKPO999 = \"error\"", "KPO999"),
            ("[levels]\nKPO305 = \"fatal\"", "fatal"),
            ("[check]\ndeny = [\"worst\"]", "worst"),
            ("[chek]\n", "chek"),
            ("levels = 3", "levels"),
        ] {
            let error = Config::parse(text).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
    }
}
