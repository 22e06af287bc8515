"""v1 keys of records become v2's; keys of whatever is not certainly a record stay."""

from __future__ import annotations

from dataclasses import replace
from textwrap import dedent

import pytest

from compatkit.record import EpochRecord
from compatkit.rewrite.record_rules import rewrite_records_and_arguments as find_modern
from tests.rewrite.modern import TRAINER, V2, applied, fields, find_fields, found, migration, reports

START = (
    V2
    + TRAINER
    + dedent("""\
        import copy
        from operator import itemgetter
        orch = TrainingOrchestrator()
        """)
)
TRAINED = START + "result = orch.train_model('iris')\nhistory = result['history']\n"

UNTOUCHED = {
    "a_plain_dict": "m = {'train_acc': 1}\nm['train_acc']\n",
    "a_parameter": "def f(history):\n    return history[-1]['train_acc']\n",
    "an_unknown_call": "load()['history'][-1]['train_acc']\n",
    "a_dict_made_from_a_record": "dict(history[-1])['train_acc']\n",
    "a_record_spread_in_a_dict": "{**history[-1]}['train_acc']\n",
    "keys_of_a_record": "'train_acc' in history[-1].keys()\n",
    "keys_while_iterating": "[v for k, v in history[-1].items() if k == 'train_acc']\n",
    "a_key_of_the_result": "result['train_acc']\n",
    "a_key_of_a_report": "report = {'train_acc': history[-1]['train_loss']}\nreport['train_acc']\n",
    "a_frame_of_records": "import pandas\npandas.DataFrame(history)['train_acc']\n",
    "a_key_in_a_variable": "key = 'train_acc'\nhistory[-1][key]\n",
    "a_column_name": "COLUMNS = ['train_acc', 'val_acc']\n",
    "another_key": "history[-1]['train_loss'], history[-1]['train_accuracies']\n",
    "the_new_spelling": "history[-1]['train_accuracy'], history[-1].get('val_accuracy')\n",
    "a_rebound_list": "history = load()\nhistory[-1]['train_acc']\n",
    "a_deleted_name": "del history\nhistory[-1]['train_acc']\n",
    "another_class": "class TrainingOrchestrator: ...\n"
    "TrainingOrchestrator().train_model(1)['history'][0]['val_acc']\n",
    "a_shadowing_parameter": "def f(orch):\n    return orch.train_model(1)['history'][0]['val_acc']\n",
    "a_comprehension_variable": "[history[-1]['val_acc'] for history in load()]\n",
    "another_method": "orch.evaluate('iris')['history'][0]['val_acc']\n",
    "a_class_of_dicts": "[dict(m) for m in history][-1]['val_acc']\n",
    "a_format_string": "'%(train_acc)s' % history[-1], '{train_acc}'.format(**history[-1])\n",
    "a_text_in_an_f_string": "f\"'train_acc' {history[-1]['train_loss']}\"\n",
    "unreachable_code": dedent(
        """\
        def f():
            return 1
            orch.train_model(1)['history'][0]['val_acc']
        """
    ),
    "the_old_class": "from backend.ml_engine.training_orchestrator import TrainingOrchestrator as Old\n"
    "Old().train_model(1)['history'][0]['val_acc']\n",
}


@pytest.mark.parametrize("body", UNTOUCHED.values(), ids=UNTOUCHED)
def test_is_neither_touched_nor_reported(body: str) -> None:
    assert fields(TRAINED + body) == TRAINED + body
    assert reports(find_fields, TRAINED + body) == []


