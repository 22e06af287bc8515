"""One source file, made once: all that a rule may ask about it, besides what the run wants.

No rule resolves a name by itself: which import a name comes from, what else binds it, who else may read it and whether
it is free is asked here, and answered by Python's own scopes.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Sequence
from functools import cached_property

from compatkit.rewrite.file.imports import FileModule, Imported, read_imports
from compatkit.rewrite.file.neighbours import ALONE, Neighbours
from compatkit.rewrite.file.scopes import Reference, Scope, Scopes
from compatkit.rewrite.file.syntax import Syntax, read_syntax
from compatkit.rewrite.file.text import Ignored
from compatkit.rewrite.file.tree import AllNodes, dotted, nodes_of
from compatkit.rewrite.outcome import Finding

_TYPE_COMMENT = re.compile(r"#[ \t]*type:[^\r\n]*")

# So many names may stand between a value and its use.
_MOST_NAMES = 8
_LEAVES = (ast.Return, ast.Raise, ast.Continue, ast.Break)
_Branch = Sequence[ast.AST]
_OF_DATA = (
    ast.Name, ast.Attribute, ast.Subscript, ast.Constant, ast.Compare, ast.BoolOp, ast.UnaryOp, ast.Tuple,
    ast.List, ast.Set, ast.expr_context, ast.cmpop, ast.boolop, ast.unaryop,
)  # fmt: skip
_OF_RELEASES = re.compile(
    r"(?i)version|release|legacy|compat|modern|deprecat|support|avail|api|new|old|\d|since|upgrade"
)


class File:
    """The text, tree, scopes and imports of one source, and what other files tell of it."""

    def __init__(self, syntax: Syntax, home: FileModule, neighbours: Neighbours = ALONE) -> None:
        self.syntax = syntax
        self.source = syntax.source
        self.tree = syntax.tree
        self.home = home
        self.neighbours = neighbours
        self._mentions: dict[str, list[ast.AST]] = {}
        self._meant: dict[ast.expr, list[str]] = {}

    @classmethod
    def of(cls, data: bytes, home: FileModule, neighbours: Neighbours = ALONE, *, is_last: bool = False) -> File:
        """Read a file; nobody asks for it again where `is_last`. Raises `RewriteError` for what is no Python source."""
        return cls(read_syntax(data, is_last=is_last), home, neighbours)

    @property
    def nodes(self) -> AllNodes:
        return self.syntax.nodes

    @property
    def statements(self) -> list[ast.AST]:
        return self.syntax.statements

    @property
    def blocks(self) -> list[list[ast.stmt]]:
        """All lists of statements."""
        return self.syntax.blocks

    @cached_property
    def import_statements(self) -> list[ast.Import | ast.ImportFrom]:
        return [node for node in self.statements if isinstance(node, ast.Import | ast.ImportFrom)]

    @property
    def ignored(self) -> Ignored:
        return self.syntax.ignored

    @property
    def scopes(self) -> Scopes:
        return self.syntax.scopes

    @cached_property
    def imports(self) -> list[Imported]:
        return list(read_imports(self.nodes, self.home))

    @cached_property
    def imported(self) -> dict[ast.AST, Imported]:
        """Each import by its alias."""
        return {imported.alias: imported for imported in self.imports}

    @cached_property
    def _imported_names(self) -> frozenset[str]:
        return frozenset(imported.local for imported in self.imports)

    @cached_property
    def has_star(self) -> bool:
        """True where an import may bind any name."""
        return any(imported.alias.name == "*" for imported in self.imports)

    @property
    def parents(self) -> dict[ast.AST, ast.AST]:
        return self.nodes.parents

    @cached_property
    def _strings(self) -> dict[ast.AST, ast.JoinedStr]:
        # The nodes come level by level: the outermost f-string around a node has the last word.
        strings = reversed(nodes_of(self.nodes, ast.JoinedStr))
        return {part: node for node in strings for part in ast.walk(node) if part is not node}

    def in_fstring(self, node: ast.AST) -> ast.JoinedStr | None:
        """Return the outermost f-string around a node: before Python 3.12 nothing in it has a place of its own."""
        return self._strings.get(node) if self.nodes.of(ast.JoinedStr) else None

    def reference(self, node: ast.AST) -> Reference | None:
        """Return the reference that a name, or the alias of an import, is."""
        imported = self.imported.get(node)
        name = imported.local if imported else node.id if isinstance(node, ast.Name) else ""
        return self.scopes.at(name, node)

    def scope_of(self, node: ast.AST) -> Scope | None:
        """Return the scope to which what a name or an alias means belongs; None if the file does not bind it."""
        reference = self.reference(node)
        return self.scopes.owner(reference) if reference else None

    def bindings(self, local: str, scope: Scope) -> list[Imported] | None:
        """Return the imports that bind a name of a scope; None where anything else binds it as well."""
        found = []
        for reference in self.scopes.bindings(local, scope):
            imported = self.imported.get(reference.node)
            if imported is None and not reference.is_del:
                return None
            found += [imported] if imported else []
        return found

    def certain_imports(self, local: str, scope: Scope) -> list[Imported]:
        """Return the imports that bind a name of a scope, if nothing else can be meant by it; else nothing."""
        if scope.kind == "class" or (scope is self.scopes.module and self.has_star):
            return []
        if any(self.scopes.may_read_outside(ref, scope) for ref in self.scopes.of(local) if ref.is_binding):
            return []
        return self.bindings(local, scope) or []

    def import_of(self, node: ast.expr) -> str:
        """Return the dotted name that an expression surely stands for, by the imports of the file; else nothing."""
        meanings = self.meanings(node)
        return meanings[0] if len(meanings) == 1 and self._is_bound_by_imports_only(node) else ""

    def value_of(self, node: ast.expr) -> ast.expr:
        """Return what a name was bound to, where that is done once; else the node itself."""
        for _ in range(_MOST_NAMES):
            scope = self.scope_of(node) if isinstance(node, ast.Name) else None
            if not isinstance(node, ast.Name) or scope is None:
                break
            bindings = self.scopes.bindings(node.id, scope)
            statement = self.parents.get(bindings[0].node) if len(bindings) == 1 else None
            if not (isinstance(statement, ast.Assign) and statement.targets == [bindings[0].node]):
                break
            node = statement.value
        return node

    def meanings(self, node: ast.expr) -> list[str]:
        """Return the dotted names that an expression may stand for, by the imports of the scope that its name is of.

        For a name that no scope around it binds, all imports count: it may have been made known to them all.
        """
        if node not in self._meant:
            self._meant[node] = self._meanings(node)
        return self._meant[node]

    def _meanings(self, node: ast.expr) -> list[str]:
        root = root_of(node)
        if root is None or root.id not in self._imported_names:
            return []
        scope, rest = self.scope_of(root), dotted(node)[len(root.id) :]
        bindings = self.scopes.bindings(root.id, scope) if scope else self.scopes.of(root.id)
        imported = [self.imported.get(ref.node) for ref in bindings]
        return list(dict.fromkeys(named.meaning + rest for named in imported if named and named.meaning))

    def _is_bound_by_imports_only(self, node: ast.expr) -> bool:
        root = root_of(node)
        scope = self.scope_of(root) if root is not None else None
        return root is not None and scope is not None and self.bindings(root.id, scope) is not None

    def refs(self, name: str) -> Iterator[tuple[ast.Attribute, str]]:
        """Yield each attribute of this name that is reached through imports, with the dotted name that it may be."""
        for node in self.nodes.of(ast.Attribute):
            if node.attr == name:
                yield from ((node, meaning) for meaning in self.meanings(node))

    def mentions(self, name: str) -> list[ast.AST]:
        """Return each place that names this thing: an import of it, or what reads it through one."""
        if name not in self._mentions:
            found: list[ast.AST] = [imported.alias for imported in self.imports if imported.name == name]
            found += [node for node, meaning in self.refs(name.rpartition(".")[2]) if meaning == name]
            local = {imported.local for imported in self.imports if imported.meaning == name}
            found += [node for node in self.nodes.of(ast.Name) if node.id in local and name in self.meanings(node)]
            of, _, last = name.rpartition(".")
            found += [node for node, asked, text in self.questions if text == last and of in self.meanings(asked)]
            self._mentions[name] = found
        return self._mentions[name]

    @cached_property
    def questions(self) -> list[tuple[ast.AST, ast.expr, str]]:
        """Each `hasattr` and `getattr` whose name is written out, with what is asked and the name."""
        found: list[tuple[ast.AST, ast.expr, str]] = []
        for node in self.nodes.of(ast.Call):
            match node:
                case ast.Call(func=ast.Name(id="hasattr" | "getattr"), args=[of, ast.Constant(value=str(text)), *_]):
                    found.append((node, of, text))
        return found

    def is_bound(self, name: str) -> bool:
        """Tell whether any scope binds a name, so that it need not be the builtin."""
        return self.has_star or any(ref.is_binding for ref in self.scopes.of(name))

    def brings(self, root: str, scope: Scope) -> bool:
        """Tell whether a name of a scope is that top-level package, and nothing else."""
        found = self.bindings(root, scope)
        return bool(found) and all(imported.is_plain for imported in found or ())

    def is_hidden_at(self, node: ast.expr, name: str, scope: Scope) -> bool:
        """Tell whether a name would mean something else than in `scope` where a dotted name stands."""
        root = root_of(node)
        reference = self.reference(root) if root is not None else None
        if reference is None:
            return True
        between = self.scopes.passes(reference, scope)
        return any(self.scopes.binds(passed, name) or name in passed.global_names for passed in between)

    def is_free(self, name: str, scope: Scope) -> bool:
        """Tell whether a name can be bound in a scope without a new meaning for what stands there now."""
        for ref in self.scopes.of(name):
            if ref.scope.is_below(scope) and not self._is_of_inner(ref, scope):
                return False
        return True

    def _is_of_inner(self, reference: Reference, scope: Scope) -> bool:
        """Tell whether a name belongs to a scope inside of this one, which it is asked in before."""
        home = self.scopes.owner(reference)
        if home is None or home is scope or not home.is_below(scope):
            return False
        # A class reads the outer name until it binds its own.
        return home.kind != "class"

    def is_ignored(self, at: int, code: str) -> bool:
        """Tell whether the line of an offset is marked as one on which this code is left alone."""
        return self.ignored.holds(self.source.line(at), code)

    def finding(self, node: ast.stmt | ast.expr | ast.alias, code: str, message: str) -> Finding:
        """Return a `review` finding at a node."""
        return Finding(code, node.lineno, self.source.column(node.lineno, node.col_offset), message)

    @cached_property
    def type_comments(self) -> str:
        """All type comments: code that is not rewritten as such."""
        return " ".join(_TYPE_COMMENT.findall(self.source.text)) if "type:" in self.source.text else ""


def root_of(node: ast.expr) -> ast.Name | None:
    """Return the name that a dotted name begins with."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node if isinstance(node, ast.Name) else None


