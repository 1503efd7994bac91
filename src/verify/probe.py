"""Ask a real Airflow which pods it would create for the tasks of some DAG files.

This program runs inside the user's own Airflow environment (2.5 to 3.x) and needs nothing else. It
reads one JSON object, from its first argument or from standard input:

    {"files": [...],            DAG files, each imported in a process of its own
     "roots": [...],            folders put on sys.path, the DAG folder first
     "values": {"env": {}, "variables": {}, "connections": {}, "conf": {}},
     "fill": "text",            optional: stand-in for values that are looked up but not given
     "prelude": "setup.py",     optional: Python file run once before the first DAG file
     "timeout": 60, "jobs": 1}

and writes JSON Lines: a `task` record for every KubernetesPodOperator task, a `dag` record for every
DAG and, last for each file, a `file` record that says how reading it went and what was looked up.

Nothing outside a throw-away AIRFLOW_HOME is written (unless the DAG code does so) and no database is used. Templates stay unrendered
and what Airflow draws at random is replaced, so that the same DAG gives the same lines every time.
"""

import copy
import datetime
import enum
import importlib.machinery
import importlib.util
import inspect
import json
import logging
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback
import types
import warnings

READ = type(os.environ).__getitem__
SUFFIX = "abcdefgh"
RUNTIME_LABELS = ("airflow_version", "airflow_kpo_in_cluster", "kubernetes_pod_operator")
# The files through which DAG code reaches each kind of value: a question that comes through any other
# file is a library's own.
WAYS = {
    "env": ("os.py", "_collections_abc.py", "posixpath.py", "pathlib.py"),
    "conf": ("configuration.py", "parser.py", "configparser.py"),
    "variable": ("variable.py",),
    "connection": ("hook.py", "base.py", "connection.py"),
}
PREFIX = "unusual_prefix_probe_"
OPERATOR_MODULES = (
    "airflow.providers.cncf.kubernetes.operators.pod",
    "airflow.providers.cncf.kubernetes.operators.kubernetes_pod",
    "airflow.contrib.operators.kubernetes_pod_operator",
)


class Lookups:
    """Everything that DAG code asked its surroundings for, each name once, in order."""

    def __init__(self, roots, fill):
        self.roots = tuple(os.path.join(os.path.realpath(root), "") for root in roots)
        self.fill = fill
        self.stage = None
        self.seen = {}
        self.filled = {}
        self.ours = {}

    def is_ours(self, name):
        """Whether a source file lies in one of the roots; frozen modules lie nowhere."""
        if name not in self.ours:
            self.ours[name] = not name.startswith("<") and os.path.realpath(name).startswith(self.roots)
        return self.ours[name]

    def place(self, kind):
        """The line of DAG code that is asking, or None when the question is Airflow's own."""
        frame = sys._getframe(1)
        while frame is not None:
            name = frame.f_code.co_filename
            if name != __file__ and self.is_ours(name):
                return "%s:%d" % (name, frame.f_lineno)
            if name != __file__ and not name.startswith("<frozen") and os.path.basename(name) not in WAYS[kind]:
                return None
            frame = frame.f_back
        return None

    def note(self, kind, name, place, **facts):
        if self.stage is not None and (kind, name) not in self.seen:
            entry = dict(kind=kind, name=name, place=place, stage=self.stage)
            entry.update((key, plain(value)) for key, value in facts.items())
            self.seen[kind, name] = entry

    def stand_in(self, kind, name, value):
        """Remembers the stand-in, so that the other side of a comparison can be given the same."""
        self.filled.setdefault(kind, {})[name] = value
        return value


