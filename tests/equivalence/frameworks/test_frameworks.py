"""What a framework writes by nature never decides, and is listed; any other change in the same run or file decides.

The files of Keras, statsmodels and scikit-learn are what one script of each logged, run twice by these releases.
"""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy
import pandas as pd
import pytest
from scipy.stats import loguniform
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV

from compatkit.equivalence import Difference, File, Kind, Point, Policy, Snapshot, Verdict, compare_snapshots
from compatkit.equivalence.frameworks import frameworks
from compatkit.equivalence.reading.contents import read_file

PROOF = Path(__file__).parents[3] / "fixtures" / "proof"
SKLEARN = {"estimator_class": "sklearn.model_selection._search.GridSearchCV"}
TRIAL = {"trial_name": "train_fn_0ad0f_00000"}
TRAINER = {"per_device_train_batch_size": "8", "logging_strategy": "epoch"}

Compare = Callable[..., Verdict]


def test_every_nature_has_its_reason_evidence_and_versions() -> None:
    assert len(frameworks()) >= 5
    for framework in frameworks():
        assert framework.versions
        for nature in framework.natures:
            assert nature.why
            assert ".py" in nature.evidence or "sklearn/" in nature.evidence
            assert bool(nature.metric) != bool(nature.file)


@pytest.fixture
def compare(tmp_path: Path) -> Compare:
    """Compare two runs that each logged one file of this name, and a metric that both have."""

    def of(name: str, before: bytes, after: bytes, policy: Policy | None = None) -> Verdict:
        snapshots = []
        for number, raw in enumerate((before, after)):
            path = tmp_path / str(number) / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(raw)
            snapshots.append(run(str(number), artifacts={name: read_file(path, name)[0]}))
        return compare_snapshots(*snapshots, policy or Policy())

    return of


def run(run_id: str, *, artifacts: dict[str, File] | None = None, **metrics: float) -> Snapshot:
    histories = {name: (Point(0, value),) for name, value in {"acc": 0.5, **metrics}.items()}
    return Snapshot(run_id, metrics=histories, artifacts=artifacts or {})


FILES = {
    "model.keras": ("keras-3.15.1-{}.keras", "Keras"),
    "model_summary.txt": ("statsmodels-0.15.0-{}.txt", "statsmodels"),
    "estimator.html": ("scikit-learn-1.9.1-{}.html", "scikit-learn"),
}


@pytest.mark.parametrize("name", FILES)
def test_files_of_one_script_run_twice_agree_but_for_what_is_listed(name: str, compare: Compare) -> None:
    file, framework = FILES[name]
    before, after = ((PROOF / file.format(side)).read_bytes() for side in ("before", "after"))

    verdict = compare(name, before, after)

    assert before != after
    assert verdict.is_equivalent
    assert {entry.by.why.partition(":")[0] for entry in verdict.allowed} == {f"by nature of {framework}"}
    assert all(entry.difference.before != entry.difference.after for entry in verdict.allowed)
    assert not compare(name, before, after, Policy.exact()).is_equivalent


CHANGED: dict[str, list[tuple[str, str]]] = {
    "model_summary.txt": [
        ("OLS", "WLS"),
        ("Log-Likelihood:                -117", "Log-Likelihood:                -118"),
    ],
    "estimator.html": [
        ("cv=3", "cv=4"),
        ("array([0.9700", "array([0.9600"),
        ("<pre>GridSearchCV", "<pre>RandomSearchCV"),
    ],
}


@pytest.mark.parametrize(("name", "old", "new"), [(name, *texts) for name, row in CHANGED.items() for texts in row])
def test_another_change_in_the_same_text_decides(name: str, old: str, new: str, compare: Compare) -> None:
    before, after = ((PROOF / FILES[name][0].format(side)).read_text() for side in ("before", "after"))

    assert old in after
    assert not compare(name, before.encode(), after.replace(old, new, 1).encode()).is_equivalent


def keras_file(side: str, change: Callable[[dict[str, Any]], None], weights: bytes = b"") -> bytes:
    """Return the file of one side with its configuration changed, and other weights if there are any."""
    stream = io.BytesIO()
    with zipfile.ZipFile(PROOF / f"keras-3.15.1-{side}.keras") as archive, zipfile.ZipFile(stream, "w") as written:
        for name in archive.namelist():
            raw = archive.read(name)
            if name == "config.json":
                config = json.loads(raw)
                change(config)
                raw = json.dumps(config).encode()
            written.writestr(name, weights if weights and name.endswith(".h5") else raw)
    return stream.getvalue()


