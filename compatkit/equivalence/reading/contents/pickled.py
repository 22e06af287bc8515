"""Pickles by their opcodes: what would be built, as places and values. Nothing is imported, called or executed.

Left out is what names the occasion: the id that cloudpickle draws for a class of `__main__`, and the file and lines
that a function was written in.
"""

from __future__ import annotations

import pickletools
import re
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

from compatkit.budget import Budget, BudgetError
from compatkit.equivalence.reading.contents.pickled_arrays import Built, inline_array


class _Mark:
    """The mark on the stack at which the arguments of an opcode begin."""


_MARK = _Mark()
_TUPLES = {"EMPTY_TUPLE": 0, "TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_EMPTY = {"EMPTY_LIST": "list", "EMPTY_DICT": "dict", "EMPTY_SET": "set"}
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_IGNORED = {"PROTO", "FRAME"}
# As protocols below 3 call these modules.
_MOVED = {"__builtin__": "builtins", "copy_reg": "copyreg"}
_MOST_LARGE_NUMBERS = 10_000
_STEP = 200  # bytes that an opcode may leave in memory


def read_pickles(stream: BytesIO, budget: Budget) -> list[Any]:
    """Return what each pickle of a stream would build. Raises `ValueError` where it is none, or not whole."""
    found = []
    while stream.read(1):
        stream.seek(-1, 1)
        found.append(_Machine(stream, budget).run())
    if not found:
        raise ValueError("an empty file")
    return found


class _Machine:
    """A pickle machine that only notes down: each opcode that would call something leaves a `Built`."""

    def __init__(self, stream: BytesIO, budget: Budget) -> None:
        self._stream = stream
        self._budget = budget
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}

    def run(self) -> Any:
        for opcode, given, _ in pickletools.genops(self._stream):
            self._budget.spend(size=_STEP)
            if opcode.name == "STOP":
                (built,) = self._stack
                return built
            if opcode.name not in _IGNORED:
                self.step(opcode.name, given)
        raise ValueError("a pickle without its end")

    def step(self, name: str, given: Any) -> None:
        stack = self._stack
        if name in _CONSTANTS:
            stack.append(_CONSTANTS[name])
        elif name in _EMPTY:
            stack.append(Built(_EMPTY[name]))
        elif name in _TUPLES:
            stack.append(tuple(self.pop(_TUPLES[name])))
        elif name.endswith("PUT") or name == "MEMOIZE":
            self._memo[len(self._memo) if name == "MEMOIZE" else given] = stack[-1]
        elif name.endswith("GET"):
            stack.append(self._memo[given])
        elif (act := _ACTIONS.get(name)) is not None:
            act(self, given)
        elif given is not None and not name.startswith("EXT"):
            stack.append(given)
        else:
            raise ValueError(f"the opcode {name}")

    def pop(self, count: int) -> list[Any]:
        if len(self._stack) < count:
            raise ValueError("a pickle that takes more than it gave")
        taken = self._stack[len(self._stack) - count :]
        del self._stack[len(self._stack) - count :]
        return taken

    def pop_mark(self) -> list[Any]:
        place = next(at for at in range(len(self._stack) - 1, -1, -1) if self._stack[at] is _MARK)
        taken = self._stack[place + 1 :]
        del self._stack[place:]
        return taken

    def mark(self, _: Any) -> None:
        self._stack.append(_MARK)

    def duplicate(self, _: Any) -> None:
        self._stack.append(self._stack[-1])

    def drop(self, _: Any) -> None:
        (dropped,) = self.pop(1)
        if isinstance(dropped, Built) and dropped.kind == "call":
            # A call for its effect, such as the one by which cloudpickle fills a class.
            (changed, *_), *_ = dropped.parts[1:]
            changed.states.append(dropped)

    def drop_mark(self, _: Any) -> None:
        self.pop_mark()

    def make_tuple(self, _: Any) -> None:
        self._stack.append(tuple(self.pop_mark()))

    def make_list(self, _: Any) -> None:
        self._stack.append(Built("list", items=self.pop_mark()))

    def make_frozenset(self, _: Any) -> None:
        self._stack.append(Built("frozenset", items=self.pop_mark()))

    def make_dict(self, _: Any) -> None:
        self._stack.append(Built("dict", pairs=list(_paired(self.pop_mark()))))

    def append(self, _: Any) -> None:
        (item,) = self.pop(1)
        self.top().items.append(item)

    def appends(self, _: Any) -> None:
        items = self.pop_mark()
        self.top().items.extend(items)

    def set_item(self, _: Any) -> None:
        pair = self.pop(2)
        self.top().pairs.extend(_paired(pair))

    def set_items(self, _: Any) -> None:
        pairs = self.pop_mark()
        self.top().pairs.extend(_paired(pairs))

    def top(self) -> Built:
        top = self._stack[-1]
        if not isinstance(top, Built):
            raise TypeError("items of what holds none")
        return top

    def name_global(self, given: str) -> None:
        self._stack.append(_global(*given.split(" ", 1)))

    def stack_global(self, _: Any) -> None:
        module, name = map(str, self.pop(2))
        self._stack.append(_global(module, name))

    def call(self, _: Any) -> None:
        self._stack.append(_without_protocol(Built("call", tuple(self.pop(2)))))

    def call_with_names(self, _: Any) -> None:
        self._stack.append(Built("call", tuple(self.pop(3))))

    def make_object(self, _: Any) -> None:
        made, *given = self.pop_mark()
        self._stack.append(Built("call", (made, tuple(given))))

    def instance(self, given: str) -> None:
        self._stack.append(Built("call", (_global(*given.split(" ", 1)), tuple(self.pop_mark()))))

    def build(self, _: Any) -> None:
        (state,) = self.pop(1)
        top = self.top()
        top.states.append(state)
        if top.called == "joblib.numpy_pickle.NumpyArrayWrapper":
            # The values lie between the opcodes.
            top.items.append(inline_array(state, self._stream, self._budget, self._nested))

    def _nested(self) -> Any:
        return _Machine(self._stream, self._budget).run()

    def persistent(self, given: Any) -> None:
        self._stack.append(Built("persistent", (self.pop(1)[0] if given is None else given,)))


