"""Measure the differences between two runs of one side: the other side is neither blamed for them nor cleared by them.

Only what is of a kind that differs by nature (an id, a time, a temporary name) and in the same place is settled by
that. Numbers are not: a metric that varies needs a margin and several seeds, or a tolerance.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from compatkit.equivalence.comparing.compare import compare_snapshots, find_differences
from compatkit.equivalence.difference import Difference, Kind, excerpts
from compatkit.equivalence.policy import Policy
from compatkit.equivalence.snapshot import File, Model, Snapshot
from compatkit.equivalence.verdict import Verdict

_KINDS = {
    "an id": (
        r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
        r"|(?=[0-9a-f]*[0-9])(?=[0-9]*[a-f])[0-9a-f]{16,64}(?![0-9a-f])"
    ),
    "a temporary name": r"tmp[a-z0-9_]{8}(?![A-Za-z0-9])",
    "a time": (
        r"20[0-9]{2}-[01][0-9]-[0-3][0-9](?:[T @_-][0-9]{2}[:.-]?[0-9]{2}(?:[:.-]?[0-9]{2}(?:[.,][0-9]+)?)?)?"
        r"|20[0-9]{2}[01][0-9][0-3][0-9](?:[T_-]?[0-9]{6})?(?![0-9])"
        r"|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? (?:[0-9]{1,2} [A-Z][a-z]{2}|[A-Z][a-z]{2} +[0-9]{1,2}),? (?:20[0-9]{2})?"
        r"|[0-2][0-9]:[0-5][0-9]:[0-5][0-9](?:[.,][0-9]+)?"
        r"|1[6-9][0-9]{8}(?:[0-9]{3})?(?:\.[0-9]+)?(?![0-9])"
    ),
}
_VARYING = re.compile(
    "|".join(f"(?<![A-Za-z0-9.])(?P<k{number}>{pattern})" for number, pattern in enumerate(_KINDS.values()))
)
_MARK = "\0"
_Texts = Mapping[str, str]
_Files = Mapping[str, File]


def compare_over_noise(before: Snapshot, again: Snapshot, after: Snapshot, policy: Policy) -> Verdict:
    """Compare `before` with `after`, where `again` is a second run of what logged `before`.

    The verdict tells what differs between the first two. A difference that they show too, and that is not settled,
    decides as ever, and says so.
    """
    noise = [each for each in find_differences(before, again, policy) if not each.known]
    settled: list[Difference] = []
    verdict = compare_snapshots(before, _settled(before, again, after, _Settling(settled)), policy, settled=settled)
    varying = {(each.child, each.kind, each.name): each for each in noise}
    deciding = tuple(_with_noise(each, varying.get((each.child, each.kind, each.name))) for each in verdict.deciding)
    return replace(verdict, deciding=deciding, noise=tuple(noise))


def mask(text: str) -> str:
    """Return the text with a mark, by its kind, in place of each id, time and temporary name."""
    return _VARYING.sub(lambda found: f"{_MARK}{found.lastgroup}{_MARK}", text)


def fits(before: str, again: str, after: str) -> str:
    """Return in what kinds of things `after` and `again` both differ from `before`; empty where it is in more."""
    if before == again or not mask(before) == mask(again) == mask(after):
        return ""
    kinds = dict.fromkeys(found.lastgroup or "" for found in _VARYING.finditer(before))
    return " and ".join(list(_KINDS)[int(kind[1:])] for kind in kinds)


def _with_noise(difference: Difference, noise: Difference | None) -> Difference:
    if noise is None:
        return difference
    said = f"{noise.before or 'nothing'} | {noise.after or 'nothing'} in two runs of before"
    remedy = "allow it, if it is no part of what the training gives"
    if noise.kind is Kind.METRIC_VALUE:
        remedy = "give a --margin and --seeds, or a tolerance"
    hint = f"it varies by itself, {said}: {remedy}"
    return replace(difference, hint=f"{difference.hint}, {hint}" if difference.hint else hint)


@dataclass(frozen=True, slots=True)
class _Settling:
    """Puts the values of before in place of those of after where both vary by nature, and notes each in `found`."""

    found: list[Difference]
    child: str = ""

    def note(self, kind: Kind, name: str, left: str, right: str, why: str, hint: str = "") -> None:
        known = f"{why}, which two runs of before show to vary"
        texts = excerpts(left, right)
        self.found.append(Difference(kind, name, *texts, rule="", hint=hint, child=self.child, known=known))

    def texts(self, kind: Kind, left: _Texts, again: _Texts, right: _Texts) -> dict[str, str]:
        changed = dict(right)
        for name in sorted(left.keys() & again.keys() & right.keys()):
            if left[name] != right[name] and (why := fits(left[name], again[name], right[name])):
                self.note(kind, name, left[name], right[name], why)
                changed[name] = left[name]
        return changed

    def files(self, kind: Kind, left: _Files, again: _Files, right: _Files, of: str = "") -> dict[str, File]:
        names, twins = _renamed(left, again, right), _renamed(left, again, again)
        for new, old in names.items():
            self.note(kind, f"{of}{old}", old, new, "a name with an id or a time")
        changed = {names.get(name, name): file for name, file in right.items()}
        repeated = {twins.get(name, name): file for name, file in again.items()}
        for name in sorted(left.keys() & repeated.keys() & changed.keys()):
            for place, one, other, why in _varying_places(left[name], repeated[name], changed[name]):
                self.note(kind, f"{of}{name}", one, other, why, hint=f"first at {place}")
                changed[name] = _with_place(changed[name], place, one)
        return changed

    def model(self, name: str, left: Model, again: Model, right: Model) -> Model:
        files = self.files(Kind.MODEL_FILE, left.files, again.files, right.files, of=f"{name}: ")
        details = self.texts(Kind.MODEL_DETAIL, left.details, again.details, right.details)
        return replace(right, files=files, details=details)


def _settled(before: Snapshot, again: Snapshot, after: Snapshot, settling: _Settling) -> Snapshot:
    models, children = dict(after.models), dict(after.children)
    for name in before.models.keys() & again.models.keys() & after.models.keys():
        models[name] = settling.model(name, before.models[name], again.models[name], after.models[name])
    for name in before.children.keys() & again.children.keys() & after.children.keys():
        below = _Settling(settling.found, f"{settling.child} / {name}" if settling.child else name)
        children[name] = _settled(before.children[name], again.children[name], after.children[name], below)
    return replace(
        after,
        params=settling.texts(Kind.PARAM_VALUE, before.params, again.params, after.params),
        tags=settling.texts(Kind.TAG_VALUE, before.tags, again.tags, after.tags),
        artifacts=settling.files(Kind.ARTIFACT_CONTENT, before.artifacts, again.artifacts, after.artifacts),
        models=models,
        children=children,
    )


def _varying_places(before: File, again: File, after: File) -> Iterator[tuple[str, str, str, str]]:
    contents = [file.content for file in (before, again, after) if file.content]
    if len(contents) < 3 or len({content.kind for content in contents}) > 1:
        return
    left, twin, right = (content.values for content in contents)
    for place in [each for each in left if each in twin and each in right]:
        if left[place] != right[place] and (why := fits(left[place], twin[place], right[place])):
            yield place, left[place], right[place], why


def _with_place(file: File, place: str, text: str) -> File:
    assert file.content is not None
    values = {**file.content.values, place: text}
    # Another digest, lest the file be taken for one that was not read.
    return replace(file, digest="", content=replace(file.content, values=values))


def _renamed(left: _Files, again: _Files, right: _Files) -> dict[str, str]:
    """Return the names of `right` that stand for one of `left`, where those that both runs of before have not vary."""
    alone = {mask(name): name for name in left.keys() - again.keys()}
    others = _by_mask(again.keys() - left.keys())
    pairs = {}
    for key, names in _by_mask(right.keys() - left.keys()).items():
        # As many on each side: with more, nothing says which is which.
        counts = [sum(mask(name) == key for name in left.keys() - again.keys()), len(others.get(key, ())), len(names)]
        if _MARK in key and counts == [1, 1, 1]:
            pairs[names[0]] = alone[key]
    return pairs


def _by_mask(names: set[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in sorted(names):
        found.setdefault(mask(name), []).append(name)
    return found
