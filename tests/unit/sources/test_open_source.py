"""From the wish to the source: relative to the configuration's folder, wrong parameters named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fsm_session.config import SourceConfig
from fsm_session.errors import ConfigError
from fsm_session.market.interval import Interval
from fsm_session.sources import CsvSource, ParquetSource, SimulatedSource, open_source
from tests.unit.sources.markets import MINUTE, made_up, ns


def faults(kind: str, parameters: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(ConfigError) as refused:
        open_source(SourceConfig(kind, "x/{symbol}", parameters=parameters), Path(), "XNYS")
    return {fault.key: fault.message for fault in refused.value.faults}


class TestOpenSource:
    """DESIGN.md 7: ``kind = "parquet"  # parquet, csv, simulated, sql, alpaca``."""

    def test_paths_are_relative_to_the_folder(self, tmp_path: Path) -> None:
        (tmp_path / "bars").mkdir()
        made_up("A").to_csv(tmp_path / "bars" / "A.csv")
        config = SourceConfig("csv", "bars/{symbol}.csv", MINUTE)
        for path in ("bars/{symbol}.csv", str(tmp_path / "bars/{symbol}.csv")):
            config = SourceConfig("csv", path, MINUTE)
            assert open_source(config, tmp_path, "XNYS").intervals("A") == (MINUTE,)

    @pytest.mark.parametrize(("kind", "made"), [("csv", CsvSource), ("parquet", ParquetSource)])
    def test_files_are_not_touched_yet(self, tmp_path: Path, kind: str, made: type) -> None:
        source = open_source(SourceConfig(kind, "no/{symbol}"), tmp_path, "XNYS")
        assert isinstance(source, made)
        assert source.name == str(tmp_path / "no/{symbol}")

    def test_simulated(self) -> None:
        five = Interval(300)
        parameters = {"seed": 7, "missing_percent": 5, "symbols": ["A"]}
        config = SourceConfig("simulated", interval=five, parameters=parameters)
        source = open_source(config, Path(), "XLON")
        same = SimulatedSource("XLON", five, seed=7, missing_percent=5, symbols=["A"])
        assert source.digest() == same.digest()
        window = (ns("2024-07-01"), ns("2024-07-02"))
        # London trades from 08:00 to 16:30
        assert 80 < len(source.bars("A", five, *window)) <= 102
        assert open_source(SourceConfig("simulated"), Path(), "XNYS").intervals("B") == (MINUTE,)

    def test_unknown_parameters(self) -> None:
        assert faults("csv", {"sep": ";", "a": 1}) == {
            "source.parameters.sep": "unknown parameter; known: none",
            "source.parameters.a": "unknown parameter; known: none",
        }
        found = faults("simulated", {"sed": 1})
        assert found == {"source.parameters.sed": "unknown parameter; did you mean 'seed'?"}

    def test_wrong_parameters(self) -> None:
        found = faults("simulated", {"seed": "1", "missing_percent": 101, "symbols": [1]})
        assert list(found) == [
            "source.parameters.seed",
            "source.parameters.missing_percent",
            "source.parameters.symbols",
        ]

    def test_no_such_kind(self) -> None:
        assert list(faults("parqet", {})) == ["source.kind"]
