"""The shim in the processes that a script starts: every start method, DataLoader workers, the census of them all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from collections import Counter
from pathlib import Path
from textwrap import dedent

import pytest

from tests.shop import HEAD
from tests.shop.widgets import MOVE, make_shop


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_shop(tmp_path)


def write(project: Path, name: str, source: str) -> None:
    (project / name).write_text(textwrap.dedent(source))


def python(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if name not in {"COMPATKIT_SHIM", "PYTHONPATH"}}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env={**clean, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def compatkit_run(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return python("-c", "from compatkit.cli import main; main()", "run", *arguments, cwd=cwd, **environment)


# --- multiprocessing

POOLS = """\
{first}
import multiprocessing, sys

def use(method):
    from shop.old import Widget
    return f"{{method}}: {{Widget.__name__}}"

def child(method, queue):
    queue.put(use(method))

if __name__ == "__main__":
    for method in multiprocessing.get_all_start_methods():
        context = multiprocessing.get_context(method)
        queue = context.Queue()
        process = context.Process(target=child, args=(method, queue))
        process.start()
        process.join(600)
        print(queue.get(timeout=60) if process.exitcode == 0 else f"{{method}} failed")
"""
ALL_METHODS = ["fork: Gadget", "spawn: Gadget", "forkserver: Gadget"]


def test_every_start_method_has_the_shim_where_the_script_imports_auto(project: Path) -> None:
    write(project, "script.py", POOLS.format(first="import compatkit.auto"))

    done = python("script.py", cwd=project)

    assert (done.stdout.splitlines(), done.returncode) == (ALL_METHODS, 0), done.stderr


def test_every_start_method_has_the_shim_under_compatkit_run(project: Path) -> None:
    write(project, "script.py", POOLS.format(first=""))

    done = compatkit_run("script.py", cwd=project)

    assert (done.stdout.splitlines(), done.returncode) == (ALL_METHODS, 0), done.stderr


def test_a_module_as_script_starts_children_with_the_shim(project: Path) -> None:
    write(project, "shop/job.py", POOLS.format(first=""))

    done = compatkit_run("-m", "shop.job", cwd=project)

    assert (done.stdout.splitlines(), done.returncode) == (ALL_METHODS, 0), done.stderr


def test_without_the_shim_there_is_none(project: Path) -> None:
    """What the tests above show is the shim's doing."""
    write(project, "script.py", POOLS.format(first=""))

    assert python("script.py", cwd=project).stdout.splitlines() == [
        "fork failed",
        "spawn failed",
        "forkserver failed",
    ]


# The old name is used at the top of the main module, which a spawned child imports before anything else.
TOP = """\
{first}
import concurrent.futures, multiprocessing
from shop.old import Widget

def make(n):
    return Widget()

if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as pool:
        print([type(each).__name__ for each in pool.map(make, range(2))])
"""


@pytest.mark.parametrize("way", ["auto", "run"])
def test_a_main_module_with_the_old_import_at_its_top_is_imported_by_its_children(way: str, project: Path) -> None:
    write(project, "script.py", TOP.format(first="import compatkit.auto" if way == "auto" else ""))

    done = (compatkit_run if way == "run" else python)("script.py", cwd=project)

    assert done.stdout == "['Gadget', 'Gadget']\n", done.stderr


LOADER = """\
import torch
from shop.data import Numbers

if __name__ == "__main__":
    loader = torch.utils.data.DataLoader(Numbers(), num_workers=2, multiprocessing_context="spawn")
    print(sorted(int(batch) for batch in loader))
"""
DATA = """\
import torch
from shop.old import Widget

class Numbers(torch.utils.data.Dataset):
    def __len__(self): return 3
    def __getitem__(self, n):
        assert Widget.__name__ == "Gadget"
        return n
"""


@pytest.mark.slow("imports torch in four processes")
def test_dataloader_workers_that_are_spawned_have_the_shim(project: Path) -> None:
    pytest.importorskip("torch")
    write(project, "script.py", LOADER)
    write(project, "shop/data.py", DATA)

    done = compatkit_run("script.py", cwd=project)

    assert done.stdout == "[0, 1, 2]\n", done.stderr


