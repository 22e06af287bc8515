"""`compatkit compare` says whether two runs of a real store logged the same, and what differs."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent

import click
import pytest
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag

from compatkit.cli import cli
from compatkit.errors import CompatkitError
from compatkit.migration import MigrationError
from tests.cli import here
from tests.cli.test_group import compatkit

PARAMS = {"epochs": "3", "lr": "0.01"}
BUNDLED = ("--migration", "training-orchestrator-v2")
LOSS = {1: 0.9, 2: 0.5, 3: 0.25}


@pytest.fixture(scope="module")
def store(tracking_uri: str) -> str:
    return tracking_uri


def log(store: str, params: dict[str, str], loss: dict[int, float], *, metric: str = "train_loss") -> str:
    client = MlflowClient(store)
    experiment = client.get_experiment_by_name("compare")
    identity = experiment.experiment_id if experiment else client.create_experiment("compare")
    run_id = str(client.create_run(identity).info.run_id)
    for name, text in params.items():
        client.log_param(run_id, name, text)
    for step, value in loss.items():
        client.log_metric(run_id, metric, value, step=step)
    client.set_terminated(run_id)
    return run_id


def called(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Call the command in this process: MLflow, which takes seconds to import, is there already."""
    status = cli.main(["compare", *arguments], standalone_mode=False)
    return status, capsys.readouterr().out


def require_no_verdict(capsys: pytest.CaptureFixture[str], said: str, *arguments: str) -> None:
    with pytest.raises(CompatkitError, match=said):
        called(capsys, *arguments)
    assert "Verdict" not in capsys.readouterr().out


@pytest.mark.slow("imports MLflow anew")
def test_equal_runs_are_equivalent_and_exit_0(store: str) -> None:
    done = compatkit("compare", log(store, PARAMS, LOSS), log(store, PARAMS, LOSS), "--tracking-uri", store)

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("policy: none\nVerdict: equivalent\n")


@pytest.mark.parametrize(
    ("params", "loss", "metric", "named"),
    [
        (PARAMS, LOSS, "loss", "metric missing: train_loss"),
        (PARAMS, {step - 1: value for step, value in LOSS.items()}, "train_loss", "shifted by -1 steps"),
        ({**PARAMS, "lr": "0.0101"}, LOSS, "train_loss", "param value: optimizer.learning_rate, 0.01 | 0.0101"),
        (PARAMS, {1: 0.9, 2: 0.5}, "train_loss", "metric steps: train_loss, from step 3"),
        ({"epochs": "3", "rate": "0.01"}, LOSS, "train_loss", "renamed? 'rate' has the same value"),
    ],
)
def test_a_planted_difference_exits_1_and_is_named(
    capsys: pytest.CaptureFixture[str],
    store: str,
    params: dict[str, str],
    loss: dict[int, float],
    metric: str,
    named: str,
) -> None:
    before, after = log(store, PARAMS, LOSS), log(store, params, loss, metric=metric)

    status, text = called(capsys, before, after, *BUNDLED, "--tracking-uri", store)

    assert status == 1
    assert text.startswith("policy: migration training-orchestrator-v2\nVerdict: different\n")
    assert named in text


def test_exact_allows_no_other_spelling(capsys: pytest.CaptureFixture[str], store: str) -> None:
    before = log(store, PARAMS, LOSS)
    after = log(store, {"epochs": "3", "optimizer.learning_rate": "0.01"}, LOSS)

    assert called(capsys, before, after, *BUNDLED, "--tracking-uri", store)[0] == 0
    assert called(capsys, before, after, *BUNDLED, "--tracking-uri", store, "--exact")[0] == 1


