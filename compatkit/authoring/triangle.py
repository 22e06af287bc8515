"""The triangle, for one example: the original on v1, the original on v2 with the shim, the rewritten one without it.

Each is run in a process of its own. What they print, how they end, and what they bind must be the same.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from compatkit.authoring.examples import FOLDER, Example
from compatkit.authoring.rewriting import result_of, rewritten
from compatkit.migration import Migration
from compatkit.migration.renaming import Renaming

_TIMEOUT = 120  # seconds, for one run
_KIND = re.compile(r"<a ([\w.]+)>")


@dataclass(frozen=True, slots=True)
class _Run:
    """What one run showed. `bound` are the public names of the script at its end, with their values as text."""

    status: int
    printed: str
    complaints: str
    bound: Mapping[str, str]
    broken_law: str = ""


def try_triangle(migration: Migration, example: Example, folder: Path) -> str:
    """Run an example in all ways, and return how they differ; empty if they do not.

    The libraries are those in `examples/v1` and `examples/v2`, where the migration brings stand-ins, else the
    installed ones. Without `examples/v1` the original is only run on v2, with the shim.
    """
    stands = folder / FOLDER
    new = stands / "v2"
    file = (migration.origin or folder / "migration.toml").resolve()
    after = result_of(rewritten(migration, example, example.before), example.before)
    if after == example.before:
        return "a runnable example must be one that is rewritten"
    runs = {
        "the original with the shim": _run(example, example.before, new, file, shim="on"),
        "the rewritten one": _run(example, after, new, file),
    }
    if (stands / "v1").is_dir():
        runs = {"the original on v1": _run(example, example.before, stands / "v1", file), **runs}
    return _complaint({name: replace(run, bound=_in_v2(run.bound, migration)) for name, run in runs.items()})


def _in_v2(bound: Mapping[str, str], migration: Migration) -> dict[str, str]:
    """Return what is bound with the classes of the values under their new names."""
    renaming = Renaming(migration.moves)
    return {name: _KIND.sub(lambda kind: f"<a {renaming.apply(kind[1])}>", text) for name, text in bound.items()}


def _complaint(runs: Mapping[str, _Run]) -> str:
    for name, run in runs.items():
        if run.status:
            return f"{name} ends with status {run.status}:\n{run.complaints.strip()}"
        if run.broken_law:
            return f"{name}: down(up(record)) is not record: {run.broken_law}"
    (first_name, first), *others = runs.items()
    if not first.printed and not first.bound:
        return "it prints nothing and binds nothing: there is nothing to compare"
    for name, run in others:
        for what, one, other in (("prints", first.printed, run.printed), ("binds", first.bound, run.bound)):
            if one != other:
                return f"{first_name} {what}\n{_shown(one, other)}\n{name} {what}\n{_shown(other, one)}"
    return ""


def _shown(value: str | Mapping[str, str], other: str | Mapping[str, str]) -> str:
    """Return what is printed, or of what is bound that which differs."""
    if isinstance(value, str) or isinstance(other, str):
        return str(value).rstrip()
    return "\n".join(f"{name} = {text}" for name, text in value.items() if other.get(name) != text) or "nothing else"


def _run(example: Example, source: bytes, library: Path, migration: Path, *, shim: str = "off") -> _Run:
    with tempfile.TemporaryDirectory(prefix="compatkit-example-") as folder:
        script = Path(folder).resolve() / f"{example.module.rpartition('.')[2]}.py"
        script.write_bytes(source)
        result = script.with_name("result.json")
        runner = [sys.executable, "-m", "compatkit.authoring.example_run"]
        command = [*runner, str(script), str(result), str(migration), shim]
        path = [str(library.resolve())] if library.is_dir() else []
        inherited = os.environ.get("PYTHONPATH")
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([*path, *([inherited] if inherited else [])])}
        environment |= {"COMPATKIT_SHIM": "0", "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
        try:
            done = subprocess.run(
                command,
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
                timeout=_TIMEOUT,
                stdin=subprocess.DEVNULL,
            )
        except subprocess.TimeoutExpired:
            return _Run(1, "", f"it took longer than {_TIMEOUT} s", {})
        told: dict[str, Any] = json.loads(result.read_text(encoding="utf-8")) if result.is_file() else {}
        if not told and not done.returncode:
            return _Run(1, done.stdout, "it ended before it could tell what it binds; let it run to its end", {})
        # A traceback, or a text that names the script, would differ in nothing but the temporary folder.
        printed, complaints = (text.replace(str(script.parent), "") for text in (done.stdout, done.stderr))
        return _Run(done.returncode, printed, complaints, told.get("bound", {}), told.get("broken_law", ""))
