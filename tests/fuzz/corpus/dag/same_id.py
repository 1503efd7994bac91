from airflow import DAG
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator as K
with DAG('d') as a:
    K(task_id='x', name='n', image='i')
with DAG('d') as b:
    K(task_id='y', name='n', image='i')
