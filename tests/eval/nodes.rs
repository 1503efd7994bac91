//! Tasks, DAGs and groups of one's own classes, or of which it is not known which one they are.

use std::collections::BTreeMap;

use super::edges::translated_text;

const HEAD: &str = "\
import types
from airflow import DAG
from airflow.models import Variable
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator as K
from airflow.utils.task_group import TaskGroup
U = Variable.get('u', deserialize_json=True)
def mk(name): return K(task_id=name, name=name, image='i')
class Dag(DAG):
    def __init__(self, name):
        super().__init__(name)
        self.made = 0
    def add(self, name):
        self.made += 1
        return K(task_id=f'{name}{self.made}', image='i', dag=self)
class Group(TaskGroup):
    image = 'g'
    def __enter__(self):
        K(task_id=f'enter_{self.group_id}', image=self.image)
        return super().__enter__()
class Task(K):
    def __rshift__(self, other):
        self.labels['before'] = 'yes'
        return super().__rshift__(other)
";

/// The tasks of a program: whether they are certain, with the image and what stands upstream.
fn tasks(program: &str) -> BTreeMap<String, (bool, String, Vec<String>)> {
    let translation = translated_text(format!("{HEAD}{program}\n"));
    let told = |spec: &podlift::spec::JobSpec| {
        let about = &spec.metadata;
        let pod = serde_json::Value::Object(spec.run.base_pod_spec.clone());
        let image = pod.pointer("/containers/0/image").and_then(|image| image.as_str());
        let is_certain = about.conditions.is_empty() && about.pattern.is_none();
        let name = format!("{}.{}", about.dag, about.task);
        (name, (is_certain, image.unwrap_or_default().to_owned(), about.upstream.clone()))
    };
    translation.specs.iter().map(told).collect()
}

fn certain(program: &str) -> Vec<String> {
    tasks(program).into_iter().filter(|(_, told)| told.0).map(|(name, _)| name).collect()
}

fn uncertain(program: &str) -> Vec<String> {
    tasks(program).into_iter().filter(|(_, told)| !told.0).map(|(name, _)| name).collect()
}

#[test]
fn a_block_is_gone_through_for_each_manager_it_may_have() {
    for (program, expected) in [
        ("with (DAG('a') if U else DAG('b')): mk('t')", vec!["a.t", "b.t"]),
        (
            "with DAG('a'):\n    with (TaskGroup('g') if U else TaskGroup('h')): mk('t')",
            vec!["a.g.t", "a.h.t"],
        ),
        (
            "with DAG('a'):\n    gs = [TaskGroup('g'), TaskGroup('h'), TaskGroup('k')]\n    with gs[U]: mk('t')",
            vec!["a.g.t", "a.h.t", "a.k.t"],
        ),
    ] {
        assert_eq!(uncertain(program), expected, "{program}");
        assert!(certain(program).is_empty(), "{program}");
    }
}

#[test]
fn methods_of_dags_and_groups_make_tasks() {
    for (program, expected) in [
        ("d = Dag('a')\nd.add('t')\nd.add('t')", vec!["a.t1", "a.t2"]),
        (
            "d = Dag('a')\nfor add in [d.add, types.MethodType(Dag.add, d)]: add('t')",
            vec!["a.t1", "a.t2"],
        ),
        ("with DAG('a'):\n    with Group('g'): mk('t')", vec!["a.enter_g", "a.g.t"]),
        (
            "with DAG('a') as d:\n    list(map(mk, 'xy'))\nassert list(d.task_dict) == ['x', 'y']",
            vec!["a.x", "a.y"],
        ),
    ] {
        assert_eq!(certain(program), expected, "{program}");
    }
    // One of two, and nobody knows how many it has by then.
    let program = "a, b = Dag('a'), Dag('b')\n(a if U else b).add('t')\na.add('s')";
    assert_eq!(uncertain(program), ["a.t1", "b.t1"]);
    let open = certain(program);
    assert!(matches!(open.as_slice(), [one] if one.starts_with("a.s${")), "{open:?}");
}

