"""Small projects are run before and after the migration: if the output would change, there is a finding."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from compatkit.migrate import plan_tree, write_report
from compatkit.migration import Migration, parse_migration
from tests.shop import HEAD
from tests.shop.moves import plant

NAME = dedent(
    """\
    [[moves]]
    code = "TT101"
    old = "pkg.old.Thing"
    new = "pkg.new.Thing2"
    """
)
MODULE = dedent(
    """\
    [[moves]]
    code = "TT102"
    old = "oldtop"
    new = "newtop"
    kind = "module"
    """
)
LIBRARY = {
    "lib/pkg/__init__.py": "",
    "lib/pkg/old.py": "from pkg.new import Thing2 as Thing\n",
    "lib/pkg/new.py": "class Thing2:\n    name = 'thing'\n",
    "lib/oldtop.py": "from newtop import *\n",
    "lib/newtop.py": "class Client:\n    name = 'client'\n",
}
SERVICE = """\
import oldtop
from pkg import old
import pkg.old as po


def make():
    return oldtop.Client.name, old.Thing.name, po.Thing.name
"""

PATCHING = """\
from unittest import mock
import app.service
with mock.patch("app.service.po.Thing") as one, mock.patch("app.service.oldtop.Client") as two:
    one.name, two.name = 1, 2
    print(app.service.make())
"""
PATCHING_OBJECTS = """\
from unittest import mock
from app import service
with mock.patch(f"{service.__name__}.po.Thing") as one, mock.patch.object(service, "oldtop") as two:
    one.name, two.Client.name = 1, 2
    print(service.make())
