"""Write a stub: every moved name of one old module, under its old name, as type checkers take it best.

Tried with mypy 2.4 and pyright 1.1:

- A class is an alias of the new one, as it is at run time under the shim. `@deprecated class Old(New)` would be marked,
  but a `New` is no `Old`: then `job: Old = Old.load()`, and every call between migrated code and code that is not yet,
  would be an error. An alias cannot be marked. Enums, protocols, generics and final classes need no care either.
- A function is its signature, marked with `@deprecated`. Where the signature cannot be copied with certainty, and for
  constants and the rest, the name is re-exported, and the stub's notes say why it is not marked.
- A re-export is `from new import New as Old` with an `__all__`: without that, a stub hands on only `X as X`.

A signature is copied with the imports that its annotations need. Where it is not certain that a copy means what the
original means, none is made: `SignatureError` says why.
"""

from __future__ import annotations

import ast
import copy
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from compatkit.errors import CompatkitError
from compatkit.migrate.stubs.sources import MARK, StubHome, import_line
from compatkit.migration import Move

# What the project's own formatter and linter would change, the next run would change back.
_FOREIGN = "# fmt: off\n# ruff: noqa"


@dataclass(frozen=True, slots=True)
class Stub:
    """The text of a stub, and a note for each name that could not be marked as deprecated."""

    text: str
    notes: tuple[str, ...]


def moved_stub(module: str, home: str) -> str:
    """Return the stub of a module that moved as a whole: a star is all that hands on what nobody lists."""
    return f"{MARK}; do not edit. {module} is {home} now.\n{_FOREIGN}\n\nfrom {home} import *\n"


def stub_text(module: str, homes: Mapping[Move, StubHome], *, all_else: str = "") -> Stub:
    """Write the stub of an old module for its moves, each with the source of its new home.

    `all_else` is the new home of what else was in it, where the module moved as a whole.
    """
    moves = sorted(homes, key=lambda move: move.old_name)
    exports = {move.old_name: (import_line(move.new_module, move.new_name, move.old_name),) for move in moves}
    imports: dict[str, tuple[str, ...]] = dict(exports)
    definitions: dict[str, tuple[str, ...]] = {}
    notes: list[str] = []
    for move in moves:
        try:
            signature = _signature(move, homes[move], imports)
        except SignatureError as error:
            notes.append(f"{move.code} {move.old} is not marked as deprecated: {error.what}")
            continue
        imports.update(signature.imports)
        definitions[move.old_name] = signature.definitions
    wanted = {line for name, several in imports.items() if name not in definitions for line in several}
    header = f"{MARK}; do not edit. The names that moved out of {module}, from their new homes.\n{_FOREIGN}"
    star = [f"from {all_else} import *"] if all_else else []
    names = "\n".join([*star, *sorted(wanted, key=_import_order)])
    blocks = [header, names, _all(exports)]
    return Stub(
        "\n\n".join([*blocks, *(text for texts in definitions.values() for text in texts)]) + "\n", tuple(notes)
    )


def _signature(move: Move, home: StubHome, imports: Mapping[str, tuple[str, ...]]) -> Signature:
    # Word for word what the shim's warning says, in a project that names its migrations.
    message = f"{move.code} {move.old} is now {move.new}; to rewrite it, run: compatkit migrate ."
    signature = copy_signature(home, move.new_name, old_name=move.old_name, message=message)
    for name, lines in signature.imports.items():
        if imports.get(name, lines) != lines:
            raise SignatureError(f"its signature names {name}, which is something else in this stub")
    return signature


def _import_order(line: str) -> tuple[bool, str]:
    return line.startswith("from "), line


def _all(names: Iterable[str]) -> str:
    return "\n".join(["__all__ = [", *(f"    {json.dumps(name, ensure_ascii=False)}," for name in names), "]"])


_Function = ast.FunctionDef | ast.AsyncFunctionDef
_TYPING = ("typing", "typing_extensions")
# All that an annotation is made of; anything else (a call, a lambda) may mean something at run time only.
_PLAIN = (ast.Name, ast.Attribute, ast.Subscript, ast.Tuple, ast.List, ast.BinOp, ast.BitOr, ast.Constant)
_ALLOWED = (*_PLAIN, ast.Starred, ast.UnaryOp, ast.USub, ast.Load)


class SignatureError(CompatkitError):
    """A function whose signature cannot be copied with certainty; `what` is the reason."""

    @classmethod
    def unknown(cls, name: str) -> SignatureError:
        return cls(f"its signature names {name}, and where that comes from is not certain")


@dataclass(frozen=True, slots=True)
class Signature:
    """The definitions for the stub, and the import lines for each name that they use; a builtin needs none."""

    definitions: tuple[str, ...]
    imports: Mapping[str, tuple[str, ...]]


