"""A record against a model: one plain dict under v1 keys, whatever is done to it in whichever spelling."""

from __future__ import annotations

import copy
import json
import pickle

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from compatkit.record import EpochMetrics, EpochRecord
from tests.record.strategies import TO_V1, v1_dicts, values

KEYS = [*TO_V1, *TO_V1.values(), "epoch", "val_f1", "auc"]
ATTRIBUTES = [*TO_V1, *TO_V1.values(), "epoch", "val_f1"]
keys = st.sampled_from(KEYS)


def v1(key: str) -> str:
    return TO_V1.get(key, key)


class RecordMachine(RuleBasedStateMachine):
    record: EpochRecord
    model: dict[str, object]

    @initialize(content=v1_dicts)
    def start(self, content: dict[str, object]) -> None:
        self.record, self.model = EpochRecord(content), dict(content)

    @rule(key=keys, value=values)
    def set_item(self, key: str, value: object) -> None:
        self.record[key] = value
        self.model[v1(key)] = value

    @rule(name=st.sampled_from(ATTRIBUTES), value=values)
    def set_attribute(self, name: str, value: object) -> None:
        setattr(self.record, name, value)
        self.model[v1(name)] = value

    @rule(key=keys)
    def delete(self, key: str) -> None:
        try:
            del self.record[key]
        except KeyError:
            assert v1(key) not in self.model
        else:
            del self.model[v1(key)]

    @rule(name=st.sampled_from(ATTRIBUTES))
    def delete_attribute(self, name: str) -> None:
        try:
            delattr(self.record, name)
        except AttributeError:
            assert v1(name) not in self.model
        else:
            del self.model[v1(name)]

    @rule(key=keys, default=values)
    def pop(self, key: str, default: object) -> None:
        assert repr(self.record.pop(key, default)) == repr(self.model.pop(v1(key), default))

    @rule(key=keys, default=values)
    def setdefault(self, key: str, default: object) -> None:
        assert repr(self.record.setdefault(key, default)) == repr(self.model.setdefault(v1(key), default))

    @rule(changes=st.dictionaries(st.sampled_from([*TO_V1, "epoch", "auc"]), values, max_size=3), by=st.integers(0, 3))
    def update(self, changes: dict[str, object], by: int) -> None:
        if by == 0:
            self.record.update(changes)
        elif by == 1:
            self.record.update(list(changes.items()))
        elif by == 2:
            self.record |= changes  # type: ignore[assignment]  # a record stays a record
        else:
            self.record = self.record | changes
        self.model.update({v1(key): value for key, value in changes.items()})

    @rule(changes=v1_dicts)
    def merge_from_the_left(self, changes: dict[str, object]) -> None:
        self.record = changes | self.record
        self.model = changes | self.model

    @rule(how=st.sampled_from([copy.copy, copy.deepcopy, lambda r: r.copy(), lambda r: pickle.loads(pickle.dumps(r))]))
    def replace_by_copy(self, how: object) -> None:
        self.record = how(self.record)  # type: ignore[operator]

    @rule()
    def pop_item(self) -> None:
        if self.model:
            assert self.record.popitem()[0] == self.model.popitem()[0]

    @invariant()
    def storage_and_order_are_the_models(self) -> None:
        assert repr(dict(self.record)) == repr(self.model)
        assert list(self.record) == list(self.record.keys()) == list(self.model)
        assert json.dumps(self.record) == json.dumps(self.model)

    @invariant()
    def every_way_to_read_agrees(self) -> None:
        assert isinstance(self.record, EpochMetrics)
        for key in KEYS:
            held = v1(key) in self.model
            assert (key in self.record) is held
            assert hasattr(self.record, key) is held
            if held:
                value = repr(self.model[v1(key)])
                assert repr(self.record[key]) == repr(self.record.get(key)) == repr(getattr(self.record, key)) == value
            else:
                assert self.record.get(key, self) is self

    @invariant()
    def both_borders_keep_everything(self) -> None:
        assert repr(self.record.to_v1()) == repr(self.model)
        assert repr(list(self.record.to_v2().values())) == repr(list(self.model.values()))
        assert repr(dict(EpochRecord(self.record.to_v2()))) == repr(self.model)


TestRecord = RecordMachine.TestCase
