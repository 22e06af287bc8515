"""The same training by hand and in five frameworks, each with its own MLflow logging; each returns its last val loss.

Same model and first weights, data, order of the samples, optimizer, and epochs; losses and accuracies of both parts are
measured and logged once an epoch. The frameworks are no dependency of the project; to have them:
`pip install -c .ci/constraints.txt lightning skorch transformers accelerate keras pytorch-ignite`.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812  # its usual name
from torch import Tensor, nn
from torch.utils.data import DataLoader, Sampler, TensorDataset

from compatkit.training import DataSplit, TrainingOrchestratorV2, build_model

EXPERIMENT = "peers"


@dataclass(frozen=True)
class Task:
    """What is to be trained, and where it is logged."""

    data: DataSplit
    uri: str
    folder: Path
    epochs: int = 10
    batch_size: int = 32
    rate: float = 1e-3
    seed: int = 7

    def model(self) -> nn.Module:
        data = self.data
        return build_model("mlp", features=data.features, classes=data.classes, hidden_size=64, seed=self.seed)

    def training(self) -> DataLoader[Any]:
        return DataLoader(self.data.train, batch_size=self.batch_size, sampler=Ordered(self.data.train, self.seed))

    def validation(self) -> DataLoader[Any]:
        return DataLoader(self.data.validation, batch_size=self.batch_size)


class Ordered(Sampler[int]):
    """The order of v2's epochs: each time it is iterated, the next one's."""

    def __init__(self, data: TensorDataset, seed: int) -> None:
        self._samples, self._seed, self._epoch = len(data), seed, 0

    def __iter__(self) -> Iterator[int]:
        self._epoch += 1
        generator = torch.Generator().manual_seed(self._seed + self._epoch)
        return iter(torch.randperm(self._samples, generator=generator).tolist())

    def __len__(self) -> int:
        return self._samples


def ours(task: Task) -> float:
    result = TrainingOrchestratorV2(
        experiment_name=EXPERIMENT,
        epochs=task.epochs,
        batch_size=task.batch_size,
        lr=task.rate,
        seed=task.seed,
        tracking_uri=task.uri,
        log_model=False,
    ).train_model(task.data.name)
    return float(result.final_metrics.val_loss)


def by_hand(task: Task) -> float:
    """Train as somebody would who wants nothing but speed and a loss: no logging."""
    (features, target), (val_features, val_target) = task.data.train.tensors, task.data.validation.tensors
    model = task.model()
    optimizer = torch.optim.Adam(model.parameters(), lr=task.rate)
    loss_sum = 0.0
    for epoch in range(1, task.epochs + 1):
        model.train()
        order = torch.randperm(len(target), generator=torch.Generator().manual_seed(task.seed + epoch))
        for batch in order.split(task.batch_size):
            optimizer.zero_grad()
            F.cross_entropy(model(features[batch]), target[batch]).backward()
            optimizer.step()
        model.eval()
        with torch.inference_mode():
            parts = zip(val_features.split(task.batch_size), val_target.split(task.batch_size), strict=True)
            losses = [F.cross_entropy(model(part), labels) * len(labels) for part, labels in parts]
            loss_sum = float(torch.stack(losses).sum())
    return loss_sum / len(val_target)


def lightning(task: Task) -> float:
    import lightning.pytorch as pl
    from lightning.pytorch.loggers import MLFlowLogger

    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)

    class Module(pl.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.model = task.model()

        def _step(self, batch: list[Tensor], name: str) -> Tensor:
            logits = self.model(batch[0])
            loss = F.cross_entropy(logits, batch[1])
            scores = {f"{name}_loss": loss, f"{name}_accuracy": (logits.argmax(1) == batch[1]).float().mean()}
            self.log_dict(scores, on_step=False, on_epoch=True, batch_size=len(batch[1]))
            return loss

        def training_step(self, batch: list[Tensor], _: int) -> Tensor:
            return self._step(batch, "train")

        def validation_step(self, batch: list[Tensor], _: int) -> None:
            self._step(batch, "val")

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.Adam(self.parameters(), lr=task.rate)

    trainer = pl.Trainer(
        max_epochs=task.epochs,
        accelerator="cpu",
        devices=1,
        logger=MLFlowLogger(EXPERIMENT, tracking_uri=task.uri),
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        default_root_dir=task.folder,
    )
    trainer.fit(Module(), task.training(), task.validation())
    return float(trainer.callback_metrics["val_loss"])


def skorch(task: Task) -> float:
    from mlflow import MlflowClient
    from skorch import NeuralNetClassifier
    from skorch.callbacks import EpochScoring, MlflowLogger
    from skorch.dataset import Dataset
    from skorch.helper import predefined_split

    client = MlflowClient(task.uri)
    run = client.create_run(client.get_experiment_by_name(EXPERIMENT).experiment_id)
    validation = Dataset(*task.data.validation.tensors)
    scoring = EpochScoring("accuracy", name="train_accuracy", on_train=True, lower_is_better=False)
    net = NeuralNetClassifier(
        task.model(),
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.Adam,
        lr=task.rate,
        max_epochs=task.epochs,
        batch_size=task.batch_size,
        train_split=predefined_split(validation),
        iterator_train__sampler=Ordered(task.data.train, task.seed),
        callbacks=[scoring, MlflowLogger(run, client)],
        verbose=0,
    )
    net.fit(*task.data.train.tensors)
    return float(net.history[-1]["valid_loss"])


def hugging_face(task: Task) -> float:
    import numpy as np
    from transformers import PrinterCallback, Trainer, TrainingArguments
    from transformers.utils import logging as transformers_logging

    transformers_logging.set_verbosity_error()
    os.environ |= {"MLFLOW_TRACKING_URI": task.uri, "MLFLOW_EXPERIMENT_NAME": EXPERIMENT}

    class Classifier(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = task.model()

        def forward(self, features: Tensor, labels: Tensor) -> dict[str, Tensor]:
            logits = self.model(features)
            return {"loss": F.cross_entropy(logits, labels), "logits": logits}

    def collate(samples: list[tuple[Tensor, Tensor]]) -> dict[str, Tensor]:
        return {
            "features": torch.stack([features for features, _ in samples]),
            "labels": torch.stack([label for _, label in samples]),
        }

    class Ours(Trainer):
        def _get_train_sampler(self, *_: object) -> Sampler[int]:
            return Ordered(task.data.train, task.seed)

    model = Classifier()
    optimizer = torch.optim.Adam(model.parameters(), lr=task.rate)
    arguments = TrainingArguments(
        output_dir=str(task.folder / "hf"),
        num_train_epochs=task.epochs,
        per_device_train_batch_size=task.batch_size,
        per_device_eval_batch_size=task.batch_size,
        eval_strategy="epoch",
        logging_strategy="epoch",
        save_strategy="no",
        report_to=["mlflow"],
        use_cpu=True,
        disable_tqdm=True,
        max_grad_norm=0.0,
        seed=task.seed,
    )
    trainer = Ours(
        model,
        arguments,
        data_collator=collate,
        train_dataset=task.data.train,
        eval_dataset=task.data.validation,
        optimizers=(optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, lambda _: 1.0)),
        compute_metrics=lambda found: {"accuracy": float((np.argmax(found[0], 1) == found[1]).mean())},
    )
    trainer.remove_callback(PrinterCallback)
    trainer.train()
    import mlflow

    mlflow.end_run()
    os.environ.pop("MLFLOW_TRACKING_URI", None)
    return float([row["eval_loss"] for row in trainer.state.log_history if "eval_loss" in row][-1])


def keras(task: Task) -> float:
    os.environ["KERAS_BACKEND"] = "torch"
    import keras as k
    from mlflow import MlflowClient

    client = MlflowClient(task.uri)
    run = client.create_run(client.get_experiment_by_name(EXPERIMENT).experiment_id).info.run_id

    class Logging(k.callbacks.Callback):  # type: ignore[misc]
        """MLflow's own callback for Keras imports TensorFlow; this does what it does."""

        def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
            from mlflow.entities import Metric

            client.log_batch(run, metrics=[Metric(name, value, 0, epoch) for name, value in (logs or {}).items()])

    data, source = task.data, task.model()
    model = k.Sequential(
        [k.Input((data.features,)), k.layers.Dense(64, activation="relu"), k.layers.Dense(data.classes)]
    )
    model.set_weights([w.detach().numpy().T if w.ndim == 2 else w.detach().numpy() for w in source.parameters()])
    model.compile(
        optimizer=k.optimizers.Adam(task.rate, epsilon=1e-8),
        loss=k.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    history = model.fit(
        task.training(), validation_data=task.validation(), epochs=task.epochs, verbose=0, callbacks=[Logging()]
    )
    client.set_terminated(run)
    return float(history.history["val_loss"][-1])


def ignite(task: Task) -> float:
    import mlflow
    from ignite.engine import Events, create_supervised_evaluator, create_supervised_trainer
    from ignite.handlers.mlflow_logger import MLflowLogger
    from ignite.metrics import Accuracy, Loss

    model = task.model()
    optimizer = torch.optim.Adam(model.parameters(), lr=task.rate)
    mlflow.set_tracking_uri(task.uri)
    mlflow.set_experiment(EXPERIMENT)
    trainer = create_supervised_trainer(
        model, optimizer, nn.CrossEntropyLoss(), output_transform=lambda _x, y, y_pred, _loss: (y_pred.detach(), y)
    )
    metrics = {"accuracy": Accuracy(), "loss": Loss(nn.CrossEntropyLoss())}
    for name, metric in metrics.items():
        metric.attach(trainer, name)
    evaluator = create_supervised_evaluator(model, {"accuracy": Accuracy(), "loss": Loss(nn.CrossEntropyLoss())})
    with MLflowLogger(tracking_uri=task.uri) as logger:
        for engine, tag in ((trainer, "train"), (evaluator, "val")):
            logger.attach_output_handler(
                engine,
                Events.EPOCH_COMPLETED,
                tag=tag,
                metric_names=["accuracy", "loss"],
                global_step_transform=lambda *_: trainer.state.epoch,
            )
        validation = task.validation()
        trainer.add_event_handler(Events.EPOCH_COMPLETED, lambda: evaluator.run(validation))
        trainer.run(task.training(), max_epochs=task.epochs)
    mlflow.set_tracking_uri(None)
    os.environ.pop("MLFLOW_TRACKING_URI", None)
    return float(evaluator.state.metrics["loss"])


PEERS: Mapping[str, Callable[[Task], float]] = {
    "ignite": ignite,
    "skorch": skorch,
    "Hugging Face Trainer": hugging_face,
    "Lightning": lightning,
    "Keras on torch": keras,
}


def quiet() -> None:
    """Silence what the frameworks say about a training of this size."""
    warnings.filterwarnings("ignore")
    for name in ("mlflow", "lightning", "alembic", "transformers"):
        logging.getLogger(name).setLevel(logging.ERROR)
