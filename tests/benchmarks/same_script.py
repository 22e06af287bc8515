"""The same script twice, a refactoring, and ten subtle changes, in eight frameworks' autologging.

Run `python -m tests.benchmarks.same_script [NAME...]` where the frameworks are installed. Each script runs twice, which
measures its noise, then refactored, then with each change; nothing is allowed by hand. A change must be named: one of
the differences that decide bears the name that stands beside it.

A run is a fork of a process that has imported the framework, into a copy of an empty store; MLflow finds out what a
model requires in the first run, and is told so in the others. Both save nine tenths of the processor time. With
SAME_SCRIPT_FOLDER set to a folder, the stores stay there, and what was run is not run again.
"""

from __future__ import annotations

import ast
import importlib
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

from compatkit.equivalence import Policy, Snapshot, Verdict, take_snapshot
from compatkit.equivalence.comparing.noise import compare_over_noise

# What differs from a change: how the text becomes another, and what a deciding difference must be called.
Change = tuple[str, str, str]

DATA = dedent(
    """
    import os, warnings; warnings.filterwarnings("ignore")
    os.environ["KERAS_BACKEND"] = "torch"
    import joblib, mlflow, numpy
    from sklearn.datasets import load_wine
    from sklearn.model_selection import train_test_split
    from sklearn.preprocessing import LabelEncoder, StandardScaler
    SEED = int(os.environ.get("COMPATKIT_SEED", "0"))
    names = ["barbera", "barolo", "grignolino"]
    encoder = LabelEncoder().fit(names)
    wine = load_wine(as_frame=True)
    y = wine.target.map({0: 0, 1: 1, 2: 2})
    X_train, X_test, y_train, y_test = train_test_split(wine.data, y, test_size=0.25, random_state=7)
    scaler = StandardScaler().set_output(transform="pandas").fit(X_train)
    X_train, X_test = scaler.transform(X_train), scaler.transform(X_test)
    X_train, X_test = X_train.astype("float64"), X_test.astype("float64")
    """
)
END = dedent(
    """
    with mlflow.start_run(run_id=mlflow.last_active_run().info.run_id):
        joblib.dump(encoder, "encoder.joblib")
        mlflow.log_artifact("encoder.joblib")
    """
)
RENAMED = {"X_train": "features", "X_test": "held_out", "scaler": "scaling", "encoder": "coder", "wine": "table"}
COMMON: dict[str, Change] = {
    "split": ("test_size=0.25", "test_size=0.26", ""),
    "dropped scaler": ("scaler.transform(X_train), scaler.transform(X_test)", "X_train, X_test", ""),
    "label order": ("{0: 0, 1: 1, 2: 2}", "{0: 2, 1: 1, 2: 0}", ""),
    "dtype": ('X_train.astype("float64")', 'X_train.astype("float32")', ""),
    "unfitted encoder": ("dump(encoder", "dump(LabelEncoder()", r"encoder\.joblib"),
}
CHANGES = ("seed", "split", "default", "dropped scaler", "label order", "metric on train", "early stopping")
CHANGES += ("weight decay", "dtype", "unfitted encoder")


@dataclass(frozen=True, slots=True)
class Script:
    """A script below the data; its own changes, by what is changed; a text says why one does not apply."""

    needs: tuple[str, ...]
    source: str
    renamed: dict[str, str]
    changes: dict[str, Change | str]


TORCH_DATA = """
import torch
x, x_test = (torch.tensor(each.to_numpy(), dtype=torch.float32) for each in (X_train, X_test))
t, t_test = (torch.tensor(each.to_numpy()) for each in (y_train, y_test))
torch.manual_seed(SEED)
"""

