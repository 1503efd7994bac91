//! The operators of templates as functions: dates, which the template engine does not know, and all that makes new
//! texts and lists, within the [budget](super::budget).

use minijinja::value::Value;
use minijinja::{Environment, Error, State};

use super::budget::Budget;
use super::guard::{ADD, CONCAT, HELD, MUL, SUB};
use super::moment::{self, Delta, Moment};

/// Adds the functions that guarded templates call.
pub(super) fn install(environment: &mut Environment<'_>, budget: &Budget) {
    let kept = budget.clone();
    environment.add_function(HELD, move |value: Value| kept.held(value));
    let kept = budget.clone();
    environment.add_function(MUL, move |state: &mut State<'_, '_>, a: Value, b: Value| {
        kept.repeated(&a, &b)?;
        kept.held(plain(state, "a * b", a, b)?)
    });
    let kept = budget.clone();
    environment.add_function(CONCAT, move |state: &mut State<'_, '_>, a: Value, b: Value| {
        kept.joined(&a, &b)?;
        plain(state, "a ~ b", a, b)
    });
    let kept = budget.clone();
    environment.add_function(ADD, move |state: &mut State<'_, '_>, a: Value, b: Value| {
        if let (Some(a), Some(b)) =
            (a.downcast_object_ref::<Moment>(), b.downcast_object_ref::<Delta>())
        {
            return a.plus(b.0);
        }
        if let (Some(a), Some(b)) =
            (a.downcast_object_ref::<Delta>(), b.downcast_object_ref::<Moment>())
        {
            return b.plus(a.0);
        }
        if let (Some(a), Some(b)) =
            (a.downcast_object_ref::<Delta>(), b.downcast_object_ref::<Delta>())
        {
            return moment::delta(a.0.plus(b.0));
        }
        kept.joined(&a, &b)?;
        kept.held(plain(state, "a + b", a, b)?)
    });
    environment.add_function(SUB, |state: &mut State<'_, '_>, a: Value, b: Value| {
        if let (Some(a), Some(b)) =
            (a.downcast_object_ref::<Moment>(), b.downcast_object_ref::<Delta>())
        {
            return a.plus(-b.0);
        }
        if let (Some(a), Some(b)) =
            (a.downcast_object_ref::<Moment>(), b.downcast_object_ref::<Moment>())
        {
            return a.since(b);
        }
        if let (Some(a), Some(b)) =
            (a.downcast_object_ref::<Delta>(), b.downcast_object_ref::<Delta>())
        {
            return moment::delta(a.0.minus(b.0));
        }
        plain(state, "a - b", a, b)
    });
}

/// The engine's own operator.
fn plain(
    state: &mut State<'_, '_>,
    operator: &'static str,
    a: Value,
    b: Value,
) -> Result<Value, Error> {
    // Undefined operands are refused here as they are by the operator itself.
    state.env().compile_expression(operator)?.eval(minijinja::context! { a, b })
}
