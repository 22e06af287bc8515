"""A file that the rewrite would change or report is never held back; one that only spells common words is."""

from __future__ import annotations

import os
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compatkit.migrate.finding.find import FoundFile
from compatkit.migrate.finding.sieve import Sieve
from compatkit.migrate.job import Task
from compatkit.migration import Migration, parse_migration
from compatkit.options import Options
from compatkit.rewrite import Rewritten
from compatkit.rewrite.engine import _rewrite
from compatkit.rewrite.file.file import File
from compatkit.rewrite.file.imports import FileModule
from compatkit.rewrite.outcome import RewriteError
from compatkit.rewrite.prefilter.words import modern_of
from compatkit.rewrite.run_plan import RunPlan
from tests.rewrite.oracle.judge import OPTIONS, Project
from tests.rewrite.oracle.library import migration
from tests.rewrite.oracle.projects import projects

ACME = migration()
EVERYTHING = OPTIONS["everything"]
HEAD = dedent("""\
    schema = 1
    id = "t"
    summary = "T."
    versions = { v1 = "1", v2 = "2" }
    """)
COMMON = parse_migration(
    HEAD
    + """
[[moves]]
code = "TT101"
old = "acme.deep.utils.Thing"
new = "acme.new.Thing"

[[moves]]
code = "TT102"
old = "acme.models"
new = "acme.nets"
kind = "module"

[[calls]]
code = "TT201"
of = "acme.utils.get"
rename = { a = "b" }

[[members]]
code = "TT301"
of = "acme.Client"
v1 = "name"
v2 = "title"

[[producers]]
code = "TT501"
function = "acme.models.Trainer.fit"

[[fields]]
code = "TT502"
v1 = "loss"
v2 = "train_loss"

[[keys]]
code = "TT601"
v1 = "model"
v2 = "network"
beside = ["acme"]
"""
)
LINES = st.sampled_from(
    [
        "import acme", "import acme as a", "import acme.deep as d", "import acme.deep.utils",
        "from lib.acme import models",
        "import os, acme.models as m",
        "from acme import deep", "from acme import (a,  # (\n    deep as d, models)", "from acme import \\\n    utils",
        "from acme . deep import utils", "from acme.deep.utils import Thing as T", "from acme.deep import *",
        "from acme import *", "from .deep import utils", "from . import utils, models", "from .utils import Thing",
        "from ..deep.utils import Thing", "from utils import Thing", "from deep.utils import (\n    Thing,\n)",
        "from acme import Client", "from acme.utils import get", "from acme.models import Trainer",
        "import acme.utils as u",
        "acme.deep.utils.Thing()", "acme . models . x", "a.deep.utils.Thing", "d.utils.Thing()", "deep.utils.Thing",
        "utils.Thing()", "utils.get(a=1)", "u.get(a=1)", "get(a=1)", "m.Thing", "models.Net()", "Client().name",
        "def f(c: Client): return c.name", "h = Trainer().fit()\nh[0]['loss']", "h = m.Trainer().fit()\nh[0]['loss']",
        "x = 'acme.deep.utils.Thing'", "x = 'acme.' 'deep.utils.Thing'", "x = ('acme.deep'\n     '.utils.Thing')",
        "x = f'acme.models.{name}'", "import_module('.utils', 'acme.deep')", "import_module('acme.models').Net",
        "mock.patch('app.jobs.Trainer').return_value.fit.return_value = [{'loss': 1}]", "x = 'acme:Client'",
        '"""\n>>> from acme.models import Net\n"""', "getattr(acme, 'models')", "sys.modules['acme.models']",
    ]
)  # fmt: skip
PLACES = st.sampled_from(
    [
        ("app/main.py", "app.main"),
        ("main.py", "main"),
        ("acme/deep/own.py", "acme.deep.own"),
        ("acme/own.py", "acme.own"),
    ]
)
ACTING = st.sampled_from([Options(), Options(modernize=True), EVERYTHING])


def is_let_through(source: bytes, name: str, declared: Migration, options: Options) -> bool:
    return Sieve(Task.of([declared], options)).may_matter(source, FoundFile(name, "."))


def matters(source: bytes, module: str, declared: Migration, options: Options) -> bool:
    """Tell whether the rewrite, without any look ahead, changes or reports something."""
    loads = frozenset(declared.loads)
    run = RunPlan(declared.moves, (), modern_of([declared], options), options, (declared,), loads)
    is_package = module.endswith(".__init__")
    outcome = _rewrite(File.of(source, FileModule(module.removesuffix(".__init__"), is_package)), run)
    return isinstance(outcome, Rewritten) or bool(outcome.findings)


@settings(max_examples=300)
@given(st.lists(LINES, min_size=1, max_size=4), PLACES, ACTING)
def test_what_matters_gets_through(lines: list[str], place: tuple[str, str], options: Options) -> None:
    name, module = place
    source = ("\n".join(lines) + "\n").encode()

    assert is_let_through(source, name, COMMON, options) or not matters(source, module, COMMON, options)


@settings(max_examples=25)
@given(st.sampled_from(["names", "records", "texts"]).flatmap(projects), ACTING)
def test_what_matters_in_a_project_gets_through(project: Project, options: Options) -> None:
    for name, text in project.files.items():
        if name.endswith(".py"):
            source, module = text.encode(), name.removesuffix(".py").replace(os.sep, ".")
            assert is_let_through(source, name, ACME, options) or not matters(source, module, ACME, options), text


@pytest.mark.parametrize(
    "source",
    [
        dedent("""\
            import acme
            from acme import config


            def name(model, loss):
                return config.utils, model.name, loss
            """),
        dedent("""\
            from . import utils
            from .utils import get
            utils.get(a=1).name
            """),
        dedent("""\
            from shop.utils import get
            from shop.models import Trainer
            Trainer().fit()[0]['loss']
            """),
        dedent("""\
            import acme
            class Trainer: pass
            Trainer().models.deep.name['loss']
            """),
        "# acme has utils, models and deep things\nx = utils.models\n",
        dedent("""\
            from acme.config import (
                utilities,
                deeper,
            )
            """),
    ],
)
@pytest.mark.parametrize("options", [Options(), EVERYTHING])
def test_common_words_are_no_reason_to_look(source: str, options: Options) -> None:
    assert not is_let_through(source.encode(), "app/main.py", COMMON, options)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (b"acme: 1\nmodel: 2\n", True),
        (b'{"acme": 1, "x": {"model": 2}}', True),
        (b"[acme]\n[x.model]\n", True),
        (b"acme = 1\nx.model = 2\n", True),
        (b"about: the acme model\n", False),
        (b'["acme", "model"]', False),
    ],
)
def test_configuration_matters_by_its_keys(source: bytes, expected: bool) -> None:
    assert is_let_through(source, "conf.yaml", COMMON, Options()) is expected


def test_key_of_a_configuration_is_no_reason_to_look_at_code() -> None:
    assert not is_let_through(b"acme: int = 1\nmodel: int = 2\n", "app/main.py", COMMON, Options())


def test_unread_source_is_still_told() -> None:
    with pytest.raises(RewriteError):
        matters(b"import acme.models as\n", "app.main", COMMON, Options())
