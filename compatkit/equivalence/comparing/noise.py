"""Measure the differences between two runs of one side: the other side is neither blamed for them nor cleared by them.

Only what is of a kind that differs by nature (an id, a time, a temporary name) and in the same place is settled by
that. Numbers are not: a metric that varies needs a margin and several seeds, or a tolerance.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from compatkit.equivalence.comparing.compare import compare_snapshots, find_differences
from compatkit.equivalence.comparing.contents import settle
from compatkit.equivalence.comparing.models import with_models_paired
from compatkit.equivalence.comparing.one_to_one import Pairs, own_pairs
from compatkit.equivalence.comparing.varying import (
    Span,
    are_reordered,
    fits,
    found_in_both,
    kinds_between,
    varying_hours,
)
from compatkit.equivalence.difference import Difference, Kind, excerpts
from compatkit.equivalence.frameworks import Nature, file_natures, natures_of
from compatkit.equivalence.policy import Policy
from compatkit.equivalence.snapshot import File, Model, Snapshot
from compatkit.equivalence.verdict import Verdict

_Texts = Mapping[str, str]
_Files = Mapping[str, File]

# How a difference is known to be noise: by the two runs of before, or, where these agree by chance, by when each ran.
_SEEN, _OWN = ", which two runs of before show to vary", ", which is of each run's own time"


def compare_over_noise(
    before: Snapshot,
    again: Snapshot,
    after: Snapshot,
    policy: Policy,
    *,
    known: Iterable[tuple[str, str]] = (),
    spans: Sequence[Span] = (),
    settled: Sequence[Difference] = (),
) -> Verdict:
    """Compare `before` with `after`, where `again` is a second run of what logged `before`.

    The verdict tells what differs between the first two. A difference that they show too, and that is not settled,
    decides as ever, and says so. `known` are ids of before and after that belong together, such as those of other runs;
    `spans` tell when the three commands logged, else the runs do; what was `settled` before is listed.
    """
    again, _ = with_models_paired(again, after)
    before, after = with_models_paired(before, after)
    own = [snapshot.span for snapshot in (before, again, after) if snapshot.span]
    begun = spans or own
    pairs = Pairs((*known, *own_pairs(before, after)), begun)
    # Its own run stands for the third, where a second is compared with the first.
    twins = Pairs(own_pairs(before, again), [*begun[:2], *begun[1:2]])
    twin = replace(again, children=_children_of_twin(before, again, twins))
    noise = [
        replace(difference, rule="") for difference in find_differences(before, twin, policy) if not difference.known
    ]
    natures = natures_of(before, after) if policy.knows_frameworks else ()
    settling = _Settling([], pairs, twins, begun, natures)
    unsettled = _settled(before, again, after, settling)
    verdict = compare_snapshots(before, unsettled, policy, settled=[*settled, *settling.found])
    if verdict.deciding:
        # What varies there by nature is settled, and says nothing of what decides in the same place.
        steady = _settled(before, again, again, _Settling([], twins, twins, [*begun[:2], *begun[1:2]], natures))
        left = [found for found in find_differences(before, steady, policy) if not found.known]
        varying = {_place_of(found): found for found in left}
        deciding = tuple(_with_noise(found, varying.get(_place_of(found))) for found in verdict.deciding)
        verdict = replace(verdict, deciding=deciding)
    return replace(verdict, noise=tuple(noise))


def _place_of(difference: Difference) -> tuple[str, Kind, str]:
    return difference.child, difference.kind, difference.name


def _with_noise(difference: Difference, noise: Difference | None) -> Difference:
    remedy = "allow it, if it is not a part of what the training gives"
    if noise is not None:
        said = f"{noise.before or 'nothing'} | {noise.after or 'nothing'} in two runs of before"
        if noise.count < difference.count and noise.kind is not Kind.METRIC_VALUE:
            said += f", in {noise.count} of the {difference.count} places"
        if noise.kind is Kind.METRIC_VALUE:
            remedy = "give a --margin and --seeds, or a tolerance"
        hint = f"it varies by itself, {said}: {remedy}"
    elif kinds := kinds_between(difference.before, difference.after):
        hint = f"only {kinds} differs: compare again, lest two runs of before agree in it by chance; or {remedy}"
    else:
        return difference
    return replace(difference, hint=f"{difference.hint}, {hint}" if difference.hint else hint)


@dataclass(frozen=True, slots=True)
class _Settling:
    """Puts the values of before in place of those of after where both vary by nature, and notes each in `found`.

    `pairs` are the ids of before and after, `twins` those of before and again.
    """

    found: list[Difference]
    pairs: Pairs
    twins: Pairs
    spans: Sequence[Span] = ()
    natures: tuple[Nature, ...] = ()
    child: str = ""

    def note(self, kind: Kind, name: str, left: str, right: str, why: str, hint: str = "") -> None:
        texts = excerpts(left, right)
        self.found.append(Difference(kind, name, *texts, rule="", hint=hint, child=self.child, known=why))

    def texts(self, kind: Kind, left: _Texts, again: _Texts, right: _Texts) -> dict[str, str]:
        changed = dict(right)
        for name in sorted(left.keys() & again.keys() & right.keys()):
            one, same, other = (f"{name}: {side[name]}" for side in (left, again, right))
            if one != other and (why := fits(one, same, other, (), self.spans)) and self.pairs.agree(one, other):
                self.note(kind, name, left[name], right[name], f"{why}{_OWN if one == same else _SEEN}")
                changed[name] = left[name]
        return changed

    def files(self, kind: Kind, left: _Files, again: _Files, right: _Files, of: str = "") -> dict[str, File]:
        names, twins = self.pairs.renamed(left, again, right), self.twins.renamed(left, again, again)
        for new, old in names.items():
            self.note(kind, f"{of}{old}", old, new, f"a name with an id or a time{_SEEN}")
        changed = {names.get(name, name): file for name, file in right.items()}
        repeated = {twins.get(name, name): file for name, file in again.items()}
        for name in sorted(left.keys() & repeated.keys() & changed.keys()):
            changed[name] = self.file(kind, f"{of}{name}", left[name], repeated[name], changed[name])
        return changed

    def file(self, kind: Kind, name: str, before: File, again: File, after: File) -> File:
        contents = [file.content for file in (before, again, after) if file.content]
        if len(contents) < 3 or len({content.kind for content in contents}) > 1:
            return after
        left, twin, right = (content.values for content in contents)
        places, twins = self.pairs.renamed(left, twin, right), self.twins.renamed(left, twin, twin)
        for new, old in list(places.items())[:1]:
            self.note(kind, name, old, new, f"a place with an id or a time{_SEEN}")
        right = {places.get(place, place): text for place, text in right.items()}
        # What is by nature varies, too, and may stand in one line with an id or a time.
        natures = tuple(file_natures(name, self.natures))
        (one, same), (_, other) = (settle(contents[0], content, natures)[:2] for content in contents[1:])
        repeated = {twins.get(place, place): text for place, text in same.values.items()}
        renamed = {places.get(place, place): text for place, text in other.values.items()}
        changed = dict[str, str]()
        for place, why in _varying_places(one.values, repeated, renamed, self.spans):
            if self.pairs.agree(f"{place}: {one.values[place]}", f"{place}: {renamed[place]}"):
                self.note(kind, name, left[place], right[place], why, hint=f"first at {place}")
                changed[place] = left[place]
        if not places and not changed:
            return after
        # Another digest, lest the file be taken for one that was not read.
        return replace(after, digest="", content=replace(contents[2], values={**right, **changed}))

    def named_children(self, before: Snapshot, again: Snapshot, after: Snapshot) -> dict[str, Snapshot]:
        """Return the children of `after` under the names in `before` where these hold an id or a time."""
        left, twin, right = (_by_start(run.children) for run in (before, again, after))
        names = self.pairs.renamed(left, twin, right)
        for new, old in names.items():
            self.note(Kind.CHILD_MISSING, old, old, new, f"a name with an id or a time{_SEEN}")
            for pair in own_pairs(left[old], right[new]):
                self.pairs.agree(*pair)
        return {names.get(name, name): child for name, child in right.items()}

    def model(self, name: str, left: Model, again: Model, right: Model) -> Model:
        files = self.files(Kind.MODEL_FILE, left.files, again.files, right.files, of=f"{name}: ")
        details = self.texts(Kind.MODEL_DETAIL, left.details, again.details, right.details)
        signatures = ({name: model.signature} for model in (left, again, right))
        signature = self.texts(Kind.MODEL_SIGNATURE, *signatures)[name]
        return replace(right, files=files, details=details, signature=signature)


def _settled(before: Snapshot, again: Snapshot, after: Snapshot, settling: _Settling) -> Snapshot:
    models, children = dict(after.models), settling.named_children(before, again, after)
    twins = _children_of_twin(before, again, settling.twins)
    for name in before.models.keys() & again.models.keys() & after.models.keys():
        models[name] = settling.model(name, before.models[name], again.models[name], after.models[name])
    for name in before.children.keys() & twins.keys() & children.keys():
        below = replace(settling, child=f"{settling.child} / {name}" if settling.child else name)
        children[name] = _settled(before.children[name], twins[name], children[name], below)
    return replace(
        after,
        params=settling.texts(Kind.PARAM_VALUE, before.params, again.params, after.params),
        tags=settling.texts(Kind.TAG_VALUE, before.tags, again.tags, after.tags),
        artifacts=settling.files(Kind.ARTIFACT_CONTENT, before.artifacts, again.artifacts, after.artifacts),
        models=models,
        children=children,
    )


def _children_of_twin(before: Snapshot, again: Snapshot, twins: Pairs) -> dict[str, Snapshot]:
    """Return the children of `again` under the names in `before` where these hold an id or a time."""
    children = _by_start(again.children)
    names = twins.renamed(_by_start(before.children), children, children)
    return {names.get(name, name): child for name, child in children.items()}


def _by_start(children: Mapping[str, Snapshot]) -> dict[str, Snapshot]:
    return dict(sorted(children.items(), key=lambda child: child[1].span or (0.0, 0.0)))


def _varying_places(left: _Texts, twin: _Texts, right: _Texts, spans: Sequence[Span]) -> Iterator[tuple[str, str]]:
    """Yield the places whose texts differ in what varies by nature, and in kinds of what."""
    near = varying_hours(left, twin)
    if are_reordered(*found_in_both(left, twin)):
        return
    for place in [place for place in left if place in twin and place in right]:
        one, same, other = (f"{place}: {side[place]}" for side in (left, twin, right))
        if one != other and (why := fits(one, same, other, near, spans)):
            yield place, f"{why}{_OWN if one == same else _SEEN}"
