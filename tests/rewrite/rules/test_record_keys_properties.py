"""A program that uses records and plain dicts in any way does the same after the rewrite."""

from __future__ import annotations

import re
from operator import itemgetter
from textwrap import dedent
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from compatkit.record import EpochRecord
from tests.rewrite.modern import V2, fields

HEAD = V2 + "from operator import itemgetter\n"
# Names by what they hold: results, histories, records. Which of them are the orchestrator's, and which plain, is open.
NAMES = {"R": ("r", "s"), "H": ("h", "g"), "M": ("m", "n"), "K": ("train_acc", "val_acc", "train_loss")}
RESULTS = ["orch.train_model('x')", "orch.train_model('x')", "plain_result()", "R", "R.copy()", "R or R"]
RESULTS += ["(R if flag() else R)", "[R, R][0]", "{n: orch.train_model(n) for n in 'xy'}['x']", "(R, H)[0]"]
HISTORIES = [
    "R['history']",
    "R['history']",
    "R.get('history')",
    "list(H)",
    "H[:1]",
    "H + H",
    "H or H",
    "[*H]",
    "[M, M]",
]
HISTORIES += [
    "sorted(H, key=lambda m: m['K'])",
    "list(reversed(H))",
    "[m for m in H]",
    "[dict(m) for m in H]",
    "H.copy()",
]
HISTORIES += ["[x for x, _ in zip(H, H)]", "[R['final_metrics']]", "[m for m in H if m['K'] > 0]", "H", "[] or H"]
HISTORIES += ["list({1: m for m in H}.values())", "list(map(lambda m: m, H))", "(H if flag() else H)"]
RECORDS = [
    "H[-1]",
    "H[0]",
    "R['final_metrics']",
    "R.get('final_metrics')",
    "max(H, key=lambda m: m['K'])",
    "M",
    "M.copy()",
]
RECORDS += [
    "next(iter(H))",
    "dict(M)",
    "{**M}",
    "{'train_acc': 0.25, 'val_acc': 0.5, 'train_loss': 0.75}",
    "M | {'K': 0.9}",
]
RECORDS += ["(M if flag() else M)", "M or M", "[m for _, m in enumerate(H)][0]", "R['history'][-1]", "(lambda m: m)(M)"]
RECORDS += ["min(H, key=itemgetter('K'))", "(x := M)", "list(H).pop()", "H[:][0]"]
STATEMENTS = ["log(M['K'])", "log(M.get('K', 7))", "log('K' in M)", "log(f\"{M['K']} {M['K']}\")", "M['K'] = 0.5"]
STATEMENTS += [
    "M.setdefault('K', 3)",
    "M.update({'K': 0.75})",
    "M.update(K=0.75)",
    "log(M.pop('extra', None))",
    "log(dict(M)['K'])",
]
STATEMENTS += ["log([m['K'] for m in H])", "log(R['history'][-1]['K'])", "log(R['final_metrics']['K'])", "M['K'] += 1"]
STATEMENTS += [
    "log(max(m['K'] for m in H))",
    "log(sorted(M))",
    "log([k for k in M if k == 'K'])",
    "log('K' in M.keys())",
]
STATEMENTS += [
    "H.append(M)",
    "H.append({'train_acc': 0.1, 'val_acc': 0.1, 'train_loss': 0.1})",
    "H.insert(0, M)",
    "H[-1] = M",
]
STATEMENTS += [
    "H[:] = [M]",
    "H += [M]",
    "H.extend(H[:1])",
    "R['history'] = H",
    "R['history'].append(M)",
    "R['final_metrics'] = M",
]
STATEMENTS += [
    "R['k'] = M",
    "R.update(history=H)",
    "M, M = M, M",
    "H, R['history'] = R['history'], H",
    "R[k] = H",
    dedent(
        """\
        h = g = []
        h.append(M)
        g.append(M)"""
    ),
]
STATEMENTS += [
    "for M in H:\n    log(M['K'])",
    "for i, M in enumerate(H): log(M.get('K'))",
    "show = lambda m: log(m['K'])\nshow(M)",
]
STATEMENTS += [
    dedent(
        """\
        def use(m, H=H):
            log(m['K'])
            log(H[0]['K'])
        use(M)"""
    ),
    "match M:\n    case {'K': got}: log(got)",
    "del M['K']",
]
# A loop that asks for a flag within asks again for each turn, and goes on as long as there are flags.
TRUE_FLAGS = 8
ASSIGNMENTS = {"R": RESULTS, "H": HISTORIES, "M": RECORDS}


def filled(draw: st.DrawFn, template: str) -> str:
    """Put a name of its kind for each capital letter; a key is the same all over a statement."""
    key = draw(st.sampled_from(NAMES["K"]))
    return re.sub(
        r"\b[RHMK]\b", lambda found: key if found[0] == "K" else draw(st.sampled_from(NAMES[found[0]])), template
    )


