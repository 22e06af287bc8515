"""Look at a project without importing it, and propose how it is set up: migrations, homes, a scenario."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from compatkit.migrate.between.importers import read_quietly
from compatkit.migrate.finding.find import FoundFile, find_files
from compatkit.migrate.finding.git import repository_of, run_git
from compatkit.migrate.finding.sieve import SpelledSieve
from compatkit.migrate.logging_scripts import Script, files_that_log, find_scripts
from compatkit.migrate.pins import older_pins, pins_of, read_pins
from compatkit.migrate.run import plan_tree
from compatkit.migration import Migration, MigrationError, Move, codes_of, compose
from compatkit.rewrite import Finding, Rewrite
from compatkit.rewrite.file.text import read_source
from compatkit.rewrite.file.tree import parse
from compatkit.rewrite.outcome import RewriteError


@dataclass(frozen=True, slots=True)
class Applicable:
    """A migration of which the project uses old names: how often, in how many files, and what it pins of the library.

    `left` are the places that are only reported; `older` says what the project pins from before the migration's start.
    """

    migration: Migration
    places: int
    files: int
    left: int
    pinned: tuple[str, ...] = ()
    older: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """The settings that suit a project; `searched` files were looked at, and `base` is the main branch.

    `unstarted` are files that say that MLflow is logged to, and not by which script.
    """

    searched: int
    applicable: tuple[Applicable, ...] = ()
    homes: Mapping[str, str] = field(default_factory=dict)
    seen: Mapping[str, str] = field(default_factory=dict)
    scripts: tuple[Script, ...] = ()
    unstarted: tuple[str, ...] = ()
    base: str = ""


def propose(root: Path, migrations: Iterable[Migration]) -> Proposal:
    """Return what suits the project in `root`, of the given migrations. Nothing is imported, run or written."""
    files = find_files([root])
    pins, every = read_pins(root), tuple(migrations)
    seen = _seen(files, every, root)
    homes = {old: new for old, (new, _) in seen.items()}
    found = []
    for migration, results in _searched(root, _spelled(files, every, homes), homes):
        touched = [result for result in results if any(result)]
        if touched:
            left = sum(len(findings) for _, findings in touched)
            places = sum(len(edits) for edits, _ in touched) + left
            said = pins_of(migration, pins), older_pins(migration, pins)
            found.append(Applicable(migration, places, len(touched), left, *said))
    kept = {old: new for old, new in homes.items() if any(_declares(proposed.migration, old) for proposed in found)}
    scripts = tuple(find_scripts(files, root))
    return Proposal(
        len(files),
        tuple(sorted(found, key=lambda proposed: -proposed.places)),
        kept,
        {old: place for old, (_, place) in seen.items() if old in kept},
        scripts,
        () if scripts else tuple(files_that_log(files, root)),
        base_branch(root),
    )


def _spelled(
    files: Iterable[FoundFile], migrations: tuple[Migration, ...], homes: Mapping[str, str]
) -> tuple[Migration, ...]:
    """Return the migrations of which some file may use a name, or the library at all: of most, none does."""
    sieves = {migration.id: SpelledSieve(migration.relocated(homes)) for migration in migrations}
    seen: set[str] = set()
    for file in files:
        source = read_quietly(file.path)
        seen |= {name for name, sieve in sieves.items() if name not in seen and sieve.may_concern(source, file)}
        if len(seen) == len(sieves):
            break
    return tuple(migration for migration in migrations if migration.id in seen)


Place = TypeVar("Place", Rewrite, Finding)
Places = tuple[list[Rewrite], list[Finding]]


def _searched(
    root: Path, migrations: tuple[Migration, ...], homes: Mapping[str, str]
) -> Iterator[tuple[Migration, list[Places]]]:
    """Yield for each migration what it would do, a pair a file. Those that go together are searched for in one run."""
    codes = Counter(code for migration in migrations for code in set(codes_of(migration)))
    try:
        moved = compose(migration.relocated(homes) for migration in migrations)
    except MigrationError:
        moved = ()
    if not moved or max(codes.values(), default=0) > 1:
        # Strangers' migrations may claim one name, or one code, each.
        for migration in migrations:
            report = plan_tree([root], [migration.relocated(homes)])
            yield migration, [(list(result.edits), list(result.findings)) for result in report.results]
        return
    results = [result for result in plan_tree([root], moved).results if result.edits or result.findings]
    for migration in migrations:
        own = set(codes_of(migration))
        yield migration, [(_of_codes(one.edits, own), _of_codes(one.findings, own)) for one in results]


def _of_codes(places: Iterable[Place], codes: set[str]) -> list[Place]:
    return [place for place in places if place.code in codes]


def base_branch(root: Path) -> str:
    """Return the branch that changes are compared with, `main` or `master`, where the repository has it."""
    if repository_of(root) is None:
        return ""
    known = (run_git(str(root), "for-each-ref", "--format=%(refname:short)", "refs/heads") or b"").decode().split("\n")
    return next((name for name in ("main", "master") if name in known), "")


def _old_names(migration: Migration) -> Iterator[str]:
    for _, row in migration.rows():
        if "." in row.subject:
            yield row.subject
    yield from (move.old for move in migration.moves)


def _declares(migration: Migration, prefix: str) -> bool:
    return any(name.startswith(f"{prefix}.") for name in _old_names(migration))


def _seen(files: Iterable[FoundFile], migrations: Iterable[Migration], root: Path) -> dict[str, tuple[str, str]]:
    """Return, by declared prefix, the project's own prefix of classes that look like declared ones, and where one is.

    A class looks like a declared one if it has its name, in a module of its module's name, in another package.
    """
    wanted: dict[tuple[str, str], str] = {}
    for move in Move.symbols(move for migration in migrations for move in migration.moves):
        parts = move.old_module.split(".")
        if len(parts) > 1:
            wanted[(parts[-1], move.old_name)] = move.old_module
    found: dict[str, tuple[str, str]] = {}
    names = {module for module, _ in wanted}
    for file in files:
        path = Path(file.name)
        if path.stem not in names or path.suffix != ".py":
            continue
        module = ".".join(_package_of(path, root))
        for name in _classes(path):
            declared = wanted.get((path.stem, name), "")
            if declared and module != declared and (pair := _prefixes(declared, module)):
                found.setdefault(pair[0], (pair[1], str(path.relative_to(root))))
    return found


def _package_of(path: Path, root: Path) -> list[str]:
    """Return the parts of a module's name: folders count from the outermost that is a package, or from the root."""
    parts, folder = [path.stem], path.parent
    while (folder / "__init__.py").is_file() and folder != folder.parent:
        parts.insert(0, folder.name)
        folder = folder.parent
    if len(parts) == 1 and root in path.parents:
        relative = path.relative_to(root).with_suffix("").parts
        parts = [*(relative[1:] if relative[0] == "src" else relative)]
    return parts


def _prefixes(declared: str, module: str) -> tuple[str, str] | None:
    """Return the parts of two module names before what they end in alike."""
    one, other = declared.split("."), module.split(".")
    while len(one) > 1 and len(other) > 1 and one[-1] == other[-1]:
        one.pop()
        other.pop()
    return (".".join(one), ".".join(other)) if one[-1] != other[-1] else None


def _classes(path: Path) -> list[str]:
    try:
        tree = parse(read_source(read_quietly(path)).text)
    except RewriteError:
        return []
    return [node.name for node in tree.body if isinstance(node, ast.ClassDef)]
