"""Files that git could not bring back are not written."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from compatkit.migrate import Report, plan_tree
from compatkit.migrate.write import refuse_uncommitted
from compatkit.rewrite import Failed
from tests.migrate.trees import MIGRATION, OLD, plant


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A work tree in which `a.py` and `sub/b.py` are committed."""
    plant(tmp_path, {"a.py": OLD, "sub/b.py": OLD})
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "first")
    return tmp_path


def refused(folder: Path, *names: str) -> dict[str, str]:
    report = refuse_uncommitted(plan_tree([folder / name for name in names] or [folder], [MIGRATION]))
    return {result.path.relative_to(folder).as_posix(): code_of(result.outcome) for result in report.failed}


def code_of(outcome: object) -> str:
    assert isinstance(outcome, Failed)
    return f"{outcome.code} {outcome.reason}"


def test_edited_file_is_refused(repository: Path) -> None:
    plant(repository, {"a.py": OLD + "x = 1\n"})

    assert refused(repository) == {"a.py": "CK906 The file has uncommitted changes."}


def test_staged_file_is_refused(repository: Path) -> None:
    plant(repository, {"sub/b.py": OLD + "x = 1\n"})
    git(repository, "add", ".")

    assert refused(repository) == {"sub/b.py": "CK906 The file has uncommitted changes."}


def test_file_that_is_not_in_git_is_refused(repository: Path) -> None:
    plant(repository, {"sub/new dir/ü.py": OLD})

    assert refused(repository) == {"sub/new dir/ü.py": "CK906 The file is not in git."}


@pytest.mark.parametrize("name", ["[a].py", "*.py", ":(top)a.py", "-x.py", "a b.py", '"q".py', "new\nline.py"])
def test_odd_name_is_taken_literally(repository: Path, name: str) -> None:
    plant(repository, {f"sub/{name}": OLD})

    assert list(refused(repository)) == [f"sub/{name}"]


def test_what_is_committed_is_not_refused(repository: Path) -> None:
    assert refused(repository) == {}


def test_file_outside_git_is_not_refused(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": OLD})

    assert refused(tmp_path) == {}


def test_ignored_file_that_is_given_by_name_is_not_refused(repository: Path) -> None:
    plant(repository, {".git/info/exclude": "gen.py\n", "gen.py": OLD})

    assert refused(repository, "gen.py") == {}


def test_each_repository_answers_for_its_own_files(repository: Path) -> None:
    plant(repository, {"inner/c.py": OLD})
    git(repository / "inner", "init", "-q")

    assert refused(repository) == {"inner/c.py": "CK906 The file is not in git."}


def test_link_is_judged_by_what_it_leads_to(repository: Path) -> None:
    plant(repository, {"a.py": OLD + "x = 1\n"})
    (repository / "link.py").symlink_to("a.py")

    assert list(refused(repository, "link.py")) == ["link.py"]


def test_repository_that_git_cannot_read_is_no_permission(repository: Path) -> None:
    (repository / ".git" / "HEAD").write_text("broken")

    assert list(refused(repository, "a.py")) == ["a.py"]


def test_what_is_not_rewritten_is_not_asked_about(repository: Path) -> None:
    plant(repository, {"a.py": "x = 1\n"})

    assert refused(repository) == {}


def test_more_files_than_one_command_takes(repository: Path) -> None:
    plant(repository, {f"many/{number}.py": OLD for number in range(1100)})

    report: Report = refuse_uncommitted(plan_tree([repository], [MIGRATION]))

    assert (len(report.failed), len(report.rewritten)) == (1100, 2)