def plain(value):
    """`ApiClient.sanitize_for_serialization`, except that foreign objects are named instead of failing."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, enum.Enum):
        return plain(value.value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted((plain(item) for item in value), key=repr)
    if isinstance(value, dict):
        return {plain_key(key): plain(item) for key, item in value.items()}
    if isinstance(value, (datetime.datetime, datetime.date)):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return {"$seconds": value.total_seconds()}
    fields = getattr(type(value), "openapi_types", None)
    if isinstance(fields, dict):
        names = type(value).attribute_map
        given = ((names[field], getattr(value, field)) for field in fields)
        return {name: plain(item) for name, item in given if item is not None}
    return foreign(value)


def qualified(kind):
    """The full name of a class, without the prefix that DAG files get when they are imported."""
    return "%s.%s" % (kind.__module__.replace(PREFIX, "", 1), kind.__qualname__)


def plain_key(key):
    return key if isinstance(key, str) else json.dumps(plain(key))


def foreign(value):
    """A marker for what cannot stand in a pod: XComs to be resolved at run time, callables, other objects."""
    kind = type(value)
    stub = getattr(kind, "__stub_name__", None)
    if stub:
        return {"$stub": str(value)}
    parents = [parent.__name__ for parent in kind.__mro__]
    if "DagParam" in parents:
        return {"$param": getattr(value, "_name", None)}
    if "MappedArgument" in parents:
        return {"$mapped": getattr(value, "_key", None)}
    if "XComArg" in parents:
        return {"$xcom": str(value)}
    name = getattr(value, "__qualname__", None)
    if isinstance(name, str):
        return {"$python": "%s.%s" % (str(getattr(value, "__module__", "?")).replace(PREFIX, "", 1), name)}
    if isinstance(vars(value) if hasattr(value, "__dict__") else None, dict):
        return {"$python": qualified(kind), "fields": scalars(vars(value))}
    return {"$python": qualified(kind)}


def scalars(fields):
    return {key: item for key, item in fields.items() if isinstance(item, (str, int, float, bool))}


def prepare_environment(request, home):
    """Settings must stand before Airflow is imported, which reads them only once."""
    values = request.get("values") or {}
    roots = [os.path.abspath(root) for root in request.get("roots") or ["."]]
    defaults = {
        "AIRFLOW_HOME": home,
        "AIRFLOW_CONFIG": os.path.join(home, "airflow.cfg"),
        "AIRFLOW__CORE__DAGS_FOLDER": roots[0],
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": os.path.join(home, "logs"),
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "sqlite:///" + os.path.join(home, "none.db"),
        "AIRFLOW__SCHEDULER__PARSING_PRE_IMPORT_MODULES": "False",
    }
    for root in roots:
        plugins = os.path.join(root, "plugins")
        if os.path.isdir(plugins):
            defaults.setdefault("AIRFLOW__CORE__PLUGINS_FOLDER", plugins)
    for name, value in (values.get("conf") or {}).items():
        section, _, option = name.partition(".")
        defaults["AIRFLOW__%s__%s" % (section.upper(), option.upper())] = str(value)
    for name, value in (values.get("variables") or {}).items():
        defaults["AIRFLOW_VAR_" + name.upper()] = value if isinstance(value, str) else json.dumps(value)
    for name, value in (values.get("connections") or {}).items():
        defaults["AIRFLOW_CONN_" + name.upper()] = value if isinstance(value, str) else json.dumps(value)
    os.environ.update(defaults)
    os.environ.update({name: str(value) for name, value in (values.get("env") or {}).items()})
    # Airflow puts these three on the path in this order, behind what is already there.
    folders = roots + [os.path.join(os.environ["AIRFLOW_HOME"], "config")]
    if "AIRFLOW__CORE__PLUGINS_FOLDER" in os.environ:
        folders.append(os.environ["AIRFLOW__CORE__PLUGINS_FOLDER"])
    sys.path[:] = [entry for entry in sys.path if entry not in ("", os.path.dirname(os.path.abspath(__file__)))]
    sys.path.extend(folder for folder in folders if folder not in sys.path)
    return roots


def watch_environment(lookups):
    """Records which environment variables DAG code reads."""
    mapping = type(os.environ)
    getitem, everything = mapping.__getitem__, mapping.__iter__
    missing = object()

    def read(self, name, default=missing):
        place = lookups.place("env")
        try:
            value = getitem(self, name)
        except KeyError:
            value = missing
        if place:
            facts = {} if default is missing else {"default": default}
            if value is not missing:
                facts["value"] = value
            lookups.note("env", name, place, **facts)
            if value is missing and lookups.fill and default in (missing, None):
                return lookups.stand_in("env", name, fill_text(lookups.fill, "env", name))
        return value

    def item(self, name):
        value = read(self, name)
        if value is missing:
            raise KeyError(name)
        return value

    def get(self, name, default=None):
        value = read(self, name, default)
        return default if value is missing else value

    def has(self, name):
        value = own(name)
        place = lookups.place("env")
        if place:
            lookups.note("env", name, place, **({} if value is None else {"value": value}))
        return value is not None

    def names(self):
        place = lookups.place("env")
        if place:
            lookups.note("env", "*", place)
        return everything(self)

    mapping.__getitem__, mapping.get, mapping.__contains__, mapping.__iter__ = item, get, has, names


def fill_text(fill, kind, name):
    return fill if fill != "text" else "%s-%s" % (kind, name.lower().replace("_", "-").replace(" ", "-"))


def call_argument(args, kwargs, position, *names):
    """One argument of a call that may have been given by place or by any of its names over the years."""
    for name in names:
        if name in kwargs:
            return True, kwargs[name]
    if len(args) > position:
        return True, args[position]
    return False, None


def own(name):
    """An environment variable that the probe itself wants to know, which is no lookup of the DAG."""
    try:
        return READ(os.environ, name)
    except KeyError:
        return None


def watch_variables(lookups):
    for module in ("airflow.models.variable", "airflow.sdk.definitions.variable"):
        variable = getattr(load(module), "Variable", None)
        if variable is not None and "get" in vars(variable):
            variable.get = staticmethod(watched_variable(lookups, variable, variable.get))
            variable.set = staticmethod(lambda key, value, *rest, **options: remember(key, value))
            use_environment_only(module)


def remember(key, value):
    os.environ["AIRFLOW_VAR_" + key.upper()] = value if isinstance(value, str) else json.dumps(value)


def watched_variable(lookups, variable, original):
    def get(*args, **kwargs):
        _, key = call_argument(args, kwargs, 0, "key")
        has_default, default = call_argument(args, kwargs, 1, "default_var", "default")
        _, as_json = call_argument(args, kwargs, 2, "deserialize_json")
        given = own("AIRFLOW_VAR_" + str(key).upper())
        facts = {"default": default} if has_default else {}
        if given is not None:
            facts["value"] = given
        lookups.note("variable", key, lookups.place("variable"), json=bool(as_json), **facts)
        if given is None and lookups.fill and (not has_default or default is None):
            text = "{}" if as_json else fill_text(lookups.fill, "var", key)
            remember(key, lookups.stand_in("variables", key, text))
        return original(*args, **kwargs)

    return get


def watch_connections(lookups):
    for module, method in (
        ("airflow.models.connection", "get_connection_from_secrets"),
        ("airflow.sdk.definitions.connection", "get"),
    ):
        connection = getattr(load(module), "Connection", None)
        if connection is not None and method in vars(connection):
            setattr(connection, method, staticmethod(watched_connection(lookups, getattr(connection, method))))
            use_environment_only(module)


def watched_connection(lookups, original):
    def get(*args, **kwargs):
        _, name = call_argument(args, kwargs, 0, "conn_id")
        variable = "AIRFLOW_CONN_" + str(name).upper()
        given = own(variable)
        lookups.note("connection", name, lookups.place("connection"), **({} if given is None else {"value": given}))
        if given is None and lookups.fill and name != "kubernetes_default":
            uri = "http://login:password@host-%s:1234/schema" % str(name).lower().replace("_", "-")
            os.environ[variable] = lookups.stand_in("connections", name, uri)
        return original(*args, **kwargs)

    return get


def use_environment_only(module):
    """Takes the database and outside secret stores out of the search path."""
    for name in ("airflow.secrets.environment_variables",):
        backend = load(name).EnvironmentVariablesBackend
    if hasattr(sys.modules[module], "ensure_secrets_loaded"):
        sys.modules[module].ensure_secrets_loaded = lambda *args, **kwargs: [backend()]


def watch_configuration(lookups):
    parser = type(load("airflow.configuration").conf)
    original = parser.get

    def get(self, section, key, *args, **kwargs):
        place = lookups.place("conf")
        name = "%s.%s" % (section, key)
        try:
            value = original(self, section, key, *args, **kwargs)
        except Exception:
            if not place:
                raise
            lookups.note("conf", name, place)
            if not lookups.fill:
                raise
            value = lookups.stand_in("conf", name, fill_text(lookups.fill, "conf", key))
        if place:
            lookups.note("conf", name, place, value=value)
        return value

    parser.get = get


def load(module):
    try:
        return importlib.import_module(module)
    except ImportError:
        return None


def fix_randomness():
    """Random name suffixes and the names of secret volumes become constants while pods are built."""

    def fixed(length):
        return (SUFFIX * (length // len(SUFFIX) + 1))[:length]

    class Counter:
        count = 0

        def uuid4(self):
            Counter.count += 1
            return "UUID4-%d" % Counter.count

    counter = Counter()
    replaced = []
    for name, module in list(sys.modules.items()):
        if not name.startswith("airflow.") or not isinstance(module, types.ModuleType):
            continue
        parts = vars(module)
        for attribute, value in (("rand_str", fixed), ("_rand_str", fixed)):
            if attribute in parts:
                replaced.append((module, attribute, parts[attribute]))
                setattr(module, attribute, value)
        if "uuid" in parts and ("secret" in name or "pod" in name):
            replaced.append((module, "uuid", parts["uuid"]))
            setattr(module, "uuid", counter)

    def restore():
        for module, attribute, value in replaced:
            setattr(module, attribute, value)

    return restore


class NoCluster:
    """Stands for a hook that cannot be made without a cluster, such as GKE's before it has asked Google."""

    is_in_cluster = False

    def get_namespace(self):
        return None

    get_xcom_sidecar_container_image = get_namespace
    get_xcom_sidecar_container_resources = get_namespace
    get_xcom_sidecar_container_security_context = get_namespace


