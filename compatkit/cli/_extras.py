"""Commands that need an extra say so: before they begin, where they can, and else when an import fails."""

from __future__ import annotations

import os
import re
from importlib.util import find_spec
from typing import TYPE_CHECKING

from compatkit.errors import CompatkitError

if TYPE_CHECKING:
    from logging import LogRecord

# What the extras bring, by the name under which it is imported.
EXTRAS = {
    **dict.fromkeys(["alembic", "mlflow", "numpy", "scipy", "sqlalchemy", "yaml"], "verify"),
    **dict.fromkeys(["pandas", "sklearn", "tomli_w", "torch"], "train"),
    "griffe": "draft",
    "jinja2": "report",
    "psutil": "system-metrics",
    "pygls": "lsp",
    "ray": "ray",
}


def require(*modules: str, extra: str = "train") -> None:
    """Raise `CompatkitError` unless all `modules`, which the extra brings, are installed."""
    missing = [name for name in modules if find_spec(name) is None]
    if missing:
        raise _missing(", ".join(missing), extra)


def as_missing_extra(error: ModuleNotFoundError) -> CompatkitError | None:
    """Return the error to show for a failed import, or None where no extra brings that module."""
    name = (error.name or "").partition(".")[0]
    return _missing(name, EXTRAS[name]) if name in EXTRAS else None


def quiet_mlflow() -> None:
    """Keep MLflow's progress messages off stderr; call it before MLflow is imported, which sets its own level."""
    # Imported here: commands that open no store start without it.
    import logging

    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
    # What its stores say of files that are cut short has a traceback, through the root logger.
    said = logging.StreamHandler()
    said.addFilter(_without_traceback)
    logging.basicConfig(handlers=[said], format="MLflow: %(message)s")


def _without_traceback(record: LogRecord) -> bool:
    record.exc_info = None
    return True


def _missing(names: str, extra: str) -> CompatkitError:
    hint = f"run: pip install 'compatkit[{extra}]'"
    if needed := _requirements(extra):
        # Compatkit may have come from a folder or a wheel, of which no index knows.
        hint += f", or, where no index has compatkit: pip install {needed}"
    return CompatkitError(f"This command needs {names}.", where="this Python environment", hint=hint)


def _requirements(extra: str) -> str:
    # It costs as much as all else that the help of a command needs.
    from importlib import metadata

    try:
        listed = metadata.requires("compatkit") or []
    except metadata.PackageNotFoundError:
        return ""
    mark = re.compile(rf"""([^;]+?)\s*;\s*extra == ["']{extra}["']""")
    return " ".join(f"'{found[1]}'" for line in listed if (found := mark.fullmatch(line)))
