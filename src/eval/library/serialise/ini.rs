//! The text of a configuration file, as `configparser` reads it.

use std::collections::BTreeSet;

use indexmap::IndexMap;

/// The longest value that is put together, in bytes.
const LONGEST: usize = 1 << 20;
/// The most names that are replaced in one.
const MOST_REPLACED: usize = 100_000;

/// Options by section, in the order of the text; the names of options are in lower case.
pub(super) type Sections = IndexMap<String, IndexMap<String, String>>;

/// The options of a section with the defaults; `None` when there is no such section.
pub(super) fn options(parsed: &Sections, section: &str) -> Option<IndexMap<String, String>> {
    let own = parsed.get(section);
    if own.is_none() && section != "DEFAULT" {
        return None;
    }
    let mut all = own.cloned().unwrap_or_default();
    for (key, value) in parsed.get("DEFAULT").into_iter().flatten() {
        all.entry(key.clone()).or_insert_with(|| value.clone());
    }
    Some(all)
}

/// A value with its `%(name)s` replaced; `None` where Python raises an error, and where it would be too long.
pub(super) fn interpolated(
    value: &str,
    all: &IndexMap<String, String>,
    raw: bool,
) -> Option<String> {
    if raw || !value.contains('%') {
        return Some(value.to_owned());
    }
    let mut result = String::new();
    // A few options that name each other several times would be gigabytes, or take as long without a letter.
    let mut left = MOST_REPLACED;
    replace(value, all, 0, &mut result, &mut left)?;
    Some(result)
}

fn replace(
    value: &str,
    all: &IndexMap<String, String>,
    depth: u32,
    result: &mut String,
    left: &mut usize,
) -> Option<()> {
    *left = left.checked_sub(1)?;
    if depth > 10 || result.len() > LONGEST {
        return None;
    }
    let mut rest = value;
    while let Some((before, after)) = rest.split_once('%') {
        result.push_str(before);
        if let Some(after) = after.strip_prefix('%') {
            result.push('%');
            rest = after;
            continue;
        }
        let (name, after) = after.strip_prefix('(')?.split_once(")s")?;
        replace(all.get(&name.to_lowercase())?, all, depth + 1, result, left)?;
        rest = after;
    }
    result.push_str(rest);
    Some(())
}

/// Reads an INI text into sections; `None` for what Python refuses.
pub(super) fn parse(text: &str, sections: &mut Sections) -> Option<()> {
    let mut section: Option<String> = None;
    let mut option: Option<(String, usize)> = None;
    let mut seen: BTreeSet<(String, String)> = BTreeSet::new();
    let mut empty_lines = 0;
    for line in text.lines() {
        let content = line.trim();
        if content.starts_with(['#', ';']) {
            continue;
        }
        if content.is_empty() {
            empty_lines += 1;
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        if let (Some(name), Some((key, depth))) = (&section, &option)
            && indent > *depth
        {
            // A line further in goes on with the value, empty lines between them included.
            let value = sections.get_mut(name)?.get_mut(key)?;
            value.push_str(&"\n".repeat(empty_lines + 1));
            value.push_str(content);
            empty_lines = 0;
            continue;
        }
        empty_lines = 0;
        if let Some(header) = content.strip_prefix('[') {
            let name = header.split_once(']')?.0.to_owned();
            if name != "DEFAULT" && seen.contains(&(name.clone(), String::new())) {
                return None;
            }
            seen.insert((name.clone(), String::new()));
            sections.entry(name.clone()).or_default();
            section = Some(name);
            option = None;
            continue;
        }
        let (key, value) = content.split_once(['=', ':'])?;
        let (name, key) = (section.clone()?, key.trim().to_lowercase());
        if key.is_empty() || seen.contains(&(name.clone(), key.clone())) {
            return None;
        }
        seen.insert((name.clone(), key.clone()));
        sections.get_mut(&name)?.insert(key.clone(), value.trim().to_owned());
        option = Some((key, indent));
    }
    Some(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use super::*;

    #[test]
    fn sections_and_options_are_those_of_configparser() {
        let mut sections = Sections::new();
        let text =
            "[DEFAULT]\nhost = h\n[a]\n; note\nURL: http://%(host)s/x\nlong = 1\n  2\n\n  3\n";
        parse(text, &mut sections).unwrap();
        let all = options(&sections, "a").unwrap();
        assert_eq!(all["long"], "1\n2\n\n3");
        assert_eq!(interpolated(&all["url"], &all, false), Some("http://h/x".to_owned()));
        assert_eq!(options(&sections, "b"), None);
        assert_eq!(parse("[a]\nx=1\nX=2\n", &mut Sections::new()), None);
    }

    #[test]
    fn options_that_name_each_other_end_in_a_bound() {
        for text in ["x", ""] {
            let mut all = IndexMap::from([("a0".to_owned(), text.repeat(10))]);
            for level in 1..10 {
                all.insert(format!("a{level}"), format!("%(a{})s", level - 1).repeat(10));
            }
            assert_eq!(interpolated(&all["a2"], &all, false), Some(text.repeat(1000)));
            assert_eq!(interpolated(&all["a9"], &all, false), None);
        }
    }
}
