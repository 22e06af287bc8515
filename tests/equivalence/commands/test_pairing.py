"""Every run is paired once or named as alone; equal lists of runs always pair completely."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from compatkit.equivalence.commands.result import pair_runs, with_settled_names
from compatkit.equivalence.commands.store import LoggedRun
from compatkit.equivalence.reading.known_names import is_generated

NAMES = st.sampled_from(["", "fold", "final", "bold-fox-1", "calm-owl-23", "run-fold-7"])
RUNS = st.lists(st.tuples(st.sampled_from(["a", "b"]), NAMES, st.sampled_from(["0.1", "0.2"])), max_size=8)
Plain = list[tuple[str, str, str]]


def runs(plain: Plain, side: str) -> list[LoggedRun]:
    return [LoggedRun(f"{side}{n}", exp, name, params={"lr": lr}) for n, (exp, name, lr) in enumerate(plain)]


@given(RUNS, RUNS)
def test_every_run_is_paired_once_or_alone(before: Plain, after: Plain) -> None:
    left, right = runs(before, "l"), runs(after, "r")

    pairing = pair_runs(left, right)

    assert len(pairing.pairs) + len(pairing.missing) == len(left)
    assert len(pairing.pairs) + len(pairing.extra) == len(right)
    paired = Counter(run.run_id for _, *both in pairing.pairs for run in both)
    assert set(paired.values()) <= {1}


@given(RUNS, RUNS)
def test_given_names_and_experiments_never_differ_in_a_pair(before: Plain, after: Plain) -> None:
    for _, left, right in pair_runs(runs(before, "l"), runs(after, "r")).pairs:
        assert left.experiment == right.experiment
        assert left.name == right.name or (is_generated(left.name) and is_generated(right.name))


@given(RUNS.flatmap(lambda plain: st.tuples(st.just(plain), st.permutations(plain))))
def test_the_same_runs_in_another_order_pair_completely(both: tuple[Plain, Plain]) -> None:
    pairing = pair_runs(runs(both[0], "l"), runs(both[1], "r"))

    assert not pairing.missing
    assert not pairing.extra


@given(RUNS)
def test_runs_pair_with_their_equals_whatever_mlflow_calls_them(plain: Plain) -> None:
    renamed = [(exp, "wise-owl-9" if is_generated(name) else name, lr) for exp, name, lr in plain]

    pairs = pair_runs(runs(plain, "l"), runs(renamed, "r")).pairs

    assert Counter((one.experiment, one.params["lr"]) for _, one, _ in pairs) == Counter(
        (other.experiment, other.params["lr"]) for _, _, other in pairs
    )


def test_labels_are_free_of_generated_names() -> None:
    plain: Plain = [("a", "bold-fox-1", "0.1"), ("a", "fold", "0.1"), ("a", "fold", "0.2")]

    pairing = pair_runs(runs(plain, "l"), runs(plain, "r"))

    assert [label for label, _, _ in pairing.pairs] == ["a / #1", "a / fold", "a / fold#2"]


def test_names_with_an_id_or_a_time_pair_where_two_runs_of_before_show_them_to_vary() -> None:
    def side(at: int, name: str) -> list[LoggedRun]:
        plain = [(f"exp-2026112901203{at}", f"train-{name}", "0.1"), ("exp", f"fold-{name}", "0.1")]
        return runs(plain, str(at))

    sides = [side(at, name) for at, name in enumerate(("a1b2c3d4", "b1b2c3d4", "c1b2c3d4"))]

    settled = with_settled_names(*sides)
    assert [label for label, _, _ in pair_runs(settled[0], settled[2]).pairs] == ["exp-… / train-…", "exp / fold-…"]
    for again in (sides[0], []):
        first, _, last = with_settled_names(sides[0], again, sides[2])
        assert len(pair_runs(first, last).missing) == 2
    first, _, last = with_settled_names(*sides[:2], side(2, "other"))
    assert len(pair_runs(first, last).missing) == 2


def test_names_with_a_time_of_their_runs_pair_where_two_runs_of_before_share_the_second() -> None:
    began = datetime(2026, 11, 29, 1, 20, 30, tzinfo=UTC).timestamp()
    spans = [(began + at, began + at + 9) for at in (0, 0.5, 60)]

    def missing(*times: str) -> int:
        sides = [runs([("exp", f"train-{time}", "0.1")], str(at)) for at, time in enumerate(times)]
        first, _, last = with_settled_names(*sides, spans=spans)
        return len(pair_runs(first, last).missing)

    assert missing("20261129_012031", "20261129_012031", "20261129_012131") == 0
    assert missing("20261129_012031", "20261129_012031", "20261128_012131") == 1
    assert missing("20260301_012031", "20260301_012031", "20260401_012131") == 1
