"""Every kind of difference, planted into one of two equal runs, is found, named, and decides."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from compatkit.equivalence import (
    Dataset,
    EquivalenceError,
    File,
    Kind,
    Model,
    Point,
    Policy,
    Snapshot,
    Tensor,
    compare_snapshots,
)
from compatkit.migration import Allowance, Migration
from tests.equivalence.strategies import RUN, history, weights


def without(values: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key != name}


def metrics(**changed: tuple[Point, ...]) -> Snapshot:
    return replace(RUN, metrics={**RUN.metrics, **changed})


def model(**changed: Any) -> Snapshot:
    return replace(RUN, models={"model@0": replace(RUN.models["model@0"], **changed)})


def tensor(name: str, value: Tensor) -> Snapshot:
    return model(tensors={**RUN.models["model@0"].tensors, name: value})


def dataset(**changed: Any) -> Snapshot:
    return replace(RUN, datasets={DATASET: replace(RUN.datasets[DATASET], **changed)})


DATASET = "digits [training]#1"
MODEL: Model = RUN.models["model@0"]
PLANTED = {
    "metric dropped": (
        replace(RUN, metrics=without(RUN.metrics, "train_loss")),
        Kind.METRIC_MISSING,
        "train_loss",
        1,
    ),
    "metric added": (metrics(gap=history(0.1)), Kind.METRIC_EXTRA, "gap", 1),
    "value off by 1e-3": (metrics(train_loss=history(0.9, 0.5005, 0.25)), Kind.METRIC_VALUE, "train_loss", 2),
    "value off by 1e-5": (metrics(train_loss=history(0.9, 0.5, 0.2500025)), Kind.METRIC_VALUE, "train_loss", 3),
    "value changed under its v2 name": (
        metrics(train_acc=history(0.5, 0.75, 0.8)),
        Kind.METRIC_VALUE,
        "train_accuracy",
        3,
    ),
    "value of a prefixed metric changed": (
        metrics(final_train_acc=(Point(0, 0.8),)),
        Kind.METRIC_VALUE,
        "final_train_accuracy",
        0,
    ),
    "NaN in place of a number": (metrics(train_loss=history(0.9, math.nan, 0.25)), Kind.METRIC_VALUE, "train_loss", 2),
    "infinity in place of a number": (
        metrics(train_loss=history(0.9, 0.5, math.inf)),
        Kind.METRIC_VALUE,
        "train_loss",
        3,
    ),
    "sign lost": (metrics(train_loss=history(0.9, 0.5, -0.25)), Kind.METRIC_VALUE, "train_loss", 3),
    "steps shifted by one": (metrics(train_loss=history(0.9, 0.5, 0.25, first=0)), Kind.METRIC_STEPS, "train_loss", 0),
    "last epoch lost": (metrics(train_loss=history(0.9, 0.5)), Kind.METRIC_STEPS, "train_loss", 3),
    "first epoch lost": (metrics(train_loss=history(0.5, 0.25, first=2)), Kind.METRIC_STEPS, "train_loss", 1),
    "an epoch twice": (
        metrics(train_loss=(*history(0.9, 0.5, 0.25), Point(3, 0.25))),
        Kind.METRIC_STEPS,
        "train_loss",
        3,
    ),
    "values swapped": (metrics(train_loss=history(0.5, 0.9, 0.25)), Kind.METRIC_VALUE, "train_loss", 1),
    "param lost": (replace(RUN, params=without(RUN.params, "epochs")), Kind.PARAM_MISSING, "epochs", None),
    "param added": (replace(RUN, params={**RUN.params, "warmup": "1"}), Kind.PARAM_EXTRA, "warmup", None),
    "param changed by 1 %": (
        replace(RUN, params={**RUN.params, "lr": "0.0101"}),
        Kind.PARAM_VALUE,
        "optimizer.learning_rate",
        None,
    ),
    "param changed in type only": (
        replace(RUN, params={**RUN.params, "epochs": "3.0"}),
        Kind.PARAM_VALUE,
        "epochs",
        None,
    ),
    "tag changed": (replace(RUN, tags={"dataset_name": "wine"}), Kind.TAG_VALUE, "dataset_name", None),
    "tag lost": (replace(RUN, tags={}), Kind.TAG_MISSING, "dataset_name", None),
    "tag added": (replace(RUN, tags={**RUN.tags, "team": "x"}), Kind.TAG_EXTRA, "team", None),
    "artifact lost": (replace(RUN, artifacts={}), Kind.ARTIFACT_MISSING, "plots/curve.png", None),
    "artifact changed": (
        replace(RUN, artifacts={"plots/curve.png": File("aa12", 120)}),
        Kind.ARTIFACT_CONTENT,
        "plots/curve.png",
        None,
    ),
    "artifact added": (
        replace(RUN, artifacts={**RUN.artifacts, "x": File("00", 1)}),
        Kind.ARTIFACT_EXTRA,
        "x",
        None,
    ),
    "model lost": (replace(RUN, models={}), Kind.MODEL_MISSING, "model@0", None),
    "model added": (replace(RUN, models={**RUN.models, "other@0": MODEL}), Kind.MODEL_EXTRA, "other@0", None),
    "one weight changed": (
        tensor("0.weight", weights(0.5, -0.2501, 1.0)),
        Kind.MODEL_TENSOR_VALUE,
        "model@0: 0.weight",
        None,
    ),
    "NaN in a weight": (tensor("0.bias", weights(math.nan)), Kind.MODEL_TENSOR_VALUE, "model@0: 0.bias", None),
    "weight lost": (
        model(tensors=without(MODEL.tensors, "0.bias")),
        Kind.MODEL_TENSOR_MISSING,
        "model@0: 0.bias",
        None,
    ),
    "weight added": (tensor("1.bias", weights(0.0)), Kind.MODEL_TENSOR_EXTRA, "model@0: 1.bias", None),
    "dtype changed": (
        tensor("0.bias", weights(0.1, dtype="float64")),
        Kind.MODEL_TENSOR_DTYPE,
        "model@0: 0.bias",
        None,
    ),
    "shape changed": (
        tensor("0.weight", Tensor("float32", np.array([[0.5, -0.25, 1.0]], dtype=np.float32))),
        Kind.MODEL_TENSOR_SHAPE,
        "model@0: 0.weight",
        None,
    ),
    "layers reordered": (
        model(operations=("relu", "linear")),
        Kind.MODEL_OPERATIONS,
        "model@0: operation 0",
        None,
    ),
    "signature changed": (model(signature="in -> two"), Kind.MODEL_SIGNATURE, "model@0", None),
    "model file changed": (
        model(files={"input_example.json": File("bb23", 12)}),
        Kind.MODEL_FILE,
        "model@0: input_example.json",
        None,
    ),
    "dataset changed": (dataset(digest="cc34"), Kind.DATASET_VALUE, DATASET, None),
    "dataset lost": (replace(RUN, datasets={}), Kind.DATASET_MISSING, DATASET, None),
    "dataset added": (
        replace(RUN, datasets={**RUN.datasets, "wine#1": Dataset("dd44")}),
        Kind.DATASET_EXTRA,
        "wine#1",
        None,
    ),
    "schema of a dataset changed": (dataset(schema="x: double"), Kind.DATASET_VALUE, DATASET, None),
    "profile of a dataset changed": (dataset(profile="149 rows"), Kind.DATASET_VALUE, DATASET, None),
    "tag of a dataset added": (dataset(tags={"split": "1"}), Kind.DATASET_VALUE, DATASET, None),
    "detail of a model changed": (
        model(details={"graph.outputs": "linear"}),
        Kind.MODEL_DETAIL,
        "model@0: graph.outputs",
        None,
    ),
    "detail of a model lost": (model(details={}), Kind.MODEL_DETAIL, "model@0: graph.outputs", None),
    "operation lost": (model(operations=("linear",)), Kind.MODEL_OPERATIONS, "model@0: operation 1", None),
    "status changed": (replace(RUN, status="FAILED"), Kind.STATUS, "status", None),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_difference_decides_and_is_named(name: str, migration: Migration) -> None:
    changed, kind, what, step = PLANTED[name]

    verdict = compare_snapshots(RUN, changed, Policy.from_migration(migration))

    assert not verdict.is_equivalent
    assert (kind, what, step) in [
        (difference.kind, difference.name, difference.first_step) for difference in verdict.deciding
    ]


@pytest.mark.parametrize("name", PLANTED)
def test_it_decides_in_the_other_direction_too(name: str, migration: Migration) -> None:
    changed, *_ = PLANTED[name]
    policy = Policy.from_migration(migration)

    there, back = compare_snapshots(RUN, changed, policy), compare_snapshots(changed, RUN, policy)

    assert not back.is_equivalent
    assert [difference.name for difference in there.deciding] == [difference.name for difference in back.deciding]


def test_equal_runs_are_equivalent(migration: Migration) -> None:
    assert compare_snapshots(RUN, replace(RUN, run_id="b"), Policy.from_migration(migration)).is_equivalent
    assert compare_snapshots(RUN, replace(RUN, run_id="b"), Policy.exact()).is_equivalent


def test_v1_and_v2_spellings_are_one_name(migration: Migration) -> None:
    renamed = replace(
        RUN,
        params={"epochs": "3", "optimizer.learning_rate": "1e-2", "model.type": "mlp"},
        metrics={
            "train_loss": RUN.metrics["train_loss"],
            "train_accuracy": RUN.metrics["train_acc"],
            "final_train_accuracy": RUN.metrics["final_train_acc"],
        },
    )

    assert compare_snapshots(RUN, renamed, Policy.from_migration(migration)).is_equivalent
    assert not compare_snapshots(RUN, renamed, Policy.exact()).is_equivalent


def test_two_spellings_in_one_run_that_disagree_decide(migration: Migration) -> None:
    both = metrics(train_accuracy=history(0.5, 0.75, 0.5))

    verdict = compare_snapshots(both, both, Policy.from_migration(migration))

    assert [difference.kind for difference in verdict.deciding] == [Kind.METRIC_SPELLINGS] * 2


def test_a_renamed_param_names_its_likely_new_name(migration: Migration) -> None:
    renamed = replace(RUN, params={**without(RUN.params, "model_type"), "architecture": "mlp"})

    verdict = compare_snapshots(RUN, renamed, Policy.from_migration(migration))

    hints = {difference.kind: difference.hint for difference in verdict.deciding}
    assert "'architecture'" in hints[Kind.PARAM_MISSING]
    assert "'model.type'" in hints[Kind.PARAM_EXTRA]


def test_a_shift_is_called_a_shift(migration: Migration) -> None:
    shifted = metrics(train_loss=history(0.9, 0.5, 0.25, first=0))

    (difference,) = compare_snapshots(RUN, shifted, Policy.from_migration(migration)).deciding

    assert "shifted by -1 steps" in str(difference)


def test_two_empty_runs_are_no_verdict(migration: Migration) -> None:
    with pytest.raises(EquivalenceError, match="Nothing was compared"):
        compare_snapshots(Snapshot("a"), Snapshot("b"), Policy.from_migration(migration))


IGNORED = Policy(
    ignore=(Allowance("metric", "epoch_*", "wall-clock time"), Allowance("model", "model@0*", "not ours")),
    added=(Allowance("param", "preset", "v1 has none"),),
    removed=(Allowance("tag", "stage", "v2 has none"),),
)
ONLY_ALLOWED = {
    "ignored and different": ({"metrics": {"epoch_time": history(1.0)}}, {"metrics": {"epoch_time": history(2.0)}}),
    "ignored and equal by chance": ({"metrics": {"epoch_time": history(1.0)}},) * 2,
    "added": ({}, {"params": {"preset": "small"}}),
    "removed": ({"tags": {"stage": "one"}}, {}),
    "an ignored model": ({"models": {"model@0": MODEL}}, {"models": {"model@0": Model()}}),
    "models with nothing in them": ({"models": {"other": Model()}},) * 2,
}


@pytest.mark.parametrize("name", ONLY_ALLOWED)
def test_runs_of_which_all_is_ignored_or_allowed_are_no_verdict(name: str) -> None:
    before, after = ONLY_ALLOWED[name]

    with pytest.raises(EquivalenceError, match="Nothing was compared"):
        compare_snapshots(Snapshot("a", **before), Snapshot("b", **after), IGNORED)


def test_one_common_name_that_is_not_ignored_makes_a_verdict() -> None:
    before = Snapshot("a", metrics={"epoch_time": history(1.0), "loss": history(0.5)})
    after = Snapshot("b", metrics={"epoch_time": history(2.0), "loss": history(0.5)})

    verdict = compare_snapshots(before, after, IGNORED)

    assert verdict.is_equivalent
    assert {what: count for what, count in verdict.compared.items() if count} == {"metrics": 1, "points": 1}


def test_a_model_known_by_its_files_alone_is_compared() -> None:
    only_files = Snapshot("a", models={"net": Model(files={"model.pkl": File("ab12", 9)})})
    other_files = Snapshot("b", models={"net": Model(files={"model.pkl": File("ab13", 9)})})

    assert compare_snapshots(only_files, only_files, Policy.exact()).is_equivalent
    assert not compare_snapshots(only_files, other_files, Policy.exact()).is_equivalent


def test_long_texts_are_shown_where_they_part() -> None:
    (difference,) = compare_snapshots(
        model(signature="x" * 9000 + "left" + "y" * 9000), model(signature="x" * 9000 + "right"), Policy.exact()
    ).deciding

    assert "left" in difference.before
    assert "right" in difference.after
    assert len(str(difference)) < 500


def test_a_run_against_an_empty_one_is_different(migration: Migration) -> None:
    assert not compare_snapshots(RUN, Snapshot("b"), Policy.from_migration(migration)).is_equivalent
