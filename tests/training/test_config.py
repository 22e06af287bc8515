"""`OrchestratorConfig`: its settings, its errors, presets, and v1's arguments by the migration's table."""

from __future__ import annotations

import inspect
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compatkit.migration import Migration, find_migration
from compatkit.training import (
    PRESETS,
    ConfigError,
    OptimizerConfig,
    OrchestratorConfig,
    TrainingOrchestrator,
    TrainingOrchestratorV2,
    preset_config,
)
from compatkit.training.v2.settings.rules import RULES
from tests.training.strategies import Setup, setups

# Each of these leaves a training as v1 did it; the other settings that v1 lacked are read only where one is on.
ON_SWITCHES = {
    "optimizer.clip_norm": None,
    "optimizer.accumulate": 1,
    "scheduler.name": "constant",
    "scheduler.warmup_epochs": 0,
    "data.class_weights": "none",
    "data.noise": 0.0,
    "early_stopping.patience": None,
    "early_stopping.restore_best": False,
    "checkpoints.folder": None,
    "runtime.device": "cpu",
    "runtime.precision": "float32",
    "runtime.deterministic": False,
    "runtime.compile": "none",
    "tracking.metric_names": "v2",
}
V1_DEFAULTS = {
    name: parameter.default
    for name, parameter in inspect.signature(TrainingOrchestrator).parameters.items()
    if name != "trainer"
}


def test_defaults_are_those_of_v1(migration: Migration) -> None:
    defaults = OrchestratorConfig().flatten()

    assert {row.v1: defaults[row.v2] for row in migration.arguments} == V1_DEFAULTS


def test_table_has_v1s_positional_order(migration: Migration) -> None:
    rows = sorted(migration.arguments, key=lambda row: row.position)

    assert [row.v1 for row in rows] == list(V1_DEFAULTS)


def test_table_leads_to_settings(migration: Migration) -> None:
    assert {row.v2 for row in migration.arguments} <= set(OrchestratorConfig().flatten())


def test_what_only_v2_has_is_off(migration: Migration) -> None:
    declared = {row.v2 for row in migration.arguments}

    own = {path: value for path, value in OrchestratorConfig().flatten().items() if path not in declared}
    switches = {path: own[path] for path in ON_SWITCHES}
    assert switches == ON_SWITCHES


def test_every_setting_has_a_rule() -> None:
    assert set(RULES) == set(OrchestratorConfig().flatten())


@given(setups())
def test_v1_keywords_arrive_at_their_settings(migration: Migration, setup: Setup) -> None:
    arguments = setup.v1_arguments()

    settings = OrchestratorConfig.from_v1((), arguments, migration).flatten()

    assert {row.v1: settings[row.v2] for row in migration.arguments if row.v1 in arguments} == arguments


@given(setups(), st.integers(0, len(V1_DEFAULTS)))
def test_positions_and_keywords_say_the_same(migration: Migration, setup: Setup, cut: int) -> None:
    arguments = {**V1_DEFAULTS, **setup.v1_arguments()}
    names = list(arguments)

    mixed = OrchestratorConfig.from_v1(
        [arguments[name] for name in names[:cut]], {name: arguments[name] for name in names[cut:]}, migration
    )

    assert mixed == OrchestratorConfig.from_v1((), arguments, migration)


def test_unknown_argument_is_answered_with_the_nearest(migration: Migration) -> None:
    with pytest.raises(ConfigError, match=r"'batch_sizes'(.*\n)*.*did you mean 'batch_size'"):
        OrchestratorConfig.from_v1((), {"batch_sizes": 1}, migration)


def test_argument_given_twice_is_refused(migration: Migration) -> None:
    with pytest.raises(ConfigError, match="'experiment_name' was given by position and by name"):
        OrchestratorConfig.from_v1(["a"], {"experiment_name": "b"}, migration)


def test_too_many_positions_are_refused(migration: Migration) -> None:
    with pytest.raises(ConfigError, match="19 arguments were given by position; v1 knows 17"):
        OrchestratorConfig.from_v1([None] * 19, {}, migration)


@given(setups())
def test_dict_round_trips_through_json(migration: Migration, setup: Setup) -> None:
    config = OrchestratorConfig.from_v1((), setup.v1_arguments(), migration)

    assert OrchestratorConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_part_of_a_dict_keeps_the_other_defaults() -> None:
    config = OrchestratorConfig.from_dict({"optimizer": {"name": "sgd"}})

    assert config == OrchestratorConfig(optimizer=OptimizerConfig(name="sgd"))


def test_overrides_leave_the_original_alone() -> None:
    original = OrchestratorConfig()

    changed = original.with_overrides({"optimizer.learning_rate": 0.5, "epochs": 3})

    assert (changed.optimizer.learning_rate, changed.epochs) == (0.5, 3)
    assert original == OrchestratorConfig()


