"""A difference settled by nature is no allowance, noise is shown as noise, and a report states how it was made."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from xml.etree import ElementTree as ET

import pytest

from compatkit.equivalence import Point, Policy, Snapshot, Verdict, compare_snapshots
from compatkit.equivalence.comparing.noise import compare_over_noise
from compatkit.migration import Allowance
from compatkit.report import FORMATS
from compatkit.report.provenance import how_made
from compatkit.report.verdict_formats import render_verdict
from compatkit.report.verdict_page.comparison import Compared
from compatkit.report.verdict_page.page import verdict_page

POLICY = Policy(ignore=(Allowance("metric", "epoch_time", "wall-clock time"),), sources=("ours",))


def run(number: int) -> Snapshot:
    metrics = {"mean_fit_time": 0.1 * number, "epoch_time": float(number), "acc": 0.5}
    child = Snapshot("child", tags={"at": f"2026-11-29 01:20:3{number}"})
    return Snapshot(
        f"run{number}",
        metrics={name: (Point(0, value),) for name, value in metrics.items()},
        tags={"estimator_class": "SVC"},
        children={"fold 1#1": child},
    )


@pytest.fixture
def verdict() -> Verdict:
    return compare_over_noise(run(1), run(2), run(3), POLICY)


def test_text_parts_what_is_settled_from_what_is_allowed(verdict: Verdict) -> None:
    lines = render_verdict(verdict, "text").splitlines()

    assert "  allowed, wall-clock time: metric value epoch_time" in lines
    settled = [line for line in lines if line.startswith("  settled, ")]
    assert len(settled) == 2
    assert "metric value mean_fit_time (0.1 | 0.3" in settled[0]
    assert "in child run fold 1#1" in settled[1]
    assert sum(line.startswith("  noise, in two runs of before: ") for line in lines) == len(verdict.noise) == 2


def test_markdown_folds_allowed_settled_and_noise_apart(verdict: Verdict) -> None:
    text = render_verdict(verdict, "markdown")

    summaries = [line for line in text.splitlines() if "<summary>" in line]
    assert [line.partition("<summary>")[2].partition("<")[0] for line in summaries] == [
        "1 difference is allowed",
        "2 differences are settled, as known to vary",
        "2 differences between two runs of before, which is noise",
    ]


def test_json_has_a_list_of_each(verdict: Verdict) -> None:
    found = json.loads(render_verdict(verdict, "json"))

    assert [entry["name"] for entry in found["allowed"]] == ["epoch_time"]
    assert [entry["name"] for entry in found["settled"]] == ["mean_fit_time", "at"]
    assert {entry["name"] for entry in found["noise"]} == {"epoch_time", "at"}


def test_a_page_has_a_part_of_each_and_says_how_it_was_made(verdict: Verdict) -> None:
    page = verdict_page([Compared("", verdict, run(1), run(3), POLICY)], made="by <hand>")

    assert '<h3 id="c1-allowed">Allowed</h3>' in page
    assert '<h3 id="c1-settled">Settled</h3>' in page
    assert '<h3 id="c1-noise">Noise</h3>' in page
    assert "How this was made: by &lt;hand&gt;." in page


def test_a_page_says_first_which_policies_decided(verdict: Verdict) -> None:
    others = [replace(verdict, policy=policy) for policy in ("ours <one>", "ours <one>", "none")]

    page = verdict_page([Compared("", one, run(1), run(3), POLICY) for one in others], made="so")

    head, _, rest = page.partition("</header>")
    assert "Policy: ours &lt;one&gt;; none." in head
    assert head.index("Policy:") < head.index("How this was made")
    assert "Policy:" not in rest


def test_a_page_without_them_has_no_such_parts() -> None:
    verdict = compare_over_noise(run(1), run(1), run(1), Policy())

    page = verdict_page([Compared("", verdict, run(1), run(1), Policy())])

    assert not [part for part in ("allowed", "settled", "noise") if f'id="c1-{part}"' in page]
    assert "How this was made" not in page


def test_the_line_names_command_policy_releases_and_day_but_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["x", "compare", "a b", "c", "--tracking-uri", "https://me:secret@host"])

    made = how_made("ours", "ours", scenarios=["before `python a.py`, seed 0"])

    assert made.startswith(
        "compatkit compare 'a b' c --tracking-uri 'https://me:***@host'; before `python a.py`, seed 0; "
    )
    assert made.count("policy: ours") == 1
    assert re.search(r"mlflow(-skinny)? \d", made)
    assert made.endswith(date.today().isoformat())


def test_every_document_holds_the_line_and_a_terminal_does_not() -> None:
    verdict = compare_snapshots(run(1), run(2), Policy())
    shown = {form: render_verdict(verdict, form, made="compatkit x; policy: none; Python 3") for form in FORMATS}

    assert "compatkit x" not in shown["text"]
    assert list(json.loads(shown["json"]).items())[:2] == [
        ("made", "compatkit x; policy: none; Python 3"),
        ("policy", "none"),
    ]
    (said,) = ET.fromstring(shown["junit"]).findall("testsuite/properties/property")
    assert said.attrib == {"name": "how this was made", "value": "compatkit x; policy: none; Python 3"}
    assert shown["github"].splitlines()[-1] == ("::notice title=how this was made::compatkit x; policy: none; Python 3")
    assert shown["markdown"].splitlines()[-2:] == [
        "",
        "How this was made: `compatkit x`; policy&#58; none; Python 3.",
    ]


def test_a_page_says_that_its_counts_hold_what_children_logged(verdict: Verdict) -> None:
    childless = compare_snapshots(*(replace(run(1), run_id=run_id, children={}) for run_id in "ab"), Policy())

    assert "what child runs logged" in verdict_page([Compared("", verdict, run(1), run(1), Policy())])
    assert "what child runs logged" not in verdict_page([Compared("", childless, run(1), run(1), Policy())])
