//! The same DAGs give the same bytes, whatever is tampered with around them.

use std::fs;
use std::process::Command;

use crate::cli::command_line::{copy_of_fixtures, podlift, repository};

const FORMATS: [&str; 7] = ["human", "markdown", "html", "json", "sarif", "github", "junit"];
const SOME: [&str; 3] =
    ["fixtures/dags/plain_secrets.py", "fixtures/dags/callbacks.py", "fixtures/dags/nul_byte.py"];

#[test]
fn the_number_of_threads_does_not_show_in_a_report() {
    for format in ["html", "json"] {
        let run = |jobs| {
            podlift(
                &repository(),
                b"",
                &["report", "fixtures/dags", "--format", format, "--jobs", jobs],
            )
        };
        let (one, four) = (run("1"), run("4"));
        assert!(one.stdout == four.stdout && one.code == 0 && !one.stdout.is_empty(), "{format}");
    }
}

#[test]
fn the_place_of_the_checkout_does_not_show_in_a_report() {
    let copy = copy_of_fixtures();
    let moved = copy.path().join("repo");
    for format in FORMATS {
        let args = [&["report", "--format", format], &SOME[..]].concat();
        let (here, there) = (podlift(&repository(), b"", &args), podlift(&moved, b"", &args));
        assert!(here.stdout == there.stdout, "{format}");
        assert!(!here.stdout.contains(env!("CARGO_MANIFEST_DIR")), "{format}");
    }
}

#[test]
fn the_order_of_the_paths_does_not_show_in_a_report() {
    let mut turned = SOME;
    turned.reverse();
    for format in FORMATS {
        let run = |paths: &[&str]| {
            podlift(&repository(), b"", &[&["report", "--format", format], paths].concat())
        };
        assert!(run(&SOME).stdout == run(&turned).stdout, "{format}");
    }
}

#[test]
fn locale_time_zone_and_terminal_do_not_show_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let run = |name: &str, surroundings: &[(&str, &str)]| {
        let file = folder.path().join(name);
        let done = Command::new(env!("CARGO_BIN_EXE_podlift"))
            .current_dir(repository())
            .args([&["report", "-o", file.to_str().unwrap()], &SOME[..]].concat())
            .envs(surroundings.iter().copied())
            .output()
            .unwrap();
        assert!(done.status.success(), "{done:?}");
        fs::read(file).unwrap()
    };
    let there = [
        ("LC_ALL", "tr_TR.UTF-8"),
        ("TZ", "Asia/Tokyo"),
        ("CLICOLOR_FORCE", "1"),
        ("COLUMNS", "40"),
    ];
    for name in ["a.html", "a.md", "a.json", "a.txt"] {
        assert!(run(name, &[("LC_ALL", "C"), ("TZ", "UTC")]) == run(name, &there), "{name}");
    }
}

#[test]
fn no_format_shows_a_credential_unless_asked() {
    let secrets = [
        "tr0ub4dor",
        "correct-horse",
        "d3fault-t0ken",
        "8f14e45fceea167a",
        "0123456789abcdefXYZ",
        "letmein",
    ];
    for format in FORMATS {
        let run = |more: &[&str]| {
            podlift(&repository(), b"", &[&["report", SOME[0], "--format", format], more].concat())
        };
        let text = run(&[]).stdout;
        for secret in secrets {
            assert!(!text.contains(secret), "{format} shows {secret}");
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let translated = podlift(&repository(), b"", &["translate", SOME[0], "-o", out, "--verbose"]);
    assert!(translated.stderr.contains("KPO314"));
    assert!(
        secrets.iter().all(|secret| !translated.stderr.contains(secret)),
        "{}",
        translated.stderr
    );
    for format in ["html", "json"] {
        let open =
            podlift(&repository(), b"", &["report", SOME[0], "--format", format, "--show-secrets"]);
        assert!(secrets.iter().all(|secret| open.stdout.contains(secret)), "{format}");
    }
    for format in ["human", "concise", "json", "sarif", "github", "junit"] {
        let ran = podlift(
            &repository(),
            b"",
            &["check", SOME[0], "--verbose", "--deny", "info", "--format", format],
        );
        let text = ran.stdout + &ran.stderr;
        assert!(
            text.contains("KPO314") && secrets.iter().all(|secret| !text.contains(secret)),
            "{format}"
        );
    }
}
