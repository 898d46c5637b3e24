"""Rendered files: loudness, dither, clipping, and the options that the command refuses."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import numpy as np
import pytest

from bridge.errors import ConfigError
from chains.document.chain import Chain, Member
from engines.mastering.loudness import measure_loudness
from tests.chains.plugins import require_hosts
from tests.chains.render.render_rig import (
    NOTHING,
    RATE,
    RenderRig,
    make_sound,
    read_sound,
    write_chain_file,
    write_sound_file,
)


def test_the_file_has_the_target_loudness_and_the_ceiling(rig: RenderRig) -> None:
    sound = make_sound(1, 3 * RATE, 0.05)
    sound[:, 100::24000] = 0.9
    song = write_sound_file(rig.folder / "song.wav", sound)
    run = rig.render(song, target_lufs=-9.0, format_="wav16")
    assert run.status == 0
    measured = measure_loudness([read_sound(rig.out / "song.wav")], RATE)
    assert measured.integrated_lufs == pytest.approx(-9.0, abs=0.2)
    assert measured.true_peak_dbtp is not None
    assert measured.true_peak_dbtp <= -0.9
    figures = run.report[0]["files"]["mix"]
    assert figures["integrated_lufs"] == pytest.approx(measured.integrated_lufs, abs=0.02)
    assert figures["limited"]
    first = (rig.out / "song.wav").read_bytes()
    assert rig.render(song, target_lufs=-9.0, format_="wav16", force=True).report[0]["status"] == "done"
    assert (rig.out / "song.wav").read_bytes() == first  # dither too


def test_a_tone_below_the_last_bit_keeps_its_level_in_16_bits(rig: RenderRig) -> None:
    cycle = np.exp(2j * np.pi * 1000 * np.arange(20 * RATE) / RATE)
    tone = 1e-5 * cycle.imag
    song = write_sound_file(rig.folder / "song.wav", np.stack([tone, tone]).astype(np.float32), "FLOAT")
    rig.render(song, format_="wav16")
    rendered = read_sound(rig.out / "song.wav")[0]
    level = 2 * abs(np.mean(rendered * cycle.conj()))
    assert 20 * math.log10(level) == pytest.approx(-100.0, abs=0.3)


def test_silence_stays_silence_and_its_loudness_is_null_with_the_reason(rig: RenderRig) -> None:
    song = write_sound_file(rig.folder / "song.wav", np.zeros((2, RATE), np.float32))
    run = rig.render(song, target_lufs=-14.0, format_="wav16")
    figures = run.report[0]["files"]["mix"]
    assert (figures["integrated_lufs"], figures["peak_db"]) == (None, None)
    assert figures["reason"] == "it is silent, or below -70 LUFS"
    assert not read_sound(rig.out / "song.wav").any()
    assert "Infinity" not in json.dumps(run.report)


def test_samples_that_clip_are_counted_and_said(rig: RenderRig) -> None:
    sound = make_sound(1)
    sound[0, [5, 9]] = 1.5, -2.0
    song = write_sound_file(rig.folder / "song.wav", sound, "FLOAT")
    run = rig.render(song)
    assert run.report[0]["files"]["mix"]["clipped_samples"] == 2
    assert run.report[0]["notes"][0].startswith("2 samples clip: lower the level")
    assert "song.wav: 2 samples clip" in run.said
    assert rig.render(song, format_="wav32f", force=True).report[0]["notes"] == []


def test_mono_comes_out_on_both_sides(rig: RenderRig) -> None:
    sound = make_sound(1)[:1]
    rig.render(write_sound_file(rig.folder / "song.wav", sound))
    np.testing.assert_array_equal(read_sound(rig.out / "song.wav"), np.repeat(sound, 2, axis=0))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"chain": ["no-such-chain"]}, "--chain no-such-chain: no chain is named"),
        ({"chain": ["drums="]}, "--chain drums=: it names no chain"),
        ({"chain": ["{path}", "mix={path}"]}, "songs and mixes have a chain already"),
        ({"chain": ["{broken}"]}, "broken.toml"),
        ({"chain": ["{outside}"]}, r"state_file"),
        ({"instrument": ["{path}"]}, "its first member is no instrument"),
        ({"sidechain": ["kick"]}, "--sidechain kick: no name and file"),
        ({"sidechain": ["kick=/no/such.wav"]}, "no such file"),
        ({"format_": "wav"}, "--format wav: no such format; give one of wav16, wav24"),
        ({"host": "carla"}, "--host carla: no such host; give one of auto, pedalboard, dawdreamer"),
        ({"target_lufs": math.nan}, "--target-lufs nan: out of range"),
        ({"target_lufs": 3.0}, "--target-lufs 3: out of range; give -70 to 0 LUFS"),
        ({"ceiling_dbtp": 1.0}, "--ceiling-dbtp 1: out of range"),
        ({"tail": -1.0}, "--tail -1: out of range"),
        ({"tempo": 0.0}, "--tempo 0: out of range"),
        ({"tempo": 90.0, "analysis": Path("maps")}, "--analysis maps: --tempo is given, too; give one of both"),
        ({"analysis": Path("no-such")}, "--analysis no-such: no such file or folder"),
        ({"block": 0}, "--block 0: out of range; give 1 to 1048576 frames"),
        ({"rate": 100}, "--rate 100: out of range"),
    ],
)
def test_an_option_that_cannot_be_is_an_error_with_its_name(
    rig: RenderRig, options: dict[str, object], message: str
) -> None:
    path = write_chain_file(rig.folder / "nothing.toml", NOTHING)
    broken, outside = rig.folder / "broken.toml", rig.folder / "outside.toml"
    broken.write_text("schema = 1\n[[member]\n")
    outside.write_text('schema = 1\n[[member]]\nplugin = "X"\nformat = "vst3"\nstate_file = "../x.vstpreset"\n')
    names = {"{path}": path, "{broken}": str(broken), "{outside}": str(outside), "mix={path}": f"mix={path}"}
    given = {
        option: [names.get(str(word), word) for word in value] if isinstance(value, list) else value
        for option, value in options.items()
    }
    song = write_sound_file(rig.folder / "song.wav", make_sound(1))
    with pytest.raises(ConfigError, match=re.escape(message)):
        rig.render(song, **given)
    assert rig.list_files() == []


@pytest.mark.parametrize(
    ("faust", "end", "note"),
    [
        # the echo of -86 dBFS is kept, that of -126 dBFS is not; the pauses of 0.75 s are no end
        ("process = par(i, 2, + ~ (@(35999) : *(0.01)));", 40_000 + 2 * 36_000 + 1, ""),
        ("process = par(i, 2, *(0.1));", RATE, ""),
        ("process = par(i, 2, +(0.001));", 11 * RATE, "its tail does not end within 10 s"),
    ],
    ids=["echo", "gain", "endless"],
)
def test_a_tail_is_cut_where_it_has_become_silent(rig: RenderRig, faust: str, end: int, note: str) -> None:
    require_hosts()
    sound = np.zeros((2, RATE), np.float32)
    sound[:, 40_000] = 0.5
    song = write_sound_file(rig.folder / "song.wav", sound)
    chain = write_chain_file(rig.folder / "chain.toml", Chain(members=(Member(name="code", faust=faust),)))
    run = rig.render(song, chain=[chain], format_="wav32f")
    assert read_sound(rig.out / "song.wav").shape == (2, end)
    assert note in "".join(run.report[0]["notes"])
    assert bool(note) == bool(run.report[0]["notes"])
    rig.render(song, chain=[chain], format_="wav32f", tail=0.25, force=True)
    assert read_sound(rig.out / "song.wav").shape == (2, RATE + RATE // 4)
