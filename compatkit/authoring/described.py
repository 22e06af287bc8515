"""What takes the place of tables and entries while the loader is studied: it answers every question, and notes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar

from compatkit.authoring.alternative import ANY, Alternative, Json, Path, is_there, reference
from compatkit.migration import Scalar
from compatkit.migration._entry import Entry

if TYPE_CHECKING:
    from compatkit.authoring.study import Study

Choice = TypeVar("Choice", bound=str)
Answer = TypeVar("Answer")
_IDENTIFIER = r"[^\W\d]\w*"


class Questions(dict[str, Any]):
    """A table that is asked about. It is not empty, and under each key there is another such table."""

    def __init__(self, study: Study, path: Path) -> None:
        super().__init__({ANY: None})
        self.study, self.path = study, path

    @property
    def entry_class(self) -> type[Entry]:
        return Described

    def items(self) -> Any:
        """Return one key that stands for all, with one of the values that there can be."""
        subject = self.study.subject(self.path)
        subject.now, subject.asked, subject.was_met = Alternative(), [], True
        child = Questions(self.study, (*self.path, ANY))
        values: list[tuple[object, Json]] = [(child, {"$ref": reference(child.path)}), *_VALUES]
        value, schema = values[self.study.decide(self.path, "value", len(values))]
        subject.now.properties[ANY] = schema
        return [(ANY, value)]


# Values that a key of a table can have, where the loader looks at them itself; and how the schema says so.
_VALUES: tuple[tuple[object, Json], ...] = (
    ("name", {"type": "string", "pattern": f"^{_IDENTIFIER}$"}),
    ("a text", {"type": "string"}),
    (1, {"type": "number"}),
    (True, {"type": "boolean"}),
    ({"python": "None"}, {"type": "object", "required": ["python"], "properties": {"python": {"type": "string"}}}),
    (["name"], {"type": "array", "items": {"type": ["string", "number", "boolean", "object"]}}),
    ([["name", "name"]], {"type": "array", "items": {"type": "array", "minItems": 2, "maxItems": 2}}),
)


class _Keys(frozenset[str]):
    """The keys of a table that is asked about: whether one is there is tried both ways."""

    entry: Described

    def __contains__(self, key: object) -> bool:
        return self.entry.asks_for(str(key))

    def __iter__(self) -> Iterator[str]:
        return iter([ANY])


class Described(Entry):
    """An entry that notes what it is asked for."""

    def __init__(self, table: object, where: str, *, number: int = 0) -> None:  # noqa: ARG002 - as `Entry`
        assert isinstance(table, Questions)
        self._study, self._path = table.study, table.path
        # What an error says of its place leads back to the table.
        self._where = "/".join(["", *self._path])
        self._subject = self._study.subject(self._path)
        self._subject.now, self._subject.asked = Alternative(), []
        self._subject.optional, self._subject.was_met = set(), True

    @property
    def where(self) -> str:
        return self._where

    def close(self) -> None:
        """Nothing is left over: there is nothing but what was asked for."""

    def asks_for(self, key: str) -> bool:
        return self._study.decide(self._path, f"has {key}", 2) == 1

    def text(self, key: str, default: str | None = None) -> str:
        schema = {"type": "string"} if default is not None else {"type": "string", "pattern": r"\S"}
        return self._ask(key, schema, default, self._study.new_name())

    def number(self, key: str, default: float) -> float:
        # A share lies below 1; the number of the schema is 1.
        fitting = 1 if key == "schema" else 0.5
        return float(self._ask(key, {"type": "number", "minimum": 0}, default, fitting))

    def day(self, key: str) -> date | None:
        return self._may_ask(key, {"type": "string", "format": "date"}, None, date(2027, 1, 31))

    def position(self, key: str) -> int | None:
        return self._may_ask(key, {"type": "integer", "minimum": 0}, None, 0)

    def dotted(self, key: str, *, parts: int = 1) -> str:
        more = "*" if parts < 2 else f"{{{parts - 1},}}"
        schema = {"type": "string", "pattern": rf"^{_IDENTIFIER}(\.{_IDENTIFIER}){more}$"}
        return self._ask(key, schema, None, self._study.new_name())

    def name(self, key: str, default: str | None = None) -> str:
        return self._ask(key, {"type": "string", "pattern": f"^{_IDENTIFIER}$"}, default, "name")

    def scalars(self) -> Iterator[tuple[str, Scalar]]:
        self._subject.now.is_settings = True
        return iter(())

    def code(self) -> str:
        schema = {"type": "string", "pattern": "^[A-Z]{2,}[0-9]{3,}$"}
        return self._ask("code", schema, None, f"CK{self._study.new_number():03}")

    def choice(self, key: str, choices: tuple[Choice, ...], default: Choice) -> Choice:
        ordered = (default, *(choice for choice in choices if choice != default))
        value = ordered[self._study.decide(self._path, key, len(ordered))]
        self._ask(key, {"enum": [value]}, value if value == default else None, value)
        return value

    def rows(self, key: str) -> Sequence[object]:
        child = Questions(self._study, (*self._path, key))
        self._ask(key, {"type": "array", "items": {"$ref": reference(child.path)}}, [], [])
        return [child]

    def texts(self, key: str) -> tuple[str, ...]:
        fitting = "name"
        if self._subject.answers.get(is_there(key)) and self._study.decide(self._path, f"is {key} dotted", 2):
            fitting = self._study.new_name()
        return self._may_ask(key, {"type": "array", "items": {"type": "string"}}, (), (fitting,))

    def switch(self, key: str) -> bool:
        return self._may_ask(key, {"type": "boolean"}, default=False, fitting=True)

    def has(self, key: str) -> bool:
        return self.asks_for(key)

    def is_list(self, key: str) -> bool:
        return self._study.decide(self._path, f"is {key} a list", 2) == 1

    def table(self, key: str, *, required: bool = False) -> Mapping[str, object]:
        child = Questions(self._study, (*self._path, key))
        return self._ask(key, {"$ref": reference(child.path)}, None if required else child, child)

    def keys(self) -> frozenset[str]:
        keys = _Keys()
        keys.entry = self
        return keys

    def _ask(self, key: str, schema: Json, default: Answer | None, fitting: Answer) -> Answer:
        """Note a question, and answer it: without a default, the key must be there."""
        if default is not None:
            return self._may_ask(key, schema, default, fitting)
        self._subject.now.properties[key] = schema
        self._subject.now.required.add(key)
        return fitting

    def _may_ask(self, key: str, schema: Json, default: Answer, fitting: Answer) -> Answer:
        """Note a question about a key that need not be there, unless the loader missed it."""
        self._subject.now.properties[key] = schema
        self._subject.optional.add(key)
        if not self._subject.answers.get(is_there(key)):
            return default
        self._subject.now.required.add(key)
        return fitting
