"""The page in a real browser: opened from disk, clicked through, on any screen, by any name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from fsm_session.report.export import write_report
from fsm_session.testing import small_market
from tests.unit.report import runs
from tests.unit.report.browser import (
    browser,
    complaints,
    needs_chromium,
    opened,
    requests,
    source,
    visit,
    wait,
)

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def driver() -> Iterator[Any]:
    with browser() as begun:
        yield begun


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of three full days, with its report."""
    out = runs.full_days(tmp_path_factory.mktemp("full"), ["AAA", "BBB"])
    write_report(out)
    return out


@pytest.fixture(scope="module")
def drawn(driver: Any, folder: Path) -> Any:
    """The half-day of one symbol, as it is drawn."""
    visit(driver, folder / "report.html", "#2024-07-03/BBB")
    opened(driver, "2024-07-03/BBB")
    return driver


@pytest.fixture(scope="module")
def record(folder: Path) -> Any:
    return runs.record(folder, "2024-07-03")


def local_ms(time: str) -> float:
    """Give a record's UTC time as New York's clock shows it in July, in ms as if it were UTC."""
    return (dt.datetime.fromisoformat(time) - dt.timedelta(hours=4)).timestamp() * 1000


def click(driver: Any, where: str) -> None:
    element = driver.find_element(By.CSS_SELECTOR, where)
    driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
    element.click()


def press(driver: Any, keys: str) -> None:
    driver.find_element(By.TAG_NAME, "body").send_keys(keys)


class TestOpening:
    """ "Opened from disk, no console errors, clicks through sessions", "no network"."""

    @pytest.mark.parametrize("dark", [False, True])
    @pytest.mark.parametrize("width", [390, 1200])
    def test_every_screen_and_ground(
        self, driver: Any, folder: Path, width: int, dark: bool
    ) -> None:
        requests(driver)
        visit(driver, folder / "report.html", "#2024-07-03/BBB", dark=dark, width=width)
        opened(driver, "2024-07-03/BBB")
        assert complaints(driver) == []
        asked = [each for each in requests(driver) if not each.startswith(("data:", "about:"))]
        assert {each.split("#")[0] for each in asked} == {(folder / "report.html").as_uri()}
        assert driver.execute_script("return document.documentElement.scrollWidth") <= width
        colour = "return getComputedStyle(document.body).backgroundColor"
        assert driver.execute_script(colour) == (
            "rgb(13, 17, 23)" if dark else "rgb(255, 255, 255)"
        )

    def test_nothing_is_unpacked_before_it_is_asked_for(self, driver: Any, folder: Path) -> None:
        visit(driver, folder / "report.html")
        assert driver.execute_script("return Bokeh.documents.length") == 0
        assert driver.find_element(By.ID, "first").is_displayed()

    def test_by_clicks(self, driver: Any, folder: Path) -> None:
        visit(driver, folder / "report.html")
        click(driver, "#first")
        opened(driver, "2024-07-02/AAA")
        click(driver, ".sessions a[href='#2024-07-05']")
        opened(driver, "2024-07-05/AAA")
        click(driver, "#symbols a:nth-child(2)")
        opened(driver, "2024-07-05/BBB")
        click(driver, "#before")
        opened(driver, "2024-07-03/BBB")
        click(driver, ".heat a[href='#2024-07-02/AAA'] rect")
        opened(driver, "2024-07-02/AAA")
        assert complaints(driver) == []

    def test_by_keys(self, driver: Any, folder: Path) -> None:
        visit(driver, folder / "report.html", "#2024-07-02/AAA")
        opened(driver, "2024-07-02/AAA")
        press(driver, Keys.ARROW_RIGHT)
        opened(driver, "2024-07-03/AAA")
        press(driver, Keys.SHIFT + Keys.ARROW_RIGHT + Keys.NULL)
        opened(driver, "2024-07-03/BBB")
        press(driver, Keys.ARROW_LEFT)
        opened(driver, "2024-07-02/BBB")
        press(driver, Keys.ARROW_LEFT)  # there is none before
        assert driver.execute_script("return location.hash") == "#2024-07-02/BBB"
        assert complaints(driver) == []

    @pytest.mark.parametrize("place", ["#1999-01-01/AAA", "#2024-07-02/%E0%A4", "#moves", "#%"])
    def test_any_link_does_no_harm(self, driver: Any, folder: Path, place: str) -> None:
        visit(driver, folder / "report.html", place)
        assert complaints(driver) == []


