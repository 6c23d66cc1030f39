"""The edge of ticks and quotes: each rule a frame can break is named, and trades that were none."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsm_session.errors import DataError
from fsm_session.market.events import Events
from fsm_session.sources import CsvSource, ParquetSource, quotes_from_frame, ticks_from_frame
from tests.real_data import SHARED, needs_shared
from tests.unit.sources.event_markets import QUOTES, TICKS

DECODE = {"ticks": ticks_from_frame, "quotes": quotes_from_frame}
SOUND = {"ticks": dict(zip(TICKS, (10.0, 100.0), strict=True))}
SOUND["quotes"] = dict(zip(QUOTES, (9.0, 1.0, 11.0, 2.0), strict=True))
both = pytest.mark.parametrize("kind", ["ticks", "quotes"])


def sound(kind: str, rows: int = 5) -> pd.DataFrame:
    """Make events from 13:30 on, two each minute."""
    minutes = pd.to_timedelta(np.arange(rows) // 2, "min")
    index = pd.DatetimeIndex(pd.Timestamp("2024-07-03 13:30", tz="UTC") + minutes).as_unit("us")
    return pd.DataFrame(SOUND[kind], index=index)


def at(row: int) -> str:
    return f"2024-07-03T13:{30 + row // 2}:00+00:00"


def told(kind: str, frame: pd.DataFrame) -> list[tuple[str, str]]:
    with pytest.raises(DataError) as refused:
        DECODE[kind](frame, "AZO", "azo.csv")
    faults = refused.value.faults
    assert {(fault.symbol, fault.file) for fault in faults} == {("AZO", "azo.csv")}
    return [(fault.time, fault.message) for fault in faults]


class TestTaken:
    """Columns in lower or Title case; others dropped. Times as bars', but many may share one."""

    @both
    @pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
    @pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Tokyo"])
    def test_any_unit_and_zone(self, kind: str, unit: Any, zone: str) -> None:
        frame = sound(kind)
        frame.index = frame.index.tz_convert(zone).as_unit(unit)  # type: ignore[attr-defined]
        events = DECODE[kind](frame, "AZO")
        start = 1_720_013_400 * 10**9
        minute = 60 * 10**9
        assert events.time.tolist() == [start + row // 2 * minute for row in range(5)]

    @both
    @pytest.mark.parametrize("name", ["timestamp", "time", "date", "datetime", "Date"])
    def test_times_in_a_column(self, kind: str, name: str) -> None:
        frame = sound(kind).rename_axis(name).reset_index()
        assert DECODE[kind](frame, "AZO").same(DECODE[kind](sound(kind), "AZO"))

    @both
    def test_title_case_and_other_columns_in_any_order(self, kind: str) -> None:
        frame = sound(kind).rename(columns=str.title).assign(Exchange="P", volume=np.nan)
        events = DECODE[kind](frame[sorted(map(str, frame))], "AZO")
        assert events.same(DECODE[kind](sound(kind), "AZO"))

    @both
    @pytest.mark.parametrize("number", ["float32", "int64", "int16", "Int64", "Float64"])
    def test_any_kind_of_number(self, kind: str, number: Any) -> None:
        plain = DECODE[kind](sound(kind), "AZO")
        assert DECODE[kind](sound(kind).astype(number), "AZO").same(plain)

    @both
    def test_no_rows(self, kind: str) -> None:
        names = ["timestamp", *SOUND[kind], "correction", "suspicious"]
        texts = pd.DataFrame({name: [] for name in names}, dtype=object)
        assert len(DECODE[kind](texts, "AZO")) == len(DECODE[kind](sound(kind, 0), "AZO")) == 0

    @both
    def test_nothing_is_shared_and_nothing_changed(self, kind: str) -> None:
        frame = sound(kind)
        events = DECODE[kind](frame, "AZO")
        pd.testing.assert_frame_equal(frame, sound(kind))
        frame.iloc[:, :] = 77.0
        assert events.column(events.FIELDS[0]).tolist() == [SOUND[kind][events.FIELDS[0]]] * 5

    def test_quotes_of_one_side_of_none_and_crossed(self) -> None:
        frame = sound("quotes")
        frame.iloc[0, :2] = frame.iloc[1, 2:] = frame.iloc[2, :] = 0
        frame.iloc[3, 0] = 12.0
        quotes = quotes_from_frame(frame, "AZO")
        for name in QUOTES:
            assert quotes.column(name).tolist() == frame[name].tolist()

    def test_a_trade_of_size_0(self) -> None:
        assert ticks_from_frame(sound("ticks").assign(size=0), "AZO").size.tolist() == [0.0] * 5


class TestWrongTrades:
    """Those whose ``correction`` is anything but 0, and those that are ``suspicious``, are left
    out, whatever their price and size."""

    @given(
        st.lists(
            st.tuples(st.integers(-1, 12), st.booleans(), st.sampled_from([10.0, -1.0, np.nan])),
            max_size=8,
        )
    )
    def test_what_is_left_is_what_nobody_marks(self, rows: list[tuple[int, bool, float]]) -> None:
        # the price that breaks a rule is that of a wrong trade
        rows = [(c, s, price if c or s else 10.0) for c, s, price in rows]
        frame = sound("ticks", len(rows)).assign(size=np.arange(len(rows)))
        frame["Correction"] = [c for c, _, _ in rows]
        frame["suspicious"] = np.array([s for _, s, _ in rows], bool)
        frame["price"] = np.array([price for _, _, price in rows], float)
        ticks = ticks_from_frame(frame, "AZO")
        assert ticks.size.tolist() == [n for n, (c, s, _) in enumerate(rows) if not c and not s]

    @pytest.mark.parametrize("dtype", ["int8", "float64", "Int64"])
    def test_corrections_of_any_kind_of_number(self, dtype: Any) -> None:
        frame = sound("ticks").assign(correction=[0, 1, 0, 10, 0], size=range(5))
        frame = frame.astype({"correction": dtype})
        assert ticks_from_frame(frame, "AZO").size.tolist() == [0, 2, 4]

    @pytest.mark.parametrize("dtype", ["bool", "boolean", "object"])
    def test_flags_of_any_kind(self, dtype: Any) -> None:
        frame = sound("ticks").assign(Suspicious=[True, False, False, True, True], size=range(5))
        frame = frame.astype({"Suspicious": dtype})
        assert ticks_from_frame(frame, "AZO").size.tolist() == [1, 2]

    @pytest.mark.parametrize("value", [np.nan, 0.5, np.inf])
    def test_no_correction(self, value: float) -> None:
        frame = sound("ticks").assign(correction=[0, 1, value, value, 0])
        message = "correction is missing or no whole number (and of 1 more)"
        assert told("ticks", frame) == [(at(2), message)]

    def test_a_text_is_no_correction(self) -> None:
        frame = sound("ticks").assign(correction=["00", "00", "x", "", "01"])
        ((time, message),) = told("ticks", frame)
        assert (time, message[:17]) == (at(2), "correction holds ")
        assert message.endswith("not numbers, such as 'x'")

    @pytest.mark.parametrize("flags", [[True, 1, None, False, "x"], [1, 0, 0, 1, 1], list("TFTFT")])
    def test_no_flag(self, flags: list[object]) -> None:
        odd = [row for row, flag in enumerate(flags) if flag is not True and flag is not False]
        message = f"suspicious is neither true nor false (and of {len(odd) - 1} more)"
        frame = sound("ticks").assign(suspicious=pd.Series(flags).array)
        assert told("ticks", frame) == [(at(odd[0]), message)]
        # what isn't marked as wrong is held to the rules
        frame["price"] = [-1.0 if row in odd else 10.0 for row in range(5)]
        price = f"price is not above 0 (and of {len(odd) - 1} more)"
        assert told("ticks", frame)[1:] == [(at(odd[0]), price)]

    def test_rows_are_counted_as_they_were_given(self) -> None:
        frame = sound("ticks").assign(correction=[1, 0, 0, 0, 0])
        frame.index = pd.DatetimeIndex([*frame.index[:3], pd.NaT, frame.index[4]])
        frame.iloc[3, 0] = np.nan
        assert told("ticks", frame) == [
            ("row 3", "time is missing or unreadable"),
            ("row 3", "price is missing or infinite"),
        ]


class TestRefused:
    """Every broken rule is a fault with symbol, file, time of the first and how many more."""

    @both
    @pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
    def test_missing_or_infinite(self, kind: str, value: float) -> None:
        for name in SOUND[kind]:
            frame = sound(kind)
            frame.loc[frame.index[2], name] = value
            found = told(kind, frame)
            assert (at(2), f"{name} is missing or infinite (and of 1 more)") in found

    @both
    def test_below_0(self, kind: str) -> None:
        for name in SOUND[kind]:
            frame = sound(kind)
            frame.iloc[4, frame.columns.get_loc(name)] = -0.01  # type: ignore[index]
            wanted = "is not above 0" if name == "price" else "is below 0"
            assert told(kind, frame) == [(at(4), f"{name} {wanted}")]

    def test_a_trade_at_0(self) -> None:
        found = told("ticks", sound("ticks").assign(price=0))
        assert found == [(at(0), "price is not above 0 (and of 4 more)")]

    @both
    def test_columns_missing_and_double(self, kind: str) -> None:
        first, second = list(SOUND[kind])[:2]
        frame = sound(kind).drop(columns=first).assign(**{second.title(): 1.0})
        double, (_, missing) = told(kind, frame)
        assert double == ("", f"there are two columns {second!r}")
        assert missing.startswith(f"column {first} missing; there are: {second}, ")

    @both
    def test_text_among_numbers(self, kind: str) -> None:
        frame = sound(kind).astype(object)
        frame.iloc[3, 1] = "n/a"
        assert (at(3), f"{frame.columns[1]} holds object, not numbers, such as 'n/a'") in told(
            kind, frame
        )

    @both
    def test_times_that_go_back(self, kind: str) -> None:
        frame = sound(kind).iloc[[0, 1, 4, 2, 3, 0]]
        assert told(kind, frame) == [(at(2), "time is out of order (and of 1 more)")]

    @both
    def test_no_zone_and_no_times(self, kind: str) -> None:
        assert told(kind, sound(kind).tz_localize(None))[0][1].startswith("times have no time zone")
        ((_, message),) = told(kind, sound(kind).reset_index(drop=True))
        assert message.startswith("no times: expected a DatetimeIndex or a column timestamp")

    def test_all_at_once(self) -> None:
        frame = sound("ticks").iloc[[0, 2, 1, 3, 4]].assign(correction=[0, 0, 0, np.nan, 0])
        frame.iloc[0, 0], frame.iloc[4, 1] = np.nan, -5
        frame["suspicious"] = pd.array([False, None, False, False, False], "boolean")
        assert told("ticks", frame) == [
            (at(1), "time is out of order"),
            (at(3), "correction is missing or no whole number"),
            (at(2), "suspicious is neither true nor false"),
            (at(0), "price is missing or infinite"),
            (at(4), "size is below 0"),
        ]

    bad = st.sampled_from([np.nan, np.inf, -np.inf, 0.0, -1.0, 8.0])
    changes = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3), bad), max_size=4)

    @both
    @given(changes=changes)
    def test_what_is_taken_is_what_breaks_no_rule(
        self, kind: str, changes: list[tuple[int, int, float]]
    ) -> None:
        """The rules said once more, an event at a time, in plain Python."""
        frame = sound(kind)
        for row, column, value in changes:
            frame.iloc[row, column % len(frame.columns)] = value
        broken = [row for row in range(5) if not right(kind, frame.iloc[row].tolist())]
        if not broken:
            assert len(DECODE[kind](frame, "AZO")) == 5
        else:
            assert min(time for time, _ in told(kind, frame)) == at(broken[0])


