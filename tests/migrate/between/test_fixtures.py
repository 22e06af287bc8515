"""The value of a pytest fixture reaches the tests that take it as a parameter, in its file or from a conftest.py."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from compatkit.migrate import plan_tree
from compatkit.migrate.report import remarks_of
from compatkit.options import Options
from tests.rewrite.oracle.library import migration
from tests.shop.moves import plant

ACME = migration()
GIVING = "import pytest\nfrom acme.shape import make_box\n"
BOX = f"{GIVING}@pytest.fixture\ndef box():\n    return make_box()\n"
ASKING = "def test_size(box):\n    assert box.size\n"

TOLD = {
    "returned": {"conftest.py": BOX, "box_test.py": ASKING},
    "in a class": {"conftest.py": BOX, "box_test.py": "class TestBox:\n    def test_it(self, box): assert box.size\n"},
    "from a folder above": {"conftest.py": BOX, "deep/conftest.py": "import pytest\n", "deep/box_test.py": ASKING},
    "yielded": {"conftest.py": BOX.replace("return", "yield"), "box_test.py": ASKING},
    "by another name": {
        "conftest.py": f"{GIVING}@pytest.fixture(name='box')\ndef _make():\n    return make_box()\n",
        "box_test.py": ASKING,
    },
    "to a fixture": {
        "conftest.py": BOX,
        "box_test.py": dedent("""\
            import pytest
            @pytest.fixture
            def size(box): return box.size
            """),
    },
    "by a factory": {
        "conftest.py": f"{GIVING}@pytest.fixture\ndef box():\n    def made(): return make_box()\n    return made\n",
        "box_test.py": "def test_size(box): assert box().size\n",
    },
    "by another name in one file": {
        "box_test.py": f"{GIVING}@pytest.fixture(name='box')\ndef _make():\n    return make_box()\n{ASKING}",
    },
}
SILENT = {
    "no fixture of this name": {"conftest.py": BOX, "box_test.py": ASKING.replace("box", "shelf")},
    "of a folder beside": {"one/conftest.py": BOX, "two/box_test.py": ASKING},
    "one nearer by": {
        "conftest.py": BOX,
        "deep/conftest.py": dedent("""\
            import pytest
            @pytest.fixture
            def box(): return 1
            """),
        "deep/box_test.py": dedent("""\
            def test_size(box): assert box.size
            @pytest.fixture
            def box(): return 1
            """),
    },
    "no test": {"conftest.py": BOX, "user.py": "def show(box):\n    return box.size\n"},
    "a value that goes by": {
        "conftest.py": BOX,
        "box_test.py": dedent("""\
            def test_size():
                box = 1
                assert box.size
            """),
    },
}


def said(folder: Path, files: dict[str, str]) -> list[str]:
    plant(folder, files)  # type: ignore[arg-type]
    remarks = remarks_of(plan_tree([folder], [ACME], Options(), jobs=1), is_written=False)
    return [remark.code for remark in remarks if Path(remark.path).name.startswith(("box", "user"))]


@pytest.mark.parametrize("case", SILENT)
def test_what_no_fixture_gives_is_silent(case: str, tmp_path: Path) -> None:
    assert said(tmp_path, SILENT[case]) == []


@pytest.mark.parametrize("case", TOLD)
def test_what_a_fixture_gives_is_reported(case: str, tmp_path: Path) -> None:
    assert said(tmp_path, TOLD[case]) == ["AC301"]
