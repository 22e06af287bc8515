"""The ways in: `compatkit.auto`, the `.pth`, the pytest option. In interpreters of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from tests.shop.widgets import make_shop

USER = "from shop.old import Widget\nprint(Widget.__name__)\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = make_shop(tmp_path / 'it\'s a "project"')
    (folder / "user.py").write_text(USER)
    return folder


def python(*arguments: str | Path, cwd: Path, executable: str = sys.executable, **environment: str) -> str:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("COMPATKIT")}
    done = subprocess.run(
        [executable, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env={**clean, **environment},
    )
    return done.stdout + done.stderr


def test_auto_installs_the_shim_of_the_project_that_the_script_lies_in(project: Path, tmp_path: Path) -> None:
    (project / "user.py").write_text(f"import compatkit.auto\n{USER}")

    assert "Gadget" in python(project / "user.py", cwd=tmp_path)


def test_auto_installs_the_shim_of_the_working_directory(project: Path) -> None:
    assert "Gadget" in python("-c", f"import compatkit.auto\n{USER}", cwd=project)


def test_auto_leaves_a_shim_alone_that_is_installed(project: Path) -> None:
    code = "import sys, compatkit; compatkit.install(); n = len(sys.meta_path); import compatkit.auto"

    assert "True" in python("-c", f"{code}; print(len(sys.meta_path) == n)", cwd=project)


def test_the_variable_turns_it_off(project: Path) -> None:
    output = python("-c", f"import compatkit.auto\n{USER}", cwd=project, COMPATKIT_SHIM="0")

    assert "No module named 'shop.old'" in output


SWITCHED = """\
import os, sys
for said in {said!r}:
    os.environ["COMPATKIT_SHIM"] = said
    for name in [name for name in sys.modules if name.startswith("compatkit")]:
        del sys.modules[name]
    try:
        import compatkit.auto
        from compatkit.shim import is_installed, uninstall
        print(is_installed())
        uninstall()
    except Exception as error:
        print(type(error).__name__, str(error).splitlines()[0])
