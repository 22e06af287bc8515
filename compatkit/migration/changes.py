"""Changes of an interface that keep no v1 spelling alive: calls, members, removals. Values only, no I/O."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import ClassVar, NamedTuple, TypeAlias

from compatkit.migration.model import Confidence, Row, Words, relocate
from compatkit.migration.value import Value, value

# What a Python literal can be: text, numbers, None, and lists and the like of them.
Literal: TypeAlias = object


class SettingWrite(NamedTuple):
    """An argument by name, and the literal that it is given."""

    name: str
    value: Literal

    def __hash__(self) -> int:
        return hash(repr(tuple(self)))  # a literal may be a list


class RenamedArgument(NamedTuple):
    """A v1 name of an argument, and its v2 name."""

    v1: str
    v2: str


class Parameters(NamedTuple):
    """Parameters of a method after `self`: names in order, how many need a value, keyword-only ones that need one."""

    positional: tuple[str, ...]
    required: int
    named: tuple[str, ...] = ()
    takes_any: bool = False


class Mapped(NamedTuple):
    """A literal that an argument took in v1, and what says the same in v2."""

    name: str
    v1: Literal
    v2: Literal

    def __hash__(self) -> int:
        return hash(repr(tuple(self)))  # a literal may be a list


class Condition(NamedTuple):
    """An argument that must be given one of these literals."""

    name: str
    values: tuple[Literal, ...]

    def __hash__(self) -> int:
        return hash(repr(tuple(self)))  # a literal may be a list


class Match(NamedTuple):
    """An argument whose text must contain what a regular expression describes."""

    name: str
    pattern: str


@value
class About(Value):
    """Columns of every kind of change; `since` and `remove` are releases, `link` leads to the library's own notes."""

    confidence: Confidence = "safe"
    since: str = ""
    remove: str = ""
    why: str = ""
    link: str = ""

    @property
    def reason(self) -> str:
        parts = [self.why, f"deprecated since {self.since}" if self.since else ""]
        return "; ".join([*filter(None, parts), *([f"removed in {self.remove}"] if self.remove else [])])


@value
class CallChange(Row):
    """A change of the calls of one callable.

    Attributes:
        of: its dotted names; a `*` stands for one part.
        to: its new dotted name, if it has one.
        v1, v2: the positional parameters, in order, then and now. Without `v2` positions stay as they are.
        rename, add, pin, drop, values: what becomes of arguments; `pin` writes out a default that changed.
        meant: as `values`, for what v2 takes too and means something else by; of calls under v1's name only.
        when: literals that must be given, or the change is none of this call.
        matches: texts that must be given; of a formatted string, one of the parts that are written.
        made_of: classes of which an argument must be an instance that is made right there.
        asks: arguments of which at least one must be given.
        unless: arguments of which none may be given, or the change is none of this call.
        lacks: arguments of which at least one must not be given.
        unless_when, unless_matches: values and texts of arguments with one of which the change is none of a call.
        literal: arguments that must be written as literals, or the call is reported.
        unless_mentioned: words that make the change uncertain anywhere in a file.
        decorator: it may be used as a decorator without being called.
        say: what to tell; then nothing is rewritten.
    """

    code: str
    of: tuple[str, ...]
    to: str = ""
    v1: tuple[str, ...] = ()
    v2: tuple[str, ...] | None = None
    rename: tuple[RenamedArgument, ...] = ()
    add: tuple[SettingWrite, ...] = ()
    pin: tuple[SettingWrite, ...] = ()
    drop: tuple[str, ...] = ()
    values: tuple[Mapped, ...] = ()
    meant: tuple[Mapped, ...] = ()
    when: tuple[Condition, ...] = ()
    matches: tuple[Match, ...] = ()
    made_of: tuple[Condition, ...] = ()
    asks: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    unless_when: tuple[Condition, ...] = ()
    unless_matches: tuple[Match, ...] = ()
    literal: tuple[str, ...] = ()
    unless_mentioned: tuple[str, ...] = ()
    decorator: bool = False
    say: str = ""
    about: About = About()
    told: ClassVar = Words("{0.of[0]}", "A call of {0.of[0]} changes: {0.gist}.", "[[calls]] of {0.of[0]}")

    @property
    def gist(self) -> str:
        return self.about.why or self.say

    @property
    def mapped(self) -> tuple[Mapped, ...]:
        """The literals that are written otherwise in v2."""
        return (*self.values, *self.meant)

    @property
    def asked(self) -> frozenset[str]:
        """The v1 arguments of which at least one must be given, or the change is none of a call; may be empty."""
        if self.to:
            return frozenset()
        names = {row.v1 for row in self.rename}
        names |= {row.name for rows in (self.mapped, self.when, self.matches, self.made_of) for row in rows}
        return frozenset(names | set(self.drop) | set(self.literal) | set(self.asks))

    @property
    def value_words(self) -> frozenset[str]:
        """A word of each text of which an argument must be one, or the change is none of a call.

        Empty where other values do, too, or where the argument changes in any case.
        """
        values = [value for row in self.when for value in row.values] or [row.v1 for row in self.mapped]
        words = [max(re.findall(r"\w+", value), key=len, default="") for value in values if isinstance(value, str)]
        is_open = self.literal or not (self.when or self.asked <= {row.name for row in self.mapped})
        return frozenset(words) if len(words) == len(values) and all(words) and not is_open else frozenset()

    @property
    def is_conditional(self) -> bool:
        """True for a change of some calls only, or one that the old name tells from those that were made."""
        return bool(self.to or self.has_conditions)

    @property
    def has_conditions(self) -> bool:
        """True for a change of some calls only."""
        needed = (self.when, self.matches, self.made_of, self.asks)
        return any((*needed, self.unless, self.lacks, self.unless_when, self.unless_matches))

    @property
    def is_rewritten(self) -> bool:
        return not self.say

    def spellings(self) -> Iterator[str]:
        yield from (name.rpartition(".")[2] for name in (*self.of, self.to) if name)

    def claims(self) -> Iterator[str]:
        named = [row.name for rows in (self.add, self.pin, self.mapped) for row in rows]
        arguments = [*(row.v1 for row in self.rename), *named]
        for of in self.of:
            yield from (f"The argument {name!r} of {of!r}" for name in (*arguments, *self.drop))
            if self.to:
                yield f"The old name {of!r}"
            if self.v2 is not None:
                yield f"The positions of {of!r}"

    def relocated(self, homes: Mapping[str, str]) -> CallChange:
        return replace(self, of=tuple(relocate(name, homes) for name in self.of), to=relocate(self.to, homes))


