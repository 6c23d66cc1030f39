"""A real browser without a window, and without a network: what the tests of a page look through."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver

SECONDS = 120.0
CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")

needs_chromium = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="no chromium and chromedriver to look at a page with"
)


@contextmanager
def browser() -> Iterator[Any]:
    """Begin a browser that can reach no host, and end it."""
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM or ""
    for each in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(each)
    options.add_argument("--host-resolver-rules=MAP * ~NOTFOUND")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
    try:
        driver.set_page_load_timeout(SECONDS)
        driver.set_script_timeout(SECONDS)
        yield driver
    finally:
        driver.quit()


def wait(driver: Any, what: str, expected: object = True) -> None:
    """Wait until a script gives what is expected; fails, showing what it gives instead."""
    until = time.monotonic() + SECONDS
    while (found := driver.execute_script(f"return {what}")) != expected:
        if time.monotonic() > until:
            pytest.fail(f"{what} is {found!r}, not {expected!r}: {complaints(driver)}")
        time.sleep(0.05)


def visit(
    driver: Any, page: Path, place: str = "", *, dark: bool = False, width: int = 1200
) -> None:
    """Open a page from the disk, on a screen that is so wide, and wait until it is ready."""
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
    screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    driver.get("about:blank")  # what is behind # alone would load nothing
    complaints(driver)
    driver.get(page.as_uri() + place)
    wait(driver, "document.body.dataset.ready", "yes")


def opened(driver: Any, place: str) -> None:
    """Wait until a session and symbol are shown."""
    wait(driver, "document.body.dataset.opened", place)


def complaints(driver: Any) -> list[str]:
    """Give what the browser's console was told since it was last asked, but for remarks."""
    return [each["message"] for each in driver.get_log("browser") if each["level"] != "INFO"]


def requests(driver: Any) -> list[str]:
    """Give the addresses that were asked for since this was last asked."""
    told = [each["message"] for each in driver.get_log("performance")]
    messages = [json.loads(each)["message"] for each in told]
    return [
        each["params"]["request"]["url"]
        for each in messages
        if each["method"] == "Network.requestWillBeSent"
    ]


#: the data of a source of the plot, by its name
SOURCE = """
return (name => {
  const doc = Bokeh.documents[Bokeh.documents.length - 1];
  const data = doc.get_model_by_name(name).data;
  return Object.fromEntries(Object.entries(data).map(([k, v]) => [k, Array.from(v, each =>
    typeof each === "number" || typeof each === "string" ? each : Array.from(each))]));
})(arguments[0])
"""


def source(driver: Any, name: str) -> dict[str, list[Any]]:
    """Give what the plot draws: a source of it, by name."""
    found: dict[str, list[Any]] = driver.execute_script(SOURCE, name)
    return found
