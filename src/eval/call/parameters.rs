//! Arguments meet parameters.

use super::Args;
use crate::eval::interp::{Interp, Res};
use crate::eval::object::{Data, FunctionObject, Key, Map, Val};
use crate::python::Span;
use crate::python::ast::Name;
use rustc_hash::FxHashSet;
use std::rc::Rc;

/// Parameters that are bound in the time of a step.
const PARAMETERS: usize = 4;

impl Interp<'_> {
    /// Behind `*unknown` nobody knows which parameter is meant.
    pub(super) fn add_positional(&mut self, args: &mut Args, vals: Vec<Val>, span: Span) {
        match args.more_pos.take() {
            None => args.pos.extend(vals),
            Some(before) => {
                let rest = Val::tuple(vals, span);
                let at = before.span.or(span);
                args.more_pos = Some(self.derived_safely(&[&before, &rest], at));
            }
        }
    }

    /// Binds arguments to parameters as Python does.
    pub(crate) fn bind_parameters(
        &mut self,
        function: &Rc<FunctionObject>,
        args: Args,
        span: Span,
    ) -> Res<Map<Name, Val>> {
        let def = &function.def;
        let parameters = &def.parameters;
        let mut names: Map<Name, Val> = Map::default();
        let Args { pos, mut kw, more_pos, more_kw, doubtful } = args;
        let mut pos = pos.into_iter();
        let mut taken: FxHashSet<Name> = FxHashSet::default();
        self.work((parameters.positional.len() + parameters.keyword_only.len()) / PARAMETERS);
        let ordered = parameters.positional_only.len();
        for (index, parameter) in
            parameters.positional_only.iter().chain(&parameters.positional).enumerate()
        {
            if let Some(val) = pos.next() {
                let by_name = if index >= ordered { kw.get(&parameter.name) } else { None };
                if let Some(kwarg) = by_name
                    && doubtful.contains(&parameter.name)
                {
                    // A call that does not fail has it once.
                    let val = kwarg.val.clone();
                    self.may_fail(&val, span);
                    taken.insert(parameter.name.clone());
                } else if by_name.is_some() {
                    let message = format!(
                        "{}() got multiple values for argument '{}'",
                        def.name, parameter.name
                    );
                    return self.type_error(message, span);
                }
                names.insert(parameter.name.clone(), val);
            } else if let Some(kwarg) =
                (index >= ordered).then(|| kw.get(&parameter.name).cloned()).flatten()
            {
                taken.insert(parameter.name.clone());
                let is_doubtful = doubtful.contains(&parameter.name);
                let val = self.by_keyword(function, &parameter.name, kwarg.val, is_doubtful, span);
                names.insert(parameter.name.clone(), val);
            } else if let Some(open) = more_pos.as_ref().or(more_kw.as_ref()) {
                let val = self.open_parameter(function, &parameter.name, open, span);
                names.insert(parameter.name.clone(), val);
            } else if let Some(default) = function.defaults.get(&parameter.name) {
                names.insert(parameter.name.clone(), default.clone());
            } else {
                let message = format!(
                    "{}() missing 1 required positional argument: '{}'",
                    def.name, parameter.name
                );
                return self.type_error(message, span);
            }
        }
        let rest: Vec<Val> = pos.collect();
        if let Some(vararg) = &parameters.vararg {
            let val = match &more_pos {
                Some(open) => self.derived(&[open], span),
                None => Val::tuple(rest, span),
            };
            names.insert(vararg.clone(), val);
        } else if !rest.is_empty() {
            let takes = parameters.positional_only.len() + parameters.positional.len();
            let open = parameters.positional_only.iter().chain(&parameters.positional);
            let needed = open.filter(|one| !function.defaults.contains_key(&one.name)).count();
            let message = too_many_positional(&def.name, needed, takes, takes + rest.len());
            return self.type_error(message, span);
        }
        for parameter in &parameters.keyword_only {
            if let Some(kwarg) = kw.get(&parameter.name).cloned() {
                taken.insert(parameter.name.clone());
                let is_doubtful = doubtful.contains(&parameter.name);
                let val = self.by_keyword(function, &parameter.name, kwarg.val, is_doubtful, span);
                names.insert(parameter.name.clone(), val);
            } else if let Some(open) = &more_kw {
                let val = self.open_parameter(function, &parameter.name, open, span);
                names.insert(parameter.name.clone(), val);
            } else if let Some(default) = function.defaults.get(&parameter.name) {
                names.insert(parameter.name.clone(), default.clone());
            } else {
                let message = format!(
                    "{}() missing 1 required keyword-only argument: '{}'",
                    def.name, parameter.name
                );
                return self.type_error(message, span);
            }
        }
        // Those that are left keep their order.
        if !taken.is_empty() {
            kw.retain(|name, _| !taken.contains(name));
        }
        if let Some(kwarg) = &parameters.kwarg {
            let dict = self.dict(Default::default(), span);
            if let Data::Obj(id) = &dict.data {
                for (name, kwarg) in kw {
                    let key = Val::str(name.as_ref(), kwarg.span);
                    let at = kwarg.val.span.or(kwarg.span);
                    self.insert(*id, Key::Str(name.as_ref().into()), key, kwarg.val.at(at));
                }
                self.doubt_keys(*id, &doubtful);
                if let Some(open) = &more_kw {
                    let number = self.fresh();
                    self.insert(*id, Key::Spread(number), open.clone(), open.clone());
                }
            }
            names.insert(kwarg.clone(), dict);
        } else if let Some((name, _)) = kw.iter().find(|(name, _)| !doubtful.contains(*name)) {
            let message = format!("{}() got an unexpected keyword argument '{name}'", def.name);
            return self.type_error(message, span);
        } else if let Some((_, kwarg)) = kw.first() {
            // Those that are left are there under a condition, and a call that does not fail is without them.
            self.may_fail(&kwarg.val, span);
        }
        Ok(names)
    }

    /// What a parameter gets from a keyword, which may not be there (`is_doubtful`): then it has its default.
    fn by_keyword(
        &mut self,
        function: &Rc<FunctionObject>,
        name: &Name,
        val: Val,
        is_doubtful: bool,
        span: Span,
    ) -> Val {
        if !is_doubtful || self.unknown(&val).is_some() {
            return val;
        }
        let Some(default) = function.defaults.get(name).cloned() else {
            self.may_fail(&val, span);
            return val;
        };
        let made = self.derived_safely(&[&val, &default], span);
        self.may_be(&made, &[&val, &default]);
        made
    }

    /// A parameter that `*unknown` or `**unknown` may set.
    pub(super) fn open_parameter(
        &mut self,
        function: &Rc<FunctionObject>,
        name: &Name,
        open: &Val,
        span: Span,
    ) -> Val {
        let mut val = self.part_of(open, &format!("[{name:?}]"), span);
        if let Data::Unknown(hole) = &val.data
            && let Some(default) = function.defaults.get(name).and_then(Val::as_str)
        {
            let mut hole = hole.as_ref().clone();
            hole.default = Some(serde_json::Value::String(default.to_owned()));
            val = Val::unknown(std::sync::Arc::new(hole), span);
        }
        val
    }
}

/// What Python says when there are more positional arguments than a function takes.
pub(crate) fn too_many_positional(name: &str, needed: usize, takes: usize, given: usize) -> String {
    let range =
        if needed < takes { format!("from {needed} to {takes}") } else { takes.to_string() };
    let plural = if takes == 1 && needed == takes { "" } else { "s" };
    let verb = if given == 1 { "was" } else { "were" };
    format!("{name}() takes {range} positional argument{plural} but {given} {verb} given")
}