# --- subprocesses

STARTS_CHILDREN = """\
import os, subprocess, sys
for arguments in (["child.py"], ["-m", "child"], ["-c", "import child"]):
    print(subprocess.run([sys.executable, *arguments], capture_output=True, text=True).stdout.strip())
bare = {k: v for k, v in os.environ.items() if not k.startswith("COMPATKIT")}
print(subprocess.run([sys.executable, "-c", "print('alive')"], env=bare, capture_output=True, text=True).stdout.strip())
"""


def test_subprocesses_have_the_shim(project: Path) -> None:
    write(project, "child.py", "from shop.old import Widget\nprint(Widget.__name__)\n")
    write(project, "script.py", STARTS_CHILDREN)

    done = compatkit_run("script.py", cwd=project)

    assert done.stdout.splitlines()[:3] == ["Gadget"] * 3, done.stderr
    assert done.stdout.splitlines()[-1] == "alive"


def test_subprocesses_have_the_shim_where_the_script_imports_auto(project: Path) -> None:
    """As the workers of loky and Ray are started."""
    write(project, "child.py", "from shop.old import Widget\nprint(Widget.__name__)\n")
    write(project, "script.py", f"import compatkit.auto\n{STARTS_CHILDREN}")

    assert python("script.py", cwd=project).stdout.splitlines() == [*["Gadget"] * 3, "alive"]


def test_a_folder_that_is_named_like_a_migration_takes_no_child_the_shim(project: Path) -> None:
    (project / "torch-amp").mkdir()
    write(project, "child.py", "from compatkit.shim import is_installed\nprint(is_installed())\n")
    write(project, "script.py", STARTS_CHILDREN)

    done = compatkit_run("--migration", "torch-amp", "script.py", cwd=project)

    assert done.stdout.splitlines() == [*["True"] * 3, "alive"]


def test_a_grandchild_from_another_folder_has_the_shim(project: Path) -> None:
    write(
        project, "elsewhere.py", "import sys; sys.path.insert(0, sys.argv[1])\nfrom shop.old import Widget; print(1)\n"
    )
    write(
        project,
        "child.py",
        dedent("""\
            import os, subprocess, sys
            here = os.getcwd(); os.chdir('/')
            subprocess.run([sys.executable, os.path.join(here, 'elsewhere.py'), here])
            """),
    )
    write(project, "script.py", "import subprocess, sys\nsubprocess.run([sys.executable, 'child.py'])\n")

    assert compatkit_run("script.py", cwd=project).stdout == "1\n"


def test_a_sitecustomize_of_the_users_own_still_runs(project: Path) -> None:
    (project / "site").mkdir()
    write(project, "site/sitecustomize.py", "import sys; sys.of_the_user = __file__\n")
    write(project, "child.py", "import sys; from shop.old import Widget; print(sys.of_the_user, Widget.__name__)\n")
    write(project, "script.py", "import subprocess, sys\nsubprocess.run([sys.executable, 'child.py'])\n")

    done = compatkit_run("script.py", cwd=project, PYTHONPATH=str(project / "site"))

    assert done.stdout == f"{project / 'site' / 'sitecustomize.py'} Gadget\n", done.stderr


def test_the_users_pythonpath_is_kept_for_children(project: Path) -> None:
    (project / "lib").mkdir()
    write(project, "lib/helper.py", "")
    write(
        project,
        "script.py",
        "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'import helper; print(1)'])\n",
    )

    assert compatkit_run("script.py", cwd=project, PYTHONPATH=str(project / "lib")).stdout == "1\n"


