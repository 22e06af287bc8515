"""Pickles are read by their opcodes: equal by what they would build, different where that differs, never executed."""

from __future__ import annotations

import enum
import pickle
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from textwrap import dedent
from typing import Any
from uuid import UUID

import cloudpickle
import joblib
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import LabelEncoder, StandardScaler

from compatkit.equivalence.reading.contents import read_file
from tests.equivalence.reading.contents.conftest import Differing

X, Y = load_iris(return_X_y=True)


class Trap:
    """What, unpickled, leaves a file behind."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


def test_no_pickle_is_executed(tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    (tmp_path / "a.pkl").write_bytes(pickle.dumps({"a": Trap(touched)}))
    joblib.dump([np.zeros(2), Trap(touched)], tmp_path / "a.joblib")
    joblib.dump(np.array([Trap(touched)], dtype=object), tmp_path / "b.joblib")
    torch.save({"model": Trap(touched)}, tmp_path / "a.pth")

    contents = [read_file(path, path.name)[0].content for path in sorted(tmp_path.iterdir())]

    assert [content and content.kind for content in contents] == ["pickle"] * 4
    assert not touched.exists()


def dumped(value: Any, how: Callable[[Any], bytes] = pickle.dumps) -> bytes:
    return how(value)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=8,
)


@given(one=values, other=values, protocols=st.tuples(st.integers(3, 5), st.integers(3, 5)))
def test_two_pickles_are_equal_just_where_their_values_are(
    one: Any, other: Any, protocols: tuple[int, int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "a.pkl"

    def content(value: Any, protocol: int) -> Any:
        # Out of a pickle, so that no two equal parts are one object, of which a pickle would tell.
        path.write_bytes(pickle.dumps(eval(repr(value), {"inf": float("inf")}), protocol))
        return read_file(path, "a.pkl")[0].content

    assert content(one, protocols[0]) == content(one, protocols[1])
    assert (content(one, 4) == content(other, 4)) == (_typed(one) == _typed(other))


def _typed(value: Any) -> Any:
    """Return a value in which 1, True and 1.0 differ, and the order of a dict's keys counts."""
    if isinstance(value, dict):
        return (dict, tuple((repr(key), _typed(item)) for key, item in value.items()))
    if isinstance(value, list | tuple):
        return (type(value), tuple(map(_typed, value)))
    return repr(value)


def forest(depth: int = 3, seed: int = 0) -> RandomForestClassifier:
    return RandomForestClassifier(2, max_depth=depth, random_state=seed).fit(X, Y)


@pytest.mark.parametrize("write", [joblib.dump, lambda value, path: path.write_bytes(cloudpickle.dumps(value))])
def test_estimators_are_compared_attribute_by_attribute(write: Any, differing: Differing) -> None:
    def of(estimator: Any) -> Callable[[Path], None]:
        return lambda path: write(estimator, path)

    def line(c: float = 1.0, *, scaled: bool = True) -> Any:
        steps = [*([StandardScaler()] if scaled else []), LogisticRegression(C=c, max_iter=300)]
        return make_pipeline(*steps).fit(X, Y)

    assert differing("a.joblib", of(forest()), of(forest())) == []
    assert "$.max_depth" in str(differing("a.joblib", of(forest(3)), of(forest(4)))[0])
    assert "$.random_state" in str(differing("a.joblib", of(forest()), of(forest(seed=1)))[0])
    assert differing("a.joblib", of(line()), of(line())) == []
    assert ".coef_" in "".join(map(str, differing("a.joblib", of(line()), of(line(2.0)))))
    assert "standardscaler" in "".join(map(str, differing("a.joblib", of(line()), of(line(scaled=False)))))
    assert differing("a.joblib", of(LabelEncoder().fit(["a", "b"])), of(LabelEncoder().fit(["b", "c"])))
    assert differing("a.joblib", of(LabelEncoder().fit(["a", "b"])), of(LabelEncoder()))


