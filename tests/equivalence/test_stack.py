"""The central claim: either trainer on either orchestrator logs equivalent output, whatever is configured."""

from __future__ import annotations

from itertools import combinations, product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compatkit.equivalence import EquivalenceError
from compatkit.equivalence.matrix import Matrix, Scenario
from compatkit.equivalence.reading.reader import take_snapshot
from compatkit.equivalence.stack import load_class, verify_stack
from compatkit.migration import Migration
from compatkit.training import (
    DATASETS,
    MODEL_TYPES,
    PRESETS,
    ModelTrainer,
    OrchestratorConfig,
    TrainingOrchestratorV2,
)
from tests.equivalence.scenarios import BEYOND_V1, OF_TRACKING, OWN_DATA, covering_matrix

pytestmark = pytest.mark.slow("trains by the dozen")
overrides = st.fixed_dictionaries(
    {"epochs": st.integers(1, 2), "tracking.log_model": st.just(False), "model.hidden_size": st.integers(1, 16)},
    optional={
        "model.type": st.sampled_from(MODEL_TYPES),
        "model.layers": st.integers(1, 2),
        "model.dropout": st.sampled_from([0.0, 0.3]),
        "optimizer.name": st.sampled_from(["adam", "adamw", "sgd"]),
        "optimizer.learning_rate": st.floats(1e-5, 0.5),
        "optimizer.weight_decay": st.sampled_from([0.0, 1e-3]),
        "optimizer.momentum": st.sampled_from([0.0, 0.9]),
        "data.batch_size": st.integers(8, 400),
        "data.validation_fraction": st.floats(0.3, 0.5),
        "runtime.seed": st.integers(0, 2**31),
    },
)
# Most trainings stay within what v1 can do too.
beyond = st.just({}) | st.just({}) | st.sampled_from([*BEYOND_V1.values(), *OF_TRACKING.values()])
bundled = st.sampled_from([(name, None) for name in DATASETS])
own = st.sampled_from(sorted(OWN_DATA)).map(lambda name: (name, OWN_DATA[name]()))


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    dataset, data = draw(bundled | own)
    changes = {**draw(overrides), **draw(beyond)}
    return Scenario(dataset, draw(st.sampled_from(sorted(PRESETS))), changes, data=data)


@pytest.fixture(scope="module")
def store(tracking_uri: str) -> Path:
    """The worker's store: to make one takes seconds."""
    return Path(tracking_uri.removeprefix("sqlite:///")).parent


def require_agreement(matrix: Matrix) -> None:
    """Fail unless all cells are equivalent, or all diverged in the same epoch and for the same reason."""
    have_all_diverged = "loss became" in matrix.cells[0].failure and len({cell.failure for cell in matrix.cells}) == 1
    is_agreed = matrix.is_equivalent or have_all_diverged
    assert is_agreed, [cell for cell in matrix.cells if cell.failure or cell.verdict]


@pytest.mark.parametrize("scenario", [*covering_matrix(epochs=2, width=8)], ids=str)
def test_every_preset_data_set_and_model_is_equivalent_on_all_four_combinations(
    scenario: Scenario, store: Path, migration: Migration
) -> None:
    matrix = verify_stack(scenario, migration, store=store)

    assert len(matrix.cells) == 4
    assert matrix.is_equivalent, [cell for cell in matrix.cells if cell.failure or cell.verdict]


def test_the_covering_matrix_has_every_pair() -> None:
    triples = [
        (scenario.preset, scenario.dataset, scenario.overrides["model.type"]) for scenario in covering_matrix(1, 1)
    ]

    for one, other in combinations(range(3), 2):
        values = ({triple[one] for triple in triples}, {triple[other] for triple in triples})
        assert {(triple[one], triple[other]) for triple in triples} == set(product(*values))
    assert [len({triple[place] for triple in triples}) for place in range(3)] == [5, 4, 3]


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(scenario=scenarios())
def test_whatever_is_configured_is_equivalent(scenario: Scenario, store: Path, migration: Migration) -> None:
    matrix = verify_stack(scenario, migration, store=store)

    assert len(matrix.cells) == (2 if matrix.left_out else 4)
    require_agreement(matrix)


