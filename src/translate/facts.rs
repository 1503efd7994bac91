//! From a DAG to the plain facts that targets need of it.

use serde_json::{Map, Value as Json};

use super::Stages;
use crate::airflow::{Dag, Task};
use crate::discover::Input;
use crate::eval::{Kind, Value};
use crate::spec::{DagFacts, TaskFacts};

/// The facts of a DAG; `specs` of the result is set where its tasks are mapped.
pub(super) fn facts(stages: &dyn Stages, dag: &Dag, input: &Input) -> DagFacts {
    let argument = |name: &str| dag.arguments.get(name).map(|keyword| &keyword.value);
    let text = |name: &str| argument(name).and_then(template);
    let has = |name: &str| argument(name).is_some_and(|value| !value.is_none());
    DagFacts {
        id: dag.dag_id.to_template(),
        source: input.shown.clone(),
        location: input.path.clone(),
        span: dag.span,
        is_global: dag.is_global,
        specs: 0..0,
        timing: dag.timing.clone(),
        catchup: argument("catchup").and_then(Value::truth),
        max_active_runs: argument("max_active_runs")
            .and_then(json)
            .and_then(|number| number.as_u64().and_then(|number| u32::try_from(number).ok())),
        has_end: has("end_date") || argument("default_args").is_some_and(ends),
        has_run_timeout: has("dagrun_timeout"),
        description: text("description"),
        doc: text("doc_md"),
        tags: argument("tags").map(texts).unwrap_or_default(),
        params: params(argument("params"))
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect(),
        unset: unset(argument("params")),
        has_macros: has("user_defined_macros"),
        tasks: dag.tasks.iter().map(|task| task_facts(stages, task)).collect(),
    }
}

fn task_facts(stages: &dyn Stages, task: &Task) -> TaskFacts {
    let docs = ["doc_md", "doc", "doc_rst", "doc_yaml", "doc_json"];
    TaskFacts {
        id: task.task_id.to_template(),
        span: task.span,
        operator: task.operator.class.clone(),
        is_pod: stages.runs_pods(&task.operator),
        upstream: task.upstream.clone(),
        is_mapped: task.expansion.is_some(),
        group: task.group.clone(),
        owner: task.keyword("owner").and_then(template),
        doc: docs.into_iter().find_map(|name| task.keyword(name).and_then(template)),
        params: params(task.keyword("params")),
        unset: unset(task.keyword("params")),
    }
}

/// Whether `default_args` have an end for all tasks.
fn ends(default_args: &Value) -> bool {
    let Kind::Dict(entries) = &default_args.kind else { return false };
    entries.iter().any(|(name, value)| name.as_str() == Some("end_date") && !value.is_none())
}

/// Params by their names, `None` for what is not known; `Param(...)` objects stand for their defaults.
fn params(value: Option<&Value>) -> indexmap::IndexMap<String, Option<Json>> {
    let Some(Kind::Dict(entries)) = value.map(|value| &value.kind) else {
        return indexmap::IndexMap::new();
    };
    entries
        .iter()
        .filter_map(|(name, value)| Some((name.as_str()?.to_owned(), json(value))))
        .collect()
}

/// Params without a default, with the type of their schema.
fn unset(value: Option<&Value>) -> indexmap::IndexMap<String, String> {
    let Some(Kind::Dict(entries)) = value.map(|value| &value.kind) else {
        return indexmap::IndexMap::new();
    };
    let unset = |(name, value): &(Value, Value)| match &value.kind {
        Kind::Object(param) if param.class == "airflow.Param" => {
            Some((name.as_str()?.to_owned(), param.name.clone()))
        }
        _ => None,
    };
    entries.iter().filter_map(unset).collect()
}

/// A string as a template of the job spec.
fn template(value: &Value) -> Option<String> {
    match &value.kind {
        Kind::Str(text) => Some(text.to_template()),
        _ => None,
    }
}

fn texts(value: &Value) -> Vec<String> {
    match &value.kind {
        Kind::List(items) | Kind::Tuple(items) | Kind::Set(items) => {
            items.iter().filter_map(template).collect()
        }
        _ => Vec::new(),
    }
}

