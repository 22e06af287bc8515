"""Find strings that name old code in a Python source: `mock.patch("a.b.N")`, `import_module("a.b")`, doctests.

What is certain becomes a change where the user asks for those of confidence `review`; else all is reported. Texts that
merely contain such a name are reported, docstrings but for their doctests are not.
"""

from __future__ import annotations

import ast
import contextlib
import re
from collections.abc import Iterator
from dataclasses import replace

from compatkit.migration import Move
from compatkit.migration.renaming import renaming_of
from compatkit.rewrite.edit.edit import Edit, Found
from compatkit.rewrite.file.file import File
from compatkit.rewrite.file.text import ADDRESS
from compatkit.rewrite.file.tree import Nodes, nodes_of, read_literal, read_quoted, start_of
from compatkit.rewrite.outcome import Finding
from compatkit.rewrite.rules.strings.changed_names import ChangedName, ChangedNames
from compatkit.rewrite.rules.strings.context import Context
from compatkit.rewrite.rules.strings.modules import find_computed, find_known_use
from compatkit.rewrite.rules.strings.old_names import Names, TextSpelling, old_names_of
from compatkit.rewrite.rules.strings.patched_globals import patched_reads
from compatkit.rewrite.run_plan import RunPlan

# Of reStructuredText, in which docstrings are written: :class:`~a.b.N` and :py:func:`a title <a.b.f>`.
_ROLE = re.compile(r":\w[\w.+-]*(?::[\w.+-]+)*:`(?P<target>[^`]+)`")


def find_strings(file: File, run: RunPlan) -> Found:
    """Find the strings that name old code."""
    if not run.moves and not run.calling:
        return Found()
    search = _Search(file, run)
    for node in file.nodes.of(ast.Constant):
        if isinstance(node.value, str):
            search.look_at(node, node.value)
        elif isinstance(node.value, bytes):
            search.look_at_bytes(node, node.value)
    search.look_at_pairs()
    told = {finding.line for finding in search.found.findings}
    search.found.findings += [finding for finding in find_computed(file, run) if finding.line not in told]
    return search.found


