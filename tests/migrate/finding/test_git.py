"""Files that git could not bring back are not written."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from compatkit.migrate import Report, plan_tree
from compatkit.migrate.write import refuse_uncommitted
from compatkit.rewrite import Failed
from tests.shop.moves import MIGRATION, OLD, plant


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


PROGRAMS = {
    "clean filter": ("filter.evil.clean", "touch executed; cat"),
    "long-running filter": ("filter.evil.process", "touch executed"),
    "file monitor": ("core.fsmonitor", "touch executed"),
    "external diff": ("diff.external", "touch executed"),
    "text conversion": ("diff.evil.textconv", "touch executed; cat"),
    "hook": ("core.hooksPath", "hooks"),
    "pager": ("core.pager", "touch executed"),
}


@pytest.mark.parametrize("kind", PROGRAMS)
def test_no_program_that_the_repository_names_is_run(repository: Path, kind: str) -> None:
    key, command = PROGRAMS[kind]
    git(repository, "config", key, command.replace("executed", str(repository / "executed")))
    hook = f"#!/bin/sh\ntouch {repository / 'executed'}\n"
    plant(repository, {".git/info/attributes": "* filter=evil diff=evil\n", "hooks/post-index-change": hook})
    (repository / "hooks/post-index-change").chmod(0o755)
    plant(repository, {"a.py": OLD, "sub/b.py": OLD + "x = 1\n"})

    found = refused(repository)

    assert list(found) == ["sub/b.py"]
    assert not (repository / "executed").exists()


def test_missing_object_is_not_fetched(repository: Path) -> None:
    git(repository, "config", "extensions.partialClone", "origin")
    git(repository, "config", "core.repositoryFormatVersion", "1")
    git(repository, "config", "remote.origin.promisor", "true")
    git(repository, "config", "remote.origin.url", f"ext::sh -c touch% {repository}/executed")
    git(repository, "config", "protocol.ext.allow", "always")
    for file in (repository / ".git/objects").glob("??/*"):
        if (
            b"tree"
            in subprocess.run(
                ["git", "-C", repository, "cat-file", "-t", file.parent.name + file.name],
                capture_output=True,
                check=True,
            ).stdout
        ):
            file.unlink()

    assert set(refused(repository).values()) == {"CK906 git cannot tell whether the file has uncommitted changes."}
    assert not (repository / "executed").exists()


@pytest.mark.parametrize("mark", ["--skip-worktree", "--assume-unchanged"])
def test_mark_in_the_index_hides_no_change(repository: Path, mark: str) -> None:
    git(repository, "update-index", mark, "a.py")
    plant(repository, {"a.py": OLD + "x = 1\n"})

    assert refused(repository) == {"a.py": "CK906 The file has uncommitted changes."}


def test_work_tree_elsewhere_hides_no_change(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = plant(tmp_path_factory.mktemp("elsewhere"), {"a.py": OLD, "sub/b.py": OLD})
    git(repository, "config", "core.worktree", str(elsewhere))
    plant(repository, {"a.py": OLD + "x = 1\n"})

    assert refused(repository) == {"a.py": "CK906 The file has uncommitted changes."}


def test_object_that_stands_in_for_another_hides_no_change(repository: Path) -> None:
    changed = OLD + "x = 1\n"
    plant(repository, {"a.py": changed})
    objects = [
        subprocess.run(["git", "-C", repository, *command], capture_output=True, check=True).stdout.decode().strip()
        for command in (["rev-parse", "HEAD"], ["commit-tree", "-m", "x", written_tree(repository)])
    ]
    git(repository, "replace", *objects)

    assert refused(repository, "a.py") == {"a.py": "CK906 The file has uncommitted changes."}


def written_tree(repository: Path) -> str:
    git(repository, "config", "user.name", "t")
    git(repository, "config", "user.email", "t@example.org")
    git(repository, "add", ".")
    tree = subprocess.run(["git", "-C", repository, "write-tree"], capture_output=True, check=True).stdout
    git(repository, "reset", "-q")
    return tree.decode().strip()


def test_line_ends_that_git_converts_are_no_change(repository: Path) -> None:
    plant(repository, {"a.py": OLD.replace("\n", "\r\n"), "sub/b.py": OLD.replace("\n", "\r\n") + "x = 1\r\n"})
    before = refused(repository)
    git(repository, "config", "core.autocrlf", "true")

    assert set(before) == {"a.py", "sub/b.py"}
    assert refused(repository) == {"sub/b.py": "CK906 The file has uncommitted changes."}


def test_file_that_a_filter_changed_is_refused_and_the_filter_named(repository: Path) -> None:
    plant(repository, {".gitattributes": "a.py filter=notebook\n", "a.py": OLD + "x = 1\n"})

    assert refused(repository) == {"a.py": "CK906 The file has uncommitted changes, or git changes it (filter)."}


def test_repository_without_a_commit_holds_nothing(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": OLD, "b.py": OLD})
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "a.py")

    found = refused(tmp_path)

    assert found == {"a.py": "CK906 The file has uncommitted changes.", "b.py": "CK906 The file is not in git."}


def test_tracked_folder_that_became_a_link_is_not_followed(
    repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = plant(tmp_path_factory.mktemp("outside"), {"b.py": OLD})
    (repository / "sub/b.py").unlink()
    (repository / "sub").rmdir()
    (repository / "sub").symlink_to(outside)

    report = plan_tree([repository], [MIGRATION])

    assert [result.path.name for result in report.results] == ["a.py"]
