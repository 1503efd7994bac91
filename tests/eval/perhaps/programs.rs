//! Random DAG files.

use std::collections::HashMap;

use super::statements::{ORDERS, ROUNDS, STATEMENTS};

/// What programs have in common. They make tasks by these functions and leave traces in `L` and `S`, which the last
/// task shows.
const HEAD: &str = "\
import os, itertools, functools, contextlib
from airflow import DAG
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator as K
E = os.environ
L = []
S = {'v': 'a'}
N = {'p': 0, 'q': 1, 'rr': 2}
def mk(i):
    L.append(i)
    S['v'] = f'v{i}'
    return K(task_id=f't{i}', name='n', image=S['v'])
def nk(i):
    S['w'] = f'w{i}'
    return K(task_id=f'n{i}', name='n', image=S.get('w', 'none'))
def tk(i, x, *more):
    S['v'] = f'x{x}'
    return K(task_id=f't{i}{x}', name='n', image=f'i{i}', arguments=[str(one) for one in more])
class C:
    k = mk
    def __init__(self, b=0): self.b = b
    def go(self, i): return mk(self.b + i)
    @staticmethod
    def st(i): return nk(i)
    @classmethod
    def cl(cls, i): return mk(i)
    def __call__(self, i): return nk(self.b + i)
class D(C):
    def go(self, i): return nk(self.b + i)
class K2(K):
    def __init__(self, arguments, **rest): super().__init__(arguments=arguments + ['2'], **rest)
F = {'a': mk, 'b': nk}
OBJ = [C(100), D(200)]
";

const TAIL: &str = "    K(task_id='z', name='n', image=S['v'], arguments=[str(x) for x in L])\n";

/// What stands for `$name` in statements.
struct Rule {
    name: &'static str,
    /// In how many of its own kind it may stand; within more, it is its first choice.
    most_nested: usize,
    /// With how likely each is.
    choices: &'static [(usize, &'static str)],
}

const fn rule(
    name: &'static str,
    most_nested: usize,
    choices: &'static [(usize, &'static str)],
) -> Rule {
    Rule { name, most_nested, choices }
}

const RULES: &[Rule] = &[
    rule("env", 0, &[(1, "E['A0']"), (1, "E['A1']"), (1, "E['A2']")]),
    rule(
        "cond",
        2,
        &[
            (75, "$env"),
            (7, "not $cond"),
            (8, "($cond and $cond)"),
            (6, "($cond or $cond)"),
            (2, "True"),
            (2, "False"),
        ],
    ),
    // A condition on one of many.
    rule(
        "each",
        2,
        &[
            (45, "E[f'A{$x}']"),
            (30, "$env"),
            (7, "not $each<$x>"),
            (8, "($each<$x> and $each<$x>)"),
            (6, "($each<$x> or $each<$x>)"),
            (2, "True"),
            (2, "False"),
        ],
    ),
    rule(
        "fn",
        0,
        &[
            (6, "mk"),
            (5, "nk"),
            (3, "F['a']"),
            (3, "(mk if $env else nk)"),
            (3, "F['a' if $env else 'b']"),
            (1, "F[$env or 'a']"),
            (3, "C().go"),
            (3, "C.st"),
            (3, "(C() if $env else D()).go"),
            (3, "(C if $env else D).st"),
            (3, "getattr(D(), 'go' if $env else 'st')"),
            (3, "functools.partial(mk if $env else nk)"),
            (3, "(OBJ[0] if $env else OBJ[1])"),
            (3, "OBJ[$env == 'x'].go"),
        ],
    ),
    rule("call", 0, &[(1, "$fn($new + $x)")]),
    // Some of the numbers from 0 to 2.
    rule(
        "it",
        3,
        &[
            (35, "range($size)"),
            (4, "[0, 2]"),
            (3, "[2, 0, 1]"),
            (3, "[1]"),
            (15, "[i for i in $it if $each<i>]"),
            (12, "(i for i in $it if $each<i>)"),
            (8, "filter(lambda i: $each<i>, $it)"),
            (5, "([0, 1] if $env else [2])"),
            (5, "list($it)"),
            (4, "itertools.chain($it, [0] if $env else [])"),
            (3, "sorted($it)"),
            (3, "{i: i for i in $it if $each<i>}"),
        ],
    ),
    rule("size", 0, &[(1, "1"), (1, "2"), (1, "3")]),
    // Some of the texts in `N`.
    rule(
        "texts",
        2,
        &[
            (20, "{'p', 'q'}"),
            (15, "{'p', 'q', 'rr'}"),
            (5, "set(['rr', 'p', 'rr'])"),
            (5, "frozenset('qp')"),
            (5, "{x for x in ['p', 'q', 'rr'] if $each<N[x]>}"),
            (3, "{x for x in $texts if $each<N[x]>}"),
            (3, "({'p', 'q'} if $cond else {'q', 'rr'})"),
            (3, "{*$texts, 'p'}"),
            (3, "($texts | $texts)"),
            (3, "($texts - {'q'})"),
            (3, "set(list($texts))"),
        ],
    ),
    rule("quantifier", 0, &[(1, "any"), (1, "all")]),
    rule("leave", 0, &[(1, "break"), (1, "continue")]),
    rule("drain", 0, &[(1, "list(g$b())"), (1, "next(g$b(), None)"), (1, "for t in g$b(): pass")]),
    rule("otherwise", 0, &[(1, ""), (1, "else:\n    $block")]),
    rule("block", 2, &[(0, "$call<0>"), (1, "$statement"), (1, "$statement\n$statement")]),
    rule(
        "loop",
        2,
        &[
            (42, "$call<$x>"),
            (28, "$call<$x>\nif $each<$x>: $leave"),
            (18, "$call<$x>\n$block"),
            (12, "$call<$x>\nif $each<$x>: $leave\n$block"),
        ],
    ),
];

