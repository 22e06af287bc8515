"""Programs whose models another library makes: they run where it is installed, apart from those that need nothing."""

from __future__ import annotations

from pathlib import Path

import attr  # noqa: F401  # what needs no extra is run without this file: .ci/base_tests reads its imports
import pydantic  # noqa: F401
import pytest

from tests.rewrite.oracle.judge import OPTIONS, Project, judge, run_before
from tests.rewrite.oracle.library import V1, V2, migration

VALIDATED = """\
from pydantic import BaseModel, field_validator
import acme.shape
class Order(BaseModel):
    box: object
    @field_validator("box", mode="before")
    @classmethod
    def make(cls, value):
        return value if isinstance(value, acme.shape.Box) else acme.shape.Box(size=value)
"""
BY_DEFAULT = """\
import attr
from acme.shape import Box
@attr.s
class Order:
    number = attr.ib()
    box = attr.ib()
    @box.default
    def _make(self):
        return Box(size=self.number)
"""


@pytest.mark.parametrize("options", ["default", "everything"])
@pytest.mark.parametrize(("model", "order"), [(VALIDATED, "Order(box=4)"), (BY_DEFAULT, "Order(4)")])
def test_a_field_that_a_method_makes_is_followed(model: str, order: str, options: str, tmp_path: Path) -> None:
    main = f"from models import Order\nprint({order}.box.size)\n"
    project = Project({"main.py": main, "models.py": model}, "main", (), V1, V2)
    before = run_before(project, tmp_path)

    assert [result.failure for result in before if result.failure] == []
    assert judge(project, before, [migration()], OPTIONS[options]) is None
