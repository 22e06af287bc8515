"""Every error crosses from one process to another as it is."""

from __future__ import annotations

import pickle

from compatkit.errors import CompatkitError
from compatkit.rewrite.outcome import RewriteError
from compatkit.training.errors import LostProcessError


def test_error_survives_pickling() -> None:
    for error in (
        CompatkitError("what", where="where", hint="hint"),
        LostProcessError("what", hint="hint"),
        RewriteError("what", hint="hint", code="CK901", line=3),
    ):
        again = pickle.loads(pickle.dumps(error))

        assert (type(again), str(again)) == (type(error), str(error))
