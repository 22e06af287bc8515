"""Explain why two runs differ, from what each recorded about its own setup, and where their trainings first part."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Literal

from compatkit.equivalence.difference import Difference, Kind
from compatkit.equivalence.reading.datasets import DIGESTED_IN_PART
from compatkit.equivalence.snapshot import Snapshot
from compatkit.equivalence.verdict import Verdict
from compatkit.trace import TRACE_FILE, Batch, Trace
from compatkit.trace.record import PACKAGES, PREFIX


class State(Enum):
    """The state of one aspect in two runs. Where one says nothing, it is unknown, and not the same."""

    SAME = "same"
    DIFFERS = "differs"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Aspect:
    """One aspect of how two runs were made, such as "environment", and a line for each thing to be said of it."""

    aspect: str
    state: State
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """The clues, in the order in which a training depends on them, and where the runs began to part."""

    clues: tuple[Aspect, ...]
    began: str

    @property
    def telling(self) -> tuple[Aspect, ...]:
        """The clues, without those that are unknown and say nothing of how they could be known."""
        return tuple(clue for clue in self.clues if clue.lines or clue.state is not State.UNKNOWN)


_HOW = "watch both trainings: compatkit.trace.watch(model), with COMPATKIT_TRACE=1"
_NOWHERE = "in what was not recorded: after the last recorded batch, outside the module, or in what is logged"


def explain(before: Snapshot, after: Snapshot, verdict: Verdict) -> Explanation:
    """Narrow down where two runs part: params, environment, weights at the start, data order, first step, layer.

    Without the records of both runs, see `read_trace`, the inside of the training stays unknown. Raises `TraceError`
    for one that cannot be read.
    """
    params, environment, data = _params(verdict), _environment(before.tags, after.tags), _data(verdict)
    traces = one, other = read_trace(before), read_trace(after)
    if one is None or other is None:
        missing = " and ".join(side for side, trace in zip(("before", "after"), traces, strict=True) if trace is None)
        inside = [Aspect(name, State.UNKNOWN) for name in ("weights at the start", "data order")]
        layer = Aspect("first layer", State.UNKNOWN, (f"no trace of the run {missing}: {_HOW}",))
        clues = (params, environment, data, *inside, _first_step(verdict), layer)
        return Explanation(clues, _guess(params, environment, data))
    parting = first_divergence(one, other)
    inside = [_weights(one, other), _order(one, other)]
    clues = (params, environment, data, *inside, _first_step(verdict), _layer(parting))
    return Explanation(clues, str(parting) if parting else _NOWHERE)


def _params(verdict: Verdict) -> Aspect:
    found = [difference for difference in _all(verdict) if difference.kind.category == "param"]
    lines = tuple(
        f"{difference.name}: {difference.before or 'nothing'} | {difference.after or 'nothing'}" for difference in found
    )
    if not found and not verdict.compared.get("params"):
        return Aspect("params", State.UNKNOWN, ("neither run logged params",))
    return Aspect("params", State.DIFFERS if found else State.SAME, lines)


def _data(verdict: Verdict) -> Aspect:
    """Say which data sets differ, by what the differences name: their digests, schemas and profiles."""
    found = [difference for difference in _all(verdict) if difference.kind.category == "dataset"]
    lines = tuple(
        f"{difference.name}: {difference.before or 'nothing'} | {difference.after or 'nothing'}" for difference in found
    )
    if not found and not verdict.compared.get("datasets"):
        return Aspect("data", State.UNKNOWN)
    if not found and any(DIGESTED_IN_PART in note for note in verdict.notes):
        return Aspect("data", State.UNKNOWN, ("the same, as far as MLflow's digest looks at it",))
    return Aspect("data", State.DIFFERS if found else State.SAME, lines)


def _environment(before: Mapping[str, str], after: Mapping[str, str]) -> Aspect:
    left, right = (
        {name.removeprefix(PREFIX): text for name, text in tags.items() if name.startswith(PREFIX)}
        for tags in (before, after)
    )
    if not left or not right:
        return Aspect("environment", State.UNKNOWN, ("not logged by both runs: compatkit.trace.environment_tags()",))
    packages = PACKAGES.removeprefix(PREFIX)
    lines = [
        f"{name}: {left.get(name, 'nothing')} | {right.get(name, 'nothing')}"
        for name in sorted(left.keys() | right.keys())
        if left.get(name) != right.get(name) and name != packages
    ]
    lines += _packages(left.get(packages, ""), right.get(packages, ""))
    return Aspect("environment", State.DIFFERS if lines else State.SAME, tuple(lines))


def _packages(before: str, after: str) -> list[str]:
    left, right = (dict(_named(text)) for text in (before, after))
    names = sorted(left.keys() | right.keys())
    return [
        f"{name}: {left.get(name, 'nothing')} | {right.get(name, 'nothing')}"
        for name in names
        if left.get(name) != right.get(name)
    ]


def _named(text: str) -> Iterable[tuple[str, str]]:
    return ((name, version) for name, _, version in (requirement.partition("==") for requirement in text.split()))


def _weights(one: Trace, other: Trace) -> Aspect:
    apart = [
        name
        for name in dict.fromkeys((*one.initial, *other.initial))
        if one.initial.get(name) != other.initial.get(name)
    ]
    return Aspect("weights at the start", State.DIFFERS if apart else State.SAME, tuple(apart))


def _order(one: Trace, other: Trace) -> Aspect:
    pairs = list(zip(one.batches, other.batches, strict=False))
    apart = [number for number, (left, right) in enumerate(pairs) if left.inputs != right.inputs]
    if not apart:
        return Aspect("data order", State.SAME, (f"in {len(pairs)} batches",))
    left, right = ({batch.inputs for batch in trace.batches} for trace in (one, other))
    same = "the same batches in another order" if left == right else "other batches"
    return Aspect("data order", State.DIFFERS, (f"from batch {apart[0]}: {same}, {len(apart)} of {len(pairs)} differ",))


def _first_step(verdict: Verdict) -> Aspect:
    found = [
        difference
        for difference in verdict.deciding
        if difference.kind is Kind.METRIC_VALUE and difference.first_step is not None
    ]
    if not found:
        return Aspect("first step", State.SAME, ("no metric's values differ",))
    # A final value is logged once, under step 0: where curves differ, they say when.
    found = [difference for difference in found if difference.of > 1] or found
    first = min(difference.first_step for difference in found if difference.first_step is not None)
    names = [difference.name for difference in found if difference.first_step == first]
    return Aspect("first step", State.DIFFERS, (f"step {first}: {', '.join(names)}",))


def _layer(parting: Divergence | None) -> Aspect:
    return Aspect("first layer", State.DIFFERS if parting else State.SAME, (str(parting),) if parting else ())


def _guess(*clues: Aspect) -> str:
    """Say what may be the reason where the inside is unknown; a guess is called one."""
    known = [clue.aspect for clue in clues if clue.state is State.DIFFERS]
    return f"unknown; a candidate: {' and '.join(known)}" if known else "unknown"


def _all(verdict: Verdict) -> list[Difference]:
    return [*verdict.deciding, *(entry.difference for entry in verdict.allowed)]


def read_trace(snapshot: Snapshot) -> Trace | None:
    """Return the record that a run logged, or None where it logged none.

    Raises `TraceError` for a record that is there and cannot be read.
    """
    if not snapshot.trace:
        return None
    return Trace.from_json(snapshot.trace, where=f"{TRACE_FILE} of run {snapshot.run_id}")


What = Literal["mode", "inputs", "weights", "forward", "gradient", "layers", "length"]


@dataclass(frozen=True, slots=True)
class Divergence:
    """The first point at which two records part: the batch, counted from 0, the kind, and the layer or parameter."""

    batch: int
    what: What
    name: str = ""
    is_training: bool = True

    def __str__(self) -> str:
        place = f"batch {self.batch} ({'training' if self.is_training else 'evaluation'})"
        match self.what:
            case "mode":
                return f"{place}: one side trains, the other evaluates"
            case "inputs":
                return f"{place}: the data that the module is called with"
            case "weights" if self.batch == 0:
                return f"before {place}: the weights at the start"
            case "weights":
                return f"before {place}: the weights, though all was equal up to the step before: the optimizer's step"
            case "forward":
                return f"{place}: the output of layer {self.name!r}, of equal inputs and weights"
            case "gradient":
                return f"{place}: the gradient of {self.name!r}, after an equal forward pass: the loss or its backward"
            case "layers":
                return f"{place}: {self.name!r} is on one side only"
            case _:
                return f"{place}: one side has no such batch"


def first_divergence(before: Trace, after: Trace) -> Divergence | None:
    """Return where two records part first, in the order in which things happen; None where they agree throughout."""
    for number, (one, other) in enumerate(zip(before.batches, after.batches, strict=False)):
        if (found := _in_batch(number, one, other)) is not None:
            return found
    if len(before.batches) == len(after.batches):
        return None
    longer = max(before.batches, after.batches, key=len)
    shared = min(len(before.batches), len(after.batches))
    return Divergence(shared, "length", is_training=longer[shared].is_training)


def _in_batch(number: int, one: Batch, other: Batch) -> Divergence | None:
    if one.is_training != other.is_training:
        return Divergence(number, "mode")
    # Weights first: what an optimizer did belongs to the batch before.
    if one.weights != other.weights:
        return Divergence(number, "weights", is_training=one.is_training)
    if one.inputs != other.inputs:
        return Divergence(number, "inputs", is_training=one.is_training)
    if (found := _in_layers(one.forward, other.forward, "forward")) is None:
        found = _in_layers(one.gradient, other.gradient, "gradient")
    return Divergence(number, *found, is_training=one.is_training) if found else None


def _in_layers(one: Mapping[str, str], other: Mapping[str, str], what: What) -> tuple[What, str] | None:
    for name in [*one, *(name for name in other if name not in one)]:
        if name not in one or name not in other:
            return "layers", name
        if one[name] != other[name]:
            return what, name
    return None
