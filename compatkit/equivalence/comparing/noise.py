"""Measure the differences between two runs of one side: the other side is neither blamed for them nor cleared by them.

Only what is of a kind that differs by nature (an id, a time, a temporary name) and in the same place is settled by
that. Numbers are not: a metric that varies needs a margin and several seeds, or a tolerance.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from itertools import product

from compatkit.equivalence.comparing.compare import compare_snapshots, find_differences
from compatkit.equivalence.comparing.models import with_models_paired
from compatkit.equivalence.difference import Difference, Kind, excerpts
from compatkit.equivalence.policy import Policy
from compatkit.equivalence.reading.known_names import is_generated
from compatkit.equivalence.snapshot import File, Model, Snapshot
from compatkit.equivalence.verdict import Verdict

_DAY = "20[0-9]{2}(?:" + "|".join(f"{gap}[01][0-9]{gap}[0-3][0-9]" for gap in ("-", "/", r"\.", "_", "")) + ")"
# After a space, neither 0.53 nor 1042 is one.
_CLOCK = r"[0-2]?[0-9](?::[0-5][0-9](?::[0-5][0-9](?:[.,][0-9]+)?)?|(?:[._-][0-5][0-9]){2}(?:[.,][0-9]+)?)(?: ?[AP]M)?"
_CLOSE_CLOCK = rf"{_CLOCK}|[0-2]?[0-9][_-][0-5][0-9](?![0-9])|[0-2][0-9][0-5][0-9](?:[0-5][0-9])?(?![0-9])"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_WEEKDAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? "
_ID, _DRAWN, _TIME = "an id", "a name that MLflow draws", "a time"
_CALLED_ID = "|".join(f"(?<=id{gap})(?<![A-Za-z]id{gap})" for gap in (": ", ': "', '": "', "="))
_KINDS = {
    _ID: (
        r"(?:offline-)?run-20[0-9]{6}_[0-9]{6}-[a-z0-9]{8}(?![A-Za-z0-9])"
        # A UUID of a time or of chance, by its version; those of versions 3 and 5 are digests.
        r"|(?i:[0-9a-f]{8}-[0-9a-f]{4}-[1467][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})"
        r"|(?i:[0-9a-f]{12}[1467][0-9a-f]{3}[89ab][0-9a-f]{15})(?![0-9A-Za-z])"
        # Of 8 or 16 digits in a name, or called an id: alone, it may be the bits of a number.
        rf"|(?:(?<=[/_-])|{_CALLED_ID})(?=[0-9a-f]*[0-9])(?=[0-9]*[a-f])(?:[0-9a-f]{{8}}|[0-9a-f]{{16}})(?![0-9A-Za-z])"
        r"|(?<=tr-)[0-9a-f]{32}(?![0-9A-Za-z])"
        # Not as long as digests are: 32, 40 and more.
        r"|(?=[0-9a-f]*[0-9])(?=[0-9]*[a-f])(?![0-9]+e[0-9]+(?![0-9a-z]))[0-9a-f]{17,31}(?![0-9A-Za-z])"
        # Of letters of both kinds, too many for a word with a number, and too few for most digests.
        r"|(?=(?:[A-Za-z]*[0-9]){3})(?=(?:[0-9]*[A-Za-z]){3})(?=(?:[A-Za-z]*[0-9]+[A-Za-z]+){2})"
        r"(?![0-9a-f]+(?![0-9A-Za-z]))[A-Za-z0-9]{20,30}(?![A-Za-z0-9+=])"
    ),
    "an address in memory": r"0x(?:0{4})?[0-9A-Fa-f]{9,12}(?![0-9A-Za-z])",
    "a temporary name": r"(?:tmp[a-z0-9_]{8}|tmp\.[A-Za-z0-9]{10})(?![A-Za-z0-9])",
    _DRAWN: r"[a-z]+-[a-z]+-[0-9]{1,4}(?![A-Za-z0-9])",
    _TIME: (
        rf"{_DAY}(?:(?:[ @]|, ?)(?:{_CLOCK})|[T_/-](?:{_CLOSE_CLOCK}))?(?![0-9])"
        rf"|[0-3]?[0-9](?:-[0-3]?[0-9]-|/[0-3]?[0-9]/|\.[0-3]?[0-9]\.|[-/. ]{_MONTH}[-/. ])"
        rf"20[0-9]{{2}}(?:,? (?:{_CLOCK}))?(?![0-9])"
        rf"|{_WEEKDAY}(?:[0-9]{{1,2}} {_MONTH}|{_MONTH} +[0-9]{{1,2}}),? (?:20[0-9]{{2}})?"
        rf"|{_MONTH} ?[0-3]?[0-9](?:, 20[0-9]{{2}})?[_ ][0-2][0-9][:-][0-5][0-9][:-][0-5][0-9]"
        r"|(?:(?:[01]?[0-9]|2[0-3])(?::[0-5][0-9]){2}|(?:[01][0-9]|2[0-3])(?:-[0-5][0-9]){2})(?:[.,][0-9]+)?(?![0-9])"
        r"|1[6-9][0-9]{8}(?:[0-9]{3}){0,3}(?:\.[0-9]+)?(?![0-9])"
    ),
}
_VARYING = re.compile(
    "|".join(f"(?<![A-Za-z0-9.])(?P<k{number}>{pattern})" for number, pattern in enumerate(_KINDS.values()))
)
# A digest, be it one of ours of bytes that nothing reads: it varies because what it is of does, which may be anything.
_OF_CONTENT = re.compile(
    r"""(?i)(?:sha-?[0-9]{0,3}|etag|md5|crc(?:32)?|hash|digest|checksum|fingerprint)[a-z0-9_]*["'\]]*\s?[:=]?\s*["']?$"""
)
_LONGEST_WORD = 40  # characters before a digest in which it is called so
_MARK = "\0"
_Texts = Mapping[str, str]
_Files = Mapping[str, File]


