"""Fills in what the examples of the mapping tables give, by asking a real Airflow.

    python update_examples.py

Rewrites the line after each `- python:` of the rows that describe the pod. Run it where the newest
apache-airflow and its Kubernetes provider are installed, after adding an example.
"""

from __future__ import annotations

import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests" / "parity"))

import oracle  # noqa: E402

TABLES = ("container", "pod", "metadata")
# These reach further places than their first target, or are rewritten; their examples are kept by hand.
BY_HAND = {"name", "namespace"}
OUTSIDE, INSIDE = ("/run/base_pod_spec", "/run/base_pod_meta"), ("spec", "metadata")


def at(pod: dict, pointer: str):
    """What stands at a pointer of the job spec."""
    for outside, inside in zip(OUTSIDE, INSIDE):
        if pointer.startswith(outside):
            here = pod[inside]
            for token in pointer[len(outside) :].strip("/").split("/"):
                here = here[int(token)] if isinstance(here, list) else here.get(token)
                if here is None:
                    return None
            return here
    raise ValueError(pointer)


def outcome(argument: str, python: str, pointer: str) -> str:
    """The line that tells what the example gives."""
    given = {"image": "busybox", "name": "p", "namespace": "default"}
    try:
        given[argument] = oracle.evaluate(python)
        pod, refused = oracle.attempt(**given)
    except Exception as error:  # noqa: BLE001 - a class of the client may refuse its arguments
        pod, refused = None, f"{type(error).__name__}: {error}"
    if refused is not None:
        return f"refused: {json.dumps(refused)}"
    return f"gives: {json.dumps(at(pod, pointer))}"


def update(path: pathlib.Path) -> None:
    """Rewrites one table."""
    argument, pointer, python = None, None, None
    lines = []
    for line in path.read_text().splitlines():
        if found := re.match(r"  - argument: (\w+)", line):
            argument, pointer = found[1], None
        elif pointer is None and (found := re.search(r"(/run/base_pod_[^\],}\s]+)", line)):
            pointer = found[1]
        elif found := re.match(r"      - python: (.*)", line):
            python = json.loads(found[1])
        elif python is not None:
            if argument not in BY_HAND:
                line = f"        {outcome(argument, python, pointer)}"
            python = None
        lines.append(line)
    path.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    for table in TABLES:
        update(HERE / f"{table}.yaml")