REPORTED = {
    "rebound_on_one_branch": dedent(
        """\
        if x:
            history = load()
        history[-1]['val_acc']
        """
    ),
    "rebound_in_a_handler": dedent(
        """\
        try:
            m = history[-1]
        except KeyError:
            m = {'val_acc': 0}
        m['val_acc']
        """
    ),
    "rebound_in_a_loop": dedent(
        """\
        m = history[0]
        for i in x:
            m['val_acc']
            m = load()
        """
    ),
    "rebound_by_another_function": dedent(
        """\
        def f():
            global history
            history = load()
        history[-1]['val_acc']
        """
    ),
    "captured": "def f():\n    return history[-1]['val_acc']\n",
    "passed_to_a_function_here": dedent(
        """\
        def f(records):
            return records[-1]['val_acc']
        f(history)
        """
    ),
    "returned_by_a_function_here": dedent(
        """\
        def f():
            return orch.train_model(1)
        f()['history'][-1]['val_acc']
        """
    ),
    "kept_on_the_object": dedent("""\
        class A:
            def a(self):
                self.h = TrainingOrchestrator().train_model(1)
            def b(self):
                return self.h['history'][-1]['val_acc']
        """),
    "a_subclass": dedent(
        """\
        class A(TrainingOrchestrator):
            pass
        A().train_model(1)['history'][-1]['val_acc']
        """
    ),
    "super": dedent("""\
        class A(TrainingOrchestrator):
            def train_model(self):
                return super().train_model()['history'][-1]['val_acc']
        """),
    "an_annotated_parameter": "def f(o: TrainingOrchestrator):\n    o.train_model(1)['history'][-1]['val_acc']\n",
    "a_dict_added": "history.append({'epoch': 3})\nhistory[-1]['val_acc']\n",
    "a_dict_added_through_another_name": dedent(
        """\
        other = history
        other += [load()]
        history[-1]['val_acc']
        """
    ),
    "a_dict_put_in_place": "history[0] = load()\nhistory[-1]['val_acc']\n",
    "a_replaced_history": "result['history'] = load()\nresult['history'][-1]['val_acc']\n",
    "a_list_filled_elsewhere": dedent(
        """\
        rows = []
        fill(rows)
        rows.append(history[-1])
        rows[0]['val_acc']
        """
    ),
    "a_history_filled_elsewhere": dedent(
        """\
        from app import grow
        grow(history)
        history[-1]['val_acc']
        """
    ),
    "a_result_changed_elsewhere": dedent(
        """\
        from app import grow
        grow(run=result)
        result['history'][-1]['val_acc']
        """
    ),
    "a_history_of_another_object": dedent(
        """\
        import app
        app.history = history
        history[-1]['val_acc']
        """
    ),
    "a_history_changed_on_the_object": dedent("""\
        class A:
            def a(self):
                self.h = ModelTrainerV2().train()
            def b(self):
                self.h.append(load())
        kept = A()
        kept.h[0]['val_acc']
        """),
    "a_pattern_with_the_rest": dedent(
        """\
        match history[0]:
            case {'val_acc': got, **rest}:
                print(got)
        """
    ),
    "a_patched_method": "monkeypatch.setattr(orch, 'train_model', fake)\n"
    "orch.train_model(1)['history'][-1]['val_acc']\n",
    "a_patched_class": "mock.patch('app.TrainingOrchestrator')\n"
    "TrainingOrchestrator().train_model(1)['history'][-1]['val_acc']\n",
    "a_replaced_method": "orch.train_model = fake\norch.train_model(1)['history'][-1]['val_acc']\n",
    "a_shared_lambda": dedent(
        """\
        f = lambda m: m['val_acc']
        max(history, key=f)
        f(history[0])
        """
    ),
    "an_escaped_key": "history[-1]['val\\x5facc']  # val_acc\n",
    "a_joined_key": "history[-1]['val_' 'acc']  # val_acc\n",
    "one_word_twice_in_an_f_string": "f\"{history[-1]['val_acc']} {load()['val_acc']}\"\n",
}


@pytest.mark.parametrize("body", REPORTED.values(), ids=REPORTED)
def test_is_reported_and_not_touched(body: str) -> None:
    assert fields(TRAINED + body) == TRAINED + body
    assert [report.partition(" ")[0] for report in reports(find_fields, TRAINED + body)] == ["CK202"]


def test_a_dict_among_records_is_reported_with_its_keys() -> None:
    (report,) = reports(find_fields, TRAINED + "history.append({'val_acc': 1})\n")

    assert "a plain dict is put among the records here" in report


