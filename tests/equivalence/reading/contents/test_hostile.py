"""No file makes `compare` hang, take all memory or end: what cannot be afforded is compared by digest, with a note."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from compatkit.budget import SECONDS, Budget
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
BOMBS += ["lines.jsonl", "cells.csv", "claims.npy", "claims_nothing.npy", "claims.npz", "zeros.npz"]
BOMBS += ["members.npz", "wide.png", "large.png", "frames.gif", "zeros.pt", "endless.pt", "expanded.pt"]
BOMBS += ["keys.pt", "deep_keys.pt", "colliding.pt"]
BOMBS += ["model.pt2", "header.safetensors", "tuples.pkl", "zeros.zip", "zeros.pdf", "lines.txt"]
# These are read, in little time, or are no file of a known kind.
HARMLESS = ["MLmodel", "endless.pkl", "entities.svg", "nested.svg", "opcodes.pkl", "zip_of_bombs.zip"]


# Of these, the budget ends at its clock: a little time shows it, before a quick machine has counted them.
CLOCKED = ["rows.csv", "opcodes.pt", "old_opcodes.bin"]


def test_every_bomb_is_tried() -> None:
    assert sorted(BOMBS + HARMLESS + CLOCKED) == sorted(bombs())


@pytest.mark.slow("reads bombs until their budget is spent")
@pytest.mark.parametrize("name", BOMBS)
def test_bomb_is_compared_by_digest_with_a_note(tmp_path: Path, name: str) -> None:
    content = bombs()[name]()

    notes = compared(tmp_path, name, content, content)

    assert len(notes) == 1
    assert "compared by digest" in notes[0]


@pytest.mark.slow("reads bombs until their budget is spent")
@pytest.mark.parametrize("name", CLOCKED)
def test_bomb_that_no_count_stops_is_left_at_the_clock(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = bombs()[name]()
    monkeypatch.setitem(Budget.__init__.__kwdefaults__, "seconds", SECONDS / 40)

    notes = compared(tmp_path, name, content, content)

    assert len(notes) == 1
    assert "takes too long" in notes[0]


@pytest.mark.slow("reads bombs until their budget is spent")
@pytest.mark.parametrize("name", HARMLESS)
def test_what_only_looks_like_a_bomb_ends(tmp_path: Path, name: str) -> None:
    content = bombs()[name]()

    compared(tmp_path, name, content, content)


@pytest.mark.parametrize("name", SAMPLES)
def test_sample_is_read_by_its_content(tmp_path: Path, name: str) -> None:
    assert not [note for note in compared(tmp_path, name, SAMPLES[name], SAMPLES[name]) if "by digest" in note]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(sorted(SAMPLES)), seed=st.integers(0, 2**32))
@example(name="a.safetensors", seed=6703)
def test_mutation_of_any_kind_ends(tmp_path: Path, name: str, seed: int) -> None:
    compared(tmp_path, name, SAMPLES[name], mutated(SAMPLES[name], random.Random(seed)))
