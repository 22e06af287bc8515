"""A private PostgreSQL cluster and a real MLflow server, each as a context manager that leaves nothing behind."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def postgresql_programs() -> Path | None:
    """Return the folder of initdb and pg_ctl, which Debian keeps off the path; None where they are not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    other = shutil.which("initdb")
    return Path(other).resolve().parent if other else None


@contextmanager
def postgresql_database() -> Iterator[str]:
    """Give the URI of an empty database in a cluster of its own, reached by a socket file only."""
    programs = postgresql_programs()
    assert programs is not None, "the marker postgresql deselects tests that come here without it"
    # PostgreSQL refuses to run as root.
    account = pwd.getpwnam("postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name)
    folder = Path(tempfile.mkdtemp(prefix="compatkit-pg-"))
    os.chown(folder, account.pw_uid, account.pw_gid)

    def run(program: str, *arguments: str) -> None:
        command = [str(programs / program), *arguments]
        user = account.pw_uid if os.geteuid() == 0 else None
        done = subprocess.run(
            command, user=user, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert done.returncode == 0, done.stdout

    data = str(folder / "data")
    settings = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
    try:
        run("initdb", "-D", data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-sync")
        run("pg_ctl", "-D", data, "-w", "-l", str(folder / "log"), "-o", settings, "start")
        try:
            yield f"postgresql://postgres@/postgres?host={folder}"
        finally:
            run("pg_ctl", "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


def new_database(cluster: str, name: str) -> str:
    """Return the URI of an empty database of this name in a cluster."""
    programs = postgresql_programs()
    assert programs is not None
    host = cluster.rpartition("=")[2]
    subprocess.run([str(programs / "createdb"), "-h", host, "-U", "postgres", name], check=True)
    return cluster.replace("/postgres?", f"/{name}?")


@contextmanager
def tracking_server(python: str, database: str = "") -> Iterator[str]:
    """Give the address of a server over a database, or over SQLite, and the URI of that, on two lines."""
    with tempfile.TemporaryDirectory(prefix="compatkit-server-") as folder:
        store = database or f"sqlite:///{folder}/mlflow.db"
        with mlflow_server(store, Path(folder), python) as (address, _):
            yield f"{address}\n{store}"


@contextmanager
def mlflow_server(
    store: str, folder: Path, python: str = sys.executable
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Give the address of a server over `store` that keeps artifacts below `folder`, and its process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = start_server(store, folder, port, python)
    try:
        yield f"http://127.0.0.1:{port}", process
    finally:
        stop(process)


def start_server(store: str, folder: Path, port: int, python: str = sys.executable) -> subprocess.Popen[bytes]:
    """Start a server, and return its process once it answers."""
    command = [python, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", store, "--artifacts-destination", str(folder / "artifacts")]
    # Without this, four more processes import MLflow, for jobs that no test asks for.
    environment = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        while not _answers(f"http://127.0.0.1:{port}"):
            assert process.poll() is None, (folder / "server.log").read_text()
            time.sleep(0.2)
    except BaseException:
        stop(process)
        raise
    return process


def stop(process: subprocess.Popen[bytes]) -> None:
    """Kill the server with its workers, which have a session of their own, and wait until nothing listens there."""
    if process.poll() is None:
        os.killpg(process.pid, 9)
    process.wait()
    assert isinstance(process.args, list)
    port = int(process.args[process.args.index("--port") + 1])
    while _is_open(port):
        time.sleep(0.01)


def _is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/health", timeout=5) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False
