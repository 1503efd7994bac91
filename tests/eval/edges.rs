//! Dependencies on what is asked of a DAG or a group, and changes of tasks: in the job spec, or told.

use std::num::NonZeroUsize;

use podlift::airflow::Settings;
use podlift::diag::Code;
use podlift::discover::IgnoreSyntax;
use podlift::mapping::Tables;
use podlift::translate::{Options, Selection, Static, Translation, translate};

const HEAD: &str = "\
from airflow import DAG
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator as KPO
from airflow.utils.task_group import TaskGroup
with DAG('d') as dag:
    with TaskGroup('outer') as outer:
        a = KPO(task_id='a', image='i')
        with TaskGroup('inner') as inner:
            b = KPO(task_id='b', image='i')
    last = KPO(task_id='last', image='i')
";

fn translated(edge: &str) -> Translation {
    translated_text(format!("{HEAD}{edge}\n"))
}

/// What becomes of a DAG file.
pub(super) fn translated_text(text: String) -> Translation {
    translated_with(text, Settings::default())
}

/// What becomes of a DAG file under other settings.
pub(super) fn translated_with(text: String, settings: Settings) -> Translation {
    let most_bytes = settings.limits.file;
    let options = Options {
        cwd: std::env::temp_dir(),
        paths: Vec::new(),
        text: Some(text.into_bytes()),
        settings,
        ignore_syntax: IgnoreSyntax::Glob,
        selection: Selection::default(),
        jobs: NonZeroUsize::new(1),
    };
    translate(&Static::new(Tables::builtin(), most_bytes), &options).unwrap()
}

fn upstream_of_last(translation: &Translation) -> Vec<String> {
    let last = translation.specs.iter().find(|spec| spec.metadata.task == "last").unwrap();
    last.metadata.upstream.clone()
}

#[test]
fn the_tasks_of_a_group_are_gone_over_in_order() {
    for (edge, upstream) in [
        ("list(outer)[0] >> last", vec!["outer.a"]),
        ("list(outer)[-1] >> last", vec!["outer.inner.b"]),
        ("[*outer] >> last", vec!["outer.a", "outer.inner.b"]),
        ("for task in inner: task >> last", vec!["outer.inner.b"]),
    ] {
        assert_eq!(upstream_of_last(&translated(edge)), upstream, "{edge}");
    }
}

#[test]
fn a_dependency_on_a_task_asked_for_by_name_is_told() {
    for edge in [
        "dag.task_dict['outer.a'] >> last",
        "outer.children['outer.a'] >> last",
        "last.set_upstream(dag.task_dict['outer.a'])",
    ] {
        let translation = translated(edge);
        let is_told = translation.diagnostics.iter().any(|finding| {
            finding.code == Code::UnresolvedValue && finding.message.contains("dependency")
        });
        assert!(is_told || !upstream_of_last(&translation).is_empty(), "{edge} is lost");
    }
}

#[test]
fn a_change_of_a_task_under_an_unknown_name_is_told() {
    let translation = translated("import os\nsetattr(last, os.environ['ATTRIBUTE'], 'x')");
    let is_told = translation.diagnostics.iter().any(|finding| {
        finding.code == Code::UnresolvedValue && finding.message.contains("attribute")
    });
    assert!(is_told);
}

#[test]
fn what_is_changed_in_tasks_that_are_asked_for_by_their_place_is_open() {
    for edge in [
        "for task in dag.roots: task.image = 'x'",
        "for task in dag.leaves: task.image = 'x'",
        "for task in last.upstream_list: task.image = 'x'",
        "a.downstream_list[0].image = 'x'",
        "dag.get_task(os.environ['T']).image = 'x'",
    ] {
        let edge = format!("import os\nif os.environ['E']: a >> last\n{edge}");
        for spec in &translated(&edge).specs {
            let image = &spec.run.base_pod_spec["containers"][0]["image"];
            assert!(image.as_str().unwrap().contains("${"), "{edge}: {image}");
        }
    }
}