@pytest.mark.parametrize("protocol", range(6))
def test_arrays_in_a_pickle_are_compared_by_value(protocol: int, differing: Differing) -> None:
    def of(array: Any) -> bytes:
        return pickle.dumps({"a": array, "b": array.dtype.type(2)}, protocol)

    array = np.arange(6, dtype=np.float32).reshape(2, 3)

    assert differing("a.pkl", of(array), of(array.copy())) == []
    assert differing("a.pkl", of(array), pickle.dumps({"a": array, "b": array.dtype.type(2)})) == []
    for other in (array + 1, array.astype(np.float64), array.reshape(3, 2), array.T.copy()):
        assert differing("a.pkl", of(array), of(other))


@pytest.mark.parametrize("protocol", range(2, 6))
def test_dates_times_and_ids_in_a_pickle_are_shown_as_texts(protocol: int, differing: Differing) -> None:
    at, ids = datetime(2026, 11, 29, 16, 50, 49, 8, tzinfo=UTC), [UUID(int=number, version=4) for number in (7, 8)]
    values = [at, at.replace(microsecond=9), at.date(), at.time(), at.time().replace(second=1), *ids]

    for one, other in combinations(values, 2):
        (found,) = differing("a.pkl", pickle.dumps([one], protocol), pickle.dumps([other], 5))
        assert type(one) is not type(other) or (str(found.before), str(found.after)) == (repr_of(one), repr_of(other))
        assert differing("a.pkl", pickle.dumps([one], protocol), pickle.dumps([one], 5)) == []


@pytest.mark.parametrize("protocol", range(2, 6))
def test_the_protocol_does_not_count(protocol: int, differing: Differing) -> None:
    value = {"a": {1, "x"}, "b": frozenset({2}), "c": bytearray(b"\x01\xff"), "d": b"\xff", "e": {}, "f": set()}

    assert differing("a.pkl", pickle.dumps(value, protocol), pickle.dumps(value, 5)) == []
    for key, other in {"a": {1, "y"}, "b": {2}, "c": bytearray(b"\x01\xfe"), "d": bytearray(b"\xff"), "f": []}.items():
        assert differing("a.pkl", pickle.dumps(value, protocol), pickle.dumps({**value, key: other}, 5))


class _Settings:
    """Attributes, in any order."""

    def __init__(self, **named: Any) -> None:
        self.__dict__ |= named


def test_the_order_of_attributes_does_not_count_and_that_of_a_dictionary_in_one_does(differing: Differing) -> None:
    one, other = {"a": 1, "b": 2}, {"b": 2, "a": 1}

    assert differing("a.pkl", pickle.dumps(_Settings(**one)), pickle.dumps(_Settings(**other))) == []
    assert differing("a.pkl", pickle.dumps(_Settings(labels=one)), pickle.dumps(_Settings(labels=other)))


def test_a_uuid_that_a_pickle_makes_of_a_text_is_read(differing: Differing) -> None:
    one, other = (pickle.dumps(_Called(UUID, f"{number:032x}")) for number in (7, 8))

    assert differing("a.pkl", one, one) == []
    (found,) = differing("a.pkl", one, other)
    assert (str(found.before), str(found.after)) == (repr(f"{7:032x}"), repr(f"{8:032x}"))


class _Called:
    """What is pickled as a call."""

    def __init__(self, *call: Any) -> None:
        self.call = call

    def __reduce__(self) -> Any:
        return self.call[0], self.call[1:]


def repr_of(value: Any) -> str:
    # The zone is an argument of its own.
    return repr(str(value) if isinstance(value, UUID) else value.isoformat().removesuffix("+00:00"))


def script_class(constant: int, *, lines_before: int = 0, name: str = "script.py") -> Any:
    """Return a class as a script would define it, in a file and at a line of its own."""
    source = "\n" * lines_before + dedent("""\
        class Doubler:
            def predict(self, x):
                return FACTOR * x
        """)
    space: dict[str, Any] = {"__name__": "__main__", "FACTOR": constant, "__file__": f"/somewhere/{name}"}
    exec(compile(source, f"/somewhere/{name}", "exec"), space)
    return space["Doubler"]()


