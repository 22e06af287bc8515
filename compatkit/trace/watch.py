"""Hooks on a module that record digests of what every batch did. They read, and change no value."""

from __future__ import annotations

import atexit
import hashlib
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeAlias

from compatkit.trace.record import TRACE_FILE, Batch, Trace

if TYPE_CHECKING:
    from torch import Tensor, nn

VARIABLE = "COMPATKIT_TRACE"
_BATCHES = 200
_BYTES = 8  # two records are compared, not searched: chance agreement is one in 10^19
Destination: TypeAlias = Path | Callable[[str], object]


def watch(model: nn.Module, *, batches: int | None = None, to: Destination | None = None) -> Watch:
    """Record what the first `batches` calls of `model` do, training and evaluation alike; return what ends it.

    Without `batches`, the environment variable COMPATKIT_TRACE decides: unset or 0, nothing is hooked. The record is
    written `to` a file, handed to a function as JSON, or logged to the MLflow run that is active in the first batch;
    that is when the number is reached, the `with` block ends, `close()` is called, or the process exits.
    """
    most = _asked_for() if batches is None else batches
    return Watch(model, most, to) if most else Watch(None, 0, None)


def _asked_for() -> int:
    text = os.environ.get(VARIABLE, "").strip()
    number = int(text) if text.isdecimal() else bool(text)
    return _BATCHES if number == 1 else int(number)


class Watch:
    """A module that is being watched; a context manager."""

    def __init__(self, model: nn.Module | None, most: int, to: Destination | None) -> None:
        self._most = most
        self._to = to
        self._batches: list[dict[str, Any]] = []
        self._handles: list[Any] = []
        if model is not None:
            self._start(model)

    def __enter__(self) -> Watch:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Remove the hooks, and write the record. Once is enough; more does nothing."""
        if not self._handles:
            return
        atexit.unregister(self.close)
        for handle in self._handles:
            handle.remove()
        self._handles = []
        if self._batches:
            _deliver(self.trace.to_json(), self._to)

    def __deepcopy__(self, memo: object) -> Watch:
        """A copy of the module keeps its hooks: they stay this watch's, which tells the copy by its identity."""
        return self

    @property
    def trace(self) -> Trace:
        """The record so far."""
        return Trace(self._module, self._initial, tuple(Batch(**batch) for batch in self._batches))

    def _start(self, model: nn.Module) -> None:
        self._module = type(model).__name__
        self._root = id(model)
        self._initial = {name: digest(tensor) for name, tensor in model.state_dict().items()}
        self._handles.append(model.register_forward_pre_hook(self._begin, with_kwargs=True))
        for name, layer in model.named_modules():
            if not list(layer.children()):
                self._handles.append(layer.register_forward_hook(self._forward(name or self._module, id(layer))))
        for name, weight in model.named_parameters():
            if weight.requires_grad:
                hook = self._gradient(name)
                self._handles.append(weight.register_post_accumulate_grad_hook(hook))  # type: ignore[no-untyped-call]
        atexit.register(self.close)

    def _begin(self, model: nn.Module, given: tuple[object, ...], named: dict[str, object]) -> None:
        if id(model) != self._root:
            return
        if len(self._batches) >= self._most:
            self.close()
            return
        if self._to is None:
            self._to = _active_run()
        self._batches.append(
            {
                "is_training": model.training,
                "inputs": digest([given, named]),
                "weights": digest(model.state_dict()),
                "forward": {},
                "gradient": {},
            }
        )

    def _forward(self, name: str, layer: int) -> Callable[[nn.Module, object, object], None]:
        def hook(called: nn.Module, _given: object, output: object) -> None:
            if self._batches and id(called) == layer:
                _put(self._batches[-1]["forward"], name, digest(output))

        return hook

    def _gradient(self, name: str) -> Callable[[Tensor], None]:
        def hook(weight: Tensor) -> None:
            if self._batches and self._handles:
                _put(self._batches[-1]["gradient"], name, digest(weight.grad))

        return hook


def _put(found: dict[str, str], name: str, value: str) -> None:
    number, key = 1, name
    while key in found:
        number += 1
        key = f"{name}#{number}"
    found[key] = value


def _active_run() -> Destination | None:
    """Return what logs to the MLflow run that is active, if MLflow is in use at all."""
    mlflow = sys.modules.get("mlflow")
    run = mlflow.active_run() if mlflow else None
    if mlflow is None or run is None:
        return None
    client = mlflow.MlflowClient(mlflow.get_tracking_uri())
    return lambda text: client.log_text(run.info.run_id, text, TRACE_FILE)


def _deliver(text: str, to: Destination | None) -> None:
    if to is None:
        warnings.warn("compatkit.trace: no MLflow run was active, so the trace is not kept.", stacklevel=3)
    elif isinstance(to, Path):
        to.write_text(text, encoding="utf-8")
    else:
        to(text)


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
