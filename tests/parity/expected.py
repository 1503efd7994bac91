"""Writes what a real Airflow makes of the fixtures, or checks that it still makes the same.

    VENV/bin/python tests/parity/expected.py [--check] [--only NAME]

Runs with the Python of an Airflow environment and covers the fixtures which `fixtures/expect.yaml` gives
to that Airflow's major version (twice where the manifest says `nondeterministic`). `fixtures/expected/<fixture>.json` comes from the version named there;
`fixtures/expected/airflow2/` additionally holds what Airflow 2 makes of those Airflow 3 fixtures that it can
load as well. Files are written so that one task is one block and one pod is one line: they are read in diffs.
"""

import argparse
import importlib.metadata
import json
import os
import re
import subprocess
import sys
import tempfile

import yaml

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FIXTURES = os.path.join(ROOT, "fixtures")
PROBE = os.path.join(ROOT, "src", "verify", "probe.py")
DIFFERS = {"$nondeterministic": True}


def ask(files, values, home):
    """The records of each file, in the order of the files."""
    values = dict(values or {})
    values["env"] = dict({"AIRFLOW_HOME": home}, **(values.get("env") or {}))
    request = {
        "files": [os.path.join(FIXTURES, "dags", name) for name in files],
        "roots": [os.path.join(FIXTURES, "dags"), os.path.join(FIXTURES, "plugins"), FIXTURES],
        "values": values,
        "jobs": os.cpu_count() or 1,
    }
    surroundings = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "TMPDIR", "LANG")}
    done = subprocess.run(
        [sys.executable, PROBE], input=json.dumps(request), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        universal_newlines=True, env=surroundings, cwd=FIXTURES,
    )
    if done.returncode:
        raise SystemExit("the probe failed:\n" + done.stderr)
    found = {name: [] for name in files}
    for line in done.stdout.splitlines():
        record = json.loads(line.replace(FIXTURES, "${FIXTURES}").replace(home, "${AIRFLOW_HOME}"))
        found[os.path.relpath(record["file"], "${FIXTURES}/dags")].append(record)
    return found


def common(first, second):
    """What two runs agree on; a leaf that differs between them is marked as not determined."""
    if isinstance(first, dict) and isinstance(second, dict) and first.keys() == second.keys():
        return {key: common(first[key], second[key]) for key in first}
    if isinstance(first, list) and isinstance(second, list) and len(first) == len(second):
        return [common(*pair) for pair in zip(first, second)]
    return first if first == second else DIFFERS


def summary(name, records, version, provider, values):
    """The lasting part of one file's records."""
    last = records[-1]
    passing = ("record", "file", "traceback", "airflow_labels", "bases")
    tasks = [
        {key: value for key, value in record.items() if key not in passing}
        for record in records if record["record"] == "task"
    ]
    lookups = [
        {key: entry[key] for key in ("kind", "name", "default", "json") if key in entry}
        for entry in last["lookups"] if entry["stage"] == "import" and entry["place"]
    ]
    return {
        "fixture": name,
        "airflow": version,
        "provider": provider,
        "values": values or {},
        "error": None if last["ok"] else re.split(r"[:(]", last["error"])[0],
        "lookups": lookups,
        "dags": [
            {"dag_id": record["dag_id"], "trouble": record["trouble"], "tasks": record["tasks"]}
            for record in records if record["record"] == "dag"
        ],
        "tasks": tasks,
    }


def text(found):
    """JSON with one line for each fact of a task, so that a changed pod is one changed line."""
    def line(value):
        return json.dumps(value, ensure_ascii=False)

    lines = ["{"]
    for key, value in found.items():
        end = "" if key == "tasks" else ","
        if key == "dags" and value:
            rows = ",\n".join("  " + line(dag) for dag in value)
            lines.append(' "dags": [\n%s\n ]%s' % (rows, end))
        elif key == "tasks" and value:
            blocks = [
                "  {\n" + ",\n".join("   %s: %s" % (line(name), line(item)) for name, item in task.items()) + "\n  }"
                for task in value
            ]
            lines.append(' "tasks": [\n%s\n ]' % ",\n".join(blocks))
        else:
            lines.append(" %s: %s%s" % (line(key), line(value), end))
    return "\n".join(lines + ["}"]) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    parser.add_argument("--only", help="a fixture of the manifest")
    options = parser.parse_args()
    with open(os.path.join(FIXTURES, "expect.yaml"), encoding="utf-8") as manifest:
        fixtures = yaml.safe_load(manifest)["fixtures"]
    version = importlib.metadata.version("apache-airflow")
    provider = importlib.metadata.version("apache-airflow-providers-cncf-kubernetes")
    major, release = version.split(".")[0], ".".join(version.split(".")[:2])
    # An old release that the manifest names is only asked about the fixtures that are its own.
    covered = {release} if release in {str(entry["airflow"]) for entry in fixtures.values()} else {major, "none"}
    if covered == {"2", "none"}:
        covered.add("3")

    groups = {}
    for name, entry in fixtures.items():
        if str(entry["airflow"]) in covered:
            if not options.only or options.only == name:
                twice = bool(entry.get("nondeterministic"))
                groups.setdefault((json.dumps(entry.get("values")), twice), []).append(name)
    trouble = []
    for (given, twice), names in groups.items():
        files = [name.partition("@")[0] for name in names]
        values = json.loads(given)
        runs = []
        for _ in range(2 if twice else 1):
            with tempfile.TemporaryDirectory() as home:
                runs.append(ask(files, values, home))
        for name, file in zip(names, files):
            found = [summary(name, run[file], version, provider, values) for run in runs]
            trouble.extend(settle(name, fixtures[name], common(found[0], found[-1]), major, options.check))
    for line in trouble:
        print(line)
    return 1 if trouble else 0


def settle(name, entry, found, major, check):
    """Compares with the manifest, then writes or compares the expectation; yields complaints."""
    wanted = str(entry["airflow"])
    folder = os.path.join(FIXTURES, "expected")
    if wanted == "none":
        if found["error"] is None:
            yield "%s: Airflow %s can load it, the manifest says it cannot" % (name, major)
        return
    if wanted == "3" and major == "2":
        folder = os.path.join(folder, "airflow2")
        if found["error"] is not None:
            return
    elif found["error"] is not None:
        yield "%s: Airflow %s cannot load it: %s" % (name, major, found["error"])
        return
    else:
        count = len({(task["dag_id"], task["task_id"]) for task in found["tasks"]})
        if count != entry["tasks"]:
            yield "%s: %d tasks, the manifest says %s" % (name, count, entry["tasks"])
    path = os.path.join(folder, name.replace("/", "__") + ".json")
    new = text(found)
    if check:
        with open(path, encoding="utf-8") as file:
            if file.read() != new:
                yield "%s: Airflow makes something else of it now" % name
        return
    os.makedirs(folder, exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(new)


if __name__ == "__main__":
    sys.exit(main())
