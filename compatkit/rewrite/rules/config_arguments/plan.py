"""Turn a v1 call into names and values of v2, or say why a person has to decide."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from compatkit.migration import Argument, Config, Preset, Scalar

_MISSING = object()

_SPREAD = "it is given `*args` or `**kwargs`, whose contents are not known here"
# What evaluates to the same, and does nothing else, whenever it is evaluated.
_QUIET = (ast.Constant, ast.Name, ast.Attribute, ast.Load, ast.UnaryOp, ast.BinOp, ast.operator, ast.unaryop)
Reason: TypeAlias = str


def fitting_preset(config: Config, given: Mapping[str, ast.expr]) -> Preset | None:
    """Return the preset that agrees with a call in every setting by which presets differ, or None.

    `given` are the call's settings, by dotted path; for what is not given, the declared default counts.

    >>> from compatkit.migration import Setting
    >>> small = Preset("small", (Setting("epochs", 20),))
    >>> fitting_preset(Config("m.Old", "m.Config", presets=(small,)), {"epochs": ast.Constant(20)}).name
    'small'
    """
    fitting = [preset for preset in config.presets if _fits(config, preset, given)]
    return fitting[0] if len(fitting) == 1 else None


def preset_paths(config: Config) -> frozenset[str]:
    """Return the settings by which presets differ from each other and from the defaults."""
    return frozenset(path for preset in config.presets for path, _ in preset.settings)


def _fits(config: Config, preset: Preset, given: Mapping[str, ast.expr]) -> bool:
    defaults: dict[str, object] = dict(config.defaults)
    wanted = {**defaults, **dict(preset.settings)}
    paths = preset_paths(config)
    if not any(path in given for path, _ in preset.settings):
        return False
    return all(
        _is_same(_literal(given[path]) if path in given else defaults.get(path, _MISSING), wanted.get(path, _MISSING))
        for path in paths
    )


def _literal(node: ast.expr) -> object:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return object()


def _is_same(one: object, other: object) -> bool:
    # 64 and 64.0 are logged as different params.
    return type(one) is type(other) and isinstance(one, Scalar) and one == other


@dataclass(frozen=True, slots=True)
class Callable:
    """Something that took declared arguments: its new dotted name, and what the migration says of it."""

    name: str
    rows: tuple[Argument, ...]
    config: Config | None


@dataclass(frozen=True, slots=True)
class CallSite:
    """A call of something that took declared arguments; `is_config`: its first argument is known to be one."""

    call: ast.Call
    subject: Callable
    code: str
    is_config: bool = False


@dataclass(frozen=True, slots=True)
class GivenArguments:
    """An argument of the call, at its place among all of them; without a row it is none of the declared ones."""

    index: int
    value: ast.expr
    row: Argument | None
    by_name: bool = False


@dataclass(frozen=True, slots=True)
class ArgumentPlan:
    """The arguments that go into the configuration, or that are not in the preset; and those that stay.

    `names` are the local names of the configuration's classes, None for one that is taken.
    """

    config: Config
    settings: tuple[GivenArguments, ...]
    kept: tuple[GivenArguments, ...]
    preset: str = ""
    dropped: tuple[GivenArguments, ...] = ()
    names: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def sections(self) -> tuple[str, ...]:
        """The dotted paths of the sections that have settings."""
        paths = [given.row.v2.split(".")[:-1] for given in self.settings if given.row]
        return tuple(sorted({".".join(path[:end]) for path in paths for end in range(1, len(path) + 1)}))


def given_arguments(call: ast.Call, rows: Sequence[Argument]) -> list[GivenArguments]:
    """Return a call's arguments in the order of the text, which is that of evaluation."""
    by_position = {row.position: row for row in rows if row.position is not None}
    by_name = {row.v1: row for row in rows}
    found = [(arg, by_position.get(at), False) for at, arg in enumerate(call.args)]
    found += [(word.value, by_name.get(word.arg or ""), True) for word in call.keywords]
    # A keyword may stand before `*args`.
    found.sort(key=lambda item: (item[0].lineno, item[0].col_offset))
    return [GivenArguments(index, *item) for index, item in enumerate(found)]


