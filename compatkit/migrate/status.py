"""Measure how far a migration has come: what is left by code, folder and owner, and which share is done.

What is done is counted by the same rewrite, with the moves the other way round: a place that it would move back is
done. Only a move to a home that v1 did not have can be turned round: a field, an argument, or a name that stays in its
module counts as left, but never as done, since v1 code may name what v2 wants already.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path, PurePosixPath

from compatkit.errors import CompatkitError
from compatkit.migrate.finding.find import FileScope
from compatkit.migrate.finding.git import repository_of
from compatkit.migrate.finding.patterns import path_regex
from compatkit.migrate.job import Task
from compatkit.migrate.report import FileResult, Overview, Remark, Report, spelled_from
from compatkit.migrate.run import EVERY_FILE, Progress, plan_task
from compatkit.migrate.workers import Workers
from compatkit.migration import Move
from compatkit.options import Options


@dataclass(frozen=True, slots=True)
class StatusRow:
    """One line of a table."""

    name: str
    left: int
    done: int

    @property
    def share(self) -> float | None:
        """Return which share is done, from 0 to 1; None where there is nothing to do."""
        total = self.left + self.done
        return self.done / total if total else None


# What it takes to be rid of a place, in words; the hardest last.
EFFORTS = {"automatic": "automatic", "review": "with review", "person": "by a person"}
Place = tuple[str, int, str]


@dataclass(frozen=True, slots=True)
class Status:
    """The whole, and its three divisions, each sorted by name; `left` are the places themselves.

    `on_request` are the places, by path, line and code, that `--confidence review` would rewrite; `uncounted` the codes
    of which a place counts while it is left, and never as done.
    """

    total: StatusRow
    by_code: tuple[StatusRow, ...]
    by_folder: tuple[StatusRow, ...]
    by_owner: tuple[StatusRow, ...]
    left: tuple[Remark, ...]
    report: Report
    on_request: frozenset[Place] = frozenset()
    uncounted: frozenset[str] = frozenset()
    owners: Owners | None = None
    depth: int = 2

    def effort(self, remark: Remark) -> str:
        """Return what it takes to be rid of a place, a key of `EFFORTS`."""
        if remark.is_rewrite:
            return "automatic"
        return "review" if _place(remark) in self.on_request else "person"

    def efforts_by(self, division: str) -> dict[str, Counter[str]]:
        """Count the efforts of what is left, by the rows of a division."""
        counts: dict[str, Counter[str]] = {}
        for remark in self.left:
            counts.setdefault(self._name(division, remark), Counter())[self.effort(remark)] += 1
        return counts

    def owner(self, remark: Remark) -> str:
        """Return who owns the file of a place."""
        return self.owners.of(remark.path) if self.owners else ""

    def _name(self, division: str, remark: Remark) -> str:
        match division:
            case "code":
                return remark.code
            case "folder":
                return _folder(remark.path, self.depth)
        return self.owner(remark)


def take_status(
    paths: Iterable[Path],
    task: Task,
    owners: Owners,
    *,
    depth: int = 2,
    jobs: int | None = None,
    progress: Progress | None = None,
    scope: FileScope = EVERY_FILE,
) -> Status:
    """Count what is left and what is done; folders are named from here, by their first `depth` parts."""
    places, here = tuple(paths), Path.cwd()
    report = plan_task(places, task, jobs=jobs, progress=progress, scope=scope)
    # A migration names its homes for good.
    files = (*scope.files, *(migration.origin for migration in task.migrations if migration.origin))
    but_theirs = FileScope(scope.folder, scope.exclude, scope.ignores, files)
    backwards = turned_round(task)
    back = plan_task(places, backwards, jobs=jobs, progress=progress, scope=but_theirs)
    left = spelled_from(Overview.of(report, is_written=False).left, here)
    done = spelled_from(Overview.of(back, is_written=False).left, here)

    def rows(key: Callable[[Remark], str]) -> tuple[StatusRow, ...]:
        todo, made = Counter(map(key, left)), Counter(map(key, done))
        return tuple(StatusRow(name, todo[name], made[name]) for name in sorted(todo | made))

    return Status(
        StatusRow("all", len(left), len(done)),
        rows(lambda remark: remark.code),
        rows(lambda remark: _folder(remark.path, depth)),
        rows(lambda remark: owners.of(remark.path)),
        left,
        report,
        _on_request(report, task, jobs),
        frozenset(remark.code for remark in left) - {move.code for move in backwards.moves},
        owners,
        depth,
    )


def _on_request(report: Report, task: Task, jobs: int | None) -> frozenset[Place]:
    """Return what `--confidence review` rewrites, of the files in which something is found."""
    asked = replace(task, options=replace(task.options, confidence="review"))
    held = [(result.name, result.job) for result in report.results if result.job and result.findings]
    size = sum(len(job.source) for _, job in held)
    with Workers(asked, jobs=jobs, expected=size, files=len(held)) as workers:
        for _, job in held:
            workers.submit(job)
        found = [FileResult(name, outcome, job) for (name, job), outcome in zip(held, workers.outcomes(), strict=True)]
    remarks = spelled_from(Overview.of(Report.of(found), is_written=False).remarks, Path.cwd())
    return frozenset(_place(one) for one in remarks if one.is_rewrite)


def _place(remark: Remark) -> Place:
    return remark.path, remark.line, remark.code


def turned_round(task: Task) -> Task:
    """Return the task that finds what is done: its moves lead back, and nothing else is looked for."""
    old_names = {move.old for move in task.moves}
    old_homes = {f"{move.old_home}." for move in task.moves}
    back: dict[str, Move] = {}
    for move in task.moves:
        # In a chain of moves the names in the middle are old ones still.
        if move.new not in old_names and _is_new_home(move, old_homes):
            back.setdefault(move.new, replace(move, old=move.new, new=move.old))
    options = Options(select=task.options.select, ignore=task.options.ignore)
    return Task(tuple(back.values()), options=options)


def _is_new_home(move: Move, old_homes: Iterable[str]) -> bool:
    """Tell whether v1 lacked the new home; where it holds an old one, as numpy holds numpy.core, v1 had it."""
    inside = f"{move.new_home}."
    return move.new_home != "builtins" and not any(home.startswith(inside) for home in old_homes)


def _folder(path: str, depth: int) -> str:
    parents = PurePosixPath(path).parent.parts
    return "/".join(parents[:depth]) or "."


NO_OWNER = "(no owner)"
_PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
_WORD = re.compile(r"(?:\\.|[^\s\\])+")


@dataclass(frozen=True, slots=True)
class Owners:
    """The rules in order; the last one that matches decides. Paths are relative to `root`."""

    root: Path
    rules: tuple[tuple[re.Pattern[str], str], ...] = ()

    def of(self, path: str) -> str:
        """Return the owners of a file as one text."""
        full = Path(path).resolve()
        if not full.is_relative_to(self.root):
            return NO_OWNER
        inner = full.relative_to(self.root).as_posix()
        return next((owners for regex, owners in reversed(self.rules) if regex.match(inner)), NO_OWNER)


def load_owners(start: Path) -> Owners:
    """Read the CODEOWNERS of the repository that `start` lies in; without one, nobody owns anything."""
    place = start.resolve()
    root = repository_of(place) or place
    for name in _PLACES:
        if (file := root / name).is_file():
            return Owners(root, parse_owners(file.read_text(encoding="utf-8", errors="replace")))
    return Owners(root)


def parse_owners(text: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """Read the lines of a CODEOWNERS. GitLab's section headings are passed over."""
    rules = []
    for line in text.splitlines():
        words = _WORD.findall(line.partition(" #")[0])
        if not words or words[0].startswith(("#", "[", "^[")):
            continue
        if regex := _regex(words[0]):
            rules.append((regex, " ".join(words[1:]) or NO_OWNER))
    return tuple(rules)