def settle_hook(task):
    """Makes sure that building the pod asks no cluster."""
    try:
        hook = task.hook
        type(hook).is_in_cluster = False
        return None
    except Exception as error:
        task.__dict__["hook"] = NoCluster()
        return "%s: %s" % (type(error).__name__, error)


def build(task, notes):
    """The pod as `execute` would make it, with its templates as they are."""
    for name in own_parameters(type(task)):
        # Building changes some arguments in place, and tasks often share them.
        value = vars(task).get(name)
        if isinstance(value, (list, dict)) or hasattr(type(value), "openapi_types"):
            try:
                task.__dict__[name] = copy.deepcopy(value)
            except Exception:
                notes.setdefault("shared", []).append(name)
    hook_trouble = settle_hook(task)
    if hook_trouble:
        notes["hook"] = hook_trouble
    try:
        render_around_templates(task)
    except Exception as error:
        notes["render"] = "%s: %s" % (type(error).__name__, error)
    run_decorated(task, notes)
    if hasattr(task, "_set_name"):
        try:
            task.name = task._set_name(task.name)
        except Exception as error:
            notes["name"] = "%s: %s" % (type(error).__name__, error)
    restore = fix_randomness()
    try:
        if hasattr(task, "build_job_request_obj"):
            notes["job"] = plain(task.build_job_request_obj(None))
            return notes["job"]["spec"]["template"]
        if hasattr(task, "build_pod_request_obj"):
            return plain(task.build_pod_request_obj(None))
        return plain(task.create_pod_request_obj())
    finally:
        restore()


