"""The page says what the verdict says, and nothing in it can load, run, or break out of its place."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings

from compatkit.equivalence import Allowed, File, Policy, Tolerance, Verdict
from compatkit.migration import Allowance, Migration
from compatkit.report.migrate_text import printable
from compatkit.report.verdict_markdown import verdict_markdown
from compatkit.report.verdict_page import Compared, Conclusion, NotCompared, PageTable, write_verdict_page
from compatkit.report.verdict_page.page import overall, verdict_page
from compatkit.report.verdict_page.view import read_sections
from compatkit.report.verdict_text import verdict_lines
from tests.equivalence.strategies import RUN
from tests.equivalence.test_planted import PLANTED
from tests.report.verdict_page.pairs import HOSTILE, Page, compared, history, page_of, pairs

ALLOWED_TAGS = set(page_of(compared(RUN, replace(RUN, run_id="b"))).tags)


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


@given(pair=pairs())
@settings(max_examples=40)
def test_every_deciding_difference_has_a_row_with_all_its_numbers(pair: Compared) -> None:
    rows = [squeezed(row) for row in page_of(pair).rows]

    for difference in pair.verdict.deciding:
        told = [difference.kind.value, difference.name, difference.before, difference.after, difference.rule]
        if difference.distance:
            told += str(difference.distance).replace(" absolute", "").replace(" relative", "").split(", ")
        if difference.of > 1:
            told.append(f"{difference.count} of {difference.of}")
        if difference.first_step is not None:
            told.append(str(difference.first_step))
        assert any(all(squeezed(printable(text)) in row for text in told) for row in rows), difference


@given(pair=pairs())
@settings(max_examples=40)
def test_page_and_text_report_give_the_same_verdict_and_counts(pair: Compared) -> None:
    text = "\n".join(verdict_lines(pair.verdict))

    page = page_of(pair)

    said = re.sub(r"\s+", " ", page.text)
    assert (text.splitlines()[0] == "Verdict: equivalent") == ("Equivalent" in said)
    for what, count in pair.verdict.compared.items():
        if count:
            assert re.search(rf"\b{count:,} {what.removesuffix('s')}", said)
    if count := len(pair.verdict.deciding):
        assert re.search(rf"\b{count} differences? decides?\.", said)


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_difference_is_on_the_page(name: str, migration: Migration) -> None:
    changed, kind, what, _ = PLANTED[name]

    page = page_of(compared(RUN, changed, Policy.from_migration(migration)))

    assert any(kind.value in row and what in row for row in page.rows)
    assert "Different" in page.text


def hostile() -> Compared:
    """A pair with hostile text in every place that takes one."""
    bad = {HOSTILE: "x", "p": HOSTILE}
    metrics = {HOSTILE: history(0.5, math.nan), "m": history(1.0, 2.0), f"{HOSTILE}1": history(1.0)}
    file = File(HOSTILE, 1)
    model = replace(RUN.models["model@0"], details={HOSTILE: HOSTILE}, signature=HOSTILE, operations=(HOSTILE,))
    before = replace(
        RUN, run_id=HOSTILE, params=bad, tags=bad, metrics=metrics, artifacts={HOSTILE: file}, models={HOSTILE: model}
    )
    after = replace(
        before,
        params={HOSTILE: "y"},
        metrics={**metrics, HOSTILE: history(0.25, math.inf)},
        models={HOSTILE: replace(model, signature="", tensors={HOSTILE: model.tensors["0.bias"]})},
        notes=(HOSTILE,),
    )
    pair = compared(before, after)
    allowance = Allowance("metric", HOSTILE, HOSTILE)
    verdict = replace(
        pair.verdict, unused=(allowance,), allowed=(Allowed(pair.verdict.deciding[0], allowance),), notes=(HOSTILE,)
    )
    return replace(
        pair, title=HOSTILE, verdict=verdict, tables=(PageTable(HOSTILE, (HOSTILE,), ((HOSTILE,),), HOSTILE),)
    )


def test_whatever_is_shown_adds_no_element_and_closes_none() -> None:
    page = page_of(hostile(), replace(hostile(), tables=()))

    assert page.open == []
    assert page.tags.count("script") == 1
    assert "img" not in page.tags
    assert not {name for name, _ in page.attributes if name.startswith("on")}


@given(pair=pairs())
@settings(max_examples=20)
def test_elements_are_those_of_the_template(pair: Compared) -> None:
    page = page_of(pair)

    assert page.open == []
    assert set(page.tags) <= {*ALLOWED_TAGS, "em", "br", "dl", "dt", "dd"}


def test_page_refers_to_nothing_outside() -> None:
    text = verdict_page([hostile()])
    page = Page(text)

    links = [
        value for name, value in page.attributes if name in {"href", "src", "srcset", "action", "data", "xlink:href"}
    ]
    assert links
    assert all(link.startswith("#") for link in links)
    style, script = (text.partition(f"<{tag}>")[2].partition(f"</{tag}>")[0] for tag in ("style", "script"))
    assert not re.search(r"@import|url\(|https?:", style)
    assert not re.search(r"fetch|XMLHttpRequest|import\(|https?:(?!//www\.w3\.org/2000/svg)", script)
    assert "default-src 'none'" in text


def test_every_link_leads_somewhere() -> None:
    text = verdict_page([compared(RUN, replace(RUN, params={})), NotCompared("x", "it failed")])
    page = Page(text)

    ids = {value for name, value in page.attributes if name == "id"}
    assert {value.removeprefix("#") for name, value in page.attributes if name == "href"} <= ids
    assert len(ids) == sum(name == "id" for name, _ in page.attributes)


def test_several_comparisons_have_an_overview() -> None:
    equal = compared(RUN, replace(RUN, run_id="b"))
    other = replace(compared(RUN, replace(RUN, params={})), title="the other")

    page = page_of(equal, other, NotCompared("the baseline", "stands for itself", Conclusion.BASELINE))

    overview = page.rows[1:4]
    assert ["equivalent" in overview[0], "different" in overview[1], "baseline" in overview[2]] == [True] * 3
    assert "Of 3: 1 equivalent, 1 different, 1 baseline." in page.text


@pytest.mark.parametrize(
    ("outcomes", "worst"),
    [
        ([Conclusion.EQUIVALENT, Conclusion.BASELINE], Conclusion.EQUIVALENT),
        ([Conclusion.EQUIVALENT, Conclusion.DIFFERENT], Conclusion.DIFFERENT),
        ([Conclusion.EQUIVALENT, Conclusion.UNDECIDED], Conclusion.UNDECIDED),
        ([Conclusion.DIFFERENT, Conclusion.FAILED], Conclusion.FAILED),
        ([Conclusion.BASELINE], Conclusion.FAILED),
        ([], Conclusion.FAILED),
    ],
)
def test_nothing_is_called_equivalent_that_was_not_proved(outcomes: list[Conclusion], worst: Conclusion) -> None:
    sections = read_sections(NotCompared("", "", outcome) for outcome in outcomes)

    assert overall(tuple(sections)) is worst


def test_a_verdict_that_compared_nothing_is_not_equivalent() -> None:
    empty = Compared("", Verdict("a", "b"), RUN, RUN, Policy.exact())

    page = page_of(empty)

    assert "Different" in page.text
    assert "this proves nothing" in page.text


@pytest.mark.parametrize("params", [RUN.params, {"lr": "other"}])
def test_what_could_not_be_read_is_said_with_what_to_do(params: dict[str, str]) -> None:
    run = replace(RUN, unread=("its artifacts: gone",))
    pair = compared(run, replace(run, params=params))

    reports = ["\n".join(lines(pair.verdict)) for lines in (verdict_lines, verdict_markdown)]
    for report in (page_of(pair).text, *map(html.unescape, reports)):
        assert "its artifacts: gone" in report
        assert "--accept-unread" in report


def test_where_it_began_is_told_by_curves_and_not_by_single_values() -> None:
    before = replace(RUN, metrics={"final": history(1.0, first=0), "loss": history(1.0, 0.5, 0.25)})
    after = replace(RUN, metrics={"final": history(2.0, first=0), "loss": history(1.0, 0.5, 0.2)})

    assert "It begins at step 3: loss." in page_of(compared(before, after)).text


def test_a_layer_of_a_class_of_ones_own_is_not_shown_as_a_difference() -> None:
    model = RUN.models["model@0"]
    own = replace(model, layers=(model.layers[0]._replace(kind=""), *model.layers[1:]))

    page = page_of(compared(RUN, replace(RUN, run_id="b", models={"model@0": own})))

    (row,) = [row for row in page.rows if "model@0: layer 0" in row]
    assert "equal" in row
    assert not [row for row in page.rows if "model@0: layer" in row and "differs" in row]


def test_a_metric_within_the_tolerance_is_not_called_equal() -> None:
    before = replace(RUN, metrics={"loss": history(1.0, 0.5)})
    after = replace(RUN, metrics={"loss": history(1.0, 0.5 + 1e-12)})

    page = page_of(compared(before, after, Policy(metrics=Tolerance(rtol=1e-6))))

    assert "Equivalent" in page.text
    assert "1 metric is not equal, but within the tolerance." in page.text
    assert "Equal in every value" not in page.text


def test_nan_and_infinity_are_shown_and_counted() -> None:
    after = replace(RUN, metrics={**RUN.metrics, "train_loss": history(0.9, math.nan, -math.inf)})

    page = page_of(compared(RUN, after))

    assert "after: 1 NaN, the first at step 2" in page.text
    assert "after: 1 -inf, the first at step 3" in page.text


def test_a_page_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "page.html"
    target.write_text("what was there")

    def failing() -> Iterator[Compared]:
        yield compared(RUN, replace(RUN, run_id="b"))
        raise RuntimeError("a snapshot cannot be read")

    with pytest.raises(RuntimeError):
        write_verdict_page(target, failing())

    assert target.read_text() == "what was there"
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]
