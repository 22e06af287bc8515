"""The attributes of a record: its fields, which its dict stores, and whatever else was set on it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from inspect import getattr_static
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from compatkit.record._layout import RecordLayout

    _Dict = dict[str, object]
else:
    _Dict = dict


# The attribute that holds the object which a record was read from.
KEPT = "__compatkit_original__"


class Storage(_Dict):
    """A dict with attributes of its own; `attributes_of` reaches them where a record shows another `__dict__`."""

    if TYPE_CHECKING:
        # Not for those who ask for the type hints of a record's class.
        __compatkit_layout__: ClassVar[RecordLayout]


attributes_of: Callable[[Any], dict[str, object]] = vars(Storage)["__dict__"].__get__


def stored_keys(record: Any) -> Iterable[str]:
    """Return the v1 keys of what a record stores, whatever its class means by `keys`."""
    return dict.keys(record)


def shown_attributes(record: Any) -> dict[str, object]:
    """Return what `vars` of the metrics object would be: the fields under v2 names, then the other attributes."""
    layout: RecordLayout = type(record).__compatkit_layout__
    shown: dict[str, object] = {}
    for key, value in dict.items(record):
        name = layout.attribute_of(key)
        if name in layout.stored or (layout.is_open and isinstance(name, str)):
            shown[name] = value
    # Beside the fields last: where both have a name, the attribute is what the class's own code wrote.
    shown.update(attributes_of(record))
    ordered = {name: shown[name] for name in layout.order if name in shown}
    hidden = layout.slots | layout.described | {KEPT}
    return {name: value for name, value in (ordered | shown).items() if name not in hidden}


def write_attribute(record: Any, name: str, value: object) -> None:
    """Set an attribute as the metrics class's own `__dict__` would: no property, no frozen class is asked."""
    layout: RecordLayout = type(record).__compatkit_layout__
    if name in layout.split:
        getattr_static(type(record), name).__set__(record, value)
    elif name in layout.stored or (layout.is_open and not name.startswith("_") and not hasattr(type(record), name)):
        dict.__setitem__(record, layout.names.to_v1.get(name, name), value)
    else:
        attributes_of(record)[name] = value


def delete_attribute(record: Any, name: str) -> None:
    """Delete an attribute that `shown_attributes` has."""
    names = type(record).__compatkit_layout__.names
    held = attributes_of(record).pop(name, record) is not record
    if dict.pop(record, names.to_v1.get(name, name), record) is record and not held:
        raise KeyError(name)


class AttributeView(_Dict):
    """A record's `__dict__`: what it shows is the record's, and what is written to it is written to the record.

    A dict that is filled anew before each use, and not a mapping, because C code and `dict.get(vars(x), …)` read it.
    """

    __slots__ = ("_record",)
    _record: object

    def __init__(self, record: object) -> None:
        super().__init__(shown_attributes(record))
        object.__setattr__(self, "_record", record)

    def __reduce_ex__(self, protocol: object) -> tuple[object, ...]:
        # `torch.save` has protocol 2, and `torch.load` takes no `dict` that is called, where the shim is and where not.
        return (OrderedDict if protocol == 2 else dict), (self.copy(),)

    __hash__ = None


def _reading(name: str) -> Callable[..., object]:
    method = getattr(dict, name)

    def read(self: AttributeView, *values: object) -> object:
        _renew(self)
        return method(self, *values)

    return read


def _writing(name: str) -> Callable[..., object]:
    method = getattr(dict, name)

    def write(self: AttributeView, *values: object, **named: object) -> object:
        _renew(self)
        before = dict(dict.items(self))
        try:
            return method(self, *values, **named)
        finally:
            _write_back(self._record, before, dict(dict.items(self)))

    return write


def _renew(view: AttributeView) -> None:
    shown = shown_attributes(view._record)  # noqa: SLF001 - a method of it, for all that are made from one
    dict.clear(view)
    dict.update(view, shown)


def _write_back(record: object, before: Mapping[str, object], after: Mapping[str, object]) -> None:
    for name in before:
        if name not in after:
            delete_attribute(record, name)
    for name, value in after.items():
        if name not in before or before[name] is not value:
            write_attribute(record, name, value)


_READ = (
    "__getitem__ __contains__ __iter__ __len__ __eq__ __ne__ __repr__ __or__ __ror__ __reversed__ get keys items values"
)
for _name in (*_READ.split(), "copy"):
    setattr(AttributeView, _name, _reading(_name))
for _name in ("__setitem__", "__delitem__", "__ior__", "update", "pop", "popitem", "setdefault", "clear"):
    setattr(AttributeView, _name, _writing(_name))
