"""Writes what a real Airflow makes of a matrix of arguments, for podlift's tests to compare with.

    python generate.py [RANDOM CASES] [OUTPUT]

Run it once in an environment of each Airflow release to prove parity with; it writes
`fixtures/parity/airflow-RELEASE.json`. The matrix: every example of the mapping tables that describes the
pod, each alone and over every kind of pod template; the combinations below; and examples of several
arguments drawn together, always the same ones.
"""

from __future__ import annotations

import importlib.metadata
import json
import pathlib
import random
import sys
import tempfile

import oracle
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
TABLES = ("container", "pod", "metadata")

TEMPLATE = """\
metadata:
  name: tname
  namespace: tns
  labels: {team: file, tier: file}
  annotations: {from: file}
  finalizers: [acme.io/one]
spec:
  serviceAccountName: file-sa
  automountServiceAccountToken: true
  restartPolicy: OnFailure
  hostNetwork: true
  hostname: file-host
  subdomain: file-sub
  dnsPolicy: Default
  dnsConfig: {nameservers: [10.0.0.1]}
  schedulerName: file-scheduler
  priorityClassName: file-priority
  runtimeClassName: file-runtime
  activeDeadlineSeconds: 99
  terminationGracePeriodSeconds: 99
  nodeSelector: {disk: file, zone: file}
  tolerations: [{key: file, operator: Exists}]
  imagePullSecrets: [{name: file-secret}]
  hostAliases: [{ip: 10.0.0.9, hostnames: [file]}]
  affinity: {podAffinity: {}}
  securityContext: {runAsUser: 99}
  volumes:
    - {name: file-volume, emptyDir: {}}
  initContainers:
    - {name: init-file, image: ifile}
    - {name: shared, image: ishared, command: [f], env: [{name: FILE, value: "1"}]}
  containers:
    - name: main
      image: file-image
      command: [file]
      args: [file]
      imagePullPolicy: Never
      workingDir: /w
      terminationMessagePolicy: FallbackToLogsOnError
      resources: {requests: {cpu: 1, memory: 1Gi}}
      securityContext: {privileged: false}
      env:
        - {name: SHARED, value: file}
        - {name: FILE, value: "1"}
      envFrom:
        - configMapRef: {name: file-map}
      ports:
        - containerPort: 1
      volumeMounts:
        - {name: file-volume, mountPath: /file}
      livenessProbe: {exec: {command: [x]}}
    - {name: sidecar, image: sidecar-image}
"""

FULL = (
    "k8s.V1Pod(metadata=k8s.V1ObjectMeta(name='fname', labels={'team': 'full'}), spec=k8s.V1PodSpec("
    "service_account_name='full-sa', host_network=True, containers=[k8s.V1Container(name='full-main', "
    "image='full-image', env=[k8s.V1EnvVar(name='SHARED', value='full')]), "
    "k8s.V1Container(name='full-side', image='full-side')]))"
)

DICT = repr(yaml.safe_load(TEMPLATE))

# Drawn cases in the committed files.
DRAWN = 150

# Arguments that every case has unless it says otherwise.
BASE = {"image": "'busybox'", "name": "'p'", "namespace": "'default'"}

COMBINATIONS: dict[str, dict[str, str]] = {
    "nothing": {},
    "only an image": {"image": "'busybox'"},
    "order of env": {
        **BASE,
        "secrets": "[Secret('env', 'a_key', 's', 'k'), Secret('env', None, 'all'), "
        "Secret('volume', '/etc/x', 'vol'), Secret('env', 'ignored', 'all2'), "
        "Secret('volume', '/etc/y', 'vol', 'key', [k8s.V1KeyToPath(key='k', path='p')])]",
        "pod_runtime_info_envs": "[k8s.V1EnvVar(name='IP', value_from=k8s.V1EnvVarSource("
        "field_ref=k8s.V1ObjectFieldSelector(field_path='status.podIP')))]",
        "configmaps": "['cm']",
        "env_from": "[k8s.V1EnvFromSource(secret_ref=k8s.V1SecretEnvSource(name='s'))]",
        "env_vars": "{'A': '1'}",
        "volumes": "[k8s.V1Volume(name='v', empty_dir=k8s.V1EmptyDirVolumeSource())]",
        "volume_mounts": "[k8s.V1VolumeMount(name='v', mount_path='/v')]",
    },
    "section 6": {
        "name": "'x'",
        "namespace": "'xns'",
        "image": "'arg-image'",
        "cmds": "['arg']",
        "env_vars": "{'SHARED': 'arg'}",
        "node_selector": "{'disk': 'arg'}",
        "container_resources": "k8s.V1ResourceRequirements(requests={'memory': '1Mi'})",
        "security_context": "{'runAsNonRoot': True}",
        "init_containers": "[k8s.V1Container(name='shared', image='iarg'), "
        "k8s.V1Container(name='init-arg', image='iarg')]",
        "hostnetwork": "False",
        "termination_grace_period": "0",
        "ports": "[k8s.V1ContainerPort(container_port=2)]",
    },
    "init containers as dicts": {**BASE, "init_containers": "[{'name': 'shared', 'image': 'iarg'}]"},
    "init containers that share lists": {
        **BASE,
        "init_containers": "[k8s.V1Container(name='shared', env=[k8s.V1EnvVar(name='ARG', value='1')], "
        "ports=[k8s.V1ContainerPort(container_port=5)])]",
    },
    "falsy values": {
        **BASE,
        "active_deadline_seconds": "0",
        "automount_service_account_token": "False",
        "cmds": "[]",
        "labels": "{}",
        "security_context": "{}",
        "affinity": "{}",
        "service_account_name": "''",
    },
    "empty objects are truthy": {
        **BASE,
        "security_context": "k8s.V1PodSecurityContext()",
        "affinity": "k8s.V1Affinity()",
        "container_resources": "k8s.V1ResourceRequirements()",
    },
    "labels and annotations by key": {
        **BASE,
        "labels": "{'team': 'arg', 'new': None}",
        "annotations": "{'from': 'arg', 'more': 'x'}",
    },
    "name with capitals": {**BASE, "name": "'My_Pod.Name'"},
    "name without suffix": {**BASE, "name": "'My_Pod'", "random_name_suffix": "False"},
    "name that starts wrong": {**BASE, "name": "'_pod'"},
    "name that starts wrong without suffix": {**BASE, "name": "'_pod'", "random_name_suffix": "False"},
    "long name": {**BASE, "name": "'a' * 100"},
    "long name without suffix": {**BASE, "name": "'a' * 100", "random_name_suffix": "False"},
    "name with a blank": {**BASE, "name": "'my pod'"},
    "name with a slash": {**BASE, "name": "'my/pod'"},
    "empty name": {**BASE, "name": "''"},
    "endless name": {**BASE, "name": "'a' * 221"},
    "name of the task": {"image": "'busybox'", "task_id": "'Extract_Data.v1'"},
    "name of the task without suffix": {
        "image": "'busybox'",
        "task_id": "'Extract_Data.v1'",
        "random_name_suffix": "False",
    },
    "name of a long task": {"image": "'busybox'", "task_id": "'group.' + 't' * 90"},
    "name of the template without suffix": {"image": "'busybox'", "random_name_suffix": "False"},
    "resources for Airflow alone": {**BASE, "resources": "{'cpus': 1}"},
}

