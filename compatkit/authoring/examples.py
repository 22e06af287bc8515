"""The examples beside a migration: `NAME.before.txt` with `NAME.after.txt`, and `NAME.unchanged.txt`.

These are Python. With the ending of a document, such as `NAME.before.yaml` or `NAME.unchanged.sh`, they are that.

In `examples/modernize`, `examples/review` and `examples/rename` lie those for what is made on request only.
The comments at the top of an example may say more: `# module: a.b` or `# package: a.b` what it is called, which
relative imports need, and `# runnable` that it can be run.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from compatkit.migrate.finding.find import DOCUMENT_SUFFIXES
from compatkit.migration import Migration
from compatkit.migration.value import cached_by_identity
from compatkit.options import Options
from compatkit.rewrite import Outcome, Rewritten, Unchanged, rewrite_source
from compatkit.rewrite.rewrite_document import rewrite_document

FOLDER = "examples"
OPTIONS = {
    "": Options(),
    "modernize": Options(modernize=True),
    "rename": Options(rename=True),
    "review": Options(confidence="review"),
}
_TOP = re.compile(rb"\A(?:#[^\n]*(?:\n|\Z)|\s*\n)*")
_MODULE = re.compile(rb"^# (module|package): ([\w.]+)[ \t\r]*$", re.MULTILINE)
_SHUFFLES = 3
_RUNNABLE = re.compile(rb"^# runnable[ \t\r]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Example:
    """One example: its name, what it looks like before, and after; `after` is None where nothing may change.

    `suffix` is the kind of a document, empty for Python.
    """

    name: str
    before: bytes
    after: bytes | None
    options: Options = OPTIONS[""]
    suffix: str = ""

    @property
    def module(self) -> str:
        found = self._header(_MODULE)
        return found[2].decode() if found else "app"

    @property
    def is_package(self) -> bool:
        found = self._header(_MODULE)
        return found is not None and found[1] == b"package"

    @property
    def is_runnable(self) -> bool:
        return not self.suffix and self._header(_RUNNABLE) is not None

    def _header(self, pattern: re.Pattern[bytes]) -> re.Match[bytes] | None:
        top = _TOP.match(self.before)
        return pattern.search(top[0]) if top else None


@dataclass(frozen=True, slots=True)
class Examples:
    """The examples of one migration, and the names of files there that no example is made of."""

    found: tuple[Example, ...]
    strays: tuple[str, ...] = ()


def find_examples(folder: Path) -> Examples:
    """Read the examples in `folder`, that of a `migration.toml`."""
    root = folder / FOLDER
    found: list[Example] = []
    strays: list[str] = []
    for place, options in OPTIONS.items():
        files = {file.name: file for file in sorted((root / place).glob("*")) if file.is_file()}
        prefix = f"{place}/" if place else ""
        for name, file in files.items():
            ending = file.suffix if file.suffix in (*DOCUMENT_SUFFIXES, ".sh") else ".txt"
            stem, _, kind = name.removesuffix(ending).rpartition(".")
            # A script of commands is a text to the rewrite, and Python is what an example is by default.
            suffix = {".txt": "", ".sh": ".txt"}.get(ending, ending)
            partner = files.get(f"{stem}.{'after' if kind == 'before' else 'before'}{ending}")
            if kind == "unchanged":
                found.append(Example(prefix + stem, file.read_bytes(), None, options, suffix))
            elif kind == "before" and partner:
                found.append(Example(prefix + stem, file.read_bytes(), partner.read_bytes(), options, suffix))
            elif not (kind == "after" and partner):
                strays.append(prefix + name)
    return Examples(tuple(found), tuple(strays))


def rewritten(migration: Migration, example: Example, source: bytes) -> Outcome:
    """Rewrite one source of an example, under its name and with its options."""
    if example.suffix:
        return rewrite_document(
            source, suffix=example.suffix, moves=migration.moves, migrations=[migration], options=example.options
        )
    return rewrite_source(
        source,
        module=example.module,
        is_package=example.is_package,
        moves=migration.moves,
        migrations=[migration],
        options=example.options,
    )


def result_of(outcome: Outcome, source: bytes) -> bytes:
    """Return the source after an outcome."""
    return outcome.source if isinstance(outcome, Rewritten) else source


def codes_met(migration: Migration, example: Example) -> frozenset[str]:
    """Return the codes of what changes in an example, and of what is reported there."""
    known = _codes_met(migration)
    if example not in known:
        known[example] = _codes_in(migration, example)
    return known[example]


@cached_by_identity
def _codes_met(_: Migration) -> dict[Example, frozenset[str]]:
    return {}


def _codes_in(migration: Migration, example: Example) -> frozenset[str]:
    outcome = rewritten(migration, example, example.before)
    edits = outcome.edits if isinstance(outcome, Rewritten) else ()
    findings = outcome.findings if isinstance(outcome, Rewritten | Unchanged) else ()
    return frozenset([*(edit.code for edit in edits), *(finding.code for finding in findings)])


def acts_in(code: str, migration: Migration, example: Example) -> bool:
    """Tell whether the entry with this code, by itself, changes something in an example, or reports something."""
    alone = replace(example, options=replace(example.options, select=frozenset({code})))
    outcome = rewritten(migration, alone, alone.before)
    return isinstance(outcome, Rewritten) or (isinstance(outcome, Unchanged) and bool(outcome.findings))


def in_other_orders(migration: Migration) -> Iterator[Migration]:
    """Yield the migration with its rows in other orders: backwards, and shuffled, the same each time."""
    yield replace(
        migration,
        moves=migration.moves[::-1],
        fields=migration.fields[::-1],
        arguments=migration.arguments[::-1],
    )
    for seed in range(_SHUFFLES):
        dice = random.Random(seed)
        yield replace(
            migration,
            moves=tuple(dice.sample(migration.moves, len(migration.moves))),
            fields=tuple(dice.sample(migration.fields, len(migration.fields))),
            arguments=tuple(dice.sample(migration.arguments, len(migration.arguments))),
        )
