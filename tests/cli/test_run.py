"""`compatkit run`: the user's script as Python would run it, plus the shim."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from textwrap import dedent

import pytest

from tests.cli.test_group import compatkit
from tests.shop.widgets import make_shop

SCRIPT = dedent(
    """\
    import sys
    from shop.old import Widget
    print(Widget.__name__, __name__, sys.argv)
    sys.exit(7)
    """
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    make_shop(tmp_path)
    (tmp_path / "script.py").write_text(SCRIPT)
    return tmp_path


@pytest.mark.parametrize("target", [["script.py"], ["-m", "script"]])
def test_old_imports_resolve_and_arguments_and_status_pass_through(project: Path, target: list[str]) -> None:
    done = compatkit("run", *target, "--epochs", "5", "-m", cwd=project)

    assert done.stdout.startswith("Gadget __main__ [")
    assert done.stdout.rstrip().endswith("'--epochs', '5', '-m']")
    assert done.returncode == 7


def test_the_collector_is_as_python_has_it(project: Path) -> None:
    (project / "script.py").write_text("import gc\nprint(gc.isenabled(), gc.get_threshold())\n")
    alone, under = (
        subprocess.run([sys.executable, *how, "script.py"], cwd=project, capture_output=True, text=True, check=True)
        for how in ([], ["-m", "compatkit", "run"])
    )

    assert under.stdout == alone.stdout


def test_the_warning_shows_at_the_scripts_line(project: Path) -> None:
    done = compatkit("run", "script.py", cwd=project)

    assert "script.py:2: MovedNameWarning: SHOP101 shop.old.Widget is now shop.new.Gadget" in done.stderr


def test_the_scripts_own_error_stays_its_own(project: Path) -> None:
    (project / "script.py").write_text(
        dedent(
            """\
            def broken():
                raise ValueError('mine')
            broken()
            """
        )
    )

    done = compatkit("run", "script.py", cwd=project)

    assert done.returncode == 1
    assert "ValueError: mine" in done.stderr
    assert 'script.py", line 2' in done.stderr


def test_an_unknown_migration_is_an_error(project: Path) -> None:
    done = compatkit("run", "--migration", "shopv2", "script.py", cwd=project)

    assert done.returncode == 64
    assert "There is no migration 'shopv2'" in done.stderr


def test_a_record_that_contradicts_itself_shows_where_it_was_made(project: Path) -> None:
    (project / "script.py").write_text(
        "from compatkit import read_history\nread_history([{'epoch': 3, 'train_acc': 0.81, 'train_accuracy': 0.79}])\n"
    )

    done = compatkit("run", "script.py", cwd=project)

    assert done.returncode == 1
    assert 'script.py", line 2' in done.stderr
    assert "CK201 epoch 3 has both" in done.stderr


# --- as python does

AS_PYTHON = {
    "app/__main__.py": """
        import sys, os, side
        print(__name__, __file__, sys.argv, side.HERE, [each for each in sys.path if "bin" in os.path.basename(each)])
        """,
    "app/side.py": "HERE = 'beside the main'\n",
    "empty/nothing.txt": "",
    "tool.py": """
        import atexit, pickle, sys, side_of_the_tool
        class Own: pass
        def late():
            print(pickle.loads(pickle.dumps(Own())).__class__.__module__, sys.modules["__main__"].__name__)
        atexit.register(late)
        print(__file__, sys.argv, sys.path[0], __spec__ and __spec__.name, __package__, __loader__.__class__.__name__)
        """,
    "side_of_the_tool.py": "",
    "ends.py": "import sys\nsys.exit('with a message')\n",
    "breaks.py": dedent(
        """\
        def broken():
            return 1 / 0
        broken()
        """
    ),
    "no_syntax.py": "def broken(:\n",
    "hooked.py": dedent(
        """\
        import sys
        sys.excepthook = lambda kind, *_: print('seen', kind.__name__)
        raise EOFError
        """
    ),
}


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make_shop(tmp_path_factory.mktemp("programs"))
    for name, source in AS_PYTHON.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(textwrap.dedent(source))
    shutil.make_archive(str(folder / "packed"), "zip", folder / "app")
    return folder


@pytest.mark.parametrize(
    "arguments",
    [
        ["app", "--x"],
        ["packed.zip"],
        ["empty"],
        ["tool.py", "-m"],
        ["app/../tool.py"],
        ["-m", "tool"],
        ["-m", "app"],
        ["-m", "no.such"],
        ["-m", "shop"],
        ["ends.py"],
        ["breaks.py"],
        ["-m", "breaks"],
        ["no_syntax.py"],
        ["hooked.py"],
    ],
    ids=" ".join,
)
def test_what_is_run_is_run_as_python_runs_it(arguments: list[str], programs: Path) -> None:
    here = compatkit("run", *arguments, cwd=programs)
    there = subprocess.run([sys.executable, *arguments], cwd=programs, capture_output=True, text=True, check=False)

    assert (here.stdout, here.stderr, here.returncode) == (there.stdout, there.stderr, there.returncode)


def test_ctrl_c_is_130_with_the_scripts_own_traceback(project: Path) -> None:
    (project / "script.py").write_text(
        dedent(
            """\
            import signal
            print('on')
            signal.raise_signal(signal.SIGINT)
            """
        )
    )

    done = compatkit("run", "script.py", cwd=project)

    assert (done.stdout, done.returncode) == ("on\n", 130)
    assert done.stderr.splitlines() == [
        "Traceback (most recent call last):",
        f'  File "{project / "script.py"}", line 3, in <module>',
        "    signal.raise_signal(signal.SIGINT)",
        "KeyboardInterrupt",
    ]


def test_a_traceback_through_a_producer_shows_no_frame_of_the_shim(project: Path) -> None:
    (project / "shop" / "trainer.py").write_text("def train():\n    raise ValueError('mine')\n")
    declared = dedent(
        """\
        [[producers]]
        code = "CK251"
        function = "shop.trainer.train"
        """
    )
    (project / "migration.toml").write_text((project / "migration.toml").read_text() + declared)
    (project / "script.py").write_text("from shop.trainer import train\ntrain()\n")

    done = compatkit("run", "script.py", cwd=project)

    files = [line.split('"')[1] for line in done.stderr.splitlines() if line.startswith("  File ")]
    assert files == [str(project / "script.py"), str(project / "shop" / "trainer.py")]


# --- the command that a warning ends in

USES = {
    "an import": "from shop.old import Widget\n",
    "an attribute": "import shop.old\nWidget = shop.old.Widget\n",
    "a module in a text": "import importlib\nWidget = importlib.import_module('shop.old').Widget\n",
    "a name in a text": "import pkgutil\nWidget = pkgutil.resolve_name('shop.old.Widget')\n",
    "a patch": (
        dedent("""\
            from unittest import mock
            import shop.new
            with mock.patch('shop.old.Widget', 3): Widget = type('Gadget', (), {})
            """)
    ),
}


@pytest.mark.parametrize("use", USES)
def test_the_command_that_a_warning_ends_in_rewrites_the_place(use: str, project: Path) -> None:
    (project / "script.py").write_text(f"{USES[use]}print(Widget.__name__)\n")
    before = compatkit("run", "script.py", cwd=project)
    command = re.findall(r"run: compatkit (.*) \.$", before.stderr, re.MULTILINE)[0].split()

    compatkit(*command, "--allow-dirty", ".", cwd=project)

    after = subprocess.run([sys.executable, "script.py"], cwd=project, capture_output=True, text=True, check=False)
    assert before.stdout == after.stdout == "Gadget\n", (command, after.stderr)


# --- the census

MOVES_ON = """
    import os, shutil
    from shop.old import Widget
    os.makedirs("out/work", exist_ok=True)
    os.chdir("out/work")
    shutil.rmtree("../../reports", ignore_errors=True)
    """


@pytest.mark.parametrize("file", ["census.json", "reports/census.json"])
def test_a_census_is_written_where_the_command_was_started(file: str, project: Path) -> None:
    (project / "reports").mkdir()
    (project / "script.py").write_text(textwrap.dedent(MOVES_ON))

    done = compatkit("run", "--census", file, "script.py", cwd=project)

    assert done.returncode == 0, done.stderr
    assert [use["count"] for use in json.loads((project / file).read_text())["uses"]] == [1]


def test_a_census_whose_log_is_gone_is_an_error(project: Path) -> None:
    (project / "script.py").write_text(
        dedent("""\
            import os, pathlib, json
            pathlib.Path(json.loads(os.environ['COMPATKIT_SHIM'])['census']).unlink()
            from shop.old import Widget
            """)
    )

    done = compatkit("run", "--census", "census.json", "script.py", cwd=project)

    assert done.returncode == 2
    assert "The census is lost" in done.stderr


def test_an_option_that_run_does_not_have_is_wrong_use_and_no_script(tmp_path: Path) -> None:
    done = compatkit("run", "--cencus", "a.json", "train.py", cwd=tmp_path)

    assert done.returncode == 64
    assert "--cencus" in done.stderr
