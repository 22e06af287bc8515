"""Programs that are written for v2 only. None uses an old name, an old key or an old argument.

Each is a module with a `main`, beside a library of which the migration declares whatever there is to declare.
"""

from __future__ import annotations

import re
from pathlib import Path

MIGRATION = """
schema = 1
id = "acme-v2"
summary = "Acme moves."
versions = { v1 = "1", v2 = "2" }
record = "acme.metrics.Metrics"
[[moves]]
code = "AC101"
old = "acme.old.Trainer"
new = "acme.trainers.Trainer"
[[moves]]
code = "AC102"
kind = "module"
old = "acme.legacy"
new = "acme.modern"
[[moves]]
code = "AC103"
old = "acme.metrics.OldMetrics"
new = "acme.metrics.Metrics"
[[moves]]
code = "AC104"
old = "acme.lazy.Gone"
new = "acme.metrics.Metrics"
[[fields]]
code = "AC201"
v1 = "train_acc"
v2 = "train_accuracy"
[[fields]]
code = "AC202"
v1 = "lr"
v2 = "learning_rate"
[[calls]]
code = "AC301"
of = "acme.calls.save"
rename = { artifact = "name" }
[[calls]]
code = "AC302"
of = "acme.calls.Client"
rename = { host = "address" }
[[calls]]
code = "AC304"
of = ["acme.calls.Shelf.saver", "acme.calls.Shelf.part", "acme.calls.Shelf.bound", "acme.calls.Shelf.cached"]
rename = { artifact = "name" }
[[calls]]
code = "AC303"
of = "acme.*.log"
rename = { label = "title" }
[[members]]
code = "AC401"
of = "acme.calls.Client"
v1 = "number"
v2 = "count"
[[members]]
code = "AC402"
of = "acme.calls.Client"
v1 = "on_sold"
v2 = "on_sale"
defined = true
"""

RETURNS = {"pair": "[1]", "weights": '["history"]'}
PRODUCERS = (
    *("Trainer.train", "Trainer.train_epoch", "Trainer.history", "Trainer.last", "Trainer.build", "Trainer.of"),
    *("Trainer.train_async", "Trainer.stream", "Trainer.stream_async", "train", "cached", "dispatched", "partial"),
    *("weights", "nothing", "pair", "series", "by_epoch", "lazily", "endless", "instance", "Own.train", "fails"),
    *("slotted", "ordered", "rows", "frozen", "generic", "same", "warned", "counted"),
    *("Holder.called", "Holder.part", "Holder.bound", "Holder.own", "Holder.given"),
)

