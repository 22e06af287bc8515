"""An allowance excuses what it states, and nothing else."""

from __future__ import annotations

from dataclasses import replace

from compatkit.equivalence import Policy, compare_snapshots
from compatkit.migration import Allowance
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
