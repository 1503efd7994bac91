"""Which Airflow an environment holds, found out without importing it: importing takes seconds and writes files."""

import json
import sys

try:
    from importlib import metadata
except ImportError:
    import importlib_metadata as metadata


def version(*names):
    for name in names:
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            pass
    return None


print(
    json.dumps(
        {
            "airflow": version("apache-airflow", "apache-airflow-core"),
            "provider": version("apache-airflow-providers-cncf-kubernetes"),
            "python": "%d.%d.%d" % sys.version_info[:3],
        }
    )
)
