"""Find ids, times and temporary names in a text: they differ by nature from one run to the next."""

from __future__ import annotations

import re
import time as clock
from calendar import timegm
from collections.abc import Container, Mapping, Sequence
from contextlib import suppress
from datetime import date
from itertools import product

from compatkit.equivalence.reading.known_names import is_generated

_MONTHS: tuple[str, ...] = ("January", "February", "March", "April", "May", "June", "July")
_MONTHS += ("August", "September", "October", "November", "December")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTH, _WEEKDAY = (
    "(?:" + "|".join(f"{name[:3]}(?:{name[3:]})?" for name in names) + ")" for names in (_MONTHS, _DAYS)
)
_DAY_LONG, _WEEK = 86_400, 7 * 86_400  # seconds
_START = 120  # seconds, in which a script has begun its first run
Span = tuple[float, float]  # when runs began and ended, in seconds


def are_of_the_runs(times: Sequence[str], spans: Sequence[Span]) -> bool:
    """Tell whether times with a day may all be of one moment in three runs, as a date that was chosen is not.

    As far as is known when these ran: by their beginnings and the longest of them; else within a week. The digits of a
    clock alone may be any number: each must lie in its own run.
    """
    if any(map(_BARE_CLOCK.fullmatch, times)):
        return len(spans) == len(times) and all(map(_is_clock_in, times, spans))
    found = [moments for time in times if (moments := _moments(time)) is not None]
    if not found:
        return True
    if len(spans) < len(times) or len(found) < len(times):
        return any(max(at) - min(at) <= _WEEK for at in product(*(instants for instants, _ in found)) if at)
    slack = _START + max(end - start for start, end in spans) + max(width for _, width in found)
    since = [[at - start for at in instants] for (instants, _), (start, _) in zip(found, spans, strict=True)]
    return any(max(at) - min(at) <= slack for at in product(*since))


def are_in_their_runs(times: Sequence[str], spans: Sequence[Span]) -> bool:
    """Tell whether each time lies in its own run, and about as far from the beginning as in the others.

    Then those of two runs that began together may be equal by chance. A clock without a day may be a duration.
    """
    found = [moments for time in times if (moments := _moments(time)) is not None]
    if not len(found) == len(times) == len(spans):
        return False
    for zone in (clock.localtime, clock.gmtime):
        since = [
            [
                at - ahead - start
                for ahead in [timegm(zone(start)) - int(start)]
                for at in instants
                if -_START <= at - ahead - start <= end - start
            ]
            for (instants, _), (start, end) in zip(found, spans, strict=True)
        ]
        if any(max(at) - min(at) <= _START for at in product(*since)):
            return True
    return False


_BARE_CLOCK = re.compile("(?:[01][0-9]|2[0-3])[0-5][0-9][0-5][0-9](?:[0-9]{6})?")


def _is_clock_in(time: str, span: Span) -> bool:
    """Tell whether a clock without colons is of a moment in a run, in the zone of this machine or in Greenwich's."""
    start, end = span
    seconds = int(time[:2]) * 3600 + int(time[2:4]) * 60 + int(time[4:6])
    begun = (zone(start) for zone in (clock.localtime, clock.gmtime))
    since = (seconds - at.tm_hour * 3600 - at.tm_min * 60 - at.tm_sec for at in begun)
    return any((moment + _START) % _DAY_LONG <= end - start + 2 * _START for moment in since)


def _moments(time: str) -> tuple[list[int], int] | None:
    """Return when a time is, in seconds, and its width; several where day and month may be either; None of a clock."""
    if re.match("1[6-9][0-9]{8}", time):
        return [int(time[:10])], 1
    found = _days(time := _in_digits(time))
    if found is None:
        return None
    days, rest = found
    clock = re.match("[^0-9]*([0-2]?[0-9])[^0-9]?([0-5][0-9])(?:[^0-9]?([0-5][0-9]))?", rest)
    seconds = [int(part or 0) for part in clock.groups()] if clock else [0, 0, 0]
    hour = seconds[0] % 12 + 12 * rest.endswith("PM") if rest.endswith(("AM", "PM")) else seconds[0]
    return [day * _DAY_LONG + hour * 3600 + seconds[1] * 60 + seconds[2] for day in days], 60 if clock else _DAY_LONG


