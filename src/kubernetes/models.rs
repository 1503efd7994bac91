//! The model classes of the Python Kubernetes client: which fields a class has, what the fields are
//! called in JSON, and of which type they are.
//!
//! The table (`mappings/kubernetes_models.yaml`) is generated from the client. It holds some 770
//! classes of which a run touches a few dozen, so only its line index is built up front and a class is
//! read when it is first asked for.

use std::sync::OnceLock;

use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashMap};

const TABLE: &str = include_str!("../../mappings/kubernetes_models.yaml");

/// Every model class of the Kubernetes client.
#[derive(Debug)]
pub struct Models {
    classes: IndexMap<&'static str, Entry, FxBuildHasher>,
}

#[derive(Debug)]
struct Entry {
    line: &'static str,
    class: OnceLock<ModelClass>,
}

/// A model class, such as `V1EnvVar`.
#[derive(Debug, PartialEq, Eq)]
pub struct ModelClass {
    /// Its name.
    pub name: &'static str,
    /// Its fields by their Python names, in the order in which the client serialises them.
    pub fields: IndexMap<&'static str, Field, FxBuildHasher>,
    /// The positions of the fields by their keys in JSON.
    positions: FxHashMap<String, usize>,
}

/// A field of a model class.
#[derive(Debug, PartialEq, Eq)]
pub struct Field {
    /// Its key in JSON.
    pub json: String,
    /// Its type.
    pub kind: Type,
    /// Whether the client refuses to leave it out.
    pub required: bool,
}

/// The type of a field, as the client knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Type {
    /// `str`; also quantities.
    Str,
    /// `int`.
    Int,
    /// `float`.
    Float,
    /// `bool`.
    Bool,
    /// `datetime` or `date`.
    DateTime,
    /// Anything: an integer or a string, mostly.
    Object,
    /// `list[...]`.
    List(Box<Type>),
    /// `dict[str, ...]`.
    Dict(Box<Type>),
    /// Another model class, by name.
    Model(&'static str),
}

impl Models {
    /// The table.
    pub fn get() -> &'static Self {
        static MODELS: OnceLock<Models> = OnceLock::new();
        MODELS.get_or_init(|| {
            let classes = TABLE
                .lines()
                .filter(|line| !line.starts_with('#'))
                .filter_map(|line| line.split_once(':'))
                .map(|(name, line)| (name, Entry { line, class: OnceLock::new() }))
                .collect();
            Self { classes }
        })
    }

    /// A class by its name.
    pub fn class(&'static self, name: &str) -> Option<&'static ModelClass> {
        let (name, entry) = self.classes.get_key_value(name)?;
        Some(entry.class.get_or_init(|| ModelClass::parse(name, entry.line)))
    }

    /// The names of all classes, sorted.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.classes.keys().copied()
    }
}

impl ModelClass {
    fn parse(name: &'static str, line: &'static str) -> Self {
        let fields: IndexMap<&str, Field, FxBuildHasher> = line
            .split(", ")
            .filter_map(|field| field.trim().split_once(' '))
            .map(|(field, kind)| {
                let required = field.ends_with('!');
                let field = field.trim_end_matches('!');
                let (field, json) = match field.split_once('=') {
                    Some((field, json)) => (field, json.to_owned()),
                    None => (field, camel_case(field)),
                };
                (field, Field { json, kind: Type::parse(kind), required })
            })
            .collect();
        let by_json = |(position, field): (usize, &Field)| (field.json.clone(), position);
        let positions = IndexMap::values(&fields).enumerate().map(by_json).collect();
        Self { name, fields, positions }
    }

    /// A field by its Python name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.get(name)
    }

    /// A field by its JSON key, with its position in the order of serialisation.
    pub fn by_json(&self, key: &str) -> Option<(usize, &Field)> {
        let position = *self.positions.get(key)?;
        Some((position, self.fields.get_index(position)?.1))
    }

    /// A field by its Python name or its JSON key.
    pub fn find(&self, name: &str) -> Option<&Field> {
        self.field(name).or_else(|| self.by_json(name).map(|(_, field)| field))
    }
}

impl Type {
    fn parse(text: &'static str) -> Self {
        let inside = |prefix: &str| text.strip_prefix(prefix)?.strip_suffix(']');
        if let Some(item) = inside("list[") {
            return Self::List(Box::new(Self::parse(item)));
        }
        if let Some(item) = inside("dict[") {
            return Self::Dict(Box::new(Self::parse(item)));
        }
        match text {
            "str" | "bytes" | "file" => Self::Str,
            "int" => Self::Int,
            "float" => Self::Float,
            "bool" => Self::Bool,
            "datetime" | "date" => Self::DateTime,
            "object" => Self::Object,
            class => Self::Model(class),
        }
    }

    /// The class of a model type.
    pub fn class(&self) -> Option<&'static ModelClass> {
        match self {
            Self::Model(name) => Models::get().class(name),
            _ => None,
        }
    }

    /// The type in words, for messages.
    pub fn describe(&self) -> String {
        match self {
            Self::Str => "a string".to_owned(),
            Self::Int => "an integer".to_owned(),
            Self::Float => "a number".to_owned(),
            Self::Bool => "true or false".to_owned(),
            Self::DateTime => "a time".to_owned(),
            Self::Object => "any value".to_owned(),
            Self::List(_) => "a list".to_owned(),
            Self::Dict(_) => "a mapping".to_owned(),
            Self::Model(name) => format!("an object ({name})"),
        }
    }
}

/// `env_from` as `envFrom`.
fn camel_case(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut upper = false;
    for character in name.chars() {
        if character == '_' {
            upper = true;
        } else if upper {
            out.extend(character.to_uppercase());
            upper = false;
        } else {
            out.push(character);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

    use super::*;

    #[test]
    fn fields_know_their_json_key_type_and_need() {
        let models = Models::get();
        let env = models.class("V1EnvVar").unwrap();
        let fields: Vec<_> = env.fields.keys().copied().collect();
        assert_eq!(fields, ["name", "value", "value_from"]);
        assert!(env.field("name").unwrap().required);
        assert_eq!(env.field("value_from").unwrap().json, "valueFrom");
        assert_eq!(env.find("valueFrom").unwrap().kind, Type::Model("V1EnvVarSource"));
        let spec = models.class("V1PodSpec").unwrap();
        assert_eq!(spec.field("host_ipc").unwrap().json, "hostIPC");
        assert_eq!(spec.field("overhead").unwrap().kind, Type::Dict(Box::new(Type::Str)));
        assert_eq!(models.class("V1Probe").unwrap().field("_exec").unwrap().json, "exec");
        assert!(models.class("V1Nothing").is_none());
    }

    #[test]
    fn every_model_type_of_the_table_is_a_class_of_the_table() {
        fn models_in(kind: &Type) -> Option<&'static str> {
            match kind {
                Type::Model(name) => Some(name),
                Type::List(item) | Type::Dict(item) => models_in(item),
                _ => None,
            }
        }
        let models = Models::get();
        for name in models.names() {
            for (field, kind) in &models.class(name).unwrap().fields {
                if let Some(used) = models_in(&kind.kind) {
                    assert!(models.class(used).is_some(), "{name}.{field}: {used}");
                }
            }
        }
    }

    #[test]
    fn the_line_index_reads_what_yaml_reads() {
        let yaml: IndexMap<String, Option<String>> = serde_yaml::from_str(TABLE).unwrap();
        let index = &Models::get().classes;
        assert_eq!(yaml.len(), index.len());
        for (name, fields) in yaml {
            assert_eq!(index[name.as_str()].line.trim(), fields.unwrap_or_default());
        }
    }
}
