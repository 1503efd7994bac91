//! Reading job specs that people have edited.
//!
//! One file may hold one spec, a stream of YAML documents, a JSON list or several JSON objects. All
//! errors of a file are reported, each with its path in the spec and its place in the text. Fields
//! inside `base_pod_spec` are the business of the Kubernetes schema check.

use serde_json::Value as Json;

use super::check::{check, join};
use super::schema::known;
use super::{API_VERSION, JobSpec, KIND};
use crate::diag::{Code, Diagnostic};
use crate::eval::template::{self, Part};
use crate::python::{Source, SourceId, Sources, Span};
use crate::yaml::{self, Content, Node, Problem};

/// Reads the job specs of a text; `shown` is its path as shown to people.
///
/// # Errors
/// [`Code::InvalidJobSpec`] for everything in the text that is no job spec of this format; also for a
/// text without any spec.
pub fn read(sources: &Sources, shown: &str, text: &str) -> Result<Vec<JobSpec>, Vec<Diagnostic>> {
    let (source, _) = sources.add(Source::new(shown, text));
    specs(source, text).map_err(|problems| {
        problems.into_iter().map(|problem| problem.report(Code::InvalidJobSpec)).collect()
    })
}

fn specs(source: SourceId, text: &str) -> Result<Vec<JobSpec>, Vec<Problem>> {
    let schema = known();
    let mut specs = Vec::new();
    let mut problems = Vec::new();
    let mut nodes = Vec::new();
    for document in yaml::read(source, text)? {
        match document.content {
            Content::List(items) => nodes.extend(items),
            _ => nodes.push(document),
        }
    }
    if nodes.is_empty() {
        let nowhere = Span { source, start: 0, end: 0 };
        return Err(vec![Problem::new(nowhere, "no job spec in this file")]);
    }
    for node in &nodes {
        match spec(schema, node) {
            Ok(spec) => specs.push(spec),
            Err(found) => problems.extend(found),
        }
    }
    problems.sort_by_key(|problem| problem.span.start);
    if problems.is_empty() { Ok(specs) } else { Err(problems) }
}

