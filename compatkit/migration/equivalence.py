"""The rules of equivalence in a migration: tolerances, margins, allowed differences, each with its reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from compatkit.migration.value import Value, value

if TYPE_CHECKING:
    from datetime import date

AllowanceKind = Literal["metric", "param", "tag", "artifact", "model", "dataset", "child"]
MarginValue = Literal["final", "min", "max"]


@value
class Allowance(Value):
    """A difference that is allowed, and why. `name` is a shell-style pattern.

    One of the kind "child" allows that a child run is lost or added, named as in the verdict: `fold *`, for `fold 1#1`.
    What differs within a child that both sides have is allowed by the other kinds, as in its parent.

    Attributes:
        until: the last day on which it allows; None is for ever.
        optional: it may match nothing. One that is not is stale where it does, which fails, as a strict xfail does.
    """

    kind: AllowanceKind
    name: str
    why: str
    until: date | None = None
    optional: bool = False


@value
class Bound(Value):
    """The greatest distance allowed between the numbers that a shell-style pattern names, and why.

    One of `metric`, `param` and `artifact` is given: nothing in a param or a file is a number unless it is declared to
    be. Two values agree if they lie within `atol + rtol * max(|a|, |b|)`, or at most `ulps` doubles apart.
    """

    metric: str
    why: str
    rtol: float = 0.0
    atol: float = 0.0
    ulps: int = 0
    param: str = ""
    artifact: str = ""


@value
class Margin(Value):
    """The greatest distance allowed between the means of a metric over many seeds, and why.

    Attributes:
        metric: a shell-style pattern.
        absolute, relative: one of the two is given; `relative` is a share of the mean before, 0.01 for a percent.
            An absolute margin of 0 says that the seed does not touch the metric: it must be equal in every run.
        value: which value of a run counts: its final one, its smallest or its largest.
    """

    metric: str
    why: str
    absolute: float | None = None
    relative: float | None = None
    value: MarginValue = "final"

    def __str__(self) -> str:
        return f"{self.absolute:g}" if self.absolute is not None else f"{self.relative:.3g} of the mean before"


@value
class Defaults(Value):
    """The params that a library logs of its own accord, with the text of each that stands for its default, and why.

    A param of `v1` alone may be missing after, one of `v2` alone may be new, and one of both may have changed, where
    each side says what is declared. Any other text was given by somebody, and decides.

    Attributes:
        beside: a param of both, by which two runs tell that it was v1 and v2 of this library that logged them.
        v1, v2: names, each with a shell-style pattern of its text.
    """

    beside: str
    why: str
    v1: tuple[tuple[str, str], ...] = ()
    v2: tuple[tuple[str, str], ...] = ()


@value
class Equivalence(Value):
    """Within which tolerance, and up to which differences, a v1 and a v2 run count as equivalent.

    Of `tolerances` and `margins` the first that names a metric decides; `rtol` and `atol` are for all other metrics.
    """

    rtol: float = 0.0
    atol: float = 0.0
    metric_prefixes: tuple[str, ...] = ()
    tolerances: tuple[Bound, ...] = ()
    margins: tuple[Margin, ...] = ()
    ignore: tuple[Allowance, ...] = ()
    added_in_v2: tuple[Allowance, ...] = ()
    removed_in_v2: tuple[Allowance, ...] = ()
    defaults: tuple[Defaults, ...] = ()


NOTHING_DECLARED = Equivalence()
