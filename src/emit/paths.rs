//! File names for tasks whose ids may be anything.
//!
//! An id may hold slashes, dots, NUL, a device name of Windows or two hundred letters; two ids may
//! differ in case alone. The path made here never leaves the output folder, is legal on every usual
//! file system, and two different tasks never share one, even where case does not count. Plain ids
//! stay as they are: `nightly/load.yaml`.
//!
//! Letters, digits, `_`, `-` and `.` stand for themselves; every other byte becomes `%XX`. `~` is
//! therefore free for podlift's own marks: `~loop-day~` for a hole, `~map3` for an instance of a
//! mapped task, `~dup2` for a further task of the same id, `~` and a hash where the name is shortened
//! or where only case tells it from another.

use std::fmt::Write as _;

use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashMap};
use sha2::{Digest, Sha256};

use crate::eval::template::{self, Part};
use crate::spec::JobSpec;

/// Longest name of a folder or of a file without its suffix, in bytes. Common file systems take 255.
const LONGEST: usize = 120;
/// Names that Windows keeps for devices, whatever follows after a dot.
const DEVICES: [&str; 22] = [
    "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8",
    "com9", "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];

const LONGEST_DEVICE: usize = 4;

/// The paths of job specs below an output folder, `<dag>/<task>.<extension>`, one for each spec and
/// in their order. They are relative, use `/`, and differ from each other even when case is ignored.
pub fn spec_paths(specs: &[JobSpec], extension: &str) -> Vec<String> {
    let names: Vec<TaskName<'_>> = specs
        .iter()
        .map(|spec| {
            let about = &spec.metadata;
            TaskName { dag: &about.dag, task: &about.task, map_index: about.map_index }
        })
        .collect();
    task_paths(&names, extension)
}

/// What a job spec is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TaskName<'a> {
    /// DAG id.
    pub dag: &'a str,
    /// Task id, with the prefixes of its groups.
    pub task: &'a str,
    /// Index of the instance of a mapped task.
    pub map_index: Option<u32>,
}

