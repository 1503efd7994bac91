//! Random DAG files that ask for unknown variables and go over sets: podlift against CPython in every environment and
//! in several orders of sets. A task that CPython makes in one of them is found and described; what is stated as
//! certain is so in all.

use std::collections::BTreeMap;

use podlift::diag::{Code, Severity};
use podlift::eval::template::{self, Part};
use podlift::spec::JobSpec;
use podlift::translate::Translation;
use serde::Deserialize;
use serde_json::Value as Json;

use self::programs::Programs;
use super::edges::translated_text;
use super::random::ask_python;

mod programs;
mod statements;

/// Runs each program of a JSON list in all environments of three variables, with stand-ins for Airflow; prints the
/// tasks that each makes in each, or null where it ends in an exception.
const RUN_ALL: &str = r"
import itertools, json, os, sys, types
tasks = {}
class DAG:
    def __init__(self, dag_id): pass
    def __enter__(self): return self
    def __exit__(self, *error): pass
class KubernetesPodOperator:
    def __init__(self, task_id, name, image=None, arguments=None):
        if task_id in tasks: raise RuntimeError('two tasks ' + task_id)
        self.task_id = task_id
        tasks[task_id] = {'image': image, 'arguments': arguments or []}
folder = ''
for name in 'airflow.providers.cncf.kubernetes.operators.pod'.split('.'):
    folder += name
    sys.modules[folder] = types.ModuleType(folder)
    folder += '.'
sys.modules['airflow'].DAG = DAG
sys.modules['airflow.providers.cncf.kubernetes.operators.pod'].KubernetesPodOperator = KubernetesPodOperator
def run(code, values):
    tasks.clear()
    os.environ.update({f'A{at}': value for at, value in enumerate(values)})
    try:
        exec(code, {'__name__': 'dag'})
    except Exception:
        return None
    return dict(tasks)
environments = list(itertools.product(['', 'x'], repeat=3))
def runs(program):
    code = compile(program, 'dag.py', 'exec')
    return [run(code, values) for values in environments]
json.dump([runs(program) for program in json.load(sys.stdin)], sys.stdout)
";

/// Seeds of the hashes by which CPython orders sets.
const ORDERS: u32 = 6;

/// The tasks that CPython makes in one environment and one order of sets; none where the program ends in an exception.
type Run = Option<BTreeMap<String, Task>>;

#[derive(Debug, Deserialize)]
struct Task {
    image: String,
    arguments: Vec<String>,
}

/// What each program does in each environment, under one seed of hashes.
fn cpython(programs: &[String], seed: u32) -> Vec<Vec<Run>> {
    let answer = ask_python(RUN_ALL, seed, serde_json::to_vec(programs).unwrap());
    serde_json::from_slice(&answer).unwrap()
}

/// A text of a job spec, with `None` for each hole.
fn parts(template: &str) -> Vec<Option<String>> {
    let parts = template::parse(template).unwrap().into_iter();
    parts
        .map(|part| match part {
            Part::Literal(text) => Some(text),
            Part::Hole { .. } => None,
        })
        .collect()
}

/// Whether a text is what some parts become when their holes are filled.
fn fits(parts: &[Option<String>], text: &str) -> bool {
    match parts {
        [] => text.is_empty(),
        [Some(literal), rest @ ..] => {
            text.strip_prefix(literal.as_str()).is_some_and(|text| fits(rest, text))
        }
        [None, rest @ ..] => {
            let mut ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            ends.any(|at| fits(rest, &text[at..]))
        }
    }
}

/// What podlift says of a task.
#[derive(Debug)]
struct Found {
    id: Vec<Option<String>>,
    is_certain: bool,
    image: Vec<Option<String>>,
    /// One text: what is open in a list may be several of its items.
    arguments: Vec<Option<String>>,
}

impl Found {
    fn of(spec: &JobSpec) -> Self {
        let container = &spec.run.base_pod_spec["containers"][0];
        let image = parts(container["image"].as_str().unwrap());
        let mut arguments = Vec::new();
        match container.get("args") {
            Some(Json::String(all)) => arguments = parts(all),
            Some(Json::Array(items)) => {
                for item in items {
                    let item = parts(item.as_str().unwrap());
                    let is_open = item == [None];
                    arguments.extend(item);
                    arguments.extend((!is_open).then(|| Some(END.to_owned())));
                }
            }
            _ => {}
        }
        let metadata = &spec.metadata;
        let is_certain = metadata.conditions.is_empty() && metadata.pattern.is_none();
        Self { id: parts(&metadata.task), is_certain, image, arguments }
    }

