"""Small projects that use the library in every way that people do, drawn by Hypothesis.

A project is put together of uses: each is an import of some form, a use of some form, and perhaps another module, a
test or a configuration that reaches the same name by a way of its own.
"""

from __future__ import annotations

from textwrap import dedent

from hypothesis import strategies as st

from tests.rewrite.oracle.import_forms import IMPORTS, LOADED, imported
from tests.rewrite.oracle.judge import Project
from tests.rewrite.oracle.library import MOVED, NAMES, V1, V2
from tests.rewrite.oracle.reach_forms import add_test, reached
from tests.rewrite.oracle.records import RECORDS
from tests.rewrite.oracle.sketch import Module, Sketch
from tests.rewrite.oracle.use_forms import used

LOADING = """\
import importlib


def load(name):
    module, _, attribute = name.rpartition(".")
    return getattr(importlib.import_module(module), attribute)


def grow(rows):
    rows.append({"temp": 0.5})


def show(rows):
    return rows[0]["temp"]
"""
# What is given to these is data, and a comparison of two releases would find it changed.
MLFLOW = """\
from contextlib import nullcontext


def set_experiment(name):
    print("experiment", name)


def start_run(run_name=None):
    print("run", run_name)
    return nullcontext()


def log_metric(key, value):
    print("metric", key, value)


def log_param(key, value):
    print("param", key, value)


def set_tag(key, value):
    print("tag", key, value)
"""
OWN = {
    "shop/__init__.py": "",
    "shop/acme/__init__.py": "",
    "shop/acme/old.py": 'class Thing:\n    name = "a thing of our own"\n',
    "shop/acme/use.py": dedent(
        """\
        from .old import Thing


        def get():
            return Thing().name
        """
    ),
}
TEXTS = (
    'logging.getLogger("{module}.score").name',
    'logging.getLogger("{module}").name',
    '{{"{module}": 1, "{old}": 2}}',
    '"{old}".split(".")',
    'mlflow.log_metric("{module}.seconds", 1.0)',
    'mlflow.log_param("class", "{old}")',
    'mlflow.set_tag("{old}", "{old}")',
    'mlflow.set_experiment("{module}")',
    'mlflow.start_run(run_name="{old}") is None',
    '["{old}", "{module}"]',
    'f"the class {old}"',
    'json.dumps({{"class": "{old}"}})',
    'sorted(LOGGING["loggers"])',
)


@st.composite
def projects(draw: st.DrawFn, about: str = "names") -> Project:
    """Return a project, mostly about the library's names, those that moved, its records, or texts that spell names."""
    return project(Sketch(draw, about))


def project(sketch: Sketch) -> Project:
    packages = [Module(sketch.top, is_package=True), Module(f"{sketch.top}.sub", is_package=True)]
    names = ["service", "user", "sub.mod", "facade"]
    chosen = names[: sketch.few(4)]
    sketch.modules = [Module(f"{sketch.top}.{name}") for name in chosen]
    if sketch.one_in(4):
        sketch.modules[0] = packages[sketch.drawing(st.integers(0, 1))]
    for module in sketch.modules if sketch.about in ("names", "moves") else ():
        for _ in range(sketch.few(3)):
            use(sketch, module)
    if sketch.about == "texts" or sketch.one_in(4):
        texts(sketch, sketch.drawing(st.sampled_from(sketch.modules)))
    if sketch.about == "records" or sketch.one_in(6):
        records(sketch, sketch.drawing(st.sampled_from(sketch.modules)))
    for module in {made.name: made for made in (*packages, *sketch.modules)}.values():
        sketch.files[module.path] = module.text
    return put_together(sketch)


def put_together(sketch: Sketch) -> Project:
    imports = [f"import {module.name}" for module in sketch.modules]
    calls = [f"print({module.name}.{get}())" for module in sketch.modules for get in module.gets]
    if sketch.one_in(8):
        sketch.files |= OWN
        imports.append("import shop.acme.use")
        calls.append("print(shop.acme.use.get())")
    calls += sketch.main
    main = [*imports, "", "", "def main():", *(f"    {call}" for call in calls), "", ""]
    main += ['if __name__ == "__main__":', "    main()", ""]
    sketch.files["main.py"] = "\n".join(main)
    sketch.files["loading.py"], sketch.files["mlflow.py"] = LOADING, MLFLOW
    tests = [module.name for module in sketch.modules if ">>>" in module.text]
    if sketch.test.gets:
        sketch.files["test_app.py"] = sketch.test.text
        tests.append("test_app")
    before = dict(V1)
    if sketch.is_inside:
        # Both releases lie in the tree while it is migrated.
        before = {
            **V2,
            **{name: V1[name] for name in ("acme/old.py", "acme/tools.py", "acme/deep/inner.py", "oldtop.py")},
        }
        before |= {name: V1[name] for name in ("acme/__init__.py", "acme/shape.py", "acme/survey.py")}
        before["acme/__init__.py"] = V1["acme/__init__.py"]
    return Project(sketch.files, "main", tuple(tests), before, V2, sketch.is_inside, tuple(sketch.drawn))


# One use of a name: how it is imported, what is done with it, and who else reaches it.


# One use of a name: how it is imported, what is done with it, and who else reaches it.


def use(sketch: Sketch, module: Module) -> None:
    name = sketch.drawing(st.sampled_from(MOVED if sketch.about == "moves" else NAMES))
    number = sketch.next()
    form = sketch.choice(*IMPORTS)
    sketch.drawn += [name.old, form]
    lines, expression, local = imported(sketch, module, name, form)
    is_inner = form.startswith("local") or form in LOADED
    if not is_inner:
        module.head += [line for line in lines if line not in module.head]
        lines = []
    getter = used(sketch, module, name, number, lines, expression, local)
    reached(sketch, module, name, number, getter, expression, local)


# Texts that are data, and records.


def texts(sketch: Sketch, module: Module) -> None:
    for line in ("import json", "import logging", "import mlflow"):
        if line not in module.head:
            module.head.append(line)
    for _ in range(sketch.drawing(st.integers(1, 3))):
        name = sketch.drawing(st.sampled_from(NAMES))
        template = sketch.choice(*TEXTS)
        sketch.drawn.append(template)
        number = sketch.next()
        if "LOGGING" in template:
            module.body.append(f'LOGGING = {{"version": 1, "loggers": {{"{name.home}": {{"level": "DEBUG"}}}}}}')
        module.get(number, f"return {template.format(module=name.home, old=name.old)}")


def records(sketch: Sketch, module: Module) -> None:
    for _ in range(sketch.drawing(st.integers(1, 2))):
        number = sketch.next()
        piece = sketch.drawing(st.sampled_from(RECORDS))
        sketch.drawn += [piece.lines[-1], *piece.test[:1]]
        line = "from acme.survey import Survey"
        if line not in module.head:
            module.head.append(line)
        module.head += [line for line in piece.head if line not in module.head]
        module.body += [text.replace("#", str(number)) for text in piece.body]
        module.get(number, *(text.replace("#", str(number)) for text in piece.lines))
        if piece.test:
            lines = [text.replace("@", module.name).replace("#", str(number)) for text in piece.test]
            add_test(sketch, number, module, *lines)