/// Numbers that look random, the same for the same seed.
struct Dice(u64);

impl Dice {
    /// A number below `end` (SplitMix64).
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % end as u64).unwrap()
    }
}

pub(super) struct Programs {
    dice: Dice,
    /// The statements to choose from.
    statements: Vec<&'static str>,
    /// The last number that was given.
    number: usize,
    /// The number of the statement that is being made.
    statement: usize,
    /// Of how many choices of a rule what is being made is a part.
    nested: HashMap<&'static str, usize>,
}

impl Programs {
    pub(super) fn new(seed: u64) -> Self {
        let texts = [STATEMENTS, ORDERS, ROUNDS];
        let statements = texts.into_iter().flat_map(statements_of).collect();
        let nested = HashMap::new();
        Self { dice: Dice(seed), statements, number: 0, statement: 0, nested }
    }

    /// The next program.
    pub(super) fn next(&mut self) -> String {
        self.number = 0;
        let count = 1 + self.dice.below(3);
        let body = vec!["    $statement"; count].join("\n");
        let body = self.expanded(&body, "");
        format!("{HEAD}with DAG('d'):\n{body}\n{TAIL}")
    }

    /// The template with all that stands for something replaced.
    fn expanded(&mut self, template: &str, x: &str) -> String {
        let mut made = String::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('$') {
            made.push_str(before);
            let end = after.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(after.len());
            let (name, after) = after.split_at(end);
            let (argument, after) = match after.strip_prefix('<') {
                Some(after) => after.split_once('>').unwrap(),
                None => ("", after),
            };
            let argument = argument.replace("$x", x);
            let part = match name {
                "x" => x.to_owned(),
                "b" => self.statement.to_string(),
                "new" => self.new_number().to_string(),
                "statement" => self.statement(),
                _ => self.choice(name, &argument),
            };
            let line = made.rsplit('\n').next().unwrap_or_default();
            let indent = " ".repeat(line.len() - line.trim_start().len());
            made.push_str(&part.replace('\n', &format!("\n{indent}")));
            rest = after;
        }
        made + rest
    }

    fn new_number(&mut self) -> usize {
        self.number += 10;
        self.number
    }

    fn statement(&mut self) -> String {
        let number = self.new_number();
        let outer = std::mem::replace(&mut self.statement, number);
        let template = self.statements[self.dice.below(self.statements.len())];
        let made = self.expanded(template, "");
        self.statement = outer;
        made
    }

    fn choice(&mut self, name: &str, x: &str) -> String {
        let rule = RULES.iter().find(|rule| rule.name == name);
        let Rule { name, most_nested, choices } = rule.unwrap_or_else(|| panic!("no rule {name}"));
        let nested = *self.nested.entry(name).and_modify(|count| *count += 1).or_insert(1);
        let mut chosen = choices[0].1;
        if nested <= most_nested + 1 {
            let mut left = self.dice.below(choices.iter().map(|(weight, _)| *weight).sum());
            for (weight, choice) in *choices {
                chosen = choice;
                match left.checked_sub(*weight) {
                    Some(less) => left = less,
                    None => break,
                }
            }
        }
        let made = self.expanded(chosen, x);
        *self.nested.get_mut(name).unwrap() -= 1;
        made
    }
}

/// The statements of a text of them.
fn statements_of(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.split("\n\n").map(str::trim).filter(|statement| !statement.is_empty())
}
