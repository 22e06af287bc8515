"""Configure `TrainingOrchestratorV2`: nested, frozen settings, validated when they are built, and named presets.

A setting is named by its dotted path, such as `optimizer.learning_rate`, in errors, overrides and MLflow params.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, KeysView, Mapping, Sequence
from dataclasses import dataclass, field, fields
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, TypeAlias

from compatkit.migration import Migration
from compatkit.training.errors import ConfigError
from compatkit.training.v2.settings.config_files import read_settings, write_settings
from compatkit.training.v2.settings.rules import RULES
from compatkit.training.v2.settings.sections import (
    SECTIONS,
    CheckpointConfig,
    DataConfig,
    EarlyStoppingConfig,
    ModelConfig,
    OptimizerConfig,
    RuntimeConfig,
    ScaleConfig,
    SchedulerConfig,
    TrackingConfig,
    as_plain,
    flattened,
)
from compatkit.training.v2.settings.v1_arguments import v1_overrides, v1_paths

Value: TypeAlias = str | int | float | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrchestratorConfig:
    """All settings of a training.

    Raises `ConfigError` for a value that cannot be.

    Attributes:
        epochs: passes over the training data.

    >>> OrchestratorConfig(optimizer=OptimizerConfig(learning_rate=0.01)).to_dict()["optimizer"]["learning_rate"]
    0.01
    """

    epochs: int = 10
    model: ModelConfig = field(default_factory=ModelConfig)
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    scheduler: SchedulerConfig = field(default_factory=SchedulerConfig)
    data: DataConfig = field(default_factory=DataConfig)
    early_stopping: EarlyStoppingConfig = field(default_factory=EarlyStoppingConfig)
    checkpoints: CheckpointConfig = field(default_factory=CheckpointConfig)
    runtime: RuntimeConfig = field(default_factory=RuntimeConfig)
    scale: ScaleConfig = field(default_factory=ScaleConfig)
    tracking: TrackingConfig = field(default_factory=TrackingConfig)

    def __post_init__(self) -> None:
        for name, section in SECTIONS.items():
            if not isinstance(getattr(self, name), section):
                raise ConfigError.invalid(name, getattr(self, name), f"an instance of {section.__name__}")
        for path, value in self.flatten().items():
            RULES[path].check(path, value)
        self._check_together()

    def _check_together(self) -> None:
        if self.scheduler.name == "plateau" and self.scheduler.warmup_epochs:
            raise ConfigError.contradiction("scheduler.warmup_epochs", "scheduler.name", "plateau", "0")
        if self.runtime.precision == "float16" and self.runtime.device == "cpu":
            raise ConfigError.contradiction("runtime.precision", "runtime.device", "cpu", "float32 or bfloat16")
        if self.scale.engine == "local" and self.scale.processes > 1:
            raise ConfigError.contradiction("scale.processes", "scale.engine", "local", "1 (and start it by torchrun)")
        if self.scale.engine == "local" and self.scale.restarts:
            raise ConfigError.contradiction("scale.restarts", "scale.engine", "local", "0")

    def flatten(self) -> dict[str, Value]:
        """Return every setting under its dotted path."""
        return dict(flattened(self.to_dict()))

    # v1's orchestrators had a flat dict here: `config["lr"]`, `config.get("seed")` and `dict(config)` read as then.
    def __getitem__(self, name: str) -> Value:
        """Return a setting by v1's flat name or by its dotted path. Raises `KeyError` for any other."""
        return self.flatten()[v1_paths().get(name, name)]

    def __contains__(self, name: object) -> bool:
        return name in v1_paths() or name in self.flatten()

    def __iter__(self) -> Iterator[str]:
        return iter(v1_paths())

    def keys(self) -> KeysView[str]:
        """Return v1's flat names."""
        return v1_paths().keys()

    def get(self, name: str, default: Value = None) -> Value:
        """Return a setting as `config[name]` does, or `default` where there is none."""
        return self[name] if name in self else default  # noqa: SIM401 - this is what get is

    def to_dict(self) -> dict[str, Any]:
        """Return plain nested dicts, which JSON and YAML take; `from_dict` reads them back."""
        return {item.name: as_plain(getattr(self, item.name)) for item in fields(self)}

    @classmethod
    def from_dict(cls, settings: Mapping[str, Any]) -> OrchestratorConfig:
        """Build from nested dicts; what is not given has its default. Raises `ConfigError` for an unknown key."""
        return cls().with_settings(settings)

    @classmethod
    def from_file(cls, path: str | Path) -> OrchestratorConfig:
        """Build from a TOML, YAML or JSON file; its `preset`, if it names one, says what is not given.

        Raises `ConfigError` for a file that cannot be read, and for what a configuration cannot be.
        """
        settings = read_settings(Path(path))
        preset = settings.pop("preset", None)
        base = cls() if preset is None else preset_config(str(preset))
        return base.with_settings(settings, where=str(path))

    def to_file(self, path: str | Path) -> None:
        """Write all settings to a TOML, YAML or JSON file, which `from_file` reads back."""
        write_settings(Path(path), self.to_dict())

    @classmethod
    def from_preset(cls, name: str, **overrides: object) -> OrchestratorConfig:
        """Return the preset called `name`, changed: `epochs=3`, `optimizer={"learning_rate": 0.1}`, a section.

        >>> OrchestratorConfig.from_preset("quick_test", data={"batch_size": 8}).data.batch_size
        8
        """

        return preset_config(name).with_settings(overrides)

    def with_settings(self, settings: Mapping[str, Any], *, where: str = "") -> OrchestratorConfig:
        """Return a configuration with some settings changed, given as nested dicts, sections or dotted paths.

        `where` names their origin in errors.
        """
        try:
            return self.with_overrides(dict(flattened(settings)))
        except ConfigError as error:
            raise (ConfigError(error.what, where=where, hint=error.hint) if where else error) from None

    def with_assignments(self, assignments: Iterable[str]) -> OrchestratorConfig:
        """Return a configuration with some settings changed, each written as on the command line.

        Raises `ConfigError` for what is no `path=value`.

        >>> OrchestratorConfig().with_assignments(["optimizer.learning_rate=1e-2"]).optimizer.learning_rate
        0.01
        """
        overrides: dict[str, object] = {}
        for assignment in assignments:
            path, equals, text = assignment.partition("=")
            if not equals:
                raise ConfigError(
                    f"{assignment!r} sets nothing.",
                    where="the overrides",
                    hint="write path=value, such as optimizer.learning_rate=0.01",
                )
            if path not in RULES:
                raise ConfigError.unknown_key(path, text, RULES)
            overrides[path] = RULES[path].parse(path, text)
        return self.with_overrides(overrides)

    def with_overrides(self, overrides: Mapping[str, Any]) -> OrchestratorConfig:
        """Return a configuration with some settings changed, each named by its dotted path.

        >>> OrchestratorConfig().with_overrides({"optimizer.learning_rate": 0.01}).optimizer.learning_rate
        0.01
        """
        settings = self.to_dict()
        for path, value in overrides.items():
            if path not in RULES:
                raise ConfigError.unknown_key(path, value, RULES)
            section, _, key = path.rpartition(".")
            (settings[section] if section else settings)[key] = value
        sections = {name: section(**settings.pop(name)) for name, section in SECTIONS.items()}
        return OrchestratorConfig(**settings, **sections)

    @classmethod
    def from_v1(
        cls, positional: Sequence[object], keywords: Mapping[str, object], migration: Migration
    ) -> OrchestratorConfig:
        """Build from v1's flat arguments, which the `migration` maps to settings.

        Raises `ConfigError` for an argument that v1 did not have, or that is given twice.
        """
        return cls().with_overrides(v1_overrides(positional, keywords, migration))


