//! What a generated module and the functions in it need: imports, constants, run config, local names.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::Value as Json;

use super::names::{Taken, constant, is_free_identifier, snake};
use super::python::Py;
use crate::eval::HoleKind;

/// What the head of a module has to bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Import {
    Json,
    Os,
    Date,
    Datetime,
    Timedelta,
    Timezone,
    Any,
    ZoneInfo,
    Field,
    ValueOf,
    Unported,
}

/// A named value at the head of a module, read from the environment.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Constant {
    /// Its name in Python.
    pub(super) name: String,
    /// The environment variable.
    pub(super) variable: String,
    /// The text it has when the variable is not set; without one a run fails.
    pub(super) default: Option<String>,
    /// What the DAG says there, and where.
    pub(super) comment: String,
}

/// A field of the run config.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Field {
    /// Its name in Python.
    pub(super) name: String,
    /// The param.
    pub(super) param: String,
    /// Its default; a run needs a value without one.
    pub(super) default: Option<Json>,
    /// The type of its schema where it has no default; empty when nobody names it.
    pub(super) takes: String,
}

/// What a module needs, gathered while its functions are written.
#[derive(Debug, Clone, Default)]
pub(super) struct Module {
    pub(super) imports: BTreeSet<Import>,
    pub(super) constants: IndexMap<String, Constant>,
    /// Which lookup each environment variable is for.
    variables: IndexMap<String, String>,
    pub(super) config: IndexMap<String, Field>,
    /// The names of these, and for each name the number from which on another may be free.
    fields: FxHashSet<String>,
    next_field: FxHashMap<String, u32>,
    /// Texts of several lines and their names.
    pub(super) scripts: IndexMap<String, String>,
    pub(super) taken: Taken,
}

/// What a module needed at some time.
#[derive(Debug)]
pub(super) struct ModuleMark {
    imports: BTreeSet<Import>,
    constants: usize,
    variables: usize,
    config: usize,
    scripts: usize,
    taken: usize,
}

impl Module {
    pub(super) fn new() -> Self {
        Self { taken: Taken::reserved(), ..Self::default() }
    }

    /// What it needs by now.
    pub(super) fn mark(&self) -> ModuleMark {
        ModuleMark {
            imports: self.imports.clone(),
            constants: self.constants.len(),
            variables: self.variables.len(),
            config: self.config.len(),
            scripts: self.scripts.len(),
            taken: self.taken.mark(),
        }
    }

    /// Takes back what it came to need since.
    pub(super) fn undo(&mut self, mark: ModuleMark) {
        self.imports = mark.imports;
        self.constants.truncate(mark.constants);
        self.variables.truncate(mark.variables);
        if self.config.len() > mark.config {
            self.config.truncate(mark.config);
            self.fields = self.config.values().map(|field| field.name.clone()).collect();
            self.next_field.clear();
        }
        self.scripts.truncate(mark.scripts);
        self.taken.undo(mark.taken);
    }

    /// The constant for a lookup, as the code that gives its text.
    pub(super) fn lookup(
        &mut self,
        kind: HoleKind,
        name: &str,
        default: Option<String>,
        comment: &str,
    ) -> String {
        let key = format!("{kind}:{name} {default:?}");
        if !self.constants.contains_key(&key) {
            let wish = match kind {
                HoleKind::Env | HoleKind::Variable => constant(name),
                HoleKind::Connection => constant(name),
                _ => constant(&format!("{kind}_{name}")),
            };
            let variable = self.variable(kind, name);
            let name = self.taken.take(&wish);
            let comment = comment.to_owned();
            self.constants.insert(key.clone(), Constant { name, variable, default, comment });
        }
        let Some(constant) = self.constants.get(&key) else { return String::new() };
        if constant.default.is_some() {
            self.imports.insert(Import::Os);
            constant.name.clone()
        } else {
            self.imports.insert(Import::ValueOf);
            format!("value_of({})", constant.name)
        }
    }

    /// The name of a text of several lines that can stand at the head of the module as it is.
    pub(super) fn script(&mut self, text: &str, task: &str) -> Option<String> {
        let is_plain = |line: &str| {
            line.trim_end() == line
                && !line.contains("\"\"\"")
                && !line.chars().any(|c| c.is_control())
        };
        let has_lines = text.trim_end().lines().count() > 2;
        if !has_lines || text.ends_with('"') || !text.split('\n').all(is_plain) || !text.is_ascii()
        {
            return None;
        }
        if !self.scripts.contains_key(text) {
            let name = self.taken.take(&constant(&format!("{task}_script")));
            self.scripts.insert(text.to_owned(), name);
        }
        self.scripts.get(text).cloned()
    }

    /// The environment variable of a lookup; another lookup that would have the same one gets a number.
    fn variable(&mut self, kind: HoleKind, name: &str) -> String {
        let wish = variable(kind, name);
        let of = format!("{kind}:{name}");
        let is_free = |wish: &str, known: &IndexMap<String, String>| {
            known.get(wish).is_none_or(|other| *other == of)
        };
        let mut number = 2;
        let mut variable = wish.clone();
        while !is_free(&variable, &self.variables) {
            variable = format!("{wish}_{number}");
            number += 1;
        }
        self.variables.insert(variable.clone(), of);
        variable
    }