def _in_digits(time: str) -> str:
    """Return the `repr` of a datetime as other programs write the time; any other time as it is."""
    if not time.startswith("datetime."):
        return time
    year, *rest = re.findall("[0-9]+", time)
    month, day, hour, minute, second = (*(part.zfill(2) for part in rest[:5]), *["00"] * 5)[:5]
    return f"{year}-{month}-{day} {hour}:{minute}:{second}"


def _days(time: str) -> tuple[set[int], str] | None:
    """Return the day of a time, counted from 1970, two where day and month may be either, and what stands behind it."""
    if match := re.match("(20[0-9]{2})[-/._]?([01][0-9])[-/._]?([0-3][0-9])", time):
        readings = [(match[1], match[2], match[3])]
    elif match := re.match("(2[0-9])([01][0-9])([0-3][0-9])(?:[_-]|(?=[0-9]{6}$))", time):
        readings = [(f"20{match[1]}", match[2], match[3])]
    elif match := re.search(rf"([0-3]?[0-9])[-/. ]({_MONTH}|[0-3]?[0-9])[-/. ](20[0-9]{{2}})", time):
        readings = [(match[3], match[1], match[2]), (match[3], match[2], match[1])]
    elif match := re.search(rf"({_MONTH}) *([0-3]?[0-9])(?:,? (20[0-9]{{2}})|(?= .+ (20[0-9]{{2}})))", time):
        readings = [(match[3] or match[4], match[1], match[2])]
    else:
        return None
    months = {name[:3]: number for number, name in enumerate(_MONTHS, start=1)}
    days = set[int]()
    for year, month, day in readings:
        with suppress(ValueError):
            days.add((date(int(year), months.get(month[:3]) or int(month), int(day)) - date(1970, 1, 1)).days)
    return days, time[match.end() :]


def hour_of(time: str) -> str:
    """Return the form of a time and its digits up to the hour; of a clock of seconds that counts on, some hours.

    Of a clock without a day, up to the minute: it may be a duration that was chosen.
    """
    time = _in_digits(time)
    whole = re.sub(r"(?<=[0-9])[.,][0-9]+$", "", time) if re.match("1[6-9][0-9]{8}|.*:", time) else time
    return f"{re.sub('[0-9]', '0', whole)} {re.sub('[^0-9]', '', whole)[: -2 if _days(time) is None else -4]}"


