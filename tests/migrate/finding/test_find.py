"""The files of a run: no environment or build folder, each file once, and no links."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from compatkit.migrate import find_files
from tests.shop.moves import plant


def found(root: Path, *paths: Path) -> list[str]:
    return [file.path.relative_to(root).as_posix() for file in find_files(paths or [root])]


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True)


@pytest.mark.parametrize(
    "name",
    [
        ".hidden/a.py",
        "__pycache__/a.py",
        "pkg/__pycache__/a.py",
        "node_modules/x/a.py",
        "build/a.py",
        "dist/a.py",
        "lib/site-packages/x.py",
        "data/a.txt",
        "a.pyc",
        "a.py.bak",
        "py",
    ],
)
def test_is_left_out(tmp_path: Path, name: str) -> None:
    plant(tmp_path, {name: "", "b.py": ""})

    assert found(tmp_path) == ["b.py"]


@pytest.mark.parametrize("in_git", [True, False])
def test_environment_of_any_name_is_left_out(tmp_path: Path, in_git: bool) -> None:
    plant(tmp_path, {"env311/pyvenv.cfg": "", "env311/lib/a.py": "", "b.py": ""})
    if in_git:
        git(tmp_path, "init")

    assert found(tmp_path) == ["b.py"]


def test_sources_stubs_and_data_are_found_in_order(tmp_path: Path) -> None:
    plant(
        tmp_path,
        {"b/z.py": "", "b.py": "", "a.pyi": "", "n.ipynb": "", "c.yaml": "", "c.yml": "", "p.toml": "", "r.md": ""},
    )

    assert found(tmp_path) == ["a.pyi", "b/z.py", "b.py", "c.yaml", "c.yml", "n.ipynb", "p.toml", "r.md"]


def test_file_given_by_name_is_taken_whatever_its_suffix(tmp_path: Path) -> None:
    plant(tmp_path, {".hidden/tool": ""})

    assert found(tmp_path, tmp_path / ".hidden" / "tool") == [".hidden/tool"]


def test_file_given_twice_is_found_once(tmp_path: Path) -> None:
    plant(tmp_path, {"a/b.py": ""})

    assert found(tmp_path, tmp_path / "a" / "b.py", tmp_path, tmp_path / "a" / ".." / "a") == ["a/b.py"]


def test_links_are_not_followed(tmp_path: Path) -> None:
    plant(tmp_path, {"outside/x.py": "", "tree/a.py": ""})
    (tmp_path / "tree" / "folder").symlink_to(tmp_path / "outside")
    (tmp_path / "tree" / "file.py").symlink_to(tmp_path / "outside" / "x.py")
    (tmp_path / "tree" / "loop").symlink_to(tmp_path / "tree")
    (tmp_path / "tree" / "twin.py").symlink_to(tmp_path / "tree" / "a.py")

    assert found(tmp_path / "tree") == ["a.py"]


def test_links_in_a_work_tree_are_not_followed(tmp_path: Path) -> None:
    plant(tmp_path, {"outside/x.py": "", "tree/a.py": ""})
    (tmp_path / "tree" / "folder").symlink_to(tmp_path / "outside")
    (tmp_path / "tree" / "file.py").symlink_to(tmp_path / "outside" / "x.py")
    git(tmp_path / "tree", "init")

    assert found(tmp_path / "tree") == ["a.py"]


def test_work_tree_decides_what_is_ignored(tmp_path: Path) -> None:
    files = {".gitignore": "gen/\n", "gen/a.py": "", "build/kept.py": "", ".github/ci.py": "", "sub/new.py": ""}
    plant(tmp_path, files)
    git(tmp_path, "init")

    assert found(tmp_path) == [".github/ci.py", "build/kept.py", "sub/new.py"]


def test_folder_inside_a_work_tree_is_limited_to_itself(tmp_path: Path) -> None:
    plant(tmp_path, {"a/x.py": "", "b/ü.py": "", "b/y y.py": ""})
    git(tmp_path, "init")

    assert found(tmp_path, tmp_path / "b") == ["b/y y.py", "b/ü.py"]


def test_ignored_folder_that_is_given_by_name_is_walked(tmp_path: Path) -> None:
    plant(tmp_path, {".gitignore": "gen/\n", "gen/a.py": ""})
    git(tmp_path, "init")

    assert found(tmp_path, tmp_path / "gen") == ["gen/a.py"]


def test_repository_inside_a_repository_is_searched(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": "", "inner/b.py": "", "inner/c/d.py": ""})
    git(tmp_path, "init")
    git(tmp_path / "inner", "init")

    assert found(tmp_path) == ["a.py", "inner/b.py", "inner/c/d.py"]


def test_deleted_but_tracked_file_is_left_out(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": "", "gone.py": ""})
    git(tmp_path, "init")
    git(tmp_path, "add", ".")
    (tmp_path / "gone.py").unlink()

    assert found(tmp_path) == ["a.py"]


def test_program_named_by_the_repository_is_not_run(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": "", "monitor.sh": f"#!/bin/sh\ntouch {tmp_path}/ran\n"})
    (tmp_path / "monitor.sh").chmod(0o755)
    git(tmp_path, "init")
    git(tmp_path, "config", "core.fsmonitor", str(tmp_path / "monitor.sh"))

    find_files([tmp_path])

    assert not (tmp_path / "ran").exists()


def test_environment_of_a_git_hook_does_not_mislead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(tmp_path, {"other/x.py": "", "tree/a.py": ""})
    git(tmp_path / "other", "init")
    git(tmp_path / "tree", "init")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other" / ".git"))

    assert found(tmp_path, tmp_path / "tree") == ["tree/a.py"]


@pytest.mark.parametrize("name", ["gen/a.py", "sub/gen/a.py", "x_pb2.py", "sub/only_here.py"])
def test_gitignore_files_decide_outside_git(tmp_path: Path, name: str) -> None:
    plant(tmp_path, {".gitignore": "gen/\n*_pb2.py\n", "sub/.gitignore": "only_*\n", name: "", "b.py": ""})

    assert found(tmp_path) == ["b.py"]


def test_a_gitignore_further_down_lets_in_again(tmp_path: Path) -> None:
    plant(tmp_path, {".gitignore": "x_*.py\n", "sub/.gitignore": "!x_kept.py\n", "sub/x_kept.py": "", "x_a.py": ""})

    assert found(tmp_path) == ["sub/x_kept.py"]


def test_a_gitignore_holds_below_its_folder_only(tmp_path: Path) -> None:
    plant(tmp_path, {"a/.gitignore": "/x.py\n", "a/x.py": "", "x.py": "", "a/b/x.py": ""})

    assert found(tmp_path) == ["a/b/x.py", "x.py"]


def test_work_tree_inside_a_plain_folder_is_asked_itself(tmp_path: Path) -> None:
    plant(tmp_path, {"repo/.gitignore": "gen.py\n", "repo/gen.py": "", "repo/build/kept.py": "", "a.py": ""})
    git(tmp_path / "repo", "init")

    assert found(tmp_path) == ["a.py", "repo/build/kept.py"]


@pytest.mark.parametrize("name", ["node_modules/a.py", "env/a.py", "lib/site-packages/a.py"])
def test_what_is_installed_is_left_out_even_if_git_tracks_it(tmp_path: Path, name: str) -> None:
    plant(tmp_path, {"env/pyvenv.cfg": "", name: "", "b.py": ""})
    git(tmp_path, "init")
    git(tmp_path, "add", "-f", ".")

    assert found(tmp_path) == ["b.py"]


def test_what_is_to_be_left_out_is_not_found_by_another_spelling(tmp_path: Path) -> None:
    plant(tmp_path, {"a.toml": "", "b/c.py": ""})

    files = find_files([tmp_path], leave_out=[tmp_path / "b" / ".." / "a.toml"])

    assert [file.path.name for file in files] == ["c.py"]