@st.composite
def statements(draw: st.DrawFn) -> list[str]:
    if draw(st.booleans()):
        return filled(draw, draw(st.sampled_from(STATEMENTS))).split("\n")
    kind = draw(st.sampled_from("RHM"))
    return [filled(draw, f"{kind} = {draw(st.sampled_from(ASSIGNMENTS[kind]))}")]


@st.composite
def blocks(draw: st.DrawFn, inner: st.SearchStrategy[list[str]]) -> list[str]:
    head, tail = draw(
        st.sampled_from(
            [
                ("if flag():", "else:"),
                ("while flag():", ""),
                ("for _ in range(2):", ""),
                ("try:", "except (TypeError, KeyError):"),
                ("try:", "finally:"),
                ("with guard():", ""),
            ]
        )
    )
    body = [head, *(f"    {line}" for line in draw(inner))]
    return [*body, *([tail, *(f"    {line}" for line in draw(inner))] if tail else [])]


def joined(parts: list[list[str]]) -> list[str]:
    return [line for part in parts for line in part]


def doublings(lines: list[str]) -> int:
    """Return how often a program makes a list twice as long at most."""
    total, turns = 0, [1]
    for line in lines:
        depth = (len(line) - len(line.lstrip())) // 4
        total += turns[depth] if " + " in line else 0
        times = {"for": 2, "while": TRUE_FLAGS}.get(line.split()[0], 1)
        turns[depth + 1 :] = [turns[depth] * times]
    return total


bodies = st.recursive(
    st.lists(statements(), min_size=1, max_size=4).map(joined),
    lambda inner: st.lists(st.one_of(statements(), statements(), blocks(inner)), min_size=2, max_size=8).map(joined),
    max_leaves=6,
)


@st.composite
def programs(draw: st.DrawFn) -> str:
    """A whole program, at module level or in a function, whose names hold something from the start."""
    start = ["orch = TrainingOrchestrator()", "k = 'history'"]
    results = st.sampled_from(["orch.train_model(1)", "orch.train_model(1)", "plain_result()"])
    start += [f"{name} = {draw(results)}" for name in NAMES["R"]]
    start += [f"{name} = {draw(st.sampled_from(NAMES['R']))}['history']" for name in NAMES["H"]]
    start += [f"{name} = {draw(st.sampled_from(NAMES['H']))}[-1]" for name in NAMES["M"]]
    body = [*start, *draw(bodies)]
    # After 32 doublings, a list has 2**33 records.
    assume(doublings(body) <= 10)
    if draw(st.booleans()):
        body = ["def main():", *(f"    {line}" for line in body), "main()"]
    return "\n".join([*body, ""])


class Orchestrator:
    def train_model(self, _name: str) -> dict[str, Any]:
        values = {"train_acc": 0.5, "val_acc": 0.25, "train_loss": 1.0}
        records = [EpochRecord({**values, "epoch": number}) for number in (1, 2)]
        return {"history": records, "final_metrics": EpochRecord(values)}


def plain_result() -> dict[str, Any]:
    values = {"train_acc": 0.5, "val_acc": 0.25, "train_loss": 1.0}
    return {"history": [dict(values), dict(values)], "final_metrics": dict(values)}


class Guard:
    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        return kind is not None and issubclass(kind, Exception)


def run(source: str) -> tuple[list[str], str]:
    logged: list[str] = []
    turns = iter([True, False] * TRUE_FLAGS)

    space = {
        "TrainingOrchestrator": Orchestrator,
        "plain_result": plain_result,
        "log": lambda value: logged.append(repr(value)),
        "flag": lambda: next(turns),
        "guard": Guard,
        "itemgetter": itemgetter,
    }
    try:
        exec(compile(source, "program", "exec"), space)
    except Exception as error:  # noqa: BLE001 - a program may do anything wrong
        # The message may name the key that was asked for.
        return logged, type(error).__name__
    return logged, ""


@given(programs())
def test_a_rewritten_program_does_the_same(source: str) -> None:
    before = run(source)

    after = fields(HEAD + source).removeprefix(HEAD)

    assert run(after) == before


@given(programs())
def test_nothing_is_left_for_a_second_run(source: str) -> None:
    once = fields(HEAD + source)

    assert fields(once) == once


@given(programs())
def test_a_program_without_the_orchestrator_is_not_touched(source: str) -> None:
    other = re.sub(r"orch\.train_model\(\w+\)", "plain_result()", source.replace("orch = TrainingOrchestrator()", ""))

    assert fields(HEAD + other.replace("orch.train_model('x')", "plain_result()")) == HEAD + other.replace(
        "orch.train_model('x')", "plain_result()"
    )
