"""Report a sweep: a row a training, the spread over seeds, and the best."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from statistics import fmean, stdev
from typing import Any

from compatkit.training.sender import as_number
from compatkit.training.v2.sweep import SEED, Combination, FailedTraining, Swept, Trained

_SHOWN = ("train_loss", "val_loss", "train_accuracy", "val_accuracy", "val_f1")
_JUDGED = "val_accuracy"


def sweep_lines(run_id: str, asked: Sequence[Combination], outcomes: Sequence[Swept]) -> Iterator[str]:
    """Yield the table of all trainings, in their order, and what it comes to."""
    names = list(dict.fromkeys(name for combination in asked for name in combination.chosen))
    rows = [[*names, "outcome", *_SHOWN]]
    rows += [[*_chosen(outcome.combination, names), *_row(outcome)] for outcome in outcomes]
    rows += [
        [*_chosen(combination, names), "not begun", *("" for _ in _SHOWN)] for combination in asked[len(outcomes) :]
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
    yield from _over_seeds(outcomes)
    trained = [outcome for outcome in outcomes if isinstance(outcome, Trained)]
    failed = sum(isinstance(outcome, FailedTraining) for outcome in outcomes)
    if best := _best(trained):
        yield f"Best {_JUDGED}: {best.combination.label}, run {best.result.run_id}."
    yield f"Run {run_id}: {len(trained)} trained, {failed} failed, {len(asked) - len(outcomes)} not begun."


def sweep_json(run_id: str, outcomes: Sequence[Swept]) -> str:
    """Return the same as JSON."""
    return json.dumps({"run_id": run_id, "trainings": [_as_dict(outcome) for outcome in outcomes]}, indent=2)


def _as_dict(outcome: Swept) -> dict[str, Any]:
    chosen = dict(outcome.combination.chosen)
    if isinstance(outcome, FailedTraining):
        return {"chosen": chosen, "outcome": "failed", "reason": outcome.reason, "traceback": outcome.traceback}
    found = outcome.result
    return {
        "chosen": chosen,
        "outcome": _row(outcome)[0],
        "run_id": found.run_id,
        "epochs_trained": found.epochs_trained,
        "best_epoch": found.best_epoch,
        "final_metrics": found.final_metrics.to_v2(),
    }


def _chosen(combination: Combination, names: Sequence[str]) -> list[str]:
    return [combination.chosen.get(name, "") for name in names]


def _row(outcome: Swept) -> list[str]:
    if isinstance(outcome, FailedTraining):
        return ["failed", *("" for _ in _SHOWN)]
    final = outcome.result.final_metrics.to_v2()
    values = [f"{final[name]:.4f}" if name in final else "" for name in _SHOWN]
    return ["interrupted" if outcome.is_interrupted else "finished", *values]


def _over_seeds(outcomes: Sequence[Swept]) -> Iterator[str]:
    """Yield mean and standard deviation of each combination that was trained to its end with several seeds."""
    groups: dict[tuple[tuple[str, str], ...], list[float]] = {}
    for outcome in outcomes:
        if isinstance(outcome, Trained) and not outcome.is_interrupted and _JUDGED in outcome.result.final_metrics:
            kept = tuple((name, text) for name, text in outcome.combination.chosen.items() if name != SEED)
            groups.setdefault(kept, []).append(_judged(outcome))
    for kept, values in groups.items():
        if len(values) > 1:
            label = " ".join(f"{name}={text}" for name, text in kept) or "defaults"
            spread = f"{fmean(values):.4f}, standard deviation {stdev(values):.4f}"
            yield f"Over {len(values)} seeds, {label}: {_JUDGED} {spread}."


def _best(trained: Sequence[Trained]) -> Trained | None:
    scored = [training for training in trained if _JUDGED in training.result.final_metrics]
    return max(scored, key=_judged, default=None)


def _judged(trained: Trained) -> float:
    return as_number(trained.result.final_metrics[_JUDGED]) or 0.0
