"""v1's flat arguments become v2's configuration; a call of which anything is open is reported."""

from __future__ import annotations

import ast
from textwrap import dedent

import pytest

from compatkit.options import Options
from compatkit.rewrite.record_rules import rewrite_records_and_arguments as find_modern
from tests.rewrite.modern import V2, applied, arguments, find_arguments, found, migration, reports

UNTOUCHED = {
    "no_argument": "TrainingOrchestrator()\n",
    "no_declared_argument": "TrainingOrchestrator(trainer=t)\n",
    "a_configuration": "TrainingOrchestrator(config=make())\n",
    "a_configuration_and_overrides": "TrainingOrchestrator(config=make(), lr=0.1)\n",
    "a_preset": "TrainingOrchestrator(preset='quick_test', lr=0.1)\n",
    "a_configuration_by_position": "from compatkit.training.v2 import OrchestratorConfig\n"
    "TrainingOrchestrator(OrchestratorConfig(epochs=3))\n",
    "a_configuration_in_a_variable": dedent("""\
        from compatkit.training.v2 import OrchestratorConfig
        config = OrchestratorConfig.from_dict(d).with_overrides(o)
        TrainingOrchestrator(config)
        """),
    "another_class": "Orchestrator(lr=0.1)\n",
    "a_shadowed_name": "def f(TrainingOrchestrator):\n    TrainingOrchestrator(lr=0.1)\n",
    "a_class_of_that_name": "class TrainingOrchestrator: ...\nTrainingOrchestrator(lr=0.1)\n",
    "a_method_of_that_name": "factory.TrainingOrchestrator(lr=0.1)\n",
    "a_subclass_with_its_own_constructor": dedent("""\
        class A(TrainingOrchestrator):
            def __init__(self, lr):
                super().__init__()
        A(lr=0.1)
        """),
    "a_class_that_is_handed_on": "run(TrainingOrchestrator, lr=0.1)\n",
    "a_partial_without_arguments": "import functools\nfunctools.partial(TrainingOrchestrator, trainer=t)\n",
    "an_ignored_line": "TrainingOrchestrator(lr=0.1)  # compatkit: ignore[CK305]\n",
    "the_old_class": "from backend.ml_engine.training_orchestrator import TrainingOrchestrator as Old\nOld(lr=0.1)\n",
}


@pytest.mark.parametrize("body", UNTOUCHED.values(), ids=UNTOUCHED)
def test_is_neither_touched_nor_reported(body: str) -> None:
    assert arguments(V2 + body) == V2 + body
    assert reports(find_arguments, V2 + body) == []


REPORTED = {
    "keywords_in_a_dict": ("TrainingOrchestrator(lr=0.1, **options)\n", "`**kwargs`"),
    "only_a_dict": ("TrainingOrchestrator(trainer=t, **options)\n", "`**kwargs`"),
    "positions_in_a_list": ("TrainingOrchestrator(*args)\n", "`*args`"),
    "a_variable_first": ("TrainingOrchestrator(name)\n", "a configuration already"),
    "none_first": ("TrainingOrchestrator(None, 'mlp')\n", "a configuration already"),
    "too_many_positions": (f"TrainingOrchestrator({', '.join(['1'] * 18)})\n", "18 positional arguments"),
    "given_twice": ("TrainingOrchestrator('a', experiment_name='b')\n", "given twice"),
    "rebound_on_a_branch": (
        dedent(
            """\
            if x:
                TrainingOrchestrator = other
            TrainingOrchestrator(lr=0.1)
            """
        ),
        "something else",
    ),
    "two_effects_in_another_order": (
        "TrainingOrchestrator(lr=f(), hidden_size=g(), weight_decay=h())\n",
        "the order of their side effects",
    ),
    "a_walrus_in_another_order": (
        "TrainingOrchestrator(lr=(x := 1), hidden_size=2, weight_decay=x)\n",
        "the order of their side effects",
    ),
    "a_taken_name": ("OrchestratorConfig = 1\nTrainingOrchestrator(lr=0.1)\n", "OrchestratorConfig is taken"),
    "a_taken_section": ("def f(OptimizerConfig): ...\nTrainingOrchestrator(lr=0.1)\n", "OptimizerConfig is taken"),
    "another_import_of_that_name": (
        "from app import OrchestratorConfig\nTrainingOrchestrator(lr=0.1)\n",
        "OrchestratorConfig is taken",
    ),
    "inside_an_f_string": ("f'{TrainingOrchestrator(lr=0.1)}'\n", "f-string"),
    "a_partial": ("import functools\nfunctools.partial(TrainingOrchestrator, lr=0.1)\n", "`functools.partial`"),
    "super": (
        dedent(
            """\
            class A(TrainingOrchestrator):
                def __init__(self):
                    super().__init__(lr=0.1)
            """
        ),
        "a subclass decides",
    ),
    "super_with_a_dict": (
        dedent(
            """\
            class A(TrainingOrchestrator):
                def __init__(self, **k):
                    super().__init__(**k)
            """
        ),
        "a subclass decides",
    ),
    "the_class_by_name": (
        dedent(
            """\
            class A(TrainingOrchestrator):
              def __init__(s):
                TrainingOrchestrator.__init__(s, lr=0.1)
            """
        ),
        "a subclass decides",
    ),
    "a_subclass": (
        dedent(
            """\
            class A(TrainingOrchestrator):
                pass
            A(lr=0.1)
            """
        ),
        "a subclass",
    ),
    "the_call_of_a_partial": (
        dedent(
            """\
            import functools
            make = functools.partial(TrainingOrchestrator)
            make(lr=0.1)
            """
        ),
        "a partial may hold more",
    ),
    "a_patched_name": ("mock.patch('app.TrainingOrchestrator')\nTrainingOrchestrator(lr=0.1)\n", "something else"),
}


