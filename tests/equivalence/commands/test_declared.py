"""What `[tool.compatkit.verify]` may say: every key is known and checked, and a scenario says what to run."""

from __future__ import annotations

from pathlib import Path

import pytest

from compatkit.equivalence.commands import CommandScenario, declared_scenarios
from compatkit.migrate.settings import load_settings
from compatkit.migration import Allowance, Equivalence, MigrationError, load_project

IGNORED = Allowance("metric", "duration", "wall-clock time")
TWO = """
[tool.compatkit.verify]
timeout = 600
equivalence = { ignore = [{ metric = "duration", why = "wall-clock time" }] }
env = { DATA = "small" }

[[tool.compatkit.verify.scenarios]]
name = "digits"
before = "python train.py --name 'two words'"
after = ["python", "train_v2.py"]

[[tool.compatkit.verify.scenarios]]
name = "main"
base = "origin/main"
command = "python train.py"
folder = "jobs"
shim = true
timeout = 60
env = { EPOCHS = "2" }
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "pyproject.toml"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("timout = 5", "Unknown key 'timout'(.|\n)*did you mean 'timeout'"),
        ("scenario = []", "Unknown key 'scenario'(.|\n)*did you mean 'scenarios'"),
        ("timeout = 0", "timeout is 0, expected a number of seconds"),
        ("timeout = inf", "timeout is inf"),
        ("seeds = true", "seeds is True"),
        ("seed = -1", "seed is -1"),
        ("env = { A = 1 }", "env is"),
        ("link = 'data'", "link is 'data', expected a list"),
        ("equivalence = { ignored = [] }", "Unknown key 'ignored'(.|\n)*did you mean 'ignore'"),
        ("scenarios = 'digits'", "scenarios is 'digits'"),
        ("scenarios = ['digits']", "scenario is 'digits'"),
        ("scenarios = [{ before = 'a', after = 'b' }]", "'name' is missing"),
        ("scenarios = [{ name = 'x', before = 'a' }]", "'after' is missing"),
        ("scenarios = [{ name = 'x', base = 'main' }]", "'command' is missing"),
        ("scenarios = [{ name = 'x' }]", "'before' is missing"),
        ("scenarios = [{ name = 'x', before = 'a', after = 'b', base = 'c' }]", "'command' is missing"),
        ("scenarios = [{ name = 'x', base = 'a', command = 'b', after = 'c' }]", "expected nothing beside 'base'"),
        ("scenarios = [{ name = 'x', before = 'a', after = 'b', shim = true }]", "'base' is missing"),
        ("scenarios = [{ name = 'x', before = \"a 'b\", after = 'b' }]", "before is"),
        ("scenarios = [{ name = 'x', before = '', after = 'b' }]", "before is ''"),
        ("scenarios = [{ name = 'x', before = [], after = 'b' }]", "before is"),
        ("scenarios = [{ name = 'x', befor = 'a', after = 'b' }]", "did you mean 'before'"),
        (
            "scenarios = [{ name = 'x', before = 'a', after = 'b' }, { name = 'x', before = 'a', after = 'b' }]",
            "The scenario 'x' is declared by #1 and by #2",
        ),
    ],
)
def test_what_makes_no_sense_is_an_error(file: Path, lines: str, said: str) -> None:
    file.write_text(f"[tool.compatkit.verify]\n{lines}\n")

    with pytest.raises(MigrationError, match=said):
        declared_scenarios(file)


def test_no_table_declares_no_scenario(file: Path) -> None:
    file.write_text("[tool.compatkit]\n")

    assert declared_scenarios(file).scenarios == ()


def test_what_holds_for_all_stands_behind_what_one_says(file: Path) -> None:
    file.write_text(TWO)

    digits, main = declared_scenarios(file).scenarios

    assert digits == CommandScenario(
        "digits",
        file.parent,
        before=("python", "train.py", "--name", "two words"),
        after=("python", "train_v2.py"),
        timeout=600,
        env={"DATA": "small"},
        equivalence=(Equivalence(ignore=(IGNORED,)),),
    )
    assert main == CommandScenario(
        "main",
        file.parent / "jobs",
        base="origin/main",
        command=("python", "train.py"),
        shim=True,
        timeout=60,
        env={"DATA": "small", "EPOCHS": "2"},
        equivalence=(Equivalence(ignore=(IGNORED,)),),
    )


def test_the_other_commands_accept_the_table(file: Path) -> None:
    file.write_text(f"[tool.compatkit]\nrename = true\nthrough-reexports = true\n{TWO}")

    assert load_project(file.parent).origin == file
    assert load_settings(file.parent).rename
