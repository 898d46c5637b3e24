"""From separators and songs to the one table."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from itertools import count

import numpy as np
import pytest

from bridge.core.audio import STEMS, Audio
from bridge.errors import EngineError
from research.common.evaluation_tables import to_data
from research.separation.evaluation.baselines import QuarterMixSeparator
from research.separation.evaluation.named import open_separator
from research.separation.evaluation.run import (
    SeparationScore,
    evaluate,
    list_baselines,
    make_evaluated,
    make_step_separators,
)
from research.separation.evaluation.table import COLUMNS, SeparationRow, make_rows, make_table
from tests.research.separation.evaluation.made_up import made_up_song


class At48(QuarterMixSeparator):
    name = "at 48"
    rates = (48000,)


class Counting(QuarterMixSeparator):
    """Knows how often it was asked."""

    name = "counting"

    def __init__(self) -> None:
        self.asked = 0

    def separate(self, mix: Audio, rate: int) -> Audio:
        self.asked += 1
        return super().separate(mix, rate)


def seconds() -> float:
    return float(next(TICKS))


TICKS = count()


def results_of(*separators: QuarterMixSeparator) -> list[SeparationScore]:
    return list(evaluate([make_evaluated(one) for one in separators], [made_up_song(0.5)], clock=seconds))


def test_the_baselines_stand_in_order_from_the_floor_to_the_ceiling() -> None:
    separators = list_baselines()
    table = make_rows(separators, list(evaluate(separators, [made_up_song(0.5)])))
    assert [row.separator for row in table] == ["mixture/4", "oracle.grid", "oracle.bins"]
    assert table[0].means["mean"] < 3 < 10 < min(table[1].means["mean"], table[2].means["mean"])


def test_the_dsp_engine_is_found_by_its_name() -> None:
    assert open_separator("separation.dsp").stems == STEMS


def test_the_error_for_a_misspelt_engine_names_the_nearest() -> None:
    with pytest.raises(EngineError, match=r"did you mean separation\.dsp"):
        open_separator("separation.dps")


def test_the_cost_is_time_for_a_second_of_audio() -> None:
    assert results_of(QuarterMixSeparator())[0].cost == pytest.approx(2.0)  # a tick, for half a second


def test_a_separator_is_tried_once_before_the_songs_are_timed() -> None:
    separator = Counting()
    songs = [made_up_song(0.5, "first"), made_up_song(0.5, "second")]
    assert len(list(evaluate([make_evaluated(separator)], songs))) == 2
    assert separator.asked == 3


def test_the_error_for_an_unsupported_rate_names_the_fix() -> None:
    with pytest.raises(EngineError, match="--rate 48000"):
        results_of(At48())


def test_the_cost_of_a_step_stands_against_that_of_the_bare_separator() -> None:
    separator = Counting()
    separators = [make_evaluated(separator), *make_step_separators(separator, ["cascade", "cascade+consistency"])]
    ticks = iter([0, 1, 10, 12, 20, 24])
    results = list(evaluate(separators, [made_up_song(0.5)], clock=lambda: float(next(ticks))))
    assert [(row.separator, row.times) for row in make_rows(separators, results)] == [
        ("counting", 0.0),
        ("counting+cascade", 2.0),
        ("counting+cascade+consistency", 4.0),
    ]


def test_all_is_every_step_alone() -> None:
    names = [evaluated.name for evaluated in make_step_separators(QuarterMixSeparator(), ["all"])]
    assert "mixture/4+wiener" in names
    assert len(names) == len(set(names)) == 9


def test_text_and_markdown_have_the_same_cells() -> None:
    separators = [make_evaluated(QuarterMixSeparator())]
    table = make_rows(separators, results_of(QuarterMixSeparator()))
    text = make_table(table).to_text().split()
    assert text == make_table(table).to_markdown().replace("|", " ").replace("---:", "").replace("---", "").split()
    assert text[:5] == ["separator", *STEMS]


def test_figures_are_shown_with_what_has_no_meaning_and_what_is_beyond_float32() -> None:
    means = dict.fromkeys(COLUMNS, math.nan) | {"mean": 1.234, "si_sar": 130.0, "leakage": -110.0}
    row = SeparationRow("x", {"drums": math.nan}, (1.1, 1.5), {"drums": 0.125}, means, 0.5, 0.0)
    head, _, shown = make_table([row]).to_markdown().splitlines()
    assert shown == "| x | – | 1.23 | [1.10, 1.50] | ∞ | -110.00 | 0.12 | 0.500 |"
    assert head == "| separator | drums | SDR | 95 % | SI-SAR | leak | drums in bass | cost |"


def test_the_interval_is_that_of_the_songs_means_and_one_song_has_none() -> None:
    separator = QuarterMixSeparator()
    songs = [made_up_song(0.5), made_up_song(0.5)]
    results = list(evaluate([make_evaluated(separator)], songs))
    (one,) = make_rows([make_evaluated(separator)], results[:1])
    assert math.isnan(one.interval[0])
    scores = [SeparationScore(separator.name, name, 0.0, r.figures) for name, r in zip("ab", results, strict=True)]
    figures = tuple(replace(f, song=s.song, sdr=f.sdr + 3.0 * (s.song == "b")) for s in scores for f in s.figures)
    scores = [replace(scores[0], figures=figures), replace(scores[1], figures=())]
    (both,) = make_rows([make_evaluated(separator)], scores)
    low, high = both.interval
    assert high - low == pytest.approx(3.0)
    assert low < both.means["mean"] < high


def test_the_share_of_the_lows_in_the_bass_is_a_column() -> None:
    (row,) = make_rows([make_evaluated(QuarterMixSeparator())], results_of(QuarterMixSeparator()))
    assert set(row.low_to_bass) == {"drums", "vocals", "other"}
    assert all(share == pytest.approx(0.25, abs=0.01) for share in row.low_to_bass.values() if not math.isnan(share))
    assert "drums in bass" in make_table([row]).columns


def test_what_has_no_meaning_or_end_is_null_in_json() -> None:
    separators, results = [make_evaluated(QuarterMixSeparator())], results_of(QuarterMixSeparator())
    data = json.loads(json.dumps(to_data(make_rows(separators, results), results), allow_nan=False))
    figures = results[0].figures[0]
    assert math.isnan(figures.sir)
    assert data["results"][0]["figures"][0]["sir"] is None
    assert data["results"][0]["figures"][0]["global_sdr"] == pytest.approx(figures.global_sdr)


def test_a_mean_leaves_out_songs_that_lack_the_stem() -> None:
    with_bass, without = made_up_song(0.5), made_up_song(0.5, "without")
    without.truth[STEMS.index("bass")] = 0
    separators = [make_evaluated(QuarterMixSeparator())]
    results = list(evaluate(separators, [with_bass, without]))
    alone = make_rows(separators, [r for r in results if r.song == "made up"])[0].sdr["bass"]
    assert make_rows(separators, results)[0].sdr["bass"] == alone
    assert np.isfinite(alone)
