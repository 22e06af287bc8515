"""Two commands are equivalent only if every run is; whatever keeps a run from being compared is an error."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from compatkit.equivalence import EquivalenceError, Kind
from compatkit.equivalence.commands import CommandError, Result
from tests.equivalence.commands.conftest import LATER, log, only, python

Verify = Callable[..., Result]


def test_one_point_that_differs_is_found(verify: Verify) -> None:
    result = verify(after=log(LATER))

    assert not result.is_equivalent
    assert result.has_differences
    (difference,) = only(result).runs[0].verdict.deciding
    assert difference.kind is Kind.METRIC_VALUE
    assert "loss, from step 3" in str(difference)


@pytest.mark.parametrize(("side", "kind"), [("after", "missing"), ("before", "extra")])
def test_a_run_without_counterpart_is_a_difference(verify: Verify, side: str, kind: str) -> None:
    result = verify(**{side: log("DELETE FROM runs WHERE name = 'second'")})

    assert not result.is_equivalent
    assert getattr(only(result), kind) == ("trials / second",)


def test_a_run_under_another_name_is_a_difference(verify: Verify) -> None:
    result = verify(after=log("UPDATE runs SET name = 'third' WHERE name = 'second'"))

    assert not result.is_equivalent
    assert (only(result).missing, only(result).extra) == (("trials / second",), ("trials / third",))


def test_runs_of_another_experiment_are_a_difference(verify: Verify) -> None:
    result = verify(after=log("UPDATE experiments SET name = 'others' WHERE name = 'trials'"))

    assert not result.is_equivalent
    assert only(result).missing == ("trials / first", "trials / second")


_TAGGED = "INSERT INTO experiment_tags (key, value, experiment_id) SELECT '{}', '{}', experiment_id FROM runs LIMIT 1"
_NAMED = "INSERT INTO registered_models (name, description) VALUES ('net', 'the net')"
_ALIAS = "INSERT INTO registered_model_aliases (name, alias, version) VALUES ('net', 'champion', 1)"


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ((_TAGGED.format("team", "a"),), (_TAGGED.format("team", "b"),), "tag value: experiment 'trials': team"),
        ((), (_TAGGED.format("mlflow.note.content", "b"),), "tag extra: experiment 'trials': mlflow.note.content"),
        ((_NAMED,), (_NAMED.replace("the net", "a net"),), "tag value: registered model 'net': description"),
        ((_NAMED, _ALIAS), (_NAMED,), "tag missing: registered model 'net': alias champion"),
    ],
)
def test_what_a_side_sets_beside_its_runs_is_compared(
    verify: Verify, before: tuple[str, ...], after: tuple[str, ...], told: str
) -> None:
    (run, _) = only(verify(before=log(*before), after=log(*after))).runs

    assert [str(difference).startswith(told) for difference in run.verdict.deciding] == [True]


def test_settings_that_mlflow_makes_itself_or_that_are_equal_are_no_difference(verify: Verify) -> None:
    same = (_NAMED, _ALIAS, _TAGGED.format("team", "a"))

    result = verify(before=log(*same, _TAGGED.format("mlflow.kind", "1")), after=log(*same))

    assert result.is_equivalent


def test_the_callers_registry_is_not_asked(verify: Verify, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # Versions that a side registered are in its own store.
    monkeypatch.setenv("MLFLOW_REGISTRY_URI", f"sqlite:///{tmp_path / 'none'}/no.db")

    assert verify().is_equivalent


def test_equal_commands_are_equivalent(verify: Verify) -> None:
    result = verify()

    assert result.is_equivalent
    assert [run.run for run in only(result).runs] == ["trials / first", "trials / second"]


def test_children_are_not_runs_of_their_own(verify: Verify) -> None:
    child = (
        "INSERT INTO tags (key, value, run_uuid) SELECT 'mlflow.parentRunId', a.run_uuid, b.run_uuid "
        "FROM runs a, runs b WHERE a.name = 'first' AND b.name = 'second'"
    )

    result = verify(before=log(child), after=log(child))

    assert [run.run for run in only(result).runs] == ["trials / first"]


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize(
    ("command", "said"),
    [
        (python("import sys; print('no data'); sys.exit(3)"), "ended with status 3.\n    no data"),
        (python("import os, signal; os.kill(os.getpid(), signal.SIGKILL)"), "was killed by SIGKILL"),
        (python("import time; print('epoch 1'); time.sleep(600)"), "was ended after 3 s.\n    epoch 1"),
        (python("pass"), "logged no run to the store that it was given"),
        (log("DELETE FROM runs"), "logged no run to the store that it was given"),
        (log("UPDATE runs SET status = 'RUNNING'"), "left its run trials / first RUNNING"),
        (log("DROP TABLE metrics"), "cannot be read"),
        (("no-such-program",), "cannot be started: there is no such program"),
    ],
    ids=["fails", "is_killed", "hangs", "logs_nothing", "deletes_its_runs", "leaves_running", "broken_store", "absent"],
)
def test_what_proves_nothing_is_an_error(verify: Verify, side: str, command: tuple[str, ...], said: str) -> None:
    # Time enough to print, on a busy machine too.
    timeout = 3.0 if "was ended" in said else 600.0

    with pytest.raises(EquivalenceError) as caught:
        verify(**{side: command, "timeout": timeout})

    assert said in str(caught.value)


def test_a_failure_points_to_an_output_only_where_something_is_in_it(tmp_path: Path) -> None:
    output = tmp_path / "output.txt"
    output.write_text("")
    silent = CommandError.failed("before", ("false",), 1, output)
    output.write_text("no data")
    told = CommandError.failed("before", ("false",), 1, output)

    assert "It printed nothing." in silent.what
    assert (silent.where, told.where) == ("before", str(output))


def test_both_sides_empty_is_an_error(verify: Verify) -> None:
    empty = ("DELETE FROM metrics", "DELETE FROM latest_metrics", "DELETE FROM params")

    with pytest.raises(EquivalenceError, match="Nothing was compared"):
        verify(before=log(*empty), after=log(*empty))


def test_a_store_of_the_commands_own_is_named(verify: Verify, folder: Path) -> None:
    with pytest.raises(CommandError, match=r"It wrote to mlflow\.db instead"):
        verify(before=python("open('mlflow.db', 'w')"))


def test_a_file_that_both_may_have_written_is_an_error(verify: Verify, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = python("exec(open('log.py').read()); open('model.pt', 'w')")

    with pytest.raises(CommandError, match=r"wrote there: model\.pt"):
        verify(before=shared, after=shared, jobs=2)


def test_commands_that_share_files_run_again_one_after_the_other(verify: Verify) -> None:
    once = "os.path.exists('once.txt') or open('once.txt', 'x')"
    shared = python(f"import os; open('model.pt', 'w'); {once}; exec(open('log.py').read())")

    result = verify(before=shared, after=shared)

    assert result.is_equivalent
    assert "after: found once.txt as" in " ".join(only(result).notes)


def test_a_file_that_was_left_for_the_other_side_is_reported(verify: Verify) -> None:
    writes = python("exec(open('log.py').read()); open('model.pt', 'w')")

    result = verify(before=writes, jobs=1)

    (note,) = only(result).notes
    assert note.startswith("after: found model.pt as before had left it; where the script logs that folder")


def test_a_store_that_is_in_use_is_an_error(verify: Verify, tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "mlflow.db").touch()

    with pytest.raises(CommandError, match="was used before"):
        verify()


def test_a_store_that_was_made_anew_is_an_error(verify: Verify, tmp_path: Path) -> None:
    verify()
    shutil.rmtree(tmp_path / "store")

    with pytest.raises(CommandError, match="was used before"):
        verify(after=log(LATER))


def test_a_store_that_cannot_be_made_is_an_error(verify: Verify, tmp_path: Path) -> None:
    (tmp_path / "store").touch()

    with pytest.raises(CommandError, match="cannot be made"):
        verify()


def test_both_sides_have_one_seed_and_one_number_of_threads(verify: Verify, tmp_path: Path) -> None:
    names = ("COMPATKIT_SEED", "PYTHONHASHSEED", "OMP_NUM_THREADS")
    told = f"exec(open('log.py').read()); print([os.environ.get(name) for name in {names}])"

    verify(before=python(told), after=python(told), seed=7, jobs=2, threads=3)

    before, after = [(tmp_path / "store" / side / "output.txt").read_text() for side in ("before", "after")]
    assert before == after == "['7', '7', '3']\n"


@pytest.mark.parametrize("explain", [False, True])
def test_only_where_it_is_asked_for_commands_are_watched_and_explained(
    verify: Verify, tmp_path: Path, explain: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COMPATKIT_TRACE", raising=False)
    told = "exec(open('log.py').read()); print(os.environ.get('COMPATKIT_TRACE'))"

    result = verify(before=python(told), after=log(LATER), explain=explain)

    assert [run.explanation is not None for run in only(result).runs] == [explain, explain]
    said = (tmp_path / "store" / "before" / "output.txt").read_text()
    assert said == ("1\n" if explain else "None\n")


def test_the_callers_own_run_and_experiment_stay_the_callers(
    verify: Verify, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("MLFLOW_RUN_ID", "MLFLOW_EXPERIMENT_ID", "GIT_DIR"):
        monkeypatch.setenv(name, "the caller's")
    told = "exec(open('log.py').read()); print(\"the caller's\" in os.environ.values())"

    verify(before=python(told))

    assert (tmp_path / "store" / "before" / "output.txt").read_text() == "False\n"


def test_nothing_outlives_a_command(verify: Verify, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    child = "import time; time.sleep(600)"
    leaves = f"""exec(open('log.py').read())
