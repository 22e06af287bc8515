"""Producers that are declared and were imported, but are not wrapped: said at the end, not passed over in silence."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterable, Iterator
from importlib.machinery import PathFinder
from pathlib import Path

from compatkit.errors import nearest
from compatkit.migration import Producer
from compatkit.migration.renaming import prefixes
from compatkit.shim.lookup import owner_at
from compatkit.shim.wrapper import is_wrapped


def unwrapped(producers: Iterable[Producer]) -> Iterator[str]:
    """Yield a line for each producer whose module is there, and that is not wrapped."""
    found = [(producer, _state_of(producer.function)) for producer in producers]
    served = {place for _, (owner, why) in found if owner and not why for place in prefixes(f"{owner}.")}
    for producer, (owner, why) in found:
        # Of several in one class, or of several classes in one module, some may be those of the other version.
        if why and (owner not in served or "no name" not in why):
            yield f"{producer.code} {producer.function} is declared as a producer, but not shimmed: {why}"


def tell_at_exit(producers: Iterable[Producer]) -> None:
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
