"""Scores agree with scikit-learn's."""

from __future__ import annotations

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, precision_recall_fscore_support
from sklearn.metrics import confusion_matrix as sklearn_confusion

from compatkit.training.v2.loop.passes import confusion_matrix, macro_scores

CLASSES = 6
pairs = st.lists(st.tuples(st.integers(0, CLASSES - 1), st.integers(0, CLASSES - 1)), min_size=1, max_size=50)


def split(cases: list[tuple[int, int]]) -> tuple[list[int], list[int]]:
    return [target for target, _ in cases], [predicted for _, predicted in cases]


def confuse(cases: list[tuple[int, int]]) -> torch.Tensor:
    target, predicted = split(cases)
    return confusion_matrix(torch.tensor(predicted), torch.tensor(target), CLASSES)


@given(pairs)
@example([(2, 2)])
@example([(0, 5)] * 3)
def test_macro_scores_are_those_of_scikit_learn(cases: list[tuple[int, int]]) -> None:
    target, predicted = split(cases)

    scores = macro_scores(confuse(cases))

    expected = precision_recall_fscore_support(target, predicted, average="macro", zero_division=0)
    assert (scores.precision, scores.recall, scores.f1) == pytest.approx(expected[:3], rel=1e-12)


@given(pairs)
def test_accuracy_is_that_of_scikit_learn(cases: list[tuple[int, int]]) -> None:
    assert macro_scores(confuse(cases)).accuracy == accuracy_score(*split(cases))


@given(pairs)
def test_confusion_is_that_of_scikit_learn(cases: list[tuple[int, int]]) -> None:
    target, predicted = split(cases)

    assert confuse(cases).tolist() == sklearn_confusion(target, predicted, labels=range(CLASSES)).tolist()


def test_no_samples_score_zero() -> None:
    scores = macro_scores(torch.zeros(CLASSES, CLASSES, dtype=torch.int64))

    assert (scores.accuracy, scores.precision, scores.recall, scores.f1) == (0, 0, 0, 0)
