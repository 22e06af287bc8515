"""Commands that need an extra say so before they begin."""

from __future__ import annotations

import os
from importlib.util import find_spec

from compatkit.errors import CompatkitError


def require(*modules: str, extra: str = "train") -> None:
    """Raise `CompatkitError` unless all `modules`, which the extra brings, are installed."""
    missing = [name for name in modules if find_spec(name) is None]
    if missing:
        raise CompatkitError(
            f"This command needs {', '.join(missing)}.",
            where="this Python environment",
            hint=f"run: pip install 'compatkit[{extra}]'",
        )


def quiet_mlflow() -> None:
    """Keep MLflow's progress messages off stderr; call it before MLflow is imported, which sets its own level."""
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
