"""From a migration to the function in its `transform.py`: the only place where code of a migration is run."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

from compatkit.migration import TRANSFORM_FILE, Migration
from compatkit.rewrite.transforms.errors import TransformError
from compatkit.transform import SourceFile

Function: TypeAlias = Callable[[SourceFile], object]


def load_transform(migration: Migration) -> Function:
    """Return the function `transform` of a migration. Raises `TransformError`."""
    assert migration.origin is not None, "a migration without a file has no transform.py"
    return _load(migration.id, migration.origin.with_name(TRANSFORM_FILE).resolve())


@lru_cache(maxsize=64)
def _load(migration: str, file: Path) -> Function:
    # A name of its own: transform.py of one migration is not that of another, nor a module of the user's.
    name = f"_compatkit_transform_of_{re.sub(r'[^0-9a-zA-Z]', '_', migration)}"
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise TransformError.not_loaded(migration, file.name, error) from error
    function = getattr(module, "transform", None)
    if not callable(function):
        raise TransformError.no_function(migration, file.name)
    found: Function = function
    return found
