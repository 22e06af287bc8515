"""The record that is at once a v1 dict and a v2 metrics object.

The dict is the only storage of a field, under v1 keys, because C code (json, dict(), **) reads a dict's storage and
asks no method. v2 names are properties over it; lookups accept both spellings, iteration shows v1's. What the
metrics class defines itself comes before what dict has (`_own_ways.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import update_wrapper
from types import MemberDescriptorType
from typing import TYPE_CHECKING, Any, ClassVar, Self, SupportsIndex, cast

from compatkit.record import _own_ways
from compatkit.record._attributes import (
    AttributeView,
    Storage,
    attributes_of,
    shown_attributes,
    stored_keys,
    write_attribute,
)
from compatkit.record._layout import RecordLayout
from compatkit.record._stored import (
    ABSENT,
    AbsentValueError,
    DeclaredField,
    PresentFields,
    declared_fields,
    described_property,
    field_names,
    split_property,
    stored_property,
)
from compatkit.record.names import FieldNames


class CompatRecord(Storage):
    """The behaviour of such a record, for any pair of record class and field table.

    `record_class(MyMetrics, names)` makes one; so does `class MyRecord(CompatRecord, MyMetrics, names=...)`.
    What is called on a record here are functions of this module and of dict: a name of a method may be a field's.
    """

    if TYPE_CHECKING:
        names: ClassVar[FieldNames]
        __compatkit_layout__: ClassVar[RecordLayout]
    names = FieldNames(())
    __compatkit_layout__ = RecordLayout(names)

    def __init_subclass__(cls, *, names: FieldNames | None = None, layout: RecordLayout | None = None) -> None:
        is_written = layout is None
        if layout is None:
            # Not for a class that is made for somebody's metrics: theirs may act on being subclassed.
            super().__init_subclass__()
            layout = _inherited_layout(cls, names)
        cls.__compatkit_layout__ = layout
        cls.names = layout.names
        own: Mapping[str, object] = vars(cls)
        # Those of a class that is made are its metrics class's.
        found: Iterable[str] = own.get("__annotations__", ()) if is_written else ()  # type: ignore[assignment]
        annotated = [name for name in found if not name.startswith("_")]
        for name in annotated:
            field = DeclaredField(layout.names.to_v1.get(name, name), *([own[name]] if name in own else []))
            field.__set_name__(cls, name)
            setattr(cls, name, field)
        _settle(cls, besides=annotated)
        if not is_written and layout.metrics is not object:
            _bind_init(cls, layout)
        if is_written and "__new__" not in own:
            # `@dataclass` may process the class next; which fields it has is known when the first record is made.
            cls.__new__ = _settle_and_make  # type: ignore[method-assign,assignment]

    def __init__(self, given: object = ABSENT, /, *values: object, **named: object) -> None:
        """Build from a mapping or pairs, as a dict, or from fields in order and by name, as the metrics class."""
        layout = type(self).__compatkit_layout__
        if type(given) is dict and not (values or named or layout.takes_mapping):
            dict.update(self, layout.names.in_v1(given))
            return
        every = values if given is ABSENT else (given, *values)
        if _is_call_of_metrics(layout, every, named):
            _fill_as_metrics(self, every, named)
        elif len(every) == 1 and isinstance(every[0], Iterable):
            fill(self, every[0], named)
        else:
            fill(self, _positional(type(self), every), named)

    # Both spellings are accepted. `[]` on a v1 key stays dict's own, in C; only a miss comes to `__missing__`.
    # The hottest of these are compiled for each field table: see `_bind_lookups`.
    if TYPE_CHECKING:

        def __missing__(self, key: str) -> object: ...
        def __contains__(self, key: object) -> bool: ...
        def __setitem__(self, key: str, value: object) -> None: ...
        def get(self, key: str, default: object = None) -> object: ...

    def __delitem__(self, key: str) -> None:
        stored = _key(self, key)
        if not dict.__contains__(self, stored):
            raise KeyError(key)
        dict.__delitem__(self, stored)

    def pop(self, key: str, *default: object) -> object:
        stored = _key(self, key)
        if not default and not dict.__contains__(self, stored):
            raise KeyError(key)
        return dict.pop(self, stored, *default)

    def setdefault(self, key: str, default: object = None) -> object:
        return dict.setdefault(self, _key(self, key), default)

    def update(self, values: object = (), /, **named: object) -> None:
        fill(self, values, named)

    @classmethod
    def fromkeys(cls, keys: Iterable[str], value: object = None, /) -> Self:  # type: ignore[override]  # dict's overloads
        # As dict does: of whatever the class makes.
        made = cls()
        for key in keys:
            made[key] = value
        return made

    def __or__(self, other: object) -> Self:  # type: ignore[override]  # dict's overloads
        if not isinstance(other, Mapping):
            return NotImplemented
        merged = cast(Self, copy_record(self))
        fill(merged, other)
        return merged

    def __ror__(self, other: object) -> Self:  # type: ignore[override]  # dict's overloads
        if not isinstance(other, Mapping):
            return NotImplemented
        merged = rebuild_record(type(self), other)
        fill(merged, self)
        return cast(Self, merged)

    def __ior__(self, other: object) -> Self:  # type: ignore[override]  # dict's overloads
        fill(self, other)
        return self

    def copy(self) -> Self:
        return cast(Self, copy_record(self))

    if not TYPE_CHECKING:

        @property
        def __dict__(self) -> AttributeView:
            if type(self).__compatkit_layout__.is_slotted:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute '__dict__'")
            return AttributeView(self)

        @__dict__.setter
        def __dict__(self, attributes: Mapping[str, object]) -> None:
            # One by one, because a key may hold another value than the attribute, and would be gone with it.
            view = AttributeView(self)
            for name in [name for name in view if name not in attributes]:
                del view[name]
            view.update(attributes)

    def __getattr__(self, name: str) -> object:
        return _own_ways.undeclared_value(self, name)

    def __setattr__(self, name: str, value: object) -> None:
        if name.startswith("_") or _own_ways.is_in_class(type(self), name):
            object.__setattr__(self, name, value)
            return
        layout = type(self).__compatkit_layout__
        if layout.is_slotted:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)
        key = layout.names.to_v1.get(name, name)
        # Where the class itself has a field that is called as v1's, another name is another attribute.
        key = name if key in layout.stored else key
        if layout.is_open or dict.__contains__(self, key):
            # As on a v2 record, whose `to_dict` hands on every attribute that it has.
            dict.__setitem__(self, key, value)
        if not layout.is_open and (name in attributes_of(self) or not dict.__contains__(self, key)):
            object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        key = _key(self, name)
        if not _own_ways.is_in_class(type(self), name) and name not in attributes_of(self) and key in self:
            dict.__delitem__(self, key)
        else:
            object.__delattr__(self, name)

    def __eq__(self, other: object) -> bool:
        return cast(bool, _own_ways.dict_equal(self, other))

    def __ne__(self, other: object) -> bool:
        equal = type(self).__eq__(self, other)
        return equal if equal is NotImplemented else not equal

    __hash__ = None  # type: ignore[assignment]  # a dict has no hash; a class that has one of its own keeps it

    def __repr__(self) -> str:
        return f"{type(self).__name__}({dict.__repr__(self)})"

    def __dir__(self) -> Iterable[str]:
        metrics = type(self).__compatkit_layout__.metrics
        return dict.__dir__(self) if metrics is object else {*dir(metrics), *shown_attributes(self)}

    def __reduce_ex__(self, protocol: SupportsIndex) -> tuple[object, ...]:
        # Not dict's own way, which `torch.load` refuses by default even for a class that it was told is safe.
        values, state = _own_ways.pickled(self)
        return rebuild_record, (type(self), values), state

    def __setstate__(self, state: Mapping[str, object]) -> None:
        for name, value in state.items():
            write_attribute(self, name, value)

    def to_v1(self) -> dict[str, object]:
        """Return a plain dict with v1 keys: for `torch.save`, YAML, and whatever asks for `type(x) is dict`."""
        return stored_values(self)

    def to_v2(self) -> dict[str, object]:
        """Return a plain dict with v2 names."""
        return spellings_of(self).in_v2(stored_values(self))

    def to_dict(self) -> dict[str, object]:
        """Return what the v2 record's `to_dict` returns: the values under v2 names."""
        return spellings_of(self).in_v2(stored_values(self))


