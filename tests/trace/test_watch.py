"""Watching reads and changes nothing, is inert unless asked for, and its record tells where two trainings part."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from compatkit.equivalence.explain import Divergence, first_divergence
from compatkit.trace import Trace, TraceError, watch
from compatkit.trace.watch import digest

Change = Callable[[nn.Module], object]


def trained(
    *,
    weights: int = 0,
    order: int = 0,
    lr: float = 0.1,
    smoothing: float = 0.0,
    change: Change = lambda _: None,
    batches: int | None = 20,
    evaluations: int = 1,
) -> tuple[Trace | None, dict[str, torch.Tensor]]:
    """Train a small network four steps, then evaluate it; return the record and the weights."""
    torch.manual_seed(weights)
    model = nn.Sequential(nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 3))
    change(model)
    steps = 4
    data = torch.randn(steps, 6, 5, generator=torch.Generator().manual_seed(7))
    labels = torch.randint(0, 3, (steps, 6), generator=torch.Generator().manual_seed(8))
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    kept: list[str] = []
    with watch(model, batches=batches, to=kept.append):
        for at in torch.randperm(steps, generator=torch.Generator().manual_seed(order)).tolist():
            optimizer.zero_grad()
            F.cross_entropy(model(data[at]), labels[at], label_smoothing=smoothing).backward()
            optimizer.step()
        with torch.inference_mode():
            for _ in range(evaluations):
                model.eval()(data[0])
    return Trace.from_json(kept[0]) if kept else None, model.state_dict()


def test_without_the_variable_nothing_is_hooked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COMPATKIT_TRACE", raising=False)
    model = nn.Linear(2, 2)

    watch(model)

    assert not model._forward_hooks
    assert not model._forward_pre_hooks


def test_the_variable_says_how_many_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPATKIT_TRACE", "2")

    trace, _ = trained(batches=None)

    assert trace is not None
    assert len(trace.batches) == 2


def test_watching_changes_no_weight() -> None:
    watched, plain = trained()[1], trained(batches=0)[1]

    assert all(torch.equal(watched[name], plain[name]) for name in plain)


def test_after_the_last_batch_no_hook_is_left() -> None:
    model = nn.Linear(2, 2)
    watched = watch(model, batches=1, to=lambda _: None)
    model(torch.ones(1, 2))
    model(torch.ones(1, 2))

    assert not model._forward_hooks
    assert not model.weight._post_accumulate_grad_hooks
    assert len(watched.trace.batches) == 1


def test_equal_trainings_have_equal_records() -> None:
    one, other = trained()[0], trained()[0]

    assert one is not None
    assert one == other
    assert first_divergence(one, one) is None
    assert [batch.is_training for batch in one.batches] == [True] * 4 + [False]
    assert list(one.batches[0].forward) == ["0", "1", "2"]
    assert not one.batches[4].gradient


def twice(model: nn.Module) -> None:
    """Call the second layer once more, within the third."""
    _, relu, last = model.children()
    last.register_forward_pre_hook(lambda _layer, given: (relu(given[0]),))


def nudged(layer: int) -> Change:
    def change(model: nn.Module) -> None:
        def hook(_layer: nn.Module, _given: object, output: torch.Tensor) -> torch.Tensor:
            return output * (1 + 1e-6)

        model[layer].register_forward_hook(hook)  # type: ignore[index]

    return change


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"weights": 1}, Divergence(0, "weights")),
        ({"order": 1}, Divergence(0, "inputs")),
        ({"lr": 0.2}, Divergence(1, "weights")),
        ({"smoothing": 0.1}, Divergence(0, "gradient", "2.weight")),
        ({"change": nudged(0)}, Divergence(0, "forward", "0")),
        ({"change": nudged(2)}, Divergence(0, "forward", "2")),
        ({"change": twice}, Divergence(0, "layers", "1#2")),
        ({"evaluations": 2}, Divergence(5, "length", is_training=False)),
    ],
)
def test_a_planted_cause_is_the_first_parting(arguments: dict[str, Any], expected: Divergence) -> None:
    one, other = trained()[0], trained(**arguments)[0]
    assert one is not None
    assert other is not None

    there, back = first_divergence(one, other), first_divergence(other, one)

    assert there is not None
    # Autograd is free in the order in which the parameters of one layer get their gradients.
    assert replace(there, name=there.name.replace("2.bias", "2.weight")) == expected
    assert back is not None
    assert (back.what, back.batch) == (there.what, there.batch)


def test_a_copy_of_the_module_adds_nothing_to_the_record() -> None:
    model = nn.Sequential(nn.Linear(2, 2))
    with watch(model, batches=9, to=lambda _: None) as watched:
        twin = copy.deepcopy(model)
        model(torch.ones(1, 2))
        twin(torch.zeros(1, 2))

        assert len(watched.trace.batches) == 1
        assert list(watched.trace.batches[0].forward) == ["0"]


def test_a_layer_that_is_called_twice_is_numbered() -> None:
    layer = nn.Linear(2, 2)
    model = nn.Sequential(layer, nn.ReLU(), layer)
    with watch(model, batches=9, to=lambda _: None) as watched:
        model(torch.ones(1, 2))

    assert list(watched.trace.batches[0].forward) == ["0", "1", "0#2"]


def test_a_record_goes_to_a_file(tmp_path: Path) -> None:
    model = nn.Linear(2, 2)
    with watch(model, batches=1, to=tmp_path / "trace.json") as watched:
        model(torch.ones(1, 2))

    assert Trace.from_json((tmp_path / "trace.json").read_text()) == watched.trace


def test_a_record_without_a_place_is_said_to_be_lost() -> None:
    model = nn.Linear(2, 2)
    with pytest.warns(UserWarning, match="no MLflow run was active"), watch(model, batches=1):
        model(torch.ones(1, 2))


@pytest.mark.parametrize("text", ["", "{}", "[]", "[" * 100_000, '{"schema": 2}', '{"schema": 1, "module": "m"}'])
def test_what_is_no_record_is_refused(text: str) -> None:
    with pytest.raises(TraceError):
        Trace.from_json(text)


dtypes = st.sampled_from([torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.bool])


@given(dtypes, dtypes, st.lists(st.sampled_from([0, 1]), max_size=4), st.lists(st.sampled_from([0, 1]), max_size=4))
def test_digests_are_equal_just_where_dtype_and_values_are(
    one: torch.dtype, other: torch.dtype, left: list[int], right: list[int]
) -> None:
    is_same = (one, left) == (other, right)

    assert (digest(torch.tensor(left, dtype=one)) == digest(torch.tensor(right, dtype=other))) is is_same


def test_a_digest_tells_shapes_and_one_bit_apart() -> None:
    one = torch.ones(2, 3)

    assert digest(one) != digest(one.reshape(3, 2))
    assert digest(one) != digest(torch.nextafter(one, 2 * one))
    assert digest(one.t()) == digest(one.t().contiguous())
    assert digest([one, None]) != digest([None, one])
