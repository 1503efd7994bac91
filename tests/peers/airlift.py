"""Loads a DAG file that dagster-airlift has its hands in, and says of which class each task is.

The only argument is the DAG file; `dagster_airlift` is on the path.
"""

import importlib.util
import json
import sys
import warnings

warnings.simplefilter("ignore")
spec = importlib.util.spec_from_file_location("proxied_dag", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)

try:
    from airflow.sdk import DAG
except ImportError:
    from airflow.models.dag import DAG

dags = {value.dag_id: value for value in vars(module).values() if isinstance(value, DAG)}
tasks = {
    dag_id: {task_id: type(task).__name__ for task_id, task in dag.task_dict.items()}
    for dag_id, dag in dags.items()
}
print("\n" + json.dumps(tasks))
