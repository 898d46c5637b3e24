"""The command ``sideman render`` with plugins: null tests, alignment, verdicts, instruments, resume."""

from __future__ import annotations

import os
import shutil

import numpy as np
import pytest
from mido import Message, MetaMessage, MidiFile, MidiTrack

from chains.document.chain import Branch, Chain, Member
from tests.chains.plugins import FixturePlugin, InstalledPlugin, make_chain, make_fixture_state, require_hosts
from tests.chains.render.render_rig import (
    NOTHING,
    RATE,
    STEMS,
    RenderRig,
    make_sound,
    read_sound,
    to_db,
    write_chain_file,
    write_sound_file,
    write_stems,
)


@pytest.mark.parametrize(("format_", "least_db"), [("wav24", -120.0), ("wav32f", -140.0)])
def test_stems_through_chains_of_nothing_sum_to_the_input(rig: RenderRig, format_: str, least_db: float) -> None:
    require_hosts()
    total = write_stems(rig.folder / "song")
    nothing = write_chain_file(rig.folder / "nothing.toml", NOTHING)
    absent = Member(plugin="Not There", format="vst3", bypass=True)
    inner = Member(name="inner", plugin="Not There", format="vst2", sidechain="nobody", follows_tempo=True)
    outer = Member(name="outer", bypass=True, branches=(Branch(), Branch(members=(inner,))))
    bypassed = write_chain_file(rig.folder / "bypassed.toml", Chain(members=(absent, outer)))
    run = rig.render(rig.folder / "song", chain=[f"drums={nothing}", f"vocals={bypassed}", nothing], format_=format_)
    assert (run.status, run.report[0]["status"]) == (0, "done")
    assert rig.list_files() == [f"song/{name}.wav" for name in sorted((*STEMS, "mix"))]
    parts = np.sum([read_sound(rig.out / "song" / f"{name}.wav") for name in STEMS], axis=0)
    assert to_db(read_sound(rig.out / "song" / "mix.wav") - total) <= least_db
    assert to_db(parts - total) <= least_db


def test_a_dry_branch_and_one_with_latency_are_on_one_sample(rig: RenderRig, fixture_plugin: FixturePlugin) -> None:
    (late,) = make_chain(fixture_plugin("latency")).members
    chain = Chain(members=(Member(name="parallel", branches=(Branch(), Branch(members=(late,)))),))
    sound = make_sound(1)
    song = write_sound_file(rig.folder / "song.wav", sound)
    run = rig.render(song, chain=[write_chain_file(rig.folder / "both.toml", chain)], format_="wav32f")
    assert run.report[0]["latency_frames"] == {"mix": 256}
    rendered = read_sound(rig.out / "song.wav")
    scale = float(np.sum(rendered * sound) / np.sum(sound.astype(np.float64) ** 2))
    assert scale > 1.2
    assert to_db(rendered - scale * sound) <= -120


@pytest.mark.parametrize(("mode", "verdict"), [("crash_process", "crashed"), ("nan", "not finite")])
def test_a_plugin_that_fails_is_named_with_its_verdict_and_other_sources_go_on(
    rig: RenderRig, fixture_plugin: FixturePlugin, mode: str, verdict: str
) -> None:
    write_stems(rig.folder / "song")
    other = write_sound_file(rig.folder / "other.wav", make_sound(4))
    chain = write_chain_file(rig.folder / "bad.toml", make_chain(fixture_plugin(mode)))
    run = rig.render(rig.folder / "song", chain=[f"drums={chain}"], block=256)  # it fails behind some blocks
    assert run.status == 1
    (failure,) = run.report
    assert (failure["status"], failure["verdict"]) == ("failed", verdict)
    assert mode in failure["plugin"]
    assert failure["hint"]
    assert not rig.out.exists()
    assert rig.render(other).status == 0


