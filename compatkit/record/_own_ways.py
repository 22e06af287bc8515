"""Let what a metrics class defines come before what dict has: comparisons, hash, repr, its own methods and items."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import FrozenInstanceError, fields, is_dataclass
from typing import TYPE_CHECKING, Any, SupportsIndex, cast

from compatkit.record._attributes import KEPT, Storage, attributes_of, shown_attributes
from compatkit.record._stored import ABSENT, AbsentValueError
from compatkit.record.errors import RecordError

if TYPE_CHECKING:
    from compatkit.record._layout import RecordLayout
    from compatkit.record.compat_record import CompatRecord

_Method = Callable[..., Any]
_ORDER = ("__lt__", "__le__", "__gt__", "__ge__")
# A class's own ways to be built, pickled and described are taken up elsewhere, or mean the class alone.
_NOT_TAKEN = {
    *("__new__", "__init__", "__init_subclass__", "__class_getitem__", "__subclasshook__", "__sizeof__"),
    *("__reduce__", "__reduce_ex__", "__getstate__", "__getnewargs__", "__getnewargs_ex__"),
    *("__dict__", "__weakref__", "__module__", "__doc__", "__annotations__", "__slots__", "__class__"),
    *("__dataclass_fields__", "__compatkit_layout__", "__hash__", "__static_attributes__", "__firstlineno__"),
}
# What a class raises for an item that it does not have.
_NO_SUCH_ITEM = (LookupError, AttributeError, TypeError, ValueError)


def take_over(cls: Any, layout: RecordLayout) -> None:
    """Give `cls`, a record class, what its metrics class defines; what its own body defines stays."""
    if layout.metrics is object:
        return
    is_dict = issubclass(layout.metrics, dict)
    body = vars(cls)
    of_dict = {
        name for base in cls.__mro__ if issubclass(base, Storage | dict) and base is not cls for name in vars(base)
    }
    for name, own in layout.own.items():
        if (name in of_dict or name in _ADAPTED) and name not in body and name not in _NOT_TAKEN:
            setattr(cls, name, _ADAPTED[name](own, layout) if name in _ADAPTED and callable(own) else own)
    if "__repr__" not in body and "__repr__" not in layout.own:
        cls.__repr__ = dict.__repr__ if is_dict else object.__repr__
    if "__eq__" not in body and "__eq__" not in layout.own and not is_dict:
        cls.__eq__ = _identity(layout)
    if "__hash__" not in body or body["__hash__"] is None:
        cls.__hash__ = layout.own.get("__hash__", None if is_dict else object.__hash__)
    if layout.keeps_original:
        # It is called when what the record was read from goes, which the record keeps.
        cls.__del__ = lambda _: None
    if is_frozen(layout.metrics):
        cls.__setattr__, cls.__delattr__ = _refuse_to_assign, _refuse_to_delete


def is_in_class(cls: type, name: str) -> bool:
    """True for a name that a class or a base has, without asking the metaclass or a descriptor."""
    return any(name in vars(base) for base in cls.__mro__)


def undeclared_value(record: Any, name: str) -> object:
    """Return as an attribute the value of a key that no field declares. Learning such keys would let a class grow."""
    if is_in_class(type(record), name):
        # A property that raised AttributeError: its own message is the one to show.
        return object.__getattribute__(record, name)
    names = type(record).__compatkit_layout__.names
    value = dict.get(record, names.to_v1.get(name, name), ABSENT)
    if value is ABSENT:
        raise AttributeError(f"{type(record).__name__!r} object has no attribute {name!r}", name=name, obj=record)
    return value


def is_frozen(metrics: type) -> bool:
    return is_dataclass(metrics) and metrics.__dataclass_params__.frozen  # type: ignore[attr-defined]


def dict_equal(record: Any, other: object) -> Any:
    """Compare as a v1 dict does, with a dict in either spelling or with a metrics object."""
    values = _values(other)
    if values is None:
        return NotImplemented
    try:
        return dict.__eq__(record, type(record).__compatkit_layout__.names.in_v1(values))
    except RecordError:
        # `other` contradicts itself, hence equals no record.
        return False


def reduced(record: Any, protocol: SupportsIndex) -> tuple[Any, ...]:
    """Return what the metrics class's own `__reduce__` says of a record; nothing where it has none."""
    own = type(record).__compatkit_layout__.own
    if "__reduce_ex__" in own:
        found = own["__reduce_ex__"](record, protocol)
    else:
        found = own["__reduce__"](record) if "__reduce__" in own else ()
    return found if isinstance(found, tuple) else ()


