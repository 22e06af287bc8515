"""Producers: functions whose returned history is handed on as records that either generation can read.

Those that were imported but are not wrapped are named at the end, not passed over in silence.
"""

from __future__ import annotations

import ast
import functools
import inspect
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import import_module
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TypeVar

from compatkit.errors import nearest
from compatkit.migration import Migration, Producer, find_migration, parse_shape
from compatkit.migration.renaming import prefixes
from compatkit.record import CompatRecord, HistoryReader, RecordError, default_record, record_class
from compatkit.record.names import FieldNames
from compatkit.record.record_class import can_be_dict
from compatkit.shim.lookup import holder_of, owner_at, restore
from compatkit.shim.returned import Results
from compatkit.shim.warning import ShimError
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

    def print_at_exit(self) -> None:
        """Say at the end of the process what was declared and imported, but is not wrapped."""
        print_unwrapped(producer for producer, _ in self._producers.values())

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


def unwrapped(producers: Iterable[Producer]) -> Iterator[str]:
    """Yield a line for each producer whose module is there, and that is not wrapped."""
    found = [(producer, _state_of(producer.function)) for producer in producers]
    served = {place for _, (owner, why) in found if owner and not why for place in prefixes(f"{owner}.")}
    for producer, (owner, why) in found:
        # Of several in one class, or of several classes in one module, some may be those of the other version.
        if why and (owner not in served or "no name" not in why):
            yield f"{producer.code} {producer.function} is declared as a producer, but not shimmed: {why}"


def print_unwrapped(producers: Iterable[Producer]) -> None:
    """Print these lines when the process ends, but not once more in each worker of multiprocessing."""
    processes = sys.modules.get("multiprocessing.process")
    if sys.stderr is None or (processes and processes.parent_process() is not None):
        return
    for line in unwrapped(producers):
        print(f"compatkit: {line}", file=sys.stderr)  # noqa: T201 - at the end of somebody's program


def _state_of(function: str) -> tuple[str, str]:
    """Return the class, or else the module, in which a producer should lie, and why it is not wrapped; or nothing."""
    module = next((name for name in prefixes(function) if name in sys.modules), "")
    path = function[len(module) + 1 :].split(".")
    inside = vars(sys.modules[module]) if module else {}
    if not module or (len(path) > 1 and "__path__" in inside and path[0] not in inside):
        # The module itself was not imported.
        return "", ""
    owner = owner_at(module, path[:-1])
    found = inspect.getattr_static(owner, path[-1], None) if owner is not None else None
    holder = module if owner is None else ".".join([module, *path[:-1]])
    if found is None:
        names = [name for name in vars(owner) if not name.startswith("__")] if isinstance(owner, type) else []
        hint = nearest(path[-1], names) if names else ""
        kept = "; what only its instances have cannot be one" if isinstance(owner, type) else ""
        return holder, f"there is no name {'.'.join(path)!r} in {module}{kept}{f' ({hint})' if hint else ''}"
    if is_wrapped(found):
        return holder, ""
    if isinstance(found, type) or not (callable(found) or hasattr(found, "__get__")):
        return (
            module,
            f"it is a {'class' if isinstance(found, type) else type(found).__name__}, which cannot be wrapped",
        )
    return module, f"{module} was imported past the shim"


def producers_not_in_source(producers: Iterable[Producer], folder: Path) -> Iterator[str]:
    """Yield a line for each producer that the source of its module does not show. Nothing is imported."""
    for producer in producers:
        if why := _missing_in_source(producer.function, [str(folder), str(folder / "src"), *sys.path]):
            yield f"{producer.code} {producer.function} is declared as a producer: {why}"


def _missing_in_source(function: str, folders: list[str]) -> str:
    name, path = "", function.split(".")
    file: Path | None = None
    while path:
        try:
            spec = PathFinder.find_spec(f"{name}.{path[0]}".lstrip("."), folders)
        except KeyError:
            # A namespace package in one that is not imported: not known.
            return ""
        if spec is None:
            break
        name = f"{name}.{path.pop(0)}".lstrip(".")
        file = Path(spec.origin) if spec.origin and spec.origin.endswith(".py") else None
        folders = list(spec.submodule_search_locations or ())
    if file is None or not path:
        return ""
    try:
        body: list[ast.stmt] = ast.parse(file.read_bytes()).body
    except (OSError, SyntaxError, ValueError) as error:
        return f"{file} cannot be read: {error}"
    for number, part in enumerate(path):
        found = next((line for line in body if part in _bound_by(line)), None)
        if found is None:
            inherits = number and len(path) > 1
            return f"{file} does not show {'.'.join(path)!r}{'; it may be inherited' if inherits else ''}"
        body = found.body if isinstance(found, ast.ClassDef) else []
        if not body:
            break
    return ""