def is_chosen_beside(file: File, node: ast.AST, rivals: Collection[ast.AST]) -> bool:
    """Tell whether one branch of a choice holds a node, and another branch of it one of its rivals.

    A rival that is asked for by its name (`hasattr`, `getattr`) also tells the branches of a choice that depends on it.
    """
    if not rivals:
        return False
    questions = {question for question, *_ in file.questions}.intersection(rivals)
    for test, branches in _choices(file, node):
        if test is not None and _is_about_data(file, test):
            continue
        holding = [any(inner is node for inner in _walk(branch)) for branch in branches]
        if True not in holding:
            continue
        others = [branch for branch, holds in zip(branches, holding, strict=True) if not holds]
        if any(inner is rival for branch in others for inner in _walk(branch) for rival in rivals):
            return True
        if questions and test is not None and not questions.isdisjoint(_asked_in(file, test)):
            return True
    return False


def _choices(file: File, node: ast.AST) -> Iterator[tuple[ast.expr | None, list[_Branch]]]:
    """Yield what each choice depends on, if that is an expression, and its branches."""
    for statement in file.statements:
        match statement:
            case ast.Try() | ast.TryStar():
                yield None, [statement.body, *(handler.body for handler in statement.handlers), statement.orelse]
            case ast.If():
                yield statement.test, [statement.body, statement.orelse]
            case ast.Match():
                yield statement.subject, [case.body for case in statement.cases]
        for block in (getattr(statement, "body", ()), getattr(statement, "orelse", ())):
            yield from _early_exits(block)
    yield from _early_exits(file.tree.body)
    if isinstance(node, ast.expr):
        for choice in file.nodes.of(ast.IfExp):
            yield choice.test, [[choice.body], [choice.orelse]]
        for chain in file.nodes.of(ast.BoolOp):
            if isinstance(chain.op, ast.Or):
                yield None, [[value] for value in chain.values]
        for table in file.nodes.of(ast.Dict):
            yield None, [[value] for value in table.values]


