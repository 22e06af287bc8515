"""A library that a notebook takes from another one by `%run` is told; one that is bound here, or by nobody, is not."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent

import pytest

from compatkit.migrate import plan_tree
from compatkit.migration import parse_migration
from tests.shop import HEAD
from tests.shop.calls import SHOP, findings

RUN = dedent("""\
    # Databricks notebook source
    # MAGIC %run ./Common

    # COMMAND ----------
    """)
SAID = "shop comes from `%run ./Common`, which is not followed"
CALL = "shop.pay(1)\n"


@pytest.mark.parametrize(
    "source",
    [
        CALL,
        f"{RUN}import shop\n",
        f"{RUN}def buy(shop):\n    return {CALL}",
        f"{RUN}import market as shop\n{CALL}",
        f"{RUN}other.pay(1)\n",
        f"text = '# MAGIC %run ./Common'\n{CALL}",
    ],
)
def test_nothing_is_said_where_the_name_is_bound_here_or_nothing_is_run(source: str) -> None:
    assert not [finding for finding in findings(source) if "%run" in finding]


def test_the_first_use_of_what_another_notebook_brings_is_told_once() -> None:
    told = [finding for finding in findings(f"{RUN}def f():\n    return {CALL}\n{CALL}") if "%run" in finding]

    assert [finding[:8] for finding in told] == ["CK910 6 "]
    assert SAID in told[0]


def test_a_notebook_of_jupyter_is_told_too(tmp_path: Path) -> None:
    cells = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": [line]}
        for line in ("%run ./Common\n", CALL)
    ]
    (tmp_path / "a.ipynb").write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4}, indent=1))

    [result] = plan_tree([tmp_path], [parse_migration(HEAD + SHOP)]).results

    assert [SAID in finding.message for finding in result.outcome.findings] == [True]  # type: ignore[union-attr]
