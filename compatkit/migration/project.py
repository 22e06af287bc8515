"""Read what a project says of itself in `[tool.compatkit]` of its `pyproject.toml`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from compatkit.budget import load_toml
from compatkit.migration._entry import Entry
from compatkit.migration.compose import compose
from compatkit.migration.contradictions import validate
from compatkit.migration.errors import MigrationError
from compatkit.migration.model import Migration
from compatkit.migration.registry import find_migration, seen_from
from compatkit.migration.shape import parse_shape

# What the project says of itself; all else in the table is for commands, and checked there.
_OWN = frozenset({"homes", "migrations", "producers"})


@dataclass(frozen=True, slots=True)
class Project:
    """The migrations that a project uses, and the dotted prefixes under which it keeps the declared names.

    `producers` say where in the value that a declared producer returns its history lies in this project, as `returns`
    does; None: it returns none. `origin` is the `pyproject.toml` that says so; its own paths start from there.
    """

    migrations: tuple[str, ...] = ()
    homes: Mapping[str, str] = field(default_factory=dict)
    producers: Mapping[str, str | None] = field(default_factory=dict)
    origin: Path | None = None

    def load(self, chosen: Iterable[str] = ()) -> tuple[Migration, ...]:
        """Load the `chosen` migrations (ids or paths), else the project's own, else the bundled default."""
        chosen = tuple(chosen)
        return self.settle(self.declared(chosen), is_chosen=bool(chosen))

    def declared(self, chosen: tuple[str, ...] = ()) -> tuple[Migration, ...]:
        """Load these migrations as their files say."""
        wanted = chosen or tuple(self._from_origin(one) for one in self.migrations) or (None,)
        return tuple(find_migration(one) for one in wanted)

    def settle(self, declared: Iterable[Migration], *, is_chosen: bool = False) -> tuple[Migration, ...]:
        """Bring migrations to the project's homes and producers, and put them together."""
        found = compose(map(self._at_home, declared))
        if not self.producers:
            return found
        known = {producer.function for migration in found for producer in migration.producers}
        unknown = sorted(self.producers.keys() - known)
        if unknown and not is_chosen:
            where = f"{self.origin}, [tool.compatkit], producers"
            raise MigrationError.unknown_key(unknown[0], known, where=where)
        return tuple(_with_producers(migration, self.producers) for migration in found)

    def _at_home(self, declared: Migration) -> Migration:
        """Return the migration with the project's homes, which must not make one name of two that differ."""
        found = declared.relocated(self.homes)
        if self.homes:
            validate(found, where=f"{self.origin or 'the project'}, [tool.compatkit], homes")
        return found

    def load_one(self, chosen: str | None = None) -> Migration:
        """Load the migration whose policy decides. Raises `MigrationError` if that could be one of several."""
        migrations = self.load([chosen] if chosen else [])
        if len(migrations) > 1:
            what = f"Several migrations are in use: {', '.join(migration.id for migration in migrations)}."
            raise MigrationError(what, where="[tool.compatkit]", hint="name one: --migration ID")
        return migrations[0]

    def _from_origin(self, id_or_path: str) -> str:
        return seen_from(self.origin.parent if self.origin else Path(), id_or_path)


def load_project(start: Path) -> Project:
    """Read `[tool.compatkit]` from the nearest `pyproject.toml` that has it, `start` first, then its parents.

    Raises `MigrationError` for an unknown key or a value of the wrong type.
    """
    # Most folders have no pyproject.toml of ours.
    import tomllib

    place = start.resolve()
    for directory in (place, *place.parents):
        file = directory / "pyproject.toml"
        if not file.is_file():
            continue
        try:
            document = load_toml(file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise MigrationError.unreadable(str(file), error) from error
        tool = document.get("tool", {})
        table = tool.get("compatkit") if isinstance(tool, dict) else None
        if isinstance(table, dict):
            table = _without_commands(table)
        if table is not None:
            return _project(Entry(table, f"{file}, [tool.compatkit]"), file)
    return Project()


def _without_commands(table: Mapping[str, object]) -> dict[str, object]:
    """Return the table without what is said to commands only."""
    if table.keys() <= _OWN:
        return dict(table)
    # The run-time path starts without them where the table has no such key.
    from compatkit.options import wishes

    of_commands = wishes().keys() | {"presets", "verify"}
    return {key: value for key, value in table.items() if key not in of_commands}


def _project(entry: Entry, origin: Path) -> Project:
    entry.refuse_unknown(_OWN)
    homes, producers = _inner(entry, "homes"), _inner(entry, "producers")
    return Project(
        migrations=entry.texts("migrations") if "migrations" in entry.given else (),
        homes={old: homes.text(old) for old in sorted(homes.given)},
        producers={name: _returns(producers, name) for name in sorted(producers.given)},
        origin=origin,
    )


def _inner(entry: Entry, key: str) -> Entry:
    return Entry(entry.table(key) if key in entry.given else {}, f"{entry.where}, {key}")


def _returns(producers: Entry, name: str) -> str | None:
    """Return the path to the history that a project states for a producer; None for `false`: it returns no history."""
    path = producers.value(name)
    if path is False:
        return None
    if not isinstance(path, str) or parse_shape(path) is None:
        expected = """a path such as '.history', '[1]' or '["history"]', or false"""
        raise producers.wrong(name, path, expected)
    return path


def _with_producers(migration: Migration, producers: Mapping[str, str | None]) -> Migration:
    """Return the migration with the paths that the project states; what `records` say starts from the old ones."""
    kept = []
    for producer in migration.producers:
        returns = producers.get(producer.function, producer.returns)
        if returns is not None:
            records = producer.records if returns == producer.returns else ()
            kept.append(replace(producer, returns=returns, records=records))
    return replace(migration, producers=tuple(kept))
