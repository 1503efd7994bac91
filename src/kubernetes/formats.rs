//! The formats of names, labels and quantities.

/// Whether a text is a DNS label of RFC 1123: containers, volumes, namespaces.
pub fn is_dns_label(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !text.is_empty()
        && text.len() <= 63
        && text.chars().all(inner)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// Looks whether a text can be a namespace.
///
/// # Errors
/// When it cannot; in words.
pub fn check_namespace(text: &str) -> Result<(), String> {
    match is_dns_label(text) {
        true => Ok(()),
        false => Err(format!(
            "`{text}` cannot be a namespace: it has to be a DNS label (RFC 1123), of lower-case letters, digits and `-`"
        )),
    }
}

/// Whether a text is a DNS subdomain of RFC 1123: pods, secrets, config maps.
pub fn is_dns_subdomain(text: &str) -> bool {
    let label = |part: &str| {
        let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        !part.is_empty()
            && part.chars().all(inner)
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(label)
}

/// Whether a text is a key of labels or annotations: an optional DNS subdomain and `/`, then a name.
pub fn is_qualified_name(text: &str) -> bool {
    match text.split_once('/') {
        Some((prefix, name)) => is_dns_subdomain(prefix) && is_name(name),
        None => is_name(text),
    }
}

/// Whether a text is the value of a label: empty, or a name.
pub fn is_label_value(text: &str) -> bool {
    text.is_empty() || is_name(text)
}

/// At most 63 letters, digits, `-`, `_` and `.`, of which the outermost are letters or digits.
fn is_name(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let outer = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    text.len() <= 63
        && text.chars().all(inner)
        && outer(text.chars().next())
        && outer(text.chars().next_back())
}

/// Whether a text is the name of a container port: at most 15 characters, with a letter.
pub fn is_port_name(text: &str) -> bool {
    is_dns_label(text)
        && text.len() <= 15
        && !text.contains("--")
        && text.chars().any(|c| c.is_ascii_lowercase())
}

/// Whether a text is a quantity such as `500m`, `1.5Gi` or `1e3`.
pub fn is_quantity(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let end = unsigned.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(unsigned.len());
    let (number, suffix) = unsigned.split_at(end);
    let digits = number.chars().filter(char::is_ascii_digit).count();
    let dots = number.len() - digits;
    if digits == 0 || dots > 1 {
        return false;
    }
    let exponent = |rest: &str| {
        let digits = rest.strip_prefix(['+', '-']).unwrap_or(rest);
        !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit())
    };
    match suffix {
        "" | "n" | "u" | "m" | "k" | "M" | "G" | "T" | "P" | "E" => true,
        "Ki" | "Mi" | "Gi" | "Ti" | "Pi" | "Ei" => true,
        _ => suffix.strip_prefix(['e', 'E']).is_some_and(exponent),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_told_from_other_texts() {
        for good in ["1", "500m", "1.5Gi", ".5", "1e3", "1E-3", "-1", "0.1", "2E", "100k"] {
            assert!(is_quantity(good), "{good}");
        }
        for bad in ["", "1GB", "1 Gi", "Gi", "1.2.3", "1e", "512mb", "1K", "0x10"] {
            assert!(!is_quantity(bad), "{bad}");
        }
    }

    #[test]
    fn names_are_told_from_other_texts() {
        assert!(
            is_dns_label("a-1") && !is_dns_label("A") && !is_dns_label("-a") && !is_dns_label("")
        );
        assert!(is_dns_subdomain("a.b-c") && !is_dns_subdomain("a..b") && !is_dns_subdomain("a_b"));
        assert!(is_qualified_name("acme.io/Team_1") && is_qualified_name("x"));
        assert!(
            !is_qualified_name("a/b/c") && !is_qualified_name("/x") && !is_qualified_name("x-")
        );
        assert!(is_label_value("") && is_label_value("v1.2_3") && !is_label_value("a b"));
        assert!(!is_label_value(&"x".repeat(64)));
        assert!(
            is_port_name("http") && !is_port_name("80") && !is_port_name("a-very-long-port-name")
        );
    }
}
