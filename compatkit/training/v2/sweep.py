"""Run sweeps: a training for each combination of presets, settings and seeds, as child runs of one run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from traceback import format_exception

from compatkit.training.data import DatasetSource
from compatkit.training.ending import failure_of, failure_tag, termination_raised
from compatkit.training.errors import ConfigError
from compatkit.training.tracked_run import tracked_run
from compatkit.training.tracking import LONGEST_PARAM
from compatkit.training.v2.engines import engine_kept
from compatkit.training.v2.loop.callbacks import INTERRUPTED, Callback, CallersCallback, Progress
from compatkit.training.v2.orchestrator import TrainingOrchestratorV2
from compatkit.training.v2.recording import TrainingResult
from compatkit.training.v2.settings.config import OrchestratorConfig, preset_config

PRESET, SEED = "preset", "runtime.seed"
_NO_AXIS = (
    "tracking.",
    "checkpoints.",
    "scale.address",
)  # where a run is logged and kept; a comma may be part of a name


@dataclass(frozen=True, slots=True)
class Combination:
    """One training of a sweep: what sets it apart, as text by setting, and its whole configuration."""

    chosen: Mapping[str, str]
    config: OrchestratorConfig
    preset: str | None = None

    @property
    def label(self) -> str:
        return " ".join(f"{name}={text}" for name, text in self.chosen.items()) or "defaults"


@dataclass(frozen=True, slots=True)
class Trained:
    """A training that was done, to its end or to an interruption."""

    combination: Combination
    result: TrainingResult
    is_interrupted: bool = False


@dataclass(frozen=True, slots=True)
class FailedTraining:
    """A training that failed, and why; its run, if it had begun, has the reason as a tag."""

    combination: Combination
    reason: str
    traceback: str = ""


Swept = Trained | FailedTraining


def combinations(
    assignments: Iterable[str],
    *,
    presets: Sequence[str] = (),
    seeds: int = 1,
    base: OrchestratorConfig | None = None,
    overrides: Mapping[str, object] | None = None,
) -> list[Combination]:
    """Return the combinations of `presets`, of each assignment's values `path=value,value`, and of `seeds`.

    Without presets, they start from `base`. Seeds count on from the first's. Raises `ConfigError` for what a
    configuration cannot be, before anything is trained, and for two combinations that are the same.

    >>> [combination.label for combination in combinations(["optimizer.learning_rate=0.1,0.01"], seeds=2)][:2]
    ['optimizer.learning_rate=0.1 runtime.seed=42', 'optimizer.learning_rate=0.1 runtime.seed=43']
    """
    fixed, axes = _axes(assignments)
    found: list[Combination] = []
    for preset, texts in product(presets or [""], product(*axes.values())):
        start = preset_config(preset) if preset else base or OrchestratorConfig()
        values = dict(zip(axes, texts, strict=True))
        config = start.with_assignments([*fixed, *(f"{path}={text}" for path, text in values.items())])
        chosen = ({PRESET: preset} if preset else {}) | values
        found += _seeded(Combination(chosen, config.with_overrides(overrides or {}), preset or None), seeds)
    _require_distinct(found)
    return found


def run_sweep(
    asked: Sequence[Combination],
    dataset: DatasetSource = "digits",
    *,
    callbacks: Callable[[Combination], Iterable[Callback]] = lambda _: (),
    tell: Callable[[Swept], object] = lambda _: None,
) -> tuple[str, list[Swept]]:
    """Train every combination, one after the other; return the parent run's id and what became of each.

    One that fails does not keep the others from being trained; one that is interrupted ends the sweep. `tell` is called
    after each. The parent run is FAILED if a training failed, KILLED if one was interrupted.
    """
    tracking = asked[0].config.tracking
    outcomes: list[Swept] = []
    with (
        termination_raised(),
        engine_kept(asked[0].config),
        tracked_run(tracking.experiment_name, tracking_uri=tracking.uri, run_name=tracking.run_name) as run,
    ):
        run.log_params({f"sweep.{name}": _listed(texts) for name, texts in _axes_of(asked).items()})
        run.set_tags({"stack.sweep": f"{len(asked)} trainings"})
        for combination in asked:
            outcomes.append(_train(combination, dataset, run.run_id, callbacks(combination)))
            tell(outcomes[-1])
            if isinstance(outcomes[-1], Trained) and outcomes[-1].is_interrupted:
                run.status = "KILLED"
                break
        failed = [outcome for outcome in outcomes if isinstance(outcome, FailedTraining)]
        if failed:
            run.status = "FAILED"
            told = f"{len(failed)} of {len(asked)} trainings failed; the first: {failed[0].reason}"
            run.set_tags(dict([failure_tag(told)]))
    return run.run_id, outcomes


def _listed(texts: Sequence[str]) -> str:
    """Return all values of an axis, or how many there are, where MLflow would cut the list."""
    text = ", ".join(texts)
    return text if len(text) <= LONGEST_PARAM else f"{len(texts)} values, {texts[0]} to {texts[-1]}"


def _train(combination: Combination, dataset: DatasetSource, parent: str, callbacks: Iterable[Callback]) -> Swept:
    stopped = _Stopped()
    config = combination.config.with_overrides({"tracking.run_name": combination.label})
    if config.checkpoints.folder is not None:
        folder = Path(config.checkpoints.folder) / combination.label.replace("/", "_")
        config = config.with_overrides({"checkpoints.folder": str(folder)})
    try:
        orchestrator = TrainingOrchestratorV2(config, callbacks=[*callbacks, stopped])
        orchestrator.preset = combination.preset
        result = orchestrator.train_model(dataset, parent_run=parent)
    except Exception as error:  # noqa: BLE001  # the outermost loop over trainings
        return FailedTraining(combination, failure_of(error), "".join(format_exception(error)))
    return Trained(combination, result, is_interrupted=stopped.reason == INTERRUPTED)


class _Stopped(CallersCallback):
    """Notes why the training ended before its last epoch."""

    def __init__(self) -> None:
        self.reason = ""

    def on_end(self, state: Progress) -> None:
        self.reason = state.stop


def _axes(assignments: Iterable[str]) -> tuple[list[str], dict[str, list[str]]]:
    """Return the assignments of one value, and the values of the others by setting."""
    fixed: list[str] = []
    axes: dict[str, list[str]] = {}
    for assignment in assignments:
        path, _, text = assignment.partition("=")
        if "," not in text or path.startswith(_NO_AXIS):
            fixed.append(assignment)
        else:
            axes[path] = text.split(",")
    return fixed, axes


def _seeded(combination: Combination, seeds: int) -> Iterator[Combination]:
    if seeds == 1:
        yield combination
        return
    if SEED in combination.chosen:
        raise ConfigError(
            "Seeds were given as a number and as values of runtime.seed.", where="the sweep", hint="give one of them"
        )
    first = combination.config.runtime.seed
    for seed in range(first, first + seeds):
        config = combination.config.with_overrides({SEED: seed})
        yield Combination({**combination.chosen, SEED: str(seed)}, config, combination.preset)


def _require_distinct(found: Sequence[Combination]) -> None:
    for index, combination in enumerate(found):
        for other in found[:index]:
            if other.config == combination.config:
                raise ConfigError(
                    f"Two combinations are the same training: {other.label!r} and {combination.label!r}.",
                    where="the sweep",
                    hint="give each value once",
                )


def _axes_of(asked: Sequence[Combination]) -> dict[str, list[str]]:
    names = dict.fromkeys(name for combination in asked for name in combination.chosen)
    return {name: list(dict.fromkeys(c.chosen[name] for c in asked if name in c.chosen)) for name in names}
