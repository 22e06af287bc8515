"""The central claim: either trainer on either orchestrator logs equivalent output, whatever is configured."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compatkit.equivalence import EquivalenceError
from compatkit.equivalence.matrix import Matrix, Scenario
from compatkit.equivalence.stack import load_class, verify_stack
from compatkit.migration import Migration
from compatkit.training import DATASETS, PRESETS, ModelTrainer
from tests.training.strategies import FITTING

overrides = st.fixed_dictionaries(
    {"epochs": st.integers(1, 3), "tracking.log_model": st.booleans()},
    optional={
        "model.type": st.sampled_from(["mlp", "cnn", "transformer"]),
        "model.hidden_size": st.integers(1, 24),
        "model.layers": st.integers(1, 2),
        "model.dropout": st.sampled_from([0.0, 0.3]),
        "optimizer.name": st.sampled_from(["adam", "adamw", "sgd"]),
        "optimizer.learning_rate": st.floats(1e-5, 0.5),
        "optimizer.weight_decay": st.sampled_from([0.0, 1e-3]),
        "optimizer.momentum": st.sampled_from([0.0, 0.9]),
        "data.batch_size": st.integers(8, 400),
        "data.validation_fraction": st.floats(0.15, 0.5),
        "runtime.seed": st.integers(0, 2**31),
    },
)


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    chosen = draw(overrides)
    dataset = draw(st.sampled_from(FITTING.get(str(chosen.get("model.type")), DATASETS)))
    return Scenario(dataset, draw(st.sampled_from(sorted(PRESETS))), chosen)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("verify")


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(scenario=scenarios())
def test_all_four_combinations_log_equivalent_output(scenario: Scenario, store: Path, migration: Migration) -> None:
    matrix = verify_stack(scenario, migration, store=store)

    assert len(matrix.cells) == 4
    # A training that diverges fails, and then on either stack, in the same epoch and for the same reason.
    have_all_diverged = "loss became" in matrix.cells[0].failure and len({cell.failure for cell in matrix.cells}) == 1
    is_agreed = matrix.is_equivalent or have_all_diverged
    assert is_agreed, [cell for cell in matrix.cells if cell.failure or cell.verdict]


def test_every_allowance_of_the_bundled_migration_is_needed_by_the_bundled_stack(
    store: Path, migration: Migration
) -> None:
    matrix = verify_stack(Scenario("iris", "quick_test"), migration, store=store)

    unused = [set(cell.verdict.unused) for cell in matrix.cells if cell.verdict]
    assert len(unused) == 3
    assert not set.intersection(*unused)


class Raising(ModelTrainer):
    def train(self, *_: object, **__: object) -> list[dict[str, object]]:
        raise RuntimeError("no data today")


def test_a_trainer_that_raises_fails_its_cells_and_the_others_go_on(store: Path, migration: Migration) -> None:
    scenario = Scenario("iris", "quick_test")

    matrix = verify_stack(scenario, migration, store=store, trainers=[Raising])

    failures = {cell.trainer: cell.failure for cell in matrix.cells}
    assert "no data today" in failures["Raising"]
    assert matrix.has_failures
    assert not matrix.is_equivalent
    assert not failures["ModelTrainerV2"]


class Leaving(ModelTrainer):
    def train(self, *_: object, **__: object) -> list[dict[str, object]]:
        raise SystemExit(0)


class Stopping(ModelTrainer):
    def train(self, *_: object, **__: object) -> list[dict[str, object]]:
        raise KeyboardInterrupt


def test_a_trainer_that_exits_fails_its_cells(store: Path, migration: Migration) -> None:
    matrix = verify_stack(Scenario("iris", "quick_test"), migration, store=store, trainers=[Leaving])

    assert {cell.trainer: cell.failure for cell in matrix.cells}["Leaving"] == "SystemExit: 0"
    assert not matrix.is_equivalent


def test_an_interrupt_is_no_failure_of_a_cell(store: Path, migration: Migration) -> None:
    with pytest.raises(KeyboardInterrupt):
        verify_stack(Scenario("iris", "quick_test"), migration, store=store, trainers=[Stopping])


def test_a_class_of_a_name_that_is_taken_has_a_column_of_its_own(store: Path, migration: Migration) -> None:
    namesake = type("ModelTrainer", (Raising,), {"__module__": "own"})

    matrix = verify_stack(Scenario("iris", "quick_test"), migration, store=store, trainers=[namesake])

    failed = {cell.trainer for cell in matrix.cells if cell.failure}
    assert failed == {"own.ModelTrainer"}


def test_a_matrix_without_a_verdict_is_not_equivalent() -> None:
    assert not Matrix(Scenario("iris", "quick_test"), ()).is_equivalent


@pytest.mark.parametrize("reference", ["absent_module:X", "json:absent", "json", "json:dumps", ":X"])
def test_a_class_that_cannot_be_loaded_is_an_error(reference: str) -> None:
    with pytest.raises(EquivalenceError, match="cannot be loaded"):
        load_class(reference)


@pytest.mark.parametrize("code", ["raise SystemExit(0)", "raise RuntimeError", "1 +", "import absent_module"])
def test_a_module_that_cannot_be_imported_is_an_error(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"broken_{abs(hash(code))}"
    (tmp_path / f"{name}.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(EquivalenceError, match="cannot be loaded"):
        load_class(f"{name}:Trainer")


def test_an_interrupt_of_an_import_interrupts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "interrupted_import.py").write_text("raise KeyboardInterrupt")
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(KeyboardInterrupt):
        load_class("interrupted_import:Trainer")
