"""Beats of an analysis: which map is that of a source, and what its beats become as the tempo of a render."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from bridge.errors import ConfigError
from chains.document.chain import Chain, Member
from chains.render.analysed_beats import STRAIGHT_S, fill_beats, find_analysed_beats, straighten_beats
from engines.mir.offline.analysis_remarks import NO_BEAT
from engines.mir.offline.song_map import SongBeat, SongMap, to_json
from tests.chains.plugins import require_hosts
from tests.chains.render.render_rig import (
    RATE,
    RenderRig,
    make_sound,
    read_sound,
    write_chain_file,
    write_sound_file,
    write_stems,
)

BEATS_S = (0.25, 0.75, 1.25, 1.75, 2.25)


def write_map(
    file: Path, song: Path, beats_s: Sequence[float] = BEATS_S, length_s: float = 4.0, schema: int = 1
) -> Path:
    """Write the analysis of ``song``, as `sideman analyze` does."""
    beats = tuple(SongBeat(time_s, number % 4 + 1, 4, 0.9) for number, time_s in enumerate(beats_s))
    file.parent.mkdir(parents=True, exist_ok=True)
    remarks = (NO_BEAT, "very quiet")
    found = SongMap(str(song), "x", RATE, round(length_s * RATE), length_s, beats, remarks=remarks, schema=schema)
    file.write_bytes(to_json(found))
    return file


@pytest.mark.parametrize("place", ["maps/song.json", "song.json", "maps/song (2).json"])
def test_a_map_beside_a_song_is_found_by_the_path_in_it(tmp_path: Path, place: str) -> None:
    song = tmp_path / "song.wav"
    write_map(tmp_path / "maps" / "song.json", tmp_path / "elsewhere" / "song.wav", (0.0, 1.0))
    write_map(tmp_path / place, song)
    found = find_analysed_beats(song, None)
    assert found is not None
    assert found.beats_s == pytest.approx(BEATS_S)
    assert found.notes == (f"{tmp_path / place}: {NO_BEAT}",)


def test_a_map_that_was_moved_with_its_song_is_found_by_name(tmp_path: Path) -> None:
    write_map(tmp_path / "old" / "maps" / "song.json", tmp_path / "old" / "song.wav")
    shutil.move(tmp_path / "old", tmp_path / "new")
    assert find_analysed_beats(tmp_path / "new" / "song.flac", None) is not None
    assert find_analysed_beats(tmp_path / "new" / "other.wav", None) is None


def test_stems_have_the_map_of_their_song(tmp_path: Path) -> None:
    write_stems(tmp_path / "stems" / "song.live")
    write_map(tmp_path / "maps" / "song.live.json", tmp_path / "song.live.wav")
    assert find_analysed_beats(tmp_path / "stems" / "song.live", None) is not None


def test_files_of_other_programs_are_no_maps_and_one_without_beats_is_not_taken(tmp_path: Path) -> None:
    song = tmp_path / "song.wav"
    (tmp_path / "song.json").write_text('{"file": 1}')
    assert find_analysed_beats(song, None) is None
    write_map(tmp_path / "maps" / "song.json", song, beats_s=(1.0,))
    assert find_analysed_beats(song, None) is None


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("empty", "--analysis {}/empty: it has no analysis of song.wav; analyse it (sideman analyze {}/song.wav"),
        ("text.json", "--analysis {}/text.json: it is no analysis of a song"),
        ("later.json", "--analysis {}/later.json: schema 2, and 1 is known"),
        ("still.json", "--analysis {}/still.json: no beats were found in {}/song.wav; give --tempo BPM"),
        ("gone.json", "--analysis {}/gone.json: cannot be read"),
    ],
)
def test_an_analysis_that_cannot_be_used_is_an_error_with_its_file(tmp_path: Path, given: str, message: str) -> None:
    song = tmp_path / "song.wav"
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.json").write_text("beats")
    write_map(tmp_path / "later.json", song, schema=2)
    write_map(tmp_path / "still.json", song, beats_s=())
    with pytest.raises(ConfigError, match=re.escape(message.replace("{}", str(tmp_path)))):
        find_analysed_beats(song, tmp_path / given)


def test_a_map_of_another_length_is_that_of_another_recording(tmp_path: Path) -> None:
    found = find_analysed_beats(tmp_path / "a.wav", write_map(tmp_path / "b.json", tmp_path / "b.wav", length_s=60.0))
    assert found is not None
    found.check_length(tmp_path / "a.wav", 69.0)
    with pytest.raises(ConfigError, match=r"a\.wav: it lasts 1:20, and .*b\.json is the analysis of b\.wav, 1:00"):
        found.check_length(tmp_path / "a.wav", 80.0)


def test_a_pause_is_divided_into_the_beats_around_it() -> None:
    beats_s = [*np.arange(6) * 0.5, *(6.0 + np.arange(6) * 0.5)]
    assert fill_beats(beats_s) == pytest.approx(np.arange(18) * 0.5)
    assert fill_beats([*beats_s, 2.52, 2.49]) == pytest.approx(np.arange(18) * 0.5, abs=0.011)
    assert (fill_beats([]), fill_beats([1.0])) == ((), (1.0,))


def test_beats_that_jitter_have_one_tempo_and_a_change_stays() -> None:
    noise = np.random.default_rng(3).uniform(-0.01, 0.01, 200)
    periods = np.repeat([0.63, 0.5], 100)
    exact = np.cumsum(periods)
    straight = np.array(straighten_beats(tuple(exact + noise)))
    assert np.abs(straight - (exact + noise)).max() <= STRAIGHT_S + 1e-9
    tempi = np.diff(straight)
    assert np.count_nonzero(np.abs(np.diff(tempi)) > 1e-6) <= 3
    np.testing.assert_allclose(np.median(tempi[:95]), 0.63, atol=1e-3)
    np.testing.assert_allclose(np.median(tempi[105:]), 0.5, atol=1e-3)


def test_automation_falls_on_the_beats_of_the_song(rig: RenderRig) -> None:
    require_hosts()
    song = write_sound_file(rig.folder / "song.wav", make_sound(1, 4 * RATE))
    file = write_map(rig.folder / "maps" / "song.json", song, (0.3, 0.8, 1.4, 2.0, 2.9))
    gain = Member(effect="Gain", automation={"gain_db": ((0.0, 0.0), (2.99, 0.0), (3.0, -60.0))})
    name = write_chain_file(rig.folder / "cut.toml", Chain(members=(gain,), tempo_bpm=60.0))
    run = rig.render(song, chain=[name], format_="wav32f")
    tempo = run.report[0]["tempo"][name]
    assert (tempo["from"], tempo["map"]) == ("analysis", str(file))
    assert (tempo["low_bpm"], tempo["high_bpm"]) == pytest.approx((66.7, 120.0), rel=0.05)
    assert f"of the analysis {file}" in "\n".join(run.report[0]["notes"])
    (loud,) = np.nonzero(np.abs(read_sound(rig.out / "song.wav")).max(axis=0) > 0.01)
    assert abs(loud[-1] / RATE - 2.0) <= STRAIGHT_S + 0.01
    assert rig.render(song, chain=[name], format_="wav32f").report[0]["status"] == "skipped"
    write_map(file, song, (0.3, 0.9, 1.6, 2.4, 3.3))
    (again,) = rig.render(song, chain=[name], format_="wav32f").report
    assert (again["status"], again["replaced"]) == ("done", True)
    (loud,) = np.nonzero(np.abs(read_sound(rig.out / "song.wav")).max(axis=0) > 0.01)
    assert abs(loud[-1] / RATE - 2.4) <= STRAIGHT_S + 0.01


def test_an_analysis_of_another_recording_renders_nothing(rig: RenderRig) -> None:
    require_hosts()
    song = write_sound_file(rig.folder / "song.wav", make_sound(1))
    gain = Member(effect="Gain", automation={"gain_db": ((0.0, 0.0), (4.0, -6.0))})
    name = write_chain_file(rig.folder / "fade.toml", Chain(members=(gain,)))
    run = rig.render(song, chain=[name], analysis=write_map(rig.folder / "b.json", rig.folder / "b.wav", length_s=60.0))
    assert (run.status, rig.list_files()) == (2, [])
    assert "b.json is the analysis of b.wav, 1:00" in run.report[0]["error"]
    nothing = write_chain_file(rig.folder / "nothing.toml", Chain(members=(Member(effect="Gain"),)))
    (unused,) = rig.render(song, chain=[nothing], analysis=rig.folder / "b.json").report
    assert "--analysis is not used: no chain needs the tempo" in unused["notes"]
