//! What Jinja templates read, and what rendering makes of texts.

use std::borrow::Cow;
use std::sync::Arc;

use crate::eval::{Hole, HoleKind, Segment, Text};
use crate::jinja::{lines_ended, taken_in};
use crate::python::Span;
use crate::python::literal::{Literal, literal};

/// Names that `podlift run` knows when it renders.
const RENDERABLE: [&str; 22] = [
    "conn",
    "dag_run",
    "data_interval_end",
    "data_interval_start",
    "ds",
    "ds_nodash",
    "execution_date",
    "logical_date",
    "macros",
    "next_ds",
    "params",
    "prev_ds",
    "run_id",
    "task_instance_key_str",
    "tomorrow_ds",
    "tomorrow_ds_nodash",
    "ts",
    "ts_nodash",
    "ts_nodash_with_tz",
    "var",
    "yesterday_ds",
    "yesterday_ds_nodash",
];

/// Whether Jinja would do anything with the text.
pub(crate) fn looks_like_template(text: &str) -> bool {
    text.as_bytes().windows(2).any(|pair| matches!(pair, b"{{" | b"{%" | b"{#"))
}

/// What rendering makes of a text outside its templates: ends of lines become `\n`, and the last one goes.
pub(crate) fn rendered(text: &Text) -> Cow<'_, Text> {
    let changes = |segment: &Segment| match segment {
        Segment::Literal(literal) => literal.contains('\r') || literal.ends_with('\n'),
        Segment::Hole(_) => false,
    };
    if !text.segments.iter().any(changes) {
        return Cow::Borrowed(text);
    }
    let mut text = text.clone();
    let last = text.segments.len().saturating_sub(1);
    for (index, segment) in text.segments.iter_mut().enumerate() {
        if let Segment::Literal(literal) = segment {
            let made = if index == last { taken_in(literal) } else { lines_ended(literal) };
            *literal = made.into_owned();
        }
    }
    Cow::Owned(text)
}

/// The same where `render_template_as_native_obj` is set: a text that is a Python literal becomes its value.
pub(crate) fn rendered_natively(text: &Text, span: Span) -> Cow<'_, Text> {
    let text = rendered(text);
    match text.as_literal().filter(|text| !looks_like_template(text)).and_then(literal) {
        None => text,
        Some(Literal::Text(value)) => Cow::Owned(Text::literal(value)),
        Some(Literal::Other) => {
            let reason = "render_template_as_native_obj makes a Python value of this text";
            let hole = Hole {
                kind: HoleKind::Expression,
                name: "python value".to_owned(),
                default: None,
                reason: reason.to_owned(),
                span,
                roots: Vec::new(),
            };
            Cow::Owned(Text::hole(Arc::new(hole)))
        }
    }
}

/// The names a template reads, sorted; none when it cannot be read.
pub(crate) use crate::jinja::names;

/// The names among `needs` that have no counterpart outside Airflow.
pub(crate) fn only_in_airflow(needs: &[String]) -> Vec<&str> {
    let known = |name: &str| RENDERABLE.binary_search(&name).is_ok();
    needs.iter().map(String::as_str).filter(|name| !known(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_the_template_reads() {
        assert_eq!(
            names("{{ ds }}-{{ params.x }}{% for a in b %}{{ a }}{% endfor %}"),
            ["b", "ds", "params"]
        );
        assert_eq!(names("{{ macros.ds_add(ds, -1) | default('x') }}"), ["ds", "macros"]);
        assert_eq!(names("{{ ds"), Vec::<String>::new());
    }

    #[test]
    fn the_list_of_renderable_names_is_sorted() {
        assert!(RENDERABLE.is_sorted());
        assert_eq!(only_in_airflow(&["ds".to_owned(), "ti".to_owned()]), ["ti"]);
    }
}
