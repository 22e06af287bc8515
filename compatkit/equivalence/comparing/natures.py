"""Two contents of one file, brought to one in what a framework writes by nature; whatever else differs still does."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from compatkit.equivalence.difference import excerpts
from compatkit.equivalence.frameworks import Nature
from compatkit.equivalence.snapshot import Content

_LEFT_OUT = "…"


@dataclass(frozen=True, slots=True)
class Settled:
    """What differed and does not decide: why, where, and both sides of its first place; `count` places in all."""

    why: str
    place: str
    before: str
    after: str
    count: int


def settle(before: Content, after: Content, natures: Iterable[Nature]) -> tuple[Content, Content, list[Settled]]:
    """Return both contents without what is by nature, and what of that differed."""
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
    if nature.place:
        return _without(before, after, nature.place.fullmatch)
    if nature.columns:
        return _both(lambda each: _without_columns(each, nature.columns), before, after)
    if nature.text:
        return _both(lambda each: _without_text(each, nature.text), before, after)
    return before, after


def _both(change: Callable[[Content], Content], before: Content, after: Content) -> tuple[Content, Content]:
    return change(before), change(after)


def _without(before: Content, after: Content, is_by_nature: Callable[[str], object]) -> tuple[Content, Content]:
    """Leave out such places as both sides have: one that only one side has is a difference."""
    values = {place for place in before.values.keys() & after.values.keys() if is_by_nature(place)}
    tensors = {
        name
        for name in before.tensors.keys() & after.tensors.keys()
        if is_by_nature(name) and before.tensors[name].shape == after.tensors[name].shape
    }
    return _both(
        lambda each: replace(
            each,
            values={place: text for place, text in each.values.items() if place not in values},
            tensors={name: tensor for name, tensor in each.tensors.items() if name not in tensors},
        ),
        before,
        after,
    )


def _without_columns(content: Content, columns: re.Pattern[str] | None) -> Content:
    """Leave the cells of columns out whose name, in the first row, is by nature."""
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
        if "\n" not in whole[start:end]:
            kept += [whole[last:start], _LEFT_OUT]
            last = end
    lines = "".join([*kept, whole[last:]]).splitlines(keepends=True)
    return replace(content, values={f"line {number}": line for number, line in enumerate(lines, start=1)})


def _with_ids_of(before: Content, after: Content, place: re.Pattern[str], ids: re.Pattern[str]) -> Content:
    """Put the ids of `before` in place of those of `after`, if each has just one counterpart in the whole file."""
    there, back = dict[str, str](), dict[str, str]()
    shared = [each for each in before.values if each in after.values and place.fullmatch(each)]
    for each in shared:
        left, right = ids.findall(before.values[each]), ids.findall(after.values[each])
        for one, other in zip(left, right, strict=False):
            if there.setdefault(one, other) != other or back.setdefault(other, one) != one:
                return after
    changed = {each: ids.sub(lambda found: back.get(found[0], found[0]), after.values[each]) for each in shared}
    return replace(after, values={each: changed.get(each, text) for each, text in after.values.items()})
