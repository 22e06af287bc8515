"""Names that say nothing: of images and events that loggers wrote, of compatkit's pages, of runs that MLflow named."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

from compatkit.equivalence.snapshot import File

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
    return f"verdict-{''.join(letter if letter.isalnum() else '-' for letter in run_id)}.html"


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
    found = sorted((match for name in names if (match := _EVENTS.fullmatch(name))), key=lambda match: match[0])
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


# mlflow/tracking/client.py, log_table: `table` is the name of the table without its suffix.
_ID = re.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_IN_TABLE = re.compile(rf"table_images/(?P<table>.+)/(?P<id>{_ID.pattern})\.(?:png|webp)")


def with_images_of_tables(artifacts: Mapping[str, File]) -> dict[str, File]:
    """Return the artifacts with a number, in the order of the table, in place of the UUID of each image in a table."""
    images = [found for name in artifacts if (found := _IN_TABLE.fullmatch(name))]
    changed, numbers = dict(artifacts), dict[str, str]()
    for name in sorted(
        {found["table"] + suffix for found in images for suffix in (".json", ".parquet")} & {*artifacts}
    ):
        if content := artifacts[name].content:
            own = {found["id"] for found in images if found["table"] == name.rpartition(".")[0]}
            ids = (found for text in content.values.values() for found in _ID.findall(text) if found in own)
            numbers |= {image_id: f"image {number}" for number, image_id in enumerate(dict.fromkeys(ids), start=1)}
            values = {place: _numbered(text, numbers) for place, text in content.values.items()}
            changed[name] = replace(artifacts[name], content=replace(content, values=values))
    return {_numbered(name, numbers) if _IN_TABLE.fullmatch(name) else name: file for name, file in changed.items()}


def _numbered(text: str, numbers: Mapping[str, str]) -> str:
    return _ID.sub(lambda found: numbers.get(found[0], found[0]), text)


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
