//! Random sequences of changes, with and without a cache.

use proptest::prelude::*;

use super::project::Project;

/// One change, or the way the next run is asked.
#[derive(Debug, Clone, Copy)]
struct Step {
    what: usize,
    variant: usize,
}

/// Applies a change, and gives what the run after it is asked.
fn apply(project: &Project, Step { what, variant }: Step) -> &'static [&'static str] {
    // The last variant is a file that is gone.
    let put = |name: &str, texts: &[&str]| match texts.get(variant) {
        Some(text) => project.write(name, text),
        None => project.remove(name),
    };
    match what {
        0 => put(
            "dags/imports.py",
            &[
                "from common.images import IMAGE\nwith DAG('imports'):\n    K(task_id='t', image=IMAGE)\n",
                "from common.images import *\nwith DAG('imports'):\n    K(task_id='t', image=UNKNOWN)\n",
            ],
        ),
        1 => put(
            "dags/common/images.py",
            &[
                "from common.tags import TAG\nIMAGE = f'acme:{TAG}'\n",
                "from .tags import TAG\nIMAGE = TAG\nUNKNOWN = f()\n",
            ],
        ),
        2 => put("dags/common/tags.py", &["TAG = '1'\n", "TAG = '2'\n"]),
        3 => put("dags/extra.py", &["IMAGE = 'extra'\n", "import nothing\n"]),
        4 => put("dags/common/__init__.py", &["", "TAGS = 1\n"]),
        5 => put(
            "dags/config/settings.yaml",
            &["image: one\n", "image: two\npassword: tr0ub4dor-and-3\n"],
        ),
        6 => put("dags/parts/two.json", &["{\"image\": \"two\"}", "{"]),
        7 => put("dags/pod.yaml", &["spec: {nodeSelector: {pool: b}}\n", "spec: [\n"]),
        8 => put("dags/shared.py", &["NAME = 'from-dags'\n", "from plugins.shared import NAME\n"]),
        9 => put("dags/flag", &["", "x"]),
        10 => project
            .link("dags/link", ["config/settings.yaml", "config/other.yaml", "../.."][variant]),
        11 => put("dags/extra/__init__.py", &["IMAGE = 'package'\n", "from .inner import IMAGE\n"]),
        12 => put(
            "dags/lost.py",
            &["def make():\n    return K(task_id='t', image='i')\nDAG('lost')\n", "# DAG(\n"],
        ),
        13 => put("dags/.airflowignore", &["imports.py\n", "parts\n"]),
        14 => {
            return [&["--set", "env:TAG=v8"][..], &["--unset", "hole"], &["--format", "json"]]
                [variant];
        }
        _ => project
            .write("values.yaml", ["env: {TAG: v1}\n", "env: {TAG: v2}\n", "env: {}\n"][variant]),
    }
    &[]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, max_shrink_iters: 40, ..ProptestConfig::default() })]

    #[test]
    fn a_cached_run_gives_what_an_uncached_one_gives(
        steps in prop::collection::vec((0..16_usize, 0..3_usize), 1..8)
    ) {
        let project = Project::new();
        project.same(&[]);
        for (what, variant) in steps {
            let more = apply(&project, Step { what, variant });
            let ((kept, _), fresh) = (project.kept(more), project.fresh(more));
            prop_assert_eq!(kept.stdout, fresh.stdout);
            prop_assert_eq!(kept.stderr, fresh.stderr);
            prop_assert_eq!(kept.code, fresh.code);
        }
    }
}
