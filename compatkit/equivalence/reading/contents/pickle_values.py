"""The values of a pickle by place, as its opcodes would build them; arrays and tensors by value."""

from __future__ import annotations

import datetime
import hashlib
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np

from compatkit.budget import Budget, require_depth
from compatkit.equivalence.reading.contents.flatten_values import ROOT, below, put
from compatkit.equivalence.reading.contents.pickled import read_pickles
from compatkit.equivalence.reading.contents.pickled_arrays import Built, Storage, numpy_array, torch_tensor, trained_as
from compatkit.equivalence.reading.contents.unpacked import opened_zip, unpacked
from compatkit.equivalence.snapshot import Content, Tensor

_LONGEST = 2000  # characters of a text that is kept whole
_SKELETONS = {"_make_skeleton_class": 4, "_make_skeleton_enum": 5, "_make_typevar": 5}
# The arguments of a code object, by how many there are: its file, its first line, and where in it each operation is.
_CODE = {18: (10, 13, 14), 16: (10, 12, 13)}
# What a pickle holds as bytes, and shows as a text.
_MOMENTS: dict[str, Any] = {
    f"datetime.{kind.__name__}": kind for kind in (datetime.datetime, datetime.date, datetime.time)
}
# torch's own members of a checkpoint, about how it was written.
_OCCASION = {"version", "byteorder", ".data/serialization_id", ".format_version", ".storage_alignment"}


def read_pickle(path: Path, budget: Budget) -> Content:
    """Return what a pickle or a file of joblib holds. Raises `ValueError` and others where it is not read whole."""
    values = _Values(_no_storage, budget)
    built = read_pickles(BytesIO(unpacked(path.read_bytes(), budget)), budget)
    for number, item in enumerate(built):
        values.add(item, ROOT if len(built) == 1 else f"{ROOT}[pickle {number}]")
    return Content("pickle", values.texts, values.tensors)


def read_torch_pickle(path: Path, budget: Budget) -> Content:
    """Return what a checkpoint of torch holds that is more than tensors and numbers, such as a whole model."""
    with opened_zip(path, budget) as archive:
        listed = archive.namelist()
        root = listed[0].partition("/")[0]
        read = set[str]()

        def storage(key: str) -> bytes:
            read.add(f"{root}/data/{key}")
            return archive.read(f"{root}/data/{key}")

        values = _Values(storage, budget)
        (built,) = read_pickles(BytesIO(archive.read(f"{root}/data.pkl")), budget)
        values.add(built, ROOT)
        known = {f"{root}/data.pkl", *(f"{root}/{name}" for name in _OCCASION)} | read
        for name in sorted(set(listed) - known):
            put(values.texts, f"member {name.partition('/')[2]}", bytes_text(archive.read(name)))
    return Content("pickle", values.texts, values.tensors)


def bytes_text(raw: bytes) -> str:
    return f"{len(raw)} bytes, sha256 {hashlib.sha256(raw).hexdigest()}"


def _no_storage(key: str) -> bytes:
    raise ValueError(f"a persistent id, {key}")


