"""`compatkit migrations`: what each command says, and the status that it ends with."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.test_group import HEAVY, compatkit, imported_by
from tests.shop import HEAD
from tests.shop.moves import plant
from tests.shop.widgets import AFTER, BEFORE, MOVE, NEW, OLD, plant_migration

COMMANDS = Path(__file__).parents[2] / "compatkit" / "cli" / "_migrations"


def migrations(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return compatkit("migrations", *arguments, cwd=cwd)


def test_help_lists_every_command_that_exists() -> None:
    sources = "".join(file.read_text(encoding="utf-8") for file in COMMANDS.glob("*.py"))
    names = set(re.findall(r"^def (\w+)_command\(", sources, re.MULTILINE))

    shown = migrations("--help").stdout

    assert names
    for name in names:
        assert f"  {name} " in shown


@pytest.mark.parametrize("name", ["list", "show", "schema", "docs"])
def test_a_command_that_only_reads_imports_nothing_heavy(name: str) -> None:
    arguments = ["migrations", name, *(["training-orchestrator-v2"] if name in {"docs", "show"} else [])]
    imported = imported_by(f"sys.argv[1:] = {arguments!r}; from compatkit.cli import main; main()")

    assert imported.isdisjoint({*HEAVY, "griffe", "jsonschema"})


def test_an_unknown_command_is_answered_with_the_nearest() -> None:
    done = migrations("lst")

    assert done.returncode == 64
    assert "did you mean 'list'?" in done.stderr


def test_show_tells_every_code() -> None:
    done = migrations("show", "training-orchestrator-v2")

    assert done.returncode == 0
    assert all(code in done.stdout for code in ("CK101", "CK203", "CK253", "CK317"))


@pytest.mark.parametrize("name", ["show", "check", "test", "docs"])
def test_a_migration_that_is_not_there_is_an_error_with_a_hint(name: str, tmp_path: Path) -> None:
    cases = (("training-orchestrator", 64, "did you mean"), (str(tmp_path), 2, "give the path"))
    for wanted, status, hint in cases:
        done = migrations(name, wanted)

        assert done.returncode == status
        assert hint in done.stderr
        assert "Traceback" not in done.stderr


def test_a_new_migration_checks_and_passes_its_test_at_once(tmp_path: Path) -> None:
    new = migrations("new", "acme-v2", cwd=tmp_path)
    checked = migrations("check", "--strict", "acme-v2", cwd=tmp_path)
    tested = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider", "-c", "/dev/null", "acme-v2/tests"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert new.returncode == 0
    assert all((tmp_path / line).is_file() for line in new.stdout.splitlines() if line)
    assert (checked.returncode, checked.stdout) == (0, "")
    assert "1 passed" in tested.stdout
    again = migrations("new", "acme-v2", cwd=tmp_path)
    assert (again.returncode, "is there already" in again.stderr) == (2, True)


@pytest.mark.parametrize("name", ["Acme", "acme_v2", "2acme", "acme--v2", "-", "../acme", "acme v2"])
def test_what_cannot_be_an_id_is_refused(tmp_path: Path, name: str) -> None:
    done = migrations("new", "--", name, cwd=tmp_path)

    assert done.returncode == 64
    assert "cannot be the id" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_check_points_to_the_line(tmp_path: Path) -> None:
    file = plant_migration(tmp_path, HEAD + MOVE.replace("old =", "odl ="))

    done = migrations("check", str(tmp_path))

    assert done.returncode == 1
    assert done.stdout.startswith(f"{file}:8: error: Unknown key 'odl'.")
    assert "1 errors, 0 warnings" in done.stderr


def test_a_warning_fails_only_where_it_is_asked_to(tmp_path: Path) -> None:
    plant_migration(tmp_path)

    assert migrations("check", str(tmp_path)).returncode == 0
    assert migrations("check", "--strict", str(tmp_path)).returncode == 1


def test_test_fails_where_an_example_does_not_hold(tmp_path: Path) -> None:
    stands = {"v1__shop__old": OLD, "v2__shop__new": NEW.replace("= name", "= name[::-1] + '!'")}
    plant_migration(tmp_path, a_before=BEFORE, a_after=AFTER, **stands)

    done = migrations("test", str(tmp_path))

    assert done.returncode == 1
    assert "BROKEN  a: runs alike" in done.stdout
    assert "1 examples, 1 claims broken." in done.stderr


def test_a_migration_without_examples_proves_nothing(tmp_path: Path) -> None:
    plant_migration(tmp_path)

    done = migrations("test", str(tmp_path))

    assert done.returncode == 2
    assert "has no examples" in done.stderr


def test_docs_writes_to_a_file(tmp_path: Path) -> None:
    plant_migration(tmp_path)

    done = migrations("docs", str(tmp_path), "-o", str(tmp_path / "page.md"))

    assert (done.returncode, done.stdout) == (0, "")
    assert '<a id="shop101"></a>SHOP101' in (tmp_path / "page.md").read_text(encoding="utf-8")


def test_schema_prints_json() -> None:
    assert json.loads(migrations("schema").stdout)["title"] == "A compatkit migration"


A = "def f(limit=1): ...\n"


def test_draft_and_audit_work_together(tmp_path: Path) -> None:
    plant(tmp_path, {"v1/shop/__init__.py": "", "v1/shop/old.py": OLD + "def gone(): ...\n", "v1/shop/a.py": A})
    plant(tmp_path, {"v2/shop/__init__.py": "", "v2/shop/new.py": OLD, "v2/shop/a.py": A.replace("1", "2")})
    releases = ("--old", "v1", "--new", "v2")

    drafted = migrations("draft", *releases, "-o", "migration.toml", cwd=tmp_path)
    audited = migrations("audit", "migration.toml", *releases, cwd=tmp_path)

    assert drafted.returncode == 0
    assert (audited.returncode, audited.stdout.splitlines()) == (
        1,
        ["shop.a.f(limit): its default changed (its default was 1, and is 2)"],
    )
    with (tmp_path / "migration.toml").open("a", encoding="utf-8") as file:
        file.write('\n[[unhandled]]\nname = "shop.a.f(limit)"\nwhy = "Nobody used it."\n')
    assert migrations("audit", "migration.toml", *releases, cwd=tmp_path).returncode == 0


def test_a_release_that_is_none_is_an_error(tmp_path: Path) -> None:
    done = migrations("draft", "--old", "shop", "--new", "shop", cwd=tmp_path)

    assert done.returncode == 2
    assert "neither a release nor a path" in done.stderr


CHAIN = """schema = 1
id = "{id}"
summary = "One step."
versions = {{ v1 = "1", v2 = "2" }}
[[moves]]
code = "{code}"
old = "{old}"
new = "{new}"
"""


def test_a_chain_is_run_as_one_by_the_rewrite_and_the_shim(tmp_path: Path) -> None:
    steps = [
        ("aa", "AA101", "shop.first.Widget", "shop.second.Gadget"),
        ("bb", "BB101", "shop.second.Gadget", "shop.third.Thing"),
    ]
    for name, code, old, new in steps:
        (tmp_path / f"{name}.toml").write_text(CHAIN.format(id=name, code=code, old=old, new=new), encoding="utf-8")
    library = "class Thing:\n    name = 'third'\n"
    scripts = {
        "one.py": "from shop.first import Widget\nprint(Widget.name)\n",
        "two.py": "from shop.second import Gadget\nprint(Gadget.name)\n",
    }
    plant(tmp_path, {"shop/__init__.py": "", "shop/third.py": library, **scripts})
    chosen = ("--migration", "bb.toml", "--migration", "aa.toml")

    shimmed = [compatkit("run", *chosen, script, cwd=tmp_path) for script in scripts]
    migrated = compatkit("migrate", *chosen, *scripts, cwd=tmp_path)

    assert [(done.returncode, done.stdout) for done in shimmed] == [(0, "third\n")] * 2
    assert migrated.returncode == 0
    assert (tmp_path / "one.py").read_text() == "from shop.third import Thing as Widget\nprint(Widget.name)\n"
    assert (tmp_path / "two.py").read_text() == "from shop.third import Thing as Gadget\nprint(Gadget.name)\n"
