"""Parts of a render: one length for all files, gains, the tempo that is used, and what is said of the files."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from mido import Message, MetaMessage, MidiFile, MidiTrack, bpm2tempo
from rich.console import RenderableType

from bridge.printing import Printer
from chains.commands.render_report import make_table
from chains.document.chain import Chain, Member
from chains.render.rendered_source import RenderedSource
from tests.chains.plugins import InstalledPlugin, make_chain, require_hosts
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


def print_plain(table: RenderableType) -> str:
    page = io.StringIO()
    Printer(file=page, width=200).print(table)
    return page.getvalue()


def write_midi(path: Path, bpm: float, later_bpm: float) -> Path:
    """A part, bass, of four beats; the tempo changes behind two."""
    file = MidiFile(ticks_per_beat=480)
    tempi = [
        MetaMessage("set_tempo", tempo=bpm2tempo(tempo), time=time) for tempo, time in ((bpm, 0), (later_bpm, 960))
    ]
    notes = [MetaMessage("track_name", name="bass")]
    for _ in range(4):
        notes += [Message("note_on", note=48, velocity=100), Message("note_off", note=48, time=480)]
    file.tracks += [MidiTrack(tempi), MidiTrack(notes)]
    file.save(path)
    return path


@pytest.mark.parametrize("part", ["drums", "mix"])
def test_all_stems_and_the_mix_have_the_length_of_the_longest(rig: RenderRig, part: str) -> None:
    require_hosts()
    total = write_stems(rig.folder / "song")
    ringing = write_chain_file(rig.folder / "ringing.toml", Chain(members=NOTHING.members, tail_s=1.5))
    run = rig.render(rig.folder / "song", chain=[f"{part}={ringing}"], format_="wav32f")
    sounds = {name: read_sound(rig.out / "song" / f"{name}.wav") for name in (*STEMS, "mix")}
    assert {sound.shape for sound in sounds.values()} == {(2, RATE * 5 // 2)}
    assert run.report[0]["length_frames"] == RATE * 5 // 2
    assert to_db(sounds["mix"][:, :RATE] - total) <= -140
    assert not sounds["bass"][:, RATE:].any()


def test_a_gain_is_given_to_its_part_and_the_mix(rig: RenderRig) -> None:
    write_stems(rig.folder / "song")
    run = rig.render(rig.folder / "song", gain=["drums=-6", "bass=3 dB"], format_="wav32f")
    for seed, (name, gain_db) in enumerate(zip(STEMS, (3.0, -6.0, 0.0), strict=True)):
        sound = read_sound(rig.out / "song" / f"{name}.wav")
        assert to_db(sound - 10 ** (gain_db / 20) * make_sound(seed)) <= -120
        assert run.report[0]["files"][name]["gain_db"] == gain_db
    parts = sum(read_sound(rig.out / "song" / f"{name}.wav") for name in STEMS)
    assert to_db(read_sound(rig.out / "song" / "mix.wav") - parts) <= -120


def test_an_instrument_is_as_loud_as_the_synth_unless_a_gain_is_given(
    rig: RenderRig, installed_plugin: InstalledPlugin
) -> None:
    chain = make_chain(installed_plugin("amsynth", "vst2"), format="vst2", is_instrument=True)
    instrument = write_chain_file(rig.folder / "synth.toml", chain)
    band = write_midi(rig.folder / "band.mid", 120, 120)
    synth, like_synth, own = (
        rig.render(band, rate=RATE, force=True, **options).report[0]
        for options in ({}, {"instrument": [instrument]}, {"instrument": [instrument], "gain": ["bass=0"]})
    )
    wanted, matched = (one["files"]["bass"]["integrated_lufs"] for one in (synth, like_synth))
    assert matched == pytest.approx(wanted, abs=0.1)
    figures, gain_db = own["files"]["bass"], like_synth["files"]["bass"]["gain_db"]
    assert figures["integrated_lufs"] + gain_db == pytest.approx(matched, abs=0.1)
    assert f"bass: {instrument}: {gain_db:+.1f} dB, as loud as the synth of Sideman" in "".join(like_synth["notes"])
    usual = f"+0.0 dB by --gain; {gain_db:+.1f} dB would make it as loud as the synth of Sideman"
    assert f"bass: {instrument}: {usual}" in "".join(own["notes"])
    assert figures["gain_db"] == 0.0


@pytest.mark.parametrize(
    ("is_midi", "option_bpm", "file_bpm", "tempo", "said"),
    [
        (False, None, 120.0, (120.0, 120.0, "chain"), "tempo 120 BPM, of the chain's file"),
        (False, 90.0, 120.0, (90.0, 90.0, "option"), "tempo 90 BPM, of --tempo"),
        (True, None, 150.0, (100.0, 125.0, "midi"), "tempo 100 to 125 BPM, of the MIDI file"),
        (True, 90.0, 0.0, (90.0, 90.0, "option"), "tempo 90 BPM, of --tempo"),
    ],
)
def test_the_tempo_that_is_used_is_said_with_its_origin(
    rig: RenderRig, is_midi: bool, option_bpm: float | None, file_bpm: float, tempo: tuple[float, float, str], said: str
) -> None:
    require_hosts()
    source = rig.folder / ("band.mid" if is_midi else "song.wav")
    if is_midi:
        write_midi(source, 100, 125)
    else:
        write_sound_file(source, make_sound(1))
    gain = Member(effect="Gain", automation={"gain_db": ((0.0, 0.0), (4.0, -6.0))})
    name = write_chain_file(rig.folder / "fade.toml", Chain(members=(gain,), tempo_bpm=file_bpm))
    run = rig.render(source, chain=[name], tempo=option_bpm, rate=RATE)
    assert run.report[0]["tempo"] == {name: dict(zip(("low_bpm", "high_bpm", "from"), tempo, strict=True))}
    assert f"{name}: {said}" in "\n".join(run.report[0]["notes"])


def test_a_file_that_takes_the_place_of_the_last_one_is_said(rig: RenderRig) -> None:
    write_stems(rig.folder / "song")
    replaced = [
        rig.render(rig.folder / "song", **options).report[0]["replaced"]
        for options in ({}, {"force": True}, {"gain": ["drums=-6"]})
    ]
    assert replaced == [False, False, True]
    done = RenderedSource(Path("song"), paths={"mix": rig.out / "song" / "mix.wav"}, replaced=True)
    assert "song: " in (shown := print_plain(make_table([done])))
    assert "mix.wav (replaced the last one)" in shown


@pytest.mark.parametrize("count", [1, 2])
def test_a_failure_is_said_once_and_in_a_table_of_several_with_the_fix(count: int) -> None:
    failed = RenderedSource(Path("a.wav"), "failed", error="a.wav: no such file", hint="check the name")
    shown = print_plain(make_table([failed] * count))
    line = "a.wav: failed" if count == 1 else "a.wav: failed: no such file; check the name"
    assert shown.splitlines() == [line] * count
