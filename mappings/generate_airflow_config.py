"""Writes `airflow_config.yaml`: the defaults that Airflow itself has for its configuration options.

    python generate_airflow_config.py dump > one.json        in an environment of each Airflow line
    python generate_airflow_config.py join 2.json 3.json     anywhere with PyYAML

What contains a place of the installation or a secret is left out, and so is what Airflow interpolates.
"""

import json
import sys

HEAD = """\
# What Airflow's conf.get gives for an option that nobody set: the defaults of Airflow 2.11.2 with
# apache-airflow-providers-cncf-kubernetes 10.12.0 and of Airflow 3.3.2 with 10.25.0, written by
# generate_airflow_config.py. An option whose default depends on the line of Airflow has one value for each.
"""


def dump():
    """The defaults of the installed Airflow, as {section: {option: text}}."""
    from airflow import settings
    from airflow.configuration import conf
    from airflow.exceptions import AirflowConfigException
    from airflow.providers.cncf.kubernetes.get_provider_info import get_provider_info

    settings.initialize()
    conf.load_providers_configuration()
    # Airflow 2 keeps the options of providers elsewhere.
    described = {**get_provider_info()["config"], **conf.configuration_description}
    found = {}
    for section, about in described.items():
        for option, description in about["options"].items():
            default = description.get("default")
            if default is None or any(mark in str(default) for mark in "{}%\n"):
                continue
            try:
                found.setdefault(section.lower(), {})[option.lower()] = conf.get(section, option)
            except AirflowConfigException:
                # Described, and yet refused: nothing to state.
                continue
    sys.stdout.write("\n" + json.dumps(found))


def last_line(path):
    """What `dump` wrote, below whatever Airflow says before."""
    with open(path) as file:
        return json.loads(file.read().splitlines()[-1])


def join(old, new):
    """Both as one YAML text."""
    lines = {"2": last_line(old), "3": last_line(new)}
    sections = sorted(set(lines["2"]) | set(lines["3"]))
    text = HEAD
    for section in sections:
        text += f"{section}:\n"
        options = sorted(set(lines["2"].get(section, {})) | set(lines["3"].get(section, {})))
        for option in options:
            values = {line: lines[line].get(section, {}).get(option) for line in lines}
            if values["2"] == values["3"]:
                text += f"  {option}: {json.dumps(values['2'])}\n"
            else:
                known = ", ".join(f'"{line}": {json.dumps(value)}' for line, value in values.items() if value is not None)
                text += f"  {option}: {{{known}}}\n"
    return text


if __name__ == "__main__":
    if sys.argv[1] == "dump":
        dump()
    else:
        sys.stdout.write(join(*sys.argv[2:4]))
