"""Presets: the bundled ones, a project's own, and those of installed packages."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from compatkit.training import (
    PRESETS,
    ConfigError,
    DataConfig,
    OrchestratorConfig,
    TrainingOrchestratorV2,
    available_presets,
    preset_config,
)


def project(folder: Path, text: str) -> Path:
    (folder / "pyproject.toml").write_text(text)
    return folder


def package(folder: Path, value: str) -> Path:
    """Put a package into `folder` that registers `value` as the preset `lab`."""
    (folder / "lab_presets.py").write_text(f"from compatkit.training import OrchestratorConfig\nlab = {value}\n")
    info = folder / "lab_presets-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        dedent("""\
            Metadata-Version: 2.1
            Name: lab-presets
            Version: 1
            """)
    )
    (info / "entry_points.txt").write_text("[compatkit.presets]\nlab = lab_presets:lab\n")
    return folder


def test_overrides_change_a_preset() -> None:
    config = OrchestratorConfig.from_preset("development", epochs=3, data=DataConfig(batch_size=8), model={"layers": 2})

    expected = {"epochs": 3, "data.batch_size": 8, "model.layers": 2}
    assert config == preset_config("development").with_overrides(expected)


def test_unknown_override_is_answered_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match="did you mean 'epochs'"):
        OrchestratorConfig.from_preset("development", epoch=3)


def test_projects_own_preset_starts_from_its_base(tmp_path: Path) -> None:
    text = dedent(
        """\
        [tool.compatkit.presets.nightly]
        base = "production_small"
        optimizer = { learning_rate = 0.5 }
        """
    )

    presets = available_presets(start=project(tmp_path, text))

    assert presets["nightly"] == PRESETS["production_small"].with_overrides({"optimizer.learning_rate": 0.5})
    assert list(presets)[: len(PRESETS)] == list(PRESETS)


def test_preset_of_the_project_is_the_orchestrators(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project(tmp_path, "[tool.compatkit.presets.nightly]\nepochs = 3\n"))

    assert TrainingOrchestratorV2(preset="nightly").config.epochs == 3


@pytest.mark.parametrize("value", ["{'base': 'quick_test', 'epochs': 7}", "OrchestratorConfig(epochs=7)"])
def test_installed_preset_is_found(value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(package(tmp_path, value))
    monkeypatch.delitem(__import__("sys").modules, "lab_presets", raising=False)

    assert available_presets()["lab"].epochs == 7


def test_bundled_preset_is_found_without_running_foreign_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(package(tmp_path, "1 / 0"))
    monkeypatch.delitem(__import__("sys").modules, "lab_presets", raising=False)

    assert preset_config("quick_test") == PRESETS["quick_test"]
    with pytest.raises(ConfigError, match="'lab' cannot be used: ZeroDivisionError"):
        available_presets()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[tool.compatkit.presets.quick_test]\nepochs = 1\n", "'quick_test' is there already"),
        ("[tool.compatkit.presets.nightly]\nepoch = 1\n", "did you mean 'epochs'"),
        ('[tool.compatkit.presets.nightly]\nbase = "x"\n', "its base 'x' is not a preset"),
        ("[tool.compatkit.presets]\nnightly = 3\n", "it is a int, not a table"),
        ("[tool.compatkit]\npresets = 3\n", "is not a table"),
    ],
)
def test_bad_preset_is_named(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=message):
        available_presets(start=project(tmp_path, text))


def test_project_with_presets_is_still_read_by_the_other_commands(tmp_path: Path) -> None:
    from compatkit.migrate.settings import load_settings
    from compatkit.migration import load_project

    folder = project(tmp_path, "[tool.compatkit.presets.nightly]\nepochs = 3\n")

    assert load_project(folder).origin == load_settings(folder).project.origin == folder / "pyproject.toml"
