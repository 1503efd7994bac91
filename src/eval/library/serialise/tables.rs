//! `csv`: reading.

use crate::eval::call::Args;
use crate::eval::interp::{Interp, Res};
use crate::eval::object::{Entries, Key, Object, Val};
use crate::python::Span;

/// Steps that a cell of a row counts for.
const CELL: usize = 4;

impl Interp<'_> {
    pub(super) fn call_csv(&mut self, path: &str, args: &Args, span: Span) -> Res<Option<Val>> {
        if !matches!(path, "csv.reader" | "csv.DictReader") {
            return Ok(None);
        }
        let known = ["delimiter", "quotechar", "fieldnames"];
        if args.kw.keys().any(|name| !known.contains(&name.as_ref())) {
            return Ok(None);
        }
        let character = |name: &str, default: char| match args.named(name) {
            Some(val) => val.as_str().and_then(|text| text.chars().next()),
            None => Some(default),
        };
        let (Some(delimiter), Some(quote)) =
            (character("delimiter", ','), character("quotechar", '"'))
        else {
            return Ok(None);
        };
        let Some(source) = args.pos.first() else { return Ok(None) };
        let lines = match self.take_lines(source, span) {
            Some(lines) => Some(lines),
            None if matches!(
                source.as_obj().map(|id| self.heap.get(id)),
                Some(Object::Record(..))
            ) =>
            {
                None
            }
            None => self.iterate(source, span)?,
        };
        let texts: Option<Vec<String>> = lines
            .and_then(|lines| lines.iter().map(|line| line.as_str().map(str::to_owned)).collect());
        let Some(texts) = texts else { return Ok(Some(self.unknown_source(source, span))) };
        let mut rows = rows(&texts, delimiter, quote);
        if path == "csv.reader" {
            let rows = rows
                .into_iter()
                .map(|row| {
                    let cells = row.into_iter().map(|cell| Val::str(cell, span)).collect();
                    self.list(cells, span)
                })
                .collect();
            return Ok(Some(self.heap.val(Object::Iterator(rows, 0), span)));
        }
        let names: Vec<String> = match args.get(1, "fieldnames") {
            Some(val) if !val.is_none() => {
                let Some(items) = self.iterate(val, span)? else { return Ok(None) };
                let names: Option<Vec<String>> =
                    items.iter().map(|item| item.as_str().map(str::to_owned)).collect();
                match names {
                    Some(names) => names,
                    None => return Ok(None),
                }
            }
            _ if rows.is_empty() => Vec::new(),
            _ => rows.remove(0),
        };
        let mut dicts = Vec::new();
        for row in rows {
            // Empty lines are skipped; a row too long collects its rest under the key `None`.
            if row.is_empty() {
                continue;
            }
            if row.len() > names.len() {
                return Ok(None);
            }
            self.spend(names.len() * CELL, span)?;
            let mut cells = row.into_iter();
            let mut entries = Entries::default();
            for name in &names {
                let val = match cells.next() {
                    Some(cell) => Val::str(cell, span),
                    None => Val::none(span),
                };
                entries
                    .insert(Key::Str(name.as_str().into()), (Val::str(name.as_str(), span), val));
            }
            dicts.push(self.dict(entries, span));
        }
        Ok(Some(self.heap.val(Object::Iterator(dicts, 0), span)))
    }
}

/// The rows of the `excel` dialect; a quoted cell may go over several lines.
fn rows(lines: &[String], delimiter: char, quote: char) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let mut row: Vec<String> = Vec::new();
    let mut cell = String::new();
    let mut quoted = false;
    for line in lines {
        // A line end belongs to a cell only while a quote is open.
        let mut characters = line.chars().peekable();
        let mut at_start = !quoted;
        if !quoted && line.trim_end_matches(['\n', '\r']).is_empty() {
            rows.push(Vec::new());
            continue;
        }
        while let Some(c) = characters.next() {
            if quoted {
                if c != quote {
                    cell.push(c);
                } else if characters.next_if_eq(&quote).is_some() {
                    cell.push(quote);
                } else {
                    quoted = false;
                }
            } else if c == quote && at_start {
                quoted = true;
                at_start = false;
            } else if c == delimiter {
                row.push(std::mem::take(&mut cell));
                at_start = true;
            } else if !matches!(c, '\n' | '\r') {
                cell.push(c);
                at_start = false;
            }
        }
        if !quoted {
            row.push(std::mem::take(&mut cell));
            rows.push(std::mem::take(&mut row));
        }
    }
    if quoted {
        row.push(cell);
        rows.push(row);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_those_of_excel() {
        let lines: Vec<String> = ["a,b\n", "\"x, \"\"y\"\"\",2\n", "\n", "\"two\n", "lines\",3"]
            .map(str::to_owned)
            .to_vec();
        assert_eq!(
            rows(&lines, ',', '"'),
            [
                vec!["a".to_owned(), "b".to_owned()],
                vec!["x, \"y\"".to_owned(), "2".to_owned()],
                vec![],
                vec!["two\nlines".to_owned(), "3".to_owned()],
            ]
        );
    }
}