"""


def test_the_variable_is_a_switch_in_every_spelling_and_else_an_error(project: Path) -> None:
    on, off, wrong = (
        ["1", "true", "ON", "Yes", "", " "],
        ["0", "false", "OFF", "no"],
        ["2", "maybe", "[]", "{}", "null"],
    )

    output = python("-c", SWITCHED.format(said=[*on, *off, *wrong]), cwd=project).splitlines()

    assert output[:10] == ["True"] * len(on) + ["False"] * len(off)
    assert output[10:] == [f"ShimError COMPATKIT_SHIM is {said!r}, which is neither on nor off." for said in wrong]


LATE = """\
import multiprocessing
import ray
from joblib import Parallel, delayed
Parallel(n_jobs=2, backend="loky")([delayed(abs)(-1)] * 2)
pool = multiprocessing.Pool(1)
import compatkit.auto
pool.terminate()
"""


def test_auto_says_at_once_which_workers_it_does_not_reach(project: Path) -> None:
    (project / "ray.py").write_text("def is_initialized(): return True\n")
    (project / "late.py").write_text(LATE)

    said = python(project / "late.py", cwd=project)

    assert [line.split(" were started")[0] for line in said.splitlines()] == [
        "compatkit: the workers of Ray",
        "compatkit: the workers of loky",
        "compatkit: the workers of multiprocessing",
    ]


def test_auto_with_a_broken_migration_is_an_error(project: Path) -> None:
    (project / "migration.toml").write_text("schema = 2")

    assert "the only schema known" in python("-c", f"import compatkit.auto\n{USER}", cwd=project)


@pytest.fixture
def environment(clean_environment: Path) -> Iterator[Path]:
    yield clean_environment
    for file in clean_environment.rglob("*compatkit-shim.pth"):
        file.unlink()


@pytest.fixture(scope="module")
def clean_environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment that sees compatkit and what the tests' own environment has."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=True)
    (site,) = (folder / "lib").glob("python*/site-packages")
    seen = [path for path in sys.path if path.endswith("site-packages")]
    (site / "seen.pth").write_text("".join(f"import site; site.addsitedir({path!r})\n" for path in seen))
    return folder


class Environment:
    """Runs Python and compatkit in the environment, from a project."""

    def __init__(self, folder: Path, cwd: Path) -> None:
        self._executable = str(folder / "bin" / "python")
        self._cwd = cwd
        self.site = next((folder / "lib").glob("python*/site-packages"))

    def python(self, *arguments: str | Path, cwd: Path | None = None, **environment: str) -> str:
        return python(*arguments, cwd=cwd or self._cwd, executable=self._executable, **environment)

    def shim(self, *arguments: str) -> str:
        return self.python("-c", "from compatkit.cli import main; main()", "shim", *arguments)


@pytest.fixture
def enabled(environment: Path, project: Path) -> Environment:
    found = Environment(environment, project)
    found.shim("enable")
    return found


def test_enable_status_and_disable(environment: Path, project: Path) -> None:
    here = Environment(environment, project)

    assert "The shim is off" in here.shim("status")
    assert "The shim is on, with shop-v2" in here.shim("enable")
    assert "shop-v2: The shop moves." in here.shim("status")
    assert "Gadget" in here.python("user.py")
    assert "removed" in here.shim("disable")
    assert "No module named 'shop.old'" in here.python("user.py")
    assert list(here.site.glob("*compatkit*")) == []


def test_the_pth_serves_scripts_from_anywhere(enabled: Environment, project: Path, tmp_path: Path) -> None:
    assert "Gadget" in enabled.python(project / "user.py", cwd=tmp_path)
    assert "No module named 'shop.old'" in enabled.python(project / "user.py", cwd=tmp_path, COMPATKIT_SHIM="0")


LOADED = "import sys; print(sorted(name for name in sys.modules if name.split('.')[0] == 'compatkit'))"


def test_the_pth_looks_at_its_switch_before_it_imports_anything(enabled: Environment) -> None:
    assert enabled.python("-c", LOADED, COMPATKIT_SHIM=" Off") == "[]\n"


def test_what_the_pth_loads_is_next_to_nothing(enabled: Environment) -> None:
    assert enabled.python("-c", LOADED) == "['compatkit', 'compatkit.shim', 'compatkit.shim.install']\n"


def test_the_names_that_the_pth_holds_are_not_believed_once_the_migration_has_changed(
    enabled: Environment, project: Path
) -> None:
    (project / "fresh.py").write_text("class Thing: pass\n")
    more = dedent(
        """\
        [[moves]]
        code = "CK102"
        old = "stale.Thing"
        new = "fresh.Thing"
        """
    )
    (project / "migration.toml").write_text((project / "migration.toml").read_text() + more)

    assert enabled.python("-c", "from stale import Thing; print(Thing.__module__)").startswith("fresh\n")


@pytest.mark.parametrize("flag", ["-I", "-E"])
def test_a_python_that_ignores_the_environment_ignores_the_variable(
    flag: str, enabled: Environment, project: Path, tmp_path: Path
) -> None:
    other = make_shop(tmp_path / "other")
    (other / "migration.toml").write_text((other / "migration.toml").read_text().replace("shop.old", "shop.older"))
    told = {"COMPATKIT_SHIM": json.dumps({"project": str(other)})}
    code = f"import sys; sys.path.insert(0, {str(project)!r}); from {{}} import Widget; print(Widget.__name__)"

    assert enabled.python(flag, "-c", code.format("shop.old"), **told).startswith("Gadget\n")
    assert "No module named 'shop.older'" in enabled.python(flag, "-c", code.format("shop.older"), **told)
    assert enabled.python(flag, "-c", code.format("shop.old"), COMPATKIT_SHIM="0").startswith("Gadget\n")


def test_without_site_there_is_no_shim(enabled: Environment) -> None:
    assert enabled.python("-S", "-c", f"import site; site.main(); {LOADED}") == "[]\n"


@pytest.mark.parametrize("harm", ["migration", "project", "compatkit", "pyproject"])
def test_the_pth_breaks_no_interpreter(enabled: Environment, project: Path, harm: str) -> None:
    environment = {}
    if harm == "migration":
        (project / "migration.toml").write_text("schema = 2")
    elif harm == "project":
        project.rename(project.with_name("moved"))
    elif harm == "pyproject":
        (project / "pyproject.toml").write_bytes(b"\xff")
    else:
        environment = {"PYTHONPATH": str(_without_compatkit(project))}

    output = enabled.python("-c", "print('alive')", cwd=project.parent, **environment)

    assert "alive" in output
    assert "Traceback" not in output
    assert len(output.splitlines()) <= 2


def _without_compatkit(folder: Path) -> Path:
    (folder / "compatkit.py").write_text("raise ImportError('no compatkit here')\n")
    return folder


def test_enable_refuses_a_project_whose_migration_is_broken(environment: Path, project: Path) -> None:
    here = Environment(environment, project)
    (project / "migration.toml").write_text("schema = 2")

    assert "the only schema known" in here.shim("enable")
    assert "The shim is off" in here.shim("status")


PYTEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:xdist")


@pytest.fixture
def tests(project: Path) -> Path:
    (project / "conftest.py").write_text("from shop.old import Widget\n")
    (project / "test_it.py").write_text(
        dedent("""\
            import subprocess, sys
            from shop.old import Widget
            def test_it(): assert Widget.__name__ == 'Gadget'
            def test_child(): assert subprocess.run([sys.executable, 'user.py']).returncode == 0
            """)
    )
    return project


def test_the_pytest_option_serves_conftest_tests_and_children(tests: Path) -> None:
    assert "2 passed" in python(*PYTEST, "--compatkit-shim", cwd=tests)


def test_without_the_option_pytest_has_no_shim(tests: Path) -> None:
    assert "No module named 'shop.old'" in python(*PYTEST, cwd=tests)


def test_the_configuration_key_is_the_option(tests: Path) -> None:
    (tests / "pytest.ini").write_text("[pytest]\ncompatkit_shim = true\n")

    assert "2 passed" in python(*PYTEST, cwd=tests)
