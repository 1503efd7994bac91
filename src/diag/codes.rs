//! The table of codes: one row per finding, the only place where a code, its title, its explanation
//! and its remedy are written. `podlift explain KPO301` prints a row.
//!
//! 1xx reading, 2xx evaluating, 3xx mapping, 4xx limits of the target, 5xx running.

use super::Severity;

macro_rules! codes {
    ($( $(#[doc = $doc:literal])+ $name:ident = $code:literal, $severity:ident, $title:literal, $remedy:literal; )+) => {
        /// Every finding podlift can report.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $( $(#[doc = $doc])+ $name, )+ }

        impl Code {
            /// All codes in the order of the table.
            pub const ALL: &'static [Self] = &[ $( Self::$name, )+ ];

            /// `KPO101`.
            pub fn as_str(self) -> &'static str {
                match self { $( Self::$name => $code, )+ }
            }

            /// The severity unless configured otherwise.
            pub fn severity(self) -> Severity {
                match self { $( Self::$name => Severity::$severity, )+ }
            }

            /// A few words.
            pub fn title(self) -> &'static str {
                match self { $( Self::$name => $title, )+ }
            }

            /// A paragraph: what it means and why it matters.
            pub fn explanation(self) -> &'static str {
                match self { $( Self::$name => concat!($( $doc, "\n" ),+), )+ }
            }

            /// What to do about it.
            pub fn remedy(self) -> &'static str {
                match self { $( Self::$name => $remedy, )+ }
            }
        }
    };
}

