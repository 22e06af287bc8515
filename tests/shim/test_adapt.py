"""One object is adapted by hand."""

from __future__ import annotations

import asyncio
import functools
import inspect

import pytest

from compatkit import adapt
from compatkit.migration import Migration, Producer, find_migration
from compatkit.record import EpochMetrics, EpochRecord
from compatkit.shim import ShimError, shimmed

METRICS = EpochMetrics(1, *[0.5] * 9)


class Result:
    def __init__(self) -> None:
        self.history = [METRICS]


class Trainer:
    """A trainer that no bundled migration names."""

    def train(self, epochs: int = 1) -> list[EpochMetrics]:
        """Train."""
        return [METRICS] * epochs

    def fit(self) -> Result:
        return Result()

    def evaluate(self) -> float:
        return 0.5

    async def train_async(self) -> list[EpochMetrics]:
        return [METRICS]


class Slotted(Trainer):
    __slots__ = ("x",)


DECLARED = Migration(
    "own",
    "own",
    find_migration().versions,
    fields=find_migration().fields,
    producers=(
        Producer("CK251", f"{__name__}.Trainer.train"),
        Producer("CK252", f"{__name__}.Trainer.fit", ".history"),
        Producer("CK253", f"{__name__}.Other.evaluate"),
    ),
)


def test_the_named_method_returns_records_and_the_object_is_the_same() -> None:
    trainer = Trainer()

    adapted = adapt(trainer, "train")

    assert adapted is trainer
    (record,) = adapted.train()
    assert isinstance(record, EpochRecord)
    assert record["train_acc"] == 0.5


def test_other_objects_of_the_class_and_other_methods_stay_as_they_are() -> None:
    adapt(Trainer(), "train")

    assert type(Trainer().train()[0]) is EpochMetrics
    assert adapt(Trainer(), "train").evaluate() == 0.5


def test_without_names_what_the_migration_declares_for_the_class_is_adapted() -> None:
    trainer = adapt(Trainer(), migration=DECLARED)

    assert isinstance(trainer.train()[0], EpochRecord)
    assert isinstance(trainer.fit().history[0], EpochRecord)


def test_a_subclass_of_a_declared_class_is_adapted_too() -> None:
    class Own(Trainer):
        pass

    assert isinstance(adapt(Own(), migration=DECLARED).train()[0], EpochRecord)


def test_the_place_of_the_history_can_be_given() -> None:
    assert isinstance(adapt(Trainer(), "fit", returns=".history").fit().history[0], EpochRecord)


def test_a_function_is_returned_wrapped() -> None:
    def train() -> list[EpochMetrics]:
        """Train."""
        return [METRICS]

    adapted = adapt(train)

    assert isinstance(adapted()[0], EpochRecord)
    assert inspect.unwrap(adapted) is train
    assert adapted.__doc__ == "Train."
    assert isinstance(adapt(functools.partial(train))()[0], EpochRecord)


def test_a_bound_method_and_a_coroutine_are_adapted() -> None:
    assert isinstance(adapt(Trainer().train)()[0], EpochRecord)
    assert isinstance(asyncio.run(adapt(Trainer(), "train_async").train_async())[0], EpochRecord)


def test_name_signature_and_docstring_are_kept() -> None:
    train = adapt(Trainer(), "train").train

    assert train.__name__ == "train"
    assert train.__doc__ == "Train."
    assert inspect.signature(train) == inspect.signature(Trainer().train)


def test_adapting_twice_is_adapting_once() -> None:
    trainer = adapt(Trainer(), "train")
    once = trainer.train
    adapt(trainer, "train")

    assert trainer.train is once


def test_an_adapted_object_under_the_shim_still_returns_records() -> None:
    with shimmed([DECLARED]):
        assert isinstance(adapt(Trainer(), "train").train()[0], EpochRecord)


@pytest.mark.parametrize(
    ("trainer", "methods", "message"),
    [
        (Trainer(), [], "declares no producer of Trainer"),
        (Trainer, [], "is a class"),
        (Trainer(), ["trian"], "did you mean 'train'"),
        (object(), ["__hash__"], "takes no new attribute"),
    ],
)
def test_what_cannot_be_adapted_is_an_error_that_says_what_to_do(
    trainer: object, methods: list[str], message: str
) -> None:
    with pytest.raises(ShimError, match=message):
        adapt(trainer, *methods)


def test_a_path_that_is_none_is_refused() -> None:
    with pytest.raises(ShimError, match="which is not a path"):
        adapt(Trainer(), "fit", returns="history")
