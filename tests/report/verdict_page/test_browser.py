"""The page in a real browser: it renders, filters, sorts, reads values off, and runs nothing but its own script."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from compatkit.equivalence import Point
from compatkit.report.verdict_page import Compared, NotCompared, write_verdict_page
from tests.equivalence.strategies import RUN
from tests.report.verdict_page.pairs import compared, history
from tests.report.verdict_page.test_page import hostile

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from playwright.sync_api import Page as Tab

    from tests.report.verdict_page.conftest import Open

pytestmark = pytest.mark.browser


def pair() -> Compared:
    """Two runs that part at step 3, of three curves in two states, one weight and two params."""
    curves = {
        "train/loss": history(0.9, 0.5, 0.25),
        "train/accuracy": history(0.5, 0.75, 0.875),
        "val/loss": history(1.0, 2.0),
    }
    before = replace(RUN, metrics=curves, params={"epochs": "3", "lr": "0.01", "batch": "32"})
    after = replace(
        before,
        metrics={**curves, "train/loss": history(0.9, 0.5, 0.125), "train/accuracy": history(0.5, 0.75, math.nan)},
        params={**before.params, "lr": "0.1"},
    )
    return compared(before, after)


def shown(tab: Tab, selector: str) -> list[str]:
    found = "(all) => all.filter((each) => each.checkVisibility()).map((each) => each.textContent.trim())"
    return list(tab.locator(selector).evaluate_all(found))


def column(tab: Tab, table: str, place: int) -> list[str]:
    return [cell.inner_text() for cell in tab.locator(f"{table} tbody tr > :nth-child({place})").all()]


def test_it_renders(open_page: Open) -> None:
    tab = open_page(pair())

    assert tab.title().startswith("Different")
    assert "Different" in tab.locator("h1").inner_text()
    assert shown(tab, ".card h4") == ["train/accuracy", "train/loss", "val/loss"]
    box = tab.locator(".card .chart path.after").first.bounding_box()
    assert box is not None
    assert box["width"] > 100
    assert tab.locator(".card .chart .where").first.text_content() == "step 3"


def test_it_filters_by_every_word(open_page: Open) -> None:
    tab = open_page(pair())

    tab.locator("#filter").fill("LOSS train")

    assert shown(tab, ".card h4") == ["train/loss"]
    assert tab.locator("#shown").inner_text().endswith("names")
    tab.locator("#filter").fill("nothing has this name")
    assert shown(tab, ".card h4") == []
    assert "Nothing here matches the filter." in shown(tab, ".none")
    tab.locator("#filter").press("Escape")
    assert len(shown(tab, ".card h4")) == 3


def test_only_differing_hides_what_is_equal(open_page: Open) -> None:
    tab = open_page(pair())

    tab.get_by_text("Only differing").click()

    assert shown(tab, ".card h4") == ["train/accuracy", "train/loss"]
    assert shown(tab, "#c1-param ~ details tbody th") == ["lr"]


def test_it_sorts_numbers_as_numbers(open_page: Open) -> None:
    curves = {name: history(*[1.0] * points) for name, points in (("a", 9), ("b", 10), ("c", 100))}
    tab = open_page(compared(replace(RUN, metrics=curves), replace(RUN, metrics=curves, params={})))
    table = "table:has(th:has-text('Last value'))"
    button = tab.locator(f"{table} thead button", has_text="Points before")

    button.click()
    rising = column(tab, table, 4)
    button.click()

    assert rising == ["9", "10", "100"]
    assert column(tab, table, 4) == ["100", "10", "9"]
    assert tab.locator(f"{table} thead th[aria-sort='descending']").count() == 1


def test_blanks_come_last_however_it_is_sorted(open_page: Open) -> None:
    tab = open_page(pair())
    table = "table:has(th:has-text('Decided by'))"
    button = tab.locator(f"{table} thead button", has_text="From step")

    button.click()
    rising = column(tab, table, 3)
    button.click()

    assert rising == column(tab, table, 3) == ["3", "3", ""]


def test_a_script_in_a_name_is_text(open_page: Open) -> None:
    tab = open_page(hostile(), NotCompared("</title><script>window.hacked = 1</script>", "<img src=x>"))

    assert tab.evaluate("window.hacked") is None
    assert tab.locator("script").count() == 1
    assert tab.locator("img").count() == 0
    assert any("<script>window.hacked = 1</script>" in name for name in shown(tab, ".card h4"))


def test_values_are_read_off_by_the_keyboard(open_page: Open) -> None:
    tab = open_page(pair())
    card = tab.locator(".card", has=tab.locator("h4", has_text="train/loss"))

    card.locator(".chart").press("ArrowRight")
    first = card.locator(".read").inner_text()
    card.locator(".chart").press("ArrowLeft")

    assert first == "step 3: 0.25 | 0.125, |Δ| 0.125"
    assert card.locator(".read").inner_text() == "step 2: both 0.5"
    card.locator(".chart").blur()
    assert "not equal" in card.locator(".read").inner_text()


def test_values_are_read_off_by_the_pointer(open_page: Open) -> None:
    tab = open_page(pair())
    card = tab.locator(".card", has=tab.locator("h4", has_text="train/accuracy"))
    box = card.locator(".chart").bounding_box()
    assert box is not None

    card.locator(".chart").hover(position={"x": box["width"] - 12, "y": 20})

    assert card.locator(".read").inner_text() == "step 3: 0.875 | nan"


def test_slash_goes_to_the_filter_and_all_is_reached_by_tab(open_page: Open) -> None:
    tab = open_page(pair())

    tab.keyboard.press("/")
    assert tab.evaluate("document.activeElement.id") == "filter"
    tab.keyboard.press("Tab")

    assert tab.evaluate("document.activeElement.name") == "show"
    unreachable = "button:not([hidden]), summary, a, .chart, input"
    assert tab.evaluate(f"[...document.querySelectorAll('{unreachable}')].every((each) => each.tabIndex >= 0)")


TONES = ("differs", "allowed", "near", "equal")
TEXT_ON = [
    *((tone, f"{tone}-wash") for tone in TONES),
    *((ink, wash) for ink in ("ink", "soft") for wash in ("card", "paper", *(f"{tone}-wash" for tone in TONES))),
    *((side, "card") for side in ("before", "after", *TONES)),
]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_have_contrast_in_both_schemes(open_page: Open, scheme: str) -> None:
    tab = open_page(pair(), NotCompared("x", "it failed"), color_scheme=scheme)

    named = "(name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim()"
    colours = {name: tab.evaluate(named, name) for pair in TEXT_ON for name in pair}
    assert [pair for pair in TEXT_ON if contrast(*(colours[name] for name in pair)) < 4.5] == []  # WCAG AA, for text


def contrast(one: str, other: str) -> float:
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    digits = colour.removeprefix("#")
    digits = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_the_colour_scheme_is_the_systems_until_another_is_chosen(open_page: Open) -> None:
    tab = open_page(pair(), color_scheme="dark")

    def paper() -> str:
        return str(tab.evaluate("getComputedStyle(document.body).backgroundColor"))

    dark = paper()
    tab.locator("#theme").click()
    light = paper()
    tab.locator("#theme").click()

    assert light != dark
    assert paper() == dark


@pytest.mark.parametrize("width", [320, 400, 1280])
def test_long_names_do_not_widen_the_page(open_page: Open, width: int) -> None:
    long = "x" * 250
    run = replace(RUN, params={long: "y" * 6000}, metrics={long: history(1.0, 2.0), "m": history(1.0)})
    tab = open_page(
        compared(run, replace(run, params={long: "z" * 6000}, metrics={**run.metrics, long: history(1.0, 3.0)}))
    )

    tab.set_viewport_size({"width": width, "height": 800})

    assert tab.evaluate("document.documentElement.scrollWidth") <= width


def test_hundreds_of_metrics_filter_in_one_go(open_page: Open) -> None:
    points = tuple(Point(step, step / 7) for step in range(40))
    curves = {f"layer.{number:03d}/norm": points for number in range(300)}
    tab = open_page(compared(replace(RUN, metrics=curves), replace(RUN, metrics=curves, params={})))

    tab.locator("#filter").fill("layer.123")

    assert shown(tab, ".card h4") == ["layer.123/norm"]
    assert tab.locator("#shown").inner_text().startswith("1 of 3")


def test_paper_shows_what_is_folded(open_page: Open) -> None:
    tab = open_page(pair(), NotCompared("x", "it failed"))
    tab.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = false))")

    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    tab.emulate_media(media="print")

    assert tab.locator("details:not([open])").count() == 0
    assert not tab.locator(".tools").is_visible()
    tab.evaluate("dispatchEvent(new Event('afterprint'))")
    assert tab.locator("details[open]").count() == 0


def test_a_link_opens_the_folded_comparison_that_it_leads_to(open_page: Open) -> None:
    equal = replace(compared(RUN, replace(RUN, run_id="b")), title="the equal one")
    tab = open_page(equal, pair())
    assert tab.locator("#c1").get_attribute("open") is None

    tab.get_by_role("link", name="the equal one").click()

    assert tab.locator("#c1").get_attribute("open") is not None


@pytest.fixture
def page_file(tmp_path: Path) -> Path:
    write_verdict_page(tmp_path / "page.html", [pair()])
    return tmp_path / "page.html"


def test_a_script_that_slipped_in_would_not_run(browser: Browser, page_file: Path) -> None:
    text = page_file.read_text()
    page_file.write_text(
        text.replace("</main>", "<script>window.hacked = 1</script><img src=x onerror='hacked = 1'></main>")
    )
    tab = browser.new_page()

    tab.goto(page_file.as_uri())

    assert tab.locator(".tools").is_visible()  # our own did run
    assert tab.evaluate("window.hacked") is None
    tab.close()


def test_all_is_there_without_a_script(browser: Browser, page_file: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()

    tab.goto(page_file.as_uri())

    assert len([heading for heading in tab.locator(".card h4").all() if heading.is_visible()]) == 3
    assert not tab.locator(".tools").is_visible()
    context.close()
