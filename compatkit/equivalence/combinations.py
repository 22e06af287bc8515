"""Put one scenario to either trainer on either orchestrator, v1 or v2, so that each does the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from compatkit.equivalence.errors import EquivalenceError
from compatkit.equivalence.matrix import Scenario
from compatkit.migration import Allowance, Equivalence
from compatkit.training import ModelTrainer, ModelTrainerV2, OrchestratorConfig, TrainingOrchestratorV2, preset_config
from compatkit.training.v2.recording import logged_params
from compatkit.training.v2.settings.v1_arguments import v1_paths
from compatkit.training.v2.trainer_choice import v2_only_settings

_NOT_IN_V1 = "v1 has no argument for it"


@dataclass(frozen=True, slots=True)
class Training:
    """A scenario, settled, and where it is logged.

    Attributes:
        config: all settings.
        preset: the settings that `overrides` of the scenario start from.
        asked: paths of settings that only v2's trainer carries out, such as a scheduler's.
    """

    scenario: Scenario
    config: OrchestratorConfig
    preset: OrchestratorConfig
    asked: tuple[str, ...]

    @classmethod
    def of(cls, scenario: Scenario, own_run: Mapping[str, object]) -> Training:
        """Return the task to train `scenario` and log it as `own_run` says, by dotted path."""
        preset = preset_config(scenario.preset)
        config = preset.with_overrides({**scenario.overrides, **own_run})
        return cls(scenario, config, preset, tuple(v2_only_settings(config)))

    @property
    def trainers(self) -> tuple[type, ...]:
        """The bundled trainers that do what is asked for."""
        return (ModelTrainerV2,) if self.asked else (ModelTrainer, ModelTrainerV2)

    @property
    def left_out(self) -> tuple[str, ...]:
        """The others, and why."""
        return (f"{ModelTrainer.__name__}: it knows no {', no '.join(self.asked)}",) if self.asked else ()

    @property
    def allowances(self) -> Equivalence:
        """Return an allowance for each name under which v2 logs what v1 has no name for."""
        known = v1_paths().values()
        names = [name for name in logged_params(self.config) if name not in known]
        return Equivalence(added_in_v2=tuple(Allowance("param", name, _NOT_IN_V1) for name in names))

    def train(self, orchestrator: Callable[..., Any], trainer: Callable[..., Any]) -> str:
        """Train, and return the id of the run."""
        scenario = self.scenario
        arguments = {**self._arguments(orchestrator), "trainer": self._trainer(trainer)}
        result = orchestrator(**arguments).train_model(scenario.dataset if scenario.data is None else scenario.data)
        return str(result["run_id"])

    def _arguments(self, orchestrator: Callable[..., Any]) -> dict[str, object]:
        """Return v1's flat arguments; the bundled v2 gets its preset, and only what differs from it."""
        settings, declared, paths = self.config.flatten(), self.preset.flatten(), v1_paths()
        changed = {path for path in settings if settings[path] != declared[path]}
        if _is_v2(orchestrator) and changed.difference(paths.values()):
            return {"config": self.config}
        if orchestrator is not TrainingOrchestratorV2:
            return {name: settings[path] for name, path in paths.items()}
        return {
            "preset": self.scenario.preset,
            **{name: settings[path] for name, path in paths.items() if path in changed},
        }

    def _trainer(self, trainer: Callable[..., Any]) -> Any:
        """Return a trainer that does all that is asked, on an orchestrator that does not tell it as well."""
        made = trainer()
        if not self.asked:
            return made
        if not isinstance(made, ModelTrainerV2):
            raise EquivalenceError(
                f"The trainer {type(made).__name__} trains without {', '.join(self.asked)}.",
                where="the scenario",
                hint="leave them at their defaults, or derive it from ModelTrainerV2",
            )
        made.config = self.config
        return made


def _is_v2(orchestrator: Callable[..., Any]) -> bool:
    return isinstance(orchestrator, type) and issubclass(orchestrator, TrainingOrchestratorV2)
