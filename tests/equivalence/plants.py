"""Runs as a seed generates them, and single differences of many kinds to plant into one of two equal ones."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import numpy as np

from compatkit.equivalence import Content, Dataset, File, Model, Point, Snapshot, Tensor
from compatkit.equivalence.snapshot import Layer

Plant = Callable[[Random, Snapshot], Snapshot]
_PNG = b"\x89PNG\r\n\x1a\n"
_DTYPES = ("float32", "float64", "float16")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of difference; `documented` says why the default policy does not report it, if it does not."""

    name: str
    plant: Plant
    documented: str = ""


_TWO = Tensor("float64", np.array([9.0, 1.0]))
# As `reading.graph` and `reading.layers` give them, shortened.
_OPERATIONS = (
    'conv2d.default {"stride": [2, 2], "padding": [1, 1]}',
    'batch_norm.default {"training": false, "momentum": 0.1, "eps": 1e-05}',
    'leaky_relu.default {"negative_slope": 0.01}',
    'dropout.default {"p": 0.3, "train": false}',
    "linear.default {}",
)
_KINDS = ("Conv2d", "BatchNorm2d", "LeakyReLU", "Dropout", "Linear")
_LAYERS = tuple(Layer(str(place), f"torch.nn.{kind}", 1) for place, kind in enumerate(_KINDS))


def generated_run(seed: int) -> Snapshot:
    """Return what a training may have logged: v1's names, histories of several steps, a model, files, a data set."""
    random = Random(seed)
    epochs = random.randint(3, 12)
    metrics = {name: _curve(random, epochs) for name in ("train_loss", "val_loss", "train_acc", "val_acc", "lr")}
    metrics |= {f"extra/{n}": _curve(random, epochs) for n in range(random.randint(1, 5))}
    metrics |= {f"final_{name}": (Point(0, metrics[name][-1].value),) for name in ("train_acc", "val_loss")}
    params = {"epochs": str(epochs), "lr": repr(random.uniform(1e-4, 1e-1)), "model_type": "mlp", "note": "", "k": "7"}
    return Snapshot(
        run_id=f"run{seed}",
        params=params,
        metrics={**metrics, "epoch_time": _curve(random, epochs)},
        tags={"dataset_name": "digits", "team": random.choice(["a", "b"]), "stack.trainer": "ModelTrainer"},
        artifacts={
            "plots/curve.png": _file(_PNG + random.randbytes(200)),
            "report.json": _file(random.randbytes(90)),
            **_read_files(random),
        },
        models={"model@0": _model(random)},
        datasets={"digits [training]#1": Dataset(random.randbytes(4).hex(), "x: double", "1437 rows", {"split": "0"})},
        children={f"fold {n}#1": _child(f"fold {n}#1", random) for n in (1, 2)},
    )


def same_run(seed: int) -> Snapshot:
    """Return the run again as a v2 stack logs it: in all that the bundled policy declares, other; in all else equal."""
    run, random = generated_run(seed), Random(-seed - 1)
    spellings = {"train_acc": "train_accuracy", "val_acc": "val_accuracy", "lr": "learning_rate"}
    spellings["final_train_acc"] = "final_train_accuracy"
    metrics = {spellings.get(name, name): history for name, history in run.metrics.items()}
    metrics["epoch_time"] = tuple(Point(point.step, point.value * 1.5) for point in metrics["epoch_time"])
    metrics["val_f1"] = _curve(random, len(metrics["val_loss"]))
    paths = {"lr": "optimizer.learning_rate", "model_type": "model.type"}
    params = {paths.get(name, name): text for name, text in run.params.items()}
    tags = {**run.tags, "stack.trainer": "ModelTrainerV2", "preset": "small", "compatkit.env.threads": "2"}
    artifacts = {**run.artifacts, "model.pkl": _pickled(run.artifacts["model.pkl"], random)}
    return replace(
        run, run_id=f"again{seed}", params=_shuffled(random, params), metrics=metrics, tags=tags, artifacts=artifacts
    )


