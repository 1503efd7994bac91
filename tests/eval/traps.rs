//! Programs that would take a naive evaluator forever, or all memory, or its native stack. Each ends
//! soon, with a finding that says which bound it met, or with a value.

use podlift::airflow::Settings;
use podlift::eval::{Evaluated, Kind, Segment, Value, evaluate};

fn run(program: &str) -> Evaluated {
    evaluate(program, &Settings::default())
}

/// The program ends early, and a finding says so.
fn is_stopped(program: &str) {
    let made = run(program);
    assert!(
        !made.diagnostics.is_empty(),
        "nothing is said about\n{}",
        program.chars().take(200).collect::<String>()
    );
}

/// The variable `name` is not stated as certain.
fn is_open(program: &str, name: &str) {
    let made = run(program);
    let open = made.globals.get(name).is_none_or(|value| !value.holes().is_empty());
    assert!(open, "{name} = {:?}", made.globals.get(name).map(short));
}

fn short(value: &Value) -> String {
    match &value.kind {
        Kind::Str(text) => format!(
            "{} segments, first {:?}",
            text.segments.len(),
            text.segments.first().map(|segment| matches!(segment, Segment::Literal(_)))
        ),
        _ => value.repr().chars().take(100).collect(),
    }
}

#[test]
fn endless_loops_end() {
    is_stopped("while True:\n    pass\n");
    is_stopped("n = 0\nwhile True:\n    n += 1\nafter = 1\n");
    is_stopped("l = [1]\nfor x in l:\n    l.append(x)\n");
    is_stopped("while 1:\n    while 1:\n        while 1:\n            pass\n");
    is_stopped("for a in range(10**5):\n    for b in range(10**5):\n        c = a * b\n");
    is_stopped("import itertools\nfor x in itertools.count():\n    y = x\n");
    is_stopped("def g():\n    while True:\n        yield 1\nfor x in g():\n    y = x\n");
    is_stopped("def g():\n    while True:\n        yield 1\nl = list(g())\n");
    is_stopped(
        "class E:\n    def __iter__(self): return self\n    def __next__(self): return 1\nl = list(E())\n",
    );
    is_stopped("import itertools\ns = sum(itertools.repeat(1))\n");
    is_stopped("x = all(1 for _ in iter(int, 1))\n");
    is_stopped("import itertools\nx = 5 in itertools.repeat(1)\n");
    is_stopped("import itertools\nx = max(itertools.count())\n");
    is_stopped(
        "def f():\n    while True:\n        try:\n            raise ValueError\n        except ValueError:\n            continue\nf()\n",
    );
}

#[test]
fn a_loop_that_was_cut_short_leaves_nothing_certain_behind() {
    is_open("n = 0\nwhile True:\n    n += 1\n    if n == 10**9: break\n", "n");
    is_open("import itertools\nx = sum(itertools.repeat(1))\n", "x");
    is_open("l = []\nfor i in range(10**7):\n    l = i\n", "l");
}

#[test]
fn endless_recursion_ends() {
    is_stopped("def f(n):\n    return f(n + 1)\nx = f(0)\n");
    is_stopped("def f():\n    return g()\ndef g():\n    return f()\nx = f()\n");
    is_stopped(
        "class A:\n    def __getattr__(self, name):\n        return getattr(self, name + 'x')\nx = A().y\n",
    );
    is_stopped("class A:\n    @property\n    def p(self): return self.p\nx = A().p\n");
    is_stopped("class A:\n    def __repr__(self): return repr(self)\nx = repr(A())\n");
    is_stopped("class A:\n    def __eq__(self, o): return self == o\nx = A() == A()\n");
    is_stopped("class A:\n    def __str__(self): return f'{self}'\nx = str(A())\n");
    is_stopped("class A:\n    def __init__(self): self.a = A()\nx = A()\n");
    is_stopped("class A:\n    def __call__(self): return self()\nx = A()()\n");
    is_stopped("class A:\n    def __iter__(self): return iter(self)\nx = list(A())\n");
    is_stopped("class A:\n    def __len__(self): return len(self)\nx = bool(A())\n");
    is_stopped("class A:\n    def __hash__(self): return hash(self)\nx = {A(): 1}\n");
    is_stopped("class A:\n    def __getitem__(self, i): return self[i]\nx = A()[0]\n");
    is_stopped("class A:\n    def __add__(self, o): return self + o\nx = A() + 1\n");
    is_stopped("class A:\n    def __setattr__(self, n, v): self.x = v\na = A()\na.y = 1\n");
    is_stopped("def g():\n    yield from g()\nx = list(g())\n");
    is_stopped("f = lambda: f()\nx = f()\n");
    is_stopped("x = [f() for f in [lambda: g()]]\ndef g(): return [h() for h in [g]]\ny = g()\n");
    is_stopped("def d(f): return d(f)\n@d\ndef g(): pass\n");
    is_stopped(
        "class M(type):\n    def __call__(cls): return cls()\nclass A(metaclass=M): pass\nx = A()\n",
    );
    is_stopped(
        "import contextlib\n@contextlib.contextmanager\ndef c():\n    with c():\n        yield\nwith c():\n    pass\n",
    );
    is_stopped("import functools\n@functools.cache\ndef f(n): return f(n + 1)\nx = f(0)\n");
}

