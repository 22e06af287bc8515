"""Each name of the official guides is declared by a bundled migration, or listed as left to people.

`guides/ID.txt`, or `guides/ID.AUDIENCE.txt`, has the names alone, one a line.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from compatkit.authoring.auditing import coverage
from compatkit.migration import find_migration

GUIDES = sorted(Path(__file__).with_name("guides").glob("*.txt"))


@pytest.mark.parametrize("guide", GUIDES, ids=lambda file: file.stem)
def test_no_name_of_a_guide_is_absent(guide: Path) -> None:
    migration = find_migration(guide.stem.partition(".")[0])

    found = coverage(guide.read_text(encoding="utf-8").splitlines(), migration)

    assert found.declared + found.unhandled > 30
    assert found.absent == ()


def test_every_migration_of_a_library_has_a_guide() -> None:
    guided = {guide.stem.partition(".")[0] for guide in GUIDES}

    assert guided == {
        "lightning-2",
        "mlflow-3",
        "numpy-2",
        "ray-2-train",
        "torch-2",
        "torchmetrics-1",
        "torchvision-weights",
        "transformers-5",
    }
