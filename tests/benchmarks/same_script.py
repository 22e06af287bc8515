"""The same script twice, a refactoring, and subtle changes, in eight frameworks' autologging.

Run `python -m tests.benchmarks.same_script [NAME...]` where the frameworks are installed; one that is not is left out.
Each script runs twice, which measures its noise, then refactored, then with each change; nothing is allowed by hand.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent, indent

from compatkit.equivalence import Policy, Snapshot, Verdict, take_snapshot
from compatkit.equivalence.comparing.noise import compare_over_noise

HEAD = dedent(
    """
    import os, warnings; warnings.filterwarnings("ignore")
    import mlflow
    SEED = int(os.environ.get("COMPATKIT_SEED", "0"))
    """
)


@dataclass(frozen=True, slots=True)
class Script:
    """A script, what it needs, other names for its own, and subtle changes as text that takes the place of text."""

    needs: str
    source: str
    renamed: tuple[tuple[str, str], ...]
    changes: tuple[tuple[str, str, str], ...]


SCRIPTS = {
    "scikit-learn": Script(
        "sklearn",
        """
        from sklearn.datasets import load_wine
        from sklearn.linear_model import LogisticRegression
        from sklearn.model_selection import GridSearchCV, train_test_split
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
        mlflow.sklearn.autolog()
        X, y = load_wine(return_X_y=True, as_frame=True)
        X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=SEED)
        with mlflow.start_run(run_name="train"):
            steps = [StandardScaler(), LogisticRegression(max_iter=300)]
            search = GridSearchCV(make_pipeline(*steps), {"logisticregression__C": [0.1, 1.0]}, cv=3)
            search.fit(X_train, y_train)
            search.score(X_test, y_test)
        """,
        (("steps", "parts"), ("search", "found")),
        (
            ("a split", "random_state=SEED", "random_state=SEED, test_size=0.24"),
            ("a default", "max_iter=300", "max_iter=300, tol=1e-3"),
            ("a dropped scaler", "[StandardScaler(), ", "["),
            ("a metric computed on train", "search.score(X_test, y_test)", "search.score(X_train, y_train)"),
        ),
    ),
    "encoder": Script(
        "sklearn",
        """
        import joblib
        from sklearn.preprocessing import LabelEncoder
        labels = ["cat", "dog", "owl"]
        encoder = LabelEncoder().fit(labels)
        with mlflow.start_run(run_name="train"):
            mlflow.log_metric("classes", 3)
            joblib.dump(encoder, "encoder.joblib")
            mlflow.log_artifact("encoder.joblib")
            mlflow.log_dict({"labels": labels}, "labels.json")
        """,
        (("encoder =", "coder ="), ("dump(encoder", "dump(coder")),
        (
            ("an unfitted encoder", "LabelEncoder().fit(labels)", "LabelEncoder()"),
            ("label order", '["cat", "dog", "owl"]', '["dog", "cat", "owl"]'),
        ),
    ),
    "XGBoost": Script(
        "xgboost",
        """
        import xgboost
        from sklearn.datasets import load_breast_cancer
        from sklearn.model_selection import train_test_split
        mlflow.xgboost.autolog()
        X, y = load_breast_cancer(return_X_y=True, as_frame=True)
        X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=SEED)
        with mlflow.start_run(run_name="train"):
            model = xgboost.XGBClassifier(n_estimators=40, max_depth=3, early_stopping_rounds=3, n_jobs=1)
            model.fit(X_train, y_train, eval_set=[(X_test, y_test)], verbose=False)
            mlflow.log_metric("acc", model.score(X_test, y_test))
        """,
        (("model", "boosted"),),
        (("early stopping off by one", "early_stopping_rounds=3", "early_stopping_rounds=4"),),
    ),
    "LightGBM": Script(
        "lightgbm",
        """
        import lightgbm
        from sklearn.datasets import load_breast_cancer
        from sklearn.model_selection import train_test_split
        mlflow.lightgbm.autolog()
        X, y = load_breast_cancer(return_X_y=True, as_frame=True)
        X.columns = [name.replace(" ", "_") for name in X.columns]
        X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=SEED)
        with mlflow.start_run(run_name="train"):
            data = lightgbm.Dataset(X_train, y_train)
            params = {"objective": "binary", "seed": SEED, "num_threads": 1, "verbose": -1, "num_leaves": 7}
            booster = lightgbm.train(params, data, 15, valid_sets=[lightgbm.Dataset(X_test, y_test)])
            mlflow.log_metric("acc", float(((booster.predict(X_test) > 0.5) == y_test).mean()))
        """,
        (("booster", "trees"), ("data", "table")),
        (("another dtype", "(X_train, y_train)", '(X_train.astype("float32"), y_train)'),),
    ),
    "Keras": Script(
        "keras",
        """
        os.environ["KERAS_BACKEND"] = "torch"
        import keras, numpy
        keras.utils.set_random_seed(SEED)
        x = numpy.random.default_rng(SEED).normal(size=(96, 6)).astype("float32")
        y = (x.sum(1) > 0).astype("int64")
        mlflow.keras.autolog()
        with mlflow.start_run(run_name="train"):
            model = keras.Sequential([keras.layers.Input((6,)), keras.layers.Dense(8), keras.layers.Dense(2)])
            loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            model.compile(optimizer=keras.optimizers.AdamW(1e-2, weight_decay=1e-2), loss=loss)
            model.fit(x[:64], y[:64], validation_data=(x[64:], y[64:]), epochs=3, batch_size=16, verbose=0)
        """,
        (("model", "net"), ("loss", "criterion")),
        (("a lost weight decay", ", weight_decay=1e-2", ", weight_decay=0.0"),),
    ),
    "Lightning": Script(
        "lightning",
        """
        import torch
        import lightning.pytorch as pl
        from torch.utils.data import DataLoader, TensorDataset
        pl.seed_everything(SEED, verbose=False)
        x = torch.randn(96, 6)
        y = (x.sum(1) > 0).long()
        class Net(pl.LightningModule):
            def __init__(self):
                super().__init__()
                self.body = torch.nn.Sequential(torch.nn.Linear(6, 8), torch.nn.Dropout(0.1), torch.nn.Linear(8, 2))
            def training_step(self, batch, number):
                loss = torch.nn.functional.cross_entropy(self.body(batch[0]), batch[1])
                self.log("train_loss", loss, on_epoch=True)
                return loss
            def configure_optimizers(self):
                return torch.optim.AdamW(self.parameters(), lr=1e-2, weight_decay=1e-2)
        mlflow.pytorch.autolog(checkpoint=False)
        loader = DataLoader(TensorDataset(x[:64], y[:64]), batch_size=16, shuffle=True)
        with mlflow.start_run(run_name="train"):
            silent = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
            pl.Trainer(max_epochs=2, accelerator="cpu", **silent).fit(Net(), loader)
        """,
        (("loader", "batches"), ("silent", "options")),
        (("a lost weight decay", ", weight_decay=1e-2", ", weight_decay=0.0"), ("a default", "0.1", "0.11")),
    ),
    "Hugging Face": Script(
        "transformers",
        """
        import tempfile
        import torch
        from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments, set_seed
        set_seed(SEED)
        class Data(torch.utils.data.Dataset):
            def __init__(self, count):
                self.x = torch.randint(5, 50, (count, 8), generator=torch.Generator().manual_seed(count))
            def __len__(self):
                return len(self.x)
            def __getitem__(self, at):
                return {"input_ids": self.x[at], "labels": (self.x[at, 0] > 25).long()}
        sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
        config = BertConfig(vocab_size=64, num_labels=2, **sizes)
        with mlflow.start_run(run_name="train"):
            where = {"output_dir": tempfile.mkdtemp(), "report_to": ["mlflow"], "use_cpu": True, "disable_tqdm": True}
            when = {"eval_strategy": "epoch", "logging_strategy": "epoch", "save_strategy": "no"}
            given = TrainingArguments(num_train_epochs=2, seed=SEED, **where, **when)
            model = BertForSequenceClassification(config)
            Trainer(model=model, args=given, train_dataset=Data(32), eval_dataset=Data(16)).train()
        """,
        (("sizes", "shape"), ("given", "settings")),
        (("a seed", "set_seed(SEED)", "set_seed(SEED + 1)"),),
    ),
    "statsmodels": Script(
        "statsmodels",
        """
        import numpy, pandas
        import statsmodels.api
        draws = numpy.random.default_rng(SEED)
        X = pandas.DataFrame(draws.normal(size=(80, 3)), columns=["a", "b", "c"])
        y = X @ [1.0, 2.0, -1.0] + draws.normal(size=80)
        mlflow.statsmodels.autolog()
        with mlflow.start_run(run_name="train"):
            fitted = statsmodels.api.OLS(y, statsmodels.api.add_constant(X)).fit()
        """,
        (("draws", "numbers"), ("fitted", "line")),
        (("a default", ".fit()", '.fit(cov_type="HC1")'),),
    ),
    "torch": Script(
        "torch",
        """
        import torch
        torch.manual_seed(SEED)
        x = torch.randn(96, 6)
        y = (x.sum(1) > 0).long()
        mlflow.pytorch.autolog()
        with mlflow.start_run(run_name="train"):
            net = torch.nn.Sequential(torch.nn.Linear(6, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
            optimizer = torch.optim.AdamW(net.parameters(), lr=1e-2, weight_decay=1e-2)
            for epoch in range(3):
                for at in range(0, 64, 16):
                    loss = torch.nn.functional.cross_entropy(net(x[at : at + 16]), y[at : at + 16])
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
                mlflow.log_metrics({"loss": loss.item()}, step=epoch)
            torch.save({"model": net.state_dict(), "optimizer": optimizer.state_dict()}, "last.pt")
            mlflow.log_artifact("last.pt")
        """,
        (("net", "model_"), ("optimizer =", "stepper ="), ("optimizer.", "stepper.")),
        (
            ("a seed", "manual_seed(SEED)", "manual_seed(SEED + 1)"),
            ("another dtype", "net.state_dict()", "net.half().state_dict()"),
        ),
    ),
}


def refactored(script: Script) -> str:
    """Put the whole script into a function, below a comment, and call its own things by other names."""
    source = dedent(script.source)
    for old, new in script.renamed:
        source = source.replace(old, new)
    return f"{HEAD}\n# Refactored.\n\n\ndef main():\n{indent(source, '    ')}\n\nmain()\n"


def logged(source: str, folder: Path) -> Snapshot:
    """Run a script in a folder of its own, into a store of its own, and read its top-level run."""
    from mlflow import MlflowClient

    folder.mkdir(parents=True)
    (folder / "train.py").write_text(source)
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    variables = {"MLFLOW_TRACKING_URI": uri, "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
    command = [sys.executable, "train.py"]
    subprocess.run(command, cwd=folder, env={**os.environ, **variables}, check=True, capture_output=True)
    runs = MlflowClient(uri).search_runs(["0"])
    (run,) = [each for each in runs if each.info.run_name == "train"]
    return take_snapshot(run.info.run_id, tracking_uri=uri)


def rows(name: str, script: Script, folder: Path) -> Iterator[tuple[str, bool, Verdict]]:
    """Yield what was run, whether it must be equivalent, and the verdict over the script's own noise."""
    source = HEAD + dedent(script.source)
    before, again, after = (logged(source, folder / each) for each in ("before", "again", "after"))
    yield "the same", True, compare_over_noise(before, again, after, Policy())
    yield "refactored", True, compare_over_noise(before, again, logged(refactored(script), folder / "new"), Policy())
    for number, (what, old, new) in enumerate(script.changes):
        assert old in source, (name, what)
        changed = logged(source.replace(old, new, 1), folder / f"change-{number}")
        yield what, False, compare_over_noise(before, again, changed, Policy())


def main(names: list[str]) -> None:
    wrong = 0
    for name in names or SCRIPTS:
        with tempfile.TemporaryDirectory() as folder:
            for what, is_equal, verdict in rows(name, SCRIPTS[name], Path(folder)):
                is_right = verdict.is_equivalent == is_equal
                wrong += not is_right
                print(f"{name:<14} {what:<28} {verdict.word:<12} {'' if is_right else 'WRONG'}", flush=True)
                shown = verdict.deciding[:4] if verdict.deciding else [each.difference for each in verdict.allowed][:2]
                for difference in shown:
                    print(f"    {str(difference)[:150]!r}", flush=True)
    print(f"wrong: {wrong}")


if __name__ == "__main__":
    main(sys.argv[1:])