def test_runs_of_a_folder_that_names_no_migration_are_judged_by_none_and_told_of_renames(
    capsys: pytest.CaptureFixture[str], store: str
) -> None:
    before = log(store, {"lr": "0.01"}, LOSS, metric="train_acc")
    after = log(store, {"optimizer.learning_rate": "0.01"}, LOSS, metric="train_accuracy")

    status, text = called(capsys, before, after, "--tracking-uri", store)

    assert status == 1
    assert text.startswith("policy: none\nVerdict: different\n")
    assert "renamed? 'train_accuracy' has the same values" in text
    for pair in ("train_acc and train_accuracy", "lr and optimizer.learning_rate"):
        assert f"{pair} are equal: one thing under two names? --migration training-orchestrator-v2" in text


def test_what_is_not_readable_is_no_verdict_until_it_is_accepted(
    capsys: pytest.CaptureFixture[str], store: str, tmp_path: Path
) -> None:
    client = MlflowClient(store)
    experiment = client.create_experiment(str(tmp_path), artifact_location=(tmp_path / "artifacts").as_uri())
    runs = []
    for value in (0.5, 0.9):
        runs.append(client.create_run(experiment).info.run_id)
        client.log_metric(runs[-1], "loss", 0.5)
        client.log_dict(runs[-1], {"threshold": value}, "report.json")
        client.set_terminated(runs[-1])
    (tmp_path / "artifacts").rename(tmp_path / "gone")

    open_status, said = called(capsys, *runs, "--tracking-uri", store)
    status, accepted = called(capsys, *runs, "--tracking-uri", store, "--accept-unread")

    assert open_status == 2
    assert "No verdict: not all that the runs logged could be read\n" in said
    assert "Verdict: equivalent" not in said
    assert (status, "note: its artifacts" in accepted) == (0, True)


def test_json_names_the_difference(capsys: pytest.CaptureFixture[str], store: str) -> None:
    before, after = log(store, PARAMS, LOSS), log(store, PARAMS, {**LOSS, 2: float("nan")})

    _, text = called(capsys, before, after, "--tracking-uri", store, "--format", "json")

    (difference,) = json.loads(text)["deciding"]
    assert (difference["kind"], difference["name"], difference["first_step"]) == ("metric value", "train_loss", 2)


def test_a_run_that_is_not_there_is_an_error_and_no_verdict(capsys: pytest.CaptureFixture[str], store: str) -> None:
    require_no_verdict(capsys, "cannot be read", log(store, PARAMS, LOSS), "0" * 32, "--tracking-uri", store)


def test_a_run_is_not_compared_with_itself(capsys: pytest.CaptureFixture[str], store: str) -> None:
    run = log(store, PARAMS, LOSS)

    require_no_verdict(capsys, "with itself", run, run, "--tracking-uri", store)


def test_runs_of_which_all_is_ignored_are_an_error_and_no_verdict(
    capsys: pytest.CaptureFixture[str], store: str
) -> None:
    runs = [log(store, {}, {1: value}, metric="epoch_time") for value in (0.5, 0.5)]

    require_no_verdict(capsys, "Nothing was compared", *runs, *BUNDLED, "--tracking-uri", store)


@pytest.mark.parametrize(
    ("before", "after"),
    [("1234e567", "4321e999"), ("12345678901234567890", "12345678901234567891"), ("12e456", "120e455")],
)
def test_params_that_a_float_cannot_tell_apart_are_reported(
    capsys: pytest.CaptureFixture[str], store: str, before: str, after: str
) -> None:
    runs = [log(store, {**PARAMS, "commit": value}, LOSS) for value in (before, after)]

    status, text = called(capsys, *runs, "--tracking-uri", store)

    assert status == 1
    assert f"param value: commit, {before} | {after}" in text


def test_swapped_datasets_are_reported(capsys: pytest.CaptureFixture[str], store: str) -> None:
    def logged(training: str, validation: str) -> str:
        run = log(store, PARAMS, LOSS)
        contexts = {training: "training", validation: "validation"}
        inputs = [
            DatasetInput(Dataset(name, "d1", "local", "{}"), [InputTag("mlflow.data.context", context)])
            for name, context in contexts.items()
        ]
        MlflowClient(store).log_inputs(run, inputs)
        return run

    status, text = called(capsys, logged("a", "b"), logged("b", "a"), "--tracking-uri", store)

    assert status == 1
    assert "dataset missing: a [training]#1" in text


