"""Level meters: the scale, the ticks, and what tells a muted bar from a loud one without colour."""

from __future__ import annotations

import pytest

from tui.core.rows import measure_row, to_text
from tui.drawing.meters import (
    BAR_FALL_DB_PER_S,
    CLIP_DB,
    FLOOR_DB,
    HOLD_S,
    TICK,
    TICK_FALL_DB_PER_S,
    MeterChannel,
    deflect,
    draw_meter,
    draw_scale,
    draw_stereo_meter,
)


@pytest.mark.parametrize(
    ("level_db", "percent"), [(-60, 2.5), (-50, 7.5), (-40, 15), (-30, 30), (-20, 50), (-10, 75), (0, 100)]
)
def test_the_scale_is_that_of_iec_60268_18(level_db: float, percent: float) -> None:
    assert deflect(level_db) == pytest.approx((percent - 2.5) / 97.5)


def test_the_scale_never_falls_with_the_level() -> None:
    deflections = [deflect(level / 10) for level in range(-800, 120)]
    assert deflections == sorted(deflections)


def test_the_tick_stands_and_then_falls() -> None:
    meter = MeterChannel()
    meter.update(-6.0, 10.0)
    meter.update(FLOOR_DB, 10.0 + HOLD_S)
    assert meter.tick_db == -6.0
    meter.update(FLOOR_DB, 10.0 + HOLD_S + 0.5)
    assert meter.tick_db == pytest.approx(-6.0 - 0.5 * TICK_FALL_DB_PER_S)
    meter.update(FLOOR_DB, 10.0 + HOLD_S + 1.0)
    assert meter.tick_db == pytest.approx(-6.0 - TICK_FALL_DB_PER_S)


def test_a_higher_peak_lets_the_tick_stand_anew() -> None:
    meter = MeterChannel()
    meter.update(-12.0, 10.0)
    meter.update(-6.0, 11.0)
    meter.update(FLOOR_DB, 11.0 + HOLD_S)
    assert meter.tick_db == -6.0


def test_the_bar_rises_at_once_and_falls_slowly() -> None:
    meter = MeterChannel()
    meter.update(-6.0, 10.0)
    assert meter.bar_db == -6.0
    meter.update(FLOOR_DB, 10.25)
    assert meter.bar_db == pytest.approx(-6.0 - 0.25 * BAR_FALL_DB_PER_S)


def test_a_clip_stays_until_it_is_cleared() -> None:
    meter = MeterChannel()
    meter.update(CLIP_DB, 10.0)
    meter.update(FLOOR_DB, 60.0)
    assert meter.is_clipped
    meter.clear()
    meter.update(-0.1, 61.0)
    assert not meter.is_clipped


def test_a_muted_bar_has_another_fill() -> None:
    meter = MeterChannel()
    meter.update(-6.0, 10.0)
    meter.update(-20.0, 11.0)
    loud, muted = to_text(draw_meter(meter, 40)), to_text(draw_meter(meter, 40, silent=True))
    assert "█" in loud and "░" not in loud
    assert "░" in muted and "█" not in muted
    assert loud.index(TICK) == muted.index(TICK)


def test_the_bar_of_two_channels_shows_which_is_louder() -> None:
    loud, soft = MeterChannel(), MeterChannel()
    loud.update(-6.0, 10.0)
    soft.update(-20.0, 10.0)
    assert "▀" in to_text(draw_stereo_meter(loud, soft, 40))
    assert "▄" in to_text(draw_stereo_meter(soft, loud, 40))
    assert not {"▀", "▄"} & set(to_text(draw_stereo_meter(loud, loud, 40)))


def test_the_role_of_the_last_column_is_that_of_full_scale() -> None:
    meter = MeterChannel()
    meter.update(0.0, 10.0)
    assert [role for _, role in draw_meter(meter, 40) if _] == ["bar", "bar_high", "bar_clip"]
    meter = MeterChannel()
    meter.update(-30.0, 10.0)
    assert {role for text, role in draw_meter(meter, 40) if text.strip()} == {"bar"}


@pytest.mark.parametrize("width", [0, 1, 2, 7, 40, 300])
@pytest.mark.parametrize("level_db", [-1e9, -60.0, -59.9, -6.0, 0.0, 1e9])
def test_every_bar_has_its_width(width: int, level_db: float) -> None:
    meter, silent = MeterChannel(), MeterChannel()
    meter.update(level_db, 10.0)
    assert measure_row(draw_meter(meter, width)) == width
    assert measure_row(draw_stereo_meter(meter, silent, width)) == width
    assert measure_row(draw_scale(width)) == width