def compare_over_noise(before: Snapshot, again: Snapshot, after: Snapshot, policy: Policy) -> Verdict:
    """Compare `before` with `after`, where `again` is a second run of what logged `before`.

    The verdict tells what differs between the first two. A difference that they show too, and that is not settled,
    decides as ever, and says so.
    """
    again, _ = with_models_paired(again, after)
    before, after = with_models_paired(before, after)
    noise = [replace(each, rule="") for each in find_differences(before, again, policy) if not each.known]
    settled: list[Difference] = []
    verdict = compare_snapshots(before, _settled(before, again, after, _Settling(settled)), policy, settled=settled)
    varying = {(each.child, each.kind, each.name): each for each in noise}
    deciding = tuple(_with_noise(each, varying.get((each.child, each.kind, each.name))) for each in verdict.deciding)
    return replace(verdict, deciding=deciding, noise=tuple(noise))


def fits(before: str, again: str, after: str, near: Container[str] = ()) -> str:
    """Return in what kinds of things `after` and `again` both differ from `before`; empty where it is in more.

    What did not vary must not differ, but for a time that is near one which varies elsewhere in the same file: two runs
    that begin together may write a line in the same second.
    """
    if before == again:
        return ""
    (left, ours), (twin, twins), (right, others) = _masked(before), _masked(again), _masked(after)
    if not left == twin == right:
        return ""
    if _are_reordered(ours, twins):
        return ""
    kinds = dict[str, None]()
    for (kind, one), (_, same), (_, other) in zip(ours, twins, others, strict=True):
        if one == same != other and not _are_near(kind, one, other, near):
            return ""
        if kind == _TIME and not _are_of_one_week(one, same, other):
            return ""
        kinds |= dict.fromkeys([kind] if one != other else [])
    return " and ".join(kinds)


def mask(text: str) -> str:
    """Return the text with a mark, by its kind, in place of each id, time and temporary name."""
    return _masked(text)[0]


