//! The Kubernetes client: model classes by table, and the few functions DAGs call.

use crate::diag::{Code, Diagnostic};
use crate::eval::HoleKind;
use crate::eval::call::Args;
use crate::eval::interp::{Interp, Res};
use crate::eval::library::airflow::lookups::is_helper_field;
use crate::eval::object::{Data, Entries, Key, Map, Object, Val};
use crate::kubernetes::Models;
use crate::python::Span;
use crate::python::ast::Name;

/// How deep models may lie in each other; beyond it they contain themselves.
const MAX_DEPTH: u32 = 64;
/// Steps that making a model a dict counts for, without its fields.
const MODEL: usize = 4;

impl Interp<'_> {
    /// A call under `kubernetes.`: `path` is what follows.
    pub(crate) fn call_kubernetes(&mut self, path: &str, args: &Args, span: Span) -> Option<Res> {
        let last = path.rsplit('.').next().unwrap_or(path);
        if let Some(class) = Models::get().class(last) {
            let order: Vec<&str> = class.fields.keys().copied().collect();
            return Some(self.make_model(last, &order, args, span));
        }
        match path {
            "client.ApiClient" => Some(Ok(Val::symbol("kubernetes.client.ApiClient", span))),
            "client.ApiClient.sanitize_for_serialization" => {
                let val = args.pos.first()?;
                Some(Ok(self.serialised(val, 0, span)))
            }
            _ if path.starts_with("config.") => Some(Ok(Val::none(span))),
            _ => None,
        }
    }

    /// `V1Volume(...)`: positional arguments follow the client's order of fields.
    fn make_model(&mut self, class: &str, order: &[&str], args: &Args, span: Span) -> Res {
        let mut fields: Map<Name, Val> = Map::default();
        for (name, val) in order.iter().zip(&args.pos) {
            fields.insert(Name::from(*name), val.clone());
        }
        for (name, kwarg) in &args.kw {
            if name.as_ref() == "local_vars_configuration" {
                continue;
            }
            if !order.contains(&name.as_ref()) {
                let near = order.iter().find(|known| {
                    known.replace('_', "").eq_ignore_ascii_case(&name.replace('_', ""))
                });
                let mut diagnostic = Diagnostic::new(
                    Code::UnknownModelField,
                    kwarg.span,
                    format!("{class} has no field `{name}`"),
                );
                if let Some(near) = near {
                    diagnostic = diagnostic.help(format!("the field is called `{near}`"));
                }
                self.tell(diagnostic);
                let message =
                    format!("{class}.__init__() got an unexpected keyword argument '{name}'");
                return self.type_error(message, span);
            }
            fields.insert(name.clone(), kwarg.val.clone());
        }
        if let Some(open) = args.more_kw.as_ref().or(args.more_pos.as_ref()) {
            fields.insert(Name::from("**"), open.clone());
        } else {
            let none = Val::none(span);
            for name in order {
                let val = fields.get(*name).unwrap_or(&none).clone();
                self.refuse_none(class, name, &val, span)?;
            }
        }
        Ok(self.heap.val(Object::Model(class.into(), fields), span))
    }

    /// The client refuses `None` for a field that the API requires.
    pub(crate) fn refuse_none(
        &mut self,
        class: &str,
        field: &str,
        val: &Val,
        span: Span,
    ) -> Res<()> {
        let field_of = || Models::get().class(class)?.field(field);
        if val.is_none() && field_of().is_some_and(|field| field.required) {
            let message = format!("Invalid value for `{field}`, must not be `None`");
            return Err(self.exception("ValueError", message, span));
        }
        Ok(())
    }

    /// `model.field`: what was not given is `None`.
    pub(crate) fn model_attribute(
        &mut self,
        object: &Val,
        class: &Name,
        name: &Name,
        span: Span,
    ) -> Option<Val> {
        let open = match object.as_obj().map(|id| self.heap.get(id)) {
            Some(Object::Model(_, fields)) => fields.get("**").cloned(),
            _ => None,
        };
        if matches!(
            name.as_ref(),
            "to_dict"
                | "to_str"
                | "attach_to_pod"
                | "to_env_secret"
                | "to_env_from_secret"
                | "to_volume_secret"
                | "to_k8s_client_obj"
        ) {
            let bound = std::rc::Rc::new((object.clone(), name.clone()));
            return Some(Val::new(Data::Method(bound), span));
        }
        if name.as_ref() == "__class__" {
            return Some(self.class_of(object));
        }
        if let Some(open) = open {
            return Some(self.part_of(&open, &format!("[{name:?}]"), span));
        }
        match Models::get().class(class) {
            Some(known) if known.field(name).is_some() => Some(Val::none(span)),
            Some(known) if name.as_ref() == "attribute_map" || name.as_ref() == "openapi_types" => {
                let entries: Entries = known
                    .fields
                    .iter()
                    .map(|(field, about)| {
                        let key = Key::Str((*field).into());
                        let val = Val::str(about.json.as_str(), span);
                        (key, (Val::str(*field, span), val))
                    })
                    .collect();
                Some(self.dict(entries, span))
            }
            Some(_) => None,
            None if is_helper_field(class, name) => Some(Val::none(span)),
            None => {
                let made = self.hole(HoleKind::Name, format!("{class}.{name}"), span);
                self.may_be(&made, &[object]);
                Some(made)
            }
        }
    }

    /// Methods of model objects.
    pub(crate) fn call_model_method(
        &mut self,
        this: &Val,
        name: &str,
        _args: &Args,
        span: Span,
    ) -> Option<Res> {
        match name {
            "to_dict" => Some(Ok(self.model_dict(this, 0, span))),
            "to_str" => Some(Ok(self.hole(HoleKind::Call, "to_str()", span))),
            "to_k8s_client_obj" => Some(Ok(this.clone())),
            "to_env_secret" | "to_env_from_secret" => {
                let Some(Object::Model(class, fields)) = this.as_obj().map(|id| self.heap.copy(id))
                else {
                    return None;
                };
                if class.as_ref() != "Secret" || fields.contains_key("**") {
                    return None;
                }
                Some(Ok(self.secret_reference(name, &fields, span)))
            }
            _ => None,
        }
    }

    /// The variable, or the source of variables, that a `Secret` of Airflow stands for.
    fn secret_reference(&mut self, method: &str, fields: &Map<Name, Val>, span: Span) -> Val {
        let field = |name: &str| fields.get(name).cloned().unwrap_or_else(|| Val::none(span));
        let (secret, key, target) = (field("secret"), field("key"), field("deploy_target"));
        let mut model = |class: &str, fields: Vec<(&str, Val)>| {
            let fields = fields.into_iter().map(|(name, val)| (Name::from(name), val)).collect();
            self.heap.val(Object::Model(class.into(), fields), span)
        };
        if method == "to_env_from_secret" {
            let source = model("V1SecretEnvSource", vec![("name", secret)]);
            return model("V1EnvFromSource", vec![("secret_ref", source)]);
        }
        let selector = model("V1SecretKeySelector", vec![("name", secret), ("key", key)]);
        let source = model("V1EnvVarSource", vec![("secret_key_ref", selector)]);
        model("V1EnvVar", vec![("name", target), ("value_from", source)])
    }

    /// `to_dict()`: every field by its Python name, those not given as `None`.
    fn model_dict(&mut self, val: &Val, depth: u32, span: Span) -> Val {
        if depth > MAX_DEPTH || !self.work(MODEL) {
            return self.derived(&[val], span);
        }
        match val.as_obj().map(|id| self.heap.copy(id)) {
            Some(Object::Model(class, fields)) => {
                if let Some(open) = fields.get("**") {
                    return self.derived(&[&open.clone()], span);
                }
                let mut entries = Entries::default();
                let names: Vec<String> = Models::get()
                    .class(&class)
                    .map(|class| class.fields.keys().map(|name| (*name).to_owned()).collect())
                    .unwrap_or_default();
                for field in names {
                    let val = match fields.get(field.as_str()) {
                        Some(val) => self.model_dict(&val.clone(), depth + 1, span),
                        None => Val::none(span),
                    };
                    entries.insert(Key::Str(field.as_str().into()), (Val::str(field, span), val));
                }
                self.dict(entries, span)
            }
            Some(Object::List(items)) => {
                let items =
                    items.iter().map(|item| self.model_dict(item, depth + 1, span)).collect();
                self.list(items, span)
            }
            Some(Object::Dict(entries, class)) => {
                let entries = entries
                    .into_iter()
                    .map(|(key, (name, val))| {
                        let val = self.model_dict(&val, depth + 1, span);
                        (key, (name, val))
                    })
                    .collect();
                self.heap.val(Object::Dict(entries, class), span)
            }
            _ => val.clone(),
        }
    }

    /// `sanitize_for_serialization`: camelCase keys, fields that are `None` left out.
    fn serialised(&mut self, val: &Val, depth: u32, span: Span) -> Val {
        if depth > MAX_DEPTH || !self.work(MODEL) {
            return self.derived(&[val], span);
        }
        match val.as_obj().map(|id| self.heap.copy(id)) {
            Some(Object::Model(class, fields)) => {
                if let Some(open) = fields.get("**") {
                    return self.derived(&[&open.clone()], span);
                }
                let mut entries = Entries::default();
                let names: Vec<(String, String)> = Models::get()
                    .class(&class)
                    .map(|class| {
                        class
                            .fields
                            .iter()
                            .map(|(name, field)| ((*name).to_owned(), field.json.to_owned()))
                            .collect()
                    })
                    .unwrap_or_default();
                for (field, json) in names {
                    let Some(val) =
                        fields.get(field.as_str()).filter(|val| !val.is_none()).cloned()
                    else {
                        continue;
                    };
                    let may_be_missing = self.is_partial(&val);
                    let val = self.serialised(&val, depth + 1, span);
                    let key = Key::Str(json.as_str().into());
                    entries.insert(key.clone(), (Val::str(json, span), val));
                    if may_be_missing {
                        entries.doubt(key);
                    }
                }
                self.dict(entries, span)
            }
            Some(Object::List(items)) => {
                let items =
                    items.iter().map(|item| self.serialised(item, depth + 1, span)).collect();
                self.list(items, span)
            }
            Some(Object::Dict(entries, _)) => {
                let entries = entries
                    .into_iter()
                    .map(|(key, (name, val))| {
                        let val = self.serialised(&val, depth + 1, span);
                        (key, (name, val))
                    })
                    .collect();
                self.dict(entries, span)
            }
            _ => val.clone(),
        }
    }
}
