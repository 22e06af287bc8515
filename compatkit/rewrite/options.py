"""How much a rewrite may do; by default only what is certain, in the smallest diff."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Options:
    """What the user asked for.

    Attributes:
        confidence: `review` also makes the edits that are reported by default, such as strings that name code.
        modernize: also rewrite fields and arguments.
        rename: bring the new name itself, and rename every use, where the default is `N2 as N`.
        through_reexports: also rewrite imports of a moved name from a module that only hands it on.
        select: codes to act on; empty for all. `ignore` is taken from these.
    """

    confidence: Literal["safe", "review"] = "safe"
    modernize: bool = False
    rename: bool = False
    through_reexports: bool = False
    select: frozenset[str] = frozenset()
    ignore: frozenset[str] = frozenset()

    @property
    def acts_on_all(self) -> bool:
        return not (self.select or self.ignore)

    def acts_on(self, code: str) -> bool:
        """Tell whether `code` is selected. A prefix selects all codes that begin with it, such as CK2."""
        is_selected = not self.select or any(code.startswith(prefix) for prefix in self.select)
        return is_selected and not any(code.startswith(prefix) for prefix in self.ignore)
