"""Loads every component file below a folder with the real Dagster, and all of them together."""

import importlib
import json
import sys
import warnings
from pathlib import Path

warnings.simplefilter("ignore")

import dagster as dg  # noqa: E402
import yaml  # noqa: E402
from dagster.components.core.load_defs import build_defs_for_component  # noqa: E402

folder = Path(json.load(sys.stdin)["folder"])
errors, loaded = [], []


def component(path):
    declared = yaml.safe_load(path.read_text())
    module, _, name = declared["type"].rpartition(".")
    class_ = getattr(importlib.import_module(module), name)
    return class_.from_attributes_dict(attributes=declared["attributes"])


for path in sorted(folder.rglob("defs.yaml")):
    try:
        loaded.append(build_defs_for_component(component(path)))
    except Exception as error:
        errors.append("%s: %s: %s" % (path.relative_to(folder), type(error).__name__, error))
try:
    dg.Definitions.validate_loadable(dg.Definitions.merge(*loaded))
except Exception as error:
    errors.append("together: %s: %s" % (type(error).__name__, error))
json.dump({"loaded": len(loaded), "errors": errors}, sys.stdout)
