//! Tasks that a DAG may make are found, whatever decides whether it makes them, and what comes to pass only perhaps is
//! never stated as certain.

use super::edges::translated_text;

/// A statement, and the tasks it may make.
type Case = (&'static str, &'static [&'static str]);

const CASES: &[Case] = &[
    // Comprehensions and generator expressions go on after a condition that nobody knows.
    ("[mk(i) for i in range(3) if U[i]]", &["t0", "t1", "t2"]),
    ("{mk(i) for i in range(3) if U[i]}", &["t0", "t1", "t2"]),
    ("{i: mk(i) for i in range(3) if U[i]}", &["t0", "t1", "t2"]),
    ("list(mk(i) for i in range(3) if U[i])", &["t0", "t1", "t2"]),
    ("any(mk(i) for i in range(3) if U[i])", &["t0", "t1", "t2"]),
    ("for t in (mk(i) for i in range(3) if U[i]): pass", &["t0", "t1", "t2"]),
    (
        "[mk(2 * i + j) for i in range(2) if U[i] for j in range(2) if U[j]]",
        &["t0", "t1", "t2", "t3"],
    ),
    ("[mk(f'{i}{u}') for i in range(2) for u in U]", &["t0${*}", "t1${*}"]),
    // So do generators.
    (
        "def g():\n        for i in range(3):\n            if U[i]: yield mk(i)\n    list(g())",
        &["t0", "t1", "t2"],
    ),
    (
        "def g():\n        for i in range(2):\n            if U[i]: yield i\n            mk(i)\n    next(g())",
        &["t0", "t1"],
    ),
    (
        "def g():\n        yield from (i for i in range(2) if U[i])\n        mk(3)\n    list(g())",
        &["t3"],
    ),
    // Functions that are called for what nobody knows.
    ("list(map(mk, U))", &["t${*}"]),
    ("list(map(mk, filter(lambda i: U[i], range(3))))", &["t${*}"]),
    ("functools.reduce(lambda a, i: mk(1), U, None)", &["t1"]),
    // One of several functions, classes or objects.
    ("f = mk if U else nk\n    f(1)", &["t1", "n1"]),
    ("{'a': mk, 'b': nk}[U['k']](1)", &["t1", "n1"]),
    ("{'a': mk}.get(U['k'], nk)(1)", &["t1", "n1"]),
    ("[mk, nk][U](1)", &["t1", "n1"]),
    ("fs = []\n    if U: fs.append(mk)\n    for f in fs: f(1)", &["t1"]),
    ("fs = {'a': mk}\n    if U: fs['b'] = nk\n    for f in fs.values(): f(1)", &["t1", "n1"]),
    ("for f, i in zip([mk, nk], U): f(1)", &["t1", "n1"]),
    ("for i, f in [one for one in [(1, mk), (2, mk)] if U[one[0]]]: f(1)", &["t1"]),
    ("(C() if U else D()).go(1)", &["t1", "n1"]),
    ("o = C() if U else D()\n    o.b += 1\n    o.go(1)", &["t1", "n1"]),
    ("(C if U else D).make(1)", &["t1", "n1"]),
    ("(C() if U else D())(1)", &["t1", "n1"]),
    ("getattr(D(), U['m'])(1)", &["n1"]),
    ("getattr(C(), f'{U}_late')(1)", &["t7"]),
    ("globals()[U['k']](1)", &["t1", "n1"]),
    ("o = D()\n    if U: o.f = mk\n    getattr(o, 'f', nk)(1)", &["t1", "n1"]),
    ("Op = K if U else BashOperator\n    Op(task_id='t1', name='n', image='b')", &["t1"]),
    ("class X(C if U else D): pass\n    X().go(1)", &["t1", "n1"]),
    // What Python calls by itself on one of several objects.
    ("O >> 1", &["t1", "n1"]),
    ("1 >> O", &["t2", "n2"]),
    ("U >> E()", &["t2"]),
    ("sum([O, O])", &["t2", "n2", "t3", "n3"]),
    ("O += 1", &["t3", "n3"]),
    ("O[0]", &["t4", "n4"]),
    ("O[0](5)", &["t4", "n4", "t5"]),
    ("O[U] = 1", &["t5", "n5"]),
    ("del O[U]", &["t6", "n6"]),
    ("U in O", &["t7", "n7"]),
    ("for x in O: pass", &["t8", "n8"]),
    ("list(O)", &["t8", "n8"]),
    ("[1 for x in O]", &["t8", "n8"]),
    ("with O: pass", &["t1", "n1", "t9", "n9"]),
    ("O == 1", &["t6", "n6"]),
    ("O.q = 1", &["t7", "n7"]),
    ("getattr(E(), U)", &["t4"]),
    ("O.p", &["t4", "n4"]),
    (
        "def g():\n        try: yield [mk, U['k']][0]\n        except KeyError: yield nk\n    for f in g(): f(1)",
        &["t1", "n1"],
    ),
    // Values under keys that nobody knows.
    ("fs = {x: mk for x in U}\n    for f in fs.values(): f(1)", &["t1"]),
    // Not all attributes of what Airflow makes are known.
    ("if not hasattr(DAG('e'), 'nope'): mk(1)", &["t1"]),
    // The body of a `try` that may have been left.
    ("try:\n        U['k']\n        mk(1)\n    except KeyError: pass", &["t1"]),
];

fn program(statement: &str) -> String {
    format!(
        "import functools\nfrom airflow import DAG\n\
         from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator as K\nfrom airflow.models import Variable\nfrom airflow.operators.bash import BashOperator\n\
         U = Variable.get('u', deserialize_json=True)\nS = {{'image': 'a'}}\n\
         def mk(i):\n    S['image'] = 'b'\n    return K(task_id=f't{{i}}', name='n', image='i')\n\
         def nk(i):\n    S['image'] = 'b'\n    return K(task_id=f'n{{i}}', name='n', image='i')\n\
         class C:\n    b = 0\n    def go(self, i): return mk(i)\n    def go_late(self, i): return mk(7)\n\
         \x20   @staticmethod\n    def make(i): return mk(i)\n    def __call__(self, i): return mk(i)\n\
         class D:\n    b = 0\n    def go(self, i): return nk(i)\n    @classmethod\n    def make(cls, i): return nk(i)\n\
         \x20   def __call__(self, i): return nk(i)\n\
         class E:\n    m = staticmethod(mk)\n    def __rshift__(self, o): self.m(1)\n    def __rrshift__(self, o): self.m(2)\n\
         \x20   def __radd__(self, o): self.m(2)\n    def __add__(self, o): self.m(3)\n\
         \x20   def __getitem__(self, i):\n        self.m(4)\n        return mk\n    def __setitem__(self, i, v): self.m(5)\n\
         \x20   def __delitem__(self, i): self.m(6)\n    def __contains__(self, i): self.m(7)\n    def __iter__(self): yield self.m(8)\n\
         \x20   def __enter__(self): self.m(1)\n    def __exit__(self, *a): self.m(9)\n    def __eq__(self, o): self.m(6)\n\
         \x20   def __setattr__(self, n, v): self.m(7)\n    @property\n    def p(self): self.m(4)\n\
         class F(E): m = staticmethod(nk)\nO = E() if U else F()\n\
         with DAG('d'):\n    {statement}\n    K(task_id='last', name='n', image=S['image'])\n"
    )
}

/// A task id with `${*}` for what nobody knows of it.
fn shown(id: &str) -> String {
    let mut parts = id.split("${");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        text + "${*}" + part.rsplit_once('}').map_or("", |(_, rest)| rest)
    })
}

#[test]
fn tasks_are_found_and_told_to_be_uncertain() {
    let mut wrong = Vec::new();
    for (statement, expected) in CASES {
        let translation = translated_text(program(statement));
        let mut found: Vec<String> = Vec::new();
        for spec in &translation.specs {
            let about = &spec.metadata;
            if about.task == "last" {
                let pod = serde_json::Value::Object(spec.run.base_pod_spec.clone());
                let image = pod.pointer("/containers/0/image").and_then(|image| image.as_str());
                let is_open = image.is_some_and(|image| image.contains("${"));
                if !is_open && !statement.starts_with("Op") {
                    wrong.push(format!("{statement}: the last image is certain: {image:?}"));
                }
                continue;
            }
            if about.conditions.is_empty() && about.pattern.is_none() {
                wrong.push(format!("{statement}: {} is certain", about.task));
            }
            found.push(shown(&about.task));
        }
        found.sort();
        found.dedup();
        let mut expected: Vec<&str> = expected.to_vec();
        expected.sort_unstable();
        if found != expected {
            wrong.push(format!("{statement}: found {found:?} instead of {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
