"""The whole equivalence matrix: run `python -m tests.benchmarks.matrix FOLDER [EPOCHS]`; again, it goes on.

Every preset on every bundled data set with every model, data of users' own, and what only v2 can do; each on both
orchestrators with both trainers, where both can. Epochs are capped: the sixth differs from the second in its numbers
only. What was compared lies in FOLDER/results.jsonl, a line a scenario.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from itertools import chain
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter

from compatkit.equivalence.matrix import Matrix, Scenario
from compatkit.platforms import usable_cores
from tests.equivalence.scenarios import beyond_v1, own_data, whole_matrix


@dataclass(frozen=True, slots=True)
class Row:
    """What one scenario came to: "equivalent", "different", or "failed"; `details` say why it is not the first."""

    scenario: str
    part: str
    model: str
    verdict: str
    cells: int
    compared: dict[str, int]
    seconds: float
    details: list[str]


def scenarios(epochs: int) -> dict[str, tuple[str, Scenario]]:
    """Return every scenario and what it belongs to, by its name."""
    parts = {
        "presets, data sets, models": whole_matrix(epochs),
        "data of one's own": own_data(epochs),
        "only in v2": beyond_v1(epochs + 1),
    }
    listed = chain.from_iterable(((part, scenario) for scenario in members) for part, members in parts.items())
    return {str(scenario): (part, scenario) for part, scenario in listed}


def verify(part: str, scenario: Scenario, folder: Path) -> Row:
    """Verify one scenario, in a store of this process."""
    # A worker of its own: torch and MLflow are imported here, with the settings of `_prepare`.
    from compatkit.equivalence.stack import verify_stack
    from compatkit.migration import find_migration
    from compatkit.report.verdict_text import matrix_lines

    begun = perf_counter()
    matrix = verify_stack(scenario, find_migration(), store=folder / f"store-{os.getpid()}")
    compared: Counter[str] = Counter()
    for cell in matrix.cells:
        compared.update(cell.verdict.compared if cell.verdict else {})
    return Row(
        str(scenario),
        part,
        str(scenario.overrides["model.type"]),
        _word(matrix),
        len(matrix.cells),
        dict(compared),
        round(perf_counter() - begun, 1),
        [] if matrix.is_equivalent else list(matrix_lines(matrix)),
    )


def _word(matrix: Matrix) -> str:
    if matrix.has_failures:
        return "failed"
    return "equivalent" if matrix.is_equivalent else "different"


def _prepare(folder: Path) -> None:
    """Ready a worker: one thread, its metrics spooled beside the results, no talk."""
    import torch

    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    os.environ["COMPATKIT_SPOOL"] = str(folder / "spool")
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    torch.set_num_threads(1)


def results(folder: Path) -> dict[str, Row]:
    """Return what was found so far, by scenario; a line that was cut is none."""
    file = folder / "results.jsonl"
    found: dict[str, Row] = {}
    for line in file.read_text(encoding="utf-8").splitlines() if file.exists() else []:
        try:
            row = Row(**json.loads(line))
        except (ValueError, TypeError):
            continue
        found[row.scenario] = row
    return found


def run(folder: Path, epochs: int, processes: int) -> Iterator[Row]:
    """Verify what has no result yet, in so many processes; yield and keep each row when it is there."""
    folder.mkdir(parents=True, exist_ok=True)
    left = {name: given for name, given in scenarios(epochs).items() if name not in results(folder)}
    pool = ProcessPoolExecutor(processes, get_context("spawn"), _prepare, (folder,))
    with pool, (folder / "results.jsonl").open("a", encoding="utf-8") as file:
        for done in as_completed([pool.submit(verify, *given, folder) for given in left.values()]):
            row = done.result()
            # A line break first: the last line may have been cut.
            file.write(f"\n{json.dumps(asdict(row))}\n")
            file.flush()
            yield row


def table(rows: list[Row]) -> Iterator[str]:
    """Yield a line for each part and model, then the sums."""
    columns = ("scenarios", "equivalent", "different", "failed", "runs", "points", "tensors")
    yield f"{'part':<28}{'model':<13}" + "".join(f"{name:>12}" for name in columns)
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.part, row.model), []).append(row)
    for (part, model), members in [*sorted(groups.items()), (("all", ""), rows)]:
        verdicts = Counter(row.verdict for row in members)
        compared = [sum(row.compared.get(name, 0) for row in members) for name in ("points", "tensors")]
        counts = [len(members), *(verdicts[name] for name in columns[1:4]), sum(row.cells for row in members)]
        yield f"{part:<28}{model:<13}" + "".join(f"{count:>12,}" for count in [*counts, *compared])


def main(folder: str, epochs: str = "2") -> int:
    """Run what is left, print the table and whatever is not equivalent; 1 where something is not."""
    place = Path(folder).resolve()
    expected = scenarios(int(epochs))
    known = len(expected.keys() & results(place).keys())
    for number, row in enumerate(run(place, int(epochs), processes=min(2, usable_cores())), start=known + 1):
        print(f"{number}/{len(expected)} {row.verdict}, {row.seconds} s: {row.scenario}", file=sys.stderr, flush=True)
    rows = [row for name, row in results(place).items() if name in expected]
    print("\n".join(table(rows)))
    bad = [row for row in rows if row.verdict != "equivalent"]
    for row in bad:
        print("\n".join(["", *row.details]))
    return int(bool(bad) or len(rows) < len(expected))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
