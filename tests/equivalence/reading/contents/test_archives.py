"""Archives whose members are called anything: nothing is written beside, and no member hides another."""

from __future__ import annotations

import io
import json
import tarfile
import warnings
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compatkit.equivalence.reading.contents import read_file
from compatkit.equivalence.snapshot import File

NAMES = ["../out.txt", "/tmp/out.txt", "a/../../b.json", "..", "a\\b.csv", "CON.txt", "a" * 200 + ".txt", "x.ä/b", "//"]


def zipped(members: list[tuple[str, bytes]], comment: bytes = b"") -> bytes:
    packed = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(packed, "w") as archive:
        warnings.simplefilter("ignore")  # zipfile's own, of two members of one name
        archive.comment = comment
        for name, content in members:
            archive.writestr(name, content)
    return packed.getvalue()


def tarred(members: list[tuple[str, bytes]]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, content in members:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


PACKERS = {"a.zip": zipped, "a.tar": tarred}


def read(folder: Path, name: str, content: bytes) -> File:
    path = folder / name
    path.write_bytes(content)
    return read_file(path, name)[0]


@pytest.mark.parametrize("name", PACKERS)
@pytest.mark.parametrize("member", NAMES)
def test_a_member_of_any_name_is_read_and_nothing_is_written_beside(
    name: str, member: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "inner" / "temporary"
    folder.mkdir(parents=True)
    monkeypatch.setattr("tempfile.tempdir", str(folder))

    file = read(tmp_path, name, PACKERS[name]([(member, b"said")]))

    assert file.content is not None
    assert len(file.content.values) > 0
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [name]
    assert not any(folder.iterdir())


@pytest.mark.parametrize("name", PACKERS)
def test_of_two_members_of_one_name_none_stands_for_both(name: str, tmp_path: Path) -> None:
    twice = PACKERS[name]([("a.txt", b"first"), ("a.txt", b"second")])

    assert read(tmp_path, name, twice).content is None


def with_mode(name: str, mode: int) -> bytes:
    packed = io.BytesIO()
    if name.endswith(".zip"):
        entry = zipfile.ZipInfo("run.sh")
        entry.external_attr = mode << 16
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr(entry, b"said")
    else:
        member = tarfile.TarInfo("run.sh")
        member.size, member.mode = 4, mode
        with tarfile.open(fileobj=packed, mode="w") as archive_of_tar:
            archive_of_tar.addfile(member, io.BytesIO(b"said"))
    return packed.getvalue()


@pytest.mark.parametrize("name", PACKERS)
def test_whether_a_member_may_be_executed_counts_and_who_may_read_it_does_not(name: str, tmp_path: Path) -> None:
    private, public, executed = (
        read(tmp_path, name, with_mode(name, mode)).content for mode in (0o100600, 0o100644, 0o100755)
    )

    assert private is not None
    assert private == public != executed


def test_a_link_in_a_zip_is_not_a_file_that_holds_its_target(tmp_path: Path) -> None:
    file, link = (read(tmp_path, "a.zip", with_mode("a.zip", mode)).content for mode in (0o100777, 0o120777))

    assert link is not None
    assert file != link


def test_bytes_behind_a_tar_are_not_passed_over(tmp_path: Path) -> None:
    whole = tarred([("a.txt", b"said")])

    assert read(tmp_path, "a.tar", whole).content is not None
    assert read(tmp_path, "a.tar", whole + b"\0" * 512 + b"more").content is None


def test_a_comment_of_a_zip_counts(tmp_path: Path) -> None:
    one, other = (read(tmp_path, "a.zip", zipped([("a.txt", b"said")], comment)) for comment in (b"", b"of\xff1"))

    assert one.content != other.content


@pytest.mark.parametrize("name", PACKERS)
def test_a_folder_is_named_or_not_where_it_has_members_and_counts_where_it_is_empty(name: str, tmp_path: Path) -> None:
    bare, named, empty = (
        read(tmp_path, name, with_folders(name, folders)).content for folders in ([], ["d", "d/e"], ["d/f"])
    )

    assert bare is not None
    assert bare == named != empty


def test_bytes_that_are_called_a_folder_count(tmp_path: Path) -> None:
    one, other = (read(tmp_path, "a.zip", zipped([("d/", said), ("d/a.txt", b"x")])) for said in (b"one", b"other"))

    assert one.content is not None
    assert one.content != other.content


def with_folders(name: str, folders: list[str]) -> bytes:
    packed = io.BytesIO()
    if name.endswith(".zip"):
        with zipfile.ZipFile(packed, "w") as archive:
            for folder in folders:
                archive.writestr(f"{folder}/", b"")
            archive.writestr("d/e/a.txt", b"said")
        return packed.getvalue()
    with tarfile.open(fileobj=packed, mode="w") as archive_of_tar:
        for folder in folders:
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            archive_of_tar.addfile(entry)
        member = tarfile.TarInfo("d/e/a.txt")
        member.size = 4
        archive_of_tar.addfile(member, io.BytesIO(b"said"))
    return packed.getvalue()


def test_a_header_that_somebody_put_beside_a_member_counts_and_a_time_does_not(tmp_path: Path) -> None:
    def of(**headers: str) -> File:
        packed, member = io.BytesIO(), tarfile.TarInfo("a.txt")
        member.pax_headers = headers
        with tarfile.open(fileobj=packed, mode="w") as archive:
            archive.addfile(member)
        return read(tmp_path, "a.tar", packed.getvalue())

    one, other, later, none = of(unit="cm"), of(unit="mm"), of(unit="cm", ctime="1.5"), of()

    assert one.content == later.content != other.content
    assert none.content != one.content is not None


def skops(address: int, kept: dict[str, object]) -> bytes:
    file = f"{address}.npy"
    schema = {"__id__": address, "content": [{"__id__": address, "file": file}, kept], "_skops_version": str(address)}
    return zipped([("schema.json", json.dumps(schema).encode()), (file, b"said")])


@settings(max_examples=10)
@given(st.integers(1, 2**40), st.integers(1, 2**40))
def test_where_an_object_lay_does_not_count_and_a_number_that_is_none_does(
    tmp_path_factory: pytest.TempPathFactory, one: int, other: int
) -> None:
    folder = tmp_path_factory.mktemp("skops")

    def content(address: int, **kept: object) -> object:
        return read(folder, "a.zip", skops(address, kept)).content

    assert content(one) == content(other)
    assert content(one, depth=1) != content(one, depth=2)
    assert content(one, __id__="text") != content(one, __id__="other")
