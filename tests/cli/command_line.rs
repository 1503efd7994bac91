//! Promises of the command line that a transcript cannot show: bytes, streams and files.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use podlift::cli::{self, Ctx};

/// The repository, where the fixtures are.
pub(crate) fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// What a run in this process printed, and its exit code.
pub(crate) struct Ran {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) code: u8,
}

pub(crate) fn podlift(cwd: &Path, stdin: &[u8], args: &[&str]) -> Ran {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let mut ctx = Ctx {
        stdout: Box::new(&mut stdout),
        stderr: Box::new(&mut stderr),
        stdin: Box::new(stdin),
        cwd: cwd.to_owned(),
        color_out: false,
        color_err: false,
    };
    let words = std::iter::once("podlift").chain(args.iter().copied()).map(OsString::from);
    let code = cli::main(words, &mut ctx);
    drop(ctx);
    Ran {
        stdout: String::from_utf8(stdout).unwrap(),
        stderr: String::from_utf8(stderr).unwrap(),
        code,
    }
}

/// Every file below a folder, with its content.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    found
}

/// A copy of the DAGs and of what they import in a folder of its own.
pub(crate) fn copy_of_fixtures() -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    let folders = ["fixtures/dags", "fixtures/include", "fixtures/plugins"];
    let all = folders.iter().map(|folder| repository().join(folder));
    for (path, content) in all.filter(|folder| folder.is_dir()).flat_map(|f| files(&f)) {
        let place = copy.path().join("repo").join(path.strip_prefix(repository()).unwrap());
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(place, content).unwrap();
    }
    copy
}

#[test]
fn the_number_of_threads_does_not_show() {
    let run = |jobs| {
        let args = ["translate", "fixtures/dags", "--message-format", "json", "--jobs", jobs];
        podlift(&repository(), b"", &args)
    };
    let (one, four) = (run("1"), run("4"));
    assert_eq!(one.stdout, four.stdout);
    assert_eq!(one.stderr, four.stderr);
    assert_eq!(one.code, four.code);
}

#[test]
fn the_place_of_the_checkout_does_not_show() {
    let copy = copy_of_fixtures();
    let args = ["translate", "fixtures/dags", "--verbose"];
    let here = podlift(&repository(), b"", &args);
    let there = podlift(&copy.path().join("repo"), b"", &args);
    assert_eq!(here.stdout, there.stdout);
    assert_eq!(here.stderr, there.stderr);
    assert!(!here.stdout.contains(env!("CARGO_MANIFEST_DIR")));
    assert!(!here.stderr.contains(env!("CARGO_MANIFEST_DIR")));
}

/// `__file__` is another path on each machine, and code climbs from it as far as it likes.
#[test]
fn the_place_of_the_checkout_does_not_show_in_paths_that_a_dag_makes() {
    let head = fs::read_to_string(repository().join("fixtures/dags/hello_guide.py")).unwrap();
    let climbs = "import json, os\nfrom pathlib import Path\nHERE = Path(__file__).resolve()\n\
        PATHS = [str(HERE.parents[n] / 'x') for n in range(6)] + [os.path.dirname(__file__) + '/../y', \
        HERE.parents[3].name, HERE.parts[-4], json.dumps(__file__), repr(HERE), __file__.upper(), str(len(__file__))]\n\
        LISTED = os.listdir(HERE.parents[4])\n\
        CONTENT = open(HERE.parents[5] / 'secret.txt').read()\n\
        with DAG('climbs') as climbing:\n    \
        KubernetesPodOperator(task_id=HERE.parents[4].name, name='n', image='i', arguments=PATHS)\n    \
        KubernetesPodOperator(task_id='b', name='n', image='i', arguments=[*LISTED, CONTENT])\n    \
        KubernetesPodOperator(task_id='c', name='n', image='i', arguments=json.load(open(HERE.parent / 'none.json')))\n";
    let mut seen = Vec::new();
    for place in ["one", "two/with/more/folders"] {
        let folder = tempfile::tempdir().unwrap();
        let project = folder.path().join(place);
        fs::create_dir_all(project.join("dags/team")).unwrap();
        fs::write(project.join("dags/team/climbs.py"), format!("{head}\n{climbs}")).unwrap();
        let ran = podlift(&project, b"", &["translate", "dags", "--verbose"]);
        assert!(ran.stdout.contains("${file:dags_folder/..}/x"), "{}", ran.stdout);
        let all = format!("{}{}", ran.stdout, ran.stderr);
        let names = [folder.path().to_str().unwrap(), "one", "folders"];
        let name = folder.path().file_name().unwrap().to_str().unwrap();
        for name in names.iter().chain(&[name]) {
            assert!(
                !all.contains(&format!("/{name}")) && !all.contains(&format!("{name}/")),
                "{name}: {all}"
            );
        }
        seen.push((ran.stdout, ran.stderr));
    }
    assert_eq!(seen[0], seen[1]);
}

