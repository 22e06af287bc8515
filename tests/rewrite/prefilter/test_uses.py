"""A file that only imports is told from one that uses what it imports, under whatever name."""

from __future__ import annotations

import pytest

from compatkit.migration import Move, find_migration
from compatkit.rewrite.engine import uses_any
from compatkit.rewrite.file.text import read_source
from compatkit.rewrite.file.tree import parse
from tests.rewrite.modern import migration

IMPORT = "from backend.ml_engine.training_orchestrator import TrainingOrchestrator"
FUNCTION = migration("""
[[producers]]
code = "CK201"
function = "shop.train.fit"
""")


def is_used(text: str, *, reexports: tuple[Move, ...] = ()) -> bool:
    source = read_source(text.encode())
    return uses_any(source, parse(source.text), [find_migration(), FUNCTION], reexports)


@pytest.mark.parametrize(
    "text",
    [
        f"{IMPORT}\n",
        f"{IMPORT} as Orch\n",
        f"try:\n    {IMPORT}\nexcept ImportError:\n    pass\n",
        "import backend.ml_engine.training_orchestrator\n",
        "from shop.train import fit\nbenefit = fitting(1)\n",
        "x = {'train_acc': 1}\n",
    ],
)
def test_import_alone_is_no_use(text: str) -> None:
    assert not is_used(text)


@pytest.mark.parametrize(
    "text",
    [
        f"{IMPORT}\nTrainingOrchestrator()\n",
        f"{IMPORT} as Orch\nOrch()\n",
        f"if x:\n    {IMPORT} as Orch\n    def f(o: 'Orch'): pass\n",
        f"{IMPORT}; TrainingOrchestrator()\n",
        "import backend.ml_engine.training_orchestrator as t\nt.TrainingOrchestrator()\n",
        "from backend import *\nTrainingOrchestrator()\n",
        "mock.patch('backend.ml_engine.training_orchestrator_v2.TrainingOrchestratorV2')\n",
        "from shop.train import fit as run\nrun()\n",
        "from shop import train as t\nt.anything()\n",
        "import shop.train\nshop.train.fit()\n",
        f"{IMPORT}\n\u212b = Training\uff2frchestrator()\n",
    ],
)
def test_use_by_any_name_is_seen(text: str) -> None:
    assert is_used(text)


def test_use_by_the_name_of_a_facade_is_seen() -> None:
    text = "from facade import Orch\nOrch(lr=0.1)\n"

    assert not is_used(text)
    assert is_used(text, reexports=(Move("CK101", "facade.Orch", "new.TrainingOrchestratorV2"),))
