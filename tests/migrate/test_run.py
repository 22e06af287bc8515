"""A tree in, a report out: every file is counted, and workers of any executor give the same report."""

from __future__ import annotations

import pickle
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from textwrap import dedent

import pytest

from compatkit.migrate import Job, Report, Task, plan_tree, process, write_report
from compatkit.migration import Migration, Move, Versions, find_migration
from compatkit.options import Options
from compatkit.rewrite import Failed, Rewritten
from tests.shop.moves import MIGRATION, MOVE, NEW, OLD, contents, plant

TREE: dict[str, str | bytes] = {
    "shop/core/old_home.py": dedent(
        """\
        import shop.core.old_home

        class Old: pass
        """
    ),
    "shop/core/app.py": "from .old_home import Old\n",
    "shop/main.py": OLD,
    "shop/plain.py": "x = 1\n",
    "shop/broken.py": "from shop.core.old_home import Old Old\n",
    "shop/text.py": "x = 'shop.core.old_home.Old'\n",
    "conf/a.yaml": "class: shop.core.old_home.Old\n",
    "conf/b.toml": "x = 'myshop.core.old_home'\n",
}


def names(results: tuple[object, ...]) -> list[str]:
    return [result.path.name for result in results]  # type: ignore[attr-defined]


@pytest.fixture
def report(tmp_path: Path) -> Report:
    return plan_tree([plant(tmp_path, TREE)], [MIGRATION])


def test_planning_writes_nothing(tmp_path: Path) -> None:
    plant(tmp_path, TREE)
    before = contents(tmp_path)

    plan_tree([tmp_path], [MIGRATION])

    assert contents(tmp_path) == before


def test_every_file_has_one_outcome(report: Report) -> None:
    assert names(report.rewritten) == ["app.py", "main.py"]
    assert names(report.unchanged) == ["a.yaml", "b.toml", "plain.py", "text.py"]
    assert names(report.skipped) == ["old_home.py"]
    assert names(report.failed) == ["broken.py"]
    assert len(report.results) == len(TREE)


def test_findings_of_sources_and_data_are_listed(report: Report) -> None:
    assert [(path.name, found.line, found.column, found.confidence) for path, found in report.findings] == [
        ("a.yaml", 1, 8, "review"),
        ("text.py", 1, 5, "review"),
    ]


@pytest.mark.parametrize("kind", ["threads", "processes"])
def test_any_executor_gives_the_same_report(tmp_path: Path, kind: str) -> None:
    plant(tmp_path, TREE)
    executor: Executor = (
        ThreadPoolExecutor(2) if kind == "threads" else ProcessPoolExecutor(2, mp_context=get_context("spawn"))
    )

    with executor:
        report = plan_tree([tmp_path], [MIGRATION], executor=executor)

    assert report == plan_tree([tmp_path], [MIGRATION])


def test_job_can_be_sent_to_another_process() -> None:
    job = Job(OLD.encode(), "shop.app", is_package=False)

    outcome = process(*pickle.loads(pickle.dumps((job, Task((MOVE,))))))

    assert isinstance(outcome, Rewritten)
    assert outcome.source == NEW.encode()


def test_bug_in_a_worker_becomes_a_failure_with_its_traceback() -> None:
    task = Task((MOVE, None))  # type: ignore[arg-type]

    outcome = process(Job(OLD.encode(), "shop.app"), task)

    assert isinstance(outcome, Failed)
    assert "Traceback" in outcome.details


def test_writing_and_running_again_changes_nothing(tmp_path: Path) -> None:
    write_report(plan_tree([plant(tmp_path, TREE)], [MIGRATION]))
    once = contents(tmp_path)

    again = write_report(plan_tree([tmp_path], [MIGRATION]))

    assert again.rewritten == ()
    assert contents(tmp_path) == once


def test_findings_of_a_written_file_are_where_they_are_now(tmp_path: Path) -> None:
    source = "from shop.core.old_home import A, Old\nx = 'shop.core.old_home'\n"

    written = write_report(plan_tree([plant(tmp_path, {"a.py": source})], [MIGRATION]))

    assert [found.line for _, found in written.findings] == [3]


def test_findings_above_a_call_move_down_with_the_import_that_it_needs(tmp_path: Path) -> None:
    source = dedent(
        """\
        from backend.ml_engine.training_orchestrator_v2 import TrainingOrchestratorV2
        HOME = "backend.ml_engine.training_orchestrator"
        TrainingOrchestratorV2(lr=0.1)
        """
    )

    written = write_report(plan_tree([plant(tmp_path, {"a.py": source})], [find_migration()], Options(modernize=True)))

    lines = (tmp_path / "a.py").read_text().splitlines()
    assert [lines[found.line - 1] for _, found in written.findings] == [source.splitlines()[1]]
    assert {lines[edit.line - 1].partition("(")[0] for edit in written.rewritten[0].edits} == {"TrainingOrchestratorV2"}


def test_a_relative_import_inside_the_old_package_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    move = Move("CK101", "shop.kit.Tool", "shop.fresh.Tool2")
    for name in ("shop/__init__.py", "shop/kit/__init__.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "shop/kit/user.py").write_text("from . import Tool\n")
    (tmp_path / "shop/fresh.py").write_text("class Tool2: ...\n")
    migration = Migration("shop", "", Versions("1", "2"), moves=(move,))

    # The folder is in the path as a whole, not in what is given.
    monkeypatch.chdir(tmp_path / "shop/kit")

    assert len(plan_tree([Path()], [migration]).rewritten) == 1
