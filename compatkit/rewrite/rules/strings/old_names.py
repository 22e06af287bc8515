"""Find the old names that a text is, or contains."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from compatkit.migration import Move
from compatkit.migration.renaming import prefixes, renaming_of

_NAME = r"[^\W\d]\w*(?:\.[^\W\d]\w*)*"
# `a.b.N`, `a.b:N` and `a.b:N [extra]`, as entry points are written.
_WHOLE = re.compile(rf"(?P<left>{_NAME})(?::(?P<right>{_NAME})(?P<extras>[ \t]*\[[\w\s,.-]*\])?)?")

# In a quoted text, the letter of an escape such as \n is no part of the name behind it.
_ESCAPE = r"(?<=\\[nrtbf])"


@dataclass(frozen=True, slots=True)
class TextSpelling:
    """A text that is nothing but a name of old code. `new` is what it has to become, empty where that is open.

    `names_home` tells that it names an old module of which names moved, so that its use decides what is right;
    `is_symbol` that it names a single thing with a move of its own.
    """

    move: Move
    new: str
    doubt: str = ""
    names_home: bool = False
    is_symbol: bool = True


class Names:
    """The old names of some moves, ready to be looked for."""

    def __init__(self, moves: tuple[Move, ...]) -> None:
        self._by_old: dict[str, list[Move]] = {}
        self.by_module: dict[str, list[Move]] = {}
        for move in moves:
            self._by_old.setdefault(move.old, []).append(move)
        for move in Move.symbols(moves):
            self.by_module.setdefault(move.old_module, []).append(move)
        self._whole = {move.old: [move] for move in renaming_of(moves).modules}
        self.homes = frozenset((*self.by_module, *self._whole))
        news = [f"{move.new}." for move in Move.symbols(moves)]
        # v2 has names in them: a text that names one says nothing of those that changed.
        self.staying = frozenset(home for home in self.by_module if any(new.startswith(f"{home}.") for new in news))
        self._mention = _mention({**self._whole, **self.by_module}, self.staying - {*self._whole})
        self._firsts = frozenset(home.partition(".")[0] for home in self.homes)
        self._top = _any_word({move.old.partition(".")[0] for move in moves})
        self._word = _any_word({word for move in moves for word in move.old.split(".")[-2:]})

    def read(self, text: str) -> TextSpelling | None:
        """Return what a text names if it is exactly one dotted name of old code, and None otherwise."""
        match = _WHOLE.fullmatch(text)
        if match is None:
            return None
        left, right = match["left"].split("."), match["right"].split(".") if match["right"] else []
        parts = left + right
        for size in range(len(parts), 0, -1):
            if moves := self._by_old.get(".".join(parts[:size])):
                if moves[0].lacks(dotted := ".".join(parts)):
                    return TextSpelling(moves[0], "", f"{dotted} is not in {moves[0].new} any more", is_symbol=False)
                return _spelling(moves, (left, right, size), match["extras"] or "")
        if moves := self.by_module.get(match["left"] if not right else ""):
            return TextSpelling(
                moves[0], "", "it names the module, and not what is used of it", names_home=True, is_symbol=False
            )
        return None

    def mentions(self, text: str) -> Iterator[tuple[int, int, Move]]:
        """Yield where a text names an old module as a whole dotted name, and the move that it goes on to spell."""
        for match in self._found(text):
            yield match.start(), match.end(), self._owner(match["module"], text[match.end("module") :])

    def mentioned(self, text: str) -> bool:
        return next(self._found(text), None) is not None

    def _found(self, text: str) -> Iterator[re.Match[str]]:
        """Yield the matches of the pattern, which need not be tried anywhere but where a first part stands."""
        ends = 0
        for start in sorted(at for first in self._firsts for at in _places(text, first)):
            if start >= ends and (match := self._mention.match(text, start)):
                yield match
                ends = match.end()

    def may_use(self, text: str) -> bool:
        """Tell whether code in a text may use an old name in any way, relative imports left aside."""
        return self._top.search(text) is not None and self._word.search(text) is not None

    def _owner(self, module: str, rest: str) -> Move:
        # As `old_home.Old`, `old_home:Old` and `from old_home import Other, Old` spell it.
        moves = self.by_module.get(module, [])
        line = re.split(r"[\r\n]", rest, maxsplit=1)[0]
        for names in (re.findall(r"\A[.:](\w+)", rest), re.findall(r"\w+", line)):
            for move in moves:
                if move.old_name in names:
                    return move
        # Another name of a module that moved as a whole, or lies in one that did, went along with it.
        whole = next((self._whole[home] for home in (module, *prefixes(module)) if home in self._whole), moves)
        return whole[0]


def _spelling(moves: list[Move], parts: tuple[list[str], list[str], int], extras: str) -> TextSpelling:
    """Spell the new name; of the parts before and after the colon, the first `size` are the old one."""
    (left, right, size), move = parts, moves[0]
    if len({other.new for other in moves}) > 1:
        return TextSpelling(move, "", "it has several new homes: " + ", ".join(sorted({other.new for other in moves})))
    if size <= len(left):
        new = ".".join([move.new, *left[size:]]) + (":" + ".".join(right) if right else "")
    elif size == len(left) + 1:
        new = f"{move.new_module}:{'.'.join([move.new_name, *right[1:]])}"
    else:
        return TextSpelling(move, "", "what moved is an attribute, and has no module of its own before the colon")
    return TextSpelling(move, new + extras, is_symbol=move.old != move.old_home)


def _mention(modules: dict[str, list[Move]], staying: frozenset[str]) -> re.Pattern[str]:
    any_of = "|".join(_mention_of(module, modules[module], module in staying) for module in _longest_first(modules))
    return re.compile(rf"(?:(?<![\w.])|{_ESCAPE})(?P<module>{any_of})(?!\w)(?:[.:][^\W\d]\w*)*")


def _places(text: str, word: str) -> Iterator[int]:
    at = text.find(word)
    while at >= 0:
        yield at
        at = text.find(word, at + 1)


def _any_word(words: Iterable[str]) -> re.Pattern[str]:
    return re.compile(rf"(?:(?<!\w)|{_ESCAPE})(?:{'|'.join(map(re.escape, _longest_first(words)))})(?!\w)")


def _longest_first(words: Iterable[str]) -> list[str]:
    return sorted(words, key=lambda word: (-len(word), word))


def _mention_of(module: str, moves: list[Move], stays: bool) -> str:
    names = "|".join(sorted({re.escape(move.old_name) for move in moves}))
    if stays:
        imported = r"[ \t]+import\b(?:[ \t]*\([^)]*|[^\r\n]*)"
        return rf"{re.escape(module)}(?={imported}\b(?:{names})\b|[.:](?:{names})(?!\w))"
    if "." in module:
        return re.escape(module)
    # A single word is the name of much else.
    if any(move.old == module for move in moves):
        name = re.escape(module)
        return rf"{name}(?=[ \t]+import\b|[.:][^\W\d])|(?<=-m ){name}|(?<=-m\", \"){name}|(?<=-m', '){name}"
    return rf"{re.escape(module)}(?=[ \t]+import\b|[.:](?:{names})(?!\w))"


@lru_cache(maxsize=16)
def old_names_of(moves: tuple[Move, ...]) -> Names:
    """Return the old names of these moves."""
    return Names(moves)
