"""An id that is used twice stands for one thing: which run, model or file is named best is no noise."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from itertools import count
from uuid import uuid4

import pytest

from compatkit.equivalence import Content, File, Kind, Policy, Snapshot
from compatkit.equivalence.comparing.noise import compare_over_noise

drawn = (f"bold-fox-{number}" for number in count(100))


def run(params: dict[str, str], **parts: object) -> Snapshot:
    return Snapshot("run", params={"lr": "1", **params}, **parts)  # type: ignore[arg-type]


def json_file(values: dict[str, object]) -> File:
    texts = {place: json.dumps(value) for place, value in values.items()}
    return File(json.dumps(texts), 1, Content("json", texts))


def with_children(best: int) -> Snapshot:
    ids = [uuid4().hex for _ in range(3)]
    children = {
        f"unnamed#{number}": Snapshot(f"unnamed#{number}", params={"lr": str(number)}, own_ids={"run": run_id})
        for number, run_id in enumerate(ids)
    }
    return run({"best": ids[best]}, children=children)


def with_named_children(best: int) -> Snapshot:
    names = [next(drawn) for _ in range(3)]
    children = {
        f"unnamed#{number}": Snapshot(f"unnamed#{number}", params={"lr": str(number)}, own_ids={"name": name})
        for number, name in enumerate(names)
    }
    return run({"best": names[best]}, children=children)


def with_models(best: int) -> Snapshot:
    ids = [f"m-{uuid4().hex}" for _ in range(3)]
    own = {f"model net@{number}": run_id for number, run_id in enumerate(ids)}
    return run({}, tags={"served": f"models:/{ids[best]}"}, own_ids=own)


def with_files(best: int) -> Snapshot:
    names = [f"ck-{uuid4()}.txt" for _ in range(3)]
    files = {name: File(f"digest {number}", 1) for number, name in enumerate(names)}
    return run({"best": names[best]}, artifacts=dict(sorted(files.items())))


def with_a_list(best: int) -> Snapshot:
    ids = [str(uuid4()) for _ in range(3)]
    trials = {f"$.trials[{number}].id": run_id for number, run_id in enumerate(ids)}
    return run({}, artifacts={"study.json": json_file({"$.best": ids[best], **trials})})


def with_keys(best: int) -> Snapshot:
    """Each trial also has a time, so that nothing that is kept under its id is the same in two runs."""
    ids, second = [str(uuid4()) for _ in range(3)], next(seconds)
    at = {f'$["{run_id}"].at': f"2026-11-29 10:00:{second + number}" for number, run_id in enumerate(ids)}
    losses = {f'$["{run_id}"].loss': number / 7 for number, run_id in enumerate(ids)}
    return run({"best": ids[best]}, artifacts={"trials.json": json_file(dict(sorted({**at, **losses}.items())))})


seconds = count(10, 5)
WAYS: dict[str, Callable[[int], Snapshot]] = {
    "a child": with_children,
    "a child by its drawn name": with_named_children,
    "a model": with_models,
    "a file": with_files,
    "an entry of a list": with_a_list,
    "a key": with_keys,
}


@pytest.mark.parametrize("what", WAYS)
def test_another_one_is_a_difference(what: str) -> None:
    before, again, after = (WAYS[what](best) for best in (1, 1, 2))

    assert not compare_over_noise(before, again, after, Policy()).is_equivalent


@pytest.mark.parametrize("what", WAYS)
def test_the_same_one_under_another_id_is_equivalent(what: str) -> None:
    verdict = compare_over_noise(*(WAYS[what](1) for _ in range(3)), Policy())

    assert verdict.is_equivalent, verdict.deciding


def test_the_id_of_another_run_of_the_command_counts() -> None:
    ids = [[uuid4().hex for _ in range(2)] for _ in range(3)]
    runs = [run({"input": one}) for one, _ in ids]
    other = run({"input": ids[2][1]})
    known = list(zip(ids[0], ids[2], strict=True))

    assert compare_over_noise(*runs, Policy(), known=known).is_equivalent
    assert not compare_over_noise(*runs[:2], other, Policy(), known=known).is_equivalent


def trials(losses: Sequence[float]) -> Snapshot:
    return run({}, artifacts={"a.json": json_file({f'$["{uuid4()}"]': loss for loss in losses})})


def test_what_is_kept_under_keys_that_vary_is_compared() -> None:
    runs = [trials([0.1, 0.2, 0.2]) for _ in range(2)]

    assert compare_over_noise(*runs, trials([0.2, 0.1, 0.2]), Policy()).is_equivalent
    for other in ([0.1, 0.2, 0.3], [0.1, 0.1, 0.2], [0.1, 0.2]):
        verdict = compare_over_noise(*runs, trials(other), Policy())
        assert {difference.kind for difference in verdict.deciding} == {Kind.ARTIFACT_CONTENT}


def test_two_ids_that_became_one_are_a_difference() -> None:
    def two(*given: str) -> Snapshot:
        return run({"first": given[0], "second": given[-1]})

    runs = [two(uuid4().hex, uuid4().hex) for _ in range(2)]

    assert compare_over_noise(*runs, two(uuid4().hex, uuid4().hex), Policy()).is_equivalent
    assert not compare_over_noise(*runs, two(uuid4().hex), Policy()).is_equivalent
    assert not compare_over_noise(two(uuid4().hex), two(uuid4().hex), runs[0], Policy()).is_equivalent
