"""List the method names that are too common to identify an unknown object, and those that store their arguments."""

from __future__ import annotations

# The way to a method of any object.
ANY = "*"
# Methods that a call of an object runs; the second one in the way of torch.
CALLED = frozenset({"__call__", "forward"})
# Names of methods that say nothing of the object that is asked.
COMMON = frozenset(
    {"apply", "build", "call", "create", "evaluate", "execute", "fit", "forward", "handle", "load", "main", "make"}
    | {"predict", "process", "run", "save", "start", "step", "test", "train", "transform", "validate"}
    | {name for kind in (bytes, dict, int, list, set, str, tuple) for name in dir(kind)}
)
READING_METHODS = frozenset(
    {"add", "append", "critical", "debug", "dump", "dumps", "error", "exception", "extend", "format", "info", "join"}
    | {"log", "plot", "put", "warning", "write", "writerow", "writerows"}
)
KEEPING_METHODS = frozenset({"add", "append", "appendleft", "extend", "insert", "put", "put_nowait", "send", "submit"})
# Names of methods that do not tell which object they are asked of.
SAYING_NOTHING = COMMON | READING_METHODS | KEEPING_METHODS
# Methods that put their last argument into a table or list.
PUTTING = frozenset({"add", "append", "appendleft", "insert", "put", "put_nowait", "setdefault"})