#[test]
fn what_is_changed_through_any_handle_reaches_the_pod() {
    for change in [
        "d.task_dict['g.t'].image = 'new'",
        "for t in d.topological_sort(): t.image = 'new'",
        "for t in g.children.values(): t.image = 'new'",
        "g.get_child_by_label('t').image = 'new'",
        "next(g.get_roots()).image = 'new'",
        "[t for t in g.get_leaves()][0].image = 'new'",
        "for t in g.iter_tasks(): t.image = 'new'",
        "setattr(d.get_task('g.t'), 'image', 'new')",
    ] {
        let program =
            format!("with DAG('a') as d:\n    with TaskGroup('g') as g: mk('t')\n{change}");
        let found = tasks(&program);
        assert_eq!(found.get("a.g.t").map(|told| told.1.as_str()), Some("new"), "{change}");
    }
    // Of one of them, nobody knows which.
    for change in
        ["for t in d.task_group.children.values(): t.image = 'new'", "g.children[U].image = 'new'"]
    {
        let program =
            format!("with DAG('a') as d:\n    with TaskGroup('g') as g: mk('t')\n{change}");
        let image = tasks(&program).remove("a.g.t").map(|told| told.1).unwrap_or_default();
        assert!(image.starts_with("${"), "{change}: {image}");
    }
}

#[test]
fn setups_and_teardowns_stand_around_the_work_of_their_block() {
    for (block, upstream_of_work, upstream_of_teardown) in [
        ("with s >> t: mk('work')", vec!["s"], vec!["s", "work"]),
        ("with t.as_teardown(setups=s): mk('work')", vec!["s"], vec!["s", "work"]),
        ("with s: mk('work')", vec!["s"], vec![]),
        ("with t: mk('work')", vec![], vec!["work"]),
        ("with (s if U else s) >> t: mk('work')", vec!["s"], vec!["s", "work"]),
    ] {
        let program = format!(
            "with DAG('a'):\n    s = mk('s').as_setup()\n    t = mk('t').as_teardown()\n    {block}"
        );
        let found = tasks(&program);
        assert_eq!(found["a.work"].2, upstream_of_work, "{block}");
        assert_eq!(found["a.t"].2, upstream_of_teardown, "{block}");
    }
}

#[test]
fn first_and_last_tasks_are_known_where_all_edges_are() {
    let head = "with DAG('a') as d:\n    with TaskGroup('g') as g:\n        s, w, t = mk('s').as_setup(), mk('w'), mk('t').as_teardown()\n        s >> w >> t\n    b = mk('b')\n    last = mk('last')\n";
    for (statement, upstream) in [
        ("for t in d.roots: t >> last if t is not last else None", vec!["b", "g.s"]),
        ("for t in d.leaves: t >> last if t is not last else None", vec!["b", "g.t"]),
        // What comes after a group does not wait for its teardowns.
        ("g >> last", vec!["g.w"]),
        ("g.leaves >> last", vec!["g.w"]),
        ("g.roots >> last", vec!["g.s"]),
        ("w.upstream_list >> last", vec!["g.s"]),
        ("[d.get_task(name) for name in w.downstream_task_ids] >> last", vec!["g.t"]),
        ("w.task_group.roots >> last", vec!["g.s"]),
    ] {
        let found = tasks(&format!("{head}    {statement}"));
        assert_eq!(found["a.last"].2, upstream, "{statement}");
    }
    for open in ["if U: s >> b", "if U: mk('u')", "d.get_task(U) >> b", "for u in U: mk(u)"] {
        let program = format!("{head}    {open}\n    b.image = str(len(d.roots))");
        let image = &tasks(&program)["a.b"].1;
        assert!(image.starts_with("${"), "{open}: {image}");
    }
}

#[test]
fn mapped_groups_wait_for_what_they_are_mapped_over() {
    let program = "\
from airflow.decorators import task_group
with DAG('a'):
    x = mk('x')
    @task_group
    def each(name):
        mk('first') >> mk('second')
    each.expand(name=x.output)";
    let found = tasks(program);
    assert_eq!(found["a.each.first"].2, ["x"]);
    assert_eq!(found["a.each.second"].2, ["each.first"]);
}

