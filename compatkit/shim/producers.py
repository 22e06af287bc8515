"""Producers: functions whose returned history is handed on as records that either generation can read."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module

from compatkit.migration import Migration, Producer, parse_shape
from compatkit.migration.renaming import prefixes
from compatkit.record import CompatRecord, HistoryReader, RecordError, default_record, record_class
from compatkit.record.names import FieldNames
from compatkit.record.record_class import can_be_dict
from compatkit.shim.lookup import holder_of, owner_at, restore
from compatkit.shim.returned import Results
from compatkit.shim.wrapper import is_wrapped, wrapped


class MigrationReader:
    """Reads histories as one migration declares them. Its record class is looked up at the first history."""

    def __init__(self, migration: Migration, *, converts: bool = False) -> None:
        self._migration = migration
        self._converts = converts

    def results_of(self, producer: Producer) -> Results:
        """Return what reads the results of one declared producer."""
        said = f"{producer.code} {producer.function} returned what the shim cannot read"
        declared = f" declares it in {self._migration.origin}" if self._migration.origin else " declares it"
        hint = (
            f"The migration {self._migration.id!r}{declared}; where its history lies is overridden by "
            f'[tool.compatkit] producers = {{ "{producer.function}" = ".history" }}; false for none'
        )
        return Results(self, parse_shape(producer.returns) or (), said=said, hint=hint)

    def read(self, history: object) -> object:
        return self._reader.read_in_place(history, converts=self._converts)

    def read_record(self, record: object) -> object:
        return None if record is None else self._reader.read([record])[0]

    def has_fields(self, names: object) -> bool:
        """Tell whether one of the names is that of an epoch, or of a declared field."""
        known = {"epoch", *self._names.to_v1, *self._names.to_v2}
        return isinstance(names, Iterable) and not known.isdisjoint(names)

    @functools.cached_property
    def _names(self) -> FieldNames:
        return FieldNames.of(self._migration.fields)

    @functools.cached_property
    def _reader(self) -> HistoryReader[CompatRecord]:
        names = self._names
        if not self._migration.record:
            return HistoryReader(default_record(names), keeps_mappings=not self._converts)
        module, _, name = self._migration.record.rpartition(".")
        try:
            metrics = getattr(import_module(module), name)
        except (ImportError, AttributeError) as error:
            raise RecordError(
                f"The record class {self._migration.record} cannot be imported: {error}.",
                where=f"the migration {self._migration.id!r}, record",
                hint="give the dotted name of the v2 record class, or leave `record` out",
            ) from error
        record = record_class(metrics, names) if can_be_dict(metrics) else default_record(names)
        return HistoryReader(record, keeps_mappings=not self._converts)


class Producers:
    """Wraps the producers that migrations name, as their modules come in, and can take all of it back."""

    def __init__(self, migrations: Iterable[Migration]) -> None:
        self._producers: dict[str, tuple[Producer, MigrationReader]] = {}
        for migration in migrations:
            reader = MigrationReader(migration)
            self._producers.update({producer.function: (producer, reader) for producer in migration.producers})
        self._undo: list[Callable[[], None]] = []

    @property
    def actions(self) -> Mapping[str, Callable[[str], None]]:
        """The action for every dotted name that may be a producer's module; which one it is shows on import."""
        return {module: self.wrap_in for function in self._producers for module in prefixes(function)}

    def wrap_in(self, module_name: str) -> None:
        """Wrap the producers that the imported module `module_name` holds."""
        for function, (producer, reader) in self._producers.items():
            if function.startswith(module_name + "."):
                self._wrap(module_name, function[len(module_name) + 1 :].split("."), producer, reader)

    def tell(self) -> None:
        """Say at the end of the process what was declared and imported, but is not wrapped."""
        # Imported here: it is needed once, and not by the start of a script.
        from compatkit.shim.unwrapped import tell_at_exit

        tell_at_exit(producer for producer, _ in self._producers.values())

    def restore(self) -> None:
        """Put every original back."""
        while self._undo:
            self._undo.pop()()

    def _wrap(self, module_name: str, path: list[str], producer: Producer, reader: MigrationReader) -> None:
        name = path[-1]
        owner = holder_of(owner_at(module_name, path[:-1]), name)
        original = inspect.getattr_static(owner, name, None) if owner is not None else None
        if original is None or is_wrapped(original):
            return
        is_own = name in vars(owner)
        wrapper = wrapped(original, reader.results_of(producer))
        try:
            setattr(owner, name, wrapper)
        except (AttributeError, TypeError):
            # A class that takes no attribute: told at the end of the run, as whatever was not wrapped.
            return
        self._undo.append(functools.partial(restore, owner, name, wrapper, original if is_own else None))
