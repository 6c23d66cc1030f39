"""What holds of every configuration: it survives being written down, and is told by its digest."""

from __future__ import annotations

import datetime as dt
import json
import pickle
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from fsm_session.config import (
    COLUMN_NAMES,
    BacktestConfig,
    DataConfig,
    HistoryConfig,
    ScannerConfig,
    SessionConfig,
    SourceConfig,
    StrategyConfig,
    WorkersConfig,
    symbol_fault,
)
from fsm_session.errors import ConfigError
from fsm_session.market.indicators import IndicatorSpec
from fsm_session.market.interval import Interval

words = st.text("abcdefgh_XYZ", min_size=1, max_size=8).filter(lambda word: word[:2] != "__")
intervals = st.sampled_from([1, 5, 60, 300, 3600, 86_400]).map(Interval)
many_intervals = st.lists(intervals, min_size=1, max_size=3, unique=True).map(tuple)
symbols = st.text(min_size=1, max_size=8).filter(lambda text: not symbol_fault(text))
finite = st.floats(allow_nan=False, allow_infinity=False)
whole = st.integers(-(2**63), 2**63 - 1)
scalars = st.none() | st.booleans() | whole | finite | st.text(max_size=5)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
parameters = st.dictionaries(words, values, max_size=3)
uses = st.tuples(words, words).map(":".join)


@st.composite
def backtests(draw: st.DrawFn) -> BacktestConfig:
    start, end = sorted((draw(st.dates()), draw(st.dates())))
    return BacktestConfig(start, end)


@st.composite
def data(draw: st.DrawFn) -> DataConfig:
    named = tuple(draw(st.lists(symbols, min_size=1, max_size=4, unique=True)))
    some = st.lists(st.sampled_from(named), min_size=1, unique=True).map(tuple)
    history = st.builds(HistoryConfig, st.integers(0, 99), many_intervals, st.just("all") | some)
    spec = st.builds(
        IndicatorSpec, words.filter(lambda w: w not in COLUMN_NAMES), words, intervals, parameters
    )
    return DataConfig(
        symbols=named,
        streams=draw(many_intervals),
        hours=draw(st.sampled_from(("regular", "all"))),
        missing=draw(st.sampled_from(("error", "skip"))),
        incomplete=draw(st.sampled_from(("keep", "drop"))),
        history=tuple(draw(st.lists(history, max_size=2))),
        indicators=tuple(draw(st.lists(spec, max_size=3, unique_by=lambda s: s.name))),
    )


@st.composite
def scanners(draw: st.DrawFn) -> ScannerConfig:
    every = draw(st.none() | intervals.filter(lambda i: not i.is_daily))
    times = sorted((draw(st.times()), draw(st.times())))
    between = (
        (times[0], times[1]) if every and times[0] < times[1] and draw(st.booleans()) else None
    )
    before = every is None or draw(st.booleans())
    return ScannerConfig(draw(uses), draw(words), before, every, between, draw(parameters))


sources = st.builds(
    SourceConfig,
    st.sampled_from(("parquet", "csv")),
    words,
    st.none() | intervals,
    parameters,
) | st.builds(SourceConfig, st.just("simulated"), interval=intervals, parameters=parameters)
configs = st.builds(
    SessionConfig,
    name=words,
    calendar=words,
    backtest=backtests(),
    data=data(),
    source=st.none() | sources,
    scanners=st.lists(scanners(), max_size=2, unique_by=lambda s: s.name).map(tuple),
    strategies=st.lists(
        st.builds(StrategyConfig, uses, words, parameters), max_size=2, unique_by=lambda s: s.name
    ).map(tuple),
    workers=st.builds(WorkersConfig, st.booleans(), st.floats(0.001, 1e6)),
)


class TestWrittenDown:
    """DESIGN.md 7: "From Python, ``from_toml(path)`` or ``.from_dict(same_shape)``"."""

    @given(configs)
    def test_a_dict_gives_it_back(self, config: SessionConfig) -> None:
        assert SessionConfig.from_dict(config.to_dict()) == config

    @given(configs)
    def test_json_gives_it_back(self, config: SessionConfig) -> None:
        text = json.dumps(config.to_dict(), allow_nan=False)
        again = SessionConfig.from_dict(json.loads(text))
        assert again == config
        assert again.digest() == config.digest()

    @given(configs)
    def test_another_process_gets_it_whole(self, config: SessionConfig) -> None:
        assert pickle.loads(pickle.dumps(config)) == config

    @given(configs)
    def test_the_dict_is_ones_own(self, config: SessionConfig) -> None:
        before = config.digest()
        tables = config.to_dict()
        tables["data"]["symbols"].append("ANOTHER")
        if tables["source"]:
            tables["source"]["parameters"]["another"] = 1
        assert config.digest() == before


class TestDigest:
    """DESIGN.md 8: "the digests of configuration, lifecycle and data"."""

    @given(configs, st.text(max_size=9))
    def test_where_it_lies_plays_no_part(self, config: SessionConfig, file: str) -> None:
        moved = evolve(config, file=file, folder=Path("/elsewhere"))
        assert moved == config
        assert moved.digest() == config.digest()

    @given(configs, configs)
    def test_equal_digests_are_equal_wishes(self, one: SessionConfig, two: SessionConfig) -> None:
        assert (one.digest() == two.digest()) == (one.to_dict() == two.to_dict())

    def test_the_order_of_keys_plays_no_part(self) -> None:
        tables: dict[str, Any] = {
            "backtest": {"start": dt.date(2024, 7, 1), "end": "2024-07-05"},
            "data": {"symbols": ["A"], "streams": ["60s"]},
        }
        turned = {key: dict(reversed(tables[key].items())) for key in reversed(tables)}
        digests = {SessionConfig.from_dict(each).digest() for each in (tables, turned)}
        assert len(digests) == 1


class TestWhateverComes:
    """DESIGN.md 9: "Errors are a line or two for a person"."""

    @given(st.dictionaries(st.sampled_from(["name", "mode", "backtest", "data", "x"]), values))
    def test_nonsense_is_a_config_error(self, tables: dict[str, Any]) -> None:
        with pytest.raises(ConfigError) as refused:
            SessionConfig.from_dict(tables)
        assert refused.value.faults

    @given(configs, st.data())
    def test_one_value_of_another_type_is_named(
        self, config: SessionConfig, choice: st.DataObject
    ) -> None:
        tables = config.to_dict()
        section = choice.draw(st.sampled_from(["backtest", "data", "workers"]))
        key = choice.draw(st.sampled_from(sorted(tables[section])))
        tables[section][key] = {"not": "right"}
        with pytest.raises(ConfigError) as refused:
            SessionConfig.from_dict(tables)
        assert [fault.key for fault in refused.value.faults] == [f"{section}.{key}"]