def render_around_templates(task):
    """Renders the arguments with Airflow's own code, in an environment that takes nothing for a template: what is left is
    what rendering does to every text, such as to the ends of lines. What is resolved only at run time stays as it is."""
    render_template = task.render_template
    signs = ("block_start", "block_end", "variable_start", "variable_end", "comment_start", "comment_end")
    environment = task.get_template_env().overlay(
        **{"%s_string" % sign: "\x00%s\x00" % sign for sign in signs}
    )

    def render(value, context, jinja_env=None, seen_oids=None):
        if isinstance(value, str):
            is_file = bool(task.template_ext) and value.endswith(tuple(task.template_ext))
        else:
            is_file = hasattr(value, "resolve")
        return value if is_file else render_template(value, context, environment, seen_oids)

    task.__dict__["render_template"] = render
    task.render_template_fields({}, environment)


def run_decorated(task, notes):
    """`@task.kubernetes` makes its command only when it runs, so it runs up to the point of starting a pod."""
    kind = type(task).__name__
    if kind not in ("_KubernetesDecoratedOperator", "_KubernetesCmdDecoratedOperator"):
        return
    context = {}
    if kind == "_KubernetesCmdDecoratedOperator":
        # Its function is called with what Airflow knows of the run: the templates that give the same stand for it.
        def template(value):
            return str(value) if hasattr(value, "resolve") else value

        task.op_args = [template(value) for value in task.op_args]
        task.op_kwargs = {name: template(value) for name, value in task.op_kwargs.items()}
        context = {name: "{{ %s }}" % name for name in context_names()}
    base = operator_class()
    execute = base.execute
    base.execute = lambda self, context: None
    try:
        task.execute(context)
    except Exception as error:
        notes["decorated"] = "%s: %s" % (type(error).__name__, error)
    finally:
        base.execute = execute


