"""Named configurations, from a first try to production: the bundled ones, and a user's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from compatkit.training.errors import ConfigError
from compatkit.training.v2.settings.config import OrchestratorConfig
from compatkit.training.v2.settings.sections import DataConfig, ModelConfig, OptimizerConfig, TrackingConfig

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
        raise ConfigError.bad_preset(name, where, f"its base {base!r} is no preset before it")
    start = OrchestratorConfig() if base is None else known[base]
    return start.with_settings(given, where=where)


def _installed() -> Iterator[tuple[str, str, object]]:
    from importlib.metadata import entry_points

    for point in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda point: (point.name, point.value)):
        where = f"entry point {point.value}"
        try:
            settings = point.load()
        except Exception as error:  # whatever a foreign module does when it is imported
            raise ConfigError.bad_preset(point.name, where, f"{type(error).__name__}: {error}") from error
        yield point.name, where, settings


def _of_project(start: Path) -> Iterator[tuple[str, str, object]]:
    from compatkit.training.v2.settings.config_files import read_settings

    place = start.resolve()
    for folder in (place, *place.parents):
        if not (file := folder / "pyproject.toml").is_file():
            continue
        table = read_settings(file).get("tool", {}).get("compatkit")
        if isinstance(table, dict):
            presets = table.get("presets", {})
            if not isinstance(presets, dict):
                raise ConfigError.bad_file(file, "tool.compatkit.presets is no table")
            for name, settings in presets.items():
                yield name, f"{file}, [tool.compatkit.presets.{name}]", settings
            return
