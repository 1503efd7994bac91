"""Write a folder of DAG files like those of a large Airflow installation.

    python benches/make_dags.py FILES FOLDER [--seed N]
    python benches/make_dags.py --one-file TASKS FOLDER

The same seed gives the same bytes. The files mix the ways in which people write pods: literals, `default_args`, loops,
factories of the same file and of an imported helper, operator subclasses, models of the Kubernetes client, Jinja, lookups,
task groups, mapped tasks, configuration beside the DAG, and files with no pod at all. Every file loads in Airflow 2.5 to 3.x
with the Kubernetes provider.
"""

import argparse
import json
import random
from pathlib import Path

COMMON = {
    "__init__.py": "",
    "images.py": '''"""Images by name."""

import os

REGISTRY = os.environ.get("REGISTRY", "eu.gcr.io/acme")
TAGS = {"etl": "1.42.0", "dbt": "2024.3", "ml": "7.1", "export": "0.9.3"}


def image(name, tag=None):
    """The full name of an image."""
    return f"{REGISTRY}/{name}:{tag or TAGS.get(name, 'latest')}"
''',
    "pods.py": '''"""Pods with the defaults of the platform team."""

from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
from kubernetes.client import models as k8s

from common.images import image

SIZES = {"small": ("250m", "512Mi"), "medium": ("1", "2Gi"), "large": ("4", "16Gi")}


def resources(size):
    """Requests and limits of a size."""
    cpu, memory = SIZES[size]
    return k8s.V1ResourceRequirements(
        requests={"cpu": cpu, "memory": memory}, limits={"memory": memory}
    )


def tolerations(*pools):
    """Tolerations for node pools."""
    return [
        k8s.V1Toleration(key="pool", operator="Equal", value=pool, effect="NoSchedule") for pool in pools
    ]


def make_pod(task_id, command, *, name="etl", size="small", env=None, **kwargs):
    """One pod."""
    env_vars = {"LOG_LEVEL": "info", "TASK": task_id, **(env or {})}
    return KubernetesPodOperator(
        task_id=task_id,
        name=task_id.replace("_", "-"),
        image=image(name),
        cmds=["bash", "-c"],
        arguments=[command],
        env_vars=env_vars,
        container_resources=resources(size),
        tolerations=tolerations("batch") if size == "large" else None,
        labels={"team": kwargs.pop("team", "core"), "size": size},
        get_logs=True,
        **kwargs,
    )
''',
    "operators.py": '''"""Operators of the house."""

from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
from kubernetes.client import models as k8s

from common.images import image


class DbtOperator(KubernetesPodOperator):
    """Runs one dbt command."""

    def __init__(self, *, models, target="prod", full_refresh=False, **kwargs):
        arguments = ["run", "--select", " ".join(models), "--target", target]
        if full_refresh:
            arguments.append("--full-refresh")
        kwargs.setdefault("namespace", "dbt")
        super().__init__(
            image=image("dbt"),
            cmds=["dbt"],
            arguments=arguments,
            env_from=[k8s.V1EnvFromSource(secret_ref=k8s.V1SecretEnvSource(name="dbt-warehouse"))],
            **kwargs,
        )
''',
}

HEAD = '''"""{title}

Owned by {team}. Questions to #{team} please.
"""

from datetime import datetime, timedelta

from airflow import DAG
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
{imports}
DEFAULT_ARGS = {{
    "owner": "{team}",
    "retries": {retries},
    "retry_delay": timedelta(minutes={minutes}),
    "namespace": "{team}",
    "image_pull_policy": "IfNotPresent",
    "service_account_name": "{team}-runner",
    "startup_timeout_seconds": {startup},
}}

'''

VERBS = ["extract", "load", "clean", "join", "score", "export", "publish", "check", "compact", "train"]
NOUNS = ["orders", "users", "events", "invoices", "prices", "sessions", "stock", "trips", "claims", "leads"]
TEAMS = ["core", "growth", "finance", "search", "ml", "logistics", "risk", "data"]