SCRIPTS = {
    "scikit-learn": Script(
        ("mlflow.sklearn",),
        """
        from sklearn.model_selection import GridSearchCV
        from sklearn.neural_network import MLPClassifier
        from sklearn.pipeline import make_pipeline
        mlflow.sklearn.autolog()
        with mlflow.start_run(run_name="train"):
            stop = {"early_stopping": True, "n_iter_no_change": 3}
            net = MLPClassifier((8,), alpha=1e-3, max_iter=20, random_state=SEED, **stop)
            grid = {"mlpclassifier__learning_rate_init": [0.01, 0.1]}
            search = GridSearchCV(make_pipeline(StandardScaler(), net), grid, cv=2)
            search.fit(X_train, y_train)
            search.score(X_test, y_test)
        """,
        {"net": "classifier", "search": "found"},
        {
            "seed": ("random_state=SEED", "random_state=SEED + 1", "random_state"),
            "default": ("alpha=1e-3", "alpha=1e-3, beta_2=0.99", "beta_2"),
            "dropped scaler": ("make_pipeline(StandardScaler(), net)", "make_pipeline(net)", "scaler"),
            "metric on train": ("search.score(X_test, y_test)", "search.score(X_train, y_train)", "score"),
            "early stopping": ('"n_iter_no_change": 3', '"n_iter_no_change": 4', "n_iter_no_change"),
            "weight decay": ("alpha=1e-3", "alpha=0.0", "alpha"),
        },
    ),
    "XGBoost": Script(
        ("mlflow.xgboost", "xgboost"),
        """
        import xgboost
        mlflow.xgboost.autolog()
        given = {"n_estimators": 60, "max_depth": 1, "reg_lambda": 2.0, "subsample": 0.8, "n_jobs": 1}
        with mlflow.start_run(run_name="train"):
            model = xgboost.XGBClassifier(**given, early_stopping_rounds=3, random_state=SEED)
            model.fit(X_train, y_train, eval_set=[(X_test, y_test)], verbose=False)
            mlflow.log_metric("acc", model.score(X_test, y_test))
        """,
        {"model": "boosted", "given": "settings"},
        {
            "seed": ("random_state=SEED", "random_state=SEED + 1", "random_state"),
            "default": ('"n_jobs": 1', '"n_jobs": 1, "min_child_weight": 2', "min_child_weight"),
            "metric on train": ("eval_set=[(X_test, y_test)]", "eval_set=[(X_train, y_train)]", "mlogloss"),
            "early stopping": ("early_stopping_rounds=3", "early_stopping_rounds=4", "early_stopping_rounds"),
            "weight decay": ('"reg_lambda": 2.0', '"reg_lambda": 0.0', "reg_lambda"),
        },
    ),
    "LightGBM": Script(
        ("mlflow.lightgbm", "lightgbm"),
        """
        import lightgbm
        mlflow.lightgbm.autolog()
        X_train.columns = X_test.columns = [f"c{number}" for number in range(X_train.shape[1])]
        given = {"objective": "multiclass", "num_class": 3, "lambda_l2": 1.0}
        given |= {"bagging_fraction": 0.8, "bagging_freq": 1}
        given |= {"num_threads": 1, "verbose": -1, "num_leaves": 7, "seed": SEED, "early_stopping_round": 3}
        with mlflow.start_run(run_name="train"):
            data = lightgbm.Dataset(X_train, y_train)
            booster = lightgbm.train(given, data, 60, valid_sets=[lightgbm.Dataset(X_test, y_test)])
            mlflow.log_metric("acc", float((booster.predict(X_test).argmax(1) == y_test).mean()))
        """,
        {"booster": "trees", "data": "pairs", "given": "settings"},
        {
            "seed": ('"seed": SEED', '"seed": SEED + 1', "seed"),
            "default": ('"verbose": -1', '"verbose": -1, "min_data_in_leaf": 15', "min_data_in_leaf"),
            "metric on train": (
                "lightgbm.Dataset(X_test, y_test)",
                "lightgbm.Dataset(X_train, y_train)",
                "multi_logloss",
            ),
            "early stopping": ('"early_stopping_round": 3', '"early_stopping_round": 4', "early_stopping_round"),
            "weight decay": ('"lambda_l2": 1.0', '"lambda_l2": 0.0', "lambda_l2"),
        },
    ),
    "Keras": Script(
        ("mlflow.keras", "keras"),
        """
        import keras
        keras.utils.set_random_seed(SEED)
        mlflow.keras.autolog()
        with mlflow.start_run(run_name="train"):
            model = keras.Sequential([keras.layers.Input((13,)), keras.layers.Dense(8), keras.layers.Dense(3)])
            loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            model.compile(optimizer=keras.optimizers.AdamW(0.05, weight_decay=1e-2), loss=loss, metrics=["accuracy"])
            held = (X_test.to_numpy(), y_test.to_numpy())
            stop = keras.callbacks.EarlyStopping(patience=1)
            how = {"validation_data": held, "epochs": 6, "batch_size": 32, "callbacks": [stop]}
            model.fit(X_train.to_numpy(), y_train.to_numpy(), **how)
        """,
        {"model": "net", "loss": "criterion", "held": "kept"},
        {
            "seed": ("set_random_seed(SEED)", "set_random_seed(SEED + 1)", "loss"),
            "default": ("AdamW(0.05,", "AdamW(0.05, beta_2=0.99,", "beta_2"),
            "metric on train": ("X_test.to_numpy(), y_test", "X_train.to_numpy(), y_train", "val_loss"),
            "early stopping": ("patience=1", "patience=2", "steps|patience"),
            "weight decay": (", weight_decay=1e-2", ", weight_decay=0.0", "weight_decay"),
            "dtype": ("Dense(8)", 'Dense(8, dtype="bfloat16")', ""),
        },
    ),
    "Lightning": Script(
        ("mlflow.pytorch", "lightning.pytorch"),
        TORCH_DATA
        + """
        import lightning.pytorch as pl
        from lightning.pytorch.callbacks import EarlyStopping
        from torch.utils.data import DataLoader, TensorDataset
        class Net(pl.LightningModule):
            def __init__(self):
                super().__init__()
                self.body = torch.nn.Sequential(torch.nn.Linear(13, 8), torch.nn.Dropout(0.1), torch.nn.Linear(8, 3))
            def training_step(self, batch, number):
                loss = torch.nn.functional.cross_entropy(self.body(batch[0]), batch[1])
                self.log("train_loss", loss, on_epoch=True)
                return loss
            def validation_step(self, batch, number):
                self.log("val_loss", torch.nn.functional.cross_entropy(self.body(batch[0]), batch[1]))
            def configure_optimizers(self):
                return torch.optim.AdamW(self.parameters(), lr=0.05, weight_decay=1e-2)
        mlflow.pytorch.autolog(checkpoint=False)
        loader = DataLoader(TensorDataset(x, t), batch_size=32, shuffle=True)
        held = DataLoader(TensorDataset(x_test, t_test), batch_size=64)
        with mlflow.start_run(run_name="train"):
            silent = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
            stop = EarlyStopping("val_loss", patience=1)
            trainer = pl.Trainer(max_epochs=4, accelerator="cpu", callbacks=[stop], precision="32", **silent)
            trainer.fit(Net(), loader, held)
        """,
        {"loader": "batches", "silent": "options", "held": "kept"},
        {
            "seed": ("manual_seed(SEED)", "manual_seed(SEED + 1)", "loss"),
            "default": ("Dropout(0.1)", "Dropout(0.11)", "p|operations|loss"),
            "metric on train": ("TensorDataset(x_test, t_test)", "TensorDataset(x, t)", "val_loss"),
            "early stopping": ("patience=1", "patience=2", "steps|patience"),
            "weight decay": (", weight_decay=1e-2", ", weight_decay=0.0", "weight_decay|loss|Net"),
            "dtype": ('precision="32"', 'precision="bf16-mixed"', "loss"),
        },
    ),
    "Hugging Face": Script(
        (
            "mlflow.transformers",
            "mlflow.pytorch",
            "transformers",
            "transformers.trainer",
            "transformers.models.bert.modeling_bert",
            "accelerate",
        ),
        TORCH_DATA
        + """
        import tempfile
        from transformers import BertConfig, BertForSequenceClassification, EarlyStoppingCallback, Trainer
        from transformers import TrainingArguments, set_seed
        set_seed(SEED)
        class Data(torch.utils.data.Dataset):
            def __init__(self, x, t):
                self.x, self.t = (x * 8 + 32).clamp(0, 63).long(), t
            def __len__(self):
                return len(self.x)
            def __getitem__(self, at):
                return {"input_ids": self.x[at], "labels": self.t[at]}
        sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
        config = BertConfig(vocab_size=64, num_labels=3, **sizes)
        with mlflow.start_run(run_name="train"):
            where = {"output_dir": "out", "report_to": ["mlflow"], "use_cpu": True, "disable_tqdm": True}
            when = {"eval_strategy": "epoch", "logging_strategy": "epoch", "save_strategy": "epoch"}
            how = {"learning_rate": 5e-2, "weight_decay": 1e-2, "seed": SEED, "bf16": False}
            stop = {"load_best_model_at_end": True, "metric_for_best_model": "eval_loss"}
            given = TrainingArguments(num_train_epochs=8, **where, **when, **how, **stop)
            model = BertForSequenceClassification(config)
            callbacks = [EarlyStoppingCallback(early_stopping_patience=1)]
            sets = {"train_dataset": Data(x, t), "eval_dataset": Data(x_test, t_test)}
            Trainer(model=model, args=given, callbacks=callbacks, **sets).train()
            mlflow.pytorch.log_state_dict(model.state_dict(), "weights")
        """,
        {"sizes": "shape", "given": "settings", "config": "told", "sets": "both"},
        {
            "seed": ('"seed": SEED', '"seed": SEED + 1', "seed"),
            "default": ('"bf16": False', '"bf16": False, "adam_beta2": 0.99', "adam_beta2"),
            "metric on train": ("Data(x_test, t_test)", "Data(x, t)", "eval_loss"),
            "early stopping": ("early_stopping_patience=1", "early_stopping_patience=2", "eval_loss|epoch"),
            "weight decay": ('"weight_decay": 1e-2', '"weight_decay": 0.0', "weight_decay"),
            "dtype": ('"bf16": False', '"bf16": True', "bf16"),
        },
    ),
    "statsmodels": Script(
        ("mlflow.statsmodels", "statsmodels.api"),
        """
        import statsmodels.api
        mlflow.statsmodels.autolog()
        draws = numpy.random.default_rng(SEED)
        with mlflow.start_run(run_name="train"):
            target = y_train + draws.normal(size=len(y_train))
            fitted = statsmodels.api.OLS(target, statsmodels.api.add_constant(X_train)).fit(cov_type="nonrobust")
            guess = fitted.predict(statsmodels.api.add_constant(X_test))
            mlflow.log_metric("mse", float(((guess - y_test) ** 2).mean()))
        """,
        {"draws": "numbers", "fitted": "line", "guess": "estimate"},
        {
            "seed": ("default_rng(SEED)", "default_rng(SEED + 1)", "mse"),
            "default": ("nonrobust", "HC1", "cov_type|model_summary"),
            "metric on train": ("add_constant(X_test))\n", "add_constant(X_train))\n", "mse"),
            "early stopping": "least squares are solved at once",
            "weight decay": ('.fit(cov_type="nonrobust")', ".fit_regularized(alpha=0.1, L1_wt=0.0)", ""),
        },
    ),
    "torch": Script(
        ("mlflow.pytorch",),
        TORCH_DATA
        + """
        mlflow.pytorch.autolog()
        with mlflow.start_run(run_name="train"):
            net = torch.nn.Sequential(torch.nn.Linear(13, 8), torch.nn.ReLU(), torch.nn.Linear(8, 3))
            optimizer = torch.optim.AdamW(net.parameters(), lr=0.1, weight_decay=1e-2, amsgrad=False)
            best, bad = 9.0, 0
            for epoch in range(30):
                for at in range(0, len(x), 32):
                    loss = torch.nn.functional.cross_entropy(net(x[at : at + 32]), t[at : at + 32])
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
                held = torch.nn.functional.cross_entropy(net(x_test), t_test).item()
                mlflow.log_metrics({"loss": loss.item(), "val_loss": held}, step=epoch)
                best, bad = min(held, best), 0 if held < best else bad + 1
                if bad >= 2:
                    break
            torch.save({"model": net.state_dict(), "optimizer": optimizer.state_dict()}, "last.pt")
            mlflow.log_artifact("last.pt")
        """,
        {"net": "body", "optimizer": "stepper", "held": "kept"},
        {
            "seed": ("manual_seed(SEED)", "manual_seed(SEED + 1)", "loss"),
            "default": ("amsgrad=False", "amsgrad=True", r"last\.pt"),
            "metric on train": ("cross_entropy(net(x_test), t_test)", "cross_entropy(net(x), t)", "val_loss"),
            "early stopping": ("bad >= 2", "bad >= 3", "loss"),
            "weight decay": (", weight_decay=1e-2", ", weight_decay=0.0", r"last\.pt"),
            "dtype": ("net.state_dict()", "net.bfloat16().state_dict()", r"last\.pt"),
        },
    ),
}


