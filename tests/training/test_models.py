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


@given(st.integers(1, 5), st.integers(1, 5), st.integers(1, 4))
def test_transformer_reads_the_steps_of_a_sequence(steps: int, channels: int, batch: int) -> None:
    model = build_model("transformer", features=steps * channels, classes=3, hidden_size=8, shape=(steps, channels))

    features = torch.arange(batch * steps * channels, dtype=torch.float32).reshape(batch, -1)
    assert model[0](features).shape == (batch, steps, 8)
    assert model(features).shape == (batch, 3)


def test_step_of_a_sequence_is_a_token_of_its_own() -> None:
    tokens = build_model("transformer", features=6, classes=3, hidden_size=8, shape=(3, 2))[0]
    features = torch.zeros(1, 6)
    changed = features.clone()
    changed[0, 2:4] = 1.0  # both channels of the second step

    different = (tokens(features) != tokens(changed)).any(dim=2)[0]

    assert different.tolist() == [False, True, False]


def test_shape_changes_no_other_model() -> None:
    for model_type in ("cnn", "mlp"):
        one = build_model(model_type, features=4, classes=3)
        other = build_model(model_type, features=4, classes=3, shape=(2, 2))

        assert str(one) == str(other)


def test_unknown_type_is_answered_with_the_list() -> None:
    with pytest.raises(TrainingError, match="known: cnn, mlp, transformer"):
        build_model("perceptron", features=4, classes=3)


def test_cnn_needs_a_square_image() -> None:
    with pytest.raises(TrainingError, match="5 features are no square"):
        build_model("cnn", features=5, classes=2)