def _regex(pattern: str) -> re.Pattern[str] | None:
    is_folder = pattern.endswith("/")
    body = pattern.strip("/")
    # As in .gitignore, a slash at the beginning or in the middle ties the pattern to the root.
    is_tied = "/" in pattern[:-1]
    compiled = path_regex(body if is_tied else f"**/{body}")
    if compiled is None:
        return None
    # What is in a folder that matches belongs to it too; only `docs/*` stops at the files in it.
    inside = r"/.+\Z" if is_folder else r"\Z" if body.endswith("/*") else r"(?:/.+)?\Z"
    return re.compile(f"(?:{compiled.pattern}){inside}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class StatusRun:
    """One run: when, of which revision, and what was left and done."""

    date: str
    revision: str
    left: int
    done: int
    automatic: int = 0
    review: int = 0
    person: int = 0

    @classmethod
    def of(cls, status: Status, *, date: str, revision: str) -> StatusRun:
        counts = Counter(status.effort(remark) for remark in status.left)
        total = status.total
        return cls(date, revision, total.left, total.done, counts["automatic"], counts["review"], counts["person"])


def read_status_history(file: Path) -> tuple[StatusRun, ...]:
    """Read the runs before. Raises `CompatkitError` for a file that holds anything else."""
    if not file.exists():
        return ()
    try:
        lines = file.read_text(encoding="utf-8").split("\n")
        entries = [StatusRun(**json.loads(line)) for line in lines if line.strip()]
        if not all(type(value) is int and value >= 0 for one in entries for value in (one.left, one.done)):
            raise ValueError("a count is not a number")
    except (OSError, ValueError, TypeError) as error:
        hint = "give a file that --history wrote, or a new one"
        raise CompatkitError(f"The history cannot be read: {error}.", where=str(file), hint=hint) from error
    return tuple(entries)


def with_entry(history: tuple[StatusRun, ...], entry: StatusRun) -> tuple[StatusRun, ...]:
    """Return the history with this run, unless the one before says the same of the same day and revision."""
    return history if history[-1:] == (entry,) else (*history, entry)


def history_text(history: tuple[StatusRun, ...]) -> str:
    """Return the content of the file."""
    return "".join(json.dumps(asdict(entry)) + "\n" for entry in history)