class _Values:
    """The texts and arrays by place. A container that comes again is named by its first place."""

    def __init__(self, storage: Storage, budget: Budget) -> None:
        self._budget = budget
        self._depth = 0
        self.texts: dict[str, str] = {}
        self.tensors: dict[str, Tensor] = {}
        self._storage = storage
        self._places: dict[int, str] = {}

    def add(self, value: Any, place: str) -> None:
        self._budget.spend(size=len(place))
        self._depth += 1
        require_depth(self._depth)
        if isinstance(value, tuple):
            self._add_all(value, place, "()")
        elif isinstance(value, Built):
            self._add_built(value, place)
        else:
            put(self.texts, place, _text(value))
        self._depth -= 1

    def _add_built(self, built: Built, place: str) -> None:
        if built.kind == "global":
            put(self.texts, place, built.called)
            return
        if (first := self._places.get(id(built))) is not None:
            put(self.texts, place, f"is {first}")
            return
        self._places[id(built)] = place
        if (array := numpy_array(built, self._budget)) is not None:
            self._add_array(array, place)
        elif (tensor := torch_tensor(built, self._storage, self._budget)) is not None:
            self._put(place, Tensor(*tensor))
            put(self.texts, f"{place}(of torch)", trained_as(built))
        elif built.kind == "call":
            self._add_call(built, place)
        elif built.kind == "persistent":
            raise ValueError("what a persistent id stands for")
        else:
            self._add_container(built, place)

    def _add_array(self, array: Any, place: str) -> None:
        if array.dtype.names:
            # Field by field: what lies between the fields is not set by anybody.
            for name in array.dtype.names:
                self._add_array(array[name], below(place, name))
        elif array.dtype.kind in "biufcSUmM" and array.dtype.itemsize <= {"f": 8, "c": 16}.get(
            array.dtype.kind, 1 << 31
        ):
            self._put(place, Tensor(array.dtype.name, np.array(array, dtype=array.dtype.newbyteorder("="))))
        else:
            put(self.texts, place, f"{array.dtype} {array.shape} {bytes_text(array.tobytes())}")

    def _put(self, place: str, tensor: Tensor) -> None:
        if place in self.tensors:
            raise ValueError(f"{place} twice")
        self.tensors[place] = tensor

    def _add_call(self, built: Built, place: str) -> None:
        made, given, *names = built.parts
        named = built.called
        put(self.texts, place, f"{named}()" if named else "a call")
        if not named:
            self.add(made, f"{place}(called)")
        self._add_all(_readable(named, _without_occasion(made, named, given), built), f"{place}", "")
        for name in names:
            self.add(name, f"{place}(**)")
        for number, state in enumerate(built.states):
            self._add_state(state, place, number)
        self._add_container_parts(built, place)

    def _add_state(self, state: Any, place: str, number: int) -> None:
        """Add the attributes that a state sets as those of the object itself; a state of two parts also sets slots."""
        if isinstance(state, Built) and state.kind == "dict" and number == 0:
            self._add_container_parts(state, place, is_state=True)
        elif isinstance(state, tuple) and len(state) == 2 and number == 0:
            for part, given in zip(("", "(slots)"), state, strict=True):
                if given is not None:
                    self._add_state(given, f"{place}{part}", 0)
        else:
            self.add(state, f"{place}(state{number or ''})")

    def _add_container(self, built: Built, place: str) -> None:
        if not built.items and not built.pairs:
            put(self.texts, place, f"empty {built.kind}")
        self._add_container_parts(built, place)

    def _add_container_parts(self, built: Built, place: str, *, is_state: bool = False) -> None:
        # A set has no order that is the same from run to run.
        is_set = built.kind in {"set", "frozenset"}
        items = sorted(built.items, key=self._sort_key) if is_set else built.items
        if not (items and isinstance(items[0], np.ndarray)):
            for number, item in enumerate(items):
                self.add(item, f"{place}({built.kind})[{number}]" if is_set else f"{place}[{number}]")
        if len(built.pairs) > 1 and (built.kind == "dict" or built.called) and not is_state:
            # Columns, labels and layers are counted off in the order in which a dictionary has them.
            put(self.texts, f"{place}(order)", _text(tuple(self._sort_key(key) for key, _ in built.pairs)))
        for number, (key, item) in enumerate(built.pairs):
            if isinstance(key, str):
                self.add(item, below(place, key))
            elif not isinstance(key, tuple | Built):
                self.add(item, f"{place}{{{_text(key)}}}")
            else:
                self.add(key, f"{place}{{key {number}}}")
                self.add(item, f"{place}{{{number}}}")

    def _sort_key(self, value: Any) -> str:
        if isinstance(value, tuple):
            key = f"({', '.join(map(self._sort_key, value))})"
        else:
            key = value.called if isinstance(value, Built) else _text(value)
        self._budget.spend(size=len(key))
        return key

    def _add_all(self, values: tuple[Any, ...], place: str, empty: str) -> None:
        if not values and empty:
            put(self.texts, place, empty)
        for number, item in enumerate(values):
            self.add(item, f"{place}({number})")


def _without_occasion(made: Any, named: str, given: Any) -> tuple[Any, ...]:
    """Leave out of a call's arguments what only says where and when it was pickled."""
    if not isinstance(given, tuple):
        return (given,)
    last = named.rpartition(".")[2]
    if "cloudpickle" in named and last in _SKELETONS:
        return _replaced(given, (_SKELETONS[last],))
    if "cloudpickle" in named and last == "_make_function" and len(given) > 1 and isinstance(given[1], Built):
        # In place: functions of one module share these.
        given[1].pairs[:] = [(key, value) for key, value in given[1].pairs if key != "__file__"]
    if _is_code_type(made) or named == "types.CodeType":
        return _replaced(given, _CODE.get(len(given), ()))
    return given


def _readable(named: str, given: tuple[Any, ...], built: Built) -> tuple[Any, ...]:
    """Return the arguments of a call, of a time as text; put that of a UUID in place of its number."""
    if named in _MOMENTS and isinstance(given[0], bytes):
        return (_MOMENTS[named](given[0]).isoformat(), *given[1:])
    if named == "uuid.UUID":
        for state in built.states:
            state.pairs[:] = [(key, str(UUID(int=item)) if key == "int" else item) for key, item in state.pairs]
    return given


def _is_code_type(made: Any) -> bool:
    return (
        isinstance(made, Built) and made.called.endswith("cloudpickle._builtin_type") and made.parts[1] == ("CodeType",)
    )


def _replaced(given: tuple[Any, ...], places: tuple[int, ...]) -> tuple[Any, ...]:
    return tuple(None if number in places else argument for number, argument in enumerate(given))


def _text(value: Any) -> str:
    text = repr(value)
    if len(text) <= _LONGEST:
        return text
    raw = (
        value.encode("utf-8", "surrogatepass")
        if isinstance(value, str)
        else bytes(value)
        if isinstance(value, bytes | bytearray)
        else text.encode()
    )
    return f"{text[:60]}… {bytes_text(raw)}"
