"""Models: repeatable, and without a trace in the global random state."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from compatkit.training import MODEL_TYPES, TrainingError, build_model

types = st.sampled_from(MODEL_TYPES)
sizes = st.fixed_dictionaries(
    {
        "features": st.integers(1, 9).map(lambda side: side * side),
        "classes": st.integers(1, 5),
        "hidden_size": st.integers(1, 9),
        "layers": st.integers(0, 3),
    }
)


@given(types, sizes, st.integers(1, 5))
def test_logits_have_one_column_a_class(model_type: str, shape: dict[str, int], batch: int) -> None:
    model = build_model(model_type, **shape)

    assert model(torch.zeros(batch, shape["features"])).shape == (batch, shape["classes"])


@given(types, sizes, st.integers(0, 2**32 - 1))
def test_one_seed_gives_the_same_weights(model_type: str, shape: dict[str, int], seed: int) -> None:
    one, two = (build_model(model_type, **shape, seed=seed).state_dict() for _ in range(2))

    assert all(torch.equal(one[name], two[name]) for name in one)


@given(types, sizes)
def test_global_random_state_is_kept(model_type: str, shape: dict[str, int]) -> None:
    before = torch.random.get_rng_state()

    build_model(model_type, **shape)

    assert torch.equal(before, torch.random.get_rng_state())


def test_unknown_type_is_answered_with_the_list() -> None:
    with pytest.raises(TrainingError, match="known: cnn, mlp, transformer"):
        build_model("perceptron", features=4, classes=3)


def test_cnn_needs_a_square_image() -> None:
    with pytest.raises(TrainingError, match="5 features are no square"):
        build_model("cnn", features=5, classes=2)
