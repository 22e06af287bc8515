"""Writing is all or nothing, keeps the mode, and never overwrites what someone else has just saved."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest

from compatkit.migrate import WriteError, plan_tree, replace_file, write_report
from compatkit.migrate.write import PREFIX, SUFFIX, remove_leftovers
from compatkit.rewrite import Failed
from tests.shop.moves import MIGRATION, NEW, OLD, contents, plant


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


def test_extended_attributes_are_kept(tmp_path: Path) -> None:
    path = plant(tmp_path, {"a.py": OLD}) / "a.py"
    os.setxattr(path, "user.note", b"hello")

    replace_file(path, before=OLD.encode(), after=b"new")

    assert (path.read_bytes(), os.getxattr(path, "user.note")) == (b"new", b"hello")


def test_access_list_is_kept(tmp_path: Path) -> None:
    path = plant(tmp_path, {"a.py": OLD}) / "a.py"
    # <linux/posix_acl_xattr.h>: version 2, then tag, permissions and id of each entry; user 12345 may read.
    entries = [(1, 6, -1), (2, 4, 12345), (4, 4, -1), (16, 4, -1), (32, 0, -1)]
    listed = struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *entry) for entry in entries)
    os.setxattr(path, "system.posix_acl_access", listed)

    replace_file(path, before=OLD.encode(), after=b"new")

    assert os.getxattr(path, "system.posix_acl_access") == listed


def test_file_with_another_hard_link_is_refused_and_neither_changes(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": OLD})
    (tmp_path / "b.py").hardlink_to(tmp_path / "a.py")

    report = write_report(plan_tree([tmp_path], [MIGRATION]))

    assert len(report.failed) == 2
    assert contents(tmp_path) == {"a.py": OLD.encode(), "b.py": OLD.encode()}


def test_folder_that_becomes_a_link_is_not_written_through(tmp_path: Path) -> None:
    outside = plant(tmp_path / "outside", {"a.py": OLD})
    tree = plant(tmp_path / "tree", {"sub/a.py": OLD, "b.py": OLD})
    report = plan_tree([tree], [MIGRATION])
    (tree / "sub/a.py").unlink()
    (tree / "sub").rmdir()
    (tree / "sub").symlink_to(outside)

    written = write_report(report)

    assert [result.path.name for result in written.failed] == ["a.py"]
    assert contents(outside) == {"a.py": OLD.encode()}
    assert (tree / "b.py").read_text() == NEW


def test_leftover_of_a_run_that_had_this_number_is_removed(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": OLD, f".compatkit-{os.getpid()}-abcd1234.tmp": "half"})
    os.utime(tmp_path / f".compatkit-{os.getpid()}-abcd1234.tmp", (1, 1))

    write_report(plan_tree([tmp_path], [MIGRATION]))

    assert contents(tmp_path) == {"a.py": NEW.encode()}


def test_only_what_runs_that_have_ended_left_is_removed(tmp_path: Path) -> None:
    names = [f"{PREFIX}{os.getppid()}-x{SUFFIX}", f"{PREFIX}{os.getpid()}-x{SUFFIX}", f"{PREFIX}x{SUFFIX}", "a.py"]
    for name in names:
        (tmp_path / name).touch()
    (tmp_path / f"{PREFIX}{2**22 + 1}-x{SUFFIX}").touch()

    remove_leftovers({tmp_path, tmp_path / "gone"})

    assert {file.name for file in tmp_path.iterdir()} == set(names)
