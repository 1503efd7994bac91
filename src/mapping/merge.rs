//! The merge of a pod template with what the arguments say.
//!
//! "Explicit if truthy": a field of the explicit side wins unless Python calls it false. Containers are
//! merged by position, init containers by name, some lists are joined, and all else is replaced as a
//! whole.

use indexmap::IndexMap;

use super::node::{Fields, Node, NodeKind};
use super::release::Release;
use super::remarks::Remarks;

/// Lists of a container that are joined, template first.
const JOINED: [&str; 5] = ["volumeMounts", "env", "envFrom", "ports", "volumeDevices"];

/// A merge that Airflow fails at, or that podlift cannot follow.
#[derive(Debug)]
pub(crate) struct Merger<'a> {
    /// The release of the provider whose rules apply.
    pub(crate) release: &'a Release,
    /// The argument that brought the weaker side, for messages.
    pub(crate) argument: &'a str,
}

impl Merger<'_> {
    /// `client` over `base`, both pods.
    pub(crate) fn pods(&self, base: Node, mut client: Node, remarks: &mut Remarks) -> Node {
        let side = |pod: &Node, key: &str| pod.get(key).cloned();
        let spec = self.specs(side(&base, "spec"), side(&client, "spec"), remarks);
        let metadata = self.metadata(side(&base, "metadata"), side(&client, "metadata"), remarks);
        set(&mut client, "spec", spec);
        set(&mut client, "metadata", metadata);
        self.objects(base, client, remarks)
    }

    fn metadata(
        &self,
        base: Option<Node>,
        client: Option<Node>,
        remarks: &mut Remarks,
    ) -> Option<Node> {
        let (base, mut client) = both(base, client)?;
        for key in ["labels", "annotations"] {
            let joined = self.optional(base.get(key).cloned(), client.get(key).cloned(), remarks);
            set(&mut client, key, joined);
        }
        for key in ["managedFields", "finalizers", "ownerReferences"] {
            self.join(&base, &mut client, key, remarks);
        }
        Some(self.objects(base, client, remarks))
    }

    fn specs(
        &self,
        base: Option<Node>,
        client: Option<Node>,
        remarks: &mut Remarks,
    ) -> Option<Node> {
        let (base, mut client) = both(base, client)?;
        let containers = self.containers(
            base.get("containers").cloned(),
            client.get("containers").cloned(),
            remarks,
        );
        let explicit_init = client.get("initContainers").cloned();
        set(&mut client, "containers", containers);
        self.join(&base, &mut client, "initContainers", remarks);
        let template_init = base.get("initContainers").cloned();
        if let (Some(ours), Some(theirs)) = (template_init, explicit_init)
            && ours.truth() == Some(true)
            && theirs.truth() == Some(true)
            && self.release.is_at_least("10.13.0")
        {
            let merged = self.init_containers(&ours, &theirs, remarks);
            set(&mut client, "initContainers", Some(merged));
        }
        self.join(&base, &mut client, "volumes", remarks);
        Some(self.objects(base, client, remarks))
    }

    /// Containers by position.
    fn containers(
        &self,
        base: Option<Node>,
        client: Option<Node>,
        remarks: &mut Remarks,
    ) -> Option<Node> {
        let (base, client) = match (base, client) {
            (base, None) => return base,
            (None, client) => return client,
            (Some(base), Some(client)) => (base, client),
        };
        let (NodeKind::List(ours), NodeKind::List(theirs)) = (&base.kind, &client.kind) else {
            return Some(self.unknown("containers", &[&base, &client]));
        };
        let mut merged = Vec::new();
        for index in 0..ours.len().max(theirs.len()) {
            merged.extend(match (ours.get(index), theirs.get(index)) {
                (Some(ours), Some(theirs)) => Some(self.container(ours, theirs, remarks)),
                (ours, theirs) => ours.or(theirs).cloned(),
            });
        }
        Some(Node::list(merged, client.span).made_by(client.from))
    }

    fn container(&self, base: &Node, client: &Node, remarks: &mut Remarks) -> Node {
        let is_object = |node: &Node| node.fields().is_some_and(|fields| fields.class.is_some());
        if !is_object(base) || !is_object(client) {
            if base.fields().is_some() && client.fields().is_some() {
                let message = "a container given as a dict cannot be merged with a template";
                return remarks.refuse(self.argument, client.span.or(base.span), message);
            }
            return self.unknown("container", &[base, client]);
        }
        let mut client = client.clone();
        for key in JOINED {
            self.join(base, &mut client, key, remarks);
        }
        self.objects(base.clone(), client, remarks)
    }

    /// Init containers by name: template order, then the new ones.
    fn init_containers(&self, base: &Node, client: &Node, remarks: &mut Remarks) -> Node {
        let (Some(ours), Some(theirs)) = (base.items(), client.items()) else {
            return self.unknown("initContainers", &[base, client]);
        };
        let mut by_name: IndexMap<&str, &Node> = IndexMap::new();
        for container in ours.iter().chain(theirs) {
            let is_object = container.fields().is_some_and(|fields| fields.class.is_some());
            match container.get("name").and_then(Node::as_str) {
                Some(_) if is_object => {}
                None if is_object || container.fields().is_none() => {
                    return self.unknown("initContainers", &[base, client]);
                }
                _ => {
                    let message =
                        "an init container given as a dict cannot be merged with a template";
                    return remarks.refuse("init_containers", container.span, message);
                }
            }
        }
        for container in theirs {
            if let Some(name) = container.get("name").and_then(Node::as_str) {
                by_name.insert(name, container);
            }
        }
        let name_of = |node: &Node| node.get("name").and_then(Node::as_str).map(str::to_owned);
        let mut merged = Vec::new();
        let mut matched = Vec::new();
        for container in ours {
            let name = name_of(container);
            match name.as_deref().and_then(|name| by_name.get(name)) {
                Some(theirs) => {
                    merged.push(self.container(container, theirs, remarks));
                    matched.extend(name);
                }
                None => merged.push(container.clone()),
            }
        }
        let new =
            theirs.iter().filter(|node| name_of(node).is_none_or(|name| !matched.contains(&name)));
        merged.extend(new.cloned());
        Node::list(merged, client.span).made_by(client.from)
    }

    /// Joins a list of both sides, template first.
    fn join(&self, base: &Node, client: &mut Node, key: &str, remarks: &mut Remarks) {
        let Some(ours) = base.get(key).filter(|node| node.truth() != Some(false)) else { return };
        let Some(theirs) = client.get(key).filter(|node| node.truth() != Some(false)) else {
            let ours = ours.clone();
            set(client, key, Some(ours));
            return;
        };
        let joined = match (&ours.kind, &theirs.kind) {
            (NodeKind::List(first), NodeKind::List(second)) => {
                // Items keep telling which keyword made them; the joined list is nobody's.
                let items = first
                    .iter()
                    .map(|item| item.clone().made_by(item.from.or(ours.from)))
                    .chain(
                        second.iter().map(|item| item.clone().made_by(item.from.or(theirs.from))),
                    )
                    .collect();
                Node::list(items, theirs.span)
            }
            (NodeKind::Hole(_), _) | (_, NodeKind::Hole(_)) => self.unknown(key, &[ours, theirs]),
            _ => {
                let message = format!("`{key}` must be a list to be joined with a template");
                remarks.refuse(self.argument, theirs.span.or(ours.span), message)
            }
        };
        set(client, key, Some(joined));
    }

    /// Either side alone, or both merged.
    fn optional(
        &self,
        base: Option<Node>,
        client: Option<Node>,
        remarks: &mut Remarks,
    ) -> Option<Node> {
        match (base, client) {
            (Some(base), Some(client)) => Some(self.objects(base, client, remarks)),
            (base, client) => client.or(base),
        }
    }

    /// Two mappings: dicts key by key, objects field by field with "explicit if truthy".
    fn objects(&self, base: Node, mut client: Node, remarks: &mut Remarks) -> Node {
        match (base.truth(), client.truth()) {
            (Some(false), _) => return client,
            (_, Some(false)) => return base,
            (None, _) | (_, None) => return self.unknown("merge", &[&base, &client]),
            (Some(true), Some(true)) => {}
        }
        let span = client.span;
        let (NodeKind::Map(ours), NodeKind::Map(theirs)) = (&base.kind, &mut client.kind) else {
            return remarks.refuse(self.argument, span, "cannot be merged with a template");
        };
        if ours.class.is_none() != theirs.class.is_none() {
            return remarks.refuse(self.argument, span, "an object and a dict cannot be merged");
        }
        if ours.class.is_none() {
            let mut entries = ours.entries.clone();
            for entry in entries.values_mut() {
                entry.from = entry.from.or(base.from);
            }
            for (key, node) in &theirs.entries {
                entries.insert(key.clone(), node.clone().made_by(node.from.or(client.from)));
            }
            let mut open_keys = ours.open_keys.clone();
            open_keys.extend(theirs.open_keys.clone());
            let fields = Fields { class: None, entries, open_keys };
            return Node::map(fields, span);
        }
        theirs.open_keys.extend(ours.open_keys.clone());
        for (key, value) in &ours.entries {
            let explicit = theirs.entries.get(key);
            let chosen = match explicit.map_or(Some(false), Node::truth) {
                Some(true) => continue,
                Some(false) => value.clone().made_by(value.from.or(base.from)),
                None => match explicit {
                    Some(explicit) => self.unknown(key, &[value, explicit]),
                    None => continue,
                },
            };
            theirs.entries.insert(key.clone(), chosen);
        }
        client
    }

    /// What stands where nobody can say which side wins.
    fn unknown(&self, key: &str, parts: &[&Node]) -> Node {
        let reason = format!("depends on what `{}` is merged with", self.argument);
        Node::computed(key, &reason, parts)
    }
}

/// Both sides, when both are there; otherwise the caller's `?` would lose one, so the lonely side is
/// merged with itself.
fn both(base: Option<Node>, client: Option<Node>) -> Option<(Node, Node)> {
    match (base, client) {
        (Some(base), Some(client)) => Some((base, client)),
        (Some(only), None) | (None, Some(only)) => {
            let empty = Node::map(Fields::default(), only.span);
            Some((empty, only))
        }
        (None, None) => None,
    }
}

fn set(node: &mut Node, key: &str, value: Option<Node>) {
    if let (Some(fields), Some(value)) = (node.fields_mut(), value) {
        fields.entries.insert(key.to_owned(), value);
    }
}
