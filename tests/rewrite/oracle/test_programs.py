"""Programs written by hand, one for each way in which a name, a call or an object gets out of sight.

A file of programs holds `## its name`, and below it one module, or several behind `# file its path`. Whoever finds a
lie adds the program here, and to the folder `ordinary` code that is alike and in which nothing must be reported.
A program that has files in the package of the library has all of the library in its own tree.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.rewrite.oracle.execute import Result
from tests.rewrite.oracle.judge import OPTIONS, Counts, Project, judge, run_before
from tests.rewrite.oracle.library import V1, V2, migration

FOLDER = Path(__file__).parent / "programs"
ACME = [migration()]


def programs(folder: Path) -> Iterator[tuple[str, Project]]:
    for path in sorted(folder.glob("*.txt")):
        for block in re.split(r"(?m)^## ", path.read_text())[1:]:
            name, _, body = block.partition("\n")
            yield f"{path.stem}: {name}", project(body)


def project(body: str) -> Project:
    parts = re.split(r"(?m)^# file (\S+)\n", body)
    files = dict(zip(parts[1::2], parts[2::2], strict=True)) or {"main.py": body}
    files.setdefault("main.py", "")
    modules = {path: path.removesuffix(".py").replace("/", ".") for path in files if path.endswith(".py")}
    tests = [
        name for path, name in modules.items() if ">>>" in files[path] or name.rpartition(".")[2].startswith("test_")
    ]
    return Project(files, "main", tuple(tests), V1, V2, is_inside=any(path.startswith("acme/") for path in files))


PROGRAMS = dict(programs(FOLDER))
ORDINARY = dict(programs(FOLDER / "ordinary"))


@cache
def results_before(name: str) -> list[Result]:
    with tempfile.TemporaryDirectory(prefix="oracle-") as folder:
        return run_before(PROGRAMS[name], Path(folder))


@pytest.mark.parametrize("options", ["default", "everything"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_what_goes_on_otherwise_is_reported(name: str, options: str) -> None:
    before = results_before(name)

    assert [result.failure for result in before if result.failure] == []
    assert judge(PROGRAMS[name], before, ACME, OPTIONS[options]) is None


@pytest.mark.parametrize("name", ORDINARY)
def test_ordinary_code_is_not_reported(name: str) -> None:
    project, counts = ORDINARY[name], Counts()
    with tempfile.TemporaryDirectory(prefix="oracle-") as folder:
        before = run_before(project, Path(folder))

    assert [result.failure for result in before if result.failure] == []
    assert judge(project, before, ACME, OPTIONS["default"], counts) is None
    assert counts.findings == 0
