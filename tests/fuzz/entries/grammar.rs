//! DAG files that are Python by construction: each byte of the input chooses how the program goes on. Bytes changed at
//! random hardly ever get past the parser; these always do.

use std::slice::Iter;

/// What every program begins with.
const HEAD: &str = "import os, json, yaml, re, copy, itertools, functools, collections, datetime, pathlib, enum\n\
     from dataclasses import dataclass, field\nfrom kubernetes.client import models as k8s\n\
     from airflow import DAG\nfrom airflow.models import Variable\nfrom airflow.hooks.base import BaseHook\n\
     from airflow.decorators import dag, task, task_group\nfrom airflow.utils.task_group import TaskGroup\n\
     from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator as K\n\
     a, b, c = 'x', [1, 2], {'k': 'v'}\n";

/// `@` and a letter stand for a part: `e`xpression, `n`ame, `s`tring, `k`eyword argument, `o`perator, `m`ethod, `p`attern,
/// `b`lock; `@@` is the sign itself. The first of each list must be plain, because the bytes may be used up.
const STATEMENTS: &[&str] = &[
    "@n = @e",
    "@n: @n = @e",
    "@n @o= @e",
    "@n = K(task_id=@s, name=@s, image=@e, @k, @k)",
    "K(task_id=@e, @k, @k, @k)",
    "with DAG(@s, @k) as @n:@b",
    "with DAG('d', default_args={'image': @e, @s: @e}):@b",
    "with TaskGroup(@s) as @n:@b",
    "if @e:@b\nelse:@b",
    "for @n in @e:@b",
    "for @n, (@n, *@n) in @e:@b\nelse:@b",
    "while @e:@b",
    "def @n(@n, @n=@e, *args, **kwargs):@b",
    "@@task.kubernetes(image=@e, @k)\ndef @n(@n=@e):@b",
    "@@dag(dag_id=@s)\ndef @n():@b\n@n()",
    "@@task_group\ndef @n(@n=@e):@b",
    "class @n(K):\n    x = @e\n    def __init__(self, **kwargs):\n        super().__init__(**{'image': @e, **kwargs})",
    "class @n(@n):@b",
    "@@dataclass\nclass @n:\n    @n: str = @e\n    @n: list = field(default_factory=lambda: @e)",
    "class @n(enum.Enum):\n    @n = @e\n    @n = @e",
    "try:@b\nexcept (@n, ValueError) as @n:@b\nfinally:@b",
    "match @e:\n    case @p:@b\n    case _:@b",
    "return @e",
    "yield @e",
    "raise ValueError(@e)",
    "assert @e, @e",
    "global @n",
    "del @n[@e]",
    "@n[@e] = @e",
    "@n.@n = @e",
    "@n >> [@n, @e]",
    "break",
    "continue",
    "from common import *",
    "@n.@m(@e, @e)",
    "K.partial(task_id=@s, @k).expand(@k)",
    "globals()[@s] = @e",
];
const EXPRESSIONS: &[&str] = &[
    "@n",
    "@s",
    "0",
    "-1",
    "3.5e300",
    "None",
    "True",
    "[@e, @e]",
    "(@e,)",
    "{@e: @e, @s: @e}",
    "{@e, @e}",
    "{**@e, @s: @e}",
    "[*@e, @e]",
    "(@e @o @e)",
    "(not @e)",
    "(-@e)",
    "(@e if @e else @e)",
    "(@e or @e)",
    "(@e < @e <= @e)",
    "(@e in @e)",
    "(@n := @e)",
    "@e[@e]",
    "@e[@e:@e:@e]",
    "@e.@n",
    "@e.@m()",
    "@e.@m(@e)",
    "@e.@m(@e, @e)",
    "@n(@e)",
    "@n(*@e, **@e)",
    "(lambda @n, *@n: @e)(@e)",
    "[@e for @n in @e if @e]",
    "{@e: @e for @n, @n in @e}",
    "f'{@n}-{@n!r:>{@n}}'",
    "f'{@n:%Y-%m}{@n=}'",
    "(@s % @e)",
    "@s.format(@e, x=@e)",
    "os.environ[@s]",
    "os.environ.get(@s, @e)",
    "Variable.get(@s, default_var=@e, deserialize_json=@e)",
    "BaseHook.get_connection(@s).@n",
    "json.loads(@e)",
    "yaml.safe_load(@e)",
    "json.dumps(@e, indent=@e)",
    "re.sub(@s, @e, @e)",
    "re.findall(@s, @e)",
    "datetime.datetime(2024, 1, @e)",
    "datetime.timedelta(days=@e)",
    "pathlib.Path(@e) / @e",
    "pathlib.Path(__file__).parent.joinpath(@s).read_text()",
    "range(@e)",
    "list(@e)",
    "dict(@e, x=@e)",
    "zip(@e, @e)",
    "sorted(@e, key=lambda x: @e)",
    "map(str, @e)",
    "sum(@e)",
    "int(@e)",
    "str(@e)",
    "getattr(@e, @s, @e)",
    "isinstance(@e, @n)",
    "type(@e)(@e)",
    "copy.deepcopy(@e)",
    "itertools.product(@e, @e)",
    "functools.partial(@n, @e)(@e)",
    "functools.reduce(lambda x, y: @e, @e)",
    "collections.defaultdict(list, @e)",
    "k8s.V1EnvVar(name=@s, value=@e)",
    "k8s.V1Pod(spec=k8s.V1PodSpec(containers=[k8s.V1Container(name=@s, image=@e)]))",
    "k8s.V1ResourceRequirements(limits=@e)",
    "10 ** @e",
    "@e * 100000",
];
const STRINGS: &[&str] = &[
    "'a'",
    "''",
    "'{{ ds }}'",
    "'{{ params.x }}-{% if a %}b{% endif %}'",
    "'{} {x!r:>{y}} {{'",
    "'%s %(k)s %d'",
    "'${env:A} $$'",
    "'é\\u202e\\x1b[31m\\ud800'",
    "b'\\xff'",
    "'../../x'",
    "'a.b/c'",
    "'[1, {\"a\": null}]'",
    "'- &a [1]\\n- *a'",
    "'(a+)+$'",
    "'1'",
    "'x' * 70",
    "r'\\d'",
];
const NAMES: &[&str] =
    &["a", "b", "c", "f", "g", "C", "D", "x", "y", "self", "dag", "str", "print", "super"];
