//! Airflow's lookups and small values: Variables, Connections, configuration, params, secrets, rules.

use std::sync::Arc;

use crate::diag::{Code, Diagnostic};
use crate::eval::call::Args;
use crate::eval::freeze::UNSET;
use crate::eval::interp::{Interp, Res};
use crate::eval::object::{Data, Map, Native, Object, Val};
use crate::eval::{Hole, HoleKind};
use crate::python::Span;
use crate::python::ast::Name;
use crate::secrets::is_secret_name;
use crate::values::Unset;

/// Positional parameters of Airflow's pod helpers.
const HELPERS: &[(&str, &[&str])] = &[
    ("Secret", &["deploy_type", "deploy_target", "secret", "key", "items"]),
    ("Volume", &["name", "configs"]),
    ("VolumeMount", &["name", "mount_path", "sub_path", "read_only"]),
    ("Port", &["name", "container_port"]),
    (
        "Resources",
        &[
            "request_memory",
            "request_cpu",
            "request_ephemeral_storage",
            "limit_memory",
            "limit_cpu",
            "limit_gpu",
            "limit_ephemeral_storage",
        ],
    ),
    ("PodRuntimeInfoEnv", &["name", "field_path"]),
];

/// Whether one of Airflow's pod helpers has a field.
pub(crate) fn is_helper_field(class: &str, field: &str) -> bool {
    HELPERS.iter().any(|(name, fields)| *name == class && fields.contains(&field))
}