@value
class MemberChange(Row):
    """A method or an attribute of these classes, an enumeration's value or a constant, that has a new name.

    `defined`: subclasses define it, as a hook that the library calls. Without `v2`, `say` tells what to do. A hook that
    was given all results of an epoch: the shim gathers what the method `gathers` returns, each under `wrapped_as` where
    it is no dict, and calls the old hook where v2 calls `calls_at`. `own`: a class that sets it goes on as before.
    """

    code: str
    of: tuple[str, ...]
    v1: str
    v2: str = ""
    defined: bool = False
    gathers: str = ""
    calls_at: str = ""
    wrapped_as: str = ""
    own: bool = False
    say: str = ""
    about: About = About()
    told: ClassVar = Words("{0.of[0]}.{0.v1}", "The member {0.v1} of {0.of[0]}: {0.gist}.", "[[members]] {0.v1!r}")

    @property
    def gist(self) -> str:
        return self.v2 or self.say

    @property
    def is_rewritten(self) -> bool:
        return bool(self.v2)

    def spellings(self) -> Iterator[str]:
        yield from filter(None, (self.v1, self.v2))

    def claims(self) -> Iterator[str]:
        yield from (f"The member {self.v1!r} of {of!r}" for of in self.of)

    def relocated(self, homes: Mapping[str, str]) -> MemberChange:
        return replace(self, of=tuple(relocate(name, homes) for name in self.of))


def _ordered(names: Iterable[str], wanted: Sequence[str]) -> bool:
    """Tell whether those of `names` that are wanted stand in the wanted order."""
    common = [name for name in names if name in wanted]
    return common == [name for name in wanted if name in common]


@value
class HookChange(Row):
    """A method that subclasses define and the library calls, with other parameters in v2 than in v1.

    `v1` and `v2` are the parameters after `self`, in order; `rename` are those with another name, and `say` tells what
    to do besides.
    """

    code: str
    of: tuple[str, ...]
    name: str
    v1: tuple[str, ...]
    v2: tuple[str, ...]
    rename: tuple[RenamedArgument, ...] = ()
    say: str = ""
    about: About = About("review")
    told: ClassVar = Words(
        "{0.of[0]}.{0.name}", "The hook {0.name} of {0.of[0]} takes ({0.taken}).", "[[hooks]] {0.name!r}"
    )

    @property
    def taken(self) -> str:
        return ", ".join(("self", *self.v2))

    @property
    def gone(self) -> tuple[str, ...]:
        """The parameters that v2 does not pass any more."""
        renamed = {row.v1 for row in self.rename}
        return tuple(name for name in self.v1 if name not in self.v2 and name not in renamed)

    def old_names(self, taken: Parameters) -> Mapping[str, str] | None:
        """Return v1's name of each parameter of a definition that v2 cannot call; None for one that it can.

        Parameters are known by their names where all are v1's, else by their places.
        """
        names = taken.positional
        changed = {*self.gone, *(row.v1 for row in self.rename)}
        fits = (
            taken.required <= len(self.v2)
            and changed.isdisjoint(names[: taken.required])
            and set(taken.named) <= {*self.v2}
            # In the same order, or in none that v1 had: then it calls them as it likes.
            and (_ordered(names, self.v2) or not _ordered(names, self.v1))
            # What v2 passes and v1 did not must find a place.
            and (len(self.v2) <= len(self.v1) or len(names) >= len(self.v2) or taken.takes_any)
        )
        if fits:
            return None
        return dict(zip(names, names if {*names} <= {*self.v1} else self.v1, strict=False))

    def claims(self) -> Iterator[str]:
        yield from (f"The hook {self.name!r} of {of!r}" for of in self.of)

    def relocated(self, homes: Mapping[str, str]) -> HookChange:
        return replace(self, of=tuple(relocate(name, homes) for name in self.of))


