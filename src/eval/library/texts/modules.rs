//! The modules `string`, `textwrap`, `shlex`, `html` and `pprint`, and constants of modules about
//! text, numbers and time.

use super::open;
use crate::eval::Text;
use crate::eval::call::Args;
use crate::eval::interp::{Interp, Res};
use crate::eval::object::{Data, Key, Map, Object, Val};
use crate::eval::pure::template::{self, TemplatePiece};
use crate::eval::pure::{self, shlex, textwrap};
use crate::python::Span;
use crate::python::ast::Name;

/// Bytes of a template that are filled in in the time of a step.
const TEMPLATE: usize = 4;

impl Interp<'_> {
    /// Constants of the standard library that are neither looked up nor Airflow's.
    pub(crate) fn text_constant(&mut self, full: &str, span: Span) -> Option<Val> {
        let text = match full {
            "string.ascii_letters" => "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
            "string.ascii_lowercase" => "abcdefghijklmnopqrstuvwxyz",
            "string.ascii_uppercase" => "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
            "string.digits" => "0123456789",
            "string.hexdigits" => "0123456789abcdefABCDEF",
            "string.octdigits" => "01234567",
            "string.punctuation" => "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
            "string.whitespace" => " \t\n\r\x0b\x0c",
            "string.printable" => {
                "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ\
                 !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ \t\n\r\x0b\x0c"
            }
            "os.sep" | "os.path.sep" => "/",
            "os.linesep" => "\n",
            "os.pathsep" => ":",
            "os.curdir" => ".",
            "os.pardir" => "..",
            "os.extsep" => ".",
            _ => {
                return self
                    .datetime_constant(full, span)
                    .or_else(|| self.regex_constant(full, span))
                    .or_else(|| self.number_constant(full, span));
            }
        };
        Some(Val::str(text, span))
    }

    /// Constants of `math`.
    fn number_constant(&mut self, full: &str, span: Span) -> Option<Val> {
        let value = match full {
            "math.pi" => std::f64::consts::PI,
            "math.e" => std::f64::consts::E,
            "math.tau" => std::f64::consts::TAU,
            "math.inf" => f64::INFINITY,
            "math.nan" => f64::NAN,
            _ => return None,
        };
        Some(Val::new(Data::Float(value), span))
    }

    /// A function of a module about text.
    pub(crate) fn call_text_module(&mut self, path: &str, args: &Args, span: Span) -> Option<Res> {
        if args.is_open() {
            return None;
        }
        let first = args.pos.first();
        match (path, first) {
            ("string.Template", _) => {
                let template = args.get(0, "template")?.clone();
                let mut attrs = Map::default();
                attrs.insert(Name::from("template"), template);
                Some(Ok(self.heap.val(Object::Record("string.Template".into(), attrs), span)))
            }
            ("string.capwords", Some(val)) if args.pos.len() == 1 => {
                let text = self.known_str(val)?;
                let words: Vec<String> = pure::text::split(&text, None, -1)
                    .ok()?
                    .iter()
                    .map(|word| pure::text::capitalize(word))
                    .collect();
                Some(Ok(self.string(words.join(" "), span)))
            }
            ("textwrap.dedent" | "textwrap.indent" | "inspect.cleandoc", _) => {
                self.layout(path, args, span)
            }
            ("textwrap.fill" | "textwrap.wrap" | "textwrap.shorten", Some(val)) => {
                self.wrapped(path, val, args, span)
            }
            ("shlex.split", Some(val)) => self.shell_words(val, args, span),
            ("shlex.quote", Some(val)) => Some(match self.known_str(val) {
                Some(text) => Ok(self.string(shlex::quote(&text), span)),
                None => Ok(self.derived(&[val], span)),
            }),
            ("shlex.join", Some(val)) => Some(self.shell_join(val, span)),
            ("html.escape", Some(val)) => {
                let Some(text) = self.known_str(val) else {
                    return Some(Ok(self.derived(&[val], span)));
                };
                let mut text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
                let quote = match args.get(1, "quote") {
                    Some(val) => self.truth(&val.clone()).ok()??,
                    None => true,
                };
                if quote {
                    text = text.replace('"', "&quot;").replace('\'', "&#x27;");
                }
                Some(Ok(self.string(text, span)))
            }
            ("pprint.pprint" | "pprint.pp", _) => Some(Ok(Val::none(span))),
            _ => None,
        }
    }

    /// `textwrap.dedent`, `indent` and `inspect.cleandoc`, which leave holes where they are.
    fn layout(&mut self, path: &str, args: &Args, span: Span) -> Option<Res> {
        let val = args.get(0, "text").or_else(|| args.named("doc"))?;
        let prefix = match path {
            "textwrap.indent" if args.get(2, "predicate").is_none() => {
                match self.known_str(args.get(1, "prefix")?) {
                    Some(prefix) => Some(prefix),
                    None => return Some(Ok(self.derived(&args.all(), span))),
                }
            }
            "textwrap.indent" => return None,
            _ => None,
        };
        let work = |text: &str| match &prefix {
            Some(prefix) => textwrap::indent(text, prefix),
            None if path == "inspect.cleandoc" => textwrap::cleandoc(text),
            None => Ok(textwrap::dedent(text)),
        };
        match &val.data {
            Data::Text(text) => {
                let text = open::around_holes(text, |text| work(text).ok());
                Some(Ok(match text {
                    Some(text) => self.bounded_text(text, span),
                    None => self.derived(&[val], span),
                }))
            }
            _ if self.is_open(val) => Some(Ok(self.derived(&[val], span))),
            _ => match work(&self.known_str(val)?) {
                Ok(text) => Some(Ok(self.string(text, span))),
                Err(failure) => Some(self.failed(failure, &[val], span)),
            },
        }
    }

    /// `textwrap.wrap` and `fill`.
    fn wrapped(&mut self, path: &str, val: &Val, args: &Args, span: Span) -> Option<Res> {
        // Other options change the result in ways that are not known here.
        if args.kw.keys().any(|name| name.as_ref() != "width") {
            return None;
        }
        let Some(text) = self.known_str(val) else {
            return Some(Ok(self.derived(&[val], span)));
        };
        let width = args.get(1, "width").map_or(Some(70), Val::as_int)?;
        if path == "textwrap.shorten" {
            return Some(match textwrap::shorten(&text, width) {
                Ok(text) => Ok(self.string(text, span)),
                Err(failure) => self.failed(failure, &[val], span),
            });
        }
        Some(match textwrap::wrap(&text, width) {
            Ok(lines) if path == "textwrap.fill" => Ok(self.string(lines.join("\n"), span)),
            Ok(lines) => {
                let lines = lines.into_iter().map(|line| Val::str(line, span)).collect();
                Ok(self.list(lines, span))
            }
            Err(failure) => self.failed(failure, &[val], span),
        })
    }

    fn shell_words(&mut self, val: &Val, args: &Args, span: Span) -> Option<Res> {
        if args.pos.len() > 1 || !args.kw.is_empty() {
            return None;
        }
        let Some(text) = self.known_str(val) else {
            return Some(Ok(self.derived(&[val], span)));
        };
        Some(match shlex::split(&text) {
            Ok(words) => {
                let words = words.into_iter().map(|word| Val::str(word, span)).collect();
                Ok(self.list(words, span))
            }
            Err(failure) => self.failed(failure, &[val], span),
        })
    }

    fn shell_join(&mut self, val: &Val, span: Span) -> Res {
        let Some(items) = self.iterate(val, span)? else {
            return Ok(self.derived(&[val], span));
        };
        let mut words = Vec::new();
        for item in &items {
            match self.known_str(item) {
                Some(word) => words.push(shlex::quote(&word)),
                None => return Ok(self.derived(&[val], span)),
            }
        }
        Ok(self.string(words.join(" "), span))
    }

    /// `string.Template(...).substitute(...)`.
    pub(crate) fn template_method(
        &mut self,
        template: &Val,
        name: &str,
        args: &Args,
        span: Span,
    ) -> Option<Res> {
        let safe = match name {
            "substitute" => false,
            "safe_substitute" => true,
            _ => return None,
        };
        Some(self.substitute(template, safe, args, span))
    }

    fn substitute(&mut self, template: &Val, safe: bool, args: &Args, span: Span) -> Res {
        let mut from = vec![template];
        from.extend(args.all());
        let Some(pattern) = self.known_str(template) else {
            return Ok(self.derived(&from, span));
        };
        let values = self.call_dict_type(args, span)?;
        let Some(entries) = self.entries_of(&values) else {
            return Ok(self.derived(&from, span));
        };
        let open = entries.has_open_keys();
        if open {
            return Ok(self.derived(&from, span));
        }
        self.spend(pattern.len() / TEMPLATE, span)?;
        let mut text = Text::default();
        for piece in template::parse(&pattern) {
            if text.is_full() {
                break;
            }
            if !safe && let Some(failure) = piece.error() {
                return self.failed(failure, &[template], span);
            }
            let (name, written) = match &piece {
                TemplatePiece::Literal(literal) => {
                    text.push_str(literal);
                    continue;
                }
                TemplatePiece::Stray { .. } => {
                    text.push_str("$");
                    continue;
                }
                TemplatePiece::Named { name, written } => (name.as_str(), written),
            };
            match entries.get(&Key::Str(name.into())) {
                Some((_, val)) => text.push_text(&self.str_text(val, span)?),
                None if safe => text.push_str(written),
                None => {
                    return Err(self.exception("KeyError", name, span));
                }
            }
        }
        Ok(self.bounded_text(text, span))
    }
}
