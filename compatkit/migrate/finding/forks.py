"""Asks one question of many things, in as many processes as there are cores: which of ten thousand files to look into.

A pool of processes costs more to start than the question does; a fork that answers with numbers costs 2 ms.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import NoReturn

from compatkit.platforms import can_fork

# Below this, to fork costs more than it saves.
_PAYS_FROM = 1_000
_MOST = 8
# No number of a file.
_END = array("I", [2**32 - 1])
_STEP = 128  # questions, from one `tell` to the next


def which(
    total: int, is_wanted: Callable[[int], bool], *, processes: int, tell: Callable[[int], None] | None = None
) -> list[int]:
    """Return the numbers below `total` for which `is_wanted` holds, in order; `tell` hears how many were asked about.

    The question must change nothing but what it returns. An answer that a child does not give is found here.
    """
    count = min(processes, _MOST) if total >= _PAYS_FROM and can_fork() else 1
    # Interleaved, because neighbours are alike: each share takes as long as the others.
    own, *others = [range(number, total, count) for number in range(count)]
    children: list[_Child] = []
    try:
        with suppress(OSError):
            # Without another process, its share is asked here.
            children += (_Child(share, is_wanted) for share in others)
        found = _asked(own, is_wanted, tell)
        for child in children:
            answer = child.answer()
            found += filter(is_wanted, child.share) if answer is None else answer
        for share in others[len(children) :]:
            found += filter(is_wanted, share)
    finally:
        for child in children:
            child.end()
    return sorted(found)


def _asked(share: range, is_wanted: Callable[[int], bool], tell: Callable[[int], None] | None) -> list[int]:
    found = []
    for asked, number in enumerate(share):
        if is_wanted(number):
            found.append(number)
        if tell and not asked % _STEP:
            tell(number)
    return found


class _Child:
    def __init__(self, share: range, is_wanted: Callable[[int], bool]) -> None:
        self.share = share
        self._pipe, writing = os.pipe()
        try:
            self._process = os.fork()
        except OSError:
            os.close(self._pipe)
            os.close(writing)
            raise
        if not self._process:
            _answer(share, is_wanted, writing)
        os.close(writing)

    def answer(self) -> Iterable[int] | None:
        """Return the numbers that the child found, or None where it died."""
        numbers = array("I")
        with open(self._pipe, "rb", closefd=False) as pipe:
            data = pipe.read()
        self._wait()
        numbers.frombytes(data[: len(data) - len(data) % numbers.itemsize])
        # Without its end, it is the answer of a child that died.
        return numbers[:-1] if numbers[-1:] == _END else None

    def end(self) -> None:
        """Let go of the child; one whose answer nobody waits for ends when it would write."""
        os.close(self._pipe)
        if self._process:
            self._wait()

    def _wait(self) -> None:
        os.waitpid(self._process, 0)
        self._process = 0


def _answer(share: range, is_wanted: Callable[[int], bool], writing: int) -> NoReturn:
    """Be the child: write the answer and end, without anything that the parent would do at its end."""
    try:
        with open(writing, "wb") as pipe:
            pipe.write((array("I", filter(is_wanted, share)) + _END).tobytes())
    finally:
        # Whatever was raised, an interrupt too: the parent asks again, and then it is raised there.
        os._exit(0)
