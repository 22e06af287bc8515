"""Find a name of the old release again in the new one, and say how sure that is."""

from __future__ import annotations

import ast
import re
import textwrap
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from compatkit.authoring.interface import Interface, PublicName, spelling
from compatkit.migration import Confidence

# Shares of the words of two sources that are the same.
_ALIKE = 0.6
_MUCH_ALIKE = 0.75
_HALF = 0.5
# A source of fewer words is like many others.
_SHORT = 12
_SHORTEST = 3  # letters of a name that a text may mean
_DOTTED = re.compile(r"[A-Za-z_][\w.]*\w|[A-Za-z_]")
_NAME = re.compile(r"[`']*([A-Za-z_][\w.]*)(?:\(\))?[`']*")
_ADVICE = re.compile(
    # What stands in the next sentence is not the advice.
    r"(?:\b[Uu]se\b|\brenamed to\b|\bmoved to\b|\breplaced (?:by|with)\b|\bin favou?r of\b)(?:(?!\.\s).)*",
    re.DOTALL,
)
_EXPRESSION = re.compile(r"\w\([^)]|\w\[")
_WARNS = re.compile(r"deprecat", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class NamePairing:
    """An old item, the new one that it became, and why that is believed. `is_same_thing`: it is called as before."""

    old: PublicName
    item: PublicName
    confidence: Confidence
    evidence: str
    is_same_thing: bool = True


class Matcher:
    """Finds the counterparts of old names among the new ones."""

    def __init__(self, old: Interface, new: Interface) -> None:
        self._old, self._new = old, new
        self._by_name: dict[str, list[PublicName]] = defaultdict(list)
        self._by_spelling: dict[str, list[PublicName]] = defaultdict(list)
        self._by_home: dict[str, list[PublicName]] = defaultdict(list)
        self._added: dict[str, list[PublicName]] = defaultdict(list)
        for item in new.hidden.values():
            # Left out of an `__all__`, but in a public module: moved there, it is as public as it can be.
            self._by_name[item.name].append(item)
        for path, item in new.items.items():
            self._by_name[item.name].append(item)
            self._by_spelling[spelling(item.name)].append(item)
            self._by_home[item.home].append(item)
            if path not in old.names:
                self._added[item.parent].append(item)
        self._old_by_home: dict[str, list[PublicName]] = defaultdict(list)
        for item in old.items.values():
            self._old_by_home[item.home].append(item)
        self._pairs: dict[str, NamePairing | None] = {}
        self._pairing: set[str] = set()

    def pair(self, item: PublicName) -> NamePairing | None:
        """Return what became of an item, or None where it is still there, or nothing like it is."""
        if item.path not in self._pairs:
            self._pairing.add(item.path)
            self._pairs[item.path] = self._pair(item)
        return self._pairs[item.path]

    def still_there(self, item: PublicName) -> PublicName | None:
        """Return the item as it is called in the new release, if it keeps its name."""
        return self._new.find(f"{self._parent_of(item)}.{item.name}" if item.is_member else item.path)

    def _pair(self, item: PublicName) -> NamePairing | None:
        path = f"{self._parent_of(item)}.{item.name}" if item.is_member else item.path
        if there := self._new.find(path):
            # The library still has it, and says itself what to use instead.
            return self._announced(item, there)
        if path in self._new.names:
            return None
        ways = (self._handed_on, self._by_other_path, self._announced_by_old, self._same_name, self._other_name)
        return next((found for way in ways if (found := way(item))), None)

    def _announced_by_old(self, item: PublicName) -> NamePairing | None:
        return self._announced(item, item)

    def _by_other_path(self, item: PublicName) -> NamePairing | None:
        """Find what was public under two names, of which the other one is there, or leads on."""
        for other in self._old_by_home[item.home]:
            if other.path == item.path or item.is_member:
                continue
            if there := self._new.items.get(other.path):
                paired = self._pairs.get(other.path) if other.path in self._pairing else self.pair(other)
                found = paired.item if paired else there
                return NamePairing(item, found, "safe", f"{item.path} was {other.path} under another name")
        return None

    def _handed_on(self, item: PublicName) -> NamePairing | None:
        """Find what was only handed on under the old name, and is still where it is defined."""
        there = self._new.items.get(item.home)
        if item.home == item.path or there is None:
            return None
        return NamePairing(item, there, "safe", f"{item.path} only handed on {item.home}, which is still there")

    def _announced(self, item: PublicName, source: PublicName) -> NamePairing | None:
        """Find what a deprecation in the code of the library names as the replacement."""
        for text in announcements(source.source):
            said = f"the library says: {' '.join(text.split())}"
            if name := _NAME.fullmatch(text.strip()):
                path = self._resolve(name[1], item, source)
                if path is not None:
                    other = self._new.items[path]
                    is_same_kind = other.kind == item.kind
                    return NamePairing(item, other, "safe" if is_same_kind else "review", said, is_same_kind)
            elif advice := _ADVICE.search(text):
                # In a sentence, one name only: which of several is meant, only a reader knows.
                named = dict.fromkeys(self._resolve(word, item, source) for word in _DOTTED.findall(advice[0]))
                paths = [path for path in named if path]
                if len(paths) == 1 and not _EXPRESSION.search(advice[0]):
                    return NamePairing(item, self._new.items[paths[0]], "review", said, is_same_thing=False)
        return None

    def _resolve(self, word: str, item: PublicName, source: PublicName) -> str | None:
        """Return the path of a public name that a text means, from where the text stands."""
        parents = [item.parent, self._parent_of(item)]
        if not item.is_member:
            parents.append(self._new.package)
        places = [word, *(f"{parent}.{word}" for parent in parents)]
        for path in places:
            other = self._new.items.get(path)
            # A function takes the place of no method, nor a method that of a function: no import can bring it.
            is_fit = other and other.is_member == item.is_member and (not item.is_member or other.parent in parents)
            if is_fit and path not in {item.path, source.path}:
                return path
        last = word.rpartition(".")[2]
        # What is there, and was not read, is meant. And two letters are hardly a name: e.g.
        is_there = not self._new.names.isdisjoint([*places, f"{self._new.package}.{last}"])
        if item.is_member or last == item.name or len(last) < _SHORTEST or is_there:
            return None
        alone = [other for other in self._by_name[last] if not other.is_member]
        homes = {other.home for other in alone}
        return alone[0].path if len(homes) == 1 else None

    def _same_name(self, item: PublicName) -> NamePairing | None:
        """Find the same name in another place."""
        others = [other for other in self._by_name[item.name] if self._is_possible(item, other)]
        best = max(others, key=lambda other: (likeness(item, other), -len(other.path)), default=None)
        top = f"{self._new.package}.{item.name}"
        # What the package itself hands on, and could not be read, is nearer than any other.
        if best is None or (not item.is_member and top in self._new.names and top not in self._new.items):
            return None
        share = likeness(item, best)
        same_doc = bool(item.doc) and item.doc == best.doc
        is_only = len({other.home for other in others}) == 1
        if same_doc or share >= _ALIKE:
            kept = ", and the same docstring" if same_doc else ""
            return NamePairing(item, best, "safe", f"{best.path} has the same name, {share:.0%} of the source{kept}")
        if is_only and not item.is_member and share >= _HALF:
            return NamePairing(
                item, best, "review", f"{best.path} is the only other one of this name ({share:.0%} alike)"
            )
        return None

    def _other_name(self, item: PublicName) -> NamePairing | None:
        """Find another name for the same: the same word first, then the same source among what is new."""
        alike = [other for other in self._by_spelling[spelling(item.name)] if self._is_possible(item, other)]
        for other in alike:
            share = likeness(item, other)
            is_sure = other.parent == self._parent_of(item) or share >= _ALIKE
            if is_sure:
                evidence = f"{other.path} is the same word, written otherwise ({share:.0%} of the source alike)"
                return NamePairing(item, other, "safe" if other.kind == item.kind else "review", evidence)
        if sum(item.words.values()) < _SHORT:
            return None
        near = self._added[self._parent_of(item)]
        # What leaves its module may get another name on the way; a member stays where it is.
        far = [] if item.is_member else [other for added in self._added.values() for other in added]
        for added in (near, far):
            possible = [other for other in added if self._is_possible(item, other) and other.kind == item.kind]
            best = max(possible, key=lambda other: likeness(item, other), default=None)
            if best is not None and likeness(item, best) >= _MUCH_ALIKE:
                share = likeness(item, best)
                return NamePairing(item, best, "review", f"{share:.0%} of the source of {best.path} is alike")
        return None

    def _parent_of(self, item: PublicName) -> str:
        """Return where the members of a class, or of a module, are now."""
        paired = self._pairs.get(item.parent)
        return paired.item.path if paired else item.parent

    def _is_possible(self, item: PublicName, other: PublicName) -> bool:
        if item.is_member != other.is_member:
            return False
        # What was there beside it, and was another thing, is that still.
        was = self._old.items.get(other.path)
        if was and was.home != item.home and likeness(was, other) >= likeness(was, item):
            return False
        # A member stays in its class, wherever that is.
        if item.is_member and other.parent != self._parent_of(item):
            return False
        is_callable = {"class", "function"}
        return item.kind == other.kind or item.is_member or {item.kind, other.kind} <= is_callable


def likeness(one: PublicName, other: PublicName) -> float:
    """Return the share of words that two sources have in common."""
    total = sum(one.words.values()) + sum(other.words.values())
    return 2 * sum((one.words & other.words).values()) / total if total else 0.0


def announcements(source: str) -> Iterator[str]:
    """Yield the texts that a function gives to what warns of it, as far as it is the first thing that it does."""
    try:
        tree = ast.parse(textwrap.dedent(source))
    except SyntaxError:
        return
    for definition in tree.body[:1]:
        for node in _of_itself(definition):
            # `warn(..., DeprecationWarning)`, or a helper of the library that is called for what it does.
            if isinstance(node, ast.Call) and _warns(node):
                words = [part.value for part in ast.walk(node) if isinstance(part, ast.Constant)]
                texts = [word for word in words if isinstance(word, str)]
                # The last one first: of "old is deprecated" and "new", the latter is meant.
                yield from reversed(texts)


def _warns(call: ast.Call) -> bool:
    """Tell whether a call is named for a deprecation, or is given a category of one; a text alone says little."""
    named = [
        call.func,
        *(
            argument.value if isinstance(argument, ast.keyword) else argument
            for argument in (*call.args, *call.keywords)
        ),
    ]
    texts = (ast.unparse(node) for node in named if isinstance(node, ast.Name | ast.Attribute))
    if any(map(_WARNS.search, texts)):
        return True
    return ast.unparse(call.func).rpartition(".")[2] == "warn" and _WARNS.search(ast.unparse(call)) is not None


def _of_itself(definition: ast.stmt) -> Iterator[ast.AST]:
    """Yield the expressions that run whenever the definition is used: no branches, no nested definitions."""
    if isinstance(definition, ast.ClassDef):
        inits = [item for item in definition.body if isinstance(item, ast.FunctionDef) and item.name == "__init__"]
        for init in inits:
            yield from _of_itself(init)
    elif isinstance(definition, ast.FunctionDef | ast.AsyncFunctionDef):
        for decorator in definition.decorator_list:
            yield from ast.walk(decorator)
        for statement in definition.body:
            if isinstance(statement, ast.Expr | ast.Return | ast.Assign):
                yield from ast.walk(statement)