def _nothing(_: Any) -> None:
    pass


def _other_units(config: Any) -> None:
    config["config"]["layers"][1]["config"]["units"] += 1


def _other_sharing(config: Any) -> None:
    """Give one of the objects that share a policy of dtypes one of its own."""
    text = json.dumps(config)
    shared = json.loads(text)["config"]["dtype"]["shared_object_id"]
    assert text.count(str(shared)) > 1
    config["config"]["dtype"]["shared_object_id"] = shared + 1


@pytest.mark.parametrize(("change", "weights"), [(_other_units, b""), (_nothing, b"other"), (_other_sharing, b"")])
def test_another_change_in_a_model_of_keras_decides(change: Any, weights: bytes, compare: Compare) -> None:
    before = keras_file("before", _nothing)

    assert compare("model.keras", before, keras_file("after", _nothing)).is_equivalent
    assert not compare("model.keras", before, keras_file("after", change, weights)).is_equivalent


def search(c: float = 1.0) -> GridSearchCV:
    return GridSearchCV(LogisticRegression(max_iter=300), {"C": [0.1, c]}, cv=2).fit(*load_iris(return_X_y=True))


def test_times_of_a_search_do_not_decide_but_its_scores_do(compare: Compare) -> None:
    one, again, other = search(), search(), search(0.2)
    tables = [pd.DataFrame(search.cv_results_).to_csv(index=False).encode() for search in (one, again, other)]

    assert compare("model.pkl", pickle.dumps(one), pickle.dumps(again)).is_equivalent
    assert compare("cv_results.csv", tables[0], tables[1]).is_equivalent
    assert not compare("cv_results.csv", tables[0], tables[1], Policy.exact()).is_equivalent
    assert not compare("model.pkl", pickle.dumps(one), pickle.dumps(other)).is_equivalent
    assert not compare("cv_results.csv", tables[0], tables[2]).is_equivalent
    assert not compare("other.csv", tables[0], tables[1]).is_equivalent


def test_the_generator_that_a_distribution_holds_does_not_decide_and_its_bounds_do(compare: Compare) -> None:
    def drawn(highest: float, seed: int) -> bytes:
        numbers = loguniform(1e-3, highest)
        numbers.random_state = numpy.random.RandomState(seed)
        model = RandomizedSearchCV(LogisticRegression(max_iter=300), {"C": numbers}, n_iter=2, cv=2, random_state=0)
        return pickle.dumps(model)

    before = drawn(1.0, 1)

    assert compare("model.pkl", before, drawn(1.0, 2)).is_equivalent
    assert not compare("model.pkl", before, drawn(2.0, 1)).is_equivalent
    assert not compare(
        "rng.pkl", *(pickle.dumps({"rng": numpy.random.RandomState(seed)}) for seed in (1, 2))
    ).is_equivalent


def test_a_cut_address_in_the_page_of_an_estimator_does_not_decide(compare: Compare) -> None:
    def page(address: str, name: str = "scipy.stats.") -> bytes:
        return f"<td>{{&#x27;C&#x27;: &lt;{name}...x{address}&gt;}}</td>\n".encode()

    before = page("7f2206f5bc10")

    assert compare("estimator.html", before, page("7f8ad0bc1190")).is_equivalent
    assert not compare("estimator.html", before, page("7f8ad0bc1190", "numpy.rando")).is_equivalent
    assert not compare("estimator.html", before, page("7f8ad0bc")).is_equivalent


def test_ids_of_runs_in_a_pickle_are_one_for_one(compare: Compare) -> None:
    ids = [UUID(int=number).hex for number in range(4)]

    def of(*given: str, size: int = 1) -> bytes:
        return pickle.dumps([*({"run_id": run_id} for run_id in given), size])

    one = of(ids[0], ids[1], ids[0])

    verdict = compare("model.pth.pkl", one, of(ids[2], ids[3], ids[2]))
    assert verdict.is_equivalent
    assert ids[0] in verdict.allowed[0].difference.before
    for other in (of(ids[2], ids[3], ids[3]), of(ids[2], ids[2], ids[2]), of(ids[2], ids[3], ids[2], size=2)):
        assert not compare("model.pth.pkl", one, other).is_equivalent
    assert not compare("ids.json", json.dumps(ids[:2]).encode(), json.dumps(ids[2:]).encode()).is_equivalent