def test_a_child_with_a_broken_migration_goes_on_with_one_line_on_stderr(project: Path) -> None:
    write(
        project,
        "script.py",
        """\
        import pathlib, subprocess, sys
        pathlib.Path("migration.toml").write_text("schema = 2")
        done = subprocess.run([sys.executable, "-c", "print('alive')"], capture_output=True, text=True)
        print(done.returncode, done.stdout.strip(), len(done.stderr.splitlines()))
        print(done.stderr)
        """,
    )

    lines = compatkit_run("script.py", cwd=project).stdout.splitlines()

    assert lines[0] == "0 alive 1"
    assert lines[1].startswith("compatkit: the shim is off in this process: ")


# --- python -m old.module


def test_an_old_module_is_run_as_its_new_home(project: Path) -> None:
    write(
        project,
        "shop/new.py",
        dedent("""\
            import sys
            print(__name__, sys.argv[1:], __spec__.name)
            class Gadget: pass
            sys.exit(5)
            """),
    )

    done = compatkit_run("-m", "shop.old", "--epochs", "2", cwd=project)

    assert (done.stdout, done.returncode) == ("__main__ ['--epochs', '2'] shop.new\n", 5), done.stderr
    assert "SHOP101 shop.old.Widget is now shop.new.Gadget" in done.stderr


def test_an_old_module_with_several_homes_cannot_be_run_and_says_why(project: Path) -> None:
    write(project, "shop/parts.py", "class Part: pass\n")
    second = '[[moves]]\ncode = "CK102"\nold = "shop.old.Part"\nnew = "shop.parts.Part"\n'
    (project / "migration.toml").write_text(HEAD + MOVE + second)

    done = compatkit_run("-m", "shop.old", cwd=project)

    assert done.returncode == 1
    assert "shop.old is gone and cannot be run: its names moved to shop.new, shop.parts" in done.stderr


# --- the census

COUNTED = """\
import multiprocessing, os, subprocess, sys

def use():
    for n in range(5):
        from shop.old import Widget

def die():
    use()
    os._exit(3)

if __name__ == "__main__":
    use()
    children = []
    for method, target in (("fork", use), ("spawn", use), ("fork", die), ("spawn", die)):
        process = multiprocessing.get_context(method).Process(target=target)
        process.start()
        process.join()
    subprocess.run([sys.executable, "child.py"])
"""


def test_the_census_counts_every_process_also_those_that_are_killed(project: Path) -> None:
    write(project, "script.py", COUNTED)
    write(project, "child.py", "import shop.old\nshop.old.Widget\nshop.old.Widget\n")

    done = compatkit_run("--census", "census.json", "script.py", cwd=project)

    found = json.loads((project / "census.json").read_text())
    assert done.returncode == 0, done.stderr
    assert found["schema"] == 1
    counts: Counter[tuple[str, int]] = Counter()
    for use in found["uses"]:
        counts[Path(use["file"]).name, use["line"]] += use["count"]
    assert counts.keys() == {("script.py", 5), ("child.py", 2), ("child.py", 3)}
    assert {tuple(use) for use in found["uses"]} == {("code", "old", "file", "line", "count")}
    assert {(use["code"], use["old"]) for use in found["uses"]} == {("SHOP101", "shop.old.Widget")}
    assert counts["child.py", 2] == counts["child.py", 3] == 1
    # Five processes of 5 uses. Those that are killed have written their 4th use at the latest.
    assert counts["script.py", 5] in range(3 * 5 + 2 * 4, 5 * 5 + 1)
    assert len(found["uses"]) == 3


def test_a_census_of_a_script_that_fails_is_written_all_the_same(project: Path) -> None:
    write(project, "script.py", "from shop.old import Widget\nraise SystemExit(4)\n")

    done = compatkit_run("--census", "census.json", "script.py", cwd=project)

    assert done.returncode == 4
    assert [use["count"] for use in json.loads((project / "census.json").read_text())["uses"]] == [1]
    assert sorted(file.name for file in project.glob("*census*")) == ["census.json"]


def test_a_census_of_a_script_that_uses_no_old_name_is_empty(project: Path) -> None:
    write(project, "script.py", "from shop.new import Gadget\n")
    compatkit_run("--census", "census.json", "script.py", cwd=project)

    assert json.loads((project / "census.json").read_text()) == {"schema": 1, "uses": []}
