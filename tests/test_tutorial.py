"""The tutorial is executed: every file is written, every command run, and what it shows is what is printed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

TUTORIAL = Path(__file__).parents[1] / "compatkit" / "TUTORIAL.md"
_BLOCK = re.compile(
    r"(?:^`(?P<file>[\w./]+)`:\n\n)?^```(?P<kind>python|console)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
_STATUS = re.compile(r"   # status (\d)$")


def steps() -> Iterator[tuple[str, str, list[str]]]:
    """Yield the files, as (name, content), and the commands, as (command, expected lines)."""
    for block in _BLOCK.finditer(TUTORIAL.read_text()):
        if block["kind"] == "python":
            yield "file", block["file"], [block["text"]]
            continue
        for part in re.split(r"^\$ ", block["text"], flags=re.MULTILINE)[1:]:
            command, *shown = part.rstrip("\n").split("\n")
            yield "command", command, shown


def environment(home: Path, commands: Path) -> dict[str, str]:
    names = {"GIT_AUTHOR_NAME": "t", "GIT_AUTHOR_EMAIL": "t@example.org"}
    names |= {"GIT_COMMITTER_NAME": "t", "GIT_COMMITTER_EMAIL": "t@example.org", "GIT_CONFIG_GLOBAL": os.devnull}
    path = os.pathsep.join([str(commands), str(Path(sys.executable).parent), os.environ["PATH"]])
    return {**os.environ, **names, "HOME": str(home), "PATH": path, "PYTHONDONTWRITEBYTECODE": "1"}


def shows(output: str, expected: list[str]) -> bool:
    """Tell whether an output is what the page shows; `…` stands for any text, on a line or in place of lines."""
    # The commands of MLflow say on stderr what their first database is made of.
    parts = [re.escape(line).replace("…", ".*") for line in expected]
    pattern = "\n".join(parts)
    return re.fullmatch(f"(?s){pattern}\n?", output) is not None if expected else True


@pytest.mark.slow("runs some ten programs, one of which proves a change")
def test_every_step_of_the_tutorial_does_what_the_page_shows(tmp_path: Path, warm_commands: Path) -> None:
    pytest.importorskip("mlflow", reason="the tutorial compares MLflow runs")
    project = tmp_path / "project"
    project.mkdir()

    for kind, what, text in steps():
        if kind == "file":
            file = project / what
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text[0])
            continue
        expected = _STATUS.search(what)
        done = subprocess.run(
            ["bash", "-c", _STATUS.sub("", what)],
            cwd=project,
            env=environment(tmp_path, warm_commands),
            capture_output=True,
            text=True,
            check=False,
        )
        said = done.stderr if "Traceback (most recent call last):" in text else done.stdout
        assert done.returncode == int(expected[1] if expected else 0), f"{what}\n{done.stdout}{done.stderr}"
        assert shows(said, text), f"{what}\n{said}"
