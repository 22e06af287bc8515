"""Collect the facts that the abstract interpreter finds in a file."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field

from compatkit.rewrite.file.neighbours import Handed
from compatkit.rewrite.file.tree import made_in
from compatkit.rewrite.flow.values import (
    BOTTOM,
    TOP,
    Instance,
    IterableValue,
    Local,
    Named,
    RecordValue,
    Special,
    Value,
    dotted_names_in,
    doubtful,
    is_interesting,
    join,
    many,
    records_in,
    tables_in,
)

Key = ast.expr | ast.keyword


def spelling_of(key: Key) -> str | None:
    """Return how a key is spelled, if it is written out as a text."""
    value = key.arg if isinstance(key, ast.keyword) else key.value if isinstance(key, ast.Constant) else None
    return value if isinstance(value, str) else None


@dataclass(eq=False, slots=True)
class FlowFacts:
    """Facts about nodes, each joined over all the ways on which control comes by.

    Attributes:
        keys: constants (or keywords) by which something is looked up or stored, and the value that is asked.
        callees: what a call calls.
        first, partials: the first argument of a call; what a call of `functools.partial` is about.
        stand_ins: keys of plain dicts that a mock hands out as records, and the record that each stands for.
        handed: records, and what holds them, that are objects in v2 and are given to code that is not seen.
        refused: keys that must stay as they are, although they are asked of a record, and why.
        foreign: dict displays that are put among the records of a history.
        tainted: origins of containers to which something was added that is no record.
        records: expressions that stand for a record that is an object in v2, sure or not.
        names: expressions that stand for a dotted name that is watched for.
        bases: for a class of this file, its declared base class, through classes of this file as well.
        ancestors: for a class of this file, the classes of this file that it inherits from.
        heirs: for a class of this file, those that inherit from it, each with its declared base.
        arguments, returned, yielded, attributes: what flows further: into functions of this file, out of them, onto
            objects and classes, and into names that an inner scope binds for an outer one.
        declared: what a function of this file returns by its annotation.
        hints: the classes that the parameters of a function, or the fields of a class, are annotated with.
        methods: functions in the body of a class.
        mixed: classes of this file that another one has for a base beside others.
        sent: what is given to functions of other files, as `dotted.name:parameter`.
        far_parents, far_bases: for a class of this file, its bases of other files, and the names of all that may be.
        open_bases: for a class of this file, its bases of which nothing is known.
        handed_on: what the names of the module stand for in the end.
        lost: dotted names of what is given to code that is not seen, or put where it is not followed, each with a line.
        lost_records: the tables of records that go the same way.
        unseen: attributes that are asked of an object of which nothing is known, if their name is watched for.
        listed: expressions for all attributes of an object by their names, as `vars(box)`, and its class.
        patterns: class patterns, each with the dotted names of the attributes that it asks for.
        supers: calls of `super` that are surely about the declared base.
        namespaces: calls that make an object of no class, each with a class that stands for its attributes.
        plain: classes of this file of which a call is one of the declared base, because nothing between defines
            `__init__` or `__new__`.
    """

    keys: dict[Key, Value] = field(default_factory=dict)
    callees: dict[ast.Call, Value] = field(default_factory=dict)
    first: dict[ast.Call, Value] = field(default_factory=dict)
    partials: dict[ast.Call, Value] = field(default_factory=dict)
    stand_ins: dict[Key, Value] = field(default_factory=dict)
    handed: dict[ast.expr, RecordValue] = field(default_factory=dict)
    refused: dict[Key, str] = field(default_factory=dict)
    records: dict[ast.expr, RecordValue] = field(default_factory=dict)
    names: dict[ast.expr, Value] = field(default_factory=dict)
    foreign: dict[ast.Dict, Value] = field(default_factory=dict)
    tainted: set[ast.AST] = field(default_factory=set)
    arguments: dict[tuple[ast.AST, str], Value] = field(default_factory=dict)
    returned: dict[ast.AST, Value] = field(default_factory=dict)
    yielded: dict[ast.AST, Value] = field(default_factory=dict)
    declared: dict[ast.AST, Value] = field(default_factory=dict)
    hints: dict[ast.AST, Value] = field(default_factory=dict)
    methods: set[ast.AST] = field(default_factory=set)
    plain: set[ast.AST] = field(default_factory=set)
    mixed: set[ast.AST] = field(default_factory=set)
    supers: set[ast.AST] = field(default_factory=set)
    sent: dict[str, Value] = field(default_factory=dict)
    far_parents: dict[ast.AST, tuple[Handed, ...]] = field(default_factory=dict)
    far_bases: dict[ast.AST, tuple[str, ...]] = field(default_factory=dict)
    open_bases: dict[ast.AST, tuple[ast.expr, ...]] = field(default_factory=dict)
    handed_on: dict[str, Value] = field(default_factory=dict)
    namespaces: dict[ast.Call, ast.ClassDef] = field(default_factory=dict)
    lost: dict[str, int] = field(default_factory=dict)
    lost_callables: dict[str, int] = field(default_factory=dict)
    lost_records: dict[int, int] = field(default_factory=dict)
    unseen: set[ast.Attribute] = field(default_factory=set)
    patterns: dict[ast.MatchClass, set[str]] = field(default_factory=dict)
    listed: dict[ast.expr, str] = field(default_factory=dict)
    attributes: dict[tuple[ast.AST, str], Value] = field(default_factory=dict)
    bases: dict[ast.AST, str] = field(default_factory=dict)
    heirs: dict[ast.AST, dict[ast.ClassDef, str]] = field(default_factory=dict)
    ancestors: dict[ast.AST, tuple[ast.ClassDef, ...]] = field(default_factory=dict)
    leads: Callable[[str], bool] = field(default=lambda _: False)

    def key(self, node: Key, value: Value) -> None:
        if value is not BOTTOM:
            self.keys[node] = join(self.keys.get(node, BOTTOM), value)

    def call(self, node: ast.Call, value: Value) -> None:
        self.callees[node] = join(self.callees.get(node, BOTTOM), value)

    def name(self, node: ast.expr, value: Value) -> None:
        self.names[node] = join(self.names.get(node, BOTTOM), value)

    def record(self, node: ast.AST, value: Value, objects: Collection[int]) -> None:
        """Note an expression whose value is a record that is an object in v2."""
        if isinstance(node, ast.expr) and isinstance(value, RecordValue) and value.is_record and value.table in objects:
            self.records[node] = value

    def lose(self, value: Value, line: int) -> None:
        """Note a value that escapes in a line, and may come back as anything."""
        lost = self.result_of(value.node) if isinstance(value, Local) else value
        for name in dotted_names_in(lost):
            self.lost.setdefault(name, line)
        for name in dotted_names_in(lost, objects=False):
            self.lost_callables.setdefault(name, line)
        for table in tables_in(lost):
            self.lost_records.setdefault(table, line)

    def hand_out(self, node: ast.expr, value: Value, objects: Collection[int]) -> None:
        """Note records that are objects in v2 and escape to unseen code."""
        for held in records_in(value):
            if held.table in objects:
                self.handed[node] = held

    def doubt_of(self, record: RecordValue) -> str:
        """Return why a key that is asked of `record` is not certain to be that of a record, or nothing."""
        if record.origins & self.tainted:
            return "something that is no record is put among the records, too"
        if not record.sure or record.paths != {()}:
            return "it may be asked of something that is no record, too"
        return ""

    def goes_on(self, table: dict[tuple[ast.AST, str], Value], owner: ast.AST, name: str, value: Value) -> None:
        """Note a value that flows further, if it matters to a migration; where it arrives, it is uncertain."""
        if self.is_followed(value):
            table[owner, name] = join(table.get((owner, name), BOTTOM), doubtful(value))

    def is_followed(self, value: Value) -> bool:
        """Tell whether records, or calls that a migration is about, may come of a value."""
        if isinstance(value, Special):
            return False
        return is_interesting(value) or self.is_led([value])

    def is_led(self, values: Iterable[Value]) -> bool:
        """Tell whether one of the values holds a name that a migration is about."""
        return any(self.leads(name) for value in values for name in dotted_names_in(value))

    def hint(self, definition: ast.AST, made: Value) -> None:
        """Note the class of which an annotation says that something is, or those that were noted of `__init__`."""
        if isinstance(made, Named) or (isinstance(made, Instance) and made.of):
            named = made if isinstance(made, Named) else Named(made.of, sure=False)
            self.hints[definition] = join(self.hints.get(definition, BOTTOM), named)

    def gives(self, table: dict[ast.AST, Value], function: ast.AST, value: Value) -> None:
        """Note what a function of this file returns or yields."""
        if self.is_followed(value):
            table[function] = join(table.get(function, BOTTOM), doubtful(value))

    def result_of(self, function: ast.AST) -> Value:
        """Return what a call of a function of this file gives: what it yields, returns, or says that it returns."""
        if function in self.yielded:
            return many(self.yielded[function])
        return self.returned.get(function, self.declared.get(function, TOP))

    def given_by_fixture(self, function: ast.AST) -> Value:
        """Return what a test gets from a fixture of pytest: what it returns, or the one thing that it yields."""
        if function in self.yielded:
            return self.yielded[function]
        found = self.result_of(function)
        # A fixture may make the function that makes the object.
        inner = next(made_in(function), None) if found is TOP else None
        return found if inner is None else Local(inner)

    def arrives(self, table: dict[tuple[ast.AST, str], Value], owner: ast.AST, name: str) -> Value:
        return doubtful(table.get((owner, name), TOP))

    def is_settled(self, before: tuple[dict[tuple[ast.AST, str], Value] | dict[ast.AST, Value], ...]) -> bool:
        """Tell whether the fixpoint is reached: nothing changed, or only own plain objects flowed further.

        An object of a class of this file leads to something declared by the base of its class, or by what it holds.
        """
        every = (value for table in self.far for value in table.values())
        return self.far == before or (not self.bases and all(map(_is_own, every)))

    @property
    def far(self) -> tuple[dict[tuple[ast.AST, str], Value] | dict[ast.AST, Value], ...]:
        """All that flowed further so far, to compare with the round before."""
        return dict(self.arguments), dict(self.returned), dict(self.yielded), dict(self.attributes)


def is_fixture(function: ast.AST) -> bool:
    return any("fixture" in ast.unparse(decorator) for decorator in getattr(function, "decorator_list", ()))


def _is_own(value: Value) -> bool:
    """Tell whether a value is an object of a class of this file, or several."""
    if isinstance(value, IterableValue):
        return _is_own(value.item)
    return isinstance(value, Instance) and value.local is not None and not value.of and value.far is None
