"""What the loader asks of a table, found out by letting it read: the JSON Schema cannot drift from what is read here.

A `Described` takes the place of each `Entry`. It answers every question with something that fits, and notes the
question. Where an answer decides what is asked next (a choice, whether a key is there), all answers are tried in turn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from compatkit.migration import MigrationError, Scalar
from compatkit.migration._entry import Entry

Json: TypeAlias = dict[str, Any]
Path: TypeAlias = tuple[str, ...]
Choice = TypeVar("Choice", bound=str)
Answer = TypeVar("Answer")

# Stands for every key of a table whose keys are free.
ANY = "any_key"
_IDENTIFIER = r"[^\W\d]\w*"
# Why a key is there that need not be.
_NAMED, _GUESSED = 1, 2


@dataclass(slots=True)
class Alternative:
    """One way in which a table can be written."""

    properties: Json = field(default_factory=dict)
    required: set[str] = field(default_factory=set)
    is_settings: bool = False


@dataclass(slots=True)
class _Subject:
    """A table under study: the answers of the present run, those that are still to be tried, and what was found."""

    answers: dict[str, int] = field(default_factory=dict)
    pending: list[dict[str, int]] = field(default_factory=lambda: [{}])
    first_accepted: dict[str, int] | None = None
    accepted: list[Alternative] = field(default_factory=list)
    now: Alternative = field(default_factory=Alternative)
    asked: list[tuple[str, int]] = field(default_factory=list)
    optional: set[str] = field(default_factory=set)
    was_met: bool = False
    around: dict[Path, dict[str, int]] = field(default_factory=dict)


class Study:
    """Runs a reader over questions until every table was read in every way in which it can be."""

    def __init__(self, read: Callable[[Entry], object]) -> None:
        self._read = read
        self._subjects: dict[Path, _Subject] = {}
        self._given = 0

    def run(self) -> Mapping[Path, Sequence[Alternative]]:
        """Return the alternatives of each table, by its path."""
        self.subject(())
        # The table that was met last is inside of the others, which cannot be read before it is.
        while waiting := [path for path, subject in self._subjects.items() if subject.pending]:
            self._try(waiting[-1])
        return {path: subject.accepted for path, subject in self._subjects.items()}

    def subject(self, path: Path) -> _Subject:
        return self._subjects.setdefault(path, _Subject())

    def new_number(self) -> int:
        """Return a number that no other entry has."""
        self._given += 1
        return self._given

    def new_name(self) -> str:
        """Return a dotted name that no other entry has."""
        number = self.new_number()
        return f"module{number}.name{number}"

    def decide(self, path: Path, question: str, answers: int) -> int:
        """Return which of the `answers` to a question is tried now."""
        subject = self._subjects[path]
        if question not in {asked for asked, _ in subject.asked}:
            subject.asked.append((question, answers))
        return subject.answers.setdefault(question, 0)

    def _try(self, path: Path) -> None:
        target = self._subjects[path]
        given = target.pending.pop()
        for other, subject in self._subjects.items():
            # What lies around the table is read as it was when the table was met.
            is_around = path[: len(other)] == other
            subject.answers = dict(target.around.get(other, {}) if is_around else subject.first_accepted or {})
        target.answers, target.was_met = dict(given), False
        known = set(self._subjects)
        blamed, error = self._run()
        around = {each: dict(subject.answers) for each, subject in self._subjects.items()}
        for each in self._subjects.keys() - known:
            self._subjects[each].around = around
        is_inside = blamed != path and blamed[: len(path)] == path
        if error is not None and (is_inside or not target.was_met):
            # Another table was in the way: it is studied first.
            assert self._subjects[blamed].pending, error
            target.pending.append(given)
            return
        if error is not None and blamed == path:
            self._require_key(target, given, error)
        else:
            target.first_accepted = target.first_accepted or dict(target.answers)
            target.accepted.append(target.now)
        self._branch(target, given)

    def _require_key(self, target: _Subject, given: dict[str, int], error: MigrationError) -> None:
        """Where the loader misses a key that need not be there in general, try again with it."""
        named = target.optional.intersection(error.key_path[:1])
        # Where the error does not say which key it is: each by itself, and one only.
        has_guessed = _GUESSED in (given.get(_is_there(key)) for key in target.optional)
        guesses = [] if named or has_guessed else target.optional
        for keys, answer in ((named, _NAMED), (guesses, _GUESSED)):
            for key in sorted(keys):
                if not given.get(_is_there(key)):
                    target.pending.append({**given, _is_there(key): answer})

    def _run(self) -> tuple[Path, MigrationError | None]:
        """Read once; return the table that was refused, and why."""
        try:
            self._read(Entry(Questions(self, ()), ""))
        except MigrationError as error:
            return self._blamed(error), error
        return (), None

    def _blamed(self, error: MigrationError) -> Path:
        """Return the table that an error is about: the one that it names, or what hangs on the key that it names."""
        place, *inside = error.where.split(", ")
        path = tuple(place.split("/")[1:])
        key = inside[0].split(".")[0] if inside else next(iter(error.key_path), "")
        return (*path, key) if (*path, key) in self._subjects else path

    def _branch(self, target: _Subject, given: dict[str, int]) -> None:
        """Put what was not asked for before, with each other answer, on the list."""
        tried = dict(given)
        for question, answers in target.asked:
            if question not in given:
                target.pending += [{**tried, question: other} for other in range(1, answers)]
                tried[question] = 0


def _is_there(key: str) -> str:
    return f"is there {key}"


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


def reference(path: Path) -> str:
    """Return how one definition of the schema names another."""
    return f"#/definitions/{definition_name(path)}"


def definition_name(path: Path) -> str:
    return ".".join(path)


class _Keys(frozenset[str]):
    """The keys of a table that is asked about: whether one is there is tried both ways."""

    entry: Described

    def __contains__(self, key: object) -> bool:
        return self.entry.is_there(str(key))

    def __iter__(self) -> Iterator[str]:
        return iter([ANY])


class Described(Entry):
    """An entry that notes what it is asked for."""

    def __init__(self, table: object, where: str) -> None:  # noqa: ARG002 - the signature of `Entry`
        assert isinstance(table, Questions)
        self._study, self._path = table.study, table.path
        # What an error says of its place leads back to the table.
        self.where = "/".join(["", *self._path])
        self._subject = self._study.subject(self._path)
        self._subject.now, self._subject.asked = Alternative(), []
        self._subject.optional, self._subject.was_met = set(), True

    def close(self) -> None:
        """Nothing is left over: there is nothing but what was asked for."""

    def is_there(self, key: str) -> bool:
        return self._study.decide(self._path, f"has {key}", 2) == 1

    def text(self, key: str, default: str | None = None) -> str:
        schema = {"type": "string"} if default is not None else {"type": "string", "pattern": r"\S"}
        return self._ask(key, schema, default, self._study.new_name())

    def number(self, key: str, default: float) -> float:
        return float(self._ask(key, {"type": "number", "minimum": 0}, default, 1))

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
        if self._subject.answers.get(_is_there(key)) and self._study.decide(self._path, f"is {key} dotted", 2):
            fitting = self._study.new_name()
        return self._may_ask(key, {"type": "array", "items": {"type": "string"}}, (), (fitting,))

    def switch(self, key: str) -> bool:
        return self._may_ask(key, {"type": "boolean"}, default=False, fitting=True)

    def has(self, key: str) -> bool:
        return self.is_there(key)

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
        if not self._subject.answers.get(_is_there(key)):
            return default
        self._subject.now.required.add(key)
        return fitting
