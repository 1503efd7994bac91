//! Recovery, Python 2, and what the diagnostics say.
#![allow(clippy::indexing_slicing, reason = "tests")]

use super::*;
use crate::python::ast::{ExprKind, Stmt, StmtKind, Target};

/// Lines and messages.
fn told(text: &str) -> Vec<(u32, String)> {
    let source = Source::new("a.py", text);
    let parsed = parse(&source, SourceId(0));
    let place = |told: Diagnostic| (source.line(told.span.start), told.message);
    parsed.diagnostics.into_iter().map(place).collect()
}

/// The names that a text assigns; `?` behind those whose value is not known.
fn assigned(text: &str) -> String {
    fn collect(body: &[Stmt], names: &mut Vec<String>) {
        for stmt in body {
            match &stmt.kind {
                StmtKind::Assign(targets, value) => {
                    for target in targets {
                        if let Target::Name(name, _) = target {
                            let doubt = matches!(value.kind, ExprKind::Invalid);
                            names.push(format!("{name}{}", if doubt { "?" } else { "" }));
                        }
                    }
                }
                StmtKind::With(_, body) => collect(body, names),
                _ => {}
            }
        }
    }
    let source = Source::new("a.py", text);
    let mut names = Vec::new();
    collect(&parse(&source, SourceId(0)).module.body, &mut names);
    names.join(" ")
}

#[test]
fn one_bad_statement_keeps_the_others() {
    let two = "two statements on one line: an operator, a comma or a bracket may be missing";
    let cases = [
        ("a = 1\nb = = 2\nc = 3\n", "a b? c", 2, "expected an expression"),
        ("a = 1\nb = 2 3\nc = 3\n", "a b? c", 2, two),
        ("a = 1\nb = (2,\nc = 3\nd = 4\n", "a b? c d", 2, "'(' was never closed"),
        ("a = 1\nb = f(x=[1, 2,\n  y)\nc = 3\n", "a b? c", 2, "'(' was never closed"),
        ("a = {\n  'x': 1,\n\n@b\ndef f(): pass\nc = 3\n", "a? c", 1, "'{' was never closed"),
        (
            "with a:\n    b = f(\n        1,\n    c = 2\nd = 3\n",
            "b? c d",
            2,
            "'(' was never closed",
        ),
        ("a = 'x\nb = 2\n", "a? b", 1, "missing closing quote in string literal"),
        ("a = f'{x'\nb = 2\n", "a? b", 1, "'{' was never closed"),
        ("a = f(1))\nb = 2\n", "a? b", 1, "expected a statement"),
        ("a = 1 $ 2\nb = 2\n", "a? b", 1, "unexpected character '$'"),
        ("a = '\\x4'\nb = 2\n", "a? b", 1, "invalid escape sequence in string literal"),
        ("if a\n    b = 1\nc = 2\n", "c", 1, "expected `:`, found newline"),
        ("%matplotlib inline\nb = 2\n", "b", 1, "expected a statement"),
    ];
    for (text, names, line, message) in cases {
        assert_eq!(assigned(text), names, "{text}");
        assert_eq!(told(text), [(line, message.to_owned())], "{text}");
    }
}

#[test]
fn several_unclosed_brackets_cost_one_statement_each() {
    let text = "a = f(1,\nb = 2\nc = [3\nd = {4:\nimport e\nf = 5\n";
    assert_eq!(assigned(text), "a? b c? d? f");
    let lines: Vec<_> = told(text).into_iter().map(|(line, _)| line).collect();
    assert_eq!(lines, [1, 3, 4]);
}

#[test]
fn a_text_of_too_many_tokens_is_refused_and_not_parsed() {
    for (text, is_refused) in [
        ("@".repeat(1_000_000), true),
        (format!("x = [{}]\n", "1,".repeat(600_000)), true),
        ("#\n\n".repeat(600_000), false),
        ("#\n\n".repeat(1_400_000), true),
        (format!("x = '{}'\n", "1,".repeat(600_000)), false),
    ] {
        let told = told(&text);
        assert_eq!(told.iter().any(|(_, told)| told.contains("words and signs")), is_refused);
    }
}

#[test]
fn many_errors_are_counted_instead_of_listed() {
    let source = Source::new("a.py", "x = = 1\n".repeat(30));
    let diagnostics = parse(&source, SourceId(0)).diagnostics;
    assert_eq!(diagnostics.len(), 20);
    let help = diagnostics[19].help.as_deref();
    assert_eq!(help, Some("10 more lines of this file could not be parsed."));
}

#[test]
fn python_2_is_told_once() {
    let signs = [
        "print 'a'",
        "print 'a' % b, c",
        "print >>f, 'a' 'b' if c",
        "exec 'code'",
        "try: a\nexcept B, e: pass",
        "x = `a`",
        "if a <> b: pass",
        "x = 0777",
        "x = 10L",
        "x = ur'a'",
        "raise A, 'message'",
    ];
    for sign in signs {
        let found = told(&format!("import os\n{sign}\nx = = 1\nprint 'x'\n"));
        assert_eq!(found.len(), 1, "{sign}");
        assert_eq!(found[0].1, "file is written for Python 2", "{sign}");
        assert!(found[0].0 < 4, "{sign}: not found itself");
    }
}

#[test]
fn python_3_is_not_taken_for_python_2() {
    for text in [
        "print('a'); print ('a'), b; print >> f; exec('a'); exec (a)",
        "print = 1; exec = print; x.print; x.exec",
        "try: a\nexcept (B, e): pass",
        "try: a\nexcept A, B: pass",
        "try: a\nexcept socket.timeout, socket.error: pass",
        "x = 0; y = 00; z = 0o777; L = 1; a = b if c else 0",
        "raise A(b, c) from d",
        "def f(a, b): return a",
    ] {
        assert_eq!(told(text), [], "{text}");
    }
    let broken = told("x = = 1\nprint('a')\nraise A(b, c)\n");
    assert_eq!(broken, [(1, "expected an expression".to_owned())]);
}

#[test]
fn new_syntax_is_read() {
    for text in [
        "x = f'{d['k']}'",
        "def f[T = int](x: T) -> T: return x",
        "try: a\nexcept A, B: pass",
        "with (open(a) as b, open(c) as d,): pass",
        "match x:\n  case {'a': 1}: pass",
    ] {
        assert_eq!(told(text), [], "{text}");
    }
}

#[test]
fn places_are_right_behind_carriage_returns() {
    let source = Source::new("a.py", "a = 1\r\n\r\nb = 'é' é$\r\n");
    let diagnostics = parse(&source, SourceId(0)).diagnostics;
    assert_eq!(source.line_column(diagnostics[0].span.start), (3, 9));
}
