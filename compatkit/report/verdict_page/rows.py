"""List what two runs logged besides metrics and weights: name, both sides, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest

from compatkit.equivalence.difference import excerpts
from compatkit.equivalence.policy import Policy
from compatkit.equivalence.snapshot import Dataset, File, Model, Snapshot
from compatkit.report.verdict_page.findings import Findings, FindingState


@dataclass(frozen=True, slots=True)
class PageRow:
    """One thing by name; a side is None where the run has no such thing."""

    name: str
    before: str | None
    after: str | None
    state: FindingState
    why: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """Rows of one category."""

    title: str
    key: str
    rows: tuple[PageRow, ...]

    @property
    def is_open(self) -> bool:
        """True where it is worth a look at once: something differs, or it is short."""
        return len(self.rows) <= 12 or any(row.state is FindingState.DECIDES for row in self.rows)

    @property
    def said(self) -> str:
        counts = [(sum(row.state is state for row in self.rows), state) for state in FindingState]
        words = {FindingState.NEAR: "of the same value"}
        return ", ".join(f"{count} {words.get(state, state.value)}" for count, state in counts if count)


def read_sheets(before: Snapshot, after: Snapshot, policy: Policy, findings: Findings) -> Iterator[Sheet]:
    """Yield a sheet for each category of which either run logged anything."""
    texts = {
        "param": ("Params", _params(before, policy), _params(after, policy)),
        "tag": ("Tags", before.tags, after.tags),
        "artifact": ("Artifacts", _files(before.artifacts), _files(after.artifacts)),
        "model": ("Models", _models(before.models, after.models), _models(after.models, before.models)),
        "dataset": ("Datasets", _datasets(before.datasets), _datasets(after.datasets)),
    }
    for category, (title, left, right) in texts.items():
        if rows := tuple(_rows(category, left, right, findings)):
            yield Sheet(title, category, rows)


def _rows(category: str, left: Mapping[str, str], right: Mapping[str, str], findings: Findings) -> Iterator[PageRow]:
    for name in sorted(left.keys() | right.keys()):
        one, other = left.get(name), right.get(name)
        state = _state(category, name, findings, is_equal=one == other)
        shown = excerpts(one or "", other or "")
        sides = (None if one is None else shown[0], None if other is None else shown[1])
        yield PageRow(name, *sides, state, findings.why(category, name))


def _state(category: str, name: str, findings: Findings, *, is_equal: bool) -> FindingState:
    state = findings.state(category, name, is_equal=is_equal)
    if state is not FindingState.NEAR or category != "model":
        return state
    # No difference bears this name: of layers and operations only the first that parts does, of a model that one run
    # has not only the model.
    return findings.state_of_part(category, name)


def _params(snapshot: Snapshot, policy: Policy) -> dict[str, str]:
    # Of two spellings in one run the first counts, as in the comparison.
    renamed: dict[str, str] = {}
    for original in sorted(snapshot.params):
        renamed.setdefault(policy.param_name(original), snapshot.params[original])
    return renamed


def _files(files: Mapping[str, File]) -> dict[str, str]:
    return {name: f"{file.size:,} bytes, sha256 {file.digest[:12]}" for name, file in files.items()}


def _models(models: Mapping[str, Model], others: Mapping[str, Model]) -> dict[str, str]:
    """Name every part as a difference in it is named. Weights have a table of their own."""
    rows: dict[str, str] = {}
    for name, model in models.items():
        rows[name] = model.signature or "no signature"
        rows |= {f"{name}: layer {place}": text for place, text in enumerate(_layers(model, others.get(name, model)))}
        rows |= {f"{name}: operation {place}": text for place, text in enumerate(model.operations)}
        rows |= {f"{name}: {part}": text for part, text in _files(model.files).items()}
        rows |= {f"{name}: {part}": text for part, text in model.details.items()}
    return rows


def _layers(model: Model, other: Model) -> list[str]:
    """Return the layers; the class only where the other side tells one too, as in the comparison."""
    if not other.layers:
        return []
    pairs = zip_longest(model.layers, other.layers[: len(model.layers)])
    return [f"{one.path} {one.kind if two is None or two.kind else ''}".strip() for one, two in pairs if one]


def _datasets(datasets: Mapping[str, Dataset]) -> dict[str, str]:
    return {
        name: f"digest {dataset.digest}" + (f", {dataset.profile}" if dataset.profile else "")
        for name, dataset in datasets.items()
    }
