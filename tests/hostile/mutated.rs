//! The entry points that take text from elsewhere, over a corpus that is changed at random. The changes are drawn from a
//! fixed seed, so a failure comes again. Nothing is expected of the results but that there are some.

use std::sync::Arc;

use podlift::airflow::{Limits, Settings};
use podlift::eval::evaluate;
use podlift::launch::logs::Framer;
use podlift::launch::render::{Facts, render_text};
use podlift::pipes::parse_line;
use podlift::python::Sources;
use podlift::values::Values;

/// How many changed texts each entry point gets.
const ROUNDS: usize = 1_500;

/// Numbers that look random and are the same every time (SplitMix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next()).unwrap() % bound.max(1)
    }
}

/// One of the texts with pieces cut out, doubled, taken from another text, or replaced by something special.
fn mutate(corpus: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    const SPECIAL: [&[u8]; 16] = [
        b"\0",
        b"\xff",
        b"\r",
        b"\n",
        b"'",
        b"\"",
        b"{{",
        b"}}",
        b"[[[[[[[[",
        b"${",
        b"\xe2\x80\xae",
        b"9999999999999999999",
        b"-1",
        b"&a *a",
        b"\\",
        b"",
    ];
    let mut text = corpus[dice.below(corpus.len())].clone();
    for _ in 0..=dice.below(4) {
        let start = dice.below(text.len());
        let end = (start + dice.below(12)).min(text.len());
        let new = match dice.below(4) {
            0 => Vec::new(),
            1 => text[start..end].repeat(2),
            2 => SPECIAL[dice.below(SPECIAL.len())].to_vec(),
            _ => {
                let other = &corpus[dice.below(corpus.len())];
                let from = dice.below(other.len());
                other[from..(from + dice.below(30)).min(other.len())].to_vec()
            }
        };
        text.splice(start..end, new);
    }
    text
}

fn each(corpus: &[Vec<u8>], seed: u64, mut entry: impl FnMut(&[u8])) {
    let mut dice = Dice(seed);
    for _ in 0..ROUNDS {
        entry(&mutate(corpus, &mut dice));
    }
}

/// The small files of a folder of the fixtures.
fn fixtures(folder: &str, extension: &str) -> Vec<Vec<u8>> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(folder);
    let mut paths: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|it| it.unwrap().path()).collect();
    paths.sort();
    let wanted = paths.iter().filter(|path| path.extension().is_some_and(|it| it == extension));
    let texts: Vec<_> = wanted.map(|path| std::fs::read(path).unwrap()).collect();
    let small: Vec<_> =
        texts.into_iter().filter(|text| !text.is_empty() && text.len() < 4_000).collect();
    assert!(!small.is_empty(), "no corpus");
    small
}

#[test]
fn changed_dag_files_are_evaluated() {
    let limits = Limits { steps: 20_000, turns: 1_000, ..Limits::default() };
    let settings = Settings { limits, ..Settings::default() };
    let corpus = fixtures("dags", "py");
    // The evaluator recurses with the code, so it gets the stack that reading threads have.
    let thread = std::thread::Builder::new().stack_size(256 << 20).spawn(move || {
        each(&corpus, 1, |text| {
            evaluate(&String::from_utf8_lossy(text), &settings);
        });
    });
    thread.unwrap().join().unwrap();
}

#[test]
fn changed_job_specs_and_values_are_read() {
    let spec = "apiVersion: podlift/v1\nkind: JobSpec\nmetadata: {dag: d, task: t, operator: o, source: 's:1'}\n\
                run:\n  base_pod_spec:\n    containers:\n    - {name: base, image: 'a:${env:TAG}', args: ['{{ ds }}']}\n\
                holes:\n- {path: /run/base_pod_spec/containers/0/image, name: 'env:TAG', reason: r, source: s}\n";
    let values = "env: {A: b}\nvariables:\n  x: {y: [1, 2.5, null]}\nconnections: {c: {host: h}}\n";
    let json = r#"[{"apiVersion": "podlift/v1", "kind": "JobSpec", "run": {"extras": {"a": "\ud83d\ude00"}}}]"#;
    let corpus: Vec<Vec<u8>> =
        [spec, values, json].iter().map(|text| text.as_bytes().to_vec()).collect();
    each(&corpus, 2, |text| {
        let text = String::from_utf8_lossy(text);
        _ = podlift::spec::read(&Sources::default(), "spec.yaml", &text);
        _ = Values::from_yaml(&Sources::default(), "values.yaml", &text);
    });
}

#[test]
fn changed_logs_are_framed_without_losing_a_line() {
    let log = b"2026-01-01T00:00:00.000000001Z a line\n2026-01-01T00:00:00.5Z \xe2\x82\xac\n2026-01-01T00:00:01Z \n".to_vec();
    each(&[log, b"2026-01-01T00:00:00Z x\r\n\n\n".to_vec()], 3, |text| {
        let whole = framed(&[text]);
        let pieces: Vec<&[u8]> = text.chunks(3).collect();
        assert_eq!(framed(&pieces), whole, "{}", String::from_utf8_lossy(text));
    });
}

fn framed(chunks: &[&[u8]]) -> Vec<String> {
    let mut framer = Framer::default();
    let mut lines = Vec::new();
    for chunk in chunks {
        framer.push(chunk, |line| lines.push(line.text()));
    }
    lines.extend(framer.finish().map(|line| line.text()));
    lines
}

#[test]
fn changed_messages_are_parsed() {
    let message = |method: &str, params: &str| {
        format!(r#"{{"__dagster_pipes_version": "0.1", "method": "{method}", "params": {params}}}"#)
            .into_bytes()
    };
    let corpus = [
        message("opened", r#"{"extras": {}}"#),
        message(
            "closed",
            r#"{"exception": {"message": "m", "stack": ["s"], "name": "E", "cause": null, "context": null}}"#,
        ),
        message("log", r#"{"message": "hello", "level": "INFO"}"#),
        message(
            "report_asset_materialization",
            r#"{"asset_key": "a", "data_version": null, "metadata": {"n": {"raw_value": 1, "type": "int"}}}"#,
        ),
        message(
            "report_asset_check",
            r#"{"asset_key": "a", "check_name": "c", "passed": true, "severity": "ERROR", "metadata": {}}"#,
        ),
        b"plain text".to_vec(),
    ];
    each(&corpus, 4, |text| _ = parse_line(&String::from_utf8_lossy(text)));
}

#[test]
fn changed_templates_are_rendered() {
    let facts = Facts {
        dag: "d".to_owned(),
        task: "t".to_owned(),
        map_index: None,
        run: "r".to_owned(),
        interval: None,
        conf: serde_json::Map::new(),
        values: Arc::default(),
    };
    let corpus: Vec<Vec<u8>> = [
        "{{ ds }} {{ dag_run.conf['x'] | default('y') }}",
        "{% for i in range(3) %}{{ i ** 2 // 3 }}{% endfor %}",
        "{{ macros.ds_add('2026-01-01', 5) }} {{ 'a' ~ 'b' if x is defined else params.get('k', 1) }}",
        "{# c #}{% raw %}{{ x }}{% endraw %}{{ ('%s-%d' % ('a', 1)).replace('-', '_') }}",
    ]
    .iter()
    .map(|text| text.as_bytes().to_vec())
    .collect();
    each(&corpus, 5, |text| _ = render_text(&String::from_utf8_lossy(text), &facts));
}