def pickled(record: Any) -> tuple[dict[str, object], object]:
    """Return the values that a pickle of `record` is rebuilt with, and the state to set after that."""
    layout: RecordLayout = type(record).__compatkit_layout__
    values = dict(dict.items(record))
    own = layout.own.get("__getstate__")
    # Those of frozen dataclasses with slots set what `fields` says, and of a record that is still empty it says none.
    states = [found for name in ("__getstate__", "__setstate__") if (found := layout.own.get(name)) is not None]
    if all(getattr(found, "__module__", "") == "dataclasses" for found in states):
        return values, {name: value for name, value in attributes_of(record).items() if name != KEPT} or None
    state = own(record) if callable(own) else shown_attributes(record)
    return {key: value for key, value in values.items() if layout.attribute_of(key) not in layout.stored}, state


def _values(other: object) -> Mapping[str, object] | None:
    if isinstance(other, dict):
        return dict(dict.items(other)) if isinstance(other, Storage) else other
    if is_dataclass(other) and not isinstance(other, type):
        return {field.name: getattr(other, field.name, ABSENT) for field in fields(other)}
    return None


def _metrics_of(other: object) -> type:
    if not isinstance(other, Storage) or type(other).__compatkit_layout__.is_below:
        return type(other)
    return type(other).__compatkit_layout__.metrics


def _lifted(record: object, other: object, metrics: type) -> object:
    """Return `other`, a plain `metrics`, as a record of `record`'s class: many classes compare with their like only."""
    if isinstance(other, Storage) or not isinstance(other, metrics):
        return other
    # It imports this module.
    from compatkit.record.reading import read_instance

    return read_instance(cast("type[CompatRecord]", type(record)), other)


def _ordered(own: _Method, layout: RecordLayout) -> _Method:
    def compare(self: object, other: object, /) -> object:
        return own(self, _lifted(self, other, layout.metrics))

    return compare


def _equal(own: _Method, layout: RecordLayout) -> _Method:
    if is_generated_class(own):
        return _equal_by_fields(layout)

    def __eq__(self: object, other: Any, /) -> object:  # noqa: N807 - it becomes that method
        if isinstance(other, dict) and not isinstance(other, layout.metrics):
            return dict_equal(self, other)
        return own(self, _lifted(self, other, layout.metrics))

    return __eq__


def _equal_by_fields(layout: RecordLayout) -> _Method:
    """Return the `__eq__` of a dataclass: the same class, and equal in what is compared; here also in what v1 added."""
    to_v1 = layout.names.to_v1
    left_out = [to_v1.get(field.name, field.name) for field in fields(layout.metrics) if not field.compare]
    dict_eq, in_v1 = dict.__eq__, layout.names.in_v1

    def __eq__(self: Any, other: Any, /) -> object:  # noqa: N807 - it becomes that method
        if type(other) is type(self):
            if not left_out and not layout.split:
                return dict_eq(self, other)
        elif isinstance(other, dict) and not isinstance(other, layout.metrics):
            return dict_equal(self, other)
        elif _metrics_of(other) is not _metrics_of(self):
            return NotImplemented
        left, right = _compared(self), _compared(other)
        return left == right

    def _compared(record: object) -> Mapping[str, object]:
        found = in_v1(_values(record) or {})
        if isinstance(record, Storage):
            attributes = attributes_of(record)
            found.update((to_v1.get(name, name), attributes[name]) for name in layout.split if name in attributes)
        return {key: value for key, value in found.items() if key not in left_out}

    return __eq__


def is_generated_class(method: Any) -> bool:
    """True for a method that `@dataclass` made."""
    code = getattr(getattr(method, "__wrapped__", method), "__code__", None)
    return code is not None and code.co_filename == "<string>"


def _identity(layout: RecordLayout) -> _Method:
    def __eq__(self: object, other: object, /) -> object:  # noqa: N807 - it becomes that method
        if isinstance(other, layout.metrics):
            return self is other
        return dict_equal(self, other)

    return __eq__


def _unequal(own: _Method, layout: RecordLayout) -> _Method:
    return _ordered(own, layout)


def _described(own: _Method, layout: RecordLayout) -> _Method:  # noqa: ARG001 - as all of these
    """Return the class's own `__repr__`; a record with gaps, or with more than the class knows, is shown as a dict."""
    is_of_dataclass = is_generated_class(own)

    def __repr__(self: Any) -> str:  # noqa: N807 - it becomes that method
        known = type(self).__compatkit_layout__
        is_known = known.has_own_values or all(known.attribute_of(key) in known.stored for key in dict.keys(self))
        if is_known or not is_of_dataclass:
            try:
                return str(own(self))
            except AbsentValueError:
                pass
        return _shown_as_dict(self)

    if is_of_dataclass:
        # pprint knows a dataclass by the first, and Rich by the second.
        __repr__.__wrapped__ = getattr(own, "__wrapped__", own)  # type: ignore[attr-defined]
        __repr__.__code__ = __repr__.__code__.replace(co_filename=own.__code__.co_filename)
    return __repr__


