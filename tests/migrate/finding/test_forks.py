"""A search in several processes gives the result of one in a single process, even if some of them die."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.migrate.finding import forking

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    "claim",
    [
        forking.any_number_of_processes_finds_the_same,
        forking.children_are_asked,
        forking.what_a_child_does_not_answer_is_asked_here,
        forking.children_answer_with_any_value,
        forking.what_files_hand_on_is_followed_alike,
        forking.question_that_cannot_be_answered_raises_here,
        forking.interrupt_leaves_no_process_behind,
        forking.process_with_threads_does_not_fork,
        forking.no_room_for_another_process_is_no_trouble,
        forking.progress_grows_to_nearly_all,
    ],
)
def test_in_a_process_without_threads(claim: Callable[[], None], tmp_path: Path) -> None:
    command = [sys.executable, "-c", f"from tests.migrate.finding import forking; forking.{claim.__name__}()"]

    done = subprocess.run(command, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