#[test]
fn xcoms_are_looked_for_where_airflow_looks() {
    for (argument, upstream) in [
        ("arguments=[x.output]", vec!["x"]),
        ("arguments=(x.output,)", vec!["x"]),
        ("labels={'a': [x.output]}", vec!["x"]),
        ("env_vars={'A': x.output}", vec!["x"]),
        // Airflow does not look into models, nor into what it does not render.
        ("env_vars=[k8s.V1EnvVar(name='A', value=x.output)]", vec![]),
        ("priority_class_name=x.output", vec![]),
        ("tolerations=[{'key': x.output}]", vec![]),
        ("cmds=['a', f'{x.output}']", vec![]),
    ] {
        let program = format!(
            "from kubernetes.client import models as k8s\nwith DAG('a'):\n    x = mk('x')\n    K(task_id='t', image='i', {argument})"
        );
        assert_eq!(tasks(&program)["a.t"].2, upstream, "{argument}");
    }
}

#[test]
fn classes_of_tasks_say_what_their_operators_do() {
    let program =
        "with DAG('a'):\n    a = Task(task_id='a', image='i', labels={})\n    a >> mk('b')";
    let translation = translated_text(format!("{HEAD}{program}\n"));
    let first = translation.specs.iter().find(|spec| spec.metadata.task == "a");
    let labels = first.map(|spec| serde_json::Value::Object(spec.run.base_pod_meta.clone()));
    let labels = labels.and_then(|meta| meta.pointer("/labels/before").cloned());
    assert_eq!(labels, Some("yes".into()));
    assert_eq!(tasks(program)["a.b"].2, ["a"]);
}

/// What is told about a program, each code with the beginning of its message.
fn told(program: &str) -> Vec<String> {
    let translation = translated_text(format!("{HEAD}{program}\n"));
    let is_warning = |told: &&podlift::diag::Diagnostic| {
        told.code.severity() >= podlift::diag::Severity::Warning
    };
    let findings = translation.diagnostics.iter().filter(is_warning);
    findings.map(|told| format!("{} {}", told.code.as_str(), told.message)).collect()
}

#[test]
fn what_is_made_on_both_sides_of_a_branch_depends_on_it_no_more() {
    for (program, expected) in [
        ("with DAG('a'):\n    if U: mk('t')\n    else: mk('t')", vec!["a.t"]),
        (
            "with DAG('a'):\n    if U: mk('t')\n    elif U['k']: mk('t')\n    else: mk('t')",
            vec!["a.t"],
        ),
        ("with DAG('a'):\n    if U: mk('t')\n    elif U['k']: mk('t')", vec![]),
        (
            "with DAG('a'):\n    if U:\n        if U['k']: mk('t')\n    else:\n        if U['l']: mk('t')",
            vec![],
        ),
        ("c = U == 1\nwith DAG('a'):\n    if c: t = mk('t')\n    if c: t.image = 'j'", vec![]),
        ("with DAG('a'):\n    if U: mk(f't{U}')\n    else: mk(f't{U}')", vec![]),
        (
            "if U:\n    with DAG('a') as d: mk('t')\nelse:\n    with DAG('a') as d:\n        mk('t')\n        mk('u')",
            vec!["a.t"],
        ),
        // What they hold may lead back to them.
        (
            "def make(image):\n    dag = DAG('a')\n    args = {'dag': dag}\n    args['task'] = K(task_id='t', image=image, params=args, dag=dag)\n    return dag, args\nif U: dag, args = make('i')\nelse: dag, args = make('j')\nargs['task'].image_pull_policy = 'Always'",
            vec!["a.t"],
        ),
    ] {
        assert_eq!(certain(program), expected, "{program}");
        assert!(tasks(program).contains_key("a.t") || !uncertain(program).is_empty(), "{program}");
    }
}

