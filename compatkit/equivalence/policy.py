"""The policy: names that mean the same, tolerances, and differences that are allowed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from fnmatch import fnmatchcase
from typing import Literal

from compatkit.equivalence.difference import Difference, Kind
from compatkit.equivalence.frameworks import Nature
from compatkit.equivalence.tolerance import EXACT, TORCH_WEIGHTS, Tolerance
from compatkit.migration import Allowance, Bound, Defaults, Equivalence, Margin, Migration
from compatkit.trace import TRACE_FILE

# Logged by compatkit and MLflow themselves, about the occasion: under no policy part of what is compared.
_OWN_WHY = "compatkit's own record of where and how a run was made"
# What MLflow's monitors of the CPU, the disk, the network and the GPUs measure: all else below `system/` is the user's.
_SAMPLED = (
    "cpu_utilization_percentage",
    "disk_available_megabytes",
    "disk_usage_megabytes",
    "disk_usage_percentage",
    "gpu_[0-9]*_memory_usage_megabytes",
    "gpu_[0-9]*_memory_usage_percentage",
    "gpu_[0-9]*_power_usage_percentage",
    "gpu_[0-9]*_power_usage_watts",
    "gpu_[0-9]*_utilization_percentage",
    "network_receive_megabytes",
    "network_transmit_megabytes",
    "system_memory_usage_megabytes",
    "system_memory_usage_percentage",
)
_OWN = (
    Allowance("tag", "compatkit.env.*", _OWN_WHY, optional=True),
    Allowance("artifact", TRACE_FILE, _OWN_WHY, optional=True),
    *(
        Allowance("metric", f"{place}{name}", "MLflow's samples of how busy the machine was", optional=True)
        # Of several nodes, each puts its own name before them.
        for place in ("system/", "system/*/")
        for name in _SAMPLED
    ),
)
# Where torch's optimizers and schedulers keep their state in a checkpoint, whatever it is called there.
_NO_WEIGHT = re.compile(r"optim|sched|scaler|exp_avg|momentum|\.state\{", re.IGNORECASE)
# Files of tensors that hold no weights; and how a checkpoint's place of a weight ends, since a module names it by its
# path: a tensor, a list of them, or a loss history that was saved is an array like any other.
_NO_WEIGHTS = re.compile(r"optim|sched|embeddings?\.|pred(?:iction)?s?\.|logits|features|activations", re.IGNORECASE)
_WEIGHT = re.compile(r'(?!\$).*|.*(?:\.(?:in_proj_)?(?:weight|bias)(?:_\w+)?|\["[^"]*\.[^"]*"\])', re.DOTALL)
_EXTRA = {kind for kind in Kind if kind.value.endswith("extra")}
_MISSING = {kind for kind in Kind if kind.value.endswith("missing")}


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules by which two snapshots are compared; `before` is v1, `after` is v2. Names are brought to v2's spelling.

    Attributes:
        metrics: the tolerance of each metric that none of `bounds` names, exact by default.
        bounds: tolerances of metrics by pattern; the first that fits a name decides.
        margins: for the statistical comparison, by pattern; the first that fits a name decides.
        weights: tolerances by dtype; of another dtype every value must be equal.
        defaults: what libraries log though nobody set it, by release.
        accepts_unread: judge by what could be read, and only say what could not.
        today: the day on which the expiry of allowances is judged.
        knows_frameworks: whether what frameworks write by nature, such as times, is settled.
        natures: what of that concerns the two runs that are compared; found anew for each pair.
        sources: what declares all this, in words.
    """

    metrics: Tolerance = EXACT
    bounds: tuple[Bound, ...] = ()
    margins: tuple[Margin, ...] = ()
    weights: Mapping[str, Tolerance] = field(default_factory=dict)
    metric_names: Mapping[str, str] = field(default_factory=dict)
    metric_prefixes: tuple[str, ...] = ()
    param_names: Mapping[str, str] = field(default_factory=dict)
    ignore: tuple[Allowance, ...] = ()
    added: tuple[Allowance, ...] = ()
    removed: tuple[Allowance, ...] = ()
    defaults: tuple[Defaults, ...] = ()
    accepts_unread: bool = False
    today: date = field(default_factory=date.today)
    knows_frameworks: bool = True
    natures: tuple[Nature, ...] = ()
    sources: tuple[str, ...] = ()

    @classmethod
    def exact(cls) -> Policy:
        """Return the policy that allows nothing: every name, value and weight must be equal, times included."""
        return cls(knows_frameworks=False)

    @classmethod
    def from_migration(cls, migration: Migration) -> Policy:
        """Return the policy that a migration declares."""
        declared = migration.equivalence
        names = cls(
            metrics=Tolerance(declared.rtol, declared.atol),
            weights=TORCH_WEIGHTS,
            metric_names={row.v1: row.v2 for row in migration.fields},
            param_names={row.v1: row.v2 for row in migration.arguments},
            sources=(f"migration {migration.id}",),
        )
        return names.extended(declared)

    @property
    def title(self) -> str:
        """Return the name of the policy, for a report."""
        return ", ".join(self.sources) or "none"

    def extended(self, declared: Equivalence, *, source: str = "") -> Policy:
        """Return this policy with the entries of `declared` before its own, so that they decide first.

        Its `rtol` and `atol`, unless both are 0, take the place of the tolerance of all other metrics.
        """
        metrics = Tolerance(declared.rtol, declared.atol) if declared.rtol or declared.atol else self.metrics
        return replace(
            self,
            metrics=metrics,
            bounds=(*declared.tolerances, *self.bounds),
            margins=(*declared.margins, *self.margins),
            metric_prefixes=tuple(dict.fromkeys((*declared.metric_prefixes, *self.metric_prefixes))),
            ignore=(*declared.ignore, *self.ignore),
            added=(*declared.added_in_v2, *self.added),
            removed=(*declared.removed_in_v2, *self.removed),
            defaults=(*declared.defaults, *self.defaults),
            sources=(*self.sources, *([source] if source else [])),
        )

    def declared_tolerance(self, category: Literal["artifact", "param"], name: str) -> Tolerance | None:
        """Return what is declared for an artifact or a param; None where nothing is."""
        for bound in self.bounds:
            pattern = bound.artifact if category == "artifact" else bound.param
            if pattern and fnmatchcase(name, pattern):
                return Tolerance.of(bound)
        return None

    def tensor_tolerances(self, file: str, kind: str, tensor: str) -> Mapping[str, Tolerance]:
        """Return the tolerances by dtype of an array in a file: as declared; else of weights those of weights.

        What an optimizer or a scheduler keeps beside the weights is none, nor is a tensor without a path of a module.
        """
        if (declared := self.declared_tolerance("artifact", file)) is not None:
            return dict.fromkeys(TORCH_WEIGHTS, declared)
        is_weight = kind == "tensors" and _WEIGHT.fullmatch(tensor) and not _NO_WEIGHT.search(tensor)
        return self.weights if is_weight and not _NO_WEIGHTS.search(file.rpartition("/")[2]) else {}

    def metric_tolerance(self, name: str) -> Tolerance:
        """Return the tolerance of a metric under its v2 name."""
        for bound in self.bounds:
            if fnmatchcase(name, bound.metric):
                return Tolerance.of(bound)
        return self.metrics

    def metric_margin(self, name: str) -> Margin | None:
        """Return the margin of a metric under its v2 name, or None: then no number of runs makes it equivalent."""
        return next((margin for margin in self.margins if fnmatchcase(name, margin.metric)), None)

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

    def default(self, name: str, before: Mapping[str, str], after: Mapping[str, str]) -> str:
        """Return why a param differs between two runs though nobody set it, or nothing: then somebody did."""
        for row in self.defaults:
            v1, v2 = dict(row.v1), dict(row.v2)
            is_logged = _matches(row.beside, v1, before) and _matches(row.beside, v2, after)
            if is_logged and name in {*v1, *v2} and _matches(name, v1, before) and _matches(name, v2, after):
                return row.why
        return ""

    def allowance(self, difference: Difference) -> Allowance | None:
        """Return what allows this difference today, or None: then it decides.

        What v2 adds never excuses what it lost, nor a value that changed.
        """
        named = self._naming(difference)
        return next((entry for entry in named if not self._is_expired(entry)), None)

    def expired(self, difference: Difference) -> Allowance | None:
        """Return what allowed this difference until its last day, which is over; None where nothing did."""
        return next((entry for entry in self._naming(difference) if self._is_expired(entry)), None)

    def ignores(self, category: str, name: str) -> bool:
        """Tell whether no difference under this name would decide, so that it proves nothing."""
        candidates = (*self.ignore, *_OWN)
        return any(not self._is_expired(entry) for entry in candidates if _names(entry, category, name))

    @property
    def allowances(self) -> tuple[Allowance, ...]:
        return (*self.ignore, *self.added, *self.removed)

    def _naming(self, difference: Difference) -> tuple[Allowance, ...]:
        candidates = (*self.ignore, *_OWN)
        if difference.kind in _EXTRA:
            candidates += self.added
        elif difference.kind in _MISSING:
            candidates += self.removed
        return tuple(entry for entry in candidates if _names(entry, difference.kind.category, difference.name))

    def _is_expired(self, entry: Allowance) -> bool:
        return entry.until is not None and self.today > entry.until


def _matches(name: str, declared: Mapping[str, str], params: Mapping[str, str]) -> bool:
    """Tell whether a param says what is declared of it, or is not there where nothing is."""
    if name in declared and name in params:
        return fnmatchcase(params[name], declared[name])
    return name not in declared and name not in params


def _names(entry: Allowance, category: str, name: str) -> bool:
    return entry.kind == category and fnmatchcase(name, entry.name)
