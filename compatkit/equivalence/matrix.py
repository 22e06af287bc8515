"""The outcome of running every trainer on every orchestrator: values only, nothing is run here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from compatkit.equivalence.verdict import Verdict, stale_allowances
from compatkit.migration import Allowance

if TYPE_CHECKING:
    from compatkit.training import DatasetSource


@dataclass(frozen=True, slots=True)
class Scenario:
    """One training: a data set under a preset, of which `overrides` replaces settings by dotted path.

    Attributes:
        dataset: the name of a bundled one, or what `data` is called.
        data: a data set of the user's own.
    """

    dataset: str
    preset: str
    overrides: Mapping[str, object] = field(default_factory=dict)
    # Two tensors are not equal or unequal, but a tensor: the name stands for them.
    data: DatasetSource | None = field(default=None, repr=False, compare=False)

    def __str__(self) -> str:
        changed = "".join(f", {path}={value}" for path, value in self.overrides.items())
        return f"{self.preset} on {self.dataset}{changed}"


@dataclass(frozen=True, slots=True)
class Cell:
    """One trainer on one orchestrator: a verdict against the baseline, or the reason why there is none."""

    orchestrator: str
    trainer: str
    run_id: str = ""
    verdict: Verdict | None = None
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Matrix:
    """The cells of one scenario; the first is the baseline, which has no verdict.

    Attributes:
        left_out: trainers that cannot do what the scenario asks for, and why; nothing is claimed about them.
    """

    scenario: Scenario
    cells: tuple[Cell, ...]
    left_out: tuple[str, ...] = ()

    @property
    def is_equivalent(self) -> bool:
        """True where every cell but the baseline has a verdict, each is equivalent, and no allowance is stale."""
        verdicts = [cell.verdict for cell in self.cells[1:]]
        equivalent = all(verdict is not None and verdict.is_equivalent for verdict in verdicts)
        return bool(verdicts) and equivalent and not self.stale

    @property
    def stale(self) -> tuple[Allowance, ...]:
        """The entries of the policy that allowed nothing in any cell though they must."""
        return stale_allowances(cell.verdict for cell in self.cells if cell.verdict is not None)

    @property
    def has_failures(self) -> bool:
        return any(cell.failure or (cell.verdict is not None and cell.verdict.is_open) for cell in self.cells)

    @property
    def has_differences(self) -> bool:
        """True where a cell is different, or the policy stale."""
        verdicts = [cell.verdict for cell in self.cells if cell.verdict is not None]
        different = any(not (verdict.is_equivalent or verdict.is_open) for verdict in verdicts)
        return different or bool(self.stale)
