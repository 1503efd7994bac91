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
