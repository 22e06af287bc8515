"""Snapshots with everything that can be in one: files by content, arrays of any dtype, child runs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from compatkit.equivalence import Point, Snapshot, Tensor
from compatkit.equivalence.snapshot import Content, File
from tests.equivalence.strategies import snapshots as flat_snapshots

DTYPES = ["float16", "float32", "float64", "int8", "int64", "uint8", "uint64", "bool", "complex64", "<U3", ">f4"]
names = st.text(max_size=5)


@st.composite
def tensors(draw: st.DrawFn) -> Tensor:
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    shape = draw(st.lists(st.integers(0, 4), max_size=3))
    size = int(np.prod(shape)) * dtype.itemsize
    raw = draw(st.binary(min_size=size, max_size=size))
    if dtype.kind in "bU":
        values = np.array([byte % 2 for byte in raw[:: dtype.itemsize]]).astype(dtype)
    else:
        values = np.frombuffer(raw, dtype)
    return Tensor(dtype.name, values.reshape(shape).astype(dtype.newbyteorder("=")))


contents = st.builds(
    Content,
    st.sampled_from(["json", "image", "tensors"]),
    st.dictionaries(names, st.text(max_size=5), max_size=3),
    st.dictionaries(names, tensors(), max_size=2),
)
files = st.builds(File, st.text("0123456789abcdef", min_size=4, max_size=4), st.integers(0, 9), st.none() | contents)
points = st.tuples(st.integers(-(2**63), 2**63 - 1), st.floats()).map(lambda row: Point(*row))


@st.composite
def snapshots(draw: st.DrawFn, *, depth: int = 2) -> Snapshot:
    flat = draw(flat_snapshots)
    children = draw(st.dictionaries(names, snapshots(depth=depth - 1), max_size=2)) if depth else {}
    return replace(
        flat,
        metrics={**flat.metrics, **draw(st.dictionaries(names, st.lists(points, max_size=3).map(tuple), max_size=2))},
        artifacts=draw(st.dictionaries(names, files, max_size=2)),
        trace=draw(st.sampled_from(["", "{}", "a\r\nb\n", "\n"])),
        notes=tuple(draw(st.lists(names, max_size=2))),
        children={name: replace(child, run_id=name) for name, child in children.items()},
    )
