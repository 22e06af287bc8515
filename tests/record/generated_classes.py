"""Metrics classes as strangers write them, generated as source, and what can be seen of their instances."""

from __future__ import annotations

import copy
import dataclasses
import itertools
import pickle
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from textwrap import dedent
from types import ModuleType
from typing import Any

from hypothesis import strategies as st

from compatkit.record import CompatRecord

# Metric names that dict, or a record's own bookkeeping, also has; and one that is spelled otherwise in v1.
NAMES = [
    *("epoch", "loss", "train_accuracy", "_hidden"),
    *("items", "values", "keys", "update", "copy", "get", "pop", "clear", "setdefault", "popitem", "fromkeys"),
    *("metrics", "names", "to_v1", "to_v2", "stored", "split", "layout"),
]
SHAPES = [
    "dataclass",
    "order",
    "frozen",
    "frozen order",
    "slots",
    "no eq",
    "unsafe_hash",
    "plain",
    "attrs",
    "attrs slots",
]
_DECORATORS = {
    "dataclass": "@dataclass",
    "order": "@dataclass(order=True)",
    "frozen": "@dataclass(frozen=True)",
    "frozen order": "@dataclass(frozen=True, order=True)",
    "slots": "@dataclass(slots=True)",
    "no eq": "@dataclass(eq=False)",
    "unsafe_hash": "@dataclass(unsafe_hash=True)",
    "attrs": "@attrs.define(slots=False)",
    "attrs slots": "@attrs.define",
}
_BASES = {"": "", "abc": "(abc.ABC)", "generic": "(Generic[T])", "parent": "(Parent)", "registering": "(Registering)"}
_MEMBERS = {
    "computed": "@property\n    def pct(self): return 100 * self.FIRST",
    "pretty": "def pretty(self): return f'{self.FIRST:.0%} {self.twice()}'",
    "reads vars": "def row(self): return dict(self.__dict__)\n    def logged(self): return list(vars(self).items())",
    "str": "def __str__(self): return f'<{self.FIRST}>'",
    "repr": "def __repr__(self): return f'M<{self.FIRST}>'",
    "eq": "def __eq__(self, other): return isinstance(other, M) and self.FIRST == other.FIRST\n    __hash__ = None",
    "getitem": "def __getitem__(self, key): return getattr(self, key)",
    "iter": "def __iter__(self): return iter((self.FIRST, 'iterated'))",
    "len": "def __len__(self): return 7",
    "lt": "def __lt__(self, other): return self.FIRST > other.FIRST",
    "to_dict": "def to_dict(self): return {'FIRST': round(self.FIRST, 1), 'made_up': 1}",
    "getattr": dedent(
        """\
        def __getattr__(self, name):
                if name == 'lazy': return 5
                raise AttributeError(name)"""
    ),
    "post": "def __post_init__(self): object.__setattr__(self, 'derived', self.FIRST * 2)",
    "contains": "def __contains__(self, item): return item == self.FIRST",
    "bool": "def __bool__(self): return False",
    "call": "def __call__(self, by): return self.FIRST + by",
    "class": dedent(
        """\
        LIMIT: ClassVar[int] = 3
            @classmethod
            def of(cls): return cls.__name__"""
    ),
    "sets": "def grow(self): self.grown = self.FIRST + 1; return self.grown",
    "cached": "@cached_property\n    def slow(self): return [self.FIRST]",
    "getstate": "def __getstate__(self): return {**vars(self)}\n    def __setstate__(self, s): vars(self).update(s)",
}
_PRELUDE = """\
import abc
import attrs
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar, Generic, TypeVar

T = TypeVar("T")
SEEN = []


class Parent:
    def inherited(self): return sorted(vars(self))


class Registering:
    def __init_subclass__(cls): SEEN.append(cls.__name__)


"""
_serial = itertools.count()


@dataclass(frozen=True)
class Generated:
    """A class, the values of two of its instances, and how it came about."""

    source: str
    fields: tuple[str, ...]
    values: tuple[tuple[float, ...], tuple[float, ...]]
    members: frozenset[str]
    shape: str

    @property
    def first(self) -> str:
        return self.fields[0]

    def load(self) -> Any:
        """Return the class, in a module of its own, so that its instances pickle."""
        module = ModuleType(f"generated_metrics_{next(_serial)}")
        sys.modules[module.__name__] = module
        exec(compile(self.source, module.__name__, "exec"), vars(module))
        return module.M


@st.composite
def generated_classes(draw: st.DrawFn) -> Generated:
    fields = tuple(draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True)))
    shape = draw(st.sampled_from(SHAPES))
    members = frozenset(draw(st.sets(st.sampled_from(sorted(_MEMBERS)), max_size=5)))
    base = draw(st.sampled_from(sorted(_BASES)))
    number = st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0])
    values = tuple(tuple(draw(number) for _ in fields) for _ in range(2))
    members = frozenset(member for member in members if _fits(member, shape, fields))
    source = _source(fields, shape, members, base, uncompared=draw(st.booleans()))
    return Generated(source, fields, values, members, shape)  # type: ignore[arg-type]  # two of them


def _fits(member: str, shape: str, fields: tuple[str, ...]) -> bool:
    """False for what would be no valid class by itself."""
    if "slots" in shape and member in {"reads vars", "cached", "sets", "post", "getstate"}:
        return False
    if member in {"sets", "getstate"} and "frozen" in shape:
        return False
    if (member == "lt" and "order" in shape) or (member == "eq" and shape in {"unsafe_hash", "no eq"}):
        return False
    return not (member == "class" and "LIMIT" in fields)


