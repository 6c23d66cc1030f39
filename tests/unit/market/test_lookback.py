"""Sessions for so many bars: against counting backwards, and by hand."""

from __future__ import annotations

import datetime as dt
from itertools import accumulate

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsm_session.errors import CalendarError
from fsm_session.market.calendar import MarketCalendar, TradingSession
from fsm_session.market.interval import Interval
from fsm_session.market.lookback import sessions_for_bars
from tests.unit.market.strategies import market, unhurried


def known(name: str, first: str, last: str) -> MarketCalendar:
    """Know the sessions between two dates and no more, whatever a calendar loads around them."""
    loaded = market(name, first, last)
    dates = dt.date.fromisoformat(first), dt.date.fromisoformat(last)
    return MarketCalendar(loaded.name, loaded.zone, "regular", loaded.between(*dates), *dates)


parse = Interval.parse
NEW_YORK = known("XNYS", "2024-05-01", "2024-12-31")
CALENDARS = (
    NEW_YORK,
    known("XHKG", "2024-01-01", "2024-03-31"),
    known("CMES", "2024-02-01", "2024-04-30"),
    known("24/7", "2024-02-01", "2024-04-30"),
)
calendars = st.sampled_from(CALENDARS)
LENGTHS = {"1m": 60, "7m": 420, "30m": 1800, "1h": 3600, "4h": 14_400}


def ask(date: str, interval: str, bars: int) -> int:
    session = NEW_YORK.session(dt.date.fromisoformat(date))
    return sessions_for_bars(NEW_YORK, session, parse(interval), bars)


def held(session: TradingSession, seconds: int) -> int:
    """Count slots from the open to the close, but for those within the lunch break."""
    step = pd.Timedelta(seconds=seconds)
    starts = pd.date_range(session.open, session.close, freq=step, inclusive="left")
    if session.break_start_ns is None or session.break_end_ns is None:
        return len(starts)
    pause = [pd.Timestamp(t, tz="UTC") for t in (session.break_start_ns, session.break_end_ns)]
    ends = (starts + step).where(starts + step < session.close, session.close)
    return len(starts) - int(((starts >= pause[0]) & (ends <= pause[1])).sum())


class TestBars:
    """How many sessions before `session` hold at least `bars` bars of `interval` when complete,
    by the calendar."""

    @unhurried
    @given(calendars, st.sampled_from(sorted(LENGTHS)), st.integers(1, 900), st.data())
    def test_counted_backwards(
        self, calendar: MarketCalendar, text: str, bars: int, data: st.DataObject
    ) -> None:
        place = data.draw(st.integers(0, len(calendar.sessions) - 1))
        newest_first = calendar.sessions[max(place - 40, 0) : place][::-1]
        sums = list(accumulate(held(each, LENGTHS[text]) for each in newest_first))
        enough = [number for number, total in enumerate(sums, 1) if total >= bars]
        session = calendar.sessions[place]
        if enough:
            assert sessions_for_bars(calendar, session, parse(text), bars) == enough[0]
        elif place <= 40:
            with pytest.raises(CalendarError, match=f"{bars} bars of {text}.*loaded from"):
                sessions_for_bars(calendar, session, parse(text), bars)

    @unhurried
    @given(calendars, st.integers(1, 200), st.data())
    def test_a_daily_bar_is_a_session(
        self, calendar: MarketCalendar, bars: int, data: st.DataObject
    ) -> None:
        place = data.draw(st.integers(0, len(calendar.sessions) - 1))
        if bars <= place:
            found = sessions_for_bars(calendar, calendar.sessions[place], parse("1d"), bars)
            assert found == bars
        else:
            with pytest.raises(CalendarError):
                sessions_for_bars(calendar, calendar.sessions[place], parse("1d"), bars)

    @pytest.mark.parametrize(
        ("date", "interval", "bars", "sessions"),
        [
            # 7 hours a day, the last of half an hour; 4 on the half-day of the third
            ("2024-07-03", "1h", 7, 1),
            ("2024-07-03", "1h", 8, 2),
            ("2024-07-05", "1h", 4, 1),
            ("2024-07-05", "1h", 5, 2),
            ("2024-07-08", "1h", 11, 2),
            ("2024-07-08", "1h", 12, 3),
            ("2024-07-08", "1m", 600, 2),
            ("2024-07-08", "1m", 601, 3),
        ],
    )
    def test_by_hand(self, date: str, interval: str, bars: int, sessions: int) -> None:
        assert ask(date, interval, bars) == sessions

    @pytest.mark.parametrize("interval", ["1m", "1d", "1w", "1mo"])
    @pytest.mark.parametrize("bars", [0, -1])
    def test_no_bars_take_no_session(self, interval: str, bars: int) -> None:
        assert ask("2024-05-01", interval, bars) == 0

    @pytest.mark.parametrize("interval", ["1m", "1d", "1w", "1mo"])
    def test_before_the_first_session_there_is_nothing(self, interval: str) -> None:
        with pytest.raises(CalendarError, match=r"1 bars of .* before 2024-05-01"):
            ask("2024-05-01", interval, 1)

    def test_a_session_that_is_not_known(self) -> None:
        stranger = market("24/7", "2024-02-01", "2024-04-30").session(dt.date(2024, 4, 30))
        with pytest.raises(CalendarError):
            sessions_for_bars(NEW_YORK, stranger, parse("1m"), 1)


class TestWeeksAndMonths:
    """1w/1mo: enough sessions to hold that many whole weeks/months that have ended before
    `session`'s own."""

    @unhurried
    @given(calendars, st.sampled_from(["1w", "1mo"]), st.integers(1, 12), st.data())
    def test_by_pandas_periods(
        self, calendar: MarketCalendar, text: str, bars: int, data: st.DataObject
    ) -> None:
        place = data.draw(st.integers(0, len(calendar.sessions) - 1))
        unit = {"1w": "W-SUN", "1mo": "M"}[text]
        dates = pd.DatetimeIndex([each.date for each in calendar.sessions[: place + 1]])
        periods = pd.Series(dates.to_period(unit))
        own = periods.iloc[-1]
        whole = periods[
            (periods < own) & (periods.dt.start_time >= pd.Timestamp(calendar.first))
        ].drop_duplicates()
        session = calendar.sessions[place]
        if len(whole) < bars:
            with pytest.raises(CalendarError, match=f"{bars} bars of {text}.*loaded from"):
                sessions_for_bars(calendar, session, parse(text), bars)
        else:
            needed = int((periods >= whole.iloc[-bars]).sum()) - 1
            assert sessions_for_bars(calendar, session, parse(text), bars) == needed

    @pytest.mark.parametrize(
        ("date", "interval", "bars", "sessions"),
        [
            # Monday: the week before, without the fourth of July
            ("2024-07-08", "1w", 1, 4),
            # Friday of that week: its first three days, and the five of the week before
            ("2024-07-05", "1w", 1, 8),
            ("2024-07-05", "1w", 2, 12),
            # the first of July, and the nineteen sessions of June
            ("2024-07-02", "1mo", 1, 20),
            ("2024-07-01", "1mo", 2, 41),
        ],
    )
    def test_by_hand(self, date: str, interval: str, bars: int, sessions: int) -> None:
        assert ask(date, interval, bars) == sessions

    def test_a_week_of_which_the_beginning_is_unknown_is_not_whole(self) -> None:
        # 2024-05-01 is a Wednesday, and the first of a month
        with pytest.raises(CalendarError):
            ask("2024-05-06", "1w", 1)
        assert ask("2024-05-13", "1w", 1) == 5
        assert ask("2024-06-03", "1mo", 1) == 22
