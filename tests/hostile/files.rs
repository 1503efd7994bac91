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

/// Patterns and records of earlier runs are read before anything else is.
#[test]
fn devices_and_pipes_in_place_of_files_do_not_hang() {
    let pipe = |path: &std::path::Path| {
        assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    };
    for name in [".airflowignore", ".gitignore", "sub/.airflowignore", "sub/.gitignore"] {
        for is_device in [false, true] {
            let place = Place::new();
            place.dag("dags/good.py", TASK).file("dags/sub/x.txt", "");
            fs::create_dir(place.path().join(".git")).unwrap();
            let path = place.path().join("dags").join(name);
            if is_device {
                std::os::unix::fs::symlink("/dev/zero", &path).unwrap();
            } else {
                pipe(&path);
            }
            let ran = place.podlift(&["translate", "dags"]);
            assert!(ran.stdout.contains("task: t"), "{name}: {}", ran.stderr);
            assert!(
                ran.stderr.contains(".gitignore") || ran.stderr.contains("cannot be read"),
                "{name}: {}",
                ran.stderr
            );
        }
    }
    let place = Place::new();
    place.dag("good.py", TASK).file("out/d/x.txt", "");
    pipe(&place.path().join("out/.podlift.sha256"));
    assert_eq!(place.podlift(&["translate", "good.py", "-o", "out"]).code, 2);
    fs::remove_file(place.path().join("out/.podlift.sha256")).unwrap();
    pipe(&place.path().join("out/d/t.yaml"));
    assert_eq!(place.podlift(&["translate", "good.py", "-o", "out"]).code, 2);
    let zero = "/dev/zero";
    for args in [
        ["translate", "good.py", "--values", zero],
        ["translate", "good.py", "--mappings", zero],
        ["check", "good.py", "--baseline", zero],
        ["check", "good.py", "--config", zero],
        ["run", "good.py", "--resume", zero],
    ] {
        let ran = place.podlift(&args);
        assert_eq!(ran.code, 2, "{args:?}: {}", ran.stderr);
    }
}

/// A pipe that nobody writes to, the log of the kernel (a regular file by its own account) and devices never end.
#[test]
fn what_waits_or_never_ends_is_refused_wherever_it_is_named() {
    let place = Place::new();
    place.dag("d.py", TASK);
    let ran = place.podlift(&["translate", "d.py"]);
    place.file("spec.yaml", &ran.stdout);
    place.file("dags/podlift.toml", "");
    assert!(
        Command::new("mkfifo").arg(place.path().join("pipe")).status().unwrap().success(),
        "a pipe"
    );
    for path in ["pipe", "/proc/kmsg", "/dev/zero", "/dev/random"] {
        for args in [
            &["translate", path][..],
            &["translate", "d.py", "--values", path],
            &["translate", "d.py", "--mappings", path],
            &["report", "d.py", "--config", path],
            &["check", "d.py", "--baseline", path],
            &["run", path, "--dry-run=client"],
            &["run", "spec.yaml", "--dry-run=client", "--values", path],
            &["run", "spec.yaml", "--dry-run=server", "--kubeconfig", path],
            &["doctor", path],
            &["doctor", "spec.yaml", "--kubeconfig", path],
        ] {
            let ran = place.podlift(args);
            let said = format!("{}{}", ran.stdout, ran.stderr);
            assert_ne!(ran.code, 0, "{args:?}: {said}");
            assert!(said.contains("regular file") || said.contains("KPO102"), "{args:?}: {said}");
        }
        let ran = place.podlift(&["diff", "d.py", path]);
        assert!(ran.stdout.contains("can no longer be read"), "{path}: {}", ran.stdout);
    }
    for args in [
        &["report", "d.py", "-o", "pipe"][..],
        &["diff", "d.py", "d.py", "-o", "pipe"],
        &["translate", "d.py", "-o", "pipe"],
        &["translate", "d.py", "--cache", "pipe"],
    ] {
        let ran = place.podlift(args);
        assert_eq!(ran.code, 2, "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains("help:"), "{args:?}: {}", ran.stderr);
    }
    // A device that takes everything is written to, without a look at what it holds.
    assert_eq!(place.podlift(&["report", "d.py", "-o", "/dev/zero"]).code, 0);
}

/// What is not run is told.
#[test]
fn folders_of_job_specs_are_read_whole_or_not_at_all() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let place = Place::new();
    place.dag("d.py", TASK);
    let ran = place.podlift(&["translate", "d.py"]);
    place.file("jobs/a/spec.yaml", &ran.stdout).file("more/spec.yaml", &ran.stdout);
    symlink("../more", place.path().join("jobs/more")).unwrap();
    let ran = place.podlift(&["run", "jobs", "--dry-run=client", "-n", "ns"]);
    assert_eq!((ran.code, ran.stdout.matches("kind: Pod").count()), (0, 1), "{}", ran.stderr);
    assert!(ran.stderr.contains("`jobs/more` is a link to a folder"), "{}", ran.stderr);
    place.file("jobs/closed/spec.yaml", "");
    let closed = place.path().join("jobs/closed");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    // Nothing is closed to root.
    if fs::read_dir(&closed).is_err() {
        let ran = place.podlift(&["run", "jobs", "--dry-run=client", "-n", "ns"]);
        assert!(ran.code == 2 && ran.stderr.contains("cannot read all"), "{}", ran.stderr);
    }
}

