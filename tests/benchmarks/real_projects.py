"""Migrate public projects with every option, and resolve each name of the result in v2 of the libraries.

`python -m tests.benchmarks.real_projects FOLDER`, where FOLDER has a clone of each repository of `real_projects.txt`,
as `owner+name` (a work tree, or `owner+name/repo`, bare). Whoever runs this fetches them; their code stays out of this
repository. `--python PYTHON` is an interpreter that has v2: each import and each attribute chain of the migrated files
is resolved there, where its library is. A chain is followed through modules and classes; what lies behind an object is
not asked for. `--half open` (or another group of the list) takes one; `--details FOLDER` keeps all findings.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

LIST = Path(__file__).with_suffix(".txt")
MIGRATIONS = (
    "lightning-2",
    "mlflow-3",
    "torch-2",
    "transformers-5",
    "torchmetrics-1",
    "ray-2-train",
    "torchvision-weights",
    "numpy-2",
)
ROOTS = {
    "pytorch_lightning", "lightning", "mlflow", "torch", "transformers", "torchmetrics", "ray", "torchvision", "numpy",
}  # fmt: skip
_DOTTED = re.compile(r"\w+(?:\.\w+)+")
KINDS = {".py", ".ipynb", ".sh", ".yaml", ".yml", ".toml", ".json", ".md", ".cfg", ".txt"}
# Run once by the interpreter that has v2, since its imports take longer than most projects: of each line of JSON, a
# list of dotted names, it prints those that lead nowhere, and the libraries that it could not look into.
RESOLVE = """
import contextlib, importlib, inspect, json, sys, warnings
warnings.simplefilter("ignore")
answers, closed = sys.stdout, {}

def leads_nowhere(dotted):
    parts = dotted.split(".")
    if parts[0] in closed:
        return False
    for at in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:at]))
            break
        except ModuleNotFoundError as error:
            # A package that v2 needs and that is not here says nothing about the name.
            if not error.name or not dotted.startswith(error.name):
                return False
        except Exception:
            return False
    else:
        return True
    for part in parts[at:]:
        if not (inspect.ismodule(found) or inspect.isclass(found)):
            return False
        try:
            found = inspect.getattr_static(found, part) if inspect.isclass(found) else getattr(found, part)
        except AttributeError:
            return not (inspect.isclass(found) and hasattr(found, part))
        except Exception:
            return False
    return False

for line in sys.stdin:
    names, unseen = json.loads(line), []
    with contextlib.redirect_stdout(sys.stderr):
        for root in sorted({name.partition(".")[0] for name in names}):
            try:
                root in closed or importlib.import_module(root)
            except Exception as error:
                closed[root] = type(error).__name__
            if root in closed:
                unseen.append(f"not looked at: {root}, {closed[root]}")
        nowhere = [name for name in names if leads_nowhere(name)]
    print(json.dumps([nowhere, unseen]), file=answers, flush=True)
