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
        let ran = place.podlift(&args);
        assert_eq!(ran.code, 2, "{args:?}");
        assert!(
            ran.stderr.contains("aliases stand for too many values"),
            "{args:?}: {}",
            ran.stderr
        );
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
        assert_eq!(place.podlift(&["translate", "d.py", "--mappings", file]).code, 2, "{file}");
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
    let double = |step: &str| {
        format!(
            "{{% set x = namespace(t='ab') %}}{{% for i in range(60) %}}{{% set x.t = {step} %}}{{% endfor %}}{{{{ x.t }}}}"
        )
    };
    let chain = |link: &str| format!("{{{{ 1{} }}}}", link.repeat(30_000));
    let templates = [
        "{{ 'x' * 1000000000 }}",
        "{{ 'x' * 99999999 ~ 'x' * 99999999 ~ 'x' * 99999999 ~ 'x' * 99999999 }}",
        "{% for i in range(1000000000) %}{{ i }}{% endfor %}",
        "{% for a in range(9999) %}{% for b in range(9999) %}xxxxxxxx{% endfor %}{% endfor %}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% macro m(x) %}{{ m([x, x]) }}{% endmacro %}{{ m(1) }}",
        "{% set x %}{% for a in range(99999) %}xxxxxxxxxxxxxxxxxxxxxxxxxx{% endfor %}{% endset %}{{ x | replace('x', x) }}",
        "{{ '%1000000000d' | format(1) }}",
        "{{ '%*d' | format(1000000000, 1) }}",
        "{{ '{:>1000000000}'.format(1) }}",
        "{{ '{:>{}}'.format(1, 1000000000) }}",
        "{{ ('a' * 99999) | replace('a', 'b' * 99999) }}",
        "{{ ('a' * 99999).replace('', 'b' * 99999) }}",
        "{{ range(99999) | join('b' * 99999) }}",
        "{{ ('b' * 99999).join(range(99999)) }}",
        "{{ 'a\n' | indent(1000000000, true) }}",
        "{{ [[[1]]] | tojson(indent=1000000000) }}",
        "{{ [1] | batch(1000000000, 'x') | list | string }}",
        "{{ [1] * 99999999 }}",
        "{{ range(100000) | list | map('replace', '', 'x' * 99999) | join }}",
    ];
    let grown = [
        "x.t ~ x.t",
        "x.t + x.t",
        "x.t * 2",
        "[x.t, x.t]",
        "(x.t, x.t)",
        "{'a': x.t, 'b': x.t}",
        "[x.t] + [x.t]",
        "'%s%s' | format(x.t, x.t)",
        "'{0}{0}'.format(x.t)",
        "[x.t, x.t] | join",
        "x.t | replace('a', 'aa')",
        "[x.t, x.t] | tojson",
        "[x.t, x.t] | pprint",
    ];
    let chains = ["+1", "~1", ".b", "[0]", "|f", " and 1", " is defined", "()", " if 1 else 1"];
    let all: Vec<String> = templates
        .iter()
        .map(|it| (*it).to_owned())
        .chain(grown.iter().map(|step| double(step)))
        .chain(chains.iter().map(|link| chain(link)))
        .collect();
    for (number, template) in all.iter().enumerate() {
        place.file(&format!("t{number}.txt"), template);
    }
    // Each is a task of its own, so that one run tells of all.
    place.dag(
        "d.py",
        &format!(
            "with DAG('d'):\n    for i in range({}):\n        with open(f'{{__file__[:-4]}}t{{i}}.txt') as f:\n            \
             K(task_id=f't{{i}}', name='n', image='i', arguments=[f.read()])\n",
            all.len()
        ),
    );
    let ran = place.podlift(&["run", "d.py", "--dry-run", "client", "--date", "2026-01-01"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    for (number, template) in all.iter().enumerate() {
        let short: String = template.chars().take(100).collect();
        assert!(
            ran.stderr.contains(&format!("d.t{number}: /run/")),
            "{short} is rendered: {}",
            ran.stderr
        );
    }
}

#[test]
fn work_counts_by_the_size_of_what_is_worked_on() {
    let place = Place::new();
    for (number, program) in [
        "x = 'a' * 10**6\nfor i in range(10**5):\n    y = x.upper()",
        "x = 'a' * 10**6\nfor i in range(10**5):\n    y = 'b' in x",
        "x = list(range(10**5))\nfor i in range(10**5):\n    y = x[:]",
        "x = list(range(10**5))\nfor i in range(10**5):\n    y = sorted(x)",
        "x = list(range(10**5))\nfor i in range(10**5):\n    y = sum(x)",
        "x = list(range(10**5))\nfor i in range(10**5):\n    y = -1 in x",
        "x = list(range(10**5))\nfor i in range(10**5):\n    x[5] = i",
        "x = sum([[i] for i in range(10**5)], [])",
        "x = {i: 1 for i in range(10**5)}\nfor i in range(10**5):\n    y = {**x}",
        "x = {i: 1 for i in range(10**5)}\nfor i in range(10**5):\n    y = dict(x)",
        "x = set(range(10**5))\nfor i in range(10**5):\n    x.add(i)",
        "x = 3**20000\nfor i in range(10**5):\n    y = x * x",
        "x, y = [1], [1]\nfor i in range(60):\n    x, y = [x, x], [y, y]\nz = x == y",
        "x, y = [1], [1]\nfor i in range(60):\n    x, y = [x, x], [y, y]\nz = x < y",
        "x = (1,)\nfor i in range(60):\n    x = (x, x)\nz = {x: 1}",
        "x = ('b' * 10**5).join(['a'] * 10**5)",
        "x = []\nfor i in range(10**5):\n    x.append('a' * i)",
        "x = [[0] * 10**5 for i in range(10**5)]",
        "with DAG('e'):\n    a = [K(task_id=f'a{i}') for i in range(900)]\n    b = [K(task_id=f'b{i}') for i in range(900)]\n    for y in a:\n        y >> b",
        // A task for each turn, under the conditions of all turns before it.
        "import os\nwith DAG('e'):\n    for i in list(range(10**5)):\n        if os.environ[f'A{i}']: break\n        K(task_id=f'b{i}', name='n', image='i')",
        // Each task is asked for the XComs in its arguments.
        "x = [{'name': f'c{i}', 'env': [{'name': 'a', 'value': str(j)} for j in range(100)]} for i in range(50)]\nwith DAG('e'):\n    for i in range(10**5):\n        K(task_id=f'a{i}', name='n', image='i', init_containers=x)",
    ]
    .iter()
    .enumerate()
    {
        let name = format!("w{number}.py");
        place.dag(&name, &format!("{program}\nwith DAG('d'):\n    K(task_id='t', name='n', image='i')\n"));
        let started = std::time::Instant::now();
        let ran = place.podlift(&["translate", &name, "--max-steps", "500000"]);
        assert!(ran.stderr.contains("KPO203"), "{program}: {}", ran.stderr);
        // A tenth of the steps that are allowed by default, in a program that is not optimised, on a machine that
        // does other things as well; without a bound each would take minutes.
        assert!(started.elapsed().as_secs() < 60, "{program}: {:?}", started.elapsed());
    }
}

#[test]
fn many_findings_are_all_told() {
    let place = Place::new();
    place.dag(
        "d.py",
        "import os\nwith DAG('d'):\n    K(task_id='t', name='n', image='i', env_vars={f'A{i}': os.environ[f'B{i}'] for i in range(2000)},\n      \
         **{f'k{i}': i for i in range(2000)})\n",
    );
    let ran = place.podlift(&["translate", "d.py", "-o", "out"]);
    assert!(ran.stderr.contains("2000 errors, 2000 warnings"), "{}", ran.stderr);
}

/// What a program that makes `x` is told, with a task that uses it.
fn told_of(program: &str, flags: &[&str]) -> String {
    let place = Place::new();
    let task = "with DAG('d'):\n    K(task_id='t', name='n', image='i', arguments=[str(x)])\n";
    place.dag("d.py", &format!("{program}{task}"));
    let ran = place.podlift(&[&["translate", "d.py"], flags].concat());
    assert!(matches!(ran.code, 0 | 1), "{program}: {}", ran.stderr);
    format!("{}{}", ran.stdout, ran.stderr)
}

#[test]
fn operations_count_for_what_they_copy() {
    for program in [
        "x = dict.fromkeys(range(9000))\nfor i in range(9000):\n    y = dict(x)\n",
        "x = {str(i): 1 for i in range(9000)}\nfor i in range(9000):\n    y = {**x}\n",
        "x = {i: 1 for i in range(10000)}\nfor i in range(10000):\n    del x[i]\n",
        "x = {i: 1 for i in range(10000)}\nfor i in range(10000):\n    x.pop(i)\n",
        "x = sum([[i] for i in range(2000)], [])\n",
        "import itertools\nx = list(itertools.accumulate(['a'] * 20000))\n",
        "class A:\n    x = 1\nfor i in range(1000):\n    class A(A): pass\nx = A().x\n",
        "import re\nx = 1\nfor i in range(2000):\n    re.match('\\\\w{100}%d' % i, 'a')\n",
    ] {
        let told = told_of(program, &["--max-steps", "200000"]);
        assert!(told.contains("KPO203"), "{program}: {told}");
    }
}

#[test]
fn single_operations_are_bounded_before_they_begin() {
    for program in [
        "x = pow(3, 10**5000, 10**5000 + 7)\n",
        "x = pow(3, 10**100000, 10**3000 + 7)\n",
        "x = ('a' * 1000000).splitlines() * 2\n",
        "import re\nx = re.findall('(?=(.*))', 'a' * 100000)\n",
    ] {
        let told = told_of(program, &[]);
        assert!(told.contains("KPO203") || told.contains("KPO206"), "{program}: {told}");
    }
}

#[test]
fn what_is_linear_comes_to_its_end() {
    let wide = "class A: pass\nclass B(A): y = 'found'\nclass C(A): pass\nfor i in range(60):\n    \
                class X(B, C): pass\n    class B(X): pass\n    class C(X): pass\nx = X.y\n";
    let shortened = "import textwrap\nx = textwrap.shorten('a ' * 20000, 20)\n";
    let power = "x = pow(3, 65537, 10**20)\n";
    for (program, value) in
        [(wide, "found"), (shortened, "a a a a a a a [...]"), (power, "41694086341149327363")]
    {
        let told = told_of(program, &[]);
        assert!(told.contains(value) && !told.contains("KPO2"), "{program}: {told}");
    }
}

#[test]
fn tasks_that_each_hang_on_a_condition_are_all_there() {
    let place = Place::new();
    let tasks = "import os\nwith DAG('d'), TaskGroup('g'):\n    for i in range(2500):\n        \
                 if os.environ[f'A{i}']: K(task_id=f't{i}', name='n', image='i')\n";
    place.dag("d.py", &format!("from airflow.utils.task_group import TaskGroup\n{tasks}"));
    let ran = place.podlift(&["translate", "d.py"]);
    assert!(!ran.stderr.contains("KPO203"), "{}", ran.stderr);
    assert_eq!(ran.stdout.matches("task: g.t").count(), 2500, "{}", ran.stderr);
    // What is said of each of them is said at one place.
    assert!(ran.stderr.contains("2490 more like the one above"), "{}", ran.stderr);
}

#[test]
fn nothing_is_certain_of_what_an_evaluation_that_ended_early_leaves_behind() {
    let place = Place::new();
    place.dag(
        "d.py",
        "import os\nwith DAG('d'):\n    t = K(task_id='t', name='n', image='i')\n    if os.environ['A']:\n        \
         t.image = 'b'\n        for i in range(10**5):\n            pass\n",
    );
    let ran = place.podlift(&["translate", "d.py", "--max-steps", "5000"]);
    assert!(
        ran.stderr.contains("error[KPO203]: evaluation ended after 5000 steps"),
        "{}",
        ran.stderr
    );
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(!ran.stdout.contains("image: b"), "{}", ran.stdout);
    let condition = "nothing changes it after the first 5000 steps of the evaluation";
    assert!(ran.stdout.contains(condition), "{}", ran.stdout);
    // People are told once for the file, not once for each of its tasks.
    assert!(!ran.stderr.contains("KPO204"), "{}", ran.stderr);
}

#[test]
fn what_a_function_does_when_it_calls_itself_is_not_lost() {
    let place = Place::new();
    let program = |condition: &str, first: &str| {
        format!(
            "import os\nS = {{'image': 'a'}}\ndef f(n):\n    K(task_id=f't{{n}}', name='n', image='i')\n    \
             if {condition}: f(n - 1)\n    if n == 2: S['image'] = 'late'\nwith DAG('d'):\n    f({first})\n    \
             K(task_id='t', name='n', image=S['image'])\n"
        )
    };
    // It is not known how often, or it is more often than the bound allows.
    for (condition, first) in [("os.environ[f'A{n}']", "5"), ("n > 0", "500")] {
        place.dag("d.py", &program(condition, first));
        let ran = place.podlift(&["translate", "d.py"]);
        assert!(ran.stdout.contains("pattern: f(n - 1)"), "{condition}: {}", ran.stdout);
        assert!(!ran.stdout.contains("image: a"), "{condition}: {}", ran.stdout);
    }
}

#[test]
fn what_a_generator_does_when_it_calls_itself_is_not_lost() {
    let place = Place::new();
    place.dag(
        "d.py",
        "from airflow.models import Variable\nS = {'image': 'a'}\ndef walk(node):\n    S['image'] = 'b' if node['x'] else 'c'\n    \
         yield K(task_id=node['name'], name='n', image='i')\n    for child in node['children']:\n        yield from walk(child)\n\
         with DAG('d'):\n    for t in walk(Variable.get('tree', deserialize_json=True)): pass\n",
    );
    let ran = place.podlift(&["translate", "d.py"]);
    assert!(ran.stdout.contains("pattern: walk(child)"), "{}", ran.stdout);
}

#[test]
fn holes_are_bounded_together() {
    let place = Place::new();
    let tasks = "import os\nwith DAG('d'):\n    for i in range(40):\n        \
                 K(task_id=f't{i}', name='n', image='i', env_vars={f'k{j}': os.environ[f'A{j}'] for j in range(20)})\n";
    place.dag("d.py", tasks);
    let ran = place.podlift(&["translate", "d.py", "--max-collection", "500"]);
    assert!(ran.stderr.contains("KPO203"), "{}", ran.stderr);
    assert!(ran.stdout.contains("task: t39") && ran.stdout.contains("limit:size"));
    let ran = place.podlift(&["translate", "d.py"]);
    assert!(!ran.stderr.contains("KPO203") && !ran.stdout.contains("limit:"), "{}", ran.stderr);
}

#[test]
fn a_collection_without_room_is_left_out_as_a_whole() {
    let place = Place::new();
    let tasks = "import os\nwith DAG('d'):\n    \
                 K(task_id='t', name='n', image='i', env_vars={f'K{i}': os.environ[f'K{i}'] for i in range(900)})\n    \
                 K(task_id='u', name='n', image='i', env_vars={f'K{i}': str(i) for i in range(900)})\n";
    place.dag("d.py", tasks);
    let ran = place.podlift(&["translate", "d.py", "--max-collection", "1000"]);
    assert!(ran.stderr.contains("raise it with `--max-collection N`"), "{}", ran.stderr);
    assert_eq!(ran.stderr.matches("`limit:collection` is not known").count(), 1, "{}", ran.stderr);
    assert!(ran.stdout.contains("env: ${limit:collection}"), "{}", ran.stdout);
    assert!(ran.stdout.contains("name: K899\n        value: \"899\""), "{}", ran.stdout);
}

#[test]
fn functions_that_are_not_called_for_their_number_are_told() {
    let place = Place::new();
    place.dag(
        "d.py",
        "import os\ndef maker(i):\n    return lambda: K(task_id=f't{i}', name='n', image='i')\n\
         fs = [maker(i) for i in range(300)]\nwith DAG('d'):\n    fs[int(os.environ['N'])]()\n",
    );
    let ran = place.podlift(&["translate", "d.py"]);
    assert!(ran.stderr.contains("error[KPO203]: too many functions"), "{}", ran.stderr);
    assert!(ran.stdout.contains("task: t0") && ran.code == 1, "{}", ran.stderr);
}

#[test]
fn messages_are_bounded() {
    let place = Place::new();
    place.dag("d.py", "x = int('nine' * 100000)\n");
    let ran = place.podlift(&["translate", "d.py"]);
    assert!(ran.stderr.contains("ValueError: invalid literal"), "{}", ran.stderr);
    assert!(ran.stderr.len() < 5_000, "{} bytes", ran.stderr.len());
}

#[test]
fn finished_values_are_bounded_together() {
    let place = Place::new();
    let tasks = "x = ['a' * 100] * 500\nwith DAG('d'):\n    for i in range(40):\n        \
                 K(task_id=f't{i}', name='n', image='i', arguments=x)\n";
    place.dag("d.py", tasks);
    let ran = place.podlift(&["translate", "d.py", "--max-string", "20000"]);
    assert!(ran.stderr.contains("KPO203"), "{}", ran.stderr);
    assert!(ran.stdout.contains("task: t39") && ran.stdout.contains("limit:size"));
    let ran = place.podlift(&["translate", "d.py"]);
    assert!(!ran.stderr.contains("KPO203") && !ran.stdout.contains("limit:"), "{}", ran.stderr);
}
