"""A program that needs pandas: it runs where pandas is installed, apart from those that need nothing."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pandas  # noqa: F401  # what needs no extra is run without this file: .ci/base_tests reads its imports
import pytest

from tests.rewrite.oracle.judge import OPTIONS, Project, judge, run_before
from tests.rewrite.oracle.library import V1, V2, migration

FRAME_OF_RECORDS = dedent(
    """\
    import pandas as pd
    from acme.survey import Survey
    print(pd.DataFrame.from_records(Survey().run()).temp.tolist())
    """
)


@pytest.mark.parametrize("options", ["default", "everything"])
def test_records_that_a_data_frame_takes_are_reported(options: str, tmp_path: Path) -> None:
    project = Project({"main.py": FRAME_OF_RECORDS}, "main", (), V1, V2)
    before = run_before(project, tmp_path)

    assert [result.failure for result in before if result.failure] == []
    assert judge(project, before, [migration()], OPTIONS[options]) is None