def spellings_of(record: CompatRecord | type[CompatRecord]) -> FieldNames:
    """Return the two spellings that a record or its class knows."""
    return record.__compatkit_layout__.names


def stored_values(record: CompatRecord) -> dict[str, object]:
    """Return a plain dict of what `record` stores, whatever its class makes of iteration."""
    return dict(dict.items(record))


def fill(record: CompatRecord, values: object, named: Mapping[str, object] = FieldNames(()).codes) -> None:
    """Update `record` with a mapping or pairs, in either spelling, and with `named` values."""
    if isinstance(values, CompatRecord):
        values = stored_values(values)
    given: dict[str, object] = values if type(values) is dict else dict(values)  # type: ignore[call-overload]  # as dict
    renamed = spellings_of(record).in_v1(given)
    if named:
        renamed = {**renamed, **spellings_of(record).in_v1(named)}
    dict.update(record, renamed)


def copy_record(record: CompatRecord) -> CompatRecord:
    """Return a record of the same class, with the same values and attributes."""
    twin = dict.__new__(type(record))
    dict.update(twin, record if type(record).__iter__ is dict.__iter__ else stored_values(record))
    if attributes := attributes_of(record):
        attributes_of(twin).update(attributes)
    return twin


def rebuild_record(cls: type[CompatRecord], values: Mapping[str, object]) -> CompatRecord:
    """Return a record of `cls` that stores `values`, which are under v1 keys: what its pickles call."""
    record = cls.__new__(cls)
    fill(record, values)
    return record


