"""Tell other libraries about records: torch and PyYAML refuse or disfigure classes they do not know."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import import_module
from typing import Any

from compatkit.migration import Field
from compatkit.record import CompatRecord, EpochRecord, FieldNames
from compatkit.record._attributes import AttributeView
from compatkit.record.compat_record import rebuild_record
from compatkit.record.reading_face import rebuild_mapping
from compatkit.record.record_class import _rebuild_derived

_SAFE = (EpochRecord, rebuild_record, _rebuild_derived, rebuild_mapping, FieldNames, Field)


class ThirdParty:
    """Tells each library as it comes in, and can take it back. `records` are the dotted names of v2 record classes."""

    def __init__(self, records: Iterable[str] = ()) -> None:
        self._safe = (*_SAFE, *(made for name in records for made in (_Named(name), _Made(name))))
        self._undo: list[Callable[[], None]] = []

    @property
    def actions(self) -> Mapping[str, Callable[[str], None]]:
        return {"torch.serialization": self._allow_in_torch, "yaml.representer": self._represent_in_yaml}

    def restore(self) -> None:
        while self._undo:
            self._undo.pop()()

    def _allow_in_torch(self, module_name: str) -> None:
        """Let the default `torch.load` take checkpoints with records in them, as it takes those with dicts."""
        torch: Any = sys.modules[module_name]
        if not hasattr(torch, "add_safe_globals"):
            # Before torch 2.4: nothing is refused by default, and nothing can be allowed.
            return
        before = torch.get_safe_globals()
        known = set(map(id, before))
        ours = [safe for safe in self._safe if id(safe) not in known]
        added = set(map(id, ours))
        torch.add_safe_globals(ours)

        def undo() -> None:
            others = [other for other in torch.get_safe_globals() if id(other) not in added]
            torch.clear_safe_globals()
            torch.add_safe_globals(others)

        self._undo.append(undo)

    def _represent_in_yaml(self, module_name: str) -> None:
        """Let a record be written as the mapping that it is; else `dump` tags it, and `safe_dump` refuses it."""
        safe: Any = sys.modules[module_name].SafeRepresenter
        represent = safe.represent_dict
        # The second is what `vars` of a record returns.
        for kind in (CompatRecord, AttributeView):
            if kind not in safe.yaml_multi_representers:
                safe.add_multi_representer(kind, represent)
            for known in _multi_representers(safe):
                known.setdefault(kind, represent)

        def undo() -> None:
            for known in _multi_representers(safe):
                for kind in (CompatRecord, AttributeView):
                    if known.get(kind) is represent:
                        del known[kind]

        self._undo.append(undo)


class _Named:
    """Stands for a class that need not be imported yet, and for the records that are also instances of it.

    torch asks for its name, whether a class is it, and to make an object of it; it is imported for the last alone.
    """

    def __init__(self, dotted: str) -> None:
        self.__module__, _, self.__qualname__ = dotted.rpartition(".")
        self._name = self.__module__, self.__qualname__
        self.__new__ = lambda _, *args: self.resolve().__new__(self.resolve(), *args)  # type: ignore[method-assign]

    def resolve(self) -> Any:
        return getattr(import_module(self.__module__), self.__qualname__)

    def __call__(self, *args: object) -> object:
        return self.resolve()(*args)

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, type) and self._name == (other.__module__, other.__qualname__))

    def __hash__(self) -> int:
        return hash(self._name)


class _Made(_Named):
    """Stands for the records alone, under a name of its own: a user who allows the class takes its name."""

    def __init__(self, dotted: str) -> None:
        super().__init__(dotted)
        self.__module__, self.__qualname__ = __name__, f"a record of {dotted}"

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, type) and self._name == (other.__module__, other.__qualname__))

    def __hash__(self) -> int:
        return hash(self.__qualname__)


def _multi_representers(representer: Any) -> Iterator[dict[type, object]]:
    """Yield the table of each dumper: a class that adds to the one it inherits starts from a copy."""
    if "yaml_multi_representers" in vars(representer):
        yield representer.yaml_multi_representers
    for subclass in representer.__subclasses__():
        yield from _multi_representers(subclass)