#[test]
fn huge_strings_and_collections_are_not_made() {
    for (program, name) in [
        ("x = 'x' * 10**9\n", "x"),
        ("x = [0] * 10**9\n", "x"),
        ("x = (0,) * 10**9\n", "x"),
        ("x = b'a' * 10**9\n", "x"),
        ("x = bytes(10**10)\n", "x"),
        ("x = list(range(10**9))\n", "x"),
        ("x = 'a'\nfor _ in range(60): x += x\n", "x"),
        ("x = [1]\nfor _ in range(60): x = x + x\n", "x"),
        ("x = [1]\nfor _ in range(60): x += x\n", "x"),
        ("x = [1]\nfor _ in range(60): x.extend(x)\n", "x"),
        ("x = [1]\nfor _ in range(60): x *= 2\n", "x"),
        ("x = (1,)\nfor _ in range(60): x += x\n", "x"),
        ("x = f'{1:>1000000000}'\n", "x"),
        ("x = '{:>1000000000}'.format(1)\n", "x"),
        ("x = '%1000000000d' % 1\n", "x"),
        ("x = '%.1000000000f' % 1.5\n", "x"),
        ("x = format(1.5, '.1000000000f')\n", "x"),
        ("x = 'a'.ljust(10**9)\n", "x"),
        ("x = 'a'.center(10**9, 'b')\n", "x"),
        ("x = 'a'.zfill(10**9)\n", "x"),
        ("x = '\\t'.expandtabs(10**9)\n", "x"),
        ("x = ('ab' * 1000).replace('', 'y' * 1000)\n", "x"),
        ("x = ('y' * 1000).join(['z'] * 90000)\n", "x"),
        ("x = ['a' * 1000] * 100000\ny = ''.join(x)\n", "y"),
        ("x = 'a'\nfor _ in range(60): x = f'{x}{x}'\n", "x"),
        ("x = 'a'\nfor _ in range(60): x = '%s%s' % (x, x)\n", "x"),
        ("x = 'a'\nfor _ in range(60): x = '{0}{0}'.format(x)\n", "x"),
        ("x = 'a'\nfor _ in range(60): x = ''.join([x, x])\n", "x"),
        ("x = 'a'\nfor _ in range(60): x = x.replace('a', 'aa')\n", "x"),
        ("import textwrap\nx = textwrap.indent('a\\n' * 100000, 'b' * 100000)\n", "x"),
        ("import re\nx = re.sub('', 'y' * 10000, 'a' * 100000)\n", "x"),
        ("import itertools\nx = list(itertools.product(range(100), repeat=10))\n", "x"),
        ("import itertools\nx = list(itertools.permutations(range(30)))\n", "x"),
        ("import itertools\nx = list(itertools.combinations(range(60), 30))\n", "x"),
        ("x = [i for i in range(10**4) for j in range(10**4)]\n", "x"),
        ("x = {i: [j for j in range(1000)] for i in range(10**6)}\n", "x"),
        (
            "x = {(a, b, c, d) for a in range(99) for b in range(99) for c in range(99) for d in range(99)}\n",
            "x",
        ),
        ("x = {}\nfor i in range(60): x = {0: x, 1: x}\ny = str(x)\n", "y"),
        ("x = []\nfor i in range(60): x = [x, x]\ny = repr(x)\n", "y"),
        ("import json\nx = []\nfor i in range(60): x = [x, x]\ny = json.dumps(x)\n", "y"),
        (
            "import copy\nx = []\nfor i in range(60): x = [list(x), list(x)]\ny = copy.deepcopy(x)\n",
            "y",
        ),
        (
            "import yaml\nx = []\nfor i in range(60): x = [list(x), list(x)]\ny = yaml.dump(x)\n",
            "y",
        ),
    ] {
        let made = run(program);
        let value = made.globals.get(name);
        let open = value.is_none_or(|value| !value.holes().is_empty());
        assert!(open, "{program}{name} = {:?}", value.map(short));
    }
}

