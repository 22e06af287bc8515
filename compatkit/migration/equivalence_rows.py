"""The table of what may differ between what v1 and v2 log, declared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from compatkit.migration._entry import Entry
from compatkit.migration.column_kinds import REASON
from compatkit.migration.columns import (
    DAY,
    NUMBER,
    POSITION,
    SWITCH,
    TEXT,
    TEXTS,
    Column,
    ColumnKind,
    Rule,
    Table,
    each_value,
    is_given,
    one_of,
    rows_of,
)
from compatkit.migration.equivalence import Allowance, AllowanceKind, Bound, Defaults, Equivalence, Margin
from compatkit.migration.errors import MigrationError


def _check_bound(_bound: Bound, entry: Entry) -> None:
    if not any(key in entry.given for key in ("rtol", "atol", "ulps")):
        raise entry.wrong("tolerance", sorted(entry.given), "one of rtol, atol, ulps, or several (rtol = 0 is exact)")
    if sum(key in entry.given for key in ("metric", "param", "artifact")) != 1:
        raise entry.wrong("tolerance", sorted(entry.given), "exactly one of metric, param, artifact")


def _check_margin(margin: Margin, entry: Entry) -> None:
    if (margin.absolute is None) == (margin.relative is None):
        raise entry.wrong("margin", sorted(entry.given), "exactly one of absolute, relative")
    if margin.relative is not None and not 0 < margin.relative < 1:
        raise entry.wrong("relative", margin.relative, "a share between 0 and 1")


def _make_allowance(why: str, until: Any, *, optional: bool, **given: Any) -> Allowance:
    # Without any, `_check_allowance` refuses the row.
    kind: AllowanceKind = next((kind for kind in get_args(AllowanceKind) if given[kind] is not None), "metric")
    return Allowance(kind, given[kind], why, until=until, optional=optional)


def _check_allowance(_allowance: Allowance, entry: Entry) -> None:
    kinds = [kind for kind in ALLOWED if kind in entry.given]
    if len(kinds) != 1:
        # A misspelt kind reads better as "unknown key, did you mean".
        known = [*ALLOWED, "why", "until", "optional"]
        for key in sorted(entry.given.keys() - {*known}):
            error = MigrationError.unknown_key(key, known, where=entry.where)
            if error.hint.startswith("did you mean"):
                raise error
        raise entry.wrong("allowance", sorted(entry.given), f"exactly one of {', '.join(ALLOWED)}")


def _texts_by_name(entry: Entry, key: str) -> tuple[tuple[str, str], ...]:
    table: Mapping[str, object] = entry.table(key)
    for name, text in table.items():
        if not isinstance(text, str):
            raise entry.wrong(f"{key}.{name}", text, "a text, as the param is logged")
    return tuple((name, str(text)) for name, text in table.items())


def _check_defaults(defaults: Defaults, entry: Entry) -> None:
    for version in ("v1", "v2"):
        if defaults.beside not in dict(getattr(defaults, version)):
            raise entry.wrong("beside", defaults.beside, f"a param of v1 and v2; {version} has none of this name")


ALLOWED = {
    "metric": "A pattern of metrics.",
    "param": "A pattern of params.",
    "tag": "A pattern of tags.",
    "artifact": "A pattern of artifacts.",
    "model": "A pattern of models.",
    "dataset": "A pattern of dataset inputs.",
    "child": "A pattern of child runs: fold *.",
}


ALLOWANCES = Table(
    _make_allowance,
    *(Column(kind, TEXT, meaning, None) for kind, meaning in ALLOWED.items()),
    REASON,
    Column("until", DAY, "The last day on which it is allowed, such as 2027-01-31, without quotes.", None),
    Column("optional", SWITCH, "True if it may match nothing; else an entry that nothing needs fails.", default=False),
    rules=(Rule(_check_allowance, {"oneOf": is_given({kind: {} for kind in ALLOWED})}),),
)


TOLERANCES = Table(
    Bound,
    Column("metric", TEXT, "A pattern of metrics, such as val_*. Give this, `param` or `artifact`.", ""),
    REASON,
    Column("rtol", NUMBER, "A share of the larger of the two values.", 0.0),
    Column("atol", NUMBER, "A distance.", 0.0),
    Column("ulps", POSITION, "A number of neighbouring doubles.", 0),
    Column("param", TEXT, "A pattern of params that are numbers, however they are spelled.", ""),
    Column("artifact", TEXT, "A pattern of files whose arrays or cells may lie apart.", ""),
    rules=(
        Rule(
            _check_bound,
            {
                "anyOf": is_given({"rtol": {}, "atol": {}, "ulps": {}}),
                "oneOf": is_given({"metric": {}, "param": {}, "artifact": {}}),
            },
        ),
    ),
)


MARGINS = Table(
    Margin,
    Column("metric", TEXT, "A pattern, such as *_loss."),
    REASON,
    Column("absolute", NUMBER, "A distance of the means. Give this or `relative`.", None),
    Column("relative", NUMBER, "A share of the mean before, 0.01 for a percent. Give this or `absolute`.", None),
    Column("value", one_of("final", "min", "max"), "Which value of a run counts.", "final"),
    rules=(
        Rule(
            _check_margin,
            {
                "oneOf": is_given({"absolute": {}, "relative": {}}),
                "properties": {"relative": {"exclusiveMinimum": 0, "exclusiveMaximum": 1}},
            },
        ),
    ),
)


_BY_NAME = ColumnKind(_texts_by_name, each_value({"type": "string"}))
DEFAULTS = Table(
    Defaults,
    Column("beside", TEXT, "A param of v1 and v2: only where both runs say what is declared of it does a row hold."),
    REASON,
    Column("v1", _BY_NAME, "Each param, with a pattern of the text that v1 logs where nobody sets it."),
    Column("v2", _BY_NAME, "The same of v2. One that v1 alone or v2 alone has may be missing, or new."),
    rules=(Rule(_check_defaults, {"properties": {side: {"minProperties": 1} for side in ("v1", "v2")}}),),
)


EQUIVALENCE = Table(
    Equivalence,
    Column("rtol", NUMBER, "Relative tolerance of all metrics that no row names.", 0.0),
    Column("atol", NUMBER, "Absolute tolerance of all metrics that no row names.", 0.0),
    Column(
        "metric_prefixes", TEXTS, "Prefixes under which a record's field is also logged: final_ for final_loss.", ()
    ),
    Column(
        "tolerances",
        rows_of(TOLERANCES),
        "How far single values may lie apart; the first row that names a metric decides.",
        (),
    ),
    Column("margins", rows_of(MARGINS), "How far the means over many seeds may lie apart.", ()),
    Column("ignore", rows_of(ALLOWANCES), "What is not compared.", ()),
    Column("added_in_v2", rows_of(ALLOWANCES), "What v2 alone logs.", ()),
    Column("removed_in_v2", rows_of(ALLOWANCES), "What v1 alone logged.", ()),
    Column("defaults", rows_of(DEFAULTS), "Params that a library logs though nobody set them.", ()),
    example="""\
# What may differ between what v1 and v2 log to MLflow.
[equivalence]
ignore = [{{ metric = "elapsed", why = "wall-clock time", optional = true }}]
added_in_v2 = [{{ param = "channel", why = "v1 had one channel" }}]
""",
)
