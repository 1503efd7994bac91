//! `os.path`.

use std::sync::Arc;

use super::read::Place;
use crate::eval::call::Args;
use crate::eval::checkout::is_marked;
use crate::eval::interp::{Interp, Res};
use crate::eval::object::{Data, Val};
use crate::eval::pure::path as posix;
use crate::eval::{Hole, HoleKind, Segment, Text, slash};
use crate::python::Span;

impl Interp<'_> {
    /// A function of `os.path`.
    pub(crate) fn call_os_path(&mut self, name: &str, args: &Args, span: Span) -> Option<Res> {
        if args.is_open() {
            return None;
        }
        let first = args.pos.first()?;
        if name == "join" {
            return Some(Ok(self.os_join(&args.pos, span)));
        }
        if matches!(name, "commonpath" | "commonprefix") {
            return Some(self.common(name, first, span));
        }
        let Some(path) = self.path_text(first) else {
            return Some(Ok(self.open_path_function(name, first, args, span)));
        };
        let second = args.get(1, "start").and_then(|val| self.path_text(val));
        let text = |text: &str| Ok(Val::str(text, span));
        let pair = |(head, tail): (String, String)| {
            Ok(Val::tuple(vec![Val::str(head, span), Val::str(tail, span)], span))
        };
        Some(match name {
            "dirname" => text(&posix::dirname(&path)),
            "basename" => text(&posix::basename(&path)),
            "split" => pair(posix::split(&path)),
            "splitext" => pair(posix::splitext(&path)),
            "normpath" => text(&posix::normpath(&path)),
            "normcase" | "fspath" => text(&path),
            "isabs" => Ok(Val::bool(path.starts_with('/'), span)),
            // What these give for a relative path depends on the working directory.
            "abspath" | "realpath" if !path.starts_with('/') => Ok(self.outside(&path, span)),
            "abspath" => text(&posix::normpath(&path)),
            "realpath" => self.resolved(&path, span).map_or_else(Ok, |real| text(&real)),
            "exists" | "lexists" | "isfile" | "isdir" => Ok(match self.place(&path) {
                Some(place) => Val::bool(
                    match name {
                        "isfile" => place == Place::File,
                        "isdir" => place == Place::Folder,
                        _ => place != Place::Missing,
                    },
                    span,
                ),
                None => self.outside(&path, span),
            }),
            "expanduser" if !path.starts_with('~') => text(&path),
            "expandvars" if !path.contains('$') => text(&path),
            "expanduser" | "expandvars" => Ok(self.hole(HoleKind::Env, path, span)),
            "relpath" => match second {
                Some(start)
                    if path.starts_with('/')
                        && start.starts_with('/')
                        && is_marked(&path) == is_marked(&start) =>
                {
                    // The working directory plays no part between absolute paths.
                    match posix::relpath(&path, &start, "/") {
                        Ok(relative) => text(&relative),
                        Err(failure) => self.failed(failure, &args.all(), span),
                    }
                }
                _ => Ok(self.derived(&args.all(), span)),
            },
            _ => return None,
        })
    }

    /// `os.path.join`: holes stay in place where it is known that what comes before them is kept. Whether a slash
    /// comes between a hole and the next part depends on the hole, and is left open with it.
    fn os_join(&mut self, parts: &[Val], span: Span) -> Val {
        let known: Option<Vec<String>> = parts.iter().map(|part| self.path_text(part)).collect();
        if let Some(known) = known {
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            if let Some((first, rest)) = known.split_first() {
                return Val::str(posix::join(first, rest), span);
            }
        }
        let mut joined = Text::default();
        for (index, part) in parts.iter().enumerate() {
            let text = match self.path_text(part) {
                Some(path) => Text::literal(path),
                None => match self.to_text(part) {
                    Some(text) => text,
                    None => {
                        let from: Vec<&Val> = parts.iter().collect();
                        return self.derived(&from, span);
                    }
                },
            };
            let begins_open = matches!(text.segments.first(), Some(Segment::Hole(_)));
            if begins_open && index > 0 {
                // An absolute path would replace all before it.
                let from: Vec<&Val> = parts.iter().collect();
                return self.derived(&from, span);
            }
            let absolute = Self::known_prefix(&text).starts_with('/');
            if index == 0 || absolute {
                joined = text;
                continue;
            }
            match joined.segments.last() {
                Some(Segment::Literal(literal)) if !literal.ends_with('/') => joined.push_str("/"),
                Some(Segment::Hole(hole)) if !ends_component(hole) => {
                    let hole = Arc::clone(hole);
                    joined.segments.pop();
                    let ends = with_slash(&hole, &joined);
                    joined.push_hole(Arc::new(ends));
                }
                _ => {}
            }
            joined.push_text(&text);
        }
        self.bounded_text(joined, span)
    }

    fn common(&mut self, name: &str, paths: &Val, span: Span) -> Res {
        let Some(items) = self.iterate(paths, span)? else {
            return Ok(self.derived(&[paths], span));
        };
        let texts: Option<Vec<String>> = items.iter().map(|item| self.path_text(item)).collect();
        let Some(texts) = texts else { return Ok(self.derived(&[paths], span)) };
        if texts.iter().any(|text| is_marked(text)) && !texts.iter().all(|text| is_marked(text)) {
            return Ok(self.derived(&[paths], span));
        }
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        if name == "commonprefix" {
            return Ok(Val::str(posix::commonprefix(&texts), span));
        }
        match posix::commonpath(&texts) {
            Ok(path) => Ok(Val::str(path, span)),
            Err(failure) => self.failed(failure, &[paths], span),
        }
    }

    /// What can be said of a path with holes: its last slash decides between folder and name when it
    /// is written out and no hole comes after it.
    fn open_path_function(&mut self, name: &str, val: &Val, args: &Args, span: Span) -> Val {
        if let Data::Text(text) = &val.data
            && let Some(Segment::Literal(last)) = text.segments.last()
        {
            if let ("basename", Some((_, tail))) = (name, last.rsplit_once('/')) {
                return Val::str(tail, span);
            }
            if let ("basename", [.., Segment::Hole(hole), _]) = (name, text.segments.as_slice())
                && ends_component(hole)
            {
                return Val::str(last.as_str(), span);
            }
            if let ("dirname", Some((head, _))) = (name, last.rsplit_once('/')) {
                // A slash at the end of a hole would go away too, so one must be written out.
                if !head.is_empty() && !head.ends_with('/') {
                    let mut folder = text.as_ref().clone();
                    folder.segments.pop();
                    folder.push_str(head);
                    return self.bounded_text(folder, span);
                }
            }
            if let ("splitext", name) = (name, last.rsplit('/').next().unwrap_or(last))
                && let (stem, extension) = posix::splitext(name)
                && !extension.is_empty()
                && !stem.trim_start_matches('.').is_empty()
            {
                let mut root = text.as_ref().clone();
                let kept = last.len() - extension.len();
                if let Some(Segment::Literal(literal)) = root.segments.last_mut() {
                    literal.truncate(kept);
                }
                return Val::tuple(vec![Val::text(root, span), Val::str(extension, span)], span);
            }
            if name == "isabs" && Self::known_prefix(text).starts_with('/') {
                return Val::bool(true, span);
            }
        }
        self.derived(&args.all(), span)
    }
}

