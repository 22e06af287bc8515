"""Names of scores that come from variables: scikit-learn's autologging calls `score(X_test)` `..._score_X_test`.

A variable counts as renamed only where the run shows that the data stayed: the score is the same, and it is neither one
that any data may have nor that of other data.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from compatkit.equivalence.comparing.arrays import suspects
from compatkit.equivalence.difference import Difference, Kind
from compatkit.equivalence.reading.contents.places import ROOT, below
from compatkit.equivalence.snapshot import Content, Model, Point, Snapshot

# mlflow/sklearn/__init__.py, register_metric_api_call and gen_metric_call_command: each score, and the call it is of.
_CALLS = "metric_info.json"
_CALL = re.compile(r"(?P<function>[\w.]+)\(.*\)", re.DOTALL)
_VARIABLE = re.compile(r"(?<==)(?!(?:None|True|False|inf|nan)\b)[A-Za-z_]\w*(?=[,)])")
_WHY = "by nature of scikit-learn: autologging names a score after the variable that holds the data"
_ANYBODYS = {0.0, 1.0}  # scores that two sets of data often share


@dataclass(frozen=True, slots=True)
class _Score:
    """A score under its name, which ends with the variable; `call` is what was called, with its variables."""

    name: str
    variable: str
    call: str
    points: Sequence[Point]

    @property
    def variables(self) -> list[str]:
        return [self.variable, *_VARIABLE.findall(self.call)]

    @property
    def shape(self) -> str:
        return _VARIABLE.sub("", self.call)


def with_variables_of(before: Snapshot, after: Snapshot) -> tuple[Snapshot, list[Difference]]:
    """Return `after` with its scores under the names that they have in `before`, and what was renamed.

    It is all or nothing: where one score does not fit, none is renamed.
    """
    left, right = _scores(before), _scores(after)
    pairs = [(left[key], right[key]) for key in sorted(left.keys() & right.keys())]
    moved = [(one, other) for one, other in pairs if (one.name, one.call) != (other.name, other.call)]
    if not moved or not _are_renamed(pairs) or not all(_is_same_score(one, other, after) for one, other in moved):
        return after, []
    names = {other.name: one.name for one, other in moved}
    if (after.metrics.keys() - names.keys()) & set(names.values()):
        return after, []
    renamed = replace(
        after,
        metrics=_named(after.metrics, names),
        models={name: _with_names(model, names) for name, model in after.models.items()},
        artifacts={**after.artifacts, _CALLS: replace(after.artifacts[_CALLS], content=_calls(after, moved))},
    )
    return renamed, [_difference(one, other) for one, other in moved]


def _scores(run: Snapshot) -> dict[tuple[str, str], _Score]:
    """Return the scores that autologging named, by their function and how often that was called before."""
    listed = run.artifacts.get(_CALLS)
    values = listed.content.values if listed and listed.content and listed.content.kind == "json" else {}
    return dict(_named_scores(run.metrics, values))


def _named_scores(
    metrics: Mapping[str, Sequence[Point]], calls: Mapping[str, str]
) -> Iterator[tuple[tuple[str, str], _Score]]:
    for name, points in metrics.items():
        call = calls.get(below(ROOT, name), "")
        if call.startswith('"') and (made := _CALL.fullmatch(json.loads(call))):
            function = made["function"].replace(".", "_")
            if found := re.fullmatch(rf"{re.escape(function)}(-[0-9]+)?_(.+)", name):
                yield (function, found[1] or ""), _Score(name, found[2], made[0], points)


def _are_renamed(pairs: Sequence[tuple[_Score, _Score]]) -> bool:
    """Tell whether each variable of the one side stands for just one of the other, and none took another's name."""
    there, back = dict[str, str](), dict[str, str]()
    for one, other in pairs:
        if one.shape != other.shape:
            return False
        for old, new in zip(one.variables, other.variables, strict=True):
            if there.setdefault(old, new) != new or back.setdefault(new, old) != old:
                return False
    return not any(old != new and (new in there or old in back) for old, new in there.items())


def _is_same_score(one: _Score, other: _Score, after: Snapshot) -> bool:
    if suspects(one.points, other.points, rtol=0.0, atol=0.0) != []:
        return False
    values = {point.value for point in other.points}
    training = [points for name, points in after.metrics.items() if name.startswith("training_")]
    others = [score.points for score in _scores(after).values() if score.variable != other.variable]
    return bool(training) and not any(
        values & ({point.value for point in points} | _ANYBODYS) for points in (*training, *others)
    )


def _named(metrics: Mapping[str, Sequence[Point]], names: Mapping[str, str]) -> dict[str, Sequence[Point]]:
    return {names.get(name, name): points for name, points in metrics.items()}


def _with_names(model: Model, names: Mapping[str, str]) -> Model:
    if model.metrics is None:
        return model
    return replace(model, metrics={data: _named(metrics, names) for data, metrics in model.metrics.items()})


def _calls(run: Snapshot, moved: Sequence[tuple[_Score, _Score]]) -> Content:
    content = run.artifacts[_CALLS].content
    assert content is not None
    old = {below(ROOT, other.name): one for one, other in moved}
    return replace(
        content,
        values={
            below(ROOT, old[place].name) if place in old else place: json.dumps(old[place].call)
            if place in old
            else text
            for place, text in content.values.items()
        },
    )


def _difference(one: _Score, other: _Score) -> Difference:
    told = [(one.name, other.name), (one.call, other.call)]
    before, after = next(pair for pair in told if pair[0] != pair[1])
    return Difference(Kind.METRIC_VALUE, one.name, before, after, rule="", known=_WHY, hint="the score is the same")
