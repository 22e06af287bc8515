"""Which preset a v1 call amounts to: by the declared table alone, since user code is never imported."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from compatkit.migration import Config, Preset, Scalar

_MISSING = object()


def fitting_preset(config: Config, given: Mapping[str, ast.expr]) -> Preset | None:
    """Return the preset that agrees with a call in every setting by which presets differ, or None.

    `given` are the call's settings, by dotted path; for what is not given, the declared default counts.

    >>> small = Preset("small", (Setting("epochs", 20),))
    >>> fitting_preset(Config("m.Old", "m.Config", presets=(small,)), {"epochs": ast.Constant(20)}).name
    'small'
    """
    fitting = [preset for preset in config.presets if _fits(config, preset, given)]
    return fitting[0] if len(fitting) == 1 else None


def preset_paths(config: Config) -> frozenset[str]:
    """Return the settings by which presets differ from each other and from the defaults."""
    return frozenset(path for preset in config.presets for path, _ in preset.settings)


def _fits(config: Config, preset: Preset, given: Mapping[str, ast.expr]) -> bool:
    defaults: dict[str, object] = dict(config.defaults)
    wanted = {**defaults, **dict(preset.settings)}
    paths = preset_paths(config)
    if not any(path in given for path, _ in preset.settings):
        return False
    return all(
        _is_same(_literal(given[path]) if path in given else defaults.get(path, _MISSING), wanted.get(path, _MISSING))
        for path in paths
    )


def _literal(node: ast.expr) -> object:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return object()


def _is_same(one: object, other: object) -> bool:
    # 64 and 64.0 are logged as different params.
    return type(one) is type(other) and isinstance(one, Scalar) and one == other
