"""What other libraries must be told about records: torch and PyYAML refuse or disfigure classes they do not know."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from compatkit.record import CompatRecord, EpochRecord
from compatkit.record.compat_record import rebuild_record

_SAFE = (EpochRecord, rebuild_record)


class ThirdParty:
    """Tells each library as it comes in, and can take it back."""

    def __init__(self) -> None:
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
        torch.add_safe_globals([each for each in _SAFE if each not in before])

        def undo() -> None:
            others = [each for each in torch.get_safe_globals() if each not in _SAFE or each in before]
            torch.clear_safe_globals()
            torch.add_safe_globals(others)

        self._undo.append(undo)

    def _represent_in_yaml(self, module_name: str) -> None:
        """Let a record be written as the mapping that it is; else `dump` tags it, and `safe_dump` refuses it."""
        safe: Any = sys.modules[module_name].SafeRepresenter
        represent = safe.represent_dict
        if CompatRecord not in safe.yaml_multi_representers:
            safe.add_multi_representer(CompatRecord, represent)
        for known in _multi_representers(safe):
            known.setdefault(CompatRecord, represent)

        def undo() -> None:
            for known in _multi_representers(safe):
                if known.get(CompatRecord) is represent:
                    del known[CompatRecord]

        self._undo.append(undo)


def _multi_representers(representer: Any) -> Iterator[dict[type, object]]:
    """Yield the table of each dumper: a class that adds to the one it inherits starts from a copy."""
    if "yaml_multi_representers" in vars(representer):
        yield representer.yaml_multi_representers
    for each in representer.__subclasses__():
        yield from _multi_representers(each)
