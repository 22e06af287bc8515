"""Read the files of a tree, whatever they turn out to be, and ask one question of all of them, in several processes."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Generic, NoReturn, TypeVar

from compatkit.migrate.finding.find import FoundFile
from compatkit.platforms import can_fork
from compatkit.rewrite import Failed, Outcome, Skipped

_Answer = TypeVar("_Answer")
# Of fewer questions about the bytes of a file, to fork costs more than it saves.
_PAYS_FROM = 1_000
_MOST = 8
_STEP = 128  # questions, from one `tell` to the next
_READING = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_PIECE = 2**16

# A larger document is data, not configuration; a Python source may have any size.
_MAX_DOCUMENT = 16 * 1024 * 1024


def which(
    total: int, is_wanted: Callable[[int], bool], *, processes: int, tell: Callable[[int], None] | None = None
) -> list[int]:
    """Return the numbers below `total` for which `is_wanted` holds, in order; see `answers_of`."""
    answers = answers_of(total, is_wanted, processes=processes, tell=tell)
    return [number for number, answer in enumerate(answers) if answer]


def answers_of(
    total: int,
    ask: Callable[[int], _Answer],
    *,
    processes: int,
    tell: Callable[[int], None] | None = None,
    pays_from: int = _PAYS_FROM,
) -> list[_Answer]:
    """Return the answer for each number below `total`, in order; `tell` hears how many were asked about.

    The question must change nothing outside of its process but what it returns, which is pickled. An answer that a
    child does not give is found here. Of fewer questions than `pays_from`, all are asked here.
    """
    count = min(processes, _MOST) if total >= pays_from and can_fork() else 1
    # Interleaved, because neighbours are alike: each share takes as long as the others.
    own, *others = [range(number, total, count) for number in range(count)]
    children: list[_Child[_Answer]] = []
    try:
        with suppress(OSError):
            # Without another process, its share is asked here.
            children += (_Child(share, ask) for share in others)
        parts = [_asked(own, ask, tell)]
        parts += [child.answers() or [*map(ask, child.share)] for child in children]
        parts += [[*map(ask, share)] for share in others[len(children) :]]
    finally:
        for child in children:
            child.end()
    return [parts[number % count][number // count] for number in range(total)]


def _asked(share: range, ask: Callable[[int], _Answer], tell: Callable[[int], None] | None) -> list[_Answer]:
    answers: list[_Answer] = []
    for asked, number in enumerate(share):
        answers.append(ask(number))
        if tell and not asked % _STEP:
            tell(number)
    return answers


class _Child(Generic[_Answer]):
    def __init__(self, share: range, ask: Callable[[int], _Answer]) -> None:
        self.share = share
        self._pipe, writing = os.pipe()
        try:
            self._process = os.fork()
        except OSError:
            os.close(self._pipe)
            os.close(writing)
            raise
        if not self._process:
            _answer(share, ask, writing)
        os.close(writing)

    def answers(self) -> list[_Answer] | None:
        """Return the answers of the child, or None where it died before it had given them all."""
        with open(self._pipe, "rb", closefd=False) as pipe:
            data = pipe.read()
        if self._wait() or not data:
            return None
        # Imported here: few runs ask in several processes.
        import pickle

        answers: list[_Answer] = pickle.loads(data)
        return answers

    def end(self) -> None:
        """Let go of the child; one whose answer nobody waits for ends when it would write."""
        os.close(self._pipe)
        if self._process:
            self._wait()

    def _wait(self) -> int:
        _, status = os.waitpid(self._process, 0)
        self._process = 0
        return status


def _answer(share: range, ask: Callable[[int], _Answer], writing: int) -> NoReturn:
    """Be the child: write the answers and end, without anything that the parent would do at its end."""
    status = 1
    try:
        # Imported here: see `answers`.
        import pickle

        with open(writing, "wb") as pipe:
            pipe.write(pickle.dumps([*map(ask, share)]))
        status = 0
    finally:
        # Whatever was raised, an interrupt too: the parent asks again, and then it is raised there.
        os._exit(status)


def sift(
    files: Sequence[FoundFile],
    is_wanted: Callable[[bytes, FoundFile], int],
    *,
    processes: int,
    tell: Callable[[int], None] | None = None,
) -> list[int]:
    """Return the numbers of the files whose bytes are wanted, or cannot be read; `tell` hears how many were seen."""
    answers = sort(files, is_wanted, processes=processes, tell=tell)
    return [number for number, answer in enumerate(answers) if answer]


def sort(
    files: Sequence[FoundFile],
    kind_of: Callable[[bytes, FoundFile], int],
    *,
    processes: int,
    tell: Callable[[int], None] | None = None,
) -> list[int]:
    """Return for each file of which kind its bytes are; 1 for what cannot be read."""

    def asks_of(number: int) -> int:
        file = files[number]
        source = read_input(file.name, is_data=file.is_data)
        return kind_of(source, file) if isinstance(source, bytes) else True

    return answers_of(len(files), asks_of, processes=processes, tell=tell)


def read_input(name: str, *, is_data: bool) -> bytes | Outcome:
    """Return a file's bytes, or what became of it. Nothing is awaited: a pipe without a writer stops no run."""
    try:
        return _read(name, limit=_MAX_DOCUMENT if is_data else None)
    except OSError as error:
        is_gone = isinstance(error, FileNotFoundError)
        hint = "it is a link that leads nowhere: remove it, or mend it" if is_gone else "check its permissions"
        return Failed(f"The file cannot be read: {error.strerror}", hint=hint, code="CK904")


def size_of(name: str) -> int:
    """Return a file's size in bytes, 0 where it cannot be told."""
    try:
        return os.stat(name).st_size  # noqa: PTH116 - see find.py
    except OSError:
        return 0


def _read(name: str, *, limit: int | None) -> bytes | Outcome:
    handle = os.open(name, _READING)
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            return _not_a_file(status.st_mode)
        if limit is not None and status.st_size > limit:
            return Skipped(f"it is larger than {limit // 2**20} MB, which no configuration is")
        # One byte more than there should be, so that the end is seen in the same call.
        first = os.read(handle, status.st_size + 1)
        if len(first) == status.st_size:
            return first
        return b"".join([first, *iter(lambda: os.read(handle, _PIECE), b"")])
    finally:
        os.close(handle)


def _not_a_file(mode: int) -> Failed:
    if stat.S_ISDIR(mode):
        hint = "start in a folder further down: its path may be too long"
        return Failed("The folder cannot be listed", hint=hint, code="CK904")
    hint = "give a file, or a folder of files"
    return Failed("The file cannot be read: it is a device, a pipe or a socket", hint=hint, code="CK904")
