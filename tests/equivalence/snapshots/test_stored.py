"""A stored snapshot reads back whole, is the same for the same run, and is refused unless it is as it was written."""

from __future__ import annotations

import base64
import bz2
import hashlib
import json
import math
import resource
import signal
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compatkit.equivalence import (
    EquivalenceError,
    File,
    Policy,
    Snapshot,
    Tensor,
    compare_snapshots,
    load_snapshot,
    save_snapshot,
)
from compatkit.equivalence.history import History, as_history
from compatkit.equivalence.snapshots import snapshot_text
from compatkit.equivalence.snapshots.read import parse_snapshot
from tests.equivalence.snapshots.strategies import snapshots, tensors
from tests.equivalence.strategies import RUN, history

HERE = Path("stored.json")
TEXT = snapshot_text(RUN)
SMALL = snapshot_text(Snapshot("a", artifacts={"a.npy": File("0" * 64, 1)}))


def in_arrays(snapshot: Snapshot) -> Snapshot:
    """Return it with arrays for histories, of which NaN equals NaN."""
    children = {name: in_arrays(child) for name, child in snapshot.children.items()}
    metrics = {name: as_history(points) for name, points in snapshot.metrics.items()}
    return replace(snapshot, metrics=metrics, children=children)


@given(snapshots())
def test_what_is_written_is_read_back(snapshot: Snapshot) -> None:
    text = snapshot_text(snapshot)

    back = parse_snapshot(text.encode(), HERE)

    assert back == in_arrays(snapshot)
    assert snapshot_text(back) == text


@given(snapshots(depth=0), snapshots(depth=0))
def test_storing_changes_no_verdict(one: Snapshot, other: Snapshot) -> None:
    stored = [parse_snapshot(snapshot_text(snapshot).encode(), HERE) for snapshot in (one, other)]

    assert compare_snapshots(*stored, Policy.exact()) == compare_snapshots(one, other, Policy.exact())


@given(snapshots(), st.randoms(use_true_random=False))
def test_the_order_in_which_things_were_read_does_not_count(snapshot: Snapshot, random: object) -> None:
    def mixed(values: dict[str, object]) -> dict[str, object]:
        rows = list(values.items())
        random.shuffle(rows)  # type: ignore[attr-defined]  # a random.Random
        return dict(rows)

    parts = {
        part: mixed(dict(getattr(snapshot, part))) for part in ("params", "metrics", "tags", "artifacts", "models")
    }

    assert snapshot_text(replace(snapshot, **parts)) == snapshot_text(snapshot)


@given(tensors())
def test_every_bit_of_a_tensor_survives(tensor: Tensor) -> None:
    stored = replace(RUN, models={"m": replace(RUN.models["model@0"], tensors={"w": tensor})})

    back = parse_snapshot(snapshot_text(stored).encode(), HERE).models["m"].tensors["w"]

    assert (back.dtype, back.shape) == (tensor.dtype, tensor.shape)
    assert back.values.dtype == tensor.values.dtype
    assert back.values.tobytes() == tensor.values.tobytes()


@pytest.mark.parametrize("value", [0.1, -0.0, 5e-324, sys.float_info.max, math.inf, -math.inf, 1e22])
def test_every_double_is_exact(value: float) -> None:
    stored = parse_snapshot(snapshot_text(Snapshot("a", metrics={"m": history(value)})).encode(), HERE)

    assert stored.metrics["m"][0].value.hex() == value.hex()


def test_a_large_tensor_is_compressed_where_that_pays() -> None:
    plot = Tensor("uint8", np.zeros((400, 400, 4), dtype=np.uint8))
    noise = Tensor("float64", np.random.default_rng(0).normal(size=1000))
    text = snapshot_text(replace(RUN, models={"m": replace(RUN.models["model@0"], tensors={"p": plot, "n": noise})}))

    model = parse_snapshot(text.encode(), HERE).models["m"]

    assert '"bzip2"' in text
    assert len(text) < 20_000
    assert model.tensors == {"p": plot, "n": noise}


def test_it_is_json_with_one_point_a_line() -> None:
    said = json.loads(TEXT)

    assert (said["format"], said["version"]) == ("compatkit snapshot", 3)
    assert said["run"]["metrics"]["train_loss"] == [[1, 0.9], [2, 0.5], [3, 0.25]]
    changed = snapshot_text(replace(RUN, metrics={**RUN.metrics, "train_loss": history(0.9, 0.5, 0.125)}))
    pairs = zip(TEXT.splitlines(), changed.splitlines(), strict=True)
    assert [pair for pair in pairs if pair[0] != pair[1]][:-1] == [("    [3, 0.25]", "    [3, 0.125]")]


@settings(max_examples=200)
@given(st.integers(0, len(TEXT.encode()) - 1))
def test_a_file_that_is_cut_anywhere_is_refused(length: int) -> None:
    # But for the newline at its end, without which nothing is lost.
    raw = TEXT.encode()[: min(length, len(TEXT.encode()) - 2)]

    with pytest.raises(EquivalenceError):
        parse_snapshot(raw, HERE)


