"""A `migration.toml` in, a validated `Migration` out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, get_args

from compatkit.migration._entry import Entry, each
from compatkit.migration._equivalence import parse_equivalence
from compatkit.migration._validation import validate
from compatkit.migration.errors import MigrationError
from compatkit.migration.model import (
    Argument,
    Config,
    Field,
    Migration,
    Move,
    MoveKind,
    Preset,
    Producer,
    Section,
    Setting,
    Unhandled,
    Versions,
)
from compatkit.migration.names import Confidence
from compatkit.migration.shape import parse_records, parse_shape

if TYPE_CHECKING:
    from compatkit.migration.changes import CallChange, KeyChange, MemberChange, Removal, Transform

SCHEMA = 1
_CONFIDENCES: tuple[Confidence, ...] = get_args(Confidence)
_MOVE_KINDS: tuple[MoveKind, ...] = get_args(MoveKind)
_Row = TypeVar("_Row")


def load_migration(path: str | Path) -> Migration:
    """Read the migration at `path`, a `migration.toml` or the folder that holds one.

    Raises `MigrationError`, naming file, entry and the nearest known word.
    """
    file = Path(path)
    try:
        try:
            data = file.read_bytes()
        except OSError:
            # Asked only now, because what is asked for is mostly the file.
            if not file.is_dir():
                raise
            file /= "migration.toml"
            data = file.read_bytes()
        text = data.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MigrationError.unreadable(str(file), str(error)) from error
    return parse_migration(text, origin=file)


def parse_migration(text: str, *, origin: Path | None = None) -> Migration:
    """Read a migration from TOML `text`; `origin` only names it in errors."""
    import tomllib

    name = str(origin or "<text>")
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        from compatkit.migration.locate import syntax_line

        raise MigrationError.unreadable(name, str(error)).at_line(syntax_line(str(error))) from error
    try:
        return read_document(Entry(document, name), origin)
    except MigrationError as error:
        # Imported here: only a failing path should pay for it.
        from compatkit.migration.locate import locate

        raise error.at_line(locate(error, text, document, name)) from None


def read_document(entry: Entry, origin: Path | None) -> Migration:
    """Read a whole document, of which `entry` is the outermost table."""
    return _migration(entry, origin)


def _migration(entry: Entry, origin: Path | None) -> Migration:
    if (schema := entry.number("schema", 0)) != SCHEMA:
        raise MigrationError.wrong_value(
            "schema",
            int(schema) if schema.is_integer() else schema,
            f"{SCHEMA}, the only schema known",
            where=entry.where,
        )
    migration = Migration(
        id=entry.text("id"),
        summary=entry.text("summary"),
        versions=_versions(Entry(entry.table("versions", required=True), f"{entry.where}, versions")),
        moves=each(entry, "moves", _move),
        fields=each(entry, "fields", _field),
        arguments=each(entry, "arguments", _argument),
        producers=each(entry, "producers", _producer),
        configs=each(entry, "configs", _config),
        calls=each(entry, "calls", _call),
        members=each(entry, "members", _member),
        removed=each(entry, "removed", _removal),
        keys=each(entry, "keys", _key),
        transform=_transform(entry, origin),
        loaded=entry.texts("loaded"),
        types=_types(entry),
        equivalence=parse_equivalence(entry.table("equivalence"), where=f"{entry.where}, [equivalence]"),
        record=entry.dotted("record", parts=2) if entry.has("record") else "",
        unhandled=each(entry, "unhandled", _unhandled),
        origin=origin,
    )
    entry.close()
    validate(migration, where=entry.where)
    return migration


def _versions(entry: Entry) -> Versions:
    versions = Versions(entry.text("v1"), entry.text("v2"))
    entry.close()
    return versions


def _move(entry: Entry) -> Move:
    kind = entry.choice("kind", _MOVE_KINDS, "symbol")
    parts = 1 if kind == "module" else 2
    return Move(
        code=entry.code(),
        old=entry.dotted("old", parts=parts),
        new=entry.dotted("new", parts=parts),
        confidence=entry.choice("confidence", _CONFIDENCES, "safe"),
        why=entry.text("why", ""),
        kind=kind,
    )


def _field(entry: Entry) -> Field:
    return Field(entry.code(), entry.text("v1"), entry.text("v2"))


def _argument(entry: Entry) -> Argument:
    return Argument(
        code=entry.code(),
        of=entry.dotted("of", parts=2),
        v1=entry.dotted("v1"),
        v2=entry.dotted("v2"),
        position=entry.position("position"),
    )


def _producer(entry: Entry) -> Producer:
    returns = entry.text("returns", "")
    if parse_shape(returns) is None:
        expected = """a path such as '.history', '[1]' or '["history"]'"""
        raise MigrationError.wrong_value("returns", returns, expected, where=entry.where)
    records = entry.texts("records")
    for path in records:
        if parse_records(path) is None:
            expected = """paths such as '["history"][*]' or '.final'"""
            raise MigrationError.wrong_value("records", path, expected, where=entry.where)
    return Producer(entry.code(), entry.dotted("function", parts=2), returns, records)


def _config(entry: Entry) -> Config:
    sections = Entry(entry.table("sections"), f"{entry.where}, sections")
    presets = entry.table("presets")
    return Config(
        of=entry.dotted("of", parts=2),
        name=entry.dotted("class", parts=2),
        argument=entry.name("argument", "config"),
        preset_argument=entry.name("preset_argument", "preset") if presets else "",
        sections=tuple(Section(path, sections.dotted(path, parts=2)) for path in sorted(sections.keys())),
        defaults=_settings(entry.table("defaults"), f"{entry.where}, defaults"),
        presets=tuple(
            Preset(name, _settings(settings, f"{entry.where}, presets.{name}")) for name, settings in presets.items()
        ),
    )


def _settings(table: object, where: str) -> tuple[Setting, ...]:
    return tuple(Setting(path, value) for path, value in Entry(table, where).scalars())


def _unhandled(entry: Entry) -> Unhandled:
    return Unhandled(entry.text("name"), entry.text("why"))


# What reads changes of an interface is imported with the first of them: the migration that the shim takes has none.


def _call(entry: Entry) -> CallChange:
    from compatkit.migration._changes import build_call

    return build_call(entry)


def _member(entry: Entry) -> MemberChange:
    from compatkit.migration._changes import build_member

    return build_member(entry)


def _removal(entry: Entry) -> Removal:
    from compatkit.migration._changes import build_removal

    return build_removal(entry)


def _key(entry: Entry) -> KeyChange:
    from compatkit.migration._changes import build_key

    return build_key(entry)


def _transform(document: Entry, origin: Path | None) -> Transform | None:
    if not document.has("transform"):
        return None
    from compatkit.migration._changes import build_transform

    entry = Entry(document.table("transform"), f"{document.where}, [transform]")
    transform = build_transform(entry, origin)
    entry.close()
    return transform


def _types(entry: Entry) -> tuple[tuple[str, str], ...]:
    table = entry.table("types")
    if not table:
        return ()
    types = Entry(table, f"{entry.where}, [types]")
    for name in types.keys():  # noqa: SIM118 - Entry is no dict
        if not all(part.isidentifier() for part in name.removesuffix("()").split(".")):
            raise MigrationError.unknown_key(name, ["a.b.function()", "a.b.Class.attribute"], where=types.where)
    return tuple((name, types.dotted(name, parts=2)) for name in sorted(types.keys()))