fn spec(schema: &Json, node: &Node) -> Result<JobSpec, Vec<Problem>> {
    another_format(node)?;
    let mut problems = check(schema, node);
    for part in ["client", "run", "launcher", "job", "metadata"] {
        if let Some(inner) = node.get(part) {
            templates(inner, part, &mut problems);
        }
    }
    open_fields(schema, node, &mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    // The schema comes from the same types, so what is left are bounds it does not state.
    serde_json::from_value(node.to_json())
        .map_err(|error| vec![Problem::new(node.span, error.to_string())])
}

/// A file of another kind or version gets one error about that instead of one for each field.
fn another_format(node: &Node) -> Result<(), Vec<Problem>> {
    for (field, wanted) in [("kind", KIND), ("apiVersion", API_VERSION)] {
        if let Some(Node { span, content: Content::Text(given) }) = node.get(field)
            && given != wanted
        {
            let message = format!("`{field}` is `{given}`, not `{wanted}`");
            let help = match field {
                "kind" => "Job specs are the files that `podlift translate` writes.",
                _ => "Translate the DAG again with this release.",
            };
            return Err(vec![Problem::new(*span, message).help(help)]);
        }
    }
    Ok(())
}

/// Reports every `${` that is neither a hole nor an escape, in values and in keys.
fn templates(node: &Node, path: &str, problems: &mut Vec<Problem>) {
    match &node.content {
        Content::Text(text) => well_formed(text, node.span, path, problems),
        Content::List(items) => {
            for (at, item) in items.iter().enumerate() {
                templates(item, &format!("{path}[{at}]"), problems);
            }
        }
        Content::Map(entries) => {
            for (key, value) in entries {
                let inner = join(path, &key.text);
                well_formed(&key.text, key.span, &inner, problems);
                templates(value, &inner, problems);
            }
        }
        Content::Null | Content::Bool(_) | Content::Number(_) => {}
    }
}

fn well_formed(text: &str, span: Span, path: &str, problems: &mut Vec<Problem>) {
    if let Err(error) = template::parse(text) {
        problems.push(Problem::new(span, format!("`{path}`: {error}")));
    }
}

/// A field that takes a number or `true` and `false` takes text only for the sake of holes and Jinja.
fn open_fields(schema: &Json, node: &Node, problems: &mut Vec<Problem>) {
    for part in ["client", "run", "launcher"] {
        let Some(Node { content: Content::Map(entries), .. }) = node.get(part) else { continue };
        for (key, value) in entries {
            let Content::Text(text) = &value.content else { continue };
            let Some(wanted) = super::fits::open_type(schema, part, &key.text) else { continue };
            let is_open = template::has_jinja(text)
                || template::parse(text)
                    .is_ok_and(|parts| parts.iter().any(|part| matches!(part, Part::Hole { .. })));
            if !is_open && wanted.parse(text).is_none() {
                let message =
                    format!("`{part}.{}` has to be {}, not `{text}`", key.text, wanted.describe());
                problems.push(Problem::new(value.span, message));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use proptest::prelude::*;

    use super::*;
    use crate::spec::tests_support::{arbitrary_spec, spec_named};
    use crate::spec::{to_json, to_json_list, to_yaml, to_yaml_stream};

    const HEAD: &str = "apiVersion: podlift/v1\nkind: JobSpec\nmetadata:\n  dag: d\n  task: t\n  \
                        operator: o\n  source: s.py:1\n";

    fn errors(text: &str) -> Vec<String> {
        let sources = Sources::default();
        let found = read(&sources, "spec.yaml", text).unwrap_err();
        assert!(found.iter().all(|finding| finding.code == Code::InvalidJobSpec));
        found
            .into_iter()
            .map(|finding| {
                let place = sources.location(finding.span).unwrap();
                let help = finding.help.map(|help| format!(" | {help}")).unwrap_or_default();
                format!("{}:{}: {}{help}", place.line, place.column, finding.message)
            })
            .collect()
    }

    #[test]
    fn every_error_of_a_hand_edited_spec_has_its_path_and_place() {
        let text = format!(
            "{HEAD}client:\n  kube_contxt: prod\n  poll_interval: fast\nrun:\n  namespace: 12\n  \
             base_pod_spec:\n    containers:\n    - name: base\n      image: ${{HOME}}/x\n  \
             wait: 3\nlauncher:\n  retries: two\n  get_logs: \"yes\"\n  skip_on_exit_code: [1, a]\n  \
             pool_slots: [1]\n"
        );
        assert_eq!(
            errors(&text),
            [
                "9:3: unknown field `client.kube_contxt` | Did you mean `kube_context`?",
                "10:18: `client.poll_interval` has to be a number, not a string | \
                 Write it without quotes.",
                "12:14: `run.namespace` has to be a string, not a number | Write it in quotes.",
                "16:14: `run.base_pod_spec.containers[0].image`: `${HOME}/x` is not a hole: write \
                 `${kind:name}`, or `$${` for the text `${`",
                "17:3: unknown field `run.wait` | Fields here: namespace, base_pod_meta, \
                 base_pod_spec, ignore_containers, enable_multi_container_logs, pod_wait_timeout, \
                 delete_pod_on_completion, extras.",
                "19:12: `launcher.retries` has to be a number, not `two`",
                "20:13: `launcher.get_logs` has to be true or false, not `yes`",
                "21:26: `launcher.skip_on_exit_code[1]` has to be a whole number, not a string | \
                 Write it without quotes.",
                "22:15: `launcher.pool_slots` has to be a number or a string, not a list",
            ]
        );
    }

    #[test]
    fn a_missing_field_is_named() {
        let text = "apiVersion: podlift/v1\nkind: JobSpec\nmetadata:\n  dag: d\n";
        let found = errors(text).join("\n");
        for field in ["`metadata.task`", "`metadata.operator`", "`metadata.source`", "`run`"] {
            assert!(found.contains(&format!("field {field} is missing")), "{found}");
        }
    }

    #[test]
    fn another_kind_or_version_is_one_error() {
        let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {}\n";
        assert_eq!(
            errors(pod),
            [
                "2:7: `kind` is `Pod`, not `JobSpec` | Job specs are the files that `podlift translate` \
              writes."
            ]
        );
        let newer = "apiVersion: podlift/v2\nkind: JobSpec\nnew: {}\n";
        assert_eq!(
            errors(newer),
            [
                "1:13: `apiVersion` is `podlift/v2`, not `podlift/v1` | Translate the DAG again with \
              this release."
            ]
        );
    }

    #[test]
    fn a_text_without_a_spec_is_an_error() {
        for text in ["", "# nothing\n", "[]"] {
            assert_eq!(errors(text), ["1:1: no job spec in this file"], "{text:?}");
        }
        assert_eq!(errors("3\n"), ["1:1: a job spec has to be a map, not a number"]);
    }

    #[test]
    fn the_error_of_a_later_document_points_into_that_document() {
        let text = format!("{HEAD}run: {{}}\n---\n{HEAD}run: {{}}\nextra: 1\n");
        let found = errors(&text);
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("18:1: unknown field `extra`"), "{found:?}");
    }

    #[test]
    fn open_fields_take_holes_jinja_and_numbers_in_quotes() {
        let text = format!(
            "{HEAD}run: {{}}\nlauncher:\n  retries: ${{env:R}}\n  pool_slots: \"{{{{ params.s }}}}\"\n  \
             get_logs: \"True\"\n  retry_delay_seconds: \"12\"\n"
        );
        assert!(read(&Sources::default(), "x", &text).is_ok());
    }

    #[test]
    fn a_list_in_json_is_a_stream() {
        let specs = [spec_named("a", "b"), spec_named("c", "d")];
        let read = |text: &str| read(&Sources::default(), "x", text).unwrap();
        assert_eq!(read(&to_json_list(&specs)), specs);
        assert_eq!(read(&specs.iter().map(to_json).collect::<String>()), specs);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]

        #[test]
        fn what_was_written_is_read_back(specs in proptest::collection::vec(arbitrary_spec(), 1..3)) {
            let read = |text: &str| read(&Sources::default(), "x", text);
            for spec in &specs {
                prop_assert_eq!(read(&to_yaml(spec)), Ok(vec![spec.clone()]));
                prop_assert_eq!(read(&to_json(spec)), Ok(vec![spec.clone()]));
            }
            prop_assert_eq!(read(&to_yaml_stream(&specs)), Ok(specs.clone()));
            prop_assert_eq!(read(&to_json_list(&specs)), Ok(specs));
        }
    }
}
