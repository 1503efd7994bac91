//! `fnmatch.fnmatchcase`: shell patterns.

use crate::eval::pure::Failure;

/// The most steps a match may take; stars multiply them.
const MAX_STEPS: usize = 1_000_000;

/// One sign of a pattern.
enum Sign {
    Star,
    Any,
    One(char),
    /// Ranges, and whether they are excluded.
    Set(Vec<(char, char)>, bool),
}

/// Whether a name matches a shell pattern with `*`, `?`, `[seq]` and `[!seq]`. Slashes are not special.
///
/// # Errors
/// [`Failure::Bound`] for a pattern that takes too long.
pub fn fnmatch(name: &str, pattern: &str) -> Result<bool, Failure> {
    let signs = parse(pattern);
    let name: Vec<char> = name.chars().collect();
    // Positions in the name that the signs so far can have come to.
    let mut reached = vec![false; name.len() + 1];
    if let Some(first) = reached.first_mut() {
        *first = true;
    }
    if signs.len().saturating_mul(name.len()) > MAX_STEPS {
        return Err(Failure::Bound("fnmatch"));
    }
    for sign in &signs {
        let mut next = vec![false; name.len() + 1];
        for (position, _) in reached.iter().enumerate().filter(|(_, reached)| **reached) {
            if let Sign::Star = sign {
                next.iter_mut().skip(position).for_each(|reached| *reached = true);
                break;
            }
            let matches = name.get(position).is_some_and(|c| match sign {
                Sign::Star | Sign::Any => true,
                Sign::One(wanted) => wanted == c,
                Sign::Set(ranges, excluded) => {
                    ranges.iter().any(|(first, last)| (first..=last).contains(&c)) != *excluded
                }
            });
            if let Some(reached) = next.get_mut(position + 1) {
                *reached |= matches;
            }
        }
        reached = next;
    }
    Ok(reached.last().copied().unwrap_or(false))
}

fn parse(pattern: &str) -> Vec<Sign> {
    let chars: Vec<char> = pattern.chars().collect();
    let mut signs = Vec::new();
    let mut at = 0;
    while let Some(c) = chars.get(at) {
        at += 1;
        signs.push(match c {
            '*' => Sign::Star,
            '?' => Sign::Any,
            '[' => match set(chars.get(at..).unwrap_or_default()) {
                Some((sign, length)) => {
                    at += length;
                    sign
                }
                None => Sign::One('['),
            },
            _ => Sign::One(*c),
        });
    }
    signs
}

/// The set behind a bracket and its length; `None` when nothing closes it.
fn set(chars: &[char]) -> Option<(Sign, usize)> {
    let excluded = chars.first() == Some(&'!');
    let start = usize::from(excluded);
    // A bracket that comes first is a member.
    let from = start + usize::from(chars.get(start) == Some(&']'));
    let end = from + chars.get(from..)?.iter().position(|c| *c == ']')?;
    let mut members = chars.get(start..end)?;
    let mut ranges = Vec::new();
    while let Some((first, rest)) = members.split_first() {
        members = rest;
        match rest {
            ['-', last, rest @ ..] => {
                ranges.push((*first, *last));
                members = rest;
            }
            _ => ranges.push((*first, *first)),
        }
    }
    Some((Sign::Set(ranges, excluded), end + 1))
}
