"""A small library in two releases, what changed between them, and what a program may ask of it.

Each name gives the same answer in either release, so that a migrated program must print what it printed before.
"""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent

from compatkit.migration import Migration, parse_migration

THING = """\
class {}:
    name = "thing"
    parts = [1, 2]

    @staticmethod
    def made():
        return "a made thing"
"""
TOOL = dedent(
    """\
    class Tool:
        name = "tool"


    def clean(text):
        return f"clean {text}"
    """
)
CLIENT = 'class Client:\n    name = "client"\n'
BOX = """\
class Box:
    def __init__(self, {0}=3):
        self.{0} = {0}

    def {1}(self):
        return f"open {{self.{0}}}"

    def show(self):
        return self.{1}()


def make_box():
    return Box()
"""
SURVEY_1 = """\
class Survey:
    def run(self):
        return [{"temp": 1.5, "wind": 2}, {"temp": 2.5, "wind": 3}]
"""
SURVEY_2 = """\
from dataclasses import dataclass


@dataclass
class Reading:
    temperature: float
    wind: int


class Survey:
    def run(self):
        return [Reading(1.5, 2), Reading(2.5, 3)]
"""
HELPER = dedent(
    """\
    def helper(number):
        return f"helped {number}"


    LIMIT = 7
    """
)
STAYS = 'def stays():\n    return "stays"\n'
PICK = "def pick(items):\n    return sorted(items)[0]\n"
PRESS = 'def press(*, {0}):\n    return f"pressed {{{0}}}"\n\n\n'
GONE = 'def gone():\n    return "gone"\n'

V1 = {
    "acme/__init__.py": "from acme import old, shape, tools\n\n\n" + PRESS.format("hard") + GONE,
    "acme/old.py": THING.format("Thing") + "\n\n" + HELPER + "\n\n" + STAYS,
    "acme/tools.py": TOOL,
    "acme/compat.py": "import builtins\n\nsorted = builtins.sorted\n",
    "acme/deep/__init__.py": "",
    "acme/deep/inner.py": PICK,
    "acme/shape.py": 'def squeeze(value, hard=False):\n    return f"squeezed {value} {hard}"\n\n\n'
    + BOX.format("size", "unpack"),
    "acme/survey.py": SURVEY_1,
    "oldtop.py": CLIENT,
}
V2 = {
    "acme/__init__.py": "from acme import form, fresh, kit, shape\n\n\n" + PRESS.format("force") + PICK,
    "acme/old.py": STAYS,
    "acme/fresh.py": THING.format("Gadget") + "\n\n" + HELPER,
    "acme/kit.py": TOOL,
    "acme/deep/__init__.py": "",
    "acme/form.py": 'def squeeze(value, hard=False):\n    return f"squeezed {value} {hard}"\n',
    "acme/shape.py": BOX.format("volume", "unwrap"),
    "acme/survey.py": SURVEY_2,
    "newtop.py": CLIENT,
}

DECLARED = """
schema = 1
id = "acme-v2"
summary = "Move to the second release of acme."
versions = { v1 = "1", v2 = "2" }
record = "acme.survey.Reading"

[types]
"acme.shape.make_box()" = "acme.shape.Box"

[[moves]]
code = "AC101"
old = "acme.old.Thing"
new = "acme.fresh.Gadget"

[[moves]]
code = "AC102"
old = "acme.old.helper"
new = "acme.fresh.helper"

[[moves]]
code = "AC103"
old = "acme.old.LIMIT"
new = "acme.fresh.LIMIT"

[[moves]]
code = "AC104"
old = "acme.tools"
new = "acme.kit"
kind = "module"

[[moves]]
code = "AC105"
old = "oldtop"
new = "newtop"
kind = "module"

[[moves]]
code = "AC106"
old = "acme.deep.inner.pick"
new = "acme.pick"

[[moves]]
code = "AC107"
old = "acme.compat.sorted"
new = "builtins.sorted"

[[calls]]
code = "AC201"
of = "acme.press"
rename = { hard = "force" }

[[calls]]
code = "AC202"
of = "acme.shape.squeeze"
to = "acme.form.squeeze"

[[calls]]
code = "AC203"
of = "acme.shape.Box"
rename = { size = "volume" }

[[members]]
code = "AC301"
of = "acme.shape.Box"
v1 = "size"
v2 = "volume"

[[members]]
code = "AC302"
of = "acme.shape.Box"
v1 = "unpack"
v2 = "unwrap"
defined = true

[[removed]]
code = "AC401"
name = "acme.gone"
say = "there is nothing instead"

[[fields]]
code = "AC501"
v1 = "temp"
v2 = "temperature"

[[producers]]
code = "AC551"
function = "acme.survey.Survey.run"
"""


def migration() -> Migration:
    return parse_migration(DECLARED)


@dataclass(frozen=True, slots=True)
class Name:
    """A name of the first release, an expression that asks it something, and the answer as `repr` spells it."""

    home: str
    name: str
    use: str
    answer: str
    kind: str = "function"

    def asked(self, expression: str) -> str:
        return self.use.format(expression)

    @property
    def old(self) -> str:
        return f"{self.home}.{self.name}"


NAMES = (
    Name("acme.old", "Thing", "{}().name", "'thing'", "class"),
    Name("acme.old", "Thing", "{}.made()", "'a made thing'", "class"),
    Name("acme.old", "helper", "{}(2)", "'helped 2'"),
    Name("acme.old", "LIMIT", "{} + 1", "8", "value"),
    Name("acme.old", "stays", "{}()", "'stays'"),
    Name("acme.tools", "clean", "{}('a')", "'clean a'"),
    Name("acme.tools", "Tool", "{}().name", "'tool'", "class"),
    Name("oldtop", "Client", "{}().name", "'client'", "class"),
    Name("acme.deep.inner", "pick", "{}([3, 1])", "1"),
    Name("acme.compat", "sorted", "{}([3, 1])", "[1, 3]"),
    Name("acme.shape", "squeeze", "{}(1)", "'squeezed 1 False'"),
    Name("acme.shape", "Box", "{}(size=4).size", "4", "class"),
    Name("acme.shape", "make_box", "{}().unpack()", "'open 3'"),
    Name("acme", "press", "{}(hard=1)", "'pressed 1'"),
    Name("acme", "gone", "{}()", "'gone'"),
)
# Those that are the same under another name.
MOVED = tuple(name for name in NAMES if name.home not in ("acme", "acme.shape"))
