"""An allowance excuses what it states, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from compatkit.equivalence import File, Model, Policy, Snapshot, Verdict, compare_snapshots
from compatkit.equivalence.difference import Difference, Kind
from compatkit.equivalence.reading.model_folder import REQUIREMENTS
from compatkit.equivalence.tolerance import Tolerance
from compatkit.migration import Allowance, Bound, Defaults, Equivalence
from compatkit.trace import TRACE_FILE
from tests.equivalence.strategies import RUN, history

ADDED = Policy(added=(Allowance("metric", "val_*", "v2 computes it"),))


def test_what_v2_adds_is_allowed_with_its_reason() -> None:
    more = replace(RUN, metrics={**RUN.metrics, "val_f1": history(0.5)})

    verdict = compare_snapshots(RUN, more, ADDED)

    assert verdict.is_equivalent
    assert [(entry.difference.name, entry.by.why) for entry in verdict.allowed] == [("val_f1", "v2 computes it")]


def test_what_v2_adds_does_not_excuse_what_it_loses_or_changes() -> None:
    more = replace(RUN, metrics={**RUN.metrics, "val_f1": history(0.5)})
    changed = replace(RUN, metrics={**RUN.metrics, "val_f1": history(0.6)})

    assert not compare_snapshots(more, RUN, ADDED).is_equivalent
    assert not compare_snapshots(more, changed, ADDED).is_equivalent


def test_an_allowance_for_metrics_does_not_excuse_a_param() -> None:
    other = replace(RUN, params={**RUN.params, "val_x": "1"})

    assert not compare_snapshots(RUN, other, ADDED).is_equivalent


def test_an_allowance_that_matched_nothing_is_named() -> None:
    assert compare_snapshots(RUN, RUN, ADDED).unused == ADDED.added


def test_only_a_declared_prefix_may_stand_before_a_name() -> None:
    policy = Policy(metric_names={"train_acc": "train_accuracy"}, metric_prefixes=("head.",))

    assert policy.metric_name("head.train_acc") == "head.train_accuracy"
    assert policy.metric_name("tail.train_acc") == "tail.train_acc"
    assert policy.metric_name("head.train_acc2") == "head.train_acc2"


def test_a_policy_is_called_after_all_its_sources() -> None:
    assert Policy().title == "none"
    assert Policy(sources=("migration a", "pyproject.toml")).title == "migration a, pyproject.toml"


def test_frameworks_are_known_unless_a_policy_is_exact() -> None:
    assert Policy().knows_frameworks
    assert not Policy.exact().knows_frameworks


def test_what_could_not_be_read_is_no_agreement_by_default() -> None:
    unread = replace(RUN, unread=("the folder is gone",))

    assert not compare_snapshots(unread, unread, Policy()).is_equivalent
    assert compare_snapshots(unread, unread, Policy(accepts_unread=True)).is_equivalent


def test_a_declared_tolerance_is_held_to_what_it_names() -> None:
    bounds = (Bound("", "set by hand", artifact="a*", atol=1.0), Bound("", "set by hand", param="p*", atol=2.0))
    declared = Policy(metrics=Tolerance(rtol=0.5)).extended(Equivalence(tolerances=bounds), source="a file")
    found = {(kind, name): declared.declared_tolerance(kind, name) for kind in ("artifact", "param") for name in "apx"}

    assert {key: one.atol for key, one in found.items() if one} == {("artifact", "a"): 1.0, ("param", "p"): 2.0}
    assert declared.metrics == Tolerance(rtol=0.5)
    assert declared.extended(Equivalence(atol=0.1)).metrics == Tolerance(atol=0.1)
    assert declared.extended(Equivalence(rtol=0.1)).metrics == Tolerance(rtol=0.1)
    assert declared.extended(Equivalence()).extended(Equivalence(), source="more").sources == ("a file", "more")


def test_what_compatkit_and_mlflow_log_about_the_occasion_need_not_differ() -> None:
    own = [(Kind.TAG_VALUE, "compatkit.env.python"), (Kind.ARTIFACT_CONTENT, TRACE_FILE)]
    own += [(Kind.METRIC_VALUE, f"system/{place}cpu_utilization_percentage") for place in ("", "node-1/")]
    entries = [Policy().allowance(Difference(kind, name, rule="")) for kind, name in own]

    assert all(entry is not None and entry.optional for entry in entries)


def test_an_allowance_holds_on_its_last_day_and_no_longer() -> None:
    last = date(2026, 1, 2)
    found = Difference(Kind.TAG_VALUE, "team", rule="")
    days = [
        Policy(ignore=(Allowance("tag", "team", "until then", until=last),), today=last + timedelta(n)) for n in (0, 1)
    ]

    assert [policy.allowance(found) is None for policy in days] == [False, True]


HELD: dict[str, Snapshot] = {
    "tag": Snapshot("a", tags={"team": "vision"}),
    "file": Snapshot("a", artifacts={"notes.txt": File("digest", 3)}),
    "model": Snapshot("a", models={"net": Model(operations=("add",))}),
}


@pytest.mark.parametrize("what", HELD)
@pytest.mark.parametrize("is_before", [True, False])
def test_only_what_the_side_without_it_could_not_read_may_be_there(what: str, is_before: bool) -> None:
    """Where all of it was looked at, what is missing is missing, whatever could not be read of the side that has it."""
    has, lacks = (replace(run, params={"lr": "0.1"}) for run in (HELD[what], Snapshot("b")))

    def compared(has: Snapshot, lacks: Snapshot) -> Verdict:
        return compare_snapshots(*((has, lacks) if is_before else (lacks, has)), Policy.exact())

    open_one = compared(has, replace(lacks, unread=("the store is gone",)))
    assert (open_one.is_open, len(open_one.deciding)) == (True, 0)
    for side in (has, replace(has, unread=("another part is gone",))):
        assert len(compared(side, lacks).deciding) == 1


def test_what_could_not_be_read_is_said_once_and_of_its_side() -> None:
    before, after = (replace(RUN, unread=("both", only)) for only in ("old", "new"))

    assert compare_snapshots(before, after, Policy()).unread == ("both", "before: old", "after: new")
    assert compare_snapshots(before, after, Policy(accepts_unread=True)).notes == ("both", "before: old", "after: new")


def test_notes_are_kept_but_for_the_requirements_that_both_have() -> None:
    same, old, new = (f"{REQUIREMENTS} {name}" for name in ("torch", "numpy", "scipy"))
    before, after = (replace(RUN, notes=(same, "by digest", only)) for only in (old, new))

    assert compare_snapshots(before, after, Policy()).notes == ("by digest", old, new)


def trained(version: str, **params: str) -> Snapshot:
    return replace(RUN, params={**RUN.params, "library": version, **params})


# What version 1 says of itself where nobody set anything, and what version 2 does.
OF_LIBRARY = Policy(
    defaults=(
        Defaults(
            "library",
            "a default of the library",
            v1=(("library", "1.*"), ("beams", "1"), ("folder", "*/runs/[0-9][0-9]"), ("cache", "[]")),
            v2=(("library", "2.*"), ("order", "True"), ("cache", "None")),
        ),
    )
)
BEFORE = trained("1.9", beams="1", folder="out/runs/07", cache="[]")
AFTER = trained("2.0", order="True", cache="None")


def decided(before: Snapshot, after: Snapshot, policy: Policy = OF_LIBRARY) -> list[str]:
    return sorted({difference.name for difference in compare_snapshots(before, after, policy).deciding})


@pytest.mark.parametrize(
    ("before", "after", "name"),
    [
        (trained("1.9", beams="4"), AFTER, "beams"),
        (trained("1.9", folder="/data/mine"), AFTER, "folder"),
        (trained("1.9", cache="[1]"), AFTER, "cache"),
        (BEFORE, trained("2.0", order="False", cache="None"), "order"),
        (BEFORE, trained("2.0", cache="full"), "cache"),
        # A param that only one side is said to have, and that is there on both, or the other way round.
        (BEFORE, trained("2.0", beams="2", cache="None"), "beams"),
        (BEFORE, trained("2.0"), "cache"),
        (trained("1.9", order="True"), trained("2.0"), "order"),
        # A param that is not one of the library's.
        (trained("1.9", mine="1"), trained("2.0"), "mine"),
    ],
)
def test_a_param_that_somebody_set_is_no_default(before: Snapshot, after: Snapshot, name: str) -> None:
    assert name in decided(before, after)


@pytest.mark.parametrize(
    ("before", "after"), [("1.9", "1.9"), ("2.0", "2.0"), ("2.0", "1.9"), ("1.9", ""), ("", "2.0"), ("3.0", "2.0")]
)
def test_a_default_is_one_only_between_the_releases_that_have_it(before: str, after: str) -> None:
    left, right = (
        replace(run, params={name: text for name, text in {**run.params, "library": version}.items() if text})
        for run, version in ((BEFORE, before), (AFTER, after))
    )

    assert {"beams", "folder", "order", "cache"} <= set(decided(left, right))


def test_defaults_of_two_releases_do_not_decide_and_are_named_with_the_reason() -> None:
    verdict = compare_snapshots(BEFORE, AFTER, OF_LIBRARY)

    assert verdict.is_equivalent
    assert {entry.difference.name for entry in verdict.allowed} == {"library", "beams", "folder", "order", "cache"}
    assert {entry.by.why for entry in verdict.allowed} == {"a default of the library"}
    assert not verdict.unused


def test_a_default_is_no_default_under_an_exact_policy() -> None:
    assert decided(BEFORE, AFTER, Policy.exact()) == ["beams", "cache", "folder", "library", "order"]