REWRITTEN = {
    "subscript": "history[-1]['val_acc']",
    "double_quotes": 'history[-1]["val_acc"]',
    "raw_and_tripled_quotes": 'history[-1][r"""val_acc"""]',
    "get": "history[0].get('val_acc', 0)",
    "pop": "history[0].pop('val_acc', None)",
    "setdefault": "history[0].setdefault('val_acc', 1)",
    "contains": "'val_acc' in history[0] and 'val_acc' not in history[1]",
    "store": "history[0]['val_acc'] = 1",
    "augmented": "history[0]['val_acc'] += 1",
    "delete": "del history[0]['val_acc']",
    "update_by_keyword": "history[0].update(val_acc=1)",
    "update_by_display": "history[0].update({'val_acc': 1})",
    "merged_display": "history[0] | {'val_acc': 1}",
    "result_directly": "orch.train_model(1)['history'][-1]['val_acc']",
    "result_attribute": "orch.train_model(1).history[-1]['val_acc']",
    "result_get": "result.get('history', [])[-1]['val_acc']",
    "final_metrics": "result['final_metrics']['val_acc']",
    "trainer": "ModelTrainerV2().train(m, a, b)[-1]['val_acc']",
    "trainer_in_a_variable": dedent(
        """\
        t = ModelTrainerV2()
        h = t.train(m)
        h[-1]['val_acc']"""
    ),
    "bound_method": "train = orch.train_model\ntrain(1)['history'][-1]['val_acc']",
    "partial": dedent("""\
        import functools
        make = functools.partial(TrainingOrchestrator, epochs=1)
        make().train_model(1)['history'][-1]['val_acc']"""),
    "loop": "for m in history:\n    print(m['val_acc'])",
    "enumerate": "for i, m in enumerate(history, 1):\n    print(m['val_acc'])",
    "zip": "for m, (a, b) in zip(history, other):\n    print(m['val_acc'])",
    "reversed_loop": "for m in reversed(history):\n    print(m['val_acc'])",
    "comprehension": "[m['val_acc'] for m in history if m['val_acc'] > 0]",
    "generator": "max(m['val_acc'] for m in history)",
    "dict_comprehension": "{m['epoch']: m['val_acc'] for m in history}",
    "slice": "history[1:][0]['val_acc']",
    "unpacking": "first, *rest = history\nfirst['val_acc'], rest[0]['val_acc']",
    "walrus": "if (m := history[-1])['val_acc'] > 0:\n    m['val_acc']",
    "max_by_lambda": "max(history, key=lambda m: m['val_acc'])['val_acc']",
    "sorted_by_getter": "sorted(history, key=itemgetter('val_acc'))[0]['val_acc']",
    "sort_in_place": "history.sort(key=lambda m: m['val_acc'])",
    "copy": "copy.deepcopy(history)[0].copy()['val_acc']",
    "best_of_a_loop": dedent("""\
        best = None
        for m in history:
            if best is None or m['val_acc'] > best['val_acc']:
                best = m
        print(best['val_acc'])"""),
    "results_by_name": "runs = {n: orch.train_model(n) for n in names}\nruns['a']['final_metrics']['val_acc']",
    "results_gathered": dedent("""\
        runs = {}
        for n in names:
            runs[n] = orch.train_model(n)
        for n, r in runs.items():
            r['history'][-1]['val_acc']"""),
    "records_gathered": dedent("""\
        rows = []
        for n in names:
            rows.append(orch.train_model(n)['history'][-1])
        rows[0]['val_acc']"""),
    "both_branches": dedent(
        """\
        if x:
            m = history[0]
        else:
            m = result['final_metrics']
        m['val_acc']"""
    ),
    "after_a_return": dedent("""\
        def f():
            h = TrainingOrchestrator().train_model(1)['history']
            if not h:
                return None
            return h[-1]['val_acc']"""),
    "f_string": "f\"{history[0]['val_acc']:.3f} and {history[1]['val_acc']!r}\"",
    "f_string_over_lines": "f'''\n{history[0][\"val_acc\"]}'''",
    "match_case": dedent(
        """\
        match history[0]:
            case {'val_acc': got}:
                print(got)"""
    ),
    "taken_before": dedent(
        """\
        last = history[-1]
        grow(history)
        last['val_acc']"""
    ),
    "read_before": "history[-1]['val_acc']\ngrow(history)",
    "given_to_a_reader": dedent(
        """\
        json.dumps(history)
        log.info('%s', history)
        print(history)
        history[-1]['val_acc']"""
    ),
    "given_as_a_copy": "grow(list(history))\nhistory[-1]['val_acc']",
    "a_record_given": "grow(history[0])\nhistory[0]['val_acc']",
    "given_to_a_function_here": dedent("""\
        def show(rows):
            print(rows)
        def f():
            h = TrainingOrchestrator().train_model(1)['history']
            show(h)
            h[-1]['val_acc']"""),
    "awaited": dedent("""\
        async def f():
            o = TrainingOrchestrator()
            return (await o.train_model(1))['history'][-1]['val_acc']"""),
    "no_ascii_before": "print('Güte', history[0]['val_acc'])",
}


