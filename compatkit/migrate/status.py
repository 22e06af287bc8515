"""Measure how far a migration has come: what is left by code, folder and owner, and which share is done.

What is done is counted by the same rewrite, with the moves the other way round: a place that it would move back is
done. Only a move to a home that v1 did not have can be turned round: a field, an argument, or a name that stays in its
module counts as left, but never as done, since v1 code may name what v2 wants already.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from compatkit.migrate.finding.find import FileScope
from compatkit.migrate.owners import Owners
from compatkit.migrate.remarks import Overview, Remark, spelled_from
from compatkit.migrate.report import FileResult, Report
from compatkit.migrate.run import EVERY_FILE, Progress, plan_task
from compatkit.migrate.work import Task
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

    `on_request` are the places, by path, line and code, that `--confidence review` would rewrite.
    """

    total: StatusRow
    by_code: tuple[StatusRow, ...]
    by_folder: tuple[StatusRow, ...]
    by_owner: tuple[StatusRow, ...]
    left: tuple[Remark, ...]
    report: Report
    on_request: frozenset[Place] = frozenset()
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
    back = plan_task(places, turned_round(task), jobs=jobs, progress=progress, scope=but_theirs)
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
        found = [FileResult(name, each, job) for (name, job), each in zip(held, workers.outcomes(), strict=True)]
    remarks = spelled_from(Overview.of(Report.of(found), is_written=False).remarks, Path.cwd())
    return frozenset(_place(one) for one in remarks if one.is_rewrite)


def _place(remark: Remark) -> Place:
    return remark.path, remark.line, remark.code


def turned_round(task: Task) -> Task:
    """Return the task that finds what is done: its moves lead back, and nothing else is looked for."""
    old_names = {move.old for move in task.moves}
    back: dict[str, Move] = {}
    for move in task.moves:
        # In a chain of moves the names in the middle are old ones still.
        if move.new not in old_names and _is_new_home(move):
            back.setdefault(move.new, replace(move, old=move.new, new=move.old))
    options = Options(select=task.options.select, ignore=task.options.ignore)
    return Task(tuple(back.values()), options=options)


def _is_new_home(move: Move) -> bool:
    """Tell whether v1 lacked the new home; where it holds the old one, as numpy holds numpy.core, v1 had it."""
    return move.new_home != "builtins" and not f"{move.old_home}.".startswith(f"{move.new_home}.")


def _folder(path: str, depth: int) -> str:
    parents = PurePosixPath(path).parent.parts
    return "/".join(parents[:depth]) or "."
