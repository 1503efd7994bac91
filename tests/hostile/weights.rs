//! One operation done again and again, on large values: it counts for what it takes, so that the file ends with a finding
//! and not after minutes; and what only a careless algorithm would take long for ends with its value.

use super::Place;

/// What a program that makes `x` is told, with a task that uses it.
fn told_of(program: &str, flags: &[&str]) -> String {
    let place = Place::new();
    let task = "with DAG('d'):\n    K(task_id='t', name='n', image='i', arguments=[str(x)])\n";
    place.dag("d.py", &format!("{program}{task}"));
    let ran = place.podlift(&[&["translate", "d.py"], flags].concat());
    assert!(matches!(ran.code, 0 | 1), "{program}: {}", ran.stderr);
    format!("{}{}", ran.stdout, ran.stderr)
}

/// Steps for eight of each turn of a loop.
const BOUND: &[&str] = &["--max-steps", "400000"];

/// The statements `before` a loop, and what the loop does.
fn loop_of(before: &str, body: &str) -> String {
    format!("import os\nx = 1\n{before}\nfor i in range(50000):\n    {body}\n")
}

#[test]
fn what_is_done_to_large_values_counts() {
    let dict = "d = dict.fromkeys(range(9000))";
    let set = "s = set(range(9000))";
    let bytes = "b = b'ab' * 50000";
    let holes = "t = ','.join([os.environ[f'A{i}'] for i in range(900)])";
    for (before, body) in [
        (dict, "y = iter(d)"),
        (dict, "y = enumerate(d)"),
        (dict, "y = d.setdefault(os.environ['A'], 1)"),
        (dict, "match d:\n        case {1: None, **r}: pass"),
        (set, "y = s.intersection([1])"),
        (set, "y = s < s"),
        (set, "y = {frozenset(s): 1}"),
        (bytes, "y = b[::-1]"),
        (bytes, "y = b + b"),
        ("t = tuple(range(9000))", "y = t in t"),
        ("t = ()", "t += (i,)"),
        (holes, "y = int(t)"),
        (holes, "y = 'a' in t"),
        (holes, "y = t + ','"),
        (holes, "y = t.upper()"),
        ("k = {}", "k[os.environ[f'A{i}']] = i"),
        ("from pathlib import Path\np = Path('a/' * 20000)", "y = p.with_name('b')"),
        ("from pathlib import Path\np = Path('a/' * 20000)", "y = p.name"),
        ("u = '\\u00e9' * 100000", "y = u.title()"),
        ("import urllib.parse\nu = '\\u00e9' * 100000", "y = urllib.parse.quote(u)"),
        ("import textwrap\nu = 'a b ' * 20000", "y = textwrap.fill(u)"),
        ("import collections\nc = collections.Counter(range(9000))", "y = c.most_common(1)"),
        ("import re", "y = re.match('\\\\w{50}%d' % i, 'a')"),
        ("import itertools\nc = [1]", "c = itertools.chain(c, [i])\n    y = next(c)"),
        ("import functools\nf = print", "f = functools.partial(f, i)"),
        ("import functools\nf = print", "f = functools.partial(f, **{f'k{i}': i})"),
        ("import enum", "enum.Enum('E', [f'A{j}' for j in range(500)])"),
        (
            "import configparser\nc = configparser.ConfigParser()\nc.read_string('[s]\\n' + ''.join(f'k{i}=1\\n' for i in range(900)))",
            "y = c.get('s', 'k1')",
        ),
        ("import yaml", "y = yaml.safe_load('a: 1\\n' * 1)"),
        ("", "open('a' * 100000)"),
        ("from pathlib import Path\np = Path('a/' * 500)", "y = p.parents"),
        ("import math", "y = math.comb(2000, 1000)"),
        ("m = 7 ** 5000", "y = pow(3, 200, m)"),
        ("s = 'a' * 255", "y = [s.title() for _ in range(9)]"),
        (
            "class Z: pass\nw = type('W', tuple(type(f'X{i}', (), {}) for i in range(1000)), {})()",
            "y = isinstance(w, Z)",
        ),
        (
            "import collections",
            "y = collections.namedtuple('q', 'a b c d e f g h i j k l m n o p q r s t')",
        ),
        ("h = [os.environ[f'A{i}'] for i in range(200)]\nt = ','.join(h)", "y = t.join(h)"),
        ("s = 'a' * 100000\nt = 'a' * 99999 + 'b'", "y = s == t"),
        ("s = 'a' * 100000", "y = {s}"),
        ("s = 'a' * 100000\nd = {s: 1}", "y = d[s]"),
        ("s = 'a' * 100000", "y = dict(**{s: 1})"),
        ("s = 'a' * 100000", "y = type(s, (), {})"),
        ("s = 'a' * 100000\nclass A: pass\na = A()", "a.__dict__[s] = 1"),
        ("u = '\\u00e9' * 50000", "y = len(u)"),
        ("s = 'a' * 100000\nu = os.environ['U']", "y = f'{s}{u}'"),
        ("from airflow.models import Variable\ns = 'a' * 100000", "y = Variable.get(s)"),
        ("from airflow.utils.edgemodifier import Label\ns = 'a' * 100000", "y = Label(s)"),
        ("u = os.environ['U']\ns = 'a' * 100000", "y = getattr(u, s)"),
        ("s = {1: set(range(900))}\nt = {1: set(range(900))}", "y = s == t"),
        ("t = (int,) * 900", "y = isinstance('a', t)"),
        ("s = '9' * 4000", "y = int(s)"),
        ("s = '%(a)s' * 50", "y = s % {'a': 'b'}"),
        ("s = '{a[a]}' * 50", "y = s.format(a={'a': 'b'})"),
        ("n = 10 ** 4000", "y = str(n)"),
        ("import datetime\nd = datetime.datetime(2020, 1, 1)", "y = format(d, '%c' * 50)"),
        ("import fnmatch", "y = fnmatch.fnmatch('a' * 100, '*a' * 40 + 'b')"),
        ("s = 'a' * 100000\nt = (s[:-1] + 'b',) * 50", "y = s.startswith(t)"),
        ("import re\nm = re.match('(?P<a>.*)', 'a' * 100000)", "y = m.groupdict()"),
        (
            "import csv, io\nh = ','.join(f'c{j}' for j in range(900))",
            "y = list(csv.DictReader(io.StringIO(h + '\\na\\n')))",
        ),
        (
            "u = os.environ['U']\nS = ('a' * 100000,) * 9\nT = ('a' * 100000,) * 9",
            "z = S if os.environ[f'A{i}'] else T",
        ),
        ("h = os.environ['H']\nf = [lambda: 1 for i in range(250)]", "h(*f)"),
        ("h = os.environ['H']\nclass A: pass\nf = [A() for i in range(250)]", "h(f)"),
        (
            "h = os.environ['H']\nf = [[i] for i in range(200)]\nc = f[0]\nfor i in range(200): c = f[i] if os.environ[f'A{i}'] else c",
            "c[0] = 1",
        ),
        (
            "h = os.environ['H']\nclass A: pass\nf = [A() for i in range(200)]\nc = f[0]\nfor a in f: c = a if h else c",
            "c.y = 1",
        ),
        (
            &format!(
                "def f():\n    global {}\n    return 1",
                (0..3000).map(|i| format!("x{i}")).collect::<Vec<_>>().join(", ")
            ),
            "y = f()",
        ),
        ("def f(**k): return k\nd = {f'a{i}': i for i in range(3000)}", "y = f(**d)"),
        ("f = frozenset(range(50))", "f = frozenset([f, i])"),
        ("import enum\nF = enum.Flag('F', [f'A{i}' for i in range(200)])", "y = F.A1 | F.A2"),
        ("class C: pass\nfor i in range(3000): setattr(C, f'a{i}', i)", "y = dir(C)"),
        ("import datetime\nf = '%c' * 2000", "y = datetime.datetime(2020, 1, 1).strftime(f)"),
        ("import re\np = re.compile('(a+)+$')", "y = p.match('a' * 40 + 'b')"),
        ("import re\np = re.compile('(?=(a+))\\\\1b')\nt = 'a' * 90000", "y = p.search(t)"),
        ("import re\np = re.compile(' ' * 20000 + 'a', re.X)", "y = p.match('a')"),
        ("import yaml\nd = ['b' * 1000] * 100", "y = yaml.dump(d, default_flow_style=False)"),
        (
            "import dataclasses\nC = dataclasses.dataclass(type('C', (), {'__annotations__': {f'a{i}': int for i in range(99)}}))",
            "y = C(*range(99))",
        ),
        (
            "from kubernetes.client import models as k8s\nv = k8s.V1Pod()\nfor i in range(20): v = k8s.V1Pod(metadata=v, spec=v)",
            "y = v.to_dict()",
        ),
        ("", "DAG(f'd{i}')"),
        (
            "from airflow.utils.task_group import TaskGroup\nd = DAG('e')\ng = None",
            "g = TaskGroup(f'g{i}', parent_group=g, dag=d)",
        ),
    ] {
        let program = loop_of(before, body);
        let told = told_of(&program, BOUND);
        assert!(told.contains("KPO203"), "{program}: {told}");
    }
    // What takes no time does not reach the bound.
    for body in ["y = abs(i)", "y = 'a'.upper()", "y = x"] {
        let told = told_of(&loop_of("", body), BOUND);
        assert!(!told.contains("KPO203"), "{body}: {told}");
    }
}

