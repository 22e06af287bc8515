"""Snapshots as text: sorted lines of JSON, and the values of tensors in them."""

from __future__ import annotations

import base64
import bz2
import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compatkit.budget import Budget
from compatkit.equivalence.errors import EquivalenceError
from compatkit.equivalence.snapshot import Tensor
from compatkit.safe_text import is_encodable

_NOT_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


def text_line(text: str) -> str:
    """Return a text as JSON, readable in any script; what UTF-8 cannot write is escaped.

    Raises `EquivalenceError` for two halves of a character, one behind the other, which JSON reads as one.
    """
    if is_encodable(text):
        return json.dumps(text, ensure_ascii=False)
    line = json.dumps(text)
    if json.loads(line) != text:
        what = f"A snapshot cannot hold {text!r}: two halves of a character are not text."
        raise EquivalenceError(what, where="what the run logged", hint="log it in UTF-8")
    return line


def number_line(value: float) -> str:
    """Return a double as JSON that reads back to every bit; what JSON has no number for, as a text."""
    if math.isfinite(value):
        return repr(value)
    return f'"{"nan" if math.isnan(value) else "inf" if value > 0 else "-inf"}"'


def read_number(said: float | str) -> float:
    """Return the double that `number_line` wrote. Raises `KeyError` for any other text."""
    return _NOT_FINITE[said] if isinstance(said, str) else float(said)


def object_lines(entries: Iterable[tuple[str, str]], depth: int) -> str:
    """Return a JSON object of entries that are JSON already, each on a line of its own."""
    return _block([f"{text_line(name)}: {value}" for name, value in entries], "{}", depth)


def array_lines(items: Iterable[str], depth: int) -> str:
    """Return a JSON array of items that are JSON already, each on a line of its own."""
    return _block(list(items), "[]", depth)


def texts_lines(texts: Mapping[str, str], depth: int) -> str:
    """Return texts by name, in the order of their names."""
    return object_lines(((name, text_line(text)) for name, text in sorted(texts.items())), depth)


def _block(items: list[str], brackets: str, depth: int) -> str:
    if not items:
        return brackets
    outer = " " * depth
    inner = f",\n{outer} ".join(items)
    return f"{brackets[0]}\n{outer} {inner}\n{outer}{brackets[1]}"


_LONG_NAME = 32  # characters
_INLINE = 16  # numbers
_CHUNK = 3072  # bytes a line, 4,096 characters in base64
_SAMPLE = 65536  # bytes that decide whether the whole is worth compressing


def tensor_lines(tensor: Tensor, depth: int) -> str:
    """Return the tensor as JSON. Only plain dtypes are known: no objects, no records."""
    values = _little_endian(tensor.values)
    entries = [("dtype", text_line(tensor.dtype)), ("shape", json.dumps(list(tensor.shape)))]
    # The dtype that holds the values may be another than the one that they had.
    entries += [("stored", text_line(values.dtype.str))]
    if (numbers := _numbers(values)) is not None:
        return object_lines([*entries, ("numbers", f"[{', '.join(numbers)}]")], depth)
    raw = values.tobytes()
    shorter = bz2.compress(raw) if len(bz2.compress(raw[:_SAMPLE])) < min(len(raw), _SAMPLE) // 2 else raw
    lines = [f'"{base64.b64encode(shorter[at : at + _CHUNK]).decode()}"' for at in range(0, len(shorter), _CHUNK)]
    return object_lines([*entries, ("base64" if shorter is raw else "bzip2", array_lines(lines, depth + 1))], depth)


def tensor_of_line(said: dict[str, Any], budget: Budget) -> Tensor:
    """Return the tensor that `tensor_lines` wrote. Raises `ValueError`, `LookupError` or `TypeError` for any other."""
    if len(said["stored"]) > _LONG_NAME:
        raise ValueError("the name of its type is too long")
    dtype = np.dtype(said["stored"])
    # All that it claims to hold, before any of it is unpacked.
    size = math.prod(said["shape"]) * dtype.itemsize
    budget.spend(size=size)
    if "numbers" in said:
        budget.spend(len(said["numbers"]), size=len(said["numbers"]) * dtype.itemsize)
        values = np.array([_number(number, dtype) for number in said["numbers"]], dtype=dtype)
    else:
        packed = "bzip2" in said
        raw = b"".join(base64.b64decode(line, validate=True) for line in said["bzip2" if packed else "base64"])
        values = np.frombuffer(bz2.BZ2Decompressor().decompress(raw, size + 1) if packed else raw, dtype=dtype)
    return Tensor(said["dtype"], values.reshape(said["shape"]).astype(dtype.newbyteorder("=")))


def _numbers(values: NDArray[Any]) -> list[str] | None:
    """Return few numbers as JSON, or None where there are many, or JSON cannot hold every bit."""
    if values.size > _INLINE or values.dtype.kind not in "biuf":
        return None
    written = [_written(value) for value in values.ravel()]
    numbers = [_number(json.loads(text), values.dtype) for text in written]
    # Bit by bit: a NaN may carry more than that it is one.
    return written if np.array(numbers, dtype=values.dtype).tobytes() == values.tobytes() else None


def _written(value: Any) -> str:
    if value.dtype.kind != "f":
        return json.dumps(value.item())
    if not np.isfinite(value):
        return f'"{"nan" if np.isnan(value) else "inf" if value > 0 else "-inf"}"'
    # The shortest decimal that this dtype reads back: 0.1 and not 0.10000000149011612.
    return repr(float(str(value)))


def _number(said: Any, dtype: np.dtype[Any]) -> Any:
    number = said if dtype.kind in "biu" else read_number(said)
    return math.copysign(0.0, number) if number == 0 and dtype.kind == "f" else number


def _little_endian(values: NDArray[Any]) -> NDArray[Any]:
    return np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<")).reshape(values.shape)