#[test]
fn huge_numbers_are_not_made() {
    for program in [
        "x = pow(10, 10**9)\n",
        "x = 10 ** 10 ** 9\n",
        "x = 2 ** (2 ** 40)\n",
        "x = 1 << 10**12\n",
        "x = 9\nfor _ in range(60): x = x * x\n",
        "x = 9\nfor _ in range(60): x **= 9\n",
        "import math\nx = math.factorial(10**7)\n",
        "x = int('9' * 1000000)\n",
        "x = str(7 ** 100000)\n",
        "x = 10 ** 5000\ny = str(x)\n",
    ] {
        run(program);
    }
}

#[test]
fn patterns_that_never_end_end() {
    for program in [
        "import re\nx = re.match('(a+)+$', 'a' * 40 + 'b')\n",
        "import re\nx = re.match('(a|a)*$', 'a' * 40 + 'b')\n",
        "import re\nx = re.sub('(x+x+)+y', '', 'x' * 40)\n",
        "import re\nx = re.search('(.*)*z', 'q' * 5000)\n",
        "import re\nx = re.match('(?:a{0,1000}){0,1000}$', 'a' * 1000 + 'b')\n",
        "import re\nx = re.compile('(' * 5000 + ')' * 5000)\n",
        "import fnmatch\nx = fnmatch.fnmatch('a' * 50, '*a' * 25 + 'b')\n",
    ] {
        run(program);
    }
}

#[test]
fn values_that_contain_themselves_end() {
    let made = run(
        "l = []\nl.append(l)\nd = {}\nd['d'] = d\na = str(l)\nb = repr(d)\nclass A: pass\nx = A()\nx.x = x\n\
         import copy\nc = copy.deepcopy(l)\nt = (l, d)\n",
    );
    assert_eq!(made.globals["a"].repr(), "'[[...]]'");
    assert_eq!(made.globals["b"].repr(), "\"{'d': {...}}\"");
    for program in [
        "import json\nl = []\nl.append(l)\nx = json.dumps(l)\n",
        "import yaml\nl = []\nl.append(l)\nx = yaml.dump(l)\n",
        "l = []\nl.append(l)\nm = []\nm.append(m)\nx = l == m\n",
        "l = []\nl.append(l)\nx = l < [l]\ny = sorted([l, l])\n",
        "d = {}\nd['d'] = d\nx = {**d, 'e': d}\ny = d == {'d': d}\n",
        "class A:\n    pass\na = A()\na.__class__ = A\na.me = a\nx = vars(a)\n",
        "l = [1]\nl[0] = (l,)\nx = hash\ny = f'{l}'\n",
        "import os\nl = []\nl.append(l)\nif os.environ['X']:\n    l.append(1)\nx = l\n",
    ] {
        run(program);
    }
}

