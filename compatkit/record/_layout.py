"""The bookkeeping of a record class, under one name that no field has."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from compatkit.record.names import FieldNames

# Methods that return a record's values by name, most telling first.
VALUE_METHODS = ("to_dict", "_asdict", "model_dump")


@dataclass
class RecordLayout:
    """Everything that a record class knows of itself.

    Attributes:
        names: the two spellings of the keys.
        metrics: the class whose instances the records also are; `object` where there is none.
        stored: the attributes that the dict stores, by v2 name.
        split: those of them that an attribute of another value hides, since the class's `to_dict` converts them.
        slots: those of them that the metrics class keeps in slots, hence not in a `__dict__`.
        described: those of them that a descriptor of the metrics class keeps elsewhere.
        order: the attributes in the order in which an instance of the metrics class sets them, as far as it is known.
        is_open: whether an attribute that nobody declared is a value, and hence a key, or only an attribute.
        is_below: whether somebody derived the class from the record class of these metrics.
    """

    names: FieldNames
    metrics: type = object
    stored: set[str] = field(default_factory=set)
    split: set[str] = field(default_factory=set)
    slots: set[str] = field(default_factory=set)
    described: set[str] = field(default_factory=set)
    order: tuple[str, ...] = ()
    is_open: bool = True
    is_below: bool = False

    @cached_property
    def own(self) -> Mapping[str, object]:
        """The members that the metrics class and its bases define, as they stand in their namespaces."""
        found: dict[str, object] = {}
        for base in own_classes(self.metrics):
            for name, value in vars(base).items():
                found.setdefault(name, value)
        return found

    def attribute_of(self, key: str) -> str:
        """Return the attribute that a stored key is shown as: its v2 name, unless the class has v1's and not v2's."""
        name = self.names.to_v2.get(key, key)
        return key if key in self.stored and name not in self.stored else name

    @cached_property
    def computed(self) -> Mapping[str, str]:
        """The declared names that the metrics class computes, as properties, by both spellings."""
        kinds = (property, cached_property)
        found = [
            row for row in self.names.rows if isinstance(self.own.get(row.v2), kinds) and row.v2 not in self.stored
        ]
        return {name: row.v2 for row in found for name in (row.v1, row.v2)}

    @property
    def has_own_values(self) -> bool:
        """True where the metrics class has a method that says what its values are."""
        return not self.is_open and any(name in self.own for name in VALUE_METHODS)

    @cached_property
    def keeps_original(self) -> bool:
        """True where a metrics object that goes gives up what its record goes on to use, say a file."""
        return "__del__" in self.own

    @cached_property
    def is_slotted(self) -> bool:
        """True where instances of the metrics class have slots and no `__dict__`."""
        return bool(self.slots) and not self.metrics.__dictoffset__

    @cached_property
    def takes_mapping(self) -> bool:
        """True where the metrics class may be called with one mapping, and nothing else."""
        return self.metrics is not object and self.arguments is not None and len(self.arguments.accepted) == 1

    @cached_property
    def only_stores(self) -> bool:
        """True where an instance that is built of all its arguments holds these and has done nothing else."""
        if self.metrics is object:
            return True
        init = getattr(self.own.get("__init__"), "__code__", None)
        is_generated = init is not None and init.co_filename == "<string>" and "__post_init__" not in self.own
        return is_generated and self.arguments is not None and self.arguments.required == self.arguments.accepted

    @cached_property
    def arguments(self) -> Arguments | None:
        """The arguments of the metrics class; None where they cannot be told."""
        try:
            return Arguments.of(inspect.signature(self.metrics))
        except (TypeError, ValueError):
            return None


def own_classes(metrics: type) -> Iterator[type]:
    """Yield a class and its bases, up to what Python itself puts below every class."""
    return (base for base in metrics.__mro__ if base.__module__ not in {"builtins", "typing", "abc"})


@dataclass(frozen=True)
class Arguments:
    """The arguments that a class takes."""

    positional: tuple[str, ...]
    required: frozenset[str]
    accepted: frozenset[str]
    takes_any: bool

    @classmethod
    def of(cls, signature: inspect.Signature) -> Arguments:
        kinds: Any = inspect.Parameter
        found = signature.parameters.values()
        one = [p for p in found if p.kind in {kinds.POSITIONAL_ONLY, kinds.POSITIONAL_OR_KEYWORD}]
        named = [p for p in found if p.kind in {kinds.POSITIONAL_OR_KEYWORD, kinds.KEYWORD_ONLY}]
        return cls(
            tuple(p.name for p in one),
            frozenset(p.name for p in (*one, *named) if p.default is kinds.empty),
            frozenset(p.name for p in named),
            any(p.kind is kinds.VAR_KEYWORD for p in found),
        )

    def fit(self, values: tuple[object, ...], named: Mapping[str, object]) -> bool:
        """True where nothing that is required is missing; there may be more `named` than are accepted."""
        given = set(self.positional[: len(values)])
        return len(values) <= len(self.positional) and self.required <= given | named.keys() and given.isdisjoint(named)
