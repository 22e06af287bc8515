"""`compatkit doctor` reports each problem with its remedy, and exits with the documented status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.here import compatkit


def project(folder: Path, settings: str) -> Path:
    (folder / "pyproject.toml").write_text(settings, encoding="utf-8")
    return folder


def checks(folder: Path) -> tuple[int, list[tuple[str, str, str]]]:
    done = compatkit("doctor", "--json", str(folder))
    return done.returncode, [(answer["about"], answer["state"], answer["found"]) for answer in json.loads(done.stdout)]


def test_a_project_that_is_well_is_status_0(tmp_path: Path) -> None:
    (tmp_path / "acme" / "train").mkdir(parents=True)
    settings = '[tool.compatkit.homes]\n"backend.ml_engine" = "acme.train"\n'

    status, found = checks(project(tmp_path, settings))

    assert (status, {state for _, state, _ in found}) == (0, {"ok"})
    assert ("home", "ok", "backend.ml_engine = acme.train") in found


def test_a_project_without_settings_is_worth_a_look(tmp_path: Path) -> None:
    status, found = checks(tmp_path)

    assert status == 1
    assert found[0][:2] == ("settings", "look")


@pytest.mark.parametrize(
    ("settings", "about", "part"),
    [
        ('[tool.compatkit]\nmigration = ["torch-2"]\n', "settings", "Unknown key 'migration'"),
        ('[tool.compatkit]\nmigrations = ["no-such"]\n', "settings", "There is no migration 'no-such'"),
        ("[tool.compatkit\n", "settings", "cannot be read"),
        ('[tool.compatkit.homes]\n"backend.other" = "acme"\n', "home", "no migration in use declares"),
        ('[tool.compatkit.homes]\n"backend.ml_engine" = "acme.trian"\n', "home", "there is no such module"),
        ("[tool.compatkit.verify]\nscenario = 1\n", "verify", "Unknown key 'scenario'"),
    ],
)
def test_what_is_wrong_is_named_and_is_status_2(tmp_path: Path, settings: str, about: str, part: str) -> None:
    status, found = checks(project(tmp_path, settings))

    (wrong,) = [answer for answer in found if answer[1] == "wrong"]
    assert status == 2
    assert wrong[0] == about
    assert part in wrong[2]


def test_each_line_that_is_not_well_is_followed_by_what_to_do(tmp_path: Path) -> None:
    done = compatkit("doctor", str(tmp_path))

    lines = done.stdout.splitlines()
    assert lines[0].startswith("look")
    assert lines[1].strip() == "-> run: compatkit init"
