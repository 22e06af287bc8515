"""A release may be a folder, a package, a wheel or a source distribution; none of its code runs."""

from __future__ import annotations

import tarfile
import zipfile
from pathlib import Path
from textwrap import dedent

import pytest

from compatkit.authoring import AuthoringError
from compatkit.authoring.releases import locate_release, version_of
from tests.shop.moves import plant

RAISE = "raise RuntimeError('this was run')\n"


def test_a_folder_with_one_package(tmp_path: Path) -> None:
    plant(tmp_path / "checkout", {"shop/__init__.py": RAISE, "tests/__init__.py": "", "setup.py": RAISE})

    assert locate_release(str(tmp_path / "checkout"), tmp_path, None) == ("shop", tmp_path / "checkout")


def test_the_package_itself(tmp_path: Path) -> None:
    plant(tmp_path, {"shop/__init__.py": "", "shop/inner/__init__.py": ""})

    assert locate_release(str(tmp_path / "shop"), tmp_path, None) == ("shop", tmp_path)
    assert locate_release(str(tmp_path / "shop"), tmp_path, "shop") == ("shop", tmp_path)


def test_a_checkout_that_keeps_its_package_in_src(tmp_path: Path) -> None:
    plant(tmp_path / "checkout", {"src/shop/__init__.py": ""})

    assert locate_release(str(tmp_path / "checkout"), tmp_path, "shop") == ("shop", tmp_path / "checkout" / "src")


def test_a_wheel_is_unpacked_once(tmp_path: Path) -> None:
    wheel = tmp_path / "shop-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as zipped:
        zipped.writestr("shop/__init__.py", RAISE)
        zipped.writestr("shop-1.0.dist-info/METADATA", "")

    name, folder = locate_release(str(wheel), tmp_path / "cache", None)

    assert (name, (folder / "shop" / "__init__.py").read_text()) == ("shop", RAISE)
    (folder / "kept").touch()
    assert (locate_release(str(wheel), tmp_path / "cache", None)[1] / "kept").exists()


def test_a_source_distribution_is_unpacked_and_its_setup_is_not_run(tmp_path: Path) -> None:
    plant(tmp_path / "shop-1.0", {"shop/__init__.py": "", "PKG-INFO": "", "setup.py": RAISE})
    archive = tmp_path / "shop-1.0.tar.gz"
    with tarfile.open(archive, "w:gz") as tarred:
        tarred.add(tmp_path / "shop-1.0", "shop-1.0")

    name, folder = locate_release(str(archive), tmp_path / "cache", None)

    assert (name, folder.name) == ("shop", "shop-1.0")


def test_an_archive_that_would_write_outside_is_refused(tmp_path: Path) -> None:
    archive = tmp_path / "shop-1.0.tar.gz"
    (tmp_path / "evil.py").write_text("")
    with tarfile.open(archive, "w:gz") as tarred:
        tarred.add(tmp_path / "evil.py", "../../evil.py")

    with pytest.raises(AuthoringError, match="it is not an archive"):
        locate_release(str(archive), tmp_path / "cache" / "deep", None)


@pytest.mark.parametrize(
    ("files", "package", "part"),
    [
        ({"a/__init__.py": "", "b/__init__.py": ""}, None, "several packages: a, b"),
        ({"a/__init__.py": ""}, "b", "several packages: a"),
        ({"README.md": ""}, None, "no Python package"),
    ],
)
def test_which_package_is_meant_is_asked(tmp_path: Path, files: dict[str, str], package: str | None, part: str) -> None:
    plant(tmp_path / "checkout", files)

    with pytest.raises(AuthoringError, match=part) as caught:
        locate_release(str(tmp_path / "checkout"), tmp_path, package)
    assert "--package" in caught.value.hint


@pytest.mark.parametrize("text", ["shop", "shop>=1", "shop==", "--index-url=x==1", "shop==1 other"])
def test_what_is_neither_a_path_nor_a_release_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(AuthoringError, match="neither a release nor a path"):
        locate_release(text, tmp_path, None)


def test_without_a_network_the_error_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)

    with pytest.raises(AuthoringError, match=r"shop==9\.9 cannot be downloaded: ERROR: ") as caught:
        locate_release("shop==9.9", tmp_path, None)
    assert "give the path of an unpacked release" in caught.value.hint


def test_what_was_downloaded_once_is_taken_from_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    plant(tmp_path / "shop==9.9" / "unpacked", {"shop/__init__.py": ""})

    assert locate_release("shop==9.9", tmp_path, None)[0] == "shop"


def test_a_release_is_called_by_its_version() -> None:
    assert version_of("shop==1.0rc1") == "1.0rc1"
    assert version_of("a/checkout") == "checkout"
    assert version_of("a/shop-1.2.0-py3-none-any.whl") == "1.2.0"
    assert version_of("a/shop-2.0rc1.tar.gz") == "2.0rc1"


def test_a_checkout_is_called_by_the_version_that_it_declares(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "pyproject.toml").write_text(
        dedent(
            """\
            [project]
            name = "shop"
            version = "1.5"
            [tool.x]
            version = "9"
            """
        )
    )

    assert version_of(str(tmp_path)) == "1.5"
    assert version_of(str(tmp_path / "shop")) == "1.5"


def test_a_version_of_something_else_is_none(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        dedent(
            """\
            [project]
            name = "shop"
            [tool.x]
            version = "9"
            """
        )
    )

    assert version_of(str(tmp_path)) == tmp_path.name


def test_an_unpacked_wheel_is_called_by_its_metadata_if_that_is_the_only_one(tmp_path: Path) -> None:
    plant(tmp_path, {"shop/__init__.py": "", "shop-1.7.dist-info/METADATA": "Name: shop\nVersion: 1.7\n"})
    assert version_of(str(tmp_path)) == version_of(str(tmp_path / "shop")) == "1.7"

    plant(tmp_path, {"till-3.0.dist-info/METADATA": "Name: till\nVersion: 3.0\n"})
    assert version_of(str(tmp_path)) == tmp_path.name