import subprocess
child = subprocess.Popen([sys.executable, '-c', {child!r}])
open({str(pid)!r}, 'w').write(str(child.pid))
"""

    verify(before=python(leaves))

    assert not _is_alive(int(pid.read_text()))


def test_seeds_that_change_nothing_are_no_evidence(verify: Verify) -> None:
    with pytest.raises(CommandError, match="the same metrics under different seeds"):
        verify(seeds=2)


def test_seeds_are_handed_down_one_by_one(verify: Verify) -> None:
    seeded = (f"UPDATE {table} SET value = value + SEED" for table in ("metrics", "latest_metrics"))
    changed = log(*seeded, "DELETE FROM runs WHERE name = 'second'")

    result = verify(before=changed, after=changed, seed=4, seeds=2)

    (run,) = only(result).runs
    # No margin is declared for this metric: many runs are never equivalent by default.
    assert not result.is_equivalent
    assert [evidence.before.values for evidence in run.verdict.evidence] == [(4.2, 5.2)]  # type: ignore[union-attr]


ID = (
    "INSERT INTO params (key, value, run_uuid) SELECT 'out', '/tmp/tmp' || lower(hex(randomblob(4))), run_uuid "
    "FROM runs WHERE name = 'first'"
)
RANDOM = "UPDATE metrics SET value = abs(random()) / 1e19 WHERE step = 3"


def test_what_differs_between_two_runs_of_before_is_settled_where_it_is_an_id(verify: Verify) -> None:
    result = verify(before=log(ID), after=log(ID))

    assert result.is_equivalent
    verdict = only(result).runs[0].verdict
    assert [difference.name for difference in verdict.noise] == ["out"]
    assert [entry.difference.name for entry in verdict.allowed] == ["out"]


def test_a_metric_that_differs_between_two_runs_of_before_decides_and_says_so(verify: Verify) -> None:
    result = verify(before=log(RANDOM), after=log(RANDOM))

    (difference,) = only(result).runs[0].verdict.deciding
    assert "it varies by itself" in difference.hint


@pytest.mark.parametrize("given", [{"once": True}, {"exact": True}])
def test_before_runs_once_where_that_is_asked_for(verify: Verify, tmp_path: Path, given: dict[str, bool]) -> None:
    result = verify(before=log(ID), after=log(ID), **given)

    assert not result.is_equivalent
    assert sorted(path.name for path in (tmp_path / "store").iterdir()) == ["after", "before"]


def test_the_first_side_alone_runs_in_the_environment_that_is_named_for_it(verify: Verify, tmp_path: Path) -> None:
    other = tmp_path / "other" / "bin" / "python"
    other.parent.mkdir(parents=True)
    other.write_text(f'#!/bin/sh\necho the other\nexec {sys.executable} "$@"\n')
    other.chmod(0o755)

    result = verify(before_python=str(other))

    told = {side.name: (side / "output.txt").read_text() for side in (tmp_path / "store").iterdir()}
    assert result.is_equivalent
    assert told == {"before": "the other\n", "before-again": "the other\n", "after": ""}


def test_a_run_that_before_logs_only_sometimes_is_noted(verify: Verify, folder: Path) -> None:
    # Left by the first run of before, so that its second one logs less.
    less = "import sys; sys.argv[1:] = [\"DELETE FROM runs WHERE name = 'second'\"] if os.path.exists('.was') else []"
    code = f"import os; {less}; open('.was', 'w'); exec(open('log.py').read())"

    result = verify(before=python(code), jobs=1)

    assert any("only one of two runs of before logged it" in note for note in only(result).notes)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A zombie that nobody waits for any more is dead.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
