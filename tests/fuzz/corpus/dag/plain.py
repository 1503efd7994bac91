from airflow import DAG
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator as K
with DAG('d', schedule='@daily') as dag:
    a = K(task_id='a', name='a', image='i:1', cmds=['sh', '-c'], arguments=['{{ ds }}'], env_vars={'A': 'b'})
    b = K(task_id='b', name='b', image='i:1', labels={'x': 'y'}, retries=2)
    a >> b
