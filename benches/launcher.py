"""podlift beside Dagster's PipesK8sClient and kubectl, on one cluster and with the same pods.

    python benches/launcher.py --podlift target/release/podlift --kubeconfig CONFIG > benches/launcher.md

Needs dagster and dagster-k8s in the Python that runs it, kubectl, and a cluster with the image
`localhost/pipes-test:v1` (busybox, Python, dagster_pipes). Every client goes through a proxy that counts requests and
can break connections. Wall times are medians; those of podlift are whole processes, those of PipesK8sClient begin
when everything is imported.
"""

import argparse
import json
import os
import queue
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import yaml

IMAGE = "localhost/pipes-test:v1"
LIMIT = 60

REPORT = """
from dagster_pipes import open_dagster_pipes
import time
with open_dagster_pipes() as pipes:
    pipes.log.info("hello")
    for n in range({lines}):
        print("line", n, flush=True)
        time.sleep({pause})
    pipes.report_asset_check("rows", passed=True)
    pipes.report_custom_message({{"n": 1}})
    pipes.report_asset_materialization(metadata={{"n": 3}})
{after}
"""


def container(command, name="base"):
    return {"name": name, "image": IMAGE, "imagePullPolicy": "IfNotPresent", "command": command}


def pod(script, *more):
    return {
        "terminationGracePeriodSeconds": 1,
        "restartPolicy": "Never",
        "containers": [container(["python3", "-u", "-c", script]), *more],
    }


def report(lines=5, pause=0, after=""):
    return REPORT.format(lines=lines, pause=pause, after=after)


# Name, pod, fault after so many seconds, lines that should arrive.
CASES = [
    ("short task", pod(report()), None, 5),
    ("task of 10 s", pod(report(100, 0.1)), None, 100),
    ("fails with exit code 3 at once", pod(report(5, 0, "raise SystemExit(3)")), None, 5),
    ("sidecar that ends by itself", pod(report(), container(["sleep", "3"], "side")), None, 5),
    ("sidecar that never ends", pod(report(), container(["sleep", "1000"], "side")), None, 5),
    ("image that does not exist", {"restartPolicy": "Never", "containers": [
        {"name": "base", "image": "localhost/none:v1"}]}, None, 0),
    ("log connection cut three times", pod(report(200, 0.05)), "cut", 200),
    ("API out of reach for 5 s", pod(report(200, 0.05)), "down", 200),
    ("pod deleted while it runs", pod(report(600, 0.1)), "delete", None),
]


class Proxy:
    """A plain connection from the client to `kubectl proxy`; counts requests and can break connections."""

    def __init__(self, kubeconfig):
        command = ["kubectl", "--kubeconfig", kubeconfig, "proxy", "--port=0"]
        self.kubectl = subprocess.Popen(command, stdout=subprocess.PIPE)
        told = self.kubectl.stdout.readline().decode()
        self.target = ("127.0.0.1", int(told.strip().rpartition(":")[2]))
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.requests, self.down, self.open = 0, False, set()
        self.kubeconfig = Path(tempfile.mkdtemp()) / "kubeconfig"
        address = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.kubeconfig.write_text(yaml.safe_dump({
            "apiVersion": "v1", "kind": "Config", "current-context": "bench",
            "contexts": [{"name": "bench", "context": {"cluster": "bench", "user": "bench"}}],
            "clusters": [{"name": "bench", "cluster": {"server": address}}],
            "users": [{"name": "bench", "user": {}}],
        }))
        threading.Thread(target=self.accept, daemon=True).start()

    def end(self):
        self.kubectl.terminate()

    def accept(self):
        while True:
            client, _ = self.listener.accept()
            if self.down:
                client.close()
                continue
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        try:
            server = socket.create_connection(self.target)
        except OSError:
            client.close()
            return
        self.open |= {client, server}
        threading.Thread(target=self.back, args=(server, client), daemon=True).start()
        rest, body = b"", 0
        while data := self.receive(client):
            server.sendall(data)
            rest += data
            while rest:
                if body:
                    taken = min(body, len(rest))
                    rest, body = rest[taken:], body - taken
                    continue
                head, end, after = rest.partition(b"\r\n\r\n")
                if not end:
                    break
                self.requests += 1
                lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
                rest, body = after, int(lengths[0].split(b":")[1]) if lengths else 0
        self.close(client, server)

    def back(self, server, client):
        while data := self.receive(server):
            try:
                client.sendall(data)
            except OSError:
                break
        self.close(client, server)

    @staticmethod
    def receive(end):
        try:
            return end.recv(65536)
        except OSError:
            return b""

    def close(self, *ends):
        for end in ends:
            self.open.discard(end)
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()

    def cut(self):
        self.close(*list(self.open))


