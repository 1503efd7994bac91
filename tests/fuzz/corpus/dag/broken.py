# -*- coding: latin-1 -*-
print 'x'
with DAG('d':
	K(task_id=`1`
  x = (
'''é