_DAY = "20[0-9]{2}(?:" + "|".join(f"{gap}[01][0-9]{gap}[0-3][0-9]" for gap in ("-", "/", r"\.", "_", "")) + ")"
# After a space, neither 0.53 nor 1042 is one.
_CLOCK = r"[0-2]?[0-9](?::[0-5][0-9](?::[0-5][0-9](?:[.,][0-9]+)?)?|(?:[._-][0-5][0-9]){2}(?:[.,][0-9]+)?)(?: ?[AP]M)?"
_CLOSE_CLOCK = rf"{_CLOCK}|[0-2]?[0-9][_-][0-5][0-9](?![0-9])|[0-2][0-9][0-5][0-9](?:[0-5][0-9])?(?![0-9])"
_ID, _DRAWN, TIME, _TEMPORARY = "an id", "a name that MLflow draws", "a time", "a temporary name"
# What only a clock says, by its form: two runs of before may agree in it by chance.
_SPEED = "how fast steps were"
_GAPS = (": ", ': "', ": '", '": "', "': '", "=", '="', "='", " = ", ' = "', " = '")
_DRAWN_FOR = ("token", "session", "nonce", "request", "job", "run", "trial", "worker")
_CALLED_ID = "|".join(
    [f"(?<=id{gap})(?<![A-Za-z]id{gap})" for gap in _GAPS]
    + [f"(?<={word}{gap})" for word in ("Id", "ID", "uid") for gap in _GAPS]
    + [f"(?<={word}{gap})" for word in _DRAWN_FOR for gap in (*_GAPS, " ")]
    # A container's name is the beginning of its id.
    + [f"(?<={word}{gap})" for word in ("host", "hostname", "HOSTNAME") for gap in _GAPS]
)
_PIDS = ("pid", "PID", "SLURM_JOB_ID", "SLURM_JOBID")
_CALLED_PID = "|".join(f"(?<={word}{gap})(?<![A-Za-z]{word}{gap})" for word in _PIDS for gap in (*_GAPS, " "))
_CALLED_PORT = "|".join(
    [rf"(?<={host}:)" for host in (r"127\.0\.0\.1", "localhost", r"0\.0\.0\.0", r"\[::\]", r"\[::1\]")]
    + [f"(?<={word}{gap})(?<![A-Za-z]{word}{gap})" for word in ("port", "PORT") for gap in (*_GAPS, " ")]
)
_CALLED_DURATION = "|".join(
    f"(?<={word}{gap})" for word in ("took", "lapsed", "uration", "time", " in") for gap in (" ", ": ", "=")
)
_TIMED = r"(?:[0-9.]+ [µmun]?s|[0-9]+(?:h|min|s)(?: [0-9]+(?:min|s))*)"
_KINDS = {
    _ID: (
        r"(?:offline-)?run-20[0-9]{6}_[0-9]{6}-[a-z0-9]{8}(?![A-Za-z0-9])"
        # A UUID of a time or of chance, by its version; those of versions 3 and 5 are digests.
        r"|(?i:[0-9a-f]{8}-[0-9a-f]{4}-[1467][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})"
        r"|(?i:[0-9a-f]{12}[1467][0-9a-f]{3}[89ab][0-9a-f]{15})(?![0-9A-Za-z])"
        # Of some lengths in a name, of 6 to 16 where it is called an id: alone, it may be the bits of a number.
        rf"|(?=[0-9a-f]*[0-9])(?=[0-9]*[a-f])(?![0-9]+e[0-9]{{1,3}}\b)"
        rf"(?:(?<=[/_-])[0-9a-f]{{6}}(?:(?:[0-9a-f]{{2}}){{1,2}}|[0-9a-f]{{10}})?|(?:{_CALLED_ID})[0-9a-f]{{6,16}})(?![0-9A-Za-z])"
        # One in forty of 8 has no letter; neither a day nor a number of a step is one.
        rf"|(?:(?<=[A-Za-z][/_-])|{_CALLED_ID})(?!00|20[0-9]{{2}}[01]|2[0-9][01][0-9][0-3])[0-9]{{8}}(?![0-9A-Za-z])"
        rf"|(?:(?<=tr-)|{_CALLED_ID})[0-9a-f]{{32}}(?![0-9A-Za-z])"
        rf"|(?:{_CALLED_ID})(?=\S*[0-9])(?=\S*[a-z])(?=\S*[A-Z])[A-Za-z0-9_-]{{16,64}}(?![0-9A-Za-z_=+-])"
        # ray/tune/experiment/trial.py: an experiment's five digits before a trial's number.
        rf"|(?:(?<=_)|{_CALLED_ID})[0-9a-f]{{5}}(?=_[0-9]{{5}}(?![0-9]))"
        # pandas/io/formats/style_render.py: how the cells of a table are called that was styled.
        r"|(?<=T_)[0-9a-f]{5}(?=_row|_level|[\"' ])"
        # Not as long as digests are: 32, 40 and more.
        r"|(?=[0-9a-f]*[0-9])(?=[0-9]*[a-f])(?![0-9]+e[0-9]+(?![0-9a-z]))[0-9a-f]{17,31}(?![0-9A-Za-z])"
        # Of letters of both kinds, too many for a word with a number, and too few for most digests.
        r"|(?=(?:[A-Za-z]*[0-9]){3})(?=(?:[0-9]*[A-Za-z]){3})(?=(?:[A-Za-z]*[0-9]+[A-Za-z]+){2})"
        r"(?![0-9a-f]+(?![0-9A-Za-z]))[A-Za-z0-9]{20,30}(?![A-Za-z0-9+=])"
    ),
    "a number of a process or a job": (
        rf"(?:{_CALLED_PID})[0-9]{{1,7}}(?![0-9A-Za-z.])"
        # logging: the process in brackets or before the level, as many formats have it, behind the clock of asctime.
        r"|(?<=:[0-5][0-9],[0-9]{3} \[)[0-9]{3,7}(?=\])"
        r"|(?:(?<=:[0-5][0-9],[0-9]{3} )|(?<=:[0-5][0-9],[0-9]{3} - ))[0-9]{3,7}"
        r"(?= (?:- )?\[?(?:DEBUG|INFO|WARNING|ERROR|CRITICAL)\b)"
        # The same before the number of a thread in CPython, which is where that lies in memory.
        r"|[0-9]{1,7}[ :/\[\]-]{1,3}(?:13[89]|140)[0-9]{12}(?![0-9])"
        # uvicorn/server.py; wandb/sdk/wandb_setup.py.
        r"|(?<=server process \[)[0-9]{1,7}(?=\])|(?:(?<=MainThread:)|(?<=stats pid to ))[0-9]{1,7}(?![0-9A-Za-z.])"
        # absl/logging: between the clock and the place in the code.
        r"|(?<=:[0-5][0-9]\.[0-9]{6} ) *[0-9]{1,7}(?= [^ :]+:[0-9]+\])"
    ),
    "an address in memory": r"0x(?:0{4})?[0-9A-Fa-f]{9,12}(?![0-9A-Za-z])",
    "a port": rf"(?:{_CALLED_PORT})[1-9][0-9]{{3,4}}(?![0-9A-Za-z.])",
    # Lib/tempfile.py: eight of 37 characters behind what was given.
    _TEMPORARY: (
        r"(?:tmp[a-z0-9_]{8}|tmp\.[A-Za-z0-9]{10})(?![A-Za-z0-9])"
        r"|(?<=/tmp/)[A-Za-z0-9][A-Za-z0-9._-]*(?<=[._-])[a-z0-9_]{8}(?![A-Za-z0-9_])"
    ),
    _SPEED: (
        # tqdm/std.py: the clocks of a bar, and how fast it moves.
        r"(?:[0-9]+:)?[0-9]{2}:[0-9]{2}<(?:\?|[0-9:]+), +(?:\?|[0-9.]+)(?:[A-Za-z]+/s|s/[A-Za-z]+)"
        # keras/src/utils/progbar.py
        r"|[0-9]+s [0-9]+[mu]?s/(?:step|epoch)"
        # sklearn/model_selection/_validation.py and sklearn/utils/_user_interface.py; joblib/parallel.py.
        r"|(?:(?<= total time=)|(?<=, total=)) +[0-9.]+(?:s|min)"
        r"|(?<=\| elapsed:) +[0-9.]+(?:s|min)(?: remaining: +[0-9.]+(?:s|min))?"
        # LightGBM, where it chooses how to share the work, and after each iteration.
        r"|(?<=the overhead of testing was )[0-9.]+ seconds|[0-9]+\.[0-9]{6} seconds elapsed(?=, finished iteration)"
        # IPython/core/magics/execution.py, %time.
        rf"|(?<=CPU times: )user {_TIMED}, sys: {_TIMED}, total: {_TIMED}"
        # references/detection/utils.py of torchvision, MetricLogger, which many have copied.
        r"|(?<=eta: )(?:[0-9]+ days?, )?[0-9]+:[0-9]{2}:[0-9]{2}"
        r"|time: [0-9.]+(?: \([0-9.]+\))?  data: [0-9.]+(?: \([0-9.]+\))?(?:  max mem: [0-9]+)?"
    ),
    "a duration": (
        rf"(?:{_CALLED_DURATION}) *[0-9]+(?:\.[0-9]+)? ?(?:[mu]?s|secs?|seconds|min|minutes)(?![A-Za-z0-9])"
    ),
    _DRAWN: r"[a-z]+-[a-z]+-[0-9]{1,4}(?![A-Za-z0-9])",
    TIME: (
        r"20[0-9]{2}[01][0-9][0-3][0-9][0-2][0-9](?:[0-5][0-9]){2}(?:[0-9]{3}){0,2}(?![0-9])"
        r"|2[0-9][01][0-9][0-3][0-9][_-]?[0-2][0-9](?:[0-5][0-9]){2}(?![0-9])"
        r"|datetime\.datetime\(20[0-9]{2}(?:, [0-9]{1,6}){2,6}"
        rf"|{_DAY}(?:(?:[ @]|, ?)(?:{_CLOCK})|[T_/-](?:{_CLOSE_CLOCK}))?(?![0-9])"
        rf"|[0-3]?[0-9](?:-[0-3]?[0-9]-|/[0-3]?[0-9]/|\.[0-3]?[0-9]\.|[-/. ]{_MONTH}[-/. ])"
        rf"20[0-9]{{2}}(?:(?:,? |:)(?:{_CLOCK}))?(?![0-9])"
        rf"|{_WEEKDAY},? (?:[0-9]{{1,2}} {_MONTH}|{_MONTH} +[0-9]{{1,2}})(?:,? 20[0-9]{{2}})?"
        rf"(?:(?:,?| at) (?:{_CLOCK})(?: 20[0-9]{{2}})?)?(?![0-9])"
        rf"|{_MONTH} ?[0-3]?[0-9](?:, 20[0-9]{{2}})?(?:_|,? | at )[0-2]?[0-9][:-][0-5][0-9][:-][0-5][0-9](?: ?[AP]M)?"
        rf"|{_MONTH} [0-3]?[0-9], 20[0-9]{{2}}(?: at (?:{_CLOCK}))?(?![0-9])"
        r"|(?:(?:[01]?[0-9]|2[0-3])(?::[0-5][0-9]){2}|(?:[01][0-9]|2[0-3])(?:-[0-5][0-9]){2})(?:[.,][0-9]+)?(?![0-9])"
        r"|1[6-9][0-9]{8}(?:[0-9]{3}){0,3}(?:\.[0-9]+)?(?![0-9])"
        rf"|(?<=[A-Za-z0-9][_-]){_BARE_CLOCK.pattern}(?![0-9A-Za-z])"
    ),
}
_VARYING = re.compile(
    "|".join(f"(?<![A-Za-z0-9.])(?P<k{number}>{pattern})" for number, pattern in enumerate(_KINDS.values()))
)
_HEX = re.compile("[0-9A-Fa-f-]+")
# A digest, be it one of ours of bytes that nothing reads: it varies because what it is of does, which may be anything.
_OF_CONTENT = re.compile(
    r"""(?i)(?:sha-?[0-9]{0,3}|etag|md5|crc(?:32)?|hash|digest|checksum|fingerprint)[a-z0-9_]*["'\]]*\s?[:=]?\s*["']?$"""
)
_LONGEST_WORD = 40  # characters before a digest in which it is called so
MARK = "\0"
_Texts = Mapping[str, str]


