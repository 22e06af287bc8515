"""The working tree against a revision: each side runs its own tree's code, and no checkout is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import venv
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from compatkit.equivalence import Policy
from compatkit.equivalence.commands import CommandError, Result
from tests.equivalence.commands.conftest import LATER, commit, git, log, only

Verify = Callable[..., Result]


@pytest.fixture
def rate(repository: Path) -> Path:
    """The module that decides what is logged."""
    return repository / "acme" / "rate.py"


def change(rate: Path) -> None:
    rate.write_text(f"CHANGE = {LATER!r}\n")


def test_an_uncommitted_change_is_found(verify: Verify, rate: Path) -> None:
    change(rate)

    result = verify(base="HEAD", command=log())

    assert not result.is_equivalent
    assert (only(result).before, only(result).after) == ("base", "working tree")
    assert "loss, from step 3" in str(only(result).runs[0].verdict.deciding[0])  # type: ignore[union-attr]


def test_a_committed_change_is_found(verify: Verify, repository: Path, rate: Path) -> None:
    change(rate)
    commit(repository)

    assert not verify(base="HEAD~1", command=log()).is_equivalent


def test_the_folder_of_a_tree_is_no_difference(verify: Verify, repository: Path, rate: Path) -> None:
    rate.write_text("import os\nCHANGE = f\"UPDATE params SET value = '{os.getcwd()}/data'\"\n")
    commit(repository)

    assert verify(base="HEAD", command=log(), policy=Policy()).is_equivalent


def test_an_untracked_file_is_part_of_the_working_tree(verify: Verify, repository: Path, rate: Path) -> None:
    (repository / "acme" / "other.py").write_text(rate.read_text().replace("SELECT 1", LATER))
    rate.write_text("from acme.other import CHANGE\n")

    assert not verify(base="HEAD", command=log()).is_equivalent


def test_a_refactoring_is_equivalent(verify: Verify, repository: Path, rate: Path) -> None:
    (repository / "acme" / "other.py").write_text(rate.read_text())
    rate.write_text("from acme.other import CHANGE\n")

    result = verify(base="HEAD", command=log())

    assert result.is_equivalent
    assert not result.notes


def test_the_same_code_twice_is_said_to_be(verify: Verify, repository: Path) -> None:
    result = verify(base="HEAD", command=log())

    assert result.notes == ("the working tree holds what HEAD does: the same code ran twice",)


def test_the_base_imports_its_own_code_past_pythonpath(
    verify: Verify, repository: Path, rate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _move_to_src(repository)
    monkeypatch.setenv("PYTHONPATH", str(repository / "src"))
    change(repository / "src" / "acme" / "rate.py")

    assert not verify(base="HEAD", command=log()).is_equivalent


@pytest.mark.parametrize("kind", ["path", "finder"])
@pytest.mark.parametrize("place", ["inside", "outside"])
def test_the_base_imports_its_own_code_past_an_editable_install(
    verify: Verify, repository: Path, tmp_path: Path, kind: str, place: str
) -> None:
    (repository / ".gitignore").write_text(".venv/\n")
    (repository / "log.py").write_text("import third\n" + (repository / "log.py").read_text())
    _move_to_src(repository)
    environment = repository / ".venv" if place == "inside" else tmp_path / "venv"
    interpreter = _editable_install(environment, repository / "src", kind)
    command = (str(interpreter), "log.py")
    change(repository / "src" / "acme" / "rate.py")

    assert not verify(base="HEAD", command=command).is_equivalent


def test_code_from_the_working_tree_in_the_base_is_an_error(verify: Verify, repository: Path, rate: Path) -> None:
    # As a hard-wired path in a script would do.
    script = (repository / "log.py").read_text()
    (repository / "log.py").write_text(f"import sys\nsys.path.insert(0, {str(repository)!r})\n{script}")
    commit(repository)
    change(rate)

    with pytest.raises(CommandError, match="'acme' came from the working tree"):
        verify(base="HEAD", command=log())


def test_an_installed_copy_of_the_trees_package_is_an_error(
    verify: Verify, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "installed"
    _move_to_src(repository, copy=copy)
    monkeypatch.setenv("PYTHONPATH", str(copy))

    with pytest.raises(CommandError, match="'acme', which lies in src/, came from"):
        verify(base="HEAD", command=log())


def test_what_cannot_be_told_is_an_error(verify: Verify, repository: Path) -> None:
    with pytest.raises(CommandError, match="no Python process told"):
        verify(base="HEAD", command=("python", "-S", "log.py"))


def test_files_that_git_leaves_out_are_named_where_the_base_fails(verify: Verify, repository: Path) -> None:
    _needs_data(repository)

    with pytest.raises(CommandError, match=r"FileNotFoundError(.|\n)*\(data\), give --link"):
        verify(base="HEAD", command=log())


def test_files_that_git_leaves_out_can_be_linked(verify: Verify, repository: Path) -> None:
    _needs_data(repository)

    assert verify(base="HEAD", command=log(), link=("data",)).is_equivalent
    assert (repository / "data" / "rows.csv").read_text() == "1\n"


@pytest.mark.parametrize("link", ["acme", "absent", "..", "."])
def test_only_what_git_leaves_out_can_be_linked(verify: Verify, repository: Path, link: str) -> None:
    with pytest.raises(CommandError, match=r"replaced by the working tree's|There is no"):
        verify(base="HEAD", command=log(), link=(link,))


@pytest.mark.parametrize("base", ["absent", "--all", "HEAD~9"])
def test_a_revision_that_is_not_there_is_an_error(verify: Verify, repository: Path, base: str) -> None:
    with pytest.raises(CommandError, match="There is no revision"):
        verify(base=base, command=log())


def test_a_folder_without_git_is_an_error(verify: Verify, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(folder.parent))

    with pytest.raises(CommandError, match="in no git work tree"):
        verify(base="HEAD", command=log())


def test_a_failure_in_the_working_tree_is_an_error(verify: Verify, rate: Path) -> None:
    rate.write_text("")

    with pytest.raises(CommandError, match=r"working tree: .* ended with status 1"):
        verify(base="HEAD", command=log())


def test_an_empty_submodule_is_reported(verify: Verify, repository: Path) -> None:
    inner = repository.parent / "inner"
    inner.mkdir()
    git(inner, "init", "--quiet")
    (inner / "file.txt").touch()
    commit(inner)
    git(repository, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner), "vendored")
    commit(repository)

    result = verify(base="HEAD", command=log())

    assert "submodules are empty in the checkout of HEAD: vendored; --link them" in result.notes


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_the_commands_and_takes_the_checkout_away(
    repository: Path, tmp_path: Path, number: signal.Signals, warm_python: str
) -> None:
    pids = tmp_path / "pids"
    pids.mkdir()
    (repository / "log.py").write_text(
        dedent(f"""\
            import os, time
            open({str(pids)!r} + f'/{{os.getpid()}}', 'w')
            time.sleep(600)
            """)
    )
    commit(repository)
    command = [warm_python, "-m", "compatkit", "verify", "--base", "HEAD", "--jobs", "2", "--", "python", "log.py"]
    process = subprocess.Popen(command, cwd=repository, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while len(list(pids.iterdir())) < 2 and process.poll() is None:
        time.sleep(0.02)

    process.send_signal(number)
    output, talk = process.communicate(timeout=600)

    assert process.returncode == 2, talk
    assert "Interrupted." in talk
    assert not output
    assert not any(os.path.exists(f"/proc/{pid.name}") for pid in pids.iterdir())  # noqa: PTH110


def _move_to_src(repository: Path, copy: Path | None = None) -> None:
    (repository / "src").mkdir()
    (repository / "acme").rename(repository / "src" / "acme")
    if copy:
        (copy / "acme").mkdir(parents=True)
        for file in (repository / "src" / "acme").glob("*.py"):
            (copy / "acme" / file.name).write_text(file.read_text())
    commit(repository)


def _needs_data(repository: Path) -> None:
    script = (repository / "log.py").read_text()
    (repository / "log.py").write_text(f"{script}    open('data/rows.csv').read()\n")
    (repository / ".gitignore").write_text("/data/\n__pycache__/\n")
    commit(repository)
    (repository / "data").mkdir()
    (repository / "data" / "rows.csv").write_text("1\n")


def _editable_install(environment: Path, source: Path, kind: str) -> Path:
    """Make an environment with the module `third`, and `acme` installed as setuptools installs it editable."""
    venv.create(environment, with_pip=False, symlinks=True)
    (site,) = environment.glob("lib/python*/site-packages")
    (site / "third.py").touch()
    finder = f"""
import sys
from importlib.util import spec_from_file_location
class Finder:
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        folder = {str(source / "acme")!r}
        if name == "acme":
            return spec_from_file_location(name, folder + "/__init__.py", submodule_search_locations=[folder])
sys.meta_path.append(Finder)
"""
    (site / "acme_finder.py").write_text(finder)
    (site / "acme.pth").write_text(f"{source}\n" if kind == "path" else "import acme_finder\n")
    return environment / "bin" / "python"
