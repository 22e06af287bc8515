"""Run by `site` in the children of `compatkit run`, which put this folder on their PYTHONPATH.

It installs the shim, and then lets the `sitecustomize` run that it stands before, if there is one.
"""

import importlib
import os
import sys


def _start() -> None:
    try:
        # Every child starts with this file, and only inside this guard may an import fail.
        from compatkit.shim.startup import start_guarded
    except ImportError:
        # A Python of another environment, which has no compatkit: none of our business.
        return
    start_guarded()


def _run_the_next() -> None:
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [folder for folder in sys.path if os.path.abspath(folder) != here]
    ours = sys.modules.pop(__name__)
    try:
        importlib.import_module(__name__)
    except ModuleNotFoundError as error:
        if error.name != __name__:
            raise
    finally:
        sys.modules.setdefault(__name__, ours)


_start()
_run_the_next()