/// Whether a part of a path begins after this hole: it ends in a slash or is empty.
fn ends_component(hole: &Hole) -> bool {
    slash::part(hole.kind, &hole.name).is_some()
}

/// A hole at the end of a path with the slash that `os.path.join` puts there when it is missing.
fn with_slash(hole: &Arc<Hole>, before: &Text) -> Hole {
    let is_first = match before.segments.last() {
        Some(Segment::Literal(literal)) => literal.ends_with('/'),
        Some(Segment::Hole(_)) => false,
        None => true,
    };
    // A lookup is named by its key, so that its value closes this hole too.
    let lookup = match hole.kind {
        HoleKind::Env | HoleKind::Variable | HoleKind::Conf | HoleKind::Param
            if hole.roots.is_empty() =>
        {
            hole.key()
        }
        _ if hole.reason.is_empty() => hole.name.clone(),
        _ => hole.reason.clone(),
    };
    let default = hole.default.as_ref().and_then(|default| default.as_str());
    let default = default.map(|default| slash::with_slash(default, is_first).into());
    let roots = if hole.roots.is_empty() { vec![Arc::clone(hole)] } else { hole.roots.clone() };
    Hole {
        kind: HoleKind::Expression,
        name: slash::name(&lookup, is_first),
        default,
        reason: slash::name(
            if hole.reason.is_empty() { &hole.name } else { &hole.reason },
            is_first,
        ),
        span: hole.span,
        roots,
    }
}
