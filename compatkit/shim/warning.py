"""Issue every deprecation, tell listeners that an old name was used, and name the shim's error."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterable
from contextlib import suppress
from types import FrameType, FunctionType
from typing import Any

from compatkit.errors import CompatkitError
from compatkit.migration import HookChange, Move

# Who imports or resolves a name for somebody else: the line that asked them is the one to change.
_RELAYS = (
    "_pytest.monkeypatch",
    "click",
    "cloudpickle",
    "compatkit",
    "dill",
    "hydra",
    "importlib",
    "joblib",
    "mlflow",
    "multiprocessing",
    "pickle",
    "pkgutil",
    "runpy",
    "torch",
    "unittest.mock",
)

# These look at every name of a module or a class, and use none.
_LOOKERS = {"compatkit.shim.lookup", "doctest", "inspect", "pydoc", "torch._jit_internal", "torch.jit._recursive"}
# So does mock with a spec, and when it asks whether a patch that it took back has left something.
_MOCK_LOOKS = {"__exit__", "_mock_add_spec", "create_autospec"}

Listener = Callable[[Move, str, int], None]
listeners: list[Listener] = []
_MIGRATE = "compatkit migrate"
_options = ""
# These of them were given the dotted name as a text, which is rewritten on request.
_READ_TEXTS = ("_pytest.monkeypatch", "hydra", "importlib", "pkgutil", "runpy", "unittest.mock")
# And these are the instructions of a use that the source spells out, and what stands between instructions.
_FILLED = ("CACHE", "EXTENDED_ARG")
_SPELT = ("IMPORT_", "LOAD_ATTR", "LOAD_METHOD", "STORE_ATTR", "DELETE_ATTR", "LOAD_SUPER_ATTR", "CALL_INTRINSIC_1")
# For a call that no Python code made: at exit, and in a thread that runs something written in C.
_NOWHERE = ("<unknown>", 1)


def rewrite_by(migrations: Iterable[str]) -> None:
    """Say which migrations the command names that a warning ends in; none are needed where the project says which."""
    global _options
    _options = "".join(map(_option, migrations))


def _command(*, is_review: bool = False) -> str:
    return f"{_MIGRATE}{_options}{' --confidence review' if is_review else ''} ."


class ShimError(CompatkitError):
    """An object that cannot be adapted, or an interpreter that cannot be changed."""


class MovedNameWarning(DeprecationWarning):
    """An old name was used and the shim supplied its new home."""


class UnreadResultWarning(UserWarning):
    """A producer returned what the shim cannot read as a history: it is handed on as it is."""


def _option(migration: str) -> str:
    # Imported here: only a warning needs it.
    from shlex import quote

    return f" --migration {quote(migration)}"


def warn_moved(move: Move, caller: FrameType | None, *, is_member: bool = False) -> None:
    """Warn that `move.old` was used, at the line in `caller` or, where that only relays, in whoever called it."""
    asking = _asking(caller)
    is_review = move.confidence == "review" or _is_by_text(caller, asking, is_member=is_member)
    _warn(_message_for(move, is_review=is_review), MovedNameWarning, move, asking)


def warn_defined(move: Move, function: FunctionType) -> None:
    """Warn that a method is defined under its old name, at its first line."""
    code = function.__code__
    _warn_at(_message_for(move), MovedNameWarning, move, (code.co_filename, code.co_firstlineno), function.__globals__)


def warn_unfit(move: Move, function: FunctionType) -> None:
    """Warn of a method that is called as an old hook is, and does not take what the library passes to the new one."""
    told = f"{move.code} {move.old} does not take what {move.new_name} is passed, and is not called for it"
    code = function.__code__
    message = f"{told}; if it is that hook, give it those parameters and the new name"
    _warn_at(message, MovedNameWarning, move, (code.co_filename, code.co_firstlineno), function.__globals__)


class ChangedCallWarning(DeprecationWarning):
    """A callable was called in v1's way, and the shim called it in v2's."""


def warn_changed(code: str, name: str, steps: Iterable[str], caller: FrameType | None) -> None:
    """Warn that `name` was called with v1's arguments, as `warn_moved` does of a name."""
    told = "; ".join(steps) or "it is called otherwise"
    message = f"{code} {name}: {told}; to rewrite it, run: {_command()}"
    _warn(message, ChangedCallWarning, Move(code, name, name), _asking(caller))


