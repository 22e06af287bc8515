"""Programs for v2 only give the same output with the shim as without it, however it is started."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import venv
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from compatkit.shim.pth import FILE, text_for
from tests.shim.unharmed.programs import LIBRARY, MIGRATION, PRODUCERS, PROGRAMS, RETURNS, SCRIPTS, TORCH

RUN_ALL = """
    import contextlib, importlib, io, json, sys, traceback

    def main():
        found = {}
        for name in NAMES:
            said, complained = io.StringIO(), io.StringIO()
            with contextlib.redirect_stdout(said), contextlib.redirect_stderr(complained):
                try:
                    importlib.import_module(f"programs.{name}").main()
                except BaseException as error:
                    print("raised", type(error).__name__, error, traceback.extract_tb(error.__traceback__)[-1].line)
            found[name] = said.getvalue() + complained.getvalue()
        with open("found.json", "w") as file:
            json.dump(found, file)
    if __name__ == "__main__":
        main()
    """
CLI = ("-c", "from compatkit.cli import main; main()")
INSTALL = (
    "import compatkit, compatkit.migration as m, pathlib; compatkit.install(m.load_project(pathlib.Path()).load())"
)
# Without pytest's own catching of warnings: what Python warns of is compared as well.
PYTEST = ("-m", "pytest", "-q", *(f"-pno:{name}" for name in ("cacheprovider", "randomly", "xdist", "warnings")))


class Said(NamedTuple):
    """What a process said, and how it ended."""

    out: str
    err: str
    status: int


class Project:
    """The library, the programs and the migration, on disk; and an environment in which the `.pth` is on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        names = f"NAMES = {list(PROGRAMS)}\n"
        tests = "import everything\ndef test_all(): everything.main()\n"
        row = "[[producers]]\ncode = 'AC{}'\nfunction = 'acme.trainers.{}'\nreturns = {!r}"
        rows = [row.format(501 + n, name, RETURNS.get(name, "")) for n, name in enumerate(PRODUCERS)]
        toml = "\n".join([MIGRATION, *rows])
        files = {
            **LIBRARY,
            **{f"programs/{name}.py": source for name, source in PROGRAMS.items()},
            **{f"{name}.py": source for name, source in SCRIPTS.items()},
            "with_torch.py": TORCH,
            "everything.py": names + textwrap.dedent(RUN_ALL),
            "test_everything.py": tests,
            "migration.toml": toml,
            "pyproject.toml": '[tool.compatkit]\nmigrations = ["migration.toml"]\n',
        }
        for name, source in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(textwrap.dedent(source))
        environment = folder / "environment"
        venv.create(environment, symlinks=True)
        (site,) = (environment / "lib").glob("python*/site-packages")
        seen = [path for path in sys.path if path.endswith("site-packages")]
        (site / "seen.pth").write_text("".join(f"import site; site.addsitedir({path!r})\n" for path in seen))
        (site / FILE).write_text(text_for(folder))
        self._enabled = str(environment / "bin" / "python")

    def start(self, *arguments: str, is_enabled: bool = False) -> Said:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("COMPATKIT", "PYTEST"))}
        done = subprocess.run(
            [self._enabled if is_enabled else sys.executable, *arguments],
            cwd=self.folder,
            env={**clean, "PYTHONHASHSEED": "0"},
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        return Said(done.stdout, done.stderr, done.returncode)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project(tmp_path_factory.mktemp("unharmed"))


def with_first_line(line: str) -> Callable[[Project, str], Said]:
    def start(project: Project, script: str) -> Said:
        # The same lines, one further down: a traceback names them.
        (project.folder / f"first_{script}").write_text(f"{line}\n{(project.folder / script).read_text()}")
        return project.start(f"first_{script}")

    return start


WAYS: Mapping[str, Callable[[Project, str], Said]] = {
    "run": lambda project, script: project.start(*CLI, "run", script),
    "run, warnings are errors": lambda project, script: project.start("-W", "error", *CLI, "run", script),
    "run -m": lambda project, script: project.start(*CLI, "run", "-m", script.removesuffix(".py")),
    "auto": with_first_line("import compatkit.auto"),
    "install": with_first_line(INSTALL),
    "pth": lambda project, script: project.start(script, is_enabled=True),
    "pytest": lambda project, script: project.start(*PYTEST, "--compatkit-shim", f"test_{script}"),
}


@pytest.fixture(scope="module")
def bare(project: Project) -> dict[str, str]:
    return all_of(project, lambda project, script: project.start(script))


@pytest.fixture(scope="module", params=WAYS)
def shimmed(request: pytest.FixtureRequest, project: Project) -> dict[str, str]:
    return all_of(project, WAYS[request.param])


def all_of(project: Project, way: Callable[[Project, str], Said]) -> dict[str, str]:
    found = project.folder / "found.json"
    found.unlink(missing_ok=True)
    said = way(project, "everything.py")
    assert found.exists(), said
    return dict(json.loads(found.read_text()))


@pytest.fixture(scope="module")
def warned(project: Project) -> frozenset[str]:
    """The programs of which Python itself warns: newer ones do, of a bare partial in a class."""
    found = all_of(project, lambda project, script: project.start("-W", "error", script))
    return frozenset(name for name, said in found.items() if "raised" in said)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_says_with_the_shim_what_it_says_without(
    name: str, bare: dict[str, str], warned: frozenset[str], shimmed: dict[str, str], request: pytest.FixtureRequest
) -> None:
    assert "raised" not in bare[name]
    if name in warned and "errors" in request.node.callspec.params["shimmed"]:
        assert "raised" in shimmed[name]
    else:
        assert shimmed[name] == bare[name]


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("way", ["run", "auto", "pth"])
def test_a_script_starts_and_ends_with_the_shim_as_without(way: str, script: str, project: Project) -> None:
    expected = project.start(f"{script}.py")
    found = WAYS[way](project, f"{script}.py")

    assert found.out == expected.out.replace(f"{script}.py", f"first_{script}.py" if way == "auto" else f"{script}.py")
    assert found.status == expected.status
    assert found.err.splitlines()[-1:] == expected.err.splitlines()[-1:]


@pytest.fixture(scope="module")
def without_the_shim(project: Project) -> Said:
    pytest.importorskip("torch")
    return project.start("with_torch.py")


@pytest.mark.slow("imports torch anew")
@pytest.mark.parametrize("way", ["run", "pth"])
def test_checkpoints_are_with_the_shim_what_they_are_without(
    way: str, project: Project, without_the_shim: Said
) -> None:
    found = WAYS[way](project, "with_torch.py")

    assert (found.out, found.status) == (without_the_shim.out, 0), found.err