def _shown_as_dict(record: Any) -> str:
    return f"{type(record).__name__}({dict.__repr__(record)})"


def _as_text(own: _Method, layout: RecordLayout) -> _Method:  # noqa: ARG001 - as all of these
    """Return the class's own `__str__` or `__format__`, which may want a value that a record with gaps has not."""

    def text(self: Any, *values: str) -> str:
        try:
            return str(own(self, *values))
        except AbsentValueError:
            return _shown_as_dict(self)

    return text


def _or_as_v2(own: _Method, layout: RecordLayout) -> _Method:
    """Return the class's own `to_dict`, which may want a value that a record with gaps has not."""

    def to_dict(self: Any, *values: object, **named: object) -> object:
        try:
            return own(self, *values, **named)
        except AbsentValueError:
            return layout.names.in_v2(dict(dict.items(self)))

    to_dict.__wrapped__ = own  # type: ignore[attr-defined]  # as functools.wraps does
    return to_dict


def _item(own: _Method, layout: RecordLayout) -> _Method:
    def __getitem__(self: Any, key: Any, /) -> object:  # noqa: N807 - it becomes that method
        try:
            return own(self, key)
        except _NO_SUCH_ITEM:
            value = _v1_value(self, key, layout)
            if value is ABSENT:
                raise
            return value

    return __getitem__


def _get(own: _Method, layout: RecordLayout) -> _Method:
    def get(self: Any, *values: Any, **named: Any) -> object:
        try:
            return own(self, *values, **named)
        except _NO_SUCH_ITEM:
            value = _v1_value(self, values[0], layout) if values else ABSENT
            if value is ABSENT:
                raise
            return value

    return get


def _contains(own: _Method, layout: RecordLayout) -> _Method:
    def __contains__(self: Any, key: Any, /) -> bool:  # noqa: N807 - it becomes that method
        try:
            return bool(own(self, key)) or _v1_value(self, key, layout) is not ABSENT
        except _NO_SUCH_ITEM:
            return _v1_value(self, key, layout) is not ABSENT

    return __contains__


def _v1_value(record: Any, key: Any, layout: RecordLayout) -> object:
    try:
        return dict.get(record, layout.names.to_v1.get(key, key), ABSENT)
    except TypeError:
        return ABSENT


def lookups_with_computed(layout: RecordLayout, otherwise: _Method) -> dict[str, _Method]:
    """Return the look-ups of a class that computes some of the declared values; `otherwise` is its `__missing__`."""
    computed = layout.computed

    def get(self: Any, key: Any, default: object = None, /) -> object:
        value = _v1_value(self, key, layout)
        if value is ABSENT:
            return getattr(self, computed[key]) if key in computed else default
        return value

    def __contains__(self: Any, key: Any, /) -> bool:  # noqa: N807 - it becomes that method
        return _v1_value(self, key, layout) is not ABSENT or key in computed

    def __missing__(self: Any, key: Any, /) -> object:  # noqa: N807 - it becomes that method
        return getattr(self, computed[key]) if key in computed else otherwise(self, key)

    return {"get": get, "__contains__": __contains__, "__missing__": __missing__}


def _attribute(own: _Method, layout: RecordLayout) -> _Method:
    def __getattr__(self: Any, name: str) -> object:  # noqa: N807 - it becomes that method
        try:
            return own(self, name)
        except AttributeError:
            names = layout.names
            if (
                is_in_class(type(self), name)
                or (value := dict.get(self, names.to_v1.get(name, name), ABSENT)) is ABSENT
            ):
                raise
            return value

    return __getattr__


def _refuse_to_assign(_self: object, name: str, _value: object) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(_self: object, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


_ADAPTED: Mapping[str, Callable[[_Method, RecordLayout], _Method]] = {
    **dict.fromkeys(_ORDER, _ordered),
    "__eq__": _equal,
    "__ne__": _unequal,
    "__repr__": _described,
    **dict.fromkeys(("__str__", "__format__"), _as_text),
    "to_dict": _or_as_v2,
    "__getitem__": _item,
    "get": _get,
    "__contains__": _contains,
    "__getattr__": _attribute,
}