#[test]
fn what_would_be_too_large_is_not_made() {
    for program in [
        "x = [1]\nfor i in range(60):\n    x[len(x):] = x\n",
        "x = (b'a' * 10**6).replace(b'a', b'b' * 1000)\n",
        "x = (b'a' * 1000).join([b'b'] * 90000)\n",
        "x = 'a' * 10**6\nfor y in x: pass\n",
        "from pathlib import Path\nx = list(Path('/a' * 10**5).parents)\n",
        "import re\nx = re.match('(a)' * 5000, 'a' * 5000)\n",
        "import collections\nx = collections.namedtuple('A', ['f%d' % i for i in range(9000)])\n",
        "import os\nx = os.environ['A']\nfor i in range(60): x = [x, x]\n",
    ] {
        let told = told_of(program, &[]);
        assert!(told.contains("KPO203") || told.contains("limit:"), "{program}: {told}");
    }
}

/// Five gigabytes, if they were made before anybody looks at their length. The address space has room for less.
#[test]
fn what_is_put_together_from_large_pieces_is_bounded_on_the_way() {
    let many = 5000;
    for put_together in [
        format!("''.join([a] * {many})"),
        format!("'%s' * {many} % tuple([a] * {many})"),
        format!("('%1000000d' * {many}) % tuple([1] * {many})"),
        format!("('%(a)s' * {many}) % {{'a': a}}"),
        format!("('{{0}}' * {many}).format(a)"),
        format!("f'{}'", "{a}".repeat(many)),
        format!("f'{}'", "{1:>1000000}".repeat(many)),
        format!("string.Template('$a' * {many}).substitute(a=a)"),
        format!("json.dumps([a] * {many})"),
        format!("yaml.dump([a] * {many}, default_flow_style=False)"),
        format!("re.sub('b', lambda m: a, 'b' * {many})"),
        format!("re.sub('(x+)', '{}', a)", r"\\1".repeat(many)),
        format!("re.match('(x+)', a).expand('{}')", r"\\1".repeat(many)),
        format!("''.join([f'{{os.environ[\"A\"]}}{{a}}'] * {many})"),
    ] {
        let place = Place::new();
        let task = "with DAG('d'):\n    K(task_id='t', name='n', image='i', arguments=[str(x)])\n";
        let imports = "import json, os, re, string, yaml\na = 'x' * 10**6\n";
        place.dag("d.py", &format!("{imports}x = {put_together}\n{task}"));
        let output = std::process::Command::new("sh")
            .args(["-c", "ulimit -v 4000000 && exec \"$0\" translate d.py"])
            .arg(env!("CARGO_BIN_EXE_podlift"))
            .current_dir(place.path())
            .output()
            .unwrap();
        let told = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        let start: String = put_together.chars().take(60).collect();
        assert!(matches!(output.status.code(), Some(0 | 1)), "{start}: {}", output.status);
        assert!(told.contains("KPO203") || told.contains("limit:"), "{start}: {told:.900}");
    }
}

