"""podlift beside the parser alone, ruff and Airflow, on the same generated DAG files and in one run.

    benches/run > tables.md

brings the peers and calls this with them; those that are not named are left out. PARSER is `benches/parse_alone.rs`, RUFF a
ruff from PyPI, AIRFLOW the interpreter of an Airflow with the Kubernetes provider. Every figure is the median of --runs
whole processes, which take turns so that a machine that slows down slows all of them. CPU is user plus system time of the
process, memory its largest resident set. Airflow takes seconds for a few files, so it gets a sample; the ratio compares
times per file.
"""

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import make_dags  # noqa: E402

# Loads a folder as Airflow's DAG processor does and builds the pod of every task.
DAG_BAG = """
import logging, os, sys, tempfile, warnings
os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp()
os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
os.environ["AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT"] = "600"
warnings.simplefilter("ignore")
sys.path.insert(0, sys.argv[1])
from airflow.providers.cncf.kubernetes.hooks.kubernetes import KubernetesHook
try:
    from airflow.dag_processing.dagbag import DagBag
except ImportError:
    from airflow.models.dagbag import DagBag
logging.disable(logging.CRITICAL)
KubernetesHook.is_in_cluster = property(lambda self: False)
bag = DagBag(sys.argv[1])
pods = 0
for dag in bag.dags.values():
    for task in dag.tasks:
        if hasattr(task, "build_pod_request_obj") and not getattr(task, "is_mapped", False):
            task.build_pod_request_obj(None)
            pods += 1
if bag.import_errors or not pods:
    sys.exit(f"{pods} pods, {bag.import_errors}")
"""


class Cost:
    """What one process took."""

    def __init__(self, command):
        with tempfile.TemporaryFile() as errors:
            began = time.monotonic()
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors)
            _, status, usage = os.wait4(process.pid, 0)
            self.wall = time.monotonic() - began
            process.returncode = os.waitstatus_to_exitcode(status)
            # Findings are no failure: podlift and ruff then exit with 1.
            if process.returncode not in (0, 1) or (command[0].endswith("python") and process.returncode):
                errors.seek(0)
                sys.exit(f"{command} failed:\n{errors.read().decode()[-2000:]}")
        self.cpu = usage.ru_utime + usage.ru_stime
        self.memory = usage.ru_maxrss / 1024


def medians(commands, runs):
    """The median costs of commands that take turns; one run of each is not counted."""
    costs = [[Cost(command) for command in commands] for _ in range(runs + 1)][1 if runs > 1 else 0 :]
    median = lambda number, what: statistics.median(getattr(row[number], what) for row in costs)
    return [{what: median(n, what) for what in ("wall", "cpu", "memory")} for n in range(len(commands))]


def row(*cells):
    """One line of a Markdown table."""
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def head(*cells):
    """The first two lines of a Markdown table."""
    print()
    row(*cells)
    row(*("---" for _ in cells))


def seconds(value):
    """A time with three digits that mean something."""
    return f"{value:.3f} s" if value < 10 else f"{value:.1f} s"


def folders(args, place):
    """The generated folders by their number of files, and the file of many tasks."""
    made = {}
    for files in args.files:
        made[files] = place / f"dags{files}"
        make_dags.make(files, made[files], seed=1)
    return made


