"""All points of a run by one query, from a store that is a database.

MLflow's client asks metric by metric and makes an object of every point. Its tables are what its migrations document;
where they are not as expected here, nothing is returned, and the client is asked.

Memory: 36 bytes a point while the rows come in, some 90 for the moment in which they are put together and sorted, and
16 afterwards.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np

from compatkit.equivalence.errors import EquivalenceError
from compatkit.equivalence.history import History
from compatkit.equivalence.reading.canonical import canonical_history, canonical_step
from compatkit.equivalence.reading.store.opened import is_database, require_same_file
from compatkit.safe_text import without_password

if TYPE_CHECKING:
    from numpy.typing import NDArray

_COLUMNS = ("key", "step", "timestamp", "value", "is_nan")
_ORDER = "rowid"  # of SQLite, in which rows are stored in the order in which they came
_LITERAL = {"literal_binds": True}
_BATCH = 2_000  # rows: more do not fit the processor's cache, and take longer
_Row = tuple[str, object, int, float, object, int | None]


def read_sql_metrics(tracking_uri: str, run_id: str) -> dict[str, History] | None:
    """Return every metric's history in canonical form, or None where the store is no database as MLflow makes it."""
    if not is_database(tracking_uri):
        return None
    from sqlalchemy import column, create_engine, func, null, select, table
    from sqlalchemy.exc import SQLAlchemyError
    from sqlalchemy.pool import NullPool

    metrics = table("metrics", *map(column, (*_COLUMNS, "run_uuid", _ORDER)))
    own = metrics.c.run_uuid == run_id
    order = metrics.c[_ORDER] if urlsplit(tracking_uri).scheme.startswith("sqlite") else null()
    query = select(*(metrics.c[name] for name in _COLUMNS), order).where(own)
    number = select(func.count()).select_from(metrics).where(own)
    # SQLite would make an empty file where there is none any more.
    require_same_file(tracking_uri)
    # Without a reset of the connection: where it is lost, SQLAlchemy would print a traceback.
    engine = create_engine(tracking_uri, poolclass=NullPool, pool_reset_on_return=None)
    try:
        said = str(query.compile(engine, compile_kwargs=_LITERAL))
        # The driver's own tuples: SQLAlchemy's rows cost twice as much as the query.
        with closing(engine.raw_connection()) as connection:
            counted = _count(connection, str(number.compile(engine, compile_kwargs=_LITERAL)))
            with closing(_cursor(connection, engine.driver)) as cursor:
                cursor.execute(said)
                found, read = _histories(iter(lambda: cursor.fetchmany(_BATCH), []))
    except (SQLAlchemyError, engine.dialect.loaded_dbapi.Error):
        # Another table layout, or a database that refuses: the client says which.
        return None
    finally:
        engine.dispose()
    if read != counted:
        # Seen once: a driver that streamed the rows left the last one out.
        raise EquivalenceError(
            f"Of run {run_id!r}, {read} points were read, but the database counts {counted}.",
            where=without_password(tracking_uri),
            hint="something logs to it, or its driver loses rows; compare again",
        )
    return found


def measured_models(tracking_uri: str, run_id: str) -> list[str]:
    """Return the ids of the models for which a run logged metrics, whoever made them; no other store tells that.

    Before MLflow 3 there is no such table.
    """
    if not is_database(tracking_uri):
        return []
    from sqlalchemy import column, create_engine, select, table
    from sqlalchemy.exc import SQLAlchemyError
    from sqlalchemy.pool import NullPool

    metrics = table("logged_model_metrics", column("model_id"), column("run_id"))
    require_same_file(tracking_uri)
    engine = create_engine(tracking_uri, poolclass=NullPool, pool_reset_on_return=None)
    try:
        with engine.connect() as connection:
            rows = connection.execute(select(metrics.c.model_id).where(metrics.c.run_id == run_id).distinct())
            return sorted(row[0] for row in rows)
    except (SQLAlchemyError, engine.dialect.loaded_dbapi.Error):
        return []
    finally:
        engine.dispose()


def _cursor(connection: Any, driver: str) -> Any:
    # A named cursor of PostgreSQL sends the rows in batches too, instead of all at once.
    return connection.cursor(name="compatkit") if driver in {"psycopg", "psycopg2"} else connection.cursor()


def _count(connection: Any, query: str) -> int:
    with closing(connection.cursor()) as cursor:
        cursor.execute(query)
        return int(cursor.fetchone()[0])


def _histories(batches: Iterable[Sequence[Any]]) -> tuple[dict[str, History], int]:
    """Put the points of each metric together, which come in any order; also return how many rows there were."""
    # A number for each name, given when it is first seen.
    numbers: defaultdict[str, int] = defaultdict(itertools.count().__next__)
    parts = [_arrays(rows, numbers) for rows in batches]
    if not parts:
        return {}, 0
    codes, steps, times, values, stored = (np.concatenate(column) for column in zip(*parts, strict=True))
    del parts
    has_order = bool(np.all(stored >= 0))
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(np.bincount(codes, minlength=len(numbers)))
    found = {}
    for name, start, end in zip(numbers, [0, *ends], ends, strict=False):
        places = order[start:end]
        told = stored[places] if has_order else None
        found[name] = canonical_history(steps[places], times[places], values[places], told)
    return found, len(codes)


def _arrays(rows: Sequence[_Row], numbers: defaultdict[str, int]) -> tuple[NDArray[Any], ...]:
    names, steps, times, values, not_numbers, stored = zip(*rows, strict=True)
    if set(map(type, steps)) != {int}:
        # SQLite keeps whatever it is given: see `canonical_step`.
        steps = tuple(canonical_step(name, step) for name, step in zip(names, steps, strict=True))
    numerals = np.array(values, dtype=np.float64)
    if any(not_numbers):
        numerals[np.array(not_numbers, dtype=bool)] = np.nan
    return (
        np.fromiter(map(numbers.__getitem__, names), dtype=np.int32, count=len(names)),
        np.array(steps, dtype=np.int64),
        np.array(times, dtype=np.int64),
        numerals,
        np.array([-1 if row is None else row for row in stored], dtype=np.int64),
    )
