"""Models: repeatable, and without a trace in the global random state."""

from __future__ import annotations

from math import prod

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from compatkit.training import MODEL_TYPES, TrainingError, build_model

types = st.sampled_from(MODEL_TYPES)
sizes = st.fixed_dictionaries(
    {
        "features": st.integers(1, 40),
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


def test_shape_changes_no_perceptron() -> None:
    one = build_model("mlp", features=4, classes=3)
    other = build_model("mlp", features=4, classes=3, shape=(2, 2))

    assert str(one) == str(other)


def test_features_that_make_a_square_are_that_image() -> None:
    assert str(build_model("cnn", features=9, classes=3)) == str(
        build_model("cnn", features=9, classes=3, shape=(3, 3))
    )


@pytest.mark.parametrize(
    ("shape", "seen"),
    [
        ((13,), (1, 13)),
        ((4, 9), (1, 4, 9)),  # 36 values, but no image of 6 x 6
        ((3, 5, 2), (3, 5, 2)),
    ],
)
def test_cnn_reads_a_sample_in_the_shape_that_it_has(shape: tuple[int, ...], seen: tuple[int, ...]) -> None:
    features = prod(shape)
    model = build_model("cnn", features=features, classes=3, hidden_size=2, layers=2, shape=shape)

    assert model[0](torch.zeros(4, features)).shape == (4, *seen)
    assert model(torch.zeros(4, features)).shape == (4, 3)


def test_cnn_on_a_row_sees_neighbours_only() -> None:
    convolved = build_model("cnn", features=5, classes=2, hidden_size=2)[:2]
    features = torch.zeros(1, 5)
    changed = features.clone()
    changed[0, 1] = 1.0

    different = (convolved(features) != convolved(changed)).any(dim=1)[0]

    assert different.tolist() == [True, True, True, False, False]


def test_unknown_type_is_answered_with_the_list() -> None:
    with pytest.raises(TrainingError, match="known: cnn, mlp, transformer"):
        build_model("perceptron", features=4, classes=3)


def test_cnn_of_more_dimensions_than_an_image_is_refused() -> None:
    with pytest.raises(TrainingError, match=r"the shape \(2, 2, 2, 2\)"):
        build_model("cnn", features=16, classes=2, shape=(2, 2, 2, 2))
