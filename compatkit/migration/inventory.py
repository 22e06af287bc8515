"""The names that v2 has: a file beside the migration, read once it is needed. Each line is a module and its names.

lightning.pytorch: LightningModule, Trainer
lightning.pytorch.callbacks: Callback, Timer
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from compatkit.migration.errors import MigrationError


@dataclass(frozen=True, slots=True)
class Inventory:
    """The names of each module of v2, by its dotted name."""

    names: Mapping[str, frozenset[str]]

    def may_have(self, dotted: str) -> bool:
        """Tell whether v2 has a name; yes for one of an unlisted package. What lies in a class is not asked for.

        >>> listed = Inventory({"shop": frozenset({"Till"})})
        >>> [listed.may_have(name) for name in ("shop.Till", "shop.Till.open", "shop.Bag", "bag.Bag")]
        [True, True, False, True]
        """
        module, inside = dotted, ""
        while module and module not in self.names:
            module, _, inside = module.rpartition(".")
        return not module or not inside or inside in self.names[module]

    def elsewhere(self, name: str) -> list[str]:
        """Return the dotted names under which v2 has this name, those with the fewest parts first."""
        found = [f"{module}.{name}" for module, names in self.names.items() if name in names]
        return sorted(found, key=lambda dotted: (dotted.count("."), dotted))

    def lines(self) -> Iterator[str]:
        """Yield the lines of the file."""
        for module in sorted(self.names):
            yield f"{module}: {', '.join(sorted(self.names[module]))}".rstrip()


@cache
def read_inventory(file: str) -> Inventory:
    """Read the inventory in `file`. Raises `MigrationError` if that cannot be read, or is none."""
    try:
        text = Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        hint = "write it: compatkit migrations inventory RELEASE MODULE > FILE"
        raise MigrationError(f"The inventory cannot be read: {error}.", where=file, hint=hint) from error
    found: dict[str, frozenset[str]] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        module, separator, names = line.partition(":")
        if not separator:
            hint = "write a module, a colon and its names: callbacks: Callback, Timer"
            raise MigrationError(
                f"This is not a line of an inventory: {line!r}.", where=f"{file}, line {number}", hint=hint
            )
        found[module] = frozenset(name.strip() for name in names.split(",") if name.strip())
    return Inventory(found)
