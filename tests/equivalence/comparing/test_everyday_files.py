"""In files of everyday tools, times, ids and packing are noise, and all other content is compared."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import pickle
import struct
import tarfile
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from uuid import UUID

import joblib
import numpy as np
import pandas as pd
import pytest
from PIL import Image, PngImagePlugin

from compatkit.equivalence import Policy, Snapshot, Verdict, compare_snapshots
from compatkit.equivalence.comparing.noise import compare_over_noise
from compatkit.equivalence.reading.contents.files import read_file
from compatkit.equivalence.reading.known_names import names_of_loggers

# What a run writes: its name, and its bytes by the number of the run and by what it says.
Make = Callable[[int, int], bytes]


def uuid(run: int, which: int = 0) -> str:
    return str(UUID(int=Random(f"{run} {which}").getrandbits(128), version=4))


def stamp(run: int) -> str:
    return f"2026-11-29 01:20:3{run}"


def csv(run: int, said: int) -> bytes:
    return f"a,b\n1,{said}\n".encode()


def gzipped(make: Make) -> Make:
    def made(run: int, said: int) -> bytes:
        packed = io.BytesIO()
        with gzip.GzipFile(f"made-{run}.csv", "wb", fileobj=packed, mtime=run) as stream:
            stream.write(make(run, said))
        return packed.getvalue()

    return made


def tarred(run: int, said: int) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        member = tarfile.TarInfo("out/table.csv")
        member.size, member.mtime = len(csv(run, said)), run
        archive.addfile(member, io.BytesIO(csv(run, said)))
    return packed.getvalue()


def zipped(run: int, said: int) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(zipfile.ZipInfo("out/table.csv", (2000 + run, 1, 1, 0, 0, 0)), csv(run, said))
    return packed.getvalue()


def objects(run: int, said: int) -> bytes:
    at = datetime.fromisoformat(stamp(run)).replace(tzinfo=UTC)
    return pickle.dumps({"a": said, "at": at, "day": at.date(), "id": UUID(uuid(run))})


def dumped(compress: object) -> Make:
    def made(run: int, said: int) -> bytes:
        packed = io.BytesIO()
        joblib.dump({"w": np.arange(4) * said, "at": stamp(run), "id": uuid(run)}, packed, compress=compress)
        return packed.getvalue()

    return made


def log(run: int, said: int) -> bytes:
    # The second line is written in the same second by the first two runs.
    second = 5 if run < 3 else 7
    return f"{stamp(run)},123 INFO begin {uuid(run)}\n2026-11-29 01:21:0{second},5 INFO loss 0.{said}\n".encode()


def setting(run: int, said: int) -> bytes:
    return f"[run]\ncreated = {stamp(run)}\nlr = {said}\n".encode()


def page(run: int, said: int) -> bytes:
    return f'<div id="{uuid(run)}"></div><script>Plotly.newPlot("{uuid(run)}", [{{"y": [{said}]}}])</script>'.encode()


def keyed(run: int, said: int) -> bytes:
    return json.dumps({uuid(run): {"y": said}, "order": [uuid(run)]}).encode()


def notebook(run: int, said: int) -> bytes:
    cell = {"id": f"a{run}b2c3d4", "cell_type": "code", "source": [f"x = {said}"], "outputs": []}
    cell["metadata"] = {"execution": {"iopub.execute_input": f"2026-11-29T01:20:3{run}.12Z"}}
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


def image(form: str) -> Make:
    def made(run: int, said: int) -> bytes:
        drawn, written = Image.fromarray(np.full((4, 4), 60 * said, np.uint8)), io.BytesIO()
        exif, info = Image.Exif(), PngImagePlugin.PngInfo()
        exif[306] = stamp(run)
        info.add_text("Creation Time", stamp(run))
        drawn.save(written, form, **({"pnginfo": info} if form == "PNG" else {"exif": exif}))
        return written.getvalue()

    return made


def parquet(run: int, said: int) -> bytes:
    written = io.BytesIO()
    at = [stamp(run)] * 2
    frame = pd.DataFrame({"loss": [0.5, said], "at": at, "day": pd.to_datetime(at), "who": ["a", None], "n": [1, None]})
    frame.to_parquet(written)
    return written.getvalue()


def events(run: int, said: int) -> bytes:
    def record(raw: bytes) -> bytes:
        return struct.pack("<QI", len(raw), 0) + raw + bytes(4)

    time = b"\x09" + struct.pack("<d", 1795915230.5 + run)
    value = b"\x0a\x04loss\x15" + struct.pack("<f", said)
    summary = b"\x0a" + bytes([len(value)]) + value
    event = time + b"\x10\x03\x2a" + bytes([len(summary)]) + summary
    return record(time + b"\x1a\x0dbrain.Event:2") + record(event)


FILES: dict[str, Make] = {
    "table.csv.gz": gzipped(csv),
    "table.json.gz": gzipped(lambda _, said: json.dumps({"a": said}).encode()),
    "model.pkl.gz": gzipped(lambda run, said: pickle.dumps({"a": said, "id": uuid(run)})),
    "objects.pkl": objects,
    "out.bin.gz": gzipped(lambda _, said: bytes([0, 255, said])),
    "table.csv.bz2": lambda run, said: bz2.compress(csv(run, said), 1 + run),
    "table.csv.xz": lambda run, said: lzma.compress(csv(run, said), preset=run),
    "out.tar": tarred,
    "out.tar.gz": gzipped(tarred),
    "out.tgz": gzipped(tarred),
    "out.zip": zipped,
    "package.whl": zipped,
    "plain.joblib": dumped(0),
    "zlib.joblib": dumped(3),
    "gzip.joblib": dumped(("gzip", 3)),
    "bz2.joblib": dumped(("bz2", 3)),
    "lzma.joblib": dumped(("lzma", 3)),
    "xz.joblib": dumped(("xz", 3)),
    "train.log": log,
    "train.txt": log,
    "LOG": log,
    "run.toml": setting,
    "run.cfg": setting,
    "train.py": setting,
    "model.pmml": lambda run, said: f'<PMML><Timestamp>{stamp(run)}</Timestamp><N v="{said}"/></PMML>'.encode(),
    "figure.html": page,
    "figure.json": keyed,
    "report.ipynb": notebook,
    "figure.png": image("PNG"),
    "figure.jpg": image("JPEG"),
    "figure.tiff": image("TIFF"),
    "table.parquet": parquet,
    "events.out.tfevents.1795915230.host": events,
}


def logged(folder: Path, name: str, raw: bytes) -> Snapshot:
    path = folder / name
    path.write_bytes(raw)
    file, notes = read_file(path, name)
    assert notes == []
    return Snapshot("run", params={"lr": "1"}, artifacts={name: file})


def compared(folder: Path, name: str, says: int) -> Verdict:
    runs = ((1, 1), (2, 1), (3, says))
    before, again, after = (logged(folder, name, FILES[name](*given)) for given in runs)
    return compare_over_noise(before, again, after, Policy())


@pytest.mark.parametrize("name", FILES)
def test_what_varies_from_run_to_run_is_settled(name: str, tmp_path: Path) -> None:
    verdict = compared(tmp_path, name, 1)

    assert verdict.is_equivalent, verdict.deciding


@pytest.mark.parametrize("name", FILES)
def test_what_a_file_says_decides_beside_it(name: str, tmp_path: Path) -> None:
    verdict = compared(tmp_path, name, 2)

    assert [difference.name for difference in verdict.deciding] == [name]


@pytest.mark.parametrize("name", FILES)
def test_what_varies_decides_where_no_noise_was_measured(name: str, tmp_path: Path) -> None:
    """But for how and when something was packed or drawn, which is left out in reading."""
    before, after = (logged(tmp_path, name, FILES[name](*given)) for given in ((1, 1), (2, 2)))

    assert not compare_snapshots(before, after, Policy()).is_equivalent


def test_a_packed_file_that_is_cut_is_compared_by_digest(tmp_path: Path) -> None:
    path = tmp_path / "table.csv.gz"
    path.write_bytes(FILES[path.name](1, 1)[:-4])

    file, notes = read_file(path, path.name)

    assert file.content is None
    assert "cannot be read" in notes[0]


def test_a_file_that_unpacks_to_too_much_is_compared_by_digest(tmp_path: Path) -> None:
    path = tmp_path / "zeros.bin.gz"
    path.write_bytes(gzip.compress(bytes(160 << 20), 1))

    file, notes = read_file(path, path.name)

    assert file.content is None
    assert "too many bytes" in notes[0]


def test_a_file_that_claims_gigabytes_for_its_unpacking_is_compared_by_digest(tmp_path: Path) -> None:
    path = tmp_path / "table.csv.xz"
    path.write_bytes(lzma.compress(csv(1, 1), filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 30}]))

    file, notes = read_file(path, path.name)

    assert file.content is None
    assert "LZMAError" in notes[0]


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_streams_after_one_another_are_one_file(pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    path = tmp_path / "table.csv.gz"
    path.write_bytes(pack(b"a,b\n") + pack(b"1,2\n"))

    file, _ = read_file(path, path.name)

    assert file.content is not None
    assert list(file.content.values) == ["row 1", "row 2"]


def test_a_column_of_one_value_that_unpacks_to_gigabytes_is_compared_by_digest(tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    pd.DataFrame({"a": np.zeros(20_000_000, np.int8)}).to_parquet(path, compression="zstd")

    file, notes = read_file(path, path.name)

    assert file.content is None
    assert "too many bytes" in notes[0]


def test_a_link_in_an_archive_leads_nowhere_and_is_compared(tmp_path: Path) -> None:
    def linked(target: str) -> Snapshot:
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            member = tarfile.TarInfo("last")
            member.type, member.linkname = tarfile.SYMTYPE, target
            archive.addfile(member)
        return logged(tmp_path, "out.tar", packed.getvalue())

    assert not compare_snapshots(linked("/etc/passwd"), linked("/etc/shadow"), Policy()).is_equivalent


def test_event_files_are_named_without_time_host_and_process() -> None:
    names = ["tb/events.out.tfevents.1795915233.host.41.0", "tb/events.out.tfevents.1795915299.other.7.0.v2", "a.csv"]

    renamed = names_of_loggers(names)

    assert renamed == {names[0]: "tb/events.out.tfevents", names[1]: "tb/events.out.tfevents#2"}