LIBRARY = {
    "acme/__init__.py": "",
    "acme/data.txt": "data",
    "acme/metrics.py": '''
        """The records."""
        import abc
        from dataclasses import dataclass, field
        from typing import Generic, NamedTuple, TypeVar

        @dataclass
        class Metrics:
            epoch: int
            train_accuracy: float
            learning_rate: float = 0.1
            notes: list = field(default_factory=list, compare=False, repr=False)

            def __post_init__(self):
                self.is_first = self.epoch == 1

            @property
            def error(self):
                return round(1 - self.train_accuracy, 6)

            def shown(self):
                return ", ".join(f"{name}={value}" for name, value in self.__dict__.items())

            def __str__(self):
                return f"<{self.epoch}: {self.train_accuracy:.2f}>"

        @dataclass(order=True)
        class Ordered:
            train_accuracy: float
            epoch: int = field(compare=False, default=1)

        @dataclass(frozen=True, slots=True)
        class Slotted:
            epoch: int
            train_accuracy: float

        @dataclass(frozen=True)
        class Frozen:
            epoch: int
            train_accuracy: float

        class Row(NamedTuple):
            epoch: int
            train_accuracy: float

        T = TypeVar("T")

        @dataclass
        class Boxed(abc.ABC, Generic[T]):
            epoch: int
            train_accuracy: T
        ''',
    "acme/trainers.py": '''
        """The trainers."""
        import functools
        import logging
        import warnings
        from collections import deque
        from acme.metrics import Boxed, Frozen, Metrics, Ordered, Row, Slotted

        def make(epochs=2):
            return [Metrics(n + 1, (n + 1) / 4) for n in range(epochs)]

        class Trainer:
            def __init__(self, epochs=2):
                self.epochs, self.kept = epochs, []

            def train(self, epochs: int = 2, *, start: int = 0) -> list[Metrics]:
                """Train, and say how it went."""
                self.kept.extend(make(epochs))
                return self.kept

            def train_epoch(self) -> Metrics:
                return make(1)[0]

            @property
            def history(self):
                """All epochs."""
                return self.kept

            @functools.cached_property
            def last(self):
                return make(3)[-1:]

            @classmethod
            def build(cls):
                return cls().train()

            @staticmethod
            def of(epochs):
                return make(epochs)

            async def train_async(self):
                return make()

            def stream(self):
                got = yield Metrics(1, 0.5)
                yield Metrics(2, got or 0.75)
                return make()

            async def stream_async(self):
                for each in make():
                    yield each

            def note(self, epoch):
                self.history.append(Metrics(epoch, 0.5))
                return len(self.history)

        class Own(Trainer):
            def train(self, epochs=2, **kwargs):
                found = super().train(epochs, **kwargs)
                found[0].notes.append("seen by Own")
                return found

        def train(epochs=2):
            return make(epochs)

        @functools.lru_cache
        def cached():
            return tuple(make())

        @functools.singledispatch
        def dispatched(value):
            return make()

        @dispatched.register
        def _(value: int):
            return make(value)

        partial = functools.partial(train, 3)

        def weights():
            return {"weights": [1, 2], "history": make()}

        def nothing():
            return None

        def pair():
            return "model", make()

        class Series(list):
            def best(self):
                return max(self, key=lambda each: each.train_accuracy)

        def series():
            return Series(make())

        def by_epoch():
            return {each.epoch: each for each in make()}

        def lazily():
            return map(lambda each: each, make())

        def endless():
            import itertools
            return (Metrics(n, 0.5) for n in itertools.count())

        class Instance:
            kept = 3
            def __call__(self):
                return make()

        instance = Instance()

        class Binding:
            def __get__(self, holder, kind=None):
                return lambda epochs=2: make(epochs)

        class Reading(property):
            pass

        # None of these binds as a function does.
        class Holder:
            called = Instance()
            part = functools.partial(train, 3)
            bound = Trainer().train
            own = Binding()
            given = Reading(lambda self: make(1))

        def fails():
            try:
                {}["inner"]
            except KeyError as error:
                raise ValueError("outer", 3) from error

        def slotted():
            return [Slotted(1, 0.5), Slotted(2, 0.75)]

        def frozen():
            return [Frozen(1, 0.5), Frozen(2, 0.75)]

        def ordered():
            return [Ordered(0.75, 2), Ordered(0.5, 1)]

        def rows():
            return deque([Row(1, 0.5), Row(2, 0.75)], maxlen=2)

        def generic():
            return [Boxed[float](1, 0.5)]

        def same(value):
            return value

        def warned():
            warnings.warn("slow", stacklevel=2)
            logging.getLogger("acme").warning("logged", stacklevel=2)
            return [Metrics(1, 0.5)]

        def counted():
            yield from train()
            return 2
        ''',
    "acme/modern.py": "VALUE = 7\n",
    "acme/calls.py": '''
        import warnings

        """What is called."""
        def save(model, name=None, *rest, **more):
            """Save it."""
            return "saved", model, name, rest, more

        def log(title="none"):
            if title == "loud":
                warnings.warn(title, stacklevel=2)
            return title

        class Client:
            count = 3

            def __init__(self, address="here", **more):
                self.address, self.more = address, more

            def on_sale(self):
                return "the library's"

            def run(self):
                return self.on_sale(), self.count

        import functools

        class Saver:
            calls = 0
            def __call__(self, model, name=None):
                self.calls += 1
                return model, name, self.calls

        class Shelf:
            saver = Saver()
            part = functools.partial(save, "m")
            bound = Saver().__call__
            @functools.lru_cache
            def cached(self, model, name=None):
                return model, name
        ''',
    "acme/lazy/__init__.py": """
        import sys
        def __getattr__(name):
            if name == "part":
                from importlib import import_module
                return import_module("acme.lazy.part")
            if name == "missing":
                raise ImportError("it needs what is not installed")
            raise AttributeError(name)
        """,
    "acme/lazy/part.py": "print('part is imported')\ndef train():\n    return []\n",
    "acme/waits/__init__.py": """
        import threading
        found = []
        def work():
            import acme.waits.inner
            from acme.metrics import Metrics
            found.append(Metrics.__name__)
        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        thread.join(20)
        hung = thread.is_alive()
        """,
    "acme/waits/inner.py": "def train():\n    return []\n",
}

