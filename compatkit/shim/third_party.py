"""What other libraries must be told about records: torch and PyYAML refuse or disfigure classes they do not know."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Mapping
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
        before = torch.get_safe_globals()
        torch.add_safe_globals([each for each in _SAFE if each not in before])

        def undo() -> None:
            others = [each for each in torch.get_safe_globals() if each not in _SAFE or each in before]
            torch.clear_safe_globals()
            torch.add_safe_globals(others)

        self._undo.append(undo)

    def _represent_in_yaml(self, module_name: str) -> None:
        """Let a record be written as the mapping that it is; else `dump` tags it, and `safe_dump` refuses it."""
        yaml: Any = sys.modules[module_name]
        for representer in (yaml.SafeRepresenter, yaml.Representer):
            representer.add_multi_representer(CompatRecord, yaml.SafeRepresenter.represent_dict)
            self._undo.append(functools.partial(representer.yaml_multi_representers.pop, CompatRecord))
