"""Errors in what a caller asks of the training stack."""

from __future__ import annotations

from collections.abc import Iterable

from compatkit.addresses import without_password
from compatkit.errors import CompatkitError, nearest


class TrainingError(CompatkitError):
    """A data set, model or optimizer that cannot be used."""

    @classmethod
    def unknown(cls, kind: str, name: object, known: Iterable[str]) -> TrainingError:
        return cls(f"There is no {kind} {name!r}.", hint=nearest(str(name), known))

    @classmethod
    def bad_arrays(cls, problem: str) -> TrainingError:
        return cls(
            f"The arrays are no data set: {problem}.",
            hint="pass (X, y) with X of shape (samples, features) and y of shape (samples,)",
        )

    @classmethod
    def bad_sample(cls, number: int, reason: str) -> TrainingError:
        return cls(
            f"Sample {number} of the Dataset cannot be read: {reason}",
            hint="samples count from 0; leave it out, or mend what reads it",
        )

    @classmethod
    def lost_reader(cls, error: Exception) -> TrainingError:
        return cls(
            f"A process that reads the Dataset ended: {error}",
            hint="set runtime.workers to 0, which reads it in the process of the training",
        )

    @classmethod
    def not_finite(cls, part: str, count: int) -> TrainingError:
        return cls(f"{count} values of the {part} are NaN or infinite.", hint="fill them in, or leave the samples out")

    @classmethod
    def one_class(cls, label: object) -> TrainingError:
        return cls(
            f"All samples have the label {label!r}: there is nothing to tell apart.", hint="pass two classes or more"
        )

    @classmethod
    def diverged(cls, epoch: object, loss: float) -> TrainingError:
        return cls(
            f"The training loss became {loss} in epoch {epoch}; the training ended there.",
            hint="use a lower learning rate, or clip the gradients",
        )

    @classmethod
    def no_device(cls, name: str) -> TrainingError:
        return cls(f"This machine has no device {name!r}.", hint="set runtime.device to cpu, or to auto")

    @classmethod
    def bad_checkpoint(cls, path: object, problem: object) -> TrainingError:
        return cls(
            f"The checkpoint cannot be used: {problem}",
            where=str(path),
            hint="train without resuming, in another folder",
        )

    @classmethod
    def other_training(cls, path: object, differences: Iterable[str]) -> TrainingError:
        return cls(
            f"The checkpoint is of another training: {'; '.join(differences)}.",
            where=str(path),
            hint="resume with the same settings and data, or train into another folder",
        )

    @classmethod
    def not_saved(cls, path: object, problem: object) -> TrainingError:
        return cls(
            f"The checkpoint was not written: {problem}",
            where=str(path),
            hint="one that was there before is still whole",
        )

    @classmethod
    def bad_split(cls, fraction: float, reason: object) -> TrainingError:
        return cls(
            f"The data cannot be split with a validation fraction of {fraction!r}: {reason}",
            hint="every class needs a sample in both parts; 0.2 suits the bundled data sets",
        )

    @classmethod
    def no_image(cls, shape: tuple[int, ...]) -> TrainingError:
        return cls(
            f"A 'cnn' reads rows and images, and a sample has the shape {shape}.",
            hint="use the model 'mlp', or samples of shape (channels, height, width)",
        )

    @classmethod
    def not_the_same(cls, what: str) -> TrainingError:
        return cls(
            f"The processes that train together do not have the same {what}.",
            hint="start them with the same command, over the same files",
        )

    @classmethod
    def partial_statistics(cls, names: Iterable[str], device: str) -> TrainingError:
        return cls(
            f"Batch norm would see a part of each batch only: {', '.join(names)}.",
            where=f"the model, in several processes on {device}",
            hint="use LayerNorm or GroupNorm, on GPUs nn.SyncBatchNorm, or train in one process",
        )


class LostProcessError(TrainingError):
    """A training that ends because of another process: what went wrong first, that one may tell."""

    @classmethod
    def of(cls, error: object) -> LostProcessError:
        return cls(
            "Another process of the training ended, or cannot be reached.",
            where=str(error).splitlines()[0],
            hint="resume from the last checkpoint with --resume, in as many processes",
        )

    @classmethod
    def terminated(cls) -> LostProcessError:
        return cls(
            "The training was asked to end (SIGTERM), as torchrun asks when another process has ended.",
            hint="resume from the last checkpoint with --resume, where there is one",
        )


class TrackingError(CompatkitError):
    """A tracking server, or a spool of what it has not got, that cannot be used. No password is shown."""

    def __init__(self, what: str, *, where: str = "", hint: str = "") -> None:
        # MLflow's own messages have the address in them, too.
        super().__init__(without_password(what), where=without_password(where), hint=hint)

    @classmethod
    def no_server(cls, uri: str, reason: object) -> TrackingError:
        return cls(
            f"No tracking server answers: {reason}", where=uri, hint="start it, or set tracking.uri to one that runs"
        )

    @classmethod
    def not_kept(cls, kind: str, name: str, reason: str) -> TrackingError:
        return cls(f"The {kind} {name!r} cannot be logged as it is: {reason}.", hint="give it a shorter text, in UTF-8")

    @classmethod
    def no_psutil(cls) -> TrackingError:
        return cls(
            "System metrics need psutil, which is not installed.",
            where="OrchestratorConfig, at tracking.system_metrics",
            hint="pip install 'compatkit[system-metrics]'",
        )

    @classmethod
    def undelivered(cls, count: int, place: object, reason: object) -> TrackingError:
        return cls(
            f"{count} values of metrics have not reached the tracking server: {reason}",
            where="nowhere else" if place is None else str(place),
            hint="when it is back, send them with `compatkit tracking flush`" if place is not None else "",
        )

    @classmethod
    def held(cls, path: object) -> TrackingError:
        return cls("The spool is in use by a training that runs.", where=str(path), hint="wait for its end")

    @classmethod
    def bad_spool(cls, path: object, problem: object) -> TrackingError:
        return cls(f"The spool cannot be read: {problem}", where=str(path))

    @classmethod
    def refused(cls, path: object, reason: object) -> TrackingError:
        return cls(f"The tracking server refused the spool: {reason}", where=str(path))

    @classmethod
    def no_run(cls, run_id: str, uri: str, reason: object) -> TrackingError:
        return cls(f"There is no run {run_id}: {reason}", where=uri, hint="train without resuming")
