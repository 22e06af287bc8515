"""Many runs against many: three verdicts, and the evidence by metric."""

from __future__ import annotations

from dataclasses import replace

import pytest

from compatkit.equivalence import Policy, Verdict
from compatkit.equivalence.statistics import Decision, Evidence, Sample, SampleVerdict
from compatkit.migration import Allowance
from compatkit.report.verdict_page import Compared, Conclusion, Sampled
from compatkit.report.verdict_page.comparison import outcome_of
from compatkit.report.verdict_page.page import verdict_page
from tests.equivalence.strategies import RUN
from tests.report.verdict_page.pairs import HOSTILE, Page

SAMPLE = Sample((0.5, 0.25), 2)
STALE = Allowance("metric", "gone", "it was there once")


def sampled(decision: Decision, **more: object) -> SampleVerdict:
    evidence = Evidence("loss", decision, SAMPLE, SAMPLE, margin="1 %", p_equivalent=0.25, seeds=12, reason=HOSTILE)
    return SampleVerdict(("a", "b"), ("c", "d"), 0.95, 0.05, (evidence,), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("decision", Decision)
def test_the_three_verdicts_are_told_apart(decision: Decision) -> None:
    page = Page(verdict_page([Sampled("", sampled(decision))]))

    assert decision.value.capitalize() in page.text
    assert f"Of 1 metrics: 1 {decision.value}." in page.text
    assert any("loss" in row and "0.25" in row and "1 %" in row for row in page.rows)


def test_what_is_undecided_says_how_many_seeds_would_decide() -> None:
    assert "12 seeds a side would decide." in verdict_page([Sampled("", sampled(Decision.UNDECIDED))])


@pytest.mark.parametrize("decision", Decision)
def test_only_what_is_proved_counts_as_equal(decision: Decision) -> None:
    page = Page(verdict_page([Sampled("", sampled(decision))]))

    states = [value for name, value in page.attributes if name == "data-state"]
    assert (states == ["equal"]) == (decision is Decision.EQUIVALENT)


def test_a_reason_stays_text() -> None:
    page = Page(verdict_page([Sampled(HOSTILE, sampled(Decision.DIFFERENT))]))

    assert page.open == []
    assert page.tags.count("script") == 1


def test_a_stale_policy_is_no_plain_yes() -> None:
    one = Verdict("a", "b", compared={"metrics": 1}, unused=(STALE,))

    assert outcome_of(one) is Conclusion.STALE
    assert outcome_of(sampled(Decision.EQUIVALENT, unused=(STALE,))) is Conclusion.STALE
    assert outcome_of(replace(one, unused=(replace(STALE, optional=True),))) is Conclusion.EQUIVALENT
    assert "it must, as it is not optional" in verdict_page([Compared("", one, RUN, RUN, Policy.exact())])
