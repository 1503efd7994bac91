//! `textwrap`: `dedent` and `indent`.

use super::Failure;

/// `textwrap.dedent`: removes the leading blanks that all lines share; blank lines become empty.
///
/// # Errors
/// Never, but the other functions of this folder may fail alike.
pub fn dedent(text: &str) -> Result<String, Failure> {
    let is_blank = |line: &str| line.chars().all(|c| c == ' ' || c == '\t');
    let mut margin: Option<&str> = None;
    for line in text.split('\n').filter(|line| !is_blank(line)) {
        let end = line.find(|c| c != ' ' && c != '\t').unwrap_or(line.len());
        let lead = line.get(..end).unwrap_or("");
        margin = Some(match margin {
            None => lead,
            Some(known) => {
                let shared = known.bytes().zip(lead.bytes()).take_while(|(a, b)| a == b).count();
                known.get(..shared).unwrap_or("")
            }
        });
    }
    let margin = margin.unwrap_or("");
    let lines: Vec<&str> = text
        .split('\n')
        .map(|line| if is_blank(line) { "" } else { line.strip_prefix(margin).unwrap_or(line) })
        .collect();
    Ok(lines.join("\n"))
}

/// `textwrap.indent`: puts a prefix before every line that is not blank.
///
/// # Errors
/// Never, but the other functions of this folder may fail alike.
pub fn indent(text: &str, prefix: &str) -> Result<String, Failure> {
    let lines = super::text::splitlines(text, true);
    Ok(lines
        .into_iter()
        .map(|line| if line.trim().is_empty() { line } else { format!("{prefix}{line}") })
        .collect())
}