/// As [`spec_paths`], from the names alone.
pub fn task_paths(specs: &[TaskName<'_>], extension: &str) -> Vec<String> {
    let mut dags: IndexMap<&str, Vec<usize>, FxBuildHasher> = IndexMap::default();
    for (index, about) in specs.iter().enumerate() {
        match dags.last_mut().filter(|(dag, _)| **dag == about.dag) {
            // The specs of a DAG usually follow each other.
            Some((_, members)) => members.push(index),
            None => dags.entry(about.dag).or_default().push(index),
        }
    }
    let ids: Vec<&str> = dags.keys().copied().collect();
    let mut paths = vec![String::new(); specs.len()];
    for (folder, (_, members)) in fold_apart(&ids).0.into_iter().zip(&dags) {
        let about: Vec<&TaskName<'_>> =
            members.iter().filter_map(|index| specs.get(*index)).collect();
        // Two tasks can only meet in the folder of one DAG, so only there does case matter.
        let tasks: Vec<&str> = about.iter().map(|about| about.task).collect();
        let (names, has_repeats) = fold_apart(&tasks);
        let mut seen: FxHashMap<(&str, Option<u32>), u32> = FxHashMap::default();
        for ((index, about), mut name) in members.iter().zip(about).zip(names) {
            if let Some(index) = about.map_index {
                _ = write!(name, "~map{index}");
            }
            if has_repeats {
                let count = seen.entry((about.task, about.map_index)).or_insert(0);
                *count += 1;
                if *count > 1 {
                    _ = write!(name, "~dup{count}");
                }
            }
            if let Some(path) = paths.get_mut(*index) {
                *path = [&folder, "/", &name, ".", extension].concat();
            }
        }
    }
    paths
}

/// The name of each id, in their order; those that only case tells apart carry a hash. Second, whether an id is there
/// more than once.
fn fold_apart(ids: &[&str]) -> (Vec<String>, bool) {
    let mut names: Vec<(usize, &str, String)> =
        ids.iter().enumerate().map(|(index, id)| (index, *id, component(id))).collect();
    fn folded(name: &str) -> impl Iterator<Item = u8> {
        name.bytes().map(|byte| byte.to_ascii_lowercase())
    }
    names.sort_unstable_by(|(_, _, one), (_, _, other)| folded(one).cmp(folded(other)));
    let mut has_repeats = false;
    for same in names.chunk_by_mut(|(_, _, one), (_, _, other)| one.eq_ignore_ascii_case(other)) {
        let is_one_id =
            same.iter().all(|(_, id, _)| same.first().is_some_and(|(_, first, _)| id == first));
        has_repeats |= same.len() > 1;
        if !is_one_id {
            for (_, id, name) in same {
                *name = format!("{}{}", cut(name), hash_mark(id));
            }
        }
    }
    names.sort_unstable_by_key(|(index, _, _)| *index);
    (names.into_iter().map(|(_, _, name)| name).collect(), has_repeats)
}

/// A name for one folder or file, made from an id. Different ids give different names.
pub fn component(id: &str) -> String {
    if id.is_empty() {
        return "~empty".to_owned();
    }
    if is_name(id) {
        return id.to_owned();
    }
    let mut name = String::new();
    match template::parse(id) {
        Ok(parts) => {
            for part in parts {
                match part {
                    Part::Literal(text) => escape(&text, &mut name),
                    Part::Hole { kind, name: of } => {
                        _ = write!(name, "~{kind}-");
                        escape(&of, &mut name);
                        name.push('~');
                    }
                }
            }
        }
        // An id that only looks like a template is taken literally; the mark keeps it apart from the
        // id that is the escaped form of the same text.
        Err(_) => {
            escape(id, &mut name);
            name.push_str("~raw");
        }
    }
    guard(&mut name);
    if name.len() > LONGEST { format!("{}{}", cut(&name), hash_mark(id)) } else { name }
}

/// Whether an id is a name as it stands, as nearly all are.
fn is_name(id: &str) -> bool {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let bytes = id.as_bytes();
    let stem = bytes.iter().position(|byte| *byte == b'.').unwrap_or(bytes.len());
    stem > LONGEST_DEVICE
        && bytes.len() <= LONGEST
        && bytes.first().is_some_and(is_word)
        && bytes.last().is_some_and(is_word)
        && bytes.iter().all(|byte| is_safe(*byte))
}

fn is_safe(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

/// Writes the bytes that are safe in every file system as they are and the others as `%XX`.
fn escape(text: &str, out: &mut String) {
    for byte in text.bytes() {
        if is_safe(byte) {
            out.push(char::from(byte));
        } else {
            _ = write!(out, "%{byte:02X}");
        }
    }
}

/// Escapes what is only unsafe at the ends of a name or as a whole: hidden files, `..`, options,
/// device names, and the trailing dot that Windows drops.
fn guard(name: &mut String) {
    let stem = name.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let device = DEVICES.contains(&stem.as_str());
    if let Some(first) = name.chars().next().filter(|c| device || matches!(c, '.' | '-')) {
        name.replace_range(..first.len_utf8(), &format!("%{:02X}", u32::from(first)));
    }
    if name.ends_with('.') {
        name.pop();
        name.push_str("%2E");
    }
}

/// The beginning of a name that leaves room for a hash, without half an escape at its end.
fn cut(name: &str) -> &str {
    let mut end = name.len().min(LONGEST - 33);
    let tail = name.get(end.saturating_sub(2)..end).unwrap_or_default();
    if end < name.len()
        && let Some(at) = tail.find('%')
    {
        end = end - tail.len() + at;
    }
    // Names are ASCII, so every byte is a border.
    name.get(..end).unwrap_or_default()
}

/// `~` and 128 bits of the id's SHA-256.
fn hash_mark(id: &str) -> String {
    Sha256::digest(id.as_bytes()).iter().take(16).fold("~".to_owned(), |mut mark, byte| {
        _ = write!(mark, "{byte:02x}");
        mark
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::spec::tests_support::spec_named;

    #[test]
    fn plain_ids_stay_as_they_are() {
        for id in ["nightly", "load_2", "extract.users", "My-Dag", "group.task"] {
            assert_eq!(component(id), id);
        }
    }

    #[test]
    fn hostile_ids_are_tamed() {
        let cases = [
            ("../../x", "%2E.%2F..%2Fx"),
            ("..", "%2E%2E"),
            (".", "%2E"),
            (".hidden", "%2Ehidden"),
            ("/", "%2F"),
            ("a\\b", "a%5Cb"),
            ("a\0b", "a%00b"),
            ("con", "%63on"),
            ("NUL", "%4EUL"),
            ("aux.yaml", "%61ux.yaml"),
            ("console", "console"),
            ("-rf", "%2Drf"),
            ("end.", "end%2E"),
            ("a b", "a%20b"),
            ("a~b", "a%7Eb"),
            ("zürich", "z%C3%BCrich"),
            ("", "~empty"),
            ("load_${loop:day}", "load_~loop-day~"),
            ("load_$${x}", "load_%24%7Bx%7D"),
            ("load_${x}", "load_%24%7Bx%7D~raw"),
        ];
        for (id, name) in cases {
            assert_eq!(component(id), name, "{id:?}");
        }
    }

    #[test]
    fn ids_that_differ_in_case_alone_get_their_own_files() {
        let specs = [spec_named("etl", "Load"), spec_named("etl", "load"), spec_named("ETL", "x")];
        let paths = spec_paths(&specs, "yaml");
        let folded: BTreeSet<_> = paths.iter().map(|path| path.to_lowercase()).collect();
        assert_eq!(folded.len(), 3, "{paths:?}");
        assert!(paths[0].contains("/Load~"), "{paths:?}");
    }

    #[test]
    fn instances_and_repeats_of_one_task_get_their_own_files() {
        let mut mapped = spec_named("etl", "load");
        mapped.metadata.map_index = Some(3);
        let specs = [spec_named("etl", "load"), mapped, spec_named("etl", "load")];
        assert_eq!(
            spec_paths(&specs, "yaml"),
            ["etl/load.yaml", "etl/load~map3.yaml", "etl/load~dup2.yaml"]
        );
    }

    /// Ids made of the characters that make trouble, next to ordinary ones.
    fn ids() -> impl Strategy<Value = String> {
        prop_oneof![
            "[a-cA-C./\\\\%~$\\{\\}: _-]{0,6}",
            "\\PC{0,12}",
            "[./]{1,8}",
            "(con|NUL|com1|lpt9)(\\.[a-z]{0,3})?",
            "[aA]{110,140}",
            "\\$\\{(env|loop):[a-z\\$/]{0,3}\\}[a-z]?",
        ]
    }

    proptest! {
        #[test]
        fn a_name_is_one_safe_component(id in ids()) {
            let name = component(&id);
            prop_assert!(!name.is_empty() && name.len() <= LONGEST, "{name:?}");
            prop_assert!(name.bytes().all(|b| b.is_ascii_alphanumeric()
                || matches!(b, b'_' | b'-' | b'.' | b'%' | b'~')), "{name:?}");
            prop_assert!(!name.starts_with(['.', '-']) && !name.ends_with('.'), "{name:?}");
            let stem = name.split('.').next().unwrap().to_lowercase();
            prop_assert!(!DEVICES.contains(&stem.as_str()), "{name:?}");
        }

        #[test]
        fn different_tasks_never_share_a_file(
            tasks in proptest::collection::vec((ids(), ids(), proptest::option::of(0u32..3)), 1..8)
        ) {
            let specs: Vec<_> = tasks.iter().map(|(dag, task, index)| {
                let mut spec = spec_named(dag, task);
                spec.metadata.map_index = *index;
                spec
            }).collect();
            let paths = spec_paths(&specs, "yaml");
            let folded: BTreeSet<_> = paths.iter().map(|path| path.to_lowercase()).collect();
            prop_assert_eq!(folded.len(), specs.len(), "{:?}", paths);
            for path in &paths {
                prop_assert_eq!(path.split('/').count(), 2, "{}", path);
                prop_assert!(path.len() < 260);
            }
        }
    }
}
