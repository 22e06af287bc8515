"""The wishes of a run, each declared once: a field says its default, its help, its key in `[tool.compatkit]` and which
values fit. The command line, the settings, their JSON Schema and their reference are derived from these fields.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, NamedTuple

MOST_JOBS = 4096

# Named tuples, since each dataclass costs the help of `migrate` a millisecond.


class SettingKind(NamedTuple):
    """The values that a setting takes: in words, as a test, as JSON Schema, and as the value that a run gets."""

    expected: str
    fits: Callable[[object], bool]
    schema: Mapping[str, object]
    read: Callable[[Any, Path], object] = lambda value, _: value


class Wish(NamedTuple):
    """The other things that a field says: its help, its kind, and how the command line spells it."""

    help: str
    kind: SettingKind
    metavar: str = ""


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) and item for item in value)


def _are_texts_by_name(value: object) -> bool:
    return isinstance(value, dict) and all(_is_texts(item) for item in value.values())


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MOST_JOBS


_TEXTS = {"type": "array", "items": {"type": "string", "minLength": 1}}
SWITCH = SettingKind("true or false", lambda value: isinstance(value, bool), {"type": "boolean"})
CONFIDENCE = SettingKind(
    "'safe' or 'review'",
    lambda value: value in ("safe", "review"),
    {"enum": ["safe", "review"]},
)
CODES = SettingKind("a list of strings", _is_texts, _TEXTS, lambda value, _: frozenset(value))
PATTERNS = SettingKind("a list of strings", _is_texts, _TEXTS, lambda value, _: tuple(value))
CODES_BY_PATTERN = SettingKind(
    "a table of lists of codes, by pattern",
    _are_texts_by_name,
    {"type": "object", "additionalProperties": _TEXTS},
    lambda value, _: tuple((pattern, tuple(codes)) for pattern, codes in value.items()),
)
COUNT = SettingKind(
    f"a number from 1 to {MOST_JOBS}", _is_count, {"type": "integer", "minimum": 1, "maximum": MOST_JOBS}
)
FILE = SettingKind(
    "a path",
    lambda value: isinstance(value, str) and bool(value),
    {"type": "string", "minLength": 1},
    lambda value, folder: folder / value,
)


def _wish(default: Any, kind: SettingKind, text: str, *, metavar: str = "") -> Any:
    return field(default=default, metadata={"wish": Wish(text, kind, metavar)})


@dataclass(frozen=True, slots=True)
class Options:
    """The limits of a rewrite; by default only what is certain, in the smallest diff."""

    confidence: Literal["safe", "review"] = _wish(
        "safe", CONFIDENCE, "review also makes what is only reported by default, such as strings that name code."
    )
    modernize: bool = _wish(False, SWITCH, "Also rewrite fields and arguments.")
    rename: bool = _wish(False, SWITCH, "Use the new name throughout, not `New as Old`.")
    through_reexports: bool = _wish(
        False, SWITCH, "Also rewrite imports from a package that only hands a moved name on."
    )
    select: frozenset[str] = _wish(
        frozenset(), CODES, "Act on these codes only, such as CK101,CK2: a prefix means all below it.", metavar="CODES"
    )
    ignore: frozenset[str] = _wish(frozenset(), CODES, "Do not act on these codes.", metavar="CODES")
    report_unused_ignores: bool = _wish(
        False, SWITCH, "Also report `# compatkit: ignore` comments that hold nothing back (CK911)."
    )

    @property
    def acts_on_all(self) -> bool:
        return not (self.select or self.ignore)

    def acts_on(self, code: str) -> bool:
        """Tell whether `code` is selected. A prefix selects all codes that begin with it, such as CK2."""
        is_selected = not self.select or any(code.startswith(prefix) for prefix in self.select)
        return is_selected and not any(code.startswith(prefix) for prefix in self.ignore)


@dataclass(frozen=True, slots=True)
class RunOptions(Options):
    """The other settings of a run: which files it looks at, and how it works."""

    exclude: tuple[str, ...] = _wish(
        (), PATTERNS, "Leave these files and folders out; as in .gitignore.", metavar="PATTERNS"
    )
    extend_exclude: tuple[str, ...] = _wish((), PATTERNS, "Also leave these out, beside `exclude`.", metavar="PATTERNS")
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = _wish(
        (), CODES_BY_PATTERN, "In files that match the pattern, do not act on these codes.", metavar="PATTERN:CODES"
    )
    allow_dirty: bool = _wish(False, SWITCH, "Also write into files with uncommitted changes.")
    jobs: int | None = _wish(None, COUNT, "Processes; by default as many as pay.", metavar="N")
    baseline: Path | None = _wish(  # noqa: RUF009 - it is a field
        None, FILE, "A file of what is known: it passes, and what is new fails.", metavar="FILE"
    )

    @property
    def options(self) -> Options:
        """Return what travels to the workers."""
        return Options(**{field.name: getattr(self, field.name) for field in fields(Options)})


def wishes() -> dict[str, tuple[Field[Any], Wish]]:
    """Return the fields by their key in `[tool.compatkit]`."""
    return {key_of(field.name): (field, field.metadata["wish"]) for field in fields(RunOptions)}


def key_of(name: str) -> str:
    """Return the key, and the option, of a field."""
    return name.replace("_", "-")
