from airflow import DAG
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator as K
import os
IMAGES = {'a': 'i:1', 'b': os.environ.get('B', 'i:2'), **{f'n{i}': f'i:{i}' for i in range(3)}}
with DAG('d'):
    for name, image in sorted(IMAGES.items()):
        if name != 'b' or os.environ['X'] == '1':
            K(task_id=name, name=name, image=image, arguments=['%s-%03d' % (name, len(image))])