    /// The field of the run config for a param that has no default. `None` when it is there with one.
    pub(super) fn required(&mut self, param: &str, takes: &str) -> Option<String> {
        let is_new = !self.config.contains_key(param);
        let name = self.field(param, None)?;
        let field = self.config.get_mut(param)?;
        if is_new {
            takes.clone_into(&mut field.takes);
        }
        (field.default.is_none() && field.takes == takes).then_some(name)
    }

    /// The field of the run config for a param. `None` when it is there with another default.
    pub(super) fn field(&mut self, param: &str, default: Option<Json>) -> Option<String> {
        if let Some(known) = self.config.get(param) {
            return (default.is_none() || known.default == default).then(|| known.name.clone());
        }
        // Names of pydantic's own models are no fields.
        let own = ["schema", "json", "copy", "dict", "construct", "validate", "fields", "model"];
        let plain =
            is_free_identifier(param) && !own.contains(&param) && !param.starts_with("model_");
        let wish = if plain {
            param.to_owned()
        } else {
            format!("param_{}", snake(param).trim_start_matches('_'))
        };
        let next = self.next_field.entry(wish.clone()).or_insert(2);
        let mut name = wish.clone();
        while !self.fields.insert(name.clone()) {
            name = format!("{wish}_{next}");
            *next += 1;
        }
        self.config.insert(
            param.to_owned(),
            Field { name: name.clone(), param: param.to_owned(), default, takes: String::new() },
        );
        Some(name)
    }
}

/// The environment variable that stands for a lookup. Those of Airflow Variables and Connections are the ones
/// that Airflow itself reads.
fn variable(kind: HoleKind, name: &str) -> String {
    let upper = |name: &str| {
        let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
        name.chars().map(plain).collect::<String>()
    };
    match kind {
        HoleKind::Env => {
            let is_name = !name.is_empty()
                && !name.starts_with(|c: char| c.is_ascii_digit())
                && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            if is_name { name.to_owned() } else { format!("ENV_{}", upper(name)) }
        }
        HoleKind::Variable => format!("AIRFLOW_VAR_{}", upper(name)),
        HoleKind::Connection => format!("AIRFLOW_CONN_{}", upper(name)),
        HoleKind::Conf => format!("AIRFLOW__{}", upper(&name.replace('.', "__"))),
        kind => constant(&format!("podlift_{kind}_{name}")),
    }
}

/// Names of Airflow's templates that are local variables of a generated function, in the order of their
/// definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Local {
    Start,
    End,
    Ds,
    DsNodash,
    Ts,
    TsNodash,
    TsNodashWithTz,
    YesterdayDs,
    YesterdayDsNodash,
    TomorrowDs,
    TomorrowDsNodash,
    NextDs,
    NextDsNodash,
}

