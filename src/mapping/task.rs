//! From a task to job specs: binds its keywords to rows, builds pod, client and launcher settings, writes
//! the spec and accounts for every keyword.

use std::borrow::Cow;
use std::sync::Arc;

use indexmap::IndexMap;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};

use super::account::{Account, KeywordAccount, Mapped};
use super::bind::{Bound, Target, bind, bind_fixed};
use super::cluster;
use super::convert::convert;
use super::fate::{self, Fate};
use super::function;
use super::job;
use super::name;
use super::node::{Fields, Node, NodeKind};
use super::output::Output;
use super::pod::{self, Build};
use super::prune::prune;
use super::remarks::Remarks;
use super::row::{Converter, Row};
use super::tables::{Scope, Tables};
use super::tell;
use super::template::TemplateReader;
use super::tree::{find, find_mut, place};
use crate::airflow::{
    Dag, Expansion, Keyword, Keywords, OperatorKind, Origin, SPREAD, Settings, Task, TaskFunction,
};
use crate::diag::Code;
use crate::eval::{Hole, Kind, Text, Value};
use crate::python::{Sources, Span};
use crate::spec::{API_VERSION, JobSpec, KIND, Metadata, Run};

/// Makes the job specs of a task, one account of its keywords, and the findings.
///
/// The operator must be one that a table is for; any other gives no spec and an account without keywords.
/// Without `accounts` the account has neither keywords nor places.
pub fn map_task(
    task: &Task,
    dag: &Dag,
    tables: &Tables,
    settings: &Settings,
    sources: &Sources,
    templates: &dyn TemplateReader,
    accounts: bool,
) -> Mapped {
    let mut remarks = Remarks::default();
    let mut mapped = Mapped {
        specs: Vec::new(),
        account: Account {
            dag: task.dag_id.to_template(),
            task: task.task_id.to_template(),
            operator: task.operator.class.clone(),
            span: task.span,
            owner: task.keyword("owner").and_then(Value::as_str).map(str::to_owned),
            keywords: Vec::new(),
            places: Vec::new(),
        },
        diagnostics: Vec::new(),
    };
    if let Some(scope) = tables.scope(&task.operator) {
        let target = Target::of(settings);
        let fixed = scope.user.map(|table| fixed_values(&table.values)).unwrap_or_default();
        let mapper =
            Mapper { task, dag, scope, target, fixed, settings, sources, templates, accounts };
        tell::about_task(task, dag, &mut remarks);
        let instances = instances(task);
        mapped.specs.reserve_exact(instances.len());
        for (map_index, keywords, function) in instances {
            let (spec, keywords) =
                mapper.instance(map_index, &keywords, function.as_deref(), &mut remarks);
            if let Some((spec, places)) = spec {
                mapped.specs.push(spec);
                if accounts {
                    mapped.account.places.push(places);
                }
            }
            fate::join(&mut mapped.account.keywords, keywords);
        }
    }
    mapped.diagnostics = remarks
        .diagnostics
        .into_iter()
        .map(|told| told.task(mapped.account.dag.clone(), mapped.account.task.clone()))
        .collect();
    mapped
}

type Instance<'a> = (Option<u32>, Cow<'a, Keywords>, Option<Cow<'a, TaskFunction>>);

/// The instances of a task: one, or one per known value it is mapped over.
fn instances(task: &Task) -> Vec<Instance<'_>> {
    let Some(Expansion::Known(each)) = &task.expansion else {
        let function = task.function.as_ref().map(Cow::Borrowed);
        return vec![(None, Cow::Borrowed(&task.keywords), function)];
    };
    let decorated =
        matches!(task.operator.kind, OperatorKind::Decorated | OperatorKind::DecoratedCmd);
    let one = |(index, given): (usize, &IndexMap<String, Value>)| {
        let mut keywords = task.keywords.clone();
        let mut function = task.function.clone();
        for (name, value) in given {
            match &mut function {
                Some(function) if decorated => {
                    function.kwargs.insert(name.clone(), value.clone());
                }
                _ => {
                    let span = value.span;
                    let keyword = Keyword { value: value.clone(), origin: Origin::Expand, span };
                    keywords.insert(name.clone(), keyword);
                }
            }
        }
        (u32::try_from(index).ok(), Cow::Owned(keywords), function.map(Cow::Owned))
    };
    each.iter().enumerate().map(one).collect()
}

