//! Names of Kubernetes objects made from ids.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// A DNS label (RFC 1123) of at most `longest` characters, made from some ids: `nightly--load-data` for
/// `nightly` and `load_data`. Ids of lower-case letters, digits and single underscores keep all they say;
/// from others a hash is made, too, so that different ids have different names.
pub fn resource_name(ids: &[&str], longest: usize) -> String {
    let words = |id: &str| {
        let lower = id.to_ascii_lowercase();
        let words = lower.split(|c: char| !c.is_ascii_alphanumeric());
        words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-")
    };
    let names: Vec<String> = ids.iter().map(|id| words(id)).collect();
    let is_exact = ids.iter().zip(&names).all(|(id, name)| *id == name.replace('-', "_"));
    let name = names.join("--");
    if is_exact && !names.iter().any(String::is_empty) && name.len() <= longest {
        return name;
    }
    let mut hash = Sha256::new();
    for id in ids {
        hash.update(id.len().to_be_bytes());
        hash.update(id.as_bytes());
    }
    let mark = hash.finalize().iter().take(4).fold(String::new(), |mut mark, byte| {
        _ = write!(mark, "{byte:02x}");
        mark
    });
    // The name is ASCII, so every byte is a border.
    let kept = name.get(..name.len().min(longest.saturating_sub(9))).unwrap_or_default();
    let kept = kept.trim_matches('-');
    if kept.is_empty() { format!("task-{mark}") } else { format!("{kept}-{mark}") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::kubernetes::is_dns_label;

    #[test]
    fn plain_ids_give_plain_names() {
        assert_eq!(resource_name(&["nightly", "load"], 63), "nightly--load");
        assert_eq!(resource_name(&["nightly", "load_data", "3"], 63), "nightly--load-data--3");
    }

    #[test]
    fn ids_that_would_meet_are_told_apart() {
        let groups: [&[&[&str]]; 3] = [
            &[
                &["a", "b_c"],
                &["a", "b.c"],
                &["a", "B_c"],
                &["a", "b-c"],
                &["a-b", "c"],
                &["a_b", "c"],
                &["a__b", "c"],
            ],
            &[&["etl", "é"], &["etl", "ü"], &["etl", ""], &["", "etl"]],
            &[&["d", "x"], &["d", "x-"], &["d", "-x"], &["d", "_x"]],
        ];
        for ids in groups {
            let names: std::collections::BTreeSet<_> =
                ids.iter().map(|ids| resource_name(ids, 63)).collect();
            assert_eq!(names.len(), ids.len(), "{names:?}");
        }
    }

    proptest! {
        #[test]
        fn every_name_is_a_label(ids in proptest::collection::vec("\\PC{0,80}", 1..4), longest in 20usize..63) {
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            let name = resource_name(&ids, longest);
            prop_assert!(is_dns_label(&name) && name.len() <= longest, "{name:?}");
        }

        #[test]
        fn different_ids_have_different_names(
            left in ("[a-cA-C_.-]{0,4}", "[a-cA-C_.-]{0,4}"),
            right in ("[a-cA-C_.-]{0,4}", "[a-cA-C_.-]{0,4}"),
        ) {
            let name = |ids: &(String, String)| resource_name(&[&ids.0, &ids.1], 63);
            prop_assert_eq!(left == right, name(&left) == name(&right));
        }
    }
}
