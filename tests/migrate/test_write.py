"""Writing is all or nothing, keeps the mode, and never overwrites what someone else has just saved."""

from __future__ import annotations

from pathlib import Path

import pytest

from compatkit.migrate import WriteError, plan_tree, replace_file, write_report
from compatkit.rewrite import Failed
from tests.migrate.trees import MIGRATION, NEW, OLD, contents, plant


def test_file_that_changed_meanwhile_is_left_alone(tmp_path: Path) -> None:
    path = plant(tmp_path, {"a.py": "saved by an editor"}) / "a.py"

    with pytest.raises(WriteError, match="changed while"):
        replace_file(path, before=b"read before", after=b"new")

    assert contents(tmp_path) == {"a.py": b"saved by an editor"}


def test_change_between_planning_and_writing_fails_for_that_file_only(tmp_path: Path) -> None:
    report = plan_tree([plant(tmp_path, {"a.py": OLD, "b.py": OLD})], [MIGRATION])
    (tmp_path / "a.py").write_text("x = 1\n")

    written = write_report(report)

    assert [type(result.outcome).__name__ for result in written.results] == ["Failed", "Rewritten"]
    assert contents(tmp_path) == {"a.py": b"x = 1\n", "b.py": NEW.encode()}


def test_file_deleted_meanwhile_fails(tmp_path: Path) -> None:
    report = plan_tree([plant(tmp_path, {"a.py": OLD})], [MIGRATION])
    (tmp_path / "a.py").unlink()

    outcome = write_report(report).results[0].outcome

    assert isinstance(outcome, Failed)
    assert contents(tmp_path) == {}


@pytest.mark.parametrize("mode", [0o755, 0o640, 0o600])
def test_mode_is_kept(tmp_path: Path, mode: int) -> None:
    path = plant(tmp_path, {"a.py": OLD}) / "a.py"
    path.chmod(mode)

    replace_file(path, before=OLD.encode(), after=b"new")

    assert path.stat().st_mode & 0o7777 == mode


def test_link_stays_a_link(tmp_path: Path) -> None:
    plant(tmp_path, {"real.py": OLD})
    (tmp_path / "link.py").symlink_to("real.py")

    replace_file(tmp_path / "link.py", before=OLD.encode(), after=b"new")

    assert (tmp_path / "link.py").is_symlink()
    assert (tmp_path / "real.py").read_bytes() == b"new"


def test_read_only_file_is_refused(tmp_path: Path) -> None:
    path = plant(tmp_path, {"a.py": OLD}) / "a.py"
    path.chmod(0o444)

    with pytest.raises(WriteError, match="read-only"):
        replace_file(path, before=OLD.encode(), after=b"new")


def test_nothing_is_left_beside_a_written_file(tmp_path: Path) -> None:
    write_report(plan_tree([plant(tmp_path, {"a.py": OLD})], [MIGRATION]))

    assert contents(tmp_path) == {"a.py": NEW.encode()}
