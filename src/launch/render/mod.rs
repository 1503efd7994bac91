//! Jinja that is left in a job spec, rendered with the names Airflow gives to templates.
//!
//! Everything is rendered before anything starts. What a template needs and nobody knows is an error that names
//! it, and so is what cannot be the same outside Airflow, such as XCom or the current time.

mod budget;
mod facts;
mod guard;
mod lookups;
mod macros;
mod moment;
mod names;
mod operators;

pub use facts::{Facts, Interval, parse_date};

use std::borrow::Cow;

use minijinja::machinery::{self, CodeGenerator};
use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior, Value};
use serde_json::Value as Json;

use super::plan::PlanError;
use crate::jinja;
use crate::spec::{JobSpec, to_value};
use budget::Budget;
use lookups::Misses;

/// Steps one template may take; a loop over millions is a mistake.
const FUEL: u64 = 1_000_000;

/// Steps of all templates of one task; each has an equal share, and at least some.
const SHARED_FUEL: u64 = 8 * FUEL;
const LEAST_FUEL: u64 = 20_000;

/// Renders the templates of a job spec.
///
/// # Errors
/// One for each template that cannot be rendered, with its place and what is missing.
pub fn render(spec: &JobSpec, facts: &Facts) -> Result<JobSpec, Vec<PlanError>> {
    let mut value = to_value(spec);
    let mut errors = Vec::new();
    let budget = Budget::new();
    let share = SHARED_FUEL / u64::try_from(spec.templates.len().max(1)).unwrap_or(u64::MAX);
    let fuel = share.clamp(LEAST_FUEL, FUEL);
    let names = Known::of(facts);
    for template in &spec.templates {
        let Some(Json::String(text)) = value.pointer_mut(&template.path) else {
            // A key that is a template, or a text that a value has replaced: the pod would not be as meant.
            let reason = "there is no text at this place to render".to_owned();
            errors.push(PlanError::Template { path: template.path.clone(), reason });
            continue;
        };
        match render_within(text, &names, &budget, fuel) {
            Ok(rendered) => *text = rendered,
            Err(reason) => errors.push(PlanError::Template { path: template.path.clone(), reason }),
        }
    }
    let rendered = serde_json::from_value(value)
        .map(|spec: JobSpec| JobSpec { templates: Vec::new(), ..spec })
        .map_err(|error| PlanError::Template { path: String::new(), reason: error.to_string() });
    match rendered {
        Ok(spec) if errors.is_empty() => Ok(spec),
        Ok(_) => Err(errors),
        Err(error) => {
            errors.push(error);
            Err(errors)
        }
    }
}

/// Renders one text. The error says what is missing, in words for the user.
///
/// # Errors
/// When it is no template, or needs what is not known.
pub fn render_text(text: &str, facts: &Facts) -> Result<String, String> {
    render_within(text, &Known::of(facts), &Budget::new(), FUEL)
}

/// What the templates of a task can read.
struct Known {
    /// Or why there is none.
    context: Result<Value, String>,
    names: Vec<String>,
    misses: Misses,
    has_date: bool,
}

impl Known {
    fn of(facts: &Facts) -> Self {
        let misses = Misses::default();
        let context = names::context(facts, &misses).map_err(|failure| failure.to_string());
        let names = context.as_ref().map(names::known).unwrap_or_default();
        Self { context, names, misses, has_date: facts.interval.is_some() }
    }
}

/// The same with what is left for the templates of a task, and so many steps.
fn render_within(text: &str, known: &Known, budget: &Budget, fuel: u64) -> Result<String, String> {
    let text = &*jinja::taken_in(text);
    let context = known.context.clone()?;
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let methods = budget.clone();
    environment.set_unknown_method_callback(move |state, value, method, args| {
        let all: Vec<Value> = std::iter::once(value).chain(args).cloned().collect();
        methods.call(method, &all)?;
        names::unknown_method(state, value, method, args)
    });
    environment.set_fuel(Some(fuel));
    operators::install(&mut environment, budget);
    macros::install_filters(&mut environment);
    budget::install(&mut environment, budget);
    let tree = jinja::read(text).map_err(|error| syntax(&error))?;
    let tree = guard::statement(&tree).map_err(|error| detail(&error))?;
    let mut generator = CodeGenerator::new("<template>", text);
    generator.compile_stmt(&tree);
    let (instructions, blocks) = generator.finish();
    let mut rendered = String::new();
    let mut output = machinery::make_string_output(&mut rendered);
    let plain = AutoEscape::None;
    match machinery::eval(&environment, &instructions, context, &blocks, &mut output, plain) {
        Ok(_) => {
            known.misses.take();
            Ok(rendered)
        }
        Err(error) => {
            let mut missing = known.misses.take();
            let unknown = [ErrorKind::UndefinedError, ErrorKind::UnknownFunction];
            if missing.is_empty() && unknown.contains(&error.kind()) {
                missing.extend(unknown_names(&environment, text, &known.names));
            }
            match (missing.is_empty(), known.has_date) {
                (false, _) => Err(missing.join("; ")),
                (true, false) if error.kind() == ErrorKind::UndefinedError => {
                    Err(format!("{}; dates are known only with --date", detail(&error)))
                }
                (true, _) => Err(detail(&error)),
            }
        }
    }
}

/// The names a template reads and that nobody has.
fn unknown_names(environment: &Environment<'_>, text: &str, known: &[String]) -> Vec<String> {
    let mut names = jinja::names(text);
    names.retain(|name| !known.contains(name) && !environment.globals().any(|(it, _)| it == name));
    let why = |name: String| match names::DATES.contains(&name.as_str()) {
        true => format!("`{name}` needs the date of the run; pass it with `--date`"),
        false => format!("`{name}` is not known outside Airflow"),
    };
    names.into_iter().map(why).collect()
}

fn syntax(error: &minijinja::Error) -> String {
    format!("the template cannot be read: {}", detail(error))
}

fn detail(error: &minijinja::Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    match innermost.downcast_ref::<minijinja::Error>() {
        Some(error) => match error.detail() {
            Some(detail) => format!("{}: {detail}", error.kind()),
            None => error.kind().to_string(),
        },
        None => innermost.to_string(),
    }
}

/// An error of a function in a template.
fn refuse(reason: impl Into<Cow<'static, str>>) -> minijinja::Error {
    minijinja::Error::new(ErrorKind::InvalidOperation, reason)
}

/// An error of Python's own functions.
fn failed(failure: crate::eval::pure::Failure) -> minijinja::Error {
    refuse(failure.to_string())
}

/// JSON as a value of a template.
fn json(value: &Json) -> Value {
    match value {
        Json::Null => Value::from(()),
        Json::Bool(flag) => (*flag).into(),
        Json::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(integer), _) => integer.into(),
            (None, Some(integer)) => integer.into(),
            (None, None) => number.as_f64().into(),
        },
        Json::String(text) => text.as_str().into(),
        Json::Array(items) => items.iter().map(json).collect::<Vec<Value>>().into(),
        Json::Object(fields) => {
            Value::from_pairs(fields.iter().map(|(key, value)| (key.as_str(), json(value))))
        }
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