#[test]
fn an_absolute_path_from_elsewhere_gives_the_same_job_specs() {
    let copy = copy_of_fixtures();
    let dags = copy.path().join("repo/fixtures/dags");
    let elsewhere = tempfile::tempdir().unwrap();
    let near = podlift(&copy.path().join("repo/fixtures"), b"", &["translate", "dags"]);
    let far = podlift(elsewhere.path(), b"", &["translate", dags.to_str().unwrap()]);
    assert_eq!(near.stdout, far.stdout);
}

#[test]
fn a_second_run_into_the_same_folder_changes_nothing() {
    let out = tempfile::tempdir().unwrap();
    let args = ["translate", "fixtures/dags", "-o", out.path().to_str().unwrap()];
    let first = podlift(&repository(), b"", &args);
    let before = files(out.path());
    let second = podlift(&repository(), b"", &args);
    assert_eq!(first.stderr, second.stderr);
    assert_eq!(before, files(out.path()));
    assert_eq!(first.stdout, "", "standard output carries only artefacts");
}

#[test]
fn other_files_in_the_output_folder_are_left_alone() {
    let out = tempfile::tempdir().unwrap();
    fs::create_dir(out.path().join("hello_guide")).unwrap();
    let mine = out.path().join("hello_guide/mine.yaml");
    fs::write(&mine, "mine").unwrap();
    let args = ["translate", "fixtures/dags/hello_guide.py", "-o", out.path().to_str().unwrap()];
    podlift(&repository(), b"", &args);
    assert_eq!(fs::read_to_string(mine).unwrap(), "mine");
}

#[test]
fn standard_input_gives_what_the_file_gives() {
    let text = fs::read(repository().join("fixtures/dags/hello_guide.py")).unwrap();
    let of_file = podlift(&repository(), b"", &["translate", "fixtures/dags/hello_guide.py"]);
    let of_stdin = podlift(&repository(), &text, &["translate", "-"]);
    let renamed = of_file.stdout.replace("fixtures/dags/hello_guide.py", "<stdin>");
    assert_eq!(of_stdin.stdout, renamed);
    assert_eq!(of_stdin.code, of_file.code);
}

#[test]
fn json_messages_are_objects_and_end_with_the_summary() {
    let ran =
        podlift(&repository(), b"", &["translate", "fixtures/dags", "--message-format", "json"]);
    let lines: Vec<serde_json::Value> =
        ran.stderr.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (summary, findings) = lines.split_last().unwrap();
    assert_eq!(summary["type"], "summary");
    assert_eq!(summary["exit"], ran.code);
    assert!(findings.iter().all(|finding| finding["type"] == "finding"));
    let errors = findings.iter().filter(|finding| finding["severity"] == "error").count();
    assert_eq!(summary["errors"], errors);
}

/// A stream whose reader has gone away.
struct Broken;

impl Write for Broken {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_reader_that_goes_away_ends_the_run_quietly() {
    for args in [
        vec!["podlift", "mappings"],
        vec!["podlift", "mappings", "--format", "json"],
        vec!["podlift", "schema"],
        vec!["podlift", "--help"],
        vec!["podlift", "completions", "bash"],
    ] {
        let mut stderr = Vec::new();
        let mut ctx = Ctx {
            stdout: Box::new(Broken),
            stderr: Box::new(&mut stderr),
            stdin: Box::new(io::empty()),
            cwd: repository(),
            color_out: false,
            color_err: false,
        };
        let code = cli::main(args.iter().map(OsString::from), &mut ctx);
        drop(ctx);
        assert_eq!((code, stderr.len()), (0, 0), "{args:?}");
    }
}

#[test]
fn the_program_itself_survives_a_closed_pipe() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_podlift"))
        .args(["mappings", "--format", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(0));
    assert_eq!(String::from_utf8(ended.stderr).unwrap(), "");
}

#[test]
fn completions_know_every_subcommand() {
    for shell in ["bash", "zsh", "fish"] {
        let script = podlift(&repository(), b"", &["completions", shell]).stdout;
        for command in ["translate", "explain", "mappings", "schema", "completions"] {
            assert!(script.contains(command), "{shell} does not know {command}");
        }
    }
}

#[test]
fn findings_point_into_helpers_that_are_dag_files_themselves() {
    let place = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(place.path().join(name), text).unwrap();
    write(
        "helper.py",
        "import os\nfrom airflow import DAG\n\n\ndef image():\n    return os.environ['IMAGE']\n",
    );
    // One is read before the helper and one after it.
    for name in ["a", "z"] {
        let text = format!(
            "from airflow import DAG\n\
             from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator\n\
             from helper import image\n\
             with DAG('{name}'):\n    \
             KubernetesPodOperator(task_id='t', name='n', image=image())\n"
        );
        write(&format!("{name}.py"), &text);
    }
    let args = ["translate", ".", "--jobs", "1", "--message-format", "concise"];
    let ran = podlift(place.path(), b"", &args);
    let found = ran.stderr.lines().filter(|line| line.contains("KPO201"));
    let places: Vec<&str> = found.filter_map(|line| line.split(": ").next()).collect();
    assert_eq!(places, ["helper.py:6:12"; 2], "{}", ran.stderr);
    assert_eq!(ran.stdout.matches("source: helper.py:6").count(), 2, "{}", ran.stdout);
}
