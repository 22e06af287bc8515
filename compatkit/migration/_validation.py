"""Check what must hold across the entries of one migration."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from compatkit.migration.errors import MigrationError
from compatkit.migration.model import Argument, Config, Migration


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


def validate_together(migrations: Iterable[Migration]) -> None:
    """Raise `MigrationError`, naming both, if two migrations that are used together claim one name, or one code."""
    owners: dict[str, str] = {}
    fields_said: dict[str, tuple[str, str]] = {}
    places: dict[str, str] = {}
    for migration in migrations:
        if migration.id in places:
            first, second = places[migration.id], str(migration.origin)
            what = f"The id {migration.id!r}"
            raise MigrationError.declared_twice(what, first, second, where="the migrations in use")
        places[migration.id] = str(migration.origin)
        for claim in dict.fromkeys(_claims(migration)):
            if (owner := owners.setdefault(claim, migration.id)) != migration.id:
                raise MigrationError.declared_twice(claim, owner, migration.id, where="the migrations in use")
        for field in migration.fields:
            # Two that say the same of a key do not contradict each other.
            v2, owner = fields_said.setdefault(field.v1, (field.v2, migration.id))
            if v2 != field.v2:
                what = f"The field {field.v1!r}, as {v2!r} and as {field.v2!r},"
                raise MigrationError.declared_twice(what, owner, migration.id, where="the migrations in use")


def codes_of(migration: Migration) -> Iterator[str]:
    """Yield the code of every row that has one, each once."""
    yield from dict.fromkeys(row.code for _, row in migration.rows())


def _claims(migration: Migration) -> Iterator[str]:
    """Yield what no other migration may claim at the same time."""
    for _, row in migration.rows():
        yield from row.claims()
    yield from (f"The code {code!r}" for code in codes_of(migration))


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
