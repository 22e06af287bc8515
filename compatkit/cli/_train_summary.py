"""Sum up a training for `compatkit train`."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from compatkit.record import EpochRecord

if TYPE_CHECKING:
    from compatkit.training import OrchestratorConfig


def summary_lines(result: Mapping[str, Any], config: OrchestratorConfig, *, is_interrupted: bool) -> Iterator[str]:
    """Yield the run, its final metrics, and the command that opens it."""
    state = "interrupted" if is_interrupted else "finished"
    epochs, best = result["epochs_trained"], result["best_epoch"]
    yield f"Run {result['run_id']} {state} after {epochs} epochs; the best was {best}."
    final = result["final_metrics"]
    values = final.to_v2() if isinstance(final, EpochRecord) else final
    width = max((len(name) for name in values), default=0)
    for name, value in values.items():
        yield f"  {name:<{width}}  {value:.6g}"
    yield f"Open it with: {open_command(config.tracking.uri, result['run_id'])}"


def summary_json(result: Mapping[str, Any]) -> str:
    """Return the result as JSON, without the history."""
    return json.dumps({name: value for name, value in result.items() if name != "history"}, indent=2)


def open_command(uri: str | None, run_id: str) -> str:
    """Return a shell command that shows the run; a password in it is left for the reader to put in."""
    from mlflow import MlflowClient

    from compatkit.safe_text import without_password

    client = MlflowClient(uri)
    place = client.tracking_uri
    if place.startswith(("http://", "https://")):
        experiment = client.get_run(run_id).info.experiment_id
        page = f"{place.rstrip('/')}/#/experiments/{experiment}/runs/{run_id}"
        return f"python -m webbrowser {shlex.quote(without_password(page))}"
    return f"mlflow ui --backend-store-uri {shlex.quote(without_password(place))}"