def context_names():
    """The names that Airflow gives to templates and to functions."""
    for module in ("airflow.sdk.definitions.context", "airflow.utils.context"):
        names = getattr(load(module), "KNOWN_CONTEXT_KEYS", None)
        if names is None:
            names = getattr(getattr(load(module), "Context", None), "__annotations__", None)
        if names:
            return sorted(names)
    return []


def operator_class():
    for module in OPERATOR_MODULES:
        found = getattr(load(module), "KubernetesPodOperator", None)
        if isinstance(found, type):
            return found
    raise ImportError("this Airflow has no KubernetesPodOperator")


def task_facts(task):
    """What a launcher needs to know beside the pod."""

    def seconds(value):
        return value.total_seconds() if isinstance(value, datetime.timedelta) else plain(value)

    return {
        "retries": plain(task.retries),
        "retry_delay": seconds(task.retry_delay),
        "execution_timeout": seconds(task.execution_timeout),
        "trigger_rule": str(getattr(task.trigger_rule, "value", task.trigger_rule)),
        "pool": plain(task.pool),
        "queue": plain(getattr(task, "queue", None)),
        "do_xcom_push": plain(getattr(task, "do_xcom_push", None)),
    }


def own_parameters(kind):
    """The parameters of Airflow's own pod operators up to `kind`, with their defaults."""
    names = {}
    for parent in kind.__mro__:
        if parent.__module__.startswith("airflow.") and issubclass(parent, operator_class()) and "__init__" in vars(parent):
            for parameter in inspect.signature(parent.__init__).parameters.values():
                if parameter.name != "self" and parameter.kind is not parameter.VAR_KEYWORD:
                    names.setdefault(parameter.name, parameter.default)
    return names


def arguments(task):
    """The attributes that hold the arguments of Airflow's own operator classes, where they say something."""
    names = own_parameters(type(task))
    found = {}
    for name in sorted(names):
        value = vars(task).get(name)
        if value is not None and value != names[name] and (value or value is False or value == 0):
            if not (isinstance(value, (list, dict, tuple)) and not value):
                found[name] = plain(value)
    return found


def task_record(task, base, extra):
    kind = type(task)
    record = {
        "record": "task",
        "dag_id": task.dag_id,
        "task_id": task.task_id,
        "class": qualified(kind),
        "bases": [qualified(parent) for parent in kind.__mro__ if issubclass(parent, base)],
        "upstream": sorted(task.upstream_task_ids),
        "facts": task_facts(task),
        "arguments": arguments(task),
        "notes": {},
    }
    record.update(extra)
    try:
        pod = build(task, record["notes"])
        labels = (pod.get("metadata") or {}).get("labels") or {}
        record["airflow_labels"] = {name: labels.pop(name) for name in RUNTIME_LABELS if name in labels}
        record["pod"] = pod
    except Exception as error:
        record["error"] = "%s: %s" % (type(error).__name__, error)
        record["traceback"] = traceback.format_exc()
    return record