class TestWhatIsDrawn:
    """ "Price with derived bars, indicators, signals and scans on it, volume, gaps shaded"; "times
    on the axes are the exchange's"."""

    @pytest.mark.parametrize("label", ["1m", "5m"])
    def test_the_bars_of_every_interval(self, drawn: Any, record: Any, label: str) -> None:
        number = ["1m", "5m"].index(label) + 1
        click(drawn, f"#intervals label:nth-of-type({number}) input")
        columns = record["symbols"]["BBB"]["bars"][label]["columns"]
        wait(drawn, "Bokeh.documents.at(-1).get_model_by_name('bars').data.open.length",
             len(columns["time"]))  # fmt: skip
        bars = source(drawn, "bars")
        for name in ("open", "high", "low", "close", "volume"):
            np.testing.assert_allclose(bars[name], columns[name], rtol=1e-12)
        starts = np.array([local_ms(each) for each in columns["time"]])
        width = {"1m": 60_000, "5m": 300_000}[label]
        assert (starts <= bars["left"]).all()
        assert (np.array(bars["right"]) <= starts + width).all()
        assert bars["when"][0] == "09:30:00"

    def test_the_lines_stand_where_they_were_known(self, drawn: Any, record: Any) -> None:
        symbol = record["symbols"]["BBB"]
        times = np.array([local_ms(each) for each in symbol["bars"]["1m"]["columns"]["time"]])
        for name, shown in (("sma_3", "lines"), ("rsi_3", "pane0")):
            lines = source(drawn, shown)
            assert lines["name"] == [name]
            values = np.array(symbol["indicators"][name]["values"], float)
            np.testing.assert_array_equal(lines["xs"][0], times + 60_000)
            span = np.nanmax(values) - np.nanmin(values)
            found = np.array(lines["ys"][0], float)
            np.testing.assert_allclose(found, values, rtol=0, atol=span / 1000)

    def test_gaps_signals_and_scans(self, drawn: Any, record: Any) -> None:
        symbol = record["symbols"]["BBB"]
        gaps = source(drawn, "gaps")
        expected = [[local_ms(a), local_ms(b)] for a, b, _ in symbol["bars"]["1m"]["gaps"]]
        assert expected
        assert [list(each) for each in zip(gaps["left"], gaps["right"], strict=True)] == expected
        own = [each for each in record["signals"] if each["symbol"] == "BBB"]
        signals = source(drawn, "signals")
        assert signals["x"] == [local_ms(each["time"]) for each in own]
        assert signals["action"] == [each["action"] for each in own]
        closes = symbol["bars"]["1m"]["columns"]["close"]
        np.testing.assert_allclose(signals["y"], closes)  # it speaks at every bar
        scans = source(drawn, "scans")
        found = [each["time"] for each in record["scans"] for one in each["found"]
                 if one["symbol"] == "BBB"]  # fmt: skip
        assert scans["x"] == [local_ms(each) for each in found]

    def test_the_axis_is_the_session_in_exchange_time(self, drawn: Any, record: Any) -> None:
        axis = "Bokeh.documents.at(-1).get_model_by_name('x')"
        ends = drawn.execute_script(f"return [{axis}.start, {axis}.end]")
        assert ends == [local_ms(record["open"]), local_ms(record["close"])]
        words = [dt.datetime.fromtimestamp(each / 1000, dt.UTC).strftime("%H:%M") for each in ends]
        assert words == ["09:30", "13:00"]
        caption = drawn.find_element(By.ID, "caption").text
        assert "UTC\N{MINUS SIGN}04:00" in caption
        assert "early close" in caption

    def test_what_is_not_wanted_is_hidden(self, drawn: Any) -> None:
        for number, name in ((1, "gaps"), (2, "signals"), (3, "scans"), (4, "lines")):
            model = f"Bokeh.documents.at(-1).get_model_by_name('{name}')"
            length = f"Object.values({model}.data)[0].length"
            box = f"#shown label:nth-of-type({number}) input"
            before = drawn.execute_script(f"return {length}")
            click(drawn, box)
            wait(drawn, length, 0)
            click(drawn, box)
            wait(drawn, length, before)

    def test_something_is_seen(self, drawn: Any) -> None:
        """The canvas has ink on it of both colours of bars."""
        script = """
        const deep = (root) => [...root.querySelectorAll("*")].flatMap((each) =>
          [each, ...(each.shadowRoot ? deep(each.shadowRoot) : [])]);
        const seen = new Set();
        for (const each of deep(document.getElementById("plot"))) {
          if (each.tagName !== "CANVAS" || !each.width || !each.height) continue;
          const ink = each.getContext("2d").getImageData(0, 0, each.width, each.height).data;
          for (let i = 0; i < ink.length; i += 4) {
            if (ink[i + 3] === 255) seen.add(`${ink[i]},${ink[i + 1]},${ink[i + 2]}`);
          }
        }
        return [...seen];
        """
        seen = drawn.execute_script(script)
        assert {"0,137,123", "209,73,91"} <= set(seen)