#[test]
fn a_task_of_one_of_several_classes_is_one_task() {
    let head = "class L(K): pass\nclass M(K):\n    def __init__(self, **kw): super().__init__(image='m', **kw)\n\
                from elsewhere import Far\nclass N(Far):\n    def __init__(self, channel, **kw): super().__init__(**kw)\n\
                from airflow.operators.bash import BashOperator as B\n";
    for (choice, image) in [
        ("(K if U else L)(task_id='x', image='i')", "i"),
        ("(L if U else M)(task_id='x', name='n')", ""),
        ("(B if U else N)(task_id='x', channel='c')", ""),
    ] {
        let program = format!("{head}with DAG('a'):\n    mk('first') >> {choice} >> mk('last')");
        let made = tasks(&program);
        assert_eq!(made["a.last"].2, ["x"], "{choice}");
        if choice.starts_with("(B") {
            continue;
        }
        assert_eq!(made["a.x"].2, ["first"], "{choice}");
        assert!(!made["a.x"].0, "{choice}");
        assert!(image.is_empty() || made["a.x"].1 == image, "{choice}: {made:?}");
        assert!(!told(&program).iter().any(|told| told.starts_with("KPO208")), "{choice}");
    }
}

#[test]
fn subclasses_of_operators_that_are_not_known_are_tasks() {
    let program = "from elsewhere import SlackOperator\nclass Slack(SlackOperator):\n    def __init__(self, channel, **kw):\n        super().__init__(retries=1, **kw)\n        self.channel = channel\n\
                   with DAG('a'): mk('t') >> Slack(task_id='s', channel='c') >> mk('u') >> Slack('c') >> mk('v')";
    let made = tasks(program);
    assert_eq!(made["a.u"].2, ["s"]);
    assert_eq!(made["a.v"].2, ["${name:Slack.task_id}"]);
    let told = told(program);
    let unresolved = told.iter().filter(|told| told.starts_with("KPO213 `SlackOperator`"));
    assert_eq!(unresolved.count(), 2, "{told:?}");
}

#[test]
fn operators_take_keywords_only() {
    let program = "class T(K):\n    def __init__(self, image, **kw): super().__init__(image=image, **kw)\nwith DAG('a'):\n    mk('t')\n    T('i', task_id='u')";
    assert_eq!(certain(program), ["a.t"]);
    let told = told(program);
    assert!(told.iter().any(|told| told.contains("Use keyword arguments")), "{told:?}");
}

#[test]
fn loops_that_may_end_at_each_turn_go_on() {
    for program in [
        "rows, token = [], None\nwhile True:\n    page = U(token) or {}\n    if not page.get('items'): break\n    rows.extend(page['items'])\n    token = page['next']",
        "import itertools\nrows = []\nfor i in itertools.count():\n    rows.append(U(i))\n    if not rows[-1]: break",
        "def pages():\n    while True:\n        page = U()\n        yield page\n        if page.last: return\nrows = list(pages())",
    ] {
        let program =
            format!("{program}\nwith DAG('a'): K(task_id='t', image='i', arguments=rows)");
        assert_eq!(certain(&program), ["a.t"], "{program}");
        assert!(!told(&program).iter().any(|told| told.starts_with("KPO203")), "{program}");
        let translation = translated_text(format!("{HEAD}{program}\n"));
        assert!(!translation.specs[0].holes.is_empty(), "{program}");
    }
}

#[test]
fn decorators_that_are_not_known_may_change_arguments() {
    let program = "from elsewhere import transform\n@transform\ndef rank(table): return mk('r')\nwith DAG('a'):\n    rank(1)\n    rank(table=1, output=2)\n    mk('t')";
    assert_eq!(certain(program), ["a.t"]);
    assert_eq!(uncertain(program), ["a.r"]);
    assert!(told(program).iter().all(|told| !told.starts_with("KPO202")));
}

#[test]
fn defaults_that_only_serve_to_complain_are_not_taken() {
    let read = "def read(name):\n    found = Variable.get(name, default_var=None)\n    if not found: raise ValueError(name)\n    return found\n";
    let program = format!("{read}with DAG('a'): K(task_id='t', image=read('image'))");
    assert_eq!(certain(&program), ["a.t"]);
    let translation = translated_text(format!("{HEAD}{program}\n"));
    assert_eq!(translation.specs[0].holes[0].name, "variable:image");
    // An exception that comes with any value stays one.
    let program = format!(
        "{read}tag = Variable.get('tag', default_var='v1')\nwith DAG('a'):\n    K(task_id='t', image=tag)\n    raise KeyError(1)"
    );
    assert_eq!(tasks(&program)["a.t"].1, "v1");
    assert!(told(&program).iter().any(|told| told.starts_with("KPO202")));
}
