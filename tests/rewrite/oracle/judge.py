"""Migrate a project between two releases of the library, and say where the result belies the report."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from compatkit.migrate import plan_tree, write_report
from compatkit.migrate.report import Remark, remarks_of
from compatkit.migration import Migration
from compatkit.options import Options
from tests.rewrite.oracle.execute import Failure, Result, execute
from tests.shop.moves import plant

OPTIONS = {
    "default": Options(),
    "review": Options(confidence="review"),
    "rename": Options(rename=True),
    "through-reexports": Options(through_reexports=True),
    "modernize": Options(modernize=True),
    "everything": Options(confidence="review", modernize=True, rename=True, through_reexports=True),
}


@dataclass(frozen=True, slots=True)
class Project:
    """A program, its tests, and the library that it finds beside it, or in its own tree, in either release."""

    files: dict[str, str]
    program: str
    tests: tuple[str, ...]
    before: dict[str, str]
    after: dict[str, str]
    is_inside: bool = False
    drawn: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lie:
    """A result that changed although nothing was reported, or although something else was."""

    kind: str
    before: Result
    after: Result | None
    findings: tuple[Remark, ...]
    files: dict[str, str]

    def __str__(self) -> str:
        said = [f"{finding.path}:{finding.line} {finding.code} {finding.message}" for finding in self.findings]
        return "\n".join([self.kind, f"before: {self.before}", f"after:  {self.after}", *said])


@dataclass(slots=True)
class Counts:
    """What a campaign counts."""

    runs: int = 0
    clean: int = 0
    rewritten: int = 0
    findings: int = 0
    failing: int = 0


def run_before(project: Project, folder: Path) -> list[Result]:
    """Run the project on the first release."""
    root, library = _planted(project, folder)
    return execute(root, library, project.program, list(project.tests))


def judge(
    project: Project,
    before: list[Result],
    migrations: Iterable[Migration],
    options: Options,
    counts: Counts | None = None,
) -> Lie | None:
    """Migrate a project whose results on the first release are known, and run it on the second."""
    counts = counts or Counts()
    with tempfile.TemporaryDirectory(prefix="oracle-") as name:
        folder = Path(name)
        root, library = _planted(project, folder)
        report = write_report(plan_tree([root], migrations, options, jobs=1))
        assert not report.failed, report.failed
        found = tuple(remark for remark in remarks_of(report, is_written=True) if not remark.is_rewrite)
        findings = tuple(_from(root, remark) for remark in found if not _is_library(root, remark, project))
        counts.runs += 1
        counts.findings += len(findings)
        counts.rewritten += len(report.rewritten)
        counts.clean += not findings
        _upgrade(project, root, library)
        after = execute(root, library, project.program, list(project.tests))
        files = {path: (root / path).read_text() for path in project.files}
    lie = _lie(before, after, findings, files)
    counts.failing += after != before and lie is None
    return lie


def _planted(project: Project, folder: Path) -> tuple[Path, Path | None]:
    root, library = folder / "project", folder / "library"
    plant(root, project.files)  # type: ignore[arg-type]
    plant(root if project.is_inside else library, project.before)  # type: ignore[arg-type]
    return root, None if project.is_inside else library


def _upgrade(project: Project, root: Path, library: Path | None) -> None:
    place = library or root
    for name in project.before:
        (place / name).unlink()
    for folder in place.glob("**/__pycache__"):
        shutil.rmtree(folder)
    plant(place, project.after)  # type: ignore[arg-type]


def _from(root: Path, remark: Remark) -> Remark:
    from dataclasses import replace

    return replace(remark, path=Path(remark.path).relative_to(root).as_posix())


def _is_library(root: Path, remark: Remark, project: Project) -> bool:
    return project.is_inside and Path(remark.path).relative_to(root).as_posix() in project.before


def _lie(before: list[Result], after: list[Result], findings: tuple[Remark, ...], files: dict[str, str]) -> Lie | None:
    others = {result.name: result for result in after}
    for result in before:
        other = others.get(result.name) or _import_of(result, others)
        if other is not None and other.shown == result.shown:
            continue
        if not findings:
            return Lie("nothing is reported", result, other, findings, files)
        if other is not None and not _is_named(other, findings, files):
            return Lie("another place is reported", result, other, findings, files)
    return None


def _import_of(result: Result, others: dict[str, Result]) -> Result | None:
    return next((other for name, other in others.items() if name.startswith("import ")), None)


def _is_named(result: Result, findings: tuple[Remark, ...], files: dict[str, str]) -> bool:
    """Tell whether one of the findings stands at a place through which a failure came, or is about what it lacks."""
    failure = result.failure
    if failure is None:
        # It went on with something else: all that can be asked is that a place was named at all.
        return True
    if {(finding.path, finding.line) for finding in findings}.intersection(failure.places):
        return True
    return any(_is_about(finding, failure) for finding in findings)


def _is_about(finding: Remark, failure: Failure) -> bool:
    """Tell whether a finding names what a failure does not find: `No module named 'a.b'`, `has no attribute 'c'`."""
    quoted = {word for text in re.findall(r"'([\w.]+)'", failure.message) for word in (text, text.rpartition(".")[2])}
    words = set(re.findall(r"[\w.]+", finding.message)) | set(re.findall(r"\w+", finding.message))
    return bool(quoted & words)
