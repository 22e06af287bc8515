"""Standard input, output and error that fail in words: closed, on a full disk, read by nobody, in an old encoding."""

from __future__ import annotations

import io
import os
import re
import sys
from contextlib import suppress
from typing import TextIO, cast

import click

from compatkit.errors import CompatkitError

# What compatkit itself sends: its progress, and its colours.
_OWN = r"\x1b\[(?:K|0m|1m|3[1-6]m)"
# Controls, and marks that turn the direction of writing: in a name or a source, they would steer the terminal.
_STEERING = rf"({_OWN})|[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]"
_STEERING_BYTES = rf"({_OWN})|\r(?!\n)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]".encode()
# A line of a log that a CI service takes for a command of its own.
_COMMAND = r"^(?=::|##\[|##vso\[)"


class StreamError(CompatkitError):
    """A standard stream that fails: what the command found is lost, and must not pass for nothing."""


def guard_streams() -> None:
    """Put streams in the place of the standard ones that raise `StreamError`, and escape what they cannot encode.

    A reader that goes away, as `head` does, is no error. What cannot be said on standard error is not said.
    """
    _open_closed()
    sys.stdin = sys.stdin or io.TextIOWrapper(io.BufferedReader(_Closed()))
    sys.stdout = _guarded(sys.stdout, 1)
    sys.stderr = _guarded(sys.stderr, 2)


def require_written() -> None:
    """Write what standard output still holds. Raises `StreamError`."""
    # The language server's library closes it at the end of a session.
    if not sys.stdout.closed:
        sys.stdout.flush()


def _open_closed() -> None:
    """Open what is closed such that it stays unusable: else the next file that is opened would take its number."""
    for number, mode in ((0, os.O_WRONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            with suppress(OSError):
                os.open(os.devnull, mode)


def _guarded(stream: TextIO | None, number: int) -> TextIO:
    if stream is not None and not _leads_to(stream, number):
        # Whoever calls the command line from Python has put another stream there, to read what it says.
        return stream
    is_terminal = stream is not None and stream.isatty()
    if os.name == "nt" and is_terminal and isinstance(stream, io.TextIOWrapper):
        # A console of Windows takes text, not bytes.
        stream.reconfigure(errors="backslashreplace")
        return stream
    raw = io.BufferedWriter(cast(io.RawIOBase, _Descriptor(number)))
    return _Text(
        raw, encoding=getattr(stream, "encoding", "utf-8"), errors="backslashreplace", line_buffering=is_terminal
    )


def _leads_to(stream: TextIO, number: int) -> bool:
    try:
        return stream.fileno() == number
    except (OSError, ValueError):
        return False


class _Text(io.TextIOWrapper):
    """Shows what would steer a terminal, or be a command to a CI service, unless commands were asked for."""

    def write(self, text: str) -> int:
        context = click.get_current_context(silent=True)
        if context is None or context.params.get("form") not in ("github", "azure"):
            text = re.sub(_COMMAND, " ", text, flags=re.MULTILINE) if "::" in text or "##" in text else text
        progress, text = ("\r", text[1:]) if text.startswith("\r") else ("", text)
        # What can be printed steers nothing: most commands end without the expression, whose making takes a moment.
        if not text.replace("\n", "").isprintable():
            text = re.sub(_STEERING, lambda found: found[1] or _shown(found[0]), text)
        return super().write(progress + text)


def _shown(character: str) -> str:
    return character.encode("unicode_escape").decode()


class _Descriptor(io.RawIOBase):
    def __init__(self, number: int) -> None:
        self._number = number

    def fileno(self) -> int:
        return self._number

    def isatty(self) -> bool:
        return os.isatty(self._number)

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        try:
            if self._number == 1 and self.isatty():
                # A patch is bytes, which only a terminal shows otherwise than they are.
                shown = re.sub(_STEERING_BYTES, lambda found: found[1] or b"\\x%02x" % ord(found[0]), bytes(data))
                while shown:
                    shown = shown[os.write(self._number, shown) :]
                return len(data)
            return os.write(self._number, data)
        except OSError as error:
            # From here on nothing is written: Python itself flushes once more at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._number)
            if self._number == 2 or isinstance(error, BrokenPipeError):
                return len(data)
            raise StreamError(
                f"Standard output cannot be written: {error.strerror}.",
                where="this command's standard output",
                hint="check where it leads, and its free space; the files of this command were written all the same",
            ) from error


class _Closed(io.RawIOBase):
    def readable(self) -> bool:
        return True

    def readinto(self, _buffer: object) -> int:
        raise StreamError(
            "Standard input cannot be read: it is closed.", where="this command's standard input", hint="give it a file"
        )
