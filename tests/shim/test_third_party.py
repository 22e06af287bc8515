"""torch and PyYAML take records as they take dicts, while the shim is installed and no longer."""

from __future__ import annotations

import io
import pickle
import subprocess
import sys
import textwrap
import types
from pathlib import Path

import pytest

from compatkit.migration import Migration, find_migration
from compatkit.record import EpochRecord
from compatkit.shim import install, shimmed, uninstall
from tests.shim.conftest import WriteProject

torch = pytest.importorskip("torch")
yaml = pytest.importorskip("yaml")

VALUES = {"epoch": 1, "train_acc": 0.5}


def saved(value: object) -> io.BytesIO:
    file = io.BytesIO()
    torch.save({"weights": torch.ones(2), "history": value}, file)
    file.seek(0)
    return file


def test_the_default_torch_load_takes_a_checkpoint_with_records() -> None:
    with shimmed():
        (record,) = torch.load(saved([EpochRecord(VALUES)]))["history"]

    assert type(record) is EpochRecord
    assert record == EpochRecord(VALUES)


OWN = """
    import torch
    from compatkit.migration import find_migration
    from compatkit.shim import install
    install([find_migration({toml!r})])
    {more}
    """
OWN_FILES = {
    "shop/__init__.py": "",
    "shop/metrics.py": """
        from dataclasses import dataclass

        @dataclass
        class Metrics:
            epoch: int
            train_accuracy: float

        @dataclass(frozen=True, slots=True, order=True)
        class Slotted:
            epoch: int
            train_accuracy: float
        """,
    "shop/trainers.py": """
        from shop.metrics import {name}

        def train():
            return [{name}(1, 0.5), {name}(2, 0.25)]
        """,
    "migration.toml": """
        schema = 1
        id = "shop-v2"
        summary = "The shop moves."
        versions = { v1 = "1", v2 = "2" }
        record = "shop.metrics.{name}"
        [[fields]]
        code = "SH201"
        v1 = "train_acc"
        v2 = "train_accuracy"
        [[producers]]
        code = "SH251"
        function = "shop.trainers.train"
        """,
}


