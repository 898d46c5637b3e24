"""FluidSynth by itself: silent after a reset, alike after a silence, freed, and errors that name the font."""

from __future__ import annotations

import gc
from pathlib import Path

import numpy as np
import pytest

from bridge.core.audio import Audio
from bridge.core.midi import PAN
from bridge.errors import ConfigError
from engines.synth.fluidsynth import GRID_FRAMES, FluidSynth, open_font
from engines.synth.fonts import find_font
from tests.engines.synth.playing import RATE, needs_fluid

pytestmark = needs_fluid
STRINGS = 48


def render(synth: FluidSynth, frames: int) -> Audio:
    out = np.zeros((2, frames), np.float32)
    synth.write(out)
    return out


def test_a_reset_silences_what_rings_and_forgets_the_programs() -> None:
    (synth,) = open_font(find_font(), RATE, 0.5)
    synth.note_on(0, 60, 100)
    piano = render(synth, 4096)
    synth.program_change(0, STRINGS)
    synth.note_on(0, 64, 100)
    assert render(synth, 8192).any()
    synth.reset()
    assert not render(synth, 8192).any()
    synth.note_on(0, 60, 100)
    np.testing.assert_allclose(render(synth, 4096)[:, GRID_FRAMES:], piano[:, GRID_FRAMES:], atol=1e-6)


def test_a_note_sounds_alike_whatever_was_before_it() -> None:
    first, second = open_font(find_font(), RATE, 0.5, polyphony=64, count=2)
    for synth in (first, second):
        synth.settle_voices(64)
    first.program_change(1, STRINGS)
    for pitch in (40, 52, 64):
        first.note_on(1, pitch, 120)
    render(first, 8192)
    for pitch in (40, 52, 64):
        first.note_off(1, pitch)
    render(first, 6000 * GRID_FRAMES)
    assert not first.voices
    first.settle_voices(12)
    for synth in (first, second):
        synth.note_on(0, 60, 90)
    np.testing.assert_array_equal(render(first, 4096), render(second, 4096))


def test_synthesizers_that_share_a_font_are_freed_and_one_that_is_held_goes_on() -> None:
    for _ in range(3):
        kept = open_font(find_font(), RATE, 0.5, polyphony=16, count=4)[-1]
        gc.collect()
        kept.note_on(0, 60, 100)
        assert render(kept, 1024).any()


def test_what_is_no_font_is_an_error_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "odd.sf2").write_bytes(b"RIFFnothing")
    for name in ("odd.sf2", "missing.sf2"):
        with pytest.raises(ConfigError, match=name):
            open_font(tmp_path / name, RATE, 0.5, count=2)


def measure_strings_db(width: float, pan: int = 64) -> tuple[float, float]:
    """A note of strings with a share of the font's panning: side against mid, and left against right, in dB."""
    (synth,) = open_font(find_font(), RATE, 0.5)
    synth.program_change(0, STRINGS)
    synth.control_change(0, PAN, pan)
    synth.note_on(0, 60, 100)
    synth.narrow_last_note(width)
    left, right = render(synth, RATE // 2).astype(np.float64)
    powers = [float((wave**2).mean()) + 1e-12 for wave in (left - right, left + right, left, right)]
    return 10 * np.log10(powers[0] / powers[1]), 10 * np.log10(powers[2] / powers[3])


def test_a_font_s_stereo_instrument_is_narrowed_and_what_a_controller_pans_is_not() -> None:
    whole, _ = measure_strings_db(1.0)
    if whole < -20:
        pytest.skip("the strings of this font are not stereo")
    assert measure_strings_db(0.5)[0] < whole - 3
    assert measure_strings_db(0.5, pan=0)[1] > 6
