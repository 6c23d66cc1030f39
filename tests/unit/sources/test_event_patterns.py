"""Files of ticks and quotes, by their patterns: from Python, and from a configuration."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from fsm_session.config import SessionConfig, SourceConfig
from fsm_session.errors import ConfigError, DataError
from fsm_session.sources import CsvSource, EventSource, ParquetSource, open_source
from tests.unit.sources.event_markets import some_quotes, some_ticks
from tests.unit.sources.markets import MINUTE, made_up, ns, write_partitions

ALL = (ns("2024-06-30"), ns("2024-07-04"))


class TestPatterns:
    """``{interval}`` makes no sense in them: ConfigError."""

    @pytest.mark.parametrize("kind", [CsvSource, ParquetSource])
    @pytest.mark.parametrize(
        "pattern", ["{symbol}_{interval}", "{date}/{symbol}", "A", "{symbol!r}"]
    )
    def test_refused_at_once(self, kind: type[CsvSource | ParquetSource], pattern: str) -> None:
        with pytest.raises(ConfigError, match=r"has \{symbol\} in it") as refused:
            kind("{symbol}", ticks=pattern, quotes=pattern)
        assert [fault.key for fault in refused.value.faults] == ["source.ticks", "source.quotes"]

    def test_no_such_file(self, tmp_path: Path) -> None:
        source = CsvSource(ticks=tmp_path / "{symbol}.csv")
        for ask in (partial(source.events, "A"), source.digest, partial(source.ticks, "A", *ALL)):
            with pytest.raises(DataError, match="there is no such file"):
                ask()

    def test_no_symbol_leads_out_of_the_folder(self, tmp_path: Path) -> None:
        (tmp_path / "in").mkdir()
        for place in ("out.csv", "in/A.csv"):
            some_ticks("A").to_csv(tmp_path / place)
        source = CsvSource(ticks=tmp_path / "in" / "{symbol}.csv")
        assert source.events("A") == ("ticks",)
        assert source.events("../out") == ()

    def test_only_the_needed_columns_are_read(self, tmp_path: Path) -> None:
        import pyarrow.parquet as pq

        wide = some_ticks("A").assign(Venue="P", correction=0).reset_index()
        wide.rename(columns=str.title).to_parquet(tmp_path / "A.parquet")
        read: list[list[str]] = []

        class Watched(pq.ParquetFile):  # type: ignore[misc]
            def read(self, columns: list[str], **rest: Any) -> Any:
                read.append(columns)
                return super().read(columns=columns, **rest)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(pq, "ParquetFile", Watched)
            source = ParquetSource(ticks=tmp_path / "{symbol}.parquet")
            for _ in range(2):
                assert len(source.ticks("A", *ALL)) == 300
        assert read == [["Timestamp", "Price", "Size", "Correction"]]


class TestFromAConfiguration:
    """``ticks`` and ``quotes``: patterns, relative to the configuration's folder."""

    def wish(self, **source: object) -> SessionConfig:
        dates = {"start": "2024-07-01", "end": "2024-07-01"}
        data = {"symbols": ["A"], "streams": ["1m"]}
        return SessionConfig.from_dict({"backtest": dates, "data": data, "source": source})

    @pytest.mark.parametrize("kind", ["csv", "parquet"])
    @pytest.mark.parametrize("given", [("ticks",), ("quotes",), ("path", "ticks", "quotes")])
    def test_relative_to_the_folder(self, tmp_path: Path, kind: str, given: tuple[str]) -> None:
        for name, frame in (("path", made_up("A")), ("ticks", some_ticks("A"))):
            (tmp_path / name).mkdir()
            getattr(frame, f"to_{kind}")(tmp_path / name / "A")
        (tmp_path / "quotes").mkdir()
        getattr(some_quotes("A"), f"to_{kind}")(tmp_path / "quotes" / "A")
        config = self.wish(kind=kind, **{name: f"{name}/{{symbol}}" for name in given}).source
        assert config is not None
        source = open_source(config, tmp_path, "XNYS")
        assert isinstance(source, EventSource)
        assert source.events("A") == tuple(name for name in given if name != "path")
        assert source.intervals("A") == ((MINUTE,) if "path" in given else ())

    def test_nothing_is_no_path(self, tmp_path: Path) -> None:
        write_partitions(tmp_path, {"A": made_up("A")})
        config = SourceConfig("parquet", " ", ticks="{symbol}.parquet")
        assert open_source(config, tmp_path, "XNYS").intervals("A") == ()

    @pytest.mark.parametrize(
        ("source", "keys"),
        [
            ({"kind": "simulated", "ticks": "x", "quotes": "y"}, ["ticks", "quotes"]),
            ({"kind": "csv", "ticks": "a\0b", "quotes": "a\0b"}, ["ticks", "quotes"]),
            ({"kind": "csv", "ticks": " ", "quotes": ""}, ["path"]),
            ({"kind": "parquet", "ticks": 5}, ["ticks"]),
        ],
    )
    def test_refused(self, source: dict[str, Any], keys: list[str]) -> None:
        with pytest.raises(ConfigError) as refused:
            self.wish(**source)
        assert [fault.key for fault in refused.value.faults] == [f"source.{key}" for key in keys]
