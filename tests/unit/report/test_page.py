"""The page as a text: what it says of a run, and that nothing else gets into it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fsm_session.report.chart import session_chart
from fsm_session.report.export import bars_of_chart, write_report
from fsm_session.report.heat_map import LEVELS, Qualities, heat_map, level_of
from fsm_session.report.packing import inflate, unpack, unpack_prices
from fsm_session.report.page import page
from fsm_session.report.reading import RecordedError, read_folder, session_records
from fsm_session.report.told import Told
from fsm_session.states import TRADING_DAY
from tests.unit.report import runs

#: a busy machine is no fault
patient = settings(deadline=None, max_examples=50)


class Read(HTMLParser):
    """Reads a page as a browser would, as far as that goes: its elements and its texts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.data: dict[str, str] = {}
        self._script = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep an element."""
        self.elements.append((tag, dict(attrs)))
        self._script = dict(attrs).get("id") or "" if tag == "script" else ""

    def handle_data(self, data: str) -> None:
        """Keep a text, and what scripts read."""
        self.texts.append(data)
        if self._script:
            self.data[self._script] = self.data.get(self._script, "") + data


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return runs.completed(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def text(folder: Path) -> str:
    return write_report(folder).read_text("utf-8")


@pytest.fixture(scope="module")
def read(text: str) -> Read:
    return Read(text)


@pytest.fixture(scope="module")
def told(folder: Path) -> Told:
    run = read_folder(folder)
    found = Told(run, TRADING_DAY)
    for date, record in session_records(run, []):
        found.look_at(date, record, 400)
    return found


class TestWhatItSays:
    """ "First the outcome in one sentence." """

    def test_of_a_run_that_ended_well(self, read: Read, folder: Path) -> None:
        (sentence,) = [each for each in read.texts if each.startswith("Completed")]
        records = [runs.record(folder, date) for date in runs.DATES]
        bars = sum(
            len(symbol["bars"]["1m"]["columns"]["time"])
            for record in records
            for symbol in record["symbols"].values()
        )
        signals = sum(len(record["signals"]) for record in records)
        expected = (
            f"3 sessions, 2024-07-02 to 2024-07-05, with 2 symbols, {bars} bars, {signals} signals"
        )
        assert expected in sentence
        assert sentence.count(".") - len(re.findall(r"\d\.\d", sentence)) == 1

    def test_of_one_that_failed(self, tmp_path: Path) -> None:
        read = Read(write_report(runs.failed(tmp_path, "not\nthat")).read_text())
        (sentence,) = [each for each in read.texts if each.startswith("Failed in")]
        assert "Failed in Streaming of 2024-07-03, at 09:31:00 on the clock" in sentence
        assert "1 session and 1 broken off" in sentence
        assert any("not\nthat" in each for each in read.texts)

    def test_headings_headers_and_names_for_those_who_do_not_see(self, read: Read) -> None:
        levels = [int(tag[1]) for tag, _ in read.elements if re.fullmatch("h[1-6]", tag)]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(b - a <= 1 for a, b in pairwise(levels))
        assert ("html", {"lang": "en"}) in read.elements
        assert all(attrs.get("scope") for tag, attrs in read.elements if tag == "th")
        named = [attrs for _, attrs in read.elements if attrs.get("role") in ("region", "group")]
        assert named
        assert all(attrs.get("aria-label") for attrs in named)

    def test_it_names_no_other_address(self, text: str, read: Read) -> None:
        for tag, attrs in read.elements:
            for name in ("src", "href", "action", "data", "srcset", "poster"):
                value = attrs.get(name)
                assert value is None or value.startswith(("#", "data:,")), (tag, value)
        policy = next(a["content"] for t, a in read.elements if t == "meta" and "content" in a
                      and "http-equiv" in a)  # fmt: skip
        assert policy
        assert "default-src 'none'" in policy
        assert "unsafe-eval" not in policy
        assert "script-src 'sha256-" in policy
        assert "url(" not in text[: text.index("<body>")]


class TestSessions:
    """What a page holds of a session is what its record says, to within what can be seen."""

    def test_bars_of_every_interval(self, read: Read, folder: Path) -> None:
        for date in runs.DATES:
            session, record = inflate(read.data[f"data-{date}"]), runs.record(folder, date)
            assert list(session["symbols"]) == list(record["symbols"])
            for name, symbol in record["symbols"].items():
                for bars in session["symbols"][name]["bars"]:
                    columns = symbol["bars"][bars["label"]]["columns"]
                    prices = unpack_prices(bars["prices"])
                    for column, values in (*prices.items(), ("volume", unpack(bars["volume"]))):
                        np.testing.assert_allclose(values, columns[column], rtol=1e-12)

    def test_a_panel_for_what_is_no_price(self, read: Read, told: Told) -> None:
        index = inflate(read.data["data-index"])
        assert index["apart"] == ["rsi_3"]
        assert set(inflate(read.data["data-plots"])) == {"light1", "dark1"}

    @pytest.mark.parametrize("at_most", [1, 5, 100])
    def test_thinned_to_as_many_bars_as_asked_for(self, folder: Path, at_most: int) -> None:
        record = runs.record(folder, runs.DATES[0])
        for symbol in session_chart(record, at_most)["symbols"].values():
            for bars in symbol["bars"]:
                assert len(bars["seconds"]["v"]) <= max(at_most, 2)
            for line in symbol["lines"]:
                if line["seconds"] is not None:
                    assert len(line["values"]["v"]) == len(line["seconds"]["v"])

    @patient
    @given(st.integers(0, 10**6))
    def test_big_runs_have_fewer_bars_a_chart(self, charts: int) -> None:
        bars = bars_of_chart(charts)
        assert 60 <= bars <= 400
        assert bars * charts <= 600_000 or bars == 60
        assert bars_of_chart(188 * 6) == 400


class TestHeatMap:
    """ "Quality as a heat map of symbols x sessions"; many sessions share columns, by the worst."""

    @patient
    @given(
        st.dictionaries(
            st.sampled_from(["AAA", "BBB", "CCC"]),
            st.dictionaries(st.integers(0, 400), st.floats(0, 100), min_size=1),
            min_size=1,
        )
    )
    def test_the_worst_of_every_column(self, found: dict[str, dict[int, float]]) -> None:
        dates = [f"{2020 + n // 300}-{1 + n % 300 // 28:02}-{1 + n % 28:02}" for n in range(401)]
        qualities = Qualities(
            {s: {dates[n]: q for n, q in own.items()} for s, own in found.items()}
        )
        laid = heat_map(qualities, dates)
        assert laid.symbols == tuple(sorted(found))
        for name, cells in zip(laid.symbols, laid.rows, strict=True):
            assert {(each.date, each.percent) for each in cells} == set(
                qualities.percent[name].items()
            )
            assert all(each.level == level_of(each.percent) for each in cells)

    def test_of_too_many_sessions_the_worst_is_kept(self) -> None:
        dates = [f"{n:08}" for n in range(30_000)]
        percent = {"AAA": dict.fromkeys(dates, 100.0) | {dates[77]: 3.0}}
        laid = heat_map(Qualities(percent), dates)
        assert laid.together == 2
        (cells,) = laid.rows
        assert [each.date for each in cells if each.percent < 100] == [dates[77]]

    @patient
    @given(st.floats(0, 100))
    def test_levels(self, percent: float) -> None:
        level = level_of(percent)
        assert percent >= LEVELS[level]
        assert level == 0 or percent < LEVELS[level - 1]


texts = st.text(max_size=40) | st.sampled_from(
    [runs.HOSTILE, "</pre><script>", "<!--", "]]>", "\x00", "{{ 7*7 }}", "\u202e", '"onload="x']
)


class TestHostileTexts:
    """ "Names from data and configuration are escaped wherever they are shown": a page has the same
    elements whatever they are."""

    @staticmethod
    def shape(content: bytes) -> Iterator[tuple[str, list[str]]]:
        for tag, attrs in Read(content.decode()).elements:
            yield tag, sorted(attrs)

    @settings(
        max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
    )
    @given(texts.filter(bool), texts, texts.filter(bool))
    def test_in_names_and_errors(self, told: Told, name: str, message: str, worker: str) -> None:
        def made(name: str, message: str, worker: str) -> bytes:
            error = RecordedError(name, message, name, name, worker, name, "2024-07-03T09:30:00")
            sessions = tuple(
                evolve(each, left_out=[name], disabled=[worker]) for each in told.run.sessions
            )
            moves = tuple(
                {**each, "guard": name} if each["kind"] == "move" else each
                for each in told.run.journal
            )
            run = evolve(
                told.run, name=name, errors=(error,), unclean=(worker,), outcome="failed",
                sessions=sessions, journal=moves,
            )  # fmt: skip
            whole = Told(run, TRADING_DAY, told.sessions, told.index, told.panes, told.qualities)
            return page(whole)

        plain, hostile = (
            [*self.shape(made(*each))] for each in (("x",) * 3, (name, message, worker))
        )
        own = [each for each in hostile if each[0] not in SVG]
        assert own == [each for each in plain if each[0] not in SVG]
        allowed = {tag for tag, _ in plain}
        assert {tag for tag, _ in hostile} <= allowed


#: what a longer label may need more of
SVG = ("text", "polygon", "path", "g", "title", "ellipse", "a")