@pytest.mark.parametrize("settings", [{"optimizer": {"learning_rat": 1}}, {"optimizer.learning_rat": 1}])
def test_unknown_setting_is_answered_with_the_nearest(settings: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=r"did you mean 'optimizer\.learning_rate'"):
        OrchestratorConfig.from_dict(settings)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("epochs", 0),
        ("epochs", 1.5),
        ("epochs", True),
        ("epochs", "10"),
        ("model.type", "mpl"),
        ("model.layers", -1),
        ("model.dropout", 1.5),
        ("optimizer.learning_rate", float("nan")),
        ("optimizer.learning_rate", float("inf")),
        ("optimizer.momentum", -0.1),
        ("data.batch_size", 0),
        ("data.validation_fraction", 1.0),
        ("runtime.seed", 2**32),
        ("runtime.threads", 0),
        ("tracking.experiment_name", ""),
        ("tracking.uri", 5),
        ("tracking.log_model", 1),
    ],
)
def test_impossible_value_is_named_with_its_path(path: str, value: object) -> None:
    with pytest.raises(ConfigError) as caught:
        OrchestratorConfig().with_overrides({path: value})

    assert str(caught.value).startswith(f"{path} is {value!r}; it must be ")


def test_misspelt_choice_is_answered_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match="did you mean 'adam'"):
        OrchestratorConfig(optimizer=OptimizerConfig(name="adan"))


def test_section_of_another_kind_is_refused() -> None:
    with pytest.raises(ConfigError, match="optimizer is 'adam'; it must be an instance of OptimizerConfig"):
        OrchestratorConfig(optimizer="adam")


@pytest.mark.parametrize("name", PRESETS)
def test_preset_is_the_orchestrators_config(name: str) -> None:
    assert TrainingOrchestratorV2(preset=name).config == preset_config(name)


def test_presets_are_those_of_the_contract() -> None:
    expected = ["quick_test", "development", "production_small", "production_medium", "production_large"]

    assert list(PRESETS) == expected


def test_unknown_preset_is_answered_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match="did you mean 'production_small'"):
        TrainingOrchestratorV2(preset="production_smal")


def test_v1_arguments_change_a_preset() -> None:
    config = TrainingOrchestratorV2(preset="production_large", lr=0.5).config

    assert config == preset_config("production_large").with_overrides({"optimizer.learning_rate": 0.5})


def test_v1_arguments_change_a_config() -> None:
    config = TrainingOrchestratorV2(preset_config("development"), lr=0.5).config

    assert config == preset_config("development").with_overrides({"optimizer.learning_rate": 0.5})


def test_config_and_preset_are_refused_together() -> None:
    with pytest.raises(ConfigError, match="both given"):
        TrainingOrchestratorV2(OrchestratorConfig(), preset="development")


def test_first_argument_that_is_no_config_is_v1s_first() -> None:
    config = TrainingOrchestratorV2("my-experiment", "cnn", 3).config

    assert (config.tracking.experiment_name, config.model.type, config.epochs) == ("my-experiment", "cnn", 3)


def test_config_takes_the_place_of_v1s_first() -> None:
    config = TrainingOrchestratorV2(OrchestratorConfig(epochs=7), "cnn").config

    assert (config.model.type, config.epochs) == ("cnn", 7)


def test_v1s_trainer_may_be_given_by_position() -> None:
    trainer = object()

    assert TrainingOrchestratorV2(*V1_DEFAULTS.values(), trainer).trainer is trainer


def test_trainer_given_twice_is_refused() -> None:
    with pytest.raises(ConfigError, match="'trainer' was given by position and by name"):
        TrainingOrchestratorV2(*V1_DEFAULTS.values(), object(), trainer=object())


def test_the_configuration_reads_as_v1s_flat_dict_did() -> None:
    config = OrchestratorConfig().with_overrides({"optimizer.learning_rate": 0.5})

    assert config["lr"] == config["optimizer.learning_rate"] == config.get("lr") == 0.5
    assert "hidden_size" in config
    assert dict(config) == {name: config[name] for name in config}
    assert list(config) == [row.v1 for row in find_migration().arguments]


def test_what_neither_generation_knows_is_absent() -> None:
    config = OrchestratorConfig()

    assert "learning" not in config
    assert config.get("learning", 3) == 3
    with pytest.raises(KeyError, match="learning"):
        config["learning"]


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("optimizer.lr", "optimizer.learning_rate"),
        ("lr", "optimizer.learning_rate"),
        ("optimizer.learnig_rate", "optimizer.learning_rate"),
    ],
)
def test_a_setting_under_its_v1_name_is_answered_with_that_of_v2(path: str, meant: str) -> None:
    with pytest.raises(ConfigError, match=rf"did you mean '{meant}'"):
        OrchestratorConfig().with_overrides({path: 0.1})
