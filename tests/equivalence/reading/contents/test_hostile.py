"""No file makes `compare` hang, take all memory or end: what cannot be afforded is compared by digest, with a note."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.equivalence.reading.contents.hostile import bombs, compared, mutated, samples

SAMPLES = samples()
BOMBS = [
    "aliases.yaml",
    "merges.yaml",
    "itself.yaml",
    "nested.yaml",
    "blocks.yaml",
    "directives.yaml",
    "colliding.yaml",
]
BOMBS += ["sixty.yaml", "nested.json", "wide.json", "long_places.json", "deep_places.json", "digits.json"]
BOMBS += ["lines.jsonl", "cells.csv", "rows.csv", "claims.npy", "claims_nothing.npy", "claims.npz", "zeros.npz"]
BOMBS += ["members.npz", "wide.png", "large.png", "frames.gif", "zeros.pt", "opcodes.pt", "endless.pt", "expanded.pt"]
BOMBS += ["keys.pt", "deep_keys.pt", "colliding.pt"]
BOMBS += ["old_opcodes.bin", "model.pt2", "header.safetensors", "tuples.pkl", "zeros.zip", "zeros.pdf", "lines.txt"]
# These are read, in little time, or are no file of a known kind.
HARMLESS = ["MLmodel", "endless.pkl", "entities.svg", "nested.svg", "opcodes.pkl", "zip_of_bombs.zip"]


@pytest.fixture(scope="module")
def made() -> dict[str, bytes]:
    return dict(bombs())


def test_every_bomb_is_tried(made: dict[str, bytes]) -> None:
    assert sorted(BOMBS + HARMLESS) == sorted(made)


@pytest.mark.slow("reads bombs until their budget is spent")
@pytest.mark.parametrize("name", BOMBS)
def test_bomb_is_compared_by_digest_with_a_note(tmp_path: Path, made: dict[str, bytes], name: str) -> None:
    notes = compared(tmp_path, name, made[name], made[name])

    assert len(notes) == 1
    assert "compared by digest" in notes[0]


@pytest.mark.slow("reads bombs until their budget is spent")
@pytest.mark.parametrize("name", HARMLESS)
def test_what_only_looks_like_a_bomb_ends(tmp_path: Path, made: dict[str, bytes], name: str) -> None:
    compared(tmp_path, name, made[name], made[name])


@pytest.mark.parametrize("name", SAMPLES)
def test_sample_is_read_by_its_content(tmp_path: Path, name: str) -> None:
    assert not [note for note in compared(tmp_path, name, SAMPLES[name], SAMPLES[name]) if "by digest" in note]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(sorted(SAMPLES)), seed=st.integers(0, 2**32))
def test_mutation_of_any_kind_ends(tmp_path: Path, name: str, seed: int) -> None:
    compared(tmp_path, name, SAMPLES[name], mutated(SAMPLES[name], random.Random(seed)))
