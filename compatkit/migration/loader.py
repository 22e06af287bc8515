"""Read a `migration.toml` into a validated `Migration`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from compatkit.budget import load_toml
from compatkit.migration._entry import Entry
from compatkit.migration.contradictions import validate
from compatkit.migration.equivalence import NOTHING_DECLARED, Equivalence
from compatkit.migration.equivalence_rows import EQUIVALENCE
from compatkit.migration.errors import MigrationError
from compatkit.migration.model import TRANSFORM_FILE, Migration
from compatkit.migration.rows import ROOT


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
        raise MigrationError.unreadable(str(file), error) from error
    return parse_migration(text, origin=file)


def parse_migration(text: str, *, origin: Path | None = None) -> Migration:
    """Read a migration from TOML `text`; `origin` only names it in errors."""
    # Not before a migration is parsed: the shim of a project without one starts without it.
    import tomllib

    name = str(origin or "<text>")
    try:
        document = load_toml(text.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError as error:
        # Only an error waits for it.
        from compatkit.migration.lines import syntax_line

        raise MigrationError.unreadable(name, error).at_line(syntax_line(str(error))) from error
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
    file = origin.parent / migration.inventory
    if Path(migration.inventory).name != migration.inventory or not file.is_file():
        raise MigrationError.not_in_folder(str(origin.parent), migration.inventory).about("inventory")
    moves = tuple(replace(move, inventory=str(file)) if move.is_module else move for move in migration.moves)
    return replace(migration, moves=moves)


def parse_equivalence(table: object, *, where: str) -> Equivalence:
    """Read a table of the form of a migration's `[equivalence]`; `where` names it in errors.

    Raises `MigrationError`, naming the entry and the nearest known word.
    """
    return EQUIVALENCE.read(Entry(table, where)) if table else NOTHING_DECLARED