/// A job spec and the places that made its values.
type Placed = (JobSpec, Vec<(String, Span)>);

/// What all instances of a task share.
struct Mapper<'a> {
    task: &'a Task,
    dag: &'a Dag,
    scope: Scope<'a>,
    target: Target,
    fixed: Vec<(String, Value)>,
    settings: &'a Settings,
    sources: &'a Sources,
    templates: &'a dyn TemplateReader,
    accounts: bool,
}

impl Mapper<'_> {
    fn instance(
        &self,
        map_index: Option<u32>,
        keywords: &Keywords,
        function: Option<&TaskFunction>,
        remarks: &mut Remarks,
    ) -> (Option<Placed>, Vec<KeywordAccount>) {
        let mut bound: Vec<Bound<'_>> = keywords
            .iter()
            .enumerate()
            .filter_map(|(index, (name, keyword))| {
                bind(&self.scope, &self.target, index, name, keyword)
            })
            .collect();
        for (name, value) in &self.fixed {
            if !bound.iter().any(|one| one.row.argument == *name) {
                bound.extend(bind_fixed(&self.scope, &self.target, name, value));
            }
        }
        if let Some(own) = &self.task.operator.template_fields {
            bound.iter_mut().for_each(|one| one.render_only(own));
        }
        if self.is_native(keywords) {
            bound.iter_mut().for_each(Bound::render_natively);
        }
        // Values reach the pod in the order of the tables, whatever the order of the call.
        bound.sort_by_cached_key(|one| self.scope.order(one.row));
        tell::about_keywords(self.scope.kind, keywords, &bound, remarks);
        if self.scope.kind == OperatorKind::Spark || self.is_relative_of_jobs() {
            tell::unsupported_operator(self.task, remarks);
            return (None, fate::unsupported(keywords, &bound));
        }
        let spread = keywords.get(SPREAD).and_then(spread_hole);
        let (tree, excluded) = self.tree(&bound, function, spread, remarks);
        let keep_sidecar = self.settings.keep_xcom_sidecar;
        let mut output = Output::new();
        let spec = self.write(&tree, map_index, &mut output, remarks);
        tell::about_output(self.task, &spec, &output, remarks);
        if !self.accounts {
            return (Some((spec, Vec::new())), Vec::new());
        }
        let fate = Fate { bound: &bound, output: &output, excluded: &excluded, keep_sidecar };
        let accounts = fate.accounts(keywords, remarks);
        let places = output.spans().map(|(path, span)| (path.to_owned(), span)).collect();
        (Some((spec, places)), accounts)
    }

    /// Whether templates become Python values, or may: the task says so (since Airflow 3.1), or its DAG.
    fn is_native(&self, keywords: &Keywords) -> bool {
        const NAME: &str = "render_template_as_native_obj";
        let own = keywords.get(NAME).filter(|one| !one.value.is_none());
        own.or_else(|| self.dag.arguments.get(NAME))
            .is_some_and(|one| one.value.truth() != Some(false))
    }

    /// Whether the task is of an operator that makes a Job otherwise than KubernetesJobOperator: through Kueue
    /// or a managed cluster.
    fn is_relative_of_jobs(&self) -> bool {
        self.scope.kind == OperatorKind::Job
            && self.task.operator.class.rsplit('.').next() != Some("KubernetesJobOperator")
    }

    /// The job spec as a tree: `/client`, `/run`, `/launcher`.
    fn tree(
        &self,
        bound: &[Bound<'_>],
        function: Option<&TaskFunction>,
        spread: Option<Arc<Hole>>,
        remarks: &mut Remarks,
    ) -> (Node, Vec<usize>) {
        let kind = self.scope.kind;
        let mut tree = Node::map(Fields::default(), Span::NONE);
        let values = &self.settings.values;
        let access = cluster::client(kind, bound, values, self.task.span, &mut tree, remarks);
        let keep_xcom_sidecar = self.settings.keep_xcom_sidecar;
        let absent: Vec<&Row> = self.scope.absent_in_pod(bound).collect();
        let how = Build {
            task_id: &self.task.task_id,
            target: &self.target,
            absent,
            default_name: function.map(|function| {
                name::sanitise(&format!("k8s-airflow-pod-{}", function.name), false)
            }),
            default_namespace: (kind == OperatorKind::Eks).then_some("default"),
            replaces_command: kind == OperatorKind::DecoratedCmd,
            keep_xcom_sidecar,
            span: self.task.span,
        };
        let mut built = pod::build(bound, &how, self.templates, remarks);
        if let Some(function) = function {
            self.lift(function, bound, &mut built.pod, remarks);
        }
        tell::about_pod(self.task, &built, remarks);
        prune(&mut built.pod);
        let mut open: Vec<OpenNote> = Vec::new();
        let template = "merge this pod template here, then delete this line";
        open.extend(built.unknown.map(|hole| OpenNote { hole, remedy: template }));
        if let Some(hole) = spread {
            let remedy = "add what these arguments decide, then delete this line";
            open.push(OpenNote { hole, remedy });
        } else if let Some(Expansion::Unknown(hole)) = &self.task.expansion {
            let remedy =
                "one pod for each of these values: add what they decide, then delete this line";
            open.push(OpenNote { hole: Arc::clone(hole), remedy });
        }
        launcher(bound, &mut tree, remarks);
        if kind == OperatorKind::Job {
            tell::job(self.task, remarks);
            job::defaults(self.scope.absent(bound), &self.target.provider, &mut tree);
            open.extend(job::template(bound).map(|hole| OpenNote {
                hole,
                remedy: "merge this job template here, then delete this line",
            }));
        }
        self.namespace(&built.pod, bound, access.namespace, open.is_empty(), &mut tree, remarks);
        let sides = [("/run/base_pod_meta", "/metadata"), ("/run/base_pod_spec", "/spec")];
        let containers = find(&built.pod, "/spec/containers").and_then(Node::items);
        let has_several = containers.is_some_and(|containers| containers.len() > 1);
        for (path, inside) in sides {
            let Some(part) = find_mut(&mut built.pod, inside) else { continue };
            // A job spec has no room for a text in place of a whole side.
            if let NodeKind::Hole(hole) = &part.kind {
                let remedy = "write the pod by hand, then delete this line";
                open.push(OpenNote { hole: Arc::clone(hole), remedy });
            } else {
                let part = std::mem::replace(part, Node::new(NodeKind::Null, Span::NONE));
                place(&mut tree, path, part, false);
            }
        }
        if let Some(namespace) = find(&tree, "/run/namespace").cloned() {
            place(&mut tree, "/run/base_pod_meta/namespace", namespace, false);
        }
        if has_several {
            let path = "/run/enable_multi_container_logs";
            if find(&tree, path).is_none() {
                place(&mut tree, path, Node::new(NodeKind::Bool(true), self.task.span), false);
            }
        }
        note_open(&mut tree, open);
        (tree, access.excluded)
    }

    fn lift(
        &self,
        function: &TaskFunction,
        bound: &[Bound<'_>],
        pod: &mut Node,
        remarks: &mut Remarks,
    ) {
        let keep_result = self.settings.keep_xcom_sidecar && function::is_on(bound, "do_xcom_push");
        let indent = self
            .sources
            .location(function.span)
            .map_or(0, |at| usize::try_from(at.column.saturating_sub(1)).unwrap_or(0));
        let lifted = match self.scope.kind {
            OperatorKind::DecoratedCmd => {
                function::returned(function, function::is_on(bound, "args_only"), remarks)
            }
            _ => function::lift(function, indent, keep_result, remarks),
        };
        let index = bound
            .iter()
            .find(|one| one.row.argument == "python_callable")
            .and_then(|one| one.index);
        for (path, node) in [
            ("/spec/containers/0/command", lifted.command),
            ("/spec/containers/0/args", lifted.args),
        ] {
            if let Some(node) = node {
                place(pod, path, node.made_by(index), false);
            }
        }
    }

    /// The namespace, in both places. Without one in argument, template or connection, nobody but the
    /// cluster knows it.
    fn namespace(
        &self,
        pod: &Node,
        bound: &[Bound<'_>],
        from_connection: Option<String>,
        known: bool,
        tree: &mut Node,
        remarks: &mut Remarks,
    ) {
        let there = find(pod, "/metadata/namespace").filter(|node| node.truth() != Some(false));
        let node = there.cloned().or_else(|| {
            from_connection.filter(|_| known).map(|name| Node::text(name, self.task.span))
        });
        match node {
            Some(node) => place(tree, "/run/namespace", node, false),
            // What is open may bring one.
            None if !known => {}
            None => tell::no_namespace(self.task, bound, remarks),
        }
    }

    fn write(
        &self,
        tree: &Node,
        map_index: Option<u32>,
        output: &mut Output,
        remarks: &mut Remarks,
    ) -> JobSpec {
        let metadata = Metadata {
            dag: output.text(&self.task.dag_id, "/metadata/dag", self.sources),
            task: output.text(&self.task.task_id, "/metadata/task", self.sources),
            map_index,
            operator: self.task.operator.class.clone(),
            source: self.sources.place(self.task.span),
            upstream: self.task.upstream.clone(),
            conditions: self
                .dag
                .conditions
                .iter()
                .chain(&self.task.conditions)
                .map(|hole| hole.reason.clone())
                .collect(),
            pattern: self.task.pattern.as_ref().map(|hole| hole.reason.clone()),
        };
        let json = output.write(tree, "", self.sources);
        let Json::Object(mut parts) = json else { return empty_spec(metadata) };
        let mut part = |name: &str| parts.remove(name).unwrap_or_else(|| Json::Object(Map::new()));
        let client = typed(part("client"), self.task, remarks);
        let run = self.run(part("run"), remarks);
        let launcher = typed(part("launcher"), self.task, remarks);
        let job = typed(part("job"), self.task, remarks);
        JobSpec {
            client,
            run,
            launcher,
            job,
            templates: output.templates.clone(),
            holes: output.holes.clone(),
            ..empty_spec(metadata)
        }
    }

    /// The arguments of `run()`. The pod, by far the largest part, is JSON as it is.
    fn run(&self, mut part: Json, remarks: &mut Remarks) -> Run {
        let mut take = |name: &str| match part.get_mut(name) {
            Some(Json::Object(fields)) => std::mem::take(fields),
            _ => Map::new(),
        };
        let (base_pod_meta, base_pod_spec) = (take("base_pod_meta"), take("base_pod_spec"));
        let rest: Run = typed(part, self.task, remarks);
        Run { base_pod_meta, base_pod_spec, ..rest }
    }
}

/// What a `**` of unknown arguments stands for.
fn spread_hole(keyword: &Keyword) -> Option<Arc<Hole>> {
    keyword.value.holes().into_iter().next()
}

/// Something that keeps a job spec open without having a value of its own in it.
struct OpenNote {
    hole: Arc<Hole>,
    /// What to do about it by hand.
    remedy: &'static str,
}

/// Writes what keeps the spec open where a reader sees it and nobody can run past it: as a key of the pod's
/// spec that is a hole, to be deleted when its remedy is done.
fn note_open(tree: &mut Node, mut notes: Vec<OpenNote>) {
    let codes = "/launcher/skip_on_exit_code";
    // A list of integers has no room for a text.
    if let Some(NodeKind::Hole(hole)) = find(tree, codes).map(|node| node.kind.clone()) {
        super::tree::remove(tree, codes);
        let remedy = "write the codes to launcher.skip_on_exit_code, then delete this line";
        notes.push(OpenNote { hole, remedy });
    }
    for OpenNote { hole, remedy } in notes {
        if find(tree, "/run/base_pod_spec").is_none() {
            let empty = Node::map(Fields::default(), hole.span);
            place(tree, "/run/base_pod_spec", empty, false);
        }
        if let Some(fields) = find_mut(tree, "/run/base_pod_spec").and_then(Node::fields_mut) {
            let span = hole.span;
            let key = fields.open_key(Text::hole(hole));
            fields.entries.insert(key, Node::text(remedy, span));
        }
    }
}

/// A part of the job spec. The converters see to it that every value fits; should one not, that is told
/// rather than lost.
fn typed<T: DeserializeOwned + Default>(part: Json, task: &Task, remarks: &mut Remarks) -> T {
    serde_json::from_value(part).unwrap_or_else(|error| {
        remarks.tell(
            Code::InvalidPod,
            task.span,
            format!("a value does not fit the job spec: {error}"),
        );
        T::default()
    })
}

fn empty_spec(metadata: Metadata) -> JobSpec {
    JobSpec {
        api_version: API_VERSION.to_owned(),
        kind: KIND.to_owned(),
        metadata,
        client: Default::default(),
        run: Default::default(),
        launcher: Default::default(),
        job: Default::default(),
        templates: Vec::new(),
        holes: Vec::new(),
    }
}

/// Everything of `/launcher`, `/job` and `/run` beside pod and namespace.
fn launcher(bound: &[Bound<'_>], tree: &mut Node, remarks: &mut Remarks) {
    for one in bound {
        let outside = |path: &&str| {
            !path.starts_with("/client/")
                && !path.starts_with("/metadata/")
                && *path != "/run/namespace"
        };
        let mut paths = one.row.other_targets_in(one.release).filter(outside).peekable();
        if paths.peek().is_none() {
            continue;
        }
        let Some(node) = convert(one.value, &one.subject(), remarks).filter(|node| !node.is_null())
        else {
            continue;
        };
        let node = node.made_by(one.index);
        for path in paths {
            if path == "/run/delete_pod_on_completion" {
                // PipesK8sClient knows two of the four words; deleting is what it does anyway.
                if node.as_str() == Some("keep_pod") {
                    let keep = Node { kind: NodeKind::Bool(false), ..node.clone() };
                    place(tree, path, keep, false);
                }
            } else {
                place(tree, path, node.clone(), false);
            }
        }
    }
    old_default(bound, tree);
}

/// Before provider 3.0.0 pods were kept unless the task said otherwise.
fn old_default(bound: &[Bound<'_>], tree: &mut Node) {
    let kept = bound
        .iter()
        .find(|one| one.row.converter == Converter::DeleteFlag)
        .is_none_or(|one| one.value.is_none());
    let old = bound.iter().any(|one| {
        matches!(one.row.class, super::row::Class::Pod) && !one.release.is_at_least("3.0.0")
    });
    if old && kept && find(tree, "/launcher/on_finish_action").is_none() {
        place(tree, "/launcher/on_finish_action", Node::text("keep_pod", Span::NONE), false);
        let keep = Node::new(NodeKind::Bool(false), Span::NONE);
        place(tree, "/run/delete_pod_on_completion", keep, false);
    }
}

/// The fixed values of a user's table as Python values.
fn fixed_values(values: &Map<String, Json>) -> Vec<(String, Value)> {
    values.iter().map(|(name, json)| (name.clone(), value_of(json))).collect()
}

pub(super) fn value_of(json: &Json) -> Value {
    let kind = match json {
        Json::Null => Kind::None,
        Json::Bool(value) => Kind::Bool(*value),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(int), _) => Kind::Int(int.into()),
            (None, float) => Kind::Float(float.unwrap_or_default()),
        },
        Json::String(text) => return Value::str(text, Span::NONE),
        Json::Array(items) => Kind::List(items.iter().map(value_of).collect()),
        Json::Object(entries) => Kind::Dict(
            entries
                .iter()
                .map(|(key, json)| (Value::str(key, Span::NONE), value_of(json)))
                .collect(),
        ),
    };
    Value::new(kind, Span::NONE)
}
