"""Names that say nothing: of images and events that loggers wrote, of compatkit's pages, of runs that MLflow named."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

FOLDER = "compatkit"
MARK = "<!-- compatkit verdict page -->"
_START = f"<!DOCTYPE html>\n{MARK}".encode()


def own_pages(paths: Mapping[str, Path]) -> set[str]:
    """Return which artifacts are such pages: `compatkit/verdict-*.html` that begin as a page does.

    The name alone is not enough: what the training logged under it must be compared.
    """
    return {name for name, path in paths.items() if _is_page_name(name) and _begins_as_page(path)}


def page_name(run_id: str) -> str:
    """Return the file name of the page that compares with this run."""
    return f"verdict-{''.join(each if each.isalnum() else '-' for each in run_id)}.html"


def _is_page_name(name: str) -> bool:
    folder, _, file = name.rpartition("/")
    return folder == FOLDER and file.startswith("verdict-") and file.endswith(".html")


def _begins_as_page(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_START)) == _START


# mlflow/tracking/client.py, log_image: + since 2.14, % before.
_LOGGED = re.compile(
    r"(?P<key>images/.+(?P<mark>[+%])step(?P=mark)-?[0-9]+)(?P=mark)timestamp(?P=mark)"
    r"(?P<own>[0-9]+(?P=mark)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?P<rest>.*)"
)
# tensorboard/summary/writer and tensorflow's: the time, the host and, of most, the process and a number.
_EVENTS = re.compile(r"(?P<key>(?:.*/)?events\.out\.tfevents)\.(?P<time>[0-9]{10,})\.(?P<rest>.+)")


def names_of_loggers(names: Iterable[str]) -> dict[str, str]:
    """Return new names for the images of `mlflow.log_image` and the event files of TensorBoard."""
    listed = list(names)
    return {**_image_names(listed), **_event_names(listed)}


def _event_names(names: Iterable[str]) -> dict[str, str]:
    found = sorted((match for name in names if (match := _EVENTS.fullmatch(name))), key=lambda each: each[0])
    numbers, renamed = Counter[str](), dict[str, str]()
    for match in found:
        numbers[match["key"]] += 1
        number = numbers[match["key"]]
        renamed[match[0]] = f"{match['key']}{f'#{number}' if number > 1 else ''}"
    return renamed


def _image_names(names: Iterable[str]) -> dict[str, str]:
    """Return new names for such files; of several of one key and step, in the order in which they were logged."""
    found = [match for name in names if (match := _LOGGED.fullmatch(name))]
    # The time comes first in what is an image's own.
    found.sort(key=lambda match: (match["key"], len(match["own"]), match["own"], match["rest"]))
    numbers, seen, renamed = Counter[str](), set[tuple[str, str]](), dict[str, str]()
    for match in found:
        # A compressed copy has the time and the UUID of its image.
        if match.group("key", "own") not in seen:
            numbers[match["key"]] += 1
            seen.add((match["key"], match["own"]))
        number = numbers[match["key"]]
        renamed[match[0]] = f"{match['key']}{f'#{number}' if number > 1 else ''}{match['rest']}"
    return renamed


_FORM = re.compile(r"([a-z]+)-([a-z]+)-[0-9]{1,4}")


def is_generated(name: str) -> bool:
    """Tell whether MLflow made up this name: both words are of its own lists, or there is no name at all."""
    found = _FORM.fullmatch(name)
    if found is None:
        return not name
    predicates, nouns = _words()
    return found[1] in predicates and found[2] in nouns


@cache
def _words() -> tuple[frozenset[str], frozenset[str]]:
    """Return MLflow's lists. They are private, and the same in 2.9 to 3.17; without them, no name is taken for one."""
    try:
        from mlflow.utils import name_utils
    except ImportError:
        return frozenset(), frozenset()
    lists = (getattr(name_utils, f"_GENERATOR_{which}", ()) for which in ("PREDICATES", "NOUNS"))
    predicates, nouns = (frozenset(map(str.lower, words)) for words in lists)
    return predicates, nouns
