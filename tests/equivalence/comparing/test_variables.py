"""Scores that are named after variables: a new name is settled only where the score shows that the data stayed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from compatkit.equivalence import Policy, Snapshot, Verdict
from compatkit.equivalence.comparing.compare import compare_snapshots
from compatkit.equivalence.reading.contents.files import read_file
from compatkit.equivalence.snapshot import Dataset, Point

Runs = tuple[dict[str, float], dict[str, str]] | tuple[dict[str, float], dict[str, str], int]
TRAINING = {"training_score": 0.99}
Compare = Callable[..., Verdict]
BEFORE = ({"SVC_score_X_test": 0.91, **TRAINING}, {"SVC_score_X_test": "SVC.score(X=X_test, y=y_test)"})


@pytest.fixture
def compared(tmp_path: Path) -> Compare:
    """Return what compares two runs that are given as scores and the calls that autologging lists."""

    def run(scores: dict[str, float], calls: dict[str, str], rows: int = 0) -> Snapshot:
        path = tmp_path / "metric_info.json"
        path.write_text(json.dumps(calls), encoding="utf-8")
        file, _ = read_file(path, path.name)
        metrics = {name: [Point(0, value)] for name, value in scores.items()}
        data = {"iris [train]#1": Dataset("d", "", json.dumps({"features_shape": [rows, 4]}))} if rows else {}
        tags = {"estimator_class": "SVC"}
        return Snapshot("run", metrics=metrics, artifacts={path.name: file}, tags=tags, datasets=data)

    def compare(before: Runs, after: Runs, policy: Policy | None = None) -> Verdict:
        return compare_snapshots(run(*before), run(*after), policy or Policy())

    return compare


def test_a_score_named_after_a_renamed_variable_is_settled_and_listed(compared: Compare) -> None:
    after = ({"SVC_score_held": 0.91, **TRAINING}, {"SVC_score_held": "SVC.score(X=held, y=labels)"})

    verdict = compared(BEFORE, after)

    assert verdict.is_equivalent, verdict.deciding
    assert [entry.difference.after for entry in verdict.allowed] == ["SVC_score_held"]


def test_a_renaming_that_nothing_proves_is_explained(compared: Compare) -> None:
    before = ({"SVC_score_X_test": 1.0}, {"SVC_score_X_test": "SVC.score(X=X_test, y=y_test)"}, 133)
    after = ({"SVC_score_held": 1.0}, {"SVC_score_held": "SVC.score(X=held, y=y_test)"}, 133)

    found = compared(before, after).deciding

    assert all("other data may well have the same score" in difference.hint for difference in found[:2])


def test_a_score_that_is_no_share_of_the_training_rows_is_of_other_data(compared: Compare) -> None:
    before = ({"SVC_score_X_test": 44 / 45}, {"SVC_score_X_test": "SVC.score(X=X_test, y=y_test)"}, 133)
    after = ({"SVC_score_held": 44 / 45}, {"SVC_score_held": "SVC.score(X=held, y=y_test)"}, 133)

    verdict = compared(before, after)

    assert verdict.is_equivalent, verdict.deciding
    assert [entry.difference.after for entry in verdict.allowed] == ["SVC_score_held"]


def test_a_score_named_after_the_same_variable_with_other_labels_is_settled(compared: Compare) -> None:
    after = (BEFORE[0], {"SVC_score_X_test": "SVC.score(X=X_test, y=labels)"})

    verdict = compared(BEFORE, after)

    assert verdict.is_equivalent, verdict.deciding


@pytest.mark.parametrize(
    ("why", "before", "after"),
    [
        (
            "the score of the training data",
            ({"SVC_score_X_test": 0.99, **TRAINING}, {"SVC_score_X_test": "SVC.score(X=X_test, y=y_test)"}),
            ({"SVC_score_X_train": 0.99, **TRAINING}, {"SVC_score_X_train": "SVC.score(X=X_train, y=y_train)"}),
        ),
        (
            "a score that any data may have",
            ({"SVC_score_X_test": 1.0, **TRAINING}, {"SVC_score_X_test": "SVC.score(X=X_test, y=y_test)"}),
            ({"SVC_score_X_val": 1.0, **TRAINING}, {"SVC_score_X_val": "SVC.score(X=X_val, y=y_val)"}),
        ),
        (
            "another value",
            BEFORE,
            ({"SVC_score_held": 0.92, **TRAINING}, {"SVC_score_held": "SVC.score(X=held, y=labels)"}),
        ),
        (
            "what may be a share of the training data",
            ({"SVC_score_X_test": 0.75}, {"SVC_score_X_test": "SVC.score(X=X_test, y=y_test)"}, 132),
            ({"SVC_score_held": 0.75}, {"SVC_score_held": "SVC.score(X=held, y=labels)"}, 132),
        ),
        (
            "nothing known of the training data",
            ({"SVC_score_X_test": 0.91}, {"SVC_score_X_test": "SVC.score(X=X_test, y=y_test)"}),
            ({"SVC_score_held": 0.91}, {"SVC_score_held": "SVC.score(X=held, y=labels)"}),
        ),
        (
            "another argument",
            BEFORE,
            ({"SVC_score_held": 0.91, **TRAINING}, {"SVC_score_held": "SVC.score(X=held, y=labels, sample_weight=w)"}),
        ),
        (
            "another metric's name",
            BEFORE,
            ({"SVC_fit_held": 0.91, **TRAINING}, {"SVC_fit_held": "SVC.fit(X=held, y=labels)"}),
        ),
        ("no call that lists it", BEFORE, ({"SVC_score_held": 0.91, **TRAINING}, {})),
        (
            "the name of another variable of before",
            (
                {"SVC_score_a": 0.91, "SVC_score-2_b": 0.93, **TRAINING},
                {"SVC_score_a": "SVC.score(X=a, y=t)", "SVC_score-2_b": "SVC.score(X=b, y=u)"},
            ),
            (
                {"SVC_score_b": 0.91, "SVC_score-2_a": 0.93, **TRAINING},
                {"SVC_score_b": "SVC.score(X=b, y=t)", "SVC_score-2_a": "SVC.score(X=a, y=u)"},
            ),
        ),
        (
            "one variable for two",
            (
                {"SVC_score_a": 0.91, "SVC_score-2_b": 0.93, **TRAINING},
                {"SVC_score_a": "SVC.score(X=a, y=t)", "SVC_score-2_b": "SVC.score(X=b, y=u)"},
            ),
            (
                {"SVC_score_c": 0.91, "SVC_score-2_c": 0.93, **TRAINING},
                {"SVC_score_c": "SVC.score(X=c, y=t)", "SVC_score-2_c": "SVC.score(X=c, y=u)"},
            ),
        ),
    ],
)
def test_a_new_name_decides_where_it_may_be_other_data(why: str, before: Runs, after: Runs, compared: Compare) -> None:
    verdict = compared(before, after)

    assert not verdict.is_equivalent, why


def test_a_new_name_decides_under_the_exact_policy(compared: Compare) -> None:
    after = ({"SVC_score_held": 0.91, **TRAINING}, {"SVC_score_held": "SVC.score(X=held, y=labels)"})

    verdict = compared(BEFORE, after, Policy.exact())

    assert not verdict.is_equivalent
