"""Note the values that a file sends to other files, and give its functions the values that those send back."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from compatkit.migration.renaming import prefixes
from compatkit.rewrite.file.neighbours import Handed
from compatkit.rewrite.file.tree import walk
from compatkit.rewrite.flow.declared_names import DeclaredNames
from compatkit.rewrite.flow.flow_facts import FlowFacts
from compatkit.rewrite.flow.handed import value_of
from compatkit.rewrite.flow.method_names import ANY, CALLED
from compatkit.rewrite.flow.values import (
    BOTTOM,
    TOP,
    ForeignDefinition,
    Instance,
    Local,
    Named,
    Value,
    doubtful,
    element,
    join,
)

# So many parameters of a function may get what a call spreads.
_MOST_SPREAD = 4
_Functions = (ast.FunctionDef, ast.AsyncFunctionDef)


Found = Mapping[ast.AST, Value]


class _Making(Protocol):
    made_by: Callable[[ast.expr], str]
    bound_to: Callable[[ast.expr], ast.expr]


class BetweenFiles:
    """The values that go from this file to others, and back, under the names that they have there."""

    def __init__(self, known: DeclaredNames, facts: FlowFacts, maker: _Making) -> None:
        self._known = known
        self._facts = facts
        self._maker = maker

    def call_back_all(self, of: ast.expr, node: ast.Call, found: Found) -> None:
        """Pass to the functions of this file that go to another one the values that it passes to unknown functions."""
        back = list(self._given_back(of, found)) if self._known.called_back else []
        given = (*node.args, *(word.value for word in node.keywords)) if back else ()
        for part in (part for arg in given for part in walk(self._maker.bound_to(arg))):
            value = found.get(part)
            if isinstance(value, Local) and not isinstance(value.node, ast.ClassDef):
                self.call_back(value.node, back)
            for item in value.local.body if isinstance(value, Instance) and value.local else ():
                if isinstance(item, _Functions) and item.name in CALLED:
                    self.call_back(item, back)
            for one in self._names(part, value):
                for place, handed in back:
                    self.note_sent(f"{one}:{place}", value_of(handed))

    def _names(self, part: ast.AST, value: Value | None) -> Iterator[str]:
        """Yield the ways to what is given to another file, a function or an object that is called."""
        if isinstance(value, Named) and not value.how:
            yield from value.names
        elif isinstance(part, ast.Call) and (made := self._maker.made_by(part)):
            yield f"{made}()"

    def decorate(self, of: ast.expr, node: ast.FunctionDef | ast.AsyncFunctionDef, found: Found) -> None:
        """Pass to a function the values that its decorator passes to unknown functions."""
        self.call_back(node, list(self._given_back(of, found)))

    def call_back(
        self, function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, back: list[tuple[str, Handed]]
    ) -> None:
        """Pass to a function the values that another file passes to unknown functions."""
        names = plain_names(function.args, is_method=function in self._facts.methods)
        for place, handed in back:
            name = names[int(place)] if place.isdigit() and int(place) < len(names) else place
            if name in names:
                self._facts.goes_on(self._facts.arguments, function, name, value_of(handed))

    def _given_back(self, of: ast.expr, found: Found) -> Iterator[tuple[str, Handed]]:
        for home in (home for dotted in self._homes(of, found) for home in (dotted, *prefixes(dotted))):
            yield from self._known.called_back.get(home, {}).items()

    def _homes(self, of: ast.expr, found: Found) -> Iterator[str]:
        """Yield the dotted names that the callee may have in another file."""
        match found.get(of, TOP):
            case Named(how="") as named:
                yield from named.names
            case ForeignDefinition(handed=handed) | Instance(far=Handed() as handed):
                yield from handed.names
            case _ if isinstance(of, ast.Call):
                yield from self._homes(of.func, found)
            case _ if isinstance(of, ast.Attribute):
                yield from self._homes(of.value, found)
            case _ if isinstance(of, ast.Name):
                yield from filter(None, [self._maker.made_by(of)])

    def send(self, function: str, node: ast.Call, found: Found) -> None:
        """Note the arguments of a call of another file's function."""
        for number, arg in enumerate(node.args):
            if isinstance(arg, ast.Starred):
                # What it brings may arrive at any place from here on.
                for place in range(number, number + _MOST_SPREAD):
                    self.note_sent(f"{function}:{place}", element(found[arg]))
            elif found[arg] is not TOP:
                self.note_sent(f"{function}:{number}", found[arg])
        for word in node.keywords:
            if word.arg and found[word.value] is not TOP:
                self.note_sent(f"{function}:{word.arg}", found[word.value])

    def note_sent(self, key: str, value: Value) -> None:
        """Note a value that goes to another file, by the key of its destination."""
        if isinstance(value, Local) and isinstance(value.node, ast.ClassDef) and value.node in self._facts.plain:
            value = Named(self._facts.bases[value.node], sure=False)
        if self._facts.is_followed(value):
            self._facts.sent[key] = join(self._facts.sent.get(key, BOTTOM), doubtful(value))

    def keep_on(self, of: ast.expr, name: str, value: Value) -> None:
        """Note an attribute that is set on another file's object, or on an object of another file's class."""
        if self._facts.is_followed(value):
            self.note_sent(f"{self._maker.made_by(of) or ANY}.{name}:=", value)


def plain_names(args: ast.arguments, *, is_method: bool) -> list[str]:
    """Return the positional parameters of a function, but for the object or class that a method gets by itself."""
    names = [arg.arg for arg in (*args.posonlyargs, *args.args)]
    return names[1:] if names[:1] == ["self"] or (is_method and names[:1] == ["cls"]) else names