def _bound_by(statement: ast.stmt) -> set[str]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {statement.name}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).partition(".")[0] for alias in statement.names}
    return {node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}


_Trainer = TypeVar("_Trainer")


def adapt(trainer: _Trainer, *methods: str, returns: str = "", migration: Migration | None = None) -> _Trainer:
    """Let this one trainer return records that either generation can read; other objects of its class stay as they are.

    A function is returned wrapped. Of an object, `methods` are wrapped on the object itself, which is returned; without
    them, those that the migration (by default the bundled one) declares for its class. `returns` is the path from the
    returned value to the history, such as `".history"` or `"[1]"`.
    Raises `ShimError` where nothing is declared and no method is named, or the object takes no attribute.
    """
    declared = find_migration() if migration is None else migration
    if parse_shape(returns) is None:
        raise ShimError(
            f"returns is {returns!r}, which is not a path.",
            where="adapt()",
            hint="""give '.history', '[1]' or '["history"]'""",
        )
    # One who adapts an object wants records, whatever it returns.
    reader = MigrationReader(declared, converts=True)
    if not methods and isinstance(trainer, type):
        hint = "adapt an object of it, or declare its method under [[producers]] in a migration"
        raise ShimError(f"{trainer.__qualname__} is a class.", where="adapt()", hint=hint)
    if not methods and (inspect.isroutine(trainer) or isinstance(trainer, functools.partial)):
        return wrapped(trainer, _results(trainer, returns, reader))  # type: ignore[return-value]  # a wrapper stands for its function
    wanted = dict.fromkeys(methods, returns) or _declared(type(trainer), declared)
    if not wanted:
        raise ShimError(
            f"The migration {declared.id!r} declares no producer of {type(trainer).__qualname__}.",
            where=f"the module {type(trainer).__module__}",
            hint="name the methods that return a history: adapt(trainer, 'train')",
        )
    for name, path in wanted.items():
        _wrap(trainer, name, path, reader)
    return trainer


def _declared(kind: type, migration: Migration) -> dict[str, str]:
    """Return the producers that are methods of `kind` or of a class above it, and where each has its history."""
    names = {f"{base.__module__}.{base.__qualname__}" for base in kind.__mro__}
    return {
        name: producer.returns
        for producer in migration.producers
        for owner, name in [_split(producer)]
        if owner in names
    }


def _split(producer: Producer) -> tuple[str, str]:
    owner, _, name = producer.function.rpartition(".")
    return owner, name


def _results(function: object, returns: str, reader: MigrationReader) -> Results:
    name = getattr(function, "__qualname__", type(function).__qualname__)
    hint = f"Say where its history lies: adapt(..., returns='.history'); now it is {returns!r}"
    return Results(reader, parse_shape(returns) or (), said=f"{name} returned what the shim cannot read", hint=hint)


def _wrap(trainer: object, name: str, returns: str, reader: MigrationReader) -> None:
    method = getattr(trainer, name, None)
    if not callable(method):
        public = [known for known in dir(trainer) if not known.startswith("_")]
        raise ShimError(
            f"{type(trainer).__qualname__} has no method {name!r}.",
            where=f"the module {type(trainer).__module__}",
            hint=nearest(name, public) or "name the method that returns the history",
        )
    if is_wrapped(method):
        return
    try:
        setattr(trainer, name, wrapped(method, _results(method, returns, reader)))
    except AttributeError as error:
        raise ShimError(
            f"{name!r} cannot be replaced on this {type(trainer).__qualname__}, which takes no new attribute.",
            where=f"the module {type(trainer).__module__}",
            hint="read what it returns with compatkit.read_history, or declare the method under [[producers]]",
        ) from error
