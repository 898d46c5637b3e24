"""The sidecar's own controls."""

from __future__ import annotations

import pytest

from bridge.control.bus import Bus
from bridge.control.clock_controls import make_clock_controls
from bridge.control.link_controls import make_link_controls
from bridge.control.sidecar import RESERVE_FRAMES, compute_stem_gains, make_sidecar_registry, read_latency_settings
from bridge.core.audio import STEMS
from bridge.core.control import Control
from bridge.core.latency import PATHS
from bridge.errors import ControlError


def gains_with(**values: float) -> dict[str, float]:
    """Gains with controls set, written as vocals_mute=1."""
    bus = Bus(make_sidecar_registry({}))
    for name, value in values.items():
        stem, _, control = name.partition("_")
        bus.set(f"stems.{stem}.{control}", value, "test")
    return compute_stem_gains(bus.values())


def test_every_stem_and_path_has_its_controls() -> None:
    names = {control.name for control in make_sidecar_registry({}).controls}
    for stem in STEMS:
        assert {f"stems.{stem}.{what}" for what in ("gain_db", "mute", "solo")} <= names
    for path in PATHS:
        assert f"latency.{path}.ping" in names
    for role in ("separation", "mir", "accompaniment", "synth"):
        assert {f"latency.{role}.{what}" for what in ("reserve_frames", "reserve_auto", "user_offset_frames")} <= names


def test_every_declaration_has_a_doc() -> None:
    assert all(item.doc for item in make_sidecar_registry({}))


def test_ping_modes_the_dry_mix_and_the_clock_are_not_saved() -> None:
    unsaved = {control.name for control in make_sidecar_registry({}).controls if not control.saved}
    # a preset changes nobody's tempo, and joins no session
    clock = {control.name for control in (*make_clock_controls(), *make_link_controls())}
    assert unsaved == {f"latency.{path}.ping" for path in PATHS} | {"stems.dry"} | clock


def test_engines_add_their_controls_and_a_clash_names_the_engine() -> None:
    depth = Control("separation.depth", 0, 1, 0.5)
    assert make_sidecar_registry({"separation.dsp": [depth]}).get_control("separation.depth") is depth
    with pytest.raises(ControlError, match="engine odd"):
        make_sidecar_registry({"odd": [Control("stems.direct", 0, 1, 0)]})


def test_all_stems_sound_at_unity_by_default() -> None:
    assert gains_with() == dict.fromkeys(STEMS, 1.0)


def test_a_fader_is_in_db_and_silent_at_its_lowest() -> None:
    gains = gains_with(drums_gain_db=-6, bass_gain_db=-60)
    assert gains["drums"] == pytest.approx(0.501187, abs=1e-6)
    assert gains["bass"] == 0.0


def test_a_mute_silences_one_stem() -> None:
    assert gains_with(vocals_mute=1) == {"drums": 1.0, "bass": 1.0, "vocals": 0.0, "other": 1.0}


def test_a_solo_silences_the_others_and_keeps_its_gain() -> None:
    gains = gains_with(vocals_solo=1, vocals_gain_db=-6)
    assert gains["vocals"] == pytest.approx(0.501187, abs=1e-6)
    assert {gains[stem] for stem in STEMS if stem != "vocals"} == {0.0}


def test_a_mute_wins_over_a_solo() -> None:
    assert gains_with(vocals_solo=1, vocals_mute=1) == dict.fromkeys(STEMS, 0.0)


def test_latency_settings_are_read_by_role() -> None:
    bus = Bus(make_sidecar_registry({}))
    bus.set("latency.mir.reserve_frames", 500, "test")
    assert read_latency_settings(bus.values(), "reserve_frames") == {**RESERVE_FRAMES, "mir": 500}