/// A value as JSON, if all of it is known.
fn json(value: &Value) -> Option<Json> {
    Some(match &value.kind {
        Kind::None => Json::Null,
        Kind::Bool(flag) => (*flag).into(),
        Kind::Int(number) => i64::try_from(number).ok()?.into(),
        Kind::Float(number) => serde_json::Number::from_f64(*number)?.into(),
        Kind::Str(text) => text.as_literal()?.into(),
        Kind::List(items) | Kind::Tuple(items) => {
            Json::Array(items.iter().map(json).collect::<Option<_>>()?)
        }
        Kind::Dict(entries) => {
            let entries =
                entries.iter().map(|(key, value)| Some((key.as_str()?.to_owned(), json(value)?)));
            Json::Object(entries.collect::<Option<Map<_, _>>>()?)
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;
    use crate::airflow::Settings;
    use crate::discover::IgnoreSyntax;
    use crate::mapping::Tables;
    use crate::spec::Schedule;
    use crate::translate::{Options, Selection, Static, translate};

    /// The facts of a DAG with these arguments and a task with those.
    fn facts_of(dag: &str, task: &str) -> DagFacts {
        let text = format!(
            "from datetime import datetime, timedelta, timezone\n\
             import pendulum\n\
             from airflow import DAG\n\
             from airflow.models.param import Param\n\
             from airflow.timetables.interval import *\n\
             from airflow.timetables.trigger import CronTriggerTimetable\n\
             from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator\n\
             with DAG('d', {dag}):\n    KubernetesPodOperator(task_id='t', image='i', name='n', {task})\n"
        );
        let options = Options {
            cwd: "/nowhere".into(),
            paths: Vec::new(),
            text: Some(text.into_bytes()),
            settings: Settings::default(),
            ignore_syntax: IgnoreSyntax::Glob,
            selection: Selection::default(),
            jobs: None,
        };
        let stages = Static::new(Tables::builtin(), Settings::default().limits.file);
        translate(&stages, &options).unwrap().dags.pop().unwrap()
    }

    #[test]
    fn the_zone_of_a_start_with_a_fixed_offset_is_no_utc() {
        let cases = [
            ("timezone(timedelta(hours=2))", Some("Etc/GMT-2"), None),
            ("timezone(timedelta(hours=-5))", Some("Etc/GMT+5"), None),
            ("timezone(timedelta(0), 'Z')", None, None),
            (
                "timezone(timedelta(hours=5, minutes=30))",
                None,
                Some("in the zone `UTC+05:30`, which has no name,"),
            ),
            (
                "timezone(timedelta(hours=-13))",
                None,
                Some("in the zone `UTC-13:00`, which has no name,"),
            ),
        ];
        for (zone, name, refused) in cases {
            let dag =
                format!("start_date=datetime(2024, 1, 1, tzinfo={zone}), schedule='0 6 * * *'");
            let timing = facts_of(&dag, "").timing;
            assert_eq!(timing.zone.as_deref(), name, "{zone}");
            let expected = match refused {
                Some(words) => Schedule::Other(words.to_owned()),
                None => Schedule::Cron("0 6 * * *".to_owned()),
            };
            assert_eq!(timing.schedule, expected, "{zone}");
        }
        let own = "start_date=datetime(2024, 1, 1, tzinfo=timezone(timedelta(minutes=30))), \
                   schedule=CronTriggerTimetable('0 6 * * *', timezone='Europe/Oslo')";
        let timing = facts_of(own, "").timing;
        assert_eq!(timing.zone.as_deref(), Some("Europe/Oslo"));
        assert_eq!(timing.schedule, Schedule::Cron("0 6 * * *".to_owned()));
    }

    #[test]
    fn the_end_of_a_dag_and_of_its_runs_are_facts() {
        let facts = |dag: &str| {
            let facts = facts_of(dag, "");
            (facts.has_end, facts.has_run_timeout)
        };
        assert_eq!(facts("schedule='@daily', end_date=None"), (false, false));
        let both = "end_date=datetime(2025, 1, 1), dagrun_timeout=timedelta(hours=1)";
        assert_eq!(facts(both), (true, true));
        assert_eq!(facts("default_args={'end_date': datetime(2025, 1, 1)}"), (true, false));
    }

    #[test]
    fn a_trigger_timetable_with_an_interval_is_one_of_intervals() {
        let cases = [
            ("'0 6 * * *', timezone='UTC'", true, true),
            ("'0 6 * * *', timezone='UTC', interval=timedelta(0)", true, true),
            ("'0 6 * * *', timezone='UTC', interval=timedelta(days=1)", true, false),
            ("'@hourly', timezone='Europe/Oslo', interval=timedelta(hours=1)", true, false),
            ("'0 6 * * mon', timezone='UTC', interval=timedelta(weeks=1)", true, false),
            ("'0 6 * * *', timezone='UTC', interval=timedelta(days=2)", false, true),
            ("'0 6 * * *', timezone='Europe/Oslo', interval=timedelta(days=1)", false, true),
            ("'0 6 * * 1-5', timezone='UTC', interval=timedelta(days=1)", false, true),
            ("'0 6 * * *', timezone='UTC', interval=unknown()", false, true),
        ];
        for (arguments, is_cron, is_trigger) in cases {
            let dag = format!(
                "start_date=datetime(2024, 1, 1), schedule=CronTriggerTimetable({arguments})"
            );
            let timing = facts_of(&dag, "").timing;
            assert_eq!(matches!(timing.schedule, Schedule::Cron(_)), is_cron, "{arguments}");
            assert_eq!(timing.is_trigger, is_trigger, "{arguments}");
        }
    }

    #[test]
    fn params_of_a_task_go_before_those_of_its_dag() {
        let facts = facts_of(
            "params={'x': 'dag', 'y': Param(1), 'z': 2}",
            "params={'x': 'task', 'z': unknown()}",
        );
        let params = facts.tasks.first().unwrap().params_in(&facts);
        assert_eq!(json!(params), json!({"x": "task", "y": 1}));
    }

    #[test]
    fn a_param_without_a_default_is_not_one_of_none() {
        let facts = facts_of(
            "params={'n': Param(None, type=['null', 'string']), 's': Param(type='string'), 'i': Param(type='integer'), \
             'd': Param(type='string'), 'o': Param(minimum=3)}",
            "params={'d': 'task', 'n': Param(type='number')}",
        );
        assert_eq!(json!(facts.params), json!({"n": null}));
        assert_eq!(
            json!(facts.unset),
            json!({"s": "string", "i": "integer", "d": "string", "o": ""})
        );
        let unset = facts.tasks.first().unwrap().unset_in(&facts);
        assert_eq!(json!(unset), json!({"s": "string", "i": "integer", "o": "", "n": "number"}));
    }
}