def _source(fields: tuple[str, ...], shape: str, members: frozenset[str], base: str, *, uncompared: bool) -> str:
    lines = [f"{_DECORATORS[shape]}\n" if shape in _DECORATORS else "", f"class M{_BASES[base]}:\n"]
    if shape == "plain":
        lines.append(f"    def __init__(self, {', '.join(fields)}):\n")
        lines += [f"        self.{name} = {name}\n" for name in fields]
    else:
        lines += [f"    {name}: float\n" for name in fields[:-1]]
        last = " = field(compare=False)" if uncompared and len(fields) > 1 and "attrs" not in shape else ""
        lines.append(f"    {fields[-1]}: float{last}\n")
    lines.append("    def twice(self): return 2 * self.FIRST\n")
    if shape == "plain" and "to_dict" not in members:
        lines.append("    def to_dict(self): return dict(self.__dict__)\n")
    lines += [f"    {_MEMBERS[member]}\n" for member in sorted(members)]
    return _PRELUDE + "".join(lines).replace("FIRST", fields[0])


def observations(generated: Generated) -> Mapping[str, Callable[[Any, Any], object]]:
    """Return what v2 code may look at; each takes an instance and another one."""
    first, last = generated.first, generated.fields[-1]
    seen: dict[str, Callable[[Any, Any], object]] = {
        "attributes": lambda m, _: [getattr(m, name) for name in generated.fields],
        "vars": lambda m, _: list(vars(m).items()),
        "truth": lambda m, _: bool(m),
        "equal": lambda m, n: (m == n, m != n, m == m, [m, n].index(n)),
        "order": lambda m, n: (m < n, m > n),
        "at most": lambda m, n: (m <= n, m >= n),
        "sorted": lambda m, n: [getattr(one, first) for one in sorted([m, n])],
        "hashable": lambda m, n: (hash(m) == hash(n)) == (hash(n) == hash(m)),
        "as a set": lambda m, n: len({m, n, m}),
        "is_dataclass": lambda m, _: dataclasses.is_dataclass(m),
        "fields": lambda m, _: [(f.name, f.compare) for f in dataclasses.fields(m)],
        "asdict": lambda m, _: dataclasses.asdict(m),
        "astuple": lambda m, _: dataclasses.astuple(m),
        "replace": lambda m, _: _seen(dataclasses.replace(m, **{first: 9.0}), generated),
        "copied": lambda m, _: (_seen(copy.copy(m), generated), _seen(copy.deepcopy(m), generated)),
        "pickled": lambda m, _: _seen(pickle.loads(pickle.dumps(m)), generated),
        "class name": lambda m, _: (type(m).__name__, type(m).__qualname__, type(m).__module__, type(m).__doc__),
        "match args": lambda m, _: type(m).__match_args__,
        "another": lambda m, n: _seen(type(m)(*[getattr(n, name) for name in generated.fields]), generated),
        "assign": lambda m, _: (setattr(m, last, 3.0), getattr(m, last), m.twice())[1:],
        "assign past the class": lambda m, _: (object.__setattr__(m, first, 6.0), getattr(m, first), m.twice())[1:],
        "note": lambda m, _: (setattr(m, "note", 1), m.note, vars(m).get("note"), len(vars(m)))[1:],
        "unknown": lambda m, _: (setattr(m, "unknown", 1), m.unknown)[1:],
    }
    if "slots" not in generated.shape:
        seen["assign by vars"] = lambda m, _: (vars(m).update({first: 4.0}), getattr(m, first), m.twice())[1:]
    if last not in dir(CompatRecord):
        # Where a field is gone, what a record has of that name shows.
        seen["delete"] = lambda m, _: (delattr(m, last), hasattr(m, last))[1:]
    for call in ("twice", "pretty", "row", "logged", "inherited", "to_dict", "of", "grow"):
        seen[call] = lambda m, _, call=call: getattr(m, call)()  # type: ignore[misc]  # a default binds it
    for attribute in ("pct", "lazy", "slow", "LIMIT", "derived", "missing"):
        seen[attribute] = lambda m, _, attribute=attribute: getattr(m, attribute)  # type: ignore[misc]
    if generated.shape != "plain" or "repr" in generated.members:
        # Without one of its own, a class shows an address, and a record its values.
        seen |= {"repr": lambda m, _: repr(m), "str": lambda m, _: str(m)}
    own: dict[str, Callable[[Any, Any], object]] = {
        "getitem": lambda m, _: m[first],
        "iter": lambda m, _: list(m),
        "len": lambda m, _: len(m),
        "contains": lambda m, _: getattr(m, first) in m,
        "call": lambda m, _: m(1),
    }
    return {**seen, **{name: look for name, look in own.items() if name in generated.members}}


# These are looked at even where they fail: a record must fail in the same way.
STRICT = {"assign", "unknown", "assign past the class", "missing"}


def works(name: str, expected: object) -> bool:
    """True where v2 code may look: what a class does not have at all may well be there of a dict."""
    return name in STRICT or not isinstance(expected, type)


def _seen(other: Any, generated: Generated) -> list[object]:
    return [getattr(other, name) for name in generated.fields] + [getattr(other, "derived", None)]


def outcome(look: Callable[[Any, Any], object], one: object, other: object) -> object:
    """Return what `look` sees, or the kind of error that it runs into."""
    try:
        return look(one, other)
    except Exception as error:  # noqa: BLE001 - which error it is, is compared
        return next(
            kind for kind in type(error).__mro__ if kind.__module__ in {"builtins", "dataclasses", "attr.exceptions"}
        )
