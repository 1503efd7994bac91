//! Lists that the constructor of an operator changes in place.

use crate::airflow::Origin;
use crate::eval::interp::{Interp, Res};
use crate::eval::library::airflow::TaskKeyword;
use crate::eval::object::{Map, ObjId, Object, Val};
use crate::mapping::Release;
use crate::python::Span;
use crate::python::ast::Name;

impl Interp<'_> {
    /// Until provider 10.23.0 the constructor appends what it makes of `configmaps` to the list that it was given as
    /// `env_from`, so every operator with the same list has them.
    pub(super) fn extend_env_from(
        &mut self,
        dag: Option<ObjId>,
        keywords: &mut Map<Name, TaskKeyword>,
        span: Span,
    ) -> Res<()> {
        let provider = Release::parse(&self.settings.provider_version);
        // A mapped task is made of copies, when it runs.
        if self.airflow.detached > 0
            || !provider.is_ok_and(|release| !release.is_at_least("10.23.0"))
        {
            return Ok(());
        }
        self.take_env_from_of_dag(dag, keywords);
        let Some(list) = keywords.get("env_from").and_then(|given| given.val.as_obj()) else {
            return Ok(());
        };
        let list = self.heap.resolve(list);
        let Some(configmaps) = keywords.get("configmaps").map(|given| given.val.clone()) else {
            return Ok(());
        };
        if !matches!(self.heap.get(list), Object::List(items) if !items.is_empty()) {
            return Ok(());
        }
        let made = match self.truth(&configmaps)? {
            Some(false) => return Ok(()),
            Some(true) => self.iterate(&configmaps, span)?,
            None => None,
        };
        let Some(names) = made else {
            let unknown = self.derived_safely(&[&configmaps], span);
            self.poison_with(list, &unknown, span);
            return Ok(());
        };
        let sources: Vec<Val> = names.into_iter().map(|name| self.configmap_source(name)).collect();
        if let Object::List(items) = self.heap.get_mut(list) {
            items.extend(sources);
        }
        // They are in the list now, and must not be taken from both.
        let none = self.list(Vec::new(), configmaps.span);
        if let Some(given) = keywords.get_mut("configmaps") {
            given.val = none;
        }
        Ok(())
    }

    fn configmap_source(&mut self, name: Val) -> Val {
        let span = name.span;
        let mut model = |class: &str, field: &str, val: Val| {
            let fields = std::iter::once((Name::from(field), val)).collect();
            self.heap.val(Object::Model(class.into(), fields), span)
        };
        let source = model("V1ConfigMapEnvSource", "name", name);
        model("V1EnvFromSource", "config_map_ref", source)
    }

    /// Each DAG of Airflow 2 has a copy of its default arguments, which its tasks share.
    fn take_env_from_of_dag(&mut self, dag: Option<ObjId>, keywords: &mut Map<Name, TaskKeyword>) {
        let is_copied = Release::parse(&self.settings.airflow_version)
            .is_ok_and(|release| !release.is_at_least("3"));
        let Some(given) = keywords.get_mut("env_from") else { return };
        let (Some(dag), Some(list)) = (dag, given.val.as_obj()) else { return };
        if !is_copied || given.origin != Origin::DefaultArgs {
            return;
        }
        let key = (self.heap.resolve(dag), self.heap.resolve(list));
        if let Some(copy) = self.airflow.copied_env_from.get(&key) {
            given.val = copy.clone();
            return;
        }
        let Object::List(items) = self.heap.copy(key.1) else { return };
        given.val = self.list(items, given.val.span);
        self.airflow.copied_env_from.insert(key, given.val.clone());
    }
}