def declare_attributes(cls: type[CompatRecord], attributes: Iterable[str]) -> None:
    """Let the dict of each record of `cls` store these attributes, which its metrics class sets in code."""
    layout = cls.__compatkit_layout__
    added = {name for name in attributes if name not in layout.stored and name not in layout.own}
    layout.stored |= added
    for name in added:
        setattr(cls, name, _property(layout, name))


def split_attribute(cls: type[CompatRecord], name: str) -> None:
    """Let records of `cls` have another value as attribute than as key, as its metrics class's `to_dict` wants it."""
    layout = cls.__compatkit_layout__
    properties = {*layout.stored, *layout.names.to_v1, *layout.names.to_v2}
    if name not in layout.split and name in properties and name not in layout.own.keys() - layout.stored:
        layout.split.add(name)
        setattr(cls, name, split_property(name, layout.names.to_v1.get(name, name)))


def _inherited_layout(cls: type[CompatRecord], names: FieldNames | None) -> RecordLayout:
    """Return the layout of a class that somebody wrote, over the nearest class that is no record."""
    found = (base for base in cls.__mro__ if not issubclass(base, CompatRecord) and base not in {Storage, dict, object})
    above = super(cls, cls).__compatkit_layout__
    metrics = next(found, object)
    layout = RecordLayout(names or above.names, metrics, is_open=above.is_open or metrics is object)
    if above.metrics is metrics:
        # What instances of the metrics class were seen to have.
        layout.stored, layout.split, layout.slots = {*above.stored}, {*above.split}, {*above.slots}
        layout.described, layout.order = {*above.described}, above.order
    return layout


def _settle(cls: type[CompatRecord], *, besides: Iterable[str] = ()) -> None:
    """Give `cls` its properties, its lookups, and the ways of its metrics class."""
    layout = cls.__compatkit_layout__
    names = layout.names
    declared = {**declared_fields(layout.metrics), **declared_fields(cls)}
    layout.stored |= set(field_names(declared))
    layout.stored |= {field.name for field in getattr(layout.metrics, "__attrs_attrs__", ())}
    # An attribute that neither the class nor v1 has is set as on any object.
    aliases = {v1 for v1, v2 in names.to_v2.items() if layout.is_open or v2 in layout.stored}
    aliases |= names.to_v1.keys() if layout.is_open else set()
    aliases = aliases.difference(layout.own)
    above = cls.__mro__[1].__compatkit_layout__  # type: ignore[attr-defined]
    is_settled = layout.metrics is not object and (above.metrics, above.names) == (layout.metrics, names)
    layout.is_below = is_settled
    settled = {*above.stored, *aliases} if is_settled else set()
    for name in {*layout.stored, *aliases}.difference(besides, settled):
        setattr(cls, name, _property(layout, name))
    if declared or layout.is_open:
        cls.__dataclass_fields__ = PresentFields(declared)  # type: ignore[attr-defined]
    if is_settled:
        # Below a record class of the same metrics class: it inherits.
        return
    _own_ways.take_over(cls, layout)
    _bind_lookups(cls, layout)


def _settle_and_make(cls: type[CompatRecord], /, *_values: object, **_named: object) -> CompatRecord:
    if "__new__" in vars(cls):
        del cls.__new__
    if type(vars(cls).get("__dataclass_fields__")) is dict:
        _settle(cls)
    return dict.__new__(cls)


def _property(layout: RecordLayout, name: str) -> property:
    own: Any = layout.own.get(name)
    if getattr(own, "fset", None) or (
        hasattr(type(own), "__set__") and not isinstance(own, property | MemberDescriptorType)
    ):
        layout.described.add(name)
        return described_property(own, layout.names.to_v1.get(name, name))
    # A class's own way to look items up is not the way to its fields.
    return stored_property(name, layout.names.to_v1.get(name, name), by_item="__getitem__" not in layout.own)


def _is_call_of_metrics(layout: RecordLayout, values: tuple[object, ...], named: Mapping[str, object]) -> bool:
    """True where the arguments are those of the metrics class, and no dict's."""
    if len(values) == 1 and not named and isinstance(values[0], Mapping):
        # A v1 record, unless it has none of the keys, and a mapping is all that the class takes.
        known = {*layout.stored, *layout.names.to_v1, *layout.names.to_v2}
        return layout.takes_mapping and bool(values[0]) and known.isdisjoint(values[0])
    return not layout.only_stores and layout.arguments is not None and layout.arguments.fit(values, named)


