//! Trees of nodes addressed by JSON pointer.

use super::node::{Fields, Node, NodeKind};
use crate::python::Span;

/// Puts a node at a place, making the mappings on the way; `append` adds the items of a list to the one
/// that is there.
pub(crate) fn place(root: &mut Node, path: &str, node: Node, append: bool) {
    let mut here = root;
    let mut rest = path.trim_start_matches('/');
    while let Some(slash) = rest.bytes().position(|byte| byte == b'/') {
        let (token, after) = rest.split_at(slash);
        let Some(next) = child(here, token) else { return };
        here = next;
        rest = after.get(1..).unwrap_or_default();
    }
    set(here, rest, node, append);
}

/// The node at a place.
pub(crate) fn find<'a>(root: &'a Node, path: &str) -> Option<&'a Node> {
    path.trim_start_matches('/').split('/').try_fold(root, |here, token| match &here.kind {
        NodeKind::Map(fields) => fields.entries.get(token),
        NodeKind::List(items) => items.get(token.parse::<usize>().ok()?),
        _ => None,
    })
}

/// The node at a place, to change.
pub(crate) fn find_mut<'a>(root: &'a mut Node, path: &str) -> Option<&'a mut Node> {
    path.trim_start_matches('/').split('/').try_fold(root, |here, token| match &mut here.kind {
        NodeKind::Map(fields) => fields.entries.get_mut(token),
        NodeKind::List(items) => items.get_mut(token.parse::<usize>().ok()?),
        _ => None,
    })
}

/// Removes the entry at a place.
pub(crate) fn remove(root: &mut Node, path: &str) {
    if let Some((parent, key)) = path.rsplit_once('/')
        && let Some(fields) = find_mut(root, parent).and_then(Node::fields_mut)
    {
        fields.entries.shift_remove(key);
    }
}

fn child<'a>(node: &'a mut Node, token: &str) -> Option<&'a mut Node> {
    match &mut node.kind {
        NodeKind::Map(fields) => match fields.entries.get_index_of(token) {
            Some(there) => fields.entries.get_index_mut(there).map(|(_, node)| node),
            None => {
                let empty = Node::map(Fields::default(), Span::NONE);
                Some(fields.entries.entry(token.to_owned()).or_insert(empty))
            }
        },
        NodeKind::List(items) => items.get_mut(token.parse::<usize>().ok()?),
        _ => None,
    }
}

fn set(node: &mut Node, token: &str, value: Node, append: bool) {
    let Some(fields) = node.fields_mut() else { return };
    match fields.entries.get_mut(token) {
        Some(there) if append => append_to(there, value),
        Some(there) => *there = value,
        None => _ = fields.entries.insert(token.to_owned(), value),
    }
}

/// Adds the items of one list to another. The joined list is nobody's; its items say who made them.
pub(crate) fn append_to(there: &mut Node, more: Node) {
    let owner = there.from;
    match (&mut there.kind, more.kind) {
        (NodeKind::List(items), NodeKind::List(new)) => {
            for item in items.iter_mut() {
                item.from = item.from.or(owner);
            }
            items.extend(new.into_iter().map(|item| {
                let from = item.from.or(more.from);
                Node { from, ..item }
            }));
            there.from = None;
        }
        (_, kind) => {
            let more = Node { kind, span: more.span, from: more.from };
            // What cannot be joined is the hole, or what was refused: it decides the whole.
            let empty = |node: &Node| node.truth() == Some(false);
            if empty(there) {
                *there = more;
            } else if !empty(&more) {
                *there = Node::computed("list", "joined from parts not all known", &[there, &more]);
            }
        }
    }
}
