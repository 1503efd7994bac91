//! `ast.literal_eval`.

use crate::eval::call::Args;
use crate::eval::interp::{Interp, Res};
use crate::eval::object::Val;
use crate::python::Span;
use crate::python::ast::{Expr, ExprKind};
use crate::python::literal::with_literal;

impl Interp<'_> {
    /// A text that is no literal gives `None`: whether Python raises a SyntaxError or a ValueError is not worked out.
    pub(super) fn call_literal(&mut self, path: &str, args: &Args, span: Span) -> Option<Res> {
        let ("ast.literal_eval", [source]) = (path, args.pos.as_slice()) else { return None };
        let text = self.known_str(source)?;
        let at = source.span.or(span);
        with_literal(text.trim_start_matches([' ', '\t']), |expr| self.literal_val(expr, at))
    }

    /// The value of a literal, all of it at the place of its text.
    fn literal_val(&mut self, expr: &Expr, span: Span) -> Res {
        let mut items = |items: &[Expr]| -> Res<Vec<Val>> {
            items.iter().map(|item| self.literal_val(item, span)).collect()
        };
        match &expr.kind {
            ExprKind::List(all) => {
                let all = items(all)?;
                Ok(self.list(all, span))
            }
            ExprKind::Tuple(all) => Ok(Val::tuple(items(all)?, span)),
            ExprKind::Set(all) => {
                let all = items(all)?;
                self.make_set(all, false, span)
            }
            ExprKind::Dict(entries) => {
                let dict = self.dict(Default::default(), span);
                for (key, val) in entries {
                    let Some(key) = key else { continue };
                    let (key, val) = (self.literal_val(key, span)?, self.literal_val(val, span)?);
                    self.set_item(&dict, &key, val, span)?;
                }
                Ok(dict)
            }
            ExprKind::Call(_) => self.make_set(Vec::new(), false, span),
            _ => self.eval(expr).map(|val| val.at(span)),
        }
    }
}