def fits(before: str, again: str, after: str, near: Container[str] = (), spans: Sequence[Span] = ()) -> str:
    """Return in what kinds of things `after` and `again` both differ from `before`; empty where it is in more.

    What did not vary must not differ, but for a time that lies in its own run in each, or is near one which varies
    elsewhere in the same file: two runs that begin together may write it in the same second. Where it is known when the
    three ran, a time must lie as far from the beginning in each.
    """
    (left, ours), (twin, twins), (right, others) = masked(before), masked(again), masked(after)
    if not left == twin == right:
        return ""
    if are_reordered(ours, twins):
        return ""
    kinds = dict[str, None]()
    for (kind, one), (_, same), (_, other) in zip(ours, twins, others, strict=True):
        may_agree = kind == _SPEED or _may_be_of_one_second(kind, (one, same, other), near, spans)
        if one == same != other and not may_agree:
            return ""
        if kind == TIME and not are_of_the_runs((one, same, other), spans):
            return ""
        kinds |= dict.fromkeys([kind] if one != other else [])
    return " and ".join(kinds)


def kinds_between(before: str, after: str) -> str:
    """Return in what kinds of things two texts differ that are else the same; empty where nothing else is."""
    (left, ours), (right, others) = masked(before), masked(after)
    pairs = zip(ours, others, strict=True) if left == right else ()
    return " and ".join(dict.fromkeys(kind for (kind, one), (_, other) in pairs if one != other))