def expansions(task):
    """The argument sets of a mapped task, or None when they are known only at run time."""
    source = task._get_specified_expand_input()
    given = getattr(source, "value", None)
    if isinstance(given, dict):
        if not all(isinstance(value, (list, tuple, dict, str)) for value in given.values()):
            return None
        sets = [{}]
        for name, value in given.items():
            items = list(value.items()) if isinstance(value, dict) else list(value)
            sets = [dict(made, **{name: item}) for made in sets for item in items]
        return sets
    if isinstance(given, (list, tuple)) and all(isinstance(item, dict) for item in given):
        return list(given)
    return None


def task_records(task, base):
    if not isinstance(getattr(task, "operator_class", None), type) or isinstance(task, base):
        if isinstance(task, base):
            yield task_record(task, base, {})
        return
    if not issubclass(task.operator_class, base):
        return
    sets = expansions(task)
    known = sets is not None
    given = getattr(task._get_specified_expand_input(), "value", None)
    names = sorted(given) if isinstance(given, dict) else None
    for index, chosen in enumerate(sets if known else [{}]):
        mapped = {"known": known, "index": index if known else None, "arguments": names}
        try:
            # What a decorated function is mapped over are its own arguments.
            single = task.unmap({"op_kwargs": chosen} if hasattr(task, "op_kwargs_expand_input") else chosen)
            yield task_record(single, base, {"mapped": mapped, "upstream": sorted(task.upstream_task_ids)})
        except Exception as error:
            yield {
                "record": "task", "dag_id": task.dag_id, "task_id": task.task_id, "mapped": mapped,
                "class": qualified(task.operator_class),
                "upstream": sorted(task.upstream_task_ids),
                "error": "%s: %s" % (type(error).__name__, error), "traceback": traceback.format_exc(),
            }


def dag_classes_and_context():
    classes = []
    for module in ("airflow.models.dag", "airflow.sdk.definitions.dag", "airflow.models"):
        found = getattr(load(module), "DAG", None)
        if isinstance(found, type) and found not in classes:
            classes.append(found)
    for module in ("airflow.sdk.definitions._internal.contextmanager", "airflow.models.dag"):
        context = getattr(load(module), "DagContext", None)
        if context is not None:
            return tuple(classes), context
    return tuple(classes), None