@pytest.mark.parametrize("body", REWRITTEN.values(), ids=REWRITTEN)
def test_every_key_of_a_record_is_rewritten(body: str) -> None:
    assert fields(TRAINED + body + "\n") == TRAINED + body.replace("val_acc", "val_accuracy") + "\n"


def test_a_mapping_pattern_asks_a_record_in_either_spelling() -> None:
    match EpochRecord({"val_acc": 0.5}):
        case {"val_accuracy": value}:
            assert value == 0.5


def test_only_the_part_that_is_certain_is_rewritten() -> None:
    body = "report = {'val_acc': history[-1]['val_acc'], 'last': load()['val_acc']}\n"

    assert fields(TRAINED + body) == TRAINED + body.replace("[-1]['val_acc']", "[-1]['val_accuracy']")


def test_an_old_name_counts_if_this_run_moves_it() -> None:
    source = "from backend.ml_engine.training_orchestrator import TrainingOrchestrator as T\n"
    source += "T().train_model(1)['history'][-1]['val_acc']\n"

    old = "backend.ml_engine.training_orchestrator.TrainingOrchestrator"
    assert not found(find_fields, source).changes
    moved = applied(lambda file, run: find_fields(file, replace(run, moving=frozenset({old}))), source)
    assert len(moved) == len(source) + 5


SHOP = migration(
    """
[[fields]]
code = "CK201"
v1 = "amount"
v2 = "total"
[[producers]]
code = "CK251"
function = "shop.orders.fetch"
returns = "[0].rows"
[[producers]]
code = "CK252"
function = "shop.orders.pair"
records = ["[0]", "[1].each[*]"]
"""
)


@pytest.mark.parametrize(
    "body",
    [
        "fetch()[0].rows[-1]['amount']",
        "a, b = fetch()\na.rows[0]['amount']",
        "pair()[0]['amount']",
        dedent(
            """\
            one, more = pair()
            for r in more.each:
                r['amount']"""
        ),
    ],
)
def test_records_lie_where_the_migration_says(body: str) -> None:
    source = f"from shop.orders import fetch, pair\n{body}\n"

    assert applied(find_fields, source, [SHOP]) == source.replace("amount", "total")


@pytest.mark.parametrize(
    "body", ["fetch()[1].rows[-1]['amount']", "fetch()[0]['amount']", "pair()[1]['amount']", "pair()[1].each['amount']"]
)
def test_records_lie_nowhere_else(body: str) -> None:
    source = f"from shop.orders import fetch, pair\n{body}\n"

    assert applied(find_fields, source, [SHOP]) == source


def test_a_file_nested_too_deeply_is_reported() -> None:
    source = (
        TRAINED
        + "history[0]['val_acc']\n"
        + "f = "
        + "lambda: " * 90
        + "("
        + "[0 for _ in " * 15
        + "x"
        + "]" * 15
        + ")\n"
    )

    outcome = found(find_modern, source)

    assert outcome.changes or outcome.findings


def test_a_long_chain_is_no_trouble() -> None:
    chain = "x" + ".replace('a', 'b')" * 300 + " + 1" * 900
    elifs = "if a:\n    pass\n" + "elif b:\n    pass\n" * 500

    body = f"y = {chain}\n{elifs}history[0]['val_acc']\n"
    assert fields(TRAINED + body) == TRAINED + body.replace("val_acc", "val_accuracy")


def test_loops_in_loops_are_followed_in_time() -> None:
    loops = "".join(f"{' ' * depth}for x{depth} in history:\n" for depth in range(18))
    body = f"{loops}{' ' * 18}x3['val_acc']\n"

    assert fields(TRAINED + body) == TRAINED + body.replace("val_acc", "val_accuracy")
