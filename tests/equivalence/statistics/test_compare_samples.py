"""Three verdicts over many runs: never equivalent without evidence, and wrong no more often than is stated."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from importlib.util import find_spec

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_ind

from compatkit.equivalence import EquivalenceError, File, Kind, Model, Point, Policy, Snapshot, Tensor
from compatkit.equivalence.statistics import Decision, Evidence, Sample, SampleVerdict, compare_samples
from compatkit.equivalence.statistics.judge import Levels, judge
from compatkit.equivalence.statistics.one_sided_tests import run_tests, seeds_that_decide
from compatkit.migration import Allowance, Margin

WITHIN_A_TENTH = Policy(margins=(Margin("loss", "seeds spread by this much", absolute=0.1),))
finite = st.floats(-1e6, 1e6)


def runs(side: str, values: Sequence[float], **changed: object) -> list[Snapshot]:
    return [
        replace(
            Snapshot(f"{side}{seed}", params={"seed": str(seed), "lr": "0.1"}, metrics={"loss": (Point(1, value),)}),
            **changed,
        )
        for seed, value in enumerate(values)
    ]


def compared(before: Sequence[float], after: Sequence[float], policy: Policy = WITHIN_A_TENTH) -> SampleVerdict:
    return compare_samples(runs("a", before), runs("b", after), policy)


def of_loss(verdict: SampleVerdict) -> Evidence:
    (evidence,) = verdict.evidence
    return evidence


def spread(mean: float, deviation: float, count: int, seed: int = 0) -> list[float]:
    return list(np.random.default_rng(seed).normal(mean, deviation, count))


# What must never be equivalent.


@given(st.lists(finite, min_size=1, max_size=6), st.lists(finite, min_size=1, max_size=6))
def test_without_a_margin_nothing_is_equivalent(before: list[float], after: list[float]) -> None:
    assert compared(before, after, Policy()).decision is Decision.UNDECIDED
    assert compared(before, before, Policy()).decision is Decision.UNDECIDED


@given(finite, finite)
def test_one_run_a_side_is_never_equivalent(before: float, after: float) -> None:
    assert compared([before], [after]).decision is Decision.UNDECIDED


@given(st.lists(finite, min_size=2, max_size=5), st.sampled_from([math.nan, math.inf, -math.inf]), st.data())
def test_a_value_that_is_not_finite_is_never_equivalent(values: list[float], odd: float, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(values) - 1))
    broken = [*values[:place], odd, *values[place + 1 :]]

    for before, after in ((values, broken), (broken, values), (broken, broken)):
        assert compared(before, after).decision is not Decision.EQUIVALENT


@given(finite, st.integers(2, 9))
def test_samples_without_spread_are_never_equivalent(value: float, count: int) -> None:
    assert compared([value] * count, [value] * count).decision is Decision.UNDECIDED


def test_that_no_difference_is_found_is_not_enough() -> None:
    # Far apart, far spread: no t-test finds a difference, and a margin of 0.1 is nowhere near.
    verdict = compared([0.0, 10.0, 5.0], [9.0, 1.0, 6.0])

    assert verdict.decision is Decision.UNDECIDED
    assert verdict.seeds is not None
    assert verdict.seeds > 1000


def test_a_metric_that_some_runs_lack_is_never_equivalent() -> None:
    before, after = runs("a", spread(1, 0.01, 6)), runs("b", spread(1, 0.01, 6, seed=1))
    after[3] = replace(after[3], metrics={"other": (Point(1, 0.5),)})

    assert compare_samples(before, after, WITHIN_A_TENTH).decision is not Decision.EQUIVALENT


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({"params": {"seed": "0", "lr": "0.2"}}, Kind.PARAM_VALUE),
        ({"params": {"seed": "0"}}, Kind.PARAM_MISSING),
        ({"tags": {"team": "x"}}, Kind.TAG_EXTRA),
        ({"artifacts": {"plot.png": File("aa", 1)}}, Kind.ARTIFACT_EXTRA),
        ({"metrics": {"loss": (Point(2, 1.0),)}}, Kind.METRIC_STEPS),
        ({"metrics": {"loss": (Point(1, 1.0),), "gap": (Point(1, 1.0),)}}, Kind.METRIC_EXTRA),
        ({"status": "FAILED"}, Kind.STATUS),
    ],
)
def test_what_no_seed_touches_decides(changed: dict[str, object], kind: Kind) -> None:
    before, after = runs("a", spread(1, 0.01, 6)), runs("b", spread(1, 0.01, 6, seed=1), **changed)

    verdict = compare_samples(before, after, WITHIN_A_TENTH)

    assert verdict.decision is Decision.DIFFERENT
    assert kind in {difference.kind for difference in verdict.deciding}


def test_a_param_that_varies_on_one_side_only_decides() -> None:
    before, after = runs("a", spread(1, 0.01, 3)), runs("b", spread(1, 0.01, 3, seed=1))
    after[2] = replace(after[2], params={"seed": "2", "lr": "0.2"})

    verdict = compare_samples(before, after, WITHIN_A_TENTH)

    assert [(difference.kind, difference.name) for difference in verdict.deciding] == [(Kind.PARAM_VALUE, "lr")]


def test_one_failed_run_decides_whatever_its_values_are() -> None:
    before, after = runs("a", spread(1, 0.01, 6)), runs("b", spread(1, 0.01, 6, seed=1))
    after[5] = replace(after[5], status="FAILED")

    assert compare_samples(before, after, WITHIN_A_TENTH).decision is Decision.DIFFERENT


# What is decided.


def test_close_means_of_little_spread_are_equivalent_and_the_interval_says_so() -> None:
    verdict = compared(spread(1, 0.02, 8), spread(1, 0.02, 10, seed=1))

    evidence = of_loss(verdict)
    assert verdict.decision is Decision.EQUIVALENT
    assert evidence.interval is not None
    assert -0.1 < evidence.interval[0] < evidence.interval[1] < 0.1
    assert "varies from run to run on both sides: param value seed" in verdict.notes[0]


def test_means_beyond_the_margin_are_different() -> None:
    assert compared(spread(1, 0.02, 8), spread(1.5, 0.02, 8)).decision is Decision.DIFFERENT


def test_a_difference_within_the_margin_is_equivalent_however_significant() -> None:
    assert compared(spread(1, 0.001, 30), spread(1.05, 0.001, 30)).decision is Decision.EQUIVALENT


def test_the_number_of_seeds_that_is_named_decides() -> None:
    few = compared(spread(1, 0.2, 5), spread(1, 0.2, 5, seed=1))
    assert few.decision is Decision.UNDECIDED
    assert few.seeds is not None

    decided = [
        compared(spread(1, 0.2, few.seeds, seed), spread(1, 0.2, few.seeds, seed + 1000)).decision
        for seed in range(100, 150)
    ]

    # 80 % is promised for a spread and a distance as in the few; these few lie farther apart than the truth.
    assert decided.count(Decision.EQUIVALENT) >= 40
    assert Decision.DIFFERENT not in decided


def test_constant_samples_part_by_the_chance_that_they_do() -> None:
    assert compared([1.0] * 3, [2.0] * 3).decision is Decision.UNDECIDED  # chance 1 in 10
    assert of_loss(compared([1.0] * 3, [2.0] * 3)).seeds == 4
    assert compared([1.0] * 5, [2.0] * 5).decision is Decision.DIFFERENT  # chance 1 in 126


def test_a_margin_of_zero_demands_equality_in_every_run() -> None:
    policy = Policy(margins=(Margin("loss", "set by hand", absolute=0.0),))

    assert compared([0.1, 0.1], [0.1], policy).decision is Decision.EQUIVALENT
    assert compared([0.1, 0.1], [0.1, math.nextafter(0.1, 1)], policy).decision is Decision.DIFFERENT


def test_a_relative_margin_scales_with_the_mean_of_either_sign() -> None:
    policy = Policy(margins=(Margin("loss", "a percent", relative=0.01),))
    for sign in (1, -1):
        before, near = [sign * x for x in spread(1000, 1, 8)], [sign * x for x in spread(1002, 1, 8, seed=1)]
        far = [sign * x for x in spread(1030, 1, 8, seed=1)]

        assert compared(before, near, policy).decision is Decision.EQUIVALENT
        assert compared(before, far, policy).decision is Decision.DIFFERENT


def test_a_relative_margin_of_a_mean_near_zero_decides_nothing() -> None:
    policy = Policy(margins=(Margin("loss", "a percent", relative=0.01),))

    assert compared(spread(0, 1, 8), spread(0, 1, 8, seed=1), policy).decision is Decision.UNDECIDED


def test_the_best_value_counts_where_the_margin_says_so() -> None:
    policy = Policy(margins=(Margin("loss", "early stopping", absolute=0.1, value="min"),))
    best = [replace(run, metrics={"loss": (*run.metrics["loss"], Point(2, 9.0))}) for run in runs("b", [1.0, 1.01])]
    other = [replace(run, metrics={"loss": (*run.metrics["loss"], Point(2, 5.0))}) for run in runs("a", [1.0, 1.02])]

    evidence = of_loss(compare_samples(other, best, policy))

    assert (evidence.value, evidence.before.values) == ("min", (1.0, 1.02))


def test_spellings_of_both_versions_are_one_metric() -> None:
    policy = replace(WITHIN_A_TENTH, metric_names={"old_loss": "loss"})
    old = [replace(run, metrics={"old_loss": run.metrics["loss"]}) for run in runs("a", spread(1, 0.02, 8))]

    assert compare_samples(old, runs("b", spread(1, 0.02, 8, seed=1)), policy).is_equivalent


def test_an_ignored_metric_is_not_judged_and_an_unused_allowance_is_stale() -> None:
    policy = replace(
        WITHIN_A_TENTH, ignore=(Allowance("metric", "time", "noise"), Allowance("metric", "absent", "not there"))
    )
    timed = [
        [replace(run, metrics={**run.metrics, "time": (Point(1, run.metrics["loss"][0].value),)}) for run in side]
        for side in (runs("a", spread(1, 0.02, 8)), runs("b", spread(1, 0.02, 8, seed=1)))
    ]

    verdict = compare_samples(*timed, policy)

    assert [evidence.name for evidence in verdict.evidence] == ["loss"]
    assert verdict.is_equivalent
    assert [entry.name for entry in verdict.stale] == ["absent"]
    assert not verdict.is_accepted


@pytest.mark.parametrize(
    ("before", "after", "part"),
    [([], [1.0], "a side has no run"), ([1.0], [], "a side has no run")],
)
def test_a_side_without_runs_is_an_error(before: list[float], after: list[float], part: str) -> None:
    with pytest.raises(EquivalenceError, match=part):
        compared(before, after)


def test_a_run_that_would_count_twice_is_an_error() -> None:
    sample = runs("a", [1.0, 1.1])

    with pytest.raises(EquivalenceError, match="would count twice"):
        compare_samples(sample, sample, WITHIN_A_TENTH)


def test_nothing_in_common_is_an_error_and_no_verdict() -> None:
    other = runs("b", [1.0, 1.1], metrics={"gain": (Point(1, 1.0),)})

    with pytest.raises(EquivalenceError, match="no metric is on both sides"):
        compare_samples(runs("a", [1.0, 1.1]), other, WITHIN_A_TENTH)


# How often it errs: normal samples of (mean, deviation, count), of a generator that is fixed in advance.

Side = tuple[float, float, int]


def decided(before: Side, after: Side) -> Counter[Decision]:
    """Return the decisions of 400 trials against a margin of 1."""
    random, margin = np.random.default_rng(20_240), Margin("*", "simulated", absolute=1.0)
    return Counter(
        judge(
            "m",
            *(Sample(tuple(random.normal(*side).tolist()), side[2]) for side in (before, after)),
            margin,
            Levels.of(0.95, 1),
        ).decision
        for _ in range(400)
    )


# 20 of 400 are expected at worst; four standard deviations of that count are 17.
MOST = 20 + 17


@pytest.mark.parametrize(
    ("before", "after"),
    [((0.0, 0.5, 5), (1.0, 0.5, 5)), ((0.0, 0.2, 8), (-1.0, 1.0, 4)), ((0.0, 1.0, 20), (1.0, 0.1, 20))],
)
def test_means_just_at_the_margin_are_called_equivalent_no_more_often_than_stated(before: Side, after: Side) -> None:
    assert decided(before, after)[Decision.EQUIVALENT] <= MOST


@pytest.mark.parametrize("after", [(0.0, 0.5, 5), (0.0, 1.0, 3), (1.0, 0.5, 5)])
def test_means_within_the_margin_are_called_different_no_more_often_than_stated(after: Side) -> None:
    assert decided((0.0, 0.5, 5), after)[Decision.DIFFERENT] <= MOST


def many(means: Sequence[float], deviation: float, count: int, tries: int) -> Counter[Decision]:
    """Return the verdicts on metrics whose means lie this far apart, against a margin of 1."""
    random, policy = np.random.default_rng(7), Policy(margins=(Margin("*", "simulated", absolute=1.0),))

    def sample(side: str, at: Sequence[float]) -> list[Snapshot]:
        values = random.normal(at, deviation, (count, len(at)))
        metrics = [{f"m{name}": (Point(1, float(value)),) for name, value in enumerate(row)} for row in values]
        return [Snapshot(f"{side}{run}", metrics=values) for run, values in enumerate(metrics)]

    nowhere = [0.0] * len(means)
    return Counter(compare_samples(sample("a", nowhere), sample("b", means), policy).decision for _ in range(tries))


# Of 100 tries 5 may err, and four standard deviations more.
MOST_OF_A_HUNDRED = 5 + 9


def test_one_metric_at_the_margin_makes_all_of_them_equivalent_no_more_often_than_stated() -> None:
    found = many([0.0, 0.0, 0.0, 1.0], 0.5, 8, 100)

    # The three others are found equivalent nearly always, so that the one decides.
    assert 0 < found[Decision.EQUIVALENT] <= MOST_OF_A_HUNDRED


def test_several_metrics_at_the_margin_are_called_different_no_more_often_than_stated() -> None:
    assert many([1.0] * 4, 0.5, 6, 100)[Decision.DIFFERENT] <= MOST_OF_A_HUNDRED


def test_many_metrics_that_are_equal_are_found_equivalent() -> None:
    # Each is in 998.6 of 1,000 tries, all thirty in 96 of 100; held to a thirtieth of the error, all would be in 4.
    found = many([0.0] * 30, 0.5, 12, 40)

    assert found[Decision.EQUIVALENT] >= 33
    assert found[Decision.DIFFERENT] == 0


def scipys(before: Sequence[float], after: Sequence[float], margin: float) -> float:
    """Return the p-value of two one-sided Welch tests by SciPy."""
    low, high = (partial(ttest_ind, after, np.add(before, by), equal_var=False) for by in (-margin, margin))
    return float(max(low(alternative="greater").pvalue, high(alternative="less").pvalue))


def statsmodels(before: Sequence[float], after: Sequence[float], margin: float) -> float:
    from statsmodels.stats.weightstats import ttost_ind

    return float(ttost_ind(np.array(after), np.array(before), -margin, margin, usevar="unequal")[0])


# The test extra brings statsmodels, too large for every environment in which these tests run.
ORACLES = [scipys, *([statsmodels] if find_spec("statsmodels") else [])]
samples = st.integers(2, 9).flatmap(lambda n: st.lists(st.floats(-1, 1, width=16), min_size=n, max_size=n, unique=True))


@pytest.mark.parametrize("oracle", ORACLES)
@given(samples, samples)
def test_no_p_value_is_below_that_of_welchs_test(
    oracle: Callable[..., float], before: list[float], after: list[float]
) -> None:
    evidence = of_loss(compared(before, after))

    assert evidence.p_equivalent is not None
    # Above one half, fewer degrees of freedom bring a p-value down: there it decides nothing.
    assert evidence.p_equivalent >= min(0.5, oracle(before, after, 0.1)) * (1 - 1e-9)


@pytest.mark.parametrize("oracle", ORACLES)
def test_p_values_are_those_of_welchs_test_where_the_degrees_of_freedom_are_whole(oracle: Callable[..., float]) -> None:
    before = spread(1, 0.3, 7)
    after = [1.02 + 2 * 1.0 - value for value in before]  # of the same spread: 12 degrees of freedom

    evidence = of_loss(compared(before, after))

    assert evidence.p_equivalent == pytest.approx(oracle(before, after, 0.1), rel=1e-9)


@pytest.mark.parametrize(("count", "others", "wider"), [(5, 5, 1), (3, 3, 4), (2, 20, 1), (4, 16, 0.5), (20, 20, 1)])
def test_means_at_the_margin_are_found_equivalent_no_more_often_than_stated(
    count: int, others: int, wider: float
) -> None:
    random, tries, found = np.random.default_rng(16), 2000, 0
    one, two = random.normal(0, 0.3, (tries, count)), random.normal(1, 0.3 * wider, (tries, others))
    for before, after in zip(one.tolist(), two.tolist(), strict=True):
        moments = Sample(tuple(before), count), Sample(tuple(after), others)
        found += run_tests(*moments, Margin("*", "simulated", absolute=1.0), 0.05).p_within < 0.05

    # A standard error of the rate is 0.005; without the mend 2 and 20 come to 0.08.
    assert found / tries <= 0.05 + 3 * 0.005


def judged(before: Sample, after: Sample, margin: Margin) -> Evidence:
    return judge("m", before, after, margin, Levels.of(0.95, 1))


def sample(*values: float, runs: int = 0) -> Sample:
    return Sample(values, runs or len(values))


ABSOLUTE = Margin("m", "set by hand", absolute=1.0)
RELATIVE = Margin("m", "set by hand", relative=0.1)
EQUAL = Margin("m", "set by hand", relative=0.0)
FOUR, NONE = sample(1.0, 1.1, 1.2, 1.3), sample(runs=4)
JUDGED = {
    # Never equivalent.
    "a spread that no double holds": (sample(1e300, -1e300), sample(1e300, -1e300), ABSOLUTE, Decision.UNDECIDED),
    "no value on either side": (NONE, NONE, ABSOLUTE, Decision.UNDECIDED),
    "no value in half of the runs": (FOUR, sample(1.0, 1.1, runs=4), ABSOLUTE, Decision.UNDECIDED),
    "no value in half, and none": (sample(1.0, 1.1, runs=4), NONE, ABSOLUTE, Decision.UNDECIDED),
    "few runs, and none with a value": (sample(1.0, 1.1, 1.2), sample(runs=3), ABSOLUTE, Decision.UNDECIDED),
    "one run, and one without a value": (sample(1.0), sample(runs=1), ABSOLUTE, Decision.UNDECIDED),
    "constants at the margin": (sample(*[1.0] * 9), sample(*[2.0] * 9), ABSOLUTE, Decision.UNDECIDED),
    "negative constants within": (sample(*[-10.0] * 9), sample(*[-9.5] * 9), RELATIVE, Decision.UNDECIDED),
    "a share that no double holds": (sample(1.8e154, 0.0), sample(1.0, 2.0), RELATIVE, Decision.UNDECIDED),
    "equal constants": (sample(*[1.0] * 9), sample(*[1.0] * 9), RELATIVE, Decision.UNDECIDED),
    # Different.
    "no value on one side": (FOUR, NONE, ABSOLUTE, Decision.DIFFERENT),
    "no value on the other side": (NONE, FOUR, ABSOLUTE, Decision.DIFFERENT),
    "constants far below": (sample(*[2.0] * 9), sample(*[0.5] * 9), ABSOLUTE, Decision.DIFFERENT),
    "no value in the one run": (sample(runs=1), sample(*map(float, range(60))), ABSOLUTE, Decision.DIFFERENT),
    "constants beyond a share of 0": (sample(*[10.0] * 9), sample(*[10.5] * 9), EQUAL, Decision.DIFFERENT),
    "constants beyond a share": (sample(*[10.0] * 9), sample(*[11.5] * 9), RELATIVE, Decision.DIFFERENT),
    "constants beyond a share of little": (sample(*[0.1] * 9), sample(*[0.2] * 9), RELATIVE, Decision.DIFFERENT),
    "one side constant, far off": (sample(*[5.0] * 4), FOUR, ABSOLUTE, Decision.DIFFERENT),
    "the other side constant, far off": (FOUR, sample(*[5.0] * 4), ABSOLUTE, Decision.DIFFERENT),
    # Equivalent: one side spreads, so there is a test.
    "one side constant": (sample(*[1.1] * 4), FOUR, ABSOLUTE, Decision.EQUIVALENT),
    "the other side constant": (FOUR, sample(*[1.1] * 4), ABSOLUTE, Decision.EQUIVALENT),
}


@pytest.mark.parametrize("what", JUDGED)
def test_each_case_of_one_metric_is_judged_by_what_it_lacks(what: str) -> None:
    before, after, margin, decision = JUDGED[what]

    found = judged(before, after, margin)

    assert found.decision is decision
    assert ("seeds a side" in found.reason) == (found.seeds is not None)


def test_one_run_a_side_is_said_to_show_no_spread() -> None:
    assert judged(sample(1.0), sample(1.0), ABSOLUTE).reason == "one run a side shows no spread"
    assert judged(sample(1.0), FOUR, ABSOLUTE).reason == "one run a side shows no spread"


def test_a_side_without_a_value_is_not_taken_for_zero() -> None:
    assert judged(NONE, FOUR, ABSOLUTE).difference is None
    assert judged(FOUR, NONE, ABSOLUTE).difference is None


def test_a_chance_that_is_the_error_itself_decides_nothing() -> None:
    """Three runs a side part by chance once in ten tries."""
    tenth, three = Levels(0.1, 0.1), (sample(1.0, 1.0, 1.0), sample(9.0, 9.0, 9.0))
    found = [judge("m", *sides, ABSOLUTE, tenth) for sides in (three, (three[0], sample(runs=3)))]
    for after in (FOUR, sample(4.0, 4.1, 4.2, 4.3)):
        known = judged(FOUR, after, ABSOLUTE)
        assert known.p_equivalent is not None
        assert known.p_different is not None
        found.append(judge("m", FOUR, after, ABSOLUTE, Levels(known.p_equivalent, known.p_different)))

    assert {evidence.decision for evidence in found} == {Decision.UNDECIDED}
    assert found[0].seeds == 4
    assert "4 seeds a side" in found[0].reason


def sample_at(mean: float) -> Sample:
    return Sample((mean - 0.25, mean, mean + 0.25), 3)


@pytest.mark.parametrize("shift", [0.0625, 0.1171875])
def test_as_many_seeds_decide_below_the_old_mean_as_above_it(shift: float) -> None:
    margin = Margin("loss", "symmetric", absolute=0.125)

    above, below = (seeds_that_decide(sample_at(8.0), sample_at(8.0 + by), margin, 0.05) for by in (shift, -shift))

    assert above == below is not None


def test_half_a_million_seeds_are_still_promised_and_a_mean_at_the_margin_promises_none() -> None:
    margin = Margin("loss", "nearly met", absolute=0.125)

    many = seeds_that_decide(sample_at(8.0), sample_at(8.125 - 0.0015), margin, 0.05)

    assert many is not None
    assert 400_000 < many <= 1_000_000
    assert seeds_that_decide(sample_at(8.0), sample_at(8.125), margin, 0.05) is None


def with_folds(side: str, values: Sequence[float], **changed: object) -> list[Snapshot]:
    """Runs of one loss a seed, of which each has a child that logged these values."""
    seeds = range(len(values))
    folds = [Snapshot("fold#1", metrics={"loss": (Point(1, value),)}, **changed) for value in values]  # type: ignore[arg-type]
    return [
        replace(run, children={"fold#1": folds[at]}) for at, run in enumerate(runs(side, [at / 1e4 for at in seeds]))
    ]


@pytest.mark.parametrize(("apart", "decision"), [(0.0, Decision.EQUIVALENT), (9.0, Decision.DIFFERENT)])
def test_the_metrics_of_child_runs_are_tested_too(apart: float, decision: Decision) -> None:
    before, after = spread(1.0, 0.001, 5), [apart + noise for noise in spread(1.0, 0.001, 5, seed=1)]

    verdict = compare_samples(with_folds("a", before), with_folds("b", after), WITHIN_A_TENTH)

    assert [evidence.name for evidence in verdict.evidence] == ["loss", "loss in child run fold#1"]
    assert verdict.evidence[1].decision is decision
    assert verdict.decision is decision


def test_a_child_run_that_failed_decides() -> None:
    before, after = spread(1.0, 0.001, 5), spread(1.0, 0.001, 5, seed=1)

    verdict = compare_samples(with_folds("a", before), with_folds("b", after, status="FAILED"), WITHIN_A_TENTH)

    assert [(difference.kind, difference.child) for difference in verdict.deciding] == [(Kind.STATUS, "fold#1")]


def test_weights_that_no_seed_touches_decide() -> None:
    def having(run: Snapshot, weight: float) -> Snapshot:
        return replace(run, models={"net": Model(tensors={"w": Tensor("float64", np.array([weight]))})})

    before, after = (runs(side, spread(1.0, 0.001, 5, seed)) for side, seed in (("a", 0), ("b", 1)))
    frozen = compare_samples([having(run, 1) for run in before], [having(run, 2) for run in after], WITHIN_A_TENTH)
    trained = compare_samples(
        *([having(run, at) for at, run in enumerate(side, start)] for start, side in ((0, before), (9, after))),
        WITHIN_A_TENTH,
    )

    assert [difference.kind for difference in frozen.deciding] == [Kind.MODEL_TENSOR_VALUE]
    assert trained.deciding == ()
    assert "model tensor value net: w" in "".join(trained.notes)
