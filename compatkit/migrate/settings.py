"""Read `[tool.compatkit]` for a run: the nearest `pyproject.toml` that has it decides alone.

`--config` puts a file in its place, or changes a key; the keys of a run are the fields of `RunOptions`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from compatkit.budget import load_toml
from compatkit.errors import WrongUse, nearest
from compatkit.migrate.verify_keys import verify_schema
from compatkit.migration import Migration, MigrationError, Project, find_migration, parse_shape
from compatkit.migration.registry import seen_from
from compatkit.options import RunOptions, SettingKind, Wish, wishes

_HINT = "compatkit docs settings says what each key means"


@dataclass(frozen=True, slots=True)
class Settings(RunOptions):
    """The project, and its wishes for every run; what the command line says goes before them."""

    project: Project = field(default_factory=Project)
    verify: Mapping[str, object] = field(default_factory=dict)  # read and checked by `compatkit verify`

    @property
    def folder(self) -> Path:
        """Return the folder from which patterns are spelled."""
        return self.project.origin.parent if self.project.origin else Path.cwd()


def load_settings(start: Path, *, config: Iterable[str] = (), isolated: bool = False) -> Settings:
    """Read the settings for `start`. Each `config` is a TOML file, read in place of the nearest one, or KEY=VALUE.

    Raises `WrongUse` for an unknown key or a value of the wrong type, `MigrationError` for a file that is no TOML.
    """
    table, file = ({}, None) if isolated else _nearest(start)
    changes: dict[str, object] = {}
    for given in config:
        key, separator, value = given.partition("=")
        if separator and not Path(given).is_file():
            _merge(changes, _change(key.strip(), value.strip()))
        else:
            table, file = _of_file(Path(given)), Path(given).resolve()
    settled = _settings({**table}, file, f"{file}, [tool.compatkit]") if file else Settings()
    if not changes:
        return settled
    merged = {**table}
    _merge(merged, changes)
    # Checked by themselves first, so that an error names the command line, and not the file.
    _settings(changes, None, "--config")
    return _settings(merged, file, "--config")


def settings_file(start: Path) -> Path | None:
    """Return the `pyproject.toml` that decides for `start`."""
    return _nearest(start)[1]


def _nearest(start: Path) -> tuple[Mapping[str, object], Path | None]:
    place = start.resolve()
    for folder in (place, *place.parents):
        file = folder / "pyproject.toml"
        if file.is_file() and (table := _table(file)) is not None:
            return table, file
    return {}, None


def _of_file(file: Path) -> Mapping[str, object]:
    """Return the table of a `pyproject.toml`, or of a file that holds its keys at the top."""
    if not file.is_file():
        raise WrongUse(f"--config {str(file)!r} is neither a file nor KEY=VALUE.", hint="such as --config rename=true")
    table = _table(file)
    return _document(file) if table is None else table


def _change(key: str, value: str) -> Mapping[str, object]:
    for text in (value, f'"{value}"'):
        try:
            return tomllib.loads(f"{key} = {text}")
        except tomllib.TOMLDecodeError:
            continue
    raise WrongUse(f"--config {key}={value}: this is not TOML.", hint="such as --config 'exclude=[\"vendored\"]'")


def _merge(table: dict[str, Any], changes: Mapping[str, Any]) -> None:
    for key, value in changes.items():
        if isinstance(value, dict) and isinstance(table.get(key), dict):
            table[key] = {**table[key], **value}
        else:
            table[key] = value


def _document(file: Path) -> Mapping[str, Any]:
    try:
        return load_toml(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise MigrationError.unreadable(str(file), error) from error


def _table(file: Path) -> Mapping[str, object] | None:
    tool = _document(file).get("tool", {})
    table = tool.get("compatkit") if isinstance(tool, dict) else None
    if table is not None and not isinstance(table, dict):
        raise WrongUse(f"compatkit is {table!r}, expected a table.", where=f"{file}, [tool]", hint=_HINT)
    return table


def _settings(table: Mapping[str, object], file: Path | None, where: str) -> Settings:
    known = settings_keys()
    folder = file.parent if file else Path()
    given: dict[str, Any] = {}
    for key, value in table.items():
        if key not in known:
            hint = f"{nearest(key, known) or 'remove it.'} The keys are: {', '.join(sorted(known))}"
            raise WrongUse(f"Unknown key {key!r}.", where=where, hint=hint)
        kind = known[key].kind
        if not kind.fits(value):
            raise WrongUse(f"{key} is {value!r}, expected {kind.expected}.", where=where, hint=_HINT)
        given[key.replace("-", "_")] = kind.read(value, folder)
    given.pop("presets", None)
    project = Project(given.pop("migrations", ()), given.pop("homes", {}), given.pop("producers", {}), file)
    return Settings(project=project, **given)


def settings_keys() -> dict[str, Wish]:
    """Return what may stand in `[tool.compatkit]`, each with its meaning, sorted."""
    run = {key: wish for key, (_, wish) in wishes().items()}
    return dict(sorted({**run, **_OF_PROJECT}.items()))


def _is_homes(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(name, str) and name.strip() for name in value.values())


def _is_producers(value: object) -> bool:
    paths = value.values() if isinstance(value, dict) else [None]
    return all(path is False or (isinstance(path, str) and parse_shape(path) is not None) for path in paths)


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _are_tables(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(one, dict) for one in value.values())


def _read_producers(value: Mapping[str, Any], _: Path) -> Mapping[str, str | None]:
    return {name: None if path is False else path for name, path in value.items()}


_OF_PROJECT: Mapping[str, Wish] = {
    "homes": Wish(
        "Where the project keeps what a migration declares under another name: declared prefix = own prefix.",
        SettingKind(
            "a table of non-empty strings",
            _is_homes,
            {"type": "object", "additionalProperties": {"type": "string", "minLength": 1}},
        ),
    ),
    "migrations": Wish(
        "The migrations that the project uses: ids, or paths from this file.",
        SettingKind(
            "a list of strings", _is_texts, {"type": "array", "items": {"type": "string"}}, lambda v, _: tuple(v)
        ),
    ),
    "presets": Wish(
        "Presets of the training stack of the project's own: a table a name, with the settings that differ.",
        SettingKind("a table of tables", _are_tables, {"type": "object", "additionalProperties": {"type": "object"}}),
    ),
    "producers": Wish(
        "Where the history lies in what a declared producer returns, as '.history' or '[1]'; false: it returns none.",
        SettingKind(
            "a table of paths such as '.history', or false",
            _is_producers,
            {"type": "object", "additionalProperties": {"anyOf": [{"type": "string"}, {"const": False}]}},
            _read_producers,
        ),
    ),
    "verify": Wish(
        "What `compatkit verify` compares: scenarios, and what may differ.",
        SettingKind("a table", lambda value: isinstance(value, dict), verify_schema()),
    ),
}


def refuse_wrong_homes(project: Project) -> None:
    """Raise `WrongUse` for the first entry of `homes` that is wrong: it would only make a run find nothing.

    A value whose top-level package does not lie in the project may be installed, and is not looked at.
    """
    if not project.homes or project.origin is None:
        return
    folder = project.origin.parent
    where = f"{project.origin}, [tool.compatkit], homes"
    chosen = [find_migration(seen_from(folder, one)) for one in project.migrations] or [find_migration()]
    declared = {package for migration in chosen for package in _packages(migration)}
    for old, new in project.homes.items():
        if old not in declared:
            hint = nearest(old, declared) or "remove it"
            raise WrongUse(f"homes has {old!r}, below which no migration declares a name.", where=where, hint=hint)
        for root in (folder, folder / "src"):
            if (root / new.partition(".")[0]).is_dir() and not _is_there(root.joinpath(*new.split("."))):
                hint = (
                    nearest(new, _modules(root, new)) or "give the dotted name of the folder that holds these modules"
                )
                raise WrongUse(f"homes says {old} = {new}, but nothing lies there.", where=where, hint=hint)


def _packages(migration: Migration) -> Iterator[str]:
    """Yield every dotted prefix of the names that a migration declares, and the names themselves."""
    for _, row in migration.rows():
        parts = row.subject.split(".")
        yield from (".".join(parts[:size]) for size in range(1, len(parts) + 1))


def _is_there(place: Path) -> bool:
    return place.is_dir() or any(place.parent.glob(f"{place.name}.*"))


def _modules(root: Path, new: str) -> Iterator[str]:
    """Yield the dotted names of the folders and modules as deep below the same package as what was looked for."""
    depth = new.count(".") + 1
    for place in sorted((root / new.partition(".")[0]).rglob("*")):
        parts = place.relative_to(root).with_suffix("").parts
        if len(parts) == depth and (place.is_dir() or place.suffix == ".py") and "__pycache__" not in parts:
            yield ".".join(parts)
