"""Which names mean the same, within which tolerance numbers agree, and which differences are allowed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from compatkit.equivalence.difference import Difference, Kind
from compatkit.migration import Allowance, Migration

# The defaults of torch.testing.assert_close, as (rtol, atol); of other dtypes every value must be equal.
_WEIGHTS = {
    "float16": (1e-3, 1e-5),
    "bfloat16": (1.6e-2, 1e-5),
    "float32": (1.3e-6, 1e-5),
    "float64": (1e-7, 1e-7),
    "complex64": (1.3e-6, 1e-5),
    "complex128": (1e-7, 1e-7),
}
_EXTRA = {kind for kind in Kind if kind.value.endswith("extra")}
_MISSING = {kind for kind in Kind if kind.value.endswith("missing")}


@dataclass(frozen=True, slots=True)
class Tolerance:
    """Numbers agree if they lie within `atol + rtol * max(|a|, |b|)`: the same in both directions."""

    rtol: float = 0.0
    atol: float = 0.0

    def __str__(self) -> str:
        if not (self.rtol or self.atol):
            return "must be equal"
        return f"beyond rtol {self.rtol:g}, atol {self.atol:g}"


@dataclass(frozen=True, slots=True)
class Policy:
    """How two snapshots are compared; `before` is v1, `after` is v2. Names are brought to v2's spelling."""

    metrics: Tolerance = Tolerance()
    weights: Mapping[str, Tolerance] = field(default_factory=dict)
    metric_names: Mapping[str, str] = field(default_factory=dict)
    metric_prefixes: tuple[str, ...] = ()
    param_names: Mapping[str, str] = field(default_factory=dict)
    ignore: tuple[Allowance, ...] = ()
    added: tuple[Allowance, ...] = ()
    removed: tuple[Allowance, ...] = ()

    @classmethod
    def exact(cls) -> Policy:
        """Return the policy that allows nothing: every name, value and weight must be equal."""
        return cls()

    @classmethod
    def from_migration(cls, migration: Migration) -> Policy:
        """Return the policy that a migration declares."""
        declared = migration.equivalence
        return cls(
            metrics=Tolerance(declared.rtol, declared.atol),
            weights={dtype: Tolerance(*bounds) for dtype, bounds in _WEIGHTS.items()},
            metric_names={row.v1: row.v2 for row in migration.fields},
            metric_prefixes=declared.metric_prefixes,
            param_names={row.v1: row.v2 for row in migration.arguments},
            ignore=declared.ignore,
            added=declared.added_in_v2,
            removed=declared.removed_in_v2,
        )

    def metric_name(self, name: str) -> str:
        """Return the v2 spelling of a metric, also where a declared prefix stands before it."""
        if name in self.metric_names:
            return self.metric_names[name]
        for prefix in self.metric_prefixes:
            if name.startswith(prefix) and name[len(prefix) :] in self.metric_names:
                return prefix + self.metric_names[name[len(prefix) :]]
        return name

    def param_name(self, name: str) -> str:
        """Return the v2 path of a param."""
        return self.param_names.get(name, name)

    def allowance(self, difference: Difference) -> Allowance | None:
        """Return what allows this difference, or None: then it decides.

        What v2 adds never excuses what it lost, nor a value that changed.
        """
        candidates = self.ignore
        if difference.kind in _EXTRA:
            candidates += self.added
        elif difference.kind in _MISSING:
            candidates += self.removed
        return _first(candidates, difference.kind.category, difference.name)

    def ignores(self, category: str, name: str) -> bool:
        """Tell whether no difference under this name would decide, so that it proves nothing."""
        return _first(self.ignore, category, name) is not None

    @property
    def allowances(self) -> tuple[Allowance, ...]:
        return (*self.ignore, *self.added, *self.removed)


def _first(candidates: tuple[Allowance, ...], category: str, name: str) -> Allowance | None:
    for allowed in candidates:
        if allowed.kind == category and fnmatchcase(name, allowed.name):
            return allowed
    return None