"""


def migration(*rows: str) -> Migration:
    return parse_migration(HEAD + "".join(rows))


def run(folder: Path, module: str) -> tuple[int, str]:
    env = {**os.environ, "PYTHONPATH": f".{os.pathsep}lib", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-m", module], cwd=folder, env=env, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout


def migrated(folder: Path, *rows: str) -> list[str]:
    """Migrate `app` and return what is reported."""
    report = plan_tree([folder / "app"], [migration(*rows)])
    write_report(report)
    return [found.message for result in report.results for found in result.findings]


@pytest.mark.parametrize(
    "user",
    [
        "from app.service import make, old, oldtop\nprint(make(), oldtop.Client.name, old.Thing.name)\n",
        "import app.service\nprint(app.service.make(), app.service.oldtop.Client.name, app.service.old.Thing.name)\n",
        "from app import service as near\nprint(near.make(), near.oldtop.Client.name, near.po.Thing.name)\n",
        "from app.service import *\nprint(make(), oldtop.Client.name, old.Thing.name)\n",
        PATCHING,
        PATCHING_OBJECTS,
        "from app import service\nprint(getattr(service, 'po').Thing.name, getattr(service, 'oldtop').Client.name)\n",
        dedent(
            """\
            import importlib
            near = importlib.import_module('app.service')
            print(near.po.Thing, near.oldtop.Client)
            """
        ),
    ],
)
def test_a_local_name_that_another_file_reads_is_kept_and_said(tmp_path: Path, user: str) -> None:
    plant(tmp_path, {**LIBRARY, "app/__init__.py": "", "app/service.py": SERVICE, "app/user.py": user})
    before = run(tmp_path, "app.user")
    found = migrated(tmp_path, NAME, MODULE)

    assert before[0] == 0
    assert run(tmp_path, "app.user") == before
    assert any("another file may read 'oldtop'" in message for message in found)


@pytest.mark.parametrize(("listed", "is_kept"), [("'make'", False), ("'make', 'oldtop'", True)])
def test_a_star_brings_what_its_module_lists(tmp_path: Path, listed: str, *, is_kept: bool) -> None:
    service = dedent(f"""\
        import oldtop
        __all__ = [{listed}]


        def make():
            return oldtop.Client.name
        """)
    user = "from app.service import *\nprint(make())\n"
    plant(tmp_path, {**LIBRARY, "app/__init__.py": "", "app/service.py": service, "app/user.py": user})

    found = migrated(tmp_path, MODULE)

    assert bool(found) is is_kept
    assert ("newtop" in (tmp_path / "app/service.py").read_text()) is not is_kept


def test_nothing_is_pointed_into_a_package_that_is_not_there(tmp_path: Path) -> None:
    row = dedent(
        """\
        [[moves]]
        code = "TT101"
        old = "app.old.Thing"
        new = "app.deep.fresh.Thing"
        """
    )
    files = {"app/__init__.py": "", "app/old.py": "class Thing: ...\n", "app/job.py": "from app.old import Thing\n"}
    plant(tmp_path, files)

    [found] = migrated(tmp_path, row)

    assert "there is no module app.deep.fresh in app/" in found
    assert (tmp_path / "app/job.py").read_text() == files["app/job.py"]


def test_a_local_name_that_nobody_else_reads_is_no_concern(tmp_path: Path) -> None:
    user = dedent(
        """\
        from app.service import make
        import oldtop
        old = po = 1
        print(make(), oldtop.Client.name, 'old', 'po')
        """
    )
    plant(tmp_path, {**LIBRARY, "app/__init__.py": "", "app/service.py": SERVICE, "app/user.py": user})
    before = run(tmp_path, "app.user")

    assert migrated(tmp_path, NAME, MODULE) == []
    for gone in ("lib/oldtop.py", "lib/pkg/old.py"):
        (tmp_path / gone).unlink()
    assert run(tmp_path, "app.user") == before


@pytest.mark.parametrize(
    "reading",
    [
        "print(eval('po.Thing').name)\n",
        "print(globals()['po'].Thing.name)\n",
        "import timeit\ntimeit.timeit('po.Thing()', globals=globals(), number=1)\n",
        dedent(
            """\
            def make():
                '''
                >>> po.Thing.name
                'thing'
                '''
            import doctest
            print(doctest.testmod())
            """
        ),
        "import operator, sys\nprint(operator.attrgetter('po.Thing.name')(sys.modules[__name__]))\n",
        dedent(
            """\
            from unittest import mock
            with mock.patch(f'{__name__}.po.Thing') as it:
                print(po.Thing is it)
            """
        ),
    ],
)
def test_a_local_name_that_a_text_of_the_file_reads_is_kept_and_said(tmp_path: Path, reading: str) -> None:
    plant(
        tmp_path,
        {**LIBRARY, "app/__init__.py": "", "app/job.py": f"import pkg.old as po\nprint(po.Thing.name)\n{reading}"},
    )
    before = run(tmp_path, "app.job")

    assert before[0] == 0
    assert migrated(tmp_path, NAME) != []
    assert run(tmp_path, "app.job") == before


@pytest.mark.parametrize(
    "setting",
    [
        "deep.er = 'fake'",
        "for deep.er in ['fake']: pass",
        "import io\nwith io.StringIO() as deep.er: pass",
        "deep.er += 1",
        "del deep.er",
    ],
)
def test_a_module_that_is_set_on_its_package_is_kept_and_said(tmp_path: Path, setting: str) -> None:
    row = dedent(
        """\
        [[moves]]
        code = "TT101"
        old = "deep.er"
        new = "shallow"
        kind = "module"
        """
    )
    source = f"import deep.er\n{setting}\n"
    plant(tmp_path, {"app/__init__.py": "", "app/d.py": source})

    found = migrated(tmp_path, row)

    assert any("sets it, which every other file sees" in message for message in found)
    assert (tmp_path / "app/d.py").read_text() == source


@pytest.mark.parametrize(
    "other",
    [
        "",
        MODULE,
        dedent(
            """\
            [[moves]]
            code = "TT103"
            old = "a.b"
            new = "top"
            kind = "module"
            """
        ),
    ],
)
def test_packages_name_a_file_whatever_else_moves(tmp_path: Path, other: str) -> None:
    row = dedent(
        """\
        [[moves]]
        code = "TT101"
        old = "app.sub.foo.bar"
        new = "app.sub.baz.bar2"
        """
    )
    plant(tmp_path, {"app/__init__.py": "", "app/sub/__init__.py": "", "app/sub/mod.py": "from .foo import bar\n"})

    assert migrated(tmp_path, row, other) == []
    assert (tmp_path / "app/sub/mod.py").read_text() == "from .baz import bar2 as bar\n"


def test_an_own_package_of_the_librarys_name_is_left_and_said(tmp_path: Path) -> None:
    files = {"app/__init__.py": "", "app/pkg/__init__.py": "", "app/pkg/old.py": "class Thing: name = 'own'\n"}
    plant(tmp_path, {**LIBRARY, **files, "app/pkg/use.py": "from .old import Thing\nprint(Thing.name)\n"})
    before = run(tmp_path, "app.pkg.use")

    [found] = migrated(tmp_path, NAME)
    assert "looks like pkg.old.Thing, but the module is app.pkg.old" in found
    assert run(tmp_path, "app.pkg.use") == before


@pytest.mark.parametrize(
    ("new", "said"),
    [
        ({}, "there is no module app.fresh in app/"),
        ({"app/fresh.py": "Thing1 = 1\n"}, "app.fresh has no Thing2"),
        ({"app/fresh/__init__.py": "Thing1 = 1\n"}, "app.fresh has no Thing2"),
    ],
)
@pytest.mark.parametrize(
    "use", ["from app.old import Thing", "from .old import Thing", "from app import old\nold.Thing"]
)
def test_nothing_is_pointed_at_what_is_not_there(tmp_path: Path, new: dict[str, str], said: str, use: str) -> None:
    row = dedent(
        """\
        [[moves]]
        code = "TT101"
        old = "app.old.Thing"
        new = "app.fresh.Thing2"
        """
    )
    files = {"app/__init__.py": "", "app/old.py": "class Thing: ...\n", "app/job.py": f"{use}\nprint(1)\n"}
    plant(tmp_path, {**files, **new})
    before = run(tmp_path, "app.job")

    found = migrated(tmp_path, row)

    assert any(said in message for message in found)
    assert run(tmp_path, "app.job") == before == (0, "1\n")


@pytest.mark.parametrize(
    "new",
    [
        {"app/fresh.py": "class Thing2: ...\n"},
        {"app/fresh.py": "from os import *\n"},
        {"app/fresh.py": "def __getattr__(name): return name\n"},
        {"app/fresh/__init__.py": "", "app/fresh/Thing2.py": ""},
        {"app/fresh.pyi": "class Thing2: ...\n"},
    ],
)
def test_what_may_be_there_is_no_reason(tmp_path: Path, new: dict[str, str]) -> None:
    row = dedent(
        """\
        [[moves]]
        code = "TT101"
        old = "app.old.Thing"
        new = "app.fresh.Thing2"
        """
    )
    files = {"app/__init__.py": "", "app/old.py": "class Thing: ...\n", "app/job.py": "from .old import Thing\n"}
    plant(tmp_path, {**files, **new})

    assert migrated(tmp_path, row) == []
    assert (tmp_path / "app/job.py").read_text() == "from .fresh import Thing2 as Thing\n"


def test_a_changed_function_that_another_file_takes_from_here_is_rewritten_there(tmp_path: Path) -> None:
    row = dedent(
        """\
        [[calls]]
        code = "TT201"
        of = "pkg.press"
        rename = { hard = "force" }
        """
    )
    service = "from pkg import press\nprint(press(hard=1))\n"
    plant(tmp_path, {"app/__init__.py": "", "app/service.py": service})

    assert migrated(tmp_path, row) == []
    plant(tmp_path, {"app/service.py": service, "app/user.py": "from app.service import press\nprint(press(hard=1))\n"})
    assert migrated(tmp_path, row) == []
    assert (tmp_path / "app/user.py").read_text() == "from app.service import press\nprint(press(force=1))\n"


HALF_MOVED = {
    "lib/pkg/__init__.py": "",
    "lib/pkg/old.py": dedent(
        """\
        from pkg.new import Thing2 as Thing


        def stays():
            return 'stays'
        """
    ),
    "lib/pkg/new.py": "class Thing2:\n    name = 'thing'\n",
    "app/__init__.py": "",
    "app/service.py": dedent(
        """\
        from pkg import old


        def make():
            return old.Thing.name, old.stays()
        """
    ),
}


@pytest.mark.parametrize(("attribute", "is_rewritten"), [("stays", True), ("Thing", False)])
def test_a_patch_keeps_only_what_it_patches_where_the_import_stays(
    tmp_path: Path, attribute: str, *, is_rewritten: bool
) -> None:
    user = f"""\
from unittest import mock
import app.service
with mock.patch("app.service.old.{attribute}") as one:
    one.name = one.return_value = "patched"
    print(app.service.make())
"""
    plant(tmp_path, {**HALF_MOVED, "app/user.py": user})
    before = run(tmp_path, "app.user")
    found = migrated(tmp_path, NAME)

    assert before[0] == 0
    assert "patched" in before[1]
    assert run(tmp_path, "app.user") == before
    assert ("Thing2" in (tmp_path / "app/service.py").read_text(encoding="utf-8")) is is_rewritten
    assert any("another file may read 'old'" in message for message in found) is not is_rewritten
