"""What a declared producer returns can be read by either generation; everything else about it stays."""

from __future__ import annotations

import asyncio
import importlib
import inspect

import pytest

from compatkit.migration import Migration
from compatkit.record import EpochMetrics, EpochRecord
from compatkit.shim import UnreadResultWarning, install, uninstall
from tests.shim.conftest import TRAINERS, WriteProject


@pytest.fixture
def _project(write_project: WriteProject) -> None:
    write_project({"shop/__init__.py": "", "shop/trainers.py": TRAINERS})


pytestmark = pytest.mark.usefixtures("_project")


def test_a_method_is_wrapped_when_its_module_is_imported(migration: Migration) -> None:
    install([migration])

    (record,) = importlib.import_module("shop.trainers").Trainer().train()

    assert record.get("train_acc") == record.train_accuracy == 0.5
    assert isinstance(record, EpochMetrics)


def test_a_module_that_was_imported_already_is_wrapped_too(migration: Migration) -> None:
    trainers = importlib.import_module("shop.trainers")
    install([migration])

    assert trainers.Trainer().train()[0]["val_acc"] == 0.5


def test_the_class_that_the_method_was_inherited_from_is_left_alone(migration: Migration) -> None:
    install([migration])
    trainers = importlib.import_module("shop.trainers")

    assert type(trainers.Base().train()[0]) is EpochMetrics


def test_a_classmethod_stays_one(migration: Migration) -> None:
    install([migration])

    assert isinstance(importlib.import_module("shop.trainers").Trainer.build()[0], EpochRecord)


def test_a_method_that_is_not_declared_is_left_alone(migration: Migration) -> None:
    install([migration])

    assert type(importlib.import_module("shop.trainers").Trainer().raw()[0]) is EpochMetrics


def test_coroutines_and_generators_are_wrapped_as_such(migration: Migration) -> None:
    install([migration])
    trainers = importlib.import_module("shop.trainers")

    assert isinstance(asyncio.run(trainers.train_async())[0], EpochRecord)
    assert [type(record) for record in trainers.train_lazily()] == [EpochRecord]


def test_name_signature_docstring_and_original_are_kept(migration: Migration) -> None:
    trainers = importlib.import_module("shop.trainers")
    original = trainers.Base.train
    install([migration])
    wrapped = trainers.Trainer.train

    assert wrapped.__name__ == "train"
    assert wrapped.__doc__ == "Train."
    assert inspect.signature(wrapped) == inspect.signature(original)
    assert inspect.unwrap(wrapped) is original


def test_none_is_handed_on_and_an_unknown_shape_too_with_one_warning(migration: Migration) -> None:
    install([migration])
    train = importlib.import_module("shop.trainers").train
    said = r'CK252 shop\.trainers\.train .* no reader knows.* producers = \{ "shop\.trainers\.train" = ".history" \}'

    assert train(None) is None
    with pytest.warns(UnreadResultWarning, match=said) as told:
        found = [train(3), train(4)]
    assert found == [3, 4]
    assert [warning.filename for warning in told] == [__file__]


def test_uninstall_puts_every_original_back(migration: Migration) -> None:
    trainers = importlib.import_module("shop.trainers")
    before = [trainers.train, trainers.Trainer.__dict__.get("train"), trainers.Trainer.__dict__["build"]]
    install([migration])
    uninstall()

    assert [trainers.train, trainers.Trainer.__dict__.get("train"), trainers.Trainer.__dict__["build"]] == before


def test_the_modules_loader_is_the_real_one_again(migration: Migration) -> None:
    install([migration])
    trainers = importlib.import_module("shop.trainers")

    assert type(trainers.__spec__.loader).__name__ == "SourceFileLoader"
    assert "EpochMetrics" in inspect.getsource(trainers)


def test_uninstall_leaves_alone_what_was_reloaded_or_patched_since(migration: Migration) -> None:
    trainers = importlib.import_module("shop.trainers")
    install([migration])

    def patched() -> None: ...

    trainers.train = patched
    uninstall()

    assert trainers.train is patched


def test_a_reload_is_not_undone_by_uninstall(migration: Migration) -> None:
    trainers = importlib.import_module("shop.trainers")
    before = trainers.train
    install([migration])
    importlib.reload(trainers)
    uninstall()

    assert trainers.train is not before
    assert not hasattr(trainers.train, "__wrapped__")