def mask(text: str) -> str:
    """Return the text with a mark, by its kind, in place of each id, time and temporary name."""
    return masked(text)[0]


def masked(text: str) -> tuple[str, list[tuple[str, str]]]:
    """Return the masked text, and what was masked, each with its kind."""
    found: list[tuple[str, str]] = []

    def marked(match: re.Match[str]) -> str:
        kind = list(_KINDS)[int(str(match.lastgroup)[1:])]
        if kind == _DRAWN and not is_generated(match[0]):
            return match[0]
        if kind == _ID and _OF_CONTENT.search(text, max(match.start() - _LONGEST_WORD, 0), match.start()):
            return match[0]
        found.append((kind, match[0]))
        # An id of another form, such as a UUID without its hyphens, is written by another program.
        parts = match[0].split("-") if _HEX.fullmatch(match[0]) else [match[0]]
        form = f" {'-'.join(str(len(part)) for part in parts)}" if kind == _ID else ""
        if kind == _TEMPORARY and not match[0].startswith("tmp"):
            form = f" behind {match[0][:-8]}"
        return f"{MARK}{kind}{form}{MARK}"

    return _VARYING.sub(marked, text), found


def drawn_in(text: str) -> list[str]:
    """Return the ids and the names that MLflow drew, which are new in each run and may be used again in it."""
    return [found for kind, found in masked(text)[1] if kind in {_ID, _DRAWN}]


