"""Rewrite INI files such as setup.cfg: values that are exactly an old dotted name, entry points among them."""

from __future__ import annotations

import configparser
import re
from collections.abc import Iterator

from compatkit.rewrite.documents.document_text import DocumentError, Request, TextFound, apply_edits, line_spans
from compatkit.rewrite.documents.scalars import Scalar, judge_scalars

_SECTION = re.compile(r"\[(?P<name>[^\]]*)\]")
_VALUE = re.compile(r"(?P<key>[^=:\s][^=:]*?)[ \t]*[=:][ \t]*(?P<value>\S.*?)[ \t]*")
_ENTRY = re.compile(r"[ \t]+(?:(?P<key>[^=:\s][^=:]*?)[ \t]*=[ \t]*)?(?P<value>[^\s=].*?)[ \t]*")
_COMMENT = re.compile(r"[ \t]*[#;]")
_Values = dict[str, dict[str, list[str]]]


def find_in_ini(text: str, request: Request) -> TextFound:
    """Find the values of an INI text that name old code. Raises `DocumentError` for what is no INI."""
    try:
        values = _load(text)
    except configparser.MissingSectionHeaderError:
        # Many other things are called .cfg: a mention is still reported.
        return TextFound()
    noted = judge_scalars(list(_scalars(text)), request)
    if noted.edits:
        changes = [(text[edit.start : edit.end], edit.text) for edit in noted.edits]
        if not _differ_by(values, _load(apply_edits(text, noted.edits)), changes):
            raise DocumentError.changed_more("INI file")
    return noted


def _load(text: str) -> _Values:
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
    try:
        parser.read_string(text)
    except configparser.MissingSectionHeaderError:
        raise
    except (configparser.Error, AttributeError, ValueError) as error:
        raise DocumentError.broken("INI", str(error).splitlines()[0]) from error
    return {
        name: {key: (value or "").split("\n") for key, value in parser[name].items()}
        for name in [parser.default_section, *parser.sections()]
    }


def _scalars(text: str) -> Iterator[Scalar]:
    section = ""
    for begin, end, _ in line_spans(text):
        content = text[begin:end]
        if _COMMENT.match(content):
            continue
        if header := _SECTION.match(content):
            section = header["name"]
        elif match := _ENTRY.fullmatch(content) or _VALUE.fullmatch(content):
            start, stop = match.span("value")
            path = (*section.split("."), (match["key"] or "").strip())
            yield Scalar(begin + start, begin + stop, match["value"], path)


def _differ_by(before: _Values, after: _Values, changes: list[tuple[str, str]]) -> bool:
    """Tell whether two files differ by exactly these changes, each at the end of a line of a value."""
    left = list(changes)
    if [(name, list(keys)) for name, keys in before.items()] != [(name, list(keys)) for name, keys in after.items()]:
        return False
    for name, keys in before.items():
        for key, lines in keys.items():
            other = after[name][key]
            if len(lines) != len(other):
                return False
            for one, new in zip(lines, other, strict=True):
                fitting = [pair for pair in left if one != new and one.removesuffix(pair[0]) + pair[1] == new]
                if one != new and not fitting:
                    return False
                left = _without(left, fitting)
    return not left


def _without(changes: list[tuple[str, str]], done: list[tuple[str, str]]) -> list[tuple[str, str]]:
    if done:
        changes = changes.copy()
        changes.remove(done[0])
    return changes
