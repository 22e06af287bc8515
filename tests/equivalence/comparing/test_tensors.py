"""Numbers of arrays are judged by their value, whatever their bits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from compatkit.equivalence.comparing.tensors import agreeing
from compatkit.equivalence.tolerance import Tolerance

SIGNALLING = 0x7F800001


@pytest.mark.filterwarnings("error")
@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
@example(SIGNALLING, SIGNALLING + 1)
@example(SIGNALLING, 0)
def test_bits_of_any_kind_are_compared_without_a_warning(left: int, right: int) -> None:
    one, other = (np.array([bits], np.uint32).view(np.float32) for bits in (left, right))

    equal, agree = agreeing(one, other, Tolerance())

    values = float(one[0]), float(other[0])
    is_equal = values[0] == values[1] or (values[0] != values[0] and values[1] != values[1])
    assert [bool(equal[0]), bool(agree[0])] == [is_equal, is_equal]