ENTRY_POINT_GROUP = "compatkit.presets"
PRESETS: Mapping[str, OrchestratorConfig] = {
    # Does it run at all? Two epochs, and no model in the store.
    "quick_test": OrchestratorConfig(
        epochs=2, model=ModelConfig(hidden_size=16), tracking=TrackingConfig(log_model=False)
    ),
    "development": OrchestratorConfig(epochs=5, model=ModelConfig(hidden_size=32)),
    "production_small": OrchestratorConfig(epochs=20),
    "production_medium": OrchestratorConfig(
        epochs=30,
        model=ModelConfig(hidden_size=128, layers=2, dropout=0.1),
        optimizer=OptimizerConfig(name="adamw", weight_decay=1e-2),
        data=DataConfig(batch_size=64),
    ),
    "production_large": OrchestratorConfig(
        epochs=50,
        model=ModelConfig(hidden_size=256, layers=3, dropout=0.2),
        optimizer=OptimizerConfig(name="adamw", weight_decay=1e-2),
        data=DataConfig(batch_size=64),
    ),
}


def preset_config(name: str, *, start: Path | None = None) -> OrchestratorConfig:
    """Return the preset called `name`, bundled or a user's own; raises `ConfigError` for another.

    >>> preset_config("quick_test").epochs
    2
    """
    if name in PRESETS:
        return PRESETS[name]
    presets = available_presets(start=start)
    if name not in presets:
        raise ConfigError.unknown_preset(name, presets)
    return presets[name]


