"""Loads generated Dagster projects and says which pods their assets ask for.

Reads a JSON list of requests, one for each project: its folder and the environment its assets run in. Answers with
what does not load, the findings of `ruff`, and for each asset the pods for two of its partitions.
"""

import importlib
import json
import os
import subprocess
import sys
import warnings

warnings.simplefilter("ignore")

import dagster as dg  # noqa: E402
import kubernetes.client  # noqa: E402
from dagster_k8s import PipesK8sClient  # noqa: E402
from dagster_k8s.pipes import build_pod_body  # noqa: E402


class Asked(Exception):
    """What an asset asked for."""


class Capture(PipesK8sClient):
    """A client that goes the way of the real one up to the body of the pod."""

    def run(self, *, context, namespace=None, base_pod_meta=None, base_pod_spec=None, **rest):
        body = build_pod_body(
            pod_name="pod",
            image=None,
            command=None,
            env_vars={},
            base_pod_meta=base_pod_meta,
            base_pod_spec=base_pod_spec,
        )
        pod = kubernetes.client.ApiClient().sanitize_for_serialization(body)
        rest = {k: sorted(v) if isinstance(v, set) else v for k, v in rest.items()}
        raise Asked({"pod": pod, "namespace": namespace, "rest": rest, "run": context.run_id})


def partitions(asset):
    """Two partitions: the first, and one that is not next to it."""
    definition = asset.partitions_def
    if definition is None:
        return [None]
    keys = definition.get_partition_keys()
    return [keys[0], keys[min(40, len(keys) - 1)]]


def ask(asset, key):
    context = dg.build_asset_context(partition_key=key)
    arguments = {name: Capture() for name in asset.op.required_resource_keys}
    parameters = asset.op.compute_fn.decorated_fn.__annotations__
    answer = {"partition": key}
    if key is not None:
        window = asset.partitions_def.time_window_for_partition_key(key)
        answer.update(start=window.start.isoformat(), end=window.end.isoformat())
    try:
        if "config" in parameters:
            arguments["config"] = parameters["config"]()
        asset(context, **arguments)
    except Asked as asked:
        answer.update(asked.args[0])
    except Exception as error:
        answer["error"] = "%s: %s" % (type(error).__name__, error)
    return answer


def load(name, errors):
    try:
        module = importlib.import_module(name)
        dg.Definitions.validate_loadable(module.defs)
        return module
    except Exception as error:
        errors.append("%s: %s: %s" % (name, type(error).__name__, error))


def ruff(folder, *arguments):
    command = [os.path.join(os.path.dirname(sys.executable), "ruff"), *arguments, "--no-cache", "."]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def project(request):
    folder = request["folder"]
    for name in [name for name in sys.modules if name.split(".")[0] in ("defs", "definitions")]:
        del sys.modules[name]
    sys.path.insert(0, folder)
    os.environ.update(request.get("environment", {}))
    errors, assets = [], []
    helpers = ("__init__.py", "resources.py", "environment.py")
    files = [name for name in sorted(os.listdir(folder + "/defs")) if name.endswith(".py")]
    for name in files:
        module = load("defs." + name[:-3], errors) if name not in helpers else None
        for asset in module.defs.assets if module else []:
            pods = [ask(asset, key) for key in partitions(asset)]
            assets.append({"key": list(asset.key.path), "pods": pods})
    load("definitions", errors)
    sys.path.remove(folder)
    return {
        "modules": len(files),
        "errors": errors,
        "format": ruff(folder, "format", "--diff"),
        "check": ruff(folder, "check", "--output-format", "concise"),
        "assets": assets,
    }


json.dump([project(request) for request in json.load(sys.stdin)], sys.stdout)
