"""A cluster of Dask's: sources travel to a worker in another process, edits travel back, and only this one writes."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from pathlib import Path

import pytest

from compatkit.migrate import plan_tree
from compatkit.migrate.write import write_report
from tests.shop.moves import MIGRATION, NEW, OLD, contents, plant

TREE: dict[str, str | bytes] = {f"p{number % 7}/m{number}.py": f"x = {number}\n{OLD}" for number in range(200)}


@pytest.fixture(scope="module")
def executor() -> Iterator[Executor]:
    from distributed import Client, LocalCluster  # 2 s of a core, which only this worker pays

    with (
        LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
        client.get_executor() as executor,
    ):
        yield executor


def test_cluster_gives_the_same_report(tmp_path: Path, executor: Executor) -> None:
    plant(tmp_path, {**TREE, "broken.py": "from shop.core.old_home import ("})

    assert plan_tree([tmp_path], [MIGRATION], executor=executor) == plan_tree([tmp_path], [MIGRATION])


def test_edits_of_a_cluster_are_written_here(tmp_path: Path, executor: Executor) -> None:
    plant(tmp_path, TREE)

    report = plan_tree([tmp_path], [MIGRATION], executor=executor)

    assert contents(tmp_path) == {name: str(text).encode() for name, text in TREE.items()}
    write_report(report)
    assert contents(tmp_path) == {name: str(text).replace(OLD, NEW).encode() for name, text in TREE.items()}