def test_a_store_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    done = here.compatkit("compare", "a", "b", "--tracking-uri", "sqlite:///absent.db", cwd=tmp_path)

    assert done.returncode == 2
    assert "no MLflow store" in done.stderr
    assert not (tmp_path / "absent.db").exists()


@pytest.fixture(scope="module")
def seeds(store: str) -> dict[str, list[str]]:
    """Run ids of four runs a side: close to each other, and far off."""
    sides = {"before": 0.250, "close": 0.251, "far": 0.9}
    return {
        side: [
            log(store, {**PARAMS, "seed": str(seed)}, {**LOSS, 3: centre + spread})
            for seed, spread in enumerate((-0.002, -0.001, 0.001, 0.002))
        ]
        for side, centre in sides.items()
    }


def sides(before: list[str], after: list[str]) -> list[str]:
    given = [text for run in before for text in ("--before-runs", run)]
    return given + [text for run in after for text in ("--after-runs", run)]


@pytest.mark.parametrize(
    ("after", "margin", "status", "said"),
    [
        ("close", "train_loss=0.01", 0, "Verdict: equivalent\n"),
        ("far", "train_loss=1%", 1, "Verdict: different\n"),
        ("close", "train_loss=0.002", 1, "Verdict: not enough evidence: "),
        ("close", "val_loss=0.01", 1, "the policy has no margin for it"),
    ],
)
def test_many_runs_come_to_one_of_three_verdicts(
    capsys: pytest.CaptureFixture[str],
    store: str,
    seeds: dict[str, list[str]],
    after: str,
    margin: str,
    status: int,
    said: str,
) -> None:
    given = sides(seeds["before"], seeds[after])

    found = called(capsys, *given, "--margin", margin, "--tracking-uri", store)

    assert found[0] == status
    assert said in found[1]


def test_many_runs_are_named_in_json(
    capsys: pytest.CaptureFixture[str], store: str, seeds: dict[str, list[str]]
) -> None:
    given = sides(seeds["before"], seeds["close"])

    status, text = called(capsys, *given, "--margin", "*=0.01", "--format", "json", "--tracking-uri", store)

    found = json.loads(text)
    assert (status, found["verdict"], found["before"]) == (0, "equivalent", seeds["before"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "give RUN_A and RUN_B"),
        (["a"], "give RUN_A and RUN_B"),
        (["a", "b", "--before-runs", "c"], "or both --before-runs and --after-runs"),
        (["--before-runs", "c"], "or both --before-runs and --after-runs"),
        (["--before-runs", "a", "--after-runs", "b", "--margin", "loss"], "is not a margin"),
        (["--before-runs", "a", "--after-runs", "b", "--margin", "loss=120%"], "is not a margin"),
        (["--before-runs", "a", "--after-runs", "b", "--margin", "=1"], "is not a margin"),
    ],
)
def test_wrong_use_is_refused_and_says_what_to_give(arguments: list[str], said: str) -> None:
    with pytest.raises(click.UsageError) as caught:
        cli.main(["compare", *arguments], standalone_mode=False)

    assert said in str(caught.value)


@pytest.mark.parametrize("form", ["junit", "github", "markdown"])
def test_every_format_names_the_difference(capsys: pytest.CaptureFixture[str], store: str, form: str) -> None:
    before, after = log(store, PARAMS, LOSS), log(store, PARAMS, {**LOSS, 2: 0.6})

    status, text = called(capsys, before, after, "--tracking-uri", store, "--format", form)

    assert status == 1
    assert "train_loss" in text


