"""The dotted name of a file, from the evidence on disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from compatkit.migrate import ModuleName, module_name
from tests.shop.moves import MOVE, plant

INITS = {"shop/__init__.py": "", "shop/core/__init__.py": ""}


def name_of(root: Path, file: str, *, below: str = "") -> ModuleName:
    return module_name(root / file, root / below, [MOVE])


def test_package_is_named_from_its_outermost_init(tmp_path: Path) -> None:
    plant(tmp_path, {f"deep/er/{name}": "" for name in INITS})

    assert name_of(tmp_path, "deep/er/shop/core/x.py") == ModuleName("shop.core.x", is_package=False)


@pytest.mark.parametrize("suffix", ["py", "pyi"])
def test_init_is_its_package(tmp_path: Path, suffix: str) -> None:
    plant(tmp_path, {**INITS, f"shop/core/__init__.{suffix}": ""})

    assert name_of(tmp_path, f"shop/core/__init__.{suffix}") == ModuleName("shop.core", is_package=True)


def test_namespace_package_is_named_from_the_given_root(tmp_path: Path) -> None:
    assert name_of(tmp_path, "shop/core/x.py") == ModuleName("shop.core.x", is_package=False)


@pytest.mark.parametrize("home", ["old_home.py", "new_home.py", "old_home/__init__.py", "old_home.pyi"])
@pytest.mark.parametrize("below", ["", "services/a", "services/a/shop/core"])
def test_folder_that_holds_a_home_is_the_root(tmp_path: Path, home: str, below: str) -> None:
    plant(tmp_path, {f"services/a/shop/core/{home}": ""})

    assert name_of(tmp_path, "services/a/shop/api/x.py", below=below).name == "shop.api.x"


def test_package_inside_a_namespace_package_is_named_from_the_home(tmp_path: Path) -> None:
    plant(tmp_path, {"src/shop/core/__init__.py": "", "src/shop/core/old_home.py": ""})

    assert name_of(tmp_path, "src/shop/core/x.py").name == "shop.core.x"


def test_nearest_of_two_homes_counts(tmp_path: Path) -> None:
    plant(tmp_path, {"shop/core/old_home.py": "", "vendor/shop/core/old_home.py": ""})

    assert name_of(tmp_path, "vendor/shop/x.py").name == "shop.x"


def test_folder_that_is_no_identifier_gives_no_name(tmp_path: Path) -> None:
    assert name_of(tmp_path, "my-service/x.py") == ModuleName("", is_package=False)
