"""What is shown of one session: per symbol its bars, lines, gaps, signals and scans, packed.

Times are seconds behind the session's open, so that a page can put them on the exchange's clock.
A bar stands where it starts; a line's value, like a signal, stands at the time it was known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from fsm_session.market.bars import COLUMNS
from fsm_session.market.interval import Interval
from fsm_session.report.packing import STEPS, Floats, pack, pack_prices, step_of
from fsm_session.report.thinning import bucket_seconds, starts_of, thin_bars, thin_line
from fsm_session.report.words import visible

Record = Mapping[str, Any]
Ints = npt.NDArray[np.int64]

#: signals and scans of a symbol, of which there may be thousands, are told up to here
MOST_TOLD = 500
LONGEST_TEXT = 300


def session_chart(record: Record, at_most: int) -> dict[str, Any]:
    """Make what a page holds of a session. ``at_most`` bars of each interval are drawn."""
    open_s = _second(record["open"])
    return {
        "close": _second(record["close"]) - open_s,
        "early": record["early_close"],
        "changes": [_change(each, open_s) for each in record["changes"]],
        "disabled": [_change(each, open_s) for each in record["disabled"]],
        "symbols": {name: _symbol(record, name, open_s, at_most) for name in record["symbols"]},
    }


def lines_of(symbol: Record) -> Iterator[tuple[str, list[Any]]]:
    """Give each indicator of a symbol's record by name, with all the values of its outputs."""
    for name, indicator in symbol["indicators"].items():
        yield name, [value for _, values in _outputs(indicator) for value in values]


def _outputs(indicator: Record) -> list[tuple[str, list[Any]]]:
    values = indicator["values"]
    return list(values.items()) if isinstance(values, Mapping) else [("", values)]


def _symbol(record: Record, name: str, open_s: int, at_most: int) -> dict[str, Any]:
    symbol = record["symbols"][name]
    columns = {label: _columns(bars, open_s) for label, bars in symbol["bars"].items()}
    widths = {
        label: bucket_seconds(each["seconds"], Interval.parse(label).seconds, at_most)
        for label, each in columns.items()
    }
    base = columns[symbol["base_interval"]]
    quality = symbol["bars"][symbol["base_interval"]]
    return {
        "base": symbol["base_interval"],
        "quality": round(quality["quality"], 2),
        "expected": quality["expected"],
        "present": len(base["seconds"]),
        "metrics": symbol["metrics"],
        "events": {kind: each["count"] for kind, each in symbol["events"].items()},
        "gaps": [[_second(a) - open_s, _second(b) - open_s, n] for a, b, n in quality["gaps"]],
        "bars": [_bars(label, each, widths[label]) for label, each in columns.items()],
        "lines": list(_lines(symbol, columns, widths)),
        "signals": _told(record["signals"], _signal, name, base, symbol, open_s),
        "scans": _told(_found(record["scans"]), _scan, name, base, symbol, open_s),
    }


def _columns(bars: Record, open_s: int) -> dict[str, Any]:
    """Give the columns of an interval: ``seconds`` int64 (n,), the others float64 (n,)."""
    columns = bars["columns"]
    found: dict[str, Any] = {name: np.array(columns[name], np.float64) for name in COLUMNS}
    return {"seconds": _seconds(columns["time"]) - open_s, **found}


def _bars(label: str, columns: Mapping[str, Any], width: int) -> dict[str, Any]:
    """Pack the bars of an interval: ``length`` seconds long each, ``shown`` where thinned."""
    thin = thin_bars(columns, width)
    return {
        "label": label,
        "length": Interval.parse(label).seconds,
        "shown": width,
        "seconds": pack(thin["seconds"]),
        "prices": pack_prices(thin),
        "volume": pack(thin["volume"], float(thin["volume"].max(initial=0.0)) / STEPS),
    }


def _lines(
    symbol: Record, columns: Mapping[str, Mapping[str, Any]], widths: Mapping[str, int]
) -> Iterator[dict[str, Any]]:
    """Pack the lines of a symbol's indicators, one an output, thinned as their bars are.

    ``seconds`` are told where a line is thinned: otherwise they are the ends of its bars.
    """
    for name, indicator in symbol["indicators"].items():
        label = indicator["interval"]
        seconds, length = columns[label]["seconds"], Interval.parse(label).seconds
        starts = starts_of(seconds, widths[label])
        for output, values in _outputs(indicator):
            line = np.array(values, np.float64)
            whole = widths[label] == length
            kept = np.arange(len(line)) if whole else thin_line(line, starts)
            yield {
                "name": name,
                "output": output,
                "interval": label,
                "seconds": None if whole else pack(seconds[kept] + length),
                "values": pack(line[kept], step_of(line)),
            }


def _told(
    records: Any, tell: Any, name: str, base: Mapping[str, Any], symbol: Record, open_s: int
) -> dict[str, Any]:
    """Tell of a symbol's signals or scans: time, price then, texts; and how many there are."""
    own = [each for each in records if each["symbol"] == name]
    shown = own[:MOST_TOLD]
    times = _seconds([each["time"] for each in shown]) - open_s
    prices = _last_close(times, base, Interval.parse(symbol["base_interval"]).seconds)
    return {
        "count": len(own),
        "seconds": times.tolist(),
        "prices": [round(each, 6) if np.isfinite(each) else None for each in prices.tolist()],
        "texts": [[_short(text) for text in tell(each)] for each in shown],
    }


def _last_close(times: Ints, base: Mapping[str, Any], length: int) -> Floats:
    """Give the close known at each time, float64 (n,): before the first bar its open."""
    closes, ends = base["close"], base["seconds"] + length
    if not len(closes):
        return np.full(len(times), np.nan)
    before = np.searchsorted(ends, times, side="right") - 1
    known: Floats = np.where(before < 0, base["open"][0], closes[before])
    return known


def _found(scans: list[Record]) -> Iterator[Record]:
    for scan in scans:
        for each in scan["found"]:
            yield {"time": scan["time"], "scanner": scan["scanner"], **each}


def _signal(signal: Record) -> list[str]:
    quantity = signal["quantity"]
    told = "" if quantity is None else f"{quantity:g}"
    return [signal["action"], signal["strategy"], told, signal["reason"]]


def _scan(found: Record) -> list[str]:
    return ["found", found["scanner"], "", found["reason"]]


def _change(change: Record, open_s: int) -> list[Any]:
    words = [_short(str(value)) for key, value in change.items() if key != "time"]
    return [_second(change["time"]) - open_s, *words]


def _short(text: str) -> str:
    text = visible(text)
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]} ..."


def _second(time: str) -> int:
    """Give a record's time in seconds since 1970, UTC."""
    return int(np.datetime64(time.removesuffix("Z"), "s").astype(np.int64))


def _seconds(times: list[str]) -> Ints:
    """Give records' times in seconds since 1970, UTC, int64 (n,)."""
    return np.array([time.removesuffix("Z") for time in times], "M8[s]").astype(np.int64)
