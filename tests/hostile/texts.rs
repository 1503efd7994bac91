//! Texts that would repaint a terminal, read backwards or lead elsewhere as a path.

use podlift::diag::escape::is_unsafe;

use super::Place;

/// Escapes, marks of direction, paths: as a Python list of strings.
const NASTY: &str = r#"['\x1b[31mred', '\u202egpj.exe', '\u2066a\u2069', '../../x', '/etc/x', '..', '.', 'CON', 'a/b', 'a\\b',
    '\n', '\r', '\x00', '\x9b31m', 'x\x1b]0;title\x07', 'a' * 300, 'A', '\ufeff', '\u200b', '${env:X}', '<script>alert(1)</script>']"#;

fn nasty() -> Place {
    let place = Place::new();
    place.dag(
        "dags/ids.py",
        &format!(
            "NASTY = {NASTY}\n\
             for d in NASTY:\n    with DAG(d):\n        for t in NASTY:\n            \
             K(task_id=t, name=t, image=t, namespace=t, labels={{t: d}}, env_vars={{t: d}}, bogus=t)\n"
        ),
    );
    place
}

#[test]
fn ids_never_lead_out_of_the_output_folder() {
    let place = nasty();
    let ran = place.podlift(&["translate", "dags", "-o", "out/deep/er"]);
    assert_eq!(ran.code, 1);
    let names: Vec<_> = std::fs::read_dir(place.path().join("out")).unwrap().collect();
    assert_eq!(names.len(), 1, "everything is below the folder that was named: {names:?}");
    let folder = place.path().join("out/deep/er");
    let mut specs = 0;
    for dag in std::fs::read_dir(folder).unwrap() {
        let dag = dag.unwrap().path();
        assert!(!dag.is_symlink());
        specs += if dag.is_dir() { std::fs::read_dir(&dag).unwrap().count() } else { 0 };
    }
    assert_eq!(specs, 21 * 21, "no two tasks share a file");
}

#[test]
fn nothing_is_shown_as_it_is() {
    let place = nasty();
    // `Place::podlift` looks at every character.
    for format in ["human", "concise", "json"] {
        place.podlift(&["translate", "dags", "--verbose", "--message-format", format, "-o", "out"]);
    }
    place.podlift(&["translate", "dags", "--dag", "no\u{202e}such"]);
    place.podlift(&["explain", "no\u{1b}[31msuch"]);
    place.podlift(&["translate", "no\u{1b}[31msuch.py"]);
    // Usage errors quote what was given.
    for given in ["--no\u{9b}31msuch", "--emit=\u{202e}x", "\u{2066}command"] {
        let ran = place.podlift(&["translate", "dags", given]);
        let ran = if ran.code == 2 { ran } else { place.podlift(&[given]) };
        assert_eq!(ran.code, 2, "{}", ran.stderr);
    }
}

#[test]
fn the_code_around_a_finding_is_made_visible() {
    let place = Place::new();
    place.dag(
        "raw.py",
        "x = 'a'  # \u{1b}[2J \u{202e} comment\nwith DAG('d'):\n    K(task_id='t', name='n', image='\u{1b}[31m\u{202e}', bogus='\u{1b}[0m')\n",
    );
    let ran = place.podlift(&["translate", "raw.py", "--verbose", "-o", "out"]);
    assert!(ran.stderr.contains("bogus"), "{}", ran.stderr);
}

#[test]
fn files_that_are_written_hold_no_escapes_and_lead_nowhere() {
    let place = nasty();
    for emit in ["job-spec", "pod", "job", "dagster", "component", "airlift"] {
        let folder = format!("out/{emit}/deep");
        let ran =
            place.podlift(&["translate", "dags", "--emit", emit, "--allow-open", "-o", &folder]);
        assert_eq!(ran.code, 1, "{emit}: {}", ran.stderr);
        let names: Vec<_> =
            std::fs::read_dir(place.path().join("out").join(emit)).unwrap().collect();
        assert_eq!(
            names.len(),
            1,
            "{emit}: everything is below the folder that was named: {names:?}"
        );
        let mut open = vec![place.path().join(&folder)];
        let mut files = 0;
        while let Some(path) = open.pop() {
            let name = path.to_str().unwrap();
            assert!(!name.contains(is_unsafe), "{name:?}");
            if path.is_dir() {
                open.extend(std::fs::read_dir(&path).unwrap().map(|it| it.unwrap().path()));
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let raw = text.chars().find(|c| is_unsafe(*c) && !matches!(c, '\n' | '\t'));
            assert_eq!(raw, None, "{name} holds {raw:?} as it is");
            files += 1;
        }
        assert!(files > 20, "{emit}: {files}");
    }
}

#[test]
fn reports_and_differences_show_nothing_as_it_is() {
    let place = Place::new();
    place.dag(
        "dags/ids.py",
        &format!(
            "for t in {NASTY}:\n    with DAG(t):\n        K(task_id=t, name=t, image=t, labels={{t: t}}, bogus=t)\n"
        ),
    );
    place.dag("old.py", "with DAG('d'):\n    K(task_id='t', name='n', image='i')\n");
    // `Place::podlift` looks at every character.
    for format in ["human", "markdown", "html", "json", "sarif", "github", "junit"] {
        place.podlift(&["report", "dags", "--format", format]);
    }
    for format in ["human", "concise", "json", "sarif", "github", "junit"] {
        place.podlift(&["check", "dags", "--format", format]);
    }
    for format in ["human", "markdown", "json", "html"] {
        place.podlift(&["diff", "old.py", "dags", "--format", format]);
    }
}
