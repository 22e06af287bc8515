"""Run a program as `python` runs it: in a main module that stays, with its own traceback and exit status."""

from __future__ import annotations

import builtins
import io
import os
import pkgutil
import runpy
import sys
from collections.abc import Sequence
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType, TracebackType
from typing import Any

_INTERRUPTED = 130
_OURS = tuple(str(Path(__file__).parents[1] / part) + os.sep for part in ("cli", "shim"))
# The module of the command itself: its names are cleared with it.
_launcher: list[ModuleType] = []


def run_program(target: str, arguments: Sequence[str], *, as_module: bool) -> int:
    """Run a script, a folder or an archive with a `__main__` in it, or a module; return its exit status.

    `SystemExit` is left to the interpreter, which may have to print what it says.
    """
    file = os.path.join(Path.cwd(), target)  # noqa: PTH118 - keeps `..`, as the interpreter does
    # A folder or an archive is what something can import from.
    is_folder = not as_module and pkgutil.get_importer(file) is not None
    _put_first(file if is_folder else str(Path.cwd() if as_module else Path(target).resolve().parent))
    sys.argv[:] = [target, *arguments]
    _launcher.append(sys.modules["__main__"])
    main = sys.modules["__main__"] = ModuleType("__main__")
    vars(main)["__builtins__"] = builtins
    # As the interpreter itself does for `-m`, and for a folder.
    run_main: Any = runpy._run_module_as_main  # type: ignore[attr-defined]  # noqa: SLF001
    try:
        if as_module:
            run_main(target)
        elif is_folder:
            run_main("__main__", alter_argv=False)
        else:
            _run_script(file, main)
    except SystemExit:
        raise
    except BaseException as error:  # noqa: BLE001 - shown as the interpreter shows it, whatever it is
        _show(error)
        return _INTERRUPTED if isinstance(error, KeyboardInterrupt) else 1
    return 0


def _put_first(folder: str) -> None:
    """Put a folder where the interpreter put that of this command."""
    if sys.flags.safe_path:
        return
    launcher = Path(sys.argv[0])
    if sys.path and sys.path[0] in ("", *map(str, (Path.cwd(), launcher.parent, launcher.resolve().parent))):
        del sys.path[0]
    sys.path.insert(0, folder)


def _run_script(file: str, main: ModuleType) -> None:
    vars(main).update(__file__=file, __cached__=None, __loader__=SourceFileLoader("__main__", file))
    code = _code_of(file)
    exec(code, vars(main))


def _code_of(file: str) -> CodeType:
    content = Path(file).read_bytes()
    compiled: CodeType | None = pkgutil.read_code(io.BytesIO(content))
    return compiled or compile(content, file, "exec", dont_inherit=True)


def _show(error: BaseException) -> None:
    traceback = _without_ours(error.__traceback__)
    error.__traceback__ = traceback
    sys.last_type, sys.last_value, sys.last_traceback = type(error), error, traceback
    sys.excepthook(type(error), error, traceback)


def _without_ours(traceback: TracebackType | None) -> TracebackType | None:
    """Return a traceback without the frames of the command and the shim, but for those in which it was raised."""
    frames: list[TracebackType] = []
    while traceback is not None:
        frames.append(traceback)
        traceback = traceback.tb_next
    last = next((n for n, frame in reversed([*enumerate(frames)]) if not _is_ours(frame)), -1)
    kept: TracebackType | None = None
    for number, frame in reversed([*enumerate(frames)]):
        if not _is_ours(frame) or number > last >= 0:
            kept = TracebackType(kept, frame.tb_frame, frame.tb_lasti, frame.tb_lineno)
    return kept


def _is_ours(frame: TracebackType) -> bool:
    return frame.tb_frame.f_code.co_filename.startswith(_OURS)
