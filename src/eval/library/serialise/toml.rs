//! `tomllib`, and the older package `toml`.

use ::toml::Value as Toml;

use crate::eval::call::Args;
use crate::eval::interp::{Interp, Res};
use crate::eval::library::datetime::{Maker, Moment};
use crate::eval::object::{Data, Entries, Key, Native, Val};
use crate::eval::pure::Failure;
use crate::eval::pure::datetime::{Date, DateTime, Time};
use crate::python::Span;

impl Interp<'_> {
    pub(super) fn call_toml(&mut self, path: &str, args: &Args, span: Span) -> Option<Res> {
        let source = args.pos.first()?.clone();
        if !args.kw.is_empty() {
            return None;
        }
        let text = match path {
            "tomllib.loads" | "tomllib.load" | "toml.loads" => self.source_text(&source, span),
            // The older package takes the name of a file too.
            "toml.load" => match self.path_text(&source) {
                Some(path) => {
                    let file = match self.open_path(&path, "r", None, false, span) {
                        Ok(file) => file,
                        Err(raised) => return Some(Err(raised)),
                    };
                    self.source_text(&file, span)
                }
                None => self.source_text(&source, span),
            },
            _ => return None,
        };
        let Some(text) = text else { return Some(Ok(self.unknown_source(&source, span))) };
        let at = text.span.or(span);
        Some(match text.as_str().unwrap_or_default().parse::<::toml::Table>() {
            Ok(table) => Ok(self.toml_val(Toml::Table(table), at)),
            Err(error) => {
                let failure = Failure::raised("TOMLDecodeError", error.message().to_owned());
                self.failed(failure, &[&source], span)
            }
        })
    }

    fn toml_val(&mut self, value: Toml, span: Span) -> Val {
        match value {
            Toml::String(text) => Val::str(text, span),
            Toml::Integer(number) => Val::int(number, span),
            Toml::Float(number) => Val::new(Data::Float(number), span),
            Toml::Boolean(value) => Val::bool(value, span),
            Toml::Datetime(value) => {
                let text = value.to_string();
                let moment = DateTime::from_iso_format(&text)
                    .map(|value| Moment::DateTime(value, Maker::Standard));
                let moment = match (value.date, value.time) {
                    (Some(_), Some(_)) => moment,
                    (Some(_), None) => Date::from_iso_format(&text).map(Moment::Date),
                    _ => Time::from_iso_format(&text).map(Moment::Time),
                };
                match moment {
                    Ok(moment) => Val::native(Native::Moment(moment), span),
                    Err(_) => self.hole(crate::eval::HoleKind::Expression, text, span),
                }
            }
            Toml::Array(items) => {
                let items = items.into_iter().map(|item| self.toml_val(item, span)).collect();
                self.list(items, span)
            }
            Toml::Table(table) => {
                let mut entries = Entries::default();
                for (key, value) in table {
                    let value = self.toml_val(value, span);
                    entries.insert(Key::Str(key.as_str().into()), (Val::str(key, span), value));
                }
                self.dict(entries, span)
            }
        }
    }
}