def _is_about_data(file: File, test: ast.expr) -> bool:
    """Tell whether a choice depends on nothing but what a function is given, of which no word tells of releases."""
    nodes = list(ast.walk(test))
    if not all(isinstance(node, _OF_DATA) for node in nodes):
        return False
    words = [getattr(node, "id", None) or getattr(node, "attr", None) or getattr(node, "value", "") for node in nodes]
    if any(isinstance(word, str) and _OF_RELEASES.search(word) for word in words):
        return False
    names = [node for node in nodes if isinstance(node, ast.Name)]
    return bool(names) and all(_is_given(file, name) for name in names)


def _is_given(file: File, name: ast.Name) -> bool:
    scope = file.scope_of(name)
    bindings = file.scopes.bindings(name.id, scope) if scope is not None else []
    return bool(bindings) and all(isinstance(binding.node, ast.arg) for binding in bindings)


def _asked_in(file: File, test: ast.expr) -> Iterator[ast.AST]:
    """Yield what is in a test, and in what the names in it were bound to."""
    for inner in ast.walk(test):
        yield inner
        scope = file.scope_of(inner) if isinstance(inner, ast.Name) else None
        for binding in file.scopes.bindings(inner.id, scope) if isinstance(inner, ast.Name) and scope else ():
            statement = file.parents.get(binding.node)
            yield from ast.walk(statement.value) if isinstance(statement, ast.Assign) else ()


def _early_exits(block: Sequence[ast.stmt]) -> Iterator[tuple[ast.expr, list[_Branch]]]:
    """Yield each `if` that leaves a block, with what comes after it."""
    for index, statement in enumerate(block):
        if isinstance(statement, ast.If) and isinstance(statement.body[-1], _LEAVES):
            yield statement.test, [statement.body, [*statement.orelse, *block[index + 1 :]]]


def _walk(branch: Sequence[ast.AST]) -> Iterator[ast.AST]:
    for node in branch:
        yield from ast.walk(node)
