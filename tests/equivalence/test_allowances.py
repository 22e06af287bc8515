"""Allowances end on their day, and those that must match fail where they match nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compatkit.equivalence import EquivalenceError, Policy, Snapshot, compare_snapshots, stale_allowances
from compatkit.equivalence.matrix import Cell, Matrix, Scenario
from compatkit.migration import Allowance, MigrationError, parse_equivalence
from tests.equivalence.strategies import RUN, history

DAY = date(2027, 1, 31)
ENDING = Allowance("metric", "gap", "until the dashboards moved", until=DAY)
WITH_GAP = replace(RUN, metrics={**RUN.metrics, "gap": history(0.1)})


def test_an_allowance_holds_on_its_last_day() -> None:
    verdict = compare_snapshots(RUN, WITH_GAP, Policy(added=(ENDING,), today=DAY))

    assert verdict.is_accepted
    assert [entry.by for entry in verdict.allowed] == [ENDING]


def test_an_expired_allowance_no_longer_allows_and_says_so() -> None:
    verdict = compare_snapshots(RUN, WITH_GAP, Policy(added=(ENDING,), today=date(2027, 2, 1)))

    (difference,) = verdict.deciding
    assert "allowed until 2027-01-31 (until the dashboards moved), which is over" in str(difference)
    assert verdict.stale == (ENDING,)


def test_an_expired_entry_leaves_the_word_to_one_that_holds() -> None:
    lasting = Allowance("metric", "g*", "for good")
    verdict = compare_snapshots(RUN, WITH_GAP, Policy(added=(ENDING, lasting), today=date(2028, 1, 1)))

    assert [entry.by for entry in verdict.allowed] == [lasting]


def test_what_an_expired_entry_ignored_counts_as_compared_again() -> None:
    runs = [Snapshot("a", metrics={"gap": history(0.1)})] * 2

    with pytest.raises(EquivalenceError, match="Nothing was compared"):
        compare_snapshots(*runs, Policy(ignore=(ENDING,), today=DAY))
    assert compare_snapshots(*runs, Policy(ignore=(ENDING,), today=date(2027, 2, 1))).is_equivalent


CHILD = Snapshot("fold 1#1", params={"fold": "1"})
WITH_CHILD = replace(RUN, children={"fold 1#1": CHILD})
FOLDS = {"child": "fold *", "why": "v2 validates once"}


@pytest.mark.parametrize(
    ("table", "before", "after", "allowed"),
    [
        ({"removed_in_v2": [FOLDS]}, WITH_CHILD, RUN, True),
        ({"removed_in_v2": [FOLDS]}, RUN, WITH_CHILD, False),
        ({"added_in_v2": [FOLDS]}, RUN, WITH_CHILD, True),
        ({"added_in_v2": [FOLDS]}, WITH_CHILD, RUN, False),
        ({"ignore": [FOLDS]}, RUN, WITH_CHILD, True),
        ({"ignore": [{**FOLDS, "child": "trial *"}]}, RUN, WITH_CHILD, False),
        # A child that both sides have must be equal all the same.
        ({"ignore": [FOLDS]}, WITH_CHILD, replace(RUN, children={"fold 1#1": replace(CHILD, params={})}), False),
    ],
)
def test_a_child_run_may_be_lost_or_added_where_the_policy_says_so(
    table: dict[str, object], before: Snapshot, after: Snapshot, allowed: bool
) -> None:
    policy = Policy().extended(parse_equivalence(table, where="the test"))

    verdict = compare_snapshots(before, after, policy)

    assert verdict.is_equivalent is allowed
    assert len(verdict.allowed) == allowed


def test_today_is_judged_today() -> None:
    assert Policy().today == date.today()


def test_an_entry_that_matches_nothing_fails_though_the_runs_are_equivalent() -> None:
    verdict = compare_snapshots(RUN, RUN, Policy(added=(Allowance("metric", "gap", "v2 adds it"),)))

    assert verdict.is_equivalent
    assert not verdict.is_accepted
    assert verdict.word == "equivalent, but the policy is stale"


def test_an_optional_entry_may_match_nothing() -> None:
    verdict = compare_snapshots(RUN, RUN, Policy(added=(Allowance("metric", "gap", "v2 adds it", optional=True),)))

    assert verdict.is_accepted
    assert verdict.unused


def test_over_several_pairs_one_that_needs_an_entry_is_enough() -> None:
    policy = Policy(added=(replace(ENDING, until=None), Allowance("metric", "never", "a typo")))
    verdicts = [compare_snapshots(RUN, RUN, policy), compare_snapshots(RUN, WITH_GAP, policy)]

    assert [entry.name for entry in stale_allowances(verdicts)] == ["never"]
    assert not stale_allowances([])


def test_a_matrix_with_a_stale_entry_is_no_proof() -> None:
    def matrix(policy: Policy) -> Matrix:
        cells = [Cell("v1", "v1"), Cell("v1", "v2", verdict=compare_snapshots(RUN, RUN, policy))]
        return Matrix(Scenario("iris", "quick_test"), tuple(cells))

    assert matrix(Policy()).is_equivalent
    assert not matrix(Policy(added=(ENDING,), today=DAY)).is_equivalent
    assert matrix(Policy(added=(ENDING,), today=DAY)).has_differences


def test_the_environment_that_compatkit_logs_never_decides_nor_counts() -> None:
    tagged = [
        replace(RUN, tags={**RUN.tags, "compatkit.env.threads": text}, run_id=text, artifacts={**RUN.artifacts})
        for text in ("1", "2")
    ]

    verdict = compare_snapshots(*tagged, Policy.exact())

    assert verdict.is_accepted
    assert [entry.difference.name for entry in verdict.allowed] == ["compatkit.env.threads"]
    assert verdict.compared["tags"] == len(RUN.tags)


@given(st.dates(), st.dates())
def test_an_entry_holds_just_up_to_its_day(until: date, today: date) -> None:
    policy = Policy(ignore=(Allowance("metric", "gap", "for a while", until=until),), today=today)

    assert policy.ignores("metric", "gap") is (today <= until)


@pytest.mark.parametrize(
    ("table", "part"),
    [
        ({"ignore": [{"metric": "x", "why": "y", "until": "2027-01-31"}]}, "a day without quotes"),
        ({"ignore": [{"metric": "x", "why": "y", "optional": "yes"}]}, "true or false"),
        ({"ignore": [{"metrics": "x", "why": "y"}]}, "did you mean 'metric'"),
        ({"ignore": [{"metric": "x", "why": "y", "untill": DAY}]}, "did you mean 'until'"),
        ({"tolerance": []}, "did you mean 'tolerances'"),
        ({"tolerances": [{"metric": "x", "why": "y"}]}, "one of rtol, atol, ulps"),
        ({"tolerances": [{"metric": "x", "rtol": 0.1}]}, "'why' is missing"),
        ({"tolerances": [{"metric": "x", "rtoll": 0.1, "rtol": 1, "why": "y"}]}, "did you mean 'rtol'"),
        ({"tolerances": [{"metric": "x", "ulps": 1.5, "why": "y"}]}, "an integer, zero or more"),
        ({"margins": [{"metric": "x", "why": "y"}]}, "exactly one of absolute, relative"),
        ({"margins": [{"metric": "x", "why": "y", "absolute": 1, "relative": 0.1}]}, "exactly one of"),
        ({"margins": [{"metric": "x", "why": "y", "relative": 1.0}]}, "a share between 0 and 1"),
        ({"margins": [{"metric": "x", "why": "y", "absolute": 1, "value": "last"}]}, "final, min, max"),
    ],
)
def test_a_wrong_entry_is_refused_and_names_the_nearest_word(table: dict[str, object], part: str) -> None:
    with pytest.raises(MigrationError) as caught:
        parse_equivalence(table, where="policy.toml")

    assert part in str(caught.value)
    assert "policy.toml" in str(caught.value)


def test_a_whole_table_is_read() -> None:
    table = {
        "ignore": [{"metric": "gap", "why": "until the dashboards moved", "until": DAY}],
        "added_in_v2": [{"tag": "preset", "why": "new", "optional": True}],
        "margins": [{"metric": "*_loss", "why": "seeds", "relative": 0.01, "value": "min"}],
    }

    declared = parse_equivalence(table, where="policy.toml")

    assert declared.ignore == (ENDING,)
    assert declared.added_in_v2[0].optional
    assert str(declared.margins[0]) == "0.01 of the mean before"


def test_a_projects_entries_decide_before_those_of_its_migration() -> None:
    base = Policy(ignore=(Allowance("metric", "gap", "theirs"),))
    own = parse_equivalence({"ignore": [{"metric": "gap", "why": "ours"}], "rtol": 1e-3}, where="policy.toml")

    policy = base.extended(own)

    assert [entry.by.why for entry in compare_snapshots(RUN, WITH_GAP, policy).allowed] == ["ours"]
    assert policy.metrics.rtol == 1e-3


@pytest.mark.parametrize(
    ("v1", "v2", "said"),
    [
        ({"other": "1"}, {"of": "2.*"}, "v1 has none of this name"),
        ({"of": "1.*"}, {}, "v2 has none of this name"),
        ({"of": "1.*", "old": 1}, {"of": "2.*"}, "a text, as the param is logged"),
    ],
)
def test_defaults_name_what_tells_the_releases_and_texts(
    v1: dict[str, object], v2: dict[str, object], said: str
) -> None:
    row = {"beside": "of", "why": "nobody set it", "v1": v1, "v2": v2}

    with pytest.raises(MigrationError, match=said):
        parse_equivalence({"defaults": [row]}, where="a.toml")
