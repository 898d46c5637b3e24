"""Channel strips of the sidecar, and the bank that moves them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bridge.control.registry import Registry
from bridge.control.sidecar import make_sidecar_registry
from bridge.controllers.mappings.mapping import ReadingField
from bridge.controllers.mappings.strips import Bank, make_strips
from bridge.core.audio import STEMS
from bridge.core.engine_registry import load_engine


def make_registry(*engines: str) -> Registry:
    return make_sidecar_registry({name: load_engine(name).spec.controls for name in engines})


def test_a_sidecar_with_stems_alone_has_a_strip_for_each() -> None:
    strips = make_strips(make_registry())
    assert [strip.name for strip in strips] == ["Drums", "Bass", "Vocals", "Other"]
    for stem, strip in zip(STEMS, strips, strict=True):
        controls = {function: control.name for function, control in strip.controls.items()}
        assert controls == {
            "fader": f"stems.{stem}.gain_db",
            "mute": f"stems.{stem}.mute",
            "solo": f"stems.{stem}.solo",
        }
        assert strip.meter == ReadingField("meters", 1, stem)
        assert 1 <= strip.colour <= 7


def test_the_band_and_its_parts_follow_the_stems() -> None:
    strips = make_strips(make_registry("accompaniment.band", "synth.fluid"))[len(STEMS) :]
    assert [strip.name for strip in strips[:3]] == ["Band", "Band drums", "Band bass"]
    assert len(strips) == 1 + 5
    assert strips[0].controls["fader"].name == "synth.gain_db"
    assert strips[0].meter == ReadingField("meters", 1, "band")
    assert {f: c.name for f, c in strips[1].controls.items()} == {
        "mute": "accompaniment.band.drums.mute",
        "select": "accompaniment.band.drums.stays",
    }


def test_a_strip_whose_controls_are_not_there_is_left_out() -> None:
    assert make_strips(Registry()) == ()
    assert "Band" not in [strip.name for strip in make_strips(make_registry("accompaniment.band"))]


def test_a_bank_stops_where_the_last_strip_is_at_the_last_fader() -> None:
    bank = Bank()
    bank.join("main", strips=10, end=8)
    assert (bank.move(-8), bank.move(1), bank.move(8), bank.move(1)) == (0, 1, 2, 2)
    assert bank.can_move(-1) and not bank.can_move(1)


def test_an_extender_shows_the_strips_after_those_of_the_main_unit() -> None:
    bank = Bank()
    bank.join("main", strips=20, end=8)
    bank.move(12)
    bank.join("extender", strips=20, end=16)
    assert (bank.position, bank.move(1)) == (4, 4)
    bank.leave("extender")
    assert bank.move(100) == 12
    bank.leave("main")
    assert bank.position == 0


@given(st.lists(st.integers(-30, 30)), st.integers(0, 40), st.integers(1, 24))
def test_every_strip_can_be_reached_and_none_beyond(moves: list[int], strips: int, end: int) -> None:
    bank = Bank()
    bank.join("main", strips, end)
    for move in moves:
        before = bank.position
        moved = bank.move(move)
        assert moved == min(max(before + move, 0), max(strips - end, 0))