class TestMoves:
    """ "Moves as a table that can be filtered." """

    def test_by_words_and_by_state(self, driver: Any, folder: Path) -> None:
        visit(driver, folder / "report.html")
        moves = [each for each in runs.journal(folder) if each["kind"] == "move"]
        rows = "document.querySelectorAll('#table tbody tr').length"
        assert driver.execute_script(f"return {rows}") == len(moves)
        box = driver.find_element(By.ID, "with")
        box.send_keys("2024-07-03 paused")
        own = [
            m for m in moves if m["session"] == "2024-07-03" and "Paused" in (m["from"], m["to"])
        ]
        wait(driver, rows, len(own))
        assert own
        driver.find_element(By.CSS_SELECTOR, "#to option[value='Streaming']").click()
        wait(driver, rows, sum(each["to"] == "Streaming" for each in own))
        assert driver.find_element(By.ID, "found").text == f"{len(own) // 2} of {len(moves)}"


class TestHostileNames:
    """ "Hostile names (symbol, error texts) don't get in": nothing of them is ever run."""

    def test_in_every_place_that_takes_a_text(self, driver: Any, tmp_path: Path) -> None:
        symbol = "<img src=x onerror=window.hacked=1>"  # it may have no slash, an indicator no dot
        name = "</script><img src=x onerror=hacked=1>"
        indicator = {**runs.INDICATORS[0], "name": name, "warm_up": False}
        frames = {symbol: small_market(["AAA"])["AAA"]}
        runs.completed(tmp_path, reason=runs.HOSTILE, frames=frames, name=runs.HOSTILE[:199],
                       data={"indicators": [indicator]})  # fmt: skip
        page = write_report(tmp_path)
        visit(driver, page, "#2024-07-02")
        opened(driver, f"2024-07-02/{symbol}")
        wait(driver, "document.querySelectorAll('#tables td').length > 0")
        press(driver, Keys.ARROW_RIGHT)
        opened(driver, f"2024-07-03/{symbol}")
        self.hover_over_all(driver)
        assert driver.execute_script("return typeof window.hacked") == "undefined"
        assert driver.execute_script("return document.querySelectorAll('img, iframe').length") == 0
        assert symbol in driver.find_element(By.ID, "opened").text
        assert complaints(driver) == []

    def test_in_an_error(self, driver: Any, tmp_path: Path) -> None:
        page = write_report(runs.failed(tmp_path, runs.HOSTILE))
        visit(driver, page)
        assert runs.HOSTILE in driver.find_element(By.CSS_SELECTOR, ".error pre").text
        assert driver.execute_script("return typeof window.hacked") == "undefined"
        assert complaints(driver) == []

    @staticmethod
    def hover_over_all(driver: Any) -> None:
        """Let the plot show what it tells of each signal."""
        script = """
        const plot = document.getElementById("plot");
        plot.scrollIntoView();
        const box = plot.getBoundingClientRect();
        return [box.left, box.top, box.width, box.height];
        """
        left, top, width, _ = driver.execute_script(script)
        for x in range(int(left) + 60, int(left + width), 12):
            for y in range(int(top) + 40, int(top) + 380, 40):
                event = {"type": "mouseMoved", "x": x, "y": y}
                driver.execute_cdp_cmd("Input.dispatchMouseEvent", event)

    def test_a_page_of_ours_runs_no_script_but_its_own(self, driver: Any, folder: Path) -> None:
        """Were one put in all the same, the page's own rule would stop it."""
        visit(driver, folder / "report.html")
        driver.execute_script(
            "const each = document.createElement('script'); each.textContent = 'window.hacked = 1';"
            "document.body.append(each);"
            "const image = '<img src=x onerror=\"window.hacked=1\">';"
            "document.body.insertAdjacentHTML('beforeend', image);"
        )
        assert driver.execute_script("return typeof window.hacked") == "undefined"
        assert any("Content Security Policy" in each for each in complaints(driver))


class TestWithoutJavaScript:
    """ "Works without JavaScript at least for the sentence, the diagram, the errors." """

    def test_what_is_there_all_the_same(self, driver: Any, tmp_path: Path) -> None:
        page = write_report(runs.failed(tmp_path))
        driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
        try:
            driver.get("about:blank")
            driver.get(page.as_uri())
            assert "Failed in Streaming" in driver.find_element(By.CSS_SELECTOR, ".outcome").text
            assert "no more" in driver.find_element(By.CSS_SELECTOR, ".error pre").text
            assert driver.find_element(By.CSS_SELECTOR, ".diagram svg").is_displayed()
            assert driver.find_element(By.CSS_SELECTOR, ".sessions").is_displayed()
        finally:
            driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
