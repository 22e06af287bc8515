"""Archives by their members, each read as the file that it is: when and how a member was packed does not count.

That it may be executed does, and that it is a link.
"""

from __future__ import annotations

import json
import stat
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from compatkit.budget import Budget
from compatkit.equivalence.reading.contents.flatten_values import put
from compatkit.equivalence.reading.contents.unpacked import opened_zip
from compatkit.equivalence.snapshot import Content, File, Tensor

_LONGEST = 20  # characters of a suffix
_SKOPS = "schema.json"
# What a tar has fields for, as far as these are too short.
_OWN_HEADERS = {"atime", "ctime", "gid", "gname", "linkpath", "mtime", "path", "size", "uid", "uname"}

ReadFile = Callable[[Path, Budget], File]


def read_zip(path: Path, budget: Budget, read: ReadFile) -> Content:
    """Return what the members say, each named with a double slash, which no path of a file has.

    Raises `ValueError` or `zipfile.BadZipFile` where it is broken, or has two members of one name.
    """
    with opened_zip(path, budget) as archive:
        renamed = _skops_names(archive)
        # A folder of some bytes is none, whatever it is called.
        full = [entry.filename for entry in archive.infolist() if entry.is_dir() and entry.file_size]
        names = sorted({*_without_implied(archive.namelist()), *full}, key=lambda name: renamed.get(name, name))
        modes = {name: archive.getinfo(name).external_attr >> 16 for name in names}
        packed = ((name, _member(archive, name, modes[name], renamed)) for name in names)
        members = ((renamed.get(name, name), raw, modes[name]) for name, raw in packed)
        content = _content("zip", members, budget, read)
        if archive.comment:
            comment = {"comment of the archive": archive.comment.decode("utf-8", "backslashreplace")}
            return Content("zip", {**content.values, **comment}, content.tensors)
        return content


def read_tar(path: Path, budget: Budget, read: ReadFile) -> Content:
    """Return the same of a tar archive; of what is no file, such as a link, where it leads.

    Raises `ValueError` or `tarfile.TarError` where it is broken, or has two members of one name.
    """
    with tarfile.open(path, "r:") as archive:
        found = {}
        for member in archive:
            budget.spend(size=member.size)
            if member.name in found:
                raise ValueError("two members of one name")
            found[member.name] = member
        with path.open("rb") as stream:
            stream.seek(archive.offset)
            rest = stream.read()
        if rest.strip(b"\0"):
            raise ValueError("bytes behind the archive")
        # Folders as a zip names them.
        listed = {f"{name}/" if member.isdir() else name: name for name, member in found.items()}
        names = sorted(listed[member] for member in _without_implied(listed))
        members = ((name, _packed(archive, found[name]), found[name].mode) for name in names)
        content = _content("tar", members, budget, read)
        # What somebody noted of a member, as in the comment of a zip.
        headers = {
            f"{name}//header {key}": text
            for name, member in found.items()
            for key, text in member.pax_headers.items()
            if key not in _OWN_HEADERS
        }
        return Content("tar", {**content.values, **headers}, content.tensors)


def _without_implied(names: Iterable[str]) -> Iterator[str]:
    """Leave out folders that have members: some writers name them, others do not."""
    listed = list(names)
    parents = {f"{parent}/" for name in listed for parent in map(str, PurePosixPath(name).parents)}
    return (name for name in listed if name not in parents)


def _packed(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes | str:
    if not member.isfile():
        return ascii((member.type, member.linkname))
    stream = archive.extractfile(member)
    return stream.read() if stream else b""


def _content(kind: str, members: Iterable[tuple[str, bytes | str, int]], budget: Budget, read: ReadFile) -> Content:
    """Put together what the members say, given by name, bytes and mode; a text stands for what is no file."""
    values: dict[str, str] = {}
    tensors: dict[str, Tensor] = {}
    with tempfile.TemporaryDirectory(prefix="compatkit-") as folder:
        for number, (name, raw, mode) in enumerate(members):
            if isinstance(raw, str):
                put(values, f"{name}//", f"no file: {raw}")
                continue
            if mode & 0o111 and not name.endswith("/"):
                put(values, f"{name}//mode", "may be executed")
            member = Path(folder, f"{number}{_suffix(name)}")
            member.write_bytes(raw)
            for place, part in _parts(name, read(member, budget)):
                if isinstance(part, Tensor):
                    tensors[place] = part
                else:
                    put(values, place, part)
    return Content(kind, values, tensors)


def _suffix(name: str) -> str:
    suffix = Path(name).suffix
    # A member may be called anything.
    return suffix if suffix[1:].isalnum() and len(suffix) < _LONGEST else ""


def _parts(name: str, file: File) -> Iterator[tuple[str, str | Tensor]]:
    if file.content is None:
        yield f"{name}//", f"{file.size} bytes, sha256 {file.digest}"
        return
    yield f"{name}//", file.content.kind
    yield from ((f"{name}//{place}", text) for place, text in file.content.values.items())
    yield from ((f"{name}//{place}", tensor) for place, tensor in file.content.tensors.items())


def _skops_names(archive: zipfile.ZipFile) -> dict[str, str]:
    """Number the members that skops names after where an object lay in memory, in the order of their first use."""
    if _SKOPS not in archive.namelist():
        return {}
    used = dict.fromkeys(_files(json.loads(archive.read(_SKOPS))))
    members = set(archive.namelist())
    return {name: f"object {number}{Path(name).suffix}" for number, name in enumerate(used) if name in members}


def _files(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("file"), str):
            yield schema["file"]
        yield from (name for part in schema.values() for name in _files(part))
    elif isinstance(schema, list):
        yield from (name for part in schema for name in _files(part))


def _member(archive: zipfile.ZipFile, name: str, mode: int, renamed: dict[str, str]) -> bytes | str:
    raw = archive.read(name)
    if stat.S_ISLNK(mode):
        return f"a link to {raw!r}"
    if name != _SKOPS:
        return raw
    schema = json.loads(raw)
    # The version of skops that wrote it, like all versions of writers.
    schema.pop("_skops_version", None) if isinstance(schema, dict) else None
    return json.dumps(_without_addresses(schema, renamed, {})).encode()


def _without_addresses(schema: Any, renamed: dict[str, str], seen: dict[int, int]) -> Any:
    """Put numbers in the order of first use in place of addresses; constants have none, as they may be shared."""
    if isinstance(schema, list):
        return [_without_addresses(part, renamed, seen) for part in schema]
    if not isinstance(schema, dict):
        return schema
    kept: dict[str, Any] = {}
    for key, value in schema.items():
        if key == "__id__" and isinstance(value, int):
            if not schema.get("is_json"):
                kept[key] = seen.setdefault(value, len(seen))
        elif key == "file" and isinstance(value, str):
            kept[key] = renamed.get(value, value)
        else:
            kept[key] = _without_addresses(value, renamed, seen)
    return kept