def plan_arguments(site: CallSite, *, may_preset: bool) -> ArgumentPlan | Reason | None:
    """Plan a call; None where there is nothing to do."""
    call, subject, config = site.call, site.subject, site.subject.config
    names = {word.arg for word in call.keywords}
    if config is not None and names & {config.argument, config.preset_argument or config.argument}:
        return None
    if any(isinstance(arg, ast.Starred) for arg in call.args) or None in names:
        return _SPREAD
    given = given_arguments(call, subject.rows)
    declared = tuple(item for item in given if item.row is not None)
    if site.is_config or (not declared and not call.args):
        return None
    if config is None:
        return "the migration declares no [[configs]] for it"
    if reason := _doubt(call, subject, declared):
        return reason
    rest = tuple(item for item in given if item.row is None)
    settings = {item.row.v2: item.value for item in declared if item.row}
    if may_preset and (preset := fitting_preset(config, settings)) is not None:
        inside = preset_paths(config)
        dropped = tuple(item for item in declared if item.row and item.row.v2 in inside)
        return ArgumentPlan(config, tuple(item for item in declared if item not in dropped), rest, preset.name, dropped)
    planned = ArgumentPlan(config, declared, rest)
    return planned if _keeps_order(planned) else "reordering its arguments would change the order of their side effects"


def _doubt(call: ast.Call, subject: Callable, declared: Sequence[GivenArguments]) -> Reason:
    positions = [row for row in subject.rows if row.position is not None]
    if len(call.args) > len(positions):
        return f"it has {len(call.args)} positional arguments, of which the migration declares {len(positions)}"
    paths = [item.row.v2 for item in declared if item.row]
    if twice := sorted({path for path in paths if paths.count(path) > 1}):
        return f"{twice[0]} is given twice"
    if call.args and not _is_plain(call.args[0]):
        return "its first argument may be a configuration already"
    return ""


def _is_plain(node: ast.expr) -> bool:
    """Tell whether an expression is surely text or a number."""
    match node:
        case ast.Constant(value=value):
            return value is not None
        case ast.JoinedStr():
            return True
        case ast.BinOp(left=left, op=ast.Add() | ast.Mod(), right=right):
            return any(isinstance(part, ast.JoinedStr) or _is_text(part) for part in (left, right)) or _is_plain(left)
    return False


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _keeps_order(planned: ArgumentPlan) -> bool:
    """Tell whether arguments that do something when they are evaluated keep their order."""
    before = sorted([*planned.settings, *planned.kept], key=lambda item: item.index)
    after = [*_grouped(planned.settings), *planned.kept]
    if before == after:
        return True
    if any(_binds(item.value) for item in before):
        return False
    return [i for i in before if not _is_quiet(i.value)] == [i for i in after if not _is_quiet(i.value)]


def _grouped(settings: Sequence[GivenArguments], prefix: str = "") -> Iterator[GivenArguments]:
    """Yield the settings in the order in which the nested call evaluates them."""
    done: set[str] = set()
    for item in settings:
        assert item.row is not None
        if not item.row.v2.startswith(prefix):
            continue
        name, _, rest = item.row.v2[len(prefix) :].partition(".")
        if not rest:
            yield item
        elif name not in done:
            done.add(name)
            yield from _grouped(settings, f"{prefix}{name}.")


def _binds(node: ast.expr) -> bool:
    return any(isinstance(part, ast.NamedExpr | ast.Await | ast.Yield | ast.YieldFrom) for part in ast.walk(node))


def _is_quiet(node: ast.expr) -> bool:
    return all(isinstance(part, _QUIET) for part in ast.walk(node))