def _fill_as_metrics(record: CompatRecord, values: tuple[object, ...], named: Mapping[str, object]) -> None:
    """Let the metrics class build one of its own, with all that it does then, and take that over."""
    # It imports this module.
    from compatkit.record.reading import take_over_instance

    layout = type(record).__compatkit_layout__
    arguments = layout.arguments
    assert arguments is not None
    known = {name: value for name, value in named.items() if arguments.takes_any or name in arguments.accepted}
    take_over_instance(record, layout.metrics(*values, **known))
    fill(record, {name: value for name, value in named.items() if name not in known})


def _positional(cls: type[CompatRecord], values: tuple[object, ...]) -> dict[str, object]:
    attributes = field_names(getattr(cls, "__dataclass_fields__", {}))
    if len(values) > len(attributes):
        raise TypeError(f"{cls.__name__} takes at most {len(attributes)} fields, got {len(values)}")
    return dict(zip(attributes, values, strict=False))


def _key(record: CompatRecord, key: object) -> str:
    return spellings_of(record).to_v1.get(key, key)  # type: ignore[call-overload,no-any-return]  # any hashable may be asked for


_INIT = """\
def __init__(self, given=ABSENT, /, *values, **named):
    if given is ABSENT:
        given, named = named, nothing
    if values or named or type(given) is not dict:
        build(self, given, *values, **named)
    elif {told_by!r} in given and [*given] == declared:
        values = given
        fill(self, {literal})
    else:
        fill(self, given if is_v1(given.keys()) else in_v1(given))
"""


def _bind_init(cls: type[CompatRecord], layout: RecordLayout) -> None:
    """Give `cls` an `__init__` that shows the signature of its metrics class's.

    Where that one only stores what it is given, it is compiled: `asdict`, `to_dict` and keywords give all arguments in
    their order, and a literal is the fastest way to another dict.
    """
    build: Callable[..., None] = CompatRecord.__init__
    declared = list(layout.arguments.positional) if layout.arguments else []
    # A dict without this one has not all of them.
    told_by = next((name for name in declared if name in layout.names.to_v1), None)
    space: dict[str, Any] = {"ABSENT": ABSENT, "nothing": {}, "build": build, "fill": dict.update, "declared": declared}
    if layout.only_stores and told_by and not layout.takes_mapping:
        space |= {"is_v1": layout.names.to_v1.keys().isdisjoint, "in_v1": layout.names.in_v1}
        exec(_INIT.format(told_by=told_by, literal=layout.names.literal(declared)), space)
        made = space["__init__"]
    else:

        def made(self: CompatRecord, given: object = ABSENT, /, *values: object, **named: object) -> None:
            build(self, given, *values, **named)

    update_wrapper(made, layout.metrics.__init__)  # type: ignore[misc]  # of a class, not of an instance
    cls.__init__ = made  # type: ignore[method-assign]


_LOOKUPS = """\
def get(self, key, default=None, /):
    return dict_get(self, stored_key(key, key), default)

def __contains__(self, key, /):
    return dict_contains(self, stored_key(key, key))

def __setitem__(self, key, value, /):
    dict_set(self, v1_keys[key] if key in v1_keys else key, value)

def __missing__(self, key, /):
    try:
        return self[v1_keys[key]]
    except KeyError:
        raise AbsentValueError(key, list(stored_keys(self))) from None
"""


def _bind_lookups(cls: type[CompatRecord], layout: RecordLayout) -> None:
    """Give `cls` the hottest of its methods with its names as their globals, which Python finds fastest."""
    v1_keys = layout.names.to_v1
    space: dict[str, Any] = {"__name__": __name__, "v1_keys": v1_keys, "stored_key": v1_keys.get}
    space |= {"dict_get": dict.get, "dict_contains": dict.__contains__, "dict_set": dict.__setitem__}
    space |= {"AbsentValueError": AbsentValueError, "stored_keys": stored_keys}
    exec(_LOOKUPS, space)
    lookups = {name: space[name] for name in ("get", "__contains__", "__setitem__", "__missing__")}
    if layout.computed:
        lookups |= _own_ways.lookups_with_computed(layout, lookups["__missing__"])
    for name, lookup in lookups.items():
        inherited = getattr(cls, name, None)
        # What somebody's class between defines stays.
        is_ours = inherited is getattr(dict, name, None) or getattr(inherited, "__module__", None) == __name__
        if is_ours and name not in vars(cls):
            setattr(cls, name, lookup)


_bind_lookups(CompatRecord, CompatRecord.__compatkit_layout__)
