"""Compare two public interfaces: names that moved, were renamed or removed, and callables that take other arguments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Literal

from compatkit.authoring.interface import Interface, Parameter, PublicName, spelling
from compatkit.authoring.matching import Matcher, announcements
from compatkit.migration import Confidence

ChangeKind = Literal[
    "moved",
    "module moved",
    "renamed",
    "removed",
    "deprecated",
    "argument renamed",
    "argument removed",
    "argument added",
    "default",
    "position",
]


_SIMILAR = 0.6
# The default of an argument that nobody is to give.
_MARK = re.compile(r"deprecat|warn|no_?(?:default|value)|unset|sentinel", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Change:
    """One change that code can run into.

    `argument` is the argument that it is about, `new` what it became; `positions` are, of one that is gone or not taken
    where it stood, the old positional arguments; `say` is what the authors of the library said of it. `is_doubtful`: v2
    may still take it. `others` are more public names of what it is about.
    """

    kind: ChangeKind
    old: str
    new: str = ""
    confidence: Confidence = "manual"
    evidence: str = ""
    argument: str = ""
    positions: tuple[str, ...] = ()
    say: str = ""
    is_member: bool = False
    is_doubtful: bool = False
    others: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name under which it is listed: an argument in brackets behind its callable."""
        return f"{self.old}({self.argument})" if self.argument else self.old


def find_changes(old: Interface, new: Interface) -> list[Change]:
    """Return what changed for code that was written for `old`, in the order of the names.

    A package that is called otherwise now moved as a whole; of the names in it, those that did more are told.
    """
    if old.package != new.package:
        evidence = "the package is called otherwise"
        whole = Change("module moved", old.package, new.package, "review", evidence)
        return [
            whole,
            *(under(change, old.package, new.package) for change in find_changes(old.renamed(new.package), new)),
        ]
    matcher = Matcher(old, new)
    found = list(_found(old, new, matcher))
    modules = list(_moved_modules(old, new, found))
    covered = {name for module in modules for name in _covered(module, found)}
    found = [change for change in found if change.name not in covered]
    return sorted([*modules, *found], key=lambda change: (change.name, change.kind))


def told_once(changes: list[Change], old: Interface) -> list[Change]:
    """Tell each change of a callable or a member once, under all public names that the old release has for it."""
    found: dict[tuple[object, ...], Change] = {}
    for change in changes:
        is_of_one_name = change.kind in ("moved", "module moved") or (change.kind == "removed" and not change.is_member)
        names = [change.old] if is_of_one_name else old.second_names(change.old)
        key = (change.kind, change.argument, *names)
        found.setdefault(key, replace(change, old=names[0], others=tuple(names[1:])))
    return [*found.values()]


def under(change: Change, old: str, new: str) -> Change:
    """Return a change of the renamed package under the name that users know."""
    is_inside = change.old == new or change.old.startswith(f"{new}.")
    return replace(change, old=old + change.old.removeprefix(new)) if is_inside else change


def _found(old: Interface, new: Interface, matcher: Matcher) -> Iterator[Change]:
    gone: set[str] = set()
    for path, item in sorted(old.items.items()):
        if item.is_member and item.parent in gone:
            # What became of a class that is gone was told once.
            gone.add(path)
            continue
        pairing = matcher.pair(item)
        there = matcher.still_there(item)
        if pairing is not None:
            kind: ChangeKind = "renamed" if item.is_member else "moved"
            yield Change(kind, path, pairing.item.path, pairing.confidence, pairing.evidence)
            there = pairing.item if pairing.is_same_thing else there
        elif there is None and path not in new.names:
            gone.add(path)
            yield Change("removed", path, evidence=_why_removed(item, new), is_member=item.is_member)
        elif there is not None and (said := list(announcements(there.source))):
            evidence = f"the library says: {' / '.join(' '.join(text.split()) for text in said)}"
            yield Change("deprecated", path, evidence=evidence)
        if there is not None:
            yield from _arguments(item, there)


def _why_removed(item: PublicName, new: Interface) -> str:
    hidden = sorted(name for name in new.names - new.items.keys() if name.endswith(f".{item.name}"))
    is_left = hidden and not item.is_member
    return f"only {hidden[0]} is left, which is private" if is_left else "the new release has nothing like it"