#[test]
fn deep_nesting_ends() {
    let deep = 3000;
    for program in [
        format!("x = {}1{}\n", "(".repeat(deep), ")".repeat(deep)),
        format!("x = {}{}\n", "[".repeat(deep), "]".repeat(deep)),
        format!("x = {}1\n", "-".repeat(deep)),
        format!("x = {}1\n", "not ".repeat(deep)),
        format!("x = 1{}\n", " + 1".repeat(deep)),
        format!("x = 1{}\n", " ** 1".repeat(deep)),
        format!("x = a{}\n", ".b".repeat(deep)),
        format!("x = f{}\n", "()".repeat(deep)),
        format!("x = {}1{}\n", "lambda: ".repeat(deep), ""),
        format!("x = {}1{}\n", "f(".repeat(deep), ")".repeat(deep)),
        format!("x = 1{}\n", " if 1 else 1".repeat(deep)),
        (0..90).map(|level| format!("{}if 1:\n", " ".repeat(level))).collect::<String>()
            + &" ".repeat(90) + "x = 1\n",
        format!("x = []\nfor _ in range({deep}): x = [x]\ny = str(x)\nz = x == [x]\n"),
        format!("x = ()\nfor _ in range({deep}): x = (x,)\ny = {{x: 1}}\nz = x < (x,)\n"),
        format!("x = {{}}\nfor _ in range({deep}): x = {{'k': x}}\nimport json\ny = json.dumps(x)\n"),
        format!("import json\nx = json.loads('{}{}')\n", "[".repeat(deep), "]".repeat(deep)),
        format!("import yaml\nx = yaml.safe_load('{}{}')\n", "[".repeat(deep), "]".repeat(deep)),
        format!("import copy\nx = []\nfor _ in range({deep}): x = [x]\ny = copy.deepcopy(x)\n"),
        format!("import yaml\nx = []\nfor _ in range({deep}): x = [x]\ny = yaml.dump(x)\n"),
        format!("f = lambda: 1\nfor _ in range({deep}):\n    f = (lambda g: lambda: g())(f)\nx = f()\n"),
        format!("import functools\nf = int\nfor _ in range({deep}): f = functools.partial(f)\nx = f(1)\n"),
        format!("g = iter([1])\nfor _ in range({deep}): g = map(int, g)\nx = list(g)\n"),
        format!("g = [1]\nfor _ in range({deep}): g = (v for v in g)\nx = list(g)\n"),
        format!("import itertools\ng = [1]\nfor _ in range({deep}): g = itertools.chain(g)\nx = list(g)\n"),
        format!("class A: pass\nfor _ in range({deep}):\n    class A(A): pass\nx = A()\n"),
        format!("try:\n    raise ValueError\n{}", "except ValueError:\n    pass\n"),
        "def f(n):\n    try:\n        return f(n + 1)\n    finally:\n        f(n + 1)\nx = f(0)\n".to_owned(),
        "import os\n".to_owned() + &(0..24).map(|n| format!("if os.environ['A{n}']: x = {n}\n")).collect::<String>(),
        "import os\ndef f():\n".to_owned()
            + &(0..18).map(|n| format!("    if os.environ['A{n}'] == '1': return {n}\n")).collect::<String>()
            + "    return -1\nx = f()\n",
        "import os\ndef f():\n    n = 0\n".to_owned()
            + &(0..30)
                .map(|n| format!("    if os.environ['A{n}']:\n        if os.environ['B{n}']:\n            return {n}\n    n += 1\n"))
                .collect::<String>()
            + "    return n\nx = f()\n",
        "import os\nout = []\nfor i in range(40):\n    if os.environ['A'] == str(i): continue\n    if os.environ['B'] == str(i): break\n    out.append(i)\n".to_owned(),
    ] {
        run(&program);
    }
}

#[test]
fn import_cycles_end() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("one.py"), "import two\nfrom two import b\na = 1\n").unwrap();
    std::fs::write(
        folder.path().join("two.py"),
        "import one\nb = 2\ndef late():\n    return one.a\n",
    )
    .unwrap();
    std::fs::write(
        folder.path().join("selfish.py"),
        "from selfish import *\nimport selfish\nx = 1\n",
    )
    .unwrap();
    let settings = Settings { roots: vec![folder.path().to_owned()], ..Settings::default() };
    let made = evaluate(
        "import one\nfrom selfish import x\ny = x\nfrom two import b, late\nc = late()\n",
        &settings,
    );
    assert_eq!(made.globals["y"].repr(), "1");
    assert_eq!(made.globals["b"].repr(), "2");
}
