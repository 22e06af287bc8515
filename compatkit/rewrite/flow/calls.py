"""Evaluate calls: the value that each returns, and its effects on the containers that it receives."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from functools import reduce

from compatkit.migration import Item
from compatkit.rewrite.flow.between_files import Found, plain_names
from compatkit.rewrite.flow.classes import keeps_keywords
from compatkit.rewrite.flow.containers import Containers
from compatkit.rewrite.flow.declared_names import DeclaredNames
from compatkit.rewrite.flow.flow_facts import FlowFacts, Key
from compatkit.rewrite.flow.handed import call_result_of, value_of
from compatkit.rewrite.flow.library_calls import Evaluating, LibraryCalls, text_at
from compatkit.rewrite.flow.method_names import ANY, KEEPING_METHODS, PUTTING, READING_METHODS, SAYING_NOTHING
from compatkit.rewrite.flow.mocks import configured, doubles, handed_out, mock_of, stand_ins
from compatkit.rewrite.flow.open_names import pattern_of
from compatkit.rewrite.flow.scope_frames import Frame
from compatkit.rewrite.flow.values import (
    BOTTOM,
    TOP,
    DictValue,
    ForeignDefinition,
    Getter,
    Instance,
    IterableValue,
    Local,
    Method,
    Mock,
    Named,
    Namespace,
    RecordValue,
    Special,
    TupleValue,
    Value,
    dotted_names_in,
    doubtful,
    element,
    join,
    join_all,
    many,
    take,
)

# Libraries of which it is known what their functions give.
_FOLLOWED = frozenset({"builtins", "copy", "collections", "itertools"})
_SAME = frozenset(
    {"asyncio.create_task", "asyncio.ensure_future", "asyncio.run", "asyncio.shield", "asyncio.wait_for"}
    | {"builtins.staticmethod", "copy.copy", "copy.deepcopy", "copy.replace", "dataclasses.replace"}
    | {"enum.member", "enum.nonmember", "functools.cache", "functools.lru_cache"}
)
# Libraries, and methods of objects that are not known, that read what they are given, and leave it as it is.
_READING = frozenset(
    {"click", "compatkit", "csv", "functools", "json", "logging", "math", "matplotlib", "mlflow", "numpy", "operator"}
    | {"pandas", "pickle", "plotly", "polars", "pprint", "rich", "seaborn", "statistics", "torch", "typer", "wandb"}
    | {"yaml"}
)
# Those that only put it away.
_KEEPING = frozenset({"functools", "operator", "pickle", "threading", "typing"})
# Classes whose objects hold what the mappings hold that these are made of.
_MAPPINGS = frozenset(
    {"collections.ChainMap", "collections.OrderedDict", "collections.UserDict", "collections.defaultdict"}
    | {"types.MappingProxyType"}
)
# Methods that run a function later, and give what will tell its result.
_STARTING = frozenset({"apply_async", "submit"})
# Those of `contextlib.ExitStack`.
_ENTERING = frozenset({"enter_async_context", "enter_context"})
_LOADING = frozenset({"importlib.import_module", "importlib.util.module_from_spec", "runpy.run_path"})
_DUMPING = frozenset({"json.dump", "json.dumps"})
# Base classes that take a mapping for what they hold.
_OF_DICTS = frozenset({"builtins.dict", "collections.OrderedDict", "collections.UserDict"})
_BELOW = ".__subclasses__"
# Functions that give back nothing of what they look at.
_LOOKING = frozenset(
    f"builtins.{name}"
    for name in ("bool", "format", "getattr", "hasattr", "hash", "id", "isinstance", "len", "print", "repr", "str")
) | {"inspect.getfullargspec", "inspect.signature", "typing.get_type_hints"}
# Those that give all attributes of an object, or their names.
_LISTING = frozenset(
    {"attr.asdict", "attr.astuple", "attrs.asdict", "attrs.astuple", "builtins.dir", "dataclasses.asdict"}
    | {"dataclasses.astuple", "dataclasses.fields", "inspect.getmembers"}
)


class Calls:
    """Evaluates calls."""

    def __init__(self, known: DeclaredNames, facts: FlowFacts, expressions: Evaluating) -> None:
        self._known = known
        self._facts = facts
        self._expressions = expressions
        self.containers = Containers(facts, expressions.name)
        self.library = LibraryCalls(known, facts, expressions)

    def value(self, node: ast.Call, found: Found, frame: Frame) -> Value:
        """Return the value of a call, and note the values that escape through it."""
        made, callee = self._called(node, found, frame), found[node.func]
        if self._expressions.classes.asks_another(made) and (named := self._given_by_name(node, found)) is not TOP:
            return named
        is_looked_at = isinstance(callee, Named) and callee.name in _LOOKING
        if (made is TOP or isinstance(made, Instance)) and not is_looked_at:
            for arg in (*node.args, *(word.value for word in node.keywords)):
                self._lose(found.get(arg, TOP), node.lineno)
        return made

    def _lose(self, value: Value, line: int) -> None:
        if value is TOP:
            return
        self._facts.lose(value, line)
        if isinstance(value, Named) and (producer := self._known.producers.get(value.name)):
            self._facts.lost_records.setdefault(producer[0], line)

    def _called(self, node: ast.Call, found: Found, frame: Frame) -> Value:
        callee = found[node.func]
        self._facts.call(node, callee)
        self.containers.grow(node, found, frame)
        given = [found[arg] for arg in node.args]
        if given:
            self._facts.first[node] = join(self._facts.first.get(node, BOTTOM), given[0])
            self._list(node, callee, given[0])
        match self._expressions.bound_to(node.func):
            case ast.Call(args=[ast.Constant(value=str(path))], func=getter) if given and _is_attrgetter(
                found.get(getter)
            ):
                # What `attrgetter("a.b")` makes, called on the spot or by the name that it has here.
                return reduce(self._expressions.lookups.attribute, path.split("."), given[0])
        match callee:
            case Special.TOP if isinstance(node.func, ast.Attribute) and node.func.attr == "__new__":
                return self._expressions.classes.made_by_meta(frame.enclosing_class)
            case Special.BOTTOM:
                return BOTTOM
            case Named():
                return self._named(callee, node, given, found, frame)
            case Instance():
                if callee.far is not None:
                    self._expressions.between.send(f"{callee.far.names[0]}()", node, found)
                if (made := self._expressions.classes.called(callee, "__call__")) is not TOP:
                    return made
            case Method(of=of, name=name):
                return self._method(of, name, node, given, found, frame)
            case Local(node=made):
                return self._local(made, node, given, found)
            case ForeignDefinition(handed=handed):
                init = ".__init__" if handed.kind == "class" else ""
                self._expressions.between.send(f"{handed.names[0]}{init}", node, found)
                self._expressions.between.call_back_all(node.func, node, found)
                return call_result_of(handed)
        return self._unseen(node, callee, found, frame)

    def _named(self, callee: Named, node: ast.Call, given: list[Value], found: Found, frame: Frame) -> Value:
        """Return the value of a call whose callee has a dotted name."""
        name, known = callee.name, self._known
        if declared := next((name for name in callee.names if name in known.producers or name in known.classes), ""):
            return self._declared(replace(callee, name=declared, others=frozenset()), node)
        if known.configs & {name, owner := name.rpartition(".")[0]}:
            return Instance(name if name in known.configs else owner, callee.sure)
        if returned := next(filter(None, (known.types.get(f"{name}()") for name in callee.names)), ""):
            return Instance(returned, callee.sure)
        if not callee.how and name.endswith(_BELOW) and name[: -len(_BELOW)] in known.classes:
            return many(Named(name.removesuffix(_BELOW), sure=False, how="type"))
        match name:
            case "functools.partial" | "functools.partialmethod" if given and isinstance(made := given[0], Named):
                self._facts.partials[node] = made
                return Named(made.name, made.sure, "partial", made.origins)
            case "operator.itemgetter":
                return Getter(node, tuple(node.args))
            case _ if name in _SAME and given:
                return given[0]
            case _ if name in _MAPPINGS:
                tables = [value for value in given if isinstance(value, DictValue)]
                return join_all(tables, TOP)
            case _ if name.partition(".")[0] in _FOLLOWED:
                return self.library.value(name, node, given, found, frame)
            case "types.new_class" if len(given) > 1:
                return self.library.made_class(node, given[1])
            case "typing.cast" if len(given) == 2:
                return given[1]
            case "asyncio.gather":
                pairs = zip(node.args, given, strict=True)
                return many(join_all(element(value) if isinstance(arg, ast.Starred) else value for arg, value in pairs))
            case "asyncio.to_thread" if given:
                return self._result_of(given[0])
            case "operator.methodcaller" if method := text_at(node):
                for number, arg in enumerate(node.args[1:]):
                    self._expressions.between.note_sent(f"{ANY}.{method}:{number}", found[arg])
            case "inspect.get_annotations" | "typing.get_type_hints" if given:
                hints = self._expressions.lookups.hints_of(given[0])
                return self._unseen(node, callee, found, frame) if hints is TOP else hints
            case "dataclasses.fields" | "inspect.signature" if given:
                asked = node.args[0]
                of = asked.value if isinstance(asked, ast.Attribute) and asked.attr == "__init__" else asked
                made = self.library.signature(node, self._expressions.lookups.hints_of(found.get(of, TOP)), found)
                known_types = many(made) if name == "dataclasses.fields" else made
                return self._unseen(node, callee, found, frame) if made is TOP else known_types
            case "argparse.Namespace" | "threading.local" | "types.ModuleType" | "types.SimpleNamespace":
                return self.library.namespace(node, found)
            case _ if name in _LOADING and node.args:
                return self._expressions.lookups.loaded(node, found)
            case "inspect.getmembers" if given and isinstance(given[0], Named | Namespace):
                return many(TupleValue((TOP, self._expressions.lookups.anything_in(given[0]))))
        return self._unseen(node, callee, found, frame)

    def _unseen(self, node: ast.Call, callee: Value, found: Found, frame: Frame) -> Value:
        """Note the values that a call passes to code outside this file; return a mock, if it makes one."""
        between = self._expressions.between
        inner = found.get(node.func.func, TOP) if isinstance(node.func, ast.Call) else TOP
        for of, ending in ((callee, ""), (inner, "()")):
            for one in of.names if isinstance(of, Named) else ():
                if not self._known.reaches(one):
                    between.send(f"{one}{ending}", node, found)
        between.call_back_all(node.func, node, found)
        self._put_in(node, found)
        if callee is TOP and (parsed := self.library.parsed(node, found, self._result_of)) is not TOP:
            return parsed
        if callee is TOP:
            method = node.func.attr if isinstance(node.func, ast.Attribute) else self._asked_by_name(node.func)
            if made := self._expressions.made_by(node.func):
                between.send(f"{made}()", node, found)
            if method not in SAYING_NOTHING:
                between.send(f"{ANY}.{method}" if method else f"{_outermost(frame)}.{ANY}", node, found)
        self.containers.escape([found[arg] for arg in node.args])
        for arg in (*node.args, *(word.value for word in node.keywords if word.arg)):
            value = found[arg]
            if self._known.objects and not _only_keeps(node.func, callee):
                self._facts.hand_out(arg, value, self._known.objects)
            if isinstance(value, RecordValue | IterableValue | DictValue) and not _only_reads(node.func, callee):
                self.containers.doubt(value, frame)
        mock = self._patched(node, callee, found) if self._known.producers else TOP
        return self._given_by_name(node, found) if mock is TOP else mock

    def _put_in(self, node: ast.Call, found: Found) -> None:
        """Note the values that a method of another file's table or list puts into it."""
        match node.func:
            case ast.Attribute(value=container, attr="update"):
                put = [value for _, value in _updated(node)]
            case ast.Attribute(value=container, attr=method) if method in PUTTING:
                put = node.args[-1:]
            case _:
                return
        of = found.get(container, TOP)
        for name in of.names if isinstance(of, Named) and not of.how else ():
            for value in put if not self._known.reaches(name) else ():
                self._expressions.between.note_sent(f"{name}[]:=", found.get(value, TOP))

    def _result_of(self, function: Value) -> Value:
        """Return the value of a later call of a function."""
        match function:
            case Named() if made := next((name for name in function.names if name in self._known.classes), ""):
                return Instance(made, sure=False)
            case Named() if made := next(filter(None, (self._known.types.get(f"{n}()") for n in function.names)), ""):
                return Instance(made, sure=False)
            case Local(node=node):
                return doubtful(self._facts.result_of(node))
            case ForeignDefinition(handed=handed):
                return call_result_of(handed)
        return TOP

    def _given_by_name(self, node: ast.Call, found: Found) -> Value:
        """Return what a call may give for the name of a module, or what methods of this name give in other files."""
        method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        if (handed := self._known.sent.get(f"{ANY}.{method}():=") if method else None) is not None:
            return doubtful(value_of(handed))
        if method in _ENTERING and node.args:
            return self._expressions.lookups.entered(found[node.args[0]], is_async=method.startswith("enter_async"))
        if method in _STARTING and node.args:
            return many(self._result_of(found[node.args[0]]))
        for arg in node.args[:1]:
            match arg:
                case ast.Constant(value=str(text)) if self._known.holds(text):
                    return Named(text, sure=False)
        return TOP

    def _asked_by_name(self, function: ast.expr) -> str:
        """Return the method that `getattr(hook, "on_step")` reads, or `on_*` for `getattr(hook, f"on_{name}")`."""
        match self._expressions.bound_to(function):
            case ast.Call(func=ast.Name(id="getattr"), args=[_, asked, *_]):
                name = pattern_of(asked, {}, self._expressions.home)
                return name if len(name.strip("*_")) > 1 else ""
        return ""

    def _list(self, node: ast.Call, callee: Value, first: Value) -> None:
        """Note that all attributes of an object are listed, as for JSON by a function that makes a dict of it."""
        has_default = any(word.arg == "default" for word in node.keywords)
        if not isinstance(callee, Named) or callee.name not in _LISTING | (_DUMPING if has_default else frozenset()):
            return
        owners = (
            dotted_names_in(first) if callee.name in _DUMPING else [first.of] if isinstance(first, Instance) else []
        )
        self._facts.listed.update((node, owner) for owner in owners if owner in self._known.classes)

    def _patched(self, node: ast.Call, callee: Value, found: Found) -> Value:
        for key, held in doubles(node, callee, found, self._known, self._expressions.written):
            self._facts.stand_ins[key] = join(self._facts.stand_ins.get(key, BOTTOM), held)
        mock = mock_of(node, callee, found, self._known)
        for key, held in configured(mock, node, self._known, self._expressions.written):
            self._facts.stand_ins[key] = join(self._facts.stand_ins.get(key, BOTTOM), held)
        return mock

    def hand_out(self, owner: Value, name: str, given: ast.expr, value: Value) -> None:
        """Note the plain dicts that a mock returns from now on, or a double that replaces a producer."""
        found: Iterator[tuple[Key, RecordValue]] = iter(())
        if not self._known.producers:
            return
        if isinstance(owner, Mock):
            found = stand_ins(owner, name, given, self._known, self._expressions.written)
        elif isinstance(owner, Named) and isinstance(
            replaced := self._expressions.lookups.attribute(owner, name), Named
        ):
            found = handed_out(Mock(replaced.name, sure=False), given, value, self._known, self._expressions.written)
        for key, held in found:
            self._facts.stand_ins[key] = join(self._facts.stand_ins.get(key, BOTTOM), held)

    def _declared(self, callee: Named, node: ast.Call) -> Value:
        if (producer := self._known.producers.get(callee.name)) is None:
            return Instance(callee.name, callee.sure)
        table, paths = producer
        return RecordValue(paths, table, callee.sure, frozenset({node}))

    def _local(
        self,
        made: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef,
        node: ast.Call,
        given: list[Value],
        found: Found,
    ) -> Value:
        if isinstance(made, ast.ClassDef):
            self._fill_fields(made, node, found)
            self.containers.made(made, given)
            for arg in node.args if _OF_DICTS.intersection(self._facts.far_bases.get(made, ())) else ():
                self._facts.hand_out(arg, found[arg], self._known.objects)
            for owner in (made, *self._facts.ancestors.get(made, ()))[::-1]:
                for word in node.keywords if keeps_keywords(owner) else ():
                    self._facts.goes_on(self._facts.attributes, made, word.arg or "", found[word.value])
                for init in (item for item in owner.body if isinstance(item, ast.FunctionDef)):
                    arriving = _arriving(init, node, given, found) if init.name == "__init__" else ()
                    for name, value in arriving:
                        self._facts.goes_on(self._facts.arguments, init, name, value)
            return Instance(self._facts.bases.get(made, ""), sure=False, local=made)
        for name, value in _arriving(made, node, given, found, is_method=made in self._facts.methods):
            self._facts.goes_on(self._facts.arguments, made, name, value)
        self.containers.escape(given)
        return self._facts.result_of(made)

    def _fill_fields(self, made: ast.ClassDef, node: ast.Call, found: Found) -> None:
        """Note the field values of a class without an `__init__` of its own, such as a dataclass or named tuple."""
        owners = (*self._facts.ancestors.get(made, ())[::-1], made)
        body = [item for owner in owners for item in owner.body]
        if any(isinstance(item, ast.FunctionDef) and item.name in ("__init__", "__new__") for item in body):
            return
        fields = [
            item.target.id for item in body if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)
        ]
        given = [*zip(fields, node.args, strict=False), *((word.arg or "", word.value) for word in node.keywords)]
        is_dict = _OF_DICTS.intersection(self._facts.far_bases.get(made, ()))
        for name, value in given if fields or is_dict else ():
            self._facts.goes_on(self._facts.attributes, made, name, found[value])

    def _method(self, of: Value, name: str, node: ast.Call, given: list[Value], found: Found, frame: Frame) -> Value:
        match of:
            case RecordValue() | IterableValue() if name == "sort" and element(of) is not TOP:
                for word in node.keywords:
                    if word.arg == "key":
                        self.library.apply(node, found[word.value], element(of), frame)
            case RecordValue() | IterableValue() | DictValue():
                return self.containers.method(of, name, node, given, frame)
            case Namespace() if name in ("get", "pop", "setdefault", "__getitem__"):
                return self._expressions.lookups.by_name(of, text_at(node))
            case Namespace(of=owner) if name == "update" and owner is not None:
                for key, value in _updated(node):
                    self.library.set_attribute(owner, key, found.get(value, TOP))
            case Namespace() if name in ("items", "values"):
                every = self._expressions.lookups.anything_in(of)
                return many(every if name == "values" else TupleValue((TOP, every)))
        return TOP


