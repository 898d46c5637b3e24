"""New drums in the place of a song's own: length, rate, level, limit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from bridge.core.audio import Audio
from bridge.errors import ConfigError
from engines.accompaniment.arranger import PartTrack
from engines.accompaniment.offline.midi import format_band_file
from engines.accompaniment.offline.timed_sheet import make_steady_tempo
from engines.accompaniment.score import NO_CHORD, Bar, ScoreNote
from engines.accompaniment.style import load_style
from engines.accompaniment.style_lookup import find_style
from engines.backing.drum_replacement import mix_new_drums
from engines.mastering.loudness import measure_loudness
from engines.synth.stems import CEILING_DBTP
from engines.synth.synth_engine import plain
from tests.engines.backing.songs import ignore_progress

BARS = [Bar(number, (NO_CHORD,) * 4) for number in range(4)]


def midi() -> bytes:
    bar = tuple(ScoreNote(beat * 480, 60, 36 if beat % 2 == 0 else 38, 100) for beat in range(4))
    return format_band_file(
        BARS, [PartTrack("drums", (bar,) * 4)], load_style(find_style("pop")), make_steady_tempo(120.0), None, "drums"
    )


def mix(folder: Path, rest: Audio, own: Audio, rate: int = 44_100) -> dict[str, Audio]:
    files = {name: folder / f"{name}.wav" for name in ("song", "own", "rest")}
    for name, audio in (("song", rest + own), ("own", own), ("rest", rest)):
        soundfile.write(files[name], audio.T, rate, subtype="FLOAT")
    out = folder / "out"
    out.mkdir()
    made = mix_new_drums(midi(), files["song"], files["own"], files["rest"], out, ignore_progress, make=plain)
    assert sorted(path.name for path in out.iterdir()) == ["drums.wav", "mix.wav"]
    found = {}
    for name, path in made.items():
        audio, file_rate = soundfile.read(path, dtype="float32", always_2d=True)
        assert file_rate == rate
        found[name] = audio.T
    return found


def noise(level: float, frames: int, channels: int = 2, seed: int = 1) -> Audio:
    return (level * np.random.default_rng(seed).standard_normal((channels, frames))).astype(np.float32)


@pytest.mark.parametrize(("rate", "channels"), [(44_100, 2), (48_000, 1), (22_050, 2)])
def test_the_mix_is_the_rest_and_the_new_drums_as_long_as_the_song(
    tmp_path: Path, rate: int, channels: int
) -> None:  # fmt: skip
    frames = 8 * rate + 123
    rest = noise(0.02, frames, channels)
    made = mix(tmp_path, rest, noise(0.03, frames, channels, 2), rate)
    assert made["mix"].shape == made["drums"].shape == (channels, frames)
    assert np.abs(made["mix"] - made["drums"] - rest).max() < 1e-5
    first = int(np.flatnonzero(np.abs(made["drums"]).max(0) > 1e-3)[0])
    assert first < 0.01 * rate


def test_the_new_drums_are_as_loud_as_the_old(tmp_path: Path) -> None:
    frames = 8 * 44_100
    own = noise(0.04, frames, seed=2)
    made = mix(tmp_path, noise(0.01, frames), own)
    old, new = (measure_loudness([audio], 44_100).integrated_lufs for audio in (own, made["drums"].copy()))
    assert new == pytest.approx(old, abs=0.1)


def test_nothing_is_above_the_ceiling_however_loud_the_song_is(tmp_path: Path) -> None:
    frames = 8 * 44_100
    made = mix(tmp_path, np.clip(noise(0.6, frames), -1, 1), noise(0.5, frames, seed=2))
    for audio in made.values():
        assert 0.8 < np.abs(audio).max() <= 10 ** (CEILING_DBTP / 20) + 1e-6


def test_a_song_in_the_way_is_not_written_over(tmp_path: Path) -> None:
    song = tmp_path / "mix.wav"
    soundfile.write(song, noise(0.1, 44_100).T, 44_100)
    before = song.read_bytes()
    with pytest.raises(ConfigError, match=r"mix\.wav: would be written over"):
        mix_new_drums(midi(), song, song, song, tmp_path, ignore_progress, make=plain)
    assert song.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["mix.wav"]
