"""What the calls that take a string do with it, as far as their names tell."""

from __future__ import annotations

import ast

from compatkit.rewrite.rules.strings.old_names import Spelling


def _words(*lines: str) -> frozenset[str]:
    return frozenset(" ".join(lines).split())


# These load what the string names: nothing else can be meant, whatever else the file names.
LOADS = _words(
    "delattr get_callable import_attribute import_class import_from_string import_module import_object import_string",
    "importorskip load_class load_object locate patch resolve_name run_module setattr symbol_by_name",
)
# What the string names is replaced where it is looked up.
PATCHES = _words("delattr patch setattr")
# What is done below these is about the old home as such.
WATCHES = _words(
    "assertRaises assertRaisesRegex assertWarns assertWarnsRegex catch_warnings deprecated_call raises suppress warns"
)
# These take it for the name of something else, or for a text.
_TEXT = WATCHES | _words(
    "compile count critical debug echo endswith error exception fail filterwarnings find findall finditer format",
    "fullmatch getChild getLogger get_logger index info join log match partition print removeprefix removesuffix",
    "replace rfind rindex rpartition rsplit search secho simplefilter skip split startswith strip sub warn warning",
    "write xfail",
)
_TYPES = _words("ForwardRef NamedTuple NewType TypeAliasType TypeVar TypedDict cast")


def called(call: ast.Call) -> str:
    """Return the last part of what is called."""
    return named(call.func)


def named(expression: ast.expr) -> str:
    """Return the last part of a dotted name; nothing for other expressions."""
    match expression:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def not_loaded(call: ast.Call, spelling: Spelling) -> str:
    """Say why a call does not load what a string names, or nothing where it may."""
    name = called(call)
    if name in _TYPES:
        return f"for {name}() it is an expression, and needs an import"
    if name in _TEXT:
        return f"{name}() takes it for a text or the name of something else"
    if name == "__import__":
        return "__import__ returns the top-level package, and what follows depends on that"
    if name == "multiple" and spelling.is_module:
        return "what is patched in the module is named by the other arguments"
    return ""