def _global(module: str, name: str) -> Built:
    """Name a class or a function; what NumPy 2 and Python 3 moved has its new name, so that both write one thing."""
    return Built("global", (re.sub(r"^numpy\.core\b", "numpy._core", _MOVED.get(module, module)), name))


def _without_protocol(built: Built) -> Any:
    """Return what a call makes for which newer protocols have opcodes: bytes 3, sets 4, bytearrays 5."""
    given = built.parts[1]
    match built.called, given:
        case "_codecs.encode", (str(text), "latin1"):
            return text.encode("latin-1")
        case "builtins.set" | "builtins.frozenset", (Built("list", items=items),):
            return Built(built.called.rpartition(".")[2], items=items)
        case "builtins.bytearray", (bytes(raw),):
            return bytearray(raw)
        case "builtins.bytearray", (str(text), "latin-1"):
            return bytearray(text, "latin-1")
    return built


class _Hashed(_Machine):
    """Counts what it costs to hash what a pickle builds, as a loader does with every key.

    A tuple that holds another twice is written in few bytes, and hashed by all that it shows; numbers beyond 61 bits
    can be chosen such that all have one hash.
    """

    def __init__(self, stream: BytesIO, budget: Budget) -> None:
        super().__init__(stream, budget)
        # With the tuples themselves, whose ids would be given to others.
        self._sizes: dict[int, tuple[int, Any]] = {}
        self._large_numbers = 0

    def step(self, name: str, given: Any) -> None:
        super().step(name, given)
        if isinstance(given, int) and abs(given) >= 1 << 60:
            self._large_numbers += 1
            if self._large_numbers > _MOST_LARGE_NUMBERS:
                raise BudgetError("it holds too many large numbers")
        if self._stack and isinstance(self._stack[-1], tuple):
            self._budget.spend(self._size(self._stack[-1]))

    def _size(self, value: Any) -> int:
        if not isinstance(value, tuple):
            return 1
        if id(value) not in self._sizes:
            self._sizes[id(value)] = (1 + sum(map(self._size, value)), value)
        return self._sizes[id(value)][0]


def require_cheap_hashes(stream: Any, budget: Budget) -> None:
    """Run one pickle of a stream, noting down only. Raises `BudgetError` where loading it would take years."""
    _Hashed(stream, budget).run()


_ACTIONS: dict[str, Callable[[_Machine, Any], None]] = {
    "MARK": _Machine.mark,
    "DUP": _Machine.duplicate,
    "POP": _Machine.drop,
    "POP_MARK": _Machine.drop_mark,
    "TUPLE": _Machine.make_tuple,
    "LIST": _Machine.make_list,
    "FROZENSET": _Machine.make_frozenset,
    "DICT": _Machine.make_dict,
    "APPEND": _Machine.append,
    "APPENDS": _Machine.appends,
    "ADDITEMS": _Machine.appends,
    "SETITEM": _Machine.set_item,
    "SETITEMS": _Machine.set_items,
    "GLOBAL": _Machine.name_global,
    "STACK_GLOBAL": _Machine.stack_global,
    "REDUCE": _Machine.call,
    "NEWOBJ": _Machine.call,
    "NEWOBJ_EX": _Machine.call_with_names,
    "OBJ": _Machine.make_object,
    "INST": _Machine.instance,
    "BUILD": _Machine.build,
    "PERSID": _Machine.persistent,
    "BINPERSID": _Machine.persistent,
}


def _paired(flat: list[Any]) -> Iterator[tuple[Any, Any]]:
    return zip(flat[::2], flat[1::2], strict=True)