def _is_attrgetter(value: Value | None) -> bool:
    return isinstance(value, Named) and value.name == "operator.attrgetter"


def _updated(node: ast.Call) -> Iterator[tuple[str, ast.expr]]:
    """Yield the names that a call of `update` sets, each with its value."""
    yield from ((word.arg, word.value) for word in node.keywords if word.arg)
    for display in node.args:
        if isinstance(display, ast.Dict):
            pairs = zip(display.keys, display.values, strict=True)
            yield from ((str(key.value), value) for key, value in pairs if isinstance(key, ast.Constant))


def _only_reads(function: ast.expr, callee: Value) -> bool:
    """Tell whether the callee is known not to change its arguments."""
    if isinstance(callee, Named):
        return callee.name.partition(".")[0] in _READING
    if isinstance(callee, Mock):
        return True
    return isinstance(function, ast.Attribute) and (
        function.attr in READING_METHODS or function.attr.startswith(("assert", "log_"))
    )


def _only_keeps(function: ast.expr, callee: Value) -> bool:
    """Tell whether the callee only stores or compares its arguments, and reads nothing from them."""
    if isinstance(callee, Mock):
        return True
    if isinstance(callee, Named) and callee.name.partition(".")[0] in _KEEPING:
        return True
    return isinstance(function, ast.Attribute) and (
        function.attr in KEEPING_METHODS or function.attr.startswith("assert")
    )


