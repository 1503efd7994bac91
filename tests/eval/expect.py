"""Runs the programs of the tables in this folder and writes, or checks, what they compute.

    python expect.py           # check every `output` block, fail with what differs
    python expect.py --write   # rewrite the `output` blocks

A case is a heading, a `python` block and an `output` block: one line `name = repr` for each public
variable whose value is plain data. Blocks `file NAME` before it are the files beside the program. A case with an `open` block instead depends on what nobody knows
before a run; its block is written by hand and left alone here. `python 3.12` runs on that release
or a newer one only.
"""

import contextlib
import datetime
import importlib
import io
import pathlib
import re
import sys
import tempfile
import types

FENCE = re.compile(r"^```(\w+)(?: ([\w./-]+))?\n(.*?)^```\n", re.S | re.M)
HEADING = re.compile(r"^#+ (.+)\n", re.M)
SCALARS = (type(None), bool, int, float, str, bytes, datetime.timedelta)


def is_plain(value, around=()):
    """Whether a value is data that prints alike wherever the program runs."""
    if type(value) in SCALARS:
        return True
    if any(value is other for other in around):
        return False
    if type(value) in (list, tuple):
        return all(is_plain(item, (*around, value)) for item in value)
    if type(value) is dict:
        return all(is_plain(item, (*around, value)) for pair in value.items() for item in pair)
    return False


def run(name, program, files):
    """The public plain variables that a program leaves behind, as lines."""
    module = types.ModuleType("program")
    known = set(sys.modules)
    sys.modules["program"] = module
    sys.dont_write_bytecode = True
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        for path, text in files.items():
            place = pathlib.Path(folder, path)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
        module.__dict__["__file__"] = str(pathlib.Path(folder, "program.py"))
        sys.path.insert(0, folder)
        importlib.invalidate_caches()
        try:
            exec(compile(program, name, "exec", dont_inherit=True), module.__dict__)
        finally:
            sys.path.remove(folder)
            for made in files and set(sys.modules) - known:
                del sys.modules[made]
    return "".join(
        f"{key} = {value!r}\n"
        for key, value in module.__dict__.items()
        if not key.startswith("_") and is_plain(value)
    )


def cases(text):
    """Heading, release, program, its files, kind of the expectation, its text and place of every case."""
    blocks = list(FENCE.finditer(text))
    files = {}
    for index, block in enumerate(blocks):
        if block[1] == "file":
            files[block[2]] = block[3]
        if block[1] != "python":
            continue
        follower = blocks[index + 1] if index + 1 < len(blocks) else None
        if follower and follower[1] not in ("output", "open"):
            follower = None
        heading = HEADING.findall(text[: block.start()])[-1]
        yield heading, block[2], block[3], files, follower, block.end()
        files = {}


def main():
    write = "--write" in sys.argv[1:]
    failures, count, skipped = [], 0, 0
    for path in sorted(pathlib.Path(__file__).parent.glob("*.md")):
        text = path.read_text(encoding="utf-8")
        made, at = [], 0
        for heading, release, program, files, expected, end in cases(text):
            if expected and expected[1] == "open":
                continue
            if release and sys.version_info < tuple(map(int, release.split("."))):
                skipped += 1
                continue
            count += 1
            where = f"{path.name}: {heading}"
            try:
                lines = run(where, program, files)
            except BaseException as error:
                failures.append(f"{where}\n  raises {type(error).__name__}: {error}")
                continue
            if not lines:
                failures.append(f"{where}\n  leaves no plain variable behind")
            if write:
                made += [text[at:end], "" if expected else "\n", f"```output\n{lines}```\n"]
                if expected:
                    made.insert(-2, text[end : expected.start()])
                at = expected.end() if expected else end
            elif not expected or expected[3] != lines:
                failures.append(f"{where}\n  the block differs from\n{lines}")
        if write:
            path.write_text("".join(made) + text[at:], encoding="utf-8")
    print(f"{count} programs run, {skipped} need a newer Python, {len(failures)} failures")
    print("\n".join(failures))
    return 1 if failures or not count else 0


if __name__ == "__main__":
    sys.exit(main())