class File:
    """One DAG file in the making."""

    def __init__(self, number, rng):
        self.rng = rng
        self.team = rng.choice(TEAMS)
        self.dag = f"{self.team}_{rng.choice(NOUNS)}_{number:05}"
        self.imports = []
        self.before = []
        self.lines = []
        self.files = {}

    def use(self, line):
        """Import something once."""
        if line not in self.imports:
            self.imports.append(line)

    def name(self, part):
        """A task id that is unique in the file."""
        return f"{self.rng.choice(VERBS)}_{self.rng.choice(NOUNS)}_{part}"

    def text(self):
        """The whole file."""
        rng = self.rng
        head = HEAD.format(
            title=f"{self.dag.replace('_', ' ').capitalize()}.",
            team=self.team,
            imports="".join(line + "\n" for line in self.imports),
            retries=rng.randint(0, 5),
            minutes=rng.choice([1, 5, 15]),
            startup=rng.choice([120, 300, 600]),
        )
        hour = rng.randint(0, 23)
        start = f'''with DAG(
    dag_id="{self.dag}",
    start_date=datetime(2024, {rng.randint(1, 12)}, {rng.randint(1, 28)}),
    schedule="{rng.randint(0, 59)} {hour} * * *",
    catchup=False,
    max_active_runs={rng.randint(1, 3)},
    tags=["{self.team}", "k8s"],
    default_args=DEFAULT_ARGS,
) as dag:
'''
        body = "\n".join("    " + line if line else "" for block in self.lines for line in block.split("\n"))
        return head + "".join(self.before) + start + body + "\n"


def literals(file):
    """Pods written out, one after the other."""
    ids = []
    for part in range(file.rng.randint(2, 5)):
        task = file.name(part)
        ids.append(task)
        file.lines.append(f'''{task} = KubernetesPodOperator(
    task_id="{task}",
    name="{task.replace('_', '-')}",
    image="eu.gcr.io/acme/{file.team}:{file.rng.randint(1, 9)}.{file.rng.randint(0, 40)}.0",
    cmds=["python", "-m", "{file.team}.{task}"],
    arguments=["--day", "{{{{ ds }}}}", "--partition", "{file.rng.randint(1, 64)}", "--verbose"],
    env_vars={{"STAGE": "prod", "DAY": "{{{{ ds_nodash }}}}", "WORKERS": "{file.rng.randint(1, 16)}"}},
    labels={{"team": "{file.team}", "task": "{task}"}},
    is_delete_operator_pod=True,
    get_logs=True,
    in_cluster=True,
)
'''.replace("is_delete_operator_pod=True", 'on_finish_action="delete_pod"'))
    file.lines.append(" >> ".join(ids))


def loop(file):
    """Pods made in a loop over a list of the file."""
    tables = file.rng.sample(NOUNS, file.rng.randint(3, 8))
    file.before.append(f"TABLES = {json.dumps(tables)}\n\n")
    file.lines.append('''previous = None
for position, table in enumerate(TABLES):
    copy = KubernetesPodOperator(
        task_id=f"copy_{table}",
        name=f"copy-{table}",
        image="eu.gcr.io/acme/copy:3.1",
        cmds=["copy"],
        arguments=["--table", table, "--offset", str(position * 15)],
        env_vars={"TABLE": table.upper(), "DAY": "{{ ds }}"},
        node_selector={"pool": "batch" if position % 2 else "default"},
    )
    if previous is not None:
        previous >> copy
    previous = copy
''')


def local_factory(file):
    """A function of the file that makes pods."""
    file.before.append('''def step(name, *flags, memory="1Gi", **kwargs):
    """One step of the pipeline."""
    arguments = ["--step", name, *flags]
    return KubernetesPodOperator(
        task_id=name,
        name="step-" + name.replace("_", "-"),
        image="{}/{}:{}".format("eu.gcr.io/acme", "steps", VERSION),
        arguments=arguments,
        container_resources=k8s.V1ResourceRequirements(
            requests={"cpu": "500m", "memory": memory}, limits={"memory": memory}
        ),
        **kwargs,
    )


''')
    file.before.insert(0, f'VERSION = "{file.rng.randint(1, 9)}.{file.rng.randint(0, 9)}"\n\n')
    file.use("from kubernetes.client import models as k8s")
    names = [f"step_{verb}" for verb in file.rng.sample(VERBS, file.rng.randint(2, 5))]
    file.lines += [
        f'{name} = step("{name}", "--fast", memory="{file.rng.choice([1, 2, 4])}Gi", retries={file.rng.randint(0, 3)})'
        for name in names
    ]
    file.lines.append(" >> ".join(names))


