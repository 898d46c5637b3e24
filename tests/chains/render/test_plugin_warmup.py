"""Plugin warm-up: a plugin that is silent behind its loading, while it reads its sounds, is waited for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chains.process.host_process import HostProcess
from chains.process.messages import MidiNote, RenderRequest, RenderResult
from chains.render.plugin_warmup import (
    LIMIT_S,
    MARGIN,
    MOST_PITCHES,
    PluginWarmup,
    choose_notes,
    compute_level_db,
    judge_pieces,
)
from tests.chains.plugins import FixturePlugin, make_chain
from tests.chains.render.render_rig import RenderRig, make_sound, read_sound, to_db, write_chain_file, write_sound_file

SILENCE_DB = -240.0


@pytest.mark.parametrize(
    ("levels_db", "warmup"),
    [
        ((), None),
        ((-20.0,), None),
        ((-20.0, -20.5), PluginWarmup()),
        ((-20.0, -14.0), None),  # more of it sounds
        ((SILENCE_DB, SILENCE_DB), None),
        ((SILENCE_DB, SILENCE_DB, -20.0), None),
        ((SILENCE_DB, SILENCE_DB, -20.0, -20.0), PluginWarmup(MARGIN * 1.0)),
        ((-26.0, -20.0, -26.0), PluginWarmup(MARGIN * 0.5)),  # a tremolo
        ((SILENCE_DB,) * (int(2 * LIMIT_S) + 1), PluginWarmup(0.0, has_settled=False)),
    ],
)
def test_what_no_longer_gets_louder_has_settled(levels_db: tuple[float, ...], warmup: PluginWarmup | None) -> None:
    pieces = [(number / 2, level_db) for number, level_db in enumerate(levels_db)]
    assert judge_pieces(pieces) == warmup


def test_the_first_pitches_of_a_part_are_played_at_once() -> None:
    notes = [MidiNote(number / 4, 2.0, 40 + number // 2, 90, 9) for number in range(40)]
    chosen = choose_notes(notes)
    assert [note.pitch for note in chosen] == list(range(40, 40 + MOST_PITCHES))
    assert {(note.start_s, note.velocity, note.channel) for note in chosen} == {(0.0, 90, 9)}


def test_a_level_is_an_rms() -> None:
    assert compute_level_db(np.full((2, 100), 0.1, np.float32)) == pytest.approx(-20.0, abs=0.01)
    assert compute_level_db(np.zeros((2, 100), np.float32)) == SILENCE_DB


@pytest.mark.parametrize(
    ("host", "automation"),
    [
        ("pedalboard", {}),
        ("dawdreamer", {}),
        ("dawdreamer", {"Lookahead": ((0.0, 0.0), (4.0, 1000.0))}),  # in this mode without effect on the sound
    ],
    ids=["pedalboard", "dawdreamer", "automated"],
)
def test_a_plugin_that_still_reads_its_sounds_is_waited_for(
    rig: RenderRig,
    fixture_plugin: FixturePlugin,
    host: str,
    automation: dict[str, tuple[tuple[float, float], ...]],
) -> None:
    sounds = [make_sound(seed) for seed in (1, 2)]
    songs = [write_sound_file(rig.folder / f"song-{seed}.wav", sound) for seed, sound in enumerate(sounds)]
    chain = write_chain_file(rig.folder / "slow.toml", make_chain(fixture_plugin("slow_start"), automation=automation))
    run = rig.render(*songs, chain=[chain], host=host, format_="wav32f", tempo=120.0)
    assert run.status == 0, run.said
    for song, sound in zip(songs, sounds, strict=True):
        rendered = read_sound(rig.out / song.name)
        gain = float(np.sum(rendered * sound) / np.sum(sound.astype(np.float64) ** 2))
        assert gain > 0.1
        assert to_db(rendered - gain * sound) <= -120  # from the first frame on


def test_each_source_is_played_by_a_process_that_has_played_nothing(
    rig: RenderRig, fixture_plugin: FixturePlugin, monkeypatch: pytest.MonkeyPatch
) -> None:
    played: list[tuple[HostProcess, int]] = []

    class WatchedProcess(HostProcess):
        def render(self, request: RenderRequest, *arguments: Any, **options: Any) -> RenderResult:
            played.append((self, request.sink.frames))
            return super().render(request, *arguments, **options)

    monkeypatch.setattr("chains.render.chain_player.HostProcess", WatchedProcess)
    songs = [write_sound_file(rig.folder / f"song-{seed}.wav", make_sound(seed)) for seed in (1, 2)]
    chain = write_chain_file(rig.folder / "gain.toml", make_chain(fixture_plugin("gain")))
    assert rig.render(*songs, chain=[chain], tail=0.0).status == 0
    processes = [process for process, frames in played if frames == make_sound(1).shape[1]]
    assert len(processes) == len(songs)
    assert [sum(process is other for other, _ in played) for process in processes] == [1, 1]
