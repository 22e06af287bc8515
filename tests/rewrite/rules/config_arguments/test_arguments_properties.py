"""Any rewritten call builds the same configuration as before, and loses no comment."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from compatkit.migration import find_migration
from compatkit.training.v2 import PRESETS, OrchestratorConfig
from tests.rewrite.modern import applied, find_arguments, reports

HOME = "compatkit.training.v2.orchestrator"
MIGRATION = find_migration().relocated({"backend.ml_engine.training_orchestrator_v2": HOME})
HEAD = f"from {HOME} import TrainingOrchestratorV2 as TrainingOrchestrator\n"
VALUES = {
    "experiment_name": ["'x'", "'a' + name", "f'{name}-1'"],
    "model_type": ["'mlp'", "'cnn'"],
    "epochs": ["2", "5", "20", "30", "50", "number", "max(3, 4)"],
    "batch_size": ["32", "64", "number"],
    "lr": ["1e-3", "0.5", "share"],
    "hidden_size": ["16", "32", "64", "128", "256"],
    "num_layers": ["1", "2", "3"],
    "dropout": ["0.0", "0.1", "0.2", "share"],
    "optimizer": ["'adam'", "'adamw'"],
    "weight_decay": ["0.0", "1e-2", "0.01"],
    "momentum": ["0.9"],
    "val_split": ["0.2", "share"],
    "seed": ["42", "number", "(7)"],
    "num_threads": ["1", "[1, 2][0]"],
    "tracking_uri": ["None", "'sqlite:///x.db'"],
    "run_name": ["None", "name"],
    "log_model": ["True", "False", "not name"],
}


@st.composite
def calls(draw: st.DrawFn) -> str:
    """A v1 call: some arguments by position, some by name, perhaps over lines and with comments."""
    names = list(VALUES)
    positional = draw(st.sampled_from([0, 0, 1, 2, 5, 17]))
    named = draw(st.lists(st.sampled_from(names[positional:] or ["trainer"]), unique=True, max_size=7))
    written = [draw(st.sampled_from(VALUES[name])) for name in names[:positional]]
    written += [f"{name}={draw(st.sampled_from(VALUES.get(name, ['None'])))}" for name in named]
    written += draw(st.sampled_from([[], [], ["trainer=None"]])) if "trainer" not in named else []
    if draw(st.booleans()):
        return f"TrainingOrchestrator({', '.join(written)})"
    above = [draw(st.sampled_from(["", "", f"    # above {at}\n"])) for at in range(len(written))]
    behind = [draw(st.sampled_from(["", "", f"  # behind {at}"])) for at in range(len(written))]
    lines = [f"{a}    {arg},{b}\n" for a, arg, b in zip(above, written, behind, strict=True)]
    foot = draw(st.sampled_from(["", "    # foot\n"]))
    return f"TrainingOrchestrator({draw(st.sampled_from(['', '  # head']))}\n{''.join(lines)}{foot})"


def config_of(source: str) -> OrchestratorConfig:
    space: dict[str, Any] = {"name": "nightly", "number": 4, "share": 0.25}
    exec(compile(source, "program", "exec"), space)
    config = space["made"].config
    assert isinstance(config, OrchestratorConfig)
    return config


def rewritten(source: str) -> str:
    return applied(find_arguments, source, [MIGRATION])


@given(calls())
def test_the_configuration_is_the_same(call: str) -> None:
    source = f"{HEAD}made = {call}\n"

    assert config_of(rewritten(source)) == config_of(source)


@given(calls())
def test_a_call_is_rewritten_once_or_reported(call: str) -> None:
    source = f"{HEAD}made = {call}\n"
    once = rewritten(source)

    assert rewritten(once) == once
    assert not (once != source and reports(find_arguments, source, [MIGRATION]))


@given(calls())
def test_no_comment_is_lost(call: str) -> None:
    comments = re.findall(r"#.*", call)

    assert re.findall(r"#.*", rewritten(f"{HEAD}made = {call}\n")) == comments or sorted(
        re.findall(r"#.*", rewritten(f"{HEAD}made = {call}\n"))
    ) == sorted(comments)


def test_the_declared_presets_are_the_real_ones() -> None:
    (config,) = find_migration().configs
    defaults = OrchestratorConfig().flatten()

    declared = {preset.name: dict(preset.settings) for preset in config.presets}
    real = {name: preset.flatten().items() - defaults.items() for name, preset in PRESETS.items()}
    assert declared == {name: dict(settings) for name, settings in real.items()}


def test_the_declared_defaults_are_the_real_ones_of_all_that_presets_set() -> None:
    (config,) = find_migration().configs
    defaults = OrchestratorConfig().flatten()

    paths = {path for preset in config.presets for path, _ in preset.settings}
    assert dict(config.defaults) == {path: defaults[path] for path in paths}