const OPERATORS: &[&str] = &["+", "-", "*", "/", "//", "%", "**", "|", "&", "^", "<<", ">>", "@@"];
const METHODS: &[&str] = &[
    "get",
    "append",
    "extend",
    "update",
    "pop",
    "items",
    "keys",
    "split",
    "join",
    "replace",
    "format",
    "strip",
    "upper",
    "encode",
    "decode",
    "startswith",
    "zfill",
    "center",
    "ljust",
    "setdefault",
    "sort",
    "copy",
    "index",
    "count",
    "insert",
    "expand",
    "override",
    "set_upstream",
    "to_dict",
    "isoformat",
    "strftime",
    "total_seconds",
    "splitlines",
    "partition",
    "translate",
    "union",
    "send",
    "__class__",
    "__init__",
    "__dict__",
];
const KEYWORDS: &[&str] = &[
    "namespace=@e",
    "image=@e",
    "arguments=@e",
    "cmds=[@e, @e]",
    "env_vars=@e",
    "labels={@s: @e}",
    "annotations=@e",
    "container_resources=@e",
    "volumes=[@e]",
    "volume_mounts=@e",
    "affinity=@e",
    "tolerations=[@e]",
    "full_pod_spec=@e",
    "pod_template_dict=@e",
    "pod_template_file=@e",
    "secrets=[@e]",
    "env_from=@e",
    "init_containers=[@e]",
    "security_context=@e",
    "image_pull_secrets=@e",
    "name=@e",
    "retries=@e",
    "schedule=@e",
    "start_date=@e",
    "trigger_rule=@e",
    "startup_timeout_seconds=@e",
    "in_cluster=@e",
    "ports=@e",
    "dag=@n",
    "**@e",
];
const PATTERNS: &[&str] =
    &["@n", "0", "@s", "[@p, *@n]", "{@s: @p, **x}", "C(x=@p)", "(@p | 1)", "@n.x", "None"];

/// How deep parts may lie in each other.
const DEEPEST: usize = 9;
/// How long a program may get, in bytes.
const LONGEST: usize = 20_000;

/// Translates the program that the bytes stand for.
pub(crate) fn grammar(input: &[u8]) {
    super::dag(program(input).as_bytes());
}

fn program(input: &[u8]) -> String {
    let mut writer = Writer { bytes: input.iter(), text: HEAD.to_owned() };
    while !writer.bytes.as_slice().is_empty() && writer.text.len() < LONGEST {
        writer.part(STATEMENTS, 0, 0);
        writer.text.push('\n');
    }
    writer.text
}

struct Writer<'a> {
    bytes: Iter<'a, u8>,
    text: String,
}

impl Writer<'_> {
    fn part(&mut self, choices: &[&str], depth: usize, indent: usize) {
        let is_over = depth > DEEPEST || self.text.len() > LONGEST;
        let byte = if is_over { None } else { self.bytes.next() };
        let choice = choices[byte.map_or(0, |byte| usize::from(*byte) % choices.len())];
        let mut letters = choice.chars();
        while let Some(letter) = letters.next() {
            match letter {
                '@' => match letters.next() {
                    Some('e') => self.part(EXPRESSIONS, depth + 1, indent),
                    Some('s') => self.part(STRINGS, depth + 1, indent),
                    Some('n') => self.part(NAMES, depth + 1, indent),
                    Some('k') => self.part(KEYWORDS, depth + 1, indent),
                    Some('o') => self.part(OPERATORS, depth + 1, indent),
                    Some('m') => self.part(METHODS, depth + 1, indent),
                    Some('p') => self.part(PATTERNS, depth + 1, indent),
                    Some('b') => self.block(depth),
                    Some('@') => self.text.push('@'),
                    other => panic!("no part is called {other:?}"),
                },
                '\n' => self.line(indent),
                other => self.text.push(other),
            }
        }
    }

    /// Statements below the line that is being written.
    fn block(&mut self, depth: usize) {
        let above = self.text.rsplit('\n').next().unwrap_or_default();
        let indent = above.chars().take_while(|letter| *letter == ' ').count() / 4 + 1;
        let statements = self.bytes.next().map_or(1, |byte| byte % 3 + 1);
        for _ in 0..statements {
            self.line(indent);
            self.part(STATEMENTS, depth + 2, indent);
        }
    }

    fn line(&mut self, indent: usize) {
        self.text.push('\n');
        self.text.extend(std::iter::repeat_n("    ", indent));
    }
}
