"""Releases of MLflow by stores by commands: run `python -m tests.benchmarks.releases FOLDER NAME=PYTHON... [PART...]`.

Each environment holds a release of MLflow, compatkit's base (click, LibCST) and, to take part in what needs it, a
driver of PostgreSQL. Every release writes, to files, SQLite, PostgreSQL and a server of its own, runs that
differ in one thing each (log_kinds.py); every release reads them all. A cell is right where equal runs are equivalent,
each other kind is different, and where something could not be looked at there is no verdict. Rows are printed as they
come; a part is a store, or `verify`: the parts that are named run alone. `few` leaves out most kinds.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
import traceback
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.equivalence.reading.store.servers import mlflow_server, postgresql_database, postgresql_programs

_ROOT = Path(__file__).parents[2]
_WRITER = Path(__file__).with_name("log_kinds.py")
_ASKED = """
import json, mlflow
from importlib.util import find_spec
from mlflow.store.db.utils import _get_latest_schema_revision
has = [bool(find_spec("flask")), bool(find_spec("psycopg2") or find_spec("psycopg"))]
print(json.dumps([mlflow.__version__, _get_latest_schema_revision(), *has]))
"""
_WRONG: list[str] = []
_PARTS = ("files", "SQLite", "PostgreSQL", "server", "verify")
_EQUAL, _DIFFERENT, _OPEN = 0, 1, 2
# Processes that write, read or verify at a time, beside the servers.
_AT_ONCE = 4
# The lowest release tried that reads the files of MLflow 3 at all; 2.9.2 does not.
_READS_NEWER_FILES = (2, 22)
_MODELS = {"same", "model", "gone", "base"}
# Runs of one command: one process of `verify` compares them all.
_VERIFIED = ("same", "metric", "artifact")
_FEW = ["base", *_VERIFIED, "model"]


@dataclass(frozen=True, slots=True)
class Release:
    """An environment: its interpreter, its release of MLflow, the revision of its tables, and what it can do."""

    name: str
    python: str
    version: tuple[int, ...]
    tables: str
    has_server: bool
    has_postgresql: bool

    @classmethod
    def of(cls, given: str) -> Release:
        """Look into an environment that is given as NAME=PYTHON."""
        name, _, python = given.partition("=")
        version, *rest = json.loads(_run([python, "-c", _ASKED]).splitlines()[-1])
        return cls(name, python, tuple(map(int, version.split("."))), *rest)


@dataclass(frozen=True, slots=True)
class Written:
    """A store that a release filled: its address, what it is, and the ids of the runs by their kind."""

    by: Release
    store: str
    uri: str
    runs: dict[str, str]


def main() -> None:
    if sys.argv[1] == "read":
        for line in sys.stdin:
            print(json.dumps(read(*json.loads(line))), flush=True)
        return
    os.environ |= {"MLFLOW_ALLOW_FILE_STORE": "true", "MLFLOW_DISABLE_TELEMETRY": "true", "PYTHONPATH": str(_ROOT)}
    folder = Path(sys.argv[1]).absolute()
    folder.mkdir(parents=True)
    releases = [Release.of(given) for given in sys.argv[2:] if "=" in given]
    words = [given for given in sys.argv[2:] if "=" not in given]
    chosen = [given for given in words if given != "few"] or _PARTS
    kinds = _FEW if "few" in words else ()
    with ExitStack() as stack, ThreadPoolExecutor(_AT_ONCE) as pool:
        written = [
            store
            for own in pool.map(lambda by: list(write(by, folder, stack, chosen, kinds)), releases)
            for store in own
        ]
        if written:
            columns = [f"{store.store} of {store.by.name}" for store in written]
            stores = [(store, store) for store in written]
            rows = pool.map(lambda reader: list(_cells(reader, stores)), releases)
            _print_table("compare and snapshot: reads, written to", columns, releases, rows)
        newest = releases[-1]
        files = [store for store in written if store.store == "files"]
        if files:
            rows = pool.map(lambda one: list(_cells(newest, [(one, other) for other in files])), files)
            releases_of = [store.by for store in files]
            _print_table(f"compare, read by {newest.name}: before, after", _names(releases_of), releases_of, rows)
        if "verify" in chosen:
            firsts = list({release.version: release for release in reversed(releases)}.values())
            rows = pool.map(
                lambda before: [_verified(before, release, folder, firsts) for release in releases], releases
            )
            _print_table("verify: before, after and compatkit", _names(releases), releases, rows)

    if _WRONG:
        sys.exit(f"{len(_WRONG)} cells are not as they must be")


def _names(releases: Iterable[Release]) -> list[str]:
    return [release.name for release in releases]


def _print_table(title: str, columns: Sequence[str], rows_of: Iterable[Release], rows: Iterable[Sequence[str]]) -> None:
    """Print a table of Markdown, each row as soon as it and those above it are there."""
    print(f"\n| {title} | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}", flush=True)
    for release, cells in zip(rows_of, rows, strict=True):
        print(f"| {release.name} | {' | '.join(cells)} |", flush=True)


def write(
    release: Release, folder: Path, stack: ExitStack, chosen: Sequence[str], kinds: Sequence[str]
) -> Iterator[Written]:
    """Fill the chosen stores, as far as the release has them, with runs of these kinds, or of all.

    Servers and databases live as long as `stack`.
    """
    own = folder / release.name
    own.mkdir()
    stores = {"files": (own / "mlruns").as_uri(), "SQLite": f"sqlite:///{own / 'mlflow.db'}"}
    if release.has_postgresql and postgresql_programs() and "PostgreSQL" in chosen:
        stores["PostgreSQL"] = stack.enter_context(postgresql_database())
    if release.has_server and "server" in chosen:
        (own / "server").mkdir()
        served = f"sqlite:///{own / 'server' / 'mlflow.db'}"
        stores["server"] = stack.enter_context(mlflow_server(served, own / "server", release.python))[0]
    for store, uri in ((store, uri) for store, uri in stores.items() if store in chosen):
        said = _run([release.python, str(_WRITER), uri, str(own / f"of-{store}"), *kinds])
        yield Written(release, store, uri, json.loads(said.splitlines()[-1]))


def read(uri: str, runs: dict[str, str], other: str, others: dict[str, str]) -> dict[str, object]:
    """Compare the first run with each, in this process and with its MLflow; return the statuses by kind."""
    found: dict[str, object] = {}
    for kind, run in others.items():
        if run != runs["base"]:
            second = ["--tracking-uri-b", other] if other != uri else []
            found[kind] = _status("compare", runs["base"], run, "--tracking-uri", uri, *second)
    with TemporaryDirectory() as folder:
        taken = f"{folder}/snapshot.json"
        found["snapshot"] = _status("snapshot", runs["base"], "--tracking-uri", uri, "-o", taken)
        for kind in _VERIFIED if found["snapshot"] == _EQUAL else ():
            found[f"snapshot {kind}"] = _status("compare", taken, others[kind], "--tracking-uri", other)
    return found


def _status(*arguments: str) -> object:
    from compatkit.cli import main

    said = io.StringIO()
    sys.argv = ["compatkit", *arguments]
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            main()
    except SystemExit as end:
        # An unforeseen error also has status 2.
        return f"{end.code}: {said.getvalue()}" if "fault of compatkit" in said.getvalue() else end.code
    except BaseException:  # noqa: BLE001 - shown, whatever it is
        return traceback.format_exc()
    return 0


def _expected(reader: Release, before: Written, after: Written, kind: str) -> int:
    for store in (before, after):
        if store.store in {"SQLite", "PostgreSQL"} and store.by.tables != reader.tables:
            return _OPEN
    is_blind = reader.version < (3,) and any(
        store.store == "files" and store.by.version >= (3,) for store in (before, after)
    )
    if is_blind and reader.version < _READS_NEWER_FILES:
        return _OPEN
    if kind == "snapshot":
        return _EQUAL
    kind = kind.removeprefix("snapshot ")
    if kind == "gone" or (is_blind and kind in _MODELS):
        return _OPEN
    return _EQUAL if kind in {"base", "same"} else _DIFFERENT


def _cells(reader: Release, pairs: Sequence[tuple[Written, Written]]) -> Iterator[str]:
    """Yield for each pair of stores, in one process of the reader's, what came out."""
    command = [reader.python, "-m", "tests.benchmarks.releases", "read"]
    with subprocess.Popen(command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for before, after in pairs:
            if "PostgreSQL" in {before.store, after.store} and not reader.has_postgresql:
                yield "no driver"
                continue
            process.stdin.write(json.dumps([before.uri, before.runs, after.uri, after.runs]) + "\n")
            process.stdin.flush()
            answer = process.stdout.readline()
            yield _cell(reader, before, after, json.loads(answer)) if answer else _wrong("its reader died")
        process.stdin.close()


def _cell(reader: Release, before: Written, after: Written, found: dict[str, object]) -> str:
    """Return how many of the comparisons came out as equivalent, different and open; or what came out wrong."""
    wrong = {kind: status for kind, status in found.items() if status != _expected(reader, before, after, kind)}
    if wrong:
        return _wrong(wrong)
    statuses = [status for kind, status in found.items() if kind in before.runs]
    if set(statuses) == {_OPEN}:
        return "refused"
    counts = [statuses.count(status) for status in (_EQUAL, _DIFFERENT, _OPEN)]
    return " ".join(f"{count}{sign}" for count, sign in zip(counts, "=≠?", strict=True))


def _verified(before: Release, after: Release, folder: Path, firsts: Sequence[Release]) -> str:
    """Verify two environments that each log three runs: the same, with another metric, with another artifact.

    Of several environments of one release, only the first is verified against other releases.
    """
    if before != after and not (before in firsts and after in firsts):
        return ""
    place = folder / f"verify-{before.name}-{after.name}"
    logged = {"before": ",".join(["base"] * len(_VERIFIED)), "after": ",".join(_VERIFIED)}
    sides = [f"--{side}=python {_WRITER} {kinds} {place / side}" for side, kinds in logged.items()]
    options = ["--before-python", before.python, "--once", "--jobs", "1", "--store", str(place / "store")]
    asked = [after.python, "-m", "compatkit", "verify", *options, *sides, "--format", "json"]
    done = subprocess.run(asked, cwd=_ROOT, capture_output=True, text=True, check=False)
    if before.tables != after.tables and before.version > after.version:
        is_refused = done.returncode == _OPEN and "the newer of the two releases" in done.stdout
        return "refused" if is_refused else _wrong(f"{done.stdout}{done.stderr}")
    if done.returncode != _DIFFERENT:
        return _wrong(f"{done.returncode}: {done.stdout}{done.stderr}")
    runs = json.loads(done.stdout)[0]["comparisons"][0]["runs"]
    words = [run["verdict"]["verdict"] for run in runs]
    return "1= 2≠" if words == ["equivalent", "different", "different"] else _wrong(words)


def _wrong(found: object) -> str:
    _WRONG.append(str(found))
    return f"WRONG: {found}"


def _run(command: list[str]) -> str:
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


if __name__ == "__main__":
    main()