def right(kind: str, values: list[float]) -> bool:
    finite = all(math.isfinite(value) and value >= 0 for value in values)
    return finite and (kind == "quotes" or values[0] > 0)


class TestFiles:
    """All faults at once, each with the file it is in."""

    def test_csv(self, tmp_path: Path) -> None:
        rows = ["13:31:00Z,10,5,0,False", "13:30:00Z,,5,1,true", "13:32:00.5Z,x,-1,,False"]
        text = "time,price,size,correction,suspicious\n"
        text += "".join(f"2024-07-01T{row}\n" for row in rows)
        (tmp_path / "A.csv").write_text(text)
        source = CsvSource(ticks=tmp_path / "{symbol}.csv")
        with pytest.raises(DataError) as refused:
            source.ticks("A", 0, 1)
        faults = refused.value.faults
        assert {(fault.file, fault.symbol) for fault in faults} == {(str(tmp_path / "A.csv"), "A")}
        assert [(fault.time[11:19], fault.message.split()[0]) for fault in faults] == [
            ("13:30:00", "time"),
            ("13:32:00", "correction"),
            ("13:32:00", "price"),
            ("13:32:00", "size"),
        ]

    def test_no_parquet(self, tmp_path: Path) -> None:
        (tmp_path / "A.parquet").write_bytes(b"PAR1")
        source = ParquetSource(quotes=tmp_path / "{symbol}.parquet")
        assert source.events("A") == ("quotes",)
        with pytest.raises(DataError, match=r"A\.parquet: can't be read as Parquet"):
            source.quotes("A", 0, 1)

    @needs_shared
    def test_recorded(self) -> None:
        """data/README.md: "raw, uncleaned; every exchange's quotes, one-sided ones as zeros"."""
        folder = SHARED / "data" / "highfrequency"
        names = {"ticks": "XXX_ticks.parquet", "quotes": "XXX_quote_ticks.parquet"}
        patterns = {kind: folder / n.replace("XXX", "{symbol}") for kind, n in names.items()}
        source = ParquetSource(ticks=patterns["ticks"], quotes=patterns["quotes"])
        ticks, quotes = source.ticks("XXX", 0, 2**62), source.quotes("XXX", 0, 2**62)
        frames = {kind: pd.read_parquet(folder / name) for kind, name in names.items()}
        trades = frames["ticks"]
        pairs: list[tuple[Events, pd.DataFrame]] = [
            (ticks, trades[trades["correction"] == 0]),
            (quotes, frames["quotes"]),
        ]
        for events, wanted in pairs:
            stamps = wanted["timestamp"].dt.as_unit("ns").astype("int64")
            np.testing.assert_array_equal(events.time, stamps.to_numpy())
            for name in events.FIELDS:
                np.testing.assert_array_equal(events.column(name), wanted[name].to_numpy(float))
        assert (len(ticks), len(quotes)) == (77_261, 131_401)
