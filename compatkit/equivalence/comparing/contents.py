"""Two files of one name: by what they say where both could be read, else by digest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from compatkit.equivalence.comparing.natures import settle
from compatkit.equivalence.comparing.tensors import compare_tensors
from compatkit.equivalence.difference import Difference, Kind, excerpts
from compatkit.equivalence.frameworks import file_natures
from compatkit.equivalence.policy import Policy
from compatkit.equivalence.snapshot import Content, File


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
    yield from (replace(difference, kind=kind, name=name) for difference in _compare(left, right, policy))
    for each in settled:
        hint = f"first at {each.place}"
        yield Difference(kind, name, each.before, each.after, count=each.count, hint=hint, rule="", known=each.why)


def describe_file(file: File | None) -> str:
    """Return size and digest as text, nothing for no file."""
    return f"{file.size} bytes, sha256 {file.digest[:12]}" if file else ""


def _compare(before: Content, after: Content, policy: Policy) -> Iterator[Difference]:
    yield from _compare_values(before, after)
    for name in [*before.tensors, *(name for name in after.tensors if name not in before.tensors)]:
        for found in compare_tensors(name, before.tensors.get(name), after.tensors.get(name), policy):
            # Of a missing array neither side has a text of its own.
            left = found.before if name in before.tensors else "missing"
            right = found.after if name in after.tensors else "missing"
            hint = ", ".join(filter(None, [f"in {name}", found.hint]))
            yield replace(found, before=left, after=right, hint=hint)
    # The order of layers; in other kinds no order is read.
    if list(before.tensors) != list(after.tensors) and before.tensors.keys() == after.tensors.keys():
        order = excerpts(", ".join(before.tensors), ", ".join(after.tensors))
        yield Difference(Kind.ARTIFACT_CONTENT, "", *order, hint="the order of the tensors")


def _compare_values(before: Content, after: Content) -> Iterator[Difference]:
    left, right = before.values, after.values
    places = [*left, *(place for place in right if place not in left)]
    apart = [place for place in places if left.get(place) != right.get(place)]
    if apart:
        texts = excerpts(left.get(apart[0], ""), right.get(apart[0], ""))
        hint = f"first at {apart[0]}"
        yield Difference(Kind.ARTIFACT_CONTENT, "", *texts, count=len(apart), of=len(places), hint=hint)
