"""Read a `migration.toml`, and check what must hold across its entries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from compatkit.budget import load_toml
from compatkit.migration._entry import Entry
from compatkit.migration.equivalence import NOTHING_DECLARED, Equivalence
from compatkit.migration.errors import MigrationError
from compatkit.migration.model import TRANSFORM_FILE, Argument, Config, Migration
from compatkit.migration.rows import EQUIVALENCE, ROOT


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
        document = load_toml(text)
    except tomllib.TOMLDecodeError as error:
        from compatkit.migration.lines import syntax_line

        raise MigrationError.unreadable(name, str(error)).at_line(syntax_line(str(error))) from error
    try:
        return read_document(Entry(document, name), origin)
    except MigrationError as error:
        # Imported here: only a failing path should pay for it.
        from compatkit.migration.lines import locate

        raise error.at_line(locate(error, text, document, name)) from None


def read_document(entry: Entry, origin: Path | None) -> Migration:
    """Read a whole document, of which `entry` is the outermost table."""
    entry.folder = origin.parent if origin else entry.folder
    migration: Migration = ROOT.read(entry)
    if migration.transform and origin is not None and not origin.with_name(TRANSFORM_FILE).is_file():
        # That the file is there is seen, and nothing of it is read.
        what = f"There is no {origin.with_name(TRANSFORM_FILE)}."
        raise MigrationError(what, where=f"{entry.where}, [transform]", hint="write it, or take [transform] out")
    validate(migration, where=entry.where)
    return replace(_with_inventory(migration, origin), origin=origin)


def _with_inventory(migration: Migration, origin: Path | None) -> Migration:
    """Tell the moves of modules where the names of v2 are listed, beside the migration; they are read when needed."""
    if not migration.inventory or origin is None:
        return migration
    file = origin.with_name(migration.inventory)
    if not file.is_file():
        raise MigrationError.not_in_folder(str(origin.parent), migration.inventory).about("inventory")
    moves = tuple(replace(move, inventory=str(file)) if move.is_module else move for move in migration.moves)
    return replace(migration, moves=moves)


def parse_equivalence(table: object, *, where: str) -> Equivalence:
    """Read a table of the form of a migration's `[equivalence]`; `where` names it in errors.

    Raises `MigrationError`, naming the entry and the nearest known word.
    """
    return EQUIVALENCE.read(Entry(table, where)) if table else NOTHING_DECLARED


def validate(migration: Migration, *, where: str) -> None:
    """Raise `MigrationError` if two entries of `migration` contradict each other."""
    first = {(row.code, place): row.label for place, row in reversed([*migration.rows()])}
    _unique("The code", ((code, label) for (code, _), label in reversed(first.items())), where)
    _unique("The old name", ((move.old, move.code) for move in migration.moves), where)
    _unique("The producer", ((producer.function, producer.code) for producer in migration.producers), where)
    _validate_moves(migration, where)
    _validate_fields(migration, where)
    for of in {argument.of for argument in migration.arguments}:
        _validate_arguments([argument for argument in migration.arguments if argument.of == of], where)
    _unique("The configuration of", ((config.of, config.name) for config in migration.configs), where)
    for config in migration.configs:
        paths = [argument.v2 for argument in migration.arguments if argument.of == config.of]
        _validate_config(config, paths, f"{where}, [[configs]] of {config.of}")


def _validate_moves(migration: Migration, where: str) -> None:
    modules = [move for move in migration.moves if move.is_module]
    symbols = {move.old: move for move in migration.moves if not move.is_module}
    for move in migration.moves:
        if move.old == move.new:
            raise MigrationError.onto_itself(move.code, move.old, where=where)
        # A chain inside one migration would make the rewrite depend on the order of its rows, and a module that moves
        # below itself would move again in every run.
        around = [other for other in modules if other.of(move.new)]
        if chained := [*around, *filter(None, [symbols.get(move.new)])]:
            raise MigrationError.declared_twice(
                f"{move.new!r}, a new home and itself moved,", move.code, chained[0].code, where=where
            )


def _validate_fields(migration: Migration, where: str) -> None:
    for field in migration.fields:
        if field.v1 == field.v2:
            what = f"The field {field.v1!r} keeps its name, says {field.code}."
            raise MigrationError(what, where=where, hint="take it out: fields that are not listed stay as they are")
    spellings = [(spelling, field.code) for field in migration.fields for spelling in (field.v1, field.v2)]
    _unique("The spelling", spellings, where)


def _validate_arguments(arguments: list[Argument], where: str) -> None:
    _unique("The v1 argument", ((argument.v1, argument.code) for argument in arguments), where)
    _unique("The v2 path", ((argument.v2, argument.code) for argument in arguments), where)
    positions = sorted(argument.position for argument in arguments if argument.position is not None)
    if positions != list(range(len(positions))):
        raise MigrationError.wrong_value(
            f"position of the arguments of {arguments[0].of}", positions, "0, 1, 2, … without a gap", where=where
        )


def _validate_config(config: Config, paths: list[str], where: str) -> None:
    declared = {section.path for section in config.sections}
    for path in paths:
        parts = path.split(".")[:-1]
        for depth in range(1, len(parts) + 1):
            if (prefix := ".".join(parts[:depth])) not in declared:
                raise MigrationError.missing_key(f"sections.{prefix}", where=where)
    for settings in (config.defaults, *(preset.settings for preset in config.presets)):
        for path, _ in settings:
            if path not in paths:
                raise MigrationError.unknown_key(path, paths, where=where)


def _unique(what: str, rows: Iterable[tuple[str, str]], where: str) -> None:
    seen: dict[str, str] = {}
    for value, owner in rows:
        if value in seen:
            raise MigrationError.declared_twice(f"{what} {value!r}", seen[value], owner, where=where)
        seen[value] = owner