class _Search:
    """One pass over one file."""

    def __init__(self, file: File, run: RunPlan) -> None:
        self.found = Found()
        self._file, self._run = file, run
        self._moves, self._options = run.moves, run.options
        self._names: Names = old_names_of(run.moves)
        self._changed = ChangedNames(run.calling) if run.calling else None
        self._context = Context(file, run.loads)
        self._docstrings = {id(node.value) for node in file.nodes.of(ast.Expr)}
        where = renaming_of(run.moves)
        self._told = {id(node) for node, name in patched_reads(file) if not where.of(name)}
        self._in_f_string = dict(_parts_of_f_strings(file.nodes))
        self._relative = _relative(run.moves)
        self._reported: set[int] = set()

    def look_at(self, node: ast.Constant, text: str) -> None:
        """Judge one string."""
        if id(node) in self._told:
            return
        if id(node) in self._docstrings:
            if self._moves and ":`" in text:
                self._roles(node)
            return
        if self._changed and id(node) not in self._in_f_string and self._changed_name(node, text):
            return
        if not self._moves:
            return
        if whole := self._in_f_string.get(id(node)):
            self._in_text(whole, text)
        elif spelling := self._names.read(text):
            self._whole(node, text, spelling)
        elif match := self._relative.match(text):
            self._relative_name(node, text, match["last"])
        else:
            self._in_text(node, text)

    def look_at_pairs(self) -> None:
        """Report two texts that are a changed name together, as in a table of what is imported when it is asked for."""
        for node in self._file.nodes.of(ast.Dict) if self._changed else ():
            for key, value in zip(node.keys, node.values, strict=True):
                others = value.elts if isinstance(value, ast.List | ast.Tuple) else [value]
                for pair in ((key, other) for other in others):
                    self._pair([part.value for part in pair if isinstance(part, ast.Constant)], pair[1])

    def _pair(self, texts: list[object], node: ast.expr) -> None:
        assert self._changed is not None
        one, other = texts if len(texts) == 2 else ("", "")
        for home, name in ((one, other), (other, one)):
            if isinstance(home, str) and isinstance(name, str) and name.isidentifier() and "." in home:
                owner = self._changed.read(f"{home}.{name}")
                if owner and owner.name == f"{home}.{name}":
                    message = f"strings name {owner.name} in parts: {owner.say}"
                    self.found.findings.append(self._file.finding(node, owner.code, message))

    def look_at_bytes(self, node: ast.Constant, data: bytes) -> None:
        """Judge bytes: code, or a pickle, which names classes by their module and name."""
        text = data.decode("latin-1")
        if self._moves and any(home in text for home in self._names.homes):
            self._in_text(node, "\n".join([text if "import " in text else "", *_pickled_names(data)]))

    def _roles(self, node: ast.Constant) -> None:
        """Report the roles of a docstring that name old code, such as :class:`a.b.N`, as in a file of its own."""
        literal = read_quoted(self._file.source, node)
        text = self._file.source.text
        for role in _ROLE.finditer(text, literal.start, literal.end) if literal else ():
            for start, end, move in self._names.mentions(role["target"]):
                if move.is_passed_by(role["target"][start:end]):
                    continue
                at, source = role.start("target") + start, self._file.source
                message = f"names {role['target'][start:end]} in a docstring: {move.old} is {move.new} now"
                self.found.findings.append(Finding(move.code, *source.place(at), message, "manual"))

    def _in_text(self, node: ast.expr, text: str) -> None:
        for start, end, move in self._names.mentions(text):
            if id(node) not in self._reported and not ADDRESS.search(text[:start]):
                self._reported.add(id(node))
                message = f"a string names {text[start:end]}; {move.old} is {move.new} now"
                self.found.findings.append(replace(self._file.finding(node, move.code, message), confidence="manual"))

    def _whole(self, node: ast.Constant, text: str, spelling: TextSpelling) -> None:
        if (spelling.names_home or text == spelling.move.old) and not self._context.may_be_module(node, text):
            # A single word: much is called as some top-level package is.
            return
        use = None
        if spelling.names_home:
            use = find_known_use(self._context, node, self._names.by_module[text])
            if use is None and text in self._names.staying and not self._context.is_loaded(node):
                return
            spelling = (
                TextSpelling(use.move, use.move.new_module, names_home=True, is_symbol=False) if use else spelling
            )
        move = spelling.move
        literal = read_literal(self._file.source, node)
        doubt = (
            (move.why or "the declaration leaves this to a person" if move.confidence == "manual" else "")
            or spelling.doubt
            or ("" if literal else "it is not spelled as one plain literal")
            or self._context.doubt(node, spelling)
        )
        if literal and not doubt and self._options.confidence == "review":
            places = ((literal.start, literal.end, spelling.new), *(use.names if use else ()))
            self.found.changes += self._changes(node, spelling, places)
            return
        message = f"a string names {text}; {move.new} is the new home: {doubt or f'write {spelling.new}'}"
        self.found.findings.append(self._file.finding(node, move.code, message))

    def _changes(
        self, node: ast.Constant, spelling: TextSpelling, places: tuple[tuple[int, int, str], ...]
    ) -> Iterator[Edit]:
        """Yield what the string has to become, and then the names that are looked up in what it names."""
        said = f"{node.value!r} -> {spelling.new!r}"
        if self._context.is_patch(node):
            said += "; it is patched where it is looked up, which is the new home now"
        at = start_of(self._file.source, node)
        group = places[0][0]
        for start, end, new in places:
            if self._file.source.text[start:end] != new:
                code = spelling.move.code
                yield Edit(start, end, new, code, at, said, binds_the_same=True, group=group)
            said = ""

    def _changed_name(self, node: ast.Constant, text: str) -> bool:
        """Report a string that names what is called otherwise or is gone; tell whether it does."""
        assert self._changed is not None
        owner = self._changed.read(text) or self._changed.read_used(text, self._file, node)
        if owner is None or (self._context.is_patch(node) and not owner.minds_mocks):
            return False
        if (self._names.read(text) if self._moves else None) or self._context.is_data(node):
            return False
        if owner.is_call and not owner.move and self._context.is_target(node):
            # Its arguments stand beside it, and are told.
            return False
        if owner.asked is not None and owner.asked.isdisjoint(_arguments_beside(self._file, node, owner.asked)):
            return False
        if not self._patched(node, text, owner):
            message = f"a string names {owner.name}: {owner.say}"
            self.found.findings.append(self._file.finding(node, owner.code, message))
        return True

    def _patched(self, node: ast.Constant, text: str, owner: ChangedName) -> bool:
        """Let a mock stand under the new name, where that is asked for and certain; tell whether it does.

        What takes its place takes any arguments. Whatever else loads the name may go on to call it.
        """
        literal = read_literal(self._file.source, node)
        if not (owner.move and literal and text.startswith(owner.name) and self._context.is_patch(node)):
            return False
        spelling = TextSpelling(owner.move, owner.move.apply(text))
        if self._options.confidence != "review" or owner.move.confidence == "manual":
            return False
        if _specifies(self._context.parents.get(node)) or self._context.doubt(node, spelling):
            return False
        self.found.changes += self._changes(node, spelling, ((literal.start, literal.end, spelling.new),))
        return True

    def _relative_name(self, node: ast.Constant, text: str, last: str) -> None:
        move = next(move for move in self._moves if _last(move.old_home) == last)
        if text == f".{last}" and not self._context.may_be_relative(node, move.old_home.partition(".")[0]):
            # A suffix of files, such as ".core".
            return
        message = f"a string names {text}; {move.new} is the new home, if this is {move.old_home}"
        self.found.findings.append(self._file.finding(node, move.code, message))


