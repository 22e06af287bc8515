"""The public interface of one release of a library, read from its source by griffe; nothing is imported or run."""

from __future__ import annotations

import contextlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import griffe

from compatkit.authoring import AuthoringError

_WORD = re.compile(r"\w+|[^\w\s]")
# Parts of a package that nobody imports who uses it.
_NO_INTERFACE = {"conftest", "setup", "test", "tests", "testing"}
_UNRESOLVED = (griffe.AliasResolutionError, griffe.CyclicAliasError)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a callable; `default` is its source, None where there is none."""

    name: str
    kind: str
    default: str | None

    @property
    def is_collecting(self) -> bool:
        return self.kind.startswith("variadic")


@dataclass(frozen=True)
class PublicName:
    """One public name. `path` is how users write it, `home` where it is defined.

    No slots, because what is worked out from the source is kept.
    """

    path: str
    home: str
    kind: str
    parent: str
    source: str = ""
    doc: str = ""
    parameters: tuple[Parameter, ...] = ()
    is_member: bool = False

    @property
    def name(self) -> str:
        return self.path.rpartition(".")[2]

    @cached_property
    def words(self) -> Counter[str]:
        """The words of the source, however they are spelled, without its own name."""
        own = spelling(self.name)
        return Counter(word for found in _WORD.findall(self.source) if (word := spelling(found)) != own)


@dataclass(frozen=True)
class Interface:
    """All public names by path, and every name that there is at all, public or not.

    `inherited` leads from what a class inherits to where it is defined; `hidden` is left out of an `__all__`.
    """

    package: str
    items: Mapping[str, PublicName]
    modules: frozenset[str]
    names: frozenset[str] = field(repr=False)
    inherited: Mapping[str, str] = field(repr=False, default_factory=dict)
    hidden: Mapping[str, PublicName] = field(repr=False, default_factory=dict)

    def renamed(self, package: str) -> Interface:
        """Return the interface as if the package were called otherwise, to be set against one of that name."""

        def new(path: str) -> str:
            inside = path.removeprefix(self.package)
            return package + inside if inside != path and inside[:1] in ("", ".") else path

        def items(of: Mapping[str, PublicName]) -> dict[str, PublicName]:
            return {
                new(path): replace(item, path=new(path), home=new(item.home), parent=new(item.parent))
                for path, item in of.items()
            }

        return Interface(
            package,
            items(self.items),
            frozenset(map(new, self.modules)),
            frozenset(map(new, self.names)),
            {new(path): new(home) for path, home in self.inherited.items()},
            items(self.hidden),
        )

    def find(self, path: str) -> PublicName | None:
        """Return the public name at a path; for what a class inherits, that of the class that has it."""
        item = self.items.get(path) or self.hidden.get(path)
        return item or self._by_home.get(self.inherited.get(path, ""))

    def second_names(self, path: str) -> list[str]:
        """Return every public name of what is public at a path, the shortest first, and those of heirs of a member.

        A class is read under one of its names, and a member in the class that defines it.
        """
        item = self.items.get(path)
        owner, _, name = path.rpartition(".")
        if item is None and owner in self.items:
            # Its class is read under another name.
            others = (f"{other}.{name}" for other in self.second_names(owner))
            item = next(filter(None, map(self.items.get, others)), None)
        if item is None:
            return [path]
        found = [path, *self._paths[item.home]]
        if item.is_member:
            found += [f"{other}.{name}" for other in self.second_names(owner)]
            heirs = [heir.rpartition(".")[0] for heir in self._heirs[item.home]]
            found += [f"{other}.{name}" for heir in heirs for other in self.second_names(heir)]
        return sorted(dict.fromkeys(found), key=lambda name: (name.count("."), name))

    @cached_property
    def _paths(self) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for item in self.items.values():
            found[item.home].append(item.path)
        return found

    @cached_property
    def _heirs(self) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for path, home in self.inherited.items():
            found[home].append(path)
        return found

    @cached_property
    def _by_home(self) -> dict[str, PublicName]:
        return {item.home: item for item in self.items.values()}


def spelling(name: str) -> str:
    """Return a name as it is however words are put together in it: getPage and get_page are one; fit_ is not fit."""
    return name.rstrip("_").replace("_", "").lower() + name[len(name.rstrip("_")) :]


def load_package(package: str, folder: Path) -> griffe.Module:
    """Read the source of the `package` in `folder`. Raises `AuthoringError` if there is no such package."""
    try:
        root = griffe.load(
            package,
            search_paths=[folder],
            allow_inspection=False,
            try_relative_path=False,
            resolve_aliases=True,
            resolve_external=False,
        )
    except (ImportError, griffe.GriffeError, SyntaxError, OSError) as error:
        raise AuthoringError.unreadable(package, str(error)) from error
    assert isinstance(root, griffe.Module)
    return root


def read_interface(package: str, folder: Path) -> Interface:
    """Read the interface of the `package` in `folder`, which may lie in another one, or in a namespace: `a.b`.

    Raises `AuthoringError` if there is no such package.
    """
    top, _, inside = package.partition(".")
    root: griffe.Object | griffe.Alias = load_package(package if inside else top, folder)
    reader = _Reader(top)
    reader.read_module(_within(root, package))
    return Interface(
        package, reader.items, frozenset(reader.modules), frozenset(reader.names), reader.inherited, reader.hidden
    )


def _within(root: griffe.Object | griffe.Alias, package: str) -> griffe.Module:
    """Return the module at a dotted path; griffe gives the outermost one."""
    for part in package.split(".")[root.path.count(".") + 1 :]:
        if part not in root.members:
            raise AuthoringError.unreadable(package, f"{root.path} has no {part}")
        root = root.members[part]
    if not isinstance(root, griffe.Module):
        raise AuthoringError.unreadable(package, "it is not a module")
    return root


class _Reader:
    def __init__(self, package: str) -> None:
        self._package = package
        self.items: dict[str, PublicName] = {}
        self.modules: set[str] = set()
        self.names: set[str] = set()
        self.inherited: dict[str, str] = {}
        self.hidden: dict[str, PublicName] = {}
        self._expanded: set[str] = set()

    def read_module(self, module: griffe.Module) -> None:
        self.modules.add(module.path)
        self.names.add(module.path)
        submodules = []
        for name, member in sorted(module.members.items()):
            path = f"{module.path}.{name}"
            self.names.add(path)
            if member.is_alias:
                self._read_alias(module, name, member)
            elif isinstance(member, griffe.Module):
                submodules.append(member)
            elif _is_public(module, name):
                self._add(path, member, module.path)
            elif not name.startswith("_"):
                self.hidden[path] = _item(path, member, module.path, is_member=False)
        for submodule in submodules:
            if not submodule.name.startswith("_") and submodule.name not in _NO_INTERFACE:
                self.read_module(submodule)
            else:
                self._read_names(submodule)

    def _read_names(self, module: griffe.Module) -> None:
        """Note what a private module holds: it is there, but no interface."""
        for name, member in module.members.items():
            self.names.add(f"{module.path}.{name}")
            if isinstance(member, griffe.Module):
                self._read_names(member)

    def _read_alias(self, module: griffe.Module, name: str, alias: griffe.Object | griffe.Alias) -> None:
        assert isinstance(alias, griffe.Alias)
        # Else it is imported for use. But what is defined in a private module has to be had from somewhere.
        is_handed_on = (
            module.is_init_module
            or _hides_beside(module.path, alias.target_path)
            or bool(module.exports and name in _exported(module))
        )
        if not is_handed_on or not _is_public(module, name) or not alias.target_path.startswith(f"{self._package}."):
            return
        with contextlib.suppress(*_UNRESOLVED):
            target = alias.final_target
            if not isinstance(target, griffe.Module):
                self._add(f"{module.path}.{name}", target, module.path)

    def _add(self, path: str, found: griffe.Object | griffe.Alias, parent: str, *, is_member: bool = False) -> None:
        item = _item(path, found, parent, is_member=is_member)
        self.items[path] = item
        if isinstance(found, griffe.Class) and found.path not in self._expanded:
            # Under one of its names is enough, or everything that changes in it would be told twice.
            self._expanded.add(found.path)
            self._read_members(path, found)

    def _read_members(self, path: str, owner: griffe.Class) -> None:
        with contextlib.suppress(*_UNRESOLVED):
            self.inherited |= {f"{path}.{name}": member.target_path for name, member in owner.inherited_members.items()}
            self.names |= {f"{path}.{name}" for name in owner.all_members}
        self.names |= {f"{owner.path}.{name}" for name in owner.members}
        for name, member in sorted(owner.members.items()):
            if not name.startswith("_") and not member.is_alias:
                self._add(f"{path}.{name}", member, path, is_member=True)


def _hides_beside(module: str, target: str) -> bool:
    """Tell whether a name is defined in a private module that lies beside a module, or below the package around it."""
    parts = target.split(".")[:-1]
    at = next((number for number, part in enumerate(parts) if part.startswith("_")), 0)
    around = ".".join(parts[:at])
    return bool(at) and (module.rpartition(".")[0] == around or f"{around}.".startswith(f"{module}."))


def _is_public(module: griffe.Module, name: str) -> bool:
    if name.startswith("__"):
        return False
    return name in _exported(module) if module.exports else not name.startswith("_")


def _exported(module: griffe.Module) -> set[str]:
    return {name if isinstance(name, str) else name.name for name in module.exports or ()}


def _item(path: str, found: griffe.Object | griffe.Alias, parent: str, *, is_member: bool) -> PublicName:
    source = ""
    with contextlib.suppress(*_UNRESOLVED, KeyError, ValueError, OSError):
        source = found.source
    doc = found.docstring.value.strip() if found.docstring else ""
    kind = "function" if found.is_function else "class" if found.is_class else "attribute"
    parameters = tuple(_parameters(found))
    return PublicName(path, found.path, kind, parent, source, doc, parameters, is_member)


def _parameters(found: griffe.Object | griffe.Alias) -> Iterator[Parameter]:
    if not isinstance(found, griffe.Function | griffe.Class):
        return
    given = []
    # An `__init__` may be an attribute: griffe then looks for parameters that it does not have.
    with contextlib.suppress(*_UNRESOLVED, KeyError, AttributeError):
        given = list(found.parameters)
    is_method = isinstance(found, griffe.Class) or (
        found.parent is not None and found.parent.is_class and "staticmethod" not in found.labels
    )
    if is_method and given and given[0].name in {"cls", "self"}:
        given = given[1:]
    for value in given:
        kind = value.kind.value if value.kind else "positional or keyword"
        default = None if value.default is None or kind.startswith("variadic") else str(value.default)
        yield Parameter(value.name, kind, default)
