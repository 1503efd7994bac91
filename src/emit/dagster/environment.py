"""Values that the DAGs took from outside, read from the environment when a run starts."""

from typing import NoReturn

import dagster as dg


def value_of(variable: dg.EnvVar) -> str:
    """The text of an environment variable; a run fails without it, loading does not."""
    value = variable.get_value()
    if value is None:
        raise dg.Failure(f"environment variable {variable.env_var_name} is not set")
    return value


def unported(template: str) -> NoReturn:
    """Stands where a template has no counterpart in Dagster; a run fails there."""
    raise dg.Failure(f"this template has to be carried over by hand: {template}")
