"""Expand a row that stands for many: `{name}` in its texts takes each name of a list, or of a file, in turn."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Final

from compatkit.migration._entry import Entry
from compatkit.migration.errors import MigrationError
from compatkit.migration.inventory import read_inventory

# The word that the tables of `each` have as their keys.
NAME: Final = "name"
OTHERS: Final = "*"
_WORD = re.compile(r"\{([^\W\d]\w*)\}")


def expand(entry: Entry, lists: frozenset[str]) -> list[dict[str, object]]:
    """Return the rows that one with `each` or `listed` stands for; `lists` are keys that take a list of dotted names.

    Where nothing but such keys has a word in it, that is one row with a list.
    """
    row = {key: value for key, value in entry.given.items() if key not in ("each", "listed")}
    lists_of, tables = _each(entry)
    if "listed" in entry.given:
        filled = [*_listed(entry, row, lists_of)]
    else:
        filled = [dict(zip(lists_of, values, strict=True)) for values in product(*lists_of.values())]
    spelled = {word for key, value in row.items() for word in _words(value)}
    for word in (*lists_of, *tables):
        if word not in spelled:
            raise entry.wrong(f"each.{word}", f"{{{word}}}", "a word that stands in the row")
    for words in filled:
        words.update({word: _value_of(entry, word, table, str(words[NAME])) for word, table in tables.items()})
    if {key for key, value in row.items() if any(True for _ in _words(value))} <= lists:
        return [_merged(row, filled, lists)]
    return [{key: _fill(value, words) for key, value in row.items()} for words in filled]


def _each(entry: Entry) -> tuple[dict[str, list[str]], dict[str, Mapping[str, object]]]:
    """Return the words that have a list of values, and those that have a value for each name."""
    given = entry.table("each") if "each" in entry.given else {}
    lists_of, tables = dict[str, list[str]](), dict[str, Mapping[str, object]]()
    for word, values in given.items():
        if isinstance(values, dict) and values and word != NAME:
            tables[word] = values
        elif isinstance(values, list) and values and all(isinstance(value, str) and value for value in values):
            lists_of[word] = values
        else:
            raise entry.wrong(f"each.{word}", values, "a list of texts, or a table with a value for each {name}")
    if tables and NAME not in lists_of and "listed" not in entry.given:
        names = dict.fromkeys(name for table in tables.values() for name in table)
        if OTHERS in names:
            raise entry.missing(f"each.{NAME}", frozenset())
        lists_of[NAME] = [*names]
    if not lists_of and "listed" not in entry.given:
        raise entry.wrong("each", dict(given), 'words with their values: each.name = ["this", "that"]')
    return lists_of, tables


def _value_of(entry: Entry, word: str, table: Mapping[str, object], name: str) -> object:
    if name in table or OTHERS in table:
        return table.get(name, table.get(OTHERS))
    hint = f'give one, or one for all others: "{OTHERS}" = …'
    what = f"each.{word} has no value for {name!r}."
    raise MigrationError(what, where=entry.where, hint=hint).about(f"each.{word}")


def _listed(entry: Entry, row: Mapping[str, object], lists: Mapping[str, list[str]]) -> Iterator[dict[str, object]]:
    """Yield what the words of the row's old name are in each name of a file that fits it."""
    texts = (text for value in row.values() for text in (value if isinstance(value, list) else [value]))
    pattern = next((text for text in texts if isinstance(text, str) and _WORD.search(text)), "")
    free = list(_WORD.findall(pattern))
    if not free or len(free) > len({*free}) or NAME not in free or lists:
        expected = "with `{name}` in the row's old name, each word in it once, and no list beside it"
        raise entry.wrong("listed", entry.given["listed"], expected)
    file = (entry.folder or Path()) / entry.text("listed")
    parts = (f"(?P<{part}>[^.]+)" if at % 2 else re.escape(part) for at, part in enumerate(_WORD.split(pattern)))
    fits = re.compile("".join(parts))
    try:
        listed = read_inventory(str(file)).names
    except MigrationError as error:
        error.where = entry.where
        raise error.about("listed") from None
    names = (f"{module}.{name}" for module, inside in listed.items() for name in inside)
    found = [match.groupdict() for match in map(fits.fullmatch, sorted(names)) if match]
    if not found:
        raise entry.wrong("listed", file.name, f"a file with names such as {pattern}")
    yield from (dict(words) for words in found)


def _merged(row: dict[str, object], filled: list[dict[str, object]], lists: frozenset[str]) -> dict[str, object]:
    """Return one row with all names in a list."""
    merged = dict(row)
    for key in lists & row.keys():
        given = row[key]
        patterns = given if isinstance(given, list) else [given]
        merged[key] = list(dict.fromkeys(str(_fill(pattern, words)) for pattern in patterns for words in filled))
    return merged


def _words(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield from _WORD.findall(value)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _words(key)
            yield from _words(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _words(inner)


def _fill(value: object, words: Mapping[str, object]) -> object:
    """Return a value with the words replaced. A text that is nothing but a word takes its value, whatever that is."""
    if isinstance(value, str):
        if (whole := _WORD.fullmatch(value)) and whole[1] in words:
            return words[whole[1]]
        return _WORD.sub(lambda found: str(words.get(found[1], found[0])), value)
    if isinstance(value, dict):
        return {_fill(key, words): _fill(inner, words) for key, inner in value.items()}
    if isinstance(value, list):
        return [_fill(inner, words) for inner in value]
    return value
