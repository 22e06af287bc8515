"""Mine what the authors of the old release said: warnings, decorators and docstrings that deprecate something.

Nothing is imported or run. A replacement is believed only where the new release has it.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from compatkit.authoring.interface import Interface, PublicName
from compatkit.authoring.interface_changes import Change, ChangeKind, under
from compatkit.rewrite.file.imports import bound_by

_DEPRECATES = re.compile(r"deprecat|FutureWarning|_removed\b|will be removed", re.IGNORECASE)
_WARNS = re.compile(r"warn|deprecat", re.IGNORECASE)
_RENAMES = re.compile(
    r"(?:deprecat|renam|replac|alias).*(?:arg|kwarg|param)|(?:arg|kwarg|param).*(?:deprecat|renam)", re.IGNORECASE
)
# The version, and what is indented below it, behind an empty line or not.
_DIRECTIVE = re.compile(
    r"^(?P<margin>[ \t]*)\.\. (?P<kind>deprecated|versionchanged)::[ \t]*(?:[vV]?\d[\w.]*)?(?P<text>[^\n]*"
    r"(?:\n+(?P=margin)[ \t]+[^\n]+)*)",
    re.MULTILINE,
)
_PARAMETER = re.compile(r"^(?P<margin>[ \t]*)(?::param )?\**(?P<name>[A-Za-z_]\w*)[ \t]*(?::|\(|$)")
_NAMED = r"[`'\"]*(?::[\w:]+:`)?~?\.?(?P<name>[A-Za-z_][\w.]*)"
# Arguments of a deprecation that hold nothing but what to use in its place.
_IN_PLACE = re.compile(r"alternative|instead|replacement|new_?name|use", re.IGNORECASE)
_THING = r"(?:the )?(?:new )?(?:function |method |class |argument |parameter |keyword |attribute )?"
_ADVICE = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\buse {_THING}{_NAMED}[`'\"()=]*(?: \w+)? instead",
        rf"(?:\b(?:renamed|moved)(?: (?:to|as))?|-->|\breplaced (?:by|with)|superseded by) {_THING}{_NAMED}",
        rf"\bin favou?r of {_THING}{_NAMED}",
        rf"\binstead,? (?:please )?use {_THING}{_NAMED}",
        rf"\buse {_THING}{_NAMED}",
    )
)
_BARE = re.compile(r"`{0,2}~?[\w.]+(?:\(\))?`{0,2}")
_NO_NAMES = frozenset(["a", "an", "and", "any", "at", "for", "from", "it", "its", "one", "that", "the", "this", "your"])


@dataclass(frozen=True, slots=True)
class Deprecation:
    """A deprecation: of a name, or of an argument of it; its text, and where it stands.

    `new` is the replacement where that is code; `is_alias` says that the old release bound one name to the other.
    """

    name: str
    argument: str
    text: str
    place: str
    new: str = ""
    is_alias: bool = False


def mine(package: str, folder: Path) -> list[Deprecation]:
    """Return what the source of a package says of its own names."""
    top = folder.joinpath(*package.split("."))
    files = sorted(top.rglob("*.py")) if top.is_dir() else [top.with_suffix(".py")]
    found: list[Deprecation] = []
    for file in files:
        parts = list(file.relative_to(folder).with_suffix("").parts)
        module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        try:
            tree = ast.parse(file.read_bytes())
        except (SyntaxError, ValueError, OSError, RecursionError):
            continue
        if not {"test", "tests", "testing", "_vendor"} & {*parts}:
            found += _Module(module, str(file.relative_to(folder)), tree).deprecations()
    return found


class _Module:
    def __init__(self, name: str, place: str, tree: ast.Module) -> None:
        self._name, self._place, self._tree = name, place, tree
        self._aliases = dict(_imports(name, tree))
        # Lists of names, which a `__getattr__` asks for.
        self._listed: dict[str, ast.expr] = {}
        for node in tree.body:
            match node:
                case ast.Assign(targets=[ast.Name(id=table)], value=ast.List() | ast.Tuple() | ast.Set() as value):
                    self._listed[table] = value

    def deprecations(self) -> Iterator[Deprecation]:
        for text, node in self._warnings(self._tree.body):
            yield self._one(self._name, "", text, node)
        yield from self._in(self._tree.body, self._name)

    def _in(self, body: list[ast.stmt], owner: str) -> Iterator[Deprecation]:
        for node in body:
            match node:
                case ast.FunctionDef(name="__getattr__") if owner == self._name:
                    yield from self._getattr(node)
                case ast.FunctionDef() | ast.AsyncFunctionDef():
                    is_init = node.name == "__init__" and owner != self._name
                    yield from self._function(node, owner if is_init else f"{owner}.{node.name}")
                case ast.ClassDef():
                    yield from self._decorators(node, f"{owner}.{node.name}")
                    yield from self._docstring(node, f"{owner}.{node.name}", frozenset())
                    yield from self._in(node.body, f"{owner}.{node.name}")
                case ast.If() | ast.Try():
                    yield from self._in(node.body, owner)
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.Name() | ast.Attribute() as other):
                    text = f"{name} is another name of {ast.unparse(other)}"
                    yield self._one(f"{owner}.{name}", "", text, node, ast.unparse(other), is_alias=True)
                    for function in body:
                        if isinstance(function, ast.FunctionDef) and function.name == ast.unparse(other):
                            yield from self._function(function, f"{owner}.{name}")
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call() as call) if _DEPRECATES.search(
                    ast.unparse(call.func)
                ):
                    # Old = deprecated_alias(New, …)
                    new = next((ast.unparse(arg) for arg in call.args if isinstance(arg, ast.Name | ast.Attribute)), "")
                    words = [*(_words(call.func) if isinstance(call.func, ast.Call) else ()), *_words(call)]
                    yield self._one(f"{owner}.{name}", "", " ".join(words), node, new)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, name: str) -> Iterator[Deprecation]:
        arguments = node.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        names = frozenset(arg.arg for arg in every) - {"self", "cls"}
        yield from self._decorators(node, name)
        yield from self._docstring(node, name, names)
        for text, at in self._warnings(node.body):
            yield self._one(name, "", text, at)
        for statement in ast.walk(node):
            if isinstance(statement, ast.If) and (given := _asks(statement.test, names)):
                for text, at in self._warnings(statement.body):
                    yield self._one(name, given, text, at)

    def _warnings(self, body: list[ast.stmt]) -> Iterator[tuple[str, ast.AST]]:
        """Yield the texts of deprecation warnings among some statements, not of branches below."""
        bound: dict[str, ast.expr] = {}
        for statement in body:
            match statement:
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    bound[name] = value
            if isinstance(statement, ast.Expr | ast.Assign | ast.Return) and isinstance(statement.value, ast.Call):
                call = statement.value
                given = [part.id for part in call.args if isinstance(part, ast.Name)]
                told = [*_texts(call), *(text for name in given if name in bound for text in _texts(bound[name]))]
                is_warning = _WARNS.search(ast.unparse(call.func)) is not None
                if is_warning and _DEPRECATES.search(" ".join([*told, ast.unparse(call)])):
                    yield " ".join(told), statement

    def _decorators(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, name: str
    ) -> Iterator[Deprecation]:
        for decorator in node.decorator_list:
            if not isinstance(decorator, ast.Call):
                continue
            called = ast.unparse(decorator.func)
            if _RENAMES.search(called):
                yield from (
                    self._one(name, old, ast.unparse(decorator), decorator, new) for old, new in _pairs(decorator)
                )
            elif _DEPRECATES.search(called):
                yield self._one(name, "", " ".join(_words(decorator)), decorator)

    def _docstring(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, name: str, arguments: frozenset[str]
    ) -> Iterator[Deprecation]:
        doc = ast.get_docstring(node, clean=True) or ""
        for found in _DIRECTIVE.finditer(doc):
            text = " ".join(found["text"].split())
            if found["kind"] != "deprecated" and not _DEPRECATES.search(text):
                continue
            argument = _parameter_above(doc[: found.start()], len(found["margin"]))
            if not argument or argument in arguments:
                yield self._one(name, argument, text, node)

    def _getattr(self, node: ast.FunctionDef) -> Iterator[Deprecation]:
        """Yield the names that a module gives out with a warning, by a comparison or by a table."""
        if not _DEPRECATES.search(ast.unparse(node)):
            return
        for part in ast.walk(node):
            if isinstance(part, ast.If):
                texts = [text for text, _ in self._warnings(part.body)]
                new = next(
                    (
                        ast.unparse(statement.value)
                        for statement in part.body
                        if isinstance(statement, ast.Return) and statement.value
                    ),
                    "",
                )
                for name in _compared(part.test, self._listed):
                    yield self._one(f"{self._name}.{name}", "", " ".join(texts), part, new)
        used = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
        for statement in self._tree.body:
            match statement:
                case ast.Assign(targets=[ast.Name(id=table)], value=ast.Dict(keys=keys, values=values)) if (
                    table in used
                ):
                    for key, value in zip(keys, values, strict=True):
                        if isinstance(key, ast.Constant) and isinstance(key.value, str):
                            new = ".".join(text for text in _texts(value) if re.fullmatch(r"[A-Za-z_][\w.]*", text))
                            new = new or (ast.unparse(value) if isinstance(value, ast.Name | ast.Attribute) else "")
                            yield self._one(f"{self._name}.{key.value}", "", " ".join(_texts(value)), key, new)

    def _one(
        self, name: str, argument: str, text: str, node: ast.AST, new: str = "", *, is_alias: bool = False
    ) -> Deprecation:
        root, _, rest = new.partition(".")
        led = self._aliases.get(root, "")
        new = f"{led}.{rest}".rstrip(".") if led else new
        place = f"{self._place}:{getattr(node, 'lineno', 0)}"
        return Deprecation(name, argument, " ".join(text.split()), place, new, is_alias)


def announced(deprecations: list[Deprecation], old: Interface, new: Interface) -> list[Change]:
    """Return what the authors of the old release announced and the new release shows to be so."""
    if old.package == new.package:
        return _once([*_announced(deprecations, old, new)])
    # As in `find_changes`: the package is read as if it were called as the new one.
    prefix = f"{old.package}."
    there = [
        replace(deprecation, name=new.package + deprecation.name.removeprefix(old.package))
        for deprecation in deprecations
        if deprecation.name.startswith(prefix)
    ]
    return [
        under(change, old.package, new.package) for change in _once([*_announced(there, old.renamed(new.package), new)])
    ]


def _once(changes: list[Change]) -> list[Change]:
    """Leave the words alone where several arguments would become one."""
    counted = Counter((change.old, change.new) for change in changes if change.kind == "argument renamed")
    return [
        replace(change, kind="argument removed", new="", confidence="manual")
        if change.kind == "argument renamed" and counted[change.old, change.new] > 1
        else change
        for change in changes
    ]


def _announced(deprecations: list[Deprecation], old: Interface, new: Interface) -> Iterator[Change]:
    homes: dict[str, list[PublicName]] = {}
    for item in (*old.items.values(), *old.hidden.values()):
        homes.setdefault(item.home, []).append(item)
    told: set[str] = set()
    every = {*old.items, *old.hidden, *old.names}
    for deprecation in deprecations:
        module, _, name = deprecation.name.rpartition(".")
        if (
            deprecation.name not in every
            and not deprecation.argument
            and module in old.modules
            and not name.startswith("_")
        ):
            # Only a `__getattr__` of the module has it.
            homes.setdefault(deprecation.name, [PublicName(deprecation.name, deprecation.name, "attribute", module)])
        for item in homes.get(deprecation.name, ()):
            change = _argument(deprecation, item, new) if deprecation.argument else _name(deprecation, item, new)
            if change and change.name not in told:
                told.add(change.name)
                yield change
        is_gone = (
            not deprecation.argument
            and deprecation.name in old.modules
            and deprecation.name not in new.modules | new.names
        )
        if (
            is_gone
            and deprecation.name not in told
            and (there := _resolved(deprecation, deprecation.name, new.modules))
        ):
            told.add(deprecation.name)
            yield Change(
                "module moved", deprecation.name, there, "review", _evidence(deprecation), say=deprecation.text
            )


def with_deprecations(found: list[Change], by_authors: list[Change]) -> list[Change]:
    """Return what two releases show, and what the authors said: their words decide, unless the sources are sure."""
    by_name = {change.name: change for change in found}
    for change in by_authors:
        shown = by_name.get(change.name)
        if shown is None or (change.new and not (shown.new and shown.confidence == "safe")):
            by_name[change.name] = change
        else:
            evidence = f"{change.evidence}; {shown.evidence}"
            by_name[change.name] = replace(shown, say=change.say, evidence=evidence)
    return sorted(by_name.values(), key=lambda change: (change.name, change.kind))


def _name(deprecation: Deprecation, item: PublicName, new: Interface) -> Change | None:
    is_there = new.find(item.path) is not None or item.path in new.names
    if deprecation.is_alias and is_there:
        return None
    # A function cannot take the place of a class; the other way round, both are called.
    fits = [other for other in new.items.values() if item.kind != "class" or other.kind != "function"]
    known = {other.path for other in fits if other.is_member == item.is_member}
    there = _resolved(deprecation, item.path, known)
    if there and item.is_member and there.rpartition(".")[0] != item.parent:
        there = ""
    if there:
        kind: ChangeKind = "renamed" if item.is_member else "moved"
        return Change(kind, item.path, there, "review", _evidence(deprecation), say=deprecation.text)
    if not (is_there or deprecation.is_alias) and deprecation.text:
        return Change(
            "removed", item.path, "", "manual", _evidence(deprecation), say=deprecation.text, is_member=item.is_member
        )
    return None


def _argument(deprecation: Deprecation, item: PublicName, new: Interface) -> Change | None:
    there = new.find(item.path)
    taken = {parameter.name for parameter in there.parameters} if there else set()
    if there is None or deprecation.argument in taken:
        return None
    for name in filter(None, [deprecation.new, *(found.rpartition(".")[2] for found in _named_in(deprecation.text))]):
        if name in taken and name != deprecation.argument:
            return Change(
                "argument renamed",
                item.path,
                name,
                "review",
                _evidence(deprecation),
                deprecation.argument,
                say=deprecation.text,
            )
    if not deprecation.text:
        return None
    return Change(
        "argument removed", item.path, "", "manual", _evidence(deprecation), deprecation.argument, say=deprecation.text
    )


def _resolved(deprecation: Deprecation, path: str, known: Mapping[str, object] | set[str] | frozenset[str]) -> str:
    """Return the path in the new release of what the text names as the replacement; nothing if it has none."""
    around = path.split(".")
    for word in filter(None, [deprecation.new, *_named_in(deprecation.text)]):
        places = [".".join([*around[:size], word]) for size in range(len(around) - 1, 0, -1)]
        for place in (word, *places):
            if place in known and place != path:
                return place
    return ""


def _named_in(text: str) -> Iterator[str]:
    """Yield the names that a text tells to use instead."""
    for pattern in _ADVICE:
        for found in pattern.finditer(text):
            name = found["name"].strip(".")
            if name.lower() not in _NO_NAMES:
                yield name


def _evidence(deprecation: Deprecation) -> str:
    return f"{deprecation.place} says: {deprecation.text}"


def _asks(test: ast.expr, names: frozenset[str]) -> str:
    """Return the argument of which a condition asks whether it is given."""
    match test:
        case ast.Name(id=name) | ast.Compare(left=ast.Name(id=name)) if name in names:
            return name
        case ast.Compare(left=ast.Constant(value=str(name)), ops=[ast.In()], comparators=[ast.Name()]):
            return name
        case ast.BoolOp(op=ast.And(), values=[first, *_]):
            return _asks(first, names)
    return ""


def _compared(test: ast.expr, listed: Mapping[str, ast.expr]) -> Iterator[str]:
    match test:
        case ast.Compare(left=ast.Name(), ops=[ast.In()], comparators=[ast.Name(id=table)]) if table in listed:
            yield from _texts(listed[table])
        case ast.Compare(left=ast.Name(), ops=[ast.Eq()], comparators=[ast.Constant(value=str(name))]):
            yield name
        case ast.Compare(left=ast.Name(), ops=[ast.In()], comparators=[ast.Tuple(elts=parts) | ast.Set(elts=parts)]):
            yield from (part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str))


def _pairs(call: ast.Call) -> Iterator[tuple[str, str]]:
    """Yield the old and the new name of arguments that a decorator renames."""
    words = {word.arg: word.value.value for word in call.keywords if word.arg and isinstance(word.value, ast.Constant)}
    old = next((str(value) for key, value in words.items() if "old" in key and isinstance(value, str)), "")
    new = next((str(value) for key, value in words.items() if "new" in key and isinstance(value, str)), "")
    texts = [part.value for part in call.args if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    names = [text for text in texts if text.isidentifier()]
    if old and new:
        yield old, new
    elif len(names) == 2 and not old:
        yield names[0], names[1]
    elif not old and not new:
        yield from (
            (key, str(value)) for key, value in words.items() if isinstance(value, str) and value.isidentifier()
        )


def _parameter_above(doc: str, margin: int) -> str:
    """Return the parameter that stands above, indented less than what is said of it; else nothing."""
    for line in reversed(doc.split("\n")):
        if line.strip() and len(line) - len(line.lstrip()) < margin:
            found = _PARAMETER.match(line)
            return found["name"] if found else ""
    return ""


def _words(call: ast.Call) -> list[str]:
    """Return the texts that a deprecation is given, and in words what it names as the replacement."""
    replacing = [word for word in call.keywords if word.arg and _IN_PLACE.fullmatch(word.arg)]
    rest = [part for part in (*call.args, *call.keywords) if part not in replacing]
    named = [text for word in replacing for text in _texts(word.value)]
    # What is called with arguments of its own is no other name.
    told = [f"use {text} instead" if _BARE.fullmatch(text) else text for text in named]
    return [*(text for part in rest for text in _texts(part)), *told]


def _texts(node: ast.AST) -> list[str]:
    """Return the texts in an expression; what is put into one stands as an ellipsis."""
    found = []
    for part in ast.walk(node):
        if isinstance(part, ast.JoinedStr):
            pieces = (str(item.value) if isinstance(item, ast.Constant) else "…" for item in part.values)
            found.append("".join(pieces))
        elif isinstance(part, ast.Constant) and isinstance(part.value, str):
            found.append(part.value)
    inside = {id(item) for part in ast.walk(node) if isinstance(part, ast.JoinedStr) for item in part.values}
    plain = [part for part in ast.walk(node) if isinstance(part, ast.Constant) and id(part) not in inside]
    if len(plain) < len(found):
        found = [text for text in found if "…" in text or any(text == literal.value for literal in plain)]
    return found


def _imports(module: str, tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            base = module.split(".")
            start = ".".join(base[: len(base) - node.level + 1]) if node.level else ""
            home = ".".join(filter(None, [start, node.module or ""]))
            yield from ((bound_by(node, alias), f"{home}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.asname, alias.name) for alias in node.names if alias.asname)