@value
class Removal(Row):
    """Dotted names of modules, classes or functions that are gone, and what to do instead.

    `anywhere`: a call of a method with this name is reported on any object that is not known.
    """

    code: str
    names: tuple[str, ...]
    say: str
    anywhere: bool = False
    about: About = About("manual")
    told: ClassVar = Words("{0.names[0]}", "{0.names[0]} is gone: {0.say}.", "[[removed]] {0.names[0]}")

    @property
    def is_rewritten(self) -> bool:
        return False

    def spellings(self) -> Iterator[str]:
        yield from (name.rpartition(".")[2] for name in self.names)

    def claims(self) -> Iterator[str]:
        yield from (f"The old name {name!r}" for name in self.names)

    def relocated(self, homes: Mapping[str, str]) -> Removal:
        return replace(self, names=tuple(relocate(name, homes) for name in self.names))


@value
class KeyChange(Row):
    """A key of configuration files: renamed, gone, or the place of a callable's arguments.

    Attributes:
        v1: its path from the top of a file; a `*` stands for one part.
        beside: paths that a file has as well if it is one of those that are meant.
        v2: its new name; the place stays.
        of: a callable; what is kept under the key are its arguments, which change as `[[calls]]` says.
        say: what to tell; then nothing is rewritten.
    """

    code: str
    v1: str
    beside: tuple[str, ...]
    v2: str = ""
    of: str = ""
    say: str = ""
    about: About = About("review")
    told: ClassVar = Words("{0.v1}", "The key {0.v1} of configurations: {0.gist}.", "[[keys]] {0.v1!r}")

    @property
    def gist(self) -> str:
        return self.v2 or self.say or self.of

    @property
    def is_rewritten(self) -> bool:
        return not self.say

    def spellings(self) -> Iterator[str]:
        yield from ()

    def claims(self) -> Iterator[str]:
        yield f"The key {self.v1!r} beside {', '.join(sorted(self.beside))}"

    def relocated(self, homes: Mapping[str, str]) -> KeyChange:
        return replace(self, of=relocate(self.of, homes))


@value
class FlagChange(Row):
    """An option of command lines: renamed, with other values, or gone.

    Attributes:
        v1, v2: the option as it is written, such as `--gpus`.
        of: patterns of programs, scripts or modules, one of which a command starts if it is meant.
        beside: options that such a command has as well.
        values: pairs of what was given in v1 and what says the same.
        say: what to tell; then nothing is rewritten.
    """

    code: str
    v1: str
    of: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    v2: str = ""
    values: tuple[tuple[str, str], ...] = ()
    say: str = ""
    about: About = About("review")
    told: ClassVar = Words("{0.v1}", "The option {0.v1} of command lines: {0.gist}.", "[[flags]] {0.v1!r}")

    @property
    def gist(self) -> str:
        pairs = (f"{v1} is {v2}" for v1, v2 in self.values)
        return self.say or ", ".join([*([self.v2] if self.v2 else []), *pairs])

    @property
    def is_rewritten(self) -> bool:
        return not self.say

    @property
    def field(self) -> str:
        """The name under which a parser keeps the option."""
        return self.v1.lstrip("-").replace("-", "_")

    def is_meant(self, words: Sequence[str]) -> bool:
        """Tell whether a command of these words is one of those that are meant."""
        options = {word.partition("=")[0] for word in words}
        names = [name for word in words for name in (word, word.replace("\\", "/").rpartition("/")[2])]
        is_of = not self.of or any(fnmatchcase(name, pattern) for name in names for pattern in self.of)
        return is_of and all(option in options for option in self.beside)

    def spellings(self) -> Iterator[str]:
        yield from filter(None, (self.v1, self.v2))

    def claims(self) -> Iterator[str]:
        yield f"The option {self.v1!r} of {', '.join(sorted((*self.of, *self.beside)))}"


@value
class Transform(Row):
    """The `transform.py` beside a migration: code of its author's, for what no table can say.

    It is handed the files that contain one of the `words`, and no others.
    """

    code: str
    words: tuple[str, ...]
    about: About = About("review")
    told: ClassVar = Words("{0.words[0]}", "The transform.py does it: {0.gist}.", "[transform]")

    @property
    def gist(self) -> str:
        return self.about.why or "what no table can say"

    def spellings(self) -> Iterator[str]:
        yield from self.words


InterfaceChange = CallChange | MemberChange | Removal
