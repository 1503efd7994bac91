from airflow.decorators import dag, task, task_group
from kubernetes.client import models as k8s
from airflow.models import Variable
@dag(dag_id='d')
def flow():
    @task.kubernetes(image=Variable.get('image', default_var='i'), env_vars=[k8s.V1EnvVar(name='A', value='1')])
    def one(x=1):
        return x + 1
    @task_group
    def g():
        one.override(task_id='two').expand(x=[1, 2])
    one() >> g()
flow()
