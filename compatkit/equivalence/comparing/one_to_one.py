"""Pair the ids of two runs one to one: an id that is used twice must stand for the same thing in both places.

Otherwise `best: ID` would be settled as an id that varies, whichever of the runs, models or files it names.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence

from compatkit.equivalence.comparing.varying import (
    MARK,
    TIME,
    Span,
    are_in_their_runs,
    are_of_the_runs,
    drawn_in,
    mask,
    times_in,
    with_drawn,
)
from compatkit.equivalence.snapshot import File, Snapshot

_MOST_PLACES = 1000  # of a file that are looked at, to find its counterpart


class Pairs:
    """The ids and drawn names of one run, each with its only counterpart in the other.

    `spans` tell when the runs were whose names are paired.
    """

    def __init__(self, known: Iterable[tuple[str, str]] = (), spans: Sequence[Span] = ()) -> None:
        self._spans = spans
        self._there: dict[str, str] = {}
        self._back: dict[str, str] = {}
        for one, other in known:
            if mask(one) == mask(other):
                self.agree(one, other)

    def agree(self, before: str, after: str) -> bool:
        """Tell whether what is drawn in two texts of one mask fits all that was seen before, and keep it if so."""
        return self._add(zip(drawn_in(before), drawn_in(after), strict=True))

    def _add(self, pairs: Iterable[tuple[str, str]]) -> bool:
        new = [(one, other) for one, other in dict.fromkeys(pairs) if one != other]
        ones, others = dict(new), {other: one for one, other in new}
        if len(ones) < len(new) or len(others) < len(new):
            return False
        if any(self._there.get(one, other) != other or self._back.get(other, one) != one for one, other in new):
            return False
        self._there |= ones
        self._back |= others
        return True

    def renamed(
        self, left: Mapping[str, object], again: Mapping[str, object], right: Mapping[str, object]
    ) -> dict[str, str]:
        """Return the names of `right` that stand for one of `left`, where those that not both runs of before have vary.

        Times have an order, and may be equal in both. Ids have none: they go by what is kept under them, and only then
        by their order.
        """
        shared = {name for name in (left.keys() & again.keys()) - right.keys() if _is_timed(mask(name))}
        alone = _by_mask(left.keys() - again.keys() | shared, left)
        twins = _by_mask(again.keys() - left.keys() | shared, again)
        groups = [
            (key, alone[key], names)
            for key, names in _by_mask(right.keys() - left.keys(), right).items()
            # As many on each side: with more, nothing says which is which.
            if MARK in key
            and len(alone.get(key, ())) == len(twins.get(key, ())) == len(names)
            and self._are_of_the_runs(alone[key], twins[key], names)
        ]
        found = dict[str, str]()
        drawn = [group for group in groups if not _is_timed(group[0])]
        self._pair_by_content(left, right, drawn)
        for group in groups:
            if group in drawn:
                found |= self._translated(*group[1:])
            else:
                found |= dict(zip(sorted(group[2]), sorted(group[1]), strict=True))
        return found

    def _are_of_the_runs(self, *sides: list[str]) -> bool:
        """Tell whether the times in the names may all be of these runs."""
        found = zip(*([stamp for name in sorted(names) for stamp in times_in(name)] for names in sides), strict=True)
        return all(
            are_in_their_runs(times, self._spans) if times[0] == times[1] else are_of_the_runs(times, self._spans)
            for times in found
            if len(set(times)) > 1
        )

    def _pair_by_content(
        self,
        left: Mapping[str, object],
        right: Mapping[str, object],
        groups: Sequence[tuple[str, list[str], list[str]]],
    ) -> None:
        for content in (_content, _params_of):
            olds = _kept_under([name for _, names, _ in groups for name in names], left, self._there, content)
            news = _kept_under([name for _, _, names in groups for name in names], right, self._back, content)
            same = dict[Hashable, deque[str]]()
            for other, kept in news.items():
                same.setdefault(kept, deque()).append(other)
            for one, kept in olds.items():
                if others := same.get(kept):
                    self._add([(one, others.popleft())])
        left_over = [old for old in olds if old not in self._there]
        for pair in zip(left_over, [new for new in news if new not in self._back], strict=False):
            self._add([pair])

    def _translated(self, olds: Iterable[str], names: Iterable[str]) -> dict[str, str]:
        free = dict[str, deque[str]]()
        for old in olds:
            free.setdefault(with_drawn(old, self._there), deque()).append(old)
        found = {}
        for name in names:
            if same := free.get(with_drawn(name, {})):
                found[name] = same.popleft()
        return found


def own_pairs(before: Snapshot, after: Snapshot) -> Iterator[tuple[str, str]]:
    """Yield the ids and drawn names of two runs, of their models and children, as far as these are counterparts."""
    for name in before.own_ids.keys() & after.own_ids.keys():
        yield before.own_ids[name], after.own_ids[name]
    for name in before.children.keys() & after.children.keys():
        yield from own_pairs(before.children[name], after.children[name])


def _is_timed(masked: str) -> bool:
    """Tell whether a name varies in times alone."""
    return set(masked.split(MARK)[1::2]) == {TIME}


def _by_mask(names: Iterable[str], order: Mapping[str, object]) -> dict[str, list[str]]:
    chosen, found = set(names), dict[str, list[str]]()
    for name in order:
        if name in chosen:
            found.setdefault(mask(name), []).append(name)
    return found


def _kept_under(
    names: Iterable[str],
    values: Mapping[str, object],
    known: Mapping[str, str],
    content: Callable[[object], Hashable],
) -> dict[str, Hashable]:
    """Return what is kept under each id in the names, but for ids and times in it."""
    found: dict[str, list[tuple[str, Hashable]]] = {}
    for name in names:
        for drawn in drawn_in(name):
            if drawn not in known:
                place = mask(name.replace(drawn, f"{MARK}here{MARK}"))
                found.setdefault(drawn, []).append((place, content(values[name])))
    return {drawn: tuple(sorted(kept, key=repr)) for drawn, kept in found.items()}


def _content(value: object) -> Hashable:
    if isinstance(value, Snapshot):
        return mask(repr((sorted(value.params.items()), sorted(value.metrics.items()), value.status)))
    if not isinstance(value, File):
        return mask(str(value))
    if value.content is None or value.content.tensors or len(value.content.values) > _MOST_PLACES:
        return value.digest, value.size
    return tuple((mask(place), mask(text)) for place, text in value.content.values.items())


def _params_of(value: object) -> Hashable:
    """Return what tells apart children whose metrics vary; of all else, what is kept."""
    return mask(repr(sorted(value.params.items()))) if isinstance(value, Snapshot) else _content(value)