# As plotly, Bokeh and folium write a page, shortened; the ids are what they draw.
PLOTS = {
    "plotly": '<div id="{0}" class="plotly-graph-div"></div>\n<script>Plotly.newPlot("{0}", [{2}])</script>\n',
    "Bokeh": '<div id="{0}" data-root-id="p1"></div><script type="application/json" id="{1}">\n{{"y": {2}}}</script>\n'
    '<script>render("{1}", "{0}")</script>\n',
    "folium": '<div class="folium-map" id="map_{3}"></div>\n<script>var map_{3} = L.map("map_{3}", {2});</script>\n',
}


@pytest.mark.parametrize("kind", PLOTS)
def test_ids_of_plots_in_a_page_are_one_for_one_and_what_is_drawn_decides(kind: str, compare: Compare) -> None:
    ids = [UUID(int=number, version=4) for number in range(9)]

    def page(*ids: UUID, y: float = 0.5) -> bytes:
        return PLOTS[kind].format(*ids, y, ids[0].hex).encode()

    one = page(*ids[:2])

    verdict = compare("figure.html", one + page(*ids[2:4]), page(*ids[4:6]) + page(*ids[6:8]))
    assert verdict.is_equivalent
    assert {kind} == {entry.by.why.split()[3].strip(":") for entry in verdict.allowed}
    assert str(ids[0]) in verdict.allowed[0].difference.before or ids[0].hex in verdict.allowed[0].difference.before
    assert not compare("figure.html", one, page(*ids[4:6], y=0.6)).is_equivalent
    assert not compare("figure.html", one, page(*ids[4:6]) + page(*ids[6:8])).is_equivalent
    # The second place is drawn into twice, the first not at all.
    first, second = page(*ids[2:4]), page(*ids[4:6])
    crossed = second.replace(second.splitlines()[-1], first.splitlines()[-1])
    assert not compare("figure.html", first + second, first + crossed).is_equivalent
    assert not compare("figure.txt", one, page(*ids[4:6])).is_equivalent


def test_the_id_of_a_styled_table_does_not_decide_and_its_cells_do(compare: Compare) -> None:
    def table(b: float) -> bytes:
        return pd.DataFrame({"a": [0.5, b]}).style.highlight_max().to_html().encode()

    one, again, other = table(1.5), table(1.5), table(2.5)

    assert one != again
    assert compare("table.html", one, again).is_equivalent
    assert not compare("table.html", one, other).is_equivalent


def test_a_digest_in_a_pickle_decides(compare: Compare) -> None:
    digests = [UUID(int=number).hex for number in range(2)]

    for place in ("data_md5", "run_identity"):
        one, other = (pickle.dumps({place: digest}) for digest in digests)
        assert not compare("last.ckpt", one, other).is_equivalent
    listed, otherwise = (pickle.dumps([[1, 2, 3, 4, digest, digest]]) for digest in digests)
    assert not compare("last.ckpt", listed, otherwise).is_equivalent


def test_times_of_trials_of_ray_do_not_decide_but_their_scores_do(compare: Compare) -> None:
    def of(seconds: float, loss: float = 0.5, steps: int = 1) -> dict[str, float]:
        times = dict.fromkeys(("time_this_iter_s", "time_total_s", "time_since_restore"), seconds)
        return {"loss": loss, "training_iteration": steps, **times}

    def lines(*results: dict[str, float]) -> bytes:
        return "".join(json.dumps(result) + "\n" for result in results).encode()

    def table(*results: dict[str, float]) -> bytes:
        return pd.DataFrame(list(results)).to_csv(index=False).encode()

    for name, written in (("trial/result.json", lines), ("trial/progress.csv", table)):
        before = written(of(1), of(2))
        compare_file = partial(compare, name.rpartition("/")[2], before)
        assert compare_file(written(of(3), of(4))).is_equivalent
        for other in ((of(3), of(4, loss=0.6)), (of(3), of(4, steps=2)), (of(3),), (of(3), {"loss": 0.5})):
            assert not compare_file(written(*other)).is_equivalent
        assert not compare("of_ours.json", before, written(of(3), of(4))).is_equivalent
    assert compare("result.json", lines(of(1)), lines(of(2))).is_equivalent


