"""Names that MLflow makes up for runs that were given none, such as `bold-fox-123`: other words every time."""

from __future__ import annotations

import re
from functools import cache

_FORM = re.compile(r"([a-z]+)-([a-z]+)-[0-9]{1,4}")


def is_generated(name: str) -> bool:
    """Tell whether MLflow made up this name: both words are of its own lists, or there is no name at all."""
    found = _FORM.fullmatch(name)
    if found is None:
        return not name
    predicates, nouns = _words()
    return found[1] in predicates and found[2] in nouns


@cache
def _words() -> tuple[frozenset[str], frozenset[str]]:
    """Return MLflow's lists. They are private, and the same in 2.9 to 3.17; without them, no name is taken for one."""
    try:
        from mlflow.utils import name_utils
    except ImportError:
        return frozenset(), frozenset()
    lists = (getattr(name_utils, f"_GENERATOR_{which}", ()) for which in ("PREDICATES", "NOUNS"))
    predicates, nouns = (frozenset(map(str.lower, words)) for words in lists)
    return predicates, nouns