@pytest.mark.parametrize(("body", "reason"), REPORTED.values(), ids=REPORTED)
def test_is_reported_with_the_reason_and_not_touched(body: str, reason: str) -> None:
    (report,) = reports(find_arguments, V2 + body)

    assert arguments(V2 + body) == V2 + body
    assert reason in report


def test_without_a_declared_configuration_a_call_is_reported() -> None:
    shop = migration(
        dedent(
            """\
            [[arguments]]
            code = "CK301"
            of = "shop.Order"
            v1 = "amount"
            v2 = "total.amount"
            """
        )
    )

    (report,) = reports(find_arguments, "from shop import Order\nOrder(amount=1)\n", [shop])

    assert "declares no [[configs]]" in report


CONFIG = "from compatkit.training.v2 import OrchestratorConfig\n"
OPTIMIZER = "from compatkit.training.v2 import OptimizerConfig, OrchestratorConfig\n"
NESTED = "config=OrchestratorConfig(optimizer=OptimizerConfig(learning_rate=0.1))"
REWRITTEN = {
    "by_keyword": ("TrainingOrchestrator(lr=0.1)", f"TrainingOrchestrator({NESTED})"),
    "parenthesised": ("TrainingOrchestrator(lr=(0.1))", f"TrainingOrchestrator({NESTED.replace('0.1', '(0.1)')})"),
    "spaced": ("TrainingOrchestrator( lr = 0.1 , )", f"TrainingOrchestrator({NESTED})"),
    "called_on": ("TrainingOrchestrator(lr=0.1).train_model(1)", f"TrainingOrchestrator({NESTED}).train_model(1)"),
    "one_section": (
        "TrainingOrchestrator(lr=a(), momentum=b(), trainer=t)",
        f"TrainingOrchestrator({NESTED.replace('0.1', 'a(), momentum=b()')}, trainer=t)",
    ),
    "one_inside_another": (
        "TrainingOrchestrator(lr=0.1, trainer=TrainingOrchestrator(lr=0.1))",
        f"TrainingOrchestrator({NESTED}, trainer=TrainingOrchestrator({NESTED}))",
    ),
}


@pytest.mark.parametrize(("before", "after"), REWRITTEN.values(), ids=REWRITTEN)
def test_flat_arguments_become_a_configuration(before: str, after: str) -> None:
    rewritten = arguments(f"{V2}{before}\n").removeprefix(V2 + OPTIMIZER)

    assert ast.unparse(ast.parse(rewritten)) == ast.unparse(ast.parse(after))


COMMENTED = """TrainingOrchestrator(  # head
    # above
    lr=0.1,  # behind
    momentum=base  # inside
    * 2,
    trainer=t  # also
    # foot
)
"""
COMMENTED_AFTER = """TrainingOrchestrator(  # head
    config=OrchestratorConfig(
        optimizer=OptimizerConfig(
            # above
            learning_rate=0.1,  # behind
            momentum=base  # inside
    * 2,
        ),
    ),
    trainer=t,  # also
    # foot
)
"""


def test_comments_stay_with_their_arguments() -> None:
    assert arguments(V2 + COMMENTED) == V2 + OPTIMIZER + COMMENTED_AFTER


def test_a_call_that_fits_stays_on_its_line() -> None:
    assert arguments(V2 + "TrainingOrchestrator(epochs=n, trainer=t)\n").endswith(
        "\nTrainingOrchestrator(config=OrchestratorConfig(epochs=n), trainer=t)\n"
    )


PRESETS = {
    "all_of_it": ("epochs=20", 'preset="production_small"'),
    "and_what_differs": ("'x', epochs=20, lr=0.1", "preset='production_small', experiment_name='x', lr=0.1"),
    "defaults_given": ("epochs=20, batch_size=32, optimizer='adam'", "preset='production_small'"),
    "the_trainer_stays": ("epochs=5, hidden_size=32, trainer=t", 'preset="development", trainer=t'),
}


