"""A Python that has imported torch and MLflow already: a stand-in for the interpreter, for children by the dozen.

Importing them, and exporting a first model, takes 15 s of a core. Here one process does so once a run of the tests;
the stand-in asks it for a fork, which runs the script, `-m` module or `-c` code that it was given, as `python` would.
Nothing of compatkit is imported in it, and a `sitecustomize` of PYTHONPATH runs before all else of the fork. Where a
fresh start matters (options of the interpreter), the real interpreter starts; a test that proves one asks for
`sys.executable`.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

_FIXED = frozenset({"PYTHONHASHSEED", "PYTHONWARNINGS", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONUTF8"})
_started: list[subprocess.Popen[bytes]] = []
_CLIENT = """#!{python} -IS
import json, os, signal, socket, sys
argv = sys.argv[1:]
unbuffered = argv[:1] == ["-u"] or bool(os.environ.get("PYTHONUNBUFFERED"))
if argv[:1] == ["-u"]:
    del argv[0]
if argv and argv[0][:2] == "-m" != argv[0]:
    argv[:1] = ["-m", argv[0][2:]]
fixed = {fixed}
is_plain = bool(argv) and (argv[0] in ("-c", "-m") or not argv[0].startswith("-"))
if not is_plain or fixed & set(os.environ):
    os.execv({python!r}, [{python!r}, *sys.argv[1:]])
link = socket.socket(socket.AF_UNIX)
link.connect({address!r})
whole = {{"argv": argv, "cwd": os.getcwd(), "env": dict(os.environ), "group": os.getpgrp(), "python": {stand_in!r}}}
whole["unbuffered"] = unbuffered
whole["leads"] = os.getsid(0) == os.getpid()
asked = json.dumps(whole).encode()
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    if signal.getsignal(number) != signal.SIG_IGN:
        signal.signal(number, lambda number, frame: link.send(bytes([number])))
socket.send_fds(link, [len(asked).to_bytes(8, "big")], [0, 1, 2])
link.sendall(asked)
told = link.recv(8)
if len(told) != 8:
    sys.exit("the process that forks is gone")
status = int.from_bytes(told, "big")
if os.WIFSIGNALED(status):
    if os.WTERMSIG(status) != signal.SIGKILL:
        signal.signal(os.WTERMSIG(status), signal.SIG_DFL)
    os.kill(os.getpid(), os.WTERMSIG(status))
