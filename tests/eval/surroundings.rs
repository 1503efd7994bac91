//! Tasks made in loops over sets: what every order of the set gives is certain, the rest is open or told.

use podlift::airflow::Settings;
use podlift::diag::{Code, Severity};
use podlift::spec::JobSpec;
use podlift::translate::Translation;

use super::edges::{translated_text, translated_with};

fn translated(body: &str) -> Translation {
    translated_text(program(body))
}

fn program(body: &str) -> String {
    format!(
        "from airflow import DAG\n\
         from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator as K\n\
         names = {{'q', 'a', 'z'}}\n\
         def mk(i, *args): return K(task_id=i, name='n', image='i', arguments=list(args))\n\
         with DAG('d'):\n    {body}\n"
    )
}

fn ids(translation: &Translation) -> Vec<&str> {
    let mut ids: Vec<&str> =
        translation.specs.iter().map(|spec| spec.metadata.task.as_str()).collect();
    ids.sort_unstable();
    ids
}

fn warnings(translation: &Translation) -> Vec<&str> {
    let told = translation.diagnostics.iter().filter(|told| told.severity != Severity::Info);
    told.map(|told| told.message.as_str()).collect()
}

fn is_certain(spec: &JobSpec) -> bool {
    spec.metadata.conditions.is_empty() && spec.metadata.pattern.is_none()
}

fn arguments(spec: &JobSpec) -> &serde_json::Value {
    &spec.run.base_pod_spec["containers"][0]["args"]
}

#[test]
fn tasks_that_every_order_makes_are_certain() {
    for body in [
        "for n in names: mk(n, n)",
        "for n in list(set(names)): mk(n, n)",
        "[mk(n, n) for n in names]",
        "list(map(mk, names, names))",
        "while names:\n        n = names.pop()\n        mk(n, n)",
        "for i, n in enumerate(names): mk(n, n)",
    ] {
        let translation = translated(body);
        assert_eq!(ids(&translation), ["a", "q", "z"], "{body}");
        for spec in &translation.specs {
            assert!(is_certain(spec), "{body}");
            assert_eq!(arguments(spec)[0], spec.metadata.task, "{body}");
        }
        assert_eq!(warnings(&translation), Vec::<&str>::new(), "{body}");
    }
}

#[test]
fn what_depends_on_the_order_is_open() {
    let translation = translated("for i, n in enumerate(names): mk(n, str(i), n)");
    for spec in &translation.specs {
        assert_eq!(arguments(spec)[0], "${nondeterministic:order of a set}");
        assert_eq!(arguments(spec)[1], spec.metadata.task);
    }
}

#[test]
fn tasks_that_some_orders_make_stand_under_a_condition() {
    let translation = translated("mk('first_' + next(iter(names)))");
    assert!(translation.specs.len() > 1, "{:?}", ids(&translation));
    for spec in &translation.specs {
        assert!(spec.metadata.task.starts_with("first_"));
        assert!(!is_certain(spec), "{}", spec.metadata.task);
    }
}

#[test]
fn a_chain_in_the_order_of_a_set_is_told() {
    let body = "last = None\n    for n in names:\n        made = mk(n)\n        \
                if last: last >> made\n        last = made";
    let translation = translated(body);
    assert_eq!(ids(&translation), ["a", "q", "z"]);
    let told: Vec<&str> = translation
        .diagnostics
        .iter()
        .filter(|told| {
            told.code == Code::UnresolvedValue && told.message.contains("order of a set")
        })
        .map(|told| told.message.as_str())
        .collect();
    assert!(told.len() >= 2, "{told:?}");
    // What all of them lead to does not depend on it.
    let translation = translated("end = mk('end')\n    [mk(n) for n in names] >> end");
    let end = translation.specs.iter().find(|spec| spec.metadata.task == "end").unwrap();
    assert_eq!(end.metadata.upstream, ["a", "q", "z"]);
    assert_eq!(warnings(&translation), Vec::<&str>::new());
}

#[test]
fn what_was_not_evaluated_in_every_order_is_told() {
    let mut settings = Settings::default();
    settings.limits.steps = 30_000;
    let body = "for n in names: mk(n)\n    for i in range(1500): [i, i, i]";
    let translation = translated_with(program(body), settings);
    let told = translation.diagnostics.iter().find(|told| told.code == Code::LimitReached).unwrap();
    assert!(told.message.contains("order of a set"), "{}", told.message);
    assert!(translation.specs.iter().all(|spec| !is_certain(spec)));
}
