"""Short ways to rewrite a source with --rename and the made-up migration."""

from __future__ import annotations

from compatkit.options import Options
from compatkit.rewrite import Outcome, Rewritten, rewrite_source
from compatkit.rewrite.file.neighbours import ALONE, Neighbours
from tests.rewrite.rules.rename.scoped_modules import MOVES

OLD = "from shop.core.old_home import Old\n"
NEW = "from shop.core.new_home import New\n"
KEPT = "from shop.core.new_home import New as Old\n"


def outcome_of(
    source: str, *, module: str = "shop.app", is_package: bool = False, neighbours: Neighbours = ALONE
) -> Outcome:
    return rewrite_source(
        source.encode(),
        module=module,
        is_package=is_package,
        moves=MOVES,
        options=Options(rename=True),
        neighbours=neighbours,
    )


def renamed(source: str, *, module: str = "shop.app") -> str:
    """Return what becomes of a source about which there is nothing to report."""
    outcome = outcome_of(source, module=module)
    assert isinstance(outcome, Rewritten), outcome
    assert outcome.findings == ()
    return outcome.source.decode()


def kept(source: str, *, module: str = "shop.app", is_package: bool = False, neighbours: Neighbours = ALONE) -> str:
    """Return why the name is kept in a source of which only the import changes."""
    outcome = outcome_of(source, module=module, is_package=is_package, neighbours=neighbours)
    assert isinstance(outcome, Rewritten), outcome
    assert outcome.source.decode() == source.replace(OLD.strip(), KEPT.strip())
    (finding,) = outcome.findings
    assert finding.message.startswith("Old keeps its name here: ")
    return f"{finding.line}: {finding.message.removeprefix('Old keeps its name here: ')}"
