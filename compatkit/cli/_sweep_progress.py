"""Tell on stderr how `compatkit sweep` comes along."""

from __future__ import annotations

import click

from compatkit.cli._progress import QuietLine
from compatkit.cli._train_progress import LiveLine
from compatkit.training.v2.loop.callbacks import Callback, Interruption
from compatkit.training.v2.sweep import Combination, FailedTraining, Swept, Trained


class SweepProgress:
    """Counts trainings, and lets Ctrl-C end the one that runs."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._done = 0
        self._interruption = Interruption()

    def callbacks(self, _combination: Combination) -> list[Callback]:
        """Return what is called after each epoch of the next training."""
        told = "Interrupted: the sweep ends with this epoch; press Ctrl-C again to end it at once."
        self._interruption = Interruption(lambda: click.echo(f"\n{told}", err=True))
        return [self._interruption, LiveLine(QuietLine("training"))]

    def tell(self, outcome: Swept) -> None:
        """Say what became of a training."""
        self._interruption.close()
        self._done += 1
        match outcome:
            case Trained(result=result, is_interrupted=is_interrupted):
                said = f"{'interrupted' if is_interrupted else 'finished'} after {result.epochs_trained} epochs"
            case FailedTraining(reason=reason):
                said = f"failed: {reason}"
        click.echo(f"{self._done}/{self._count} {outcome.combination.label}: {said}", err=True)
