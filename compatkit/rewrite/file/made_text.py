"""Evaluate a string expression whose parts are all written in the file: `f"{app.user.__name__}.Box"`."""

from __future__ import annotations

import ast
import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compatkit.rewrite.file.file import File

# Stands for what is not written out.
ANY_TEXT = "\0"


def made_text(node: ast.expr, file: File) -> str:
    """Return the text that an expression makes; a part that is not written out stands as a null in it."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.Name(id="__name__"):
            return file.home.name or ANY_TEXT
        case ast.Name() if (value := file.value_of(node)) is not node:
            return made_text(value, file)
        case ast.Attribute(value=of, attr="__name__") if name := file.import_of(of):
            # By convention: a class has a large letter, and its name no dots.
            last = name.rpartition(".")[2]
            return last if last[:1].isupper() else name
        case ast.FormattedValue(value=value, format_spec=None, conversion=-1):
            return made_text(value, file)
        case ast.JoinedStr(values=parts):
            return "".join(made_text(part, file) for part in parts)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return made_text(left, file) + made_text(right, file)
        case ast.BinOp(left=left, op=ast.Mod(), right=right):
            parts = right.elts if isinstance(right, ast.Tuple) else [right]
            with contextlib.suppress(TypeError, ValueError, KeyError):
                return made_text(left, file) % tuple(made_text(part, file) for part in parts)
        case ast.Call(func=ast.Attribute(value=of, attr="format"), args=args, keywords=[]):
            with contextlib.suppress(LookupError, ValueError, AttributeError):
                return made_text(of, file).format(*(made_text(arg, file) for arg in args))
        case ast.Call(func=ast.Attribute(value=of, attr="join"), args=[ast.List(elts=parts) | ast.Tuple(elts=parts)]):
            return made_text(of, file).join(made_text(part, file) for part in parts)
    return ANY_TEXT