def test_a_finished_file_is_kept_until_the_source_or_the_chain_changes(rig: RenderRig) -> None:
    require_hosts()
    song = write_sound_file(rig.folder / "song.wav", make_sound(1))
    chain = write_chain_file(rig.folder / "a.toml", NOTHING)
    assert rig.render(song, chain=[chain]).report[0]["status"] == "done"
    first = (rig.out / "song.wav").stat()
    assert rig.render(song, chain=[chain]).report[0]["status"] == "skipped"
    assert rig.render(song, chain=[chain], rate=96_000).report[0]["status"] == "skipped"  # it is for MIDI alone
    assert (rig.out / "song.wav").stat() == first
    write_sound_file(song, make_sound(2))
    again = rig.render(song, chain=[chain], rate=96_000).report[0]
    assert (again["status"], again["rate_hz"]) == ("done", RATE)
    assert "--rate is not used: a recording keeps its own, 48,000 Hz" in again["notes"]
    louder = Chain(members=(Member(effect="Gain", parameters={"gain_db": 3.0}),))
    write_chain_file(rig.folder / "a.toml", louder)
    assert rig.render(song, chain=[chain]).report[0]["status"] == "done"
    assert to_db(read_sound(rig.out / "song.wav") - 10 ** (3 / 20) * make_sound(2)) <= -100
    assert rig.list_files() == ["song.wav"]