@pytest.mark.parametrize(("before", "after"), PRESETS.values(), ids=PRESETS)
def test_a_call_that_equals_a_preset_names_it(before: str, after: str) -> None:
    assert arguments(f"{V2}TrainingOrchestrator({before})\n") == f"{V2}TrainingOrchestrator({after})\n"


@pytest.mark.parametrize(
    "given",
    [
        "epochs=21",
        "epochs=20.0",
        "epochs=n",
        "epochs=20, hidden_size=128",
        "epochs=20, hidden_size=n",
        "epochs=20, dropout=0",
        "epochs=True",
        "lr=0.1",
    ],
)
def test_what_differs_where_presets_differ_is_no_preset(given: str) -> None:
    assert "preset" not in arguments(f"{V2}TrainingOrchestrator({given})\n")


def test_a_comment_is_not_lost_to_a_preset() -> None:
    rewritten = arguments(
        V2
        + dedent("""\
            TrainingOrchestrator(
                epochs=20,  # as agreed
            )
            """)
    )

    assert "epochs=20,  # as agreed\n" in rewritten
    assert "preset" not in rewritten


IMPORTS = {
    "beside_it": (V2 + "{}\n", V2 + CONFIG + "{}\n"),
    "behind_its_comment": (V2[:-1] + "  # noqa\n{}\n", V2[:-1] + "  # noqa\n" + CONFIG + "{}\n"),
    "already_there": (CONFIG + V2 + "{}\n", CONFIG + V2 + "{}\n"),
    "on_one_line": (V2[:-1] + "; x = 1\n{}\n", V2[:-1] + "; " + CONFIG[:-1] + "; x = 1\n{}\n"),
    "in_a_function": (f"def f():\n    {V2}    return {{}}\n", f"def f():\n    {V2}    {CONFIG}    return {{}}\n"),
    "in_a_try": (
        f"try:\n    {V2}except ImportError:\n    TrainingOrchestrator = None\n{{}}\n",
        f"try:\n    {V2}    {CONFIG}except ImportError:\n    TrainingOrchestrator = None\n{{}}\n",
    ),
    "windows": (V2[:-1] + "\r\n{}\r\n", V2[:-1] + "\r\n" + CONFIG[:-1] + "\r\n{}\r\n"),
}


@pytest.mark.parametrize(("before", "after"), IMPORTS.values(), ids=IMPORTS)
def test_the_configuration_is_imported_next_to_what_takes_it(before: str, after: str) -> None:
    source = before.format("TrainingOrchestrator(epochs=n)")

    assert arguments(source) == after.format("TrainingOrchestrator(config=OrchestratorConfig(epochs=n))")


def test_the_configuration_is_imported_next_to_the_module_that_is_used() -> None:
    head = "import backend.ml_engine.training_orchestrator_v2 as to\n"

    rewritten = arguments(head + "to.TrainingOrchestratorV2(epochs=n)\n")

    assert rewritten == head + CONFIG + "to.TrainingOrchestratorV2(config=OrchestratorConfig(epochs=n))\n"


def test_an_alias_of_the_import_is_used() -> None:
    source = (
        "from compatkit.training.v2 import OrchestratorConfig as Config\n" + V2 + "TrainingOrchestrator(epochs=n)\n"
    )

    assert arguments(source) == source.replace("epochs=n", "config=Config(epochs=n)")


def test_a_long_import_is_wrapped() -> None:
    rewritten = arguments(V2 + "TrainingOrchestrator('x', 'mlp', n, 8, 0.1, seed=1)\n")

    assert (
        dedent("""\
            from compatkit.training.v2 import (
                DataConfig,
                ModelConfig,
            """)
        in rewritten
    )


def test_what_is_not_selected_stays_flat() -> None:
    options = Options(modernize=True, select=frozenset({"CK305"}))

    (config, call) = found(find_arguments, V2 + "TrainingOrchestrator(lr=0.1, seed=1)\n", options=options).changes

    assert (config.code, call.code) == ("CK305", "CK305")
    assert "learning_rate=0.1" in call.text
    assert "    seed=1,\n" in call.text


def test_a_field_in_a_call_goes_with_it() -> None:
    source = V2 + "m = TrainingOrchestrator().train_model()['history'][-1]\nTrainingOrchestrator(lr=m['lr'])\n"

    once = applied(find_modern, source)

    assert "OptimizerConfig(learning_rate=m['learning_rate'])" in once
    assert applied(find_modern, once) == once


def test_a_call_and_its_imports_are_one_group() -> None:
    changes = found(find_arguments, V2 + "TrainingOrchestrator(lr=0.1)\n").changes

    assert len(changes) == 2
    assert len({change.group for change in changes} - {0}) == 1