@settings(max_examples=200)
@given(st.integers(0, len(TEXT.encode()) - 1), st.integers(1, 255))
def test_a_byte_that_is_changed_anywhere_is_noticed(place: int, by: int) -> None:
    raw = bytearray(TEXT.encode())
    raw[place] ^= by

    try:
        back = parse_snapshot(bytes(raw), HERE)
    except EquivalenceError:
        return

    # What is left is white space of the frame.
    assert back == RUN


def test_each_fault_says_what_it_is(tmp_path: Path) -> None:
    faults = {
        "not a snapshot": b"run_id: 1",
        "is cut": TEXT.encode()[:-80],
        "not as it was written": TEXT.replace("0.25", "0.26").encode(),
        "version 4": TEXT.replace('"version": 3', '"version": 4').encode()[:200],
    }
    for words, raw in faults.items():
        file = tmp_path / "stored.json"
        file.write_bytes(raw)

        with pytest.raises(EquivalenceError, match=words):
            load_snapshot(file)
    with pytest.raises(EquivalenceError, match="cannot be read"):
        load_snapshot(tmp_path / "absent.json")


def test_a_file_of_the_first_version_is_read_and_said_to_hold_no_layers() -> None:
    bare = replace(RUN, models={"model@0": replace(RUN.models["model@0"], layers=(), metrics={})})
    body = snapshot_text(bare).replace('"version": 3', '"version": 1').rpartition(' "sha256"')[0]
    raw = f'{body} "sha256": "{hashlib.sha256(body.encode()).hexdigest()}"\n}}\n'.encode()

    back = parse_snapshot(raw, HERE)

    layers, metrics = back.notes
    assert layers == "stored.json is of version 1, which holds no layers of models: classes are not compared"
    assert metrics == (
        "stored.json is of version 1, which does not hold which model a metric is of: that is not compared"
    )
    assert back.models["model@0"] == replace(bare.models["model@0"], metrics=None)
    assert compare_snapshots(back, RUN, Policy.exact()).is_equivalent


@cache
def bomb() -> str:
    return base64.b64encode(bz2.compress(bytes(1 << 27))).decode()


@pytest.mark.parametrize(
    ("tensor", "reason"),
    [
        # A few hundred bytes that unpack to 2 GiB, claims of terabytes, and types of 400 MB a value.
        ({"stored": "<f8", "shape": [268_435_456], "bzip2": ["BOMB"]}, "too many bytes"),
        ({"stored": "|u1", "shape": [16], "bzip2": ["BOMB"]}, "cannot reshape"),
        ({"stored": "<f8", "shape": [1 << 40], "base64": []}, "too many bytes"),
        ({"stored": "<U100000000", "shape": [4], "numbers": [1, 2, 3, 4]}, "too many bytes"),
        ({"stored": "<f8," * 100_000, "shape": [0], "numbers": []}, "too long"),
        ({"stored": "<f8", "shape": [1] * 100, "numbers": [1.0]}, "dimension"),
    ],
)
def test_a_snapshot_that_claims_too_much_is_refused(tensor: dict[str, object], reason: str) -> None:
    file = {"bytes": 1, "sha256": "0" * 64, "kind": "array", "tensors": {"a": {"dtype": "float64", **tensor}}}
    said = json.loads(SMALL)
    said["run"]["artifacts"] = {"a.npy": file}
    body = json.dumps(said, indent=1).replace("BOMB", bomb()).rpartition(' "sha256"')[0]

    raw = f'{body} "sha256": "{hashlib.sha256(body.encode()).hexdigest()}"\n}}\n'.encode()

    with pytest.raises(EquivalenceError, match=reason):
        parse_snapshot(raw, HERE)


def test_line_ends_of_another_system_are_no_change() -> None:
    assert parse_snapshot(TEXT.replace("\n", "\r\n").encode(), HERE) == in_arrays(RUN)


def test_a_full_disk_leaves_the_old_file_alone(tmp_path: Path) -> None:
    file = tmp_path / "stored.json"
    save_snapshot(Snapshot("old", params={"a": "1"}), file)
    before = file.read_bytes()
    script = dedent("""\
        from pathlib import Path; from compatkit.equivalence import *
        for name in ('stored.json', 'other.json'):
            try: save_snapshot(Snapshot('new', params={'a': 'x' * 99999}), Path(name))
            except EquivalenceError as error: print(error.what)
        """)

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    done = subprocess.run(
        [sys.executable, "-B", "-c", script], cwd=tmp_path, preexec_fn=limit, capture_output=True, text=True, check=True
    )

    assert done.stdout.count("not written") == 2, done.stderr
    assert file.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["stored.json"]


def test_a_history_in_arrays_is_the_same_sequence() -> None:
    points = history(0.5, math.nan, math.inf)

    arrays = History.of(points)

    assert arrays == points
    assert points == arrays
    assert arrays[1:] == points[1:]
    assert arrays[-1] == points[-1]
    assert arrays != history(0.5, math.nan)
    assert repr(arrays) == repr(points)
