//! Little text that stands for much: each is refused or bounded, and said so.

use super::Place;

/// Aliases of aliases: nine to the fifteenth values.
fn laughs(indent: &str) -> String {
    let mut text = format!("{indent}a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..15 {
        let items = vec![format!("*a{}", level - 1); 9].join(", ");
        text.push_str(&format!("{indent}a{level}: &a{level} [{items}]\n"));
    }
    text
}

fn one_task(place: &Place, arguments: &str) {
    place.dag(
        "d.py",
        &format!("with DAG('d'):\n    K(task_id='t', name='n', image='i', {arguments})\n"),
    );
}

#[test]
fn aliases_of_aliases_are_not_followed() {
    let place = Place::new();
    one_task(&place, "pod_template_file=__file__[:-4] + 'pod.yaml'");
    place.file("values.yaml", format!("variables:\n{}", laughs("  ")));
    place.file("table.yaml", format!("table: {{title: t}}\n{}", laughs("")));
    place.file("pod.yaml", format!("spec:\n{}", laughs("  ")));
    let spec = "apiVersion: podlift/v1\nkind: JobSpec\nmetadata: {dag: d, task: t}\nrun:\n";
    place.file("spec.yaml", format!("{spec}{}", laughs("  ")));
    for args in [
        ["translate", "d.py", "--values", "values.yaml"],
        ["translate", "d.py", "--mappings", "table.yaml"],
        ["run", "spec.yaml", "--dry-run", "client"],
    ] {
        assert_eq!(place.podlift(&args).code, 2, "{args:?}");
    }
    let ran = place.podlift(&["translate", "d.py"]);
    assert!(ran.stdout.contains("holes:"), "{}", ran.stdout);
}

#[test]
fn nesting_does_not_overflow_the_stack() {
    let place = Place::new();
    one_task(&place, "");
    let deep =
        |open: &str, close: &str| format!("{}1{}", open.repeat(20_000), close.repeat(20_000));
    place.file("flow.yaml", format!("env: {}", deep("[", "]")));
    place.file("maps.yaml", format!("env: {}", deep("{a: ", "}")));
    place.file(
        "deep.json",
        format!("{{\"apiVersion\": \"podlift/v1\", \"run\": {}}}", deep("[", "]")),
    );
    place.file("deep.py", format!("{}x = {}\n", super::HEAD, deep("[", "]")));
    for file in ["flow.yaml", "maps.yaml", "deep.json"] {
        assert_eq!(place.podlift(&["translate", "d.py", "--values", file]).code, 2, "{file}");
        assert_eq!(place.podlift(&["run", file, "--dry-run", "client"]).code, 2, "{file}");
    }
    let ran = place.podlift(&["translate", "deep.py"]);
    assert!(ran.stderr.contains("KPO203"), "{}", ran.stderr);
}

#[test]
fn values_that_are_cut_short_are_holes() {
    let place = Place::new();
    one_task(&place, "arguments=['x' * 10**9, [0] * 10**9, 7 ** 10**8]");
    let ran = place.podlift(&["translate", "d.py"]);
    assert!(ran.stdout.contains("limit:"), "{}", ran.stdout);
    assert!(ran.stderr.contains("KPO203"), "{}", ran.stderr);
}

#[test]
fn a_loop_makes_no_tasks_without_end() {
    let place = Place::new();
    let many = format!(
        "{}with DAG('d'):\n    for i in range(10**9):\n        K(task_id=f't{{i}}')\n",
        super::HEAD
    );
    place.file("d.py", many);
    let ran = place.podlift(&["translate", "d.py"]);
    assert!(ran.stderr.contains("KPO203"), "{}", ran.stderr);
}

#[test]
fn endless_programs_end_with_a_finding() {
    let place = Place::new();
    for (name, program) in [
        ("loop", "while True:\n    pass\n"),
        ("recursion", "def f(n):\n    return f(n + 1)\nf(0)\n"),
        ("tower", "x = [a for a in range(99999) for b in range(99999) for c in range(99999)]\n"),
        ("import", "import import_\n"),
    ] {
        let text = format!("{program}with DAG('d'):\n    K(task_id='t', name='n', image='i')\n");
        place.dag(&format!("{name}.py"), &text);
        place.file("import_.py", "import import_\nfrom import_ import x\n");
        let ran = place.podlift(&["translate", &format!("{name}.py"), "--max-steps", "100000"]);
        assert!(ran.stderr.contains("KPO") || ran.stdout.contains("task: t"), "{}", ran.stderr);
    }
}

#[test]
fn templates_cannot_fill_the_memory() {
    let place = Place::new();
    for template in [
        "{{ 'x' * 1000000000 }}",
        "{% for i in range(1000000000) %}{{ i }}{% endfor %}",
        "{% for a in range(9999) %}{% for b in range(9999) %}xxxxxxxx{% endfor %}{% endfor %}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    ] {
        one_task(&place, &format!("arguments=[{template:?}]"));
        let ran = place.podlift(&["run", "d.py", "--dry-run", "client", "--date", "2026-01-01"]);
        assert_eq!(ran.code, 2, "{template}: {}", ran.stdout.len());
    }
}
