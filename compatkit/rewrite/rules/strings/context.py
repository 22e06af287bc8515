"""Look around a string for signs that it does not name code that somebody will load."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cached_property

from compatkit.migration import Move
from compatkit.rewrite.file.file import File
from compatkit.rewrite.file.tree import nodes_of
from compatkit.rewrite.rules.strings.old_names import TextSpelling
from compatkit.rewrite.rules.strings.string_takers import (
    LOADS,
    NAMED_AS_MODULES,
    PATCHES,
    PATCHING,
    WATCHES,
    called,
    is_data,
    loads_below,
    loads_setting,
    named,
    not_loaded,
)

_DISPLAYS = (ast.Tuple, ast.List, ast.Set, ast.Dict, ast.Starred, ast.keyword)
# Such a file handles modules by their names.
_OF_MODULES = re.compile(r"\.modules\b|__import__|find_spec|import_module|meta_path|_mock_imports")
_BRANCHES = (ast.Try, ast.TryStar, ast.If)


class Context:
    """The nodes of a file, with the way up."""

    def __init__(self, file: File, loads: frozenset[str] = frozenset()) -> None:
        self.file = file
        self.nodes = file.nodes
        self._home = file.home
        self._loads = loads

    @property
    def parents(self) -> dict[ast.AST, ast.AST]:
        # Most files have no string that asks for them.
        return self.file.parents

    def above(self, node: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
        """Yield each node above, with the one of its children that leads down."""
        while parent := self.parents.get(node):
            yield parent, node
            node = parent

    def doubt(self, node: ast.Constant, spelling: TextSpelling) -> str:
        """Say why this string must not be changed, or nothing where it is certain."""
        move = spelling.move
        if move.new_home == self._home.name:
            return "the new home itself names the old one, perhaps to tell it apart"
        if missing := self.file.neighbours.absence_of(move.new):
            return missing
        used, call = self._use(node)
        loads = self.is_loaded(node)
        return (
            self._in_annotation(node)
            or used
            or (not_loaded(call, spelling) if call else "")
            or self._watched(node)
            or self._replaces_builtin(node, move)
            or self._beside_new(node, move, spelling)
            or ("" if loads else self._file_names_new(move, spelling))
            or (self._not_reached(node, move) if self.is_patch(node) and node.value == move.old else "")
            or ("" if loads or self._is_for_loading(node, spelling) else _unseen(spelling))
        )

    def is_loaded(self, node: ast.Constant) -> bool:
        """Tell whether the string is given to what loads code by its name."""
        parent = self.parents.get(node)
        if isinstance(parent, ast.Subscript):
            return isinstance(parent.value, ast.Attribute) and parent.value.attr == "modules"
        return isinstance(parent, ast.Call) and called(parent) in LOADS | self._loads and parent.args[:1] == [node]

    def may_be_module(self, node: ast.Constant, text: str) -> bool:
        """Tell whether a text means a module: a single word is the name of much else, but where modules are named."""
        if "." in text or self.is_loaded(node) or self._names_modules:
            return True
        parent = self.parents.get(node)
        call = self.parents.get(parent) if isinstance(parent, ast.keyword) else parent
        if isinstance(parent, ast.keyword) and parent.arg != "module":
            return False
        return isinstance(call, ast.Call) and called(call) in NAMED_AS_MODULES

    def may_be_relative(self, node: ast.Constant, root: str) -> bool:
        """Tell whether a word behind a dot means a module of this package: in its own files, or where it is named."""
        is_named = any(text.partition(".")[0] == root for text in self._texts)
        return is_named or self._home.name.partition(".")[0] == root or self.may_be_module(node, "")

    @cached_property
    def _names_modules(self) -> bool:
        return _OF_MODULES.search(self.file.source.text) is not None

    def is_target(self, node: ast.Constant) -> bool:
        """Tell whether a text is what Hydra calls, in a class or a dict that holds the arguments as well."""
        match self.parents.get(node):
            case ast.AnnAssign(target=ast.Name(id="_target_")) | ast.Assign(targets=[ast.Name(id="_target_")]):
                return True
            case ast.Dict(keys=keys, values=values):
                pairs = zip(keys, values, strict=True)
                return any(value is node and getattr(key, "value", "") == "_target_" for key, value in pairs)
        return False

    def is_data(self, node: ast.Constant) -> bool:
        """Tell whether the string is given to a call for which it is a text, or is put together or compared."""
        used, call = self._use(node)
        return bool(used) or (call is not None and is_data(call))

    def _is_for_loading(self, node: ast.Constant, spelling: TextSpelling) -> bool:
        """Tell whether a string that is kept somewhere is known to be loaded from there."""
        # As entry points and servers spell what they load; nothing is logged so.
        if ":" in str(node.value):
            return True
        path: list[object] = []
        is_key = False
        for parent, child in self.above(node):
            match parent:
                case ast.Dict(keys=keys, values=values):
                    is_key = is_key or child in keys
                    path += [
                        getattr(key, "value", None) for key, value in zip(keys, values, strict=True) if value is child
                    ]
                case ast.keyword(arg=name):
                    path.append(name)
                case ast.Call():
                    return not is_key and loads_below(reversed(path), self._loads)
                case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                    if loads_setting(name, is_key=is_key):
                        return True
                    if parent.value is node and self._is_constant_for_loading(name, spelling.move):
                        return True
                    path.append(name)
                    # A table in a file that loads what it is given, not what it spells.
                    is_listed = self._loads_what_it_is_given and spelling.is_symbol
                    return not is_key and (is_listed or loads_below(reversed(path), self._loads))
                case ast.stmt():
                    return not is_key and loads_below(reversed(path), self._loads)
        return False

    def _is_constant_for_loading(self, name: str, move: Move) -> bool:
        """Tell whether a name of the file is bound once, and is given to calls alone, of which one loads it."""
        names = [node for node in nodes_of(self.nodes, ast.Name) if node.id == name]
        uses = [node for node in names if isinstance(node.ctx, ast.Load)]
        calls = [self.parents.get(use) for use in uses]
        given = [call for call in calls if isinstance(call, ast.Call) and not is_data(call)]
        if len(names) != len(uses) + 1 or len(given) != len(uses):
            return False
        is_reached = not any(self._not_reached(use, move) for use in uses)
        return is_reached and any(called(call) in LOADS | self._loads for call in given)

    @cached_property
    def _loads_what_it_is_given(self) -> bool:
        loading = (LOADS | {"__import__"}) - PATCHES
        return any(
            called(call) in loading and call.args and not isinstance(call.args[0], ast.Constant)
            for call in nodes_of(self.nodes, ast.Call)
        )

    def is_patch(self, node: ast.Constant) -> bool:
        """Tell whether the string is what a call to `patch` or the like replaces."""
        call = self.parents.get(node)
        return isinstance(call, ast.Call) and called(call) in PATCHES and call.args[:1] == [node]

    def _use(self, node: ast.Constant) -> tuple[str, ast.Call | None]:
        """Say what is done with the string itself where that is no loading; else return the call that takes it."""
        for parent, child in self.above(node):
            match parent:
                case ast.Call() if parent.func is not child:
                    raised = isinstance(self.parents.get(parent), ast.Raise)
                    return "it may be a message" if raised else "", parent
                case ast.BinOp() | ast.AugAssign():
                    return "it is a part of a longer text", None
                case ast.Attribute() | ast.Subscript(value=ast.Constant()):
                    return "it is taken apart", None
                case ast.Subscript(value=of) if named(of)[:1].isupper() and not named(of).isupper():
                    return "between the brackets of a type it is an expression, and needs an import", None
                case ast.Compare() | ast.MatchValue():
                    return "it is compared with something", None
                case ast.Raise() | ast.Assert():
                    return "it may be a message", None
                case _ if not isinstance(parent, _DISPLAYS):
                    return "", None
        return "", None

    def _in_annotation(self, node: ast.AST) -> str:
        for parent, child in self.above(node):
            if isinstance(parent, ast.stmt | ast.arg):
                is_type = child in (getattr(parent, "annotation", None), getattr(parent, "returns", None))
                return "in an annotation it is an expression, and needs an import" if is_type else ""
        return ""

    def _watched(self, node: ast.AST) -> str:
        for parent, child in self.above(node):
            if isinstance(parent, ast.With | ast.AsyncWith) and child in parent.body:
                calls = [item.context_expr for item in parent.items]
                if any(isinstance(call, ast.Call) and called(call) in WATCHES for call in calls):
                    return "what the old home does is watched here"
        return ""

    def _replaces_builtin(self, node: ast.AST, move: Move) -> str:
        """Tell whether a patch would replace a builtin, where what was patched is a name of one module."""
        calls = (parent for parent, _ in self.above(node) if isinstance(parent, ast.Call))
        if move.new_module == "builtins" and any(called(call) in PATCHING for call in calls):
            return f"in its place {move.new_name} would be replaced for all code; patch it where it is looked up"
        return ""

    def _beside_new(self, node: ast.AST, move: Move, spelling: TextSpelling) -> str:
        """Tell whether the statement, or a branch beside it, names the new home: then old and new are told apart."""
        is_own = True
        for parent, child in self.above(node):
            if is_own and isinstance(parent, ast.stmt):
                is_own = False
                region = parent if not hasattr(parent, "body") else child
                if any(_is_new(other, move, spelling) for other in ast.walk(region)):
                    return "the new home is named beside it"
            if isinstance(parent, _BRANCHES) and any(self._brings_new(inner, move) for inner in ast.walk(parent)):
                return "another branch names the new home; keep the branch for it"
        return ""

    def _brings_new(self, node: ast.AST, move: Move) -> bool:
        match node:
            case ast.ImportFrom():
                return self._home.resolve(node) == move.new_home
            case ast.Import():
                return any(alias.name == move.new_home for alias in node.names)
            case ast.Constant(value=str(text)):
                return text in (move.new, move.new_home)
        return False

    @cached_property
    def _texts(self) -> set[str]:
        return {node.value for node in nodes_of(self.nodes, ast.Constant) if isinstance(node.value, str)}

    def _file_names_new(self, move: Move, spelling: TextSpelling) -> str:
        if not self._texts.isdisjoint({move.new, spelling.new or move.new}):
            return "the file names the new home too, and may tell the two apart"
        return ""

    def _not_reached(self, node: ast.AST, move: Move) -> str:
        """Tell whether what is patched is used here by a name of its own, which the patch does not reach."""
        imported = set(self._imported(move))
        for parent, child in self.above(node):
            if isinstance(parent, ast.With | ast.AsyncWith | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                used = {node.id for node in ast.walk(parent) if isinstance(node, ast.Name)} & imported
                if used:
                    return f"this file imports {min(used)} itself, which the patch does not reach; patch it there"
                if child not in parent.body or not isinstance(parent, ast.With | ast.AsyncWith):
                    return ""
        return ""

    def _imported(self, move: Move) -> Iterator[str]:
        for imported in self.file.imports:
            if imported.name in (move.old, move.new) and isinstance(imported.node, ast.ImportFrom):
                yield imported.local


def _is_new(node: ast.AST, move: Move, spelling: TextSpelling) -> bool:
    return isinstance(node, ast.Constant) and node.value in (move.new, spelling.new or move.new)


def _unseen(spelling: TextSpelling) -> str:
    return f"nothing here shows that it is loaded as code; if it is, write {spelling.new}"
