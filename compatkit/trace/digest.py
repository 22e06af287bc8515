"""Digests of tensors, and of whatever holds tensors, bit for bit."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

_BYTES = 8  # two records are compared, not searched: chance agreement is one in 10^19


def digest(value: object) -> str:
    """Return a digest of all tensors in `value`, with their dtypes and shapes; numbers and texts count too."""
    found = hashlib.blake2b(digest_size=_BYTES)
    for part in _parts(value):
        found.update(part)
    return found.hexdigest()


def _parts(value: object) -> Iterator[bytes]:
    import torch

    if isinstance(value, torch.Tensor):
        yield f"{value.dtype} {tuple(value.shape)}".encode()
        yield _bytes(value)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield repr(key).encode()
            yield from _parts(inner)
    elif isinstance(value, list | tuple):
        yield f"{len(value)} parts".encode()
        for inner in value:
            yield from _parts(inner)
    elif isinstance(value, str | int | float | bool | None):
        yield repr(value).encode()
    else:
        # An object may name its address, which differs in every process.
        yield type(value).__qualname__.encode()
        yield from _parts(dict(getattr(value, "__dict__", {})))


def _bytes(tensor: Tensor) -> bytes:
    import torch

    if tensor.layout is not torch.strided:
        tensor = tensor.to_dense()
    plain = tensor.detach().resolve_conj().resolve_neg().cpu().contiguous().reshape(-1)
    return plain.view(torch.uint8).numpy().tobytes()
