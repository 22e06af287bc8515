"""Names of scores that come from variables: scikit-learn's autologging calls `score(X_test)` `..._score_X_test`.

It does so for whatever has scikit-learn's interface, such as the classifiers of XGBoost and LightGBM. A variable counts
as renamed only where the run shows that the data stayed: the score is the same, and it is neither one that any data may
have nor that of other data. What the training data scores is known by its own metrics, or bounded by how many rows it
has: a share of them is a whole number of rows.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from compatkit.equivalence.comparing.histories import suspects
from compatkit.equivalence.difference import Difference, Kind
from compatkit.equivalence.reading.contents.flatten_values import ROOT, below
from compatkit.equivalence.reading.datasets import dataset_rows
from compatkit.equivalence.snapshot import Content, Model, Point, Snapshot

# mlflow/sklearn/__init__.py, register_metric_api_call and gen_metric_call_command: each score, and the call it is of.
_CALLS = "metric_info.json"
_CALL = re.compile(r"(?P<function>[\w.]+)\(.*\)", re.DOTALL)
_VARIABLE = re.compile(r"(?<==)(?!(?:None|True|False|inf|nan)\b)[A-Za-z_]\w*(?=[,)])")
_NAMED_AFTER = "autologging names a score after the variable that holds the data"
_WHY = f"by nature of scikit-learn: {_NAMED_AFTER}"
_OTHER = "another score"
_TRAIN = "[train]"  # how the name of a data set ends that MLflow logged for training
_ROUNDING = 1e-9  # of a share that is computed in doubles
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


def with_variables_of(before: Snapshot, after: Snapshot) -> tuple[Snapshot, list[Difference], dict[str, str]]:
    """Return `after` with its scores under the names that they have in `before`, and what was renamed.

    It is all or nothing: where one score does not fit, none is renamed. The last part says by the name of a score why
    it was not, where it is the same.
    """
    left, right = _scores(before), _scores(after)
    pairs = [(left[key], right[key]) for key in sorted(left.keys() & right.keys())]
    moved = [(one, other) for one, other in pairs if (one.name, one.call) != (other.name, other.call)]
    if not moved or not _are_renamed(pairs):
        return after, [], {}
    names = {other.name: one.name for one, other in moved}
    doubts = {one.name: _doubt(one, other, after) for one, other in moved}
    if (after.metrics.keys() - names.keys()) & set(names.values()) or any(doubts.values()):
        said = {name: f"{_NAMED_AFTER}; {doubt}" for name, doubt in doubts.items() if doubt and doubt != _OTHER}
        return after, [], {**said, **{new: said[old] for new, old in names.items() if old in said}}
    renamed = replace(
        after,
        metrics=_named(after.metrics, names),
        models={name: _with_names(model, names) for name, model in after.models.items()},
        artifacts={**after.artifacts, _CALLS: replace(after.artifacts[_CALLS], content=_calls(after, moved))},
    )
    return renamed, [_difference(one, other) for one, other in moved], {}


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


def _doubt(one: _Score, other: _Score, after: Snapshot) -> str:
    """Return why a score may be of other data than before; nothing where it cannot."""
    if suspects(one.points, other.points, rtol=0.0, atol=0.0) != []:
        return _OTHER
    values = {point.value for point in other.points}
    training = [points for name, points in after.metrics.items() if name.startswith("training_")]
    others = [score.points for score in _scores(after).values() if score.variable != other.variable]
    rows = [
        dataset_rows(dataset.profile)
        for name, dataset in after.datasets.items()
        if name.rpartition("#")[0].endswith(_TRAIN)
    ]
    if values & _ANYBODYS:
        return "other data may well have the same score, 0 or 1: log it under a name of your own"
    if any(values & {point.value for point in points} for points in (*training, *others)):
        return "other data of this run has the same score: log it under a name of your own"
    if not training and (not any(rows) or any(_is_share(value, count) for value in values for count in rows)):
        return "nothing shows that it is not that of the training data: log it under a name of your own"
    return ""


def _is_share(value: float, rows: int) -> bool:
    return not math.isfinite(value) or not rows or abs(value * rows - round(value * rows)) < _ROUNDING * rows


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