/// Namespaces become parts of URLs.
#[test]
fn a_namespace_that_is_none_is_refused_wherever_it_comes_from() {
    let place = Place::new();
    let config = "{apiVersion: v1, kind: Config, current-context: c, \
        contexts: [{name: c, context: {cluster: c, user: u, namespace: \"../../x\"}}], \
        clusters: [{name: c, cluster: {server: 'http://127.0.0.1:9'}}], users: [{name: u, user: {}}]}\n";
    place.dag("d.py", TASK).file("config", config);
    for args in [
        &["run", "d.py", "--kubeconfig", "config", "--dry-run=client"][..],
        &["run", "d.py", "--kubeconfig", "config", "--dry-run=server"],
        &["run", "d.py", "--kubeconfig", "config"],
        &["doctor", "-n", "../../x", "--kubeconfig", "config"],
    ] {
        let ran = place.podlift(args);
        assert_eq!(ran.code, 2, "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains("`../../x` cannot be a namespace"), "{args:?}: {}", ran.stderr);
    }
    let named = ["run", "d.py", "--kubeconfig", "config", "--dry-run=client", "-n", "ns"];
    assert_eq!(place.podlift(&named).code, 0);
}

#[test]
fn what_the_shell_hands_over_is_read_up_to_a_bound() {
    let place = Place::new();
    place.dag("d.py", "import os\nwith DAG('d'):\n    K(task_id='t', image=os.environ['TAG'])\n");
    for (script, wanted) in [
        ("translate d.py --values <(echo 'env: {TAG: v3}')", "image: v3"),
        ("translate d.py --values /dev/stdin <<< 'env: {TAG: v3}'", "image: v3"),
        ("translate d.py --values /dev/null", "env:TAG"),
        ("translate - < /dev/zero", "longer than 16777216 bytes"),
        ("run - --dry-run=client < /dev/zero", "longer than 67108864 bytes"),
        ("report d.py -o /dev/stdout --format json | cat", "\"kind\": \"Report\""),
    ] {
        let line = format!("{} {script} 2>&1", env!("CARGO_BIN_EXE_podlift"));
        let ran = Command::new("bash").args(["-c", &line]).current_dir(place.path()).output();
        let said = String::from_utf8(ran.unwrap().stdout).unwrap();
        assert!(said.contains(wanted), "{script}: {said}");
    }
}

#[test]
fn many_and_large_patterns_are_bounded() {
    let place = Place::new();
    place.dag("dags/good.py", TASK);
    let many: String = (0..5_000).map(|n| format!("\\w{{1,50}}x{n}\n")).collect();
    for (text, syntax) in [
        (many.as_str(), "regexp"),
        (&"a".repeat(5_000_000), "regexp"),
        (&"foo*\n".repeat(300_000), "glob"),
    ] {
        place.file("dags/.airflowignore", text);
        let ran = place.podlift(&["translate", "dags", "--airflowignore-syntax", syntax]);
        assert!(ran.stdout.contains("task: t"), "{}", ran.stderr);
        assert!(ran.stderr.contains("KPO102") && ran.stderr.len() < 2_000, "{}", ran.stderr);
    }
}

#[test]
fn folders_in_folders_end() {
    let place = Place::new();
    place.dag("dags/good.py", TASK);
    let deep = "d/".repeat(600);
    place.dag(&format!("dags/{deep}deep.py"), TASK);
    let ran = place.podlift(&["translate", "dags"]);
    assert!(ran.stderr.contains("lies too deep"), "{}", ran.stderr);
    assert!(ran.stdout.contains("task: t"), "{}", ran.stderr);
}

/// The configuration comes with the repository.
#[test]
fn a_repository_does_not_say_where_results_are_kept_outside_of_it() {
    let outside = tempfile::tempdir().unwrap();
    let place = Place::new();
    place.dag("good.py", TASK);
    fs::create_dir(place.path().join(".git")).unwrap();
    std::os::unix::fs::symlink(outside.path(), place.path().join("link")).unwrap();
    for cache in ["../kept", "a/../../kept", outside.path().to_str().unwrap(), "link", "link/kept"]
    {
        place.file("podlift.toml", format!("cache = '{cache}'\n"));
        let ran = place.podlift(&["translate", "good.py"]);
        assert_eq!(ran.code, 2, "{cache}: {}", ran.stderr);
        assert!(ran.stderr.contains("leads out of the folder"), "{cache}: {}", ran.stderr);
    }
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
}

#[test]
fn a_report_does_not_take_the_place_of_a_dag() {
    let place = Place::new();
    place.dag("good.py", TASK);
    let before = fs::read(place.path().join("good.py")).unwrap();
    let ran = place.podlift(&["report", "good.py", "-o", "good.py"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert_eq!(fs::read(place.path().join("good.py")).unwrap(), before);
}
