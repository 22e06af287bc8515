"""Find the globals that moved code reads in its old module: patching one there has no effect after the move."""

from __future__ import annotations

import ast
import os
import re
from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property

from compatkit.migrate.between.importers import file_as_module
from compatkit.migrate.between.naming import Namer
from compatkit.migrate.finding.find import SOURCE_SUFFIXES, FoundFile
from compatkit.migration import Move
from compatkit.rewrite.file.file import File
from compatkit.rewrite.prefilter.words import words_in

# A call that replaces something, or an assignment to what is not of the object itself.
_PATCHING = re.compile(
    rb"patch|setattr|delattr|spy\(|(?m:^[ \t]*(?:del[ \t]+)?(?!self\.)(?:\w+\.)+\w+[ \t]*(?:=(?!=)|$))"
)
_Defined = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


class ReadGlobals:
    """Answers for one run; the modules are read once a file replaces something."""

    def __init__(self, files: Sequence[FoundFile], namer: Namer, moves: Sequence[Move]) -> None:
        self._files = files
        self._namer = namer
        # What has another name in its own module reads the same globals.
        self._moves = [move for move in moves if move.old_module != move.new_module]

    def spelled_in(self, source: bytes) -> tuple[tuple[str, str], ...]:
        """Return `old_module.name` of those whose names a file spells, each with the old name of what reads it."""
        # Most trees hold none of the modules.
        if not self._modules or not _PATCHING.search(source):
            return ()
        words = self._read.keys() & set(words_in(source)) if self._read else ()
        return tuple(read for word in sorted(words) for read in self._read[word])

    @cached_property
    def _read(self) -> dict[bytes, list[tuple[str, str]]]:
        """The answers by the names of the globals."""
        found: dict[bytes, list[tuple[str, str]]] = defaultdict(list)
        for file in filter(None, (file_as_module(module, self._namer) for module in self._modules)):
            for name, move in self._homes[file.home.name]:
                for read in _read_by(file, name):
                    found[read.encode()].append((f"{move.old_module}.{read}", move.old))
        return {word: sorted(set(pairs)) for word, pairs in found.items()}

    @cached_property
    def _homes(self) -> dict[str, list[tuple[str, Move]]]:
        """Return the moves by module, each with its name there."""
        # Where it has moved in the sources as well, it reads there under the same names what it read before.
        homes: dict[str, list[tuple[str, Move]]] = defaultdict(list)
        for move in self._moves:
            homes[move.old_module].append((move.old_name, move))
            homes[move.new_module].append((move.new_name, move))
        return homes

    @cached_property
    def _modules(self) -> list[FoundFile]:
        """The files that are one of these modules."""
        lasts = {home.rpartition(".")[2] for home in self._homes}
        names = {f"{stem}{suffix}" for stem in (*lasts, "__init__") for suffix in ("", *SOURCE_SUFFIXES)}
        # A text first: a path costs more, and this is asked of every file.
        named = (file for file in self._files if file.name.rpartition(os.sep)[2] in names and not file.is_data)
        return [file for file in named if self._is_module(file, lasts)]

    def _is_module(self, file: FoundFile, lasts: set[str]) -> bool:
        path = file.path
        if path.stem == "__init__" and path.absolute().parent.name not in lasts:
            return False
        return self._namer.name(path, file.root).name in self._homes


def _read_by(file: File, name: str) -> set[str]:
    """Return the globals, or builtins, that a function or the methods of a class read when they are called."""
    made = [node for node in file.tree.body if isinstance(node, _Defined) and node.name == name]
    functions = [node for definition in made for node in ast.walk(definition) if isinstance(node, _Function)]
    bodies = [
        part
        for function in functions
        for part in (function.body if isinstance(function.body, list) else [function.body])
    ]
    scopes, found = file.scopes, set()
    for node in (node for part in bodies for node in ast.walk(part) if isinstance(node, ast.Name)):
        reference = scopes.at(node.id, node)
        if reference and not reference.is_binding and scopes.resolve(reference) in (None, scopes.module):
            found.add(node.id)
    return found
