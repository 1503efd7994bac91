"""What a real Airflow makes of arguments: the pod of a KubernetesPodOperator, without a cluster.

Used by the scripts that write expectations (`generate.py` here, `mappings/update_examples.py`); nothing
of it runs in podlift. Names that Airflow draws at random are fixed: the suffix of the pod name is
`abcdefgh`, the UUID in the volume name of a secret is its number.
"""

from __future__ import annotations

import datetime
import itertools
import os
import tempfile
from unittest import mock

os.environ.setdefault("AIRFLOW_HOME", tempfile.mkdtemp(prefix="airflow-"))
os.environ.setdefault("AIRFLOW__LOGGING__LOGGING_LEVEL", "ERROR")
os.environ.setdefault("AIRFLOW__CORE__UNIT_TEST_MODE", "True")

from kubernetes.client import ApiClient, models as k8s  # noqa: E402

from airflow.providers.cncf.kubernetes import kubernetes_helper_functions, secret  # noqa: E402
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator  # noqa: E402

SUFFIX = "abcdefgh"
OWN_LABELS = ("airflow_version", "airflow_kpo_in_cluster")


class _Hook:
    """A cluster access that is never used."""

    is_in_cluster = False

    def get_namespace(self):
        return None

    def get_xcom_sidecar_container_image(self):
        return None

    def get_xcom_sidecar_container_resources(self):
        return None

    def get_xcom_sidecar_container_security_context(self):
        return None


class Volume:
    """The helper of providers before 5.0.0, as far as the operator calls it."""

    def __init__(self, name, configs):
        self.name, self.configs = name, configs

    def to_k8s_client_obj(self):
        volume = k8s.V1Volume(name=self.name)
        for key, config in self.configs.items():
            field = "".join("_" + c.lower() if c.isupper() else c for c in key).lstrip("_")
            if not hasattr(volume, field):
                raise AttributeError(f"V1Volume does not have attribute {key}")
            setattr(volume, field, config)
        return volume


class VolumeMount:
    """The helper of providers before 5.0.0, as far as the operator calls it."""

    def __init__(self, name, mount_path, sub_path, read_only):
        self.name, self.mount_path, self.sub_path, self.read_only = name, mount_path, sub_path, read_only

    def to_k8s_client_obj(self):
        return k8s.V1VolumeMount(
            name=self.name, mount_path=self.mount_path, sub_path=self.sub_path, read_only=self.read_only
        )


class Port:
    """The helper of providers before 5.0.0, as far as the operator calls it."""

    def __init__(self, name=None, container_port=None):
        self.name, self.container_port = name, container_port

    def to_k8s_client_obj(self):
        return k8s.V1ContainerPort(name=self.name, container_port=self.container_port)


class PodRuntimeInfoEnv:
    """The helper of providers before 5.0.0, as far as the operator calls it."""

    def __init__(self, name, field_path):
        self.name, self.field_path = name, field_path

    def to_k8s_client_obj(self):
        reference = k8s.V1ObjectFieldSelector(field_path=self.field_path)
        return k8s.V1EnvVar(name=self.name, value_from=k8s.V1EnvVarSource(field_ref=reference))


NAMES = {
    "k8s": k8s,
    "Secret": secret.Secret,
    "timedelta": datetime.timedelta,
    "Volume": Volume,
    "VolumeMount": VolumeMount,
    "Port": Port,
    "PodRuntimeInfoEnv": PodRuntimeInfoEnv,
}


def evaluate(python: str):
    """The value of an expression over NAMES."""
    return eval(python, dict(NAMES))  # noqa: S307 - the expressions are ours


def pod(**arguments) -> dict:
    """The pod that the operator asks for, as JSON; raises what Airflow raises."""
    numbers = itertools.count(1)
    with (
        mock.patch.object(KubernetesPodOperator, "hook", _Hook()),
        mock.patch.object(KubernetesPodOperator, "_incluster_namespace", None),
        mock.patch.object(kubernetes_helper_functions, "rand_str", lambda length: SUFFIX[:length]),
        mock.patch.object(secret.uuid, "uuid4", lambda: next(numbers)),
    ):
        operator = KubernetesPodOperator(**{"task_id": "task", **arguments})
        if hasattr(operator, "_set_name"):
            operator.name = operator._set_name(operator.name)
        made = operator.build_pod_request_obj()
    made = ApiClient().sanitize_for_serialization(made)
    labels = made["metadata"].get("labels") or {}
    for label in OWN_LABELS:
        labels.pop(label, None)
    return made


def attempt(**arguments) -> tuple[dict | None, str | None]:
    """The pod, or why Airflow refuses."""
    try:
        return pod(**arguments), None
    except Exception as error:  # noqa: BLE001 - any refusal counts
        return None, f"{type(error).__name__}: {error}"