def import_dags(path):
    """Imports one file the way Airflow's DAG bag does; returns its DAGs ordered by id."""
    classes, context = dag_classes_and_context()
    name = PREFIX + os.path.splitext(os.path.basename(path))[0]
    if context is not None and hasattr(context, "autoregistered_dags"):
        context.autoregistered_dags.clear()
        context.current_autoregister_module_name = name
    loader = importlib.machinery.SourceFileLoader(name, path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    sys.modules[name] = module
    loader.exec_module(module)
    dags = [value for value in list(vars(module).values()) if isinstance(value, classes)]
    dags.extend(dag for dag, _ in getattr(context, "autoregistered_dags", ()))
    unique = {id(dag): dag for dag in dags}
    return sorted(unique.values(), key=lambda dag: dag.dag_id)


def dag_trouble(dag):
    """Why Airflow would refuse a DAG although its file could be imported."""
    try:
        if hasattr(dag, "validate"):
            dag.validate()
        tester = load("airflow.utils.dag_cycle_tester")
        if hasattr(dag, "check_cycle"):
            dag.check_cycle()
        elif tester is not None:
            tester.check_cycle(dag)
    except Exception as error:
        return "%s: %s" % (type(error).__name__, error)
    return None


def class_name(task):
    kind = getattr(task, "operator_class", None)
    return qualified(kind if isinstance(kind, type) else type(task))


def read_file(path, base, lookups, write):
    """Everything there is to say about one DAG file."""
    started = time.time()
    record = {"record": "file", "file": path, "ok": True, "dags": 0, "tasks": 0}
    try:
        lookups.stage = "import"
        dags = import_dags(path)
        lookups.stage = "build"
        record["dags"] = len(dags)
        for dag in dags:
            tasks = [{"task_id": task.task_id, "class": class_name(task), "upstream": sorted(task.upstream_task_ids)} for task in dag.tasks]
            write({"record": "dag", "file": path, "dag_id": dag.dag_id, "trouble": dag_trouble(dag), "tasks": tasks})
            for task in dag.tasks:
                for found in task_records(task, base):
                    record["tasks"] += 1
                    write(dict(found, file=path))
    except BaseException as error:
        record.update(ok=False, error="%s: %s" % (type(error).__name__, error), traceback=traceback.format_exc())
    lookups.stage = None
    record["lookups"] = list(lookups.seen.values())
    record["filled"] = lookups.filled
    stubbed = sys.modules.get("__podlift_stubs__")
    if stubbed is not None:
        record["stubbed"] = sorted(stubbed.used)
    record["seconds"] = round(time.time() - started, 2)
    write(record)


def warm_up(base):
    """Loads what every file will need, once, so that its process does not have to."""
    for module in ("airflow.models.dag", "airflow.sdk", "airflow.decorators", "airflow.models.variable", "airflow.utils.task_group"):
        load(module)
    dag_classes_and_context()
    try:
        task_record(base(task_id="warm_up", name="warm-up", image="none"), base, {})
    except Exception:
        pass  # Old versions want a DAG around a task; they only lose some time.


def in_child(path, base, lookups, output):
    """Starts a process that reads one file and leaves its lines in `output`."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        with open(output, "w") as lines:
            def write(record):
                lines.write(json.dumps(record, default=foreign) + "\n")
                lines.flush()

            read_file(path, base, lookups, write)
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        # No exit handlers: they belong to the parent, and DAG code may have registered its own.
        os._exit(status)


def run(request, home, out):
    roots = prepare_environment(request, home)
    lookups = Lookups(roots + [os.path.dirname(os.path.abspath(path)) for path in request["files"]], request.get("fill"))
    logging.disable(logging.CRITICAL)
    base = operator_class()
    watch_variables(lookups)
    watch_connections(lookups)
    watch_configuration(lookups)
    if request.get("prelude"):
        with open(request["prelude"]) as text:
            names = {"__name__": "__prelude__", "__file__": request["prelude"], "PROBE": sys.modules[__name__]}
            exec(compile(text.read(), request["prelude"], "exec"), names)
    watch_environment(lookups)
    warm_up(base)

    timeout, jobs = float(request.get("timeout") or 60), int(request.get("jobs") or 1)
    waiting = [(number, os.path.abspath(path)) for number, path in enumerate(request["files"])]
    running, finished, next_out = {}, {}, 0
    total = len(waiting)
    while next_out < total:
        while waiting and len(running) < jobs:
            number, path = waiting.pop(0)
            output = os.path.join(home, "out-%d" % number)
            running[number] = (in_child(path, base, lookups, output), time.time() + timeout, path, output)
        for number, (child, deadline, path, output) in list(running.items()):
            done, status = os.waitpid(child, os.WNOHANG)
            late = not done and time.time() > deadline
            if late:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
            if done or late:
                trouble = "no answer within %g seconds" % timeout if late else "the process ended with status %d" % status
                finished[number] = lines_of(output, path, trouble)
                del running[number]
        while next_out in finished:
            out.write(finished.pop(next_out))
            out.flush()
            next_out += 1
        if running:
            time.sleep(0.01)


def lines_of(output, path, trouble):
    """What a child wrote; a child that died is told apart from a file without tasks."""
    lines = []
    if os.path.exists(output):
        with open(output) as text:
            lines = [line for line in text if line.endswith("\n")]
        os.remove(output)
    if not lines or json.loads(lines[-1])["record"] != "file":
        lines.append(json.dumps({"record": "file", "file": path, "ok": False, "dags": 0, "tasks": 0, "error": trouble, "lookups": [], "filled": {}}) + "\n")
    return "".join(lines)


def main():
    # DAG code may print: the answer goes to a private copy of standard output.
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    warnings.simplefilter("ignore")
    sys.dont_write_bytecode = True
    request = json.loads(sys.argv[1] if len(sys.argv) > 1 else sys.stdin.read())
    home = tempfile.mkdtemp(prefix="podlift-airflow-")
    parent = os.getpid()
    try:
        run(request, home, out)
    finally:
        if os.getpid() == parent:
            shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
