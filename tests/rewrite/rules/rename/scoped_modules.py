"""Generated modules of nested scopes, and a judge that runs them: it notes what every name in them stands for.

It shares no code with the rewrite. The imports hand out values that are equal before and after a move.
"""

from __future__ import annotations

import builtins
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import SimpleNamespace

from hypothesis import strategies as st

from compatkit.migration import Move
from tests.shop.moves import MOVE, SECOND

# Something else that is called New after its move.
THIRD = Move("CK103", "shop.core.old_home.Third", "shop.parts.third.New")
MOVES = (MOVE, SECOND, THIRD)
NEW_HOMES = {
    ("shop.core.old_home", "Old"): ("shop.core.new_home", "New"),
    ("shop.core.old_home", "Second"): ("shop.parts.second", "Second"),
    ("shop.core.old_home", "Third"): ("shop.parts.third", "New"),
}
NAMES = st.sampled_from(["Old", "Old", "Old", "New", "Third", "Second"])
IMPORTS = [
    *["from shop.core.old_home import Old"] * 4,
    "from shop.core.old_home import Third",
    "from shop.core.old_home import Second",
    "from shop.core.old_home import Old as New",
    "from shop.core.new_home import New",
    "from elsewhere import Old",
    "from elsewhere import New",
]
EXPRESSIONS = [
    "{a}",
    "[{a} for {b} in 'pq']",
    "[({a}, {b}) for {b} in [{a}] if {a}]",
    "{{{b}: {a} for {b} in 'p' for {c} in [{b}]}}",
    "list({a} for _ in 'p')",
    "(lambda {b}: {a})('p')",
    "(lambda {b}={a}: {b})()",
    "f'{{{a}}} {{{b}!r:>{{{c}.width}}}}'",
    "f'{{{a}=}}'",
    "[{a}, ({b} := 'p'), {c}]",
    "dict({a}={b})",
    "{a}.attribute.{b}",
    "'{a} is {b}.'",
    "[[{a} for {b} in 'p'] for _ in 'p']",
]
ANNOTATIONS = ["{a}", "'{a}'", "'list[{a}] | {b}'", "list['{a}']", "'{a}.attribute'"]


@st.composite
def expressions(draw: st.DrawFn) -> str:
    return draw(st.sampled_from(EXPRESSIONS)).format(a=draw(NAMES), b=draw(NAMES), c=draw(NAMES))


@st.composite
def statements(draw: st.DrawFn, depth: int = 0, is_in_function: bool = False) -> list[str]:
    kinds = ["import", "import", "use", "use", "use", "bind", "for", "del", "branch", "with", "except", "match"]
    if depth < 3:
        kinds += ["def", "def", "def", "class", "annotated"]
    name = draw(NAMES)
    body = indented(draw(blocks(depth + 1, is_in_function))) if depth < 3 else ["    pass"]
    match draw(st.sampled_from(kinds)):
        case "import":
            return [draw(st.sampled_from(IMPORTS))]
        case "use":
            return guarded([f"note({draw(expressions())})"])
        case "bind":
            return [f"{name} = 'bound'"]
        case "for":
            return [f"for {name} in ['item']:", *body]
        case "del":
            return guarded([f"del {name}"])
        case "branch":
            return [f"if {draw(st.booleans())}:", *body]
        case "with":
            return [f"with opened() as {name}:", *body]
        case "except":
            return ["try:", *body, "    raise Problem", f"except Problem as {name}:", *body]
        case "match":
            return ["match 'subject':", f"    case {name}:", *indented(body)]
        case "class":
            title = draw(st.sampled_from(["Holder", name]))
            return guarded([f"class {title}({draw(st.sampled_from(['', 'kind(' + draw(NAMES) + ')']))}):", *body])
        case "annotated":
            first, second = (draw(st.sampled_from(ANNOTATIONS)).format(a=draw(NAMES), b=draw(NAMES)) for _ in "12")
            return guarded(["@annotations", f"def annotated(one: {first}) -> {second}: ..."])
    return function(draw, depth, is_in_function)


