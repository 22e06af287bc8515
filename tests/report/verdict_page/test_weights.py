"""Weights by layer: counted and measured as the verdict does."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from compatkit.equivalence import Model, Policy, Snapshot, Tensor, compare_snapshots
from compatkit.equivalence.difference import Kind
from compatkit.report.verdict_page.findings import Findings, FindingState
from compatkit.report.verdict_page.view import with_bars
from compatkit.report.verdict_page.weights import Weight, weigh
from tests.equivalence.strategies import RUN, weights

DTYPES = ["float16", "float32", "float64", "int8", "int64", "uint64", "bool", "complex64"]


@st.composite
def tensors(draw: st.DrawFn) -> tuple[Tensor, Tensor]:
    """Two tensors of one dtype and shape, of which some elements agree."""
    dtype = draw(st.sampled_from(DTYPES))
    size = draw(st.integers(1, 6))
    pool = st.sampled_from([0, 1, 2, 3]) if dtype == "bool" or "int" in dtype else st.floats(width=16)
    sides = [np.array(draw(st.lists(pool, min_size=size, max_size=size))).astype(dtype) for _ in range(2)]
    return Tensor(dtype, sides[0]), Tensor(dtype, sides[1])


def weighed(before: Model, after: Model) -> tuple[list[Weight], Findings]:
    sides = Snapshot("a", models={"net": before}), Snapshot("b", models={"net": after})
    findings = Findings(compare_snapshots(*sides, Policy.exact()))
    return list(weigh(sides[0].models, sides[1].models, findings)), findings


@given(pair=tensors())
def test_elements_that_differ_are_those_of_the_verdict(pair: tuple[Tensor, Tensor]) -> None:
    (row,), findings = weighed(Model(tensors={"0.weight": pair[0]}), Model(tensors={"0.weight": pair[1]}))
    found = findings.about("model", "net: 0.weight")

    assert (
        row.unequal
        == row.beyond
        == sum(difference.count for difference in found if difference.kind is Kind.MODEL_TENSOR_VALUE)
    )
    assert (row.state is FindingState.EQUAL) == (not found)
    assert (row.layer, row.part) == ("0", "weight")


def test_largest_distance_of_64_bit_integers_does_not_wrap() -> None:
    low, high = (Tensor("int64", np.array([value])) for value in (-(2**63), 2**63 - 1))

    (row,), _ = weighed(Model(tensors={"steps": low}), Model(tensors={"steps": high}))

    assert row.largest == float(2**64 - 1)


def test_nan_in_a_weight_is_the_largest_distance() -> None:
    (row,), _ = weighed(Model(tensors={"b": weights(1.0, 2.0)}), Model(tensors={"b": weights(math.nan, 2.0)}))

    assert (row.unequal, row.largest) == (1, math.inf)
    assert with_bars((row,))[0].bar == 1.0


def test_other_shape_or_dtype_is_told_and_not_measured() -> None:
    (row,), _ = weighed(Model(tensors={"b": weights(1.0, 2.0)}), Model(tensors={"b": weights(1.0, dtype="float64")}))

    assert (row.unequal, row.largest, row.state) == (None, None, FindingState.DECIDES)
    assert (row.shape, row.dtype) == ("2 | 1", "float32 | float64")


def test_every_tensor_of_a_model_that_is_missing_decides() -> None:
    verdict = compare_snapshots(RUN, replace(RUN, models={}), Policy.exact())

    rows = list(weigh(RUN.models, {}, Findings(verdict)))

    assert {row.state for row in rows} == {FindingState.DECIDES}


def test_the_order_is_that_of_the_model() -> None:
    model = Model(tensors={"z.weight": weights(1.0), "a.weight": weights(1.0)})

    rows, _ = weighed(model, model)

    assert [row.layer for row in rows] == ["z", "a"]


@given(st.lists(st.floats(5e-324, 1.7e308) | st.just(0.0) | st.just(math.inf), max_size=5))
def test_bars_lie_between_nothing_and_all(distances: list[float]) -> None:
    rows = tuple(Weight("m", "", "w", "", "", 1, 1, 0, far, FindingState.NEAR) for far in distances)

    assert all((row.bar > 0) == (row.largest != 0) and row.bar <= 1 + 1e-9 for row in with_bars(rows))
