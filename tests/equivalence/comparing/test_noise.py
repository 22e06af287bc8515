"""What two runs of before differ in is listed; it settles ids, times and names of its kind, and no number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from random import Random
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compatkit.equivalence import Content, File, Kind, Model, Point, Policy, Snapshot, Verdict, compare_snapshots
from compatkit.equivalence.comparing.noise import compare_over_noise, fits
from tests.equivalence.plants import KINDS, generated_run
from tests.equivalence.plants import Kind as Plant

IDS = [UUID(int=number, version=4).hex for number in (0xABC1, 0xABC2, 0xABC3)]
FITTING = {
    "ids": IDS,
    "UUIDs": [str(UUID(each)) for each in IDS],
    "temporary folders": [f"/tmp/tmp{name}/out" for name in ("40ewlfxd", "b01x0yr_", "zzzz0000")],
    "dates": ["2026-11-28T21:56:05", "2026-11-28T21:56:07", "2026-12-01T01:00:00"],
    "days": ["model-20261128", "model-20261129", "model-20261130"],
    "seconds since 1970": ["at 1795903061", "at 1795903063", "at 1795909999"],
    "an id and a time": [f"run {one} at 21:56:0{number}" for number, one in enumerate(IDS)],
}
NOT_FITTING = {
    "numbers": ["0.5", "0.6", "0.7"],
    "integers": ["17", "18", "19"],
    "words": ["adam", "sgd", "lamb"],
    "a number beside an id": [f"{IDS[0]} 0.5", f"{IDS[1]} 0.5", f"{IDS[2]} 0.6"],
    "an id that became a word": [IDS[0], IDS[1], "none"],
    "an id that became two": [IDS[0], IDS[1], f"{IDS[2]} {IDS[2]}"],
    "an id that did not vary": [IDS[0], IDS[0], IDS[1]],
    "a folder": [*FITTING["temporary folders"][:2], "/tmp/tmpzzzz0000/other"],
}


@pytest.mark.parametrize("what", FITTING)
def test_ids_times_and_names_that_vary_are_settled_in_every_place(what: str) -> None:
    verdict = compared(*map(written, FITTING[what]))

    assert verdict.is_equivalent
    assert {entry.difference.kind for entry in verdict.allowed} == set(NOISE)
    assert {each.kind for each in verdict.noise} == set(NOISE)
    assert all("vary" in entry.by.why for entry in verdict.allowed)
    assert FITTING[what][2] in {entry.difference.after for entry in verdict.allowed}


@pytest.mark.parametrize("what", NOT_FITTING)
def test_nothing_else_is_settled_by_noise(what: str) -> None:
    verdict = compared(*map(written, NOT_FITTING[what]))

    assert {each.kind for each in verdict.deciding} == set(NOISE)
    has_noise = NOT_FITTING[what][0] != NOT_FITTING[what][1]
    assert all(("varies by itself" in each.hint) == has_noise for each in verdict.deciding)


NOISE = (Kind.PARAM_VALUE, Kind.TAG_VALUE, Kind.ARTIFACT_CONTENT, Kind.MODEL_FILE, Kind.MODEL_DETAIL)


def written(text: str) -> Snapshot:
    """A run with this text in every place that holds texts, also in a child."""
    files = {"log.json": File(text, 1, Content("json", {"$.where": text, "$.loss": "0.5"}))}
    model = Model(files=files, details={"about": text})
    own = Snapshot("run", params={"lr": "1", "out": text}, tags={"at": text}, artifacts=files, models={"net": model})
    return replace(own, children={"fold#1": replace(own, run_id="fold#1")})


def compared(before: Snapshot, again: Snapshot, after: Snapshot) -> Verdict:
    return compare_over_noise(before, again, replace(after, run_id="after"), Policy())


def metric(value: float) -> Snapshot:
    return Snapshot("run", params={"lr": "1"}, metrics={"loss": (Point(0, value),)})


def test_a_metric_that_varies_is_never_allowed() -> None:
    verdict = compared(metric(0.5), metric(0.6), metric(0.55))

    (difference,) = verdict.deciding
    assert "0.5 | 0.6 in two runs of before" in difference.hint
    assert "--seeds" in difference.hint
    assert [each.name for each in verdict.noise] == ["loss"]


def test_noise_is_listed_where_nothing_decides() -> None:
    verdict = compared(metric(0.5), metric(0.6), metric(0.5))

    assert verdict.is_equivalent
    assert [(each.before, each.after) for each in verdict.noise] == [("0.5", "0.6")]


def files(contents: Mapping[str, str]) -> Snapshot:
    made = {name: File(text, 1, Content("text", {"line 1": text})) for name, text in contents.items()}
    return Snapshot("run", params={"lr": "1"}, artifacts=made)


def test_a_file_under_a_name_that_varies_is_still_compared() -> None:
    runs = [files({f"ckpt-{each}.txt": "same"}) for each in IDS]
    other = files({f"ckpt-{IDS[2]}.txt": "other"})
    two = files({f"ckpt-{each}.txt": "same" for each in (IDS[2], "f" * 31 + "0")})

    assert compared(*runs).is_equivalent
    assert [each.kind for each in compared(*runs[:2], other).deciding] == [Kind.ARTIFACT_CONTENT]
    assert not compared(*runs[:2], two).is_equivalent
    assert not compared(*runs[:2], files({})).is_equivalent


@given(seed=st.integers(0, 2**32), kind=st.sampled_from(KINDS))
def test_a_difference_is_found_beside_noise_in_all_else(seed: int, kind: Plant) -> None:
    """Every kind of difference decides, also where ids vary in the same run."""
    run = generated_run(seed)
    before, again, after = (
        replace(each, tags={**each.tags, "made": f"id {one}"})
        for each, one in zip((run, run, kind.plant(Random(seed), run)), IDS, strict=True)
    )

    assert not compare_over_noise(before, again, after, Policy.exact()).is_equivalent


@given(st.text(), st.text())
def test_equal_texts_are_no_noise(text: str, other: str) -> None:
    assert fits(text, text, other) == ""
    assert compare_snapshots(written("a"), written("a"), Policy()).noise == ()