def test_an_allowance_that_matches_nothing_exits_1(
    capsys: pytest.CaptureFixture[str], store: str, tmp_path: Path
) -> None:
    declared = tmp_path / "migration.toml"
    head = dedent(
        """\
        schema = 1
        id = "w"
        summary = "s."
        versions = { v1 = "1", v2 = "2" }
        [equivalence]
        """
    )
    declared.write_text(head + 'ignore = [{ metric = "gap", why = "noise" }]\n')
    before, after = log(store, PARAMS, LOSS), log(store, PARAMS, LOSS)

    status, text = called(capsys, before, after, "--tracking-uri", store, "--migration", str(declared))

    assert status == 1
    assert "an allowance that allowed nothing: metric gap (noise)" in text


ENTRIES = """[tool.compatkit.verify.equivalence]
tolerances = [{ metric = "train_*", rtol = 0.1, why = "two threads" }]
removed_in_v2 = [{ param = "commit", why = "a tag now" }]
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project in a folder below which one works."""
    (tmp_path / "pyproject.toml").write_text(ENTRIES)
    (tmp_path / "src").mkdir()
    monkeypatch.chdir(tmp_path / "src")
    return tmp_path


def test_what_the_project_allows_is_allowed(capsys: pytest.CaptureFixture[str], store: str, project: Path) -> None:
    before, after = log(store, {**PARAMS, "commit": "1f"}, LOSS), log(store, PARAMS, {**LOSS, 2: 0.51})

    status, text = called(capsys, before, after, "--tracking-uri", store)

    assert status == 0, text
    assert "allowed, a tag now: param missing commit" in text


def test_what_the_project_does_not_allow_decides(capsys: pytest.CaptureFixture[str], store: str, project: Path) -> None:
    before, after = log(store, {**PARAMS, "commit": "1f"}, LOSS), log(store, PARAMS, {**LOSS, 2: 0.6})

    status, text = called(capsys, before, after, "--tracking-uri", store)

    assert status == 1
    assert "metric value: train_loss" in text


def test_an_entry_of_the_project_that_allows_nothing_exits_1(
    capsys: pytest.CaptureFixture[str], store: str, project: Path
) -> None:
    before, after = log(store, PARAMS, LOSS), log(store, PARAMS, LOSS)

    status, text = called(capsys, before, after, "--tracking-uri", store)

    assert status == 1
    assert "an allowance that allowed nothing: param commit" in text


def test_exact_allows_nothing_of_the_project_either(
    capsys: pytest.CaptureFixture[str], store: str, project: Path
) -> None:
    before, after = log(store, PARAMS, LOSS), log(store, PARAMS, {**LOSS, 2: 0.51})

    assert called(capsys, before, after, "--tracking-uri", store, "--exact")[0] == 1
    (project / "pyproject.toml").write_text(f"[tool.compatkit.verify]\nexact = true\n{ENTRIES}")
    assert called(capsys, before, after, "--tracking-uri", store)[0] == 1


def test_margins_of_the_project_decide_many_runs(
    capsys: pytest.CaptureFixture[str], store: str, seeds: dict[str, list[str]], project: Path
) -> None:
    margin = '[tool.compatkit.verify.equivalence]\nmargins = [{ metric = "train_*", absolute = 0.01, why = "seeds" }]\n'
    (project / "pyproject.toml").write_text(margin)

    status, text = called(capsys, *sides(seeds["before"], seeds["close"]), "--tracking-uri", store)

    assert status == 0, text


def test_an_entry_that_cannot_be_read_is_an_error_and_no_verdict(
    capsys: pytest.CaptureFixture[str], store: str, project: Path
) -> None:
    (project / "pyproject.toml").write_text(ENTRIES.replace("why", "because"))
    before, after = log(store, PARAMS, LOSS), log(store, PARAMS, LOSS)

    with pytest.raises(MigrationError, match="'why' is missing"):
        called(capsys, before, after, "--tracking-uri", store)
