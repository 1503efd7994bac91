//! A small project whose DAGs depend on the disk in every way there is.

use std::fs;
use std::path::Path;

use crate::cli::command_line::{Ran, podlift};

/// What DAG files begin with.
const HEAD: &str = "\
import os, glob, json
from pathlib import Path
from airflow import DAG
from airflow.version import version
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator as K
HERE = Path(__file__).parent
";

/// Its files. Every DAG file is there for one way of depending on another file.
const FILES: &[(&str, &str)] = &[
    (
        "dags/common/images.py",
        "from common.tags import TAG\nIMAGE = f'acme/etl:{TAG}'\nUNKNOWN = lookup()\n",
    ),
    ("dags/common/tags.py", "TAG = '1'\n"),
    ("plugins/shared.py", "NAME = 'from-plugins'\n"),
    ("dags/config/settings.yaml", "image: acme/yaml:1\npassword: s3cr3t-Tr0ub4dor&3\n"),
    ("dags/config/other.yaml", "image: acme/other:1\n"),
    ("dags/parts/one.json", "{\"image\": \"acme/one:1\"}\n"),
    (
        "dags/pod.yaml",
        "apiVersion: v1\nkind: Pod\nspec:\n  nodeSelector: {pool: a}\n  containers: [{name: base, image: x}]\n",
    ),
    ("values.yaml", "env: {TAG: v1}\n"),
    (
        "table.yaml",
        "table: acme\noperator: acme.ops.EtlOperator\nrows:\n  - {argument: img, rename: image}\n",
    ),
    (
        "dags/imports.py",
        "from common.images import IMAGE\nwith DAG('imports'):\n    K(task_id='t', image=IMAGE)\n",
    ),
    (
        "dags/optional.py",
        "try:\n    from extra import IMAGE\nexcept ImportError:\n    IMAGE = 'acme/none:1'\nwith DAG('optional'):\n    K(task_id='t', image=IMAGE)\n",
    ),
    (
        "dags/shadow.py",
        "import shared\nwith DAG('shadow'):\n    K(task_id='t', image='i', name=shared.NAME)\n",
    ),
    (
        "dags/reads.py",
        "import yaml\nwith open(HERE / 'config' / 'settings.yaml') as f:\n    SETTINGS = yaml.safe_load(f)\nwith DAG('reads'):\n    K(task_id='t', image=SETTINGS['image'], env_vars={'DB_PASSWORD': SETTINGS.get('password', '')})\n",
    ),
    (
        "dags/lists.py",
        "with DAG('lists'):\n    for path in sorted(glob.glob(str(HERE / 'parts' / '*.json'))):\n        K(task_id=Path(path).stem, image=json.load(open(path))['image'])\n",
    ),
    (
        "dags/walks.py",
        "with DAG('walks'):\n    for name in sorted(p.name for p in (HERE / 'parts').iterdir()):\n        K(task_id=name, image='i')\n    K(task_id='there', image='yes' if (HERE / 'flag').exists() else 'no')\n",
    ),
    (
        "dags/linked.py",
        "with DAG('linked'):\n    K(task_id='t', image='i', name=(HERE / 'link').resolve().name)\n",
    ),
    (
        "dags/template.py",
        "with DAG('template'):\n    K(task_id='t', pod_template_file=str(HERE / 'pod.yaml'))\n",
    ),
    (
        "dags/values.py",
        "with DAG('values'):\n    K(task_id='t', image=f\"acme/env:{os.environ['TAG']}\", name=os.getenv('NAME', 'name'))\n",
    ),
    (
        "dags/version.py",
        "with DAG('version'):\n    K(task_id='t', image='new' if version.startswith('3') else 'old')\n",
    ),
    (
        "dags/house.py",
        "from acme.ops import EtlOperator\nwith DAG('house'):\n    EtlOperator(task_id='t', img='acme/house:1')\n",
    ),
    ("dags/lost.py", "def make():\n    return K(task_id='t', image='i')\nDAG('lost')\n"),
    ("dags/broken.py", "with DAG('broken'):\n    K(task_id='t', image='i'\n"),
    (
        "dags/secret.py",
        "with DAG('secret'):\n    K(task_id='t', image='i', env_vars={'TOKEN': 'ghp_0123456789abcdefghijABCDEFGHIJ012345'})\n",
    ),
];

/// The DAG files of the project.
pub(super) const DAGS: usize = 14;

/// What every run is asked.
pub(super) const ARGS: &[&str] = &[
    "translate",
    "dags",
    "--values",
    "values.yaml",
    "--mappings",
    "table.yaml",
    "--message-format",
    "human",
];

pub(super) struct Project(tempfile::TempDir);

impl Project {
    pub(super) fn new() -> Self {
        let project = Self(tempfile::tempdir().unwrap());
        fs::create_dir(project.path().join(".git")).unwrap();
        for (name, text) in FILES {
            project.write(name, text);
        }
        project.link("dags/link", "config/settings.yaml");
        project
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file; a DAG file gets its usual first lines.
    pub(super) fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let is_dag = name.starts_with("dags/") && text.contains("DAG(");
        fs::write(path, format!("{}{text}", if is_dag { HEAD } else { "" })).unwrap();
    }

    /// Replaces a text in a file.
    pub(super) fn edit(&self, name: &str, old: &str, new: &str) {
        let path = self.path().join(name);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(old), "{name}: {old}");
        fs::write(path, text.replace(old, new)).unwrap();
    }

    pub(super) fn remove(&self, name: &str) {
        _ = fs::remove_file(self.path().join(name));
    }

    #[cfg(unix)]
    pub(super) fn link(&self, name: &str, to: &str) {
        self.remove(name);
        std::os::unix::fs::symlink(to, self.path().join(name)).unwrap();
    }

    /// A run without a cache.
    pub(super) fn fresh(&self, more: &[&str]) -> Ran {
        podlift(self.path(), b"", &[ARGS, &["--verbose", "--no-cache"], more].concat())
    }

    /// A run with a cache, and how many files it took from there.
    pub(super) fn kept(&self, more: &[&str]) -> (Ran, usize) {
        let mut ran =
            podlift(self.path(), b"", &[ARGS, &["--verbose", "--cache", "kept"], more].concat());
        let is_note = |line: &&str| line.ends_with(" taken from the cache\n");
        let note = ran.stderr.split_inclusive('\n').find(is_note);
        let note = note.unwrap_or_else(|| panic!("{}", ran.stderr)).to_owned();
        let number = note.strip_prefix("note: ").and_then(|note| note.split(' ').next());
        let number = number.unwrap().parse().unwrap();
        ran.stderr = ran.stderr.replacen(&note, "", 1);
        (ran, number)
    }

    /// Runs with the cache and without, sees that they are the same, and gives how many files came from the cache.
    pub(super) fn same(&self, more: &[&str]) -> usize {
        let (kept, reused) = self.kept(more);
        let fresh = self.fresh(more);
        assert_eq!(kept.stdout, fresh.stdout);
        assert_eq!(kept.stderr, fresh.stderr);
        assert_eq!(kept.code, fresh.code);
        reused
    }
}
