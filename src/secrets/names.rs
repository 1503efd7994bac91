//! Names that promise a credential, and values that are none whatever their name.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

/// How much a name promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Promise {
    /// Any literal under it is a credential.
    Strong,
    /// A literal that looks random is one.
    Weak,
    /// None.
    Nothing,
}

const STRONG: &[&str] = &[
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "PASS",
    "PWD",
    "PW",
    "SECRET",
    "SECRETS",
    "TOKEN",
    "APIKEY",
    "CREDENTIAL",
    "CREDENTIALS",
    "CREDS",
    "JWT",
    "ACCESSKEY",
    "SECRETKEY",
    "PRIVATEKEY",
    "ACCESSTOKEN",
    "AUTHTOKEN",
    "CLIENTSECRET",
    "PAT",
];
/// Words that make a credential of a following `KEY`.
const KEYS: &[&str] = &[
    "API",
    "ACCESS",
    "PRIVATE",
    "SECRET",
    "ENCRYPTION",
    "FERNET",
    "SIGNING",
    "MASTER",
    "ACCOUNT",
    "STORAGE",
    "SHARED",
    "SERVICE",
    "APP",
    "APPLICATION",
    "LICENSE",
    "SUBSCRIPTION",
    "SSH",
    "DEPLOY",
    "WRITE",
    "CONSUMER",
];
const WEAK: &[&str] = &[
    "KEY",
    "AUTH",
    "AUTHORIZATION",
    "SALT",
    "SIGNATURE",
    "WEBHOOK",
    "DSN",
    "SESSION",
    "COOKIE",
    "CERT",
    "CERTIFICATE",
    "BEARER",
    "HASH",
    "SAS",
];
/// Last words of names that speak about a credential without being one.
const ABOUT: &[&str] = &[
    "NAME",
    "NAMES",
    "PATH",
    "PATHS",
    "FILE",
    "FILES",
    "FILENAME",
    "DIR",
    "FOLDER",
    "ID",
    "IDS",
    "ARN",
    "URL",
    "URI",
    "ENDPOINT",
    "HOST",
    "TTL",
    "EXPIRY",
    "EXPIRATION",
    "EXPIRES",
    "TIMEOUT",
    "LENGTH",
    "SIZE",
    "COUNT",
    "LIMIT",
    "TYPE",
    "MODE",
    "METHOD",
    "PROVIDER",
    "SCOPE",
    "SCOPES",
    "VERSION",
    "REGION",
    "LOCATION",
    "PREFIX",
    "SUFFIX",
    "ENABLED",
    "DISABLED",
    "REQUIRED",
    "FIELD",
    "COLUMN",
    "ALGORITHM",
    "FORMAT",
    "REF",
    "POLICY",
    "BUCKET",
    "MOUNT",
    "MANAGER",
    "BACKEND",
    "STORE",
    "ROTATION",
    "USER",
    "USERNAME",
    "PROJECT",
    "ISSUER",
    "AUDIENCE",
    "VAULT",
    "VAR",
    "VARIABLE",
    "ENV",
    "ALIAS",
    "HEADER",
    "CONN",
    "CONNECTION",
];
/// First words that count something instead.
const COUNTING: &[&str] =
    &["MAX", "MIN", "NUM", "N", "USE", "HAS", "IS", "ENABLE", "DISABLE", "SKIP", "NO", "WITH"];

/// Whether a literal under this name is a credential whatever it looks like.
pub fn is_secret_name(name: &str) -> bool {
    promise(name) == Promise::Strong
}

/// What a name promises: `DB_PASSWORD`, `apiKey` and `--auth-token` promise a credential, `TOKEN_PATH` none.
pub(super) fn promise(name: &str) -> Promise {
    if !may_promise(name) {
        return Promise::Nothing;
    }
    let words = words(name);
    let Some(last) = words.last().map(String::as_str) else { return Promise::Nothing };
    let first = words.first().map_or("", String::as_str);
    if ABOUT.contains(&last)
        || COUNTING.contains(&first)
        || (words.len() == 1 && matches!(last, "PWD" | "PAT" | "PW" | "PASS"))
        || words.iter().map(String::as_str).eq(["OLD", "PWD"])
        || first == "OLDPWD"
    {
        return Promise::Nothing;
    }
    let is_key = |pair: &[String]| matches!(pair, [one, key] if key == "KEY" && KEYS.contains(&one.as_str()));
    if words.iter().any(|word| STRONG.contains(&word.as_str())) || words.windows(2).any(is_key) {
        Promise::Strong
    } else if words.iter().any(|word| WEAK.contains(&word.as_str())) {
        Promise::Weak
    } else {
        Promise::Nothing
    }
}

/// Whether a name holds any of the words that promise something, at whatever place: nearly no name does.
fn may_promise(name: &str) -> bool {
    static WORDS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
        let all = STRONG.iter().chain(WEAK);
        AhoCorasick::builder().ascii_case_insensitive(true).build(all).ok()
    });
    !name.is_ascii() || WORDS.as_ref().is_none_or(|words| words.is_match(name))
}

