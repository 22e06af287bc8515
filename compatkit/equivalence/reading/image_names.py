"""Names that loggers make up of the occasion, such as the time, the host or a UUID: the files go by the rest."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

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