def source_of(script: Script) -> str:
    body = script.source
    if body.startswith(TORCH_DATA):
        body = TORCH_DATA + dedent(body.removeprefix(TORCH_DATA))
    return DATA + dedent(body) + END


def refactored(script: Script) -> str:
    """Put what the script does into a function, below its imports and classes, and call its own things otherwise."""
    tree = ast.parse(source_of(script))
    for name in ast.walk(tree):
        if isinstance(name, ast.Name):
            name.id = {**RENAMED, **script.renamed}.get(name.id, name.id)
    kept = [statement for statement in tree.body if isinstance(statement, ast.Import | ast.ImportFrom | ast.ClassDef)]
    done = [statement for statement in tree.body if statement not in kept]
    top, body = (ast.unparse(ast.Module(part, [])) for part in (kept, done))
    return f"# Refactored.\n\n{top}\n\n\ndef main():\n{indent(body, '    ')}\n\n\nmain()\n"


def changed(source: str, change: Change) -> str:
    old, new, _ = change
    assert old in source, old
    return source.replace(old, new)


def prepare(script: Script, folder: Path) -> None:
    """Import what the script needs, make an empty store, and let MLflow find out but once what a model requires."""
    import mlflow
    from mlflow.exceptions import MlflowException
    from mlflow.utils import requirements_utils

    for name in ("sklearn.datasets", "sklearn.model_selection", "pandas", "alembic.command", *script.needs):
        importlib.import_module(name)
    if not (empty := folder.parent / "empty.db").exists():
        mlflow.MlflowClient(f"sqlite:///{empty}").search_experiments()
    infer = requirements_utils._capture_imported_modules

    def remembered(*given: Any, **named: Any) -> Any:
        kept = folder / "modules.json"
        if not kept.exists():
            try:
                kept.write_text(json.dumps(infer(*given, **named)))
            except Exception as error:  # noqa: BLE001 - MLflow does without, whatever it is
                kept.write_text(json.dumps({"failed": repr(error)}))
        found = json.loads(kept.read_text())
        if isinstance(found, dict):
            raise MlflowException(found["failed"])
        return found

    requirements_utils._capture_imported_modules = remembered


