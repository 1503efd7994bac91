//! Python expressions to values, for tests of mapping alone: the evaluator sees each as a DAG file would
//! hold it, below the imports that such files have.

use crate::airflow::Settings;
use crate::diag::Severity;
use crate::eval::{Value, evaluate};

/// The imports of the expressions in tables and cases.
const IMPORTS: &str = "\
import os
from datetime import timedelta
from os import getenv

from airflow.kubernetes.pod import Port, Resources
from airflow.kubernetes.pod_runtime_info_env import PodRuntimeInfoEnv
from airflow.kubernetes.secret import Secret
from airflow.kubernetes.volume import Volume
from airflow.kubernetes.volume_mount import VolumeMount
from airflow.operators.python import PythonOperator
from airflow.providers.cncf.kubernetes.utils.pod_manager import OnFinishAction
from airflow.utils.trigger_rule import TriggerRule
from kubernetes.client import models as k8s

def xcom(task, key='return_value'):
    return PythonOperator(task_id=task).output[key]

";

/// The value of an expression.
pub(in crate::mapping) fn evaluate_python(text: &str) -> Value {
    let mut evaluated = evaluate(&format!("{IMPORTS}value = ({text})\n"), &Settings::default());
    let errors: Vec<_> =
        evaluated.diagnostics.iter().filter(|told| told.severity == Severity::Error).collect();
    assert!(errors.is_empty(), "{text}: {errors:?}");
    evaluated.globals.swap_remove("value").unwrap_or_else(|| panic!("{text}: no value"))
}