def test_times_in_a_report_of_pytest_do_not_decide_but_its_outcomes_do(compare: Compare) -> None:
    def of(seconds: float, case: str = '" />', timeout: int = 5) -> bytes:
        suite = f'<testsuites><testsuite name="pytest" failures="0" time="{seconds}" hostname="here">'
        limit = f'<property name="timeout" time="{timeout}" />'
        return f'{suite}{limit}<testcase classname="t" name="test_a" time="{seconds}{case}</testsuite>'.encode()

    before = of(0.123)
    verdict = compare("report.xml", before, of(0.456))

    assert verdict.is_equivalent
    assert all("how long tests took" in entry.by.why for entry in verdict.allowed)
    assert not compare("report.xml", before, of(0.456, '"><failure /></testcase>')).is_equivalent
    assert not compare("report.xml", before, of(0.456, timeout=6)).is_equivalent
    assert not compare("report.xml", before, of(0.456).replace(b"test_a", b"test_b")).is_equivalent
    assert not compare("report.txt", before, of(0.456)).is_equivalent


def state(seconds: float, loss: float = 0.5) -> bytes:
    return json.dumps({"log_history": [{"eval_loss": loss, "eval_runtime": seconds, "epoch": 1.0}]}).encode()


def results(seconds: float, loss: float = 0.5) -> bytes:
    return json.dumps({"train_loss": loss, "train_runtime": seconds, "train_steps_per_second": 9 / seconds}).encode()


def notebook(seconds: float, said: float = 0.5) -> bytes:
    cell = {"cell_type": "code", "metadata": {"papermill": {"duration": seconds}}, "source": [f"lr = {said}"]}
    return json.dumps({"cells": [cell], "metadata": {"papermill": {"duration": seconds}}}).encode()


WRITTEN = {
    "trainer_state.json": state,
    "all_results.json": results,
    "eval_results.json": results,
    "report.ipynb": notebook,
}


@pytest.mark.parametrize("name", WRITTEN)
def test_how_long_it_took_does_not_decide_and_all_else_in_the_file_does(name: str, compare: Compare) -> None:
    write = WRITTEN[name]

    verdict = compare(name, write(1.5), write(2.5))

    assert verdict.is_equivalent
    assert verdict.allowed[0].difference.before != verdict.allowed[0].difference.after
    assert not compare(name, write(1.5), write(2.5, 0.6)).is_equivalent
    assert not compare(name, write(1.5), write(2.5), Policy.exact()).is_equivalent
    assert not compare("of_ours.json", write(1.5), write(2.5)).is_equivalent


def test_a_duration_that_is_gone_or_of_no_loggers_file_decides(compare: Compare) -> None:
    gone = json.dumps({"train_loss": 0.5, "train_runtime": 1.5}).encode()
    latency = json.dumps({"train_loss": 0.5, "latency": 1.5}).encode()

    assert not compare("all_results.json", results(1.5), gone).is_equivalent
    assert not compare("all_results.json", latency, latency.replace(b"1.5", b"2.5")).is_equivalent
    assert not compare("my_results.json", results(1.5), results(2.5)).is_equivalent


METRICS = {
    "time_this_iter_s": (TRIAL, {}),
    "pid": (TRIAL, {}),
    "mean_fit_time": (SKLEARN, {}),
    "std_score_time": (SKLEARN, {}),
    "train_runtime": ({}, TRAINER),
    "eval_samples_per_second": ({}, TRAINER),
    "eval_test_steps_per_second": ({}, TRAINER),
}


def timed(name: str, value: float, logger: tuple[dict[str, str], dict[str, str]]) -> Snapshot:
    tags, params = logger
    return Snapshot("a", tags=tags, params=params, metrics={"acc": (Point(0, 0.5),), name: (Point(3, value),)})


def deciding(before: Snapshot, after: Snapshot) -> list[Difference]:
    return list(compare_snapshots(before, after, Policy()).deciding)


@pytest.mark.parametrize("name", METRICS)
def test_times_of_a_known_logger_do_not_decide(name: str) -> None:
    logger = METRICS[name]

    assert deciding(timed(name, 1.0, logger), timed(name, 2.0, logger)) == []


@pytest.mark.parametrize("name", METRICS)
def test_of_another_logger_or_missing_or_at_another_step_they_do(name: str) -> None:
    logger: Any = METRICS[name]
    one = timed(name, 1.0, logger)
    lost = Snapshot("b", tags=one.tags, params=one.params, metrics={"acc": (Point(0, 0.5),)})
    later = Snapshot("b", tags=one.tags, params=one.params, metrics={**lost.metrics, name: (Point(4, 1.0),)})

    assert deciding(timed(name, 1.0, ({}, {})), timed(name, 2.0, ({}, {})))
    assert [difference.kind for difference in deciding(one, lost)] == [Kind.METRIC_MISSING]
    assert Kind.METRIC_STEPS in [difference.kind for difference in deciding(one, later)]
    assert deciding(timed("mean_test_score", 1.0, logger), timed("mean_test_score", 2.0, logger))