    /// Whether it may be a task of CPython's.
    fn describes(&self, (id, task): (&String, &Task)) -> bool {
        let arguments: String = task.arguments.iter().map(|one| one.clone() + END).collect();
        fits(&self.id, id) && fits(&self.image, &task.image) && fits(&self.arguments, &arguments)
    }

    fn is_known(&self) -> bool {
        self.id.iter().chain(&self.image).chain(&self.arguments).all(Option::is_some)
    }
}

/// Stands after each argument.
const END: &str = "\n";

/// What was compared.
#[derive(Debug, Default)]
struct Compared {
    programs: usize,
    tasks: usize,
    /// Tasks that podlift says exist in any case.
    certain: usize,
    /// Tasks whose image and arguments it knows.
    known: usize,
}

/// Compares one program; gives what is wrong.
fn compare(translation: &Translation, runs: &[&Run], compared: &mut Compared) -> Option<String> {
    let ended = translation.diagnostics.iter().find(|told| {
        told.code == Code::LimitReached
            || told.code == Code::UncaughtException && told.severity == Severity::Error
    });
    if let Some(ended) = ended {
        return Some(format!("{}: {}", ended.code.as_str(), ended.message));
    }
    let found: Vec<Found> = translation.specs.iter().map(Found::of).collect();
    let certain: Vec<&Found> = found.iter().filter(|found| found.is_certain).collect();
    for (at, run) in runs.iter().enumerate() {
        let Some(tasks) = run else { continue };
        let place = format!("in environment {} under seed {}", at % 8, at / 8);
        for (id, task) in tasks {
            if !found.iter().any(|found| fits(&found.id, id)) {
                return Some(format!("{place}: {id} is missing"));
            }
            if !found.iter().any(|found| found.describes((id, task))) {
                return Some(format!("{place}: {id} is another one: {task:?}"));
            }
        }
        if let Some(one) = certain.iter().find(|one| !tasks.iter().any(|task| one.describes(task)))
        {
            return Some(format!("{place}: not so, but certain: {one:?}"));
        }
    }
    compared.programs += 1;
    compared.tasks += found.len();
    compared.certain += certain.len();
    compared.known += found.iter().filter(|found| found.is_known()).count();
    None
}

/// A number that the environment may ask for.
fn asked(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().and_then(|number| number.parse().ok())
}

/// `PODLIFT_RANDOM_PROGRAMS` asks for another number of programs, `PODLIFT_RANDOM_SEED` for other ones.
#[test]
fn what_may_be_is_found_and_what_is_certain_is_so_in_every_environment_and_order() {
    let count = asked("PODLIFT_RANDOM_PROGRAMS").unwrap_or(1200);
    let mut random = Programs::new(asked("PODLIFT_RANDOM_SEED").unwrap_or(7));
    let programs: Vec<String> = (0..count).map(|_| random.next()).collect();
    let runs: Vec<Vec<Vec<Run>>> = (0..ORDERS).map(|seed| cpython(&programs, seed)).collect();
    let mut wrong = Vec::new();
    let mut compared = Compared::default();
    for (at, program) in programs.iter().enumerate() {
        let runs: Vec<&Run> = runs.iter().flat_map(|programs| &programs[at]).collect();
        if runs.iter().all(|run| run.is_none()) {
            continue;
        }
        if let Some(why) = compare(&translated_text(program.clone()), &runs, &mut compared) {
            wrong.push(format!("{}\n  {why}", program.split_once("with DAG").unwrap().1));
        }
    }
    let shown = wrong.iter().take(10).cloned().collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{} of {} differ\n{shown}", wrong.len(), programs.len());
    // Few programs end in an exception, and of most tasks much is known.
    assert!(compared.programs * 10 > programs.len() * 9, "{compared:?}");
    assert!(compared.tasks > programs.len() * 3, "{compared:?}");
    assert!(compared.certain > programs.len(), "{compared:?}");
    assert!(compared.known > programs.len() * 2, "{compared:?}");
}
