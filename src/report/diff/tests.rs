#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::report::tests_support::{DAG, built, translation};
use crate::report::{Options, Report, build};
use crate::spec::JobSpec;
use crate::spec::tests_support::{arbitrary_spec, spec_named};

fn open_report(text: &str) -> Report {
    build(&translation(text), &Options { show_secrets: true, ..Options::default() }).report
}

fn diff(old: &str, new: &str) -> Diff {
    let side = |label, text| Side::of_report(label, &open_report(text));
    compare(&side("old", old), &side("new", new), false)
}

fn specs(specs: &[JobSpec]) -> Side {
    Side::of_specs("specs", specs)
}

/// The same difference seen from the other side.
fn mirrored(mut diff: Diff) -> Diff {
    std::mem::swap(&mut diff.old, &mut diff.new);
    let summary = &mut diff.summary;
    std::mem::swap(&mut summary.old_tasks, &mut summary.new_tasks);
    std::mem::swap(&mut summary.added, &mut summary.removed);
    std::mem::swap(&mut summary.better, &mut summary.worse);
    diff.files.iter_mut().for_each(|file| file.readable_now = !file.readable_now);
    for task in &mut diff.tasks {
        std::mem::swap(&mut task.old, &mut task.new);
        std::mem::swap(&mut task.old_readiness, &mut task.new_readiness);
        task.kind = match task.kind {
            Kind::Added => Kind::Removed,
            Kind::Removed => Kind::Added,
            same => same,
        };
        task.trend = task.trend.map(|trend| match trend {
            Trend::Better => Trend::Worse,
            Trend::Worse => Trend::Better,
        });
        for change in &mut task.changes {
            std::mem::swap(&mut change.old, &mut change.new);
        }
    }
    diff
}

/// A difference without the order of its tasks, which puts first what matters on one of the sides.
fn unordered(mut diff: Diff) -> Diff {
    diff.tasks.sort_by_cached_key(|task| {
        let mut names = [task.old.clone(), task.new.clone()];
        names.sort();
        (names, format!("{:?}", task.changes))
    });
    diff
}

/// A few tasks whose names and values often meet.
fn some_specs() -> BoxedStrategy<Vec<JobSpec>> {
    let one = (0..3u8, 0..4u8, 0..3u8, arbitrary_spec().boxed(), any::<bool>()).prop_map(
        |(dag, task, image, any_spec, plain)| {
            let mut spec = if plain { spec_named("", "") } else { any_spec };
            spec.metadata.dag = format!("d{dag}");
            spec.metadata.task = format!("t{task}");
            spec.metadata.map_index = None;
            let container = json!({"name": "base", "image": format!("i{image}"), "args": ["x"]});
            spec.run.base_pod_spec.insert("containers".into(), json!([container]));
            spec
        },
    );
    // On the heap: a job spec has many parts, and the threads of tests have small stacks.
    proptest::collection::vec(one.boxed(), 0..6).boxed()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_side_does_not_differ_from_itself(all in some_specs()) {
        prop_assert!(compare(&specs(&all), &specs(&all), false).is_empty());
    }

    #[test]
    fn swapped_sides_give_the_mirror_image(old in some_specs(), new in some_specs()) {
        let there = compare(&specs(&old), &specs(&new), true);
        let back = compare(&specs(&new), &specs(&old), true);
        prop_assert_eq!(unordered(mirrored(there)), unordered(back));
    }

    #[test]
    fn the_order_of_tasks_does_not_show(old in some_specs(), new in some_specs(), turn in 0usize..6) {
        let mut turned = old.clone();
        let by = turn % turned.len().max(1);
        turned.rotate_left(by);
        turned.reverse();
        let one = compare(&specs(&old), &specs(&new), false);
        prop_assert_eq!(&one, &compare(&specs(&turned), &specs(&new), false));
        let back = compare(&specs(&new), &specs(&turned), false);
        prop_assert_eq!(back, compare(&specs(&new), &specs(&old), false));
    }
}

