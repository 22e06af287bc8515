"""Settings in files and on the command line: nothing is lost, and what is wrong is named."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import HealthCheck, given, settings

from compatkit.training import ConfigError, OrchestratorConfig, preset_config
from compatkit.training.v2.settings.rules import RULES
from tests.training.configs import VALUES, configs

ENDINGS = pytest.mark.parametrize("ending", [".toml", ".yaml", ".yml", ".json"])
IN_ONE_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


def test_every_setting_is_generated() -> None:
    assert set(VALUES) == set(RULES)


@ENDINGS
@settings(IN_ONE_FOLDER, max_examples=40)
@given(config=configs)
def test_file_round_trips(config: OrchestratorConfig, ending: str, tmp_path: Path) -> None:
    file = tmp_path / f"config{ending}"

    config.to_file(file)

    assert OrchestratorConfig.from_file(file) == config


@given(configs)
def test_assignments_say_every_setting(config: OrchestratorConfig) -> None:
    # "none" is None on the command line, as `str(None).lower()` is.
    settings = config.flatten()
    said = {path: value for path, value in settings.items() if not isinstance(value, str) or value.lower() != "none"}

    built = OrchestratorConfig().with_assignments([f"{path}={value}" for path, value in said.items()]).flatten()

    assert {path: built[path] for path in said} == said


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("epochs", "sets nothing"),
        ("epoch=3", "did you mean 'epochs'"),
        ("optimizer.learning_rat=1", r"did you mean 'optimizer\.learning_rate'"),
        ("epochs=three", "epochs is 'three'; it must be an integer"),
        ("epochs=1.5", "epochs is '1.5'; it must be an integer"),
        ("epochs=0", "epochs is 0; it must be an integer of at least 1"),
        ("optimizer.learning_rate=nan", "must be a finite number"),
        ("tracking.log_model=perhaps", "must be True or False"),
        ("model.type=cn", "did you mean 'cnn'"),
        ("=3", "no setting ''"),
    ],
)
def test_bad_assignment_is_named(assignment: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        OrchestratorConfig().with_assignments([assignment])


def test_yaml_reads_exponents_without_a_point_as_numbers(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(
        dedent("""\
            optimizer:
              learning_rate: 1e-3
              clip_norm: 5e-1
            """)
    )

    config = OrchestratorConfig.from_file(file)

    assert (config.optimizer.learning_rate, config.optimizer.clip_norm) == (1e-3, 0.5)


def test_file_starts_from_its_preset(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('preset = "production_large"\nepochs = 3\n')

    assert OrchestratorConfig.from_file(file) == preset_config("production_large").with_overrides({"epochs": 3})


def test_empty_file_is_the_defaults(tmp_path: Path) -> None:
    for ending in (".toml", ".yaml"):
        (tmp_path / f"config{ending}").write_text("")

        assert OrchestratorConfig.from_file(tmp_path / f"config{ending}") == OrchestratorConfig()


ALIASES = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("config.toml", "epochs = ", "cannot be read"),
        ("config.yaml", "a: [", "cannot be read"),
        ("config.yaml", "- 1", "not a table"),
        ("config.json", "[1]", "not a table"),
        ("config.json", '{"a":' * 100_000, "nested too deep"),
        ("config.yaml", "[" * 20_000, "nested more than 200 deep|maximum nesting depth"),  # ours, or libyaml's
        ("config.yaml", "epochs: 1\nepochs: 2", "a key twice"),
        ("config.yaml", "epochs: 1\n---\nepochs: 2", "several documents"),
        ("config.yaml", ALIASES, "too many values"),
        ("config.toml", "a.b." * 40 + "c = 1", "more than 64 parts"),
        ("config.json", '{"a": "' + "x" * (1 << 23) + '"}', "larger than 4 MiB"),
        ("config.ini", "", "no known ending"),
        ("config.toml", "epochs = 0", "epochs is 0"),
        ("config.toml", "[optimizer]\nlearning_rat = 1", r"did you mean 'optimizer\.learning_rate'"),
        ("config.toml", 'optimizer = "adam"', "no setting 'optimizer'"),
        ("config.toml", 'preset = "nightly"', "no preset 'nightly'"),
    ],
)
def test_bad_file_is_named(name: str, text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)

    with pytest.raises(ConfigError, match=message):
        OrchestratorConfig.from_file(tmp_path / name)


def test_error_in_a_file_names_the_file(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("epochs = 0")

    with pytest.raises(ConfigError) as caught:
        OrchestratorConfig.from_file(file)

    assert caught.value.where == str(file)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent\.toml"):
        OrchestratorConfig.from_file(tmp_path / "absent.toml")


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ({"scheduler": {"name": "plateau", "warmup_epochs": 1}}, "scheduler.warmup_epochs"),
        ({"runtime": {"precision": "float16"}}, "runtime.precision"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(settings: dict[str, object], path: str) -> None:
    with pytest.raises(ConfigError, match=f"{path} and .* do not go together"):
        OrchestratorConfig.from_dict(settings)
