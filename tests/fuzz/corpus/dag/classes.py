from airflow import DAG
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator as K
class Ours(K):
    template_fields = (*K.template_fields, 'x')
    def __init__(self, team, **kwargs):
        super().__init__(namespace=f'team-{team}', labels={'team': team}, **kwargs)
def make(team, n=1):
    try:
        return Ours(team=team, task_id=f'{team}_{n}', name='n', image='{}:{!r}'.format(team, n))
    except ValueError as error:
        raise RuntimeError(str(error)) from error
with DAG('d', default_args={'image': 'x', 'retries': 3}) as dag:
    [make(t) for t in ('a', 'b') if t] and make('c', n=2)