codes! {
    /// The Python parser could not read a statement. podlift goes on with the statements it could read,
    /// but a task in the unread part is missing from its output.
    SyntaxError = "KPO101", Error, "statement could not be parsed",
        "Correct the statement; `python -m py_compile FILE` shows the same place.";
    /// The file could not be read from disk, is too large, or is not text in a known encoding.
    UnreadableFile = "KPO102", Error, "file could not be read",
        "Check permissions and encoding; declare a legacy encoding in the first line or convert the file to UTF-8.";
    /// The file is written for Python 2 (print statements, `except X, e`), which no supported Airflow runs.
    Python2File = "KPO103", Error, "file is written for Python 2",
        "Port the file to Python 3 (`2to3 FILE` shows the changes) and translate again.";
    /// A local import could not be resolved: the module is neither beside the file nor under a root.
    /// What it provides becomes a hole.
    UnresolvedImport = "KPO104", Info, "import is outside the roots",
        "Pass the folder that holds the module with `--root DIR` if it is your code.";
    /// A path used by the DAG leaves the given roots. podlift reads nothing outside them.
    OutsideRoots = "KPO105", Warning, "path leaves the roots",
        "Pass the folder with `--root DIR` if podlift may read it.";
    /// A file that the DAG reads while it is loaded does not exist or cannot be parsed.
    MissingFile = "KPO106", Warning, "file read by the DAG is missing or malformed",
        "Check the path relative to the DAG folder, or pass its root with `--root DIR`.";
    /// A DAG or helper imports an operator from a module that no longer exists in current Airflow releases.
    OldImport = "KPO107", Info, "import path of an old Airflow release",
        "Nothing to do for the migration; the operator is recognised.";
    /// The file mentions the KubernetesPodOperator, but no task could be found in it.
    NoTaskFound = "KPO108", Warning, "operator mentioned but no task found",
        "If the file makes tasks through code podlift cannot see, pass that code's folder with `--root DIR`.";
    /// podlift itself failed while it read the file. The other files are not affected.
    InternalError = "KPO109", Error, "podlift failed on this file",
        "Please report it with the file, or the part of it that shows the failure.";
    /// A comment `# podlift: ignore[CODE]` silences nothing: the finding is gone, stands on another line, or the code
    /// does not exist.
    UnusedIgnore = "KPO110", Warning, "ignore comment silences nothing",
        "Remove the comment, or correct its code; it has to stand on the line of the finding or alone on the line above.";

    /// The value of an argument is not known statically. It stays in the job spec as a hole.
    UnresolvedValue = "KPO201", Warning, "value is not known statically",
        "Pass the value with `--set KIND:NAME=VALUE` or in a `--values FILE`.";
    /// Loading the DAG file raises an exception on every path podlift could follow, so real Airflow would not
    /// load it either, or podlift misunderstands the code.
    UncaughtException = "KPO202", Error, "evaluation ends in an exception",
        "Run the file with Python to see the same exception; close holes with `--values` if a lookup causes it.";
    /// A bound of the evaluator (steps, depth, sizes, turns) was reached. What follows is unknown. It is an error where
    /// nothing more was evaluated, because tasks may be missing then.
    LimitReached = "KPO203", Warning, "a bound of the evaluator was reached",
        "Raise the bound with the flag named in the message if the file is trusted.";
    /// A task exists only under a condition podlift could not decide.
    ConditionalTask = "KPO204", Warning, "task exists under an unknown condition",
        "Pass the values the condition depends on with `--values` or `--set`.";
    /// A task stands for any number of tasks, because the loop or call that makes it is over something unknown.
    TaskPattern = "KPO205", Warning, "one task stands for an unknown number of tasks",
        "Pass the values the loop depends on with `--values` or `--set`.";
    /// A Python feature that podlift does not evaluate; its result is a hole.
    UnsupportedSyntax = "KPO206", Warning, "Python feature is not evaluated",
        "Close the resulting hole with `--set`, or write the value in a simpler way.";
    /// A decorated DAG function is never called, so Airflow does not see the DAG.
    DagNeverCalled = "KPO207", Warning, "@dag function is never called",
        "Call the function at the end of the module.";
    /// Two tasks of one DAG have the same id; Airflow refuses such a DAG.
    DuplicateTask = "KPO208", Error, "two tasks have the same id",
        "Give each task its own id.";
    /// The task is not attached to any DAG, so Airflow never runs it.
    TaskWithoutDag = "KPO209", Warning, "task belongs to no DAG",
        "Pass `dag=` or make the task inside `with DAG(...)`.";
    /// Nothing was given for a lookup, so it gives the default that stands in the code, as in an Airflow where
    /// it is not set.
    AssumedValue = "KPO210", Warning, "default given by the code is used",
        "Pass the real value with `--set KIND:NAME=VALUE`.";
    /// A subclass overrides a method that Airflow calls at run time, so the pod may differ from the arguments.
    OverriddenMethod = "KPO211", Warning, "subclass overrides a method that runs with the task",
        "Read the method; carry over by hand what it does to the pod.";
    /// The task is mapped over values known only when the DAG runs.
    UnknownExpansion = "KPO212", Warning, "mapped task over values known only at run time",
        "Decide how the instances are made in Dagster (dynamic partitions or a dynamic graph).";

    /// The call looks like an operator, but its class comes from a module outside the roots. It may well be a
    /// subclass of the KubernetesPodOperator, so the task is kept as a node of the graph and told.
    UnresolvedOperator = "KPO213", Warning, "operator class is outside the roots",
        "Pass the folder that holds the class with `--root DIR`, or describe it in a table for `--mappings`.";
    /// A class of the Kubernetes client has no field of that name, so Python refuses the call.
    UnknownModelField = "KPO214", Error, "model class has no such field",
        "Correct the spelling; the fields are those of the Kubernetes Python client.";
    /// A DAG object is made but Airflow does not see it: it is neither in a global variable of the file nor
    /// used in a `with` block.
    HiddenDag = "KPO215", Info, "DAG is not visible to Airflow",
        "Assign the DAG to a global variable, or use it in a `with` block.";

    /// The operator has no such argument in the selected provider release. Airflow refuses to load the DAG.
    UnknownArgument = "KPO301", Error, "argument is not known to the operator",
        "Remove or correct the argument; `podlift mappings` lists all of them.";
    /// The argument exists, but not in the selected provider release.
    ArgumentOutsideVersion = "KPO302", Warning, "argument is outside its provider versions",
        "Select the release the DAG runs on with `--provider-version`, or use the argument that replaced it.";
    /// The type of the value is one that Airflow refuses for this argument.
    WrongType = "KPO303", Error, "Airflow refuses this type",
        "Give the type named in the message.";
    /// A dict with snake_case keys where Airflow expects camelCase: the fields are dropped silently.
    DroppedField = "KPO304", Warning, "field is dropped silently by Airflow",
        "Write the key in camelCase, or use the V1 class of the Kubernetes client.";
    /// The argument has no counterpart in PipesK8sClient and needs a decision of the user.
    ManualArgument = "KPO305", Warning, "argument has to be carried over by hand",
        "Follow the note in the message; `podlift explain ARGUMENT` tells more.";
    /// The argument cannot be carried over.
    UnsupportedArgument = "KPO306", Warning, "argument cannot be carried over",
        "`podlift explain ARGUMENT` tells what comes closest.";
    /// The operator is a relative of the KubernetesPodOperator whose work is not a plain pod.
    UnsupportedOperator = "KPO307", Warning, "operator is not a plain pod",
        "Translate this task by hand.";
    /// A `pod_template_file` could not be read; Airflow itself only logs a warning and uses an empty pod.
    TemplateFile = "KPO308", Warning, "pod template could not be read",
        "Make the file readable under the roots (`--root DIR`).";
    /// The pod does not agree with the Kubernetes API: unknown field, wrong type, bad quantity, bad name.
    InvalidPod = "KPO309", Error, "pod does not agree with the Kubernetes API",
        "Correct the value at the place shown; the API server refuses or drops it.";
    /// The argument is read from an Airflow connection or from the cluster access of a managed operator.
    ClusterAccess = "KPO310", Warning, "cluster access comes from outside the DAG",
        "Make a kubeconfig with the command in the message and name it in `client`.";
    /// The function under `@task.kubernetes` uses names from outside itself.
    FunctionNotSelfContained = "KPO311", Warning, "decorated function is not self-contained",
        "Move what the function needs into it, or build it into the image.";
    /// A template reads something that has no counterpart outside Airflow.
    TemplateNeedsAirflow = "KPO312", Info, "Jinja template is left in the job spec",
        "`podlift run` renders Airflow's own names; give others with `--set`.";
    /// Airflow rejects or changes the pod name.
    PodName = "KPO313", Warning, "pod name is refused or changed",
        "Use lower-case letters, digits and hyphens.";
    /// A value in the environment, an annotation or an argument looks like a password, token or key. Whoever may read
    /// the DAG, the job spec or the pod may read it. Reports and diffs show `[redacted]` in its place.
    PlainSecret = "KPO314", Warning, "credential stands in plain text",
        "Keep it in a Kubernetes Secret and name it with `secrets=[Secret(...)]` or `env_from=[...]`; then change the credential.";

    /// `base_pod_meta.name` is always overwritten by PipesK8sClient with a name of its own.
    NameOverwritten = "KPO401", Info, "pod name is replaced by PipesK8sClient",
        "Nothing to do; the Airflow name is kept in the job spec for readers.";
    /// `base_pod_meta.namespace` without `run(namespace=...)` makes the API answer 400.
    NamespaceNeedsRun = "KPO402", Info, "namespace is also passed to run()",
        "Nothing to do; the job spec carries it in both places.";
    /// `load_incluster_config` together with a kubeconfig or a context is refused by PipesK8sClient.
    InClusterConflict = "KPO403", Warning, "in_cluster excludes cluster_context and config_file",
        "Keep one of them.";
    /// PipesK8sClient refuses restart policy `Always`.
    RestartPolicy = "KPO404", Warning, "restart policy is replaced",
        "Nothing to do; Airflow itself always sends Never.";
    /// The XCom sidecar never ends by itself, so PipesK8sClient would wait a day for it. It is left out.
    XComSidecar = "KPO405", Warning, "XCom result has to be reported through Pipes",
        "Report the result with dagster_pipes, or keep the sidecar with `--keep-xcom-sidecar`.";
    /// A string given for `cmds` or `arguments` is split into characters by Dagster and refused by Kubernetes.
    StringCommand = "KPO406", Error, "command is a string instead of a list",
        "Write a list of strings.";
    /// Settings of Airflow's scheduler that Dagster expresses elsewhere.
    AirflowScheduling = "KPO407", Info, "argument of Airflow's scheduler",
        "`podlift explain ARGUMENT` names the counterpart in Dagster.";

    /// Neither arguments nor template name a namespace. Airflow then takes that of the connection, of its own
    /// service account, or `default`; PipesK8sClient that of its service account or kubeconfig, or `default`.
    NamespaceFromOutside = "KPO408", Info, "namespace comes from outside the DAG",
        "Name it with `namespace=`, or in `run.namespace` of the job spec.";

    /// A text of the task reads something for which generated Dagster code has no counterpart, such as an XCom. The
    /// module loads; a run fails at the place marked `TODO(podlift)`.
    DagsterTodo = "KPO410", Warning, "text has to be carried over to Dagster by hand",
        "Complete the place marked `TODO(podlift)` in the generated module.";
    /// Dagster has no place for some of what Airflow does with the task or DAG.
    DagsterLoss = "KPO411", Warning, "Dagster code leaves something out",
        "Carry it over by hand where it matters.";
    /// The schedule of the DAG has no counterpart in a schedule of Dagster, or works in another way there.
    DagsterSchedule = "KPO412", Warning, "schedule differs in Dagster",
        "Write a schedule or a sensor for the job by hand where it matters.";
    /// A DAG whose templates read the date of the run becomes partitioned assets; the start of a partition is the
    /// logical date. The DAG does not say everything that this needs.
    DagsterPartitions = "KPO413", Warning, "partitions are assumed",
        "Check the definition of the partitions in the generated module.";
    /// Tasks of other operators are no assets. What waits for them in Airflow waits for the pod tasks before them.
    DagsterDependency = "KPO414", Info, "dependency goes through tasks that are no pods",
        "Make those tasks assets of their own if their work is needed.";
    /// A task made in a loop over something that is not known, or mapped over a result, becomes one asset.
    DagsterPattern = "KPO415", Warning, "one asset stands for any number of tasks",
        "Split the asset by hand, or give the values with `--set` and `--values`.";
    /// `dagster_k8s.PipesK8sComponent` knows a pod and its assets, and no more. A task whose pod has holes or Jinja in it
    /// gets no component.
    ComponentLimit = "KPO416", Warning, "component cannot say everything",
        "Use `--emit dagster` for this task, or carry the rest over by hand.";
    /// dagster-airlift replaces tasks in the loaded DAG, and breaks the DAG with tasks of groups that put their id before
    /// those of their tasks, with mapped tasks, and in files without a DAG in a global variable.
    AirliftTrap = "KPO417", Warning, "dagster-airlift cannot take the task over",
        "The task stays in Airflow; move it out of its group, or take it over with the whole DAG.";

    /// A job spec file does not agree with the format `podlift/v1`.
    InvalidJobSpec = "KPO501", Error, "job spec is malformed",
        "Correct the field at the place shown; `podlift schema` prints the format.";
    /// A value file does not agree with its format.
    InvalidValues = "KPO502", Error, "values file is malformed",
        "Use the sections env, variables, connections, params and conf.";
    /// A mapping table does not agree with its format.
    InvalidMapping = "KPO503", Error, "mapping table is malformed",
        "Correct the row at the place shown.";
    /// A manifest is applied as it is: nothing fills holes or renders Jinja in it afterwards. A task whose
    /// job spec has any left gets no manifest, and neither does one that Kubernetes cannot express.
    UnfinishedManifest = "KPO504", Error, "task cannot become a manifest yet",
        "Close the holes with `--set` or `--values`, and replace Jinja by values.";
    /// A manifest has no place for some of what Airflow does with the task.
    ManifestLoss = "KPO505", Warning, "manifest leaves something out",
        "Carry it over by hand where it matters.";
}

impl Code {
    /// The code of a text such as `KPO101`, in either case.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str().eq_ignore_ascii_case(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn codes_are_unique_and_in_order() {
        let texts: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        let unique: BTreeSet<_> = texts.iter().collect();
        assert_eq!(unique.len(), texts.len());
        assert!(texts.is_sorted(), "{texts:?}");
    }

    #[test]
    fn every_code_is_documented() {
        for code in Code::ALL {
            assert!(
                !code.title().is_empty()
                    && code.explanation().len() > 30
                    && code.remedy().len() > 10,
                "{code:?}"
            );
        }
    }
}
