"""Compare two files of one name by content, ignoring what a framework writes by nature, or else by digest."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from compatkit.equivalence.comparing.tensors import compare_tensors
from compatkit.equivalence.difference import Difference, Kind, excerpts
from compatkit.equivalence.frameworks import Nature, file_natures
from compatkit.equivalence.policy import Policy
from compatkit.equivalence.snapshot import Content, File
from compatkit.equivalence.tolerance import EXACT, Tolerance

_LEFT_OUT = "…"


@dataclass(frozen=True, slots=True)
class Settled:
    """A difference by nature, which does not decide: its reason, both sides of its first place, `count` places."""

    why: str
    place: str
    before: str
    after: str
    count: int


def settle(before: Content, after: Content, natures: Iterable[Nature]) -> tuple[Content, Content, list[Settled]]:
    """Return both contents without the places that vary by nature, and the differences in those places."""
    found = []
    for nature in natures:
        left, right = _reduced(before, after, nature)
        changed = [
            place for place in before.values if _parted(before, after, place) and not _parted(left, right, place)
        ]
        changed += [
            name for name in before.tensors if name not in left.tensors and before.tensors[name] != after.tensors[name]
        ]
        if changed:
            first = changed[0]
            texts = excerpts(before.values.get(first, "an array"), after.values.get(first, "an array"))
            found.append(Settled(nature.reason, first, *texts, len(changed)))
        before, after = left, right
    return before, after, found


def _parted(before: Content, after: Content, place: str) -> bool:
    return before.values.get(place) != after.values.get(place)


def _reduced(before: Content, after: Content, nature: Nature) -> tuple[Content, Content]:
    if nature.ids and nature.place:
        return before, _with_ids_of(before, after, nature.place, nature.ids)
    if nature.ids:
        return _both(lambda content: _with_numbered(content, nature.ids), before, after)
    if nature.place:
        return _without(before, after, nature.place.fullmatch)
    if nature.columns:
        return _both(lambda content: _without_columns(content, nature.columns), before, after)
    if nature.text:
        return _both(lambda content: _without_text(content, nature.text), before, after)
    return before, after


def _both(change: Callable[[Content], Content], before: Content, after: Content) -> tuple[Content, Content]:
    return change(before), change(after)


def _without(before: Content, after: Content, is_by_nature: Callable[[str], object]) -> tuple[Content, Content]:
    """Remove the matching places that both sides have: a place on one side only is a difference."""
    values = {place for place in before.values.keys() & after.values.keys() if is_by_nature(place)}
    tensors = {
        name
        for name in before.tensors.keys() & after.tensors.keys()
        if is_by_nature(name) and before.tensors[name].shape == after.tensors[name].shape
    }
    return _both(
        lambda content: replace(
            content,
            values={place: text for place, text in content.values.items() if place not in values},
            tensors={name: tensor for name, tensor in content.tensors.items() if name not in tensors},
        ),
        before,
        after,
    )


def _without_columns(content: Content, columns: re.Pattern[str] | None) -> Content:
    """Remove the cells of columns that vary by nature, known by their name in the first row."""
    if content.kind != "csv" or not content.values or columns is None:
        return content
    head = json.loads(next(iter(content.values.values())))
    left_out = {number for number, name in enumerate(head) if columns.fullmatch(name)}

    def row(place: str, text: str) -> str:
        cells = json.loads(text)
        if len(cells) != len(head) or place == "row 1":
            return text
        kept = [_LEFT_OUT if number in left_out else cell for number, cell in enumerate(cells)]
        return json.dumps(kept, ensure_ascii=False)

    return replace(content, values={place: row(place, text) for place, text in content.values.items()})


def _without_text(content: Content, text: re.Pattern[str] | None) -> Content:
    """Leave out of a text what the groups of a pattern match, without a line end."""
    if content.kind != "text" or text is None:
        return content
    whole = "".join(content.values.values())
    spans = [span for found in text.finditer(whole) for span in found.regs[1:] if span[0] >= 0]
    kept, last = [], 0
    for start, end in spans:
        # Whatever ends a line: those that are left must keep their numbers.
        if whole[start:end].splitlines() in ([], [whole[start:end]]):
            kept += [whole[last:start], _LEFT_OUT]
            last = end
    lines = "".join([*kept, whole[last:]]).splitlines(keepends=True)
    return replace(content, values={f"line {number}": line for number, line in enumerate(lines, start=1)})


def _with_numbered(content: Content, ids: re.Pattern[str] | None) -> Content:
    """Put a number in place of each id that a group of a pattern finds in a text, wherever in the text it stands."""
    if content.kind != "text" or ids is None:
        return content
    found = dict.fromkeys(text for match in ids.finditer("".join(content.values.values())) for text in match.groups())
    numbers = {text: f"{_LEFT_OUT}{number}{_LEFT_OUT}" for number, text in enumerate(filter(None, found))}
    if not numbers:
        return content
    any_id = re.compile(rf"(?<![0-9A-Za-z])(?:{'|'.join(numbers)})(?![0-9A-Za-z])")
    return replace(
        content,
        values={place: any_id.sub(lambda one: numbers[one[0]], line) for place, line in content.values.items()},
    )


def _with_ids_of(before: Content, after: Content, place: re.Pattern[str], ids: re.Pattern[str]) -> Content:
    """Put the ids of `before` in place of those of `after`, if each has just one counterpart in the whole file."""
    there, back = dict[str, str](), dict[str, str]()
    shared = [key for key in before.values if key in after.values and place.fullmatch(key)]
    for key in shared:
        left, right = ids.findall(before.values[key]), ids.findall(after.values[key])
        for one, other in zip(left, right, strict=False):
            if there.setdefault(one, other) != other or back.setdefault(other, one) != one:
                return after
    changed = {key: ids.sub(lambda found: back.get(found[0], found[0]), after.values[key]) for key in shared}
    return replace(after, values={key: changed.get(key, text) for key, text in after.values.items()})


def compare_file(name: str, before: File, after: File, kind: Kind, policy: Policy) -> Iterator[Difference]:
    """Yield the differences between two files; each has the file's name, and a hint with the place in it."""
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
    for value in settled:
        hint = f"first at {value.place}"
        yield Difference(kind, name, value.before, value.after, count=value.count, hint=hint, rule="", known=value.why)


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