def beside_peers(args, made):
    """One table row for each program and size."""
    head("files", "program", "CPU", "wall", "peak memory", "CPU of podlift / of it")
    for files, folder in made.items():
        podlift = [args.podlift, "translate", str(folder), "--message-format", "concise"]
        commands = {"podlift, 1 thread": podlift + ["--jobs", "1"], "podlift, 2 threads": podlift + ["--jobs", "2"]}
        if args.parser:
            commands["the parser alone"] = [args.parser, str(folder)]
        if args.ruff:
            commands["ruff check --select AIR"] = [
                args.ruff, "check", "--no-cache", "--isolated", "--select", "AIR", "--quiet", str(folder),
            ]
        runs = args.runs if files < 10000 else max(1, args.runs // 2)
        costs = medians(list(commands.values()), runs)
        for name, cost in zip(commands, costs):
            ratio = costs[0]["cpu"] / cost["cpu"]
            row(f"{files:,}", name, seconds(cost["cpu"]), seconds(cost["wall"]), f"{cost['memory']:.0f} MB", f"{ratio:.2f}")


def second_runs(args, made, place):
    """Runs over files of which none has changed, beside the first one: with job specs written, and to standard output."""
    head("files", "to", "first run: wall, CPU", "keeping results, too", "second run", "second / first: wall", "CPU")
    for files, folder in made.items():
        plain = [args.podlift, "translate", str(folder), "--message-format", "concise"]
        for where in ("files", "standard output"):
            kept, out = place / f"kept{files}", place / f"out{files}"
            first, keeping, second = [], [], []
            for _ in range(max(1, args.runs // 2)):
                for old in (kept, out):
                    shutil.rmtree(old, ignore_errors=True)
                to = ["-o", str(out)] if where == "files" else []
                first.append(Cost(plain + to))
                shutil.rmtree(out, ignore_errors=True)
                cached = plain + to + ["--cache", str(kept)]
                keeping.append(Cost(cached))
                second += [Cost(cached), Cost(cached)]
            median = lambda costs, what: statistics.median(getattr(cost, what) for cost in costs)
            both = lambda costs: f"{seconds(median(costs, 'wall'))}, {seconds(median(costs, 'cpu'))}"
            ratio = lambda what: f"{100 * median(second, what) / median(first, what):.1f} %"
            row(f"{files:,}", where, both(first), both(keeping), both(second), ratio("wall"), ratio("cpu"))


def beside_airflow(args, place):
    """Airflow on a sample, and what it takes to start with nothing to do."""
    folder, empty = place / "sample", place / "empty"
    make_dags.make(args.sample, folder, seed=1)
    make_dags.make(1, empty, seed=1)
    commands = [
        [args.podlift, "translate", str(folder), "--jobs", "1", "--message-format", "concise"],
        [args.airflow, "-c", DAG_BAG, str(folder)],
        [args.podlift, "translate", str(empty), "--jobs", "1", "--message-format", "concise"],
        [args.airflow, "-c", DAG_BAG, str(empty)],
    ]
    ours, theirs, our_start, start = medians(commands, args.runs)
    head("program", "files", "CPU", "CPU of it / of podlift")
    row("podlift, 1 thread", args.sample, seconds(ours["cpu"]), 1)
    row("Airflow: DagBag, and every pod built", args.sample, seconds(theirs["cpu"]), f"{theirs['cpu'] / ours['cpu']:.0f}")
    row("podlift, one file", 1, seconds(our_start["cpu"]), 1)
    row("Airflow, one file", 1, seconds(start["cpu"]), f"{start['cpu'] / our_start['cpu']:.0f}")


def many_tasks(args, place):
    """One file with more and more tasks: the cost of each must not grow."""
    head("tasks in one file", "CPU", "wall", "peak memory", "CPU per task")
    for tasks in args.tasks:
        folder = place / f"one{tasks}"
        make_dags.one_file(tasks, folder)
        (cost,) = medians([[args.podlift, "translate", str(folder), "--message-format", "concise"]], args.runs)
        each = f"{cost['cpu'] / tasks * 1e6:.0f} µs"
        row(f"{tasks:,}", seconds(cost["cpu"]), seconds(cost["wall"]), f"{cost['memory']:.0f} MB", each)


def main():
    """Measure, and print Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--podlift", required=True)
    parser.add_argument("--parser")
    parser.add_argument("--ruff")
    parser.add_argument("--airflow")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--files", type=int, nargs="*", default=[100, 1000, 10000])
    parser.add_argument("--tasks", type=int, nargs="*", default=[1000, 2500, 5000, 10000])
    parser.add_argument("--sample", type=int, default=50)
    args = parser.parse_args()
    version = subprocess.run([args.podlift, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    load = f"{os.getloadavg()[0]:.1f}"
    print(f"{version}, {os.cpu_count()} cores ({platform.machine()}), load average {load} when the run began, {args.runs} runs.")
    with tempfile.TemporaryDirectory() as place:
        place = Path(place)
        made = folders(args, place)
        beside_peers(args, made)
        second_runs(args, made, place)
        if args.airflow:
            beside_airflow(args, place)
        many_tasks(args, place)


if __name__ == "__main__":
    main()