impl Interp<'_> {
    /// A value that the user's environment supplies: from `--values`, from the code's default where
    /// that is allowed, or a hole.
    pub(crate) fn look_up(
        &mut self,
        kind: HoleKind,
        name: &str,
        default: Option<&Val>,
        json: bool,
        span: Span,
    ) -> Val {
        if let Some(value) = self.settings.values.get(kind, name) {
            return self.supplied(&value, json, span);
        }
        if self.settings.values.unset != Unset::Hole
            && let Some(default) = default
        {
            let text = self.short_repr(default);
            self.tell_default(kind, name, &text, span);
            return default.clone();
        }
        let reason = self.snippet(span);
        let hole = Hole {
            kind,
            name: self.bounded_name(name.to_owned()),
            default: default.and_then(|val| self.plain_json(val)),
            reason,
            span,
            roots: Vec::new(),
        };
        Val::unknown(Arc::new(hole), span)
    }

    fn tell_default(&mut self, kind: HoleKind, name: &str, default: &str, span: Span) {
        // A credential is not shown.
        let default = if is_secret_name(name) { "" } else { default };
        let gap = if default.is_empty() { "" } else { " " };
        let message =
            format!("{kind} `{name}` is not given: the code's default{gap}{default} is used");
        let told = Diagnostic::new(Code::AssumedValue, span, message);
        self.tell(told.help(format!("Pass it with `--set {kind}:{name}=VALUE`.")));
    }

    /// Whether `os.getenv("X") or "default"` gives the default, which is then told.
    pub(crate) fn assumes_default(&mut self, lookup: &Hole, default: &str, span: Span) -> bool {
        // Only a call gives None when nothing is set; `os.environ["X"]` and Variables raise.
        let may_be_none = lookup.kind == HoleKind::Env && lookup.reason.ends_with(')');
        if self.settings.values.unset == Unset::Hole || !may_be_none || lookup.default.is_some() {
            return false;
        }
        self.tell_default(lookup.kind, &lookup.name, &format!("{default:?}"), span);
        true
    }

    /// A supplied value as Python sees it.
    fn supplied(&mut self, value: &serde_json::Value, json: bool, span: Span) -> Val {
        use serde_json::Value as Json;
        match (value, json) {
            (Json::String(text), true) => match serde_json::from_str::<Json>(text) {
                Ok(parsed) => self.value_of_json(&parsed, span),
                Err(_) => Val::str(text.as_str(), span),
            },
            (Json::String(text), false) => Val::str(text.as_str(), span),
            (other, true) => self.value_of_json(other, span),
            // A Variable is text unless it is read as JSON.
            (other, false) => Val::str(other.to_string(), span),
        }
    }

    /// A JSON value as Python's.
    pub(crate) fn value_of_json(&mut self, value: &serde_json::Value, span: Span) -> Val {
        use serde_json::Value as Json;
        match value {
            Json::Null => Val::none(span),
            Json::Bool(value) => Val::bool(*value, span),
            Json::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(int), _) => Val::int(int, span),
                (None, Some(float)) => Val::new(Data::Float(float), span),
                (None, None) => Val::none(span),
            },
            Json::String(text) => Val::str(text.as_str(), span),
            Json::Array(items) => {
                let items = items.iter().map(|item| self.value_of_json(item, span)).collect();
                self.list(items, span)
            }
            Json::Object(fields) => {
                let mut entries = crate::eval::object::Entries::default();
                for (name, value) in fields {
                    let val = self.value_of_json(value, span);
                    let key = crate::eval::object::Key::Str(name.as_str().into());
                    entries.insert(key, (Val::str(name.as_str(), span), val));
                }
                self.dict(entries, span)
            }
        }
    }

    /// A plain value as JSON; `None` for what JSON cannot say.
    pub(crate) fn plain_json(&self, val: &Val) -> Option<serde_json::Value> {
        use serde_json::Value as Json;
        Some(match &val.data {
            Data::None => Json::Null,
            Data::Bool(value) => Json::Bool(*value),
            Data::Int(value) => Json::from(*value),
            Data::Float(value) => Json::from(*value),
            Data::Str(text) => Json::String(text.to_string()),
            Data::Tuple(items) => {
                Json::Array(items.iter().map(|item| self.plain_json(item)).collect::<Option<_>>()?)
            }
            Data::Obj(id) => match self.heap.get(*id) {
                Object::List(items) => Json::Array(
                    items.iter().map(|item| self.plain_json(item)).collect::<Option<_>>()?,
                ),
                Object::Dict(entries, _) => {
                    let mut fields = serde_json::Map::new();
                    for (key, value) in entries.values() {
                        fields.insert(key.as_str()?.to_owned(), self.plain_json(value)?);
                    }
                    Json::Object(fields)
                }
                _ => return None,
            },
            _ => return None,
        })
    }

    pub(crate) fn call_airflow_lookup(
        &mut self,
        path: &str,
        args: &Args,
        span: Span,
    ) -> Option<Res> {
        let name = path.strip_prefix("airflow.")?;
        if let Some((class, parameters)) = HELPERS.iter().find(|(class, _)| *class == name) {
            return Some(Ok(self.helper_model(class, parameters, args, span)));
        }
        Some(match name {
            "Variable.get" => {
                let key = args.get(0, "key")?.clone();
                let default = args.get(1, "default_var").or_else(|| args.named("default")).cloned();
                let json = match args.named("deserialize_json").or_else(|| args.pos.get(2)) {
                    Some(val) => match self.truth(&val.clone()) {
                        Ok(truth) => truth == Some(true),
                        Err(raised) => return Some(Err(raised)),
                    },
                    None => false,
                };
                match key.as_str() {
                    Some(name) => {
                        let name = name.to_owned();
                        let val =
                            self.look_up(HoleKind::Variable, &name, default.as_ref(), json, span);
                        if default.is_none() && self.unknown(&val).is_some() {
                            self.missing_lookup(val, &name, span)
                        } else {
                            Ok(val)
                        }
                    }
                    None => Ok(self.derived(&[&key], span)),
                }
            }
            "Variable.setdefault" => {
                let key = args.get(0, "key")?.clone();
                let default = args.get(1, "default").cloned();
                match key.as_str() {
                    Some(name) => {
                        let name = name.to_owned();
                        Ok(self.look_up(HoleKind::Variable, &name, default.as_ref(), false, span))
                    }
                    None => Ok(self.derived(&[&key], span)),
                }
            }
            "Variable.set" | "Variable.delete" => Ok(Val::none(span)),
            "BaseHook.get_connection"
            | "Connection.get_connection_from_secrets"
            | "Connection.get" => {
                let id = args.get(0, "conn_id")?.clone();
                match id.as_str() {
                    Some(name) => {
                        let name = name.to_owned();
                        Ok(self.connection(&name, span))
                    }
                    None => Ok(self.derived(&[&id], span)),
                }
            }
            "conf.get"
            | "conf.getboolean"
            | "conf.getint"
            | "conf.getfloat"
            | "conf.get_mandatory_value" => {
                let (section, key) = (args.get(0, "section")?.clone(), args.get(1, "key")?.clone());
                let default = args.named("fallback").cloned();
                match (section.as_str(), key.as_str()) {
                    (Some(section), Some(key)) => {
                        let val = self.conf_option(section, key, default.as_ref(), span);
                        self.conf_value(name_of(path), &val, span)
                    }
                    _ => Ok(self.derived(&[&section, &key], span)),
                }
            }
            "Label" => {
                let text = args.pos.first().map(|val| self.display(val)).unwrap_or_default();
                self.write(text.len());
                Ok(Val::native(Native::Label(text), span))
            }
            "Param" => {
                let mut attrs = Map::default();
                let given = args.get(0, "default").cloned();
                // One without a default is not one whose default is None.
                let is_unset = given.is_none() && !args.is_open();
                let value = given.unwrap_or_else(|| Val::none(span));
                attrs.insert(Name::from("value"), value.clone());
                attrs.insert(Name::from("default"), value);
                if is_unset {
                    let takes = args.named("type").cloned().unwrap_or_else(|| Val::none(span));
                    attrs.insert(Name::from(UNSET), takes);
                }
                Ok(self.heap.val(Object::Record("airflow.Param".into(), attrs), span))
            }
            "ParamsDict" => self.call_dict_type(args, span),
            "days_ago" | "utils.dates.days_ago" => {
                Ok(self.hole(HoleKind::Nondeterministic, "days_ago()", span))
            }
            "Dataset"
            | "Asset"
            | "DatasetAlias"
            | "AssetAlias"
            | "DatasetAny"
            | "DatasetAll"
            | "CronDataIntervalTimetable"
            | "CronTriggerTimetable"
            | "DeltaDataIntervalTimetable"
            | "DeltaTriggerTimetable"
            | "MultipleCronTriggerTimetable"
            | "EventsTimetable"
            | "Connection"
            | "ObjectStoragePath" => {
                let mut attrs = Map::default();
                for (index, val) in args.pos.iter().enumerate() {
                    attrs.insert(Name::from(index.to_string()), val.clone());
                }
                for (key, kwarg) in &args.kw {
                    attrs.insert(key.clone(), kwarg.val.clone());
                }
                if let Some(uri) = args.pos.first() {
                    let key = match name {
                        "Dataset" | "Asset" | "DatasetAlias" | "AssetAlias" => "uri",
                        "Connection" => "conn_id",
                        _ => "cron",
                    };
                    attrs.entry(Name::from(key)).or_insert_with(|| uri.clone());
                }
                if name == "Asset"
                    && let Some(named) = args.get(0, "name").or(args.get(1, "uri"))
                {
                    attrs.entry(Name::from("name")).or_insert_with(|| named.clone());
                }
                Ok(self.heap.val(Object::Record(path.into(), attrs), span))
            }
            "TriggerRule" | "WeightRule" => Ok(args.pos.first()?.clone()),
            "XComArg" => {
                let task = args.get(0, "operator")?.as_obj()?;
                let key =
                    args.get(1, "key").and_then(Val::as_str).unwrap_or("return_value").to_owned();
                Ok(self.xcom_of(task, key, span))
            }
            "literal" | "sdk.literal" => Ok(args.pos.first()?.clone()),
            _ if name.contains("timezone.") => {
                let function = name.rsplit('.').next().unwrap_or(name);
                let path = match function {
                    "datetime" => "pendulum.datetime",
                    "parse" => "pendulum.parse",
                    _ => {
                        return Some(Ok(self.hole(
                            HoleKind::Nondeterministic,
                            format!("{function}()"),
                            span,
                        )));
                    }
                };
                return self.call_datetime(path, args, span);
            }
            _ => {
                let last = name_of(path);
                if last.ends_with("Exception") || last.ends_with("Error") {
                    let class = Val::symbol(path, span);
                    return Some(Ok(self.make_exception(class, args, span)));
                }
                return None;
            }
        })
    }

    /// An option of Airflow's configuration, with the `fallback` of the code that asks for it.
    fn conf_option(
        &mut self,
        section: &str,
        option: &str,
        fallback: Option<&Val>,
        span: Span,
    ) -> Val {
        let name = format!("{section}.{option}");
        let release = &self.settings.airflow_version;
        let own = super::config::default_of(release, section, option, fallback.is_some());
        let values = &self.settings.values;
        let (Some(own), None) = (own, values.get(HoleKind::Conf, &name)) else {
            let val = self.look_up(HoleKind::Conf, &name, fallback, false, span);
            if fallback.is_none() && self.unknown(&val).is_some() {
                self.may_raise(&val, span);
            }
            return val;
        };
        // Without a fallback, the code expects the option to be set somewhere. And an option that is
        // empty unless somebody sets it has been set where its value is needed.
        let is_likely = fallback.is_some() && !own.is_empty();
        if values.unset == Unset::Absent || (values.unset == Unset::Default && is_likely) {
            let message = format!("conf `{name}` is not given: Airflow's default '{own}' is used");
            let told = Diagnostic::new(Code::AssumedValue, span, message);
            self.tell(told.help(format!("Pass it with `--set conf:{name}=VALUE`.")));
            return Val::str(own, span);
        }
        // The fallback is never used, so it is not what the hole has when nothing is given.
        let default = is_likely.then(|| Val::str(own, span));
        self.look_up(HoleKind::Conf, &name, default.as_ref(), false, span)
    }

    fn conf_value(&mut self, method: &str, val: &Val, span: Span) -> Res {
        let Some(text) = val.as_str().map(str::to_owned) else { return Ok(val.clone()) };
        Ok(match method {
            "getboolean" => match text.to_lowercase().as_str() {
                "t" | "true" | "1" => Val::bool(true, span),
                "f" | "false" | "0" => Val::bool(false, span),
                _ => self.derived(&[val], span),
            },
            "getint" => match text.trim().parse() {
                Ok(number) => Val::int(number, span),
                Err(_) => self.derived(&[val], span),
            },
            "getfloat" => match text.trim().parse() {
                Ok(number) => Val::new(Data::Float(number), span),
                Err(_) => self.derived(&[val], span),
            },
            _ => val.clone(),
        })
    }

    /// A connection: an object when it is supplied, otherwise a hole whose parts are named.
    fn connection(&mut self, name: &str, span: Span) -> Val {
        match self.settings.values.get(HoleKind::Connection, name) {
            Some(value) => match connection_fields(&value) {
                Some(fields) => self.connection_record(name, &fields, span),
                None => self.hole(HoleKind::Connection, name, span),
            },
            None => {
                let val = self.look_up(HoleKind::Connection, name, None, false, span);
                // There may be no such connection.
                self.may_raise(&val, span);
                val
            }
        }
    }

    fn connection_record(
        &mut self,
        name: &str,
        fields: &serde_json::Map<String, serde_json::Value>,
        span: Span,
    ) -> Val {
        use serde_json::Value as Json;
        let mut attrs = Map::default();
        attrs.insert(Name::from("conn_id"), Val::str(name, span));
        for key in
            ["conn_type", "host", "login", "password", "schema", "port", "extra", "description"]
        {
            attrs.insert(Name::from(key), Val::none(span));
        }
        let empty = Json::Object(serde_json::Map::new());
        let parsed = match fields.get("extra") {
            Some(Json::String(text)) => serde_json::from_str(text).unwrap_or(empty),
            Some(other) if other.is_object() => other.clone(),
            _ => empty,
        };
        let extra = self.value_of_json(&parsed, span);
        attrs.insert(Name::from("extra_dejson"), extra);
        for (key, value) in fields {
            let val = match (key.as_str(), value) {
                // `extra` is JSON text; `extra_dejson` is what it holds.
                ("extra", Json::Object(_)) => Val::str(value.to_string(), span),
                _ => self.value_of_json(value, span),
            };
            attrs.insert(Name::from(key.as_str()), val);
        }
        self.heap.val(Object::Record("airflow.Connection".into(), attrs), span)
    }

    fn helper_model(&mut self, class: &str, parameters: &[&str], args: &Args, span: Span) -> Val {
        let mut fields: Map<Name, Val> = Map::default();
        for (name, val) in parameters.iter().zip(&args.pos) {
            fields.insert(Name::from(*name), val.clone());
        }
        for (name, kwarg) in &args.kw {
            fields.insert(name.clone(), kwarg.val.clone());
        }
        if let Some(open) = args.more_kw.as_ref().or(args.more_pos.as_ref()) {
            fields.insert(Name::from("**"), open.clone());
        }
        self.heap.val(Object::Model(class.into(), fields), span)
    }

    /// Enum members and other constants under `airflow.`.
    pub(crate) fn airflow_constant(&mut self, full: &str, span: Span) -> Option<Val> {
        if full == "airflow.__version__" || full == "airflow.version.version" {
            return Some(Val::str(self.settings.airflow_version.as_str(), span));
        }
        if full.starts_with("airflow.") && full.ends_with("AIRFLOW_V_3_0_PLUS") {
            let major =
                self.settings.airflow_version.split('.').next().and_then(|n| n.parse::<u32>().ok());
            return major.map(|major| Val::bool(major >= 3, span));
        }
        let (class, member) = full.rsplit_once('.')?;
        match class {
            "airflow.TriggerRule"
            | "airflow.WeightRule"
            | "airflow.OnFinishAction"
            | "airflow.OnKillAction"
                if member.chars().all(|c| c.is_ascii_uppercase() || c == '_') =>
            {
                let value = Val::str(member.to_lowercase(), span);
                let mut attrs = Map::default();
                attrs.insert(Name::from("name"), Val::str(member, span));
                attrs.insert(Name::from("value"), value.clone());
                let class = Val::symbol(class, span);
                let instance = crate::eval::object::Instance { class, attrs, payload: Some(value) };
                Some(self.heap.val(Object::Instance(instance), span))
            }
            _ if super::is_operator(class) => self.class_constant(class, member, span),
            _ => None,
        }
    }

    /// `symbol[...]` under `airflow.`.
    pub(crate) fn airflow_symbol_item(
        &mut self,
        path: &str,
        index: &Val,
        span: Span,
    ) -> Option<Res> {
        match path {
            "airflow.TriggerRule" => Some(Ok(Val::str(index.as_str()?.to_lowercase(), span))),
            _ => None,
        }
    }

    /// `object[index]` of XComs, records, DAGs and groups.
    pub(crate) fn airflow_item(&mut self, object: &Val, index: &Val, span: Span) -> Res {
        let Some(id) = object.as_obj() else { return Ok(self.derived(&[object, index], span)) };
        if let Some(result) = self.record_item(object, index, span) {
            return result;
        }
        match self.heap.copy(id) {
            // A key of the dict that the task returns is an XCom of its own.
            Object::XCom(task, _) => match index.as_str() {
                Some(key) => Ok(self.xcom_of(task, key.to_owned(), span)),
                None => Ok(self.hole(HoleKind::XCom, "item of an XCom", span)),
            },
            Object::Dag(dag) => match self.to_text(index) {
                Some(text) => match dag.tasks.get(&text.to_template()) {
                    Some(task) => Ok(Val::obj(task, span)),
                    None => Ok(self.derived(&[index], span)),
                },
                None => Ok(self.derived(&[index], span)),
            },
            Object::Record(_, attrs) => match index.as_str().and_then(|name| attrs.get(name)) {
                Some(val) => Ok(val.clone()),
                None => Ok(self.derived(&[object, index], span)),
            },
            _ => Ok(self.derived(&[object, index], span)),
        }
    }
}

