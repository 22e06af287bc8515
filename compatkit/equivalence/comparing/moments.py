"""When the times in texts are: of the moment in which a run wrote them, or chosen."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import date
from itertools import product

MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_DAY_LONG, _WEEK = 86_400, 7 * 86_400  # seconds
_START = 120  # seconds, in which a script has begun its first run
Span = tuple[float, float]  # when runs began and ended, in seconds


def are_of_the_runs(times: Sequence[str], spans: Sequence[Span]) -> bool:
    """Tell whether times with a day may all be of one moment in three runs, as a date that was chosen is not.

    As far as is known when these ran: by their beginnings and the longest of them; else within a week.
    """
    found = [moments for time in times if (moments := _moments(time)) is not None]
    if not found:
        return True
    if len(spans) < len(times) or len(found) < len(times):
        return any(max(at) - min(at) <= _WEEK for at in product(*(instants for instants, _ in found)) if at)
    slack = _START + max(end - start for start, end in spans) + max(width for _, width in found)
    since = [[at - start for at in instants] for (instants, _), (start, _) in zip(found, spans, strict=True)]
    return any(max(at) - min(at) <= slack for at in product(*since))


def _moments(time: str) -> tuple[list[int], int] | None:
    """Return when a time is, in seconds, and its width; several where day and month may be either; None of a clock."""
    if re.match("1[6-9][0-9]{8}", time):
        return [int(time[:10])], 1
    found = _days(time)
    if found is None:
        return None
    days, rest = found
    clock = re.match("[^0-9]*([0-2]?[0-9])[^0-9]?([0-5][0-9])(?:[^0-9]?([0-5][0-9]))?", rest)
    seconds = [int(part or 0) for part in clock.groups()] if clock else [0, 0, 0]
    hour = seconds[0] % 12 + 12 * rest.endswith("PM") if rest.endswith(("AM", "PM")) else seconds[0]
    return [day * _DAY_LONG + hour * 3600 + seconds[1] * 60 + seconds[2] for day in days], 60 if clock else _DAY_LONG


def _days(time: str) -> tuple[set[int], str] | None:
    """Return the day of a time as a number, two where day and month may be either, and what stands behind it."""
    if match := re.match("(20[0-9]{2})[-/._]?([01][0-9])[-/._]?([0-3][0-9])", time):
        readings = [(match[1], match[2], match[3])]
    elif match := re.match("(2[0-9])([01][0-9])([0-3][0-9])[_-]", time):
        readings = [(f"20{match[1]}", match[2], match[3])]
    elif match := re.search(rf"([0-3]?[0-9])[-/. ]({MONTH}|[0-3]?[0-9])[-/. ](20[0-9]{{2}})", time):
        readings = [(match[3], match[1], match[2]), (match[3], match[2], match[1])]
    elif match := re.search(rf"({MONTH}) ?([0-3]?[0-9]),? (20[0-9]{{2}})", time):
        readings = [(match[3], match[1], match[2])]
    else:
        return None
    months = {name: number for number, name in enumerate(MONTH[3:-1].split("|"), start=1)}
    days = set[int]()
    for year, month, day in readings:
        with suppress(ValueError):
            days.add(date(int(year), months.get(month) or int(month), int(day)).toordinal())
    return days, time[match.end() :]


def hour_of(time: str) -> str:
    """Return the form of a time and its digits up to the hour; of a clock of seconds that counts on, some hours.

    Of a clock without a day, up to the minute: it may be a duration that was chosen.
    """
    whole = re.sub(r"(?<=[0-9])[.,][0-9]+$", "", time) if re.match("1[6-9][0-9]{8}|.*:", time) else time
    return f"{re.sub('[0-9]', '0', whole)} {re.sub('[^0-9]', '', whole)[: -2 if _days(time) is None else -4]}"
