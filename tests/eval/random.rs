//! Random programs of literals and operators: the evaluator and CPython agree on every one.

use std::io::Write as _;
use std::process::{Command, Stdio};

use podlift::airflow::Settings;
use podlift::eval::evaluate;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// Runs each program of a JSON list; prints `[[name, repr], ...]` of each, or its exception.
const RUN_ALL: &str = r"
import json, sys
def run(program):
    names = {}
    try:
        exec(program, names)
    except Exception as error:
        return type(error).__name__
    return [[name, repr(value)] for name, value in names.items() if not name.startswith('__')]
json.dump([run(program) for program in json.load(sys.stdin)], sys.stdout)
";

/// An expression of a kind, closed or over the variables of that kind.
fn integer() -> BoxedStrategy<String> {
    let leaf = prop_oneof![
        (-20i64..20).prop_map(|number| format!("({number})")),
        any::<i64>().prop_map(|number| format!("({number})")),
        Just("i0".to_owned()),
        Just("True".to_owned()),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            (
                inner.clone(),
                prop::sample::select(vec!["+", "-", "*", "//", "%", "&", "|", "^"]),
                inner.clone()
            )
                .prop_map(|(a, op, b)| format!("({a} {op} {b})")),
            (inner.clone(), 0u32..6).prop_map(|(a, n)| format!("({a} ** {n})")),
            (inner.clone(), 0u32..70).prop_map(|(a, n)| format!("({a} << {n})")),
            (inner.clone(), 0u32..70).prop_map(|(a, n)| format!("({a} >> {n})")),
            inner.clone().prop_map(|a| format!("abs({a})")),
            inner.clone().prop_map(|a| format!("(-{a})")),
            inner.clone().prop_map(|a| format!("(~{a})")),
            (inner.clone(), inner.clone(), inner)
                .prop_map(|(a, b, c)| format!("({a} if {b} < {c} else {b})")),
        ]
    })
    .boxed()
}

fn float() -> BoxedStrategy<String> {
    let leaf = prop_oneof![
        any::<f64>()
            .prop_filter("finite", |number| number.is_finite())
            .prop_map(|number| format!("({number:?})")),
        (-1000i32..1000).prop_map(|number| format!("({}.{})", number / 10, (number % 10).abs())),
        Just("f0".to_owned()),
        integer(),
    ];
    leaf.prop_recursive(3, 8, 2, |inner| {
        prop_oneof![
            (
                inner.clone(),
                prop::sample::select(vec!["+", "-", "*", "/", "//", "%"]),
                inner.clone()
            )
                .prop_map(|(a, op, b)| format!("({a} {op} {b})")),
            (inner.clone(), 0i32..5).prop_map(|(a, n)| format!("round({a}, {n})")),
            inner.clone().prop_map(|a| format!("float({a})")),
            (inner.clone(), inner).prop_map(|(a, b)| format!("max({a}, {b})")),
        ]
    })
    .boxed()
}

fn text() -> BoxedStrategy<String> {
    let leaf = prop_oneof![
        "[a-c XYé\\.,_-]{0,6}".prop_map(|text| format!("'{text}'")),
        Just("s0".to_owned()),
        integer().prop_map(|number| format!("str({number})")),
        float().prop_map(|number| format!("repr({number})")),
    ];
    leaf.prop_recursive(3, 10, 3, |inner| {
        let method = prop::sample::select(vec![
            "upper()",
            "lower()",
            "title()",
            "strip()",
            "capitalize()",
            "swapcase()",
            "lstrip('a')",
            "rstrip(' .')",
            "center(9, '*')",
            "zfill(5)",
            "ljust(4)",
            "replace('a', 'bb')",
            "removeprefix('a')",
            "casefold()",
            "expandtabs()",
            "partition('b')[2]",
        ]);
        let spec = prop::sample::select(vec!["", "!r", ":>8", ":<5", ":^7", ":.3", ":*^9.2", "!a"]);
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} + {b})")),
            (inner.clone(), method).prop_map(|(a, method)| format!("{a}.{method}")),
            (inner.clone(), -4i32..5, -4i32..5)
                .prop_map(|(a, from, to)| format!("{a}[{from}:{to}]")),
            (inner.clone(), 1i32..4).prop_map(|(a, step)| format!("{a}[::-{step}]")),
            (inner.clone(), 0u32..4).prop_map(|(a, n)| format!("({a} * {n})")),
            (inner.clone(), spec)
                .prop_map(|(a, spec)| format!("f\"<{{{}{spec}}}>\"", a.replace('"', ""))),
            (inner.clone(), inner.clone())
                .prop_map(|(a, b)| format!("('%s|%5s|%-4s' % ({a}, {b}, 1))")),
            (inner.clone(), inner.clone())
                .prop_map(|(a, b)| format!("'{{}}-{{!r:>6}}'.format({a}, {b})")),
            (inner.clone(), inner).prop_map(|(a, b)| format!("', '.join([{a}, {b}])")),
        ]
    })
    .prop_map(|text| {
        if text.contains("f\"") && text.matches("f\"").count() > 1 {
            "'x'".to_owned()
        } else {
            text
        }
    })
    .boxed()
}

