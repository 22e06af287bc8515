"""The pytest plug-in: `pytest --compatkit-shim`, or `compatkit_shim = true` in its configuration.

pytest loads it wherever compatkit is installed, hence nothing is imported before the option is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option and its configuration key."""
    what = "Keep old imports and old record spellings working, as `compatkit run` does."
    parser.getgroup("compatkit").addoption("--compatkit-shim", action="store_true", default=False, help=what)
    parser.addini("compatkit_shim", what, type="bool", default=False)


def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Install the shim before the first conftest is imported, which may use old names itself."""
    if not (early_config.known_args_namespace.compatkit_shim or early_config.getini("compatkit_shim")):
        return
    from compatkit.migration import load_project
    from compatkit.shim.install import install, is_installed
    from compatkit.shim.startup import hand_down

    if not is_installed():
        install(load_project(early_config.rootpath).load())
        hand_down(early_config.rootpath, ())
