"""The join of two values: certain only where both agree."""

from __future__ import annotations

import ast

from hypothesis import given
from hypothesis import strategies as st

from compatkit.migration import Each, Item
from compatkit.rewrite.flow.values import (
    BOTTOM,
    TOP,
    DictValue,
    Instance,
    IterableValue,
    Named,
    RecordValue,
    TupleValue,
    Value,
    doubtful,
    element,
    is_sure,
    join,
)

_origins = [ast.Pass() for _ in range(3)]
_paths = st.frozensets(st.sampled_from([(), (Each(),), (Item("history"), Each()), (Item("final"),)]), min_size=1)
_held = st.builds(RecordValue, _paths, st.integers(0, 1), st.booleans(), st.frozensets(st.sampled_from(_origins)))
_leaves = st.one_of(
    st.sampled_from([BOTTOM, TOP]),
    _held,
    st.builds(Named, st.sampled_from(["a.b", "a.c"]), st.booleans()),
    st.builds(Instance, st.sampled_from(["a.B", "a.C"]), st.booleans()),
)
values: st.SearchStrategy[Value] = st.recursive(
    _leaves,
    lambda inner: st.one_of(
        st.builds(IterableValue, inner),
        st.builds(DictValue, inner),
        st.lists(inner, max_size=3).map(lambda items: TupleValue(tuple(items))),
    ),
    max_leaves=4,
)


@given(values)
def test_a_value_joined_with_itself_stays(value: Value) -> None:
    assert join(value, value) == value


@given(values)
def test_no_value_at_all_has_no_say(value: Value) -> None:
    assert join(value, BOTTOM) == join(BOTTOM, value) == value


@given(values)
def test_nothing_is_certain_beside_the_unknown(value: Value) -> None:
    assert value is BOTTOM or element(value) is BOTTOM or not is_certain(join(value, TOP))


@given(values, values)
def test_what_is_certain_of_both_is_certain_of_each(one: Value, other: Value) -> None:
    joined = join(one, other)

    if isinstance(joined, RecordValue) and joined.sure:
        assert all(
            value is BOTTOM or (isinstance(value, RecordValue) and value.paths == joined.paths)
            for value in (one, other)
        )


@given(values)
def test_a_doubtful_value_is_never_certain(value: Value) -> None:
    assert not is_certain(doubtful(value))


def is_certain(value: Value) -> bool:
    """True where some record in `value` would be rewritten."""
    match value:
        case RecordValue() | Named() | Instance():
            return value.sure
        case IterableValue() | DictValue():
            return is_certain(value.item)
        case TupleValue():
            return any(map(is_certain, value.items))
    return False


@given(values)
def test_is_sure_means_every_part(value: Value) -> None:
    assert not is_sure(value) or value is BOTTOM or not is_sure(TOP)