def copy_signature(home: StubHome, name: str, *, old_name: str, message: str) -> Signature:
    """Copy the function `name` as `old_name`, marked as deprecated. Raises `SignatureError` where that is doubtful."""
    functions, is_overloaded = _definitions(home, name)
    imports: dict[str, tuple[str, ...]] = {"deprecated": ("from typing_extensions import deprecated",)}
    marks: list[ast.expr] = [ast.Call(ast.Name("deprecated"), [ast.Constant(message)], [])]
    if is_overloaded:
        imports["overload"] = ("from typing import overload",)
        marks.insert(0, ast.Name("overload"))
    texts = []
    for function in functions:
        copied = _bare(function, old_name, home)
        parameters = {parameter.name for parameter in getattr(copied, "type_params", [])}
        # The body, the defaults and the decorators are gone: every name that is left is one of an annotation.
        for used in {node.id for node in ast.walk(copied) if isinstance(node, ast.Name)} - parameters:
            lines = home.imports_for(used)
            if lines is None or imports.setdefault(used, lines) != lines:
                raise SignatureError.unknown(used)
        copied.decorator_list = marks
        texts.append(ast.unparse(ast.fix_missing_locations(copied)).removesuffix("\n    ...") + " ...")
    return Signature(tuple(texts), imports)


def _definitions(home: StubHome, name: str) -> tuple[list[_Function], bool]:
    """Return the one definition of a function, or its overloads."""
    bound = home.bound.get(name, [])
    functions = [node for node in bound if isinstance(node, _Function)]
    if not functions:
        is_class = any(isinstance(node, ast.ClassDef) for node in bound)
        raise SignatureError(
            "only as an alias can a class stand for the new one" if is_class else "it is not a function"
        )
    if any(node not in home.tree.body for node in bound) or len(functions) != len(bound):
        raise SignatureError("it is defined under a condition, or bound again")
    plain = [function for function in functions if not function.decorator_list]
    overloads = [function for function in functions if _is_overload(function, home)]
    if overloads and len(plain) <= 1 and len(plain) + len(overloads) == len(functions):
        return overloads, True
    if len(functions) > 1:
        raise SignatureError("it is defined several times")
    if not plain:
        raise SignatureError("its decorator may change its signature")
    return plain, False


def _is_overload(function: _Function, home: StubHome) -> bool:
    marks = [home.dotted(mark) for mark in function.decorator_list]
    return len(marks) == 1 and marks[0] in [f"{module}.overload" for module in _TYPING]


def _bare(function: _Function, name: str, home: StubHome) -> _Function:
    """Return a copy with another name, without body, decorators and default values."""
    copied = copy.deepcopy(function)
    arguments = copied.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    every = [*named, *(extra for extra in (arguments.vararg, arguments.kwarg) if extra)]
    annotations = [copied.returns, *(argument.annotation for argument in every)]
    if None in annotations:
        # pyright infers what is not annotated; from a stub it could not.
        raise SignatureError("it is not fully annotated")
    if isinstance(copied, ast.AsyncFunctionDef) and _yields(copied):
        # Without its body, an async generator would read as a coroutine that returns an iterator.
        copied = ast.FunctionDef(**{field: getattr(copied, field) for field in copied._fields})
    copied.name, copied.body, copied.decorator_list = name, [ast.Expr(ast.Constant(...))], []
    arguments.defaults = [ast.Constant(...) for _ in arguments.defaults]
    arguments.kw_defaults = [default and ast.Constant(...) for default in arguments.kw_defaults]
    unquote = _Unquote(home)
    for argument in every:
        argument.annotation = unquote.plain(argument.annotation)
    copied.returns = unquote.plain(copied.returns)
    return copied


def _yields(function: _Function) -> bool:
    stack: list[ast.AST] = list(function.body)
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Yield):
            return True
        if not isinstance(node, _Function | ast.ClassDef | ast.Lambda):
            stack += ast.iter_child_nodes(node)
    return False


class _Unquote(ast.NodeTransformer):
    """Spells forward references out, so that the names in them are seen; the strings of a `Literal` stay."""

    def __init__(self, home: StubHome) -> None:
        self._home = home

    def plain(self, annotation: ast.expr | None) -> ast.expr:
        assert annotation is not None
        result: ast.expr = self.visit(annotation)
        if not all(isinstance(node, _ALLOWED) for node in ast.walk(result)):
            raise SignatureError("its annotations hold more than types")
        return result

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        if not isinstance(node.value, str):
            return node
        try:
            inner: ast.expr = self.visit(ast.parse(node.value.strip(), mode="eval").body)
        except (SyntaxError, ValueError) as error:
            raise SignatureError("its annotations hold more than types") from error
        return inner

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        special = self._home.dotted(node.value)
        if special in [f"{module}.Annotated" for module in _TYPING]:
            raise SignatureError("its annotations hold more than types")
        return node if special in [f"{module}.Literal" for module in _TYPING] else self.generic_visit(node)
