"""From `[[calls]]`, `[[members]]`, `[[removed]]` and `[[keys]]` to their values."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path as FilePath
from typing import get_args

from compatkit.migration._entry import Entry
from compatkit.migration.changes import (
    About,
    CallChange,
    Condition,
    KeyChange,
    Literal,
    Mapped,
    MemberChange,
    Removal,
    Renaming,
    Setting,
    Transform,
)
from compatkit.migration.errors import MigrationError
from compatkit.migration.names import TRANSFORM_FILE, Confidence

_CONFIDENCES: tuple[Confidence, ...] = get_args(Confidence)
# What reads a configuration cannot be seen in it.
_NOT_SAFE: tuple[Confidence, ...] = ("review", "manual")
# What is left to a person needs no code.
_MADE: tuple[Confidence, ...] = ("safe", "review")


def build_call(entry: Entry) -> CallChange:
    call = CallChange(
        code=entry.code(),
        of=_names(entry, "of", may_be_pattern=True),
        to=entry.dotted("to", parts=2) if entry.has("to") else "",
        v1=_parameters(entry, "v1"),
        v2=_parameters(entry, "v2") if entry.has("v2") else None,
        rename=tuple(Renaming(*row) for row in _words(entry, "rename")),
        add=tuple(_settings(entry, "add")),
        pin=tuple(_settings(entry, "pin")),
        drop=_parameters(entry, "drop"),
        values=tuple(_mapped(entry)),
        when=tuple(_conditions(entry)),
        asks=_parameters(entry, "asks"),
        literal=_parameters(entry, "literal"),
        unless_mentioned=entry.texts("unless_mentioned"),
        decorator=entry.switch("decorator"),
        say=entry.text("say", ""),
        about=_about(entry),
    )
    _check_call(call, entry)
    return call


def build_member(entry: Entry) -> MemberChange:
    member = MemberChange(
        code=entry.code(),
        of=_names(entry, "of"),
        v1=entry.name("v1"),
        v2=entry.name("v2", "") if entry.has("v2") else "",
        defined=entry.switch("defined"),
        say=entry.text("say", ""),
        about=_about(entry),
    )
    if not member.v2 and not member.say:
        raise MigrationError.no_change("`v2`", "`say`", given=False, where=entry.where).about("v2")
    return member


def build_removal(entry: Entry) -> Removal:
    return Removal(entry.code(), _names(entry, "name", parts=1), entry.text("say"), _about(entry, "manual"))


def build_key(entry: Entry) -> KeyChange:
    key = KeyChange(
        code=entry.code(),
        v1=_path(entry, "v1", entry.text("v1")),
        beside=tuple(_path(entry, "beside", path) for path in entry.texts("beside")),
        v2=entry.name("v2", "") if entry.has("v2") else "",
        of=entry.dotted("of", parts=2) if entry.has("of") else "",
        say=entry.text("say", ""),
        about=_about(entry, "review", _NOT_SAFE),
    )
    if not key.beside:
        raise MigrationError.missing_key("beside", where=entry.where)
    if (given := [bool(key.v2), bool(key.of), bool(key.say)]).count(True) != 1:
        raise MigrationError.no_change("`v2`", "`of`", "`say`", given=any(given), where=entry.where)
    if key.v1.endswith(".*") and not key.of:
        raise MigrationError.wrong_value("v1", key.v1, "the name of a key in the end", where=entry.where)
    if key.v2 == key.v1.rpartition(".")[2]:
        raise MigrationError.onto_itself(key.code, key.v1, where=entry.where)
    return key


def build_transform(entry: Entry, origin: FilePath | None) -> Transform:
    """Read `[transform]`; that the file is there is seen, and nothing of it is read."""
    transform = Transform(entry.code(), entry.texts("words"), _about(entry, "review", _MADE))
    if not transform.words:
        raise MigrationError.missing_key("words", where=entry.where)
    if not all(word.strip() for word in transform.words):
        expected = "words, one of which a file must contain to be handed to transform.py"
        raise MigrationError.wrong_value("words", list(transform.words), expected, where=entry.where)
    if origin is not None and not origin.with_name(TRANSFORM_FILE).is_file():
        raise MigrationError.no_transform(str(origin.with_name(TRANSFORM_FILE)), where=entry.where)
    return transform


def _check_call(call: CallChange, entry: Entry) -> None:
    does = call.to or call.rename or call.add or call.pin or call.drop or call.values or call.v2 is not None
    if bool(does) == bool(call.say):
        ways = ("`to`", "`rename`", "`add`", "`pin`", "`drop`", "`values`", "`v2`")
        if does:
            what = "It says what to tell, and what to change."
            raise MigrationError(what, where=entry.where, hint="give `say` alone: then nothing is rewritten")
        raise MigrationError.no_change(*ways, "`say`", given=False, where=entry.where)
    if call.v2 is not None and not call.v1:
        raise MigrationError.missing_key("v1", where=entry.where)
    # Positions that change meaning under one name could not be told from those that were changed already.
    kept = [row.v1 for row in call.rename] + list(call.drop)
    if not call.to and call.v2:
        for position, name in enumerate(call.v2):
            if position >= len(call.v1) or call.v1[position] != name or name in kept:
                expected = "a beginning of v1, because the callable keeps its name: what follows is written by name"
                raise MigrationError.wrong_value("v2", list(call.v2), expected, where=entry.where)


def _names(entry: Entry, key: str, *, parts: int = 2, may_be_pattern: bool = False) -> tuple[str, ...]:
    given = entry.texts(key) if entry.is_list(key) else (entry.text(key),)
    for name in given:
        components = name.split(".")
        fits = all(part.isidentifier() or (part == "*" and may_be_pattern and at) for at, part in enumerate(components))
        if len(components) < parts or not fits or components[-1] == "*":
            raise MigrationError.wrong_value(key, name, "a dotted name, or a list of them", where=entry.where)
    if not given:
        raise MigrationError.missing_key(key, where=entry.where)
    return given


def _path(entry: Entry, key: str, path: str) -> str:
    parts = path.split(".")
    if not all(part and part == part.strip() for part in parts) or set(parts) == {"*"}:
        expected = "keys with dots between them, such as 'trainer.gpus'; a '*' stands for one of them"
        raise MigrationError.wrong_value(key, path, expected, where=entry.where)
    return path


def _parameters(entry: Entry, key: str) -> tuple[str, ...]:
    names = entry.texts(key)
    if len(set(names)) != len(names) or not all(name.isidentifier() for name in names):
        raise MigrationError.wrong_value(key, list(names), "names, each once", where=entry.where)
    return names


def _words(entry: Entry, key: str) -> Iterator[tuple[str, str]]:
    for name, value in entry.table(key).items():
        if not (name.isidentifier() and isinstance(value, str) and value.isidentifier()):
            raise MigrationError.wrong_value(f"{key}.{name}", value, "a name", where=entry.where)
        yield name, value


def _settings(entry: Entry, key: str) -> Iterator[Setting]:
    for name, value in entry.table(key).items():
        yield Setting(name, _literal(entry, f"{key}.{name}", value))


def _mapped(entry: Entry) -> Iterator[Mapped]:
    for name, rows in entry.table("values").items():
        for row in rows if isinstance(rows, list) else [rows]:
            if not isinstance(row, list) or len(row) != 2:
                raise MigrationError.wrong_value(f"values.{name}", row, "pairs [v1, v2]", where=entry.where)
            yield Mapped(name, *(_literal(entry, f"values.{name}", value) for value in row))


def _conditions(entry: Entry) -> Iterator[Condition]:
    for name, rows in entry.table("when").items():
        values = rows if isinstance(rows, list) else [rows]
        yield Condition(name, tuple(_literal(entry, f"when.{name}", value) for value in values))


def _literal(entry: Entry, key: str, value: object) -> Literal:
    """Return a literal: TOML's own values, or `{ python = "None" }` for what TOML cannot say."""
    if isinstance(value, dict) and set(value) == {"python"} and isinstance(value["python"], str):
        try:
            found: Literal = ast.literal_eval(value["python"])
        except (ValueError, SyntaxError):
            raise MigrationError.wrong_value(key, value, "a Python literal", where=entry.where) from None
        return found
    if isinstance(value, str | int | float | bool):
        return value
    expected = 'a string, a number, true, false, or { python = "…" } with a literal'
    raise MigrationError.wrong_value(key, value, expected, where=entry.where)


def _about(entry: Entry, default: Confidence = "safe", choices: tuple[Confidence, ...] = _CONFIDENCES) -> About:
    return About(
        confidence=entry.choice("confidence", choices, default),
        since=entry.text("since", ""),
        remove=entry.text("remove", ""),
        why=entry.text("why", ""),
        link=entry.text("link", ""),
    )