# One process runs them all, by each way in.
PROGRAMS = {
    "methods": '''
        from acme.trainers import Trainer
        def main():
            first, second = Trainer().train()
            print(first, second.error, first.shown(), vars(second), first.is_first, f"{second}", repr(first))
            first.learning_rate = 0.5
            first.extra = "x"
            del first.extra
            print(first.learning_rate, first.__dict__, hasattr(first, "extra"), hasattr(first, "nothing"))
        ''',
    "dataclass_tools": '''
        from dataclasses import asdict, astuple, fields, is_dataclass, replace
        from acme.metrics import Metrics
        from acme.trainers import train
        def main():
            first, second = train()
            print(asdict(first), astuple(second), [field.name for field in fields(first)], is_dataclass(first))
            changed = replace(first, epoch=2)
            print(changed, changed.is_first, changed == first, first == Metrics(1, 0.25, notes=["other"]))
            print(isinstance(first, Metrics), first != second, first == 3, bool(first))
            match first:
                case Metrics(epoch=1, train_accuracy=accuracy):
                    print("matched", accuracy)
        ''',
    "order": '''
        import heapq
        from acme.metrics import Ordered
        from acme.trainers import ordered
        def main():
            records = ordered()
            print(sorted(records), max(records), records[0] > records[1], records[0] == Ordered(0.75, 9))
            heapq.heapify(records)
            print(heapq.heappop(records).epoch)
            try:
                print(records[0] < 3)
            except TypeError as error:
                print(type(error).__name__)
        ''',
    "frozen": '''
        from dataclasses import FrozenInstanceError, replace
        from acme.trainers import frozen, slotted
        def main():
            for make in (frozen, slotted):
                first, second = make()
                try:
                    first.epoch = 3
                except FrozenInstanceError as error:
                    print(error)
                print(first, replace(second, epoch=5), first == make()[0], {first: 1}[make()[0]])
        ''',
    "other_classes": '''
        from acme.metrics import Boxed, Row
        from acme.trainers import generic, rows
        def main():
            found = rows()
            epoch, accuracy = found[0]
            print(epoch, accuracy, found[1]._asdict(), found[0] + (1,), type(found).__name__, found.maxlen)
            print(isinstance(found[0], Row), len(found[0]), found[0][1], hash(found[0]) == hash((1, 0.5)))
            print(isinstance(generic()[0], Boxed), generic()[0].train_accuracy)
        ''',
    "containers": '''
        import itertools
        from acme.trainers import by_epoch, endless, lazily, nothing, pair, series, weights
        def main():
            print(series().best(), type(series()).__name__, nothing(), sorted(by_epoch()), by_epoch()[2].epoch)
            model, history = pair()
            print(model, len(history), history[-1].epoch)
            iterator = lazily()
            print(next(iterator).epoch, [each.epoch for each in iterator])
            print([each.epoch for each in itertools.islice(endless(), 3)])
            print(weights()["weights"], list(weights()), weights()["history"][0].epoch)
        ''',
    "live_lists": '''
        from acme.metrics import Metrics
        from acme.trainers import Trainer
        def main():
            trainer = Trainer()
            found = trainer.train()
            print(found is trainer.train(0), found is trainer.history, found is trainer.kept)
            trainer.note(3)
            trainer.history.append(Metrics(9, 0.9))
            print(len(found), found[-1].error, trainer.history[2].epoch, trainer.last is trainer.last)
            trainer.history.clear()
            print(found, trainer.kept)
        ''',
    "functions": '''
        import inspect, typing
        from acme import trainers
        from acme.trainers import Trainer, cached, dispatched, partial, train
        def main():
            print(cached()[0].epoch, cached() == cached(), cached.cache_info().hits > 0, cached.cache_parameters())
            print(len(dispatched(3)), len(dispatched("x")), sorted(each.__name__ for each in dispatched.registry))
            print(len(partial()), partial.args, Trainer.train.__name__, Trainer.train.__doc__, train.__module__)
            print(inspect.signature(Trainer.train), typing.get_type_hints(Trainer.train)["return"])
            print(inspect.getsource(train).strip(), Trainer.train.__qualname__, callable(Trainer().train))
            print(len(Trainer.build()), len(Trainer.of(3)), Trainer.history.__doc__, trainers.__doc__)
            print(type(vars(Trainer)["build"]).__name__, type(vars(Trainer)["of"]).__name__)
            print(sorted(name for name in vars(Trainer) if not name.startswith("__")))
            print(isinstance(trainers.Instance, type), trainers.instance()[0].epoch, trainers.instance.kept)
            holder = trainers.Holder()
            print(len(holder.called()), len(holder.part()), len(holder.bound(1)), len(holder.own(4)), len(holder.given))
            holder.called.kept = 4
            print(trainers.Holder.called.kept, type(holder.called).__name__, inspect.ismethod(holder.bound))
            print(isinstance(trainers.instance, trainers.Instance), trainers.instance == trainers.instance)
        ''',
    "inheritance": '''
        from unittest import mock
        from acme import trainers
        from acme.trainers import Own, Trainer
        class Mine(Own):
            @property
            def history(self):
                return super().history
            def train(self, *args, **kwargs):
                return super().train(*args, **kwargs)[:1]
        def main():
            print(Mine().train()[0].notes, len(Mine(3).train()), len(Mine().history), Own.train is not Trainer.train)
            with mock.patch.object(Trainer, "train", return_value=["fake"]):
                print(Trainer().train())
            with mock.patch("acme.trainers.train", autospec=True) as fake:
                trainers.train(epochs=3)
                print(fake.call_args)
            print(len(Trainer().train()), len(trainers.train()))
        ''',
    "errors": '''
        import traceback
        from acme.trainers import Trainer, fails
        def main():
            try:
                fails()
            except ValueError as error:
                names = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
                print(error.args, type(error.__cause__).__name__, names[0], names[-1])
            for wrong in (lambda: Trainer().train(1, 2, 3), lambda: Trainer().nothing, lambda: Trainer().train()[9]):
                try:
                    wrong()
                except Exception as error:
                    print(type(error).__name__, error)
            generator = Trainer().stream()
            next(generator)
            try:
                generator.throw(KeyError("in"))
            except KeyError as error:
                print(error)
        ''',
    "asynchronous": '''
        import asyncio, inspect
        from acme.trainers import Trainer
        async def use():
            trainer = Trainer()
            task = asyncio.ensure_future(trainer.train_async())
            task.add_done_callback(lambda done: print("done", done.cancelled()))
            found, other = await asyncio.gather(task, trainer.train_async())
            print(len(found), other[0].epoch, [each.epoch async for each in trainer.stream_async()])
            late = asyncio.ensure_future(trainer.train_async())
            late.cancel()
            print(await asyncio.gather(late, return_exceptions=True))
        def main():
            asyncio.run(use())
            stream = Trainer().stream()
            print(next(stream).epoch, stream.send(0.9).train_accuracy, inspect.isgenerator(stream))
            try:
                next(stream)
            except StopIteration as stop:
                print(len(stop.value), inspect.iscoroutinefunction(Trainer.train_async))
        ''',
    "loggers": '''
        import csv, io, json, logging, pprint
        from dataclasses import asdict
        from acme.trainers import Trainer, train
        def main():
            file = io.StringIO()
            handler = logging.StreamHandler(file)
            log = logging.Logger("acme")
            log.addHandler(handler)
            first, second = train()
            log.info("%s and %s", first, second)
            log.info("epoch %(epoch)d", vars(first))
            log.info("one argument: %s", first)
            print(file.getvalue())
            print(json.dumps([asdict(each) for each in train()]))
            out = io.StringIO()
            writer = csv.DictWriter(out, ["epoch", "train_accuracy", "learning_rate", "notes"], lineterminator="|")
            writer.writerows(map(asdict, train()))
            print(out.getvalue())
            pprint.pprint(train())
            print("{0.epoch} {0.error}".format(first), "%s" % first, "{!r:.8}".format(first))
        ''',
    "pickling": '''
        import copy, pickle
        from acme import trainers
        from acme.trainers import Own, Trainer, cached, train
        def main():
            trainer = Own()
            trainer.train()
            for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
                read = pickle.loads(pickle.dumps(trainer, protocol))
                print(read.kept == trainer.kept, str(read.kept[1]), read.history[0].notes)
            deep = copy.deepcopy(trainer.history)
            deep[0].notes.append("deep")
            flat = copy.copy(trainer.history[0])
            flat.notes.append("flat")
            print(trainer.history[0].notes, deep[0].notes, flat == trainer.history[0], vars(flat)["is_first"])
            print(pickle.loads(pickle.dumps(train)) is train, pickle.loads(pickle.dumps(Trainer.build))()[0].epoch)
            for make in ("slotted", "frozen", "ordered", "rows", "generic", "series", "by_epoch"):
                found = getattr(trainers, make)()
                print(make, pickle.loads(pickle.dumps(found)) == found, copy.deepcopy(found) == found)
        ''',
    "calls": '''
        import copy, functools, inspect, pickle
        from acme import calls
        from acme.calls import Client, log, save
        class Mine(Client):
            def __init__(self, *args, **kwargs):
                super().__init__(*args, **kwargs)
                self.mine = True
            def on_sale(self):
                return "mine, and " + super().on_sale()
        def main():
            print(save(1), save(1, "x"), save(1, name="x"), save(1, "x", 2, 3, more=4), save(*[1], **{"name": "y"}))
            print(functools.partial(save, name="x")(1), list(map(save, [1, 2])), inspect.signature(save), save.__doc__)
            print(log(), log("a"), log(title="b"), pickle.loads(pickle.dumps(save)) is save)
            print(Client("there").address, Client(address="x", other=1).more, Mine("m").run())
            print(Mine(address="n").address, vars(Mine(address="o", more=1)))
            print(Client().count, vars(Client("v")), copy.copy(Client("c")).address, inspect.signature(Client))
            print(Client.count, calls.Client is Client, type(Client()).__mro__[1:] == (object,))
            try:
                save()
            except TypeError as error:
                print(error)
            shelf = calls.Shelf()
            print(shelf.saver(1, name="x"), shelf.part(name="x"), shelf.bound(1, "x"), shelf.cached(1, name="x"))
            print(shelf.saver.calls, type(shelf.part).__name__, calls.Shelf.cached.cache_info().misses)
        ''',
    "lazy_packages": '''
        import acme.lazy
        def main():
            print(hasattr(acme.lazy, "nothing"))
            try:
                acme.lazy.missing
            except ImportError as error:
                print(error)
            print(acme.lazy.part.__name__, sorted(name for name in vars(acme.lazy) if not name.startswith("__")))
        ''',
    "threads": '''
        import _thread, threading, concurrent.futures
        def main():
            import acme.waits
            from acme.calls import Client, save
            from acme.trainers import Trainer, train
            print(acme.waits.found, acme.waits.hung)
            with concurrent.futures.ThreadPoolExecutor(4) as pool:
                print(sorted(len(found) for found in pool.map(train, range(4))))
                print(pool.submit(Trainer().train).result()[0].epoch)
            done = threading.Event()
            found = []
            def work():
                found.append((save(1, name="raw"), len(train())))
                done.set()
            _thread.start_new_thread(work, ())
            done.wait(20)
            lock = threading.Event()
            threading.Timer(0, lock.set).start()
            print(found, lock.wait(20))
        ''',
    "finders": '''
        import importlib, sys
        from importlib.machinery import PathFinder
        class Front:
            seen = []
            @classmethod
            def find_spec(cls, name, path=None, target=None):
                if name.startswith("acme."):
                    cls.seen.append(name)
                    return PathFinder.find_spec(name, path, target)
        def main():
            kept = {name: sys.modules.pop(name) for name in list(sys.modules) if name.startswith("acme")}
            sys.meta_path.insert(0, Front)
            try:
                trainers = importlib.import_module("acme.trainers")
                print(len(trainers.train()), "acme.trainers" in Front.seen, Front in sys.meta_path)
            finally:
                sys.meta_path.remove(Front)
                sys.modules.update(kept)
            print(isinstance(sys.meta_path, list), Front in sys.meta_path, sys.meta_path.count(PathFinder))
        ''',
    "weak": '''
        import gc, weakref
        from acme.trainers import Trainer, train
        def main():
            trainer = Trainer()
            kept = weakref.ref(trainer)
            record = train()[0]
            seen = weakref.ref(record)
            del trainer, record
            gc.collect()
            print(kept() is None, seen() is None)
        ''',
    # A library that warns of its caller's line means that of its caller.
    "stack_levels": '''
        import logging, warnings
        from acme.calls import log as log_title
        from acme.trainers import counted, warned
        class Places(logging.Handler):
            def emit(self, record):
                print(record.module, record.funcName, record.getMessage())
        def steps():
            print((yield from counted()))
        def main():
            log = logging.getLogger("acme")
            log.propagate, log.handlers = False, [Places()]
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                warned()
                log_title(title="loud")
                list(steps())
            log.propagate, log.handlers = True, []
            print([(each.filename.rpartition("/")[2], each.lineno, str(each.message)) for each in caught])
        ''',
    "descriptors": '''
        from dataclasses import dataclass
        from acme.trainers import same
        class Positive:
            def __set_name__(self, owner, name):
                self.name = f"_{name}"
            def __get__(self, holder, kind=None):
                if holder is None:
                    raise AttributeError(self.name)
                return getattr(holder, self.name)
            def __set__(self, holder, value):
                if value < 0:
                    raise ValueError(value)
                setattr(holder, self.name, value)
        @dataclass
        class Checked:
            epoch: int
            train_accuracy: Positive = Positive()
        @dataclass
        class Rounded:
            epoch: int
            train_accuracy: float
            @property
            def train_accuracy(self):
                return self._accuracy
            @train_accuracy.setter
            def train_accuracy(self, value):
                self._accuracy = round(value, 1)
        def main():
            for record in (*same([Checked(1, 0.5)]), *same([Rounded(1, 0.55)])):
                record.train_accuracy = 0.77
                print(record, record.train_accuracy, vars(record))
            try:
                same([Checked(1, 0.5)])[0].train_accuracy = -1
            except ValueError as error:
                print(error)
        ''',
    # A class that says more than fields, or less; or calls a field as v1 calls another.
    "kinds_of_classes": '''
        import functools, gc, inspect, io, pprint, typing
        from dataclasses import InitVar, asdict, astuple, dataclass, field, make_dataclass, replace
        from unittest import mock
        from acme.trainers import same, train
        @dataclass
        class Short:
            epoch: int
            lr: float = field(default=0.1, compare=False)
        @dataclass(repr=False)
        class Silent:
            epoch: int
        @dataclass(kw_only=True)
        class Named:
            epoch: int
            scale: InitVar[float] = 2.0
            train_accuracy: float = field(init=False, default=0.0)
            def __post_init__(self, scale):
                self.train_accuracy = 0.25 * scale
        class Open:
            def __init__(self, epoch):
                self.epoch, self.file = epoch, io.StringIO()
            def to_dict(self):
                return {"epoch": self.epoch}
            def __del__(self):
                self.file.close()
                print("closed")
        class Meta(type):
            @property
            def title(cls):
                return cls.__name__.lower()
        class Made(metaclass=Meta):
            __slots__ = ("epoch",)
            def __init__(self, epoch):
                self.epoch = epoch
            def to_dict(self):
                return {"epoch": self.epoch}
        @functools.total_ordering
        class Plain:
            def __init__(self, epoch):
                self.epoch = epoch
            def to_dict(self):
                return {"epoch": self.epoch}
            def __eq__(self, other):
                return self.epoch == other.epoch
            def __lt__(self, other):
                return self.epoch < other.epoch
        def main():
            for record in same([Short(1)]) + same([Named(epoch=1, scale=3.0)]):
                print(record, vars(record), asdict(record), astuple(record), replace(record, epoch=2), dir(record)[-1])
                print(inspect.signature(type(record)), inspect.signature(type(record).__init__))
                print(typing.get_type_hints(type(record).__init__))
                record.learning_rate = 0.5
                print(vars(record), [name for name in dir(record) if name[0] != "_"])
            silent, made, plain = same([Silent(1)])[0], same([Made(1)])[0], same([Plain(1)])[0]
            print(repr(silent).partition(" at ")[0], str(plain).partition(" at ")[0])
            print(type(made).title, made.__slots__, plain < Plain(2), plain >= Plain(2), plain == Plain(1))
            for name in ("epoch", "keys", "update"):
                print(name, hasattr(mock.Mock(spec=plain), name), hasattr(mock.create_autospec(plain), name))
            pprint.pprint(same([Short(1), Short(2)]), width=30)
            for name in ("cls", "self", "keys", "layout", "given", "record"):
                if name != "self":
                    kind = make_dataclass("Kind", [("epoch", int), (name, int)])
                    print(same([kind(1, 5)])[0], type(same([kind(1, 5)])[0])(**{"epoch": 2, name: 6}))
            record = train(1)[0]
            @dataclass
            class More(type(record)):
                extra: int = 3
            print(More(1, 0.5), repr(More(1, 0.5, extra=4)), asdict(More(2, 0.5)), More(1, 0.5) == record)
            open_ones = same([Open(1)])
            print(open_ones[0].file.closed, vars(open_ones[0]).keys(), gc.collect() < 0)
            frozen = same([make_dataclass("Cold", [("epoch", int)], frozen=True)(1)])[0]
            print(make_dataclass("Colder", [("n", int, 2)], bases=(type(frozen),), frozen=True)(1))
        ''',
    # Those of the standard library stay what they are.
    "kinds_of_dicts": '''
        import copy, json, pickle
        from collections import ChainMap, Counter, OrderedDict, UserDict, defaultdict
        from acme.trainers import same
        class Own(dict):
            def best(self):
                return max(self.values())
        def main():
            for made in (OrderedDict, Counter, UserDict, ChainMap, Own, lambda values: defaultdict(float, values)):
                record, = same([made({"epoch": 1, "loss": 0.5})])
                print(record, record == made({"epoch": 1, "loss": 0.5}), made({"epoch": 1, "loss": 0.5}) == record)
                print(type(record).__name__, list(record), len(record), "epoch" in record, dict(record.items()))
                for again in (copy.copy(record), copy.deepcopy(record), pickle.loads(pickle.dumps(record))):
                    again["loss"] = 0.25
                    print(again, again == record, type(again).__name__)
            ordered, = same([OrderedDict(epoch=1, loss=0.5)])
            ordered.move_to_end("epoch")
            counted, = same([Counter(epoch=1)])
            counted["seen"] += 1
            summed, = same([defaultdict(float, epoch=1)])
            summed["loss"] += 0.5
            print(list(ordered), ordered.popitem(last=False), counted.most_common(1), counted["nothing"], summed)
            print(same([UserDict(epoch=1)])[0].data, same([ChainMap({"a": 1}, {"b": 2})])[0].maps, json.dumps(ordered))
        ''',
    "classes_that_count": '''
        import copy, inspect, pickle, typing
        from dataclasses import dataclass
        from acme.trainers import same
        @dataclass
        class Counted:
            """Counted ones."""
            epoch: int
            train_accuracy: float = 0.5
            made: typing.ClassVar[int] = 0
            @classmethod
            def count(cls):
                cls.made += 1
                return cls.made
            @classmethod
            def of(cls, values):
                return cls(**{name: values[name] for name in inspect.signature(cls).parameters if name in values})
        class Locked:
            def __init__(self, epoch):
                self.epoch, self.lock = epoch, (each for each in ())
            def __reduce__(self):
                return Locked, (self.epoch,)
            def to_dict(self):
                return {"epoch": self.epoch}
        class Asks:
            def __init__(self, epoch):
                self.epoch = epoch
            def __getattr__(self, name):
                raise AttributeError(f"no {name} here")
            def to_dict(self):
                return {"epoch": self.epoch}
        def main():
            record, = same([Counted(1)])
            print(record.count(), Counted.made, Counted.count(), record.made)
            kind = type(record)
            print(inspect.signature(kind), typing.get_type_hints(kind), kind.__annotations__ == Counted.__annotations__)
            print(kind.of({"epoch": 3, "other": 1}))
            locked, = same([Locked(2)])
            print(pickle.loads(pickle.dumps(locked)).epoch, copy.deepcopy(locked).to_dict())
            try:
                same([Asks(1)])[0].nothing
            except AttributeError as error:
                print(error)
        ''',
    "own_attributes": '''
        from acme.calls import Client
        class Own(Client):
            def __init__(self):
                super().__init__()
                self.on_sold = 7
        def main():
            print(Own().on_sold, Own().on_sale())
        ''',
    # The last, because it leaves a module behind that is not the one that others have.
    "imports": '''
        import importlib, importlib.util, inspect, pkgutil, sys
        from importlib.resources import files
        def by_hand(name):
            spec = importlib.util.find_spec(name)
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            return module
        def lazily(name):
            spec = importlib.util.find_spec(name)
            loader = spec.loader = importlib.util.LazyLoader(spec.loader)
            module = importlib.util.module_from_spec(spec)
            sys.modules[name] = module
            loader.exec_module(module)
            return module
        def main():
            import acme, acme.trainers
            print(type(acme.trainers.__loader__).__name__, type(acme.trainers.__spec__.loader).__name__)
            print(acme.trainers.__spec__.name, acme.trainers.__package__, acme.trainers.__cached__ is not None)
            print(pkgutil.get_data("acme", "data.txt"), files("acme").joinpath("data.txt").read_text())
            print(sorted(each.name for each in pkgutil.iter_modules(acme.__path__)))
            reloaded = importlib.reload(acme.trainers)
            print(reloaded is acme.trainers, len(reloaded.train()), by_hand("acme.trainers").Trainer().train()[0].epoch)
            del sys.modules["acme.trainers"]
            print(len(lazily("acme.trainers").train()), inspect.getmodule(acme.trainers.Trainer).__name__)
            for name in ("acme.nothing", "acme.nothing.at_all", "nowhere"):
                try:
                    print(importlib.util.find_spec(name))
                    importlib.import_module(name)
                except ImportError as error:
                    print(type(error).__name__, error, error.name)
            print(type(importlib.util.find_spec("acme.calls").loader).__name__)
            print([each for each in dir(acme) if "comp" in each])
        ''',
}  # fmt: skip