@pytest.mark.parametrize("model", ["mlp", "cnn"])
def test_models_that_are_logged_are_equivalent(model: str, store: Path, migration: Migration) -> None:
    changes = {"model.type": model, "model.hidden_size": 4, "epochs": 1, "tracking.log_model": True}

    matrix = verify_stack(Scenario("wine", "production_medium", changes), migration, store=store)

    assert matrix.is_equivalent
    assert {cell.verdict.compared["models"] for cell in matrix.cells if cell.verdict} == {1}


TOGETHER = [
    ("cosine", "clipping", "accumulation"),
    ("plateau", "class weights", "noise"),
    ("step", "early stopping", "repeatable kernels"),
    ("linear with a warm-up", "bfloat16"),
]


@pytest.mark.parametrize("names", TOGETHER, ids=" and ".join)
def test_what_only_v2_does_its_trainer_does_on_either_orchestrator(
    names: tuple[str, ...], store: Path, migration: Migration
) -> None:
    changes = {path: value for name in names for path, value in BEYOND_V1[name].items()}
    scenario = Scenario(
        "imbalanced tensors",
        "quick_test",
        {"epochs": 4, "optimizer.learning_rate": 0.1, **changes},
        data=OWN_DATA["imbalanced tensors"](),
    )

    matrix = verify_stack(scenario, migration, store=store)

    assert {cell.trainer for cell in matrix.cells} == {"ModelTrainerV2"}
    assert len(matrix.cells) == 2
    assert matrix.is_equivalent, matrix.cells[1].verdict
    allowed = {entry.difference.name for entry in matrix.cells[1].verdict.allowed}
    assert allowed >= {path for path, value in changes.items() if not path.startswith("optimizer.learning")}


def test_what_only_v2_does_is_done_on_v1s_orchestrator_too(store: Path, migration: Migration) -> None:
    scenario = Scenario("iris", "quick_test", {"epochs": 3, **BEYOND_V1["exponential"]})

    matrix = verify_stack(scenario, migration, store=store)

    (rates, _) = (
        take_snapshot(cell.run_id, tracking_uri=f"sqlite:///{store / 'mlflow.db'}").metrics for cell in matrix.cells
    )
    assert [point.value for point in rates["lr"]] == [1e-3, 5e-4, 2.5e-4]
    assert matrix.left_out == ("ModelTrainer: it knows no scheduler.name, no scheduler.factor",)


class Plain(ModelTrainer):
    """A trainer of the user's own, which knows no scheduler."""


class Forgetful(TrainingOrchestratorV2):
    """An orchestrator of the user's own, which forgets the scheduler."""

    def __init__(self, config: OrchestratorConfig, **arguments: Any) -> None:
        super().__init__(config.with_overrides({"scheduler.name": "constant"}), **arguments)


def test_a_trainer_that_passes_a_setting_over_fails_its_cells(store: Path, migration: Migration) -> None:
    scenario = Scenario("iris", "quick_test", {"scheduler.name": "cosine"})

    matrix = verify_stack(scenario, migration, store=store, trainers=[Plain])

    failures = {cell.failure for cell in matrix.cells if cell.trainer == "Plain"}
    assert len(failures) == 1
    assert "Plain trains without scheduler.name" in failures.pop()
    assert not matrix.is_equivalent


def test_an_orchestrator_that_passes_a_setting_over_is_different(store: Path, migration: Migration) -> None:
    scenario = Scenario("iris", "quick_test", {"scheduler.name": "cosine"})

    matrix = verify_stack(scenario, migration, store=store, orchestrators=[Forgetful])

    verdicts = {cell.orchestrator: cell.verdict.word for cell in matrix.cells if cell.verdict}
    assert verdicts == {"TrainingOrchestratorV2": "equivalent", "Forgetful": "different"}


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
