//! What a launcher needs beside the pod: retries, times, the trigger rule, the pool and the order of tasks.

use serde_json::{Value as Json, json};

use super::compare::{Unequal, compare, is_open};
use super::record::{Facts, TaskRecord};
use crate::spec::{JobSpec, Launcher, Open, Pointer};

/// Compares the facts; a job spec leaves out those that are Airflow's own defaults.
pub(super) fn compare_facts(spec: &JobSpec, record: &TaskRecord, found: &mut Vec<Unequal>) {
    let launcher = Pointer::default().key("launcher");
    for fact in record.facts.iter().flat_map(|facts| facts_of(&spec.launcher, facts)) {
        let path = format!("launcher.{}", fact.name);
        let ours = fact.ours.unwrap_or(fact.default);
        compare(Some(&ours), Some(&as_number(fact.theirs)), &path, &launcher.key(fact.name), found);
    }
    if spec.metadata.upstream.iter().any(|id| is_open(id)) {
        return;
    }
    let mut theirs = record.upstream.clone();
    theirs.sort();
    let mut ours = spec.metadata.upstream.clone();
    ours.sort();
    let pointer = Pointer::default().key("metadata").key("upstream");
    if json!(ours) != json!(theirs) {
        found.push(Unequal {
            path: "metadata.upstream".to_owned(),
            pointer,
            theirs: json!(theirs),
            ours: json!(ours),
        });
    }
}

struct Fact<'a> {
    name: &'static str,
    ours: Option<Json>,
    /// What Airflow has when nothing is said.
    default: Json,
    theirs: &'a Json,
}

fn facts_of<'a>(ours: &Launcher, theirs: &'a Facts) -> Vec<Fact<'a>> {
    vec![
        Fact {
            name: "retries",
            ours: number(ours.retries.as_ref()),
            default: json!(0.0),
            theirs: &theirs.retries,
        },
        Fact {
            name: "retry_delay_seconds",
            ours: number(ours.retry_delay_seconds.as_ref()),
            default: json!(300.0),
            theirs: &theirs.retry_delay,
        },
        Fact {
            name: "execution_timeout_seconds",
            ours: number(ours.execution_timeout_seconds.as_ref()),
            default: Json::Null,
            theirs: &theirs.execution_timeout,
        },
        Fact {
            name: "trigger_rule",
            ours: ours.trigger_rule.as_ref().map(|rule| json!(rule)),
            default: json!("all_success"),
            theirs: &theirs.trigger_rule,
        },
        Fact {
            name: "pool",
            ours: ours.pool.as_ref().map(|pool| json!(pool)),
            default: json!("default_pool"),
            theirs: &theirs.pool,
        },
    ]
}

fn number(value: Option<&Open<f64>>) -> Option<Json> {
    value.map(|value| match value {
        Open::Known(number) => json!(number),
        Open::Text(text) => json!(text),
    })
}

/// Numbers without the difference between `3` and `3.0`, which is none for a launcher.
fn as_number(value: &Json) -> Json {
    value.as_f64().map_or_else(|| value.clone(), |number| json!(number))
}