def available_presets(*, start: Path | None = None) -> Mapping[str, OrchestratorConfig]:
    """Return every preset by name: the bundled ones, installed ones, and the project's of `start` (default: here).

    A project writes tables `[tool.compatkit.presets.NAME]` into its pyproject.toml: settings that differ from those
    of `base`, another preset, or from the defaults. An installed package registers a configuration, or a mapping of
    settings, in the entry-point group `compatkit.presets`. Raises `ConfigError` for one that cannot be, or whose name
    is taken.
    """
    presets = dict(PRESETS)
    for name, where, settings in [*_installed(), *_of_project(start or Path())]:
        if name in presets:
            raise ConfigError(f"The preset {name!r} is there already.", where=where, hint="give it another name")
        presets[name] = _build(name, where, settings, presets)
    return presets


def _build(name: str, where: str, settings: object, known: Mapping[str, OrchestratorConfig]) -> OrchestratorConfig:
    if isinstance(settings, OrchestratorConfig):
        return settings
    if not isinstance(settings, Mapping):
        raise ConfigError.bad_preset(name, where, f"it is a {type(settings).__name__}, not a table of settings")
    given = {**settings}
    base = given.pop("base", None)
    if base is not None and base not in known:
        raise ConfigError.bad_preset(name, where, f"its base {base!r} is not a preset before it")
    start = OrchestratorConfig() if base is None else known[base]
    return start.with_settings(given, where=where)


def _installed() -> Iterator[tuple[str, str, object]]:
    for point in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda point: (point.name, point.value)):
        where = f"entry point {point.value}"
        try:
            settings = point.load()
        except Exception as error:  # whatever a foreign module does when it is imported
            raise ConfigError.bad_preset(point.name, where, f"{type(error).__name__}: {error}") from error
        yield point.name, where, settings


def _of_project(start: Path) -> Iterator[tuple[str, str, object]]:
    place = start.resolve()
    for folder in (place, *place.parents):
        if not (file := folder / "pyproject.toml").is_file():
            continue
        table = read_settings(file).get("tool", {}).get("compatkit")
        if isinstance(table, dict):
            presets = table.get("presets", {})
            if not isinstance(presets, dict):
                raise ConfigError.bad_file(file, "tool.compatkit.presets is not a table")
            for name, settings in presets.items():
                yield name, f"{file}, [tool.compatkit.presets.{name}]", settings
            return