os._exit(os.waitstatus_to_exitcode(status))
"""


def start(owner: int, log: Path, python: str = sys.executable) -> Path:
    """Start the process of a `python` that lives as long as `owner` does; return the stand-in."""
    folder = Path(tempfile.mkdtemp(prefix="compatkit-warm-"))  # an address may have 107 characters
    address = folder / "address"
    stand_in = _client(folder, address, _FIXED, python)
    # For commands that are given a seed of hashes, and do not show it.
    beside = _client(folder / "any_seed", address, _FIXED - {"PYTHONHASHSEED"}, python)
    command = beside.with_name("compatkit")
    command.write_text(f'#!/bin/sh\nexec "{beside}" -m compatkit "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    with log.open("wb") as file:
        process = subprocess.Popen(
            [python, __file__, str(address), str(owner)],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
        )
    _started.append(process)  # nobody waits for it
    while not address.exists():
        assert process.poll() is None, log.read_text()
        time.sleep(0.05)
    return stand_in


def _client(folder: Path, address: Path, fixed: frozenset[str], python: str) -> Path:
    """Write a stand-in that starts the real interpreter where one of the variables in `fixed` is set."""
    folder.mkdir(exist_ok=True)
    place = folder / "python"
    names = {"python": python, "address": str(address), "stand_in": str(place), "fixed": set(fixed)}
    place.write_text(_CLIENT.format(**names), encoding="utf-8")
    place.chmod(0o755)
    return place


def serve(address: str, owner: int) -> None:
    """Fork for whoever asks, until the process `owner` is gone."""
    import select
    import shutil
    import socket

    _import_all()
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(f"{address}.new")
    listening.listen(64)
    os.rename(f"{address}.new", address)  # noqa: PTH104  # only now is it found
    while _is_alive(owner):
        while _reaped():
            pass
        if not select.select([listening], [], [], 0.5)[0]:
            continue
        link, _ = listening.accept()
        if os.fork() == 0:
            listening.close()
            _keep(link)
        link.close()
    print(f"{sum(os.times()[:4]):.1f} s of processor time, with all children", flush=True)
    shutil.rmtree(os.path.dirname(address))  # noqa: PTH120


def _import_all() -> None:
    """Import what a training imports at one time or another, and export a model, which imports the rest."""
    import gc
    import importlib
    import io

    has_shim = "compatkit" in sys.modules  # by the .pth of its environment
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # NumPy's would start threads at once, and a fork has none of them
    for name in (
        *(
            "alembic.command",
            "sklearn.datasets",
            "sklearn.model_selection",
            "pandas",
            "yaml",
            "libcst",
            "click",
            "pytest",
        ),
        *("mlflow.pytorch", "mlflow.store.tracking.sqlalchemy_store", "mlflow.models.signature", "torch.export"),
    ):
        importlib.import_module(name)
    import torch
    from mlflow.store.db import utils
    from sqlalchemy import create_engine

    write_without_waiting()
    quicken_stores()
    utils._initialize_tables(create_engine("sqlite://"))
    utils._get_latest_schema_revision()
    example = torch.zeros(2, 4)
    exported = torch.export.export(torch.nn.Linear(4, 3), (example,), dynamic_shapes=({0: torch.export.Dim.AUTO},))
    torch.export.save(exported, io.BytesIO())
    left = [name for name in sys.modules if name.split(".")[0] == "compatkit"]
    assert has_shim or not left, left
    # Those of jemalloc and polars have names of their own; they stand still, and look after a fork themselves.
    threads = [Path(f"/proc/self/task/{thread}/comm").read_text() for thread in os.listdir("/proc/self/task")]  # noqa: PTH208
    assert sum(thread.startswith("python") for thread in threads) == 1, f"a fork of several threads may hang: {threads}"
    gc.collect()
    gc.freeze()


def quicken_stores() -> None:
    """Let MLflow do once in this process what it does for each SQLite store.

    It reads its 60 migrations to open a store, and runs them to lay out an empty one, which takes 0.7 s.
    """
    import functools
    import sqlite3

    from mlflow.store.db import utils
    from sqlalchemy import create_engine

    migrate = utils._initialize_tables
    utils._get_latest_schema_revision = functools.cache(utils._get_latest_schema_revision)

    @functools.cache
    def laid_out() -> bytes:
        first = create_engine("sqlite://")
        migrate(first)
        with contextlib.closing(first.raw_connection()) as link:
            return bytes(link.driver_connection.serialize())

    @functools.wraps(migrate)
    def lay_out(engine: Engine) -> None:
        with contextlib.closing(engine.raw_connection()) as link:
            store = link.driver_connection
            is_empty = isinstance(store, sqlite3.Connection) and not any(store.execute("SELECT * FROM sqlite_master"))
            if is_empty:
                with contextlib.closing(sqlite3.connect(":memory:")) as copy:
                    copy.deserialize(laid_out())
                    copy.backup(store)
        if not is_empty:
            migrate(engine)

    utils._initialize_tables = lay_out


def write_without_waiting() -> None:
    """Wait for the disk neither at a commit of SQLite nor elsewhere, 12 ms each: no file need outlive a power cut."""
    import sqlite3

    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    @event.listens_for(Engine, "connect")
    def set_it(connection: object, _record: object) -> None:
        if isinstance(connection, sqlite3.Connection):
            # A file that is locked, or no database, is for those to find who read it.
            with contextlib.suppress(sqlite3.Error):
                connection.execute("PRAGMA synchronous = OFF")

    os.fsync = lambda _fd: None


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _reaped() -> bool:
    try:
        return os.waitpid(-1, os.WNOHANG)[0] != 0
    except ChildProcessError:
        return False


def _keep(link: object) -> None:
    """Fork the child, hand signals on to it, and tell how it ended. A caller that is gone takes it along."""
    import json
    import select
    import signal
    import socket

    assert isinstance(link, socket.socket)
    head, descriptors, _, _ = socket.recv_fds(link, 8, 3)
    asked = bytearray()
    while len(asked) < int.from_bytes(head, "big"):
        asked += link.recv(1 << 20)
    request = json.loads(bytes(asked))
    child = os.fork()
    if child == 0:
        link.close()
        _run(request, descriptors)
    for descriptor in descriptors:
        os.close(descriptor)
    ended = os.pidfd_open(child)
    while True:
        ready = select.select([ended, link], [], [])[0]
        if ended in ready:
            break
        sent = link.recv(1)
        if not sent and request["leads"]:
            with contextlib.suppress(ProcessLookupError):  # it has none yet
                os.killpg(child, signal.SIGKILL)
        signal.pidfd_send_signal(ended, sent[0] if sent else signal.SIGKILL)
        if not sent:
            break
    _, status, used = os.wait4(child, 0)
    # For tests/benchmarks/processor_time.py.
    print(f"{used.ru_utime + used.ru_stime:.2f}\t{request['env'].get('PYTEST_CURRENT_TEST', '')}", flush=True)
    with contextlib.suppress(OSError):  # the caller was killed
        link.sendall(status.to_bytes(8, "big"))
    os._exit(0)


def _run(request: dict[str, object], descriptors: list[int]) -> None:
    """Become what `python` with these arguments would be, and never return."""
    import atexit
    import importlib
    import signal
    import threading

    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        if descriptor > 2:
            os.close(descriptor)
    if request["leads"]:
        os.setsid()  # which is killed as a whole
    else:
        with contextlib.suppress(OSError):
            os.setpgid(0, request["group"])  # type: ignore[arg-type]  # a number
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(str(request["cwd"]))
    os.environ.clear()
    os.environ.update(request["env"])  # type: ignore[arg-type]  # of texts
    added = _renew(str(request["python"]), is_unbuffered=bool(request["unbuffered"]))
    argv: list[str] = list(request["argv"])  # type: ignore[call-overload]  # of texts
    sys.argv = [argv[0], *argv[2:]] if argv[0] in ("-c", "-m") else argv
    if any(os.path.exists(f"{folder}/sitecustomize.py") for folder in added):  # noqa: PTH110
        sys.modules.pop("sitecustomize", None)
        importlib.import_module("sitecustomize")
    status = _main(argv)
    # As the interpreter ends.
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)


def _renew(stand_in: str, *, is_unbuffered: bool) -> list[str]:
    """Give the process what a new one has of its own: streams, random numbers, the interpreter's name, the path.

    Return what PYTHONPATH adds to the path.
    """
    import io
    import multiprocessing
    import random

    import numpy as np
    import torch

    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        errors = "backslashreplace" if name == "stderr" else "strict"
        through = is_unbuffered and mode == "w"
        binary = open(number, f"{mode}b", 0 if through else -1, closefd=False)  # noqa: SIM115  # held
        stream = io.TextIOWrapper(binary, "utf-8", errors, line_buffering=name == "stderr", write_through=through)
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    random.seed()
    np.random.seed()
    torch.seed()
    if threads := os.environ.get("OMP_NUM_THREADS"):
        torch.set_num_threads(int(threads))
    multiprocessing.set_executable(sys.executable)  # it hands descriptors down, which a stand-in cannot
    sys.executable = stand_in
    sys.dont_write_bytecode = bool(os.environ.get("PYTHONDONTWRITEBYTECODE"))
    added = [os.path.abspath(folder) for folder in os.environ.get("PYTHONPATH", "").split(os.pathsep) if folder]  # noqa: PTH100
    sys.path[:] = [*added, *sys.path]
    return added


def _main(argv: list[str]) -> int:
    """Run the code, and return the exit status."""
    import runpy
    import types

    main = sys.modules["__main__"] = types.ModuleType("__main__")
    main.__dict__["__builtins__"] = __builtins__
    try:
        if argv[0] == "-m":
            sys.path.insert(0, os.getcwd())  # noqa: PTH109
            runpy._run_module_as_main(argv[1])  # type: ignore[attr-defined]  # as `python -m` does
        elif argv[0] == "-c":
            sys.path.insert(0, "")
            exec(compile(argv[1], "<string>", "exec"), main.__dict__)
        else:
            sys.path.insert(0, os.path.dirname(os.path.realpath(argv[0])))  # noqa: PTH120
            main.__file__ = os.path.abspath(argv[0])  # noqa: PTH100
            exec(compile(Path(argv[0]).read_bytes(), main.__file__, "exec"), main.__dict__)
    except SystemExit as error:
        return _status_of(error.code)
    except BaseException as error:  # noqa: BLE001  # as the interpreter does
        trace = error.__traceback__
        while trace and trace.tb_frame.f_code.co_filename in {__file__, "<frozen runpy>"}:
            trace = trace.tb_next
        sys.excepthook(type(error), error.with_traceback(trace), trace)
        return 130 if isinstance(error, KeyboardInterrupt) else 1
    return 0


def _status_of(code: object) -> int:
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    print(code, file=sys.stderr)
    return 1


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]))