def warn_left(code: str, name: str, said: str, caller: FrameType | None) -> None:
    """Warn that `name` was called in a way that v2 refuses, and that only a person can change."""
    message = f"{code} {name}: {said}; to see every such call, run: {_command(is_review=True)}"
    _warn(message, ChangedCallWarning, Move(code, name, name), _asking(caller))


def warn_hook(row: HookChange, name: str, told: str, function: FunctionType) -> None:
    """Warn, at its first line, of a method that v2 calls with other parameters."""
    steps = (f"v2 calls it as {row.name}({row.taken})", told, row.say)
    message = f"{row.code} {name}: {'; '.join(filter(None, steps))}; to rewrite it, run: {_command(is_review=True)}"
    code = function.__code__
    place = (code.co_filename, code.co_firstlineno)
    _warn_at(message, ChangedCallWarning, Move(row.code, name, name), place, function.__globals__)


def warn_unread(message: str) -> None:
    """Warn of a result that is handed on, at the line that asked for it.

    The work is done. Where warnings are errors, or cannot be shown, this one is printed instead, or else not said:
    raising would lose the result.
    """
    frame = _asking(sys._getframe(1))  # noqa: SLF001 - as `warnings` finds the caller
    try:
        _warn_explicit(message, UnreadResultWarning, *_place_of(frame))
    except Exception:  # noqa: BLE001 - the program's own way to show warnings may raise anything
        # A daemon has closed it, a disk is full.
        with suppress(OSError, ValueError, AttributeError):
            sys.stderr.write(f"compatkit: {message}\n")


def _message_for(move: Move, *, is_review: bool = False) -> str:
    return f"{move.code} {move.old} is now {move.new}; to rewrite it, run: {_command(is_review=is_review)}"


def _is_by_text(caller: FrameType | None, asking: FrameType | None, *, is_member: bool) -> bool:
    """Tell whether the line in `asking` gave the dotted name as a text to what called, and did not import it."""
    if caller is None or asking is None:
        return False
    # Imported here: only a warning needs it.
    from opcode import opname

    code, at = asking.f_code.co_code, asking.f_lasti
    if opname[code[at]].startswith(_SPELT):
        before = next((opname[code[n]] for n in range(at - 2, -1, -2) if opname[code[n]] not in _FILLED), "")
        # An attribute of what a call returned: of a module, that is `import_module("old.path")`.
        return before.startswith("CALL") and not is_member
    while caller is not None and caller is not asking:
        if not module_of(caller).startswith("importlib._bootstrap") and _is_one_of(module_of(caller), _READ_TEXTS):
            return True
        caller = caller.f_back
    return False


def _warn(message: str, category: type[Warning], move: Move, frame: FrameType | None) -> None:
    _warn_at(message, category, move, *_place_of(frame))


def _place_of(frame: FrameType | None) -> tuple[tuple[str, int], dict[str, Any]]:
    if frame is None:
        return _NOWHERE, vars(sys)
    return (frame.f_code.co_filename, frame.f_lineno), frame.f_globals


def _warn_at(message: str, category: type[Warning], move: Move, place: tuple[str, int], names: dict[str, Any]) -> None:
    for listener in listeners:
        listener(move, *place)
    _warn_explicit(message, category, place, names)


def _warn_explicit(message: str, category: type[Warning], place: tuple[str, int], names: dict[str, Any]) -> None:
    warnings.warn_explicit(
        message,
        category,
        filename=place[0],
        lineno=place[1],
        module=names.get("__name__") or "<unknown>",
        registry=names.setdefault("__warningregistry__", {}),
        source=None,
    )


def _asking(caller: FrameType | None) -> FrameType | None:
    frame = caller
    while frame is not None:
        if not _is_one_of(module_of(frame), _RELAYS):
            return frame
        frame = frame.f_back
    return caller


def _is_one_of(module: str, names: Iterable[str]) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in names)


def caller_frame() -> FrameType | None:
    """Return the frame of whoever called the function that calls this one; None where that was no Python code."""
    try:
        return sys._getframe(2)  # noqa: SLF001 - warnings and logging find the caller in this way
    except ValueError:
        return None


def module_of(caller: FrameType | None) -> str:
    """Return the name of the module that a frame runs in; empty where there is none."""
    return str(caller.f_globals.get("__name__", "")) if caller is not None else ""


def only_looks(caller: FrameType | None) -> bool:
    """True for probes: the import system's own, before `from package import name` reads it, and those of tools."""
    if caller is None:
        return False
    module, code = caller.f_globals.get("__name__"), caller.f_code.co_name
    return module in _LOOKERS or code == "_handle_fromlist" or (module == "unittest.mock" and code in _MOCK_LOOKS)
