"""What Dagster makes of job specs: reads a JSON list of them and answers with a list of pods or errors.

Every job spec goes the way of `PipesK8sClient(**client).run(**run)` up to the request to the cluster.
"""

import inspect
import json
import sys

import kubernetes.client
from dagster_k8s import PipesK8sClient
from dagster_k8s.pipes import build_pod_body


def pod(spec):
    client, run = spec.get("client") or {}, dict(spec["run"])
    PipesK8sClient(**client)
    accepted = inspect.signature(PipesK8sClient.run).parameters
    unknown = sorted(set(run) - set(accepted))
    if unknown:
        raise TypeError("run() takes no %s" % ", ".join(unknown))
    body = build_pod_body(
        pod_name="pod",
        image=run.get("image"),
        command=run.get("command"),
        env_vars={},
        base_pod_meta=run.get("base_pod_meta"),
        base_pod_spec=run.get("base_pod_spec"),
    )
    return kubernetes.client.ApiClient().sanitize_for_serialization(body)


def answer(spec):
    try:
        return {"pod": pod(spec)}
    except Exception as error:
        return {"error": "%s: %s" % (type(error).__name__, error)}


json.dump([answer(spec) for spec in json.load(sys.stdin)], sys.stdout)