def _arguments(old: PublicName, new: PublicName) -> Iterator[Change]:
    before = {parameter.name: parameter for parameter in old.parameters if not parameter.is_collecting}
    after = {parameter.name: parameter for parameter in new.parameters if not parameter.is_collecting}
    replaced = dict(_replaced([*before.values()], [*after.values()]))
    after = {name: item for name, item in after.items() if name not in replaced}
    if old.kind == "attribute" or new.kind == "attribute":
        return
    added = {name: item for name, item in after.items() if name not in before}
    positions = {name: place for place, name in enumerate(after)}
    # Where more went than came, a new one in an old place is hardly the same.
    has_enough = len(added) >= len(before.keys() - after.keys())
    now_called = {name: name for name in before}
    for place, (name, was) in enumerate(before.items()):
        if name in replaced:
            evidence = f"{replaced[name]} has its place; the old name is still taken, by name"
            yield Change("argument renamed", old.path, replaced[name], "review", evidence, name)
            now_called[name] = replaced[name]
            added.pop(replaced[name], None)
        elif name in after:
            now = after[name]
            if was.default not in {None, now.default}:
                evidence = f"its default was {was.default}, and is {now.default or 'no longer there'}"
                yield Change("default", old.path, now.default or "", "manual", evidence, name)
        if name in replaced or name in after:
            continue
        renamed = _renamed(was, place if has_enough else -1, added, positions)
        if renamed is not None:
            now, confidence, evidence = renamed
            del added[now.name]
            now_called[name] = now.name
            yield Change("argument renamed", old.path, now.name, confidence, evidence, name)
        else:
            takes_any = any(parameter.kind == "variadic keyword" for parameter in new.parameters)
            evidence = "the new one collects keywords, so that it may still be taken" if takes_any else "it is gone"
            places = tuple(_positional(old))
            yield Change("argument removed", old.path, "", "manual", evidence, name, places, is_doubtful=takes_any)
    for name, now in added.items():
        if now.default is None:
            yield Change("argument added", old.path, name, "manual", "it is new, and must be given", name)
    yield from _positions(old, new, now_called)


def _replaced(before: list[Parameter], after: list[Parameter]) -> Iterator[tuple[str, str]]:
    """Yield the arguments that left their place to a new one, and are kept for those who give the old name."""
    old, new = {parameter.name for parameter in before}, {parameter.name: parameter for parameter in after}
    for was, now in zip(before, after, strict=False):
        is_positional = {was.kind, now.kind} <= {"positional-only", "positional or keyword"}
        if was.name == now.name or now.name in old or was.name not in new or not is_positional:
            continue
        kept = new[was.name]
        is_marked = kept.default not in (None, was.default) and _MARK.search(kept.default) is not None
        is_respelled = SequenceMatcher(None, was.name.lower(), now.name.lower()).ratio() >= _SIMILAR
        if is_marked or (is_respelled and kept.default is not None):
            yield was.name, now.name


def _positions(old: PublicName, new: PublicName, now_called: dict[str, str]) -> Iterator[Change]:
    """Yield the first argument that is no longer taken in its place: those behind it are not either, or may not be."""
    before, after = _positional(old), _positional(new)
    if any(parameter.kind == "variadic positional" for parameter in new.parameters):
        return
    for place, name in enumerate(before):
        is_left = any(parameter.name == now_called[name] for parameter in new.parameters)
        if is_left and after[place : place + 1] != [now_called[name]]:
            now = after.index(now_called[name]) + 1 if now_called[name] in after else 0
            evidence = f"it was number {place + 1}, and is {f'number {now}' if now else 'taken by name only'}"
            yield Change("position", old.path, "", "safe", evidence, name, tuple(before))
            return


def _positional(item: PublicName) -> list[str]:
    return [
        parameter.name
        for parameter in item.parameters
        if parameter.kind in ("positional-only", "positional or keyword")
    ]


def _renamed(
    was: Parameter, place: int, added: dict[str, Parameter], positions: dict[str, int]
) -> tuple[Parameter, Confidence, str] | None:
    for now in added.values():
        if spelling(now.name).rstrip("_") == spelling(was.name).rstrip("_"):
            return now, "safe", "it is the same word, written otherwise"
    for now in added.values():
        # Half of all defaults are None: that alone says nothing.
        is_telling = was.default != "None" or SequenceMatcher(None, was.name, now.name).ratio() >= _SIMILAR
        if positions[now.name] == place and now.default == was.default and now.kind == was.kind and is_telling:
            said = f"default {was.default}" if was.default else "lack of a default"
            return now, "review", f"it has the same place and {said}"
    return None


def _moved_modules(old: Interface, new: Interface, found: list[Change]) -> Iterator[Change]:
    """Yield the modules that are gone, and of which all that is public went to one other under its old name."""
    for module in sorted(old.modules - new.names):
        inside = [change for change in found if _is_directly_in(change, module)]
        homes = {change.new.rpartition(".")[0] for change in inside if change.kind == "moved"}
        keeps_names = all(change.new.rpartition(".")[2] == change.old.rpartition(".")[2] for change in inside)
        if len(inside) < 2 or len(homes) != 1 or not keeps_names or any(change.kind != "moved" for change in inside):
            continue
        (home,) = homes
        # A package around it has those names, but it is not what the module became.
        if not module.startswith(f"{home}."):
            confidence: Confidence = "safe" if all(change.confidence == "safe" for change in inside) else "review"
            yield Change("module moved", module, home, confidence, f"all its {len(inside)} public names are in {home}")


def _is_directly_in(change: Change, module: str) -> bool:
    return change.old.rpartition(".")[0] == module and not change.argument


def _covered(module: Change, found: list[Change]) -> Iterator[str]:
    yield from (change.name for change in found if _is_directly_in(change, module.old))
