"""The times, ids and formats that frameworks write by nature: one table a framework, with evidence and versions.

A nature is settled by knowing it: it never decides, and the verdict lists it with its values. All else in the same
file or run is compared.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from compatkit.equivalence.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Nature:
    """One thing that a framework writes: a metric, or what is in a file.

    Attributes:
        metric: the metrics of which only the values are by nature.
        file: the files in which it stands; these places, columns, or groups of this text in them.
        ids: what is mapped one for one, instead of left out, in these places; without a place, what the groups find
            in a text, wherever in it that stands again.
    """

    framework: str
    why: str
    evidence: str
    metric: re.Pattern[str] | None = None
    file: re.Pattern[str] | None = None
    place: re.Pattern[str] | None = None
    columns: re.Pattern[str] | None = None
    text: re.Pattern[str] | None = None
    ids: re.Pattern[str] | None = None

    @property
    def reason(self) -> str:
        return f"by nature of {self.framework}: {self.why}"


@dataclass(frozen=True, slots=True)
class Framework:
    """A table, and the tags and params by which a run tells that the framework logged it."""

    name: str
    versions: str
    natures: tuple[Nature, ...]
    tags: tuple[str, ...] = ()
    params: tuple[str, ...] = ()

    def logged(self, run: Snapshot) -> bool:
        return run.tags.keys() >= set(self.tags) and run.params.keys() >= set(self.params)


@cache
def frameworks() -> tuple[Framework, ...]:
    """Return all tables, by name."""
    tables = [file for file in files(__package__).iterdir() if file.name.endswith(".toml")]
    return tuple(
        _framework(tomllib.loads(file.read_text("utf-8"))) for file in sorted(tables, key=lambda one: one.name)
    )


def natures_of(before: Snapshot, after: Snapshot) -> tuple[Nature, ...]:
    """Return what may be by nature in both of two runs."""
    return tuple(
        nature
        for framework in frameworks()
        for nature in framework.natures
        if nature.metric is None or (framework.logged(before) and framework.logged(after))
    )


def metric_nature(name: str, natures: tuple[Nature, ...]) -> Nature | None:
    return next((nature for nature in natures if nature.metric and nature.metric.fullmatch(name)), None)


def file_natures(name: str, natures: tuple[Nature, ...]) -> Iterator[Nature]:
    """Yield what may stand in a file; `name` may begin with its folder, or with the model that it belongs to."""
    own = re.split(r"/|: ", name)[-1]
    return (nature for nature in natures if nature.file and nature.file.fullmatch(own))


def _framework(table: Mapping[str, object]) -> Framework:
    name, rows = str(table["name"]), table["nature"]
    assert isinstance(rows, list)
    evidence = {key: tuple(value) for key in ("tags", "params") if isinstance(value := table.get(key), list)}
    return Framework(name, str(table["versions"]), tuple(_nature(name, row) for row in rows), **evidence)


def _nature(framework: str, row: Mapping[str, str]) -> Nature:
    patterns = {key: re.compile(text, re.MULTILINE) for key, text in row.items() if key not in {"why", "evidence"}}
    return Nature(framework, row["why"], row["evidence"], **patterns)
