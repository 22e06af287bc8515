"""A record behaves as its metrics class does, and as a v1 dict for what the class does not have."""

from __future__ import annotations

import json

from hypothesis import given, settings

from compatkit.migration import Field
from compatkit.record import EpochRecord, FieldNames, HistoryReader, default_record
from tests.record.generated_classes import Generated, generated_classes, observations, outcome, works

# With these of its own, a class decides what `dict(record)`, `{**record}`, `record.copy()` and JSON are.
OWN_COPIES = {"iter", "keys", "copy", "items", "getitem"}
TABLE = FieldNames.of([Field("X1", "train_acc", "train_accuracy")])


def v1(name: str) -> str:
    return {"train_accuracy": "train_acc"}.get(name, name)


@settings(max_examples=300)
@given(generated_classes())
def test_a_record_behaves_as_an_instance_of_its_class(generated: Generated) -> None:
    kind = generated.load()
    for name, look in observations(generated).items():
        one, other = (kind(*values) for values in generated.values)
        record, another = HistoryReader(default_record(TABLE)).read([kind(*values) for values in generated.values])

        expected, seen = outcome(look, one, other), outcome(look, record, another)

        assert not works(name, expected) or repr(seen) == repr(expected), f"{name} of\n{generated.source}"


@settings(max_examples=200)
@given(generated_classes())
def test_a_record_is_a_v1_dict_for_what_its_class_does_not_have(generated: Generated) -> None:
    kind = generated.load()
    metrics = kind(*generated.values[0])
    said = metrics.to_dict() if hasattr(kind, "to_dict") and "to_dict" not in generated.fields else None
    wanted = {
        v1(name): value
        for name, value in (said or dict(zip(generated.fields, generated.values[0], strict=True))).items()
    }

    (record,) = HistoryReader(default_record(TABLE)).read([metrics])

    assert isinstance(record, dict)
    assert dict(dict.items(record)) == wanted
    if OWN_COPIES.isdisjoint({*generated.members, *generated.fields}):
        assert dict(record) == {**record} == record.copy() == json.loads(json.dumps(record)) == wanted
        assert all(record[name] == value for name, value in wanted.items())
    assert dict.__eq__(record, wanted)
    assert all(name in record for name in wanted)
    if "train_acc" in wanted and "getitem" not in generated.members:
        # A `[]` of its own hands out the attribute by its name, and what `to_dict` made of it by v1's.
        assert record["train_accuracy"] == record["train_acc"]
    record["added"] = 1
    assert record["added"] == 1
    assert vars(kind).keys() == vars(generated.load()).keys()


def test_a_class_learns_nothing_of_the_keys_that_its_records_have() -> None:
    EpochRecord()
    before = set(vars(EpochRecord))

    records = [EpochRecord({f"batch_{number}": number}) for number in range(100)]
    for number, record in enumerate(records):
        record[f"user_{number}"] = 1

        assert getattr(record, f"user_{number}") == 1
    assert set(vars(EpochRecord)) == before
