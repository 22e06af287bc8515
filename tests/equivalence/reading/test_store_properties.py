"""On a real store: logged again in another order, a run is equivalent; with one thing changed, it is not."""

from __future__ import annotations

import random
import sys
import time
from dataclasses import dataclass, field, fields, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, LoggedModelOutput, Metric, Param, RunTag

from compatkit.equivalence import Policy, Tolerance, compare_snapshots, take_snapshot

ON_A_STORE = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
names = st.text("abAB_/ .-", min_size=1, max_size=4).filter(lambda name: name == name.strip() and name.isidentifier())
# Not codec="utf-8", the same characters: each process would encode all there are, for seconds, to find out.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=6)
values = st.one_of(st.floats(-1e9, 1e9), st.sampled_from([float("nan"), float("inf"), -0.0, 5e-324]))
files = st.sampled_from(["a b.txt", "a%20b.txt", "50%.txt", "50%25.txt", "a#b", "a?b", "x/y/z", "x/y.z", "MLmodel"])
inputs = st.tuples(st.sampled_from("ab"), st.sampled_from(["training", "validation", ""]))


@dataclass(frozen=True)
class Logged:
    """What is logged; a data set by name and context has a digest."""

    params: dict[str, str] = field(default_factory=dict)
    metrics: dict[tuple[str, int], float] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    inputs: dict[tuple[str, str], str] = field(default_factory=dict)
    models: dict[str, str] = field(default_factory=dict)


runs = st.builds(
    Logged,
    params=st.dictionaries(names, texts, max_size=3),
    metrics=st.dictionaries(st.tuples(names, st.integers(0, 3)), values, min_size=1, max_size=5),
    tags=st.dictionaries(names, texts, max_size=3),
    files=st.dictionaries(files, texts, max_size=3),
    inputs=st.dictionaries(inputs, st.sampled_from(["d1", "d2"]), max_size=3),
    models=st.dictionaries(names, texts, max_size=2),
)


@pytest.fixture(scope="module")
def experiment(tracking_uri: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("artifacts")
    (folder / "experiment").mkdir()
    return str(MlflowClient(tracking_uri).create_experiment(str(folder), artifact_location=folder.as_uri()))


def log(logged: Logged, uri: str, experiment: str, order: random.Random) -> str:
    """Log to a run of its own, each kind of thing in any order and at any time."""
    client = MlflowClient(uri)
    run = str(client.create_run(experiment).info.run_id)
    now = time.time_ns() // 1_000_000
    metrics = [Metric(name, value, now + order.randrange(9), step) for (name, step), value in logged.metrics.items()]
    client.log_batch(
        run,
        metrics=mixed(metrics, order),
        params=mixed([Param(name, text) for name, text in logged.params.items()], order),
        tags=mixed([RunTag(name, text) for name, text in logged.tags.items()], order),
    )
    for name, text in mixed(logged.files.items(), order):
        client.log_text(run, text, name)
    given = [
        DatasetInput(Dataset(f"{name}-{context}", digest, "local", "{}"), tags_of(context))
        for (name, context), digest in logged.inputs.items()
    ]
    client.log_inputs(run, mixed(given, order))
    for name, text in mixed(logged.models.items(), order):
        model = client.create_logged_model(experiment, name=name, source_run_id=run, tags={"said": text})
        client.log_outputs(run, [LoggedModelOutput(model.model_id, step=0)])
    client.set_terminated(run)
    return run


def tags_of(context: str) -> list[InputTag]:
    return [InputTag("mlflow.data.context", context)] if context else []


def mixed(things: Any, order: random.Random) -> list[Any]:
    listed = list(things)
    order.shuffle(listed)
    return listed


@pytest.mark.slow("logs and reads runs by the dozen")
@ON_A_STORE
@given(logged=runs, order=st.randoms(use_true_random=False))
def test_the_same_logged_in_another_order_is_equivalent(
    logged: Logged, order: random.Random, tracking_uri: str, experiment: str
) -> None:
    one, other = (
        take_snapshot(log(logged, tracking_uri, experiment, order), tracking_uri=tracking_uri) for _ in range(2)
    )

    verdict = compare_snapshots(one, other, Policy.exact())

    assert verdict.is_equivalent, verdict.deciding


@pytest.mark.slow("logs and reads runs by the dozen")
@ON_A_STORE
@given(logged=runs, data=st.data())
def test_one_thing_logged_otherwise_is_reported(
    logged: Logged, data: st.DataObject, tracking_uri: str, experiment: str
) -> None:
    kind = data.draw(st.sampled_from([field.name for field in fields(Logged)]))
    things = dict(getattr(logged, kind))
    assume(things)
    name = data.draw(st.sampled_from(sorted(things)))
    if data.draw(st.booleans()):
        del things[name]
    else:
        things[name] = another(things[name])
    order = random.Random(0)

    one, other = (
        take_snapshot(log(content, tracking_uri, experiment, order), tracking_uri=tracking_uri)
        for content in (logged, replace(logged, **{kind: things}))
    )

    assert not compare_snapshots(one, other, Policy.exact()).is_equivalent
    assert not compare_snapshots(other, one, Policy.exact()).is_equivalent


def another(value: Any) -> Any:
    if isinstance(value, str):
        return value + "'"
    return 0.5 if value != 0.5 else 0.5 + sys.float_info.epsilon


@pytest.mark.parametrize(("values", "is_equivalent"), [((0.5 - 1e-9, 0.7), True), ((0.7, 0.5 - 1e-9), False)])
def test_values_of_one_step_and_one_moment_keep_the_order_of_the_store(
    tracking_uri: str, experiment: str, values: tuple[float, ...], *, is_equivalent: bool
) -> None:
    client = MlflowClient(tracking_uri)

    def logged(*values: float) -> str:
        run = str(client.create_run(experiment).info.run_id)
        client.log_batch(run, metrics=[Metric("loss", value, 7, 0) for value in values])
        client.set_terminated(run)
        return run

    # 0.5 and its neighbour below begin with another digit when they are written in base 16.
    runs = [logged(0.5, 0.7), logged(*values)]

    snapshots = [take_snapshot(run, tracking_uri=tracking_uri) for run in runs]
    verdict = compare_snapshots(*snapshots, Policy(metrics=Tolerance(rtol=1e-6)))
    assert verdict.is_equivalent is is_equivalent