#[test]
fn changes_are_told_by_their_meaning() {
    let new = DAG
        .replace("image=\"app:1\", namespace", "image=\"app:2\", namespace")
        .replace("\"DAY\": \"{{ ds }}\"", "\"DAY\": \"{{ ds }}\", \"MODE\": \"full\"")
        .replace("hunter2", "swordfish");
    let diff = diff(DAG, &new);
    let told: Vec<(String, &str, &str)> = diff
        .tasks
        .iter()
        .flat_map(|task| {
            let name = task.name().unwrap().to_string();
            task.changes
                .iter()
                .map(move |change| (name.clone(), change.meaning.as_str(), change.path.as_str()))
        })
        .collect();
    assert_eq!(
        told,
        [
            ("nightly.extract".to_owned(), "image", "containers[base].image"),
            ("nightly.load".to_owned(), "secrets", "containers[base].env[DB_PASSWORD]"),
            ("nightly.load".to_owned(), "environment", "containers[base].env[MODE]"),
        ]
    );
    for text in [human(&diff, false), markdown(&diff), html(&diff), json(&diff)] {
        assert!(!text.contains("hunter2") && !text.contains("swordfish"), "{text}");
    }
    assert!(human(&diff, false).contains("another credential"));
}

#[test]
fn a_status_that_moves_is_better_or_worse() {
    let closed = DAG.replace("{os.environ['TAG']}", "7");
    let better = diff(DAG, &closed);
    assert_eq!((better.summary.better, better.summary.worse), (1, 0));
    let worse = diff(&closed, DAG);
    assert_eq!(worse.tasks[0].trend, Some(Trend::Worse));
    assert!(markdown(&worse).contains("| ❌ worse | `nightly.load` | ready → needs values |"));
}

#[test]
fn a_renamed_task_is_one_task() {
    let new = DAG.replace("task_id=\"load\"", "task_id=\"load_all\"");
    let diff = diff(DAG, &new);
    let summary = diff.summary;
    assert_eq!((summary.renamed, summary.added, summary.removed), (1, 0, 0));
    let renamed = diff.tasks.iter().find(|task| task.kind == Kind::Renamed).unwrap();
    assert_eq!(show::name(renamed), "nightly.load → nightly.load_all");
}

#[test]
fn many_new_names_are_found_where_nothing_else_changed() {
    let dag = |name: &str, changed: u32| {
        let tasks: String = (0..600)
            .map(|n| {
                let image = if n == 7 { changed } else { n };
                format!("    KubernetesPodOperator(task_id='{name}{n}', image='app:{image}')\n")
            })
            .collect();
        format!(
            "from airflow import DAG\nfrom airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator\nwith DAG('d'):\n{tasks}"
        )
    };
    let all = diff(&dag("old", 7), &dag("new", 700)).summary;
    assert_eq!((all.renamed, all.added, all.removed), (599, 1, 1));
}

#[test]
fn lines_that_move_change_nothing() {
    assert!(diff(DAG, &format!("# moved\n\n{DAG}")).is_empty());
}

#[test]
fn a_report_without_credentials_is_compared_without_them() {
    let redacted = Side::of_report("old", &built(DAG).report);
    let open = Side::of_report("new", &open_report(DAG));
    assert!(compare(&redacted, &open, false).is_empty());
    assert!(compare(&open, &redacted, false).is_empty());
}

#[test]
fn a_change_in_many_tasks_is_told_once_and_a_comment_stays_short() {
    let dag = |tag: u32, tasks: u32, more: &str| {
        let task = |n| {
            format!(
                "    KubernetesPodOperator(task_id='t{n}', image='app:{tag}', arguments=['{}{more}'])\n",
                "x".repeat(400)
            )
        };
        let tasks: String = (0..tasks).map(task).collect();
        format!(
            "from airflow import DAG\nfrom airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator\nwith DAG('d'):\n{tasks}"
        )
    };
    let all = diff(&dag(1, 40, ""), &dag(2, 40, ""));
    assert_eq!(all.summary.changed, 40);
    let text = markdown(&all);
    assert_eq!(text.matches("app:2").count(), 1, "{text}");
    assert!(text.contains("**In 40 tasks**: `d.t0`, `d.t1`, `d.t10`, 37 more"), "{text}");

    let old = specs(&(0..2000).map(|n| with_args(n, "before")).collect::<Vec<_>>());
    let new = specs(&(0..2000).map(|n| with_args(n, "after")).collect::<Vec<_>>());
    let text = markdown(&compare(&old, &new, false));
    assert!(text.len() < 65_000 && text.contains("left out"), "{}", text.len());
}

fn with_args(number: u32, word: &str) -> JobSpec {
    let mut spec = spec_named("d", &format!("t{number}"));
    spec.run.base_pod_spec =
        json!({"containers": [{"name": "base", "args": [format!("{word}{number}")]}]})
            .as_object()
            .unwrap()
            .clone();
    spec
}
