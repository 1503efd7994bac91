//! Credentials among the values that a user gives for lookups: wherever they land, they are some.

use serde_json::Value as Json;

use super::mask::Style;
use super::names::{Promise, is_harmless, promise};
use crate::eval::pure::url::unquote;
use crate::values::Values;

/// The passwords of Connections, and the values of Variables and of the environment whose names promise a credential.
pub fn in_values(values: &Values) -> Vec<String> {
    let mut found = Vec::new();
    for (name, text) in &values.env {
        add_named(name, text, &mut found);
    }
    for (name, value) in &values.variables {
        add_json(name, value, &mut found);
    }
    for value in values.connections.values() {
        match value {
            Json::String(uri) => add_uri(uri, &mut found),
            value => add_json("", value, &mut found),
        }
    }
    found
}

/// A values file without its values, every byte in its place: what stands behind the first key of a line, or in a line
/// without one, may be a credential.
pub fn without_values(text: &str) -> String {
    let lines = text.split_inclusive('\n').map(|line| {
        let body = line.trim_end_matches(['\n', '\r']);
        let key = match body.find(": ") {
            Some(colon) => colon + 1,
            None if body.ends_with(':') => body.len(),
            None => body.len() - body.trim_start().len(),
        };
        let (shown, hidden) = body.split_at(key);
        let stars = Style::SameWidth.replace(hidden);
        format!("{shown}{stars}{}", line.strip_prefix(body).unwrap_or_default())
    });
    lines.collect()
}

fn add_named(name: &str, text: &str, found: &mut Vec<String>) {
    if promise(name) == Promise::Strong && !is_harmless(text) {
        found.push(text.to_owned());
    }
    if let Ok(inner @ Json::Object(_)) = serde_json::from_str(text) {
        add_json("", &inner, found);
    }
    add_uri(text, found);
}

fn add_json(name: &str, value: &Json, found: &mut Vec<String>) {
    match value {
        Json::String(text) => add_named(name, text, found),
        Json::Object(fields) => {
            fields.iter().for_each(|(name, value)| add_json(name, value, found))
        }
        Json::Array(items) => items.iter().for_each(|item| add_json(name, item, found)),
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

/// The password of a URI, as it is written and as it is meant, and what its query promises.
fn add_uri(uri: &str, found: &mut Vec<String>) {
    let Some((_, rest)) = uri.split_once("://") else { return };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    if let Some((login, _)) = authority.rsplit_once('@')
        && let Some((_, password)) = login.split_once(':')
        && !is_harmless(password)
    {
        found.extend([password.to_owned(), unquote(password)]);
    }
    let query = uri.split_once('?').map_or("", |(_, query)| query);
    for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        if promise(name) == Promise::Strong && !is_harmless(value) {
            found.extend([value.to_owned(), unquote(value)]);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_values_file_without_its_values_keeps_keys_and_columns() {
        let text = "variables:\n  a: b: c\r\nconn: [postgres://u:p@h]\n  - pässword\n\n  |x: \n";
        let shown = without_values(text);
        assert_eq!(
            shown,
            "variables:\n  a:*****\r\nconn:*******************\n  ***********\n\n  |x:*\n"
        );
        assert_eq!(shown.len(), text.len());
    }

    #[test]
    fn credentials_are_found_by_what_they_are_given_for() {
        let mut values = Values::default();
        for given in [
            "env:MY_SECRET=tok3n-value",
            "env:REGION=eu-west-1",
            "variable:db_password=correct-horse",
            r#"variable:config={"api_key": "k-1234", "size": "large"}"#,
            "connection:db=postgres://etl:p%40ss-word@db.acme.example/x?token=t-99",
            r#"connection:web={"host": "acme.example", "password": "battery-staple"}"#,
        ] {
            values.set(given).unwrap();
        }
        let mut found = in_values(&values);
        found.sort();
        found.dedup();
        assert_eq!(
            found,
            [
                "battery-staple",
                "correct-horse",
                "k-1234",
                "p%40ss-word",
                "p@ss-word",
                "t-99",
                "tok3n-value"
            ]
        );
    }
}