def logged(source: str, folder: Path) -> str:
    """Run a script in a fork, in a folder and with a store of its own; return the store's address, or nothing."""
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    if (folder / "done").exists():
        return uri
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copy(folder.parent.parent / "empty.db", folder / "mlflow.db")
    pid = os.fork()
    if pid == 0:
        _run(source, folder, uri)
    if os.waitpid(pid, 0)[1]:
        print(folder.name, (folder / "output").read_text()[-3000:], file=sys.stderr)
        return ""
    (folder / "done").touch()
    return uri


def _run(source: str, folder: Path, uri: str) -> None:
    """Become the script, and never return."""
    import mlflow
    import numpy as np
    import torch

    status = 1
    with (folder / "output").open("w") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
        try:
            os.chdir(folder)
            mlflow.set_tracking_uri(uri)
            random.seed()
            np.random.seed()
            torch.seed()
            _held.extend(object() for _ in range(random.randrange(100_000)))  # elsewhere in memory
            exec(compile(source, "train.py", "exec"), {"__name__": "__main__"})
            status = 0
        except BaseException:  # noqa: BLE001 - the outermost frame of the fork
            traceback.print_exc(file=output)
    os._exit(status)


_held: list[object] = []


def read(uri: str) -> Snapshot:
    from mlflow import MlflowClient

    (run,) = [run for run in MlflowClient(uri).search_runs(["0"]) if run.info.run_name == "train"]
    return take_snapshot(run.info.run_id, tracking_uri=uri)


