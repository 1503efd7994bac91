//! "Did you mean": the word that somebody who mistyped it probably wanted.

/// The candidate nearest to a word, if one is near enough to be meant. Spelling that differs in case
/// or in word separators alone counts as nearest; of several equally near ones the first wins.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let bare = letters(word);
    let far = (bare.len() / 3).clamp(1, 3);
    candidates
        .into_iter()
        .map(|candidate| (distance(&bare, &letters(candidate)), candidate))
        .filter(|(distance, _)| *distance <= far)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The characters that carry the meaning of a name.
fn letters(word: &str) -> Vec<char> {
    // A long text is no misspelt name, and comparing costs the square of the length.
    let word = word.chars().filter(|c| !matches!(c, '_' | '-' | ' '));
    word.flat_map(char::to_lowercase).take(100).collect()
}

/// Edits between two words: insertions, removals, replacements and swaps of neighbours.
fn distance(left: &[char], right: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut previous: Vec<usize> = (0..=right.len()).collect();
    let mut last_left = None;
    for (row, l) in left.iter().enumerate() {
        let mut current = vec![row + 1];
        let mut last_right = None;
        for (column, r) in right.iter().enumerate() {
            let at =
                |line: &[usize], index: usize| line.get(index).copied().unwrap_or(usize::MAX / 2);
            let replaced = at(&previous, column) + usize::from(l != r);
            let removed = at(&previous, column + 1) + 1;
            let inserted = at(&current, column) + 1;
            let mut best = replaced.min(removed).min(inserted);
            if last_left == Some(r) && last_right == Some(l) && column > 0 {
                best = best.min(at(&before, column - 1) + 1);
            }
            current.push(best);
            last_right = Some(r);
        }
        before = std::mem::replace(&mut previous, current);
        last_left = Some(l);
    }
    previous.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_misses_are_recognised_and_other_words_are_not() {
        let fields = ["namespace", "base_pod_meta", "base_pod_spec", "extras", "pool", "env"];
        let cases = [
            ("namspace", Some("namespace")),
            ("nmaespace", Some("namespace")),
            ("basePodSpec", Some("base_pod_spec")),
            ("base-pod-spec", Some("base_pod_spec")),
            ("base_pod_spce", Some("base_pod_spec")),
            ("extra", Some("extras")),
            ("evn", Some("env")),
            ("image", None),
            ("x", None),
            ("", None),
        ];
        for (word, expected) in cases {
            assert_eq!(nearest(word, fields), expected, "{word}");
        }
    }

    #[test]
    fn the_distance_counts_single_edits() {
        let count = |a: &str, b: &str| distance(&letters(a), &letters(b));
        assert_eq!(
            [count("", "abc"), count("abc", ""), count("abc", "acb"), count("kitten", "sitting")],
            [3, 3, 1, 3]
        );
    }
}
