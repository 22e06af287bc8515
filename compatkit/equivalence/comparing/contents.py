"""Two files of one name: by what they say where both could be read, else by digest."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from compatkit.equivalence.comparing.natures import settle
from compatkit.equivalence.comparing.tensors import compare_tensors
from compatkit.equivalence.difference import Difference, Kind, excerpts
from compatkit.equivalence.frameworks import file_natures
from compatkit.equivalence.policy import Policy
from compatkit.equivalence.snapshot import Content, File
from compatkit.equivalence.tolerance import EXACT, Tolerance


def compare_file(name: str, before: File, after: File, kind: Kind, policy: Policy) -> Iterator[Difference]:
    """Yield how two files differ; each difference bears the file's name, its hint says where in it."""
    if (before.digest, before.size) == (after.digest, after.size) and before.content == after.content:
        return
    left, right = before.content, after.content
    if left is None or right is None or left.kind != right.kind:
        if (before.digest, before.size) == (after.digest, after.size) and (left is None or right is None):
            # The same bytes, read by content on one machine only: the other lacks what reads them.
            return
        sides = ["before" if left is None else "", "after" if right is None else ""]
        unread = " and ".join(side for side in sides if side)
        hint = f"it cannot be read {unread}" if (left is None) != (right is None) else ""
        yield Difference(kind, name, before=describe_file(before), after=describe_file(after), hint=hint)
        return
    left, right, settled = settle(left, right, file_natures(name, policy.natures))
    yield from (replace(difference, kind=kind, name=name) for difference in _compare(name, left, right, policy))
    for each in settled:
        hint = f"first at {each.place}"
        yield Difference(kind, name, each.before, each.after, count=each.count, hint=hint, rule="", known=each.why)


def describe_file(file: File | None) -> str:
    """Return size and digest as text, nothing for no file."""
    return f"{file.size} bytes, sha256 {file.digest[:12]}" if file else ""


def _compare(file: str, before: Content, after: Content, policy: Policy) -> Iterator[Difference]:
    yield from _compare_values(before, after, policy.declared_tolerance("artifact", file))
    for name in [*before.tensors, *(name for name in after.tensors if name not in before.tensors)]:
        tolerances = policy.tensor_tolerances(file, before.kind, name)
        for found in compare_tensors(name, before.tensors.get(name), after.tensors.get(name), tolerances):
            # Of a missing array neither side has a text of its own.
            left = found.before if name in before.tensors else "missing"
            right = found.after if name in after.tensors else "missing"
            hint = ", ".join(filter(None, [f"in {name}", found.hint]))
            yield replace(found, before=left, after=right, hint=hint)
    # The order of layers; in other kinds no order is read.
    if list(before.tensors) != list(after.tensors) and before.tensors.keys() == after.tensors.keys():
        order = excerpts(", ".join(before.tensors), ", ".join(after.tensors))
        yield Difference(Kind.ARTIFACT_CONTENT, "", *order, hint="the order of the tensors")


def _compare_values(before: Content, after: Content, tolerance: Tolerance | None) -> Iterator[Difference]:
    left, right = before.values, after.values
    places = [*left, *(place for place in right if place not in left)]
    apart = [place for place in places if not _agree(left.get(place), right.get(place), tolerance)]
    if apart:
        texts = excerpts(left.get(apart[0], ""), right.get(apart[0], ""))
        hint = f"first at {apart[0]}"
        rule = str(tolerance or EXACT)
        yield Difference(Kind.ARTIFACT_CONTENT, "", *texts, count=len(apart), of=len(places), hint=hint, rule=rule)


def _agree(one: str | None, other: str | None, tolerance: Tolerance | None) -> bool:
    """Tell whether two values say the same: number by number where a tolerance is declared, else as texts."""
    if one == other or tolerance is None or one is None or other is None:
        return one == other
    left, right = _cells(one), _cells(other)
    return len(left) == len(right) and all(map(partial(_agree_cells, tolerance=tolerance), left, right))


def _cells(text: str) -> list[str]:
    """Return the cells of a row of a table, which is kept as JSON; of anything else, the text."""
    if not text.startswith("["):
        return [text]
    row = json.loads(text)
    return [cell if isinstance(cell, str) else json.dumps(cell) for cell in row]


def _agree_cells(one: str, other: str, tolerance: Tolerance) -> bool:
    if one == other:
        return True
    try:
        return tolerance.agree(float(one), float(other))
    except ValueError:
        return False
