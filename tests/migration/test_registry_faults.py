"""A broken third-party migration is reported once, and is an error only if it is asked for by name."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from compatkit.migration import MigrationError, available_migrations, find_migration, load_all, read_registry

GOOD = dedent(
    """\
    schema = 1
    id = "{}"
    summary = "Good."
    versions = {{ v1 = "1", v2 = "2" }}
    """
)
Installer = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installer:
    """Install a distribution that registers one migration, and whose code must not run."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def installed(name: str, text: str | None, *, distribution: str = "", package: str = "") -> Path:
        package = package or name.replace("-", "_")
        folder = tmp_path / package
        folder.mkdir(exist_ok=True)
        (folder / "__init__.py").write_text("raise RuntimeError('the registry imported me')\n")
        if text is not None:
            (folder / "migration.toml").write_text(text)
        # As installers write it: what stands before the first hyphen is taken for the whole name.
        info = tmp_path / f"{(distribution or name).replace('-', '_')}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution or name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[compatkit.migrations]\n{name} = {package}\n")
        return folder

    return installed


def broken_ones(install: Installer) -> dict[str, str]:
    install("broken-toml", "schema = = 1\n")
    install("broken-entry", GOOD.format("broken-entry") + "[[mvoes]]\n")
    install("broken-empty", None)
    install("broken-twice", GOOD.format("broken-twice"), distribution="one", package="twice_one")
    install("broken-twice", GOOD.format("broken-twice"), distribution="two", package="twice_two")
    install("training-orchestrator-v2", GOOD.format("training-orchestrator-v2"), package="an_impostor")
    return {
        "broken-toml": "cannot be read",
        "broken-entry": "Unknown key 'mvoes'",
        "broken-empty": "has no migration.toml",
        "broken-twice": "is declared by",
    }


def test_what_is_broken_is_left_out_and_told(install: Installer) -> None:
    expected = broken_ones(install)
    install("sound-v2", GOOD.format("sound-v2"))

    migrations, faults = load_all()

    ids = {migration.id for migration in migrations}
    assert {"sound-v2", "training-orchestrator-v2"} <= ids
    assert ids.isdisjoint(expected)
    told = [str(fault) for fault in faults]
    assert len(told) == len(expected) + 1
    assert all(any(part in one for one in told) for part in expected.values())
    assert "an_impostor" in "".join(told)


def test_what_is_broken_is_an_error_for_whoever_asks_for_it(install: Installer) -> None:
    for name, part in broken_ones(install).items():
        with pytest.raises(MigrationError, match=part):
            find_migration(name)


def test_what_is_sound_is_found_beside_what_is_broken(install: Installer) -> None:
    broken_ones(install)
    install("sound-v2", GOOD.format("sound-v2"))

    assert find_migration("sound-v2").id == "sound-v2"
    assert find_migration("training-orchestrator-v2").moves
    assert "broken-toml" in available_migrations()
    assert set(read_registry().faults) == {"broken-empty", "broken-twice", "training-orchestrator-v2"}


def test_the_command_tells_each_fault_once_and_imports_none(install: Installer, tmp_path: Path) -> None:
    broken_ones(install)
    install("sound-v2", GOOD.format("sound-v2"))

    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from compatkit.cli import main; main()"
    command = [sys.executable, "-c", code, "migrations", "list"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert "sound-v2" in done.stdout
    assert "broken" not in done.stdout
    assert [done.stderr.count(part) for part in ("= = 1", "mvoes", "has no migration.toml", "twice_one")] == [
        0,
        1,
        1,
        1,
    ]
    assert "the registry imported me" not in done.stderr


def test_an_id_that_is_not_the_registered_one_is_a_fault(install: Installer) -> None:
    install("other-v2", GOOD.format("another-v2"))

    migrations, faults = load_all()

    assert {"other-v2", "another-v2"}.isdisjoint(migration.id for migration in migrations)
    assert any("'another-v2'" in str(fault) and "'other-v2'" in str(fault) for fault in faults)
    with pytest.raises(MigrationError, match="another-v2"):
        find_migration("other-v2")
