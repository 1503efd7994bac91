//! Things in a folder of DAGs that are no DAG files, and links that lead elsewhere.

use std::fs;
use std::process::Command;

use super::{HEAD, Place};

const TASK: &str = "with DAG('d'):\n    K(task_id='t', name='n', image='i')\n";

#[test]
fn what_is_no_regular_file_is_passed_over() {
    let place = Place::new();
    place.dag("dags/good.py", TASK);
    fs::create_dir(place.path().join("dags/folder.py")).unwrap();
    let pipe = place.path().join("dags/pipe.py");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    std::os::unix::fs::symlink("/dev/zero", place.path().join("dags/zero.py")).unwrap();
    std::os::unix::fs::symlink("loop.py", place.path().join("dags/loop.py")).unwrap();
    std::os::unix::fs::symlink(place.path().join("dags"), place.path().join("dags/again")).unwrap();
    let ran = place.podlift(&["translate", "dags"]);
    assert!(ran.stdout.contains("task: t"), "the good file is read: {}", ran.stderr);
    for file in ["dags/pipe.py", "dags/zero.py", "dags/loop.py"] {
        let ran = place.podlift(&["translate", file]);
        assert_ne!(ran.code, 0, "{file}: {}", ran.stderr);
    }
}

#[test]
fn nothing_outside_the_roots_is_read() {
    let place = Place::new();
    let outside = tempfile::tempdir().unwrap();
    let secret = outside.path().join("secret.txt");
    fs::write(&secret, "TOPSECRET").unwrap();
    fs::write(outside.path().join("pod.yaml"), "spec: {containers: [{image: TOPSECRET}]}").unwrap();
    fs::write(outside.path().join("helper.py"), "SECRET = 'TOPSECRET'\n").unwrap();
    fs::write(
        outside.path().join("dag.py"),
        format!("{HEAD}with DAG('TOPSECRET'):\n    K(task_id='t')\n"),
    )
    .unwrap();
    for (target, link) in [
        ("secret.txt", "link.txt"),
        ("pod.yaml", "link.yaml"),
        ("helper.py", "helper.py"),
        ("dag.py", "linked.py"),
    ] {
        fs::create_dir_all(place.path().join("work")).unwrap();
        std::os::unix::fs::symlink(
            outside.path().join(target),
            place.path().join("work").join(link),
        )
        .unwrap();
    }
    let there = secret.to_str().unwrap();
    place.dag(
        "work/reads.py",
        &format!(
            "import os\nfrom pathlib import Path\nhere = Path(__file__).parent\n\
             a = open('{there}').read()\nb = (here / 'link.txt').read_text()\n\
             c = open(os.path.join(os.path.dirname(__file__), '../../../../../../..{there}')).read()\n\
             try:\n    from helper import SECRET as e\nexcept ImportError:\n    e = ''\n\
             with DAG('d'):\n    K(task_id='t', name='n', image='i', arguments=[a, b, c, e])\n    \
             K(task_id='u', name='n', image='i', pod_template_file=str(here / 'link.yaml'))\n    \
             K(task_id='v', name='n', image='i', pod_template_file='{}')\n",
            outside.path().join("pod.yaml").display()
        ),
    );
    for args in [["translate", "work"], ["translate", "work/reads.py"], ["check", "work"]] {
        let ran = place.podlift(&args);
        let all = format!("{}{}", ran.stdout, ran.stderr);
        assert!(!all.contains("TOPSECRET"), "{args:?}: {all}");
    }
}

#[test]
fn links_that_lead_everywhere_are_not_followed() {
    use std::os::unix::fs::symlink;
    let place = Place::new();
    place.dag("dags/good.py", TASK);
    fs::create_dir(place.path().join("data")).unwrap();
    symlink("/", place.path().join("dags/all")).unwrap();
    symlink("/", place.path().join("data/all")).unwrap();
    place.dag(
        "dags/finds.py",
        "import glob, os\nfrom pathlib import Path\ndata = Path(__file__).parent.parent / 'data'\n\
         with DAG('d'):\n    \
         K(task_id='t', name=(data / 'all').resolve().name, image='i')\n    \
         K(task_id='u', name='n', image='i', arguments=glob.glob(f'{data}/**/passwd', recursive=True))\n    \
         K(task_id='v', name='n', image='i', arguments=os.listdir(data / 'all'))\n    \
         K(task_id='w', name='n', image='i', arguments=[str(p) for p in data.rglob('passwd')])\n",
    );
    let ran = place.podlift(&["translate", "dags", "--root", "data", "--verbose"]);
    assert!(ran.stderr.contains("link leads out of the roots"), "{}", ran.stderr);
    assert_eq!(
        ran.stderr.matches("is outside the roots and is not read").count(),
        3,
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("2 fully resolved, 3 with holes"), "{}", ran.stderr);
    assert!(!ran.stdout.contains("etc/passwd"), "{}", ran.stdout);
}

/// Ten folders that link to each other have more paths than anybody can look at.
#[test]
fn folders_that_link_to_each_other_end() {
    let place = Place::new();
    for one in 0..10 {
        place.file(&format!("data/f{one}/x.json"), "{}");
        for other in (0..10).filter(|other| *other != one) {
            let link = place.path().join(format!("data/f{one}/to{other}"));
            std::os::unix::fs::symlink(format!("../f{other}"), link).unwrap();
        }
    }
    let tasks = |name: &str, paths: &str| {
        let text = format!(
            "import glob, os\nfrom pathlib import Path\ndata = Path(__file__).parent / 'data'\n\
             with DAG('d'):\n    for n, path in enumerate({paths}):\n        \
             K(task_id=f't{{n}}', name='n', image='i')\n"
        );
        let ran = place.dag(name, &text).podlift(&["translate", name]);
        place.file(name, "");
        (ran.stdout.matches("\nkind: JobSpec").count(), ran.stderr)
    };
    // `**` of pathlib and `os.walk` do not follow links.
    assert_eq!(tasks("rglob.py", "data.rglob('*.json')").0, 10);
    assert_eq!(tasks("walk.py", "os.walk(data)").0, 11);
    let (_, told) = tasks("glob.py", "glob.glob(f'{data}/**/*.json', recursive=True)");
    assert!(told.contains("KPO203"), "{told}");
    let (_, told) = tasks("stars.py", "glob.glob(f'{data}/*/*/*/*/*/*/*/*/*.json')");
    assert!(told.contains("KPO203"), "{told}");
    place.dag("data/f0/good.py", TASK);
    let ran = place.podlift(&["translate", "data"]);
    assert_eq!(ran.stdout.matches("\nkind: JobSpec").count(), 1, "{}", ran.stderr);
}

#[test]
fn huge_and_binary_files_are_refused() {
    let place = Place::new();
    place.dag("good.py", TASK);
    let huge = fs::File::create(place.path().join("huge.py")).unwrap();
    huge.set_len(100 << 20).unwrap();
    place.file("nul.py", format!("{HEAD}x = 1\0\n{TASK}"));
    place.file("noise.py", (0..=255u8).cycle().take(100_000).collect::<Vec<_>>());
    for file in ["huge.py", "nul.py", "noise.py"] {
        let ran = place.podlift(&["translate", file]);
        assert_eq!(ran.code, 1, "{file}: {}", ran.stderr);
        assert!(ran.stderr.contains("1 not readable"), "{file}: {}", ran.stderr);
    }
    assert!(place.podlift(&["translate", "."]).stdout.contains("task: t"));
}