# Each is a main script, since its start and its end are what is looked at.
SCRIPTS = {
    "at_exit": """
        import atexit, pickle, sys
        from acme.calls import save
        from acme.trainers import Trainer
        class Own: pass
        trainer = Trainer()
        @atexit.register
        def last():
            print(pickle.loads(pickle.dumps(Own())).__class__.__name__, len(trainer.train()))
            print(sys.modules["__main__"].Own is Own)
        atexit.register(lambda: print(save(1, name="in a frame")))
        atexit.register(save, 1, name="without a frame")
        atexit.register(trainer.train)
        """,
    "main_module": """
        import os, sys
        print(__name__, os.path.basename(__file__), sys.argv[1:], __spec__ is None, __package__)
        print(sys.path[0] == os.path.dirname(__file__), type(__loader__).__name__)
        print(sorted(set(vars()) - {"__annotations__", "os", "sys", "compatkit"}))
        """,
    "ends": """
        import sys
        from acme.trainers import train
        print(len(train()))
        sys.exit(3)
        """,
    "breaks": """
        from acme.trainers import fails
        fails()
        """,
    "pool": """
        import multiprocessing
        from acme.trainers import Trainer, train
        class Task:
            def __call__(self, n): return [str(each) for each in train(n)]
        if __name__ == "__main__":
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                print(pool.map(Task(), range(3)), [len(each) for each in pool.map(train, [1, 2])])
            print(multiprocessing.get_context("fork").Pool(1).apply(Trainer().train)[1].error)
        """,
    "daemon": """
        import threading, time
        from acme.trainers import train
        def work():
            while True:
                train()
        threading.Thread(target=work, daemon=True).start()
        threading.Thread(target=lambda: (time.sleep(0.1), print(len(train())))).start()
        """,
}

