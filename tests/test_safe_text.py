"""Passwords in addresses are not shown, and nothing else is touched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compatkit.safe_text import without_password
from compatkit.training.ending import failure_of
from compatkit.training.errors import TrackingError

_names = st.from_regex(r"[a-z0-9._-]{1,12}", fullmatch=True)
_secrets = st.from_regex(r"[A-Z!$&'()*+,;=:@%]{1,20}", fullmatch=True)
ADDRESS = "https://me:secret@host:5000/path"


@pytest.mark.parametrize(
    "text",
    [
        "sqlite:///mlflow.db",
        "http://host:5000/a@b",
        "https://token@host/",
        "file:///tmp/a:b@c",
        "postgresql://host:5432/db?user=me@home",
        "at 10:30 ask me@home",
    ],
)
def test_text_without_a_password_is_kept(text: str) -> None:
    assert without_password(text) == text


@given(_names, _secrets, _names)
def test_no_password_is_left(user: str, secret: str, host: str) -> None:
    text = (
        f"API request to http://{user}:{secret}@{host}:5000/api failed, as did postgresql://{user}:{secret}@{host}/db"
    )

    shown = without_password(text)

    assert secret + "@" not in shown.replace("***@", "")
    assert shown.count(f"://{user}:***@{host}") == 2


@pytest.mark.parametrize(
    "error",
    [
        TrackingError(f"No tracking server answers: no route to {ADDRESS}", where=ADDRESS),
        TrackingError.no_run("1", ADDRESS, f"API request to {ADDRESS} failed"),
        TrackingError.refused("spool.jsonl", f"API request to {ADDRESS} failed"),
    ],
)
def test_tracking_errors_show_no_password(error: TrackingError) -> None:
    assert "secret" not in f"{error} {error.args}"
    assert "https://me:***@host:5000/path" in str(error)


def test_reason_of_a_failed_run_shows_no_password() -> None:
    assert failure_of(OSError(f"no route to {ADDRESS}")) == "OSError: no route to https://me:***@host:5000/path"
