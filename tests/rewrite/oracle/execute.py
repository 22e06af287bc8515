"""Run a small project as its users would, in this process: its program, its tests and its doctests."""

from __future__ import annotations

import contextlib
import doctest
import importlib
import io
import re
import runpy
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

# Where in memory an object is.
_ADDRESS = re.compile(r" id='\d+'|\b0x[0-9a-f]+")


@dataclass(frozen=True, slots=True)
class Failure:
    """What was raised, and the lines of the project through which it came: file and line, the innermost last."""

    kind: str
    message: str
    places: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """What one program, test or doctest did."""

    name: str
    printed: str
    failure: Failure | None = None
    file: str = ""

    @property
    def shown(self) -> tuple[str, str, str]:
        return self.name, self.printed, self.failure.kind if self.failure else ""


def execute(project: Path, library: Path | None, program: str, tests: list[str]) -> list[Result]:
    """Run `python -m program`, then each test function and doctest of `tests`; every module is imported afresh."""
    with _fresh(project, library):
        results = [_run(program, lambda: runpy.run_module(program, run_name="__main__", alter_sys=True), project)]
    for name in tests:
        with _fresh(project, library):
            results += _tests_of(name, project)
    return results


@contextlib.contextmanager
def _fresh(*folders: Path | None) -> Iterator[None]:
    """Import from these folders first, and forget afterwards what was.

    What this process has imported under a name of theirs, as MLflow, is set aside, or the program would get it.
    """
    inside = [str(folder) for folder in folders if folder]
    names = {entry.stem for folder in inside for entry in Path(folder).iterdir()}
    alike = [name for name in sys.modules if name.startswith(tuple(names))]  # which leaves few of thousands
    aside = {name: sys.modules.pop(name) for name in alike if name.partition(".")[0] in names}
    before, path, writes = set(sys.modules), list(sys.path), sys.dont_write_bytecode
    sys.path[:0] = inside
    sys.dont_write_bytecode = True
    _forget_what_lies_in(inside)
    try:
        yield
    finally:
        sys.path[:], sys.dont_write_bytecode = path, writes
        for name in set(sys.modules) - before:
            if str(getattr(sys.modules[name], "__file__", None) or "").startswith(tuple(inside)):
                del sys.modules[name]
        sys.modules.update(aside)
        # Else each project that ran makes the next one slower.
        _forget_what_lies_in(inside)


def _forget_what_lies_in(folders: list[str]) -> None:
    """Let Python read these folders anew, and only these, when it imports: to read all of its path anew is slow."""
    for known in [known for known in sys.path_importer_cache if known.startswith(tuple(folders))]:
        del sys.path_importer_cache[known]


def _run(name: str, work: Callable[[], object], project: Path, file: str = "") -> Result:
    printed = io.StringIO()
    failure = None
    with contextlib.redirect_stdout(printed):
        try:
            work()
        except Exception as error:  # noqa: BLE001 - a program may do anything wrong
            failure = _failure(error, project)
    return Result(name, _ADDRESS.sub("", printed.getvalue()), failure, file)


def _failure(error: BaseException, project: Path) -> Failure:
    places: list[tuple[str, int]] = []
    one: BaseException | None = error
    while one is not None:
        for frame in traceback.extract_tb(one.__traceback__):
            if Path(frame.filename).is_relative_to(project):
                last = frame.end_lineno or frame.lineno or 0
                places += [
                    (Path(frame.filename).relative_to(project).as_posix(), at)
                    for at in range(frame.lineno or 0, last + 1)
                ]
        one = one.__context__
    return Failure(type(error).__name__, str(error), tuple(places))


def _tests_of(name: str, project: Path) -> Iterator[Result]:
    imported = _run(f"import {name}", lambda: importlib.import_module(name), project)
    if imported.failure:
        yield imported
        return
    module = sys.modules[name]
    file = Path(str(module.__file__)).relative_to(project).as_posix()
    for title, test in list(vars(module).items()):
        if title.startswith("test_"):
            yield _run(f"{name}.{title}", test, project, file)
    yield _doctests_of(module, name, file)


def _doctests_of(module: object, name: str, file: str) -> Result:
    printed, places = io.StringIO(), []
    runner = doctest.DocTestRunner(verbose=False)
    for test in doctest.DocTestFinder(exclude_empty=True).find(module, name):
        before = runner.failures
        runner.run(test, out=printed.write)
        if runner.failures > before:
            places += [(file, (test.lineno or 0) + example.lineno + 1) for example in test.examples]
    failure = Failure("DocTestFailure", printed.getvalue(), tuple(places)) if places else None
    return Result(f"doctests of {name}", "", failure, file)
