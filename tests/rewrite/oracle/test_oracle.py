"""Drawn projects, run before and after: without findings all is as it was, and a failure is at a place that was named.

A campaign by hand draws thousands: `python -m tests.rewrite.oracle.campaign 1000`.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from tests.rewrite.oracle.judge import OPTIONS, Project, judge, run_before
from tests.rewrite.oracle.library import migration
from tests.rewrite.oracle.projects import projects

ACME = [migration()]
# A project takes long to shrink: what fails is printed as it is.
FEW = settings(
    max_examples=8,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@pytest.mark.parametrize("about", ["names", "moves", "records", "texts"])
@FEW
@given(st.data(), st.sampled_from([OPTIONS["default"], OPTIONS["review"], OPTIONS["everything"]]))
def test_status_0_means_the_same_results(about: str, data: st.DataObject, options: object) -> None:
    project: Project = data.draw(projects(about))
    with tempfile.TemporaryDirectory(prefix="oracle-") as folder:
        before = run_before(project, Path(folder))
    assume(before[0].failure is None)

    assert judge(project, before, ACME, options) is None  # type: ignore[arg-type]