def helper(file):
    """The factory of an imported module."""
    file.use("from common.pods import make_pod")
    for part in range(file.rng.randint(2, 6)):
        task = file.name(f"h{part}")
        size = file.rng.choice(["small", "small", "medium", "large"])
        file.lines.append(
            f'{task} = make_pod("{task}", "run {part} --day {{{{{{{{ ds }}}}}}}}", '.replace("{{{{", "{{").replace("}}}}", "}}")
            + f'name="{file.rng.choice(["etl", "ml", "export"])}", size="{size}", team="{file.team}")'
        )


def subclass(file):
    """An operator of the house."""
    file.use("from common.operators import DbtOperator")
    for part in range(file.rng.randint(1, 4)):
        models = file.rng.sample(NOUNS, 3)
        file.lines.append(f'''DbtOperator(
    task_id="dbt_{part}",
    name="dbt-{part}",
    models={json.dumps(models)},
    full_refresh={file.rng.choice(["True", "False"])},
    do_xcom_push=False,
)
''')


def models(file):
    """A pod with most of what the Kubernetes client has."""
    file.use("from kubernetes.client import models as k8s")
    file.use("from airflow.providers.cncf.kubernetes.secret import Secret")
    file.before.append('''volume = k8s.V1Volume(
    name="scratch", persistent_volume_claim=k8s.V1PersistentVolumeClaimVolumeSource(claim_name="scratch")
)
mount = k8s.V1VolumeMount(name="scratch", mount_path="/scratch", sub_path=None, read_only=False)
password = Secret("env", "DB_PASSWORD", "warehouse", "password")
affinity = k8s.V1Affinity(
    node_affinity=k8s.V1NodeAffinity(
        required_during_scheduling_ignored_during_execution=k8s.V1NodeSelector(
            node_selector_terms=[
                k8s.V1NodeSelectorTerm(
                    match_expressions=[
                        k8s.V1NodeSelectorRequirement(key="pool", operator="In", values=["batch", "spot"])
                    ]
                )
            ]
        )
    )
)

''')
    task = file.name("m")
    file.lines.append(f'''{task} = KubernetesPodOperator(
    task_id="{task}",
    name="{task.replace('_', '-')}",
    image="eu.gcr.io/acme/warehouse:11",
    volumes=[volume],
    volume_mounts=[mount],
    secrets=[password],
    affinity=affinity,
    tolerations=[k8s.V1Toleration(key="spot", operator="Exists")],
    env_vars=[
        k8s.V1EnvVar(name="MODE", value="full"),
        k8s.V1EnvVar(
            name="POD_IP", value_from=k8s.V1EnvVarSource(field_ref=k8s.V1ObjectFieldSelector(field_path="status.podIP"))
        ),
    ],
    image_pull_secrets=[k8s.V1LocalObjectReference("registry")],
    security_context=k8s.V1PodSecurityContext(run_as_user=1000, fs_group=1000),
    annotations={{"cluster-autoscaler.kubernetes.io/safe-to-evict": "false"}},
)
''')


def lookups(file):
    """Values that only the running Airflow knows."""
    file.use("import os")
    file.before.append('STAGE = os.environ.get("STAGE", "dev")\nBUCKET = os.environ.get("BUCKET", "gs://acme-dev")\n\n')
    task = file.name("e")
    file.lines.append(f'''{task} = KubernetesPodOperator(
    task_id="{task}",
    name=f"{task.replace('_', '-')}-{{STAGE}}",
    image=f"eu.gcr.io/acme/{{STAGE}}/job:5",
    arguments=["--out", BUCKET + "/{{{{ dag.dag_id }}}}/{{{{ data_interval_start.strftime('%Y/%m/%d') }}}}"],
    env_vars={{"REGION": "{{{{ var.value.region }}}}", "TOKEN": "{{{{ conn.warehouse.password }}}}"}},
)
''')


