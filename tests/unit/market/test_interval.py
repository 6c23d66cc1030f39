"""Intervals: spellings, order, and which is made from which."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsm_session.errors import ConfigError, IntervalError
from fsm_session.market.interval import Interval, choose_base, needed_base
from tests.unit.market.strategies import every_interval, intervals

WEEK, MONTH = 7 * 86_400, 31 * 86_400
SECONDS = {
    "1s": 1,
    "5s": 5,
    "1m": 60,
    "5m": 300,
    "1h": 3600,
    "90m": 5400,
    "1d": 86_400,
    "1w": WEEK,
    "1mo": MONTH,
}


class TestSpelling:
    """Intervals are written as traders do (`1m`, `5m`, `1h`, `1d`); `1min`, `1Min` and the like
    are understood, and turned into what pandas takes in one place."""

    @pytest.mark.parametrize(("text", "seconds"), SECONDS.items())
    def test_as_traders_do(self, text: str, seconds: int) -> None:
        assert Interval.parse(text) == Interval(seconds)
        assert Interval(seconds).label == str(Interval(seconds)) == text
        assert Interval(seconds).ns == seconds * 10**9

    @pytest.mark.parametrize(
        ("text", "label"),
        [
            ("1min", "1m"),
            ("1Min", "1m"),
            ("1MIN", "1m"),
            ("60m", "1h"),
            ("60s", "1m"),
            ("1sec", "1s"),
            ("1hour", "1h"),
            ("1day", "1d"),
            ("1H", "1h"),
            ("1D", "1d"),
            ("1S", "1s"),
            *((f"1{unit}", "1w") for unit in ("w", "wk", "wks", "week", "weeks", "W", "Week")),
            *((f"1{unit}", "1mo") for unit in ("mo", "mon", "month", "months", "MO", "Mon")),
        ],
    )
    def test_and_the_like(self, text: str, label: str) -> None:
        assert Interval.parse(text).label == label

    @given(every_interval)
    def test_the_label_reads_back(self, interval: Interval) -> None:
        assert Interval.parse(interval.label) == interval

    @given(intervals)
    def test_pandas_takes_it(self, interval: Interval) -> None:
        start = pd.Timestamp("2024-07-03")
        second = pd.date_range(start, periods=2, freq=interval.pandas)[1]
        assert (second - start) == pd.Timedelta(seconds=interval.seconds)

    def test_pandas_begins_and_ends_weeks_and_months_where_they_do(self) -> None:
        week = pd.Period("2024-07-03", Interval.parse("1w").pandas)
        assert (week.start_time.day_name(), week.end_time.day_name()) == ("Monday", "Sunday")
        months = pd.date_range("2024-01-01", "2024-12-31", freq=Interval.parse("1mo").pandas)
        assert [(each.month, each.day) for each in months] == [(m, 1) for m in range(1, 13)]

    @pytest.mark.parametrize(
        ("text", "hint"),
        [
            ("1M", "write 1m for minutes, 1mo for a month"),
            ("5M", "write 5m for minutes, 1mo for a month"),
            ("24h", "1d"),
            ("168h", "1d"),
            ("1440m", "1d"),
            ("2d", "only 1d"),
            ("0m", "longer than nothing"),
            ("7d", "only 1d"),
            ("2w", "of weeks only 1w"),
            ("3months", "of months only 1mo"),
            ("0w", "longer than nothing"),
            ("5T", "s, m, h or d"),
            ("1y", "1w, 1mo"),
            ("m", "whole number"),
            ("1.5h", "whole number"),
            ("-5m", "whole number"),
            ("5 m", "whole number"),
            ("\u0665m", "whole number"),
            ("", "whole number"),
            ("5", "whole number"),
        ],
    )
    def test_what_is_wrong_is_refused_with_what_would_be_right(self, text: str, hint: str) -> None:
        with pytest.raises(IntervalError, match=hint) as error:
            Interval.parse(text)
        assert repr(text) in str(error.value)
        assert isinstance(error.value, ConfigError)

    @given(st.text(max_size=6))
    def test_any_other_text_is_an_interval_error(self, text: str) -> None:
        try:
            interval = Interval.parse(text)
        except IntervalError:
            return
        assert 1 <= interval.seconds <= 86_400 or interval.seconds in (WEEK, MONTH)

    @pytest.mark.parametrize(
        "seconds", [0, -1, 86_401, 172_800, WEEK - 1, 30 * 86_400, 2 * MONTH, True, 60.0, "60"]
    )
    def test_no_other_length_beyond_a_day_or_not_whole(self, seconds: int) -> None:
        with pytest.raises(IntervalError):
            Interval(seconds)


class TestKinds:
    """An interval is within a day, a session (1d), or spans sessions (1w, 1mo)."""

    @given(every_interval)
    def test_each_is_one_of_three(self, one: Interval) -> None:
        kinds = (one.within_a_day, one.is_daily, one.spans_sessions)
        shorter, longer = one.seconds < 86_400, one.seconds > 86_400
        assert kinds == (shorter, one.seconds == 86_400, longer)


#: each with all that it can be made from
MADE_FROM = {
    "1s": "",
    "5s": "1s",
    "1m": "1s 5s",
    "5m": "1s 5s 1m",
    "1h": "1s 5s 1m 5m",
    "90m": "1s 5s 1m 5m",
    "1d": "1s 5s 1m 5m 1h 90m",
    "1w": "1s 5s 1m 5m 1h 90m 1d",
    "1mo": "1s 5s 1m 5m 1h 90m 1d",
}


class TestOrder:
    """`interval.py`: 1s .. 1d: parse, compare, which derives from which."""

    @pytest.mark.parametrize("text", MADE_FROM)
    def test_the_table(self, text: str) -> None:
        made = [
            base for base in MADE_FROM if Interval.parse(text).derives_from(Interval.parse(base))
        ]
        assert made == MADE_FROM[text].split()

    @given(st.lists(every_interval))
    def test_sorted_by_length(self, some: list[Interval]) -> None:
        assert [i.seconds for i in sorted(some)] == sorted(i.seconds for i in some)

    @given(every_interval, every_interval, every_interval)
    def test_deriving_is_a_strict_order(self, a: Interval, b: Interval, c: Interval) -> None:
        assert not a.derives_from(a)
        assert not (a.derives_from(b) and b.derives_from(a))
        if a.derives_from(b) and b.derives_from(c):
            assert a.derives_from(c)

    @given(intervals, st.integers(2, 100))
    def test_a_multiple_derives_from_its_part(self, base: Interval, times: int) -> None:
        if base.seconds * times < 86_400:
            assert Interval(base.seconds * times).derives_from(base)

    @given(every_interval)
    def test_days_from_all_within_them_and_weeks_and_months_from_days(self, one: Interval) -> None:
        day, longer = Interval(86_400), (Interval(WEEK), Interval(MONTH))
        assert day.derives_from(one) is one.within_a_day
        assert one.derives_from(day) is one.spans_sessions
        for long in longer:
            assert long.derives_from(one) is (one not in longer)
            assert not one.derives_from(long)

    def test_by_hand(self) -> None:
        parse = Interval.parse
        assert parse("5m").derives_from(parse("1m"))
        assert parse("90m").derives_from(parse("30m"))
        assert not parse("90m").derives_from(parse("1h"))
        assert not parse("1m").derives_from(parse("5m"))
        assert not parse("30s").derives_from(parse("1m"))


class TestBase:
    """Validate stream requirements: base interval, derivable intervals."""

    @given(st.sets(every_interval, min_size=1, max_size=5))
    def test_the_needed_base_gives_each_and_none_larger_does(self, wanted: set[Interval]) -> None:
        base = needed_base(wanted)
        assert choose_base([base], wanted) == base
        larger = [each for each in (*wanted, Interval(86_400)) if each > base]
        assert choose_base(larger, wanted) is None

    @given(st.sets(every_interval, max_size=5), st.sets(every_interval, min_size=1, max_size=3))
    def test_the_chosen_is_the_largest_that_gives_each(
        self, present: set[Interval], wanted: set[Interval]
    ) -> None:
        bases = [each for each in present if each.seconds <= 86_400]
        fitting = [p for p in bases if all(w == p or w.derives_from(p) for w in wanted)]
        assert choose_base(present, wanted) == (max(fitting) if fitting else None)

    @pytest.mark.parametrize(
        ("present", "wanted", "chosen"),
        [
            ("1s 1m 5m", "5m 15m", "5m"),
            ("1m 5m", "1m 5m", "1m"),
            ("5m 1d", "1d", "1d"),
            ("5m 1d", "1d 15m", "5m"),
            ("1h", "90m", None),
            ("1m 1d 1w", "1w", "1d"),
            ("1w 1mo", "1w", None),
            ("1w 1d", "1mo", "1d"),
            ("1m 1d", "1mo 5m", "1m"),
            ("1d 1mo", "1d 1w 1mo", "1d"),
            ("", "1m", None),
        ],
    )
    def test_by_hand(self, present: str, wanted: str, chosen: str | None) -> None:
        base = choose_base(
            map(Interval.parse, present.split()), map(Interval.parse, wanted.split())
        )
        assert (base and base.label) == chosen

    def test_needed_by_hand(self) -> None:
        parse = Interval.parse
        assert needed_base([parse("90m"), parse("1h"), parse("1d")]).label == "30m"
        assert needed_base([parse("1d")]).label == "1d"
        assert needed_base([parse("1w"), parse("1mo")]).label == "1d"
        assert needed_base([parse("1mo"), parse("15m"), parse("10m")]).label == "5m"
        with pytest.raises(IntervalError):
            needed_base([])