impl Local {
    /// The name in Airflow and in Python.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Start => "data_interval_start",
            Self::End => "data_interval_end",
            Self::Ds => "ds",
            Self::DsNodash => "ds_nodash",
            Self::Ts => "ts",
            Self::TsNodash => "ts_nodash",
            Self::TsNodashWithTz => "ts_nodash_with_tz",
            Self::YesterdayDs => "yesterday_ds",
            Self::YesterdayDsNodash => "yesterday_ds_nodash",
            Self::TomorrowDs => "tomorrow_ds",
            Self::TomorrowDsNodash => "tomorrow_ds_nodash",
            Self::NextDs => "next_ds",
            Self::NextDsNodash => "next_ds_nodash",
        }
    }

    /// The local variable for a name of Airflow's templates.
    pub(super) fn of(name: &str) -> Option<Self> {
        Some(match name {
            "data_interval_start" | "logical_date" | "execution_date" => Self::Start,
            "data_interval_end" | "next_execution_date" => Self::End,
            "ds" => Self::Ds,
            "ds_nodash" => Self::DsNodash,
            "ts" => Self::Ts,
            "ts_nodash" => Self::TsNodash,
            "ts_nodash_with_tz" => Self::TsNodashWithTz,
            "yesterday_ds" | "prev_ds" => Self::YesterdayDs,
            "yesterday_ds_nodash" | "prev_ds_nodash" => Self::YesterdayDsNodash,
            "tomorrow_ds" => Self::TomorrowDs,
            "tomorrow_ds_nodash" => Self::TomorrowDsNodash,
            "next_ds" => Self::NextDs,
            "next_ds_nodash" => Self::NextDsNodash,
            _ => return None,
        })
    }

    pub(super) fn is_moment(self) -> bool {
        matches!(self, Self::Start | Self::End)
    }

    /// What it is computed from.
    pub(super) fn needs(self, partitions: Partitions) -> Option<Self> {
        match self {
            Self::Start | Self::End => None,
            Self::Ds if partitions.key_is_ds => None,
            Self::NextDs | Self::NextDsNodash => Some(Self::End),
            _ => Some(Self::Start),
        }
    }

    /// Its value.
    pub(super) fn value(self, partitions: Partitions, module: &mut Module) -> Py {
        let mut window = |end: &str| {
            let code = format!("context.partition_time_window.{end}");
            if partitions.is_utc {
                return Py::code(code);
            }
            module.imports.insert(Import::Timezone);
            Py::apply(&format!("{code}.astimezone"), vec![Py::code("timezone.utc")])
        };
        match self {
            Self::Start => return window("start"),
            Self::End => return window("end"),
            Self::Ds if partitions.key_is_ds => return Py::code("context.partition_key"),
            _ => {}
        }
        let strftime =
            |of: &str, format: &str| Py::apply(&format!("{of}.strftime"), vec![Py::str(format)]);
        let start = Self::Start.name();
        let (day, nodash) = ("%Y-%m-%d", "%Y%m%d");
        let mut shifted = |sign: &str, format: &str| {
            module.imports.insert(Import::Timedelta);
            strftime(&format!("({start} {sign} timedelta(days=1))"), format)
        };
        match self {
            Self::DsNodash => strftime(start, nodash),
            Self::Ts => Py::code(format!("{start}.isoformat()")),
            Self::TsNodash => strftime(start, "%Y%m%dT%H%M%S"),
            Self::TsNodashWithTz => strftime(start, "%Y%m%dT%H%M%S%z"),
            Self::YesterdayDs => shifted("-", day),
            Self::YesterdayDsNodash => shifted("-", nodash),
            Self::TomorrowDs => shifted("+", day),
            Self::TomorrowDsNodash => shifted("+", nodash),
            Self::NextDs => strftime(Self::End.name(), day),
            Self::NextDsNodash => strftime(Self::End.name(), nodash),
            _ => strftime(start, day),
        }
    }
}

/// What the functions of a module can take from its partitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Partitions {
    /// Whether the windows are in UTC, as the dates of Airflow's templates are.
    pub(super) is_utc: bool,
    /// Whether the key of a partition is Airflow's `ds`.
    pub(super) key_is_ds: bool,
}

/// The body of a function in the making.
#[derive(Debug, Clone, Default)]
pub(super) struct Body {
    pub(super) locals: BTreeSet<Local>,
    /// Further assignments, in order: name, value and comments above it.
    pub(super) hoisted: Vec<Hoisted>,
    pub(super) taken: Taken,
    pub(super) uses_config: bool,
    /// What could not be carried over: path, text and reason.
    pub(super) unported: Vec<Unported>,
}

/// An assignment in the body of a function.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Hoisted {
    /// Empty for a call that only has to be made.
    pub(super) name: String,
    pub(super) value: Py,
    pub(super) comment: Option<String>,
}

/// A text that could not be carried over.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Unported {
    pub(super) path: String,
    pub(super) reason: String,
}

/// What the body of a function had at some time.
#[derive(Debug)]
pub(super) struct BodyMark {
    locals: BTreeSet<Local>,
    hoisted: usize,
    taken: usize,
    uses_config: bool,
    unported: usize,
}

impl Body {
    /// What it has by now.
    pub(super) fn mark(&self) -> BodyMark {
        BodyMark {
            locals: self.locals.clone(),
            hoisted: self.hoisted.len(),
            taken: self.taken.mark(),
            uses_config: self.uses_config,
            unported: self.unported.len(),
        }
    }

    /// Takes back what it came to have since.
    pub(super) fn undo(&mut self, mark: BodyMark) {
        self.locals = mark.locals;
        self.hoisted.truncate(mark.hoisted);
        self.taken.undo(mark.taken);
        self.uses_config = mark.uses_config;
        self.unported.truncate(mark.unported);
    }

    /// A local name for a value that is too much for a place inside a text. The same value has one name.
    pub(super) fn hoist(&mut self, wish: &str, value: Py) -> String {
        if let Some(known) = self.hoisted.iter().find(|known| known.value == value) {
            return known.name.clone();
        }
        let name = self.taken.take(wish);
        self.hoisted.push(Hoisted { name: name.clone(), value, comment: None });
        name
    }

    /// A local name for what could not be carried over; a run that comes to it fails. Without a wish the value has no
    /// name, and the code for it is empty.
    pub(super) fn give_up(
        &mut self,
        module: &mut Module,
        wish: &str,
        text: &str,
        path: &str,
        reason: String,
    ) -> Py {
        module.imports.insert(Import::Unported);
        let name = if wish.is_empty() { String::new() } else { self.taken.take(wish) };
        let value = Py::apply("unported", vec![Py::str(text)]);
        let comment = Some(format!("TODO(podlift): {reason}"));
        self.hoisted.push(Hoisted { name: name.clone(), value, comment });
        self.unported.push(Unported { path: path.to_owned(), reason });
        Py::code(name)
    }
}
