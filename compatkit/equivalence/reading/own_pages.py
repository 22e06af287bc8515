"""The pages that compatkit itself logged into a run: they tell of the training, and are no part of what it logged."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

FOLDER = "compatkit"
MARK = "<!-- compatkit verdict page -->"
_START = f"<!DOCTYPE html>\n{MARK}".encode()


def own_pages(paths: Mapping[str, Path]) -> set[str]:
    """Return which artifacts are such pages: `compatkit/verdict-*.html` that begin as a page does.

    The name alone is not enough: what the training logged under it must be compared.
    """
    return {name for name, path in paths.items() if _is_named(name) and _begins_as_page(path)}


def page_name(run_id: str) -> str:
    """Return the file name of the page that compares with this run."""
    return f"verdict-{''.join(each if each.isalnum() else '-' for each in run_id)}.html"


def _is_named(name: str) -> bool:
    folder, _, file = name.rpartition("/")
    return folder == FOLDER and file.startswith("verdict-") and file.endswith(".html")


def _begins_as_page(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_START)) == _START