#[test]
fn ids_of_any_length_do_not_fill_the_memory() {
    let place = Place::new();
    let tasks = "with DAG('a' * 200000):\n    for i in range(2000):\n        K(task_id=f't{i}', image='i')\n";
    place.dag("d.py", tasks);
    let ran = place.podlift(&["translate", "d.py"]);
    assert!(ran.stderr.contains("KPO203") && ran.stdout.len() < 100 << 20, "{:.900}", ran.stderr);
}

#[test]
fn what_many_tasks_repeat_does_not_fill_the_memory() {
    let body = "        y = 'abcdefgh'\n".repeat(20_000);
    let function = format!(
        "from airflow.decorators import task\nwith DAG('d'):\n    @task.kubernetes(image='i')\n    \
         def f(x):\n{body}    for i in range(500): f.override(task_id=f't{{i}}')(i)\n"
    );
    let name = "import os\nwith DAG('d'):\n    for i in range(2000): \
                K(task_id=f't{i}', image=os.environ['A' * 10**6])\n";
    for program in [function.as_str(), name] {
        let place = Place::new();
        place.dag("d.py", program);
        let ran = place.podlift(&["translate", "d.py"]);
        let told = ran.stderr.contains("KPO203") || ran.stdout.contains("limit:");
        assert!(told && ran.stdout.len() < 100 << 20, "{} {:.500}", ran.stdout.len(), ran.stderr);
    }
}