def _outermost(frame: Frame) -> str:
    """Return the name of the function or class of the module in which a frame is."""
    while frame.parent is not None and frame.parent.parent is not None:
        frame = frame.parent
    return getattr(frame.node, "name", "")


def _arriving(
    function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda,
    node: ast.Call,
    given: list[Value],
    found: Found,
    *,
    is_method: bool = True,
) -> Iterator[tuple[str, Value]]:
    """Yield the parameters of a function of this file that a call fills, each with its value."""
    args = function.args
    plain = plain_names(args, is_method=is_method)
    is_spread = False
    for at, (arg, value) in enumerate(zip(node.args, given, strict=True)):
        is_spread = is_spread or isinstance(arg, ast.Starred)
        item = element(value) if isinstance(arg, ast.Starred) else value
        # What a spread brings, and what comes after it, may arrive anywhere from here on.
        yield from ((name, item) for name in (plain[at:] if is_spread else plain[at : at + 1]))
        if args.vararg and (is_spread or at >= len(plain)):
            yield args.vararg.arg, many(item)
    named = {*plain, *(arg.arg for arg in args.kwonlyargs)}
    for word in node.keywords:
        value = found[word.value]
        if word.arg in named:
            yield str(word.arg), value
            continue
        if word.arg is None:
            if isinstance(value, RecordValue):
                yield from ((name, take(value, Item(name))) for name in named)
            value = value.item if isinstance(value, DictValue) else TOP
            yield from ((name, value) for name in named)
        if args.kwarg and many(value) is not TOP:
            yield args.kwarg.arg, DictValue(value)
