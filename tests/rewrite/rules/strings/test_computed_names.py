"""An old module that is loaded by a text which the code puts together is reported, and no other text is."""

from __future__ import annotations

import pytest

from tests.shop.moves import messages

HEAD = """\
from importlib import import_module

HOME = "shop.core"
KNOWN = ["old_home"]


def load(name, other):
    return """
TOLD = "is put together here and loaded"
MAY = "may load shop.core.old_home, by a text that is put together here"


@pytest.mark.parametrize(
    "call",
    [
        'import_module(f"other.{name}")',
        'import_module(f"{name}.old_home")',
        'import_module(f"{HOME}.new_home")',
        'import_module(f"{HOME!r}.old_home")',
        'import_module(f"{HOME:>20}.old_home")',
        'import_module("shop.core" + name)',
        'import_module("shop.cor." + name)',
        'import_module("%d.old_home" % HOME)',
        'import_module("{}.{}.old_home".format(HOME))',
        'import_module(".".join(name))',
        "import_module(name)",
        "import_module()",
        'print(f"{HOME}.old_home")',
        'print("shop.core." + name)',
    ],
)
def test_a_text_that_is_no_old_module_or_is_not_loaded_is_silent(call: str) -> None:
    assert messages(f"{HEAD}{call}\n") == []


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ('import_module(f"{HOME}.old_home")', TOLD),
        ('import_module(HOME + "." + "old_home")', TOLD),
        ('import_module("%s.old_home" % HOME)', TOLD),
        ('import_module("%s.%s" % (HOME, "old_home"))', TOLD),
        ('import_module("{}.old_home".format(HOME))', TOLD),
        ('import_module(".".join(["shop", "core", "old_home"]))', TOLD),
        ('__import__(f"{HOME}.old_home")', TOLD),
        ('import_module(f"{HOME}.{name}")', MAY),
        ('import_module("shop.core." + name)', MAY),
        ('import_module("shop." + name)', MAY),
    ],
)
@pytest.mark.parametrize("known", ["old_home", "nothing else of it"])
def test_an_old_module_is_reported_however_its_name_is_put_together(call: str, told: str, known: str) -> None:
    (message,) = messages(f"{HEAD.replace('old_home', known)}{call}\n")

    assert told in message
    assert message.startswith("8:")
