"""A browser, and the pages that it opens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from compatkit.report.verdict_page import Comparison, write_verdict_page
from tests.browser import ARGUMENTS, find_chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from playwright.sync_api import Page as Tab

Open = Callable[..., "Tab"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, one a module: it takes a second to start."""
    from playwright.sync_api import sync_playwright

    path = find_chromium()
    if path is None:
        pytest.fail("There is no Chromium: install the package chromium, or name one in COMPATKIT_CHROMIUM.")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture
def open_page(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Return a function that writes comparisons as a page and opens it; nothing in it may fail, or leave the file."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    said: list[str] = []

    def opened(*comparisons: Comparison, **settings: object) -> Tab:
        write_verdict_page(tmp_path / "page.html", comparisons)
        tab = context.new_page()
        tab.on("console", lambda message: said.append(message.text))
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.on("request", lambda request: asked.append(request.url))
        asked: list[str] = []
        tab.emulate_media(**settings)  # type: ignore[arg-type]
        tab.goto((tmp_path / "page.html").as_uri())
        assert asked == [(tmp_path / "page.html").as_uri()]
        return tab

    yield opened
    context.close()
    assert said == []