def verdicts(script: Script, folder: Path) -> Iterator[tuple[str, Verdict | str, str]]:
    """Yield what was run, the verdict over the script's own noise, and what must be named."""
    source, own = source_of(script), {**COMMON, **script.changes}
    texts = {"before": source, "again": source, "the same": source, "refactored": refactored(script)}
    texts |= {what: changed(source, change) for what in CHANGES if not isinstance(change := own[what], str)}
    stores = {what: logged(text, folder / what.replace(" ", "-")) for what, text in texts.items()}
    before, again = read(stores["before"]), read(stores["again"])
    for what in ("the same", "refactored", *CHANGES):
        change = own.get(what, ("", "", ""))
        if isinstance(change, str) or not stores[what]:
            yield what, change if isinstance(change, str) else "", ""
        else:
            yield what, compare_over_noise(before, again, read(stores[what]), Policy()), change[2]


def mark(what: str, verdict: Verdict | str, named: str) -> str:
    """Say in a cell what came out; in capitals where that is wrong."""
    if isinstance(verdict, str):
        return "n/a" if verdict else "FAILED"
    if what in {"the same", "refactored"}:
        return "equivalent" if verdict.is_equivalent else "FALSE ALARM"
    if verdict.is_equivalent:
        return "MISSED"
    return "named" if any(re.search(named, str(difference)) for difference in verdict.deciding) else "NOT NAMED"


