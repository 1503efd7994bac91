//! Tables: Python on the left, the tree as [`super::show`] prints it on the right.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::sync::Arc;

use super::show;
use crate::diag::Severity;
use crate::python::ast::{Function, StmtKind};
use crate::python::{Parsed, Source, SourceId, parse};

fn parsed(text: &str) -> (Source, Parsed) {
    let source = Source::new("a.py", text);
    let parsed = parse(&source, SourceId(0));
    (source, parsed)
}

fn tree(text: &str) -> String {
    let (_, parsed) = parsed(text);
    assert!(parsed.diagnostics.is_empty(), "{text}: {:?}", parsed.diagnostics);
    show::module(&parsed.module)
}

fn check(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        assert_eq!(tree(text), *expected, "{text}");
    }
}

#[test]
fn literals() {
    check(&[
        ("None; True; False; ...", "None\nTrue\nFalse\n..."),
        ("0; 1_000; 0xFF; 0o17; 0b1_01; 00", "0\n1000\n255\n15\n5\n0"),
        ("9223372036854775807; 9223372036854775808", "9223372036854775807\n9223372036854775808"),
        ("0x1_0000_0000_0000_0000", "18446744073709551616"),
        ("0XFFFF_FFFF_FFFF_FFFF; 0B1111_0000", "18446744073709551615\n240"),
        ("1_0.5_0; 1e3; .5; 1E-2; 1e400", "10.5\n1000.0\n0.5\n0.01\ninf"),
        ("2j; 1_0.5J; 1 + 2j", "2.0j\n10.5j\n(+ 1 2.0j)"),
        ("-5", "(neg 5)"),
        (r#"b'a\x00\n' b"\\" rb'\n'"#, "b\"61000a5c5c6e\""),
    ]);
}

#[test]
fn strings_are_joined_and_unescaped() {
    check(&[
        (r#"'a' "b" '''c'''"#, r#""abc""#),
        (r"'\x41\u00e9\U0001F600\101\N{BULLET}\q'", "\"A\\{e9}\\{1f600}A\\{2022}\\\\q\""),
        (r"r'\n' u'x' R'\''", r#""\\nx\\'""#),
        ("'a\\\nb'", r#""ab""#),
        ("('a'\n 'b'  # why\n 'c')", r#""abc""#),
        ("''", r#""""#),
    ]);
}

#[test]
fn line_ends_in_strings_are_python_s_whatever_the_file_has() {
    let text = "x = '''a\nb\\\nc'''\ny = f'''{x}\n{x\n=}'''\nz = rb'''\n''' if x else '\\r\\n'\n";
    let expected = tree(text);
    assert!(expected.contains(r#""a\{a}bc""#), "{expected}");
    assert_eq!(tree(&text.replace('\n', "\r\n")), expected);
    assert_eq!(tree(&text.replace('\n', "\r")), expected);
}

#[test]
fn spans_point_into_the_text_as_it_is() {
    let (source, parsed) = parsed("\r\nx = 1\r\nyé = 'a\\\r\nb'  \r\n");
    let spans: Vec<_> = parsed.module.body.iter().map(|stmt| source.slice(stmt.span)).collect();
    assert_eq!(spans, ["x = 1", "yé = 'a\\\r\nb'"]);
}

#[test]
fn fstrings() {
    check(&[
        ("f'a{b}c'", r#"(f "a" {b} "c")"#),
        ("f''", "(f)"),
        ("'a' f'b{c}' 'd' f'e'", r#"(f "ab" {c} "de")"#),
        ("f'{{}}{a}}}'", r#"(f "{}" {a} "}")"#),
        ("f'{a!r:>{w}.{p!s}f}'", r#"(f {a !r :(f ">" {w} "." {p !s} "f")})"#),
        ("f'{a:{b:{c}}}'", "(f {a :(f {b :(f {c})})})"),
        ("f'{a=}'", r#"(f {"a=" a !r})"#),
        ("f'{ (a) = }'", r#"(f {" (a) = " a !r})"#),
        ("f'{a=!s}'", r#"(f {"a=" a !s})"#),
        ("f'{a=:>5}'", r#"(f {"a=" a :(f ">5")})"#),
        ("f'''{a  # b\n= }'''", r#"(f {"a  \{a}= " a !r})"#),
        (r#"f'{a["b"]}' f"{c}""#, r#"(f {(at a "b")} {c})"#),
        (r#"f"{'#'=}""#, "(f {\"'#'=\" \"#\" !r})"),
        (r"rf'\n{a}\{b}'", r#"(f "\\n" {a} "\\" {b})"#),
        (r"f'\x41\N{BULLET}{a}'", "(f \"A\\{2022}\" {a})"),
        ("f'{f'{f'{a}'}'}'", "(f {(f {(f {a})})})"),
        ("f'{a,}{*b,}'", "(f {(tuple a)} {(tuple *b)})"),
    ]);
}

#[test]
fn expressions() {
    check(&[
        ("a + b * c ** d", "(+ a (* b (** c d)))"),
        ("a - b - c", "(- (- a b) c)"),
        ("a @ b // c % d << e", "(<< (% (// (@ a b) c) d) e)"),
        ("a >> f & g | h ^ i", "(| (& (>> a f) g) (^ h i))"),
        ("not a and b or c", "(or (and (not a) b) c)"),
        ("+a, ~b", "(tuple (pos a) (~ b))"),
        ("a < b <= c != d", "(compare a < b <= c != d)"),
        ("a is not b; a not in b", "(compare a is-not b)\n(compare a not-in b)"),
        ("a if b else c", "(ifelse b a c)"),
        ("a.b.c(1)(x=2)[3].d", "(. (at (call (call (. (. a b) c) 1) x=2) 3) d)"),
        ("f(1, *a, k=2, **d)", "(call f 1 *a k=2 **d)"),
        ("f(x for x in y)", "(call f (generator x (for x y)))"),
        ("a[1:2, ::3, ...]", "(at a (tuple (slice 1 2 _) (slice _ _ 3) ...))"),
        ("[a, *b]; (a,); {a, *b}; ()", "(list a *b)\n(tuple a)\n(set a *b)\n(tuple)"),
        ("{}; {a: b, **c}", "(dict)\n(dict a: b **c)"),
        (
            "[a for a, (b, *c) in d if e if f for g in h]",
            "(listcomp a (for [ a [ b *c ] ] d e f) (for g h))",
        ),
        ("{a for a in b}", "(setcomp a (for a b))"),
        ("{a: b for a in b}", "(dictcomp a: b (for a b))"),
        ("(a := 1)", "(:= a 1)"),
        (
            "lambda a, b=1, *c, d, **e: a",
            "(def <lambda> ( / a b=1 *c * d **e ) {(return a)} locals(a b d c e))",
        ),
    ]);
}

#[test]
fn statements() {
    check(&[
        ("a = b, *c = d", "(= a [ b *c ] d)"),
        ("a.b, c[0] = d", "(= [ (. a b) (at c 0) ] d)"),
        ("a: int; b: int = 1; c.d: int = 2", "(: a int _)\n(: b int 1)\n(: (. c d) int 2)"),
        ("(e): int", "(: e int _)"),
        ("a += 1; a.b //= 2; a[0] >>= 3", "(+= a 1)\n(//= (. a b) 2)\n(>>= (at a 0) 3)"),
        ("del a, b.c, (d, e[0])", "(del a (. b c) [ d (at e 0) ])"),
        ("if a: b\nelif c: d\nelif e: f\nelse: g", "(if a {b} {(if c {d} {(if e {f} {g})})})"),
        ("while a: break\nelse: b", "(while a {break} {b})"),
        ("for a, b in c:\n  continue\nelse: d", "(for [ a b ] c {continue} {d})"),
        ("with a as b, c: pass", "(with [a b] [c _] {pass})"),
        ("with (a as (b, c), d): pass", "(with [a [ b c ]] [d _] {pass})"),
        (
            "try: a\nexcept b as c: d\nexcept: e\nelse: f\nfinally: g",
            "(try {a} (except b c {d}) (except _ _ {e}) {f} {g})",
        ),
        ("try: a\nexcept* b: c", "(try {a} (except b _ {c}) {} {})"),
        ("raise; raise a; raise a from b", "(raise _ _)\n(raise a _)\n(raise a b)"),
        ("assert a, b", "(assert a b)"),
        ("import a, b.c, d.e as f", "(import [a _] [b.c _] [d.e f])"),
        ("from a.b import c, d as e", "(from 0 a.b [c _] [d e])"),
        ("from . import a\nfrom ...b import c", "(from 1 _ [a _])\n(from 3 b [c _])"),
        ("from a import *", "(from 0 a [* _])"),
        ("global a, b", "(global a b)"),
        ("type A[T] = list[T]", "(type A)"),
        (
            "@a\n@b(1)\nclass C[T](D, metaclass=E): '''doc'''",
            "(class C<T> @a @(call b 1) ( D metaclass=E ) {\"doc\"})",
        ),
        (
            "async def f():\n  async with a as b: await c\n  async for d in e: pass",
            "(async-def f ( / * ) {(with [a b] {(await c)}); (for d e {pass} {})} locals(b d))",
        ),
        (
            "def f(a: int, /, b: str = 'x', *c: d, e, **g) -> h: pass",
            "(def f ( a:int / b:str=\"x\" *c * e **g ) -> h {pass} locals(a b e c g))",
        ),
    ]);
}

#[test]
fn patterns() {
    let cases = [
        ("1 | -2", "(or 1 (neg 2))"),
        ("None", "(is None)"),
        ("[x, *_, 'y']", "[ (as _ x) *_ \"y\" ]"),
        ("{'k': v, **r}", "{ \"k\": (as _ v) **r}"),
        ("C(p, q=z) as w", "(as (class C (as _ p) q=(as _ z)) w)"),
        ("n.m", "(. n m)"),
        ("_", "(as _ _)"),
        ("1 + 2j", "(+ 1 2.0j)"),
    ];
    for (pattern, expected) in cases {
        let text = format!("match a:\n  case {pattern} if g: pass");
        assert_eq!(tree(&text), format!("(match a (case {expected} g {{pass}}))"), "{pattern}");
    }
}

/// The first function of a text.
fn function(text: &str) -> Arc<Function> {
    match &parsed(text).1.module.body[0].kind {
        StmtKind::Function(function) => function.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn locals_are_what_python_makes_local() {
    let cases = [
        ("a, /, b, *c, d, **e", "pass", "a b d c e"),
        ("", "x = y = 1; (p, [q, *r]) = s; t.u = v; w[i] = j", "x y p q r"),
        ("", "x += 1; y: int; z: int = 1; (k): int; (l): int = 2; del m, n[0]", "x y z l m"),
        ("", "for i, j in a: k = 1\n  else: l = 2", "i j k l"),
        ("", "with a as b, c as (d, e.f): g = 1", "b d g"),
        ("", "import a.b, c.d as e\n  from f import g, h as i", "a e g i"),
        ("", "try: a = 1\n  except B as c: d = 1\n  finally: e = 1", "a c d e"),
        (
            "",
            "def inner(a): b = 1\n  class Inner: c = 1\n  g = lambda h: (i := 1)",
            "inner Inner g",
        ),
        ("", "[a for a in b if (c := a)]; {d: e for d, e in f}; g((y := 1) for x in z)", "c y"),
        ("", "[[(a := b) for b in c] for c in d]; print(e := 1)", "a e"),
        ("", "match a:\n    case [b, *c]: d = 1\n    case {'k': e, **f}: pass", "b c d e f"),
        ("", "match a:\n    case G(h, i=j) as k: pass\n    case (l, _) | (_, l): pass", "h j k l"),
        ("", "global a; a = 1; b = 2", "b"),
        ("", "a = 1\n  nonlocal b\n  b = 2", "a"),
        ("", "type A = int", "A"),
        ("a=(b := 1), *, c: (d := 2) = 3", "e = 4", "a c e"),
        ("", "@(a := b)\n  def f(c=(d := 1)): pass", "a d f"),
        ("", "while (a := f()): pass\n  lambda b=(c := 1): b", "a c"),
    ];
    for (parameters, body, expected) in cases {
        let text = format!("def f({parameters}):\n  {body}\n");
        assert_eq!(function(&text).locals.join(" "), expected, "{text}");
    }
}

#[test]
fn private_names_are_spelled_as_in_python() {
    check(&[
        (
            "class _A:\n  __x = 1\n  def f(self, __p): return self.__x, __y__, g(__k=__p)",
            "(class _A ( ) {(= _A__x 1); (def f ( / self _A__p * ) \
             {(return (tuple (. self _A__x) __y__ (call g __k=_A__p)))} locals(self _A__p))})",
        ),
        ("class __: __x = 1", "(class __ ( ) {(= __x 1)})"),
        (
            "class A:\n  class B: __x\n  import __c\n  from d import __e",
            "(class A ( ) {(class B ( ) {_B__x}); (import [__c _]); (from 0 d [__e _A__e])})",
        ),
        ("__x; f(__x=1)", "__x\n(call f __x=1)"),
    ]);
}

#[test]
fn a_function_is_a_generator_when_it_yields_itself() {
    for (body, expected) in [
        ("yield", true),
        ("x = yield from y", true),
        ("if a:\n    return (yield 1)", true),
        ("def g(): yield", false),
        ("lambda: (yield)", false),
        ("def g(a=(yield)): pass", true),
        ("class C: x = lambda: (yield)", false),
        ("return [x for x in y]", false),
    ] {
        assert_eq!(function(&format!("def f():\n  {body}\n")).is_generator, expected, "{body}");
    }
}

#[test]
fn docstrings_and_spans_of_definitions() {
    let text = "@a\n# why\n\n@b(\n 1)  # c\nasync def f():\n  '''doc''' 'tor'\n  x = 1\n";
    let (source, _) = parsed(text);
    let found = function(text);
    assert_eq!(found.docstring.as_deref(), Some("doctor"));
    assert!(source.slice(found.span).starts_with("@a"));
    assert!(source.slice(found.def_span).starts_with("async def f"));
    for body in ["f'''x'''", "b'x'", "1\n  'x'"] {
        assert_eq!(function(&format!("def f():\n  {body}\n")).docstring, None, "{body}");
    }
}

#[test]
fn type_parameters_are_named_and_not_local() {
    let found = function("def f[T: int, *Ts, **P = [int]](x: T): pass");
    assert_eq!(found.type_params.join(" "), "T Ts P");
    assert_eq!(found.locals.join(" "), "x");
}

#[test]
fn what_python_refuses_after_parsing_is_told() {
    for (text, message) in [
        ("return 1", "'return' outside function"),
        ("class A:\n  return 1", "'return' outside function"),
        ("yield", "'yield' outside function"),
        ("class A: x = yield", "'yield' outside function"),
        ("break", "'break' outside loop"),
        ("for a in b:\n  def f(): continue", "'continue' not properly in loop"),
        ("while a: pass\nelse: break", "'break' outside loop"),
        ("def f(a, *, a): pass", "duplicate argument 'a' in function definition"),
        ("lambda a, a: 1", "duplicate argument 'a' in function definition"),
        ("def f(): from a import *", "import * only allowed at module level"),
        ("nonlocal a", "nonlocal declaration not allowed at module level"),
        ("f(a=1, a=2)", "duplicate keyword argument \"a\""),
    ] {
        let (_, parsed) = parsed(text);
        let messages: Vec<_> = parsed.diagnostics.iter().map(|told| &*told.message).collect();
        assert_eq!(messages, [message], "{text}");
    }
}

#[test]
fn surrogates_and_template_strings_are_no_text() {
    for text in [r"'\ud800'", r"'a' f'{b}\uDFFF'", r"'\U0000dc00'", "t'{a}'"] {
        let (_, parsed) = parsed(text);
        assert!(matches!(parsed.module.body[0].kind, StmtKind::Invalid), "{text}");
        assert_eq!(parsed.diagnostics[0].code.as_str(), "KPO206", "{text}");
    }
    check(&[
        (r"'\ufffd'", r#""\{fffd}""#),
        (r"r'\ud800'; '\\ud800'", "\"\\\\ud800\"\n\"\\\\ud800\""),
    ]);
}

#[test]
fn numbers_beyond_python_s_bound_are_refused() {
    let (_, parsed) = parsed(&format!("x = {}", "9".repeat(4_301)));
    assert_eq!(parsed.diagnostics[0].code.as_str(), "KPO203");
    let digits = "9".repeat(4_300);
    assert_eq!(tree(&digits), digits);
}

#[test]
fn deep_code_is_cut_and_told_and_the_rest_is_kept() {
    for deep in [
        format!("{}1{}", "[".repeat(20_000), "]".repeat(20_000)),
        format!("{}1{}", "f(a=".repeat(2_000), ")".repeat(2_000)),
        format!("{}1", "not ".repeat(20_000)),
        format!("{}1", "lambda: ".repeat(5_000)),
        format!("{}1", "a if b else ".repeat(5_000)),
        format!("{}1", "'a' + ".repeat(20_000)),
        format!("a{}", ".b()".repeat(20_000)),
        format!("f'{{a:{}{}}}'", "{b:".repeat(600), "}".repeat(600)),
    ] {
        let (_, parsed) = parsed(&format!("x = 1\ny = {deep}\nz = 2\n"));
        assert_eq!(parsed.module.body.len(), 3);
        let codes: Vec<_> = parsed.diagnostics.iter().map(|told| told.code.as_str()).collect();
        assert_eq!(codes, ["KPO203"]);
    }
}

#[test]
fn chains_are_read_up_to_their_bound() {
    for (links, expected) in [(super::MAX_DEPTH - 10, 0), (super::MAX_DEPTH + 10, 1)] {
        let (_, sum) = parsed(&format!("x = 'a'{}", " + 'b'".repeat(links)));
        assert_eq!(sum.diagnostics.len(), expected, "{links}");
        let (_, branches) = parsed(&format!("if a: pass\n{}", "elif b: pass\n".repeat(links)));
        assert_eq!(branches.diagnostics.len(), expected, "{links}");
    }
}

#[test]
fn blocks_are_read_up_to_their_bound() {
    let text: String = (0..600).map(|depth| format!("{}if a:\n", " ".repeat(depth))).collect();
    let (_, parsed) = parsed(&format!("{text}{}pass\nz = 1\n", " ".repeat(600)));
    assert_eq!(parsed.diagnostics.len(), 1);
    assert_eq!(parsed.module.body.len(), 2);
}

#[test]
fn a_text_beyond_every_stack_is_refused_whole() {
    let (_, parsed) = parsed(&format!("x = {}", "(".repeat(300_000)));
    assert!(parsed.module.body.is_empty());
    assert_eq!(parsed.diagnostics[0].code.as_str(), "KPO203");
    assert_eq!(parsed.diagnostics[0].severity, Severity::Error);
}