def _masked(text: str) -> tuple[str, list[tuple[str, str]]]:
    """Return the masked text, and what was masked, each with its kind."""
    found: list[tuple[str, str]] = []

    def marked(match: re.Match[str]) -> str:
        kind = list(_KINDS)[int(str(match.lastgroup)[1:])]
        if kind == _DRAWN and not is_generated(match[0]):
            return match[0]
        if kind == _ID and _OF_CONTENT.search(text, max(match.start() - _LONGEST_WORD, 0), match.start()):
            return match[0]
        found.append((kind, match[0]))
        return f"{_MARK}{kind}{_MARK}"

    return _VARYING.sub(marked, text), found


def _are_near(kind: str, one: str, other: str, near: Container[str]) -> bool:
    return kind == _TIME and _hour(one) in near and _hour(other) in near


def _are_reordered(ours: Sequence[tuple[str, str]], twins: Sequence[tuple[str, str]]) -> bool:
    """Tell whether two runs drew from one set, or in another order: what varies by nature is new in each run.

    Lines of two runs may be of one second; they are in the order of time.
    """
    varying = [(one, other) for one, other in zip(ours, twins, strict=False) if one != other]
    left, twin = [one for one, _ in varying], [other for _, other in varying]
    again = {found for found in left if found in set(twin)}
    times = [[time for kind, time in found if kind == _TIME] for found in (left, twin)]
    return any(kind != _TIME for kind, _ in again) or (bool(again) and any(sorted(each) != each for each in times))


def _are_of_one_week(*times: str) -> bool:
    """Tell whether times may be of runs that follow each other: those of a day lie within a week."""
    found = [days for time in times if (days := _days(time)) is not None]
    return any(max(days) - min(days) <= 7 for days in product(*found) if days) or not found


