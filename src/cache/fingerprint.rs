//! Everything a result depends on besides the disk, as one number: the build of podlift, and how it was asked.

use std::fmt::Write as _;
use std::hash::{Hash, Hasher};

use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};

use crate::airflow::{Limits, Settings};
use crate::translate::Selection;
use crate::values::{Unset, Values};

/// SHA-256 of everything that was hashed into it.
#[derive(Default)]
pub struct Fingerprint(Sha256);

impl Hasher for Fingerprint {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Required by the trait; nobody asks for it, since it would be too short to rely on.
    fn finish(&self) -> u64 {
        0
    }
}

impl Fingerprint {
    /// That of this build of podlift.
    pub fn of_build() -> Self {
        let mut print = Self::default();
        (env!("CARGO_PKG_VERSION"), env!("PODLIFT_BUILD")).hash(&mut print);
        print
    }

    /// Adds how files are evaluated. Every field is named here, so that none can be forgotten.
    pub fn settings(&mut self, settings: &Settings) {
        let Settings {
            roots,
            values,
            airflow_version,
            provider_version,
            keep_xcom_sidecar,
            shown,
            limits,
        } = settings;
        (roots, airflow_version, provider_version, keep_xcom_sidecar, shown).hash(self);
        let Limits { steps, depth, collection, string, turns, file } = limits;
        (steps, depth, collection, string, turns, file).hash(self);
        let Values { env, variables, connections, params, conf, others, unset } = values;
        (env, conf).hash(self);
        for section in [variables, connections, params, others] {
            section.len().hash(self);
            for (name, value) in section {
                name.hash(self);
                self.json(value);
            }
        }
        match unset {
            Unset::Default => 0_u8,
            Unset::Absent => 1,
            Unset::Hole => 2,
        }
        .hash(self);
    }

    /// Adds what is wanted.
    pub fn selection(&mut self, selection: &Selection) {
        let Selection { dags, tasks } = selection;
        (dags, tasks).hash(self);
    }

    /// Adds a value with the order of its keys, which shows in job specs.
    fn json(&mut self, value: &Json) {
        value.to_string().hash(self);
    }

    /// The number, in hexadecimal digits.
    pub fn text(self) -> String {
        self.0.finalize().iter().fold(String::new(), |mut text, byte| {
            _ = write!(text, "{byte:02x}");
            text
        })
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use serde_json::json;

    use super::*;
    use crate::paths::Shown;

    fn print(settings: &Settings) -> String {
        let mut print = Fingerprint::of_build();
        print.settings(settings);
        print.text()
    }

    #[test]
    fn every_setting_counts() {
        let change = |with: &dyn Fn(&mut Settings)| {
            let mut settings = Settings::default();
            settings.values.others.insert("call:f()".to_owned(), json!({"a": 1, "b": 2}));
            with(&mut settings);
            print(&settings)
        };
        let all = [
            change(&|_| ()),
            change(&|s| s.roots.push(PathBuf::from("/dags"))),
            change(&|s| s.airflow_version = "2.11.2".to_owned()),
            change(&|s| s.provider_version = "10.0.0".to_owned()),
            change(&|s| s.keep_xcom_sidecar = true),
            change(&|s| s.shown = Shown::new(Path::new("/home"), [])),
            change(&|s| s.limits.steps += 1),
            change(&|s| s.limits.depth += 1),
            change(&|s| s.limits.collection += 1),
            change(&|s| s.limits.string += 1),
            change(&|s| s.limits.turns += 1),
            change(&|s| s.limits.file += 1),
            change(&|s| _ = s.values.env.insert("A".into(), "1".into())),
            change(&|s| _ = s.values.conf.insert("A".into(), "1".into())),
            change(&|s| _ = s.values.variables.insert("A".into(), json!("1"))),
            change(&|s| _ = s.values.variables.insert("A".into(), json!(1))),
            change(&|s| _ = s.values.connections.insert("A".into(), json!("1"))),
            change(&|s| _ = s.values.params.insert("A".into(), json!("1"))),
            change(&|s| _ = s.values.others.insert("A".into(), json!("1"))),
            change(&|s| _ = s.values.others.insert("call:f()".into(), json!({"b": 2, "a": 1}))),
            change(&|s| s.values.unset = Unset::Absent),
            change(&|s| s.values.unset = Unset::Hole),
        ];
        let different: std::collections::BTreeSet<&String> = all.iter().collect();
        assert_eq!(different.len(), all.len());
        assert_eq!(all.first(), Some(&change(&|_| ())));
    }

    #[test]
    fn the_selection_counts() {
        let print = |dags: &[&str], tasks: &[&str]| {
            let owned = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
            let mut print = Fingerprint::of_build();
            print.selection(&Selection { dags: owned(dags), tasks: owned(tasks) });
            print.text()
        };
        let all =
            [print(&[], &[]), print(&["a"], &[]), print(&[], &["a"]), print(&["a", "b"], &[])];
        let different: std::collections::BTreeSet<&String> = all.iter().collect();
        assert_eq!(different.len(), all.len());
    }
}