/// The fields of a supplied connection: an object, JSON text, or a URI as Airflow reads it from the
/// environment.
fn connection_fields(
    value: &serde_json::Value,
) -> Option<serde_json::Map<String, serde_json::Value>> {
    use serde_json::Value as Json;
    let text = match value {
        Json::Object(fields) => return Some(fields.clone()),
        Json::String(text) => text.trim(),
        _ => return None,
    };
    if text.starts_with('{') {
        return serde_json::from_str(text).ok();
    }
    let (scheme, rest) = text.split_once("://")?;
    let mut fields = serde_json::Map::new();
    let plain = |part: &str| Json::String(decoded(part));
    fields.insert("conn_type".to_owned(), Json::String(scheme.replace('-', "_")));
    let (rest, query) =
        rest.split_once('?').map_or((rest, None), |(rest, query)| (rest, Some(query)));
    let (place, schema) =
        rest.split_once('/').map_or((rest, None), |(place, path)| (place, Some(path)));
    let (user, address) =
        place.rsplit_once('@').map_or((None, place), |(user, at)| (Some(user), at));
    if let Some(user) = user {
        let (login, password) =
            user.split_once(':').map_or((user, None), |(login, word)| (login, Some(word)));
        fields.insert("login".to_owned(), plain(login));
        if let Some(password) = password {
            fields.insert("password".to_owned(), plain(password));
        }
    }
    let (host, port) = match address.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) && !port.is_empty() => {
            (host, port.parse::<i64>().ok())
        }
        _ => (address, None),
    };
    if !host.is_empty() {
        fields.insert("host".to_owned(), plain(host));
    }
    if let Some(port) = port {
        fields.insert("port".to_owned(), Json::from(port));
    }
    if let Some(schema) = schema.filter(|schema| !schema.is_empty()) {
        fields.insert("schema".to_owned(), plain(schema));
    }
    if let Some(query) = query {
        let mut extra = serde_json::Map::new();
        for pair in query.split('&') {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            if key == "__extra__" {
                fields.insert("extra".to_owned(), plain(value));
            } else {
                extra.insert(decoded(key), plain(value));
            }
        }
        if !extra.is_empty() {
            fields.insert("extra".to_owned(), Json::Object(extra));
        }
    }
    Some(fields)
}

/// A part of a URI with its percent escapes read.
fn decoded(part: &str) -> String {
    crate::eval::pure::url::unquote(part)
}

fn name_of(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}