fn collection() -> BoxedStrategy<String> {
    let element =
        || prop_oneof![integer(), text(), float(), Just("None".to_owned()), Just("l0".to_owned())];
    prop_oneof![
        prop::collection::vec(element(), 0..4).prop_map(|items| format!("[{}]", items.join(", "))),
        prop::collection::vec(element(), 0..3).prop_map(|items| format!(
            "({})",
            items.iter().map(|item| format!("{item},")).collect::<String>()
        )),
        prop::collection::vec((text(), element()), 0..4).prop_map(|entries| {
            let entries: Vec<String> =
                entries.iter().map(|(key, value)| format!("{key}: {value}")).collect();
            format!("{{{}}}", entries.join(", "))
        }),
        (prop::collection::vec(integer(), 0..5), integer()).prop_map(|(items, by)| format!(
            "[x + {by} for x in [{}] if x % 2 == 0]",
            items.join(", ")
        )),
        prop::collection::vec(integer(), 0..6).prop_map(|items| format!(
            "sorted([{}], key=lambda v: (v % 3, v), reverse=True)",
            items.join(", ")
        )),
        (prop::collection::vec(text(), 0..4))
            .prop_map(|items| format!("{{k: len(k) for k in [{}]}}", items.join(", "))),
        (prop::collection::vec(element(), 0..4), prop::collection::vec(element(), 0..4))
            .prop_map(|(a, b)| format!("list(zip([{}], [{}]))", a.join(", "), b.join(", "))),
        (prop::collection::vec(element(), 1..4), -3i32..4)
            .prop_map(|(items, at)| format!("[{}][{at}:]", items.join(", "))),
        prop::collection::vec(integer(), 0..5)
            .prop_map(|items| format!("[(i, v) for i, v in enumerate([{}], 1)]", items.join(", "))),
        (text(), text()).prop_map(|(a, b)| format!(
            "({a} < {b}, {a} == {b}, {a} in {b}, bool({a}), {a} and {b}, {a} or {b})"
        )),
        (float(), float())
            .prop_map(|(a, b)| format!("({a} < {b}, {a} == {b}, bool({a}), not {b}, {a} and {b})")),
    ]
    .boxed()
}

fn program() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        integer().prop_map(|value| format!("i = {value}")),
        float().prop_map(|value| format!("f = {value}")),
        text().prop_map(|value| format!("s = {value}")),
        collection().prop_map(|value| format!("c = {value}")),
        collection().prop_map(|value| format!("l0.append({})", value.replace("l0", "i0"))),
        (text(), integer()).prop_map(|(key, value)| format!("d0[{key}] = {value}")),
        integer().prop_map(|value| format!("i0 = {value} % 1000")),
        text().prop_map(|value| format!("s0 = {value}[:9]")),
        (integer(), text()).prop_map(|(test, value)| format!(
            "if {test} > 3:\n    s0 = {value}[:5]\nelse:\n    i0 -= 1"
        )),
        text().prop_map(|value| format!("for x in {value}:\n    d0[x] = d0.get(x, 0) + 1")),
    ];
    prop::collection::vec(line, 1..5).prop_map(|lines| {
        format!("i0 = 7\nf0 = 2.5\ns0 = 'a b'\nl0 = [1]\nd0 = {{}}\n{}\n", lines.join("\n"))
    })
}

/// Many programs from a fixed seed; `PODLIFT_RANDOM_PROGRAMS` asks for another number of them.
fn programs() -> Vec<String> {
    let count = std::env::var("PODLIFT_RANDOM_PROGRAMS").ok().and_then(|count| count.parse().ok());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let strategy = program();
    (0..count.unwrap_or(600)).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect()
}

/// What a script of CPython answers to a JSON text, under a seed of its hashes.
pub(super) fn ask_python(script: &str, hash_seed: u32, input: Vec<u8>) -> Vec<u8> {
    let python = std::env::var("PODLIFT_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let mut child = Command::new(&python)
        .args(["-X", "utf8", "-W", "ignore", "-c", script])
        .env("PYTHONHASHSEED", hash_seed.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{python}: {error}; let PODLIFT_PYTHON name a Python"));
    let mut stdin = child.stdin.take().unwrap();
    let feeding = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    feeding.join().unwrap().unwrap();
    assert!(output.status.success());
    output.stdout
}

fn cpython(programs: &[String]) -> Vec<serde_json::Value> {
    let answer = ask_python(RUN_ALL, 0, serde_json::to_vec(programs).unwrap());
    serde_json::from_slice(&answer).unwrap()
}

#[test]
fn random_programs_leave_behind_what_cpython_leaves_behind() {
    let programs = programs();
    let expected = cpython(&programs);
    let mut wrong = Vec::new();
    let mut compared = 0;
    for (program, expected) in programs.iter().zip(&expected) {
        let made = evaluate(program, &Settings::default());
        let Some(names) = expected.as_array() else {
            // CPython ends in an exception, and so does the evaluator.
            let text = format!("{:?}", made.diagnostics);
            if !text.contains(expected.as_str().unwrap()) && made.diagnostics.is_empty() {
                wrong.push(format!("{program}  expected {expected}"));
            }
            continue;
        };
        for pair in names {
            let (name, repr) = (pair[0].as_str().unwrap(), pair[1].as_str().unwrap());
            let actual = made.globals.get(name).map(podlift::eval::Value::repr);
            compared += 1;
            // A bound that was reached is an answer too, a wrong value is not.
            let is_open = actual.as_deref().is_some_and(|text| text.contains("${limit:"));
            if actual.as_deref() != Some(repr) && !is_open {
                wrong.push(format!(
                    "{program}  expected {name} = {repr}\n  but here {name} = {}\n  {:?}",
                    actual.unwrap_or_default(),
                    made.diagnostics
                ));
            }
        }
    }
    assert!(compared > programs.len());
    let shown = wrong.iter().take(10).cloned().collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{} of {} differ\n{shown}", wrong.len(), programs.len());
}
