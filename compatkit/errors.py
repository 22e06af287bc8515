"""The root of every error that compatkit raises on purpose, and the answer to an unknown name."""

from __future__ import annotations

from collections.abc import Iterable

_MAX_LISTED = 6
# A share of letters in common: of 0.6, "nothing" would be like "authoring".
_LIKE = 2 / 3


class CompatkitError(Exception):
    """An error with three parts: what happened, where, and what to do about it."""

    def __init__(self, what: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(what, where, hint)
        self.what = what
        self.where = where
        self.hint = hint

    def __reduce__(self) -> tuple[object, ...]:
        # By default three positional arguments would be pickled, and the error could not be read in another process.
        return _rebuild, (type(self), self.args, self.__dict__)

    def __str__(self) -> str:
        lines = [self.what]
        if self.where:
            lines.append(f"  in {self.where}")
        if self.hint:
            lines.append(f"  hint: {self.hint}")
        return "\n".join(lines)


class WrongUse(CompatkitError):  # noqa: N818 - what the exit status 64 is called everywhere
    """A command that was called wrongly: nothing was looked at."""


def _rebuild(kind: type[CompatkitError], arguments: tuple[object, ...], values: dict[str, object]) -> CompatkitError:
    error = kind.__new__(kind, *arguments)
    error.__dict__.update(values)
    return error


def nearest(word: str, known: Iterable[str]) -> str:
    """Answer an unknown `word` with the nearest known one, or with the list where it is short."""
    # Imported here: difflib costs milliseconds that only a failing path should pay.
    from difflib import SequenceMatcher, get_close_matches

    candidates = sorted(known)
    if matches := get_close_matches(word, candidates, n=len(candidates) or 1, cutoff=_LIKE):

        def likeness(match: str) -> tuple[float, int]:
            # Of codes, many are as like as each other: a letter at its place tells more than one elsewhere.
            at_place = sum(one == other for one, other in zip(word, match, strict=False))
            return SequenceMatcher(None, match, word).ratio(), at_place

        return f"did you mean {max(matches, key=likeness)!r}?"
    if 0 < len(candidates) <= _MAX_LISTED:
        return f"known: {', '.join(candidates)}"
    return ""
