"""The proof: snapshots of MLflow runs, their differences, the policy, the verdict; the matrix of the two stacks."""

from __future__ import annotations

from compatkit.equivalence.comparing.compare import compare_snapshots
from compatkit.equivalence.difference import Difference, Distance, Kind
from compatkit.equivalence.errors import EquivalenceError
from compatkit.equivalence.policy import Policy
from compatkit.equivalence.reading.reader import take_snapshot, take_snapshots
from compatkit.equivalence.snapshot import Content, Dataset, File, Model, Point, Snapshot, Tensor
from compatkit.equivalence.snapshots import load_snapshot, resolve_snapshot, resolve_snapshots, save_snapshot
from compatkit.equivalence.tolerance import Tolerance
from compatkit.equivalence.verdict import Allowed, Verdict, stale_allowances

# `compatkit.equivalence.stack` is not handed on here: it imports torch, which `compatkit compare` can do without.

__all__ = [
    "Allowed",
    "Content",
    "Dataset",
    "Difference",
    "Distance",
    "EquivalenceError",
    "File",
    "Kind",
    "Model",
    "Point",
    "Policy",
    "Snapshot",
    "Tensor",
    "Tolerance",
    "Verdict",
    "compare_snapshots",
    "load_snapshot",
    "resolve_snapshot",
    "resolve_snapshots",
    "save_snapshot",
    "stale_allowances",
    "take_snapshot",
    "take_snapshots",
]