def _curve(random: Random, epochs: int) -> tuple[Point, ...]:
    return tuple(Point(step, random.uniform(0.01, 2.0)) for step in range(1, epochs + 1))


def _read_files(random: Random) -> dict[str, File]:
    """Files that are read: a pickle with an id, a text, a table, an archive, an animation."""
    weight = Tensor("float64", np.array([random.random(), 1.0]))
    texts = {"$": "acme.Model()", "$.depth": "3", "$.run_id": repr(random.randbytes(16).hex())}
    texts["$.labels(order)"] = "('cat', 'dog')"
    texts["$.coef(of torch)"] = "parameter, requires_grad=True"
    rows = {"row 1": '["epoch", "loss"]', "row 2": f'["1", "{random.random()}"]'}
    members = {"config.json//": "json", "config.json//$.units": "8", "weights.h5//": f"9 bytes, {random.random()}"}
    frames = {f"duration {number}": "100" for number in range(3)}
    return {
        "model.pkl": _with_content(Content("pickle", texts, {"$.coef": weight})),
        "summary.txt": _with_content(Content("text", {"line 1": "Model\n", "line 2": f"loss {random.random()}\n"})),
        "table.csv": _with_content(Content("csv", rows)),
        "net.zip": _with_content(Content("zip", members)),
        "film.gif": _with_content(
            Content("image", {"mode": "P", "dpi": "(72, 72)", "text parameters": "a cat", **frames})
        ),
        "table.csv.gz": _with_content(Content("csv", rows)),
        "settings.toml": _with_content(Content("toml", {"$.optimizer.lr": repr(random.random())})),
        "LOG": _with_content(Content("text", {"line 1": "2026-11-29 01:20:31 loss 0.5\n", "line 2": "done\n"})),
        "table.parquet": _with_content(_columns(weight)),
        "tb/events.out.tfevents": _with_content(_events(random)),
        "report.ipynb": _with_content(Content("json", {"$.cells[0].source[0]": '"x = 1"', "$.nbformat": "4"})),
    }


def _columns(weight: Tensor) -> Content:
    texts = {"rows": "2", "type.loss": "double", "column.who row 0": "a", "column.who row 1": "null"}
    return Content("parquet", texts, {"column.loss": weight})


def _events(random: Random) -> Content:
    values = {f"event {step}, value 0": f"loss {random.random()}" for step in range(3)}
    return Content("events", values | {f"event {step}, step": str(step) for step in range(3)})


def _pickled(file: File, random: Random) -> File:
    """The file as another run pickles it: with another id."""
    assert file.content is not None
    return _with_content(
        replace(file.content, values={**file.content.values, "$.run_id": repr(random.randbytes(16).hex())})
    )


def _with_content(content: Content) -> File:
    return replace(_file(repr(content).encode()), content=content)


def _child(name: str, random: Random) -> Snapshot:
    # Without a step: each point comes after the one before.
    points = tuple(Point(0, random.random()) for _ in range(4))
    return Snapshot(name, params={"fold": name}, metrics={"score": points})


def _model(random: Random) -> Model:
    dtype = random.choice(_DTYPES)
    numbers = np.random.default_rng(random.randrange(2**32))
    tensors = {
        f"{layer}.{part}": Tensor(dtype, numbers.uniform(0.5, 1.0, shape).astype(dtype))
        for layer in range(random.randint(2, 4))
        for part, shape in (("weight", (4, 3)), ("bias", (4,)))
    }
    tensors["counter"] = Tensor("int64", np.array([random.randrange(2**40)]))
    files, details = {"example.json": _file(b"{}")}, {"outputs": "y"}
    return Model(tensors, _OPERATIONS, "in -> out", files, details, _LAYERS)


def _file(content: bytes) -> File:
    return File(hashlib.sha256(content).hexdigest(), len(content))


def _shuffled(random: Random, values: Mapping[str, str]) -> dict[str, str]:
    names = list(values)
    random.shuffle(names)
    return {name: values[name] for name in names}


