"""Small projects on disk, in which old modules and producers are imported for real."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from compatkit.migration import Migration, parse_migration
from compatkit.shim import uninstall

MIGRATION = """
schema = 1
id = "shop-v2"
summary = "The shop moves."
versions = { v1 = "1", v2 = "2" }
[[moves]]
code = "CK101"
old = "shop.old.Widget"
new = "shop.new.Gadget"
[[fields]]
code = "CK201"
v1 = "train_acc"
v2 = "train_accuracy"
[[fields]]
code = "CK202"
v1 = "val_acc"
v2 = "val_accuracy"
[[fields]]
code = "CK203"
v1 = "lr"
v2 = "learning_rate"
[[producers]]
code = "CK251"
function = "shop.trainers.Trainer.train"
[[producers]]
code = "CK252"
function = "shop.trainers.train"
[[producers]]
code = "CK253"
function = "shop.trainers.Trainer.build"
[[producers]]
code = "CK254"
function = "shop.trainers.train_async"
[[producers]]
code = "CK255"
function = "shop.trainers.train_lazily"
"""

TRAINERS = '''
from compatkit.record import EpochMetrics

class Base:
    def train(self, epochs: int = 1) -> list:
        """Train."""
        return [EpochMetrics(n + 1, *[0.5] * 9) for n in range(epochs)]

class Trainer(Base):
    @classmethod
    def build(cls):
        return cls().raw()

    def raw(self):
        return [EpochMetrics(1, *[0.5] * 9)]

def train(result):
    return result

async def train_async():
    return [EpochMetrics(1, *[0.5] * 9)]

def train_lazily():
    yield EpochMetrics(1, *[0.5] * 9)
'''

# What the tests write and import: gone again after each test.
PACKAGES = {"shop", "store", "gone", "oldkit", "newkit"}

WriteProject = Callable[[Mapping[str, str]], Path]


@pytest.fixture
def migration() -> Migration:
    return parse_migration(MIGRATION)


@pytest.fixture
def write_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WriteProject:
    """Write a package `shop` from file names and sources, and put it on `sys.path`."""

    def write(files: Mapping[str, str]) -> Path:
        for name, source in files.items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(textwrap.dedent(source))
        return tmp_path

    monkeypatch.syspath_prepend(str(tmp_path))
    return write


@pytest.fixture(autouse=True)
def _clean_interpreter() -> Iterator[None]:
    before = list(sys.meta_path)
    yield
    uninstall()
    for name in [name for name in sys.modules if name.split(".")[0] in PACKAGES]:
        del sys.modules[name]
    assert sys.meta_path == before