WITH = {
    "": {},
    "file": {"pod_template_file": "pod.yaml"},
    "dict": {"pod_template_dict": DICT},
    "full": {"full_pod_spec": FULL},
    "file and full": {"pod_template_file": "pod.yaml", "full_pod_spec": FULL},
}


def examples() -> dict[str, dict[str, str]]:
    """One case per example of the tables."""
    cases = {}
    for name in TABLES:
        table = yaml.safe_load((ROOT / "mappings" / f"{name}.yaml").read_text())
        for row in table["rows"]:
            for number, example in enumerate(row.get("examples", []), 1):
                case = {**BASE, row["argument"]: example["python"]}
                cases[f"{row['argument']} {number}"] = case
    return cases


def drawn(count: int) -> dict[str, dict[str, str]]:
    """Cases of several arguments at once, drawn from the examples that Airflow accepts."""
    draw = random.Random(7)
    forms: dict[str, list[str]] = {}
    for name in TABLES:
        table = yaml.safe_load((ROOT / "mappings" / f"{name}.yaml").read_text())
        for row in table["rows"]:
            accepted = [one["python"] for one in row.get("examples", []) if "refused" not in one]
            if accepted and not row.get("until"):
                forms[row["argument"]] = accepted
    for case in COMBINATIONS.values():
        for name, python in case.items():
            if name in forms and "name" not in name:
                forms[name].append(python)
    cases = {}
    for number in range(1, count + 1):
        names = draw.sample(sorted(forms), draw.randint(2, 12))
        case = {**BASE, **{name: draw.choice(forms[name]) for name in names}}
        for name in draw.sample(sorted(BASE), draw.randint(0, 1)):
            case.pop(name)
        cases[f"drawn {number}"] = case
    return cases


def outcome(keywords: dict[str, str], folder: pathlib.Path) -> dict:
    """What Airflow makes of the keywords."""
    arguments = {}
    try:
        for name, python in keywords.items():
            if name == "pod_template_file":
                arguments[name] = str(folder / python)
            else:
                arguments[name] = oracle.evaluate(python)
    except Exception as error:  # noqa: BLE001 - a class of the client may refuse its arguments
        return {"refused": f"{type(error).__name__}: {error}"}
    pod, refused = oracle.attempt(**arguments)
    if refused is not None:
        return {"refused": refused.replace(str(folder), "")}
    return {"metadata": pod["metadata"], "spec": pod["spec"]}


def main() -> None:
    """Writes the expectations of the installed Airflow."""
    airflow = importlib.metadata.version("apache-airflow")
    provider = importlib.metadata.version("apache-airflow-providers-cncf-kubernetes")
    count = int(sys.argv[1]) if len(sys.argv) > 1 else DRAWN
    output = ROOT / "fixtures" / "parity" / f"airflow-{airflow}.json"
    if len(sys.argv) > 2:
        output = pathlib.Path(sys.argv[2])
    layers = list(WITH)
    lines = []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "pod.yaml").write_text(TEMPLATE)
        cases = {**examples(), **COMBINATIONS, **drawn(count)}
        for index, (case, keywords) in enumerate(cases.items()):
            for layer, more in WITH.items():
                if layer in ("dict", "full") and case not in COMBINATIONS and not case.startswith("drawn"):
                    continue
                # One layer for each drawn case, in turn.
                if case.startswith("drawn") and layer != layers[index % len(layers)]:
                    continue
                given = {**keywords, **more}
                line = {"case": f"{case}, {layer}" if layer else case, "with": layer, "keywords": keywords}
                lines.append(json.dumps({**line, **outcome(given, folder)}))
    head = {
        "airflow": airflow,
        "provider": provider,
        "template": TEMPLATE,
        "layers": {layer: more for layer, more in WITH.items() if layer},
    }
    text = f'{{"head": {json.dumps(head)},\n"cases": [\n' + ",\n".join(lines) + "\n]}\n"
    output.write_text(text)


if __name__ == "__main__":
    main()