@pytest.mark.slow("imports torch anew")
@pytest.mark.parametrize("name", ["Metrics", "Slotted"])
def test_the_default_torch_load_takes_records_of_the_users_own_class_also_before_it_is_imported(
    name: str, write_project: WriteProject, warm_python: str
) -> None:
    folder = write_project({file: text.replace("{name}", name) for file, text in OWN_FILES.items()})
    toml = folder / "migration.toml"
    saves = "from shop.trainers import train; torch.save({'history': train()}, 'x.pt')"
    loads = (
        "import sys; assert 'shop' not in sys.modules; from torch import load; h = load('x.pt')['history']; "
        f"from shop.metrics import {name}; print(h[0]['train_acc'], h[1].train_accuracy, isinstance(h[0], {name}))"
    )

    done = [
        subprocess.run(
            [python, "-c", textwrap.dedent(OWN).format(toml=str(toml), more=more)],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        for python, more in ((warm_python, saves), (sys.executable, loads))
    ]

    assert done[1].stdout == "0.5 0.25 True\n", [process.stderr for process in done]


def test_without_the_shim_torch_refuses_it_and_after_uninstall_too() -> None:
    with shimmed():
        pass

    with pytest.raises(pickle.UnpicklingError, match="weights_only"):
        torch.load(saved([EpochRecord(VALUES)]))


class Own:
    """A class that the user allows."""


def test_what_the_user_allowed_in_torch_stays_allowed() -> None:
    before = torch.serialization.get_safe_globals()
    try:
        torch.serialization.add_safe_globals([Own])
        install()
        uninstall()

        assert Own in torch.serialization.get_safe_globals()
        assert set(torch.serialization.get_safe_globals()) == {*before, Own}
    finally:
        torch.serialization.clear_safe_globals()
        torch.serialization.add_safe_globals(before)


def test_records_that_the_user_allowed_stay_allowed_after_uninstall() -> None:
    before = torch.serialization.get_safe_globals()
    try:
        torch.serialization.add_safe_globals([EpochRecord])
        with shimmed():
            pass

        assert EpochRecord in torch.serialization.get_safe_globals()
    finally:
        torch.serialization.clear_safe_globals()
        torch.serialization.add_safe_globals(before)


def test_a_torch_that_knows_no_safe_globals_can_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch.serialization", types.ModuleType("torch.serialization"))

    with shimmed():
        pass


DUMPERS = ["SafeDumper", "Dumper", *(["CSafeDumper"] if yaml.__with_libyaml__ else [])]


@pytest.mark.parametrize("dumper", DUMPERS)
def test_a_record_is_dumped_as_the_mapping_that_it_is(dumper: str) -> None:
    with shimmed():
        text = yaml.dump([EpochRecord(VALUES)], Dumper=getattr(yaml, dumper))

    assert yaml.safe_load(text) == [dict(EpochRecord(VALUES))]
    assert "!" not in text


def test_safe_dump_writes_a_record_in_any_depth() -> None:
    with shimmed():
        text = yaml.safe_dump({"runs": [{"history": [EpochRecord(VALUES)]}]})

    assert yaml.safe_load(text) == {"runs": [{"history": [dict(EpochRecord(VALUES))]}]}


def test_after_uninstall_yaml_represents_nothing_new() -> None:
    classes = (yaml.representer.SafeRepresenter, yaml.representer.Representer, yaml.SafeDumper, yaml.Dumper)
    before = [dict(kind.yaml_multi_representers) for kind in classes]
    with shimmed():
        pass

    assert [dict(kind.yaml_multi_representers) for kind in classes] == before
    with pytest.raises(yaml.representer.RepresenterError):
        yaml.safe_dump(EpochRecord(VALUES))


def test_a_dumper_of_the_users_own_takes_records_and_gives_them_up_again() -> None:
    """A class that registers something copies what it inherits, before or after the shim comes."""

    class Early(yaml.SafeDumper):  # type: ignore[misc]
        """Made before."""

    class Late(yaml.SafeDumper):  # type: ignore[misc]
        """Made while the shim is there."""

    Early.add_multi_representer(Own, lambda dumper, _: dumper.represent_str("own"))
    with shimmed():
        Late.add_multi_representer(Own, lambda dumper, _: dumper.represent_str("own"))
        for dumper in (Early, Late):
            assert yaml.safe_load(yaml.dump(EpochRecord(VALUES), Dumper=dumper)) == dict(EpochRecord(VALUES))

    for dumper in (Early, Late):
        with pytest.raises(yaml.representer.RepresenterError):
            yaml.dump(EpochRecord(VALUES), Dumper=dumper)


def test_a_representer_that_the_user_registers_meanwhile_stays() -> None:
    with shimmed():
        yaml.add_multi_representer(Own, lambda dumper, _: dumper.represent_str("own"), yaml.SafeDumper)

    try:
        assert yaml.safe_load(yaml.safe_dump(Own())) == "own"
    finally:
        del yaml.SafeDumper.yaml_multi_representers[Own]


def test_a_record_class_of_the_users_own_is_dumped_too(migration: Migration) -> None:
    class Mine(EpochRecord):
        """A record with methods of its own."""

    with shimmed([find_migration()]):
        assert yaml.safe_load(yaml.safe_dump(Mine(VALUES))) == dict(EpochRecord(VALUES))


LATER = """
import io, sys
import compatkit
assert not {"torch", "yaml"} & set(sys.modules)
compatkit.install()
import torch, yaml
from compatkit.record import EpochRecord

record = EpochRecord({"epoch": 1, "train_acc": 0.5})
file = io.BytesIO()
torch.save([record], file)
assert torch.load(io.BytesIO(file.getvalue())) == [record]
assert yaml.safe_load(yaml.safe_dump(record)) == dict(record)
compatkit.uninstall()
for use in (lambda: torch.load(io.BytesIO(file.getvalue())), lambda: yaml.safe_dump(record)):
    try:
        use()
    except Exception as error:
        print(type(error).__name__)
assert not {EpochRecord} & set(torch.serialization.get_safe_globals())
print("as it was")
"""


@pytest.mark.slow("imports torch anew")
def test_libraries_that_are_imported_later_are_told_then_and_all_is_undone(tmp_path: Path) -> None:
    (tmp_path / "later.py").write_text(textwrap.dedent(LATER))
    done = subprocess.run([sys.executable, "later.py"], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.stderr == ""
    assert done.stdout.split("\n")[:3] == ["UnpicklingError", "RepresenterError", "as it was"]