# The metrics of `generated_run` that both spellings share, so that a plant can name them on either side.
_PLAIN = ("train_loss", "val_loss", "extra/0")


def _history(change: Callable[[Random, list[Point]], list[Point]]) -> Plant:
    def plant(random: Random, run: Snapshot) -> Snapshot:
        name = random.choice(_PLAIN)
        return replace(run, metrics={**run.metrics, name: tuple(change(random, list(run.metrics[name])))})

    return plant


def _value(change: Callable[[float], float]) -> Plant:
    def at_one_place(random: Random, points: list[Point]) -> list[Point]:
        place = random.randrange(len(points))
        points[place] = Point(points[place].step, change(points[place].value))
        return points

    return _history(at_one_place)


def _steps(change: Callable[[int, list[Point]], list[Point]]) -> Plant:
    return _history(lambda random, points: change(random.randrange(len(points) - 1), points))


def _swap_steps(place: int, points: list[Point]) -> list[Point]:
    one, other = points[place], points[place + 1]
    return [*points[:place], Point(one.step, other.value), Point(other.step, one.value), *points[place + 2 :]]


def _texts(field: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Plant:
    return lambda _, run: replace(run, **{field: change(dict(getattr(run, field)))})


def _without(*names: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda values: {name: value for name, value in values.items() if name not in names}


def _renamed(old: str, new: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda values: {new if name == old else name: value for name, value in values.items()}


def _model_part(**changes: Callable[[Any], Any]) -> Plant:
    def plant(_: Random, run: Snapshot) -> Snapshot:
        (name, model), *_rest = run.models.items()
        changed = {field: change(getattr(model, field)) for field, change in changes.items()}
        return replace(run, models={name: replace(model, **changed)})

    return plant


def _tensor(change: Callable[[Random, Tensor], Tensor], name: str = "0.weight") -> Plant:
    def plant(random: Random, run: Snapshot) -> Snapshot:
        tensors = run.models["model@0"].tensors
        changed = {**tensors, name: change(random, tensors[name])}
        return _model_part(tensors=lambda _: changed)(random, run)

    return plant


def _weight(change: Callable[[Any], Any]) -> Plant:
    def at_one_place(random: Random, tensor: Tensor) -> Tensor:
        values = tensor.values.copy()
        place = np.unravel_index(random.randrange(values.size), values.shape)
        values[place] = change(values[place])
        return Tensor(tensor.dtype, values)

    return _tensor(at_one_place)


def _set(old: str, new: str) -> Plant:
    """Set a layer otherwise, which leaves weights, layers and the order of operations as they are."""
    return _model_part(operations=lambda operations: tuple(text.replace(old, new) for text in operations))


def _dataset(**changed: Any) -> Plant:
    return lambda _, run: replace(run, datasets={k: replace(v, **changed) for k, v in run.datasets.items()})


def _pixel(_: Random, run: Snapshot) -> Snapshot:
    image = run.artifacts["plots/curve.png"]
    changed = File(hashlib.sha256(image.digest.encode()).hexdigest(), image.size)
    return replace(run, artifacts={**run.artifacts, "plots/curve.png": changed})


def _content(name: str, **changed: Callable[[dict[str, Any]], dict[str, Any]]) -> Plant:
    """Change what a file says: its `values` or its `tensors`."""

    def plant(_: Random, run: Snapshot) -> Snapshot:
        content = run.artifacts[name].content
        assert content is not None
        parts = {part: change(dict(getattr(content, part))) for part, change in changed.items()}
        return replace(run, artifacts={**run.artifacts, name: _with_content(replace(content, **parts))})

    return plant


def _with(place: str, text: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda values: {**values, place: text}


def _children(change: Callable[[Snapshot, Snapshot], tuple[Snapshot, Snapshot]]) -> Plant:
    return lambda _, run: replace(run, children=dict(zip(run.children, change(*run.children.values()), strict=True)))


def _scores(change: Callable[[tuple[Point, ...]], tuple[Point, ...]]) -> Plant:
    """Change the metric without steps of the first child."""
    return _children(lambda one, two: (replace(one, metrics={"score": change(tuple(one.metrics["score"]))}), two))


_FROZEN = "parameter, requires_grad=False"
_CLOSE = "weights within torch.testing.assert_close are equal by the default policy"
KINDS = (
    Kind("metric dropped", _texts("metrics", _without("val_loss"))),
    Kind("metric renamed", _texts("metrics", _renamed("val_loss", "validation_loss"))),
    Kind("metric added", _texts("metrics", lambda metrics: {**metrics, "gap": (Point(1, 0.5),)})),
    Kind("two metrics exchanged", _texts("metrics", lambda metrics: {**metrics, "val_loss": metrics["train_loss"]})),
    Kind("every metric dropped", _texts("metrics", lambda _: {})),
    Kind("value by 1 ulp", _value(lambda x: math.nextafter(x, math.inf))),
    Kind("value by 1e-12 relative", _value(lambda x: x * (1 + 1e-12))),
    Kind("value by 1e-9 relative", _value(lambda x: x * (1 + 1e-9))),
    Kind("value by 1e-6 relative", _value(lambda x: x * (1 + 1e-6))),
    Kind("value by 1e-3 relative", _value(lambda x: x * (1 + 1e-3))),
    Kind("value rounded to 4 digits", _value(lambda x: round(x, 4) if round(x, 4) != x else x + 1e-4)),
    Kind("value to float32", _value(lambda x: float(np.float32(x)))),
    Kind("percent in place of a fraction", _value(lambda x: 100 * x)),
    Kind("sign lost", _value(lambda x: -x)),
    Kind("NaN in place of a number", _value(lambda _: math.nan)),
    Kind("infinity in place of a number", _value(lambda _: math.inf)),
    Kind("zero in place of a number", _value(lambda _: 0.0)),
    Kind("steps shifted by one", _history(lambda _, points: [Point(p.step - 1, p.value) for p in points])),
    Kind("steps doubled", _history(lambda _, points: [Point(2 * p.step, p.value) for p in points])),
    Kind("a step logged twice", _steps(lambda at, points: [*points[: at + 1], *points[at:]])),
    Kind("a step missing", _steps(lambda at, points: points[:at] + points[at + 1 :])),
    Kind("two steps swapped", _steps(_swap_steps)),
    Kind("first epoch lost", _history(lambda _, points: points[1:])),
    Kind("last epoch lost", _history(lambda _, points: points[:-1])),
    Kind("one epoch too many", _history(lambda _, points: [*points, Point(points[-1].step + 1, 0.1)])),
    Kind("every second value kept", _history(lambda _, points: points[::2])),
    Kind("order reversed", _history(lambda _, p: [Point(a.step, b.value) for a, b in zip(p, p[::-1], strict=True)])),
    Kind("param dropped", _texts("params", _without("k"))),
    Kind("param added", _texts("params", lambda params: {**params, "warmup": "1"})),
    Kind("param renamed", _texts("params", _renamed("k", "folds"))),
    Kind("param changed", _texts("params", lambda params: {**params, "k": "8"})),
    Kind("param changed in type only", _texts("params", lambda params: {**params, "k": "7.0"})),
    Kind(
        "param changed in its last digit", _texts("params", lambda params: {**params, "epochs": params["epochs"] + "0"})
    ),
    Kind("param given in place of none", _texts("params", lambda params: {**params, "note": "None"})),
    Kind("tag changed", _texts("tags", lambda tags: {**tags, "dataset_name": "wine"})),
    Kind("tag dropped", _texts("tags", _without("team"))),
    Kind("tag added", _texts("tags", lambda tags: {**tags, "stage": "x"})),
    Kind("artifact missing", _texts("artifacts", _without("report.json"))),
    Kind("artifact added", _texts("artifacts", lambda artifacts: {**artifacts, "x.txt": _file(b"x")})),
    Kind("artifact moved", _texts("artifacts", _renamed("report.json", "old/report.json"))),
    Kind("artifact truncated", _texts("artifacts", lambda artifacts: {**artifacts, "report.json": _file(b"")})),
    Kind("one pixel of an image", _pixel),
    Kind("model missing", _texts("models", lambda _: {})),
    Kind("model added", _texts("models", lambda models: {**models, "model@1": models["model@0"]})),
    Kind("one weight by 1 ulp", _weight(lambda x: np.nextafter(x, x.dtype.type(9))), documented=_CLOSE),
    Kind("one weight by 1 percent", _weight(lambda x: x * x.dtype.type(1.01))),
    Kind("one weight NaN", _weight(lambda x: x.dtype.type(math.nan))),
    Kind("one weight infinite", _weight(lambda x: x.dtype.type(math.inf))),
    Kind("weight dropped", _model_part(tensors=_without("0.bias"))),
    Kind("weight added", _model_part(tensors=lambda tensors: {**tensors, "9.bias": tensors["0.bias"]})),
    Kind("weight renamed", _model_part(tensors=_renamed("0.bias", "zero.bias"))),
    Kind(
        "weights of two layers exchanged", _tensor(lambda _, tensor: Tensor(tensor.dtype, tensor.values[::-1].copy()))
    ),
    Kind("order of layers", _model_part(tensors=lambda tensors: dict(reversed(tensors.items())))),
    Kind(
        "order of operations",
        _model_part(operations=lambda operations: (operations[1], operations[0], *operations[2:])),
    ),
    Kind("operation lost", _model_part(operations=lambda operations: operations[:-1])),
    Kind("stride of a layer", _set("[2, 2]", "[1, 1]")),
    Kind("padding of a layer", _set("[1, 1]", "[0, 0]")),
    Kind("dropout of a layer", _set('"p": 0.3', '"p": 0.5')),
    Kind("epsilon of a layer", _set("1e-05", "0.001")),
    Kind("momentum of a layer", _set('"momentum": 0.1', '"momentum": 0.01')),
    Kind("slope of an activation", _set("0.01}", "0.02}")),
    Kind("a layer left in training", _set('"training": false', '"training": true')),
    Kind(
        "class of a layer",
        _model_part(layers=lambda layers: (layers[0], layers[1]._replace(kind="torch.nn.SyncBatchNorm"), *layers[2:])),
    ),
    Kind(
        "layer under another name", _model_part(layers=lambda layers: (*layers[:-1], layers[-1]._replace(path="head")))
    ),
    Kind("two layers exchanged", _model_part(layers=lambda layers: (layers[1], layers[0], *layers[2:]))),
    Kind("layer lost", _model_part(layers=lambda layers: layers[:-1])),
    Kind("layer added", _model_part(layers=lambda layers: (*layers, Layer("5", "torch.nn.Softmax", 1)))),
    Kind("dtype", _tensor(lambda _, tensor: Tensor("complex128", tensor.values.astype("complex128")))),
    Kind("shape", _tensor(lambda _, tensor: Tensor(tensor.dtype, tensor.values.reshape(3, 4)))),
    Kind("integer of a model by one", _tensor(lambda _, tensor: Tensor("int64", tensor.values + 1), "counter")),
    Kind("signature", _model_part(signature=lambda text: text + ", more")),
    Kind("file of a model", _model_part(files=lambda files: {**files, "example.json": _file(b"{ }")})),
    Kind("detail of a model", _model_part(details=lambda details: {**details, "outputs": "z"})),
    Kind("dataset dropped", _texts("datasets", lambda _: {})),
    Kind("dataset in another context", _texts("datasets", _renamed("digits [training]#1", "digits [validation]#1"))),
    Kind("digest of a dataset", _dataset(digest="00")),
    Kind("schema of a dataset", _dataset(schema="x: float")),
    Kind("profile of a dataset", _dataset(profile="1436 rows")),
    Kind("tag of a dataset", _dataset(tags={})),
    Kind("attribute in a pickle", _content("model.pkl", values=_with("$.depth", "4"))),
    Kind("order of a dictionary in a pickle", _content("model.pkl", values=_with("$.labels(order)", "('dog', 'cat')"))),
    Kind("class in a pickle", _content("model.pkl", values=_with("$", "acme.Other()"))),
    Kind("id in a pickle gone", _content("model.pkl", values=_with("$.run_id", "None"))),
    Kind("array in a pickle", _content("model.pkl", tensors=_with("$.coef", _TWO))),
    Kind("array of a pickle lost", _content("model.pkl", tensors=_without("$.coef"))),
    Kind("weight in a pickle frozen", _content("model.pkl", values=_with("$.coef(of torch)", _FROZEN))),
    Kind("line of a text", _content("summary.txt", values=_with("line 1", "model\n"))),
    Kind("line of a text lost", _content("summary.txt", values=_without("line 2"))),
    Kind("cell of a table", _content("table.csv", values=_with("row 2", '["1", "0.25"]'))),
    Kind("row of a table lost", _content("table.csv", values=_without("row 2"))),
    Kind("value in a member of an archive", _content("net.zip", values=_with("config.json//$.units", "9"))),
    Kind("member of an archive", _content("net.zip", values=_with("weights.h5//", "9 bytes, other"))),
    Kind("member of an archive lost", _content("net.zip", values=_without("weights.h5//"))),
    Kind(
        "member of an archive may be executed", _content("net.zip", values=_with("weights.h5//mode", "may be executed"))
    ),
    Kind("cell of a packed table", _content("table.csv.gz", values=_with("row 2", '["1", "0.25"]'))),
    Kind("value in a log of any name", _content("LOG", values=_with("line 1", "2026-11-29 01:20:31 loss 0.6\n"))),
    Kind("time in a log", _content("LOG", values=_with("line 1", "2026-11-29 01:20:33 loss 0.5\n"))),
    Kind("value in a column", _content("table.parquet", tensors=_with("column.loss", _TWO))),
    Kind("text in a column", _content("table.parquet", values=_with("column.who row 1", "b"))),
    Kind("type of a column", _content("table.parquet", values=_with("type.loss", "float"))),
    Kind("column lost", _content("table.parquet", tensors=_without("column.loss"))),
    Kind("value of an event", _content("tb/events.out.tfevents", values=_with("event 1, value 0", "loss 2.5"))),
    Kind("step of an event", _content("tb/events.out.tfevents", values=_with("event 1, step", "7"))),
    Kind("event lost", _content("tb/events.out.tfevents", values=_without("event 2, value 0"))),
    Kind("cell of a notebook", _content("report.ipynb", values=_with("$.cells[0].source[0]", '"x = 2"'))),
    Kind("value in a TOML file", _content("settings.toml", values=_with("$.optimizer.lr", "7.5"))),
    Kind("resolution of an image", _content("film.gif", values=_with("dpi", "(300, 300)"))),
    Kind("text in an image", _content("film.gif", values=_with("text parameters", "a dog"))),
    Kind("duration of a frame", _content("film.gif", values=_with("duration 0", "500"))),
    Kind("order of points without steps", _scores(lambda points: points[::-1])),
    Kind("point without a step lost", _scores(lambda points: points[:-1])),
    Kind("point without a step twice", _scores(lambda points: (*points, points[-1]))),
    Kind("child lost", lambda _, run: replace(run, children={"fold 1#1": run.children["fold 1#1"]})),
    Kind("two children exchanged", _children(lambda one, two: (two, one))),
    Kind("child renamed", lambda _, run: replace(run, children={**run.children, "x#1": run.children["fold 1#1"]})),
    Kind("status failed", lambda _, run: replace(run, status="FAILED")),
    Kind("status killed", lambda _, run: replace(run, status="KILLED")),
)