def times_in(text: str) -> list[str]:
    """Return the times in a text."""
    return [found for kind, found in masked(text)[1] if kind == TIME]


def with_drawn(text: str, others: Mapping[str, str]) -> str:
    """Return the text with other ids in place of its own, and a mark in place of all else that varies."""
    names = iter(drawn_in(text))
    parts = mask(text).split(MARK)
    drawn = (_ID, _DRAWN)
    parts[1::2] = [others.get(name := next(names), name) if kind.startswith(drawn) else kind for kind in parts[1::2]]
    return MARK.join(parts)


def _may_be_of_one_second(kind: str, times: Sequence[str], near: Container[str], spans: Sequence[Span]) -> bool:
    if kind != TIME:
        return False
    is_near = not _BARE_CLOCK.fullmatch(times[0]) and all(hour_of(time) in near for time in times)
    return is_near or are_in_their_runs(times, spans)


def are_reordered(ours: Sequence[tuple[str, str]], twins: Sequence[tuple[str, str]]) -> bool:
    """Tell whether two runs drew from one set, or in another order: what varies by nature is new in each run.

    Lines of two runs may be of one second; they are in the order of time.
    """
    varying = [(one, other) for one, other in zip(ours, twins, strict=False) if one != other]
    left, twin = [one for one, _ in varying], [other for _, other in varying]
    again = {found for found in left if found in set(twin)}
    times = [[time for kind, time in found if kind == TIME] for found in (left, twin)]
    return any(kind != TIME for kind, _ in again) or (bool(again) and any(sorted(series) != series for series in times))


def varying_hours(left: _Texts, twin: _Texts) -> set[str]:
    """Return the hours of the times that two runs of before wrote differently."""
    hours = set[str]()
    for place in left.keys() & twin.keys():
        if left[place] != twin[place]:
            (one, ours), (other, twins) = masked(left[place]), masked(twin[place])
            pairs = zip(ours, twins, strict=True) if one == other else ()
            for (kind, mine), (_, theirs) in pairs:
                hours |= {hour_of(mine), hour_of(theirs)} if kind == TIME and mine != theirs else set()
    return hours


def found_in_both(left: _Texts, twin: _Texts) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Return what is masked in the places that both have and that are the same but for that, in their order."""
    ours, twins = list[tuple[str, str]](), list[tuple[str, str]]()
    for place in [place for place in left if left[place] != twin.get(place, left[place])]:
        (one, mine), (other, theirs) = masked(f"{place}: {left[place]}"), masked(f"{place}: {twin[place]}")
        ours += mine if one == other else []
        twins += theirs if one == other else []
    return ours, twins
