"""Rewrite the text of one import statement; only this module uses LibCST.

LibCST sees single statements, never files: whole files cost ten times as much and can exceed its recursion limit.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import libcst as cst

from compatkit.rewrite.edit.import_plan import Name, Plan, Regenerated, Target, split_off

_COMMENT = re.compile(r"#[^\n]*")
_Gap = cst.BaseParenthesizableWhitespace


def regenerate(text: str, plan: Plan, *, comments_may_move: bool) -> Regenerated | None:
    """Rewrite the text of one from-import, whose newlines are all `\\n`.

    Returns None where the statement cannot be regenerated without losing something.
    """
    node = _parse(text)
    if node is None:
        return None
    if isinstance(node.names, cst.ImportStar):
        return Regenerated(_render(_with_target(node, plan.target)))
    names, comments = _Names.read(node), {}
    for name in sorted(plan.split, key=lambda name: -name.index):
        comments[name.index] = names.remove(name.index, take_comment=comments_may_move)
    renamed = {name.index: name for name in plan.kept}
    node = names.write(node, [_renamed(alias, renamed[index]) for index, alias in names.aliases])
    result = Regenerated(_render(_with_target(node, plan.target)), split_off(plan.split, comments))
    return result if _comments(text) == _comments(result.statement, *(part.comment for part in result.split)) else None


def _parse(text: str) -> cst.ImportFrom | None:
    try:
        line = cst.parse_statement(text)
    except (cst.ParserSyntaxError, RecursionError):
        return None
    if not isinstance(line, cst.SimpleStatementLine) or not isinstance(line.body[0], cst.ImportFrom):
        return None
    return line.body[0] if _render(line.body[0]) == text else None


class _Names:
    """The aliases of a statement and the gaps around them: gap `i` lies before alias `i`, the last one at the end."""

    def __init__(self, aliases: list[tuple[int, cst.ImportAlias]], gaps: list[_Gap], *, trailing: bool) -> None:
        self.aliases = aliases
        self.gaps = gaps
        self.trailing = trailing

    @classmethod
    def read(cls, node: cst.ImportFrom) -> _Names:
        assert not isinstance(node.names, cst.ImportStar)
        commas = [alias.comma for alias in node.names]
        first: _Gap = node.lpar.whitespace_after if node.lpar else node.whitespace_after_import
        gaps = [first, *(comma.whitespace_after for comma in commas if isinstance(comma, cst.Comma))]
        if len(gaps) == len(commas):
            gaps.append(node.rpar.whitespace_before if node.rpar else cst.SimpleWhitespace(""))
        return cls(list(enumerate(node.names)), gaps, trailing=isinstance(commas[-1], cst.Comma))

    def remove(self, index: int, *, take_comment: bool) -> str:
        """Take out an alias; return the comment that stood alone with it on its line."""
        at = next(at for at, (original, _) in enumerate(self.aliases) if original == index)
        before, after = self.gaps[at], self.gaps[at + 1]
        comment = ""
        if isinstance(before, cst.ParenthesizedWhitespace) and isinstance(after, cst.ParenthesizedWhitespace):
            if take_comment and after.first_line.comment is not None:
                comment = after.first_line.comment.value
                after = after.with_deep_changes(after.first_line, comment=None)
            merged: _Gap = _merge(before, after)
        elif isinstance(after, cst.ParenthesizedWhitespace) or at == len(self.aliases) - 1:
            merged = after
        else:
            merged = before
        del self.aliases[at]
        self.gaps[at : at + 2] = [merged]
        return comment

    def write(self, node: cst.ImportFrom, aliases: Sequence[cst.ImportAlias]) -> cst.ImportFrom:
        """Put the aliases back, with the gaps that are left."""
        done = [self._with_comma(alias, at) for at, alias in enumerate(aliases)]
        if node.lpar is None or node.rpar is None:
            assert isinstance(self.gaps[0], cst.SimpleWhitespace)
            return node.with_changes(names=done, whitespace_after_import=self.gaps[0])
        lpar = node.lpar.with_changes(whitespace_after=self.gaps[0])
        rpar = node.rpar if self.trailing else node.rpar.with_changes(whitespace_before=self.gaps[-1])
        return node.with_changes(names=done, lpar=lpar, rpar=rpar)

    def _with_comma(self, alias: cst.ImportAlias, at: int) -> cst.ImportAlias:
        if at == len(self.aliases) - 1 and not self.trailing:
            return alias.with_changes(comma=cst.MaybeSentinel.DEFAULT)
        comma = alias.comma if isinstance(alias.comma, cst.Comma) else cst.Comma()
        return alias.with_changes(comma=comma.with_changes(whitespace_after=self.gaps[at + 1]))


def _merge(before: cst.ParenthesizedWhitespace, after: cst.ParenthesizedWhitespace) -> _Gap:
    """Join the gaps around a removed line: the comment of the line above, then all that stood on lines of its own."""
    lines = [*before.empty_lines, *after.empty_lines]
    if after.first_line.comment is not None:
        lines.insert(
            len(before.empty_lines), cst.EmptyLine(whitespace=before.last_line, comment=after.first_line.comment)
        )
    return after.with_changes(first_line=before.first_line, empty_lines=lines)


def _renamed(alias: cst.ImportAlias, name: Name) -> cst.ImportAlias:
    if isinstance(alias.name, cst.Name) and alias.name.value == name.name:
        return alias
    if alias.asname is None and name.asname is not None:
        alias = alias.with_changes(asname=cst.AsName(cst.Name(name.asname)))
    return alias.with_changes(name=cst.Name(name.name))


def _with_target(node: cst.ImportFrom, target: Target) -> cst.ImportFrom:
    if (len(node.relative), _dotted(node.module)) == (target.level, target.module):
        return node
    # Only a dot may touch `from` or `import`, as in `from.import x`.
    space = cst.SimpleWhitespace(" ")
    opens_tight = target.level > 0 or bool(node.whitespace_after_from.value)
    closes_tight = not target.module or bool(node.whitespace_before_import.value)
    return node.with_changes(
        relative=node.relative[: target.level],
        module=cst.parse_expression(target.module) if target.module else None,
        whitespace_after_from=node.whitespace_after_from if opens_tight else space,
        whitespace_before_import=node.whitespace_before_import if closes_tight else space,
    )


def _dotted(module: cst.Attribute | cst.Name | None) -> str:
    if isinstance(module, cst.Attribute):
        assert isinstance(module.value, cst.Attribute | cst.Name)
        return f"{_dotted(module.value)}.{module.attr.value}"
    return module.value if module else ""


def _render(node: cst.CSTNode) -> str:
    return cst.Module([]).code_for_node(node)


def _comments(*texts: str) -> list[str]:
    # An import statement has no strings, so that every `#` in it begins a comment.
    return sorted(comment.rstrip() for text in texts for comment in _COMMENT.findall(text))
