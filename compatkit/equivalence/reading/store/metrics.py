"""The metrics of a run: by one query where the store is a database, else by MLflow's client, metric by metric.

MLflow's client asks metric by metric and makes an object of every point. Its tables are what its migrations document;
where they are not as expected here, nothing is returned, and the client is asked.

Memory: 36 bytes a point while the rows come in, some 90 for the moment in which they are put together and sorted, and
16 afterwards.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np

from compatkit.equivalence.errors import EquivalenceError
from compatkit.equivalence.history import History, Point
from compatkit.equivalence.reading.canonical import canonical_history, canonical_points, canonical_step, canonical_value
from compatkit.equivalence.reading.store.opened import is_database, require_same_file
from compatkit.safe_text import without_password

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Run
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


_AT_ONCE = 4  # metrics


def read_metrics(client: MlflowClient, run: Run) -> dict[str, Sequence[Point]]:
    """Return every metric's whole history in canonical form, by name.

    Raises `EquivalenceError` where a history is not whole.
    """
    found: Mapping[str, Sequence[Point]] | None = read_sql_metrics(client.tracking_uri, run.info.run_id)
    # The latest values come from another table by another way: if they name other metrics, the query read amiss.
    if found is None or found.keys() != run.data.metrics.keys():
        found = _by_client(client, run)
    steps = _latest_steps(run)
    for name, value in run.data.metrics.items():
        # A page that is lost, or an answer that is cut to nothing, leaves the latest point out.
        if not _is_among(steps.get(name), canonical_value(value), found[name]):
            raise EquivalenceError(
                f"Metric {name!r} of run {run.info.run_id!r} was read without its latest point: more may be missing.",
                where=without_password(client.tracking_uri),
                hint="the store, or what lies before it, gives less than was logged; read from the store itself",
            )
    return dict(sorted(found.items()))


def _by_client(client: MlflowClient, run: Run) -> dict[str, Sequence[Point]]:
    """Ask for each metric; of a server, which spends most of the time itself, for several at once.

    One metric's pages cannot be asked for at once: each is known by the one before. The server's bulk ways are no
    others: one is cut at 25,000 rows, the other samples.
    """
    names = list(run.data.metrics)
    with ThreadPoolExecutor(_AT_ONCE if client.tracking_uri.startswith("http") else 1) as pool:
        return dict(zip(names, pool.map(partial(_from_client, client, run.info.run_id), names), strict=True))


def _is_among(step: int | None, value: float, points: Sequence[Point]) -> bool:
    if not isinstance(points, History):
        return any(step in {None, point.step} and repr(point.value) == repr(value) for point in points)
    same = np.isnan(points.values) if math.isnan(value) else points.values == value
    return bool(np.any(same if step is None else same & (points.steps == step)))


def _latest_steps(run: Run) -> dict[str, int]:
    """Return the steps of the latest values; nothing where one is what only SQLite keeps, see `canonical_step`."""
    try:
        return {metric.key: metric.step for metric in run.data.to_proto().metrics}
    except TypeError:
        return {}


def _from_client(client: MlflowClient, run_id: str, name: str) -> Sequence[Point]:
    logged = client.get_metric_history(run_id, name)
    points = canonical_points(name, logged)
    try:
        if len({point.step for point in points}) == len(points):
            return History.of(points)
        return _ordered(name, logged, is_told=not client.tracking_uri.startswith("http"))
    except OverflowError:
        # A file store keeps steps of any size.
        return points


def _ordered(name: str, logged: Sequence[Metric], *, is_told: bool) -> History:
    """Return the history of a metric with several points a step; a file store's lines tell their order."""
    return canonical_history(
        np.array([canonical_step(name, row.step) for row in logged], dtype=np.int64),
        np.array([row.timestamp for row in logged], dtype=np.int64),
        np.array([row.value for row in logged], dtype=np.float64),
        np.arange(len(logged)) if is_told else None,
    )
