"""The shim is loaded when a watched name is imported for the first time, and not before."""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

import pytest

from compatkit.migration import Migration, find_migration
from compatkit.shim import MovedNameWarning, install, is_installed, uninstall
from compatkit.shim.install import DEFAULT_WATCHED, wait_for
from compatkit.shim.installed import Shim
from tests.shim.conftest import WriteProject

FILES = {"shop/__init__.py": "", "shop/new.py": "class Gadget: pass\n", "gone.py": ""}


@pytest.fixture
def calls(write_project: WriteProject, migration: Migration) -> list[str]:
    """Wait for `shop`; what is returned has a line for each time that the shim was installed."""
    write_project(FILES)
    made: list[str] = []

    def then() -> None:
        made.append("installed")
        install([migration])

    wait_for({"shop"}, then)
    return made


def test_the_names_that_the_default_waits_for_are_those_of_its_migration() -> None:
    assert Shim((find_migration(),)).watched == DEFAULT_WATCHED


def test_other_imports_install_nothing(calls: list[str]) -> None:
    importlib.import_module("gone")

    assert calls == []
    assert is_installed()


def test_the_first_import_of_a_watched_package_installs_it_once(calls: list[str]) -> None:
    with pytest.warns(MovedNameWarning):
        assert importlib.import_module("shop.old").Widget.__name__ == "Gadget"
    importlib.import_module("shop.new")

    assert calls == ["installed"]


def test_a_package_that_was_imported_already_is_not_waited_for(calls: list[str]) -> None:
    uninstall()
    importlib.import_module("shop")
    wait_for({"shop"}, lambda: calls.append("now"))

    assert calls == ["now"]


def test_a_finder_that_is_put_in_front_meanwhile_is_no_way_around(calls: list[str]) -> None:
    class Front:
        @staticmethod
        def find_spec(
            name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
        ) -> ModuleSpec | None:
            return PathFinder.find_spec(name, path, target) if name.startswith("shop") else None

    sys.meta_path.insert(0, Front)
    try:
        importlib.import_module("shop")
    finally:
        sys.meta_path.remove(Front)

    assert calls == ["installed"]


def test_uninstall_while_it_waits_leaves_nothing(calls: list[str]) -> None:
    uninstall()
    importlib.import_module("shop")

    assert calls == []
    assert not is_installed()


def test_many_threads_at_once_install_it_once(calls: list[str]) -> None:
    together = threading.Barrier(8)

    def load() -> None:
        together.wait()
        importlib.import_module("shop.new")

    threads = [threading.Thread(target=load) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert calls == ["installed"]
    assert not any(thread.is_alive() for thread in threads)
