//! `match`.

use super::branch::Flow;
use super::interp::{Interp, Res};
use super::object::{Data, Flavour, Key, Map, Native, Object, Val};
use crate::python::Span;
use crate::python::ast::{CompareOp, MatchCase, Name, Pattern};

/// Whether a pattern matched, with what it binds; `None` when that is not known.
type Matched = Option<bool>;

/// What a pattern binds once it matches as a whole.
type Captures = Map<Name, Val>;

impl Interp<'_> {
    pub(crate) fn exec_match(&mut self, subject: &Val, cases: &[MatchCase]) -> Flow {
        let Some((case, rest)) = cases.split_first() else { return Flow::Normal };
        let (matched, captured) = match self.case_matches(case, subject) {
            Ok(result) => result,
            Err(raised) => return raised.into(),
        };
        let guard_span = case.guard.as_ref().map_or(subject.span, |guard| guard.span);
        match matched {
            Some(true) => self.exec_block(&case.body),
            Some(false) => self.exec_match(subject, rest),
            None => {
                let cond = self.condition_at(guard_span, subject);
                self.both(&cond, &mut |this| this.exec_block(&case.body), &mut |this| {
                    // Whether they are bound here depends on the pattern.
                    let unknown = this.derived_safely(&[subject], guard_span);
                    for name in &captured {
                        this.bind(name, unknown.clone());
                    }
                    this.exec_match(subject, rest)
                })
            }
        }
    }

    /// Whether a `case` takes the subject, its guard included, and the names that its pattern bound. A pattern that
    /// does not match binds none.
    pub(crate) fn case_matches(
        &mut self,
        case: &MatchCase,
        subject: &Val,
    ) -> Res<(Matched, Vec<Name>)> {
        let mut captures = Captures::default();
        let matched = self.matches(&case.pattern, subject, &mut captures)?;
        if matched == Some(false) {
            return Ok((matched, Vec::new()));
        }
        for (name, val) in &captures {
            self.bind(name, val.clone());
        }
        let names = captures.into_keys().collect();
        let Some(guard) = &case.guard else { return Ok((matched, names)) };
        let truth = match matched {
            Some(_) => {
                let val = self.eval(guard)?;
                self.truth(&val)?
            }
            None => {
                // It is evaluated where the pattern matches only.
                let cond = self.condition_at(guard.span, subject);
                let mut truth = None;
                let mut evaluate = |this: &mut Self| {
                    match this.eval(guard).and_then(|val| this.truth(&val)) {
                        Ok(answer) => truth = answer,
                        Err(raised) => return raised.into(),
                    }
                    Flow::Normal
                };
                self.both(&cond, &mut evaluate, &mut |_| Flow::Normal);
                truth
            }
        };
        Ok(match truth {
            Some(true) => (matched, names),
            Some(false) if matched.is_none() => {
                let unknown = self.derived_safely(&[subject], guard.span);
                for name in &names {
                    self.bind(name, unknown.clone());
                }
                (Some(false), names)
            }
            other => (other, names),
        })
    }

    fn matches(
        &mut self,
        pattern: &Pattern,
        subject: &Val,
        captures: &mut Captures,
    ) -> Res<Matched> {
        let span = subject.span;
        match pattern {
            Pattern::Value(expr) => {
                let val = self.eval(expr)?;
                let result = self.compare(CompareOp::Eq, subject, &val, expr.span)?;
                self.truth(&result)
            }
            Pattern::Singleton(expr) => {
                let val = self.eval(expr)?;
                let result = self.compare(CompareOp::Is, subject, &val, expr.span)?;
                self.truth(&result)
            }
            Pattern::As(inner, name) => {
                let matched = match inner {
                    Some(inner) => self.matches(inner, subject, captures)?,
                    None => Some(true),
                };
                if matched != Some(false)
                    && let Some(name) = name
                {
                    captures.insert(name.clone(), subject.clone());
                }
                Ok(matched)
            }
            Pattern::Or(patterns) => {
                let mut unsure = false;
                for pattern in patterns {
                    let mut taken = Captures::default();
                    let matched = self.matches(pattern, subject, &mut taken)?;
                    if matched == Some(false) {
                        continue;
                    }
                    if matched == Some(true) && !unsure {
                        captures.extend(taken);
                        return Ok(Some(true));
                    }
                    // All alternatives bind the same names, each to something else.
                    for (name, val) in taken {
                        let val = self.derived_safely(&[subject, &val], span);
                        captures.insert(name, val);
                    }
                    unsure = true;
                }
                Ok(if unsure { None } else { Some(false) })
            }
            Pattern::Sequence(patterns) => self.match_sequence(patterns, subject, span, captures),
            Pattern::Mapping(items, rest) => {
                if self.unknown(subject).is_some() {
                    for (_, pattern) in items {
                        let part = self.part_of(subject, "[...]", span);
                        self.matches(pattern, &part, captures)?;
                    }
                    if let Some(rest) = rest {
                        captures.insert(rest.clone(), self.part_of(subject, "[...]", span));
                    }
                    return Ok(None);
                }
                let Some(entries) = self.entries_of(subject) else { return Ok(Some(false)) };
                let mut result = Some(true);
                let mut used: Vec<Key> = Vec::new();
                for (key, pattern) in items {
                    let key = self.eval(key)?;
                    let Some(val) = self.dict_get(&entries, &key, span)? else {
                        return Ok(Some(false));
                    };
                    let place = self.key(&key, span)?;
                    if !entries.contains_key(&place) || entries.is_doubtful(&place) {
                        result = None;
                    }
                    used.push(place);
                    match self.matches(pattern, &val, captures)? {
                        Some(true) => {}
                        Some(false) => return Ok(Some(false)),
                        None => result = None,
                    }
                }
                if let Some(rest) = rest {
                    let mut left = entries;
                    for key in &used {
                        left.forget(key);
                        if let Some(at) = left.get_index_of(key) {
                            left.take_at(at);
                        }
                    }
                    let dict = self.dict(left, span);
                    captures.insert(rest.clone(), dict);
                }
                Ok(result)
            }
            Pattern::Class(class, positional, keywords) => {
                let class = self.eval(class)?;
                self.match_class(&class, positional, keywords, subject, captures)
            }
            Pattern::Star(_) => Ok(Some(true)),
        }
    }

    fn match_sequence(
        &mut self,
        patterns: &[Pattern],
        subject: &Val,
        span: Span,
        captures: &mut Captures,
    ) -> Res<Matched> {
        let is_sequence = match &subject.data {
            Data::Tuple(_) => true,
            Data::Unknown(_) => false,
            Data::Obj(id) => match self.heap.get(*id) {
                Object::List(_) => true,
                // An instance of a subclass of `list` or `tuple`.
                Object::Instance(instance) => {
                    instance.payload.as_ref().is_some_and(|inner| match &inner.data {
                        Data::Tuple(_) => true,
                        Data::Obj(id) => matches!(self.heap.get(*id), Object::List(_)),
                        _ => false,
                    })
                }
                _ => false,
            },
            Data::Native(native) => matches!(native.as_ref(), Native::Range(..)),
            _ => return Ok(Some(false)),
        };
        if !is_sequence {
            if self.unknown(subject).is_none() {
                return Ok(Some(false));
            }
            return self.match_unknown(patterns, subject, span, captures);
        }
        let Some(items) = self.iterate(subject, span)? else {
            return self.match_unknown(patterns, subject, span, captures);
        };
        let star = patterns.iter().position(|pattern| matches!(pattern, Pattern::Star(_)));
        let needed = patterns.len() - usize::from(star.is_some());
        if items.len() < needed || (star.is_none() && items.len() != needed) {
            return Ok(Some(false));
        }
        let extra = items.len() - needed;
        let mut items = items.into_iter();
        let mut result = Some(true);
        for pattern in patterns {
            if let Pattern::Star(name) = pattern {
                let taken: Vec<Val> = items.by_ref().take(extra).collect();
                if let Some(name) = name {
                    let list = self.list(taken, span);
                    captures.insert(name.clone(), list);
                }
            } else if let Some(item) = items.next() {
                match self.matches(pattern, &item, captures)? {
                    Some(true) => {}
                    Some(false) => return Ok(Some(false)),
                    None => result = None,
                }
            }
        }
        Ok(result)
    }

    /// A sequence whose elements are not known.
    fn match_unknown(
        &mut self,
        patterns: &[Pattern],
        subject: &Val,
        span: Span,
        captures: &mut Captures,
    ) -> Res<Matched> {
        let mut has_star = false;
        for (index, pattern) in patterns.iter().enumerate() {
            let is_star = matches!(pattern, Pattern::Star(_));
            // What follows a star is counted from the end.
            let part = match (has_star, is_star) {
                (_, true) => format!("[{index}:]"),
                (true, _) => format!("[-{}]", patterns.len() - index),
                _ => format!("[{index}]"),
            };
            let part = self.part_of(subject, &part, span);
            match pattern {
                Pattern::Star(Some(name)) => {
                    captures.insert(name.clone(), part);
                }
                pattern => {
                    self.matches(pattern, &part, captures)?;
                }
            }
            has_star |= is_star;
        }
        Ok(None)
    }

    fn match_class(
        &mut self,
        class: &Val,
        positional: &[Pattern],
        keywords: &[(Name, Pattern)],
        subject: &Val,
        captures: &mut Captures,
    ) -> Res<Matched> {
        let span = subject.span;
        let own = self.class_of(subject);
        let mut result = match self.is_subclass(&own, class) {
            Some(false) => return Ok(Some(false)),
            known => known,
        };
        let fields = match self.flavour_of(class) {
            Some(Flavour::Dataclass(fields) | Flavour::NamedTuple(fields)) => fields.to_vec(),
            _ => match self.class_lookup(class, "__match_args__") {
                Ok(Some(names)) => self
                    .iterate(&names, span)?
                    .unwrap_or_default()
                    .iter()
                    .filter_map(|name| name.as_str().map(Name::from))
                    .collect(),
                _ => Vec::new(),
            },
        };
        for (index, pattern) in positional.iter().enumerate() {
            let part = match fields.get(index) {
                Some(field) => self.attribute(subject, field, span)?,
                // `str(x)`, `int(x)`: the subject itself.
                None if index == 0 && class.as_symbol().is_some() => subject.clone(),
                None => self.part_of(subject, &format!("[{index}]"), span),
            };
            match self.matches(pattern, &part, captures)? {
                Some(true) => {}
                Some(false) => return Ok(Some(false)),
                None => result = None,
            }
        }
        for (name, pattern) in keywords {
            let Some(part) = self.find_attribute(subject, name, span)? else {
                return Ok(Some(false));
            };
            match self.matches(pattern, &part, captures)? {
                Some(true) => {}
                Some(false) => return Ok(Some(false)),
                None => result = None,
            }
        }
        Ok(result)
    }
}
