"""Run one script, with or without the shim, and write down what it binds; `triangle` starts it as a process."""

from __future__ import annotations

import json
import re
import runpy
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import ModuleType

from compatkit.migration import load_migration
from compatkit.record import CompatRecord, FieldNames
from compatkit.record.compat_record import spellings_of, stored_values
from compatkit.shim import install

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def main(script: str, result: str, migration: str, shim: str) -> None:
    """Run `script` and write JSON to `result`; with the shim of the migration if `shim` is `on`."""
    declared = load_migration(migration)
    names = FieldNames.of(declared.fields)
    if shim == "on":
        install([declared])
    sys.argv = [script]
    # Where Python itself would look first for what a script imports.
    sys.path[0] = str(Path(script).parent)
    bound = runpy.run_path(script, run_name="__main__")
    public = {name: value for name, value in bound.items() if not name.startswith("_") and not _is_import(value)}
    record = _loaded_class(declared.record)
    told = {
        "bound": {name: describe_run(value, names, record) for name, value in sorted(public.items())},
        "broken_law": next(_broken(public.values()), ""),
    }
    Path(result).write_text(json.dumps(told), encoding="utf-8")


def describe_run(value: object, names: FieldNames, record: type | None = None) -> str:
    """Return a value as a text that v1 and v2 agree on: a dict, and so an instance of `record`, under v1 keys."""
    if record is not None and isinstance(value, record) and not isinstance(value, dict):
        field_names = (field.name for field in fields(value)) if is_dataclass(value) else vars(value)
        value = {name: getattr(value, name) for name in field_names}
    if isinstance(value, list | tuple):
        return f"{type(value).__name__}({', '.join(describe_run(element, names, record) for element in value)})"
    if isinstance(value, dict):
        inside = (f"{names.to_v1.get(k, k)!r}: {describe_run(v, names, record)}" for k, v in value.items())
        return "{" + ", ".join(inside) + "}"
    # A class that moved is called otherwise before than after: who compares the texts knows of the moves.
    kind = f"<a {type(value).__module__}.{type(value).__qualname__}>"
    if is_dataclass(value) and not isinstance(value, type):
        inside = (f"{field.name}={describe_run(getattr(value, field.name), names, record)}" for field in fields(value))
        return f"{kind}({', '.join(inside)})"
    text = repr(value)
    return kind if _ADDRESS.search(text) else text


def _loaded_class(dotted: str) -> type | None:
    """Return the class of v2's records, if the script imported it; on v1 there is none."""
    module, _, name = dotted.rpartition(".")
    found = getattr(sys.modules.get(module), name, None)
    return found if isinstance(found, type) else None


def _is_import(value: object) -> bool:
    """True for modules, and for classes and functions of other modules: under which name they are bound may change."""
    is_foreign = callable(value) and getattr(value, "__module__", "__main__") != "__main__"
    return isinstance(value, ModuleType) or (is_foreign and hasattr(value, "__qualname__"))


def _broken(values: Iterable[object]) -> Iterator[str]:
    """Yield the records that do not come back as they were."""
    for value in values:
        if isinstance(value, CompatRecord):
            names, stored = spellings_of(value), stored_values(value)
            back = names.in_v1(names.in_v2(stored))
            if repr(back) != repr(stored):
                yield f"{stored} comes back as {back}"
        elif isinstance(value, list | tuple):
            yield from _broken(value)
        elif isinstance(value, Mapping):
            yield from _broken(value.values())


if __name__ == "__main__":
    main(*sys.argv[1:])
