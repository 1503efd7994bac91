from airflow import DAG
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator as K
match {'k': [1, 2]}:
    case {'k': [x, *rest], **more} if x:
        n = rest
    case _:
        n = None
while n:
    n = n[1:]
with DAG('d'):
    K(task_id='t', name='n', image=f'{n!r:>10}', pod_template_dict={'spec': {'containers': [{'name': 'base'}]}})
