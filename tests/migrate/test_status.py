"""The progress of a migration: no place is counted twice, and done are the places that would be moved back."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import pytest
from click.testing import Result

from compatkit.cli.status import command
from compatkit.errors import CompatkitError
from compatkit.migrate import Task, plan_tree, write_report
from compatkit.migrate.status import NO_OWNER, Owners, Status, parse_owners, take_status, turned_round
from compatkit.migration import Move
from compatkit.migration.changes import CallChange
from compatkit.report.migrate_text import NO_FILE
from compatkit.report.status_text import status_lines
from tests.command_line import command_runner
from tests.shop.moves import MIGRATION, NEW, OLD, TOML, contents, plant

STRING = "x = 'shop.core.old_home.Old'\n"
HOMES = {"shop/core/old_home.py": "class Old: pass\n", "shop/core/new_home.py": "class New: pass\n"}


def status_of(folder: Path) -> Status:
    return take_status([folder], Task.of([MIGRATION]), Owners(folder))


def status(*arguments: str) -> Result:
    return command_runner().invoke(command, ["--migration", "migration.toml", *arguments])


def test_files_that_name_nothing_are_neither_left_nor_done(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": "Old = 1\nNew = 2\n", "b.yaml": "x: 1\n"})

    total = status_of(tmp_path).total

    assert (total.left, total.done, total.share) == (0, 0, None)


def test_homes_themselves_are_neither_left_nor_done(tmp_path: Path) -> None:
    plant(tmp_path, HOMES)

    assert status_of(tmp_path).total.share is None


def test_rewriting_turns_what_is_left_into_done(tmp_path: Path) -> None:
    plant(tmp_path, {**HOMES, "a.py": OLD, "b/c.py": f"def f():\n    {OLD}"})
    before = status_of(tmp_path).total

    write_report(plan_tree([tmp_path], [MIGRATION]))

    after = status_of(tmp_path).total
    assert (before.left, before.done) == (2, 0)
    assert (after.left, after.done) == (0, 2)


def test_each_division_adds_up_to_the_whole(tmp_path: Path) -> None:
    plant(
        tmp_path, {"a.py": OLD + STRING, "b/c.py": NEW, "b/d/e/f.py": OLD, "conf/x.yaml": "x: shop.core.old_home.Old"}
    )

    found = status_of(tmp_path)

    assert (found.total.left, found.total.done) == (4, 1)
    for rows in (found.by_code, found.by_folder, found.by_owner):
        assert (sum(row.left for row in rows), sum(row.done for row in rows)) == (4, 1)


def test_middle_of_a_chain_of_moves_is_not_done() -> None:
    first, second = Move("CK1001", "m.a.A", "m.b.B"), Move("CK1002", "m.b.B", "m.c.C")

    assert [(move.old, move.new) for move in turned_round(Task((first, second))).moves] == [("m.c.C", "m.b.B")]


@pytest.mark.parametrize(
    ("old", "new"),
    [("m.a.Old", "m.a.New"), ("numpy.core.numeric.array", "numpy.array"), ("numpy.int", "builtins.int"), ("m.a", "m")],
)
def test_name_that_v1_may_have_had_is_no_sign_of_what_is_done(old: str, new: str) -> None:
    kind = "module" if new == "m" else "symbol"

    assert turned_round(Task((Move("CK1001", old, new, kind=kind),))).moves == ()  # type: ignore[arg-type]


def test_home_that_holds_the_old_one_of_another_move_is_no_sign_of_what_is_done(tmp_path: Path) -> None:
    moves = (
        Move("CK1001", "functorch.vmap", "torch.vmap"),
        Move("CK1002", "torch.cuda.amp.autocast", "torch.amp.cast"),
    )
    plant(
        tmp_path, {"a.py": "import torch\n", "b.py": "from torch import vmap\n", "c.py": "from torch.amp import cast\n"}
    )

    found = take_status([tmp_path], Task(moves), Owners(tmp_path))

    assert [(row.name, row.done) for row in found.by_code] == [("CK1002", 1)]


def test_call_that_is_left_is_not_done_as_well(tmp_path: Path) -> None:
    calls = (CallChange("CK1002", ("shop.core.save",), say="give a format"),)
    plant(tmp_path, {"a.py": "from shop.core import save\nsave(1)\n"})

    found = take_status([tmp_path], Task.of([replace(MIGRATION, calls=calls)]), Owners(tmp_path))

    assert (found.total.left, found.total.done, found.uncounted) == (1, 0, {"CK1002"})
    assert "Counted only while left, since v1 code may say the same: CK1002" in list(status_lines(found, {}))


def test_moves_are_counted_when_they_are_done(tmp_path: Path) -> None:
    plant(tmp_path, {**HOMES, "a.py": OLD})

    assert not status_of(tmp_path).uncounted


def test_empty_folder_is_said_to_be_one_and_not_to_be_done(tmp_path: Path) -> None:
    assert list(status_lines(status_of(tmp_path), {})) == [NO_FILE]


def owner(text: str, path: str) -> str:
    return Owners(Path("/r").resolve(), parse_owners(text)).of(f"/r/{path}")


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("/docs", "a/docs/x.py"),
        ("docs/*", "docs/a/b.py"),
        ("/a.py", "x/a.py"),
        ("*.js", "a.py"),
        ("docs", "mydocs/a.py"),
        ("src/a/", "src/ab/c.py"),
        ("a", "ab"),
        ("a.py/", "a.py"),
    ],
)
def test_pattern_owns_nothing_else(pattern: str, path: str) -> None:
    assert owner(f"{pattern} @x", path) == NO_OWNER


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*", "a/b.py"),
        ("*.py", "a/b.py"),
        ("/docs", "docs/a/b.py"),
        ("docs/*", "docs/a.py"),
        ("docs/", "x/docs/a/b.py"),
        ("apps/github", "apps/github/a.py"),
        ("**/logs", "a/b/logs/c.py"),
        ("a\\ b.py", "a b.py"),
    ],
)
def test_pattern_owns_what_it_matches(pattern: str, path: str) -> None:
    assert owner(f"{pattern} @x", path) == "@x"


def test_last_rule_that_matches_decides() -> None:
    text = dedent("""\
        * @all
        [Section]
        # *.py @nobody
        /src/ @a @b # why
        /src/free/
        """)

    assert owner(text, "x.py") == "@all"
    assert owner(text, "src/x.py") == "@a @b"
    assert owner(text, "src/free/x.py") == NO_OWNER


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    plant(tmp_path, {"migration.toml": TOML, "src/a.py": OLD + STRING, "src/b.py": NEW})
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_table_shows_what_is_left_and_writes_nothing(tree: Path) -> None:
    before = contents(tree)

    result = status()

    assert (result.exit_code, contents(tree)) == (1, before)
    assert result.stdout.splitlines()[-1] == "2 left, 1 done, 33 % done"


def test_nothing_left_exits_0(tree: Path) -> None:
    (tree / "src" / "a.py").unlink()

    assert status("src").exit_code == 0


def test_file_that_cannot_be_read_is_reported(tree: Path) -> None:
    plant(tree, {"src/a.py": "import shop.core.old_home ("})

    result = status("src")

    assert result.exit_code == 2
    assert "CK901" in result.stderr


def test_page_and_json_say_the_same_as_the_table(tree: Path) -> None:
    result = status("--html", "status.html", "--format", "json")

    assert json.loads(result.stdout)["total"] == {"name": "all", "left": 2, "done": 1, "share": 1 / 3}
    assert "33 % done</h1>" in (tree / "status.html").read_text()


# What it takes, and what was before


def test_what_is_left_is_told_apart_by_what_it_takes(tmp_path: Path) -> None:
    patch = "from unittest import mock\nmock.patch('shop.core.old_home.Old')\n"
    person = "CMD python -c 'from shop.core.old_home import Old'\n"
    plant(tmp_path, {**HOMES, "a.py": OLD, "b.py": patch, "Dockerfile": person})

    found = status_of(tmp_path)

    efforts = {Path(one.path).name: found.effort(one) for one in found.left}
    assert (efforts["a.py"], efforts["b.py"]) == ("automatic", "review")
    assert efforts["Dockerfile"] == "person"


@pytest.mark.parametrize("division", ["code", "folder", "owner"])
def test_efforts_of_a_division_add_up_to_what_is_left(tmp_path: Path, division: str) -> None:
    plant(tmp_path, {**HOMES, "a.py": OLD, "b/c.py": OLD + STRING})
    found = status_of(tmp_path)

    counts = found.efforts_by(division)

    assert sum(sum(efforts.values()) for efforts in counts.values()) == found.total.left


def test_history_keeps_one_line_a_run_and_says_nothing_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(tmp_path, {"migration.toml": TOML, "src/a.py": OLD})
    (tmp_path / "h.jsonl").write_text('{"date": "2026-01-01", "revision": "a", "left": 7, "done": 0}\n')
    monkeypatch.chdir(tmp_path)

    status("--history", "h.jsonl", "src")
    status("--history", "h.jsonl", "src")

    first, second = (json.loads(line) for line in (tmp_path / "h.jsonl").read_text().splitlines())
    assert (first["left"], second["left"], second["automatic"]) == (7, 1, 1)


def test_history_shows_what_was_done_between_two_runs_of_one_day_and_revision(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(tmp_path, {**HOMES, "migration.toml": TOML, "src/a.py": OLD})
    monkeypatch.chdir(tmp_path)

    status("--history", "h.jsonl", "src")
    (tmp_path / "src" / "a.py").write_text(NEW)
    status("--history", "h.jsonl", "src")

    lines = [json.loads(line) for line in (tmp_path / "h.jsonl").read_text().splitlines()]
    assert [(line["left"], line["done"]) for line in lines] == [(1, 0), (0, 1)]


@pytest.mark.parametrize("text", ["nothing", "{}", "[1]", '{"date": "a", "revision": "b", "left": "c", "done": 1}'])
def test_a_history_that_is_none_is_not_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    plant(tmp_path, {"migration.toml": TOML, "src/a.py": OLD, "h.jsonl": text})
    monkeypatch.chdir(tmp_path)

    result = status("--history", "h.jsonl", "src")

    assert isinstance(result.exception, CompatkitError)
    assert (tmp_path / "h.jsonl").read_text() == text


def test_a_file_outside_of_the_repository_is_owned_by_nobody(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    owners = Owners(tmp_path / "inside", parse_owners("* @all\n"))

    assert owners.of(str(tmp_path / "inside" / "a.py")) == "@all"
    assert owners.of(str(tmp_path / "outside" / "a.py")) == NO_OWNER


def test_what_is_done_is_counted_wherever_the_tree_lies(tmp_path: Path) -> None:
    # Many names of few modules, none of which a folder of the path is called.
    moves = tuple(Move(f"CK{n}", f"shop.old.Name{n}", f"shop.fresh.Name{n}") for n in range(100, 200))
    plant(tmp_path, {"a.py": "from shop.fresh import Name150\n", "b.py": "from shop.old import Name150\n"})

    total = take_status([tmp_path], Task(moves), Owners(tmp_path)).total

    assert (total.left, total.done) == (1, 1)
