"""Over generated modules of nested scopes: with --rename, every name keeps its meaning, and nothing else changes."""

from __future__ import annotations

import re

from hypothesis import HealthCheck, Phase, assume, example, given, settings

from compatkit.options import Options
from compatkit.rewrite import Rewritten, Unchanged, rewrite_source
from tests.rewrite.rules.rename.scoped_modules import MOVES, does_compile, scoped_modules, what_names_mean

RENAME = Options(rename=True)
# Such a module takes minutes to shrink; what fails is printed as it is.
PHASES = [Phase.explicit, Phase.reuse, Phase.generate]
SCOPED = settings(
    max_examples=50, phases=PHASES, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


def run(source: bytes) -> Rewritten | Unchanged:
    assume(does_compile(source))
    outcome = rewrite_source(source, module="shop.app", is_package=False, moves=MOVES, options=RENAME)
    assert isinstance(outcome, Rewritten | Unchanged), outcome
    return outcome


def result_of(source: bytes) -> bytes:
    outcome = run(source)
    return outcome.source if isinstance(outcome, Rewritten) else source


@SCOPED
@given(scoped_modules())
def test_every_name_keeps_its_meaning(source: bytes) -> None:
    assert what_names_mean(result_of(source)) == what_names_mean(source)


@SCOPED
@given(scoped_modules())
def test_second_run_changes_nothing(source: bytes) -> None:
    once = result_of(source)

    assert result_of(once) == once


@SCOPED
@given(scoped_modules())
@example(b"from shop.core.new_home import New\nfrom shop.core.old_home import Old as New\nprint(New)\n")
def test_only_imports_and_the_moved_names_change(source: bytes) -> None:
    """An import that would be there twice goes."""
    result = result_of(source)

    assert without_names(result) == without_names(source)


def without_names(source: bytes) -> list[bytes]:
    """Return the lines that are no imports, with one name for those that moved."""
    lines = (line for line in source.splitlines() if not re.match(rb" *from shop[.\w]* import ", line))
    return [re.sub(rb"\b(?:Old|New|Third)\b", b"@", line) for line in lines]