def test_a_new_file_of_a_plugin_renders_again_and_a_new_date_does_not(
    rig: RenderRig, fixture_plugin: FixturePlugin
) -> None:
    song = write_sound_file(rig.folder / "song.wav", make_sound(1, RATE // 4))
    bundle = shutil.copytree(fixture_plugin("gain"), rig.folder / "fixture_gain.vst3")
    chain = write_chain_file(rig.folder / "a.toml", make_chain(bundle))
    assert rig.render(song, chain=[chain], host="dawdreamer", tail=0.0).report[0]["status"] == "done"
    (binary,) = bundle.rglob("*.so")
    os.utime(binary, (1, 1))
    assert rig.render(song, chain=[chain], host="dawdreamer", tail=0.0).report[0]["status"] == "skipped"
    with binary.open("ab") as file:
        file.write(b"another build")  # the same parameters, and the same sound
    again = rig.render(song, chain=[chain], host="dawdreamer", tail=0.0).report[0]
    assert (again["status"], again["replaced"]) == ("done", True)


def test_a_plugin_that_ignores_its_state_is_rendered_and_said(rig: RenderRig, fixture_plugin: FixturePlugin) -> None:
    song = write_sound_file(rig.folder / "song.wav", make_sound(1, RATE // 4))
    (rig.folder / "a.vstpreset").write_bytes(make_fixture_state("nostate", 0.8))
    chain = write_chain_file(
        rig.folder / "a.toml", make_chain(fixture_plugin("nostate"), state_file="a.vstpreset", parameters={"Gain": 1.2})
    )
    run = rig.render(song, chain=[chain], tail=0.0)
    assert (run.status, run.report[0]["status"]) == (0, "done")
    (note,) = run.report[0]["notes"]
    assert "fixture_nostate: it ignores its state: loading it changed nothing (Gain 1.0000 instead of 1.2)" in note


def test_an_instrument_plays_its_part_and_the_synth_the_others(
    rig: RenderRig, installed_plugin: InstalledPlugin
) -> None:
    track = [MetaMessage("track_name", name="bass"), Message("note_on", note=48, velocity=100, time=480)]
    track.append(Message("note_off", note=48, time=480))
    keys = [MetaMessage("track_name", name="keys"), Message("note_on", note=60, velocity=100, time=480)]
    file = MidiFile(ticks_per_beat=480)
    file.tracks += [MidiTrack(track), MidiTrack(keys)]
    file.save(rig.folder / "band.mid")
    path = installed_plugin("amsynth", "vst2")
    chain = make_chain(path, format="vst2", is_instrument=True)
    instrument = write_chain_file(rig.folder / "synth.toml", chain)
    run = rig.render(rig.folder / "band.mid", instrument=[f"bass={instrument}"], rate=RATE, format_="wav32f")
    assert run.status == 0, run.said
    assert rig.list_files() == ["band/bass.wav", "band/keys.wav", "band/mix.wav"]
    bass, keys_sound = read_sound(rig.out / "band" / "bass.wav"), read_sound(rig.out / "band" / "keys.wav")
    onset = int(np.argmax(np.abs(bass).max(axis=0) > 1e-3))
    assert 24_000 <= onset <= 24_600  # half a second, and the attack of the sound
    assert np.abs(keys_sound).max() > 1e-3
    frames = max(bass.shape[1], keys_sound.shape[1])
    parts = sum(np.pad(one, ((0, 0), (0, frames - one.shape[1]))) for one in (bass, keys_sound))
    assert to_db(read_sound(rig.out / "band" / "mix.wav") - parts) <= -140


def test_a_missing_plugin_is_bad_input_with_its_place(rig: RenderRig) -> None:
    song = write_sound_file(rig.folder / "song.wav", make_sound(1))
    chain = Chain(members=(Member(effect="Gain"), Member(plugin="Not There", format="vst3")))
    name = write_chain_file(rig.folder / "gone.toml", chain)
    run = rig.render(song, chain=[name])
    assert run.status == 2
    assert f"{name}: member[1]: " in run.report[0]["error"]
    assert "Not There" in run.report[0]["error"]


def test_a_tempo_that_nobody_gives_is_bad_input(rig: RenderRig) -> None:
    song = write_sound_file(rig.folder / "song.wav", make_sound(1))
    gain = Member(effect="Gain", automation={"gain_db": ((0.0, 0.0), (4.0, -6.0))})
    run = rig.render(song, chain=[write_chain_file(rig.folder / "a.toml", Chain(members=(gain,)))])
    assert run.status == 2
    assert run.report[0]["hint"] == (
        f"analyse it (sideman analyze {song} --out {song.parent / 'maps'}), give --tempo BPM, or tempo_bpm in the chain"
    )


def test_a_sidechain_that_nobody_gives_is_bad_input(rig: RenderRig, installed_plugin: InstalledPlugin) -> None:
    song = write_sound_file(rig.folder / "song.wav", make_sound(1))
    chain = make_chain(installed_plugin("ZamCompX2", "vst2"), format="vst2", sidechain="kick")
    run = rig.render(song, chain=[write_chain_file(rig.folder / "a.toml", chain)])
    assert run.status == 2
    assert "sidechain 'kick' is missing" in run.report[0]["error"]
    assert "--sidechain kick=FILE" in run.report[0]["hint"]


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda path: write_sound_file(path, np.zeros((6, 100), np.float32)), "it has 6 channels"),
        (lambda path: write_sound_file(path, np.zeros((2, 0), np.float32)), "holds no audio"),
        (lambda path: write_sound_file(path, np.full((2, 9), np.nan, np.float32), "FLOAT"), "NaN or infinite: 9"),
        (lambda path: path.write_text("no sound"), "cannot be read as audio"),
        (lambda path: None, "no such file"),
    ],
)
def test_a_bad_song_is_named_and_the_others_are_rendered(rig: RenderRig, make: object, error: str) -> None:
    good = write_sound_file(rig.folder / "good.wav", make_sound(1))
    make(rig.folder / "bad.wav")  # type: ignore[operator]
    run = rig.render(rig.folder / "bad.wav", good)
    assert run.status == 2
    assert [one["status"] for one in run.report] == ["failed", "done"]
    assert run.report[0]["error"].startswith(str(rig.folder / "bad.wav"))
    assert error in run.report[0]["error"]
    assert run.report[0]["hint"]
    assert rig.list_files() == ["good.wav"]


def test_stems_of_two_rates_are_refused(rig: RenderRig) -> None:
    write_stems(rig.folder / "song")
    write_sound_file(rig.folder / "song" / "drums.wav", make_sound(1), rate=44100)
    run = rig.render(rig.folder / "song")
    assert run.status == 2
    assert "drums.wav: it has 44100 Hz, and the others have 48000 Hz" in run.report[0]["error"]
    assert rig.list_files() == []


def test_a_file_of_the_user_is_never_replaced(rig: RenderRig) -> None:
    rig.out.mkdir()
    song = write_sound_file(rig.out / "song.wav", make_sound(1))
    before = song.read_bytes()
    assert rig.render(song).status == 0
    assert song.read_bytes() == before
    assert rig.list_files() == ["song (2).wav", "song.wav"]
