#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;

const DAG: &str = "from airflow import DAG\n";

/// A folder of files, and what is found in it.
fn found_in(files: &[(&str, &str)], paths: &[&str]) -> (Vec<String>, Found) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let file = folder.path().join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }
    find_in(folder.path(), paths)
}

fn find_in(folder: &Path, paths: &[&str]) -> (Vec<String>, Found) {
    let paths: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
    let shown = Shown::new(folder, paths.clone());
    let search =
        Search { cwd: folder, shown: &shown, ignore_syntax: IgnoreSyntax::Glob, roots: &[] };
    let found = find(&paths, &search, &Sources::default()).unwrap();
    let inputs = found.candidates.iter().filter_map(|file| file.clone().look(1 << 20));
    (inputs.map(|input| input.shown).collect(), found)
}

#[test]
fn only_python_files_that_can_make_a_dag_are_kept() {
    let files = [
        ("dags/b.py", DAG),
        ("dags/a.py", DAG),
        ("dags/helper.py", "X = 1\n"),
        ("dags/readme.md", DAG),
        ("dags/.hidden.py", DAG),
        ("dags/__pycache__/a.py", DAG),
        ("dags/venv/pyvenv.cfg", ""),
        ("dags/venv/lib/a.py", DAG),
        ("dags/team/c.py", DAG),
    ];
    let (names, found) = found_in(&files, &["dags"]);
    assert_eq!(names, ["dags/a.py", "dags/b.py", "dags/team/c.py"]);
    assert_eq!(found.candidates.len(), 4, "a helper is seen when it is looked into");
    assert_eq!(found.diagnostics, []);
}

#[test]
fn gitignore_counts_inside_a_repository() {
    let files = [
        ("repo/.git/HEAD", "ref: refs/heads/main\n"),
        ("repo/.gitignore", "build/\n"),
        ("repo/build/a.py", DAG),
        ("repo/dags/a.py", DAG),
    ];
    assert_eq!(found_in(&files, &["repo"]).0, ["repo/dags/a.py"]);
}

#[test]
fn a_file_named_itself_is_read_whatever_the_rules_say() {
    let files = [(".airflowignore", "*.py\n"), ("a.py", "X = 1\n"), ("dag.txt", DAG)];
    assert_eq!(found_in(&files, &["."]).0, [] as [&str; 0]);
    assert_eq!(found_in(&files, &["a.py", "dag.txt"]).0, ["a.py", "dag.txt"]);
    let files = [("dags/a.py", DAG), ("dags/helper.py", "X = 1\n")];
    let (names, _) = found_in(&files, &["dags", "dags/helper.py"]);
    assert_eq!(names, ["dags/a.py", "dags/helper.py"], "whether a folder has it, too, or not");
}

#[test]
fn a_file_reached_twice_is_read_once() {
    let files = [("dags/a.py", DAG), ("dags/team/b.py", DAG)];
    let (names, _) = found_in(&files, &["dags/team", "dags", "./dags/a.py"]);
    assert_eq!(names, ["dags/a.py", "dags/team/b.py"]);
}

#[test]
fn a_path_that_is_not_there_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let shown = Shown::new(folder.path(), []);
    let search =
        Search { cwd: folder.path(), shown: &shown, ignore_syntax: IgnoreSyntax::Glob, roots: &[] };
    let error = find(&["nope".into()], &search, &Sources::default()).unwrap_err();
    assert_eq!(error.to_string(), "cannot read `nope`");
}

#[test]
fn archives_are_not_passed_over_in_silence() {
    let (names, found) = found_in(&[("dags/packed.zip", "PK"), ("dags/a.py", DAG)], &["dags"]);
    assert_eq!(names, ["dags/a.py"]);
    assert_eq!(found.diagnostics.len(), 1);
}

#[cfg(unix)]
#[test]
fn links_are_followed_inside_the_roots_and_loops_end() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    for name in ["dags/real", "outside"] {
        std::fs::create_dir_all(root.join(name)).unwrap();
        std::fs::write(root.join(name).join("x.py"), DAG).unwrap();
    }
    symlink(root.join("dags"), root.join("dags/loop")).unwrap();
    symlink(root.join("dags/real"), root.join("dags/again")).unwrap();
    symlink(root.join("outside"), root.join("dags/out")).unwrap();
    symlink(root.join("gone.py"), root.join("dags/gone.py")).unwrap();
    let (names, found) = find_in(root, &["dags"]);
    assert_eq!(names, ["dags/real/x.py"], "one file, under its real name");
    let codes: Vec<Code> = found.diagnostics.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, [Code::UnreadableFile, Code::OutsideRoots]);
}

#[cfg(unix)]
#[test]
fn a_link_out_of_the_roots_is_told_of_and_not_followed() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    for name in ["dags/skipped", "data"] {
        std::fs::create_dir_all(root.join(name)).unwrap();
    }
    std::fs::write(root.join("dags/x.py"), DAG).unwrap();
    std::fs::write(root.join("dags/.airflowignore"), "skipped\n").unwrap();
    // Nothing there is Python: what is below is not looked at to say so.
    symlink(root.join("data"), root.join("dags/data")).unwrap();
    symlink(root, root.join("dags/up")).unwrap();
    symlink("/", root.join("dags/all")).unwrap();
    symlink("/", root.join("dags/skipped/all")).unwrap();
    let (names, found) = find_in(root, &["dags"]);
    assert_eq!(names, ["dags/x.py"]);
    let places: Vec<(Code, &str)> =
        found.diagnostics.iter().map(|finding| (finding.code, finding.message.as_str())).collect();
    let told = (Code::OutsideRoots, "link leads out of the roots; the folder is not read");
    assert_eq!(places, [told; 3]);
}

#[cfg(unix)]
#[test]
fn folders_that_link_to_each_other_end() {
    let folder = tempfile::tempdir().unwrap();
    let dags = folder.path().join("dags");
    for one in 0..12 {
        let here = dags.join(format!("f{one}"));
        std::fs::create_dir_all(&here).unwrap();
        std::fs::write(here.join("x.py"), DAG).unwrap();
        for other in (0..12).filter(|other| *other != one) {
            let target = format!("../f{other}");
            std::os::unix::fs::symlink(target, here.join(format!("to{other}"))).unwrap();
        }
    }
    let (names, found) = find_in(folder.path(), &["dags"]);
    assert_eq!(names.len(), 12);
    let codes: Vec<Code> = found.diagnostics.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, [Code::UnreadableFile; 12], "one finding for each folder");
}
