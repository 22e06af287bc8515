"""Refuse entries of one migration that contradict each other, or that a second run would apply again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from compatkit.migration.errors import MigrationError
from compatkit.migration.model import Argument, Config, Migration, Move
from compatkit.migration.renaming import Renaming, renaming_of


def validate(migration: Migration, *, where: str) -> None:
    """Raise `MigrationError` if two entries of `migration` contradict each other."""
    first = {(row.code, place): row.label for place, row in reversed([*migration.rows()])}
    _unique("The code", ((code, label) for (code, _), label in reversed(first.items())), where)
    _unique("The old name", ((move.old, move.code) for move in migration.moves), where)
    _unique("The producer", ((producer.function, producer.code) for producer in migration.producers), where)
    _validate_moves(migration, where)
    _validate_names(migration, where)
    _validate_advice(migration, where)
    for table in (migration.members, migration.hooks, migration.removed, migration.keys, migration.flags):
        claimed = ((claim, row.code) for row in table for claim in dict.fromkeys(row.claims()))
        _unique("", claimed, where)
    for what, rows in (
        ("arguments", _arguments(migration)),
        ("values", _values(migration)),
        ("members", _members(migration)),
        ("callables", _callables(migration)),
        ("defaults", _pinned(migration)),
        ("keys", _keys(migration)),
        ("options", _options(migration)),
        ("values", _option_values(migration)),
    ):
        _validate_steps(what, rows, where)
    _validate_fields(migration, where)
    for of in {argument.of for argument in migration.arguments}:
        _validate_arguments([argument for argument in migration.arguments if argument.of == of], where)
    _unique("The configuration of", ((config.of, config.name) for config in migration.configs), where)
    for config in migration.configs:
        paths = [argument.v2 for argument in migration.arguments if argument.of == config.of]
        _validate_config(config, paths, f"{where}, [[configs]] of {config.of}")


def _validate_advice(migration: Migration, where: str) -> None:
    """Refuse advice on every call of what rows above speak of: the first one speaks."""
    seen: dict[str, str] = {}
    for call in (call for call in migration.calls if call.say and not (call.has_conditions or call.asked)):
        if seen.keys() >= {*call.of}:
            what = f"What to do about {call.of[0]!r}"
            raise MigrationError.declared_twice(what, seen[call.of[0]], call.code, where=where)
        seen |= {of: call.code for of in call.of if of not in seen}


def _validate_moves(migration: Migration, where: str) -> None:
    for move in migration.moves:
        if move.old == move.new:
            raise MigrationError.onto_itself(move.code, move.old, where=where)
    for _, chain in chains(migration.moves):
        raise MigrationError.chain(*chain, where=where)


def chains(moves: Iterable[Move]) -> Iterator[tuple[Move, tuple[str, str, str, str]]]:
    """Yield each move that goes on from where another ends: the name between, the first one, and the two codes."""
    renaming = Renaming(moves := tuple(moves))
    for move in moves:
        # A module that moves below itself would move again in every run.
        if again := renaming.of(move.new):
            yield move, (move.new, move.old, move.code, again.code)
        for module in renaming.modules:
            before = module.old + move.old.removeprefix(module.new)
            if move.old.startswith(f"{module.new}.") and renaming.apply(before) == move.old:
                yield move, (move.old, before, module.code, move.code)


def _validate_names(migration: Migration, where: str) -> None:
    """Refuse a name that moves and is gone, and one whose new home is a class, which no import can bring."""
    gone = {name: row.code for row in migration.removed for name in row.names}
    classes = {move.new: move.code for move in Move.symbols(migration.moves)}
    for rows in (migration.members, migration.hooks, migration.calls):
        classes |= {of: row.code for row in rows for of in row.of}
    for move in Move.symbols(migration.moves):
        for name in (move.old, move.new):
            if code := gone.get(name):
                raise MigrationError.declared_twice(f"The end of {name!r}", move.code, code, where=where)
        if code := classes.get(move.new_module):
            raise MigrationError(
                f"{move.new!r}, says {move.code}, lies in {move.new_module}, which is not a module, says {code}: "
                "no import can bring it.",
                where=where,
                hint="tell it with [[removed]], or with `say` in [[calls]]",
            )


# What is renamed, the old name, the new one, and the code that says so.
_Step = tuple[str, object, object, str]


def _arguments(migration: Migration) -> Iterator[_Step]:
    for call in (call for call in migration.calls if not call.is_conditional):
        for of in call.of:
            yield from ((of, row.v1, row.v2, call.code) for row in call.rename)
            yield from ((of, name, None, call.code) for name in call.drop)


def _values(migration: Migration) -> Iterator[_Step]:
    for call in (call for call in migration.calls if not call.is_conditional):
        yield from ((f"{of}({row.name})", row.v1, row.v2, call.code) for of in call.of for row in call.values)
    moved = renaming_of(migration.moves).apply
    for call in (call for call in migration.calls if not call.is_conditional):
        # Where the callable keeps its name, nothing tells a value of v1 from one of v2.
        kept = [of for of in call.of if moved(of) == of]
        yield from ((f"{of}({row.name})", row.v1, row.v2, call.code) for of in kept for row in call.meant)


def _callables(migration: Migration) -> Iterator[_Step]:
    for call in (call for call in migration.calls if call.to and not call.has_conditions):
        yield from (("v1", of, call.to, call.code) for of in call.of)
    if any(call.to for call in migration.calls):
        yield from (("v1", move.old, move.new, move.code) for move in Move.symbols(migration.moves))


def _pinned(migration: Migration) -> Iterator[_Step]:
    for call in (call for call in migration.calls if not (call.has_conditions or call.asked)):
        # Under the name of the value no other step goes on.
        yield from ((of, row.name, (row.value,), call.code) for of in call.of for row in (*call.pin, *call.add))


def _keys(migration: Migration) -> Iterator[_Step]:
    for key in (key for key in migration.keys if key.v2):
        parent, _, name = key.v1.rpartition(".")
        yield f"{parent} beside {', '.join(sorted(key.beside))}", name, key.v2, key.code


def _options(migration: Migration) -> Iterator[_Step]:
    for flag in (flag for flag in migration.flags if flag.v2):
        yield ", ".join(sorted((*flag.of, *flag.beside))), flag.v1, flag.v2, flag.code


def _option_values(migration: Migration) -> Iterator[_Step]:
    for flag in migration.flags:
        yield from ((f"{flag.v1} of {', '.join(flag.of)}", v1, v2, flag.code) for v1, v2 in flag.values)


def _members(migration: Migration) -> Iterator[_Step]:
    renaming = Renaming(migration.moves)
    for member in migration.members:
        # Where the class moves, its new name tells what was renamed already.
        owners = [of for of in member.of if member.v1 == member.v2 or renaming.apply(of) == of]
        yield from ((of, member.v1, member.v2, member.code) for of in owners if member.v2)


def _validate_steps(what: str, steps: Iterable[_Step], where: str) -> None:
    """Refuse a step that goes nowhere, two that part, and one that goes on from where another ends."""
    # Values may be lists.
    known: dict[tuple[str, str], tuple[object, str]] = {}
    for of, old, new, code in steps:
        if old == new and type(old) is type(new):
            raise MigrationError.onto_itself(code, str(old), where=where)
        first, owner = known.setdefault((of, repr(old)), (new, code))
        if first != new:
            raise MigrationError.declared_twice(
                f"What becomes of {old!r}, of the {what} of {of},", owner, code, where=where
            )
    for (of, old), (new, code) in known.items():
        if new is not None and (again := known.get((of, repr(new)))):
            raise MigrationError.chain(str(new), f"{old}, of the {what} of {of}", code, again[1], where=where)


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
            named = f"{what} {value!r}" if what else value
            raise MigrationError.declared_twice(named, seen[value], owner, where=where)
        seen[value] = owner
