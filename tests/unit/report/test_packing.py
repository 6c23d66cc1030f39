"""What is packed can be unpacked, to within what a chart can show."""

from __future__ import annotations

import json

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fsm_session.report.packing import (
    PRICES,
    STEPS,
    deflate,
    inflate,
    pack,
    pack_prices,
    step_of,
    unpack,
    unpack_prices,
)

#: as exact as a whole number in JavaScript, or in a float, is
NEARLY = 1e-12

cents = st.lists(st.integers(-(10**7), 10**7).map(lambda n: n / 100), max_size=50)
any_floats = st.lists(
    st.floats(-1e300, 1e300) | st.sampled_from([np.nan, np.inf, -np.inf]), max_size=50
)


#: a busy machine is no fault
patient = settings(deadline=None, max_examples=50)


class TestColumns:
    """ "Values are rounded to a multiple of `step` at the coarsest, and not at all where fewer
    decimals say them whole. NaN and the infinite are null."
    """

    @patient
    @given(cents)
    def test_cents_are_kept(self, values: list[float]) -> None:
        np.testing.assert_allclose(unpack(pack(values)), values, rtol=NEARLY)

    @patient
    @given(any_floats)
    def test_anything_comes_back_to_within_the_step(self, values: list[float]) -> None:
        column = np.array(values)
        finite = np.isfinite(column)
        step = step_of(column)
        found = unpack(json.loads(json.dumps(pack(column, step))))
        np.testing.assert_array_equal(np.isnan(found), ~finite)
        largest = np.abs(column[finite]).max(initial=0.0)
        off = np.abs(found[finite] - column[finite])
        assert (off <= np.maximum(step, largest * NEARLY)).all() or largest < 1e-25

    @patient
    @given(st.lists(st.floats(1, 1000), min_size=2, max_size=50))
    def test_the_step_is_a_fraction_of_the_span(self, values: list[float]) -> None:
        span = max(values) - min(values)
        assert step_of(np.array(values)) <= max(span, min(values)) / STEPS

    @patient
    @given(any_floats)
    def test_javascript_reads_it(self, values: list[float]) -> None:
        for each in json.loads(json.dumps(pack(values)))["v"]:
            assert each is None or abs(each) <= 2**53


class TestPrices:
    """ "`open` is told from the close before, `close` from the open, `high` and `low` from the
    body."
    """

    @patient
    @given(st.lists(st.tuples(*[st.integers(1, 10**6)] * 4), max_size=50))
    def test_cents_are_kept(self, rows: list[tuple[int, ...]]) -> None:
        columns = {
            name: np.array([row[n] for row in rows], np.float64) / 100
            for n, name in enumerate(PRICES)
        }
        found = unpack_prices(json.loads(json.dumps(pack_prices(columns))))
        span = step_of(np.concatenate([*columns.values()]))
        for name in PRICES:
            np.testing.assert_allclose(found[name], columns[name], rtol=NEARLY, atol=span)


class TestText:
    """ "In base64: nothing that HTML could read." """

    @patient
    @given(st.recursive(st.text() | st.integers(-(2**53), 2**53), st.lists, max_leaves=10))
    def test_comes_back_and_has_no_sign_of_html(self, value: object) -> None:
        text = deflate(value)
        assert inflate(text) == value
        assert text.replace("+", "").replace("/", "").replace("=", "").isalnum()
