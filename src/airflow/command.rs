//! The command that a function under `@task.kubernetes_cmd` returns. Airflow calls the function when the task runs, with
//! its arguments rendered and the names of the run beside them; podlift calls it with stand-ins for those, and puts the
//! templates that give the same in their places.

use std::rc::Rc;
use std::sync::Arc;

use crate::eval::call::{Args, Kwarg};
use crate::eval::interp::Interp;
use crate::eval::library::airflow::TaskObject;
use crate::eval::object::{Data, FunctionObject, Map, Object, Val};
use crate::eval::template::has_jinja;
use crate::eval::{Hole, HoleKind, Kind, Segment, Text, Value};
use crate::jinja::taken_in;
use crate::python::Span;
use crate::python::ast::Name;

/// Names of the run that Airflow 2 or 3 hands to a function that asks for them, sorted.
const CONTEXT: [&str; 45] = [
    "conf",
    "conn",
    "dag",
    "dag_run",
    "data_interval_end",
    "data_interval_start",
    "ds",
    "ds_nodash",
    "execution_date",
    "expanded_ti_count",
    "inlet_events",
    "inlets",
    "logical_date",
    "macros",
    "map_index_template",
    "next_ds",
    "next_ds_nodash",
    "next_execution_date",
    "outlet_events",
    "outlets",
    "params",
    "prev_data_interval_end_success",
    "prev_data_interval_start_success",
    "prev_ds",
    "prev_ds_nodash",
    "prev_end_date_success",
    "prev_execution_date",
    "prev_execution_date_success",
    "prev_start_date_success",
    "run_id",
    "task",
    "task_instance",
    "task_instance_key_str",
    "task_reschedule_count",
    "templates_dict",
    "test_mode",
    "ti",
    "tomorrow_ds",
    "tomorrow_ds_nodash",
    "triggering_asset_events",
    "triggering_dataset_events",
    "ts",
    "ts_nodash",
    "var",
    "yesterday_ds",
];

/// The stand-ins of one call.
struct StandIns<'i, 'p> {
    interp: &'i mut Interp<'p>,
    /// Each with the template that gives what it stands for.
    found: Vec<(Arc<Hole>, Text)>,
}

/// What a function returns for its task.
pub(super) fn returned(
    interp: &mut Interp<'_>,
    task: &TaskObject,
    (function, object): (&Val, &Rc<FunctionObject>),
    (args, kwargs): (&[Val], &Map<Name, Val>),
) -> Option<Value> {
    let mut stand_ins = StandIns { interp, found: Vec::new() };
    let args = args.iter().map(|val| stand_ins.argument(val)).collect();
    let mut call = Args::positional(args);
    for (name, val) in kwargs {
        let val = stand_ins.argument(val);
        let span = val.span;
        call.kw.insert(name.clone(), Kwarg { val, span });
    }
    stand_ins.context(object, &mut call, task.span);
    let found = stand_ins.found;
    let result = interp.call(function, call, task.span).ok()?;
    let mut result = interp.freeze(&result);
    fill(&mut result, &found);
    Some(result)
}

impl StandIns<'_, '_> {
    /// An argument as Airflow hands it on.
    fn argument(&mut self, val: &Val) -> Val {
        let frozen = self.interp.freeze(val);
        match &frozen.kind {
            Kind::Str(text) => match text.as_literal() {
                Some(literal) if !has_jinja(literal) => {
                    Val::str(taken_in(literal).as_ref(), val.span)
                }
                _ if !is_changed(&frozen) => val.clone(),
                _ => self.stand_in(text.clone(), "template", val.span),
            },
            Kind::XCom(_) => {
                let id = val.as_obj().map(|id| self.interp.heap.resolve(id));
                let template = match id.map(|id| self.interp.heap.get(id)) {
                    Some(Object::XCom(task, key)) => self.interp.xcom_template(*task, key),
                    _ => Text::default(),
                };
                self.stand_in(template, "xcom", val.span)
            }
            _ if is_changed(&frozen) => {
                self.interp.hole(HoleKind::Nondeterministic, "templates", val.span)
            }
            _ => val.clone(),
        }
    }

    /// Gives the function the names of the run that it asks for.
    fn context(&mut self, function: &Rc<FunctionObject>, call: &mut Args, span: Span) {
        let parameters = &function.def.parameters;
        let given = call.pos.len();
        let open = parameters.positional_only.len() + parameters.positional.len();
        let named = parameters.positional.iter().chain(&parameters.keyword_only);
        for (index, parameter) in (parameters.positional_only.len()..).zip(named) {
            if (index < given && index < open) || call.kw.contains_key(&parameter.name) {
                continue;
            }
            let default = function.defaults.get(&parameter.name);
            let val = if CONTEXT.binary_search(&parameter.name.as_ref()).is_ok()
                && default.is_none_or(|val| matches!(val.data, Data::None))
            {
                let template = Text::literal(format!("{{{{ {} }}}}", parameter.name));
                self.stand_in(template, &parameter.name, span)
            } else if let Some(default) = default {
                default.clone()
            } else {
                continue;
            };
            call.kw.insert(parameter.name.clone(), Kwarg { val, span });
        }
        if let Some(name) = &parameters.kwarg {
            call.more_kw = Some(self.interp.hole(HoleKind::Nondeterministic, name.as_ref(), span));
        }
    }

    fn stand_in(&mut self, template: Text, name: &str, span: Span) -> Val {
        let val = self.interp.hole(HoleKind::Nondeterministic, name, span);
        if let Some(hole) = val.hole() {
            self.found.push((Arc::clone(hole), template));
        }
        val
    }
}

/// Whether rendering makes something else of a value.
fn is_changed(value: &Value) -> bool {
    match &value.kind {
        Kind::Str(text) => text.segments.iter().any(|segment| match segment {
            Segment::Literal(literal) => has_jinja(literal) || taken_in(literal) != *literal,
            Segment::Hole(_) => false,
        }),
        Kind::XCom(_) => true,
        Kind::List(items) | Kind::Tuple(items) | Kind::Set(items) => items.iter().any(is_changed),
        Kind::Dict(entries) => entries.iter().any(|(_, value)| is_changed(value)),
        _ => false,
    }
}

/// Puts templates into the places of their stand-ins.
fn fill(value: &mut Value, found: &[(Arc<Hole>, Text)]) {
    let template = |hole: &Arc<Hole>| {
        found.iter().find(|(stand_in, _)| Arc::ptr_eq(stand_in, hole)).map(|(_, text)| text)
    };
    match &mut value.kind {
        Kind::List(items) => items.iter_mut().for_each(|item| fill(item, found)),
        Kind::Unknown(hole) => {
            if let Some(text) = template(hole) {
                value.kind = Kind::Str(text.clone());
            }
        }
        Kind::Str(text) => {
            let mut filled = Text::default();
            for segment in &text.segments {
                match segment {
                    Segment::Literal(literal) => filled.push_str(literal),
                    Segment::Hole(hole) => match template(hole) {
                        Some(text) => filled.push_text(text),
                        None => filled.push_hole(Arc::clone(hole)),
                    },
                }
            }
            *text = filled;
        }
        _ => {}
    }
}