"""


@dataclass
class Report:
    """What became of one project."""

    name: str
    half: str
    files: int = 0
    places: int = 0
    findings: int = 0
    seconds: float = 0.0
    broken: list[str] = field(default_factory=list)
    made: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument(
        "--half", choices=["open", "held", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"]
    )
    parser.add_argument("--details", type=Path)
    options = parser.parse_args()
    rows = [line.split() for line in LIST.read_text().splitlines() if line and not line.startswith("#")]
    print(
        f"{'project':45}{'files':>6}{'places':>8}{'findings':>10}{'made':>6}{'told':>6}{'silent':>8}{'broken':>8}{'s':>7}"
    )
    reports = []
    for half, name, revision in rows:
        if options.half in (None, half):
            reports.append(measure(half, name, revision, options))
            show(reports[-1])
    for half in sorted({report.half for report in reports}):
        show(total(half, [report for report in reports if report.half == half]))


def measure(half: str, name: str, revision: str, options: argparse.Namespace) -> Report:
    """Migrate one project in a copy, and return what there is to say of it."""
    report = Report(name, half)
    with tempfile.TemporaryDirectory() as folder:
        before, after = Path(folder, "before"), Path(folder, "after")
        for tree in (before, after):
            report.files = copy(options.folder / name.replace("/", "+"), revision, tree)
        began = _processor_seconds()
        said = migrate(after, report)
        report.seconds = _processor_seconds() - began
        report.places, report.findings = len(said["rewrites"]), len(said["findings"])
        read_names(before, after, said, options.python, report)
        if options.details:
            file = options.details / f"{name.replace('/', '+')}.json"
            file.write_text(json.dumps({**said, "made": report.made, "silent": report.silent}, indent=1))
    return report


def copy(source: Path, revision: str, target: Path) -> int:
    """Write the files of a revision that a migration may read; return how many."""
    count = 0
    for path, data in _files(source, revision):
        file = target / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        count += file.suffix == ".py"
    return count


def _files(source: Path, revision: str) -> Iterator[tuple[str, bytes]]:
    if not (source / "repo").is_dir():
        for file in sorted(source.rglob("*")):
            if file.is_file() and file.suffix in KINDS and ".git" not in file.parts:
                yield str(file.relative_to(source)), file.read_bytes()
        return
    git = ["git", "--git-dir", str(source / "repo")]
    listed = subprocess.run([*git, "ls-tree", "-r", "-z", revision], capture_output=True, check=True).stdout
    for line in filter(None, listed.decode().split("\0")):
        about, path = line.split("\t", 1)
        if Path(path).suffix in KINDS and about.startswith("100"):
            # Of a thin clone, what is too large may be missing.
            blob = subprocess.run([*git, "cat-file", "blob", about.split()[2]], capture_output=True, check=False)
            if blob.returncode == 0:
                yield path, blob.stdout


def migrate(tree: Path, report: Report) -> dict[str, list[dict[str, object]]]:
    named = [word for name in MIGRATIONS for word in ("--migration", name)]
    every = ["--confidence", "review", "--modernize", "--rename", "--through-reexports", "--jobs", "1"]
    command = [sys.executable, "-m", "compatkit", "migrate", "--isolated", "--format", "json", *every, *named, "."]
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)
    if not done.stdout:
        report.broken.append(done.stderr[-200:])
        return {"rewrites": [], "findings": []}
    return dict(json.loads(done.stdout))


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def read_names(
    before: Path, after: Path, said: dict[str, list[dict[str, object]]], python: str, report: Report
) -> None:
    """Sort what leads nowhere: told by a finding of its line, else made by a rewrite, or silent."""
    found: dict[str, list[tuple[str, int]]] = {}
    ours: set[tuple[str, str]] = set()
    for file in sorted(after.rglob("*.py")):
        path = str(file.relative_to(after))
        old, new = names_of(before / path), names_of(file)
        if new is None:
            report.broken += [path] if old is not None else []
            continue
        for line, name in new:
            found.setdefault(name, []).append((path, line))
            if old is not None and name not in {known for _, known in old}:
                ours.add((path, name))
    nowhere, unseen = resolve(python, list(found))
    report.closed += unseen
    reported = {(str(finding["path"]), finding["line"]) for finding in said["findings"]}
    spoken: dict[str, set[str]] = {}
    for finding in said["findings"]:
        spoken.setdefault(str(finding["path"]), set()).update(_DOTTED.findall(str(finding["message"])))
    for name in nowhere:
        for path, line in found[name]:
            where = f"{path}:{line} {name}"
            if (path, line) in reported or not spoken.get(path, set()).isdisjoint(_owners(name)):
                report.told.append(where)
            elif (path, name) in ours:
                report.made.append(where)
            else:
                report.silent.append(where)


def resolve(python: str, names: list[str]) -> tuple[list[str], list[str]]:
    """Return the names that lead nowhere in v2, and what is to be said of libraries that could not be imported."""
    asked = _resolver(python)
    assert asked.stdin is not None
    assert asked.stdout is not None
    asked.stdin.write(json.dumps(names) + "\n")
    asked.stdin.flush()
    nowhere, unseen = json.loads(asked.stdout.readline())
    return nowhere, unseen


@cache
def _resolver(python: str) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    return subprocess.Popen([python, "-c", RESOLVE], text=True, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL)


def _owners(name: str) -> Iterator[str]:
    """Yield the name, and those of what holds it, below the library itself: what was said of these, it shares."""
    parts = name.split(".")
    yield from (".".join(parts[:size]) for size in range(len(parts), 1, -1))


def names_of(file: Path) -> list[tuple[int, str]] | None:
    """Return the imported names, and the attribute chains that begin with one, as dotted names; None if broken."""
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError):
        return None
    local: dict[str, str] = {}
    found: list[tuple[int, str]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                local[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
                found.append((node.lineno, alias.name))
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            brought = {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
            brought.pop("*", None)
            local |= brought
            found += [(node.lineno, name) for name in brought.values()]
    inner = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    outer = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and id(node) not in inner]
    found += [(node.lineno, chain) for node in outer if (chain := _chain(node, local))]
    return [(line, name) for line, name in found if name.partition(".")[0] in ROOTS]


def _chain(node: ast.expr, local: dict[str, str]) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not (isinstance(node, ast.Name) and node.id in local):
        return ""
    return ".".join([local[node.id], *reversed(parts)])


def total(half: str, reports: list[Report]) -> Report:
    found = Report(f"all of {half}", half)
    for report in reports:
        found.files += report.files
        found.places += report.places
        found.findings += report.findings
        found.seconds += report.seconds
        for name in ("broken", "made", "told", "silent", "closed"):
            getattr(found, name).extend(getattr(report, name))
    return found


def show(report: Report) -> None:
    counts = (len(report.made), len(report.told), len(report.silent), len(report.broken))
    numbers = f"{report.files:6,}{report.places:8,}{report.findings:10,}" + "".join(
        f"{count:{width},}" for count, width in zip(counts, (6, 6, 8, 8), strict=True)
    )
    print(f"{report.name:45}{numbers}{report.seconds:7.1f}", *sorted({*report.closed}), flush=True)


if __name__ == "__main__":
    main()
