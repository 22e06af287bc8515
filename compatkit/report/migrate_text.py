"""A migrate run as text for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
from unicodedata import combining, east_asian_width

from compatkit.migrate import Report
from compatkit.migrate.report import Overview, Remark
from compatkit.migration.calling import HALF
from compatkit.report.migrate_formats import Background
from compatkit.rewrite import Failed, Skipped

_COLORS = {"red": "31", "green": "32", "yellow": "33", "cyan": "36"}
_WIDEST = 200  # characters of a line of source that are shown


def render(overview: Overview, _: Background) -> str:
    """Return a block a rewrite and a finding, with its line and a mark under its place.

    A finding that says the same of other places of its file also gives these, with another code perhaps; repeated, it
    would drown the rest.
    """
    places: dict[object, list[Remark]] = {}
    for one in overview.remarks:
        # What only goes with another change of its call says nothing by itself but its code.
        same = (one.path, HALF) if HALF in one.message else (one.path, one.code, one.message)
        places.setdefault(one if one.is_rewrite else same, []).append(one)
    blocks = (block(one, others, is_written=overview.is_written) for one, *others in places.values())
    return "\n".join(line for lines in blocks for line in lines)


def block(remark: Remark, others: Sequence[Remark] = (), *, is_written: bool) -> Iterator[str]:
    """Yield what is said of a place, its line, a mark under it, and where the same is said again."""
    yield f"{place_of(remark)} {style(remark.code, bold=True)} {printable(message_of(remark, is_written=is_written))}"
    if remark.source.strip():
        number = str(remark.line)
        before, shown = remark.source[: remark.column - 1], remark.source[remark.column - 1 :]
        yield f"{number} | {_line(before)}{_line(shown)}"[:_WIDEST]
        if (at := _width(_line(before))) < _WIDEST - len(number):
            yield f"{' ' * len(number)} | {' ' * at}{style('^', color='yellow')}"
    if others:
        codes = [f" {other.code}" if other.code != remark.code else "" for other in others]
        spots = (f"{other.line}:{other.column}{code}" for other, code in zip(others, codes, strict=True))
        yield f"  and {len(others)} more: {', '.join(spots)}"


def place_of(remark: Remark) -> str:
    """Return path, line and column, as terminals and editors know them."""
    return style(f"{printable(remark.path)}:{remark.line}:{remark.column}", bold=True)


def _line(text: str) -> str:
    return printable(text.replace("\t", "    "))


def _width(text: str) -> int:
    """Return how many cells of a terminal a text takes."""
    return sum(_cells(character) for character in text)


def _cells(character: str) -> int:
    return 0 if combining(character) else 2 if east_asian_width(character) in "WF" else 1


def style(text: str, *, color: str = "", bold: bool = False) -> str:
    """Colour a text; whoever writes it takes the colours away where they are not wanted."""
    codes = (["1"] if bold else []) + ([_COLORS[color]] if color else [])
    return "".join(f"\x1b[{code}m" for code in codes) + text + "\x1b[0m"


def message_of(remark: Remark, *, is_written: bool) -> str:
    """Return what is said of a place: a finding's message, or what became of a rewrite."""
    if not remark.is_rewrite:
        return remark.message
    return f"{'rewritten' if is_written else 'would be rewritten'}: {remark.message}"


class Notice(NamedTuple):
    """A message that a CI service shows beside a line: a place that is left, or a file that could not be processed.

    Each text of it may be printed as it is.
    """

    is_failure: bool
    path: str
    line: int
    column: int
    code: str
    sentences: tuple[str, ...]


def notices(overview: Overview) -> Iterator[Notice]:
    """Yield a notice for each place that is left, and for each file that could not be processed, with its hint."""
    for one in overview.left:
        text = message_of(one, is_written=False)
        yield Notice(False, printable(one.path), one.line, one.column, one.code, (printable(text),))
    for result in overview.report.failed:
        assert isinstance(result.outcome, Failed)
        failed = result.outcome
        path = printable(result.path.as_posix())
        said_of_it = printable(failed.reason), printable(failed.hint)
        yield Notice(True, path, failed.line, failed.column, failed.code, said_of_it)


NO_FILE = "No file was looked at: nothing here may name code, but for what is ignored, environments and builds."


def failures(report: Report) -> Iterator[str]:
    """Yield what could not be processed: what happened, where, and what to do."""
    for result in report.failed:
        assert isinstance(result.outcome, Failed)
        failed = result.outcome
        place = "".join(f":{number}" for number in (failed.line, failed.column) if number)
        yield f"{failed.code} {failed.reason}\n  in {printable(result.path)}{place}\n  hint: {failed.hint}"
        if failed.details:
            yield failed.details


def skipped(report: Report) -> Iterator[str]:
    """Yield what was left alone on purpose, and why."""
    for result in report.skipped:
        assert isinstance(result.outcome, Skipped)
        yield f"{printable(result.path)} skipped: {result.outcome.reason}"


def summary(overview: Overview) -> str:
    """Count every file, so that the reader sees that none was left out, and say what is left to do."""
    report, findings = overview.report, len(overview.findings)
    if not report.results:
        return NO_FILE
    counts = [
        f"{len(report.rewritten)} {'rewritten' if overview.is_written else 'to be rewritten'}",
        f"{len(report.unchanged)} unchanged",
        *([f"{len(report.skipped)} skipped"] if report.skipped else []),
        f"{len(report.failed)} failed",
        f"{findings} {'finding' if findings == 1 else 'findings'}",
    ]
    rest = " (left for a person to decide)" if findings else ""
    known = f" {overview.known} known, in the baseline." if overview.known else ""
    return f"{', '.join(counts)}{rest}.{known}"


def statistics_lines(overview: Overview, background: Background) -> Iterator[str]:
    """Yield how often each code was met: what is rewritten, what is left, and what the code means."""
    made = Counter(one.code for one in overview.remarks if one.is_rewrite)
    left = Counter(one.code for one in overview.findings)
    width = max([len(str(number)) for number in (*made.values(), *left.values())], default=1)
    word = "rewritten" if overview.is_written else "to be rewritten"
    for code in sorted(made | left, key=lambda one: (-(made[one] + left[one]), one)):
        counts = f"{made[code]:{width}} {word}, {left[code]:{width}} left"
        yield f"{style(code, bold=True)}  {counts}  {printable(background.codes.get(code, ''))}".rstrip()


def printable(text: str | Path) -> str:
    """Return a text that can be printed on one line, even where its bytes are no text, or would steer the terminal."""
    shown = str(text)
    return shown if shown.isprintable() else "".join(map(_shown, shown))


def _shown(character: str) -> str:
    if "\ud800" <= character <= "\udfff":
        # A byte of a file name that is no text.
        return "\ufffd"
    return character if character.isprintable() else character.encode("unicode_escape").decode()
