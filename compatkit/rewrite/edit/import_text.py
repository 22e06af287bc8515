"""From-imports as text: what one becomes, and those that are spelled so plainly that no parser is needed to say it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from compatkit.rewrite.edit.import_plan import Name, Plan


@dataclass(frozen=True, slots=True)
class SplitOff:
    """An import statement of its own, and the comment that belongs to its name."""

    statement: str
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Regenerated:
    """The remaining statement, and the statements that were split off from it, in order."""

    statement: str
    split: tuple[SplitOff, ...] = ()


def respell(text: str, node: ast.ImportFrom, plan: Plan) -> Regenerated | None:
    """Rewrite a statement that is written as `ast.unparse` would: on one line, without a comment or a parenthesis.

    Returns None for any other, and for a star.
    """
    names = [(alias.name, alias.asname) for alias in node.names]
    if node.names[0].name == "*":
        return None
    is_plain = text == _spell("." * node.level + (node.module or ""), names)
    # LibCST cannot make another kind of statement of it; without a comment, nothing is lost.
    if not is_plain and not (plan.target.is_bare and "#" not in text):
        return None
    return Regenerated(_statement(plan.kept), split_off(plan.split))


def split_off(names: Iterable[Name], comments: Mapping[int, str] = MappingProxyType({})) -> tuple[SplitOff, ...]:
    """Group neighbours that share their new module; a name with a comment stands alone, so that both stay together."""
    groups: list[list[Name]] = []
    for name in names:
        last = groups[-1] if groups else []
        is_commented = any(comments.get(each.index) for each in (name, *last[-1:]))
        if last and last[0].target == name.target and not is_commented:
            last.append(name)
        else:
            groups.append([name])
    return tuple(SplitOff(_statement(group), comments.get(group[0].index, "")) for group in groups)


def _statement(names: Sequence[Name]) -> str:
    return _spell(str(names[0].target), [(name.name, name.asname) for name in names])


def _spell(module: str, names: Iterable[tuple[str, str | None]]) -> str:
    listed = ", ".join(f"{name} as {local}" if local else name for name, local in names)
    return f"from {module} import {listed}" if module else f"import {listed}"