def _arguments_beside(file: File, node: ast.Constant, otherwise: frozenset[str]) -> frozenset[str]:
    """Return the arguments for a class that a text names, where they stand beside it; else what is given.

    As `{"class_path": "shop.Till", "init_args": {"size": 2}}`, of which nothing is spread or put together.
    """
    match file.parents.get(node):
        case ast.Dict(keys=keys, values=values):
            beside = dict(zip((getattr(key, "value", None) for key in keys), values, strict=True))
            if beside.get("class_path") is node and isinstance(given := beside.get("init_args"), ast.Dict):
                names = [key.value for key in given.keys if isinstance(key, ast.Constant)]
                if len(names) == len(given.keys):
                    return frozenset(map(str, names))
    return otherwise


def _pickled_names(data: bytes) -> Iterator[str]:
    # Imported here: few files hold bytes that name old code.
    import pickletools

    before = ""
    with contextlib.suppress(ValueError, UnicodeError):
        for opcode, argument, _ in pickletools.genops(data):
            if opcode.name == "GLOBAL":
                yield str(argument).replace(" ", ".")
            elif isinstance(argument, str):
                yield f"{before}.{argument}"
                before = argument


def _specifies(call: ast.AST | None) -> bool:
    """Tell whether a mock is made after what it replaces, whose arguments may be others now."""
    return isinstance(call, ast.Call) and any(word.arg in ("autospec", "spec", "spec_set") for word in call.keywords)


def _parts_of_f_strings(nodes: Nodes) -> Iterator[tuple[int, ast.expr]]:
    # Their parts have no places of their own before Python 3.12.
    for kind in {ast.JoinedStr, getattr(ast, "TemplateStr", ast.JoinedStr)}:
        for node in nodes_of(nodes, kind):
            yield from ((id(part), node) for part in ast.walk(node) if isinstance(part, ast.Constant))


def _relative(moves: tuple[Move, ...]) -> re.Pattern[str]:
    """Return what finds an old module as `import_module` takes it, relative to a package."""
    lasts = sorted({_last(move.old_home) for move in moves}, key=lambda last: (-len(last), last))
    return re.compile(rf"\.+(?:\w+\.)*(?P<last>{'|'.join(map(re.escape, lasts))})(?:[.:]\w+)*\Z")


def _last(module: str) -> str:
    return module.rpartition(".")[2]