def test_a_class_of_a_script_is_equal_wherever_it_was_written(differing: Differing) -> None:
    once, again = (cloudpickle.dumps(script_class(2)) for _ in range(2))
    moved = cloudpickle.dumps(script_class(2, lines_before=3, name="other.py"))

    assert once != again
    assert differing("a.pkl", once, again) == []
    assert differing("a.pkl", once, moved) == []


def test_what_a_method_does_counts(differing: Differing) -> None:
    class One:
        def predict(self, x: int) -> int:
            return 2 * x

    class Other:
        def predict(self, x: int) -> int:
            return 3 * x

    Other.__name__, Other.__qualname__ = One.__name__, One.__qualname__
    Other.predict.__qualname__ = One.predict.__qualname__
    sides = [_by_value(kind()) for kind in (One, Other)]

    assert differing("a.pkl", *sides)
    assert differing("a.pkl", cloudpickle.dumps(script_class(2)), cloudpickle.dumps(script_class(3)))


def test_members_of_an_enum_count(differing: Differing) -> None:
    sides = [_by_value(enum.Enum("Colour", names, module=__name__)) for names in ("RED BLUE", "RED BLUE", "RED GREEN")]

    assert differing("a.pkl", *sides[:2]) == []
    assert differing("a.pkl", *sides[1:])


def _by_value(value: Any) -> bytes:
    module = sys.modules[__name__]
    cloudpickle.register_pickle_by_value(module)
    try:
        return cloudpickle.dumps(value)
    finally:
        cloudpickle.unregister_pickle_by_value(module)


def network(dropout: float = 0.1, bias: float = 0.5) -> torch.nn.Module:
    made = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Dropout(dropout))
    torch.nn.init.constant_(made[0].weight, 1.0)
    torch.nn.init.constant_(made[0].bias, bias)
    return made


def test_a_whole_model_is_compared_by_weights_and_settings(differing: Differing) -> None:
    def of(model: Any) -> Callable[[Path], None]:
        return lambda path: torch.save(model, path)

    assert differing("a.pth", of(network()), of(network())) == []
    assert ".p" in str(differing("a.pth", of(network()), of(network(dropout=0.2)))[0])
    assert "bias" in str(differing("a.pth", of(network()), of(network(bias=0.25)))[0])
    assert differing("a.pth", of(network()), of(network().half()))
    assert differing("a.pth", of(network()), of(network().bfloat16()))
    assert differing("a.pth", of(network()), of(network().eval()))
    assert "requires_grad" in str(differing("a.pth", of(network()), of(network().requires_grad_(False)))[0])


def test_a_view_that_negates_is_not_what_it_is_a_view_of(differing: Differing) -> None:
    def of(sign: float) -> Callable[[Path], None]:
        numbers = torch.tensor([1 + 2j])
        # The same bytes are stored; the second view says that their sign is another.
        kept = numbers.imag if sign > 0 else numbers.conj().imag
        return lambda path: torch.save([network(), kept], path)

    assert differing("a.pth", of(1), of(-1))


def test_a_pickle_that_is_cut_or_goes_on_is_not_the_whole_one(differing: Differing) -> None:
    whole = pickle.dumps({"a": [1, 2], "b": np.arange(3)})

    for length in range(len(whole)):
        assert differing("a.pkl", whole, whole[:length])
    assert differing("a.pkl", whole, whole + pickle.dumps(1))
    assert differing("a.pkl", whole, whole + b"?")


def test_one_object_in_two_places_is_not_two_equal_ones(differing: Differing) -> None:
    shared: list[int] = [1]

    assert differing("a.pkl", pickle.dumps([shared, shared]), pickle.dumps([shared, [1]]))
