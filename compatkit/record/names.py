"""The two spellings of a record's keys, as a migration declares them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from sys import intern

from compatkit.migration import Field, find_migration
from compatkit.record.errors import RecordError


@dataclass(frozen=True, slots=True)
class FieldNames:
    """A table of v1 keys and v2 names. Keys that no row names are the same in both.

    Attributes:
        rows: the declared fields; equal rows make equal, and equally hashed, names.
        to_v1: v2 name to v1 key; `to_v2` is its inverse, `codes` gives the row's code by v1 key.
    """

    rows: tuple[Field, ...]
    to_v1: Mapping[str, str] = field(init=False, compare=False, repr=False)
    to_v2: Mapping[str, str] = field(init=False, compare=False, repr=False)
    codes: Mapping[str, str] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        # Interned, as the names in code are: a dict finds the same object without comparing texts.
        pairs = [(intern(row.v1), intern(row.v2)) for row in self.rows]
        object.__setattr__(self, "to_v1", {v2: v1 for v1, v2 in pairs})
        object.__setattr__(self, "to_v2", dict(pairs))
        object.__setattr__(self, "codes", {row.v1: row.code for row in self.rows})

    @classmethod
    def of(cls, fields: Iterable[Field]) -> FieldNames:
        return cls(tuple(fields))

    def in_v1(self, values: Mapping[str, object]) -> dict[str, object]:
        """Return `values` under v1 keys, in their order.

        Raises `RecordError` where both spellings of one key are there and differ; NaN equals NaN.
        """
        to_v1 = self.to_v1
        if to_v1.keys().isdisjoint(values):
            return dict(values)
        renamed: dict[str, object] = {to_v1.get(key, key): value for key, value in values.items()}
        if len(renamed) == len(values):
            return renamed
        renamed = {}
        for key, value in values.items():
            v1_key = to_v1.get(key, key)
            if v1_key in renamed and not is_same(renamed[v1_key], value):
                code, v2_key = self.codes[v1_key], self.to_v2[v1_key]
                epoch = values.get("epoch", "?")
                raise RecordError(
                    f"{code} epoch {epoch} has both {v1_key!r} ({values[v1_key]}) and {v2_key!r} ({values[v2_key]}).",
                    where="one record",
                    hint="keep one spelling in what the trainer returns",
                )
            renamed.setdefault(v1_key, value)
        return renamed

    def literal(self, names: Iterable[str]) -> str:
        """Return the source of a dict with v1 keys, of what `values` has under `names`: the fastest way to build it."""
        return "{" + ", ".join(f"{self.to_v1.get(name, name)!r}: values[{name!r}]" for name in names) + "}"

    def in_v2(self, values: Mapping[str, object]) -> dict[str, object]:
        """Return `values`, which has v1 keys, under v2 names, in their order."""
        to_v2 = self.to_v2
        return {to_v2.get(key, key): value for key, value in values.items()}


@lru_cache(maxsize=1)
def default_names() -> FieldNames:
    """Return the spellings that the bundled default migration declares."""
    return FieldNames.of(find_migration().fields)


def is_same(left: object, right: object) -> bool:
    """True for equal values, and for two NaN; False where the two have no one answer."""
    if left is right:
        return True
    try:
        # The last clause is the test for NaN that needs no float.
        return bool(left == right) or bool(left != left and right != right)
    except (TypeError, ValueError, RuntimeError):
        # An array or a tensor of several elements has no one truth: not the same, for all that is known.
        return False
