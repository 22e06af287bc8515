"""The data sets that two runs named as their inputs, part by part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from compatkit.equivalence.difference import Difference, Kind, excerpts
from compatkit.equivalence.snapshot import Dataset


def compare_datasets(before: Mapping[str, Dataset], after: Mapping[str, Dataset]) -> Iterator[Difference]:
    """Yield how the data sets of two runs differ; each part that does is a difference of its own."""
    for name in sorted(before.keys() | after.keys()):
        if name not in after:
            yield Difference(Kind.DATASET_MISSING, name, before=before[name].digest, rule="must be there")
        elif name not in before:
            yield Difference(Kind.DATASET_EXTRA, name, after=after[name].digest, rule="must not be there")
        else:
            yield from _compare_parts(name, before[name], after[name])


def _compare_parts(name: str, before: Dataset, after: Dataset) -> Iterator[Difference]:
    left, right = _parts(before), _parts(after)
    for part in sorted(left.keys() | right.keys()):
        if left.get(part) != right.get(part):
            texts = excerpts(left.get(part, ""), right.get(part, ""))
            yield Difference(Kind.DATASET_VALUE, name, *texts, rule=f"{part} must be equal")


def _parts(dataset: Dataset) -> dict[str, str]:
    tags = {f"tag {name!r}": text for name, text in dataset.tags.items()}
    return {"digest": dataset.digest, "schema": dataset.schema, "profile": dataset.profile, **tags}
