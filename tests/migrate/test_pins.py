"""Pins are read from whatever file a project keeps them in; a lock file has the last word."""

from __future__ import annotations

import os
from pathlib import Path
from textwrap import dedent

import pytest

from compatkit.migrate.pins import older_pins, pins_of, read_pins
from compatkit.migration.registry import find_migration


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (
            "requirements.txt",
            dedent(
                """\
                # torch==1
                PyTorch_Lightning[extra]==1.9.5 ; python_version > '3'
                -r other.txt
                """
            ),
            "==1.9.5",
        ),
        ("dev-requirements.txt", "pytorch-lightning\n", "any version"),
        ("pyproject.toml", '[project]\ndependencies = ["pytorch.lightning >=1.5,<2"]\n', ">=1.5,<2"),
        ("pyproject.toml", '[project.optional-dependencies]\ntrain = ["pytorch-lightning~=1.6"]\n', "~=1.6"),
        ("pyproject.toml", '[dependency-groups]\ndev = ["pytorch-lightning==1.7", {include-group = "x"}]\n', "==1.7"),
        ("pyproject.toml", '[tool.poetry.dependencies]\npytorch-lightning = {version = "^1.8"}\n', "^1.8"),
        ("environment.yml", "dependencies:\n  - pytorch-lightning=1.4.2  # pinned\n", "=1.4.2"),
        (
            "uv.lock",
            dedent(
                """\
                [[package]]
                name = "pytorch-lightning"
                version = "1.9.0"
                """
            ),
            "==1.9.0",
        ),
        ("Pipfile.lock", '{"default": {"pytorch-lightning": {"version": "==1.3.8"}}}', "==1.3.8"),
    ],
)
def test_a_version_is_read(tmp_path: Path, name: str, text: str, expected: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")

    assert read_pins(tmp_path)["pytorch-lightning"] == (expected, name)


def test_a_lock_file_says_more_than_a_range(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("torch>=1\n", encoding="utf-8")
    (tmp_path / "poetry.lock").write_text(
        dedent(
            """\
            [[package]]
            name = "torch"
            version = "1.13.1"
            """
        ),
        encoding="utf-8",
    )

    assert read_pins(tmp_path) == {"torch": ("==1.13.1", "poetry.lock")}


def test_a_project_that_names_no_version_asks_for_any(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("torch\n", encoding="utf-8")

    (line,) = pins_of(find_migration("torch-2"), read_pins(tmp_path))

    assert line.startswith("requirements.txt asks for any version of torch: ")


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "requirements.txt")

    assert read_pins(tmp_path) == {}


@pytest.mark.parametrize("name", ["uv.lock", "pyproject.toml", "Pipfile.lock", "requirements.txt", "environment.yml"])
def test_a_file_that_is_broken_tells_nothing(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\xff\xfe[[{")

    assert read_pins(tmp_path) == {}


@pytest.mark.parametrize("asked", ["==1.3.8", "~=1.3", "<1.9", "<=1.8.6", ">=1.2,<1.6", "===1.0.0", ">=1.3,<1.9.0"])
def test_a_release_from_before_the_start_of_a_migration_is_reported(tmp_path: Path, asked: str) -> None:
    (tmp_path / "requirements.txt").write_text(f"pytorch-lightning{asked}\ntorchmetrics==0.2\n", encoding="utf-8")

    (line,) = older_pins(find_migration("lightning-2"), read_pins(tmp_path))

    assert asked in line
    assert "starts at 1.9" in line


@pytest.mark.parametrize(
    "asked", ["", "==1.9.5", ">=1.3", ">=1.3,<3", "~=1.9", "<=1.9", "<2", "==2.1", "!=1.3", ">1.0"]
)
def test_a_release_that_may_be_the_start_or_later_is_not(tmp_path: Path, asked: str) -> None:
    (tmp_path / "requirements.txt").write_text(f"pytorch-lightning{asked}\ntorchmetrics==0.2\n", encoding="utf-8")

    assert older_pins(find_migration("lightning-2"), read_pins(tmp_path)) == ()