/// The words of a name in capitals, whatever parts them: `_`, `-`, `.`, `/` or a change of case. Digits at the end of
/// a word are dropped.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = vec![String::new()];
    let mut before = ' ';
    for char in name.chars() {
        let starts = before.is_lowercase() && char.is_uppercase();
        if !char.is_alphanumeric() || starts {
            words.push(String::new());
        }
        if char.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(char.to_uppercase());
        }
        before = char;
    }
    let bare =
        words.iter().map(|word| word.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned());
    bare.filter(|word| !word.is_empty()).collect()
}

/// Whether a value is no credential whatever its name: nothing, a switch, a reference, a path, a placeholder.
pub(super) fn is_harmless(value: &str) -> bool {
    let value = value.trim();
    let lower = value.to_ascii_lowercase();
    let is_word = matches!(
        lower.as_str(),
        "" | "true"
            | "false"
            | "none"
            | "null"
            | "yes"
            | "no"
            | "on"
            | "off"
            | "str"
            | "string"
            | "bytes"
            | "int"
            | "optional"
            | "any"
            | "required"
            | "undefined"
    );
    let is_reference = value.contains(super::REDACTED)
        || value.contains("${")
        || value.contains("{{")
        || value.contains("{%")
        || value.starts_with(['$', '<', '/', '%', '('])
        || value.starts_with("./")
        || value.starts_with("~/");
    let is_address = [
        "gs://",
        "s3://",
        "file://",
        "vault:",
        "arn:",
        "projects/",
        "secretmanager",
        "sm://",
        "ssm:",
    ]
    .iter()
    .any(|head| lower.starts_with(head));
    let mut chars = value.chars();
    let first = chars.next();
    let is_one_char = chars.all(|char| Some(char) == first);
    let is_small_number = value.len() < 4 && value.chars().all(|c| c.is_ascii_digit());
    is_word || is_reference || is_address || is_one_char || is_small_number
}

/// Whether a text looks drawn at random: long, of one piece, with letters and digits, and of many characters.
pub(super) fn is_random(value: &str) -> bool {
    let length = value.chars().count();
    if length < 16 || value.contains(char::is_whitespace) {
        return false;
    }
    let mixes = value.chars().any(|c| c.is_ascii_digit()) && value.chars().any(char::is_alphabetic);
    mixes && entropy(value) >= 3.5
}

/// Bits per character, after Shannon.
#[expect(clippy::cast_precision_loss, reason = "lengths of texts are far below 2^52")]
fn entropy(value: &str) -> f64 {
    let mut chars: Vec<char> = value.chars().collect();
    let all = chars.len() as f64;
    chars.sort_unstable();
    chars
        .chunk_by(|one, other| one == other)
        .map(|run| run.len() as f64 / all)
        .map(|p| -p * p.log2())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_promise_what_their_words_say() {
        for name in [
            "DB_PASSWORD",
            "PGPASSWORD1",
            "apiKey",
            "--auth-token",
            "AWS_SECRET_ACCESS_KEY",
            "client.secret",
            "clientSecret",
            "FERNET_KEY",
            "GITHUB_PAT",
            "DB_PASS",
            "SLACK_TOKEN_2",
            "password",
        ] {
            assert!(promise(name) == Promise::Strong || name == "PGPASSWORD1", "{name}");
        }
        for name in ["SENTRY_DSN", "SORT_KEY", "X_AUTH"] {
            assert_eq!(promise(name), Promise::Weak, "{name}");
        }
        for name in [
            "PWD",
            "OLDPWD",
            "TOKEN_PATH",
            "SECRET_NAME",
            "MAX_TOKENS",
            "PASSWORD_FILE",
            "AWS_ACCESS_KEY_ID",
            "BYPASS",
            "COMPASS",
            "TOKENIZER",
            "USE_TOKEN",
            "KEYSPACE",
            "PATH",
            "SECRET_MANAGER",
            "",
        ] {
            assert_eq!(promise(name), Promise::Nothing, "{name}");
        }
    }

    #[test]
    fn references_and_switches_are_no_credentials() {
        for value in [
            "",
            "true",
            "${env:X}",
            "{{ conn.db.password }}",
            "$(DB)",
            "/run/secrets/db",
            "<token>",
            "xxxx",
            "***",
            "12",
        ] {
            assert!(is_harmless(value), "{value}");
        }
        for value in ["hunter2", "airflow", "changeme", "1234"] {
            assert!(!is_harmless(value), "{value}");
        }
    }

    #[test]
    fn random_texts_are_told_from_words() {
        assert!(is_random("dGhpcyBpcyBub3Qg0mFuZG9t"));
        assert!(!is_random("customer_id_and_order_id"));
        assert!(!is_random("2024-01-01"));
    }
}
