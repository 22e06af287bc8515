"""The pytest plug-in: the shim for a test run, a private MLflow store, and tests that run on v1 and on v2.

pytest loads it wherever compatkit is installed, hence nothing is imported before an option or a fixture asks for it.

    def test_the_new_trainer_logs_the_same(mlflow_sandbox, assert_runs_equivalent):
        assert_runs_equivalent(train("v1"), train("v2"))

    @pytest.mark.compat_trainer(v1="acme.trainer:Trainer", v2="acme.trainer_v2:TrainerV2")
    def test_it_learns(compat_trainer):
        assert compat_trainer().train()[-1]["val_loss"] < 0.1
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from compatkit.equivalence.sandbox import Sandbox

_VERSIONS = ("v1", "v2")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options and their configuration keys."""
    what = "Keep old imports and old record spellings working, as `compatkit run` does."
    group = parser.getgroup("compatkit")
    group.addoption("--compatkit-shim", action="store_true", default=False, help=what)
    parser.addini("compatkit_shim", what, type="bool", default=False)
    what = "Run the tests that ask for compat_trainer or compat_version on this version of the stack; both by default."
    group.addoption("--compat", choices=[*_VERSIONS, "both"], default="both", help=what)
    for version in _VERSIONS:
        parser.addini(f"compat_trainer_{version}", f"The trainer of {version}: package.module:name.", default="")


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known, also to --strict-markers."""
    what = "compat_trainer(v1, v2): what the fixture compat_trainer is on each version, as package.module:name."
    config.addinivalue_line("markers", what)


def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Install the shim before the first conftest is imported, which may use old names itself."""
    if not (early_config.known_args_namespace.compatkit_shim or early_config.getini("compatkit_shim")):
        return
    # Every run of pytest imports this module, and most want no shim.
    from compatkit.migration import load_project
    from compatkit.shim.install import install, is_installed
    from compatkit.shim.startup import hand_down

    if not is_installed():
        install(load_project(early_config.rootpath).load(), named=())
        hand_down(early_config.rootpath, ())


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test that asks for a version once on each that --compat names."""
    if "compat_version" in metafunc.fixturenames:
        chosen = metafunc.config.getoption("--compat")
        versions = _VERSIONS if chosen == "both" else (chosen,)
        metafunc.parametrize("compat_version", versions, indirect=True, scope="session")


@pytest.fixture(scope="session")
def compat_version(request: pytest.FixtureRequest) -> str:
    """The version that the test runs on: "v1" or "v2", as --compat says."""
    return str(request.param)


@pytest.fixture
def compat_trainer(request: pytest.FixtureRequest, compat_version: str) -> Any:
    """The trainer of this version: what the marker compat_trainer names, else the configuration.

    Where a name is not enough, override it in a conftest.py:

        @pytest.fixture
        def compat_trainer(compat_version):
            return OldTrainer(lr=0.1) if compat_version == "v1" else NewTrainer(lr=0.1)
    """
    # Every run of pytest imports this module, and most want none of this.
    from compatkit.errors import CompatkitError

    marker = request.node.get_closest_marker("compat_trainer")
    named = marker.kwargs.get(compat_version) if marker else None
    reference = named or request.config.getini(f"compat_trainer_{compat_version}")
    if not reference:
        raise CompatkitError(
            f"No trainer is named for {compat_version}.",
            where=request.node.nodeid,
            hint=f"mark the test: compat_trainer(v1=..., v2=...); or set compat_trainer_{compat_version}",
        )
    return _load(reference) if isinstance(reference, str) else reference


@pytest.fixture(scope="session")
def _mlflow_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # MLflow is for those that ask for this fixture.
    from compatkit.equivalence.sandbox import make_template

    return make_template(tmp_path_factory.mktemp("compatkit-mlflow"))


@pytest.fixture
def mlflow_sandbox(tmp_path_factory: pytest.TempPathFactory, _mlflow_template: Path) -> Iterator[Sandbox]:
    """A private MLflow store for this test: `uri`, `folder`, `client()`, `run_ids()`. MLflow's state is set back."""
    # As above.
    from compatkit.equivalence.sandbox import sandboxed

    with sandboxed(tmp_path_factory.mktemp("mlflow-sandbox"), _mlflow_template) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def assert_runs_equivalent() -> Callable[..., None]:
    """The function `compatkit.testing.assert_runs_equivalent`: fails with what differs between two runs."""
    # As above.
    from compatkit.testing import assert_runs_equivalent as function

    return function


def _load(reference: str) -> Any:
    # As above.
    from compatkit.equivalence.errors import EquivalenceError

    module, _, name = reference.partition(":")
    try:
        return getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise EquivalenceError.bad_reference(reference, str(error)) from error
