"""A migration tried on its own examples: what it does to each, and whether that is what they show."""

from __future__ import annotations

import difflib
import json
import os
import re
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any

from compatkit.authoring.examples import FOLDER, Example, find_examples, in_other_orders, result_of, rewritten
from compatkit.migration import Migration
from compatkit.migration.renaming import Renaming
from compatkit.record.names import FieldNames
from compatkit.rewrite import Failed, Rewritten, Skipped, Unchanged

_TIMEOUT = 120  # seconds, for one run
_KIND = re.compile(r"<a ([\w.]+)>")


@dataclass(frozen=True, slots=True)
class Attempt:
    """One claim about one example, and whether it holds; empty `details` mean that it does."""

    example: str
    claim: str
    details: str = ""

    @property
    def holds(self) -> bool:
        return not self.details


def try_migration(migration: Migration, folder: Path) -> Iterator[Attempt]:
    """Yield an attempt for every claim about the examples in `folder`, and about the migration's fields."""
    if migration.fields:
        yield Attempt("fields", "down(up(record)) == record", _broken_law(FieldNames.of(migration.fields)))
    for example in find_examples(folder).found:
        yield from _try_example(migration, example)
        if example.is_runnable:
            yield Attempt(example.name, "runs alike, shimmed and rewritten", try_triangle(migration, example, folder))


def _try_example(migration: Migration, example: Example) -> Iterator[Attempt]:
    expected = example.before if example.after is None else example.after
    outcome = rewritten(migration, example, example.before)
    found = result_of(outcome, example.before)
    claim = "is rewritten as shown" if example.after is not None else "is not touched"
    match outcome:
        case Failed() as failed:
            yield Attempt(example.name, claim, f"{failed.reason}; {failed.hint}")
        case Rewritten() | Unchanged() | Skipped():
            yield Attempt(example.name, claim, _with_reports(difference(expected, found), outcome))
    if not example.suffix:
        yield Attempt(example.name, "compiles", _does_not_compile(example))
    again = result_of(rewritten(migration, example, expected), expected)
    yield Attempt(example.name, "is not rewritten again", difference(expected, again))
    others = (
        result_of(rewritten(reordered, example, example.before), example.before)
        for reordered in in_other_orders(migration)
    )
    details = next((text for other in others if (text := difference(found, other))), "")
    yield Attempt(example.name, "does not depend on the order of the entries", details)


def difference(expected: bytes, found: bytes) -> str:
    """Return a diff of two sources, empty where they are equal byte for byte."""
    if expected == found:
        return ""
    before, after = (
        source.decode("utf-8", "backslashreplace").splitlines(keepends=True) for source in (expected, found)
    )
    said = "".join(difflib.unified_diff(before, after, "expected", "found", n=1))
    return said or f"expected {expected!r}, found {found!r}"


def _with_reports(details: str, outcome: Rewritten | Unchanged | Skipped) -> str:
    """Say beside a difference what the migration reported: often, that a change is made on request only."""
    findings = () if isinstance(outcome, Skipped) else outcome.findings
    reports = "".join(f"reported: line {finding.line}: {finding.code} {finding.message}\n" for finding in findings)
    return f"{details.rstrip()}\n{reports}" if details and reports else details


def _does_not_compile(example: Example) -> str:
    for source in (example.before, example.after or b""):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                compile(source, example.name, "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            return str(error)
    return ""


def _broken_law(names: FieldNames) -> str:
    """Return the first record that does not come back as it was: every pair of keys, and all of them, with others."""
    keys = [*names.to_v2, *names.to_v1, "epoch", "extra"]
    pairs = [pair for pair in combinations(keys, 2) if not _is_one_key(pair, names)]
    for chosen in (*pairs, (*names.to_v2, "epoch", "extra"), ()):
        record: dict[str, object] = {key: float(number) for number, key in enumerate(chosen)}
        v1 = names.in_v1(record)
        back = names.in_v1(names.in_v2(v1))
        if list(back.items()) != list(v1.items()):
            return f"{v1} comes back as {back}"
    return ""


def _is_one_key(pair: tuple[str, str], names: FieldNames) -> bool:
    """True for both spellings of one key, which a record cannot have with different values."""
    return names.to_v2.get(pair[0]) == pair[1] or names.to_v1.get(pair[0]) == pair[1]


@dataclass(frozen=True, slots=True)
class _Run:
    """The result of one run. `bound` are the public names of the script at its end, with their values as text."""

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