def function(draw: st.DrawFn, depth: int, is_in_function: bool) -> list[str]:
    title = draw(st.sampled_from(["inner", "inner", draw(NAMES)]))
    parameter = draw(st.sampled_from(["", "", "{}='given'", "*{}"])).format(draw(NAMES))
    kinds = ["", "", "global {}", *(["nonlocal {}"] if is_in_function else [])]
    declared = draw(st.sampled_from(kinds)).format(draw(NAMES))
    body = indented(draw(blocks(depth + 1, True)))
    return [f"def {title}({parameter}):", *([f"    {declared}"] if declared else []), *body, *guarded([f"{title}()"])]


def blocks(depth: int, is_in_function: bool) -> st.SearchStrategy[list[str]]:
    listed = st.lists(statements(depth, is_in_function), min_size=1, max_size=3)
    return listed.map(lambda found: [line for lines in found for line in lines])


@st.composite
def scoped_modules(draw: st.DrawFn) -> bytes:
    """Return a module; where one of its names means something, a call of `note` tells what."""
    first = draw(st.lists(st.sampled_from(IMPORTS), min_size=1, max_size=2))
    rest = draw(st.lists(statements(), min_size=1, max_size=5))
    future = draw(st.sampled_from([[], [], ["from __future__ import annotations"]]))
    return ("\n".join([*future, *first, *(line for lines in rest for line in lines)]) + "\n").encode()


def indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def guarded(lines: list[str]) -> list[str]:
    return ["try:", *indented(lines), "except (NameError, TypeError) as problem: note(problem)"]


def does_compile(source: bytes) -> bool:
    with suppress(SyntaxError):
        compile(source, "m", "exec", dont_inherit=True)
        return True
    return False


@dataclass(frozen=True)
class Thing:
    """What an import hands out: it is known by its home after the move."""

    home: tuple[str, str]

    width = 30

    @property
    def attribute(self) -> SimpleNamespace:
        return SimpleNamespace(Old=(self, 1), New=(self, 2), Second=(self, 3), Third=(self, 4))

    def __or__(self, other: object) -> object:
        return (self, other)

    def __call__(self) -> None:
        raise TypeError


def what_names_mean(source: bytes) -> list[object]:
    """Run a module, and return what each `note` was given; of an error, only its kind."""
    noted: list[object] = []

    def note(value: object) -> None:
        noted.append(shown(value))

    def annotations(function: object) -> None:
        frame = sys._getframe(1)
        for text in function.__annotations__.values():  # type: ignore[attr-defined]
            try:
                value = eval(text, frame.f_globals, frame.f_locals) if isinstance(text, str) else text
                note([eval(str(argument), frame.f_globals) for argument in getattr(value, "__args__", [])] or value)
            except (NameError, TypeError, AttributeError, SyntaxError) as problem:
                note(problem)

    def fake_import(name: str, _g: object, _l: object, fromlist: Iterable[str], _level: int) -> object:
        if name == "__future__":
            return SimpleNamespace(annotations=None)
        return SimpleNamespace(
            **{imported: Thing(NEW_HOMES.get((name, imported), (name, imported))) for imported in fromlist}
        )

    def kind(value: object) -> type:
        note(value)
        return object

    class Problem(Exception):  # noqa: N818 - a name for the module
        pass

    @contextmanager
    def opened() -> Iterator[str]:
        yield "opened"

    given = {"note": note, "annotations": annotations, "kind": kind, "opened": opened, "Problem": Problem}
    hands = {"__builtins__": {**vars(builtins), **given, "__import__": fake_import}, "__name__": "m"}
    with suppress(NameError, TypeError, AttributeError):
        exec(compile(source, "m", "exec", dont_inherit=True), hands)
        return noted
    return [*noted, "it raised"]


def shown(value: object) -> object:
    """Return a value that can be compared with that of another run."""
    match value:
        case list() | tuple():
            return [shown(item) for item in value]
        case dict():
            return [(shown(key), shown(item)) for key, item in value.items()]
        case str():
            # The repr of a function tells where in memory it is.
            return re.sub(r"\b0x[0-9a-f]+", "", value)
        case int() | Thing():
            return value
    return type(value).__name__
