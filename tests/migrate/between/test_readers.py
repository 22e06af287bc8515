"""The names by which other files may read a module are found in the bytes of a file."""

from __future__ import annotations

import pytest

from compatkit.migrate.between.readers import ModuleNames
from compatkit.migration import Move

NAMES = ModuleNames([Move("CK101", "shop.inner.old.Box", "shop.new.Box")])


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("import shop\nshop.inner.old.Box()\n", {"shop"}),
        ("import shop as s\nold = s.inner.old\n", {"s"}),
        ('import shop\nload(shop, "inner.old")\n', {"shop"}),
        ("import shop.inner.old\n", {"shop"}),
        ("from shop import inner\n", {"inner"}),
        # Not its last part, as far as bytes tell: one name is spelled in several ways there.
        ("import shop\nshop.inner.\N{MATHEMATICAL BOLD SMALL O}ld.Box()\n", {"shop"}),
        # Through the package that it brings, this reaches no home.
        ("import shop\nshop.other.Box()\n", set()),
    ],
)
def test_a_name_stands_for_a_package_that_leads_to_a_home(source: str, names: set[str]) -> None:
    assert NAMES.of(source.encode()) == names