# One process that needs torch.
TORCH = """
    import io, torch
    from acme.metrics import Metrics
    from acme.trainers import Trainer, train
    from dataclasses import asdict
    torch.set_num_threads(1)

    def again(value, **how):
        file = io.BytesIO()
        torch.save(value, file)
        file.seek(0)
        return torch.load(file, **how)

    print(again({"w": torch.ones(2), "history": [asdict(each) for each in train()]})["history"])
    print(dict(again({"vars": vars(train()[0])})["vars"]))
    print([str(each) for each in again(train(), weights_only=False)])
    with torch.serialization.safe_globals([Metrics, list]):
        print([each.shown() for each in again(train())])
    print(again({"w": torch.ones(2)})["w"], torch.utils.data.default_collate([{"x": 1.0}, {"x": 2.0}]))
    print(torch.tensor([each.train_accuracy for each in train()]), Trainer().train()[0].error)
    """

# A second library, and programs each of which once said something else under the shim.
for _block in re.split(r"(?m)^## ", Path(__file__).with_name("kit.txt").read_text())[1:]:
    _head, _, _source = _block.partition("\n")
    match _head.split():
        case ["library", _name]:
            LIBRARY[_name] = _source
        case ["program", _name]:
            PROGRAMS = {_name: _source, **PROGRAMS}
        case ["script", _name]:
            SCRIPTS[_name] = _source
        case _:
            MIGRATION += _source