def _days(time: str) -> set[int] | None:
    """Return the day of a time as a number; two, where day and month may be either; None of a clock."""
    if re.match("1[6-9][0-9]{8}", time):
        return {int(time[:10]) // 86_400}
    if match := re.match("(20[0-9]{2})[-/._]?([01][0-9])[-/._]?([0-3][0-9])", time):
        readings = [(match[1], match[2], match[3])]
    elif match := re.search(rf"([0-3]?[0-9])[-/. ]({_MONTH}|[0-3]?[0-9])[-/. ](20[0-9]{{2}})", time):
        readings = [(match[3], match[1], match[2]), (match[3], match[2], match[1])]
    elif match := re.search(rf"({_MONTH}) ?([0-3]?[0-9]),? (20[0-9]{{2}})", time):
        readings = [(match[3], match[1], match[2])]
    else:
        return None
    months = {name: number for number, name in enumerate(_MONTH[3:-1].split("|"), start=1)}
    days = set[int]()
    for year, month, day in readings:
        with suppress(ValueError):
            days.add(date(int(year), months.get(month) or int(month), int(day)).toordinal())
    return days


def _hour(time: str) -> str:
    """Return the form of a time and its digits up to the hour; of a clock of seconds that counts on, some hours.

    Of a clock without a day, up to the minute: it may be a duration that was chosen.
    """
    whole = re.sub(r"(?<=[0-9])[.,][0-9]+$", "", time) if re.match("1[6-9][0-9]{8}|.*:", time) else time
    return f"{re.sub('[0-9]', '0', whole)} {re.sub('[^0-9]', '', whole)[: -2 if _days(time) is None else -4]}"


def _varying_hours(left: _Texts, twin: _Texts) -> set[str]:
    """Return the hours of the times that two runs of before wrote differently."""
    hours = set[str]()
    for place in left.keys() & twin.keys():
        if left[place] != twin[place]:
            (one, ours), (other, twins) = _masked(left[place]), _masked(twin[place])
            pairs = zip(ours, twins, strict=True) if one == other else ()
            for (kind, mine), (_, theirs) in pairs:
                hours |= {_hour(mine), _hour(theirs)} if kind == _TIME and mine != theirs else set()
    return hours


def _found_in_both(left: _Texts, twin: _Texts) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Return what is masked in the places that both have and that are the same but for that, in their order."""
    ours, twins = list[tuple[str, str]](), list[tuple[str, str]]()
    for place in [each for each in left if left[each] != twin.get(each, left[each])]:
        (one, mine), (other, theirs) = _masked(f"{place}: {left[place]}"), _masked(f"{place}: {twin[place]}")
        ours += mine if one == other else []
        twins += theirs if one == other else []
    return ours, twins


def _with_noise(difference: Difference, noise: Difference | None) -> Difference:
    if noise is None:
        return difference
    said = f"{noise.before or 'nothing'} | {noise.after or 'nothing'} in two runs of before"
    remedy = "allow it, if it is no part of what the training gives"
    if noise.kind is Kind.METRIC_VALUE:
        remedy = "give a --margin and --seeds, or a tolerance"
    hint = f"it varies by itself, {said}: {remedy}"
    return replace(difference, hint=f"{difference.hint}, {hint}" if difference.hint else hint)


@dataclass(frozen=True, slots=True)
class _Settling:
    """Puts the values of before in place of those of after where both vary by nature, and notes each in `found`."""

    found: list[Difference]
    child: str = ""

    def note(self, kind: Kind, name: str, left: str, right: str, why: str, hint: str = "") -> None:
        known = f"{why}, which two runs of before show to vary"
        texts = excerpts(left, right)
        self.found.append(Difference(kind, name, *texts, rule="", hint=hint, child=self.child, known=known))

    def texts(self, kind: Kind, left: _Texts, again: _Texts, right: _Texts) -> dict[str, str]:
        changed = dict(right)
        for name in sorted(left.keys() & again.keys() & right.keys()):
            texts = (f"{name}: {each[name]}" for each in (left, again, right))
            if left[name] != right[name] and (why := fits(*texts)):
                self.note(kind, name, left[name], right[name], why)
                changed[name] = left[name]
        return changed

    def files(self, kind: Kind, left: _Files, again: _Files, right: _Files, of: str = "") -> dict[str, File]:
        names, twins = _renamed(left, again, right), _renamed(left, again, again)
        for new, old in names.items():
            self.note(kind, f"{of}{old}", old, new, "a name with an id or a time")
        changed = {names.get(name, name): file for name, file in right.items()}
        repeated = {twins.get(name, name): file for name, file in again.items()}
        for name in sorted(left.keys() & repeated.keys() & changed.keys()):
            places = _places_of(left[name], repeated[name], changed[name])
            for new, old in list(places.items())[:1]:
                self.note(kind, f"{of}{name}", old, new, "a place with an id or a time")
            twin = _with_places(repeated[name], _places_of(left[name], repeated[name], repeated[name]))
            changed[name] = _with_places(changed[name], places)
            for place, one, other, why in _varying_places(left[name], twin, changed[name]):
                self.note(kind, f"{of}{name}", one, other, why, hint=f"first at {place}")
                changed[name] = _with_place(changed[name], place, one)
        return changed

    def model(self, name: str, left: Model, again: Model, right: Model) -> Model:
        files = self.files(Kind.MODEL_FILE, left.files, again.files, right.files, of=f"{name}: ")
        details = self.texts(Kind.MODEL_DETAIL, left.details, again.details, right.details)
        return replace(right, files=files, details=details)


def _settled(before: Snapshot, again: Snapshot, after: Snapshot, settling: _Settling) -> Snapshot:
    models, children = dict(after.models), dict(after.children)
    for name in before.models.keys() & again.models.keys() & after.models.keys():
        models[name] = settling.model(name, before.models[name], again.models[name], after.models[name])
    for name in before.children.keys() & again.children.keys() & after.children.keys():
        below = _Settling(settling.found, f"{settling.child} / {name}" if settling.child else name)
        children[name] = _settled(before.children[name], again.children[name], after.children[name], below)
    return replace(
        after,
        params=settling.texts(Kind.PARAM_VALUE, before.params, again.params, after.params),
        tags=settling.texts(Kind.TAG_VALUE, before.tags, again.tags, after.tags),
        artifacts=settling.files(Kind.ARTIFACT_CONTENT, before.artifacts, again.artifacts, after.artifacts),
        models=models,
        children=children,
    )


def _varying_places(before: File, again: File, after: File) -> Iterator[tuple[str, str, str, str]]:
    contents = [file.content for file in (before, again, after) if file.content]
    if len(contents) < 3 or len({content.kind for content in contents}) > 1:
        return
    left, twin, right = (content.values for content in contents)
    near = _varying_hours(left, twin)
    if _are_reordered(*_found_in_both(left, twin)):
        return
    for place in [each for each in left if each in twin and each in right]:
        one, same, other = (f"{place}: {each[place]}" for each in (left, twin, right))
        why = _fits_near(one, other, near) if one == same else fits(one, same, other, near)
        if one != other and why:
            yield place, left[place], right[place], why


def _fits_near(before: str, after: str, near: Container[str]) -> str:
    """Return the kind of what differs in a text that two runs of before have in common: times near such as vary."""
    (left, ours), (right, others) = _masked(before), _masked(after)
    if not near or left != right:
        return ""
    apart = [(*one, other) for one, (_, other) in zip(ours, others, strict=True) if one[1] != other]
    return _TIME if apart and all(_are_near(*each, near) for each in apart) else ""


def _places_of(before: File, again: File, after: File) -> dict[str, str]:
    """Return the places of `after` that stand for one of `before`, where those vary."""
    contents = [file.content for file in (before, again, after) if file.content]
    return _renamed(*(content.values for content in contents)) if len(contents) == 3 else {}


def _with_places(file: File, names: Mapping[str, str]) -> File:
    if not names or file.content is None:
        return file
    values = {names.get(place, place): text for place, text in file.content.values.items()}
    return replace(file, digest="", content=replace(file.content, values=values))


def _with_place(file: File, place: str, text: str) -> File:
    assert file.content is not None
    values = {**file.content.values, place: text}
    # Another digest, lest the file be taken for one that was not read.
    return replace(file, digest="", content=replace(file.content, values=values))


def _renamed(left: Mapping[str, object], again: Mapping[str, object], right: Mapping[str, object]) -> dict[str, str]:
    """Return the names of `right` that stand for one of `left`, where those that both runs of before have not vary."""
    alone, twins = _by_mask(left.keys() - again.keys()), _by_mask(again.keys() - left.keys())
    pairs = dict[str, str]()
    for key, names in _by_mask(right.keys() - left.keys()).items():
        olds = alone.get(key, [])
        # As many on each side: with more, nothing says which is which.
        if _MARK in key and len(olds) == len(twins.get(key, ())) == len(names):
            pairs |= _paired(olds, names, left, right, is_ordered=set(key.split(_MARK)[1::2]) == {_TIME})
    return pairs


def _paired(
    olds: list[str], names: list[str], left: Mapping[str, object], right: Mapping[str, object], *, is_ordered: bool
) -> dict[str, str]:
    """Pair names of one mask: times have an order, ids have none, and go by what they stand for."""
    if is_ordered:
        return dict(zip(names, olds, strict=True))
    pairs, free = dict[str, str](), list(olds)
    for name in names:
        same = next((old for old in free if _content(left[old]) == _content(right[name])), None)
        if same is not None:
            free.remove(same)
            pairs[name] = same
    rest = [name for name in names if name not in pairs]
    return {**pairs, rest[0]: free[0]} if len(rest) == 1 else pairs


def _content(value: object) -> object:
    return (value.digest, value.size) if isinstance(value, File) else value


def _by_mask(names: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in sorted(names):
        found.setdefault(mask(name), []).append(name)
    return found