def groups(file):
    """Task groups inside a loop."""
    file.use("from airflow.utils.task_group import TaskGroup")
    file.lines.append(f'''for region in {json.dumps(file.rng.sample(["eu", "us", "asia", "latam"], 3))}:
    with TaskGroup(group_id=f"region_{{region}}"):
        pull = KubernetesPodOperator(
            task_id="pull", name=f"pull-{{region}}", image="eu.gcr.io/acme/pull:2", arguments=["--region", region]
        )
        push = KubernetesPodOperator(
            task_id="push", name=f"push-{{region}}", image="eu.gcr.io/acme/push:2", arguments=["--region", region]
        )
        pull >> push
''')


def mapped(file):
    """A task that is mapped over a list."""
    rows = [["--shard", str(n)] for n in range(file.rng.randint(2, 6))]
    file.lines.append(f'''KubernetesPodOperator.partial(
    task_id="shards", name="shards", image="eu.gcr.io/acme/shard:1", cmds=["shard"]
).expand(arguments={json.dumps(rows)})
''')


def beside(file):
    """Jobs listed in a JSON file beside the DAG."""
    file.use("import json")
    file.use("from pathlib import Path")
    jobs = [{"name": verb, "image": f"eu.gcr.io/acme/{verb}:1"} for verb in file.rng.sample(VERBS, 4)]
    file.files[f"{file.dag}.json"] = json.dumps({"jobs": jobs}, indent=1)
    file.before.append(f'CONFIG = json.loads((Path(__file__).parent / "{file.dag}.json").read_text())\n\n')
    file.lines.append('''for job in CONFIG["jobs"]:
    KubernetesPodOperator(
        task_id=f"job_{job['name']}", name=job["name"], image=job["image"], env_vars={"JOB": job["name"]}
    )
''')


def no_pod(file):
    """Tasks of other operators, as most DAGs have some."""
    file.use("from airflow.operators.python import PythonOperator")
    file.before.append('def notify(**context):\n    print("done", context["ds"])\n\n\n')
    file.lines.append('notified = PythonOperator(task_id="notify", python_callable=notify)')


PATTERNS = [
    (literals, 30), (loop, 14), (local_factory, 10), (helper, 16), (subclass, 8), (models, 8), (lookups, 8), (groups, 5),
    (mapped, 4), (beside, 4),
]


def make(files, folder, seed):
    """Write the folder."""
    rng = random.Random(seed)
    (folder / "common").mkdir(parents=True, exist_ok=True)
    for name, text in COMMON.items():
        (folder / "common" / name).write_text(text)
    kinds, weights = zip(*PATTERNS)
    for number in range(files):
        file = File(number, rng)
        chosen = list(dict.fromkeys(rng.choices(kinds, weights, k=rng.choice([1, 1, 2, 3]))))
        for pattern in chosen:
            pattern(file)
        if rng.random() < 0.25:
            no_pod(file)
        where = folder / file.team
        where.mkdir(exist_ok=True)
        (where / f"{file.dag}.py").write_text(file.text())
        for name, text in file.files.items():
            (where / name).write_text(text)


def one_file(tasks, folder):
    """Write a single DAG file that makes this many tasks: a tenth in a loop, the rest written out."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = random.Random(0)
    file = File(0, rng)
    looped = tasks // 10
    file.lines.append(f'''for number in range({looped}):
    KubernetesPodOperator(task_id=f"looped_{{number}}", name="looped", image="a:1", arguments=[str(number), "{{{{ ds }}}}"])
''')
    for number in range(tasks - looped):
        file.lines.append(
            f'task_{number} = KubernetesPodOperator(task_id="task_{number}", name="task", image="a:1", '
            f'arguments=["{number}", "{{{{ ds }}}}"], env_vars={{"N": "{number}"}})'
        )
    (folder / "one.py").write_text(file.text())


def main():
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=int, nargs="?")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--one-file", type=int, metavar="TASKS")
    args = parser.parse_args()
    if args.one_file:
        one_file(args.one_file, args.folder)
    elif args.files:
        make(args.files, args.folder, args.seed)
    else:
        parser.error("how many files?")


if __name__ == "__main__":
    main()
