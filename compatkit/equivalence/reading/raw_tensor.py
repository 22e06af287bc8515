"""One tensor of a model archive, from its raw bytes and what the archive says of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compatkit.budget import Budget
from compatkit.equivalence.snapshot import Tensor

# torch's serialised ScalarType (torch._export.serde.schema), with the NumPy dtype that holds the raw bytes.
_DTYPES: dict[int, tuple[str, type[np.generic]]] = {
    1: ("uint8", np.uint8),
    2: ("int8", np.int8),
    3: ("int16", np.int16),
    4: ("int32", np.int32),
    5: ("int64", np.int64),
    6: ("float16", np.float16),
    7: ("float32", np.float32),
    8: ("float64", np.float64),
    10: ("complex64", np.complex64),
    11: ("complex128", np.complex128),
    12: ("bool", np.bool_),
    13: ("bfloat16", np.uint16),
    28: ("uint16", np.uint16),
    34: ("uint32", np.uint32),
    35: ("uint64", np.uint64),
}
_STRIDED = 7  # torch's serialised Layout


def read_tensor(raw: bytes, meta: Mapping[str, Any], budget: Budget) -> Tensor:
    """Read a tensor. Raises `ValueError` or `LookupError` where it is not a plain one inside its buffer."""
    name, dtype = _DTYPES[meta["dtype"]]
    shape = [size["as_int"] for size in meta["sizes"]]
    strides = [stride["as_int"] for stride in meta["strides"]]
    offset = meta["storage_offset"]["as_int"]
    flat: NDArray[Any] = np.frombuffer(raw, dtype=dtype)
    if meta["layout"] != _STRIDED or min(offset, *shape, *strides, 0) < 0:
        raise ValueError("not a plain tensor")
    # The place of the last value, counted in values; a tensor without any may lie anywhere.
    last = offset + sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True))
    if 0 not in shape and last >= flat.size:
        raise ValueError("strides leave the buffer")
    # A stride of nothing repeats one value as often as the table claims.
    budget.spend(size=2 * math.prod(shape) * flat.itemsize)
    steps = [stride * flat.itemsize for stride in strides]
    values: NDArray[Any] = np.array(np.lib.stride_tricks.as_strided(flat[offset:], shape, steps))
    if name == "bfloat16":
        values = (values.astype(np.uint32) << 16).view(np.float32)
    return Tensor(name, values)
