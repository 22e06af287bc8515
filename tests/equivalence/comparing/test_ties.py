"""Points without steps keep the order that a store tells; where none does, one order must fit both sides."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compatkit.equivalence import Kind, Policy, Snapshot, Tolerance, Verdict, compare_snapshots
from compatkit.equivalence.comparing.histories import have_one_order
from compatkit.equivalence.history import History
from compatkit.equivalence.reading.canonical import canonical_history

EXACT = Tolerance()


def stored(values: list[float], times: list[int], order: list[int] | None = None) -> History:
    """A history at step 0, logged at these times; `order` is the order in which the store took the points."""
    steps = np.zeros(len(values), dtype=np.int64)
    told = None if order is None else np.array(order, dtype=np.int64)
    return canonical_history(steps, np.array(times, dtype=np.int64), np.array(values, dtype=np.float64), told)


def compared(before: History, after: History) -> Verdict:
    own = {"acc": History.of([(0, 0.5)])}
    return compare_snapshots(
        Snapshot("a", metrics={**own, "loss": before}), Snapshot("b", metrics={**own, "loss": after}), Policy.exact()
    )


values = st.lists(st.floats(0, 1), min_size=2, max_size=12, unique=True)


@given(values, st.randoms(use_true_random=False))
def test_one_program_that_logs_by_several_threads_is_equal_to_itself(logged: list[float], random: Random) -> None:
    sides = []
    for _ in range(2):
        times = sorted(random.randrange(4) for _ in logged)
        rows = list(zip(logged, times, strict=True))
        random.shuffle(rows)
        sides.append(stored([value for value, _ in rows], [time for _, time in rows]))

    assert compared(*sides).is_equivalent


@given(values, st.randoms(use_true_random=False))
def test_another_value_is_found_whatever_the_order(logged: list[float], random: Random) -> None:
    times = sorted(random.randrange(4) for _ in logged)
    other = [*logged]
    other[random.randrange(len(other))] = 2.0

    assert not compared(stored(logged, times), stored(other, times)).is_equivalent


@given(values)
def test_an_order_that_time_tells_counts(logged: list[float]) -> None:
    times = list(range(len(logged)))

    assert compared(stored(logged, times), stored(logged, times)).is_equivalent
    assert not compared(stored(logged, times), stored(logged[::-1], times)).is_equivalent


@given(values, st.booleans())
def test_an_order_that_one_store_alone_tells_may_be_that_of_the_other(logged: list[float], is_first: bool) -> None:
    told, untold = stored(logged, list(range(len(logged)))), stored(logged[::-1], [7] * len(logged))

    assert compared(*((told, untold) if is_first else (untold, told))).is_equivalent


@given(values)
def test_an_order_that_the_store_tells_counts_within_a_millisecond(logged: list[float]) -> None:
    times, order = [7] * len(logged), list(range(len(logged)))

    assert [point.value for point in stored(logged, times, order)] == logged
    assert compared(stored(logged, times, order), stored(logged, times, order)).is_equivalent
    assert not compared(stored(logged, times, order), stored(logged[::-1], times, order)).is_equivalent


def test_an_order_that_contradicts_the_times_is_none() -> None:
    one = stored([1.0, 2.0, 3.0, 4.0], [5, 5, 6, 6], [1, 0, 3, 2])
    by_threads = stored([1.0, 2.0, 3.0, 4.0], [5, 5, 6, 6], [2, 0, 3, 1])

    assert one.ties is None
    assert by_threads.ties is not None
    verdict = compared(one, by_threads)
    assert verdict.is_equivalent
    assert "compared as a set" in verdict.allowed[0].by.why


@pytest.mark.parametrize(("times", "is_one"), [([5, 5, 6, 6], True), ([5, 6, 6, 6], False)])
def test_points_that_no_order_fits_differ(times: list[int], is_one: bool) -> None:
    before = stored([1.0, 2.0, 3.0, 4.0], [5, 5, 6, 6])
    after = stored([2.0, 1.0, 4.0, 3.0] if is_one else [3.0, 1.0, 2.0, 4.0], times)

    assert have_one_order(before, after, EXACT) == is_one
    assert have_one_order(after, before, EXACT) == is_one


@given(st.integers(3, 12), st.data())
def test_the_place_of_a_missing_point_is_named(count: int, data: st.DataObject) -> None:
    lost = data.draw(st.integers(0, count - 1))
    whole = [float(number) for number in range(count)]
    less = [value for value in whole if value != lost]
    sides = [stored(values, list(range(len(values)))) for values in (whole, less)]

    there, back = compared(*sides), compared(*sides[::-1])

    for verdict, word in ((there, "missing"), (back, "extra")):
        (difference, *_) = verdict.deciding
        assert difference.kind is Kind.METRIC_STEPS
        assert difference.hint.startswith(f"{word}: the {lost + 1}")
        assert f"({float(lost)!r})" in difference.hint


@pytest.mark.parametrize(
    ("after", "said"),
    [
        ([(1, 0.9), (3, 0.7)], "missing: step 2"),
        ([(1, 0.9), (2, 0.8), (2, 0.8), (3, 0.7)], "extra: the 2nd point of step 2 (0.8)"),
        ([(1, 0.9), (2, 0.8), (3, 0.7), (4, 0.6), (5, 0.5)], "extra: step 4, step 5"),
    ],
)
def test_the_place_of_a_step_is_named(after: list[tuple[int, float]], said: str) -> None:
    before = History.of([(1, 0.9), (2, 0.8), (3, 0.7)])

    (difference,) = compared(before, History.of(after)).deciding

    assert difference.hint == said