def fault(kind, proxy, kubectl, began):
    """Does harm while a pod runs, counted from the moment the client says that it does."""
    began.wait(LIMIT)
    if kind == "cut":
        for _ in range(3):
            time.sleep(1.5)
            proxy.cut()
    elif kind == "down":
        time.sleep(2)
        proxy.down = True
        proxy.cut()
        time.sleep(5)
        proxy.down = False
    elif kind == "delete":
        time.sleep(2)
        kubectl("delete", "pods", "--all", "--wait=false")


def watch_lines(stream, began, lines):
    for line in stream:
        text = line.decode(errors="replace").strip()
        lines.put((time.monotonic(), text))
        if "line " in text:
            began.set()


def run(command, env, kind, proxy, kubectl):
    """Runs a client. Gives its seconds, lines, requests, and whether it ended by itself."""
    began, lines = threading.Event(), queue.Queue()
    proxy.requests = 0
    start = time.monotonic()
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    for stream in (process.stdout, process.stderr):
        threading.Thread(target=watch_lines, args=(stream, began, lines), daemon=True).start()
    if kind:
        threading.Thread(target=fault, args=(kind, proxy, kubectl, began), daemon=True).start()
    try:
        code = process.wait(LIMIT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        code = None
    seconds = time.monotonic() - start
    time.sleep(0.2)
    texts = []
    while not lines.empty():
        texts.append(lines.get()[1])
    return seconds, texts, proxy.requests, code


def line_count(texts):
    """Distinct and repeated lines of the pod."""
    # Errors of both clients quote the last lines of the log; those do not count.
    texts = [text for text in texts if text.startswith("line ") or "base | line " in text]
    numbers = [text.rpartition("line ")[2] for text in texts]
    numbers = [number for number in numbers if number.isdigit()]
    return len(set(numbers)), len(numbers) - len(set(numbers))


def by_podlift(args, proxy, kubectl, spec, kind, folder, number):
    job = {
        "apiVersion": "podlift/v1", "kind": "JobSpec",
        "metadata": {"dag": "bench", "task": "t", "operator": "bench", "source": "bench"},
        "run": {"base_pod_spec": spec},
    }
    path, result = folder / "job.yaml", folder / "result.json"
    path.write_text(yaml.safe_dump(job))
    result.unlink(missing_ok=True)
    command = [args.podlift, "run", str(path), "--kubeconfig", str(proxy.kubeconfig), "-n", args.namespace,
               "--run-id", f"bench-{os.getpid()}-{number}", "--result", str(result)]
    seconds, texts, requests, code = run(command, dict(os.environ), kind, proxy, kubectl)
    events, message = (0, 0, 0), ""
    if result.exists():
        task = json.loads(result.read_text())["tasks"][0]
        pipes = task["attempts"][-1]["pipes"]
        events = (len(pipes["materializations"]), len(pipes["checks"]), len(pipes["custom_messages"]))
        message = task["message"]
    return seconds, line_count(texts), requests, events, code, message


DAGSTER = """
import json, sys, time
from dagster import AssetCheckSpec, AssetExecutionContext, AssetKey, asset, materialize
from dagster_k8s import PipesK8sClient
spec, namespace, kubeconfig, poll, multi, out = json.loads(sys.argv[1])
custom = []
@asset(key=["bench", "t"], check_specs=[AssetCheckSpec("rows", asset=AssetKey(["bench", "t"]))])
def t(context: AssetExecutionContext, client: PipesK8sClient):
    done = client.run(context=context, namespace=namespace, base_pod_spec=spec, enable_multi_container_logs=multi)
    custom.extend(done.get_custom_messages())
    return done.get_results(implicit_materializations=False)
start = time.monotonic()
client = PipesK8sClient(kubeconfig_file=kubeconfig, poll_interval=poll)
result = materialize([t], resources={"client": client}, raise_on_error=False)
seconds = time.monotonic() - start
failure = [str(e.event_specific_data.error) for e in result.all_events if e.is_step_failure]
json.dump({
    "seconds": seconds, "success": result.success, "failure": failure[0][-400:] if failure else "",
    "events": [len(result.get_asset_materialization_events()), len(result.get_asset_check_evaluations()), len(custom)],
}, open(out, "w"))
"""


def by_dagster(args, proxy, kubectl, spec, kind, folder, poll):
    out = folder / "dagster.json"
    out.unlink(missing_ok=True)
    arguments = [spec, args.namespace, str(proxy.kubeconfig), poll, len(spec["containers"]) > 1, str(out)]
    command = [sys.executable, "-c", DAGSTER, json.dumps(arguments)]
    env = dict(os.environ, DAGSTER_HOME="", DAGSTER_DISABLE_TELEMETRY="1")
    seconds, texts, requests, code = run(command, env, kind, proxy, kubectl)
    if not out.exists():
        return None, line_count(texts), requests, (0, 0, 0), code, ""
    told = json.loads(out.read_text())
    return told["seconds"], line_count(texts), requests, tuple(told["events"]), int(not told["success"]), told["failure"]


def cell(outcome, lines_expected):
    seconds, (distinct, repeated), requests, events, code, _ = outcome
    time_text = f"> {LIMIT} s, given up" if code is None else f"{seconds:.1f} s"
    word = {0: "succeeded", 1: "failed", None: "hangs"}.get(code, f"exit {code}")
    lines = f"{distinct}" if lines_expected is None else f"{distinct}/{lines_expected}"
    if repeated:
        lines += f" (+{repeated} twice)"
    return f"{word} | {time_text} | {requests} | {lines} | {'/'.join(map(str, events))}"


def side_by_side(args, proxy, kubectl):
    print("| case | client | result | time | requests | lines | assets/checks/messages |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        folder, number = Path(folder), 0
        for name, spec, kind, expected in CASES:
            if args.only and args.only not in name:
                continue
            number += 1
            ours = by_podlift(args, proxy, kubectl, spec, kind, folder, number)
            print(f"| {name} | podlift | {cell(ours, expected)} |")
            kubectl("delete", "pods", "--all", "--wait=false", "--grace-period=1")
            for poll in (10.0, 1.0):
                theirs = by_dagster(args, proxy, kubectl, spec, kind, folder, poll)
                print(f"| | PipesK8sClient, poll {poll:.0f} s | {cell(theirs, expected)} |", flush=True)
                kubectl("delete", "pods", "--all", "--wait=false", "--grace-period=1")


def first_and_last(command):
    """Seconds to the first line of the pod and to the end of the command."""
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    first = None
    for line in process.stdout:
        if first is None and b"first-line" in line:
            first = time.monotonic() - start
    process.wait()
    return first, time.monotonic() - start


def against_kubectl(args, kubectl):
    # `kubectl run --attach` misses what is written before it has attached, so the line comes again and again.
    script = "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do echo first-line; sleep 0.1; done"
    job = {
        "apiVersion": "podlift/v1", "kind": "JobSpec",
        "metadata": {"dag": "bench", "task": "k", "operator": "bench", "source": "bench"},
        "run": {"base_pod_spec": {"terminationGracePeriodSeconds": 1, "containers": [container(["sh", "-c", script])]}},
    }
    ours, theirs = [], []
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        yaml.safe_dump(job, file)
        file.flush()
        for turn in range(args.turns):
            ours.append(first_and_last([args.podlift, "run", file.name, "--kubeconfig", args.kubeconfig,
                                        "-n", args.namespace]))
            time.sleep(3)
            name = f"bench-{os.getpid()}-{turn}"
            theirs.append(first_and_last(["kubectl", "--kubeconfig", args.kubeconfig, "-n", args.namespace, "run",
                                          name, f"--image={IMAGE}", "--image-pull-policy=IfNotPresent",
                                          "--restart=Never", "--attach", "--quiet", "--command", "--", "sh", "-c", script]))
            kubectl("delete", "pod", name, "--wait=false", "--grace-period=1")
            time.sleep(3)
    print("| | first line of the log | result |\n|---|---|---|")
    for name, times in (("podlift run", ours), ("kubectl run --attach", theirs)):
        firsts = [first for first, _ in times if first is not None]
        missed = "" if len(firsts) == len(times) else f" ({len(times) - len(firsts)} of {len(times)} never saw it)"
        first = f"{statistics.median(firsts):.2f} s" if firsts else "never"
        print(f"| {name} | {first}{missed} | {statistics.median(last for _, last in times):.2f} s |")


def throughput(args, kubectl):
    """How fast a log that is there is read; below the size at which kubelets rotate logs."""
    size, width = 9_000_000, 100
    script = f"i=0; l=$(printf '%0{width - 1}d' 7); yes $l | head -n {size // width}"
    job = {
        "apiVersion": "podlift/v1", "kind": "JobSpec",
        "metadata": {"dag": "bench", "task": "log", "operator": "bench", "source": "bench"},
        "run": {"base_pod_spec": {"terminationGracePeriodSeconds": 1, "containers": [container(["sh", "-c", script])]}},
    }
    with tempfile.TemporaryDirectory() as folder:
        path, events = Path(folder) / "job.yaml", Path(folder) / "events.jsonl"
        path.write_text(yaml.safe_dump(job))
        ours = [args.podlift, "run", str(path), "--kubeconfig", args.kubeconfig, "-n", args.namespace,
                "--run-id", f"bench-{os.getpid()}-log", "--keep-pod"]
        # The first run makes the log; those that follow find the pod ended and only read.
        subprocess.run([*ours, "--result", str(Path(folder) / "r.json")], stdout=subprocess.DEVNULL, check=True)
        name = json.loads((Path(folder) / "r.json").read_text())["tasks"][0]["attempts"][0]["pod"]
        logs = ["kubectl", "--kubeconfig", args.kubeconfig, "-n", args.namespace, "logs", "-f", "--timestamps", name]
        rows = [
            ("podlift run", ours),
            ("podlift run --events FILE", [*ours, "--events", str(events)]),
            ("kubectl logs -f --timestamps", logs),
        ]
        print("| | MB/s | time |\n|---|---|---|")
        for label, command in rows:
            seconds = []
            for _ in range(args.turns):
                start = time.monotonic()
                with open(Path(folder) / "out", "wb") as out:
                    subprocess.run(command, stdout=out, check=True)
                seconds.append(time.monotonic() - start)
            median = statistics.median(seconds)
            print(f"| {label} | {size / 1e6 / median:.0f} | {median:.2f} s |")
        kubectl("delete", "pod", name, "--wait=false")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--podlift", required=True)
    parser.add_argument("--kubeconfig", required=True)
    parser.add_argument("--namespace", default="podlift-bench")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--only", help="only cases whose name contains this")
    parser.add_argument("--parts", default="faults,kubectl,logs")
    args = parser.parse_args()

    def kubectl(*words):
        command = ["kubectl", "--kubeconfig", args.kubeconfig, "-n", args.namespace, *words]
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)

    kubectl("create", "namespace", args.namespace)
    time.sleep(3)
    print("# The launcher, measured\n")
    print("Made by `python benches/launcher.py --podlift target/release/podlift --kubeconfig CONFIG`: a single-node")
    print("Kubernetes 1.20 on two cores, other work going on beside it. See the head of that file for what is measured.\n")
    if "faults" in args.parts:
        print("## Beside PipesK8sClient\n")
        proxy = Proxy(args.kubeconfig)
        side_by_side(args, proxy, kubectl)
        proxy.end()
    if "kubectl" in args.parts:
        print("\n## Beside kubectl run --attach\n")
        against_kubectl(args, kubectl)
    if "logs" in args.parts:
        print("\n## Reading logs\n")
        throughput(args, kubectl)


main()
