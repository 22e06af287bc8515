"""The configuration of `TrainingOrchestratorV2`: nested, frozen, validated when it is built.

A setting is named by its dotted path, such as `optimizer.learning_rate`, in errors, overrides and MLflow params.
"""

from __future__ import annotations

from collections.abc import Iterator, KeysView, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, TypeAlias

from compatkit.migration import Migration
from compatkit.training.v2.arguments import v1_overrides, v1_paths
from compatkit.training.v2.errors import ConfigError
from compatkit.training.v2.rules import RULES
from compatkit.training.v2.sections import DataConfig, ModelConfig, OptimizerConfig, RuntimeConfig, TrackingConfig

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
    data: DataConfig = field(default_factory=DataConfig)
    runtime: RuntimeConfig = field(default_factory=RuntimeConfig)
    tracking: TrackingConfig = field(default_factory=TrackingConfig)

    def __post_init__(self) -> None:
        for name, section in _SECTIONS.items():
            if not isinstance(getattr(self, name), section):
                raise ConfigError.invalid(name, getattr(self, name), f"an instance of {section.__name__}")
        for path, value in self.flatten().items():
            RULES[path].check(path, value)

    def flatten(self) -> dict[str, Value]:
        """Return every setting under its dotted path."""
        return dict(_flatten(self.to_dict()))

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
        return {item.name: _plain(getattr(self, item.name)) for item in fields(self)}

    @classmethod
    def from_dict(cls, settings: Mapping[str, Any]) -> OrchestratorConfig:
        """Build from nested dicts; what is not given has its default. Raises `ConfigError` for an unknown key."""
        return cls().with_overrides(dict(_flatten(settings)))

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
        sections = {name: section(**settings.pop(name)) for name, section in _SECTIONS.items()}
        return OrchestratorConfig(**settings, **sections)

    @classmethod
    def from_v1(
        cls, positional: Sequence[object], keywords: Mapping[str, object], migration: Migration
    ) -> OrchestratorConfig:
        """Build from v1's flat arguments, which the `migration` maps to settings.

        Raises `ConfigError` for an argument that v1 did not have, or that is given twice.
        """
        return cls().with_overrides(v1_overrides(positional, keywords, migration))


_SECTIONS: Mapping[str, type[Any]] = {
    "model": ModelConfig,
    "optimizer": OptimizerConfig,
    "data": DataConfig,
    "runtime": RuntimeConfig,
    "tracking": TrackingConfig,
}


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: getattr(value, item.name) for item in fields(value)}
    return value


def _flatten(settings: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in settings.items():
        if name in _SECTIONS and isinstance(value, Mapping):
            yield from ((f"{name}.{key}", inner) for key, inner in value.items())
        else:
            yield name, value