def show(name: str) -> None:
    """Run one framework's script in all ways, and print a line for each, with what was found below."""
    with tempfile.TemporaryDirectory() as given:
        folder = Path(os.environ.get("SAME_SCRIPT_FOLDER", given)) / name.replace(" ", "-")
        folder.mkdir(parents=True, exist_ok=True)
        prepare(SCRIPTS[name], folder)
        for what, verdict, named in verdicts(SCRIPTS[name], folder):
            print(f"{name} | {what} | {mark(what, verdict, named)}", flush=True)
            shown: list[object] = [verdict]
            if not isinstance(verdict, str):
                settled = [f"settled: {settlement.difference}: {settlement.by.why}" for settlement in verdict.allowed]
                shown = [*verdict.deciding[:6], *(settled if not verdict.deciding else [])]
            for line in shown:
                print(f"    {str(line)[:170]!r}", flush=True)


def main(names: list[str]) -> None:
    table: dict[str, dict[str, str]] = {}
    for name in names:
        command = [sys.executable, "-m", "tests.benchmarks.same_script", "--one", name]
        variables = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "KERAS_BACKEND": "torch"}
        with subprocess.Popen(command, env={**os.environ, **variables}, stdout=subprocess.PIPE, text=True) as one:
            for line in one.stdout or ():
                print(line, end="", flush=True)
                if line.startswith(f"{name} | "):
                    _, what, cell = line.strip().split(" | ")
                    table.setdefault(what, {})[name] = cell
    print("| change |", *(f"{name} |" for name in names))
    print("|---|", *("---|" for _ in names))
    wrong = 0
    for what in ("the same", "refactored", *CHANGES):
        cells = [table.get(what, {}).get(name, "NOT RUN") for name in names]
        wrong += sum(cell.isupper() for cell in cells)
        print(f"| {what} |", *(f"{cell} |" for cell in cells))
    print(f"wrong: {wrong}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        show(sys.argv[2])
    else:
        main(sys.argv[1:] or list(SCRIPTS))