#[test]
fn what_a_dag_says_of_itself_is_not_repeated_in_full_by_each_task() {
    let place = Place::new();
    let tasks = "with DAG('d', description='y' * 10**6):\n    for i in range(300):\n        \
                 K(task_id=f't{i}', name='n', image='i')\n";
    place.dag("d.py", tasks);
    let ran = place.podlift(&["translate", "d.py", "--emit", "dagster", "-o", "out"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let size = |folder: &std::path::Path| -> u64 {
        let files = walk(folder);
        files.iter().map(|file| file.metadata().unwrap().len()).sum()
    };
    assert!((1 << 16..8 << 20).contains(&size(&place.path().join("out"))));
}

/// All files below a folder.
fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

#[test]
fn of_many_conditions_the_innermost_are_told() {
    let mut tasks = String::from("import nope\nwith DAG('d'):\n");
    for depth in 0..20 {
        tasks.push_str(&format!("{}if nope.a{depth}:\n", "    ".repeat(depth + 1)));
    }
    tasks.push_str(&format!("{}K(task_id='t', name='n', image='i')\n", "    ".repeat(21)));
    let place = Place::new();
    place.dag("d.py", &tasks);
    let ran = place.podlift(&["translate", "d.py"]);
    assert_eq!(ran.stderr.matches("exists under a condition").count(), 8, "{}", ran.stderr);
    assert!(ran.stderr.contains("nope.a19") && !ran.stderr.contains("nope.a11"), "{}", ran.stderr);
    assert!(ran.stderr.contains("12 more conditions"), "{}", ran.stderr);
    assert!((0..20).all(|depth| ran.stdout.contains(&format!("nope.a{depth}\n"))));
}

#[test]
fn what_lies_in_each_other_or_in_itself_ends() {
    let model = "from kubernetes.client import models as k8s\nv = k8s.V1Pod()\nv.spec = v\nv.metadata = v\n";
    for program in [
        "x = range(9)\nfor i in range(60000): x = filter(None, map(int, x))\nx = list(x)\n",
        "x = range(9)\nfor i in range(60000): x = zip(x)\nx = list(x)\n",
        "x = range(9)\nfor i in range(60000): x = (y for y in x)\nx = list(x)\n",
        "x = range(9)\nfor i in range(60000): x = enumerate(x)\nx = next(x)\n",
        "import re\nx = re.search('\\\\b' * 5000 + 'a', 'a')\n",
        &format!("{model}x = v.to_dict()\n"),
        &format!(
            "{model}from kubernetes.client import ApiClient\nx = ApiClient().sanitize_for_serialization(v)\n"
        ),
    ] {
        let told = told_of(program, &[]);
        assert!(told.contains("KPO203") || told.contains("holes:"), "{program}: {told}");
    }
    // What holds itself on two ways is one hole, not one for each way.
    let place = Place::new();
    let task = "with DAG('d'):\n    K(task_id='t', name='n', image='i', full_pod_spec=v)\n";
    place.dag("d.py", &format!("{model}{task}"));
    let ran = place.podlift(&["translate", "d.py"]);
    assert!(ran.stderr.matches("contain themselves").count() < 9, "{}", ran.stderr);
}

/// Columns are counted in characters, from the beginning of the line.
#[test]
fn findings_in_one_long_line_are_told_in_time() {
    let place = Place::new();
    let tasks: Vec<String> =
        (0..3000).map(|n| format!("K(task_id='t{n}', name='n', image='é', foo{n}=1)")).collect();
    place.dag("d.py", &format!("with DAG('d'): {}\n", tasks.join("; ")));
    let ran = place.podlift(&["check", "d.py"]);
    assert_eq!(ran.stdout.matches("is not an argument of the operator").count(), 3000);
    let values: Vec<String> = (0..50_000).map(|n| format!("a{n}: {{b: 1}}")).collect();
    place.file("values.yaml", format!("{{{}}}", values.join(", ")));
    let ran = place.podlift(&["translate", "d.py", "--values", "values.yaml"]);
    assert_eq!(ran.stderr.matches("unknown section").count(), 100, "{}", ran.stderr);
    assert!(ran.stderr.contains("49900 more errors in this file"), "{}", ran.stderr);
    place.file("pod.yaml", format!("{{spec: {{a: [{}]}}}}", "x, ".repeat(100_000)));
    place.dag(
        "p.py",
        "with DAG('d'):\n    K(task_id='t', name='n', image='i', pod_template_file=__file__[:-4] + 'pod.yaml')\n",
    );
    assert!(place.podlift(&["translate", "p.py"]).stdout.contains("task: t"));
}

#[test]
fn what_is_quick_in_python_comes_to_its_end() {
    for (program, value) in [
        ("x = sorted(range(30000), reverse=True)[0]\n", "29999"),
        ("x = len(sorted(range(30000), key=lambda v: -v))\n", "30000"),
        ("x = len(('b' * 300000).strip('a' * 300000 + 'b'))\n", "0"),
        ("x = (b'a' * 300000).find(b'a' * 150000 + b'b')\n", "-1"),
        ("x = b'a' * 150000 + b'b' in b'a' * 300000\n", "False"),
        ("import textwrap\nx = len(textwrap.wrap('a' * 50000, 1))\n", "50000"),
        ("x = len(set(range(20000)) ^ set(range(1, 20001)))\n", "2"),
        (
            "d = dict.fromkeys(range(9000))\nfor i in range(9000): d.get(-i - 1)\nx = len(d)\n",
            "9000",
        ),
        (
            "d = dict.fromkeys(range(9000))\nfor i in range(9000): d.setdefault(i, 1)\nx = len(d)\n",
            "9000",
        ),
    ] {
        let told = told_of(program, &[]);
        assert!(
            told.contains(&format!("args: ['{value}']"))
                || told.contains(&format!("- '{value}'"))
                || told.contains(&format!("\"{value}\"")),
            "{program}: {told}"
        );
        assert!(!told.contains("KPO2"), "{program}: {told}");
    }
}

#[test]
fn values_that_share_their_parts_are_gone_through_once() {
    let place = Place::new();
    let shared = "x = 0\nfor i in range(7): x = [x] * 60\n";
    let lists = "with DAG('d') as dag:\n    a = K(task_id='a', name='n', image='i')\n    b = K(task_id='b', name='n', image='i')\n    \
                 K(task_id='t', name='n', image='i', foo=x, arguments=['1'])\n    y = [a]\n    for i in range(60): y = [y, y]\n";
    place.dag("d.py", &format!("{shared}{lists}"));
    let ran = place.podlift(&["translate", "d.py", "-o", "out"]);
    assert!(ran.stderr.contains("`foo`") && !ran.stderr.contains("steps"), "{}", ran.stderr);
    place.dag("e.py", &format!("{shared}{lists}    y >> b\n"));
    let ran = place.podlift(&["translate", "e.py", "-o", "out"]);
    assert!(ran.stderr.contains("KPO203"), "{}", ran.stderr);
}

#[test]
fn a_choice_between_nested_lists_is_made_in_time() {
    let wide = "import os\na = ['x']\nfor _ in range(3): a = [a] * 256\n";
    let told = told_of(
        &format!("{wide}for i in range(1000): z = a if os.environ['H'] else [a]\nx = 1\n"),
        &[],
    );
    assert!(told.contains("- '1'") || told.contains("- \"1\""), "{told}");
}

#[test]
fn many_credentials_and_unknown_arguments_are_told_in_time() {
    let place = Place::new();
    place.dag(
        "d.py",
        "with DAG('d'):\n    K(task_id='t', name='n', image='i', env_vars={f'PASSWORD_{i}': f'hunter2-{i}' for i in range(1000)},\n      \
         **{f'k{i}': i for i in range(5000)})\n",
    );
    let ran = place.podlift(&["translate", "d.py", "-o", "out", "--message-format", "concise"]);
    assert_eq!(ran.stderr.matches("holds a credential").count(), 1000, "{}", ran.stderr);
    assert_eq!(ran.stderr.matches("is not an argument of the operator").count(), 5000);
    assert!(!ran.stderr.contains("hunter2-1"), "{}", ran.stderr);
}

#[test]
fn a_component_tells_the_first_open_places_and_counts_the_others() {
    let place = Place::new();
    place.dag(
        "d.py",
        "with DAG('d'):\n    K(task_id='t', name='n', image='i', arguments=['{{ ds }}'] * 3000)\n",
    );
    let ran = place.podlift(&["translate", "d.py", "--emit", "component", "-o", "out"]);
    assert!(ran.stderr.contains("2990 more open places"), "{}", ran.stderr);
}

#[test]
fn statements_without_a_blank_are_shown_in_time() {
    let place = Place::new();
    for (name, chain) in [("dots", ".b".repeat(20_000)), ("calls", "()".repeat(20_000))] {
        let file = format!("{name}.py");
        place.dag(
            &file,
            &format!(
                "x = unknown{chain}\nwith DAG('d'):\n    K(task_id='t', name='n', image='i')\n"
            ),
        );
        let ran = place.podlift(&["translate", &file]);
        assert!(ran.stdout.contains("task: t"), "{}", ran.stderr);
    }
}
